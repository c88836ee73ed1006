"""The project's own C programs: `load`, which asks, `floor`, the cheapest server, and `turns`, which
measures a loop from inside."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import BENCHMARKS, REPOSITORY

BUILT = REPOSITORY / ".build-benchmarks"


def program(name: str) -> Path:
    """The program, built anew if any source is newer."""
    return _built(name, name, [])


def library(name: str) -> Path:
    """The same for what is loaded into another's process."""
    return _built(name, f"{name}.so", ["-shared", "-fPIC"])


def _built(name: str, target: str, options: Sequence[str]) -> Path:
    source, built = BENCHMARKS / "load" / f"{name}.c", BUILT / target
    newest = max(file.stat().st_mtime for file in source.parent.iterdir())
    if not built.exists() or built.stat().st_mtime < newest:
        BUILT.mkdir(exist_ok=True)
        command = ["gcc", "-O3", "-march=native", "-Wall", "-Wextra", *options]
        subprocess.run([*command, "-o", built, source], check=True)
    return built


@dataclass(frozen=True)
class Run:
    """What `load` reports of its measured window."""

    requests: int
    seconds: float
    per_second: float
    p50_us: float
    p99_us: float
    p999_us: float
    max_us: float
    client_us: float
    server_us: list[float]

    @property
    def cpu_us(self) -> float:
        """CPU time of all the measured servers together, for one request."""
        return sum(self.server_us)


def load_command(port: int, *options: object, pids: Sequence[int] = ()) -> list[str]:
    """`options` are those of `load`, which `load -h` lists."""
    command = [str(program("load")), "-p", str(port), *map(str, options)]
    return command + (["-s", ",".join(map(str, pids))] if pids else [])


def parsed(output: str) -> Run:
    report = json.loads(output)
    return Run(**{name: report[name] for name in Run.__dataclass_fields__})


def load(
    port: int, *options: object, pids: Sequence[int] = (), core: int | None = None
) -> Run:
    """Asks the server at `port` from `core`, and waits until that is done."""
    command = load_command(port, *options, pids=pids)
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return parsed(done.stdout)
