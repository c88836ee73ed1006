"""One value, two APIs: what one writes the other reads."""

from __future__ import annotations

import base64

import pytest

from harness import Cluster, eventually
from samples import JSON_VALUES, MEBIBYTE


@pytest.mark.parametrize("text", JSON_VALUES.values(), ids=JSON_VALUES.keys())
def test_a_value_of_store_is_its_json_text_under_kv(seven: Cluster, key: str, text: str) -> None:
    assert seven[4].store_put(key, f'{{"value":{text}}}').status == 200
    eventually(lambda: seven.root.get(key).status == 200, "the value is at the root")
    for node in (seven[4], seven[1], seven[7]):
        answer = node.get(key)
        assert answer.body == text.encode()
        assert answer.type == "application/json"


@pytest.mark.parametrize(
    "value, text",
    [
        ("é", '{"value":"é"}'),
        ("", '{"value":""}'),
        ("2.0", '{"value":"2.0"}'),
        ('say "hi"\\\n', r'{"value":"say \"hi\"\\\n"}'),
        ("\x00\x1f\x7f", '{"value":"\\u0000\\u001f\x7f"}'),
        ("</script>/", '{"value":"</script>/"}'),
    ],
)
def test_text_of_kv_is_a_string_under_store(
    seven: Cluster, key: str, value: str, text: str
) -> None:
    assert seven[5].put(key, value).status == 200
    eventually(lambda: seven.root.get(key).status == 200, "the value is at the root")
    for node in (seven[5], seven[1], seven[6]):
        answer = node.store_get(key)
        assert (answer.status, answer.body) == (200, text.encode())


@pytest.mark.parametrize(
    "value",
    [b"\xff", b"\x00\xc3", b"\xed\xa0\x80", b"ok\xc0\xaf", MEBIBYTE],
    ids=["one byte", "half", "a surrogate", "overlong", "a mebibyte"],
)
def test_bytes_that_are_no_text_are_base64_under_store(
    seven: Cluster, key: str, value: bytes
) -> None:
    assert seven[7].put(key, value).status == 200
    eventually(lambda: seven.root.get(key).status == 200, "the value is at the root")
    for node in (seven[7], seven[1], seven[4]):
        encoded = base64.b64encode(value)
        assert node.store_get(key).body == b'{"value":"%b","encoding":"base64"}' % encoded


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
def test_json_put_through_kv_is_json_under_store(
    seven: Cluster, key: str, content_type: str
) -> None:
    text = b'{"a": [2.0, "\xc3\xa9"]}'
    assert seven[6].put(key, text, content_type=content_type).status == 200
    eventually(lambda: seven.root.get(key).status == 200, "the value is at the root")
    for node in (seven[6], seven[1], seven[5]):
        assert node.get(key).body == text
        assert node.store_get(key).json() == {"value": {"a": [2.0, "é"]}}
        assert b"2.0" in node.store_get(key).body


def test_broken_json_put_through_kv_is_a_string_under_store(seven: Cluster, key: str) -> None:
    assert seven[3].put(key, b"{broken", content_type="application/json").status == 200
    assert seven[3].store_get(key).json() == {"value": "{broken"}
    assert seven[3].get(key).body == b"{broken"
    assert seven[3].holdings()[key] == "{broken"


def test_a_value_may_be_overwritten_and_deleted_through_the_other_api(
    seven: Cluster, key: str
) -> None:
    node = seven[4]
    assert node.put(key, "raw").status == 200
    assert node.store_put(key, '{"value":1}').status == 200
    assert node.get(key).body == b"1"
    assert node.put(key, "raw again").status == 200
    assert node.store_get(key).json() == {"value": "raw again"}
    assert node.store_delete(key).status == 200
    assert node.get(key).status == 404
    eventually(lambda: seven.root.get(key).status == 404, "the deletion is at the root")
