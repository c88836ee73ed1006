"""User-space instructions and calls of a hit and of a write: `python -m bench.instructions [--functions]`."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import Node, eventually, free_ports

from .callgrind import Callgrind, PerRequest, Profile
from .tools import load

#: Calls that a hit shall not make, by the pattern of their names.
ALLOCATIONS = r"malloc|calloc|realloc|posix_memalign|aligned_alloc|swift_allocObject"
RETAINS = r"swift_(bridgeObject|unknownObject|nonatomic_)?[rR]etain(_n)?"
RELEASES = r"swift_(bridgeObject|unknownObject|nonatomic_)?[rR]elease(_n)?"
EXCLUSIVITY = r"swift_beginAccess|swift_endAccess"


@dataclass(frozen=True)
class Case:
    """Requests of one kind to one node, whose instructions are counted; or to the leaf below it."""

    node: str  # "root" or "child"
    api: str  # "kv" or "store"
    depth: int  # requests in one write
    kind: str = "get"
    asks_leaf: bool = False

    @property
    def name(self) -> str:
        shape = "plain" if self.depth == 1 else "pipelined"
        return f"{self.kind} /{self.api} {self.node} {'behind leaf' if self.asks_leaf else shape}"


HITS = [
    Case(node, api, depth)
    for node in ("root", "child")
    for api in ("kv", "store")
    for depth in (1, 16)
]
WRITES = [Case("root", "kv", depth, "put") for depth in (1, 16)]
#: What a write of the leaf costs the nodes above it: a hop, in and up and back down.
HOPS = [Case(node, "kv", 1, "put", asks_leaf=True) for node in ("child", "root")]

#: Some of the things that a node does come once a second.
IDLE_SECONDS = 2.0
#: 16 bytes, as `load` numbers keys.
KEY = "k000000000000000"
VALUE = "v" * 32
#: Writes go round among so many, the first of them KEY.
KEYS = 1000


class CountedTree:
    """A root and a child in mode push, both under callgrind, with one key on both; and a leaf below
    them, which is not counted, once it is asked for."""

    def __init__(self, folder: Path) -> None:
        base = free_ports(4)
        root = ("127.0.0.1", base + 1)
        self.counters: dict[str, Callgrind] = {}
        self.nodes: dict[str, Node] = {}
        for number, name in enumerate(("root", "child"), 1):
            counter = Callgrind(folder, name)
            self.counters[name] = counter
            self.nodes[name] = Node(
                f"NODE-{number}",
                ("127.0.0.1", base + number),
                folder,
                None if name == "root" else root,
                3,
                ["--log-level", "error"],
                prefix=counter.prefix,
            )
        self.leaf = Node(
            "NODE-4", ("127.0.0.1", base + 4), folder, root, 3, ["--log-level", "error"]
        )

    def start(self) -> None:
        for node in self.nodes.values():
            self.start_node(node)
        assert self.nodes["root"].put(KEY, VALUE).status == 200
        assert self.nodes["child"].get(KEY).status == 200
        self.idle = self.measure_idle()

    @staticmethod
    def start_node(node: Node) -> None:
        node.start()
        eventually(node.is_ready_or_dead, f"{node.name} is ready", 60)
        assert node.is_running(), node.log()

    def start_leaf(self) -> None:
        """Below the child, as the root's other place is taken."""
        other = {"name": "NODE-3", "address": "127.0.0.1", "port": self.leaf.address[1] - 1}
        added = self.nodes["root"].ask("POST", "/nodes", json.dumps(other).encode())
        assert added.status in (200, 201), str(added)
        self.start_node(self.leaf)
        self.idle = self.measure_idle()

    def measure_idle(self) -> dict[str, Profile]:
        """What each node does by itself."""
        for name, node in self.nodes.items():
            self.counters[name].dump(node.pid)
        time.sleep(IDLE_SECONDS)
        return {name: self.counters[name].dump(node.pid) for name, node in self.nodes.items()}

    def stop(self) -> None:
        for node in (self.leaf, *reversed(self.nodes.values())):
            if node.is_running():
                node.stop()

    def measure(self, case: Case, connections: int = 64, requests: int = 16_000) -> PerRequest:
        """`requests` more or fewer make the difference; some come before, as a warm-up."""
        node, counter = self.nodes[case.node], self.counters[case.node]
        few = max(requests // 10, connections * case.depth * 2)
        options = ["-m", case.kind, "-t", f"/{case.api}/%", "-k", KEY, "-c", connections]
        options += ["-P", case.depth]
        if case.kind == "put":
            options += ["-K", KEYS]
        counts = (few, few, few + requests)  # the first is a warm-up
        if case.asks_leaf and not self.leaf.is_running():
            self.start_leaf()
        asked_node = self.leaf if case.asks_leaf else node
        idle = self.idle[case.node]
        profiles, asked = [], []
        for count in counts:
            run = load(asked_node.address[1], *options, "-n", count)
            if case.asks_leaf:
                # All commits before this one's have come down as well.
                assert self.leaf.ask("PUT", f"/kv/{KEY}?ack=root", VALUE.encode()).status == 200
            profiles.append(counter.dump(node.pid).without(idle))
            asked.append(run.requests)
        return profiles[2].per_request(profiles[1], asked[2] - asked[1])


@contextmanager
def counted_tree() -> Iterator[CountedTree]:
    with tempfile.TemporaryDirectory() as folder:
        tree = CountedTree(Path(folder))
        try:
            tree.start()
            yield tree
        finally:
            tree.stop()


def describe(case: Case, cost: PerRequest) -> str:
    calls = [cost.calls_of(kind) for kind in (ALLOCATIONS, RETAINS, RELEASES, EXCLUSIVITY)]
    return f"{case.name:30}{cost.instructions:9.0f}" + "".join(f"{count:12.2f}" for count in calls)


def functions(cost: PerRequest, least: float = 3) -> str:
    """Where the instructions are, the dearest function first."""
    rows = sorted(cost.own.items(), key=lambda row: -row[1])
    return "\n".join(f"    {count:7.1f}  {name}" for name, count in rows if count >= least)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.instructions", description=__doc__)
    parser.add_argument("--functions", action="store_true", help="say in which functions")
    parser.add_argument("--only", default="", help="only cases whose name has this in it")
    parser.add_argument("--connections", type=int, default=64)
    chosen = parser.parse_args(arguments)
    heads = ("allocations", "retains", "releases", "exclusivity")
    print(f"{'':30}{'instrs':>9}" + "".join(f"{head:>12}" for head in heads))
    with counted_tree() as tree:
        for case in HITS + WRITES + HOPS:
            if chosen.only in case.name:
                cost = tree.measure(case, chosen.connections)
                print(describe(case, cost), flush=True)
                if chosen.functions:
                    print(functions(cost))


if __name__ == "__main__":
    main()
