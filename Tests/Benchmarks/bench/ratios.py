"""Hit ratios: the node's own cache beside other policies, by the program in `HitRatio`."""

from __future__ import annotations

import json
import subprocess

from . import BENCHMARKS, REPOSITORY
from .figures import Figures
from .rounds import Effort

SCRATCH = REPOSITORY / ".build-hitratio"


def measure(effort: Effort) -> Figures:
    build = ["swift", "build", "-c", "release", "--scratch-path", SCRATCH]
    subprocess.run(build, cwd=BENCHMARKS / "HitRatio", check=True, capture_output=True)
    requests = 300_000 if effort.is_quick else 2_000_000
    command = [SCRATCH / "release" / "hitratio", str(requests)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    traces = [json.loads(line) for line in output.splitlines()]
    figures = Figures(tables={"ratios": traces})
    zipf = [trace for trace in traces if trace["exponent"] is not None]
    # The smallest lead over LRU, in points of a hundred.
    figures.rows["ratio/zipf"] = min(100 * (trace["sieve"] - trace["lru"]) for trace in zipf)
    scans = next(trace for trace in traces if "scans" in trace["trace"])
    figures.rows["ratio/scans"] = 100 * (scans["sieve"] - scans["lru"])
    return figures
