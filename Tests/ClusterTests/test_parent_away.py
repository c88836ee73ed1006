"""A parent that is away: reads of what is held go on, and no acknowledged write is lost."""

from __future__ import annotations

import itertools

import pytest

from conftest import ClusterFactory
from harness import Cluster, Process, eventually


@pytest.fixture
def chain(cluster: ClusterFactory) -> Cluster:
    """NODE-1, and NODE-2 below it with room for 100 waiting writes. Nobody else is above NODE-2."""
    return cluster(3, ("--upward-queue", "100"), [1, 2])


def wait_until_known_to_be_away(node: Process) -> None:
    """The first write that waits finds it out, and is kept; then they are refused at once."""
    probes = (f"probe-{i}" for i in itertools.count())

    def is_refused() -> bool:
        probe = next(probes)
        return node.put(probe, "x", wait=True).status == 503 and not node.holds(probe)

    eventually(is_refused, "the parent is known to be away")


def test_reads_of_held_keys_go_on_and_misses_say_what_is_wrong(chain: Cluster) -> None:
    leaf = chain[2]
    assert chain.root.put("held", "x").status == 200
    assert leaf.get("held").status == 200
    chain.root.kill()
    assert leaf.get("held").body == b"x"
    assert leaf.store_get("held").json() == {"value": "x"}
    raw = leaf.get("missing")
    assert raw.status == 503
    assert b"NODE-1" in raw.body and chain.root.authority.encode() in raw.body
    detailed = leaf.store_get("missing")
    assert detailed.status == 503
    assert "NODE-1" in detailed.json()["detail"]
    assert leaf.ask("GET", "/livez").status == 200


def test_a_write_that_waits_is_refused_and_nothing_is_stored(chain: Cluster) -> None:
    leaf = chain[2]
    chain.root.kill()
    wait_until_known_to_be_away(leaf)
    refused = leaf.put("kv", "x", wait=True)
    assert refused.status == 503
    assert b"NODE-1" in refused.body
    detailed = leaf.store_put("store", '{"value":1}')
    assert detailed.status == 503
    assert "NODE-1" in detailed.json()["detail"]
    assert leaf.put("held", "x", wait=False).status == 200
    assert leaf.delete("held", wait=True).status == 503
    assert leaf.store_delete("held").status == 503
    assert {"kv", "store"}.isdisjoint(leaf.holdings())
    assert leaf.get("held").body == b"x", "a refused deletion deletes nothing"
    chain.root.start()
    eventually(lambda: leaf.put("kv", "x", wait=True).status == 200, "writes are taken again")
    eventually(lambda: chain.root.holds("held"), "what waited is at the root")


def test_writes_that_do_not_wait_arrive_once_the_parent_is_back(chain: Cluster) -> None:
    leaf = chain[2]
    assert chain.root.put("deleted", "x").status == 200
    assert leaf.get("deleted").status == 200
    chain.root.kill()
    assert leaf.put("kv", "x", wait=False).status == 200
    assert leaf.store_put("store", '{"value":2.0,"wait_for_parent":false}').status == 200
    assert leaf.delete("deleted", wait=False).status == 200
    assert leaf.get("kv").body == b"x"
    assert leaf.store_get("store").body == b'{"value":2.0}'
    assert leaf.get("deleted").status == 404, "it was deleted here"
    assert leaf.store_get("deleted").status == 404
    assert "deleted" not in leaf.holdings()
    assert "deleted" not in leaf.ask("GET", "/keys").json()
    assert leaf.metrics()["canopy_upward_queued"] >= 3
    chain.root.start()
    eventually(
        lambda: chain.root.holdings() == {"kv": "x", "store": 2.0}, "all writes are at the root"
    )
    eventually(lambda: leaf.metrics()["canopy_upward_queued"] == 0, "the queue is drained")
    assert leaf.put("again", "x", wait=True).status == 200, "it goes on as before"


def test_a_full_queue_refuses_and_loses_nothing_it_accepted(chain: Cluster) -> None:
    leaf = chain[2]
    chain.root.kill()
    accepted: list[str] = []
    refused = 0
    for i in range(150):
        answer = leaf.put(f"key-{i}", f"value-{i}", wait=False)
        if answer.status == 200:
            accepted.append(f"key-{i}")
        else:
            assert answer.status == 503
            assert not leaf.holds(f"key-{i}"), "a refused write is not stored"
            refused += 1
    assert len(accepted) == 100
    answer = leaf.store_put("more", '{"value":1,"wait_for_parent":false}')
    assert answer.status == 503
    assert isinstance(answer.json()["detail"], str)
    assert leaf.delete("key-0", wait=False).status == 503
    assert leaf.get("key-0").status == 200, "a refused deletion deletes nothing"
    counted = leaf.metrics()
    assert counted["canopy_upward_queued"] == 100
    assert counted["canopy_upward_rejected_total"] == refused + 2
    chain.root.start()
    eventually(
        lambda: chain.root.holdings() == {key: key.replace("key", "value") for key in accepted},
        "what was accepted, and nothing else, is at the root",
    )
    assert leaf.put("more", "x", wait=True).status == 200


def test_no_write_is_lost_while_the_parent_comes_and_goes(cluster: ClusterFactory) -> None:
    """A parent that is killed takes with it what it had accepted, so here it stops properly."""
    tree = cluster(3, slots=[1, 2, 4])
    leaf = tree[4]
    acknowledged = []
    for i in range(300):
        if i in (60, 180):
            # A process that is told to end before it listens for that isn't stopped properly.
            eventually(tree[2].is_ready, "the parent is there")
            tree[2].stop()
        if i in (120, 240):
            tree[2].start()
        if leaf.put(f"key-{i}", f"{i}", wait=False).status == 200:
            acknowledged.append(f"key-{i}")
    assert len(acknowledged) == 300
    eventually(lambda: set(tree.root.holdings()) == set(acknowledged), "every write is at the root")
    eventually(tree[2].is_ready, "the parent is there")


def test_a_root_that_restarts_gets_what_waits_and_keeps_its_tree(
    cluster: ClusterFactory,
) -> None:
    tree = cluster(2)
    tree.root.kill()
    assert tree[2].put("left", "x", wait=False).status == 200
    assert tree[3].put("right", "x", wait=False).status == 200
    tree.root.start()
    eventually(lambda: tree.root.holdings() == {"left": "x", "right": "x"}, "the writes arrive")

    def structure() -> object:
        return tree.root.ask("GET", "/nodes/structure").json()["binary_tree_array"]

    eventually(
        lambda: structure() == ["NODE-1", "NODE-2", "NODE-3"],
        "the nodes are back in their slots",
        within=30,
    )


def test_a_parent_that_sleeps_is_given_up_after_a_while(cluster: ClusterFactory) -> None:
    tree = cluster(2)
    tree.root.pause()
    try:
        with tree[2].connect() as read, tree[2].connect() as write:
            read.send(b"GET /kv/missing HTTP/1.1\r\nHost: x\r\n\r\n")
            write.send(b"PUT /kv/key HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nv")
            assert read.read_answer().status == 503
            assert write.read_answer().status == 503
        assert tree[2].ask("GET", "/livez").status == 200
    finally:
        tree.root.resume()
    eventually(lambda: tree[2].get("missing").status == 404, "the parent is asked again")
    eventually(
        lambda: tree[2].put("key", "newer", wait=True).status == 200, "writes are taken again"
    )
    eventually(lambda: tree.root.get("key").body == b"newer", "the newer write wins")
