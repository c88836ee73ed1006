"""What many different clients do to a tree, at a rate that leaves the machine some air."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections import Counter
from collections.abc import Awaitable, Callable

from harness import Process
from rawhttp import escape, request_bytes

KEYS = 30_000
#: Bytes of values, and how many of a hundred are of that size.
SIZES = ((10, 40), (100, 40), (1_000, 15), (10_000, 4), (100_000, 1))
#: Answers that say that all is well; 503 where a node looks for another parent.
EXPECTED = {200, 404, 503}
ANSWER_SECONDS = 15.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Clients:
    """Clients of all nodes; `counts` has what was answered, `problems` what should not be."""

    def __init__(self, nodes: list[Process], seed: int) -> None:
        self.nodes = nodes
        self.chance = random.Random(seed)
        self.counts: Counter[int] = Counter()
        self.opened = 0
        self.problems: list[str] = []

    async def run(self) -> None:
        """Until it is cancelled."""
        kinds: list[Callable[[Process], Awaitable[None]]] = [
            self.keep_alive, self.keep_alive, self.come_and_go, self.come_and_go,
            self.leave_in_the_middle, self.pipeline, self.hold_idle, self.list_all,
        ]
        await asyncio.gather(*(kind(node) for kind in kinds for node in self.nodes))

    # Kinds of clients.

    async def keep_alive(self, node: Process) -> None:
        """Reads, writes and deletes over one connection, as an application does."""
        while True:
            async with self.connected(node) as streams:
                for _ in range(self.chance.randrange(100, 2_000)):
                    await self.ask(node, streams, self.request())
                    await asyncio.sleep(self.chance.uniform(0, 0.02))

    async def come_and_go(self, node: Process) -> None:
        """A connection for a request or a few, closed in one way or another."""
        while True:
            async with self.connected(node) as (reader, writer):
                for _ in range(self.chance.randrange(1, 4)):
                    await self.ask(node, (reader, writer), self.request())
                if self.chance.random() < 0.3:
                    reset(writer)
            await asyncio.sleep(self.chance.uniform(0, 0.1))

    async def leave_in_the_middle(self, node: Process) -> None:
        """Sends a part of some requests, reads a part of the answers, and is gone."""
        while True:
            async with self.connected(node) as (reader, writer):
                data = b"".join(self.request() for _ in range(self.chance.randrange(1, 20)))
                writer.write(data[: self.chance.randrange(len(data))])
                if self.chance.random() < 0.5:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(reader.read(self.chance.randrange(1, 9999)), 0.05)
                if self.chance.random() < 0.5:
                    reset(writer)
            await asyncio.sleep(self.chance.uniform(0, 0.2))

    async def pipeline(self, node: Process) -> None:
        """Many requests before the first answer is read."""
        while True:
            async with self.connected(node) as streams:
                count = self.chance.randrange(10, 200)
                streams[1].write(b"".join(self.request() for _ in range(count)))
                for _ in range(count):
                    await self.take_answer(node, streams[0])
            await asyncio.sleep(self.chance.uniform(0, 2))

    async def hold_idle(self, node: Process) -> None:
        """Connections that are kept for a while: silent ones, and heads that never end."""
        while True:
            async with contextlib.AsyncExitStack() as stack:
                for i in range(20):
                    _, writer = await stack.enter_async_context(self.connected(node))
                    writer.write(b"GET /kv/x HTTP/1.1\r\nHo" if i % 4 == 0 else b"")
                await asyncio.sleep(self.chance.uniform(1, 15))

    async def list_all(self, node: Process) -> None:
        """A listing of everything, which takes a while and many turns; often it is given up."""
        while True:
            await asyncio.sleep(self.chance.uniform(5, 15))
            async with self.connected(node) as (reader, writer):
                writer.write(request_bytes("GET", self.chance.choice(["/store", "/keys"])))
                limit = self.chance.choice([10_000, 1 << 30])
                taken = 0
                while taken < limit and (data := await reader.read(1 << 16)):
                    taken += len(data)
                    if data.endswith(b"0\r\n\r\n"):
                        break

    # Their parts.

    def request(self) -> bytes:
        key = escape(f"key {self.chance.randrange(KEYS)}")
        kind = self.chance.random()
        if kind < 0.65:
            api = "kv" if kind < 0.5 else "store"
            return request_bytes("GET", f"/{api}/{key}")
        if kind < 0.70:
            return request_bytes("DELETE", f"/kv/{key}")
        if kind < 0.80:
            value = b'{"value":{"text":"%s","list":[1,2.5,null]}}' % (b"j" * self.size())
            return request_bytes("PUT", f"/store/{key}", value)
        waits = int(kind < 0.85)
        return request_bytes("PUT", f"/kv/{key}?wait_propagate={waits}", b"v" * self.size())

    def size(self) -> int:
        sizes, weights = zip(*SIZES, strict=True)
        return int(self.chance.choices(sizes, weights)[0])

    @contextlib.asynccontextmanager
    async def connected(self, node: Process):  # type: ignore[no-untyped-def]
        """A connection; that it breaks off is a problem of `ask` alone."""
        reader, writer = await asyncio.open_connection(*node.address, limit=1 << 22)
        self.opened += 1
        try:
            yield reader, writer
        except OSError:
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def ask(self, node: Process, streams: Streams, request: bytes) -> None:
        streams[1].write(request)
        await self.take_answer(node, streams[0])

    async def take_answer(self, node: Process, reader: asyncio.StreamReader) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                status = int(head.split(b" ", 2)[1])
                lengths = [
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length:")
                ]
                await reader.readexactly(lengths[0] if lengths else 0)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.problems.append(f"{node.name}: {error!r} for an answer")
            raise ConnectionError from error
        self.counts[status] += 1
        if status not in EXPECTED:
            self.problems.append(f"{node.name}: {head[:100]!r}")


def reset(writer: asyncio.StreamWriter) -> None:
    """Closing will break the connection off (RST)."""
    linger_zero = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
