"""Interleaved rounds: every contestant once, then every one again, so that what the machine does
meanwhile falls on all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from .tools import Run

Contestant = Callable[[], Run]


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int
    seconds: float
    warm_seconds: float
    is_quick: bool

    @property
    def window(self) -> list[object]:
        """The options of `load` for one round of one contestant."""
        return ["-w", self.warm_seconds, "-d", self.seconds]


FULL = Effort(rounds=7, seconds=1.5, warm_seconds=0.3, is_quick=False)
QUICK = Effort(rounds=3, seconds=0.4, warm_seconds=0.1, is_quick=True)


@dataclass(frozen=True)
class Contest:
    """The runs of each contestant, round by round."""

    runs: dict[str, list[Run]]

    def cpu_us(self, name: str) -> float:
        """CPU time of the server for one request: the median of the rounds."""
        return median(run.cpu_us for run in self.runs[name])

    def ratio(self, name: str, other: str) -> float:
        """The median of the rounds' own ratios."""
        pairs = zip(self.runs[name], self.runs[other], strict=True)
        return median(mine.cpu_us / its.cpu_us for mine, its in pairs)

    def spread(self, name: str) -> float:
        """The widest round's distance from the median, as a part of it: the noise."""
        middle = self.cpu_us(name)
        return max(abs(run.cpu_us - middle) for run in self.runs[name]) / middle

    def raw(self) -> dict[str, list[dict[str, float]]]:
        """What the record keeps of each round."""
        return {name: [_raw(run) for run in runs] for name, runs in self.runs.items()}


def _raw(run: Run) -> dict[str, float]:
    return {
        "cpu_us": round(run.cpu_us, 4),
        "per_second": run.per_second,
        "p50_us": run.p50_us,
        "p99_us": run.p99_us,
        "client_us": run.client_us,
    }


def contest(effort: Effort, contestants: Mapping[str, Contestant]) -> Contest:
    runs: dict[str, list[Run]] = {name: [] for name in contestants}
    for _ in range(effort.rounds):
        for name, run in contestants.items():
            runs[name].append(run())
    return Contest(runs)
