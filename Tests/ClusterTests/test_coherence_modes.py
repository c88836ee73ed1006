"""How copies follow changes in each mode, and what every answer says about where it is from."""

from __future__ import annotations

import threading
import time

import pytest

from coherent import (
    bound_of,
    delete,
    get,
    known_version,
    put,
    reads,
    ttl_of,
    version_of,
    way_of,
)
from conftest import ClusterFactory
from harness import Cluster, Process, eventually
from rawhttp import Answer, request_bytes

#: The roots' settings under which copies come to agree by themselves, within a second or so.
COHERENT = {
    "push": ("--coherence", "push"),
    "ttl": ("--coherence", "ttl", "--ttl", "700ms"),
    "sync": ("--coherence", "sync", "--sync-interval", "300ms"),
}
#: No round comes by itself during a test.
BY_HAND = ("--coherence", "sync", "--sync-interval", "10m")

coherent_modes = pytest.mark.parametrize("policy", COHERENT.values(), ids=COHERENT.keys())


def put_at_two_leaves(tree: Cluster) -> None:
    """The earlier systems' own example: NODE-6 and NODE-7 each hold what they wrote."""
    assert tree[6].put("key", "from NODE-6").status == 200
    reads(tree.root, "key", "from NODE-6")
    assert tree[7].put("key", "from NODE-7").status == 200
    reads(tree.root, "key", "from NODE-7")


# The earlier systems' example


def test_in_mode_none_the_other_leaf_keeps_its_stale_copy(cluster: ClusterFactory) -> None:
    tree = cluster(3, root_options=("--coherence", "none"))
    put_at_two_leaves(tree)
    for _ in range(50):
        stale = get(tree[6], "key")
        assert stale.body == b"from NODE-6", "nothing comes down"
        assert "staleness-bound" not in stale.headers, "and nothing bounds that"
        time.sleep(0.01)
    assert get(tree[1], "key").body == b"from NODE-7"
    assert get(tree[7], "key").body == b"from NODE-7"
    assert get(tree[6], "key", cache_control="no-cache").body == b"from NODE-7", "the root is asked"


@coherent_modes
def test_in_the_other_modes_all_nodes_agree(
    cluster: ClusterFactory, policy: tuple[str, ...]
) -> None:
    tree = cluster(3, root_options=policy)
    put_at_two_leaves(tree)
    newest = known_version(get(tree.root, "key"))
    for slot in (1, 6, 7, 3, 4):
        assert known_version(reads(tree[slot], "key", "from NODE-7")) == newest, f"at NODE-{slot}"


def test_a_round_can_be_asked_for_at_any_node(cluster: ClusterFactory) -> None:
    tree = cluster(3, root_options=BY_HAND)
    put_at_two_leaves(tree)
    for _ in range(20):
        assert get(tree[6], "key").body == b"from NODE-6", "no round has come"
        time.sleep(0.01)
    assert tree[4].ask("POST", "/synchronize").status == 204
    reads(tree[6], "key", "from NODE-7")
    assert way_of(get(tree[6], "key")) == ["NODE-6; hit"]


def test_only_mode_sync_has_rounds(cluster: ClusterFactory) -> None:
    tree = cluster(2, root_options=COHERENT["push"])
    for node in tree:
        assert node.ask("POST", "/synchronize").status == 409, f"at {node}"


def test_every_node_learns_the_mode_from_above(cluster: ClusterFactory) -> None:
    tree = cluster(3, root_options=COHERENT["ttl"])
    assert put(tree.root, "key", "x").status == 200
    for slot in (2, 4):
        assert tree[slot].ask("GET", "/nodes").json()["coherence"] == "ttl"
        answer = get(tree[slot], "key")
        bound = bound_of(answer)
        assert bound is not None and bound <= 0.7, str(answer.headers)


# Changes and absence


@coherent_modes
def test_a_change_and_a_deletion_reach_every_copy(
    cluster: ClusterFactory, policy: tuple[str, ...]
) -> None:
    tree = cluster(3, root_options=policy)
    assert put(tree[4], "key", "first").status == 200
    for node in tree:
        assert get(node, "key").body == b"first"
    assert put(tree[7], "key", "second").status == 200
    for node in tree:
        reads(node, "key", "second")
    assert delete(tree[5], "key").status == 200
    for node in tree:
        reads(node, "key", None)
    assert put(tree[2], "key", "third").status == 200
    for node in tree:
        reads(node, "key", "third")


def test_a_key_created_later_is_seen_where_it_was_missed_before(cluster: ClusterFactory) -> None:
    tree = cluster(3, root_options=COHERENT["push"])
    for node in tree:
        assert get(node, "key").status == 404
    before = tree[6].metrics()
    assert get(tree[6], "key").status == 404
    assert way_of(get(tree[6], "key")) == ["NODE-6; hit"], "absence is held, too"
    assert tree[6].metrics()["canopy_fills_total"] == before["canopy_fills_total"]
    assert put(tree[4], "key", "there it is").status == 200
    for node in tree:
        reads(node, "key", "there it is")


