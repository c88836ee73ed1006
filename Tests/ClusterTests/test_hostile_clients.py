"""Clients that want to take more than their share: of memory, descriptors, time, patience."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import resource
import select
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ProcessKeeper, close_all, make_factory
from crowd import crowd
from harness import Cluster, Node, Process, eventually, free_ports
from hostile import CHUNKED, HOST, lines
from many import ask_in_a_row, put_bytes
from rawhttp import Closed, Connection, escape, request_bytes

GET = request_bytes("GET", "/kv/held")
LARGE = bytes(1 << 20)
#: Bytes that the kernel may hold of what a test sends and nobody reads.
KERNEL_BYTES = 16 << 20


@pytest.fixture(scope="module")
def tree(binaries: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A root and a node below it, for this file alone."""
    made: list[Cluster] = []
    tree = make_factory(tmp_path_factory.mktemp("clients"), made)(2, slots=[1, 2])
    assert tree.root.put("held", "value").status == 200
    assert tree.root.put("large", LARGE).status == 200
    for key in ("held", "large"):
        assert tree[2].get(key).status == 200
    yield tree
    close_all(made)


@contextlib.contextmanager
def bounded(node: Process, mebibytes: float) -> Iterator[None]:
    """The node is the same process in the end, answers, and has taken no more memory than that.

    Its descriptors are those of before, once the clients are gone.
    """
    pid, descriptors, before = node.pid, node.descriptors(), node.resident_kib()
    yield
    assert node.is_running() and node.pid == pid
    eventually(lambda: node.get("held").body == b"value", "it answers")
    grown = (node.resident_kib() - before) / 1024
    assert grown <= mebibytes, f"{grown:.1f} MiB more than before"
    eventually(lambda: node.descriptors() <= descriptors, f"{descriptors} descriptors as before")


