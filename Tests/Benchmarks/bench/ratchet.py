"""`make test` fails when a hit or a write takes 3 % more instructions than `ratchet.json` has.

    python -m bench.ratchet           compares
    python -m bench.ratchet --renew   records what is so now (`make ratchet`)

Instructions repeat to one percent on any machine, busy or not, but they belong to a compiler, a
C library and a libuv. Where those are others than recorded, the comparison is shown and nothing
fails.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from . import BENCHMARKS
from .instructions import HITS, WRITES, counted_tree
from .machine import code_versions

RECORD = BENCHMARKS / "ratchet.json"
TOLERANCE = 0.03
REQUESTS = 8_000


def measure() -> dict[str, int]:
    """Instructions per hit of `/kv`, at the root and at a child, and per PUT at the root, plain and
    pipelined."""
    cases = [case for case in HITS if case.api == "kv"] + WRITES
    with counted_tree() as tree:
        return {
            case.name: round(tree.measure(case, requests=REQUESTS).instructions) for case in cases
        }


def renew() -> int:
    record = {"versions": code_versions(), "instructions": measure()}
    RECORD.write_text(json.dumps(record, indent=2) + "\n")
    print(f"recorded in {RECORD.name}: {record['instructions']}")
    return 0


def compare(recorded: dict[str, int], measured: dict[str, int]) -> list[str]:
    """What became dearer than the tolerance, in words; prints every figure."""
    dearer = []
    for name, before in recorded.items():
        now = measured[name]
        change = now / before - 1
        print(f"  {name:24}{now:6} instructions, {change:+.1%} of the recorded {before}")
        if change > TOLERANCE:
            dearer.append(f"{name}: {now} instructions instead of {before} ({change:+.1%})")
    return dearer


def check() -> int:
    record = json.loads(RECORD.read_text())
    versions = code_versions()
    others = {
        name: f"{versions[name]}, not {recorded}"
        for name, recorded in record["versions"].items()
        if versions[name] != recorded
    }
    measured = measure()
    dearer = compare(record["instructions"], measured)
    if dearer:
        print("  once more, since other work on the machine can add some; the less counts")
        again = measure()
        measured = {name: min(count, again[name]) for name, count in measured.items()}
        dearer = compare(record["instructions"], measured)
    if not dearer:
        recorded = record["instructions"].items()
        if all(measured[name] < (1 - TOLERANCE) * figure for name, figure in recorded):
            print("  cheaper: `make ratchet` records it, so that it stays so")
        return 0
    print("dearer than recorded:\n  " + "\n  ".join(dearer))
    if others:
        print(f"  recorded elsewhere, so this is no failure: {others}")
        return 0
    print(
        "  where: (cd Tests/Benchmarks && python3 -m bench.instructions --functions)\n"
        "  if it is worth its price: `make ratchet`, and say why in the commit"
    )
    return 1


def main(arguments: Sequence[str]) -> int:
    return renew() if "--renew" in arguments else check()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
