"""Writers and readers at every node, each beside the next, until they are told to stop."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from chaos.client import Client
from chaos.history import History, Write, own_key
from chaos.network import Network
from coherent import version_of
from harness import Node
from rawhttp import Answer, escape

HOT_KEYS = tuple(f"hot-{number}" for number in range(4))
SWAPPED_KEYS = ("swapped-0", "swapped-1")
WRITERS = 2
WRITE_PAUSE = 0.02
READ_PAUSE = 0.006
#: Longer than a node waits for somebody above: so a writer mostly hears what became of its write.
ANSWER_SECONDS = 1.5
#: Some values are padded with blanks to this length.
LONG_BYTES = 15_000
ACKS = ("local", "local", "parent", "parent", "root")


@dataclass
class Place:
    """A node of the tree, and the processes that were it one after the other."""

    slot: int
    node: Node
    control: Client
    incarnation: int = 0
    is_alive: bool = True
    is_awake: bool = True
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"NODE-{self.slot}"


def shared_keys(slots: list[int]) -> list[str]:
    return [*HOT_KEYS, *SWAPPED_KEYS, *(own_key(slot) for slot in slots)]


class Load:
    """The clients of one node."""

    def __init__(
        self, network: Network, place: Place, history: History, keys: list[str], seed: str
    ) -> None:
        self.network = network
        self.place = place
        self.history = history
        self.keys = keys
        self.random = random.Random(seed)

    def start(self) -> list[asyncio.Task[None]]:
        writers = [self._write(number == 0) for number in range(WRITERS)]
        return [asyncio.create_task(work) for work in (*writers, self._read())]

    # Writing

    async def _write(self, is_first: bool) -> None:
        client = Client(self.network, self.place.slot)
        try:
            while True:
                kind = self.random.random()
                if is_first and kind < 0.4:
                    await self._put_own(client)
                elif kind < 0.7:
                    number = next(self.history.numbers)
                    await self._put(client, f"once-{self.history.cycle}-{number}")
                elif kind < 0.8:
                    await self._swap(client, self.random.choice(SWAPPED_KEYS))
                elif kind < 0.87:
                    await self._write_once(client, self.random.choice(HOT_KEYS), None, self._ack())
                else:
                    await self._put(client, self.random.choice(HOT_KEYS))
                await asyncio.sleep(WRITE_PAUSE * self.random.uniform(0.5, 1.5))
        finally:
            client.close()

    def _ack(self) -> str:
        return self.random.choice(ACKS)

    async def _put(self, client: Client, key: str) -> None:
        await self._write_once(client, key, self._value(), self._ack())

    async def _put_own(self, client: Client) -> None:
        """What a node has taken it shows from then on."""
        key = own_key(self.place.slot)
        await self._put(client, key)
        await self._read_once(client, key)

    async def _swap(self, client: Client, key: str) -> None:
        """Replaces the version that this node shows, or makes the key."""
        answer = await self._read_once(client, key)
        version = version_of(answer) if answer else None
        if answer is None or version is None:
            return
        headers = {"If-Match": version.tag} if answer.status == 200 else {"If-None-Match": "*"}
        write = await self._write_once(client, key, self._value(), "root", headers)
        if write.outcome.value == "acknowledged" and answer.status == 200:
            self.history.on_replaced(write, version)

    def _value(self) -> str:
        return f"{self.place.slot}.{self.place.incarnation}.{next(self.history.numbers)}"

    async def _write_once(
        self,
        client: Client,
        key: str,
        value: str | None,
        ack: str,
        headers: dict[str, str] | None = None,
    ) -> Write:
        place = self.place
        write = self.history.begin(
            Write(
                key, value, place.slot, place.incarnation, ack, self.history.cycle, time.monotonic()
            )
        )
        method = "DELETE" if value is None else "PUT"
        body = None if value is None else value.encode()
        if body and key.startswith("once-"):
            body = body.ljust(self.random.choice((0, LONG_BYTES)))
        answer = await client.ask(
            method, f"/kv/{escape(key)}?ack={ack}", body, headers, ANSWER_SECONDS
        )
        self.history.end(write, answer, time.monotonic())
        return write

    # Reading

    async def _read(self) -> None:
        client = Client(self.network, self.place.slot)
        try:
            while True:
                await self._read_once(client, self.random.choice(self.keys))
                await asyncio.sleep(READ_PAUSE * self.random.uniform(0.5, 1.5))
        finally:
            client.close()

    async def _read_once(self, client: Client, key: str) -> Answer | None:
        incarnation = self.place.incarnation
        asked = time.monotonic()
        answer = await client.ask("GET", f"/kv/{escape(key)}", within=ANSWER_SECONDS)
        # An answer of the process that was there before, or of the next one: nobody knows.
        if answer and incarnation == self.place.incarnation:
            self.history.on_read(self.place.slot, incarnation, key, answer, asked)
        return answer
