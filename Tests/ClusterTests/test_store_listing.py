"""GET /store of very many keys: complete, valid, and no one else waits for it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import ClusterFactory
from harness import Process
from machine import Waiting
from many import fill

#: Downloads in a process of its own, so that this one has the time to measure.
DOWNLOAD = """
import shutil, sys, urllib.request
with urllib.request.urlopen(sys.argv[1]) as answer, open(sys.argv[2], "wb") as file:
    assert answer.headers["Transfer-Encoding"] == "chunked"
    shutil.copyfileobj(answer, file)
"""
PING_SECONDS_MAX = 0.050


def slowest_ping_during_download(node: Process, target: str, file: Path) -> float:
    """Seconds of the slowest of the requests made, one after the other, during a download; without
    those in which the node or this process was ready to run and something else had the processor.
    """
    command = [sys.executable, "-c", DOWNLOAD, f"http://{node.authority}{target}", str(file)]
    waiting = Waiting(node.pid)
    with subprocess.Popen(command) as download, node.connect() as connection:
        slowest = 0.0
        while download.poll() is None:
            started, waited = time.monotonic(), waiting.seconds()
            assert connection.ask("GET", "/kv/key-0000000").body == b"v0"
            took = time.monotonic() - started
            slowest = max(slowest, took - (waiting.seconds() - waited))
            time.sleep(0.0005)
    assert download.returncode == 0
    return slowest


def check_listing(node: Process, count: int, folder: Path) -> None:
    fill(node.address, count)
    file = folder / "listing.json"
    # The best of a few tries: the host may take the machine's processors away.
    slowest = []
    for _ in range(4):
        slowest.append(slowest_ping_during_download(node, "/store", file))
        if slowest[-1] < PING_SECONDS_MAX:
            break
    listing = json.loads(file.read_bytes())
    assert len(listing) == count
    assert all(listing[f"key-{i:07}"] == f"v{i}" for i in range(count))
    assert min(slowest) < PING_SECONDS_MAX, f"pings took up to {slowest} s"
    keys = node.ask("GET", "/keys").json()
    assert sorted(keys) == sorted(listing)


@pytest.mark.alone
def test_200_000_keys_are_listed_while_others_are_served(
    cluster: ClusterFactory, tmp_path: Path
) -> None:
    check_listing(cluster(1).root, 200_000, tmp_path)


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_million_keys_are_listed_while_others_are_served(
    cluster: ClusterFactory, tmp_path: Path
) -> None:
    check_listing(cluster(1, ("--memory", "2GiB")).root, 1_000_000, tmp_path)


def test_keys_may_change_during_a_listing(cluster: ClusterFactory) -> None:
    """What was there all the time is listed once; what comes and goes may be or not."""
    root = cluster(1).root
    fill(root.address, 50_000)
    with root.connect() as listing:
        listing.send(b"GET /store HTTP/1.1\r\nHost: x\r\n\r\n")
        fill(root.address, 30_000, "more")
        for i in range(0, 1_000):
            assert root.delete(f"more-{i:07}").status == 200
        pairs = json.loads(listing.read_answer().body, object_pairs_hook=list)
    stable = [key for key, _ in pairs if key.startswith("key-")]
    assert len(stable) == 50_000
    assert len(set(stable)) == 50_000


def test_a_reader_of_the_listing_may_leave_or_stall(cluster: ClusterFactory) -> None:
    root = cluster(1).root
    fill(root.address, 100_000)
    before = root.resident_kib()
    request = b"GET /store HTTP/1.1\r\nHost: x\r\n\r\n"
    for _ in range(10):
        with root.connect() as leaving:
            leaving.send(request)
            leaving.socket.recv(1000)
            leaving.reset()
    stalled = [root.connect() for _ in range(10)]
    for connection in stalled:
        connection.send(request)
    assert root.get("key-0000000").body == b"v0"
    assert root.resident_kib() - before < 30_000, "what nobody reads is not made"
    for connection in stalled:
        connection.close()
    assert len(root.holdings()) == 100_000
