"""A write answers after one awaited hop and climbs the rest by itself, in order."""

from __future__ import annotations

import time

from conftest import ClusterFactory
from harness import Cluster, eventually
from many import ask_in_a_row, put_bytes
from rawhttp import escape, request_bytes


def test_a_write_awaits_its_parent_and_not_the_root(cluster: ClusterFactory) -> None:
    """In mode none the parent shows it at once, as the earlier systems do; elsewhere once the root
    has committed it, because nobody can say how old it is before."""
    tree = cluster(3, slots=[1, 2, 4], root_options=("--coherence", "none"))
    tree.root.pause()
    try:
        started = time.monotonic()
        assert tree[4].put("kv", "x", wait=True).status == 200
        assert tree[2].get("kv").body == b"x", "the parent had it when the write was answered"
        assert tree[4].store_put("store", '{"value":1}').status == 200
        assert tree[2].store_get("store").json() == {"value": 1}
        assert tree[4].delete("kv", wait=True).status == 200
        assert tree[2].get("kv").status == 404, "the parent reads its own deletion"
        assert time.monotonic() - started < 4, "nobody waited for the root"
    finally:
        tree.root.resume()
    eventually(lambda: list(tree.root.holdings()) == ["store"], "all writes are at the root")


def test_a_write_that_waits_for_nobody_is_answered_while_the_parent_sleeps(
    cluster: ClusterFactory,
) -> None:
    tree = cluster(2)
    tree.root.pause()
    try:
        started = time.monotonic()
        assert tree[2].put("kv", "x", wait=False).status == 200
        assert tree[2].store_put("s", '{"value":1,"wait_for_parent":false}').status == 200
        assert tree[2].store_delete("gone", "?wait_for_parent=false").status == 200
        assert time.monotonic() - started < 4, "nobody waited for the parent: 5 s it would be"
        assert tree[2].get("kv").body == b"x"
        assert tree[2].metrics()["canopy_upward_queued"] == 3
    finally:
        tree.root.resume()
    eventually(lambda: tree[2].metrics()["canopy_upward_queued"] == 0, "the queue is drained")
    assert tree.root.holdings() == {"kv": "x", "s": 1}


def test_the_last_of_1000_writes_to_a_key_wins_at_the_root(seven: Cluster, key: str) -> None:
    writes = [put_bytes(key, b"%d" % i, wait=False) for i in range(1000)]
    answers = ask_in_a_row(seven[4].address, writes)
    assert answers == [(200, b"")] * 1000
    assert seven[4].get(key).body == b"999"
    for node in seven.way_up(4):
        eventually(lambda: node.get(key).body == b"999", f"the last write is at {node}")
    assert seven[4].get(key).body == b"999"


def test_writes_that_wait_keep_their_order_among_those_that_do_not(
    seven: Cluster, key: str
) -> None:
    writes = [put_bytes(key, b"%d" % i, wait=i % 7 == 0) for i in range(300)]
    writes.append(request_bytes("DELETE", f"/kv/{escape(key)}?wait_propagate=0"))
    writes.append(put_bytes(f"{key} last", b"", wait=False))
    assert ask_in_a_row(seven[7].address, writes) == [(200, b"")] * len(writes)
    for node in seven.way_up(7):
        eventually(lambda: node.get(f"{key} last").status == 200, f"all writes are at {node}")
        assert node.get(key).status == 404, f"the deletion came after the writes at {node}"


def test_order_survives_a_parent_that_sleeps_for_a_moment(cluster: ClusterFactory) -> None:
    tree = cluster(3, slots=[1, 2, 4])
    with tree[4].connect() as connection:
        for i in range(600):
            if i == 200:
                tree[2].pause()
            if i == 400:
                tree[2].resume()
            connection.send(put_bytes("key", b"%d" % i, wait=False))
            assert connection.read_answer("PUT").status == 200
    eventually(lambda: tree.root.get("key").body == b"599", "the last write is at the root")
    eventually(lambda: tree[4].metrics()["canopy_upward_queued"] == 0, "the queue is drained")
    eventually(lambda: tree[2].metrics()["canopy_upward_queued"] == 0, "the queue is drained")
    assert tree.root.get("key").body == b"599"


def test_everything_sent_upward_is_counted(cluster: ClusterFactory) -> None:
    tree = cluster(2)
    for i in range(20):
        assert tree[2].put(f"k{i}", "x", wait=i % 2 == 0).status == 200
    eventually(lambda: tree[2].metrics()["canopy_upward_sent_total"] == 20, "all are sent")
    eventually(lambda: tree[2].metrics()["canopy_upward_queued"] == 0, "none waits any more")
    counted = tree[2].metrics()
    assert counted["canopy_upward_retried_total"] == 0
    assert counted["canopy_upward_rejected_total"] == 0
    assert len(tree.root.holdings()) == 20


def test_a_mebibyte_climbs_while_small_writes_follow_it(seven: Cluster, key: str) -> None:
    big = bytes(1 << 20)
    answers = ask_in_a_row(
        seven[5].address,
        [put_bytes(key, big, wait=False), put_bytes(key, b"small", wait=False)] * 5,
    )
    assert answers == [(200, b"")] * 10
    for node in seven.way_up(5):
        eventually(lambda: node.get(key).body == b"small", f"the last write is at {node}")
