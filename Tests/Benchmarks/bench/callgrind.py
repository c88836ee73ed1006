"""Counts a process's instructions and calls in user space with valgrind's callgrind."""

from __future__ import annotations

import re
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Profile:
    """What ran between two dumps: instructions of each function itself, and calls of it."""

    total: float = 0
    #: From the dump before to this one.
    seconds: float = 0
    own: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    def without(self, idle: Profile) -> Profile:
        """The same without what an idle process does in as long a time: timers, heartbeats. It is
        little, but on a busy machine a run may take ten times as long as another."""
        part = self.seconds / idle.seconds
        return Profile(
            self.total - part * idle.total,
            self.seconds,
            _less(self.own, part, idle.own),
            _less(self.calls, part, idle.calls),
        )

    def per_request(self, fewer: Profile, requests: int) -> PerRequest:
        """What one request costs: the difference to a run of `requests` fewer, so that neither
        connecting nor anything else that happens once is in it."""
        return PerRequest(
            (self.total - fewer.total) / requests,
            _scaled(_less(self.own, 1, fewer.own), 1 / requests),
            _scaled(_less(self.calls, 1, fewer.calls), 1 / requests),
        )


def _less(counts: Counter[str], part: float, others: Counter[str]) -> Counter[str]:
    names = counts.keys() | others.keys()
    return Counter({name: counts[name] - part * others[name] for name in names})


def _scaled(counts: Counter[str], factor: float) -> dict[str, float]:
    return {name: factor * count for name, count in counts.items()}


@dataclass(frozen=True)
class PerRequest:
    instructions: float
    own: dict[str, float]
    calls: dict[str, float]

    def calls_of(self, pattern: str) -> float:
        """Calls of functions whose whole name the pattern matches."""
        return sum(count for name, count in self.calls.items() if re.fullmatch(pattern, name))


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
        self.last_dump = time.monotonic()

    @property
    def prefix(self) -> Sequence[str]:
        return ["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={self.file}"]

    def dump(self, pid: int) -> Profile:
        """What the process has done since the last dump."""
        command = ["vgdb", f"--pid={pid}", "dump"]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        self.dumps += 1
        profile = parse(Path(f"{self.file}.{self.dumps}"))
        now = time.monotonic()
        profile.seconds, self.last_dump = now - self.last_dump, now
        return profile
