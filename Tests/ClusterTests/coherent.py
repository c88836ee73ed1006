"""What answers say about themselves: versions, ages, bounds, and the nodes on their way."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness import Process, eventually
from rawhttp import Answer, escape

TAG = re.compile(r'"(\d+)\.(\d+)"')
BOUND = re.compile(r"(\d+\.\d{3})")
TTL = re.compile(r"; ttl=(-?\d+)$")


@dataclass(frozen=True, order=True)
class Version:
    """The incarnation of the root, and the number of its write."""

    epoch: int
    sequence: int

    @property
    def tag(self) -> str:
        return f'"{self.epoch}.{self.sequence}"'


def version_of(answer: Answer) -> Version | None:
    """The version in `ETag`; none if the answer names none."""
    tag = answer.headers.get("etag")
    if tag is None:
        return None
    match = TAG.fullmatch(tag)
    assert match, f"ETag is {tag}"
    return Version(int(match[1]), int(match[2]))


def known_version(answer: Answer) -> Version:
    version = version_of(answer)
    assert version is not None, f"no ETag in {answer.headers}"
    return version


def bound_of(answer: Answer) -> float | None:
    """The seconds in `Staleness-Bound`; none if the answer names no bound."""
    text = answer.headers.get("staleness-bound")
    if text is None:
        return None
    assert BOUND.fullmatch(text), f"Staleness-Bound is {text}"
    return float(text)


def way_of(answer: Answer) -> list[str]:
    """The members of `Cache-Status`, the nearest node last, without the remaining freshness."""
    return [TTL.sub("", member) for member in answer.headers["cache-status"].split(", ")]


def ttl_of(answer: Answer) -> int | None:
    """The seconds of freshness that the nearest node still gives; negative if it is stale."""
    match = TTL.search(answer.headers["cache-status"])
    return int(match[1]) if match else None


def put(node: Process, key: str, value: str, ack: str = "root", **headers: str) -> Answer:
    """A write that is at the root when it is answered, if nothing else is asked for."""
    return node.ask(
        "PUT", f"/kv/{escape(key)}?ack={ack}", value.encode(), field_names(headers)
    )


def delete(node: Process, key: str, ack: str = "root", **headers: str) -> Answer:
    return node.ask("DELETE", f"/kv/{escape(key)}?ack={ack}", None, field_names(headers))


def get(node: Process, key: str, **headers: str) -> Answer:
    """`if_none_match="x"` is the field If-None-Match."""
    return node.ask("GET", f"/kv/{escape(key)}", None, field_names(headers))


def field_names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def reads(node: Process, key: str, value: str | None, within: float = 15.0) -> Answer:
    """Waits until a read at the node finds the value (none: no such key)."""

    def read() -> Answer | None:
        answer = get(node, key)
        found = answer.body.decode() if answer.status == 200 else None
        assert answer.status in (200, 404), str(answer)
        assert found == value, f"it reads {found!r}"
        return answer

    answer = eventually(read, f"{node} reads {value!r}", within)
    assert answer is not None
    return answer
