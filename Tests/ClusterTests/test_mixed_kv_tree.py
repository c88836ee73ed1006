"""Nodes of the earlier /kv system below ours, and ours below theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import ProcessKeeper
from harness import Cluster, Process, eventually
from many import ask_at_once, ask_in_a_row, put_bytes
from rawhttp import request_bytes
from standins.runner import LoopbackNetwork, start_standin

pytestmark = pytest.mark.usefixtures("binaries")

BINARY = b"\x00\xff \xc3\xa9 2.0\r\n"


def passes(writer: Process, reader: Process, above: Process, key: str, value: bytes) -> None:
    """A value written at one node climbs to the node above both and is read at the other."""
    assert writer.put(key, value).status == 200
    eventually(lambda: above.get(key).body == value, f"the value is at {above}")
    assert reader.get(key).body == value, f"{writer} to {reader}"
    assert writer.delete(key).status == 200
    eventually(lambda: above.get(key).status == 404, f"the deletion is at {above}")


def test_theirs_below_ours_and_ours_below_theirs(keep: ProcessKeeper, tmp_path: Path) -> None:
    """1 ours · 2 theirs, 3 ours · 4 ours below 2 (theirs), 5 theirs below 2, 6 theirs below 3."""
    network = LoopbackNetwork(tmp_path)
    root = keep(network.ours(1, depth=3))
    root.start()
    eventually(root.is_ready, "our root is ready")
    nodes = {1: root}
    for slot in range(2, 7):
        if slot in (3, 4):
            node = keep(network.ours(slot, root=1))
            node.start()
            eventually(node.is_ready, f"{node} is ready")
        else:
            node = start_standin(keep(network.kv(slot, root=1)))
        nodes[slot] = node
    places = root.ask("GET", "/nodes").json()["nodes"]
    assert [(place["slot"], place["api"]) for place in places] == [
        (1, "canopy"),
        (2, "kv"),
        (3, "canopy"),
        (4, "canopy"),
        (5, "kv"),
        (6, "kv"),
    ]
    for writer, reader in [(4, 6), (6, 4), (5, 3), (3, 5), (2, 4), (1, 4), (4, 1), (5, 6)]:
        passes(nodes[writer], nodes[reader], root, f"{writer} to/{reader}%2F é", BINARY)
    assert '"parent_id": 3' in nodes[6].log(), "the sixth is below the third, which is ours"
    assert "PUT" in nodes[2].log() and "wait_propagate=0" in nodes[2].log()


def test_ours_below_a_root_of_theirs(keep: ProcessKeeper, tmp_path: Path) -> None:
    """One of ours is configured by their variables, the other by our flags."""
    network = LoopbackNetwork(tmp_path)
    root = start_standin(keep(network.kv(1, root=1)))
    left = keep(network.ours_by_environment(2, network.kv_environment(2, root=1)))
    left.start()
    eventually(left.is_ready, "the left node is ready")
    right = keep(network.ours(3, root=1))
    right.start()
    eventually(right.is_ready, "the right node is ready")
    below = keep(network.ours(4, root=1))
    below.start()
    eventually(below.is_ready, "the node below the left one is ready")
    theirs = start_standin(keep(network.kv(5, root=1)))
    for writer in (left, right, below, theirs):
        for reader in (left, right, below, theirs):
            if reader is not writer:
                passes(writer, reader, root, f"{writer.name}/{reader.name}", BINARY)
    assert left.store_put("json", '{"value":{"a":2.0}}').status == 200
    eventually(lambda: root.get("json").body == b'{"a":2.0}', "the JSON text is at the root")
    assert left.store_get("json").body == b'{"value":{"a":2.0}}'
    place = json.loads(theirs.log().split("registered: ")[1].splitlines()[0])
    assert place["zk_path"] == "/1/2/5"
    for node in (below, left, right):
        assert node.stop() == 0


def test_their_root_gets_writes_in_order_and_misses_once(
    keep: ProcessKeeper, tmp_path: Path
) -> None:
    network = LoopbackNetwork(tmp_path, 2)
    root = start_standin(keep(network.kv(1, root=1)))
    ours = keep(network.ours(2, root=1))
    ours.start()
    eventually(ours.is_ready, "our node is ready")
    writes = [put_bytes(f"key-{i}", b"%d" % i, wait=False) for i in range(200)]
    assert ask_in_a_row(ours.address, writes) == [(200, b"")] * 200
    eventually(lambda: root.get("key-199").body == b"199", "the last write is at the root")

    def arrivals() -> list[str]:
        return [line for line in root.log().splitlines() if "PUT /kv/key-" in line]

    # It tells of a write after it has it.
    arrived = eventually(lambda: arrivals() if len(arrivals()) >= 200 else [], "its log is whole")
    keys = [line.split("/kv/key-")[1].split("?")[0] for line in arrived]
    assert keys == [str(i) for i in range(200)]
    assert all("wait_propagate=0" in line for line in arrived)
    assert root.put("hot", "value").status == 200
    root.pause()
    try:
        before = ours.metrics()
        waiting = ours.connect()
        waiting.send(request_bytes("GET", "/kv/hot"))
        eventually(
            lambda: ours.metrics()["canopy_fills_total"] == before["canopy_fills_total"] + 1,
            "the miss climbs",
        )
    finally:
        root.resume()
    answers = ask_at_once(ours.address, [request_bytes("GET", "/kv/hot")] * 50)
    assert answers == [(200, b"value")] * 50
    assert waiting.read_answer().body == b"value"
    waiting.close()
    assert root.log().count("GET /kv/hot ") == 1


def test_a_client_of_their_system_works_unchanged_with_ours(seven: Cluster, key: str) -> None:
    """As their programs do it, with the library they use."""
    import requests

    base = f"http://{seven[4].authority}/kv/{key.replace('/', '%2F')}"
    assert requests.put(base, data=b"x\x00y", params={"wait_propagate": 1}, timeout=5).ok
    answer = requests.get(base, timeout=5)
    assert (answer.status_code, answer.content) == (200, b"x\x00y")
    assert requests.delete(base, params={"wait_propagate": 0}, timeout=5).status_code == 200
    assert requests.get(base, timeout=5).text == "key not found"