@contextlib.contextmanager
def clients(node: Process, count: int) -> Iterator[list[Connection]]:
    """Connections that are all closed in the end."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(node.connect()) for _ in range(count)]


def send_until_refused(connection: Connection, piece: bytes) -> int:
    """Sends the piece again and again until there is an answer, which must be a refusal; returns
    how many bytes. What comes then the node reads for two seconds more, and drops."""
    sent = 0
    while sent < KERNEL_BYTES and not select.select([connection.socket], [], [], 0)[0]:
        connection.send(piece)
        sent += len(piece)
    answer = connection.read_answer()
    assert answer.status in (400, 431), str(answer)
    assert answer.headers["connection"] == "close"
    return sent


# What takes memory.


def test_heads_that_never_end_cost_no_more_than_their_bytes(tree: Cluster) -> None:
    head = lines(HOST)[:-2] + b"X: " + b"y" * 15_000
    with bounded(tree.root, 500 * 2 * 16 / 1024), clients(tree.root, 500) as slow:
        for client in slow:
            client.send(head)
        for client in slow[::10]:
            client.send(b"y")
        assert tree.root.get("held").body == b"value"


@pytest.mark.parametrize("announced", [1 << 20, 1 << 30], ids=["1 MiB", "1 GiB"])
def test_the_length_of_a_body_reserves_no_memory(tree: Cluster, announced: int) -> None:
    request = lines(HOST, f"Content-Length: {announced}", request="PUT /kv/announced HTTP/1.1")
    with bounded(tree.root, 8), clients(tree.root, 500) as announcing:
        for client in announcing:
            client.send(request)
        if announced > 1 << 20:
            assert {client.read_answer().status for client in announcing} == {413}
        assert tree.root.get("held").body == b"value"


def test_10_000_pipelined_requests_that_nobody_reads_wait_in_the_kernel(tree: Cluster) -> None:
    """Small answers, large ones, and some that the parent has to be asked for."""
    for request in (GET, request_bytes("GET", "/kv/large"), request_bytes("GET", "/kv/missing")):
        with bounded(tree[2], 12), tree[2].connect() as client:
            client.socket.setblocking(False)
            requests = memoryview(request * 10_000)
            sent, stalled = 0, 0
            while stalled < 20:
                try:
                    sent += client.socket.send(requests[sent:])
                    stalled = 0 if sent < len(requests) else stalled + 1
                except BlockingIOError:
                    stalled += 1
                time.sleep(0.005)
            assert tree[2].get("held").body == b"value"
            client.socket.settimeout(10)
            assert client.read_answer().status in (200, 404)


def test_a_chunk_extension_that_never_ends_is_cut_off(tree: Cluster) -> None:
    for start in (b"3;", b"3;a=", b'3;a="', b"0\r\nX: "):
        with bounded(tree.root, 4), tree.root.connect() as client:
            client.send(CHUNKED + start)
            assert send_until_refused(client, b"e" * 65_536) < KERNEL_BYTES


def test_chunks_of_one_byte_with_extensions_are_cut_off(tree: Cluster) -> None:
    """Each is short; all together they are an attack on whoever reads them (CVE-2023-39326)."""
    with bounded(tree.root, 4), tree.root.connect() as client:
        client.send(CHUNKED)
        chunk = b"1;" + b"e" * 60 + b"\r\nx\r\n"
        assert send_until_refused(client, chunk * 1000) < KERNEL_BYTES


def test_100_000_field_lines_are_cut_off(tree: Cluster) -> None:
    for line in (b"X: y\r\n", b"X:\r\n", b"\r\n"):
        with bounded(tree.root, 4), tree.root.connect() as client:
            if line != b"\r\n":
                client.send(lines(HOST)[:-2])
            with contextlib.suppress(ConnectionError):
                client.send(line * 100_000)
            assert client.read_answer().status in (400, 431)


@pytest.mark.parametrize("kind", ["bodies that never end", "answers that nobody takes"])
def test_what_all_clients_hold_together_is_bounded(
    keep: ProcessKeeper, tmp_path: Path, kind: str
) -> None:
    """Each holds what one client may: it's their number. The longest there are closed."""
    address = ("127.0.0.1", free_ports(1) + 1)
    root = keep(Node("NODE-1", address, tmp_path, options=["--memory", "8MiB"]))
    root.start()
    eventually(root.is_ready, "the root is ready")
    assert root.put("held", "value").status == 200
    assert root.put("large", LARGE).status == 200
    most = root.metrics()["canopy_connection_bytes_max"]
    head = lines(HOST, f"Content-Length: {1 << 20}", request="PUT /kv/large HTTP/1.1")
    data = head + LARGE[1:]
    if kind == "answers that nobody takes":
        data = request_bytes("GET", "/kv/large") * 10
    with bounded(root, 2.5 * most / (1 << 20)), clients(root, 100) as greedy:
        for client in greedy:
            with contextlib.suppress(ConnectionError):
                client.send(data)
        assert root.get("held").body == b"value"
        metrics = root.metrics()
        assert metrics["canopy_connections_cut_off_total"] > 0
        assert metrics["canopy_connection_bytes"] <= most * 1.1


