"""HTTP as a real node speaks it: what RFC 9110, 9111 and 9112 ask of a server, row by row in
docs/http.md. Every message is sent in five ways, and each must give the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from conftest import close_all, make_factory
from harness import Cluster
from hostile import HOST, lines
from rawhttp import Answer, Connection, request_bytes

OTHER = lines(HOST, request="GET /kv/other HTTP/1.1")
IMF_FIXDATE = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3][0-9] (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r" [0-9]{4} [0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT"
)


@dataclass(frozen=True)
class Case:
    """A message, and what is answered."""

    name: str
    message: bytes
    status: int
    closes: bool = False
    body: bytes | None = None
    #: Fields that the answer has, with a part of their values.
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def method(self) -> str:
        return self.message.split(b" ", 1)[0].decode("latin-1")


def get(name: str, *fields: str, request: str = "GET /kv/held HTTP/1.1", **more: object) -> Case:
    """A request without a body, answered with the value if nothing is said."""
    more.setdefault("status", 200)
    if more["status"] == 200 and "body" not in more:
        more["body"] = b"value"
    return Case(name, lines(*fields, request=request), **more)  # type: ignore[arg-type]


def put(name: str, status: int, *fields: str, body: bytes = b"new", **more: object) -> Case:
    message = lines(HOST, *fields, request="PUT /kv/written HTTP/1.1") + body
    return Case(name, message, status, **more)  # type: ignore[arg-type]


ALLOW = (("allow", "GET, HEAD, PUT, DELETE, OPTIONS"),)
GET_ALLOWED = (("allow", "GET"),)
FIVE_BYTES = (("content-length", "5"),)
CASES = [
    get("the absolute form", HOST, request="GET http://x/kv/held HTTP/1.1"),
    get("the absolute form and another Host", HOST, request="GET http://y:1/kv/held HTTP/1.1"),
    get("the scheme in capitals", HOST, request="GET HTTPS://x/kv/held HTTP/1.1"),
    get("an absolute form without a path", HOST, request="GET http://x HTTP/1.1", body=None),
    get("an empty Host", "Host:"),
    get("the asterisk", HOST, request="OPTIONS * HTTP/1.1", status=204, fields=GET_ALLOWED),
    get("OPTIONS of a key", HOST, request="OPTIONS /kv/held HTTP/1.1", status=204, fields=ALLOW),
    get("the asterisk without OPTIONS", HOST, request="GET * HTTP/1.1", status=400, closes=True),
    get("HEAD", HOST, request="HEAD /kv/held HTTP/1.1", body=b"", fields=FIVE_BYTES),
    get("HEAD without Host", request="HEAD /kv/held HTTP/1.1", status=400, body=b"", closes=True),
    get("TRACE", HOST, request="TRACE /kv/held HTTP/1.1", status=405, fields=ALLOW),
    get("PATCH", HOST, request="PATCH /kv/held HTTP/1.1", status=405, fields=ALLOW),
    get("QUERY", HOST, request="QUERY /kv/held HTTP/1.1", status=405, fields=ALLOW),
    get("CONNECT", HOST, request="CONNECT x:80 HTTP/1.1", status=501, closes=True),
    get("an unknown method", HOST, request="BREW /kv/held HTTP/1.1", status=501),
    get("an unknown method of nothing", HOST, request="BREW /nothing HTTP/1.1", status=501),
    get("a method in lower case", HOST, request="get /kv/held HTTP/1.1", status=501),
    get("HTTP/1.0", request="GET /kv/held HTTP/1.0", closes=True),
    get(
        "HTTP/1.0 with keep-alive",
        "Connection: keep-alive",
        request="GET /kv/held HTTP/1.0",
        fields=(("connection", "keep-alive"),),
    ),
    get("close", HOST, "Connection: x, Close", closes=True),
    get("HTTP/1.2", HOST, request="GET /kv/held HTTP/1.2", status=505, closes=True),
    get("HTTP/2.0", HOST, request="GET /kv/held HTTP/2.0", status=505, closes=True),
    get("a version in lower case", HOST, request="GET / http/1.1", status=400, closes=True),
    get("an upgrade to h2c", HOST, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"),
    get("an upgrade to a WebSocket", HOST, "Connection: upgrade", "Upgrade: websocket"),
    get(
        "a link without Upgrade",
        HOST,
        request="GET /link HTTP/1.1",
        status=426,
        fields=(("upgrade", "canopy-link/1"), ("connection", "Upgrade")),
    ),
    get("an expectation without a body", HOST, "Expect: 100-continue"),
    get("another expectation", HOST, "Expect: 200-ok", status=417, closes=True),
    get("a range", HOST, "Range: bytes=0-1"),
    get("If-Modified-Since", HOST, "If-Modified-Since: Sun, 06 Nov 2044 08:49:37 GMT"),
    get("If-Unmodified-Since", HOST, "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"),
    get("If-None-Match of any", HOST, "If-None-Match: *", status=304, body=b""),
    get("If-Match of another", HOST, 'If-Match: "1.1"', status=412),
    Case("a body for GET", lines(HOST, "Content-Length: 4") + b"GET ", 200, body=b"value"),
    get("a fragment", HOST, request="GET /kv/held#x HTTP/1.1", status=400, closes=True),
    get("a broken escape in a key", HOST, request="GET /kv/%4 HTTP/1.1", status=400),
    get("a path that isn't", HOST, request="GET /nothing HTTP/1.1", status=404),
    get("a path with dots", HOST, request="GET /kv/../livez HTTP/1.1", status=404),
    get("a method that isn't for a path", HOST, request="DELETE /livez HTTP/1.1", status=405),
    put("a length", 200, "Content-Length: 3"),
    put("chunks", 200, "Transfer-Encoding: chunked", body=b"2;a=b\r\nne\r\n1\r\nw\r\n0\r\n\r\n"),
    put(
        "trailers that frame",
        200,
        "Transfer-Encoding: chunked",
        body=b"3\r\nnew\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\nHost: y\r\n\r\n",
    ),
    put("a body that is expected", 200, "Content-Length: 3", "Expect: 100-continue"),
    put("both framings", 400, "Content-Length: 3", "Transfer-Encoding: chunked", closes=True),
    put("a list of lengths", 400, "Content-Length: 3, 3", closes=True),
    put("two lengths", 400, "Content-Length: 3", "Content-Length: 3", closes=True),
    put("a coding of another name", 501, "Transfer-Encoding: xchunked", closes=True),
    put("a coding before chunked", 501, "Transfer-Encoding: gzip, chunked", closes=True),
    put("chunked that isn't last", 400, "Transfer-Encoding: chunked, gzip", closes=True),
    put("a length too large", 413, "Content-Length: 1048577", body=b"", closes=True),
    put("a part of a value", 400, "Content-Length: 3", "Content-Range: bytes 0-2/9"),
    get("a target too long", HOST, request=f"GET /{'a' * 8192} HTTP/1.1", status=414, closes=True),
    get("fields too long", HOST, f"X: {'a' * 16384}", status=431, closes=True),
    get("fields too many", HOST, *["X: y"] * 64, status=431, closes=True),
]  # fmt: skip


@pytest.fixture(scope="module")
def tree(binaries: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made: list[Cluster] = []
    tree = make_factory(tmp_path_factory.mktemp("http"), made)(2, slots=[1])
    assert tree.root.put("held", "value").status == 200
    assert tree.root.put("other", "behind").status == 200
    yield tree
    close_all(made)


def whole(connection: Connection, message: bytes) -> None:
    connection.send(message)


def bytewise(connection: Connection, message: bytes) -> None:
    for i in range(len(message)):
        connection.send(message[i : i + 1])


def split_at(place: int) -> Callable[[Connection, bytes], None]:
    def send(connection: Connection, message: bytes) -> None:
        connection.send(message[:place])
        connection.send(message[place:])

    return send


def in_every_way(tree: Cluster, case: Case) -> Iterator[Answer]:
    """The answers to the message: whole, byte by byte, split at every position (at every 97th of a
    long one), behind another message and ahead of another."""
    size = len(case.message)
    ways = [whole, *(split_at(place) for place in range(1, size, 1 if size < 400 else 997))]
    if size < 400:
        ways.append(bytewise)
    for send in ways:
        with tree.root.connect() as connection:
            send(connection, case.message)
            yield connection.read_answer(case.method)
            if case.closes:
                assert connection.is_closed_by_peer(), "the connection ends"
    with tree.root.connect() as connection:
        connection.send(OTHER + case.message + OTHER)
        assert connection.read_answer().body == b"behind"
        yield connection.read_answer(case.method)
        if case.closes:
            assert connection.is_closed_by_peer(), "nothing behind it is answered"
        else:
            assert connection.read_answer().body == b"behind"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_message_is_answered_the_same_in_every_way(tree: Cluster, case: Case) -> None:
    for answer in in_every_way(tree, case):
        assert answer.status == case.status, str(answer)
        if case.body is not None:
            assert answer.body == case.body
        for name, value in case.fields:
            assert value in answer.headers.get(name, "(absent)"), name
        assert IMF_FIXDATE.fullmatch(answer.headers["date"])
        has_length = "content-length" in answer.headers
        assert has_length != (answer.status in (204, 304)), "these have no length, all others one"
        if case.closes:
            assert answer.headers["connection"] == "close"
        if answer.status >= 400 and answer.type.endswith("json") and case.method != "HEAD":
            assert answer.type == "application/problem+json"
            problem = answer.json()
            assert problem["status"] == answer.status
            assert problem["title"] and problem["detail"]


def test_a_key_is_decoded_once_and_never_again(tree: Cluster) -> None:
    with tree.root.connect() as connection:
        assert connection.ask("PUT", "/kv/%252F", b"twice").status == 200
        assert connection.ask("GET", "/kv/%2F").status == 404
        assert connection.ask("GET", "/kv/%252f").status == 404
        assert connection.ask("GET", "/kv/%252F").body == b"twice"
        assert connection.ask("GET", "/kv/%25%32%46").body == b"twice"
        assert connection.ask("PUT", "/kv/a%2fb", b"slash").status == 200
        assert connection.ask("GET", "/kv/a/b").body == b"slash"
        assert connection.ask("GET", "/kv/a+b").status == 404
        for key in ("/kv/%252F", "/kv/a%2Fb"):
            assert connection.ask("DELETE", key).status == 200


def test_a_body_that_is_not_wanted_is_never_taken_for_a_request(tree: Cluster) -> None:
    """The head comes first: the answer is given before the body, and nothing after it."""
    inner = request_bytes("PUT", "/kv/smuggled", b"x")
    for request in ("POST /kv/held", "PUT /nothing", "BREW /kv/held"):
        with tree.root.connect() as connection:
            head = lines(HOST, f"Content-Length: {len(inner)}", request=f"{request} HTTP/1.1")
            connection.send(head)
            assert connection.read_answer().status in (404, 405, 501)
            connection.send(inner)
            assert connection.is_closed_by_peer()
    assert tree.root.get("smuggled").status == 404


def test_the_final_status_comes_without_continue_when_the_body_is_not_wanted(tree: Cluster) -> None:
    with tree.root.connect() as connection:
        fields = ("Content-Length: 4", "Expect: 100-continue")
        connection.send(lines(HOST, *fields, request="PUT /nothing HTTP/1.1"))
        answer = connection.read_answer()
        assert (answer.status, answer.interim) == (404, ())
        assert connection.is_closed_by_peer()


def test_304_has_the_fields_that_200_would_have(tree: Cluster) -> None:
    """RFC 9110 §15.4.5, of those that a node sends at all."""
    full = tree.root.get("held")
    tag = full.headers["etag"]
    with tree.root.connect() as connection:
        answer = connection.ask("GET", "/kv/held", If_None_Match=f'"x", W/{tag}')
    assert answer.status == 304
    for name in ("etag", "cache-status"):
        assert answer.headers[name] == full.headers[name]
    assert "content-type" not in answer.headers
