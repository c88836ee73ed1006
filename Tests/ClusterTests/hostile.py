"""Requests that a node must refuse, each with the statuses that will do."""

from __future__ import annotations

HEAD_END = b"\r\n\r\n"


def lines(*fields: str, request: str = "GET /kv/held HTTP/1.1") -> bytes:
    return "\r\n".join([request, *fields, "", ""]).encode("latin-1")


HOST = "Host: x"
#: Status 0 stands for a close without an answer.
REFUSED: dict[str, tuple[bytes, set[int]]] = {
    "garbage": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + HEAD_END, {0, 400}),
    "zeros": (b"\x00" * 400, {0, 400}),
    "all bytes": (bytes(range(256)) * 8 + HEAD_END, {0, 400}),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2p1\r\n" + HEAD_END, {0, 400}),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {0, 400, 505}),
    "HTTP/3.7": (lines(HOST, request="GET / HTTP/3.7"), {400, 505}),
    "HTTP in lower case": (lines(HOST, request="GET / http/1.1"), {400, 505}),
    "HTTP/0.9": (b"GET /\r\n\r\n", {0, 400}),
    "two spaces": (lines(HOST, request="GET  / HTTP/1.1"), {400}),
    "a space in the target": (lines(HOST, request="GET /a b HTTP/1.1"), {400}),
    "a control in the target": (lines(HOST, request="GET /kv/\x01 HTTP/1.1"), {400}),
    "a bad method": (lines(HOST, request="GE(T / HTTP/1.1"), {400, 501}),
    "a relative target": (lines(HOST, request="GET kv/x HTTP/1.1"), {400, 404}),
    "no host": (lines("Accept: */*"), {400}),
    "two hosts": (lines(HOST, "Host: y"), {400}),
    "a bad host": (lines("Host: a b"), {400}),
    "a space before the colon": (lines("Host : x"), {400}),
    "a folded field": (lines(HOST, "X: a\r\n b"), {400}),
    "a field without a colon": (lines(HOST, "nonsense"), {400}),
    "a field without a name": (lines(HOST, ": x"), {400}),
    "NUL in a field": (lines(HOST, "X: a\x00b"), {400}),
    "a bare CR": (lines(HOST, "X: a\rb"), {400}),
    "both lengths": (
        lines(HOST, "Content-Length: 5", "Transfer-Encoding: chunked", request="PUT /kv/x HTTP/1.1")
        + b"0\r\n\r\n",
        {400},
    ),
    "two lengths": (
        lines(HOST, "Content-Length: 1", "Content-Length: 2", request="PUT /kv/x HTTP/1.1") + b"ab",
        {400},
    ),
    "a negative length": (
        lines(HOST, "Content-Length: -1", request="PUT /kv/x HTTP/1.1"),
        {400},
    ),
    "a signed length": (
        lines(HOST, "Content-Length: +1", request="PUT /kv/x HTTP/1.1") + b"a",
        {400},
    ),
    "an endless length": (
        lines(HOST, "Content-Length: " + "9" * 40, request="PUT /kv/x HTTP/1.1"),
        {400, 413},
    ),
    "a length in hexadecimal": (
        lines(HOST, "Content-Length: 0x1", request="PUT /kv/x HTTP/1.1") + b"a",
        {400},
    ),
    "an unknown coding": (
        lines(HOST, "Transfer-Encoding: gzip", request="PUT /kv/x HTTP/1.1"),
        {400, 501},
    ),
    "chunked twice": (
        lines(HOST, "Transfer-Encoding: chunked, chunked", request="PUT /kv/x HTTP/1.1"),
        {400, 501},
    ),
    "chunked in HTTP/1.0": (
        lines(HOST, "Transfer-Encoding: chunked", request="PUT /kv/x HTTP/1.0") + b"0\r\n\r\n",
        {400},
    ),
    "a long target": (lines(HOST, request=f"GET /kv/{'a' * 9000} HTTP/1.1"), {414}),
    "a target without end": (b"GET /" + b"a" * 20_000, {414, 431}),
    "a long field": (lines(HOST, f"X: {'a' * 17_000}"), {431}),
    "a long name": (lines(HOST, f"{'X' * 17_000}: a"), {431, 400}),
    "many fields": (lines(HOST, *(f"X-{i}: a" for i in range(64))), {431}),
    "a head without end": (lines(HOST)[:-2] + b"X: y\r\n" * 4000, {431}),
    "a body over the limit": (
        lines(HOST, f"Content-Length: {(1 << 20) + 1}", request="PUT /kv/x HTTP/1.1"),
        {413},
    ),
    "a body over the limit that asks first": (
        lines(
            HOST, "Content-Length: 9999999", "Expect: 100-continue", request="PUT /kv/x HTTP/1.1"
        ),
        {413},
    ),
    "an unknown expectation": (
        lines(HOST, "Content-Length: 1", "Expect: miracles", request="PUT /kv/x HTTP/1.1") + b"x",
        {417, 200},
    ),
}
CHUNKED = lines(HOST, "Transfer-Encoding: chunked", request="PUT /kv/chunked HTTP/1.1")
BAD_CHUNKS: dict[str, tuple[bytes, set[int]]] = {
    "no size": (b"\r\nabc", {400}),
    "no hexadecimal size": (b"xyz\r\nabc", {400}),
    "a negative size": (b"-1\r\nabc", {400}),
    "a prefixed size": (b"0x3\r\nabc\r\n0\r\n\r\n", {400}),
    "a size that overflows": (b"FFFFFFFFFFFFFFFFF\r\nabc", {400, 413}),
    "a size over the limit": (b"100001\r\nabc", {413}),
    "a chunk longer than its size": (b"3\r\nabcd\r\n0\r\n\r\n", {400}),
    "an endless extension": (b"3;" + b"e" * 20_000, {400, 431}),
    "endless trailers": (b"0\r\n" + b"X: y\r\n" * 4000, {400, 431}),
    "sizes of many zeros": (b"0" * 20_000 + b"3\r\nabc", {400}),
    "a chunk too many": ((b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 17, {413}),
}
