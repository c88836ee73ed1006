"""The looks that `chaos` takes at answers: each finds what it is for, and nothing in a good story."""

from __future__ import annotations

import pytest

from chaos.history import Death, History, Write, own_key
from rawhttp import Answer

KEY = "key"


def answer(value: str | None, version: int | None = None, bound: float = 0.0) -> Answer:
    headers = {"staleness-bound": f"{bound:.3f}", "cache-status": "NODE-4; hit"}
    if version is not None:
        headers["etag"] = f'"1.{version}"'
    return Answer(404 if value is None else 200, headers, (value or "").encode())


class Story:
    """Writes of one second each, one after the other, by node 4 if nobody else is named."""

    def __init__(self) -> None:
        self.history = History()
        self.now = 0.0

    def write(
        self,
        value: str | None,
        status: int | None = 200,
        version: int | None = None,
        key: str = KEY,
        ack: str = "local",
        slot: int = 4,
    ) -> Write:
        made = Write(key, value, slot, 0, ack, self.history.cycle, self.now)
        write = self.history.begin(made)
        self.now += 1
        headers = {} if version is None else {"etag": f'"1.{version}"'}
        body = b"nothing was changed" if status == 503 else b""
        self.history.end(write, None if status is None else Answer(status, headers, body), self.now)
        return write

    def read(self, given: Answer, key: str = KEY, slot: int = 4, incarnation: int = 0) -> None:
        self.history.on_read(slot, incarnation, key, given, self.now)

    def dies(self, slot: int, is_orderly: bool = False) -> None:
        self.history.deaths.append(Death(slot, self.now, is_orderly))

    def ends(self, value: str | None) -> None:
        self.history.check_key(KEY, value)

    def problem(self) -> str:
        (problem,) = self.history.problems
        return problem


@pytest.fixture
def story() -> Story:
    return Story()


def test_a_good_story_has_no_problems(story: Story) -> None:
    story.write("a", version=1, ack="root")
    story.read(answer("a", 1))
    story.write("b")
    story.read(answer("b"))
    story.write("c", status=None)
    story.read(answer("b", 2, bound=0.5))
    story.read(answer("c", 3))
    story.write(None, version=4, ack="root")
    story.read(answer("c", 3), slot=5)
    story.read(answer(None, 9))
    story.read(answer("a", 1), slot=4, incarnation=1)
    story.history.problems.clear()
    story.ends(None)
    assert story.history.problems == []
    assert story.history.committed_range() == (4, 3)


def test_a_version_that_falls_is_found(story: Story) -> None:
    story.write("a")
    story.write("b")
    story.read(answer("b", 2))
    story.read(answer("a", 1), incarnation=1)
    assert story.history.problems == [], "another process may know less"
    story.read(answer("a", 1))
    assert "has shown" in story.problem()


def test_a_value_older_than_its_bound_is_found(story: Story) -> None:
    story.write("a", version=1, ack="root")
    story.write("b", version=2, ack="root")
    story.now += 3
    story.read(answer("a", 1, bound=3.0))
    assert story.history.problems == []
    story.read(answer("a", 1, bound=2.9))
    assert "overwritten" in story.problem()


def test_a_version_of_two_values_and_a_value_of_two_versions_are_found(story: Story) -> None:
    story.write("a")
    story.write("b")
    story.read(answer("a", 1))
    story.read(answer("b", 1), slot=5)
    assert "this version is a" in story.history.problems[0]
    story.history.problems.clear()
    story.read(answer("a", 3), slot=6)
    assert "committed before" in story.problem()


def test_what_nobody_wrote_or_was_refused_is_found(story: Story) -> None:
    story.read(answer("x"))
    assert "nobody wrote" in story.problem()
    story.history.problems.clear()
    story.write("a", status=503)
    story.read(answer("a"))
    assert "refused" in story.problem()


def test_an_own_write_that_is_not_read_is_found(story: Story) -> None:
    key = own_key(4)
    story.write("a", key=key)
    story.write("b", key=key)
    story.read(answer("a"), key=key, slot=5)
    assert story.history.problems == [], "elsewhere it may come later"
    story.read(answer("a"), key=key)
    assert "had taken b" in story.problem()
    story.dies(1)
    story.read(answer("a"), key=key)
    assert story.history.problem_count == 1, "the root took it with it"


def test_a_lost_write_is_found(story: Story) -> None:
    story.write("a", ack="parent")
    story.write("b", ack="parent")
    story.ends("a")
    assert "but not b" in story.problem()


def test_a_write_may_be_lost_with_all_who_had_it(story: Story) -> None:
    story.write("a")
    story.dies(4)
    story.ends(None)
    assert story.history.problems == []
    assert story.history.counts.excused == 1


def test_a_node_that_stops_in_order_takes_nothing_with_it(story: Story) -> None:
    story.write("a")
    story.dies(4, is_orderly=True)
    story.ends(None)
    assert "but not a" in story.problem()


def test_what_the_parent_had_taken_is_not_lost_with_the_node(story: Story) -> None:
    story.write("a")
    story.write("other", key="other", ack="parent")
    story.dies(4)
    story.ends(None)
    assert "but not a" in story.problem(), "the other write came after it on the same way"
    story.history.problems.clear()
    story.dies(2)
    story.ends(None)
    assert story.history.problems == [], "the parent died as well"


def test_what_a_dead_root_cannot_have_had_is_not_lost_with_it(story: Story) -> None:
    story.write("a", ack="root")
    story.dies(1)
    story.now += 1
    story.write("b")
    story.ends(None)
    assert "but not b" in story.problem()


def test_two_writes_that_replaced_the_same_version_are_found(story: Story) -> None:
    first = story.write("a", ack="root")
    version = story.history.on_read(4, 0, KEY, answer("a", 1), story.now)
    assert version is not None
    story.history.on_replaced(story.write("b", ack="root"), version)
    assert story.history.problems == []
    story.history.on_replaced(story.write("c", ack="root"), version)
    assert "both replaced" in story.problem()
    assert first.outcome.value == "acknowledged"
