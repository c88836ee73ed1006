"""Conditions, acks and Cache-Control: what a request may ask for beyond a key, through both APIs."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from coherent import known_version, version_of, way_of
from conftest import ClusterFactory, ProcessKeeper
from harness import Cluster, Process, eventually
from rawhttp import Answer, escape
from standins.runner import LoopbackNetwork, start_standin

#: The value x in the form of each API.
VALUES = {"kv": b"x", "store": b'{"value":"x"}'}

both_apis = pytest.mark.parametrize("api", VALUES)


def put(node: Process, api: str, key: str, query: str = "", **headers: str) -> Answer:
    return ask(node, "PUT", api, key, query, VALUES[api], **headers)


def ask(
    node: Process,
    method: str,
    api: str,
    key: str,
    query: str = "",
    body: bytes | None = None,
    **headers: str,
) -> Answer:
    """`if_match="x"` is the field If-Match."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return node.ask(method, f"/{api}/{escape(key)}{query}", body, fields)


def detail(api: str, answer: Answer) -> str:
    """The sentence of an error, in the form of its API."""
    if api == "kv":
        assert answer.type == "text/plain; charset=utf-8"
        return answer.body.decode()
    assert answer.type == "application/json"
    assert list(answer.json()) == ["detail"]
    return str(answer.json()["detail"])


# Reads


@both_apis
def test_every_answer_to_a_read_tells_the_same_with_and_without_a_body(
    seven: Cluster, key: str, api: str
) -> None:
    version = known_version(put(seven.root, api, key))
    for node in (seven.root, seven[7]):
        ask(node, "GET", api, key)
        whole = ask(node, "GET", api, key)
        head = ask(node, "HEAD", api, key)
        unchanged = ask(node, "GET", api, key, if_none_match=version.tag)
        assert (whole.status, head.status, unchanged.status) == (200, 200, 304)
        assert head.headers["content-length"] == str(len(whole.body))
        assert "content-length" not in unchanged.headers and unchanged.body == b""
        for answer in (whole, head, unchanged):
            assert known_version(answer) == version
            assert way_of(answer) == [f"{node.name}; hit"]
            assert {"age", "staleness-bound", "date"} <= answer.headers.keys()
        assert ask(node, "HEAD", api, key, if_none_match=version.tag).status == 304
    missing = ask(seven[7], "GET", api, f"{key}-not")
    assert missing.status == 404
    assert way_of(missing)[0] == "NODE-1; hit"
    assert {"age", "staleness-bound"} <= missing.headers.keys()


@both_apis
def test_a_reader_may_insist_on_a_version(seven: Cluster, key: str, api: str) -> None:
    version = known_version(put(seven.root, api, key))
    tag = version.tag
    for wanted, status in [
        (tag, 200),
        ("*", 200),
        (f'"abc", {tag}', 200),
        ('"1.1"', 412),
        (f"W/{tag}", 412),
        ('"abc"', 412),
    ]:
        assert ask(seven[5], "GET", api, key, if_match=wanted).status == status, wanted
    refused = ask(seven[5], "GET", api, key, if_match='"1.1"')
    assert "If-Match" in detail(api, refused)
    assert known_version(refused) == version
    assert ask(seven[5], "GET", api, key, if_match='"1.1"', if_none_match=tag).status == 412
    assert ask(seven[5], "GET", api, key, if_match=tag, if_none_match=tag).status == 304
    assert ask(seven[5], "GET", api, f"{key}-not", if_match=tag).status == 404


@both_apis
@pytest.mark.parametrize("field", ["if_match", "if_none_match"])
@pytest.mark.parametrize("value", ["1.1", '"1.1', "", '*, "1.1"', '"a" "b"', "W/1.1", '"a b"'])
def test_a_condition_that_is_none_is_refused(
    seven: Cluster, key: str, api: str, field: str, value: str
) -> None:
    for method in ("GET", "PUT", "DELETE"):
        body = VALUES[api] if method == "PUT" else None
        answer = ask(seven[6], method, api, key, "", body, **{field: value})
        assert answer.status == 400, method
        assert "in quotes" in detail(api, answer)
    assert ask(seven.root, "GET", api, key).status == 404, "nothing was written"


