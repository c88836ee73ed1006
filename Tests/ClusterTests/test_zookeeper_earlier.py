"""Trees of the earlier systems in ZooKeeper: their variables, and their nodes beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import ProcessKeeper, ReaderFactory
from harness import Process, eventually
from standins.runner import LoopbackNetwork, start_standin
from zookeeper import Reader, ZooKeeperServers, health, is_connected

SYSTEMS = ["kv", "store"]
PATHS = {
    "kv": ["/1", "/1/2", "/1/3"],
    "store": ["/NODE-1", "/NODE-1/NODE-2", "/NODE-1/NODE-3"],
}


def environment_of(
    system: str, network: LoopbackNetwork, slot: int, zookeeper: str
) -> Mapping[str, str]:
    """What the earlier system's Vagrantfile sets; the root's address is in ZooKeeper."""
    if system == "kv":
        variables = network.kv_environment(slot, root=1)
        variables.pop("ROOT_IP", None)
        return {**variables, "ZOO_SERVERS": zookeeper}
    return {**network.store_environment(slot, root=1, count=3), "zookeeper": zookeeper}


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_earlier_systems_variables_start_a_recorded_tree(
    zookeeper: ZooKeeperServers,
    keep: ProcessKeeper,
    reader: ReaderFactory,
    tmp_path: Path,
    system: str,
) -> None:
    paths = PATHS[system]
    where = f"{zookeeper.authority}/earlier-{system}"
    network = LoopbackNetwork(tmp_path, 3)
    nodes = []
    for slot in (1, 2, 3):
        environment = environment_of(system, network, slot, where)
        node = keep(network.ours_by_environment(slot, environment))
        node.start()
        eventually(lambda n=node: not n.is_running() or n.is_ready(), f"{node.name} is ready")
        assert node.is_running(), node.log()
        nodes.append(node)
    kazoo = reader(where)
    eventually(lambda: kazoo.paths(paths[0]) == paths, "the tree is recorded")
    for slot, path in enumerate(paths, 1):
        data = kazoo.data(path)
        assert (data["ip"], data["id"]) == (network.address(slot), slot)
        assert (data["name"], data["port"], data["slot"]) == (f"NODE-{slot}", 5000, slot)
        assert is_connected(nodes[slot - 1]), health(nodes[slot - 1])
    assert nodes[2].put("key", "x", wait=True).status == 200
    eventually(lambda: nodes[0].get("key").body == b"x", "the write is at the root")
    for node in nodes[::-1]:
        assert node.stop() == 0


def standin(network: LoopbackNetwork, system: str, slot: int, zookeeper: str) -> Process:
    """A node of the earlier system, which records itself with kazoo."""
    if system == "kv":
        process = network.kv(slot, root=1)
        process.environment["ZOO_SERVERS"] = zookeeper
    else:
        process = network.store(slot, root=1, count=3)
        process.environment["zookeeper"] = zookeeper
    return process


def check_places(
    kazoo: Reader, system: str, network: LoopbackNetwork, ours: tuple[int, ...]
) -> None:
    """What a program of the earlier system looks for is there.

    What a node of the `/store` system writes of itself is its own affair.
    """
    paths = PATHS[system]
    eventually(lambda: kazoo.paths(paths[0]) == paths, "the tree is recorded")
    for slot, path in enumerate(paths, 1):
        if system == "store" and slot not in ours:
            continue
        data = eventually(lambda p=path: kazoo.data(p), f"{path} says something")
        assert (data["ip"], data["id"]) == (network.address(slot), slot), f"{path}: {data}"


@pytest.mark.parametrize("system", SYSTEMS)
def test_nodes_of_the_earlier_systems_record_themselves_below_our_root(
    zookeeper: ZooKeeperServers,
    keep: ProcessKeeper,
    reader: ReaderFactory,
    tmp_path: Path,
    system: str,
) -> None:
    where = f"{zookeeper.authority}/below-ours-{system}"
    network = LoopbackNetwork(tmp_path, 3)
    root = keep(network.ours_by_environment(1, environment_of(system, network, 1, where)))
    root.start()
    eventually(root.is_ready, "the root is ready")
    for slot in (2, 3):
        start_standin(keep(standin(network, system, slot, where)))
    check_places(reader(where), system, network, ours=(1,))
    names = root.ask("GET", "/nodes/structure").json()["binary_tree_array"]
    assert names[:3] == ["NODE-1", "NODE-2", "NODE-3"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_node_of_ours_records_itself_below_a_root_of_the_earlier_systems(
    zookeeper: ZooKeeperServers,
    keep: ProcessKeeper,
    reader: ReaderFactory,
    tmp_path: Path,
    system: str,
) -> None:
    base = f"below-earlier-{system}"
    reader(zookeeper.authority).client.create(f"/{base}", b"")
    where = f"{zookeeper.authority}/{base}"
    network = LoopbackNetwork(tmp_path, 3)
    root = start_standin(keep(standin(network, system, 1, where)))
    for slot in (2, 3):
        environment = dict(environment_of(system, network, slot, where))
        if system == "kv":
            environment["ROOT_IP"] = network.address(1)
        node = keep(network.ours_by_environment(slot, environment))
        node.start()
        eventually(node.is_ready, f"{node.name} is ready")
        assert node.put(f"by-{slot}", "x", wait=True).status == 200
    check_places(reader(where), system, network, ours=(2, 3))
    assert root.is_running()
