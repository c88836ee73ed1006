"""The tree in ZooKeeper, as kazoo reads it: both layouts, who lives, who is the root."""

from __future__ import annotations

import json
import subprocess

import pytest

from conftest import ProcessKeeper, ReaderFactory, RecordedFactory
from harness import KVCTL, clean_environment, eventually
from zookeeper import Reader, RecordedCluster, health

NAMED = [
    "/NODE-1",
    "/NODE-1/NODE-2",
    "/NODE-1/NODE-2/NODE-4",
    "/NODE-1/NODE-2/NODE-5",
    "/NODE-1/NODE-3",
    "/NODE-1/NODE-3/NODE-6",
    "/NODE-1/NODE-3/NODE-7",
]
NAMES = [f"NODE-{i}" for i in range(1, 8)]


def expected(tree: RecordedCluster, slot: int) -> dict[str, object]:
    """The contract's data of a node's znode."""
    host, port = tree[slot].address
    return {"ip": host, "id": slot, "name": f"NODE-{slot}", "port": port, "slot": slot}


def check_tree(tree: RecordedCluster, kazoo: Reader, paths: list[str]) -> None:
    """These paths, and no others, are there to stay, each with its node's data."""
    root = paths[0]
    eventually(lambda: sorted(kazoo.paths(root)) == sorted(paths), "the tree is recorded")
    for path in paths:
        slot = int(path.rsplit("/", 1)[1].removeprefix("NODE-"))
        eventually(lambda p=path, s=slot: kazoo.data(p) == expected(tree, s), f"{path} is right")
        assert kazoo.exists(path) and kazoo.owner(path) == "0x0", f"{path} is persistent"
    assert sorted(kazoo.ask(kazoo.client.get_children, "/")) == sorted([root[1:], "canopy"])


def test_kazoo_reads_a_named_tree_and_who_lives(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory
) -> None:
    tree = recorded(3)
    kazoo = reader(chroot)
    check_tree(tree, kazoo, NAMED)
    eventually(lambda: kazoo.live() == NAMES, "every node is recorded as live")
    assert tree.structure() == NAMES
    eventually(lambda: tree.states() == ["live"] * 7, "the root knows")
    members = tree.members()
    for slot, name in enumerate(NAMES, 1):
        path = f"/canopy/live/{name}"
        session = kazoo.owner(path)
        assert session != "0x0", f"{path} ends with its node's session"
        live = kazoo.data(path)
        assert live == {**expected(tree, slot), "session": session}
        member = members[name]
        assert (member["slot"], member["state"]) == (slot, "live")
        assert (member["address"], member["port"]) == tree[slot].address
        eventually(lambda n=name: tree.members()[n]["session"], "its session is known")
        assert tree.members()[name]["session"] == session
        line = health(tree[slot])
        assert line.startswith("[+]zookeeper connected to 127.0.0.1:") and session in line
    assert tree.members(at=7).keys() == members.keys()


def test_kazoo_reads_a_numbered_tree(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory
) -> None:
    """The root's name, `1`, chooses the earlier system's layout for the whole tree."""
    tree = recorded(2, slots=[])
    for slot in (1, 2, 3):
        node = tree.node(slot)
        node.command[node.command.index("--name") + 1] = str(slot)
        if slot == 1:
            node.command += ["--role", "root"]
        node.start_and_wait()
    kazoo = reader(chroot)
    check_tree(tree, kazoo, ["/1", "/1/2", "/1/3"])
    eventually(lambda: kazoo.live() == NAMES[:3], "every node is recorded as live")


def test_the_roots_claim_has_an_epoch_that_grows_with_each_incarnation(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory
) -> None:
    tree = recorded(1)
    kazoo = reader(chroot)
    epochs = []
    for _ in range(3):
        claim = kazoo.data("/canopy/root")
        epoch = claim.pop("epoch")
        claim.pop("session", None)
        assert claim == expected(tree, 1)
        session = kazoo.owner("/canopy/root")
        eventually(lambda: kazoo.owner("/canopy/live/NODE-1") == session, "it says that it lives")
        assert kazoo.client.get("/canopy/epoch")[0] == str(epoch).encode()
        assert kazoo.owner("/canopy/epoch") == "0x0"
        answer = tree.root.put("key", f"in epoch {epoch}")
        assert answer.status == 200
        version = tree.root.get("key").headers["etag"]
        assert version.startswith(f'"{epoch}.'), "it is the upper part of versions"
        epochs.append(epoch)
        if len(epochs) < 3:
            tree.root.kill()
            tree.root.start()
            eventually(tree.root.is_ready, "the root is back")
    assert epochs == sorted(set(epochs)), "each is greater than the one before"


