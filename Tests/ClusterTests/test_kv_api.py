"""Contract A on seven nodes: raw bytes under /kv."""

from __future__ import annotations

import pytest

from conftest import ClusterFactory
from harness import Cluster, Process, eventually
from rawhttp import escape
from samples import BAD_KEYS, KEYS, VALUES


def is_at(node: Process, key: str, value: bytes) -> bool:
    answer = node.get(key)
    return answer.status == 200 and answer.body == value


def test_a_value_put_through_any_node_is_read_through_every_node(seven: Cluster, key: str) -> None:
    for slot, writer in seven.nodes.items():
        own_key = f"{key} {slot}"
        answer = writer.put(own_key, f"value {slot}")
        assert (answer.status, answer.body) == (200, b"")
        assert is_at(writer, own_key, f"value {slot}".encode())
        eventually(lambda: seven.root.holds(own_key), "the write is at the root")
        for reader in seven:
            assert is_at(reader, own_key, f"value {slot}".encode()), f"{writer} to {reader}"


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_every_kind_of_value_comes_back_byte_for_byte(
    seven: Cluster, key: str, value: bytes
) -> None:
    assert seven[4].put(key, value).status == 200
    eventually(lambda: is_at(seven.root, key, value), "the value is at the root")
    for node in seven:
        answer = node.get(key)
        assert answer.status == 200
        assert answer.body == value, f"at {node}"
        assert answer.headers["content-length"] == str(len(value))


@pytest.mark.parametrize("hard_key", KEYS.values(), ids=KEYS.keys())
def test_every_kind_of_key_climbs_and_comes_down(seven: Cluster, key: str, hard_key: str) -> None:
    value = key.encode()
    assert seven[5].put(hard_key, value).status == 200
    eventually(lambda: is_at(seven.root, hard_key, value), "the value is at the root")
    # Other tests use these keys as well: NODE-6 may hold what they left.
    eventually(lambda: is_at(seven[6], hard_key, value), "the value is at NODE-6")
    assert seven[5].delete(hard_key).status == 200
    eventually(lambda: seven.root.get(hard_key).status == 404, "the root has deleted it")


def test_a_slash_in_a_key_may_be_written_plainly_or_escaped(seven: Cluster, key: str) -> None:
    node = seven[3]
    base = escape(key)
    for plain, escaped in [("/a/b", "%2Fa%2Fb"), ("/../c", "%2f..%2fc"), ("//./", "%2F%2F.%2F")]:
        assert node.ask("PUT", f"/kv/{base}{plain}", plain.encode()).status == 200
        assert node.ask("GET", f"/kv/{base}{escaped}").body == plain.encode()
    assert node.get(f"{key}/c").status == 404, "dot segments are part of the key"


