"""What holds for the tree in containers, whether Vagrant or Compose started it."""

from __future__ import annotations

import json

import pytest
import requests

from deployments import (
    NAMES,
    NODES,
    Compose,
    Deployment,
    Vagrant,
    get,
    inspect,
    kvctl,
    left,
    members,
    must,
    put,
    soon,
    url,
)
from zookeeper import Reader

PATHS = [
    "/NODE-1",
    "/NODE-1/NODE-2",
    "/NODE-1/NODE-2/NODE-4",
    "/NODE-1/NODE-2/NODE-5",
    "/NODE-1/NODE-3",
    "/NODE-1/NODE-3/NODE-6",
    "/NODE-1/NODE-3/NODE-7",
]


def test_every_machine_runs_and_is_healthy(deployment: Deployment) -> None:
    machines = [*deployment.zookeepers, *NAMES, "cli"]
    assert sorted(left()["containers"]) == sorted(map(deployment.container, machines))
    for name in machines:
        deployment.wait_until_well(name)
    for slot in NODES:
        assert requests.get(url(slot, "/"), timeout=10).json() == {
            "status": "alive",
            "node": f"NODE-{slot}",
            "address": f"10.0.1.{66 + slot}",
        }


def test_the_containers_may_do_little(deployment: Deployment) -> None:
    for name in [*deployment.zookeepers, *NAMES, "cli"]:
        container = inspect(deployment.container(name))
        host, config = container["HostConfig"], container["Config"]
        assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and not host["Privileged"]
        assert "no-new-privileges" in ",".join(host["SecurityOpt"])
        assert config["User"] == "65532:65532" and not config["Image"].endswith("latest")
        assert host["Memory"] > 0 and host["PidsLimit"] > 0 and config["StopSignal"]
        for bindings in (host["PortBindings"] or {}).values():
            assert [binding["HostIp"] for binding in bindings] == ["127.0.0.1"]


def test_the_tree_is_recorded_in_zookeeper(deployment: Deployment, reader: Reader) -> None:
    structure = requests.get(url(1, "/nodes/structure"), timeout=10).json()
    assert structure == {"binary_tree_array": NAMES}
    assert sorted(reader.paths("/NODE-1")) == sorted(PATHS)
    for path in PATHS:
        slot = int(path.rsplit("-", 1)[1])
        data = reader.data(path)
        assert (data["ip"], data["id"]) == (f"10.0.1.{66 + slot}", slot)
    assert reader.live() == NAMES


def test_a_value_put_at_one_leaf_is_read_at_another_and_through_cli(
    deployment: Deployment,
) -> None:
    put(7, "raw", b"\x00\xff bytes")
    soon(lambda: get(4, "raw") == b"\x00\xff bytes", "the value is at the other leaf")
    assert kvctl("put", "7", "hello", "world") == '200 {"key": "hello", "value": "world"}'
    soon(lambda: get(1, "hello") == b'"world"', "the value is at the root")
    assert kvctl("get", "NODE-4", "hello") == '200 {"value": "world"}'
    for node in ("NODE-5", "node-5", "5"):
        assert deployment.inside("get", node, "hello") == '200 {"value": "world"}'
    deployment.inside("put", "6", "answer", "42")
    soon(lambda: get(1, "answer") == b"42", "the value is at the root")
    assert requests.get(url(5, "/store/answer"), timeout=10).json() == {"value": 42}
    tree = json.loads(deployment.inside("tree", "--output", "json"))
    assert (tree["root"], tree["depth"]) == ("NODE-1", 3)


def test_a_killed_node_comes_back_in_its_slot(deployment: Deployment, reader: Reader) -> None:
    """An inner node: its children go to the root, and back to it."""
    put(1, "before", b"1")
    deployment.kill("NODE-2")
    soon(lambda: members()["NODE-4"].get("parent") == "NODE-1", "its child is at the root")
    assert get(4, "before") == b"1"
    deployment.start("NODE-2")
    deployment.wait_until_well("NODE-2")
    soon(lambda: members()["NODE-2"]["state"] == "live", "it is back")
    assert members()["NODE-2"]["slot"] == 2
    soon(lambda: members()["NODE-4"].get("parent") == "NODE-2", "its child is back")
    assert sorted(reader.paths("/NODE-1")) == sorted(PATHS)
    soon(lambda: get(2, "before") == b"1", "it reads what was there")


def test_a_partition_is_cut_and_healed(deployment: Deployment) -> None:
    """A leaf alone: it serves what it holds, keeps its writes, and all agree afterwards."""
    put(1, "shared", b"old")
    assert get(7, "shared") == b"old"
    deployment.cut_off("NODE-7")
    put(1, "shared", b"new")
    put(7, "alone", b"kept", "?ack=local")
    assert get(7, "alone") == b"kept"
    assert get(7, "shared") == b"old"
    soon(lambda: members()["NODE-7"]["state"] == "gone", "its session ends")
    assert get(1, "alone") is None
    deployment.heal("NODE-7")
    soon(lambda: get(1, "alone") == b"kept", "its write is at the root")
    soon(lambda: get(7, "shared") == b"new", "it reads what it missed")
    soon(lambda: members()["NODE-7"]["state"] == "live", "it is back")
    assert members()["NODE-7"]["slot"] == 7
    deployment.wait_until_well("NODE-7")


def test_a_node_that_is_stopped_exits_well_and_loses_no_write(deployment: Deployment) -> None:
    put(5, "late", b"x", "?wait_propagate=0")
    must("docker", "stop", deployment.container("NODE-5"))
    assert inspect(deployment.container("NODE-5"))["State"]["ExitCode"] == 0
    soon(lambda: get(1, "late") == b"x", "the write is at the root")
    must("docker", "start", deployment.container("NODE-5"))
    deployment.wait_until_well("NODE-5")
    assert get(5, "late") == b"x"


@pytest.mark.parametrize("deployment", [Vagrant], indirect=True)
def test_one_machine_of_vagrants_is_halted_and_started(deployment: Vagrant) -> None:
    assert deployment.status() == dict.fromkeys(["zookeeper", *NAMES, "cli"], "running")
    assert deployment.vagrant("halt", "NODE-6").returncode == 0
    assert deployment.status("NODE-6") == {"NODE-6": "stopped"}
    assert deployment.vagrant("up", "NODE-6").returncode == 0
    assert deployment.vagrant("reload", "NODE-6").returncode == 0
    assert deployment.is_running("NODE-6")
    soon(lambda: members()["NODE-6"]["state"] == "live", "it is back")
    assert members()["NODE-6"]["slot"] == 6
    other = deployment.vagrant("up", "NODE-6", environment={"TREE_DEPTH": "2"})
    assert other.returncode == 1 and "was made with 3" in other.stderr


@pytest.mark.parametrize("deployment", [Compose], indirect=True)
def test_one_of_three_zookeeper_servers_may_end(deployment: Compose) -> None:
    killed = inspect(deployment.container("zookeeper-1"))["RestartCount"]
    deployment.kill("zookeeper-1")
    put(7, "meanwhile", b"1")
    soon(lambda: get(4, "meanwhile") == b"1", "the tree goes on")
    soon(
        lambda: inspect(deployment.container("zookeeper-1"))["RestartCount"] > killed,
        "it is started again",
    )
    deployment.wait_until_well("zookeeper-1")