@both_apis
def test_a_reader_may_limit_the_age(cluster: ClusterFactory, api: str) -> None:
    tree = cluster(2, root_options=("--coherence", "none"))
    put(tree.root, api, "key")
    assert ask(tree[2], "GET", api, "key").status == 200
    assert way_of(ask(tree[2], "GET", api, "key")) == ["NODE-2; hit"]
    for wish in ("max-age=60", "MAX-AGE=0", 'max-age="5"', "x, max-age=1"):
        asked = ask(tree[2], "GET", api, "key", cache_control=wish)
        assert way_of(asked)[0] == "NODE-1; hit", "nothing bounds the age of a copy in mode none"
    for other in ("max-stale=5", "no-store", "min-fresh=5", 'x="no-cache"', ""):
        answer = ask(tree[2], "GET", api, "key", cache_control=other)
        assert way_of(answer) == ["NODE-2; hit"], other


@both_apis
def test_who_asks_nobody_gets_what_is_held_or_nothing(seven: Cluster, key: str, api: str) -> None:
    put(seven.root, api, key)
    missed = ask(seven[4], "GET", api, key, cache_control="only-if-cached")
    assert missed.status == 504
    assert "only-if-cached" in detail(api, missed)
    assert ask(seven.root, "GET", api, key, cache_control="only-if-cached").status == 200
    assert ask(seven[4], "GET", api, key).status == 200
    assert ask(seven[4], "GET", api, key, cache_control="only-if-cached").status == 200
    contradiction = ask(seven[4], "GET", api, key, cache_control="no-cache, only-if-cached")
    assert contradiction.status == 504


def test_a_request_for_the_roots_answer_joins_no_older_one(seven: Cluster, key: str) -> None:
    put(seven.root, "kv", key)
    for slot in (2, 5):
        answer = ask(seven[slot], "GET", "kv", key, cache_control="no-cache")
        assert way_of(answer)[0] == "NODE-1; hit"
        assert way_of(answer)[-1].startswith(f"NODE-{slot}; fwd=request")


# Writes


@both_apis
def test_a_write_may_depend_on_a_version(seven: Cluster, key: str, api: str) -> None:
    for slot in (1, 6):
        node, name = seven[slot], f"{key}-{slot}"
        first = put(node, api, name, if_none_match="*")
        assert first.status == 200
        version = known_version(first)
        for headers in (
            {"if_none_match": "*"},
            {"if_none_match": version.tag},
            {"if_match": '"1.1"'},
            {"if_match": '"abc"'},
            {"if_match": f"W/{version.tag}"},
            {"if_match": version.tag, "if_none_match": "*"},
        ):
            answer = put(node, api, name, **headers)
            assert answer.status == 412, headers
            assert "nothing was changed" in detail(api, answer)
        second = put(node, api, name, if_match=version.tag)
        assert known_version(second) > version
        third = put(node, api, name, if_none_match=version.tag)
        assert known_version(third) > known_version(second)
        assert ask(node, "DELETE", api, name, if_match=version.tag).status == 412
        assert ask(node, "DELETE", api, name, if_match=known_version(third).tag).status == 200
        assert ask(node, "DELETE", api, name, if_match="*").status == 412, "it is not there"
        assert put(node, api, name, if_match="*").status == 412
        assert ask(node, "GET", api, name).status == 404


@both_apis
def test_a_condition_names_one_version(seven: Cluster, key: str, api: str) -> None:
    for field in ("if_match", "if_none_match"):
        answer = put(seven[6], api, key, **{field: '"1.1", "1.2"'})
        assert answer.status == 400
        assert "one version" in detail(api, answer)
    assert put(seven[6], api, key, if_none_match='"1.1", "abc", W/"1.1"').status == 200


