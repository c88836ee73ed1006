"""Contract B on seven nodes: JSON values under /store, in exactly the earlier system's bytes."""

from __future__ import annotations

import json

import pytest

from conftest import ClusterFactory
from harness import Cluster, Process, eventually
from rawhttp import escape
from samples import BAD_KEYS, JSON_VALUES, KEYS


def compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def answers(node: Process, key: str, text: str) -> bool:
    answer = node.store_get(key)
    return answer.status == 200 and answer.body == f'{{"value":{text}}}'.encode()


def test_a_value_put_through_any_node_is_read_through_every_node(seven: Cluster, key: str) -> None:
    for slot, writer in seven.nodes.items():
        own_key = f"{key} {slot}"
        answer = writer.store_put(own_key, f'{{"value": {slot}.0}}')
        assert answer.status == 200
        assert answer.body == b'{"key":%b,"value":%d.0}' % (compact(own_key), slot)
        assert answer.type == "application/json"
        eventually(lambda: seven.root.holds(own_key), "the write is at the root")
        for reader in seven:
            assert answers(reader, own_key, f"{slot}.0"), f"{writer} to {reader}"


@pytest.mark.parametrize("text", JSON_VALUES.values(), ids=JSON_VALUES.keys())
def test_every_json_value_comes_back_as_it_was_written(seven: Cluster, key: str, text: str) -> None:
    answer = seven[4].store_put(key, f'{{"value":{text}}}')
    assert answer.status == 200
    assert answer.body == b'{"key":%b,"value":%b}' % (compact(key), text.encode())
    eventually(lambda: answers(seven.root, key, text), "the value is at the root")
    for node in seven:
        assert answers(node, key, text), f"at {node}: {node.store_get(key)}"


