"""Counts a process's instructions and calls in user space with valgrind's callgrind."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Profile:
    """What ran between two dumps: instructions of each function itself, and calls of it."""

    total: int = 0
    own: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    def per_request(self, fewer: Profile, requests: int) -> PerRequest:
        """What one request costs: the difference to a run of `requests` fewer, so that neither
        connecting nor anything else that happens once is in it."""
        return PerRequest(
            (self.total - fewer.total) / requests,
            _differences(self.own, fewer.own, requests),
            _differences(self.calls, fewer.calls, requests),
        )


@dataclass(frozen=True)
class PerRequest:
    instructions: float
    own: dict[str, float]
    calls: dict[str, float]

    def calls_of(self, pattern: str) -> float:
        """Calls of functions whose whole name the pattern matches."""
        return sum(count for name, count in self.calls.items() if re.fullmatch(pattern, name))


def _differences(more: Counter[str], fewer: Counter[str], requests: int) -> dict[str, float]:
    names = more.keys() | fewer.keys()
    return {name: (more[name] - fewer[name]) / requests for name in names}


#: Name compression: `fn=(12) name` the first time, `fn=(12)` from then on.
_NAME = re.compile(r"\((\d+)\)(?: (.*))?")


def parse(path: Path) -> Profile:
    """Reads a dump (the format is in Valgrind's manual, "Callgrind Format Specification")."""
    profile = Profile()
    names: dict[str, str] = {}
    function = called = ""
    is_inclusive = False  # the line after `calls=` has what the call cost, its callees included

    def name_of(text: str) -> str:
        match = _NAME.fullmatch(text)
        if match is None:
            return text
        if match[2] is not None:
            names[match[1]] = match[2]
        return names[match[1]]

    for line in path.read_text().splitlines():
        if line.startswith("fn="):
            function = name_of(line[3:])
        elif line.startswith("cfn="):
            called = name_of(line[4:])
        elif line.startswith("calls="):
            profile.calls[called] += int(line[6:].split()[0])
            is_inclusive = True
        elif line.startswith("summary:"):
            profile.total += int(line.split()[1])
        elif line and line[0] in "0123456789+-*":
            if not is_inclusive:
                profile.own[function] += int(line.split()[1])
            is_inclusive = False
    return profile


class Callgrind:
    """One process under callgrind: `prefix` goes before its command."""

    def __init__(self, folder: Path, name: str) -> None:
        self.file = folder / f"callgrind.{name}"
        self.dumps = 0

    @property
    def prefix(self) -> Sequence[str]:
        return ["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={self.file}"]

    def dump(self, pid: int) -> Profile:
        """What the process has done since the last dump."""
        command = ["vgdb", f"--pid={pid}", "dump"]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        self.dumps += 1
        return parse(Path(f"{self.file}.{self.dumps}"))
