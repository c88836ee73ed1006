"""The tree in a real ZooKeeper, read by kazoo, which is not ours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ClusterFactory, ProcessKeeper
from ensemble import Person, ZooKeeper
from harness import Cluster, Node, Process, eventually, free_ports
from standins.runner import LoopbackNetwork, start_standin

TIMEOUT_SECONDS = 2.0


@pytest.fixture
def zookeeper(keep: ProcessKeeper, tmp_path: Path) -> ZooKeeper:
    server = ZooKeeper(tmp_path)
    keep(server)
    return server.start_and_wait()


@pytest.fixture
def person(zookeeper: ZooKeeper) -> Iterator[Person]:
    with Person(zookeeper) as somebody:
        yield somebody


def options(zookeeper: ZooKeeper) -> tuple[str, ...]:
    return ("--zookeeper", zookeeper.servers, "--zookeeper-timeout", f"{TIMEOUT_SECONDS:g}s")


def record(tree: Cluster, slot: int) -> dict[str, object]:
    port = tree.base_port + slot
    return {"ip": "127.0.0.1", "id": slot, "name": f"NODE-{slot}", "port": port, "slot": slot}


def states(node: Process) -> dict[str, str]:
    return {member["name"]: member["state"] for member in node.ask("GET", "/nodes").json()["nodes"]}


def test_the_tree_is_recorded_with_names(
    cluster: ClusterFactory, zookeeper: ZooKeeper, person: Person
) -> None:
    tree = cluster(3, options(zookeeper))
    paths = {
        1: "/NODE-1",
        2: "/NODE-1/NODE-2",
        3: "/NODE-1/NODE-3",
        4: "/NODE-1/NODE-2/NODE-4",
        5: "/NODE-1/NODE-2/NODE-5",
        6: "/NODE-1/NODE-3/NODE-6",
        7: "/NODE-1/NODE-3/NODE-7",
    }
    eventually(lambda: person.paths("/NODE-1") == sorted(paths.values()), "all are recorded")
    eventually(lambda: len(person.paths("/canopy/live")) == 8, "all are live")
    sessions = {}
    for slot, path in paths.items():
        assert person.data(path) == record(tree, slot)
        assert not person.is_ephemeral(path)
        live = person.data(f"/canopy/live/NODE-{slot}")
        sessions[slot] = live.pop("session")
        assert live == record(tree, slot)
        assert person.is_ephemeral(f"/canopy/live/NODE-{slot}")
    shown = tree[7].ask("GET", "/nodes").json()["nodes"]
    assert {node["slot"]: node["session"] for node in shown} == sessions
    assert person.data("/canopy/root")["name"] == "NODE-1"
    assert int(person.client.get("/canopy/epoch")[0]) >= time.time() - 60


def test_the_kv_systems_variables_record_numbers(
    keep: ProcessKeeper, tmp_path: Path, zookeeper: ZooKeeper, person: Person
) -> None:
    network = LoopbackNetwork(tmp_path, 4)
    for index in range(1, 5):
        environment = network.kv_environment(index, root=1) | {"ZOO_SERVERS": zookeeper.servers}
        # Where the root is stands in ZooKeeper.
        environment.pop("ROOT_IP", None)
        node = keep(network.ours_by_environment(index, environment))
        node.start()
        eventually(node.is_ready, f"{node.name} is ready")
    paths = ["/1", "/1/2", "/1/2/4", "/1/3"]
    eventually(lambda: person.paths("/1") == paths, "all are recorded")
    for path in paths:
        index = int(path[-1])
        assert person.data(path) == {
            "ip": network.address(index),
            "id": index,
            "name": f"NODE-{index}",
            "port": 5000,
            "slot": index,
        }


def test_an_earlier_node_records_itself(
    keep: ProcessKeeper, tmp_path: Path, zookeeper: ZooKeeper, person: Person
) -> None:
    network = LoopbackNetwork(tmp_path, 4)
    root = network.ours(1, depth=3, options=options(zookeeper))
    keep(root)
    root.start_and_wait()
    for index in (2, 3):
        standin = network.kv(index, root=1)
        standin.environment |= {"ZOO_SERVERS": zookeeper.servers}
        keep(standin)
        start_standin(standin)
    eventually(lambda: len(person.paths("/NODE-1")) == 3, "all are recorded")


def test_children_find_their_root(
    keep: ProcessKeeper, tmp_path: Path, zookeeper: ZooKeeper
) -> None:
    base = free_ports(2)
    child = Node("NODE-2", ("127.0.0.1", base + 2), tmp_path, options=options(zookeeper))
    keep(child)
    child.start()
    eventually(lambda: child.ask("GET", "/livez").status == 200, "the child lives")
    assert child.ask("GET", "/readyz").status == 503
    root = Node("NODE-1", ("127.0.0.1", base + 1), tmp_path, options=options(zookeeper))
    keep(root)
    root.start_and_wait()
    eventually(child.is_ready, "the child found the root")
    assert child.put("k", "v", wait=True).status == 200
    assert root.get("k").body == b"v"
    assert child.stop() == 0


def test_a_root_that_restarts_finds_every_node_in_its_slot(
    cluster: ClusterFactory, zookeeper: ZooKeeper, person: Person
) -> None:
    tree = cluster(3, options(zookeeper), slots=[1, 2, 3, 4, 5])
    eventually(lambda: len(person.paths("/NODE-1")) == 5, "all are recorded")
    epoch = int(person.client.get("/canopy/epoch")[0])
    for slot in (5, 4, 3, 2, 1):
        tree[slot].kill()
    tree.root.start()
    eventually(tree.root.is_ready, "the root is back")
    assert int(person.client.get("/canopy/epoch")[0]) > epoch
    for slot in (5, 3, 4, 2):
        tree[slot].start()
        eventually(tree[slot].is_ready, f"NODE-{slot} is back")
    structure = tree.root.ask("GET", "/nodes/structure").json()["binary_tree_array"]
    assert structure == ["NODE-1", "NODE-2", "NODE-3", "NODE-4", "NODE-5", None, None]
    eventually(lambda: len(person.paths("/canopy/live")) == 6, "all are live")
    assert len(person.paths("/NODE-1")) == 5


def test_a_node_that_dies_is_gone_within_the_session_timeout(
    cluster: ClusterFactory, zookeeper: ZooKeeper
) -> None:
    tree = cluster(3, options(zookeeper), slots=[1, 2, 3])
    eventually(lambda: set(states(tree.root).values()) == {"live"}, "all live")
    tree[3].kill()
    died = time.monotonic()
    eventually(lambda: states(tree.root)["NODE-3"] == "gone", "NODE-3 is gone")
    # The server looks at its sessions once in a tick of half a second.
    assert time.monotonic() - died < TIMEOUT_SECONDS + 1.5
    tree[3].start()
    eventually(lambda: states(tree.root)["NODE-3"] == "live", "NODE-3 is back")


def test_znodes_deleted_by_hand_are_made_again_and_reported(
    cluster: ClusterFactory, zookeeper: ZooKeeper, person: Person
) -> None:
    tree = cluster(3, options(zookeeper), slots=[1, 2, 3, 4])
    eventually(lambda: len(person.paths("/NODE-1")) == 4, "all are recorded")
    person.client.delete("/NODE-1/NODE-2", recursive=True)
    person.client.delete("/canopy/live/NODE-3")
    eventually(lambda: len(person.paths("/NODE-1")) == 4, "they are made again")
    eventually(lambda: person.exists("/canopy/live/NODE-3"), "NODE-3 shows itself again")
    assert person.data("/NODE-1/NODE-2/NODE-4") == record(tree, 4)
    assert tree.root.log().count("somebody deleted a znode of the tree") == 2


def test_a_name_that_a_live_process_holds_is_refused(
    cluster: ClusterFactory, keep: ProcessKeeper, tmp_path: Path, zookeeper: ZooKeeper
) -> None:
    tree = cluster(2, options(zookeeper))
    eventually(lambda: set(states(tree.root).values()) == {"live"}, "all live")
    address = ("127.0.0.1", free_ports(1) + 1)
    other = keep(Node("NODE-3", address, tmp_path, tree.root.address, options=options(zookeeper)))
    other.start()
    eventually(lambda: "has the name NODE-3" in other.log(), "the other is told")
    answer = other.ask("GET", "/readyz")
    assert answer.status == 503
    assert "409: a live process at" in answer.json()["detail"]
    tree[3].kill()
    eventually(other.is_ready, "the name is free")
    assert other.stop() == 0


def test_a_second_root_waits_until_the_first_has_ended(
    cluster: ClusterFactory, keep: ProcessKeeper, tmp_path: Path, zookeeper: ZooKeeper
) -> None:
    tree = cluster(1, options(zookeeper))
    address = ("127.0.0.1", free_ports(1) + 1)
    second = keep(Node("NODE-1", address, tmp_path, options=options(zookeeper)))
    second.start()
    eventually(lambda: "can't be the root" in second.log(), "the second is told")
    answer = second.ask("GET", "/kv/k")
    assert answer.status == 503
    assert "is the root already" in answer.json()["detail"]
    assert tree.root.put("k", "v").status == 200
    # A root that stops gives its claim back at once.
    assert tree.root.stop() == 0
    eventually(second.is_ready, "the second is the root", within=TIMEOUT_SECONDS)


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_without_zookeeper_the_cache_goes_on(
    cluster: ClusterFactory, zookeeper: ZooKeeper, person: Person, how: str
) -> None:
    tree = cluster(3, options(zookeeper), slots=[1, 2, 3, 4])
    eventually(lambda: len(person.paths("/canopy/live")) == 5, "all are live")
    if how == "kill":
        zookeeper.kill()
    else:
        zookeeper.pause()
    end = time.monotonic() + 2 * TIMEOUT_SECONDS
    while time.monotonic() < end:
        value = f"{time.monotonic()}"
        assert tree[4].ask("PUT", "/kv/k?ack=root", value.encode(), timeout=1).status == 200
        fresh = tree[3].ask("GET", "/kv/k", None, {"Cache-Control": "no-cache"})
        assert fresh.body.decode() == value
        assert all(node.is_ready() for node in tree)
    assert "[-]zookeeper" in tree[4].ask("GET", "/readyz?verbose").body.decode()
    if how == "kill":
        zookeeper.start_and_wait()
    else:
        zookeeper.resume()

    def is_healed() -> bool:
        ready = [node.ask("GET", "/readyz?verbose").body.decode() for node in tree]
        everybody = set(states(tree.root).values()) == {"live"}
        return everybody and all("[+]zookeeper" in text for text in ready)

    eventually(is_healed, "everybody is back")
    with Person(zookeeper) as somebody:
        eventually(lambda: len(somebody.paths("/canopy/live")) == 5, "all are live again")
        assert len(somebody.paths("/NODE-1")) == 4
