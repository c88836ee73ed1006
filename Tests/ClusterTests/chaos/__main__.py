"""`python -m chaos --cycles 60 --seed 1`: faults under load on a tree of 7 real nodes.

Each node runs in a network namespace of its own. In a cycle one thing goes wrong while writers and
readers are at work at every node, and is put right again; then the load ends, and every promise
is looked at. The program ends with 1 if one was broken. A seed gives the same faults again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from chaos import network
from chaos.client import Client
from chaos.faults import Fault, World, choose
from chaos.history import Counts, History, value_of
from chaos.load import Load, Place, shared_keys
from coherent import version_of
from harness import Node, close_processes
from rawhttp import Answer, escape

DEPTH = 3
SLOTS = range(1, 2**DEPTH)
#: Within this time of a fault a node has found another ancestor.
ATTACH_SECONDS = 2.0
#: Until everything is as it was, after the last fault was put right.
SETTLE_SECONDS = 12.0
#: How long copies may take to agree once no write waits any more, beside the mode's own time.
AGREE_SECONDS = 2.0
#: A pause of this program counts this many times: others had to wait for the machine too.
PAUSE_WEIGHT = 3
POLL_SECONDS = 0.02
#: By modes: the settings of the root, and how long a change may take by itself.
POLICIES = {
    "push": (("--max-staleness", "600ms"), 0.0),
    "sync": (("--sync-interval", "200ms", "--max-staleness", "800ms"), 0.2),
    "ttl": (("--ttl", "400ms"), 0.4),
}
#: Nodes below the root must give up much of what they take, also what their children hold.
CHILD_OPTIONS = ("--memory", "8MiB")


class Broken(Exception):
    """The cluster didn't come to rest: there is no use in going on."""


