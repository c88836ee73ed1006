"""Whatever arrives on a socket, the node refuses what is wrong and goes on."""

from __future__ import annotations

import contextlib
import random
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import close_all, make_factory
from harness import Cluster, Process, eventually
from hostile import BAD_CHUNKS, CHUNKED, HEAD_END, HOST, REFUSED, lines
from rawhttp import Closed, escape, request_bytes

GET = b"GET /kv/held HTTP/1.1\r\nHost: x\r\n\r\n"

#: Between the two nodes connections are kept: up to four for reads and one for writes.
LINK_CONNECTIONS = 5


@pytest.fixture(scope="module")
def tree(binaries: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A root and a node below it, for this file alone."""
    made: list[Cluster] = []
    tree = make_factory(tmp_path_factory.mktemp("hostile"), made)(2, slots=[1, 2])
    assert tree.root.put("held", "value").status == 200
    assert tree[2].get("held").status == 200
    yield tree
    close_all(made)


@pytest.fixture(autouse=True)
def unharmed(tree: Cluster) -> Iterator[None]:
    """After each test both nodes are the same processes, answer, and hold no more descriptors."""
    pids = [node.pid for node in tree]
    before = [node.descriptors() for node in tree]
    yield
    assert [node.pid for node in tree] == pids
    for node, count in zip(tree, before, strict=True):
        assert node.is_running(), f"{node} died"
        assert node.get("held").body == b"value"
        eventually(
            lambda: node.descriptors() <= count + LINK_CONNECTIONS,
            f"{node} had {count} descriptors and has them again",
        )


def refusal(node: Process, data: bytes) -> int:
    """The status of the first answer to `data`; 0 if the node closes without one."""
    with node.connect() as connection:
        connection.send(data)
        try:
            return connection.read_answer().status
        except (Closed, ConnectionResetError):
            return 0


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_good_request_is_refused(tree: Cluster, name: str) -> None:
    data, statuses = REFUSED[name]
    for node in tree:
        assert refusal(node, data) in statuses


@pytest.mark.parametrize("name", BAD_CHUNKS)
def test_a_bad_chunk_is_refused(tree: Cluster, name: str) -> None:
    data, statuses = BAD_CHUNKS[name]
    assert refusal(tree.root, CHUNKED + data) in statuses | {0} if len(data) > 65536 else statuses
    assert tree.root.get("chunked").status == 404


def test_a_refused_request_takes_its_connection_with_it(tree: Cluster) -> None:
    """Where the next request would begin is unknown: a smuggled one must not be answered."""
    smuggled = (
        lines(HOST, "Content-Length: 4", "Transfer-Encoding: chunked", request="PUT /kv/x HTTP/1.1")
        + b"0\r\n\r\n"
        + lines(HOST, request="PUT /kv/smuggled HTTP/1.1")
    )
    with tree.root.connect() as connection:
        connection.send(smuggled)
        assert connection.read_answer().status == 400
        assert connection.is_closed_by_peer()
    assert tree.root.get("smuggled").status == 404


def test_a_line_may_not_end_in_a_bare_line_feed(tree: Cluster) -> None:
    """What one server takes for one line and another for two, smuggles."""
    assert refusal(tree.root, GET.replace(b"\r\n", b"\n")) == 400
    assert refusal(tree.root, b"GET /kv/held HTTP/1.1\r\nHost: x\r\nX: a\nY: b\r\n\r\n") == 400


def test_empty_lines_before_a_request_are_skipped(tree: Cluster) -> None:
    """RFC 9112 §2.2."""
    assert refusal(tree.root, b"\r\n" + GET) == 200


@pytest.mark.parametrize(
    "request_line, status",
    [
        ("GET /kv/held HTTP/1.1", 200),
        ("DELETE /kv/nothing HTTP/1.1", 200),
        ("PUT /unknown HTTP/1.1", 404),
        ("PUT /kv/%zz HTTP/1.1", 400),
        ("PUT /kv/nothing?wait_propagate=2 HTTP/1.1", 400),
        ("PUT /store/nothing HTTP/1.1", 422),
        ("POST /kv/held HTTP/1.1", 405),
        ("POST /nodes/structure HTTP/1.1", 405),
    ],
)
def test_the_body_of_a_request_is_never_taken_for_the_next_one(
    tree: Cluster, request_line: str, status: int
) -> None:
    """The body is a request itself; the connection goes on behind it, or ends."""
    body = request_bytes("PUT", "/kv/smuggled", b"x")
    whole = lines(HOST, f"Content-Length: {len(body)}", request=request_line) + body
    for node in tree:
        with node.connect() as connection:
            connection.send(whole + GET)
            first = connection.read_answer()
            assert first.status == status, str(first)
            if first.headers.get("connection", "").lower() != "close":
                assert connection.read_answer().body == b"value"
        assert node.get("smuggled").status == 404


def test_listings_and_heads_keep_their_places_in_a_pipeline(tree: Cluster) -> None:
    methods = ["GET /store", "HEAD /store", "GET /keys", "HEAD /kv/held", "HEAD /kv/nothing"]
    with tree[2].connect() as connection:
        for _ in range(3):
            connection.send(
                b"".join(lines(HOST, request=f"{line} HTTP/1.1") + GET for line in methods)
            )
        for _ in range(3):
            for line in methods:
                method, target = line.split()
                answer = connection.read_answer(method)
                assert answer.status == (404 if "nothing" in target else 200)
                assert connection.read_answer().body == b"value"


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
def test_json_that_is_nested_without_end_is_refused(
    tree: Cluster, opening: str, closing: str
) -> None:
    inner = opening * 100_000 + "1" + closing * 100_000
    for text in (f'{{"value":{inner}}}', inner, opening * 200_000):
        assert tree[2].store_put("deep", text).status == 422
    assert tree[2].put("deep", inner, content_type="application/json").status == 200
    assert tree[2].store_get("deep").status == 200
    assert tree[2].delete("deep").status == 200


@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_a_chunked_body_may_arrive_in_any_pieces(tree: Cluster, step: int) -> None:
    body = b'5\r\nhello\r\n1;name="a;b"\r\n,\r\n00000A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n'
    request = CHUNKED.replace(b"/kv/chunked", b"/kv/pieces") + body
    with tree[2].connect() as connection:
        for start in range(0, len(request), step):
            connection.send(request[start : start + step])
        assert connection.read_answer("PUT").status == 200
        assert connection.ask("GET", "/kv/pieces").body == b"hello,0123456789"
        assert connection.ask("DELETE", "/kv/pieces").status == 200


def test_a_body_is_asked_for_when_the_client_waits_to_be(tree: Cluster) -> None:
    head = lines(
        HOST, "Content-Length: 4", "Expect: 100-continue", request="PUT /kv/asked HTTP/1.1"
    )
    with tree[2].connect() as connection:
        connection.send(head)
        assert connection.peek_until(HEAD_END).startswith(b"HTTP/1.1 100 ")
        connection.send(b"body")
        answer = connection.read_answer("PUT")
        assert (answer.status, answer.interim) == (200, (100,))
        assert connection.ask("GET", "/kv/asked").body == b"body"


def test_a_body_over_the_limit_is_refused_before_it_is_read(tree: Cluster) -> None:
    for target in ("/kv/big", "/store/big"):
        with tree.root.connect() as connection:
            size = 3 << 20
            connection.send(
                lines(HOST, f"Content-Length: {size}", request=f"PUT {target} HTTP/1.1")
            )
            assert connection.read_answer().status == 413
    assert tree.root.put("big", bytes(1 << 20)).status == 200, "the limit itself is allowed"
    assert tree.root.delete("big").status == 200


def test_a_client_that_sends_a_refused_body_to_its_end_reads_the_refusal(tree: Cluster) -> None:
    answer = tree.root.put("big", bytes(3 << 19))
    assert answer.status == 413


@pytest.mark.parametrize("slot", [1, 2])
def test_50_pipelined_requests_are_answered_in_order(tree: Cluster, slot: int) -> None:
    """Hits, misses that climb and writes that wait, mixed: some have to wait for others."""
    requests, expected = [], []
    for i in range(50):
        kind = i % 5
        if kind == 0:
            requests.append(request_bytes("PUT", f"/kv/p{i}?wait_propagate=1", b"%d" % i))
            expected.append((200, b""))
        elif kind == 1:
            requests.append(request_bytes("GET", f"/kv/p{i - 1}"))
            expected.append((200, b"%d" % (i - 1)))
        elif kind == 2:
            requests.append(request_bytes("GET", f"/kv/missing-{i}"))
            expected.append((404, b"key not found"))
        elif kind == 3:
            requests.append(GET)
            expected.append((200, b"value"))
        else:
            requests.append(request_bytes("GET", f"/store/p{i - 4}"))
            expected.append((200, b'{"value":"%d"}' % (i - 4)))
    with tree[slot].connect() as connection:
        connection.send(b"".join(requests))
        answers = [connection.read_answer() for _ in requests]
    assert [(answer.status, answer.body) for answer in answers] == expected


def test_thousands_of_pipelined_requests_are_answered_in_order(tree: Cluster) -> None:
    with tree.root.connect() as connection:
        for i in range(50):
            assert connection.ask("PUT", f"/kv/many-{i}", b"%d" % i).status == 200
        requests = b"".join(request_bytes("GET", f"/kv/many-{i % 50}") for i in range(5000))
        connection.socket.setblocking(False)
        sent, answers = 0, b""
        while answers.count(b"HTTP/1.1 ") < 5000 or not answers.endswith(b"49"):
            with contextlib.suppress(BlockingIOError):
                sent += connection.socket.send(requests[sent : sent + 65536])
            with contextlib.suppress(BlockingIOError):
                answers += connection.socket.recv(1 << 20)
    bodies = re.findall(rb"\r\n\r\n(\d+)", answers)
    assert bodies == [b"%d" % (i % 50) for i in range(5000)]


def test_http_1_0_is_answered_and_closed(tree: Cluster) -> None:
    for request in (b"GET /kv/held HTTP/1.0\r\n\r\n", GET.replace(b"1.1", b"1.0")):
        with tree[2].connect() as connection:
            connection.send(request)
            answer = connection.read_answer()
            assert (answer.status, answer.body) == (200, b"value")
            assert "transfer-encoding" not in answer.headers
            assert connection.is_closed_by_peer()
    with tree.root.connect() as connection:
        connection.send(b"GET /store HTTP/1.0\r\n\r\n")
        answer = connection.read_answer()
        assert "transfer-encoding" not in answer.headers
        assert answer.json()["held"] == "value"


def test_a_connection_is_closed_when_its_client_says_so(tree: Cluster) -> None:
    with tree.root.connect() as connection:
        answer = connection.ask("GET", "/kv/held", Connection="close")
        assert answer.body == b"value"
        assert answer.headers["connection"].lower() == "close"
        assert connection.is_closed_by_peer()


def test_a_client_that_ends_its_sending_side_is_still_answered(tree: Cluster) -> None:
    for data, body in ((GET, b"value"), (GET.replace(b"held", b"nothing"), b"key not found")):
        with tree[2].connect() as connection:
            connection.send(data)
            connection.socket.shutdown(socket.SHUT_WR)
            assert connection.read_answer().body == body
            assert connection.is_closed_by_peer()


def test_the_absolute_form_of_a_target_is_understood(tree: Cluster) -> None:
    """RFC 9112 §3.2.2: a server must accept it."""
    assert refusal(tree.root, lines(HOST, request="GET http://x/kv/held HTTP/1.1")) == 200


def test_a_client_may_leave_at_any_moment(tree: Cluster) -> None:
    """Random prefixes of good and bad requests, ended by a close or a reset."""
    chance = random.Random(20_260)
    wholes = [
        GET * 5,
        GET.replace(b"held", b"climbs") * 3,
        GET.replace(b"GET /kv/held", b"GET /store"),
        request_bytes("PUT", "/kv/leaves?wait_propagate=1", b"v" * 3000) * 2,
        request_bytes("PUT", "/kv/large", bytes(200_000)),
        request_bytes("DELETE", f"/kv/{escape('leaves')}"),
        request_bytes("PUT", "/store/leaves", b'{"value":[1,2,3]}'),
        CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
        lines(HOST, "Content-Length: 9", "Expect: 100-continue", request="PUT /kv/x HTTP/1.1"),
    ]
    for i in range(600):
        whole = chance.choice(wholes)
        connection = tree[1 + i % 2].connect()
        try:
            connection.send(whole[: chance.randrange(len(whole) + 1)])
            if chance.random() < 0.3:
                connection.socket.settimeout(0.002)
                connection.socket.recv(chance.randrange(1, 200))
        except OSError:
            pass
        if chance.random() < 0.5:
            connection.reset()
        else:
            connection.close()


def test_random_bytes_never_stop_a_node(tree: Cluster) -> None:
    """Good requests with a few bytes changed, at a fixed seed."""
    chance = random.Random(99)
    wholes = [
        GET,
        request_bytes("PUT", "/store/fuzz", b'{"value":{"a":["\\u00e9",1.5e3]}}'),
        request_bytes("POST", "/nodes", b'{"name":"x","address":"","port":1}'),
        CHUNKED.replace(b"chunked HTTP", b"fuzz HTTP") + b"5\r\nhello\r\n0\r\n\r\n",
    ]
    for i in range(600):
        data = bytearray(chance.choice(wholes))
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with tree[1 + i % 2].connect() as connection:
            connection.send(bytes(data))
            connection.socket.shutdown(socket.SHUT_WR)
            connection.read_to_end()


def test_a_registration_with_hostile_names_is_refused(tree: Cluster, tmp_path: Path) -> None:
    for name in ("..", "a%2Fb", "%00", "x" * 65, "a%0Ab", "%E2%80%AE"):
        answer = tree.root.ask("GET", f"/nodes/parent/{name}")
        assert answer.status in (400, 404, 409, 422), name
