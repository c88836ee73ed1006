"""What a change costs: it goes to those who hold the key, once, and to nobody else."""

from __future__ import annotations

import time

from coherent import delete, get, put, reads, way_of
from conftest import ClusterFactory
from harness import Cluster, Process, eventually
from many import ask_in_a_row, put_bytes

PUSH = ("--coherence", "push")


class Counted:
    """How far a counter of each node has grown since this was made, by slots; without zeros."""

    def __init__(self, tree: Cluster, name: str) -> None:
        self.tree = tree
        self.name = name
        self.before = self.values()

    def values(self) -> dict[int, int]:
        return {slot: int(node.metrics()[self.name]) for slot, node in self.tree.nodes.items()}

    def growth(self) -> dict[int, int]:
        now = self.values()
        return {
            slot: now[slot] - count for slot, count in self.before.items() if now[slot] != count
        }


def wait_until_committed(tree: Cluster) -> None:
    for node in tree:
        eventually(lambda: node.metrics()["canopy_upward_queued"] == 0, f"{node} has no writes left")


def write_many(node: Process, keys: list[str], rounds: int) -> None:
    writes = [put_bytes(key, b"%d" % n, wait=False) for n in range(rounds) for key in keys]
    assert all(status == 200 for status, _ in ask_in_a_row(node.address, writes))


# Mode push


def test_a_write_that_nobody_else_holds_sends_no_push(cluster: ClusterFactory) -> None:
    tree = cluster(4, root_options=PUSH)
    pushes = Counted(tree, "canopy_pushes_sent_total")
    for slot, node in tree.nodes.items():
        for number in range(20):
            key = f"{slot} {number}"
            for value in ("first", "second"):
                assert put(node, key, value, ack="parent").status == 200
            if number % 2 == 0:
                assert delete(node, key, ack="parent").status == 200
    wait_until_committed(tree)
    assert len(tree.root.holdings()) == 15 * 10
    # The last of these writes has passed all that came before it on its way down to the others.
    for node in tree:
        assert get(node, "none of them").status == 404
    assert pushes.growth() == {}


def test_a_change_goes_to_the_holders_alone(cluster: ClusterFactory) -> None:
    """NODE-12 holds the key, and so do NODE-6, NODE-3 and the root above it."""
    tree = cluster(4, root_options=PUSH)
    assert put(tree.root, "key", "old").status == 200
    assert get(tree[12], "key").body == b"old"
    sent = Counted(tree, "canopy_pushes_sent_total")
    received = Counted(tree, "canopy_pushes_received_total")
    assert put(tree[8], "key", "new").status == 200
    reads(tree[12], "key", "new")
    assert sent.growth() == {1: 1, 3: 1, 6: 1}
    assert received.growth() == {3: 1, 6: 1, 12: 1}
    assert put(tree[12], "key", "newer").status == 200
    reads(tree[8], "key", "newer")
    assert sent.growth() == {1: 2, 3: 1, 6: 1, 2: 1, 4: 1}, "the writer's side is not told by pushes"


def test_a_hit_after_a_push_asks_nobody(cluster: ClusterFactory) -> None:
    tree = cluster(3, root_options=PUSH)
    assert put(tree.root, "key", "0").status == 200
    assert get(tree[7], "key").body == b"0"
    counters = [
        Counted(tree, f"canopy_{name}_total") for name in ("misses", "fills", "collapsed")
    ]
    for number in range(1, 11):
        assert put(tree[4], "key", str(number)).status == 200
        assert way_of(reads(tree[7], "key", str(number))) == ["NODE-7; hit"]
        assert way_of(get(tree[7], "key")) == ["NODE-7; hit"]
    for counter in counters:
        assert counter.growth() == {}, counter.name


