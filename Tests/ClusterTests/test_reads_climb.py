"""A read that misses climbs to the root, once, and its value stays on the way down."""

from __future__ import annotations

import threading

from conftest import ClusterFactory
from harness import Cluster, Process, eventually
from machine import again_if_overslept, napping
from many import ask_at_once
from rawhttp import escape, request_bytes


def growth(node: Process, before: dict[str, float], name: str) -> float:
    return node.metrics()[name] - before[name]


def test_a_value_read_at_a_leaf_is_then_held_by_the_way_to_the_root_and_no_other(
    cluster: ClusterFactory,
) -> None:
    tree = cluster(3)
    for read in ("get", "store_get"):
        assert tree.root.put(read, "from the root").status == 200
        assert [slot for slot in tree.nodes if tree[slot].holds(read)] == [1]
        assert getattr(tree[5], read)(read).status == 200
        assert [slot for slot in tree.nodes if tree[slot].holds(read)] == [1, 2, 5]
        assert getattr(tree[7], read)(read).status == 200
        assert [slot for slot in tree.nodes if tree[slot].holds(read)] == [1, 2, 3, 5, 7]


def test_a_held_value_is_read_without_asking_the_parent(seven: Cluster, key: str) -> None:
    assert seven.root.put(key, "x").status == 200
    assert seven[4].get(key).status == 200
    before = seven[4].metrics()
    for _ in range(5):
        assert seven[4].get(key).status == 200
        assert seven[4].store_get(key).status == 200
    assert growth(seven[4], before, "canopy_fills_total") == 0
    assert growth(seven[4], before, "canopy_hits_total") == 10


def test_what_is_not_there_is_found_once_it_is_written(seven: Cluster, key: str) -> None:
    """The absence is held as a value would be, and the change follows the answer to the write."""
    assert seven[6].get(key).status == 404
    assert seven.root.put(key, "now it is").status == 200
    eventually(lambda: seven[6].get(key).body == b"now it is", "it is seen")


@again_if_overslept
def test_200_concurrent_misses_of_a_key_are_one_request_at_the_root(
    cluster: ClusterFactory,
) -> None:
    """The root sleeps while they arrive, so that every one of them is a miss."""
    tree = cluster(3, slots=[1, 2, 4])
    assert tree.root.put("hot", "value").status == 200
    before = {slot: tree[slot].metrics() for slot in (1, 2, 4)}
    request = request_bytes("GET", "/kv/hot")
    answers: list[tuple[int, bytes]] = []
    reader = threading.Thread(
        target=lambda: answers.extend(ask_at_once(tree[4].address, [request] * 200))
    )
    try:
        with napping(tree.root):
            reader.start()
            eventually(
                lambda: growth(tree[4], before[4], "canopy_collapsed_total") == 199,
                "all but one wait for the same answer",
            )
    finally:
        reader.join()
    assert answers == [(200, b"value")] * 200
    assert growth(tree[4], before[4], "canopy_fills_total") == 1
    assert growth(tree[4], before[4], "canopy_misses_total") == 200
    assert growth(tree[2], before[2], "canopy_fills_total") == 1
    assert growth(tree[1], before[1], "canopy_hits_total") == 1
    assert growth(tree[1], before[1], "canopy_misses_total") == 0


def test_concurrent_misses_through_both_apis_are_one_request_too(
    cluster: ClusterFactory,
) -> None:
    tree = cluster(2)
    assert tree.root.put("hot", "value").status == 200
    before = tree.root.metrics()
    kv, store = request_bytes("GET", "/kv/hot"), request_bytes("GET", "/store/hot")
    answers = ask_at_once(tree[2].address, [kv, store] * 100)
    assert answers == [(200, b"value"), (200, b'{"value":"value"}')] * 100
    assert growth(tree.root, before, "canopy_hits_total") == 1


def test_misses_of_different_keys_do_not_wait_for_each_other(seven: Cluster, key: str) -> None:
    for i in range(100):
        assert seven.root.put(f"{key} {i}", str(i)).status == 200
    requests = [request_bytes("GET", f"/kv/{escape(f'{key} {i}')}") for i in range(100)]
    answers = ask_at_once(seven[7].address, requests)
    assert answers == [(200, str(i).encode()) for i in range(100)]


@again_if_overslept
def test_a_client_that_leaves_does_not_take_the_others_answer_with_it(
    cluster: ClusterFactory,
) -> None:
    tree = cluster(2)
    assert tree.root.put("hot", "value").status == 200
    before = tree[2].metrics()
    first, second = tree[2].connect(), tree[2].connect()
    request = request_bytes("GET", "/kv/hot")
    with second:
        with napping(tree.root):
            first.send(request)
            eventually(lambda: growth(tree[2], before, "canopy_fills_total") == 1, "it climbs")
            second.send(request)
            eventually(lambda: growth(tree[2], before, "canopy_collapsed_total") == 1, "it joins")
            first.reset()
        assert second.read_answer().body == b"value"


@again_if_overslept
def test_a_write_that_overtakes_a_fill_wins(cluster: ClusterFactory) -> None:
    """The parent's older value comes back after the node has taken a newer one."""
    tree = cluster(2)
    assert tree.root.put("key", "old").status == 200
    before = tree[2].metrics()
    with tree[2].connect() as waiting:
        with napping(tree.root):
            waiting.send(request_bytes("GET", "/kv/key"))
            eventually(
                lambda: growth(tree[2], before, "canopy_fills_total") == 1, "the miss climbs"
            )
            assert tree[2].put("key", "new", wait=False).status == 200
        assert waiting.read_answer().status == 200
    assert tree[2].get("key").body == b"new"
    eventually(lambda: tree.root.get("key").body == b"new", "the new value is at the root")
    assert tree[2].get("key").body == b"new"