def test_a_ttl_is_the_bound_at_any_depth(cluster: ClusterFactory) -> None:
    """The age of a copy travels down: a leaf that fetches an old copy keeps it no full ttl."""
    ttl = 2.0
    tree = cluster(3, root_options=("--coherence", "ttl", "--ttl", "2s"))
    assert put(tree.root, "key", "old").status == 200
    filled = time.monotonic()
    assert get(tree[3], "key").body == b"old"
    assert put(tree.root, "key", "new").status == 200
    overwritten = time.monotonic()
    time.sleep(0.6 * ttl)
    asked = time.monotonic()
    answer = get(tree[6], "key")
    answered = time.monotonic()
    if answer.body == b"old":
        bound = bound_of(answer)
        assert bound is not None
        assert asked - overwritten <= bound + 0.01, "it is that old, and says so"
        # Stamps of copies are multiples of 8 ms, rounded down at each of the two levels, and what
        # is stated counts from when this answer was asked for.
        rounding = 2 * 0.009 + (answered - asked)
        assert bound <= answered - filled + rounding, "and it is no older than the fill"
        assert int(answer.headers["age"]) == int(bound)
    else:
        assert answered - filled > ttl - 0.009, "the copy at NODE-3 has not expired yet"
    while time.monotonic() < overwritten + ttl + 0.02:
        time.sleep(0.01)
    assert get(tree[6], "key").body == b"new", "not a second ttl on the second level"
    assert get(tree[3], "key").body == b"new"


# What answers say


def test_an_answer_names_its_way_and_its_version(cluster: ClusterFactory) -> None:
    tree = cluster(3, root_options=COHERENT["push"])
    version = known_version(put(tree.root, "key", "x"))
    assert known_version(put(tree.root, "another", "x")).sequence == version.sequence + 1
    cold = get(tree[4], "key")
    assert way_of(cold) == [
        "NODE-1; hit",
        "NODE-2; fwd=uri-miss; stored",
        "NODE-4; fwd=uri-miss; stored",
    ]
    assert known_version(cold) == version
    warm = get(tree[4], "key")
    assert way_of(warm) == ["NODE-4; hit"]
    assert 0 <= (ttl_of(warm) or 0) <= 10
    assert known_version(warm) == version
    half = get(tree[5], "key")
    assert way_of(half) == ["NODE-2; hit", "NODE-5; fwd=uri-miss; stored"]
    top = get(tree.root, "key")
    assert top.headers["cache-status"] == "NODE-1; hit", "the root has no limit"
    assert (bound_of(top), top.headers["age"]) == (0.0, "0")
    for answer in (cold, warm, half):
        bound = bound_of(answer)
        assert bound is not None and bound < 10
        assert int(answer.headers["age"]) == int(bound)


def test_an_absence_names_its_way_too(cluster: ClusterFactory) -> None:
    tree = cluster(3, root_options=COHERENT["push"])
    cold = get(tree[4], "missing")
    assert cold.status == 404
    assert way_of(cold) == [
        "NODE-1; hit",
        "NODE-2; fwd=uri-miss; stored",
        "NODE-4; fwd=uri-miss; stored",
    ]
    warm = get(tree[4], "missing")
    assert warm.status == 404
    assert way_of(warm) == ["NODE-4; hit"]
    assert bound_of(warm) is not None


def test_who_joins_another_request_says_so(cluster: ClusterFactory) -> None:
    """Both come with one packet: the node reads the second before it writes to its parent."""
    tree = cluster(2, root_options=COHERENT["push"])
    assert put(tree.root, "key", "x").status == 200
    with tree[2].connect() as connection:
        connection.send(request_bytes("GET", "/kv/key") * 2)
        assert way_of(connection.read_answer()) == ["NODE-1; hit", "NODE-2; fwd=uri-miss; stored"]
        assert way_of(connection.read_answer()) == [
            "NODE-1; hit",
            "NODE-2; fwd=uri-miss; stored; collapsed",
        ]


def test_an_own_write_has_no_version_before_it_is_committed(cluster: ClusterFactory) -> None:
    tree = cluster(2, root_options=COHERENT["push"])
    tree.root.pause()
    try:
        assert put(tree[2], "key", "x", ack="local").status == 200
        own = get(tree[2], "key")
        assert (own.body, version_of(own)) == (b"x", None)
    finally:
        tree.root.resume()
    eventually(lambda: version_of(get(tree[2], "key")), "the commit comes")
    assert known_version(get(tree[2], "key")) == known_version(get(tree.root, "key"))