def test_who_gave_a_key_up_is_told_once_at_most(cluster: ClusterFactory) -> None:
    """A leaf with room for little reads much: what it gives up is not pushed to it for ever."""
    tree = cluster(2, slots=[], root_options=PUSH)
    tree.node(1).start_and_wait()
    tree.node(2, ("--memory", "8MiB")).start_and_wait()
    value = b"x" * 50_000
    keys = [f"key-{number}" for number in range(400)]
    writes = [put_bytes(key, value, wait=False) for key in keys]
    assert all(status == 200 for status, _ in ask_in_a_row(tree.root.address, writes))
    for key in keys:
        assert get(tree[2], key).status == 200
    assert tree[2].metrics()["canopy_evictions_total"] > 100
    pushes = Counted(tree, "canopy_pushes_sent_total")
    small = [put_bytes(key, b"small", wait=False) for key in keys]
    assert all(status == 200 for status, _ in ask_in_a_row(tree.root.address, small))
    reads(tree[2], keys[-1], "small")
    assert pushes.growth().get(1, 0) < 300, "evicted keys are followed no more"


# Mode sync


def test_a_round_pushes_each_key_to_each_holder_once(cluster: ClusterFactory) -> None:
    """The rounds are asked for. Every key is held below NODE-3, and each other one at NODE-7."""
    tree = cluster(3, root_options=("--coherence", "sync", "--sync-interval", "10m"))
    keys = [f"key-{number}" for number in range(20)]
    for key in keys:
        assert put(tree.root, key, "0").status == 200
        assert get(tree[3], key).status == 200
    for key in keys[::2]:
        assert get(tree[7], key).status == 200
    pushes = Counted(tree, "canopy_pushes_sent_total")
    write_many(tree[4], keys, rounds=30)
    wait_until_committed(tree)
    assert pushes.growth() == {}, "nothing before the round"
    assert tree.root.ask("POST", "/synchronize").status == 204
    for key in keys:
        reads(tree[3], key, "29")
    for key in keys[::2]:
        reads(tree[7], key, "29")
    assert pushes.growth() == {1: 20, 3: 10}
    assert tree.root.ask("POST", "/synchronize").status == 204
    assert pushes.growth() == {1: 20, 3: 10}, "a round without changes pushes nothing"


def test_a_workload_of_writes_alone_pushes_once_per_key_holder_and_interval(
    cluster: ClusterFactory,
) -> None:
    """Two leaves write the same keys all the time. Who holds them: these two, and those above."""
    interval = 0.25
    tree = cluster(3, root_options=("--coherence", "sync", "--sync-interval", "250ms"))
    keys = [f"key-{number}" for number in range(10)]
    for leaf in (tree[4], tree[7]):
        write_many(leaf, keys, rounds=1)
    wait_until_committed(tree)
    started = time.monotonic()
    pushes = Counted(tree, "canopy_pushes_sent_total")
    written = 0
    while time.monotonic() < started + 8 * interval:
        for leaf in (tree[4], tree[7]):
            write_many(leaf, keys, rounds=5)
            written += 5 * len(keys)
    wait_until_committed(tree)
    sent = pushes.growth()
    # One round may have begun just before, and one falls on each interval.
    rounds = int((time.monotonic() - started) / interval) + 2
    holders = {1: 2, 2: 1, 3: 1}
    assert sent.keys() <= holders.keys(), "nobody else holds them"
    for slot, count in sent.items():
        assert count <= len(keys) * holders[slot] * rounds, f"NODE-{slot} in {rounds} rounds"
    assert sent, "the leaves hear of each other's writes"
    assert sum(sent.values()) < written, "far fewer pushes than writes"


def test_a_workload_of_writes_at_one_leaf_pushes_nothing(cluster: ClusterFactory) -> None:
    tree = cluster(3, root_options=("--coherence", "sync", "--sync-interval", "50ms"))
    pushes = Counted(tree, "canopy_pushes_sent_total")
    for _ in range(10):
        write_many(tree[4], [f"key-{number}" for number in range(10)], rounds=5)
        time.sleep(0.05)
    wait_until_committed(tree)
    time.sleep(0.2)
    assert pushes.growth() == {}