def processor_seconds(node: Process) -> float:
    fields = Path(f"/proc/{node.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_keys_that_collide_in_usual_hashes_cost_no_more_than_others(tree: Cluster) -> None:
    """The seed is secret, so nobody can make keys for this node; these are for hashes without one:
    djb2 and Java's, FNV's fixed points, and multiplications of the two ends alone."""
    count = 1 << 14
    chance = random.Random(7)
    plain = [f"{chance.getrandbits(112):028x}" for _ in range(count)]
    hostile = {
        "djb2": ["".join(pair) for pair in itertools.product(("Ez", "FY"), repeat=14)],
        "java": ["".join(pair) for pair in itertools.product(("Aa", "BB"), repeat=14)],
        "equal ends": [f"aaaaaaaa{i:012d}aaaaaaaa" for i in range(count)],
        "zeros": ["\0" * 12 + f"{i:04x}" for i in range(count)],
    }
    costs = {}
    for name, keys in {"plain": plain, **hostile}.items():
        before = processor_seconds(tree.root)
        answers = ask_in_a_row(tree.root.address, (put_bytes(key, b"", False) for key in keys))
        assert {status for status, _ in answers} == {200}
        costs[name] = processor_seconds(tree.root) - before
    assert max(costs.values()) < 3 * costs["plain"] + 0.1, costs


# What takes descriptors.


def test_20_000_connections_that_are_opened_and_left_keep_nobody_out(
    keep: ProcessKeeper, tmp_path: Path
) -> None:
    root = keep(Node("NODE-1", ("127.0.0.1", free_ports(1) + 1), tmp_path))
    root.start()
    eventually(root.is_ready, "the root is ready")
    assert root.put("held", "value").status == 200
    most = resource.prlimit(root.pid, resource.RLIMIT_NOFILE)[0]
    with bounded(root, 64), root.connect() as kept:
        assert kept.ask("GET", "/kv/held").body == b"value"
        with crowd(root.address, 20_000):
            assert kept.ask("GET", "/kv/held").body == b"value", "who was there is served"
            assert root.descriptors() < most
            eventually(lambda: root.get("held").body == b"value", "who comes is served")
            assert kept.ask("GET", "/kv/held").body == b"value"
            assert root.get("held").status == 200
    assert root.is_running()


LIMITED = ["sh", "-c", 'ulimit -n 128 && exec "$0" "$@"']


@pytest.fixture
def small(keep: ProcessKeeper, tmp_path: Path) -> tuple[Node, Node]:
    """A root with 128 descriptors, and a node below it."""
    base = free_ports(2)
    root = Node("NODE-1", ("127.0.0.1", base + 1), tmp_path, prefix=LIMITED)
    child = Node("NODE-2", ("127.0.0.1", base + 2), tmp_path, root.address)
    for node in (root, child):
        keep(node)
        node.start_and_wait()
    assert root.put("held", "value").status == 200
    assert child.get("held").body == b"value"
    return root, child


def test_without_places_nodes_and_operators_are_heard_all_the_same(
    small: tuple[Node, Node],
) -> None:
    root, child = small
    places = int(root.metrics()["canopy_connections_max"])
    with bounded(root, 8), contextlib.ExitStack() as stack:
        kept = [stack.enter_context(root.connect()) for _ in range(places)]
        for client in kept:
            with contextlib.suppress(Closed, ConnectionError):
                client.ask("GET", "/kv/held")
        # Clients are told so, at once.
        refusal = root.get("held")
        assert (refusal.status, refusal.headers["retry-after"]) == (503, "1")
        assert refusal.headers["connection"] == "close"
        assert root.ask("PUT", "/kv/held", bytes(100_000)).status == 503
        for target in ("/livez", "/readyz", "/metrics"):
            assert root.ask("GET", target).status == 200, target
        assert root.metrics()["canopy_turned_away_total"] >= 2
        # The link goes on, and so do those who were there.
        assert kept[0].ask("PUT", "/kv/held", b"newer").status == 200
        eventually(lambda: child.get("held").body == b"newer", "the link brings changes")
        # A node that has to begin anew finds its way in, whatever silent clients do.
        child.kill()
        silent = [stack.enter_context(root.connect()) for _ in range(60)]
        child.start_and_wait()
        assert child.get("held").body == b"newer"
        assert kept[0].ask("PUT", "/kv/held", b"value").status == 200
        assert root.descriptors() <= 128
        del silent
    assert root.log().count("every place for a connection is taken") == 1
    eventually(lambda: root.get("held").body == b"value", "there are places again")


def test_without_descriptors_nobody_is_lost_and_accepting_resumes(
    small: tuple[Node, Node],
) -> None:
    """Something else than connections may have taken them: here the limit falls."""
    root, child = small
    with bounded(root, 8), root.connect() as kept:
        assert kept.ask("GET", "/kv/held").body == b"value"
        limits = resource.prlimit(root.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(root.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            waiting = [root.connect() for _ in range(2)]
            for client in waiting:
                client.send(GET)
            eventually(
                lambda: b"canopy_accept_failures_total 0\n"
                not in kept.ask("GET", "/metrics").body,
                "it can't accept",
            )
            assert kept.ask("PUT", "/kv/held", b"newer").status == 200
            eventually(lambda: child.get("held").body == b"newer", "the link goes on")
            assert kept.ask("PUT", "/kv/held", b"value").status == 200
        finally:
            resource.prlimit(root.pid, resource.RLIMIT_NOFILE, limits)
        for client in waiting:
            assert client.read_answer().body in (b"value", b"newer"), "nobody is lost"
            client.close()


# Who leaves in the middle.

PUT_HEAD = lines(HOST, "Content-Length: 100000", request="PUT /kv/x HTTP/1.1")
EXPECTING = lines(
    HOST, "Content-Length: 9", "Expect: 100-continue", request="PUT /kv/x HTTP/1.1"
)
LINK = lines(
    HOST, "Connection: upgrade", "Upgrade: canopy-link/1", request="GET /link HTTP/1.1"
)
#: What has been sent when the client leaves, and what of the answers it waits for first.
STATES: dict[str, tuple[bytes, bytes]] = {
    "nothing": (b"", b""),
    "an empty line": (b"\r\n", b""),
    "half a request line": (GET[:9], b""),
    "half a head": (GET[:-3], b""),
    "a head": (PUT_HEAD, b""),
    "half a body": (PUT_HEAD + b"x" * 50_000, b""),
    "a body that is asked for": (EXPECTING, b"HTTP/1.1 100 "),
    "half a chunk": (CHUNKED + b"a\r\nhal", b""),
    "half a chunk size": (CHUNKED + b"1", b""),
    "half a trailer": (CHUNKED + b"0\r\nX: y", b""),
    "a miss": (request_bytes("GET", "/kv/climbs"), b""),
    "a write that waits": (put_bytes("waits", b"x", True), b""),
    "many misses": (b"".join(request_bytes("GET", f"/kv/climbs-{i}") for i in range(60)), b""),
    "an answer": (GET, b"value"),
    "half an answer": (request_bytes("GET", "/kv/large"), b"\r\n\r\n"),
    "answers that are queued": (request_bytes("GET", "/kv/large") * 32, b"HTTP/1.1 200"),
    "a listing": (request_bytes("GET", "/store"), b"HTTP/1.1 200"),
    "the last answer": (lines(HOST, "Connection: close"), b""),
    "a refusal": (b"nonsense\r\n\r\n", b"HTTP/1.1 400"),
    "a refused body": (PUT_HEAD.replace(b"100000", b"9999999") + b"x" * 9999, b"HTTP/1.1 413"),
    "a link": (LINK, b"HTTP/1.1 101"),
    "half a frame of a link": (LINK + b"\x01\x00", b"HTTP/1.1 101"),
}


@pytest.mark.parametrize("way", ["reset", "half-close", "close"])
def test_a_client_may_leave_in_each_state(tree: Cluster, way: str) -> None:
    """A write to who has left raises SIGPIPE, which must harm nobody."""
    with bounded(tree[2], 24):
        for name, (data, awaited) in STATES.items():
            with tree[2].connect(5) as client:
                client.send(data)
                if awaited:
                    client.peek_until(awaited)
                if way == "half-close":
                    client.socket.shutdown(socket.SHUT_WR)
                    if name not in ("answers that are queued", "half an answer"):
                        client.read_to_end()
                elif way == "reset":
                    client.reset()
        assert tree[2].get("held").body == b"value"


def test_a_client_that_leaves_while_its_answers_wait_for_the_parent_is_forgotten(
    tree: Cluster,
) -> None:
    with bounded(tree[2], 8):
        tree.root.pause()
        try:
            for way in range(30):
                client = tree[2].connect()
                client.send(request_bytes("GET", f"/kv/away-{way}") + GET * 20)
                if way % 3 == 0:
                    client.socket.shutdown(socket.SHUT_WR)
                client.reset() if way % 3 == 1 else client.close()
        finally:
            tree.root.resume()
        eventually(lambda: tree[2].get("away-0").status == 404, "the parent is asked again")


def test_a_log_that_nobody_reads_any_more_ends_no_node(tmp_path: Path, binaries: None) -> None:
    """Its pipe is closed: each line raises SIGPIPE."""
    node = Node("NODE-1", ("127.0.0.1", free_ports(1) + 1), tmp_path)
    process = subprocess.Popen(
        [*node.command, "--log-level", "debug"],
        env=node.environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    try:
        eventually(node.is_ready, "the node is ready")
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()
        place = b'{"name":"NODE-2","address":"127.0.0.1","port":9}'
        assert node.ask("POST", "/nodes", place).status == 201
        assert node.ask("GET", f"/kv/{escape('key')}").status == 404
    finally:
        process.terminate()
        assert process.wait(10) == 0
