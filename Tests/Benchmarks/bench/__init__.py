"""Measures Canopy beside the servers that a user might take instead: `make bench`, `make ratchet`.

Nodes are started by the same harness as the tests of real processes.
"""

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
REPOSITORY = BENCHMARKS.parents[1]

sys.path.insert(0, str(BENCHMARKS.parent / "ClusterTests"))
