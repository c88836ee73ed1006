"""Finding the root in ZooKeeper, following it, and coming back to one's own slot."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from conftest import ProcessKeeper, ReaderFactory, RecordedFactory
from harness import Node, eventually, free_ports
from zookeeper import GONE_SECONDS, SESSION_SECONDS


def test_children_wait_for_a_root_that_begins_after_them(recorded: RecordedFactory) -> None:
    tree = recorded(2, slots=[])
    for slot in (2, 3):
        tree.node(slot).start()
    for slot in (2, 3):
        eventually(lambda s=slot: tree[s].ask("GET", "/livez").status == 200, "the child serves")
        answer = tree[slot].ask("GET", "/readyz")
        assert answer.status == 503
        assert "root" in answer.json()["detail"]
    tree.node(1).start_and_wait()
    for slot in (2, 3):
        eventually(tree[slot].is_ready, "the child has joined")
        assert tree[slot].put(f"by-{slot}", "x", wait=True).status == 200
    assert sorted(tree.root.holdings()) == ["by-2", "by-3"]


def test_children_follow_a_root_that_begins_again_elsewhere(
    recorded: RecordedFactory, reader: ReaderFactory, chroot: str
) -> None:
    """The new root has another port, an empty memory, and finds every node in its slot."""
    tree = recorded(3, slots=[1, 2, 3, 4])
    assert tree[4].put("key", "before", wait=True).status == 200
    old = tree.root
    before = tree.members()
    epoch = reader(chroot).data("/canopy/root")["epoch"]
    assert old.stop() == 0
    moved = tree.node(1, port=free_ports(1) + 1).start_and_wait()
    assert moved.address != old.address
    eventually(lambda: tree.states() == ["live"] * 4, "every node has found it")
    assert {name: member["slot"] for name, member in tree.members().items()} == {
        name: member["slot"] for name, member in before.items()
    }
    for slot in (2, 3, 4):
        eventually(tree[slot].is_ready, "the node is attached")
        assert tree[slot].put(f"by-{slot}", "after", wait=True).status == 200
        eventually(lambda s=slot: moved.get(f"by-{s}").body == b"after", "the root has it")
        assert tree.members(at=slot)["NODE-1"]["port"] == moved.address[1]
    claim = reader(chroot).data("/canopy/root")
    assert claim["port"] == moved.address[1] and claim["epoch"] > epoch


def test_a_root_that_begins_again_knows_the_nodes_that_are_not_there(
    recorded: RecordedFactory,
) -> None:
    """The memory of the tree is ZooKeeper's: nobody else could tell who had slots 2 and 3."""
    tree = recorded(2)
    for slot in (2, 3, 1):
        tree[slot].kill()
    tree.root.start()
    eventually(tree.root.is_ready, "the root is back")
    assert tree.structure() == ["NODE-1", "NODE-2", "NODE-3"]
    # In the other order: by registration alone NODE-3 would get slot 2.
    for slot in (3, 2):
        tree[slot].start()
        eventually(tree[slot].is_ready, "the node is back")
    assert tree.structure() == ["NODE-1", "NODE-2", "NODE-3"]
    eventually(lambda: tree.states() == ["live"] * 3, "all are back")


def test_a_killed_node_is_gone_within_its_timeout_and_comes_back_in_its_slot(
    recorded: RecordedFactory, reader: ReaderFactory, chroot: str
) -> None:
    tree = recorded(3, slots=[1, 2, 3, 4, 5])
    kazoo = reader(chroot)
    path = "/canopy/live/NODE-2"
    eventually(lambda: kazoo.exists(path), "it is recorded as live")
    session = kazoo.owner(path)
    killed = time.monotonic()
    tree[2].kill()
    eventually(lambda: tree.members()["NODE-2"]["state"] == "gone", "the root knows", GONE_SECONDS)
    took = time.monotonic() - killed
    # The servers look for expired sessions once per tick (half a second).
    assert took < SESSION_SECONDS + 2, f"it took {took:.1f} s"
    gone = tree.members()["NODE-2"]
    assert (gone["slot"], "session" in gone) == (2, False)
    assert gone["gone_seconds"] <= took + 1
    assert kazoo.exists("/NODE-1/NODE-2"), "it keeps its place"
    for slot in (4, 5):
        eventually(lambda s=slot: tree[s].put("key", "x", wait=True).status == 200, "it works")
    tree[2].start()
    eventually(lambda: tree.members()["NODE-2"]["state"] == "live", "it is back")
    eventually(lambda: kazoo.exists(path), "it is recorded as live again")
    assert kazoo.owner(path) != session
    assert tree.members()["NODE-2"]["slot"] == 2
    assert tree.structure()[:5] == [f"NODE-{i}" for i in range(1, 6)]


