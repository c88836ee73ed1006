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
    b"PUT /a HTTP/1.1\r\nHost: h\r\nX-A: b\r\nContent-Length: 36\r\n\r\n" + SENTINEL[:36],
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
    """The message of this number: a good one, changed in one to four places."""
    chance = random.Random(f"{seed}:{index}")
    data = chance.choice(WHOLES)
    for _ in range(chance.randint(1, 4)):
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


def understood_by_server(port: int, data: bytes, parse: Callable[[bytes], Request]) -> Understood:
    """What an echoing server says it was sent; h11's client side reads the answers."""
    result = Understood()
    rest = exchange(port, data)
    while rest:
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
        client.send(h11.EndOfMessage())
        client.receive_data(rest)
        status, body = 0, b""
        while True:
            event = client.next_event()
            if event is h11.NEED_DATA:
                client.receive_data(b"")
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif not isinstance(event, h11.InformationalResponse):
                break
        rest = client.trailing_data[0]
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