def test_a_write_that_waits_for_the_root_is_there_and_has_its_version(
    cluster: ClusterFactory,
) -> None:
    tree = cluster(3, root_options=COHERENT["push"])
    first = known_version(put(tree[4], "key", "0"))
    for number in range(1, 20):
        answer = put(tree[4], "key", str(number), ack="root")
        assert answer.status == 200
        at_root = get(tree.root, "key")
        assert at_root.body == str(number).encode()
        assert known_version(answer) == known_version(at_root)
    gone = delete(tree[5], "key", ack="root")
    assert gone.status == 200
    assert get(tree.root, "key").status == 404
    assert known_version(gone).sequence == first.sequence + 20


# Reads with conditions


def test_what_has_not_changed_is_not_sent_again(cluster: ClusterFactory) -> None:
    tree = cluster(3, root_options=COHERENT["push"])
    version = known_version(put(tree.root, "key", "x"))
    for way in (
        ["NODE-1; hit", "NODE-3; fwd=uri-miss; stored", "NODE-6; fwd=uri-miss; stored"],
        ["NODE-6; hit"],
    ):
        answer = get(tree[6], "key", if_none_match=version.tag)
        assert (answer.status, answer.body) == (304, b"")
        assert way_of(answer) == way
        assert known_version(answer) == version
        assert bound_of(answer) is not None
    assert get(tree[6], "key", if_none_match=f'"1.1", W/{version.tag}').status == 304
    assert get(tree[6], "key", if_none_match="*").status == 304
    assert get(tree[6], "key", if_none_match='"1.1"').status == 200
    assert put(tree[4], "key", "y").status == 200
    reads(tree[6], "key", "y")
    assert get(tree[6], "key", if_none_match=version.tag).body == b"y"
    assert get(tree[6], "missing", if_none_match="*").status == 404


def test_a_reader_may_ask_the_root_or_nobody(cluster: ClusterFactory) -> None:
    tree = cluster(3, root_options=("--coherence", "none"))
    assert put(tree.root, "key", "old").status == 200
    cut = get(tree[7], "key", cache_control="only-if-cached")
    assert cut.status == 504
    assert get(tree[7], "key").body == b"old"
    assert get(tree[7], "key", cache_control="only-if-cached").body == b"old"
    assert put(tree.root, "key", "new").status == 200
    assert get(tree[7], "key").body == b"old", "a stale copy, as the mode has it"
    asked = get(tree[7], "key", cache_control="no-cache")
    assert asked.body == b"new"
    assert way_of(asked) == [
        "NODE-1; hit",
        "NODE-3; fwd=request; stored",
        "NODE-7; fwd=request; stored",
    ]
    assert get(tree[7], "key").body == b"new"
    assert get(tree[3], "key").body == b"new"


# Writes with conditions


def both_at_once(first: Process, second: Process, **headers: str) -> list[Answer]:
    """The same conditional write at two nodes, sent at the same moment."""
    start = threading.Barrier(2)
    answers: dict[str, Answer] = {}

    def write(node: Process) -> None:
        start.wait()
        answers[node.name] = put(node, "key", f"by {node.name}", **headers)

    writers = [threading.Thread(target=write, args=(node,)) for node in (first, second)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return [answers[first.name], answers[second.name]]


def winner(tree: Cluster, answers: list[Answer]) -> str:
    """Checks that one write has won, everywhere, and the other has left nothing."""
    assert sorted(answer.status for answer in answers) == [200, 412], [str(a) for a in answers]
    name = "NODE-4" if answers[0].status == 200 else "NODE-7"
    version = known_version(answers[0 if name == "NODE-4" else 1])
    for node in tree:
        assert known_version(reads(node, "key", f"by {name}")) == version
    return name


def test_of_two_leaves_that_create_a_key_one_wins(cluster: ClusterFactory) -> None:
    tree = cluster(3, root_options=COHERENT["push"])
    for _ in range(10):
        answers = both_at_once(tree[4], tree[7], if_none_match="*")
        winner(tree, answers)
        assert delete(tree[5], "key").status == 200
        for node in tree:
            reads(node, "key", None)


def test_of_two_leaves_that_change_the_same_version_one_wins(cluster: ClusterFactory) -> None:
    tree = cluster(3, root_options=COHERENT["push"])
    version = known_version(put(tree[5], "key", "first"))
    for _ in range(10):
        answers = both_at_once(tree[4], tree[7], if_match=version.tag)
        winner(tree, answers)
        version = known_version(get(tree.root, "key"))
    assert put(tree[6], "key", "x", if_match='"1.1"').status == 412
    assert put(tree[6], "key", "last", if_match="*").status == 200
    assert delete(tree[6], "key", if_match=version.tag).status == 412
    assert delete(tree[6], "key", if_match="*").status == 200
    assert put(tree[6], "key", "x", if_match="*").status == 412
    reads(tree[4], "key", None)
