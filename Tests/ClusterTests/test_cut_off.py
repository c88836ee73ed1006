"""A node that nobody above answers: it serves what it has, says how old that is, and its writes
wait, bounded, and arrive once."""

from __future__ import annotations

import time

import pytest

from coherent import bound_of, get, known_version, put, reads, ttl_of, version_of, way_of
from conftest import ClusterFactory
from harness import Cluster, Process, eventually
from rawhttp import Answer, request_bytes

LIMIT, STALE_IF_ERROR = 0.5, 2.5
POLICY = ("--max-staleness", "500ms", "--ttl", "500ms", "--stale-if-error", "2500ms")
ROOM = 60


@pytest.fixture(params=["push", "ttl"])
def pair(request: pytest.FixtureRequest, cluster: ClusterFactory) -> Cluster:
    return cluster(
        2, ("--upward-queue", str(ROOM)), [1, 2], ("--coherence", str(request.param), *POLICY)
    )


def is_cut_off(node: Process) -> bool:
    return not node.is_ready()


def says_its_age(answer: Answer, since_cut: float) -> bool:
    """Whether the answer is stale; what it says of its age must be right, `since_cut` seconds after
    the root fell asleep."""
    bound, ttl = bound_of(answer), ttl_of(answer)
    assert bound is not None and ttl is not None
    assert bound <= LIMIT + STALE_IF_ERROR + 0.01
    # Whole seconds, rounded down: what is 1 ms too old is -1.
    assert ttl == (LIMIT * 1000 - round(bound * 1000)) // 1000
    # It may have asked the root first, for a while, and then learned that it is away.
    assert since_cut <= bound + 0.01 or ttl >= 0, "as old as the cut at least"
    return ttl < 0


def test_it_serves_stale_for_a_while_and_says_so(pair: Cluster) -> None:
    leaf = pair[2]
    version = known_version(put(pair.root, "held", "x"))
    held = time.monotonic()
    assert get(leaf, "held").body == b"x"
    assert get(leaf, "missing").status == 404
    pair.root.pause()
    cut = time.monotonic()
    try:
        stale_answers = 0
        while True:
            asked = time.monotonic()
            answer = get(leaf, "held")
            if answer.status == 503:
                break
            assert (answer.status, answer.body) == (200, b"x")
            assert known_version(answer) == version
            if says_its_age(answer, asked - cut):
                stale_answers += 1
                assert way_of(answer) == ["NODE-2; hit"]
                unchanged = get(leaf, "held", if_none_match=version.tag)
                assert unchanged.status in (304, 503)
                assert unchanged.status == 503 or says_its_age(unchanged, asked - cut)
                # In mode ttl it was read later, and may be fresh for a moment more.
                absent = get(leaf, "missing")
                assert absent.status in (404, 503)
                if absent.status == 404:
                    says_its_age(absent, asked - cut)
            assert time.monotonic() < cut + 12, "it serves stale for ever"
            time.sleep(0.05)
        assert stale_answers > 5
        # That it was current it may have heard a quarter of a second before it was read.
        assert time.monotonic() - held > LIMIT + STALE_IF_ERROR - 0.26
        assert get(leaf, "held", cache_control="only-if-cached").status == 504
        assert leaf.metrics()["canopy_stale_answers_total"] >= stale_answers
    finally:
        pair.root.resume()
    again = reads(leaf, "held", "x")
    assert known_version(again) == version
    eventually(lambda: (ttl_of(get(leaf, "held")) or 0) >= 0, "it is fresh again")


def test_its_writes_wait_and_arrive_once(pair: Cluster) -> None:
    """A parent that sleeps finds the writes in two sessions when it wakes: it commits them once."""
    leaf = pair[2]
    first = known_version(put(pair.root, "overwritten", "before"))
    assert get(leaf, "overwritten").status == 200
    committed = pair.root.metrics()["canopy_commits_total"]
    pair.root.pause()
    try:
        taken: list[str] = []
        for number in range(ROOM + 20):
            answer = put(leaf, f"key-{number}", str(number), ack="local")
            if answer.status == 200:
                taken.append(f"key-{number}")
                continue
            assert answer.status == 503
            assert answer.headers["retry-after"] == "1"
            held = get(leaf, f"key-{number}", cache_control="only-if-cached")
            assert held.status == 504, "what was refused is not there"
        assert len(taken) == ROOM
        for key in taken:
            assert get(leaf, key).status == 200, "its own writes are read"
        eventually(lambda: is_cut_off(leaf), "it is cut off")
        assert put(leaf, "more", "x", ack="parent").status == 503
        assert put(leaf, "more", "x", ack="root").status == 503
        assert put(leaf, "more", "x", ack="local", if_none_match="*").status == 503
        assert leaf.metrics()["canopy_upward_queued"] == ROOM
    finally:
        pair.root.resume()
    eventually(leaf.is_ready, "it is attached again")
    eventually(lambda: leaf.metrics()["canopy_upward_queued"] == 0, "nothing waits any more")
    held = pair.root.holdings()
    assert held.pop("overwritten") == "before"
    assert held == {key: key.removeprefix("key-") for key in taken}
    assert pair.root.metrics()["canopy_commits_total"] - committed == ROOM
    last = known_version(put(leaf, "more", "x"))
    assert last.sequence == first.sequence + ROOM + 1, "no write was numbered twice"
    for key in taken:
        assert known_version(get(leaf, key)) == known_version(get(pair.root, key))


def test_a_write_that_waits_longer_than_its_answer_may_take_arrives_all_the_same(
    pair: Cluster,
) -> None:
    leaf = pair[2]
    pair.root.pause()
    try:
        answer = put(leaf, "key", "kept", ack="root")
        assert answer.status == 503
        assert b"kept" in answer.body and b"sent again" in answer.body, str(answer)
        assert get(leaf, "key").body == b"kept"
    finally:
        pair.root.resume()
    reads(pair.root, "key", "kept")
    assert pair.root.metrics()["canopy_commits_total"] == 1


def test_a_tag_in_the_answer_to_a_write_names_that_write(cluster: ClusterFactory) -> None:
    """The root sleeps so long that the leaf sends its write again in another session, and wakes to
    find the first one, somebody else's, and the repeat. The leaf's writer must not be told that the
    other's version is its own: with that in If-Match it would overwrite what it has never seen."""
    tree = cluster(2, root_options=("--coherence", "push"))
    assert put(tree.root, "key", "before").status == 200
    assert get(tree[2], "key").body == b"before"
    with tree[2].connect() as writer, tree.root.connect() as other:
        assert writer.ask("GET", "/livez").status == 200
        assert other.ask("GET", "/livez").status == 200
        tree.root.pause()
        try:
            writer.send(request_bytes("PUT", "/kv/key?ack=root", b"the leaf's"))
            eventually(
                lambda: tree[2].metrics()["canopy_upward_queued"] == 1, "the write is on its way"
            )
            other.send(request_bytes("PUT", "/kv/key", b"the other's"))
            eventually(lambda: is_cut_off(tree[2]), "the session is over")
        finally:
            tree.root.resume()
        answer = writer.read_answer("PUT")
        assert other.read_answer("PUT").status == 200
    assert answer.status == 200
    final = get(tree.root, "key")
    assert tree.root.metrics()["canopy_repeats_total"] == 1, "it was sent again"
    if final.body == b"the other's":
        assert version_of(answer) != known_version(final)
    else:
        assert version_of(answer) in (None, known_version(final))
