"""HTTP to a node from inside its own machine, whatever happens to the network or the node."""

from __future__ import annotations

import asyncio
import re

from chaos.network import Network
from rawhttp import Answer, request_bytes

ATTACHED = re.compile(r"attached to (\S+) at \S+ by link")
NO_BODY = {204, 304}


class Client:
    """One connection to a node, opened again when it broke; one request at a time."""

    def __init__(self, network: Network, slot: int) -> None:
        self.network = network
        self.slot = slot
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        within: float = 1.5,
    ) -> Answer | None:
        """The answer; none if there was none: then nobody knows what became of the request."""
        answer = None
        try:
            async with asyncio.timeout(within):
                reader, writer = self.streams or await self._connect()
                writer.write(request_bytes(method, target, body, headers))
                answer = await self._read(reader)
        except (OSError, EOFError, TimeoutError):
            pass
        finally:
            # Also when this task is cancelled: what comes late is nobody's answer.
            if answer is None:
                self.close()
        return answer

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        made = self.network.socket(self.slot)
        try:
            await asyncio.get_running_loop().sock_connect(made, self.network.address(self.slot))
            self.streams = await asyncio.open_connection(sock=made)
        except BaseException:
            made.close()
            raise
        return self.streams

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head[:-4].split("\r\n")
        fields = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in fields}
        status = int(first.split(" ", 2)[1])
        length = 0 if status in NO_BODY else int(headers.get("content-length", "0"))
        return Answer(status, headers, await reader.readexactly(length))

    def close(self) -> None:
        if self.streams:
            self.streams[1].transport.abort()
            self.streams = None

    # What a node says of itself

    async def parent(self) -> str | None:
        """The name of the node to which this one is attached; none if it is to none."""
        answer = await self.ask("GET", "/readyz?verbose", within=0.5)
        match = ATTACHED.search(answer.body.decode()) if answer else None
        return match[1] if match else None

    async def metric(self, name: str) -> int | None:
        answer = await self.ask("GET", "/metrics", within=0.5)
        match = re.search(rf"^{name} (\d+)$", answer.body.decode(), re.M) if answer else None
        return int(match[1]) if match else None