def test_a_root_that_stops_takes_its_claim_along(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory
) -> None:
    """They close their sessions, which would last for longer than a test may."""
    tree = recorded(2, options=("--zookeeper-timeout", "60s"))
    kazoo = reader(chroot)
    eventually(lambda: kazoo.live() == NAMES[:3], "every node is recorded as live")
    assert tree[3].stop() == 0
    eventually(lambda: kazoo.live() == NAMES[:2], "a node that stops is gone at once")
    assert kazoo.exists("/NODE-1/NODE-3"), "and keeps its place"
    eventually(lambda: tree.states() == ["live", "live", "gone"], "the root knows")
    assert tree[2].stop() == 0
    assert tree.root.stop() == 0
    eventually(lambda: kazoo.live() == [], "nobody is left")
    assert not kazoo.exists("/canopy/root")
    assert kazoo.paths("/NODE-1") == ["/NODE-1", "/NODE-1/NODE-2", "/NODE-1/NODE-3"]


def test_kvctl_starts_and_shows_a_recorded_tree(
    binaries: None, recorded: RecordedFactory, chroot: str, reader: ReaderFactory
) -> None:
    """The tree is kvctl's; `recorded` only lends its ports and its folder."""
    place = recorded(2, slots=[])
    where = ("--base-port", str(place.base_port))
    state = ("--state-dir", str(place.folder / "state"))
    try:
        up = kvctl("cluster", "up", "--depth", "2", "--zookeeper", chroot, *where, *state)
        assert up.returncode == 0, up.stderr
        assert chroot in up.stdout
        kazoo = reader(chroot)
        eventually(lambda: kazoo.live() == NAMES[:3], "every node is recorded as live")
        whole = ["/NODE-1", "/NODE-1/NODE-2", "/NODE-1/NODE-3"]
        eventually(lambda: kazoo.paths("/NODE-1") == whole, "the tree is recorded")

        def rows() -> list[list[str]]:
            shown = kvctl("nodes", *where).stdout.splitlines()
            found = [line.split() for line in shown[1:4]]
            sessions = [kazoo.owner(f"/canopy/live/{name}") for name in NAMES[:3]]
            return found if [row[-1] for row in found] == sessions else []

        for slot, row in enumerate(eventually(rows, "kvctl shows every session"), 1):
            assert row[:3] == [str(slot), f"NODE-{slot}", f"127.0.0.1:{place.base_port + slot}"]
            assert "live" in row
    finally:
        down = kvctl("cluster", "down", *where, *state)
    assert down.returncode == 0, down.stderr
    assert reader(chroot).live() == []


def kvctl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(KVCTL), *arguments],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=50,
    )


def test_kvctl_says_when_zookeeper_is_not_there(recorded: RecordedFactory) -> None:
    place = recorded(1, slots=[], zookeeper="127.0.0.1:1")
    arguments = ["--base-port", str(place.base_port), "--state-dir", str(place.folder / "state")]
    up = kvctl("cluster", "up", "--depth=1", "--zookeeper=127.0.0.1:1", "--wait=1", *arguments)
    assert up.returncode == 1
    assert "127.0.0.1:1" in up.stderr and "ZooKeeper" in up.stderr
    assert kvctl("cluster", "down", *arguments).returncode == 0


# What a person does by hand with zkCli, and what kazoo does here.


def test_a_znode_that_is_deleted_by_hand_is_made_again_and_told(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory
) -> None:
    tree = recorded(3, slots=[1, 2, 3, 4])
    kazoo = reader(chroot)
    eventually(lambda: len(kazoo.paths("/NODE-1")) == 4, "the tree is recorded")
    kazoo.delete("/NODE-1/NODE-2")
    eventually(lambda: kazoo.exists("/NODE-1/NODE-2/NODE-4"), "the subtree is back")
    for slot, path in ((2, "/NODE-1/NODE-2"), (4, "/NODE-1/NODE-2/NODE-4")):
        assert kazoo.data(path) == expected(tree, slot)
        eventually(lambda p=path: p in tree.root.log(), "the root's log tells it")
    kazoo.delete("/NODE-1")
    eventually(lambda: len(kazoo.paths("/NODE-1")) == 4, "the whole tree is back")


