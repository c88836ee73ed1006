"""What a hit takes of the processor and the kernel that can be counted: instructions, calls that
allocate or count references, system calls."""

from __future__ import annotations

import re
import subprocess
from collections import Counter

from harness import Node

from .callgrind import PerRequest
from .figures import Figures
from .hits import KEYS, prepare
from .instructions import (
    ALLOCATIONS,
    EXCLUSIVITY,
    HITS,
    RELEASES,
    RETAINS,
    WRITES,
    Case,
    counted_tree,
)
from .rounds import Effort
from .servers import LOAD_CORE, pin, servers
from .tools import load_command, parsed

#: The cases whose instructions are shown by function.
EXPLAINED = {"get /kv child plain", "get /kv child pipelined"}


def measure_instructions(effort: Effort) -> Figures:
    figures = Figures()
    table = figures.tables.setdefault("instructions", [])
    with counted_tree() as tree:
        for case in HITS + WRITES:
            cost = tree.measure(case, requests=8_000 if effort.is_quick else 24_000)
            table.append(row(case, cost))
            add(figures, case, cost)
            if case.name in EXPLAINED:
                shape = "plain" if case.depth == 1 else "pipelined"
                figures.tables[f"functions/{shape}"] = functions(cost)
    return figures


def row(case: Case, cost: PerRequest) -> dict[str, object]:
    return {
        "case": case.name,
        "instructions": round(cost.instructions),
        "allocations": round(cost.calls_of(ALLOCATIONS), 2),
        "retains": round(cost.calls_of(RETAINS), 2),
        "releases": round(cost.calls_of(RELEASES), 2),
        "exclusivity": round(cost.calls_of(EXCLUSIVITY), 2),
    }


def add(figures: Figures, case: Case, cost: PerRequest) -> None:
    if case.kind != "get":
        return
    shape = "plain" if case.depth == 1 else "pipelined"
    name = f"{case.node}/{case.api}/{shape}"
    figures.rows[f"instructions/{name}"] = cost.instructions
    if case.node == "child":
        kinds = "|".join((ALLOCATIONS, RETAINS, EXCLUSIVITY))
        # Whole calls: those of the timers, which come with the time that the run takes, add some
        # hundredths to a hit.
        figures.rows[f"calls/{name}"] = round(cost.calls_of(kinds))


def functions(cost: PerRequest, least: float = 5) -> list[dict[str, object]]:
    """Where the instructions are: the dearest functions, then all others together."""
    dearest = [(name, own) for name, own in cost.own.items() if own >= least]
    dearest.sort(key=lambda pair: -pair[1])
    names = demangled([name for name, _ in dearest])
    sums: Counter[str] = Counter()
    for name, (_, own) in zip(names, dearest, strict=True):
        sums[name] += own
    sums["all others"] = cost.instructions - sums.total()
    return [
        {"function": name, "instructions": round(count)} for name, count in sums.most_common()
    ]


def demangled(names: list[str]) -> list[str]:
    """Swift's names as people write them, without modules and types."""
    command = ["swift", "demangle", "--compact", "--simplified"]
    try:
        done = subprocess.run(
            command, input="\n".join(names), capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return names
    return [shortened(line) for line in done.stdout.splitlines()]


def shortened(name: str) -> str:
    # "specialized static A.b(c:d:)", "closure #1 (B) in A.b", "protocol witness for A.b in …"
    name = re.sub(r"^(specialized |static |protocol witness for )+", "", name)
    name = re.sub(r" in (conformance|protocol witness) .*", "", name)
    name = re.sub(r"(\w\()[^()]*\)", r"\1)", name)
    return "(in libuv or libc)" if name.startswith("0x") else name




def measure_system_calls(effort: Effort) -> Figures:
    """Counted by the kernel (perf's raw_syscalls:sys_enter) while the child answers at full load:
    a tracer that stopped the process at every call would make the batches larger than they are."""
    figures = Figures()
    with servers() as running:
        nodes = running.tree([1, 2], depth=2, cores={1: LOAD_CORE})
        prepare(nodes[1], nodes[2])
        for name, depth in (("plain", 1), ("pipelined", 16)):
            figures.rows[f"syscalls/{name}"] = count(nodes[2], depth, effort)
    return figures


def count(child: Node, depth: int, effort: Effort) -> float:
    options = ["-c", 64, "-P", depth, "-k", KEYS[32], "-d", effort.seconds]
    asking = [*pin(LOAD_CORE), *load_command(child.address[1], *options)]
    perf = ["perf", "stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "-p", str(child.pid)]
    done = subprocess.run([*perf, "--", *asking], capture_output=True, text=True, check=True)
    counted = re.search(r"^(\d+),", done.stderr, re.MULTILINE)
    assert counted is not None, done.stderr
    return int(counted[1]) / parsed(done.stdout).requests
