"""HTTP/1.1 on a bare socket: exactly what the test wrote is sent, and answers are read strictly."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9]) ([ -~]*)")
FIELD_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")


class Closed(ConnectionError):
    """The peer closed the connection before a whole answer had arrived."""


class Malformed(Exception):
    """The peer sent something that is no HTTP answer."""


@dataclass(frozen=True)
class Answer:
    """One final answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    interim: tuple[int, ...] = ()

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return self.headers.get("content-type", "")

    def __str__(self) -> str:
        return f"{self.status} {self.body[:200]!r}"


def escape(key: str | bytes) -> str:
    """The key as one path segment: everything that is not unreserved is percent-encoded."""
    return quote(key, safe="")


def request_bytes(
    method: str,
    target: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    """A whole HTTP/1.1 request, with `Content-Length` if there is a body."""
    lines = [f"{method} {target} HTTP/1.1", "Host: test"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


class Connection:
    """One TCP connection to a node."""

    def __init__(self, address: tuple[str, int], timeout: float = 20.0) -> None:
        self.socket = socket.create_connection(address, timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def reset(self) -> None:
        """Closes with a RST, as a client that died would."""
        linger_zero = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ask(self, method: str, target: str, body: bytes | None = None, **headers: str) -> Answer:
        """Sends a request and reads its answer; `content_type="x"` is the field Content-Type."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.send(request_bytes(method, target, body, fields))
        return self.read_answer(method)

    def read_answer(self, method: str = "GET") -> Answer:
        """The next final answer; raises `Closed` if the connection ends before it is whole."""
        interim: list[int] = []
        while True:
            status, headers = self._read_head()
            if status >= 200:
                return Answer(
                    status, headers, self._read_body(method, status, headers), tuple(interim)
                )
            interim.append(status)

    def read_to_end(self) -> bytes:
        """Everything until the peer closes or resets."""
        try:
            while self._fill():
                pass
        except ConnectionResetError:
            pass
        rest = bytes(self.buffer)
        self.buffer.clear()
        return rest

    def peek_until(self, mark: bytes) -> bytes:
        """Waits for the mark and returns all that has arrived, which stays to be read."""
        while mark not in self.buffer:
            if not self._fill():
                raise Closed("closed before it came")
        return bytes(self.buffer)

    def is_closed_by_peer(self) -> bool:
        """Waits for the peer to close; false if it sends more instead."""
        return self.read_to_end() == b""

    def _fill(self) -> bool:
        data = self.socket.recv(1 << 16)
        self.buffer += data
        return bool(data)

    def _read_until(self, mark: bytes) -> bytes:
        start = 0
        while (end := self.buffer.find(mark, start)) < 0:
            start = max(0, len(self.buffer) - len(mark))
            if not self._fill():
                raise Closed(f"closed in the middle of {bytes(self.buffer[:80])!r}")
        taken = bytes(self.buffer[:end])
        del self.buffer[: end + len(mark)]
        return taken

    def _read_exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            if not self._fill():
                raise Closed(f"closed after {len(self.buffer)} of {count} bytes")
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def _read_head(self) -> tuple[int, dict[str, str]]:
        first, *fields = self._read_until(b"\r\n\r\n").split(b"\r\n")
        status = STATUS_LINE.fullmatch(first)
        if status is None:
            raise Malformed(f"status line {first!r}")
        headers: dict[str, str] = {}
        for line in fields:
            field = FIELD_LINE.fullmatch(line)
            if field is None:
                raise Malformed(f"field line {line!r}")
            name = field[1].decode().lower()
            if name in headers:
                raise Malformed(f"{name} is there twice")
            headers[name] = field[2].decode("latin-1")
        return int(status[1]), headers

    def _read_body(self, method: str, status: int, headers: dict[str, str]) -> bytes:
        if method == "HEAD" or status in (204, 304):
            return b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            if "content-length" in headers:
                raise Malformed("both Transfer-Encoding and Content-Length")
            return self._read_chunks()
        if "content-length" in headers:
            return self._read_exactly(int(headers["content-length"]))
        return self.read_to_end()

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := int(self._read_until(b"\r\n").split(b";")[0], 16):
            body += self._read_exactly(size)
            if self._read_exactly(2) != b"\r\n":
                raise Malformed("a chunk is longer than its size")
        while self._read_until(b"\r\n"):
            pass
        return bytes(body)


def ask(
    address: tuple[str, int],
    method: str,
    target: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 20.0,
) -> Answer:
    """One request on a connection of its own."""
    with Connection(address, timeout) as connection:
        connection.send(request_bytes(method, target, body, headers))
        return connection.read_answer(method)