@pytest.mark.parametrize("slot", [1, 2], ids=["root", "child"])
def test_a_nodes_own_old_ephemeral_is_replaced(
    recorded: RecordedFactory, reader: ReaderFactory, chroot: str, slot: int
) -> None:
    """It is back long before its old session ends, and its old znodes are known for its own."""
    tree = recorded(2, slots=[1, 2], options=("--zookeeper-timeout", "30s"))
    kazoo = reader(chroot)
    path = f"/canopy/live/NODE-{slot}"
    eventually(lambda: kazoo.exists(path), "it is recorded as live")
    session = kazoo.owner(path)
    tree[slot].kill()
    assert kazoo.owner(path) == session, "the servers still take it for live"
    tree[slot].start()
    eventually(tree[slot].is_ready, "it is back", 10)
    eventually(lambda: kazoo.owner(path) not in (session, "0x0"), "the ephemeral is its own", 10)
    if slot == 1:
        eventually(lambda: kazoo.owner("/canopy/root") == kazoo.owner(path), "and the claim")
    eventually(lambda: tree.states() == ["live", "live"], "all are live")
    eventually(lambda: tree[2].put("key", "x", wait=True).status == 200, "writes go on")


def test_a_name_that_another_live_process_holds_is_refused(
    recorded: RecordedFactory,
    reader: ReaderFactory,
    chroot: str,
    keep: ProcessKeeper,
    tmp_path: Path,
) -> None:
    tree = recorded(2, slots=[1, 2])
    kazoo = reader(chroot)
    eventually(lambda: "NODE-2" in kazoo.live(), "NODE-2 is recorded as live")
    session = kazoo.owner("/canopy/live/NODE-2")
    folder = tmp_path / "second"
    folder.mkdir()
    address = ("127.0.0.1", free_ports(1) + 1)
    second = keep(Node("NODE-2", address, folder, options=tree.options))
    second.start()
    eventually(lambda: "NODE-2" in second.log() and session in second.log(), "it says who has it")
    answer = second.ask("GET", "/readyz")
    assert answer.status == 503
    detail = answer.json()["detail"]
    assert "NODE-2" in detail and tree[2].authority in detail, detail
    assert kazoo.owner("/canopy/live/NODE-2") == session
    assert tree.members()["NODE-2"]["port"] == tree[2].address[1]
    assert tree[2].put("key", "x", wait=True).status == 200
    # When the holder has ended, the name is free.
    assert tree[2].stop() == 0
    eventually(second.is_ready, "the second one takes its place", 10)
    assert tree.members()["NODE-2"]["port"] == address[1]
    assert second.stop() == 0


def test_a_second_root_waits_until_the_first_is_gone(
    recorded: RecordedFactory, keep: ProcessKeeper, tmp_path: Path
) -> None:
    tree = recorded(2, slots=[1, 2])
    folder = tmp_path / "second"
    folder.mkdir()
    address = ("127.0.0.1", free_ports(1) + 1)
    second = keep(Node("NODE-1", address, folder, depth=2, options=tree.options))
    second.start()
    eventually(lambda: tree.root.authority in second.log(), "it says who is the root")
    answer = second.ask("GET", "/readyz")
    assert answer.status == 503
    assert f"NODE-1 at {tree.root.authority} is the root already" in answer.json()["detail"]
    assert second.put("key", "x").status == 503
    assert tree[2].put("key", "from the first", wait=True).status == 200
    tree.root.kill()
    eventually(second.is_ready, "the second one takes over", GONE_SECONDS)
    eventually(lambda: tree[2].put("key", "x", wait=True).status == 200, "the child follows")
    eventually(lambda: second.get("key").body == b"x", "the write is there")
    # The children of a root are to be stopped before it.
    assert tree[2].stop() == 0


def test_a_root_that_slept_through_the_end_of_its_claim_gives_way(
    recorded: RecordedFactory, keep: ProcessKeeper, tmp_path: Path
) -> None:
    """Another took over meanwhile: two must not both hold the truth."""
    tree = recorded(2, slots=[1])
    folder = tmp_path / "second"
    folder.mkdir()
    second = keep(
        Node("NODE-1", ("127.0.0.1", free_ports(1) + 1), folder, depth=2, options=tree.options)
    )
    second.start()
    eventually(lambda: second.ask("GET", "/readyz").status == 503, "the second one waits")
    tree.root.pause()
    eventually(second.is_ready, "the second one takes over", GONE_SECONDS)
    tree.root.resume()
    tree.root.expected_exit_codes = {1}
    assert tree.root.wait_for_exit() == 1
    assert "another root has begun" in tree.root.log()
