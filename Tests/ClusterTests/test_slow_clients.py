"""Clients that are slow, silent or too many: they get their time, and no more than that."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from conftest import ClusterFactory, ProcessKeeper
from harness import Node, eventually, free_ports
from rawhttp import Connection, request_bytes

GET = b"GET /kv/key HTTP/1.1\r\nHost: x\r\n\r\n"


def test_a_request_may_arrive_byte_by_byte(cluster: ClusterFactory) -> None:
    root = cluster(1).root
    request = request_bytes("PUT", "/kv/key", b"slowly") + GET
    with root.connect() as connection:
        for i in range(len(request)):
            connection.send(request[i : i + 1])
            time.sleep(0.001)
        assert connection.read_answer("PUT").status == 200
        assert connection.read_answer().body == b"slowly"


@pytest.mark.timeout(90)
def test_who_does_not_come_to_an_end_is_cut_off(cluster: ClusterFactory) -> None:
    """All at once, since each takes the deadline of 10 s: a head that stalls, a head that trickles,
    a body that stalls, and a body slower than 1 KB/s. An idle connection lives on."""
    root = cluster(1).root
    assert root.put("key", "value").status == 200
    before = root.descriptors()
    put = b"PUT /kv/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        silent, idle, stalled, trickling, body, slow_body = (
            stack.enter_context(root.connect(40)) for _ in range(6)
        )
        assert idle.ask("GET", "/kv/key").status == 200
        stalled.send(GET[:20])
        body.send(put + b"x" * 500)
        slow_body.send(put)
        cut = {stalled, trickling, body, slow_body}
        closed: dict[Connection, float] = {}
        position = 0
        while len(closed) < len(cut) and time.monotonic() - started < 30:
            for connection, data in ((trickling, b"X"), (slow_body, b"y" * 50)):
                if connection not in closed:
                    with contextlib.suppress(OSError):
                        connection.send(GET[position : position + 1] if position < 10 else data)
            position += 1
            for connection in cut - closed.keys():
                if has_ended(connection):
                    closed[connection] = time.monotonic() - started
            assert root.get("key").status == 200
            time.sleep(0.1)
        assert closed.keys() == cut, "all of them were cut off"
        assert all(8 < seconds < 25 for seconds in closed.values()), closed
        assert idle.ask("GET", "/kv/key").body == b"value", "a kept connection may be idle longer"
        del silent
    eventually(lambda: root.descriptors() <= before, "the descriptors are back")


def has_ended(connection: Connection) -> bool:
    """Whether the peer has closed, after a 408 perhaps."""
    connection.socket.settimeout(0.001)
    try:
        return connection.socket.recv(4096) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_who_does_not_read_costs_little_memory_and_delays_no_one(cluster: ClusterFactory) -> None:
    root = cluster(1).root
    value = bytes(1 << 20)
    assert root.put("large", value).status == 200
    request = request_bytes("GET", "/kv/large")
    before = root.resident_kib()
    clients = [root.connect() for _ in range(8)]
    for client in clients:
        client.send(request * 64)
    for _ in range(20):
        assert root.ask("GET", "/livez").status == 200
    assert root.resident_kib() - before < 8 * 6 * 1024, "answers nobody reads are not piled up"
    for _ in range(64):
        assert clients[0].read_answer().body == value, "who reads after all gets everything"
    for client in clients:
        client.close()


def test_more_connections_than_descriptors_are_survived(
    keep: ProcessKeeper, tmp_path: Path
) -> None:
    limited = ["sh", "-c", 'ulimit -n 128 && exec "$0" "$@"']
    address = ("127.0.0.1", free_ports(1) + 1)
    root = keep(Node("NODE-1", address, tmp_path, prefix=limited))
    root.start()
    eventually(root.is_ready, "the root is ready")
    before = root.descriptors()
    kept = root.connect()
    assert kept.ask("PUT", "/kv/key", b"value").status == 200
    crowd = [root.connect() for _ in range(400)]
    assert kept.ask("GET", "/kv/key").body == b"value", "who was there first is served"
    assert root.descriptors() <= 128
    for connection in [*crowd, kept]:
        connection.close()
    eventually(lambda: root.get("key").body == b"value", "it serves again")
    eventually(lambda: root.descriptors() <= before, "the descriptors are back")


def test_connections_that_come_and_go_leave_nothing(cluster: ClusterFactory) -> None:
    root = cluster(1).root
    assert root.put("key", "value").status == 200
    before = root.descriptors()
    for _ in range(3000):
        with root.connect() as connection:
            connection.send(GET)
            assert connection.read_answer().body == b"value"
    eventually(lambda: root.descriptors() <= before, "the descriptors are back")
