"""Real nodes under load while they are killed, stopped, restarted, cut off and slowed down.

A short run; `make chaos` makes a long one. A failed run names its seed: `python -m chaos --seed N`
does the same to the nodes again.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from chaos import network

#: Each kind of fault once.
CYCLES = 6


@pytest.mark.alone
@pytest.mark.timeout(240)
@pytest.mark.usefixtures("binaries")
def test_every_promise_holds_through_six_faults(tmp_path: Path) -> None:
    reason = network.missing()
    if reason:
        pytest.skip(reason)
    seed = os.environ.get("CHAOS_SEED") or str(random.randrange(1 << 32))
    command = [sys.executable, "-m", "chaos", "--cycles", str(CYCLES), "--seed", seed]
    run = subprocess.run(
        [*command, "--logs", str(tmp_path)],
        cwd=Path(__file__).parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"{' '.join(command[1:])}\n{run.stdout[-8000:]}"
