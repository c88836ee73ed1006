"""Many requests at once, from one thread: asyncio on raw sockets, answers counted and checked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from rawhttp import escape, request_bytes

Address = tuple[str, int]


def put_bytes(key: str, value: bytes, wait: bool) -> bytes:
    return request_bytes("PUT", f"/kv/{escape(key)}?wait_propagate={int(wait)}", value)


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)


async def _each_on_its_own(
    address: Address, requests: Sequence[bytes], everyone_sent: asyncio.Event | None
) -> list[tuple[int, bytes]]:
    connections = [await asyncio.open_connection(*address) for _ in requests]
    for (_, writer), request in zip(connections, requests, strict=True):
        writer.write(request)
    await asyncio.gather(*(writer.drain() for _, writer in connections))
    if everyone_sent is not None:
        everyone_sent.set()
    answers = await asyncio.gather(*(_read_answer(reader) for reader, _ in connections))
    for _, writer in connections:
        writer.close()
    return list(answers)


def ask_at_once(
    address: Address, requests: Sequence[bytes], timeout: float = 30.0
) -> list[tuple[int, bytes]]:
    """Each request on a connection of its own, all sent before any answer is read."""
    return asyncio.run(asyncio.wait_for(_each_on_its_own(address, requests, None), timeout))


async def _pipelined(address: Address, requests: Iterable[bytes]) -> list[tuple[int, bytes]]:
    reader, writer = await asyncio.open_connection(*address)
    sent = list(requests)

    async def write() -> None:
        for start in range(0, len(sent), 500):
            writer.write(b"".join(sent[start : start + 500]))
            await writer.drain()

    writing = asyncio.create_task(write())
    answers = [await _read_answer(reader) for _ in sent]
    await writing
    writer.close()
    return answers


def ask_in_a_row(
    address: Address, requests: Iterable[bytes], timeout: float = 60.0
) -> list[tuple[int, bytes]]:
    """All requests on one connection, without waiting for answers in between."""
    return asyncio.run(asyncio.wait_for(_pipelined(address, requests), timeout))


def fill(address: Address, count: int, prefix: str = "key") -> None:
    """Puts `count` small keys, over one connection."""
    requests = (put_bytes(f"{prefix}-{i:07}", b"v%d" % i, False) for i in range(count))
    answers = ask_in_a_row(address, requests, timeout=300)
    assert all(status == 200 for status, _ in answers)