class Chaos:
    """A cluster, its load, and one cycle after the other."""

    def __init__(self, folder: Path, seed: int, mode: str) -> None:
        self.seed = seed
        options, self.mode_seconds = POLICIES[mode]
        net = network.Network(SLOTS)
        self.history = History()
        places = {slot: self._place(net, slot, folder, mode, options) for slot in SLOTS}
        self.world = World(net, places, self.history)
        self.keys = shared_keys(list(SLOTS))
        #: The longest pause of this program's own loop in the present cycle, in seconds.
        self.pause = 0.0

    @staticmethod
    def _place(
        net: network.Network, slot: int, folder: Path, mode: str, options: tuple[str, ...]
    ) -> Place:
        root = None if slot == 1 else net.address(1)
        flags = ("--coherence", mode, *options) if slot == 1 else CHILD_OPTIONS
        node = Node(
            f"NODE-{slot}", net.address(slot), folder, root, DEPTH, flags, prefix=net.prefix(slot)
        )
        return Place(slot, node, Client(net, slot))

    async def start(self) -> None:
        for place in self.world.places.values():
            place.node.start()
            await self._until(f"{place} is attached", self._is_well, place)

    async def run(self, cycles: int, at_once: int) -> int:
        """The number of broken promises."""
        watch = asyncio.create_task(self._watch())
        faults = choose(self.world, self.seed, at_once)
        for number in range(1, cycles + 1):
            fault, rng = next(faults)
            try:
                await self._cycle(number, fault, rng)
            except Broken as problem:
                self.history.problem(f"{fault}: {problem}")
            if self.history.problems:
                break
        watch.cancel()
        return self.history.problem_count

    # One cycle

    async def _cycle(self, number: int, fault: Fault, rng: random.Random) -> None:
        began = time.monotonic()
        self.history.cycle = number
        self.pause = 0.0
        commits = await self._commits()
        loads = [
            Load(self.world.network, place, self.history, self.keys, f"{self.seed} {number} {slot}")
            for slot, place in self.world.places.items()
        ]
        clients = [task for load in loads for task in load.start()]
        try:
            await asyncio.sleep(rng.uniform(0.1, 0.3))
            away = await self._go_through(fault)
            back = await self._come_back()
            await asyncio.sleep(rng.uniform(0.1, 0.3))
        finally:
            await stop(clients)
        finals = await self._settle()
        await self._check_commits(commits)
        counts, self.history.counts = self.history.counts, Counts()
        await self._forget(finals)
        report(number, fault, away, back, counts, time.monotonic() - began)

    async def _go_through(self, fault: Fault) -> float | None:
        """Does a fault and undoes it; gives the seconds until all had found another ancestor."""
        began = time.monotonic()
        await fault.do()
        away = None
        try:
            if fault.is_felt:
                allowed = ATTACH_SECONDS
                away = await self._attached_within(allowed, began, f"after {fault}")
            await asyncio.sleep(max(0.0, began + fault.lasts - time.monotonic()))
        finally:
            await fault.undo()
        return away

    async def _attached_within(self, allowed: float, began: float, when: str) -> float:
        """The seconds until every node is attached where it should be."""
        wanted = self.world.wanted_parents()
        missing = dict(wanted)
        while missing:
            parents = await asyncio.gather(
                *(self.world.places[slot].control.parent() for slot in missing)
            )
            found = dict(zip(list(missing), parents, strict=True))
            missing = {slot: want for slot, want in missing.items() if found[slot] != want}
            seconds = time.monotonic() - began
            if missing and seconds > allowed + PAUSE_WEIGHT * self.pause:
                for slot, want in missing.items():
                    self.history.problem(
                        f"{when} NODE-{slot} is not attached to {want} within {seconds:.2f} s,"
                        f" but to {found[slot]}"
                    )
                break
            await asyncio.sleep(POLL_SECONDS)
        return time.monotonic() - began

    async def _come_back(self) -> float:
        """The seconds until every node is attached to the parent of its slot."""
        began = time.monotonic()
        for place in self.world.places.values():
            await self._until(f"{place} is back at its parent", self._is_well, place)
        return time.monotonic() - began

    # Rest

    async def _settle(self) -> dict[str, str | None]:
        """Waits until all is quiet and looks at every key at every node; gives what the root has."""
        for place in self.world.places.values():
            await self._until(f"no write waits at {place}", self._is_empty, place)
        finals = await self._read_root()
        for key, value in finals.items():
            self.history.check_key(key, value)
        shared = {key: finals[key] for key in self.keys}
        await asyncio.gather(
            *(self._check_copies(place, shared) for place in self.world.places.values())
        )
        return shared

    async def _read_root(self) -> dict[str, str | None]:
        values: dict[str, str | None] = {}
        for key in sorted({*self.history.writes, *self.keys}):
            answer = await self.world.places[1].control.ask("GET", f"/kv/{escape(key)}")
            if answer is None or answer.status not in (200, 404):
                raise Broken(f"the root answers a read of {key} with {answer}")
            self.history.on_read(
                1, self.world.places[1].incarnation, key, answer, time.monotonic()
            )
            values[key] = value_of(answer)
        return values

    async def _check_copies(self, place: Place, finals: dict[str, str | None]) -> None:
        deadline = time.monotonic() + AGREE_SECONDS + self.mode_seconds + PAUSE_WEIGHT * self.pause
        for key, value in finals.items():
            while True:
                asked = time.monotonic()
                answer = await place.control.ask("GET", f"/kv/{escape(key)}")
                if answer:
                    self.history.on_read(place.slot, place.incarnation, key, answer, asked)
                if answer and value_of(answer) == value and self._is_committed(answer):
                    break
                if time.monotonic() > deadline:
                    self.history.problem(
                        f"{place} and the root don't come to agree: it answers a read of {key}"
                        f" with {answer}, {answer.headers if answer else ''}; the root has {value}"
                    )
                    break
                await asyncio.sleep(POLL_SECONDS)

    @staticmethod
    def _is_committed(answer: Answer) -> bool:
        return answer.status == 404 or version_of(answer) is not None

    async def _commits(self) -> int:
        count = await self.world.places[1].control.metric("canopy_commits_total")
        if count is None:
            raise Broken("the root tells no counters")
        return count

    async def _check_commits(self, before: int) -> None:
        """Each write was committed once, if one root has seen them all."""
        if any(death.slot == 1 for death in self.history.deaths):
            return
        grown = await self._commits() - before
        most, least = self.history.committed_range()
        if not least <= grown <= most:
            self.history.problem(f"the root committed {grown} writes, not {least} to {most}")

    async def _forget(self, finals: dict[str, str | None]) -> None:
        """Deletes what only this cycle wrote, so that what the nodes hold doesn't grow."""
        for key in [key for key in self.history.writes if key not in finals]:
            await self.world.places[1].control.ask("DELETE", f"/kv/{escape(key)}")
        self.history.end_cycle(finals)

    # Waiting

    @staticmethod
    async def _is_well(place: Place) -> bool:
        if place.slot == 1:
            answer = await place.control.ask("GET", "/readyz", within=0.5)
            return answer is not None and answer.status == 200
        return await place.control.parent() == f"NODE-{place.slot // 2}"

    @staticmethod
    async def _is_empty(place: Place) -> bool:
        return await place.control.metric("canopy_upward_queued") == 0

    async def _until(
        self, what: str, is_so: Callable[[Place], Awaitable[bool]], place: Place
    ) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while not await is_so(place):
            if not place.node.is_running():
                raise Broken(f"{place} has ended:\n{place.node.log()[-3000:]}")
            if time.monotonic() > deadline:
                raise Broken(f"not within {SETTLE_SECONDS:g} s: {what}")
            await asyncio.sleep(POLL_SECONDS)

    async def _watch(self) -> None:
        """Notes how long this program itself was kept from going on."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            self.pause = max(self.pause, time.monotonic() - before - 0.01)


async def stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if not isinstance(result, asyncio.CancelledError):
            raise result or AssertionError("a client has ended by itself")


def report(
    number: int, fault: Fault, away: float | None, back: float, counts: Counts, seconds: float
) -> None:
    elsewhere = f"{away:5.2f} s" if away is not None else "      -"
    print(
        f"{number:4}  {fault!s:31}  attached {elsewhere}  back {back:5.2f} s"
        f"  writes {counts.writes:4} acknowledged {counts.acknowledged:4} excused {counts.excused:3}"
        f"  reads {counts.reads:5} answered {counts.answered:5} stale {counts.stale:4}"
        f"  {seconds:5.1f} s",
        flush=True,
    )


async def chaos(arguments: argparse.Namespace, folder: Path) -> int:
    run = Chaos(folder, arguments.seed, arguments.coherence)
    try:
        await run.start()
        broken = await run.run(arguments.cycles, arguments.at_once)
    finally:
        places = run.world.places
        for place in places.values():
            place.control.close()
        run.world.network.unblock(set(run.world.network.blocked))
        # The connections are closed in the loop's next turn; a node that stops waits for that.
        await asyncio.sleep(0.01)
        nodes = [places[slot].node for slot in sorted(places, reverse=True)]
        close_processes(nodes)
    for problem in run.history.problems:
        print(f"BROKEN: {problem}")
    return broken


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--cycles", type=int, default=60)
    parser.add_argument("--seed", type=int, default=None, help="default: another one every time")
    parser.add_argument("--coherence", choices=POLICIES, default="push")
    parser.add_argument("--at-once", type=int, default=1, help="faults in each cycle")
    parser.add_argument("--logs", type=Path, help="keep the nodes' logs in this folder")
    arguments = parser.parse_args()
    if reason := None if network.is_inside() else network.missing():
        print(f"there can be no chaos here: {reason}")
        return 2
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1 << 32)
        sys.argv += ["--seed", str(arguments.seed)]
    network.enter()
    print(
        f"seed {arguments.seed}, mode {arguments.coherence}, {arguments.cycles} cycles of"
        f" {arguments.at_once}"
    )
    folder = arguments.logs or Path(tempfile.mkdtemp(prefix="canopy-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        if not arguments.logs:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        broken = asyncio.run(chaos(arguments, folder))
    print(f"{broken} broken promises, {time.monotonic() - began:.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
