"""make bench: measures, records, and writes docs/performance.md.

    python -m bench [--quick] [--anyway] [PART...]

Parts whose figures are times need a quiet machine with two cores; on a busy one they are left out
(`--anyway` measures them, and records nothing). `--quick` is short, shows its figures, and records
nothing either. What was recorded before stays until its part is measured again.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import calls, hits, memory, ratios, report, starts, tree, turns, writes
from .bars import BARS
from .figures import Figures, record
from .machine import busy_part
from .rounds import FULL, QUICK, Effort

#: More than this part of the processors in others' use, and times mean nothing.
BUSY_MAX = 0.1
#: A busy machine may become quiet meanwhile; so long is waited for it.
QUIET_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Part:
    measure: Callable[[Effort], Figures]
    #: Whether its figures are times, which other work on the machine spoils.
    is_timed: bool


PARTS = {
    "instructions": Part(calls.measure_instructions, is_timed=False),
    "ratios": Part(ratios.measure, is_timed=False),
    "memory": Part(memory.measure, is_timed=False),
    "start": Part(starts.measure, is_timed=True),
    "system-calls": Part(calls.measure_system_calls, is_timed=True),
    "hits": Part(hits.measure, is_timed=True),
    "million": Part(hits.measure_million, is_timed=True),
    "writes": Part(writes.measure, is_timed=True),
    "misses": Part(tree.measure_misses, is_timed=True),
    "pushes": Part(tree.measure_pushes, is_timed=True),
    "tail": Part(tree.measure_tail, is_timed=True),
    "turns": Part(turns.measure, is_timed=True),
    "churn": Part(memory.measure_churn, is_timed=False),
}


def is_quiet() -> bool:
    deadline = time.monotonic() + QUIET_PATIENCE_SECONDS
    while (busy := busy_part()) > BUSY_MAX:
        if time.monotonic() > deadline:
            print(f"  {busy:.0%} of the processors are in others' use: left out", flush=True)
            return False
    return True


def show(figures: Figures) -> None:
    limits = {row: bar for bar in BARS for row in bar.rows}
    for row, value in figures.rows.items():
        bar = limits.get(row)
        against = "" if bar is None else f"   bar {bar.limit:g}: {report.verdict(bar, value)}"
        print(f"  {row:36}{value:12.4g}{against}", flush=True)


def run(names: Sequence[str], effort: Effort, is_anyway: bool) -> None:
    for name in names:
        part = PARTS[name]
        print(f"== {name}", flush=True)
        is_sound = not effort.is_quick
        if part.is_timed and is_sound:
            is_sound = is_quiet()
            if not is_sound and not is_anyway:
                continue
        started = time.monotonic()
        figures = part.measure(effort)
        show(figures)
        print(f"  in {time.monotonic() - started:.0f} s", flush=True)
        if is_sound:
            record(name, figures)
            report.write()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a short version; records nothing")
    parser.add_argument("--anyway", action="store_true", help="times too, on a busy machine")
    parser.add_argument("--report", action="store_true", help="only write the page anew")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.parts if name not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}")
    if chosen.report:
        report.write()
        return 0
    if len(os.sched_getaffinity(0)) < 2:
        print("two cores are needed: one for the server, one for what asks it", file=sys.stderr)
        return 1
    run(chosen.parts or list(PARTS), QUICK if chosen.quick else FULL, chosen.anyway)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
