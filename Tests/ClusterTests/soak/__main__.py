"""`python -m soak --minutes 20`: mixed load on a tree of 7 nodes, measured and judged.

The program ends with 1 if a node's memory or descriptors grew, an answer was wrong or missing, or a
node ended. With `--plot` it draws what it has measured.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean

from harness import Cluster, Process
from soak.load import Clients
from soak.plot import Panel, draw

DEPTH = 3
#: Nodes below the root evict all the time.
ROOT_OPTIONS = ("--memory", "256MiB")
CHILD_OPTIONS = ("--memory", "8MiB")
SAMPLE_SECONDS = 5.0
#: A parent stands still from time to time, so that its children look for another.
PAUSE_EVERY_SECONDS, PAUSE_SECONDS = 45.0, 1.5
#: The part of the time in which caches fill; what follows must be flat.
WARM_UP = 0.3
#: From the first to the second half of the rest a node may gain so much.
GROWTH_KIB_MAX, GROWTH_RATIO_MAX = 1024, 1.02
DESCRIPTORS_GROWTH_MAX = 5
#: Connections between nodes that may be there after the load and weren't before.
LINK_CONNECTIONS = 8


class Soak:
    """A tree, its load, and what was measured of it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.cluster = Cluster(folder, DEPTH)
        for slot in range(1, 2**DEPTH):
            self.cluster.node(slot, ROOT_OPTIONS if slot == 1 else CHILD_OPTIONS).start_and_wait()
        self.nodes: list[Process] = list(self.cluster)
        self.clients = Clients(self.nodes, seed)
        self.minutes: list[float] = []
        self.resident: dict[str, list[float]] = {node.name: [] for node in self.nodes}
        self.descriptors: dict[str, list[float]] = {node.name: [] for node in self.nodes}

    async def run(self, seconds: float) -> None:
        load = asyncio.create_task(self.clients.run())
        pauses = asyncio.create_task(self.pause_in_turn())
        started = time.monotonic()
        while (elapsed := time.monotonic() - started) < seconds and not load.done():
            self.minutes.append(elapsed / 60)
            for node in self.nodes:
                self.resident[node.name].append(node.resident_kib() / 1024)
                self.descriptors[node.name].append(node.descriptors())
            await asyncio.sleep(SAMPLE_SECONDS)
        for task in (pauses, load):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def pause_in_turn(self) -> None:
        """Stops the root's children in turn, for longer than their own children wait."""
        turn = 0
        while True:
            await asyncio.sleep(PAUSE_EVERY_SECONDS)
            node = self.cluster[2 + turn % 2]
            node.pause()
            try:
                await asyncio.sleep(PAUSE_SECONDS)
            finally:
                node.resume()
            turn += 1

    def judge(self, before: dict[str, int]) -> list[str]:
        """What is not as it should be."""
        faults = self.clients.problems[:20]
        warm = int(len(self.minutes) * WARM_UP)
        middle = (warm + len(self.minutes)) // 2
        for node in self.nodes:
            memory, files = self.resident[node.name], self.descriptors[node.name]
            early, late = mean(memory[warm:middle]), mean(memory[middle:])
            if late > early * GROWTH_RATIO_MAX + GROWTH_KIB_MAX / 1024:
                faults.append(f"{node.name}: memory grew from {early:.1f} to {late:.1f} MiB")
            early, late = mean(files[warm:middle]), mean(files[middle:])
            if late > early + DESCRIPTORS_GROWTH_MAX:
                faults.append(f"{node.name}: descriptors grew from {early:.1f} to {late:.1f}")
            if node.descriptors() > before[node.name] + LINK_CONNECTIONS:
                faults.append(
                    f"{node.name}: {node.descriptors()} descriptors after the load,"
                    f" {before[node.name]} before"
                )
        return faults

    def summary(self) -> str:
        answers = sum(self.clients.counts.values())
        lines = [
            f"{answers} answers {dict(self.clients.counts)},"
            f" {self.clients.opened} connections, {len(self.minutes)} samples"
        ]
        warm = int(len(self.minutes) * WARM_UP)
        middle = (warm + len(self.minutes)) // 2
        for node in self.nodes:
            memory, files = self.resident[node.name], self.descriptors[node.name]
            lines.append(
                f"{node.name}: {mean(memory[warm:middle]):.2f} -> {mean(memory[middle:]):.2f} MiB,"
                f" descriptors {mean(files[warm:middle]):.1f} -> {mean(files[middle:]):.1f}"
            )
        return "\n".join(lines)

    def plot(self) -> str:
        return draw(
            f"{len(self.nodes)} nodes under mixed load, {self.minutes[-1]:.0f} minutes",
            self.minutes,
            [
                Panel("Resident memory, MiB", dict(self.resident)),
                Panel("Open descriptors", dict(self.descriptors)),
            ],
        )


def soak(folder: Path, minutes: float, seed: int, plot: Path | None) -> list[str]:
    run = Soak(folder, seed)
    try:
        before = {node.name: node.descriptors() for node in run.nodes}
        asyncio.run(run.run(minutes * 60))
        # Nodes notice a client's leaving in their next turns; a head that was begun, never.
        time.sleep(1)
        faults = run.judge(before)
        print(run.summary())
        if plot:
            plot.write_text(run.plot())
    finally:
        run.cluster.close()
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="canopy-soak-") as folder:
        faults = soak(Path(folder), arguments.minutes, arguments.seed, arguments.plot)
    for fault in faults:
        print(f"FAULT: {fault}")
    print("soak: " + ("failed" if faults else "passed"))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