def test_a_plus_is_a_plus(seven: Cluster, key: str) -> None:
    assert seven[2].ask("PUT", f"/kv/{escape(key)}+x", b"plus").status == 200
    assert seven[2].ask("GET", f"/kv/{escape(key)}%2Bx").body == b"plus"
    assert seven[2].ask("GET", f"/kv/{escape(key)}%20x").status == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("target", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_a_bad_key_is_refused(seven: Cluster, method: str, target: str) -> None:
    body = b"x" if method == "PUT" else None
    for node in (seven.root, seven.leaf):
        assert node.ask(method, f"/kv/{target}", body).status == 400


def test_a_missing_key_is_not_found_at_every_node(seven: Cluster, key: str) -> None:
    for node in seven:
        answer = node.get(key)
        assert (answer.status, answer.body) == (404, b"key not found"), f"at {node}"


def test_deleting_removes_along_the_way_up(seven: Cluster, key: str) -> None:
    for slot, node in seven.nodes.items():
        own_key = f"{key} {slot}"
        assert node.put(own_key, "x").status == 200
        eventually(lambda: seven.root.get(own_key).status == 200, "the value is at the root")
        answer = node.delete(own_key)
        assert (answer.status, answer.body) == (200, b"")
        assert node.get(own_key).status == 404, "a node reads its own deletion at once"
        for above in seven.way_up(slot):
            eventually(lambda: above.get(own_key).status == 404, f"it is gone at {above}")


def test_deleting_what_is_not_there_succeeds(seven: Cluster, key: str) -> None:
    for node in seven:
        for wait in (None, True, False):
            answer = node.delete(key, wait)
            assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize(
    "query",
    [
        "?wait_propagate=1",
        "?wait_propagate=0",
        "?x=y",
        "?",
        "?x=y&wait_propagate=0",
        "?wait_propagate=1&x",
    ],
)
def test_a_write_climbs_whatever_its_writer_waits_for(seven: Cluster, key: str, query: str) -> None:
    node = seven[7]
    target = f"/kv/{escape(key)}{query}"
    answer = node.ask("PUT", target, b"here")
    assert (answer.status, answer.body) == (200, b"")
    assert is_at(node, key, b"here")
    eventually(lambda: is_at(seven.root, key, b"here"), "the write is at the root")
    assert node.ask("DELETE", target).status == 200
    assert node.get(key).status == 404
    eventually(lambda: seven.root.get(key).status == 404, "the deletion is at the root")


def test_an_overwrite_replaces_value_and_type(seven: Cluster, key: str) -> None:
    node = seven[6]
    assert node.put(key, "a longer first value", content_type="text/plain").status == 200
    assert node.put(key, "second", content_type="text/html").status == 200
    for above in seven.way_up(6):
        eventually(lambda: is_at(above, key, b"second"), f"the second value is at {above}")
        assert above.get(key).type == "text/html"


@pytest.mark.parametrize(
    "sent, kept",
    [
        (None, "application/octet-stream"),
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("image/png", "image/png"),
    ],
)
def test_the_content_type_is_kept_on_every_node(
    seven: Cluster, key: str, sent: str | None, kept: str
) -> None:
    assert seven[4].put(key, "typed", content_type=sent).status == 200
    eventually(lambda: seven.root.get(key).status == 200, "the value is at the root")
    for node in seven:
        assert node.get(key).type == kept, f"at {node}"


def test_head_answers_like_get_without_the_body(seven: Cluster, key: str) -> None:
    seven[4].put(key, "twelve bytes", content_type="text/plain")
    eventually(lambda: seven.root.get(key).status == 200, "the value is at the root")
    for node in seven:
        answer = node.ask("HEAD", f"/kv/{escape(key)}")
        assert answer.status == 200, f"at {node}"
        assert answer.headers["content-length"] == "12"
        assert answer.type == "text/plain"
        assert node.ask("HEAD", f"/kv/{escape(key)}-not").status == 404


def test_answers_of_one_connection_stay_in_step_after_head(seven: Cluster, key: str) -> None:
    seven[7].put(key, "body")
    with seven[7].connect() as connection:
        for _ in range(3):
            assert connection.ask("HEAD", f"/kv/{escape(key)}").body == b""
            assert connection.ask("GET", f"/kv/{escape(key)}").body == b"body"


@pytest.mark.parametrize(
    "target, allowed",
    [
        ("/kv/x", {"GET", "HEAD", "PUT", "DELETE"}),
        ("/store/x", {"GET", "HEAD", "PUT", "DELETE"}),
        ("/store", {"GET", "HEAD"}),
        ("/nodes/structure", {"GET", "HEAD"}),
        ("/nodes", {"GET", "HEAD", "POST"}),
        ("/clients/register?id=4&ip=127.0.0.1", {"POST"}),
        ("/livez", {"GET", "HEAD"}),
    ],
)
def test_a_method_that_a_path_lacks_is_405_with_what_is_allowed(
    seven: Cluster, target: str, allowed: set[str]
) -> None:
    for method in {"GET", "PUT", "POST", "DELETE", "PATCH"} - allowed:
        body = b"{}" if method in ("PUT", "POST", "PATCH") else None
        answer = seven.root.ask(method, target, body)
        assert answer.status in (405, 501) if method == "PATCH" else answer.status == 405, method
        if answer.status == 405:
            said = {name.strip() for name in answer.headers["allow"].split(",")}
            assert allowed <= said <= allowed | {"OPTIONS"}, method


def test_unknown_methods_and_paths_are_told_apart(seven: Cluster) -> None:
    assert seven.root.ask("BREW", "/kv/x").status in (405, 501)
    for target in ("/unknown", "/kvx/y", "/kv", "/nodes/parents/NODE-2", "/livez/x"):
        assert seven.root.ask("GET", target).status == 404, target


def test_the_root_registers_numbered_clients_in_heap_order(cluster: ClusterFactory) -> None:
    root = cluster(3, slots=[1]).root

    def register(identity: str, address: str = "127.0.0.9") -> tuple[int, object]:
        answer = root.ask("POST", f"/clients/register?id={identity}&ip={address}")
        return answer.status, answer.json()

    addresses = {1: "127.0.0.1"}
    paths = {1: "/1"}
    for slot in range(2, 8):
        addresses[slot] = f"127.0.9.{slot}"
        paths[slot] = f"{paths[slot // 2]}/{slot}"
        place = {
            "parent_id": slot // 2,
            "parent_ip": addresses[slot // 2],
            "zk_path": paths[slot],
        }
        assert register(str(slot), addresses[slot]) == (200, place)
    status, body = register("8")
    assert status == 409
    assert isinstance(body, dict) and "full" in body["detail"]
    assert register("5", addresses[5])[1] == {
        "parent_id": 2,
        "parent_ip": "127.0.9.2",
        "zk_path": "/1/2/5",
    }, "who registers again keeps its place"


def test_a_registration_may_be_escaped(cluster: ClusterFactory) -> None:
    """As HTTP libraries write an address with colons."""
    root = cluster(3, slots=[1]).root
    for identity, address in (("2", "fd00%3A%3A2"), ("3", "127%2E0%2E9%2E3"), ("4", "fd00::4")):
        answer = root.ask("POST", f"/clients/register?id={identity}&ip={address}")
        assert answer.status == 200, address
    assert answer.json() == {"parent_id": 2, "parent_ip": "fd00::2", "zk_path": "/1/2/4"}


@pytest.mark.parametrize(
    "query", ["", "?id=2", "?ip=127.0.0.2", "?id=two&ip=127.0.0.2", "?id=2&ip="]
)
def test_a_registration_without_number_and_address_is_refused(seven: Cluster, query: str) -> None:
    assert seven.root.ask("POST", f"/clients/register{query}").status in (400, 422)


def test_only_the_root_registers_clients(seven: Cluster) -> None:
    answer = seven[4].ask("POST", "/clients/register?id=4&ip=127.0.0.1")
    assert answer.status == 421
    assert "detail" in answer.json()
