"""What only a tree has: misses that climb, changes that are pushed, hits while they arrive."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from statistics import median

from harness import Node, eventually

from .figures import Figures
from .hits import asks
from .rounds import Effort, contest
from .servers import LOAD_CORE, servers
from .tools import Run, load, load_command
from .writes import asks_many

#: Missed keys of one round; each is asked for once.
MISSES = 100_000


def measure_misses(effort: Effort) -> Figures:
    """A child that lacks every key asks the root: both nodes' CPU time, and the latency."""
    figures = Figures()
    with servers() as running:
        nodes, floor = running.tree([1, 2], "--memory", "2GiB", depth=2), running.floor(32)
        keys = MISSES * (effort.rounds + 1)
        load(nodes[1].address[1], "-m", "put", "-K", keys, "-S", "-n", keys, "-P", 16)
        offsets = iter(range(0, keys, MISSES))
        pids = [node.pid for node in nodes.values()]

        def miss(*options: object, requests: int = MISSES, offset: int = 0) -> Run:
            wanted = ["-K", MISSES, "-S", "-o", offset, "-n", requests, *options]
            return load(nodes[2].address[1], *wanted, pids=pids, core=LOAD_CORE)

        result = contest(
            effort,
            {
                "canopy": lambda: miss("-c", 256, offset=next(offsets)),
                "floor": asks(floor, effort, "-c", 256),
            },
        )
        # One connection: what a client waits for a miss, and for a hit of the same keys.
        last, few = next(offsets), 2_000
        missed = miss("-c", 1, requests=few, offset=last)
        found = miss("-c", 1, requests=few, offset=last)
    figures.rows["miss/floor"] = result.ratio("canopy", "floor")
    figures.rows["miss/cpu"] = result.cpu_us("canopy")
    figures.rows["miss/latency"] = missed.p50_us
    figures.rows["miss/latency/hit"] = found.p50_us
    figures.raw["miss"] = result.raw()
    return figures


#: Keys that every node of the tree holds while they are written at the root.
PUSHED_KEYS = 1_000


def measure_pushes(effort: Effort) -> Figures:
    """A write at the root goes to 2 nodes, or to 14: the CPU time of all, for one write."""
    figures = Figures()
    for count, slots in ((2, [1, 2, 3]), (14, list(range(1, 16)))):
        with servers() as running:
            nodes = running.tree(slots)
            hold_everywhere(nodes)
            every = list(nodes.values())
            shape = ["-c", 64, "-m", "put", "-K", PUSHED_KEYS]
            result = contest(
                effort,
                {"canopy": asks_many(nodes[1], every, effort, *shape)},
            )
            runs = result.runs["canopy"]
            settle_and_check(nodes)
        figures.raw[f"push/{count}"] = [run.server_us for run in runs]
        figures.rows[f"push/{count}/root"] = median(run.server_us[0] for run in runs)
        others = [sum(run.server_us[1:]) / count for run in runs]
        figures.rows[f"push/{count}/node"] = median(others)
    return figures


def hold_everywhere(nodes: dict[int, Node]) -> None:
    load(nodes[1].address[1], "-m", "put", "-K", PUSHED_KEYS, "-S", "-n", PUSHED_KEYS, "-c", 1)
    for node in list(nodes.values())[1:]:
        load(node.address[1], "-K", PUSHED_KEYS, "-S", "-n", PUSHED_KEYS, "-c", 1)


def settle_and_check(nodes: dict[int, Node]) -> None:
    """Every node holds what the root holds: the pushes did arrive."""
    key = "k000000000000007"
    wanted = nodes[1].get(key).headers["etag"]
    for node in nodes.values():
        eventually(lambda node=node: node.get(key).headers["etag"] == wanted, "the push arrived")


#: Changes a second that arrive at the child whose hits are timed.
PUSHES_PER_SECOND = 10_000


def measure_tail(effort: Effort) -> Figures:
    """The p99.9 of hits at half of what the child can answer, while the root takes 10,000 writes a
    second: of keys that the child holds, so that each is pushed to it, and of others.

    The child has a core; the root, the writer and the reader share the other, in both cases alike.
    What the child can answer is therefore measured beside writes, too: at half of more than that
    the reader itself would be what is waited for.
    """
    figures = Figures()
    quiet, pushed = [], []
    with servers() as running:
        nodes = running.tree([1, 2], depth=2, cores={1: LOAD_CORE})
        hold_everywhere(nodes)
        hits = ["-c", 64, "-K", PUSHED_KEYS]
        peak = hits_beside_writes(nodes, hits, PUSHED_KEYS, effort).per_second
        steady = [*hits, "-r", round(peak / 2)]
        for _ in range(effort.rounds):
            quiet.append(hits_beside_writes(nodes, steady, PUSHED_KEYS, effort))
            pushed.append(hits_beside_writes(nodes, steady, 0, effort))
        arrived = nodes[2].metrics()["canopy_pushes_received_total"]
    figures.rows["tail/quiet"] = median(run.p999_us for run in quiet)
    figures.rows["tail/pushed"] = median(run.p999_us for run in pushed)
    ratios = [with_them.p999_us / without.p999_us for with_them, without in zip(pushed, quiet)]
    figures.rows["tail"] = median(ratios)
    figures.raw["tail"] = [
        {"quiet": without.p999_us, "pushed": with_them.p999_us}
        for with_them, without in zip(pushed, quiet)
    ]
    figures.raw["tail/pushes"] = arrived
    return figures


def hits_beside_writes(
    nodes: dict[int, Node], steady: Sequence[object], first_written: int, effort: Effort
) -> Run:
    """Hits at the child while the root takes writes of the keys from `first_written` on."""
    writer = start_writer(nodes[1], first_written)
    run = load(nodes[2].address[1], *effort.window, *steady, core=LOAD_CORE)
    writer.terminate()
    writer.communicate(timeout=20)
    return run


def start_writer(root: Node, first: int) -> subprocess.Popen[str]:
    """Writes for longer than a round of hits takes, until it is terminated."""
    options = ["-m", "put", "-K", PUSHED_KEYS, "-o", first, "-c", 16, "-d", 60]
    command = load_command(root.address[1], *options, "-r", PUSHES_PER_SECOND)
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    os.sched_setaffinity(writer.pid, {LOAD_CORE})
    return writer
