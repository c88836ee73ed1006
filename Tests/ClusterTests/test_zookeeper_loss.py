"""ZooKeeper lost, cut off, and back: every node serves on, and everything heals by itself."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from conftest import ProcessKeeper, ReaderFactory, RecordedFactory, ServersFactory
from harness import Node, eventually, free_ports
from zookeeper import (
    GONE_SECONDS,
    SESSION_SECONDS,
    Reader,
    RecordedCluster,
    Traffic,
    ZooKeeperServers,
    health,
    is_connected,
)

#: No request may take longer while ZooKeeper is away: nothing that is asked of it is waited for.
SLOWEST_SECONDS = 1.0


def check_frozen(tree: RecordedCluster) -> None:
    """Who has a place keeps it; a new node gets none, and is told why."""
    newcomer = {"name": "NODE-X", "address": "127.0.0.1", "port": 6001}
    answer = tree.root.ask("POST", "/nodes", json.dumps(newcomer).encode())
    assert answer.status == 503
    assert "ZooKeeper" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "1"
    assert "NODE-X" not in tree.structure()


def all_connected(tree: RecordedCluster) -> bool:
    return all(is_connected(node) for node in tree if node.is_running())


def all_away(tree: RecordedCluster) -> bool:
    return all(health(node).startswith("[-]zookeeper ") for node in tree)


def sessions(kazoo: Reader, tree: RecordedCluster) -> list[str]:
    return [kazoo.owner(f"/canopy/live/{node.name}") for node in tree]


def check_healed(tree: RecordedCluster, kazoo: Reader, traffic: Traffic) -> None:
    """All are recorded, live and writable as before, and nothing was slow."""
    names = sorted(node.name for node in tree)
    traffic.until(lambda: all_connected(tree), "every node is connected again")
    traffic.until(lambda: kazoo.live() == names, "every node is recorded as live")
    traffic.until(lambda: set(tree.states()) == {"live"}, "every node is live")
    assert traffic.slowest_seconds < SLOWEST_SECONDS
    for slot, node in tree.nodes.items():
        written = node.get(f"by-{slot}").body
        eventually(lambda s=slot, w=written: tree.root.get(f"by-{s}").body == w, "the root has it")
        assert node.ask("GET", "/readyz").status == 200


def test_the_cache_serves_on_while_zookeeper_is_dead(
    recorded: RecordedFactory, zookeepers: ServersFactory, reader: ReaderFactory
) -> None:
    servers = zookeepers()
    tree = recorded(2, zookeeper=servers.authority)
    kazoo = reader(servers.authority)
    eventually(lambda: len(kazoo.live()) == 3, "every node is recorded as live")
    traffic = Traffic(tree)
    traffic.round()
    structure = tree.structure()
    servers.first.kill()
    traffic.until(lambda: all_away(tree), "every node says that it is away")
    for node in tree:
        line = health(node)
        assert "away" in line or "not connected" in line, line
        assert node.ask("GET", "/readyz").status == 200, "it is ready all the same"
    check_frozen(tree)
    # Longer than the sessions' timeout: no node gives up its place for that.
    traffic.during(SESSION_SECONDS + 1)
    check_frozen(tree)
    assert tree.structure() == structure
    assert tree.states() == ["live"] * 3
    # A node that fell out can come back, for it has a place.
    tree[3].kill()
    traffic.round()
    servers.first.start()
    servers.first.wait_until_serving()
    tree[3].start()
    traffic.until(lambda: is_connected(tree[3]) and tree[3].is_ready(), "NODE-3 is back")
    check_healed(tree, kazoo, traffic)
    assert tree.structure() == structure
    fourth = json.dumps({"name": "NODE-4", "address": "127.0.0.1", "port": 6001}).encode()
    assert tree.root.ask("POST", "/nodes", fourth).status == 409, "full, not frozen"


def test_a_server_that_hangs_is_as_good_as_dead_and_sessions_are_made_anew(
    recorded: RecordedFactory, zookeepers: ServersFactory, reader: ReaderFactory
) -> None:
    """SIGSTOP cuts the server off: connections stay open, and nothing comes."""
    servers = zookeepers()
    tree = recorded(2, slots=[1, 2], zookeeper=servers.authority)
    kazoo = reader(servers.authority)
    eventually(lambda: len(kazoo.live()) == 2, "every node is recorded as live")
    traffic = Traffic(tree)
    servers.first.pause()
    traffic.until(lambda: all_away(tree), "every node finds out")
    check_frozen(tree)
    traffic.during(SESSION_SECONDS + 0.5)
    servers.first.resume()
    check_healed(tree, kazoo, traffic)
    assert kazoo.data("/canopy/root")["port"] == tree.root.address[1]


def test_an_expired_session_is_followed_by_another_in_the_same_slot_and_epoch(
    recorded: RecordedFactory, chroot: str, reader: ReaderFactory, zookeeper: ZooKeeperServers
) -> None:
    """Every node sleeps for longer than its session lives."""
    tree = recorded(2)
    kazoo = reader(chroot)
    eventually(lambda: len(kazoo.live()) == 3, "every node is recorded as live")
    before = sessions(kazoo, tree)
    members = tree.members()
    epoch = kazoo.data("/canopy/root")["epoch"]
    traffic = Traffic(tree)
    for node in tree:
        node.pause()
    eventually(lambda: kazoo.live() == [], "all sessions have expired", GONE_SECONDS)
    for node in tree:
        node.resume()
    eventually(lambda: all(node.is_ready() for node in tree), "all are there")
    check_healed(tree, kazoo, traffic)
    after = sessions(kazoo, tree)
    assert not set(before) & set(after), "the sessions are new"
    for name, member in tree.members().items():
        assert (member["slot"], member["port"]) == (members[name]["slot"], members[name]["port"])
    assert kazoo.data("/canopy/root")["epoch"] == epoch, "no other root has begun"
    for node in tree:
        assert "expired" in node.log()


def test_a_server_that_lost_its_data_is_told_the_tree_again(
    recorded: RecordedFactory, zookeepers: ServersFactory, reader: ReaderFactory
) -> None:
    servers = zookeepers()
    tree = recorded(3, slots=[1, 2, 3, 4], zookeeper=servers.authority)
    before = reader(servers.authority)
    eventually(lambda: len(before.live()) == 4, "every node is recorded as live")
    epoch = before.data("/canopy/root")["epoch"]
    before.close()
    traffic = Traffic(tree)
    servers.first.kill()
    servers.first.forget()
    servers.first.start()
    servers.first.wait_until_serving()
    kazoo = reader(servers.authority)
    check_healed(tree, kazoo, traffic)
    eventually(lambda: len(kazoo.paths("/NODE-1")) == 4, "the tree is recorded again")
    assert kazoo.data("/NODE-1/NODE-2/NODE-4")["slot"] == 4
    assert kazoo.data("/canopy/root")["epoch"] == epoch
    # A root that begins now must not begin where this one was.
    tree.root.kill()
    tree.root.start()
    eventually(tree.root.is_ready, "the root is back")
    assert kazoo.data("/canopy/root")["epoch"] > epoch
    check_healed(tree, kazoo, traffic)


def test_a_node_that_slept_while_another_took_its_name_is_told_so(
    recorded: RecordedFactory,
    chroot: str,
    reader: ReaderFactory,
    keep: ProcessKeeper,
    tmp_path: Path,
) -> None:
    tree = recorded(2, slots=[1, 2])
    kazoo = reader(chroot)
    eventually(lambda: "NODE-2" in kazoo.live(), "NODE-2 is recorded as live")
    sleeper = tree[2]
    sleeper.pause()
    eventually(lambda: "NODE-2" not in kazoo.live(), "its session expires", GONE_SECONDS)
    folder = tmp_path / "second"
    folder.mkdir()
    address = ("127.0.0.1", free_ports(1) + 1)
    second = keep(Node("NODE-2", address, folder, options=tree.options)).start_and_wait()
    eventually(lambda: kazoo.exists("/canopy/live/NODE-2"), "the second one is recorded")
    session = kazoo.owner("/canopy/live/NODE-2")
    sleeper.resume()
    eventually(lambda: second.authority in health(sleeper), "it is told who has its name")
    assert health(sleeper).startswith("[-]zookeeper "), health(sleeper)
    assert kazoo.owner("/canopy/live/NODE-2") == session
    # A heartbeat of the sleeper may have come before the root knew that the name was taken.
    eventually(lambda: tree.members()["NODE-2"]["port"] == address[1], "the root knows")
    assert second.put("key", "x", wait=True).status == 200
    # Once the name is free again, it is the sleeper's.
    assert second.stop() == 0
    eventually(lambda: is_connected(sleeper) and sleeper.is_ready(), "it has its name back", 10)
    eventually(lambda: tree.members()["NODE-2"]["port"] == sleeper.address[1], "the root knows")


def test_an_ensemble_may_lose_its_leader(
    recorded: RecordedFactory, zookeepers: ServersFactory, reader: ReaderFactory
) -> None:
    """It hangs, then dies: the others go on under a new one, and sessions move to them."""
    servers = zookeepers(3)
    tree = recorded(2, zookeeper=servers.authority)
    kazoo = reader(servers.authority)
    eventually(lambda: len(kazoo.live()) == 3, "every node is recorded as live")
    traffic = Traffic(tree)
    leader = servers.leader()
    leader.pause()
    others = [server for server in servers if server is not leader]
    traffic.until(
        lambda: any(server.mode() == "leader" for server in others), "another leads", 30
    )
    check_healed(tree, kazoo, traffic)
    for node in tree:
        assert leader.authority not in health(node)
    leader.resume()
    leader.kill()
    traffic.round()
    leader.start()
    leader.wait_until_serving()
    # No quorum: two of three are dead.
    for server in others:
        server.kill()
    traffic.until(lambda: all_away(tree), "nobody has a quorum")
    check_frozen(tree)
    for server in others:
        server.start()
    check_healed(tree, kazoo, traffic)
    assert tree.structure() == ["NODE-1", "NODE-2", "NODE-3"]


def test_a_first_server_that_hangs_is_passed_over(
    zookeeper: ZooKeeperServers, keep: ProcessKeeper, recorded: RecordedFactory, chroot: str
) -> None:
    """It accepts connections and says nothing; a name that nobody knows stands beside it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        where = f"127.0.0.1:{port},no-such-host.invalid:2181,{chroot}"
        tree = recorded(2, slots=[1, 2], zookeeper=where)
        for node in tree:
            eventually(lambda n=node: is_connected(n), "it is connected elsewhere")
            assert zookeeper.authority in health(node)
        assert tree[2].put("key", "x", wait=True).status == 200


def test_a_root_that_begins_without_zookeeper_waits_for_it_and_says_so(
    recorded: RecordedFactory, zookeepers: ServersFactory
) -> None:
    servers = zookeepers()
    servers.first.kill()
    tree = recorded(1, slots=[], zookeeper=servers.authority)
    root: Node = tree.node(1)
    root.start()
    eventually(lambda: root.ask("GET", "/livez").status == 200, "it serves")
    answer = root.ask("GET", "/readyz")
    assert answer.status == 503
    assert "ZooKeeper" in answer.json()["detail"]
    eventually(
        lambda: servers.first.authority in root.ask("GET", "/readyz").json()["detail"],
        "it says which server",
    )
    assert root.put("key", "x").status == 503
    servers.first.start()
    eventually(root.is_ready, "the root begins", 30)
    assert root.put("key", "x").status == 200


def test_nodes_stop_in_time_while_zookeeper_hangs(
    recorded: RecordedFactory, zookeepers: ServersFactory
) -> None:
    servers = zookeepers()
    tree = recorded(2, slots=[1, 2], zookeeper=servers.authority)
    servers.first.pause()
    assert tree[2].stop() == 0
    assert tree.root.stop() == 0
