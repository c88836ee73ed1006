"""Writes: at the root, at a leaf with one awaited hop, and the hops behind it."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Process

from .figures import Figures
from .hits import asks
from .rounds import Contestant, Effort, contest
from .servers import LOAD_CORE, servers
from .tools import load

#: Writes go round among so many keys.
KEYS = 10_000
PUTS = ["-m", "put", "-K", KEYS]


def asks_many(
    entry: Process, counted: Sequence[Process], effort: Effort, *options: object
) -> Contestant:
    """One round of asking `entry`, with the CPU time of each of `counted`."""
    pids = [process.pid for process in counted]
    return lambda: load(
        entry.address[1], *effort.window, *options, pids=pids, core=LOAD_CORE
    )


def measure(effort: Effort) -> Figures:
    figures = Figures()
    measure_root(effort, figures)
    measure_awaited_hop(effort, figures)
    measure_background_hops(effort, figures)
    return figures


def measure_root(effort: Effort, figures: Figures) -> None:
    with servers() as running:
        root, floor = running.tree([1], depth=2)[1], running.floor(0)
        for name, depth in (("plain", 1), ("pipelined", 16)):
            shape = ["-c", 64, "-P", depth, *PUTS]
            result = contest(
                effort,
                {"canopy": asks(root, effort, *shape), "floor": asks(floor, effort, *shape)},
            )
            figures.rows[f"put/root/{name}/floor"] = result.ratio("canopy", "floor")
            figures.rows[f"put/root/{name}/cpu"] = result.cpu_us("canopy")
            figures.raw[f"put/root/{name}"] = result.raw()


def measure_awaited_hop(effort: Effort, figures: Figures) -> None:
    """The leaf answers when its parent, here the root, has the write."""
    with servers() as running:
        nodes, floor = running.tree([1, 2], depth=2), running.floor(0)
        shape = ["-c", 256, *PUTS]
        result = contest(
            effort,
            {
                "canopy": asks_many(nodes[2], list(nodes.values()), effort, *shape),
                "floor": asks(floor, effort, *shape),
            },
        )
    figures.rows["put/hop/floor"] = result.ratio("canopy", "floor")
    figures.rows["put/hop/cpu"] = result.cpu_us("canopy")
    figures.raw["put/hop"] = result.raw()


def measure_background_hops(effort: Effort, figures: Figures) -> None:
    """A chain of four: the third level's hop is awaited, those of the second and the root not."""
    with servers() as running:
        nodes = running.tree([1, 2, 4, 8])
        chain = [nodes[slot] for slot in (8, 4, 2, 1)]
        result = contest(
            effort, {"canopy": asks_many(nodes[8], chain, effort, "-c", 256, *PUTS)}
        )
    runs = result.runs["canopy"]
    figures.raw["put/background"] = [run.server_us for run in runs]
    levels = [sorted(costs)[len(costs) // 2] for costs in zip(*(run.server_us for run in runs))]
    names = ["the leaf", "its parent (awaited)", "the next (background)", "the root (background)"]
    figures.tables["levels"] = [
        {"node": name, "cpu_us": round(cost, 3)} for name, cost in zip(names, levels)
    ]
    figures.rows["put/background/middle"] = levels[2]
    figures.rows["put/background/root"] = levels[3]
