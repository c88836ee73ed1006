"""Mutated requests, and what three servers understand by them: ours, nginx, and h11."""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

import h11

Request = tuple[bytes, bytes, bytes, bytes]

#: Comes behind every message: where it is found tells where the message was thought to end.
SENTINEL = b"GET /sentinel HTTP/1.1\r\nHost: s\r\n\r\n"

WHOLES = [
    b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /a%20b/c?x=1&y HTTP/1.1\r\nHost: h:80\r\nAccept: */*\r\n\r\n",
    b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    b"PUT /a HTTP/1.1\r\nHost: h\r\nX-A: b\r\nContent-Length: 35\r\n\r\n" + SENTINEL,
    b"PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: h\r\n\r\n"
    b'3;a=b;c="d"\r\nabc\r\n0B\r\n0123456789!\r\n0\r\nX-T: u\r\n\r\n',
    b"DELETE /a HTTP/1.1\r\nHost: [::1]:8\r\nConnection: keep-alive\r\n\r\n",
    b"OPTIONS /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    b"GET http://q:1/z?k HTTP/1.1\r\nHost: q:1\r\nUser-Agent: t/1\r\n\r\n",
    b"GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
]

#: Whole lines that are put in somewhere.
FIELDS = [
    b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: 6", b"Content-Length: +5",
    b"Content-Length: 5, 5", b"Content-Length: 0x5", b"Content-Length: 05", b"Content-Length : 5",
    b"Content-Length: 5\t", b"Content-Length:5", b"Content_Length: 5", b"Content-Length: 1_0",
    b"Content-Length: 18446744073709551621", b"Content-Length: 5;", b"Content-Length: -0",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: Chunked", b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: identity",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding : chunked", b"Transfer-Encoding:\tchunked", b"Transfer-Encoding: chunked;q=1",
    b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: \"chunked\"", b"Transfer-Encoding:",
    b"Transfer-Encoding: ,chunked", b"Transfer_Encoding: chunked", b"X: y\r\n Transfer-Encoding: chunked",
    b"TE: chunked", b"Host: g", b"Host:", b"Host: a b", b"Host: u@h", b"Host: h/p", b"hOST: h",
    b"Connection: close", b"Connection: keep-alive", b"Connection: content-length",
    b"Connection: transfer-encoding, close", b"Expect: 100-continue", b"Expect: x", b"X-Empty:",
    b"X: \x80\xff", b"X: a\x00b", b"X: a\rb", b": empty", b"No colon", b" Leading: space",
    b"\tX: y", b"X\x00: y", b"X\x80: y", b"Upgrade: h2c", b"Trailer: X", b"X:\x7f", b"X" * 300 + b": y",
]  # fmt: skip

#: Pieces that are put in at any place.
PIECES = [
    b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\n\n", b" ", b"\t", b"\x00", b"\x0b", b"\x0c", b"\x7f",
    b"\x80", b"\xff", b":", b";", b",", b"=", b'"', b"0", b"5", b"f", b"0x", b"+", b"-", b"_", b"%",
    b"%00", b"%2f", b"%zz", b"/", b"//", b"/../", b"?", b"#", b"\\", b"@", b"*", b"HTTP/1.1",
    b"HTTP/1.0", b"HTTP/2.0", b"1.2", b";a", b";a=\"b", b"0\r\n\r\n", b"5\r\nhello\r\n", b"GET ",
    b"ffffffffffffffff", b"10000000000000005", b"000000000000005",
]  # fmt: skip


def message(seed: int, index: int) -> bytes:
    """The message of this number: a good one, changed in one to three places."""
    chance = random.Random(f"{seed}:{index}")
    data = chance.choice(WHOLES)
    for _ in range(chance.choice([1, 1, 1, 2, 2, 3])):
        data = mutate(data, chance)
    return data


def mutate(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    place = chance.randrange(len(data) + 1)
    end = min(len(data), place + chance.randint(1, 6))
    kind = chance.randrange(10)
    if kind < 4:
        where = chance.randint(1, max(1, len(lines) - 2))
        return b"\r\n".join([*lines[:where], chance.choice(FIELDS), *lines[where:]])
    if kind == 4:
        where = chance.randrange(len(lines))
        return b"\r\n".join([*lines[:where], lines[where], *lines[where:]])
    if kind == 5:
        where = chance.randrange(len(lines))
        joint = chance.choice([b"\n", b"\r", b"\r\r\n", b"\n\r", b" \r\n", b"\r\n "])
        return b"\r\n".join(lines[: where + 1]) + joint + b"\r\n".join(lines[where + 1 :])
    if kind == 6:
        return data[:place] + data[end:]
    if kind == 7:
        return data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]
    return data[:place] + chance.choice(PIECES) + data[place:]


@dataclass
class Understood:
    """What a server took the bytes for: the requests it accepted, in order, and how it ended."""

    requests: list[Request] = field(default_factory=list)
    #: The status with which it refused what came next; 0 when it closed or waits for more.
    refusal: int = 0


def normal(method: bytes, target: bytes, body: bytes) -> Request:
    """The absolute form without its authority, an empty query like none."""
    target = re.sub(rb"(?i)^https?://[^/?]*", b"", target)
    path, _, query = target.partition(b"?")
    return method, path or b"/", query, body


def exchange(port: int, data: bytes) -> bytes:
    """Everything that a server answers to these bytes and the end of our sending."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(1 << 16):
                got += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
    return got


def first_answer(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Status, body, and what comes behind; nothing if it isn't whole."""
    head, end, rest = data.partition(b"\r\n\r\n")
    line = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
    if not line or not end:
        return None
    status = int(line[1])
    if status < 200:
        return first_answer(rest)
    if length := re.search(rb"(?i)\r\ncontent-length: (\d+)", head):
        return status, rest[: int(length[1])], rest[int(length[1]) :]
    if not re.search(rb"(?i)\r\ntransfer-encoding: chunked", head):
        return status, rest, b""
    body = b""
    while chunk := re.match(rb"([0-9a-fA-F]+)\r\n", rest):
        start, size = chunk.end(), int(chunk[1], 16)
        body += rest[start : start + size]
        rest = rest[start + size + 2 :]
        if size == 0:
            return status, body, rest
    return None


def understood_by_server(port: int, data: bytes, parse: Callable[[bytes], Request]) -> Understood:
    """What an echoing server says that it was sent."""
    result = Understood()
    rest = exchange(port, data)
    while rest:
        answer = first_answer(rest)
        if answer is None:
            break
        status, body, rest = answer
        if status != 200:
            result.refusal = status
            break
        result.requests.append(parse(body))
    return result


def understood_by_us(port: int, data: bytes) -> Understood:
    def parse(echo: bytes) -> Request:
        method, path, query, body = echo.split(b"\n", 3)
        return normal(method, path + b"?" + query, body)

    return understood_by_server(port, data, parse)


def understood_by_nginx(port: int, data: bytes) -> Understood:
    def parse(echo: bytes) -> Request:
        method, target, body = echo.split(b"\n", 2)
        return normal(method, target, body)

    return understood_by_server(port, data, parse)


def understood_by_h11(data: bytes) -> Understood:
    result = Understood()
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    server.receive_data(b"")
    try:
        while True:
            head = server.next_event()
            if not isinstance(head, h11.Request):
                return result
            body = b""
            while isinstance(event := server.next_event(), h11.Data):
                body += bytes(event.data)
            if not isinstance(event, h11.EndOfMessage):
                return result
            result.requests.append(normal(head.method, head.target, body))
            server.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            server.send(h11.EndOfMessage())
            if server.our_state is h11.MUST_CLOSE or server.our_state is h11.MIGHT_SWITCH_PROTOCOL:
                return result
            server.start_next_cycle()
    except h11.RemoteProtocolError as error:
        result.refusal = error.error_status_hint
    except h11.LocalProtocolError:
        pass
    return result


def is_head_with(data: bytes, pattern: bytes) -> bool:
    """Whether a line of some head (or anything that looks like one) is so."""
    return re.search(rb"(?im)^" + pattern, data) is not None


#: Why another server refuses, or stops before, what ours accepts: by whom, and whether that is so of
#: these bytes, the request that it didn't accept and its status.
REASONS: dict[str, tuple[tuple[str, ...], Callable[[bytes, Request, int], bool]]] = {
    "HTTP/1.0 with keep-alive": (
        ("nginx", "h11"),
        lambda data, request, status: status == 0 and b"HTTP/1.0" in data,
    ),
    "an empty Host": (
        ("nginx",),
        lambda data, request, status: status == 400 and is_head_with(data, rb"host:[ \t]*\r"),
    ),
    "HTAB behind a length or coding": (
        ("nginx",),
        lambda data, request, status: status in (400, 501)
        and is_head_with(data, rb"(content-length|transfer-encoding):.*\t[ \t]*\r"),
    ),
    "a field twice": (
        ("nginx",),
        lambda data, request, status: status == 400
        and is_head_with(data, rb"(expect|user-agent|content-length|host):(.*\r\n)+\1:"),
    ),
    "a word that contains close": (
        ("nginx",),
        lambda data, request, status: status == 0
        and is_head_with(data, rb"connection:.*([^\s,]close|close[^\s,])"),
    ),
    "an escape or dots that name nothing": (
        ("nginx",),
        lambda data, request, status: status == 400
        and re.search(rb"%00|%(?![0-9a-fA-F]{2})|/\.\.", request[1]) is not None,
    ),
    "empty lines before a request": (
        ("h11",),
        lambda data, request, status: status == 400
        and (
            data.startswith(b"\r\n")
            or (request[1] == b"/sentinel" and b"\r\nGET /sentinel" in data)
        ),
    ),
    "trailers that frame": (
        ("h11",),
        lambda data, request, status: status in (400, 501)
        and re.search(rb"(?i)\n0.*\r\n(.+\r\n)*(transfer-encoding|content-length):", data)
        is not None,
    ),
}
