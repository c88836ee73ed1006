"""The 422 answers of /store are the earlier system's: the same inputs go to a node of each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness import Cluster, Process, close_processes
from standins.runner import LoopbackNetwork, start_standin

BODIES: dict[str, bytes] = {
    "no value": b"{}",
    "another member": b'{"val":1}',
    "a flag alone": b'{"wait_for_parent":false}',
    "an array": b"[]",
    "an array of things": b'[1,{"value":2}]',
    "a number": b"5",
    "a string": b'"value"',
    "null": b"null",
    "a word for a flag": b'{"value":1,"wait_for_parent":"perhaps"}',
    "an accent for a flag": '{"value":1,"wait_for_parent":"é"}'.encode(),
    "null for a flag": b'{"value":1,"wait_for_parent":null}',
    "an array for a flag": b'{"value":1,"wait_for_parent":[]}',
    "an object for a flag": b'{"value":1,"wait_for_parent":{"a":1}}',
    "two for a flag": b'{"value":1,"wait_for_parent":2}',
    "two faults": b'{"wait_for_parent":"perhaps"}',
    "nothing": b"",
}

BROKEN: dict[str, bytes] = {
    "half an object": b'{"value": ',
    "no object": b"value",
    "a missing colon": b'{"value" 1}',
    "a trailing comma": b'{"value": 1,}',
    "two objects": b'{"value": 1}{"value": 2}',
    "an open string": b'{"value": "a',
    "a bad escape": b'{"value": "\\x"}',
    "single quotes": b"{'value': 1}",
}

GOOD: dict[str, bytes] = {
    "a null value": b'{"value": null}',
    "more members": b'{"value": 1, "other": [2]}',
    "a member twice": b'{"value": 1, "value": 2}',
    "escaped names": b'{"\\u0076alue": 3}',
    "white space": b' {\r\n"value"\t:\n4 } \n',
    "yes": b'{"value": 1, "wait_for_parent": "yes"}',
    "a fraction for a flag": b'{"value": 1, "wait_for_parent": 1.0}',
}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A root of the earlier system."""
    network = LoopbackNetwork(tmp_path_factory.mktemp("earlier"), 1)
    process = start_standin(network.store(1, root=1))
    yield process
    close_processes([process])


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_wrong_body_gets_the_earlier_systems_422(
    seven: Cluster, earlier: Process, key: str, body: bytes
) -> None:
    expected = earlier.store_put(key, body)
    assert expected.status == 422
    answer = seven.leaf.store_put(key, body)
    assert answer.status == 422
    assert answer.json() == expected.json()
    assert answer.body == expected.body, "to the byte"
    assert not seven.leaf.holds(key)


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_broken_json_gets_the_earlier_systems_422(
    seven: Cluster, earlier: Process, key: str, body: bytes
) -> None:
    """Where exactly the text breaks, and in which words, is the parser's own affair."""
    (expected,) = earlier.store_put(key, body).json()["detail"]
    answer = seven.leaf.store_put(key, body)
    assert answer.status == 422
    (issue,) = answer.json()["detail"]
    assert {"type", "loc", "msg", "input"} <= issue.keys() <= expected.keys()
    for member in ("type", "msg", "input"):
        assert issue[member] == expected[member]
    assert issue["loc"][0] == "body"
    assert isinstance(issue["loc"][1], int)
    assert not seven.leaf.holds(key)


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD.keys())
def test_what_the_earlier_system_takes_is_taken(
    seven: Cluster, earlier: Process, key: str, body: bytes
) -> None:
    expected = earlier.store_put(key, body)
    assert expected.status == 200
    answer = seven.leaf.store_put(key, body)
    assert (answer.status, answer.body) == (200, expected.body)


@pytest.mark.parametrize("word", ["perhaps", "", "2", "é", "tru%20e", "truee"])
def test_a_wrong_flag_in_a_query_gets_the_earlier_systems_422(
    seven: Cluster, earlier: Process, key: str, word: str
) -> None:
    query = f"?wait_for_parent={word}".replace("é", "%C3%A9")
    expected = earlier.store_delete(key, query)
    assert expected.status == 422
    answer = seven.leaf.store_delete(key, query)
    assert answer.status == 422
    assert answer.json() == expected.json()


@pytest.mark.parametrize("word", ["true", "FALSE", "1", "0", "yes", "No", "on", "off", "t", "f"])
def test_a_flag_in_a_query_may_be_written_in_many_ways(
    seven: Cluster, earlier: Process, key: str, word: str
) -> None:
    query = f"?wait_for_parent={word}"
    assert earlier.store_delete(key, query).status == 200
    assert seven.leaf.store_delete(key, query).status == 200
