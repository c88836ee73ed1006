"""Joining the tree: slots in order of registration, kept by name, refused when there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import ClusterFactory, ProcessKeeper
from harness import Cluster, Node, Process, eventually, free_ports
from rawhttp import Answer


def register(node: Process, body: object) -> Answer:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return node.ask("POST", "/nodes", text, {"Content-Type": "application/json"})


def record(name: str, port: int) -> dict[str, object]:
    return {"name": name, "address": "127.0.0.1", "port": port}


def test_a_registration_answers_place_and_settings(cluster: ClusterFactory) -> None:
    tree = cluster(3, slots=[1, 2])
    answer = register(tree.root, record("NODE-X", 6001))
    assert answer.status in (200, 201)
    assert answer.json()["slot"] == 3
    body = register(tree.root, record("node-y", 6002)).json()
    assert body["name"] == "NODE-Y"
    assert body["slot"] == 4
    parent = {"name": "NODE-2", "slot": 2, "address": "127.0.0.1", "api": "canopy"}
    parent["port"] = tree[2].address[1]
    assert body["parent"] == parent
    assert [member["name"] for member in body["path"]] == ["NODE-1", "NODE-2"]
    assert body["settings"]["coherence"] == "push"
    assert body["settings"]["depth"] == 3
    again = register(tree.root, record("NODE-X", 6001))
    assert again.status == 200
    assert again.json()["slot"] == 3


def test_every_node_shows_the_whole_tree(seven: Cluster) -> None:
    for node in seven:
        answer = node.ask("GET", "/nodes")
        assert answer.status == 200, f"at {node}"
        shown = answer.json()
        assert (shown["root"], shown["depth"], shown["coherence"]) == ("NODE-1", 3, "push")
        for slot, member in enumerate(shown["nodes"], 1):
            assert member["slot"] == slot
            assert member["name"] == f"NODE-{slot}"
            assert (member["address"], member["port"]) == seven[slot].address
            assert member["api"] == "canopy"
            assert member["state"] == "live"
            assert member["last_seen_seconds"] >= 0


def test_a_node_waits_for_its_root_and_says_so_once(keep: ProcessKeeper, tmp_path: Path) -> None:
    base = free_ports(2)
    root_address, address = ("127.0.0.1", base + 1), ("127.0.0.1", base + 2)
    child = keep(Node("NODE-2", address, tmp_path, root_address))
    child.start()
    eventually(lambda: child.ask("GET", "/livez").status == 200, "the child serves")
    answer = child.ask("GET", "/readyz")
    assert answer.status == 503
    assert answer.type == "application/problem+json"
    assert child.get("missing").status == 503
    assert child.put("key", "x", wait=True).status == 503

    def complaints() -> list[str]:
        return [line for line in child.log().splitlines() if "waiting for the root" in line]

    eventually(complaints, "the child says that it waits")
    # It retries meanwhile; a complaint for every try would show within these seconds.
    eventually(lambda: child.metrics()["canopy_http_requests_total"] > 150, "time goes by")
    assert len(complaints()) == 1
    assert f"127.0.0.1:{base + 1}" in complaints()[0]
    root = keep(Node("NODE-1", root_address, tmp_path, depth=2))
    root.start()
    eventually(child.is_ready, "the child joins")
    assert child.put("key", "x", wait=True).status == 200
    assert root.get("key").body == b"x"
    # The root is to be stopped after its child.
    assert child.stop() == 0


def test_writes_before_the_root_is_up_arrive_later(keep: ProcessKeeper, tmp_path: Path) -> None:
    base = free_ports(2)
    root = keep(Node("NODE-1", ("127.0.0.1", base + 1), tmp_path, depth=2))
    child = keep(Node("NODE-2", ("127.0.0.1", base + 2), tmp_path, root.address))
    child.start()
    eventually(lambda: child.put("early", "x", wait=False).status == 200, "the child serves")
    assert child.get("early").body == b"x"
    root.start()
    eventually(lambda: root.get("early").body == b"x", "the write arrives")


def test_a_name_that_registers_again_gets_its_slot_back(cluster: ClusterFactory) -> None:
    tree = cluster(3, slots=[1, 2, 3, 4])
    tree[2].kill()
    other = tree.node(5).start_and_wait()
    tree[2].start()
    eventually(tree[2].is_ready, "NODE-2 is back")
    structure = tree.root.ask("GET", "/nodes/structure").json()["binary_tree_array"]
    assert structure == ["NODE-1", "NODE-2", "NODE-3", "NODE-4", "NODE-5", None, None]
    assert other.put("key", "x", wait=True).status == 200
    assert tree[2].get("key").body == b"x"


def test_a_full_tree_refuses_a_further_name(
    cluster: ClusterFactory, keep: ProcessKeeper, tmp_path: Path
) -> None:
    tree = cluster(2)
    answer = register(tree.root, record("NODE-4", 6004))
    assert answer.status == 409
    assert answer.type == "application/problem+json"
    assert answer.json()["status"] == 409
    assert "full" in answer.json()["detail"]
    address = ("127.0.0.1", free_ports(1) + 1)
    fourth = keep(Node("NODE-4", address, tmp_path, tree.root.address))
    fourth.start()
    fourth.expected_exit_codes = {0, 1}
    eventually(lambda: "full" in fourth.log(), "the fourth node says what is wrong")
    if fourth.is_running():
        assert fourth.ask("GET", "/readyz").status == 503
    assert register(tree.root, record("NODE-2", tree[2].address[1])).json()["slot"] == 2


def test_only_the_root_registers_nodes(seven: Cluster) -> None:
    answer = register(seven[3], record("NODE-9", 6009))
    assert answer.status == 421
    assert answer.type == "application/problem+json"
    assert seven.root.authority in answer.json()["detail"], "it says where the root is"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        {"name": "NODE-9"},
        {"name": "NODE-9", "address": "127.0.0.1", "port": 0},
        {"name": "NODE-9", "address": "127.0.0.1", "port": 65536},
        {"name": "NODE-9", "address": "127.0.0.1", "port": "5000"},
        {"name": "NODE-9", "address": "", "port": 5000},
        {"name": "", "address": "127.0.0.1", "port": 5000},
        {"name": "a/b", "address": "127.0.0.1", "port": 5000},
        {"name": "x" * 65, "address": "127.0.0.1", "port": 5000},
        {"name": 9, "address": "127.0.0.1", "port": 5000},
        {"name": "NODE-9", "address": "127.0.0.1\r\nHost: evil", "port": 5000},
    ],
    ids=str,
)
def test_a_registration_that_makes_no_sense_is_refused(seven: Cluster, body: object) -> None:
    answer = register(seven.root, body)
    assert answer.status in (400, 422)
    assert answer.type == "application/problem+json"
    structure = seven.root.ask("GET", "/nodes/structure").json()["binary_tree_array"]
    assert structure == [f"NODE-{slot}" for slot in range(1, 8)]


def test_the_version_and_health_of_every_node_can_be_asked(seven: Cluster) -> None:
    for node in seven:
        version = node.ask("GET", "/version").json()
        assert version["name"] == "canopy"
        assert version["version"].count(".") == 2
        assert node.ask("GET", "/livez").status == 200
        assert node.ask("GET", "/readyz").status == 200
        assert node.ask("GET", "/metrics").type.startswith("text/plain")


def test_a_node_whose_root_is_another_service_waits(
    cluster: ClusterFactory, keep: ProcessKeeper, tmp_path: Path
) -> None:
    """Its root is no root: a node that knows better tells it so."""
    tree = cluster(2, slots=[1, 2])
    address = ("127.0.0.1", free_ports(1) + 1)
    lost = keep(Node("NODE-3", address, tmp_path, tree[2].address))
    lost.start()
    eventually(lambda: "421" in lost.log() or "only the root" in lost.log(), "it says why")
    assert lost.ask("GET", "/readyz").status == 503
    assert lost.stop() == 0