def test_no_increment_of_many_writers_is_lost(cluster: ClusterFactory) -> None:
    """The reason for conditions: read, add one, write if nobody wrote meanwhile, or begin anew."""
    tree = cluster(3)
    each = 8
    tree.root.put("count", "0")

    def count(node: Process) -> None:
        done = 0
        while done < each:
            read = ask(node, "GET", "kv", "count", cache_control="no-cache")
            body = str(int(read.body) + 1).encode()
            tag = known_version(read).tag
            written = ask(node, "PUT", "kv", "count", "", body, if_match=tag)
            assert written.status in (200, 412), str(written)
            done += written.status == 200

    failures: list[BaseException] = []

    def guarded(node: Process) -> None:
        try:
            count(node)
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=guarded, args=(tree[slot],)) for slot in (1, 4, 5, 7)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    assert tree.root.get("count").body == str(each * len(writers)).encode()


# Acks


@both_apis
def test_a_write_waits_as_long_as_it_is_asked_to(seven: Cluster, key: str, api: str) -> None:
    committed = put(seven[7], api, f"{key}-root", "?ack=root")
    assert committed.status == 200
    assert known_version(ask(seven.root, "GET", api, f"{key}-root")) == known_version(committed)
    for ack in ("local", "parent"):
        answer = put(seven[7], api, f"{key}-{ack}", f"?ack={ack}")
        assert answer.status == 200
        assert version_of(answer) is None, "it is not committed yet, as far as is known"
        eventually(
            lambda ack=ack: seven.root.get(f"{key}-{ack}").status == 200, f"the write ({ack})"
        )
    assert version_of(put(seven.root, api, key, "?ack=local")) is not None, "the root commits"
    gone = ask(seven[7], "DELETE", api, f"{key}-root", "?ack=root")
    assert known_version(gone) > known_version(committed)
    assert ask(seven.root, "GET", api, f"{key}-root").status == 404


@pytest.mark.parametrize(
    "ack, flag, status",
    [
        ("local", "0", 200),
        ("local", "1", 400),
        ("parent", "0", 400),
        ("parent", "1", 200),
        ("root", "0", 400),
        ("root", "1", 200),
        ("all", "1", 400),
        ("", "1", 400),
        ("ROOT", "1", 400),
    ],
)
def test_an_ack_and_the_earlier_flag_may_not_contradict_each_other(
    seven: Cluster, key: str, ack: str, flag: str, status: int
) -> None:
    word = {"0": "false", "1": "true"}[flag]
    body = json.dumps({"value": "x", "wait_for_parent": flag == "1"}).encode()
    answers = {
        "kv": ask(seven[7], "PUT", "kv", key, f"?wait_propagate={flag}&ack={ack}", b"x"),
        "store": ask(seven[7], "PUT", "store", key, f"?ack={ack}", body),
    }
    for api, answer in answers.items():
        assert answer.status == status, str(answer)
        if status == 400:
            assert "ack" in detail(api, answer)
    for api, query in (("kv", f"wait_propagate={flag}"), ("store", f"wait_for_parent={word}")):
        deleted = ask(seven[7], "DELETE", api, key, f"?ack={ack}&{query}")
        assert deleted.status == status, str(deleted)


# Errors of the way


@both_apis
def test_a_condition_is_not_taken_while_nobody_can_decide_it(
    cluster: ClusterFactory, api: str
) -> None:
    tree = cluster(2)
    assert put(tree[2], api, "key").status == 200
    tree.root.kill()
    eventually(
        lambda: put(tree[2], api, "key", if_match="*").status == 503, "the node knows it is cut off"
    )
    refused = put(tree[2], api, "other", "?ack=root")
    assert refused.status == 503
    assert "nothing was changed" in detail(api, refused)
    assert refused.headers["retry-after"] == "1"
    assert put(tree[2], api, "key", if_match='"abc"').status == 412, "this needs nobody"


def test_an_earlier_system_can_decide_nothing(keep: ProcessKeeper, tmp_path: Path) -> None:
    network = LoopbackNetwork(tmp_path)
    start_standin(keep(network.kv(1, root=1)))
    node = keep(network.ours(2, root=1))
    node.start()
    eventually(node.is_ready, "the node has a parent")
    for answer in (
        put(node, "kv", "key", if_none_match="*"),
        put(node, "kv", "key", "?ack=root"),
    ):
        assert answer.status == 501, str(answer)
        assert "earlier system" in detail("kv", answer)
    assert node.get("key").status == 404
