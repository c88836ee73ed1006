"""Nodes of the earlier /store system below ours, and ours below theirs."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from conftest import ProcessKeeper
from harness import Cluster, Process, eventually
from standins.runner import LoopbackNetwork, start_standin

pytestmark = pytest.mark.usefixtures("binaries")

VALUE = '{"é":[2.0,"x",null,true]}'


def passes(writer: Process, reader: Process, above: Process, key: str, value: str) -> None:
    """A value written at one node climbs to the node above both and is read at the other."""
    expected = f'{{"value":{value}}}'.encode()
    assert writer.store_put(key, expected).status == 200
    eventually(lambda: above.store_get(key).body == expected, f"the value is at {above}")
    assert reader.store_get(key).body == expected, f"{writer} to {reader}"
    assert writer.store_delete(key).status == 200
    eventually(lambda: above.store_get(key).status == 404, f"the deletion is at {above}")


def start(process: Process) -> Process:
    process.start()
    eventually(process.is_ready, f"{process} is ready")
    return process


def test_theirs_below_ours_and_ours_below_theirs(keep: ProcessKeeper, tmp_path: Path) -> None:
    """1 ours · 2 theirs, 3 ours · 4 ours below 2 (theirs), 5 theirs below 2, 6 theirs below 3."""
    network = LoopbackNetwork(tmp_path)
    nodes = {1: start(keep(network.ours(1, depth=3)))}
    root = nodes[1]
    for slot in range(2, 7):
        if slot in (3, 4):
            nodes[slot] = start(keep(network.ours(slot, root=1)))
        else:
            nodes[slot] = start_standin(keep(network.store(slot, root=1)))
    structure = root.ask("GET", "/nodes/structure").json()["binary_tree_array"]
    assert structure == [f"NODE-{slot}" for slot in range(1, 7)] + [None]
    places = root.ask("GET", "/nodes").json()["nodes"]
    assert [place["api"] for place in places] == [
        "canopy",
        "store",
        "canopy",
        "canopy",
        "store",
        "store",
    ]
    for writer, reader in [(4, 6), (6, 4), (5, 3), (3, 5), (2, 4), (1, 4), (4, 1), (5, 6)]:
        passes(nodes[writer], nodes[reader], root, f"{writer} to/{reader}%2F é", VALUE)
    assert "registered below /NODE-1/NODE-3" in nodes[6].log()


def test_ours_below_a_root_of_theirs(keep: ProcessKeeper, tmp_path: Path) -> None:
    """One of ours is configured by their variables, the others by our flags."""
    network = LoopbackNetwork(tmp_path)
    root = start_standin(keep(network.store(1, root=1)))
    left = start(keep(network.ours_by_environment(2, network.store_environment(2, root=1))))
    right = start(keep(network.ours(3, root=1)))
    below = start(keep(network.ours(4, root=1)))
    structure = root.ask("GET", "/nodes/structure").json()["binary_tree_array"]
    assert structure == ["NODE-1", "NODE-2", "NODE-3", "NODE-4", None, None, None]
    for writer in (left, right, below):
        for reader in (left, right, below):
            if reader is not writer:
                passes(writer, reader, root, f"{writer.name}/{reader.name}", VALUE)
    digits = "123456789012345678901234567890"
    passes(below, right, root, "thirty digits", digits)
    assert below.get("missing").status == 404
    for node in (below, left, right):
        assert node.stop() == 0


def test_text_and_bytes_of_kv_climb_to_a_root_of_theirs(
    keep: ProcessKeeper, tmp_path: Path
) -> None:
    """Text is a string there; what is no text can only be told in our form of it."""
    network = LoopbackNetwork(tmp_path, 3)
    root = start_standin(keep(network.store(1, root=1)))
    left = start(keep(network.ours(2, root=1)))
    right = start(keep(network.ours(3, root=1)))
    assert left.put("text", "é 2.0").status == 200
    eventually(lambda: root.store_get("text").json() == {"value": "é 2.0"}, "the text is there")
    assert right.store_get("text").json() == {"value": "é 2.0"}
    assert left.put("json", '{"a":1}', content_type="application/json").status == 200
    eventually(lambda: root.store_get("json").json() == {"value": {"a": 1}}, "the JSON is there")
    assert right.get("json").body == b'{"a":1}'
    assert left.put("bytes", b"\xff\x00").status == 200
    assert left.get("bytes").body == b"\xff\x00"
    eventually(lambda: root.store_get("bytes").status == 200, "something of it is there")


def test_their_root_that_is_away_is_503_here(keep: ProcessKeeper, tmp_path: Path) -> None:
    network = LoopbackNetwork(tmp_path, 2)
    root = start_standin(keep(network.store(1, root=1)))
    ours = start(keep(network.ours(2, root=1)))
    assert ours.store_put("held", '{"value":1}').status == 200
    root.kill()
    assert ours.store_get("held").json() == {"value": 1}
    answer = ours.store_get("missing")
    assert answer.status == 503
    assert isinstance(answer.json()["detail"], str)
    assert ours.store_put("later", '{"value":2,"wait_for_parent":false}').status == 200
    start_standin(root)
    eventually(lambda: root.store_get("later").json() == {"value": 2}, "the write arrives")


def test_a_client_of_their_system_works_unchanged_with_ours(seven: Cluster, key: str) -> None:
    """As their programs do it, with the library they use."""
    with httpx.Client(base_url=f"http://{seven[6].authority}") as client:
        target = f"/store/{key.replace('/', '%2F')}"
        body = {"value": {"é": [1, None]}, "wait_for_parent": True}
        put = client.put(target, json=body)
        assert (put.status_code, put.json()) == (200, {"key": key, "value": {"é": [1, None]}})
        assert client.get(target).json() == {"value": {"é": [1, None]}}
        gone = client.delete(target, params={"wait_for_parent": False})
        assert (gone.status_code, gone.json()) == (200, {"key": key})
        assert client.get(target).json() == {"detail": "Key not found"}
