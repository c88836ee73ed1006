"""Resident memory: idle, for each entry, for each idle connection, and over hours of change."""

from __future__ import annotations

import random
import resource
import socket
import time
from statistics import median

from harness import Node, Process

from .figures import Figures
from .rounds import Effort
from .servers import Servers, servers
from .tools import load

ENTRIES = 1_000_000
CONNECTIONS = 10_000
FILL = ["-K", ENTRIES, "-S", "-n", ENTRIES, "-c", 16, "-P", 16]


def resident_bytes(process: Process) -> int:
    return process.resident_kib() * 1024


def measure(effort: Effort) -> Figures:
    figures = Figures()
    with servers() as running:
        measure_entries(figures, running)
    with servers() as running:
        measure_connections(figures, running)
    return figures


def measure_entries(figures: Figures, running: Servers) -> None:
    """Entries of a key of 16 bytes and a value of 32."""
    rivals = [
        ("canopy", running.tree([1], "--memory", "1GiB", depth=2)[1], "put"),
        ("memcached", running.memcached(), "memcached-set"),
        ("redis", running.redis(), "redis-set"),
    ]
    for name, process, kind in rivals:
        before = resident_bytes(process)
        load(process.address[1], "-m", kind, *FILL)
        each = (resident_bytes(process) - before) / ENTRIES
        figures.rows[f"entry/{name}"] = each
        if name == "canopy":
            figures.rows["idle"] = before / 2**20


def measure_connections(figures: Figures, running: Servers) -> None:
    """Connections that have sent one request each, and then nothing."""
    node = running.tree([1], depth=2)[1]
    node.put("k", b"v")
    before = resident_bytes(node)
    raise_descriptor_limit()
    open_ones = [socket.create_connection(node.address) for _ in range(CONNECTIONS)]
    try:
        for connection in open_ones:
            connection.sendall(b"GET /kv/k HTTP/1.1\r\nHost: a\r\n\r\n")
        for connection in open_ones:
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        after = resident_bytes(node)
    finally:
        for connection in open_ones:
            connection.close()
    figures.rows["connection"] = (after - before) / CONNECTIONS / 1024


def raise_descriptor_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


# Churn: the bound holds however sizes and keys change.

#: Keys of one step at most; steps take their turn among 20 such ranges.
CHURN_KEYS = 60_000
#: Bytes of values, one kind after the other; small and large ones push each other out.
CHURN_SIZES = [16, 32, 100, 400, 1_000, 3_000, 10_000, 40_000, 300_000]


def measure_churn(effort: Effort) -> Figures:
    """For 10 minutes (20 s if quick) a child takes values of mixed sizes, many times its memory,
    and its resident memory is looked at every second."""
    figures = Figures()
    seconds = 20 if effort.is_quick else 600
    numbers = random.Random(1)
    samples: list[int] = []
    # Small enough to be filled many times over.
    mebibytes = 16 if effort.is_quick else 256
    bound = mebibytes * 2**20
    with servers() as running:
        sizes = {1: ["--memory", "4GiB"], 2: ["--memory", f"{mebibytes}MiB"]}
        nodes = running.tree([1, 2], depth=2, slot_options=sizes)
        idle = resident_bytes(nodes[2])
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            churn_once(nodes, numbers)
            samples.append(resident_bytes(nodes[2]))
        used = nodes[2].metrics()["canopy_memory_bytes"]
    figures.rows["churn"] = (max(samples) - idle) / bound
    figures.rows["churn/last"] = (median(samples[-10:]) - idle) / bound
    figures.rows["churn/counted"] = used / bound
    every = max(1, len(samples) // 200)
    figures.raw["churn"] = {"seconds": seconds, "resident": samples[::every]}
    return figures


def churn_once(nodes: dict[int, Node], numbers: random.Random) -> None:
    """Some MiB of one size, written at the root and read at the child."""
    size = numbers.choice(CHURN_SIZES)
    count = min(CHURN_KEYS, 16 * 2**20 // size)
    first = numbers.randrange(20) * CHURN_KEYS
    keys = ["-K", count, "-S", "-n", count, "-o", first, "-c", 8, "-P", 8 if size < 4_000 else 1]
    load(nodes[1].address[1], "-m", "put", "-b", size, *keys)
    load(nodes[2].address[1], *keys)
