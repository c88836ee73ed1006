"""The longest turn of a node's loop while a million entries are evicted, expire, are reset, and
while the table grows to a million.

It is measured inside the node's process, in processor time (`load/turns.c`): a client that asks and
waits would measure how the machine shares two cores among node, parent and clients as well. Each is
tried several times, and the median counts; `machine` says how long work of some 50 microseconds can
take where it is measured.
"""

from __future__ import annotations

import mmap
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from harness import Node, eventually

from .figures import Figures
from .memory import ENTRIES, FILL
from .rounds import Effort
from .servers import LOAD_CORE, Servers, servers
from .tools import library, load

#: Values of this many bytes take the room of the million, the largest that a node takes if not told
#: otherwise; these many of them.
LARGE_BYTES = 2**20
LARGE_COUNT = 80
LARGE = ["-K", LARGE_COUNT, "-S", "-n", LARGE_COUNT, "-o", 2 * ENTRIES, "-c", 1]
#: The same from many at once.
LARGE_FROM_MANY = [*LARGE[:-1], 16]


class Meter:
    """Measures one node's turns."""

    #: The fields of `Turns` in `load/turns.c`: how many turns, and the nanoseconds of the longest.
    FIELDS = struct.Struct("QQ")

    def __init__(self, folder: Path) -> None:
        path = folder / "turns"
        path.write_bytes(bytes(self.FIELDS.size))
        with path.open("r+b") as file:
            self.memory = mmap.mmap(file.fileno(), self.FIELDS.size)
        self.environment = {"LD_PRELOAD": str(library("turns")), "TURNS_FILE": str(path)}

    def longest_ms(self, action: Callable[[], None]) -> float:
        self.memory[:] = bytes(self.FIELDS.size)
        action()
        # What goes on after the answer.
        time.sleep(0.3)
        count, nanoseconds = self.FIELDS.unpack(self.memory[:])
        assert count > 0, "no turn was measured"
        return nanoseconds / 1e6


def resize(nodes: dict[int, Node]) -> None:
    """A million entries come, a few at a time, so that they make no long turns themselves."""
    options = ["-m", "put", "-K", ENTRIES, "-S", "-n", ENTRIES, "-c", 1, "-P", 16]
    load(nodes[1].address[1], *options, core=LOAD_CORE)


def fill_child(nodes: dict[int, Node]) -> None:
    load(nodes[1].address[1], "-m", "put", *FILL)
    load(nodes[2].address[1], *FILL)


def read_large(nodes: dict[int, Node]) -> None:
    """Large values come to a child, one after the other. They are asked for until all are held:
    those for which there is no room yet only pass."""

    def all_are_held() -> bool:
        before = nodes[2].metrics()["canopy_hits_total"]
        load(nodes[2].address[1], *LARGE, core=LOAD_CORE)
        return nodes[2].metrics()["canopy_hits_total"] - before >= LARGE_COUNT

    eventually(all_are_held, "all large values are held", within=60)


def write_large(nodes: dict[int, Node], options: list[object]) -> None:
    """Large values are written to a child."""
    load(nodes[2].address[1], "-m", "put", "-b", LARGE_BYTES, *options, core=LOAD_CORE)


def expire(nodes: dict[int, Node]) -> None:
    """All entries are past their time when some of them are read."""
    time.sleep(1.2)
    load(nodes[2].address[1], "-K", ENTRIES, "-n", 20_000, "-c", 1, core=LOAD_CORE)


def reset(nodes: dict[int, Node]) -> None:
    """The root starts again with nothing: all that the child holds is unverified."""
    nodes[1].kill()
    nodes[1].start_and_wait()
    eventually(lambda: nodes[2].put("after", b"v").status == 200, "the child is attached again")


def measure(effort: Effort) -> Figures:
    figures = Figures()
    rounds = 1 if effort.is_quick else 5
    for name, tries in {
        "resized": resized,
        "evicted": evicted,
        "evicted/writes": evicted_by_writes,
        "evicted/writes of many": evicted_by_writes_of_many,
        "copied": copied,
        "copied/writes": copied_by_writes,
        "expired": expired,
        "reset": was_reset,
        "machine": machine,
    }.items():
        longest = [tries() for _ in range(rounds)]
        figures.rows[f"turn/{name}"] = median(longest)
        figures.raw[f"turn/{name}"] = longest
    return figures


@contextmanager
def full_child(
    *options: str, child_memory: str = "1GiB"
) -> Iterator[tuple[dict[int, Node], Meter]]:
    """A root and a child with a million small entries each, whose turns are measured. The root has
    the large ones besides."""
    with servers() as running:
        meter = Meter(running.folder)
        nodes = running.tree(
            [1, 2], *options, depth=2, cores={1: LOAD_CORE},
            slot_options={1: ["--memory", "1GiB"], 2: ["--memory", child_memory]},
            slot_environments={2: meter.environment},
        )
        load(nodes[1].address[1], "-m", "put", "-b", LARGE_BYTES, *LARGE)
        fill_child(nodes)
        yield nodes, meter


def resized() -> float:
    with servers() as running:
        meter = Meter(running.folder)
        nodes = running.tree(
            [1], "--memory", "1GiB", depth=2, slot_environments={1: meter.environment}
        )
        return meter.longest_ms(lambda: resize(nodes))


def evicted() -> float:
    with full_child(child_memory="100MiB") as (nodes, meter):
        return meter.longest_ms(lambda: read_large(nodes))


def evicted_by_writes() -> float:
    with full_child(child_memory="100MiB") as (nodes, meter):
        return meter.longest_ms(lambda: write_large(nodes, LARGE))


def evicted_by_writes_of_many() -> float:
    with full_child(child_memory="100MiB") as (nodes, meter):
        return meter.longest_ms(lambda: write_large(nodes, LARGE_FROM_MANY))


def copied() -> float:
    """What the large values take where there is room for them: the rest is the evictions'."""
    with full_child(child_memory="1GiB") as (nodes, meter):
        return meter.longest_ms(lambda: read_large(nodes))


def copied_by_writes() -> float:
    with full_child(child_memory="1GiB") as (nodes, meter):
        return meter.longest_ms(lambda: write_large(nodes, LARGE))


def expired() -> float:
    with full_child("--coherence", "ttl", "--ttl", "1s") as (nodes, meter):
        return meter.longest_ms(lambda: expire(nodes))


def was_reset() -> float:
    with full_child() as (nodes, meter):
        return meter.longest_ms(lambda: reset(nodes))


def machine() -> float:
    """What the machine itself takes for long: the longest of many pieces of work that are always
    the same, of some 50 microseconds each. What a hypervisor gives to others counts as our time."""
    longest = 0
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        began = time.thread_time_ns()
        sum(range(2_500))
        longest = max(longest, time.thread_time_ns() - began)
    return longest / 1e6
