"""The longest turn of a node's loop while a million entries are evicted, expire, are reset, and
while the table grows to a million.

A client asks for `/livez` on one connection, again and again, and the longest it waits is the
longest turn (and whatever else the machine did; so each is tried several times, and the median
counts).
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from harness import Node, eventually

from .figures import Figures
from .memory import ENTRIES, FILL
from .rounds import Effort
from .servers import LOAD_CORE, Servers, servers
from .tools import Run, load, load_command, parsed

#: How long is watched at most.
WATCH_SECONDS_MAX = 300


class Watch:
    """Asks the node again and again, in a process of its own, until it is stopped."""

    def __init__(self, node: Node) -> None:
        options = ["-t", "/livez%", "-k", "", "-c", 1, "-d", WATCH_SECONDS_MAX]
        command = load_command(node.address[1], *options)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        os.sched_setaffinity(self.process.pid, {LOAD_CORE})

    def stop(self) -> Run:
        assert self.process.poll() is None, "the watch ended before what it was to watch"
        self.process.terminate()
        return parsed(self.process.communicate(timeout=20)[0])


def resize(nodes: dict[int, Node]) -> None:
    """A million entries come, a few at a time, so that they make no long turns themselves."""
    load(nodes[1].address[1], "-m", "put", "-K", ENTRIES, "-S", "-n", ENTRIES, "-c", 1, "-P", 16)


def fill_child(nodes: dict[int, Node]) -> None:
    load(nodes[1].address[1], "-m", "put", *FILL)
    load(nodes[2].address[1], *FILL)


def evict(nodes: dict[int, Node]) -> None:
    """A value of 90 MiB comes to a child that is full of small ones: they go at once."""
    assert nodes[2].get("large").status == 200


def expire(nodes: dict[int, Node]) -> None:
    """All entries are past their time when some of them are read."""
    time.sleep(1.2)
    load(nodes[2].address[1], "-K", ENTRIES, "-n", 20_000, "-c", 1)


def reset(nodes: dict[int, Node]) -> None:
    """The root starts again with nothing: all that the child holds is unverified."""
    nodes[1].kill()
    nodes[1].start_and_wait()
    eventually(lambda: nodes[2].put("after", b"v").status == 200, "the child is attached again")


def measure(effort: Effort) -> Figures:
    figures = Figures()
    rounds = 1 if effort.is_quick else 3
    for name, tries in {
        "resized": resized, "evicted": evicted, "expired": expired, "reset": was_reset,
    }.items():
        longest = [tries() / 1e3 for _ in range(rounds)]
        figures.rows[f"turn/{name}"] = median(longest)
        figures.raw[f"turn/{name}"] = longest
    return figures


def watched(node: Node, action: Callable[[], None]) -> float:
    """The longest wait in microseconds."""
    watch = Watch(node)
    time.sleep(0.3)
    action()
    time.sleep(0.3)
    return watch.stop().max_us


@contextmanager
def full_child(running: Servers, *options: str) -> Iterator[dict[int, Node]]:
    nodes = running.tree(
        [1, 2], "--memory", "1GiB", "--max-body", "96MiB", *options, depth=2,
        cores={1: LOAD_CORE},
    )
    fill_child(nodes)
    yield nodes


def resized() -> float:
    with servers() as running:
        nodes = running.tree([1], "--memory", "1GiB", depth=2)
        return watched(nodes[1], lambda: resize(nodes))


def evicted() -> float:
    with servers() as running:
        nodes = running.tree(
            [1, 2], "--max-body", "96MiB", depth=2, cores={1: LOAD_CORE},
            slot_options={1: ["--memory", "1GiB"], 2: ["--memory", "100MiB"]},
        )
        assert nodes[1].put("large", b"v" * (90 * 2**20)).status == 200
        fill_child(nodes)
        return watched(nodes[2], lambda: evict(nodes))


def expired() -> float:
    with servers() as running, full_child(running, "--coherence", "ttl", "--ttl", "1s") as nodes:
        return watched(nodes[2], lambda: expire(nodes))


def was_reset() -> float:
    with servers() as running, full_child(running) as nodes:
        return watched(nodes[2], lambda: reset(nodes))
