"""How soon a write at one leaf is read at the others, in mode push, on a tree of 15 nodes.

Measured by one thread with blocking sockets that are kept open. It sends the write, then asks all
the other leaves again and again, in rounds: a request to each, then an answer from each, looked at
by two operations on bytes. So a figure is the time from before the write was sent until after the
answer with its value was read; the rounds' length, printed beside it, is what the measuring adds
at most. Between the writes the same thread measures single round trips, the baseline: only if
those were as quick as on an idle machine is there something to assert.
"""

from __future__ import annotations

import socket
import time

import pytest

from coherent import get, put
from conftest import ClusterFactory
from harness import Process
from rawhttp import request_bytes

WRITES = 320
ATTEMPTS = 3
#: What the design promises, as p99.
PROMISED_MILLISECONDS = 10.0
#: A round trip to a node on the same idle machine takes a tenth of this.
IDLE_MILLISECONDS = 1.0
VALUE_BYTES = 12


class Reader:
    """Asks one node for one key, whose value has `VALUE_BYTES` bytes."""

    request = request_bytes("GET", "/kv/key")

    def __init__(self, node: Process) -> None:
        self.socket = socket.create_connection(node.address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self) -> None:
        self.socket.sendall(self.request)

    def value(self) -> bytes:
        data = self.socket.recv(4096)
        while (end := data.find(b"\r\n\r\n")) < 0 or len(data) < end + 4 + VALUE_BYTES:
            more = self.socket.recv(4096)
            assert more, "the node closed the connection"
            data += more
        assert data.startswith(b"HTTP/1.1 200 "), data
        return data[end + 4 :]

    def write(self, value: bytes) -> None:
        self.socket.sendall(request_bytes("PUT", "/kv/key?ack=local", value))
        data = self.socket.recv(4096)
        assert data.startswith(b"HTTP/1.1 200 ") and data.endswith(b"\r\n\r\n"), data


class Figures:
    """Milliseconds of several kinds."""

    def __init__(self) -> None:
        self.arrivals: list[float] = []
        self.rounds: list[float] = []
        self.round_trips: list[float] = []

    def __str__(self) -> str:
        kinds = {
            "readable at another leaf": self.arrivals,
            "readable at all seven": [
                max(self.arrivals[i : i + 7]) for i in range(0, len(self.arrivals), 7)
            ],
            "a round of questions": self.rounds,
            "a round trip": self.round_trips,
        }
        return "\n".join(
            f"{name + ':':26}p50 {part(times, 0.5):6.2f} ms, p99 {part(times, 0.99):6.2f} ms,"
            f" max {max(times):6.2f} ms ({len(times)})"
            for name, times in kinds.items()
        )


def part(times: list[float], share: float) -> float:
    """The time within which this share of them lies."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def measure(readers: list[Reader], attempt: int) -> Figures:
    figures = Figures()
    for number in range(WRITES):
        writer = readers[number % len(readers)]
        value = b"%d %0*d" % (attempt, VALUE_BYTES - 2, number)
        pending = [reader for reader in readers if reader is not writer]
        started = time.perf_counter()
        writer.write(value)
        while pending:
            begun = time.perf_counter()
            for reader in pending:
                reader.ask()
            late = []
            for reader in pending:
                if reader.value() == value:
                    figures.arrivals.append((time.perf_counter() - started) * 1000)
                else:
                    late.append(reader)
            figures.rounds.append((time.perf_counter() - begun) * 1000)
            pending = late
            assert time.perf_counter() - started < 10, "the write has not arrived in 10 s"
        for reader in readers[:4]:
            begun = time.perf_counter()
            reader.ask()
            reader.value()
            figures.round_trips.append((time.perf_counter() - begun) * 1000)
    return figures


@pytest.mark.alone
def test_a_write_is_read_at_every_other_leaf_within_10_ms(
    cluster: ClusterFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = cluster(4, root_options=("--coherence", "push"))
    assert put(tree.root, "key", "x" * VALUE_BYTES).status == 200
    leaves = [tree[slot] for slot in range(8, 16)]
    for leaf in leaves:
        assert get(leaf, "key").status == 200
    readers = [Reader(leaf) for leaf in leaves]
    fills = {leaf.name: leaf.metrics()["canopy_fills_total"] for leaf in leaves}
    found = []
    for attempt in range(ATTEMPTS):
        figures = measure(readers, attempt)
        with capsys.disabled():
            print(f"\n{WRITES} writes, 15 nodes, mode push:\n{figures}")
        found.append((part(figures.arrivals, 0.99), part(figures.round_trips, 0.99)))
        if found[-1][0] <= PROMISED_MILLISECONDS:
            break
    # What takes that long by itself does so every time.
    arrival, baseline = min(found)
    for reader in readers:
        reader.socket.close()
    for leaf in leaves:
        assert leaf.metrics()["canopy_fills_total"] == fills[leaf.name], "every answer was a hit"
    if arrival > PROMISED_MILLISECONDS and baseline > IDLE_MILLISECONDS:
        pytest.skip(
            f"this machine is busy: p99 of a round trip is {baseline:.2f} ms; a write was read"
            f" elsewhere within {arrival:.2f} ms (p99)"
        )
    assert arrival <= PROMISED_MILLISECONDS
