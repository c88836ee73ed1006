"""SIGTERM: what is in flight is answered, what was acknowledged arrives, and the exit code is 0."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from conftest import ClusterFactory
from harness import STOP_SECONDS, Process, eventually
from machine import again_if_overslept, napping
from many import ask_in_a_row, put_bytes
from rawhttp import Closed, Connection, request_bytes


class Writer(threading.Thread):
    """Writes distinct keys, one after the other, until the node stops answering."""

    def __init__(self, node: Process, prefix: str, wait: bool) -> None:
        super().__init__()
        self.node, self.prefix, self.wait = node, prefix, wait
        self.acknowledged: list[str] = []

    def run(self) -> None:
        try:
            while True:
                with self.node.connect() as connection:
                    self.write_over(connection)
        except OSError:
            pass

    def write_over(self, connection: Connection) -> None:
        while True:
            key = f"{self.prefix}-{len(self.acknowledged)}"
            connection.send(put_bytes(key, b"x", self.wait))
            answer = connection.read_answer("PUT")
            assert answer.status in (200, 503), str(answer)
            if answer.status == 200:
                self.acknowledged.append(key)
            if answer.headers.get("connection", "").lower() == "close":
                return


@pytest.mark.parametrize("stopped", [4, 2], ids=["the leaf", "the node in the middle"])
def test_a_stop_under_load_loses_no_acknowledged_write(
    cluster: ClusterFactory, stopped: int
) -> None:
    """Half of the writers wait for the parent, which goes on; half of them wait for nobody."""
    tree = cluster(3, slots=[1, 2, 4])
    writers = [Writer(tree[stopped], f"writer-{i}", wait=i % 2 == 1) for i in range(6)]
    for writer in writers:
        writer.start()
    eventually(lambda: all(len(w.acknowledged) > 100 for w in writers), "the load is on")
    started = time.monotonic()
    assert tree[stopped].stop() == 0
    assert time.monotonic() - started < STOP_SECONDS
    for writer in writers:
        writer.join(10)
        assert not writer.is_alive()
    acknowledged = {key for writer in writers for key in writer.acknowledged}
    eventually(
        lambda: acknowledged <= set(tree.root.ask("GET", "/keys").json()),
        "every acknowledged write is at the root",
    )


@again_if_overslept
def test_requests_in_flight_are_answered(cluster: ClusterFactory) -> None:
    tree = cluster(2)
    assert tree.root.put("key", "value").status == 200
    before = tree[2].metrics()["canopy_fills_total"]
    with tree[2].connect() as reading, tree[2].connect() as writing:
        with napping(tree.root):
            reading.send(request_bytes("GET", "/kv/key"))
            writing.send(put_bytes("written", b"x", wait=True))
            eventually(
                lambda: (
                    tree[2].metrics()["canopy_fills_total"] == before + 1
                    and tree[2].metrics()["canopy_upward_queued"] == 1
                ),
                "both wait for the parent",
            )
            assert tree[2].process is not None
            tree[2].process.send_signal(signal.SIGTERM)
            eventually(lambda: not accepts(tree[2]), "no further connection is accepted")
        assert reading.read_answer().body == b"value"
        assert writing.read_answer().status == 200
        assert reading.is_closed_by_peer()
    assert tree[2].wait_for_exit() == 0
    assert tree.root.get("written").status == 200


def accepts(node: Process) -> bool:
    """Whether a new connection is served."""
    try:
        return node.ask("GET", "/livez", timeout=2).status == 200
    except (OSError, Closed):
        return False


def test_idle_connections_do_not_delay_the_stop(cluster: ClusterFactory) -> None:
    tree = cluster(1)
    idle = [tree.root.connect() for _ in range(20)]
    assert idle[1].ask("GET", "/livez").status == 200
    started = time.monotonic()
    assert tree.root.stop() == 0
    assert time.monotonic() - started < 5, "who rests is not waited for: it may for a minute"
    for connection in idle:
        connection.close()


def test_half_a_request_does_not_delay_the_stop_for_long(cluster: ClusterFactory) -> None:
    tree = cluster(1)
    with tree.root.connect() as halfway:
        halfway.send(b"PUT /kv/half HTTP/1.1\r\nHo")
        assert tree.root.ask("GET", "/livez").status == 200
        assert tree.root.stop() == 0


@again_if_overslept
def test_waiting_writes_are_handed_up_before_the_exit(cluster: ClusterFactory) -> None:
    tree = cluster(2)
    writes = [put_bytes(f"key-{i}", b"x", wait=False) for i in range(500)]
    with napping(tree.root):
        assert ask_in_a_row(tree[2].address, writes) == [(200, b"")] * 500
        assert tree[2].process is not None
        tree[2].process.send_signal(signal.SIGTERM)
    assert tree[2].wait_for_exit() == 0
    assert len(tree.root.holdings()) == 500


def test_a_node_whose_parent_is_away_ends_in_time_all_the_same(cluster: ClusterFactory) -> None:
    tree = cluster(2, slots=[1, 2])
    tree.root.kill()
    assert tree[2].put("key", "x", wait=False).status == 200
    tree[2].terminate()
    tree[2].expected_exit_codes.add(1)
    assert tree[2].wait_for_exit(STOP_SECONDS + 2) in (0, 1)
    assert "key" in tree[2].log() or "write" in tree[2].log(), "it says what it could not hand up"


def test_being_asked_twice_to_stop_is_no_harm(cluster: ClusterFactory) -> None:
    tree = cluster(2)
    assert tree[2].process is not None
    for _ in range(3):
        tree[2].process.send_signal(signal.SIGTERM)
    assert tree[2].wait_for_exit() == 0


def test_an_interrupt_from_the_keyboard_stops_as_well(cluster: ClusterFactory) -> None:
    tree = cluster(1)
    assert tree.root.process is not None
    tree.root.process.send_signal(signal.SIGINT)
    assert tree.root.wait_for_exit() == 0