def test_a_znode_that_is_changed_by_hand_is_put_right_and_told(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory
) -> None:
    tree = recorded(2, slots=[1, 2])
    kazoo = reader(chroot)
    path = "/NODE-1/NODE-2"
    eventually(lambda: kazoo.exists(path), "the node is recorded")
    for data in (b"", b"not JSON", b'{"ip":"10.9.9.9","id":9}'):
        kazoo.client.set(path, data)
        eventually(lambda: kazoo.data(path) == expected(tree, 2), "it is right again")
    eventually(lambda: path in tree.root.log(), "the root's log tells it")
    kazoo.client.create(f"{path}/STRANGER", b"{}")
    assert tree[2].put("key", "value").status == 200
    assert kazoo.exists(f"{path}/STRANGER"), "what is nobody's is left alone"
    assert tree.structure() == ["NODE-1", "NODE-2", None]


@pytest.mark.parametrize("name", ["NODE-1", "NODE-2"])
def test_an_ephemeral_that_is_deleted_by_hand_is_made_again(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory, name: str
) -> None:
    tree = recorded(2, slots=[1, 2])
    kazoo = reader(chroot)
    path = f"/canopy/live/{name}"
    eventually(lambda: kazoo.exists(path), "the node is recorded as live")
    session = kazoo.owner(path)
    kazoo.client.delete(path)
    eventually(lambda: kazoo.exists(path), "it is back")
    assert kazoo.owner(path) == session, "in the same session"
    eventually(lambda: tree.states() == ["live", "live"], "the root knows")


def test_a_claim_that_is_deleted_by_hand_is_made_again_in_its_epoch(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory
) -> None:
    tree = recorded(2, slots=[1, 2])
    kazoo = reader(chroot)
    epoch = kazoo.data("/canopy/root")["epoch"]
    kazoo.client.delete("/canopy/root")
    eventually(lambda: kazoo.exists("/canopy/root"), "it is back")
    assert kazoo.data("/canopy/root")["epoch"] == epoch
    assert tree[2].put("key", "value").status == 200


def test_an_ephemeral_that_is_changed_by_hand_is_put_right(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory
) -> None:
    tree = recorded(2, slots=[1, 2])
    kazoo = reader(chroot)
    path = "/canopy/live/NODE-2"
    eventually(lambda: kazoo.exists(path), "the node is recorded as live")
    right = kazoo.data(path)
    kazoo.client.set(path, b'{"ip":"10.9.9.9","port":1}')
    eventually(lambda: kazoo.data(path) == right, "it is right again")
    eventually(lambda: tree.members()["NODE-2"]["state"] == "live", "the root knows")
    assert tree.members()["NODE-2"]["port"] == tree[2].address[1]


def test_a_claim_that_is_changed_by_hand_does_not_hide_the_root(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory
) -> None:
    tree = recorded(2, slots=[1])
    kazoo = reader(chroot)
    right = kazoo.data("/canopy/root")
    kazoo.client.set("/canopy/root", b"nonsense")
    tree.node(2).start_and_wait()
    eventually(lambda: kazoo.data("/canopy/root") == right, "the claim is right again")


def test_all_that_is_deleted_by_hand_is_made_again(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory
) -> None:
    """The chroot and everything below it goes, in one transaction."""
    tree = recorded(2)
    kazoo = reader(chroot)
    eventually(lambda: kazoo.live() == NAMES[:3], "every node is recorded as live")
    claim = kazoo.data("/canopy/root")
    server, _, base = chroot.partition("/")
    reader(server).delete(f"/{base}")
    eventually(lambda: len(kazoo.paths("/NODE-1")) == 3, "the tree is back")
    eventually(lambda: kazoo.data("/canopy/root") == claim, "the claim is back")
    eventually(lambda: kazoo.live() == NAMES[:3], "who lives is back")
    eventually(lambda: tree.states() == ["live"] * 3, "the root knows")
    assert tree[3].put("key", "value", wait=True).status == 200


def test_znodes_that_make_no_sense_do_not_keep_the_root_from_starting(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory, keep: ProcessKeeper
) -> None:
    kazoo = reader(chroot.split("/")[0])
    base = "/" + chroot.split("/")[1]
    for path, data in {
        "/NODE-1": b"\xff\xfe",
        "/NODE-1/NODE-2": json.dumps({"ip": "127.0.0.1", "id": 2, "slot": 65000}).encode(),
        "/NODE-1/NODE-3": b"[" * 5000,
        "/NODE-1/NODE-3/x y": b"",
        "/NODE-1/NODE-3/NODE-1": json.dumps({"ip": "127.0.0.1", "slot": 1}).encode(),
        "/canopy/live/NODE-9": b"",
    }.items():
        kazoo.client.create(base + path, data, makepath=True)
    tree = recorded(2, slots=[1, 2])
    assert tree.structure()[:2] == ["NODE-1", "NODE-2"]
    assert tree[2].put("key", "value").status == 200