@pytest.mark.parametrize("hard_key", KEYS.values(), ids=KEYS.keys())
def test_every_kind_of_key_comes_back_in_the_answer(
    seven: Cluster, key: str, hard_key: str
) -> None:
    node = seven[6]
    answer = node.store_put(hard_key, b'{"value":%b}' % compact(key))
    assert answer.status == 200
    assert answer.json() == {"key": hard_key, "value": key}
    assert b"\\u00e9" not in answer.body, "é is not escaped"
    # Other tests use these keys as well: a node may hold what they left.
    for other in (seven.root, seven[4]):
        eventually(
            lambda: other.store_get(hard_key).json() == {"value": key}, f"the value is at {other}"
        )
    assert node.holdings()[hard_key] == key
    gone = node.store_delete(hard_key)
    assert gone.status == 200
    assert gone.json() == {"key": hard_key}
    eventually(lambda: seven.root.store_get(hard_key).status == 404, "the root has deleted it")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("target", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_a_bad_key_is_refused(seven: Cluster, method: str, target: str) -> None:
    body = b'{"value":1}' if method == "PUT" else None
    answer = seven.leaf.ask(method, f"/store/{target}", body)
    assert answer.status == 400
    assert isinstance(answer.json()["detail"], str)


def test_a_missing_key_is_not_found_at_every_node(seven: Cluster, key: str) -> None:
    for node in seven:
        answer = node.store_get(key)
        assert (answer.status, answer.body) == (404, b'{"detail":"Key not found"}')
        assert answer.type == "application/json"


@pytest.mark.parametrize("flag", ["true", "false", '"yes"', '"off"', "1", "0", '"True"'])
def test_a_write_climbs_whatever_its_writer_waits_for(seven: Cluster, key: str, flag: str) -> None:
    node = seven[5]
    assert node.store_put(key, f'{{"wait_for_parent": {flag}, "value": [1, 2]}}').status == 200
    assert node.store_get(key).json() == {"value": [1, 2]}
    eventually(lambda: seven.root.holds(key), "the write is at the root")
    word = flag.strip('"').lower()
    answer = node.store_delete(key, f"?wait_for_parent={word}")
    assert (answer.status, answer.body) == (200, b'{"key":%b}' % compact(key))
    assert node.store_get(key).status == 404
    eventually(lambda: not seven.root.holds(key), "the deletion is at the root")


def test_deleting_what_is_not_there_succeeds(seven: Cluster, key: str) -> None:
    for node in seven:
        answer = node.store_delete(key)
        assert (answer.status, answer.body) == (200, b'{"key":%b}' % compact(key))


def test_the_listing_of_a_node_is_exactly_what_it_holds(cluster: ClusterFactory) -> None:
    tree = cluster(2)
    root, left, right = tree[1], tree[2], tree[3]
    assert root.ask("GET", "/store").body == b"{}"
    assert root.store_put("at the root", '{"value":2.0}').status == 200
    assert left.store_put("é", '{"value":{"a":["é"]}}').status == 200
    assert left.put("raw/bytes", b"\x00\xff").status == 200
    assert left.put("text", "plain").status == 200
    eventually(lambda: len(root.holdings()) == 4, "all is at the root")
    written = {
        "é": {"a": ["é"]},
        "raw/bytes": "AP8=",
        "text": "plain",
    }
    assert left.holdings() == written
    assert root.holdings() == {**written, "at the root": 2.0}
    assert right.holdings() == {}
    assert right.get("text").status == 200
    assert right.holdings() == {"text": "plain"}
    listing = root.ask("GET", "/store")
    assert listing.type == "application/json"
    assert '"é":{"a":["é"]}'.encode() in listing.body
    assert b'"at the root":2.0' in listing.body
    assert sorted(root.ask("GET", "/keys").json()) == sorted(root.holdings())
    assert left.store_delete("text").status == 200
    assert "text" not in left.holdings()
    eventually(lambda: "text" not in root.holdings(), "the deletion is at the root")
    assert sorted(left.ask("GET", "/keys").json()) == ["raw/bytes", "é"]


def test_a_key_that_is_not_utf8_leaves_the_listing_readable(cluster: ClusterFactory) -> None:
    root = cluster(1).root
    assert root.put(b"\xff\xfe\x00", b"odd").status == 200
    assert root.get(b"\xff\xfe\x00").body == b"odd"
    assert len(root.ask("GET", "/store").json()) == 1
    assert len(root.ask("GET", "/keys").json()) == 1
    assert isinstance(root.store_delete(b"\xff\xfe\x00").json()["key"], str)


def test_every_node_says_that_it_is_alive(seven: Cluster) -> None:
    for slot, node in seven.nodes.items():
        expected = b'{"status":"alive","node":"NODE-%d","address":"127.0.0.1"}' % slot
        answer = node.ask("GET", "/")
        assert (answer.status, answer.body) == (200, expected)


def test_the_root_tells_each_name_its_parents_path(seven: Cluster) -> None:
    paths = {
        "NODE-2": "/NODE-1",
        "node-3": "/NODE-1",
        "Node-4": "/NODE-1/NODE-2",
        "NODE-5": "/NODE-1/NODE-2",
        "NODE-6": "/NODE-1/NODE-3",
        "node-7": "/NODE-1/NODE-3",
    }
    for name, path in paths.items():
        answer = seven.root.ask("GET", f"/nodes/parent/{name}")
        assert (answer.status, answer.body) == (200, b'{"path":"%b"}' % path.encode())


def test_new_names_get_places_in_heap_order_until_the_tree_is_full(
    cluster: ClusterFactory,
) -> None:
    root = cluster(2, slots=[1]).root

    def structure() -> object:
        return root.ask("GET", "/nodes/structure").json()["binary_tree_array"]

    assert structure() == ["NODE-1", None, None]
    assert root.ask("GET", "/nodes/parent/node-8").json() == {"path": "/NODE-1"}
    assert structure() == ["NODE-1", "NODE-8", None]
    assert root.ask("GET", "/nodes/parent/NODE-3").json() == {"path": "/NODE-1"}
    assert root.ask("GET", "/nodes/parent/NODE-8").json() == {"path": "/NODE-1"}
    assert structure() == ["NODE-1", "NODE-8", "NODE-3"]
    full = root.ask("GET", "/nodes/parent/NODE-4")
    assert full.status in (409, 503)
    assert isinstance(full.json()["detail"], str)


def test_the_structure_is_the_tree_in_heap_order(seven: Cluster) -> None:
    answer = seven.root.ask("GET", "/nodes/structure")
    names = ",".join(f'"NODE-{slot}"' for slot in range(1, 8))
    assert answer.body == f'{{"binary_tree_array":[{names}]}}'.encode()


def test_only_the_root_gives_out_places(seven: Cluster) -> None:
    answer = seven[2].ask("GET", f"/nodes/parent/{escape('NODE-4')}")
    assert answer.status == 421
    assert isinstance(answer.json()["detail"], str)
