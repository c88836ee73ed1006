"""What goes wrong in a cycle: chosen by a seed, done and undone."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from chaos.history import Death, History, ancestors
from chaos.load import Place
from chaos.network import Network
from harness import STOP_SECONDS

ROLES = {"root": (1,), "inner": (2, 3), "leaf": (4, 5, 6, 7)}


class World:
    """Everything that a fault may do something to."""

    def __init__(self, network: Network, places: dict[int, Place], history: History) -> None:
        self.network = network
        self.places = places
        self.history = history

    def reaches(self, one: int, other: int) -> bool:
        """Whether two nodes run and can talk to each other."""
        pair = (self.places[one], self.places[other])
        return all(place.is_alive and place.is_awake for place in pair) and self.network.passes(
            one, other
        )

    def wanted_parents(self) -> dict[int, str]:
        """To whom each node is to be attached: the nearest ancestor that it reaches, if any."""
        wanted = {}
        for slot in self.places:
            near = [a for a in sorted(ancestors(slot), reverse=True) if self.reaches(slot, a)]
            if near:
                wanted[slot] = f"NODE-{near[0]}"
        return wanted

    def died(self, place: Place, is_orderly: bool) -> None:
        place.is_alive = False
        place.incarnation += 1
        self.history.deaths.append(Death(place.slot, time.monotonic(), is_orderly))

    def start(self, place: Place) -> None:
        place.node.start()
        place.is_alive = True


class Fault(ABC):
    """One fault at one node. `lasts`: seconds at least from doing it to undoing it."""

    name: ClassVar[str]
    #: Whether the node is another process afterwards.
    begins_anew: ClassVar[bool] = False

    def __init__(self, world: World, slot: int, rng: random.Random) -> None:
        self.world = world
        self.slot = slot
        self.place = world.places[slot]
        #: Some are over before anybody has noticed: a silent peer is given a second.
        self.lasts = rng.choice([rng.uniform(0.05, 0.9), rng.uniform(1.2, 2.2)])
        #: The others need not look for another parent if it is over that soon.
        self.is_felt = True

    def __str__(self) -> str:
        return f"{self.name} {self.place}"

    @abstractmethod
    async def do(self) -> None: ...

    @abstractmethod
    async def undo(self) -> None: ...


class Kill(Fault):
    name = "kill -9"
    begins_anew = True

    async def do(self) -> None:
        self.place.node.kill()
        self.world.died(self.place, is_orderly=False)

    async def undo(self) -> None:
        self.world.start(self.place)


class Sleep(Fault):
    """The node stands still. A blink is over before anybody could take it for gone."""

    name = "SIGSTOP"

    def __init__(self, world: World, slot: int, rng: random.Random) -> None:
        super().__init__(world, slot, rng)
        self.is_felt = self.lasts > 1

    async def do(self) -> None:
        self.place.node.pause()
        self.place.is_awake = not self.is_felt

    async def undo(self) -> None:
        self.place.node.resume()
        self.place.is_awake = True


class Restart(Fault):
    """The node is asked to end, and is started again as soon as it has."""

    name = "restart"
    begins_anew = True

    def __init__(self, world: World, slot: int, rng: random.Random) -> None:
        super().__init__(world, slot, rng)
        self.is_felt = False

    async def do(self) -> None:
        # A node that stops waits for its clients to hang up.
        self.place.control.close()
        self.place.node.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while self.place.node.is_running() and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
        self.place.node.wait_for_exit(0.1)
        # One that was cut off meanwhile has said what it takes with it.
        has_lost = "are lost count" in self.place.node.log()[-1000:]
        self.world.died(self.place, is_orderly=not has_lost)
        self.world.start(self.place)

    async def undo(self) -> None:
        pass


class Cut(Fault):
    """A node is cut off from all others, or from one neighbour."""

    name = "cut"

    def __init__(self, world: World, slot: int, rng: random.Random) -> None:
        super().__init__(world, slot, rng)
        neighbours = [slot // 2] if slot > 1 else [2, 3]
        others = [other for other in world.places if other != slot]
        self.others = others if rng.random() < 0.5 else [rng.choice(neighbours)]
        self.is_outward = rng.random() < 0.5

    def __str__(self) -> str:
        far = "all" if len(self.others) > 1 else f"NODE-{self.others[0]}"
        return f"{self.name} {self.place} {self.sign} {far}"

    @property
    def sign(self) -> str:
        return "|"

    def pairs(self) -> Iterator[tuple[int, int]]:
        for other in self.others:
            yield (self.slot, other)
            yield (other, self.slot)

    async def do(self) -> None:
        self.world.network.block(self.pairs())

    async def undo(self) -> None:
        self.world.network.unblock(self.pairs())


class OneWay(Cut):
    """What a node sends doesn't arrive, or nothing arrives that is sent to it."""

    name = "one-way cut"

    @property
    def sign(self) -> str:
        return "x>" if self.is_outward else "<x"

    def pairs(self) -> Iterator[tuple[int, int]]:
        for sender, receiver in super().pairs():
            if (sender == self.slot) == self.is_outward:
                yield (sender, receiver)


class Slow(Fault):
    """What a node sends takes its time, and a part of it is lost."""

    name = "slow"

    def __init__(self, world: World, slot: int, rng: random.Random) -> None:
        super().__init__(world, slot, rng)
        self.is_felt = False
        self.delay = rng.uniform(0.005, 0.08)
        self.process: subprocess.Popen[str] | None = None

    def __str__(self) -> str:
        return f"{super().__str__()} {self.delay * 1000:.0f} ms"

    async def do(self) -> None:
        self.process = self.world.network.slow(self.slot, self.delay, self.delay / 2, 0.02)

    async def undo(self) -> None:
        if self.process:
            self.world.network.hurry(self.slot, self.process)


KINDS = (Kill, Sleep, Restart, Cut, OneWay, Slow)


class Several(Fault):
    """Faults at different nodes at once, one begun and ended after the other."""

    name = "several"

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        self.lasts = max(fault.lasts for fault in faults)
        self.is_felt = all(fault.is_felt for fault in faults)

    def __str__(self) -> str:
        return ", ".join(str(fault) for fault in self.faults)

    async def do(self) -> None:
        for fault in self.faults:
            await fault.do()

    async def undo(self) -> None:
        for fault in self.faults:
            await fault.undo()


def choose(world: World, seed: int, at_once: int) -> Iterator[tuple[Fault, random.Random]]:
    """A fault for each cycle, or several at once."""
    rng = random.Random(seed)
    singles = sequence(rng)
    while True:
        chosen: dict[int, Fault] = {}
        while len(chosen) < at_once:
            kind, slot = next(singles)
            fault = chosen.setdefault(slot, kind(world, slot, rng))
            # A root and a node that begin anew together know no slots: the tree may change.
            if 1 in chosen and sum(f.begins_anew for f in chosen.values()) > 1:
                del chosen[fault.slot]
        faults = list(chosen.values())
        yield faults[0] if at_once == 1 else Several(faults), rng


def sequence(rng: random.Random) -> Iterator[tuple[type[Fault], int]]:
    """Kinds and slots for ever: six of them have each kind once, eighteen each kind at each role."""
    while True:
        roles = {kind: rng.sample(list(ROLES), len(ROLES)) for kind in KINDS}
        for round_number in range(len(ROLES)):
            for kind in rng.sample(KINDS, len(KINDS)):
                slot = rng.choice(ROLES[roles[kind][round_number]])
                yield kind, slot
