"""What `make bench` shall show: a bar for each figure that has one, and where it could get to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """The worst of `rows` is measured against `limit` and `stretch`."""

    what: str
    rows: Sequence[str]
    limit: float
    stretch: float | None = None
    unit: str = ""
    is_better_higher: bool = False

    def worst(self, measured: Mapping[str, float]) -> tuple[str, float] | None:
        """The row that is farthest from the bar, and its figure; none if one wasn't measured."""
        if any(row not in measured for row in self.rows):
            return None
        pick = min if self.is_better_higher else max
        row = pick(self.rows, key=lambda row: measured[row])
        return row, measured[row]

    def meets(self, figure: float, limit: float | None) -> bool:
        if limit is None:
            return False
        return figure >= limit if self.is_better_higher else figure <= limit


def _hits(other: str, shapes: Sequence[str]) -> list[str]:
    return [f"hit/{api}/{shape}/{other}" for api in ("kv", "store") for shape in shapes]


_FOUR = ["32/64", "32/256", "1024/64", "1024/256"]
_FLOOR = (1.15, 1.05)
_TURNS = [f"turn/{what}" for what in ("evicted", "evicted/writes", "expired", "reset", "resized")]


def _child(kind: str, shape: str) -> list[str]:
    return [f"{kind}/child/{api}/{shape}" for api in ("kv", "store")]


BARS = [
    Bar("a hit against the floor: 32 B, 1 KiB; 64, 256 connections", _hits("floor", _FOUR), *_FLOOR),
    Bar("against nginx, 64 connections", _hits("nginx", ["32/64", "1024/64"]), 0.92, 0.85),
    Bar("against nginx, 1024 connections", _hits("nginx", ["32/1024", "1024/1024"]), 0.87, 0.78),
    Bar("against Redis GET, 64 connections", _hits("redis", ["32/64"]), 1.0),
    Bar("against memcached get, 64 connections", _hits("memcached", ["32/64"]), 1.0),
    Bar("pipelined 16, against the floor", _hits("floor", ["32/64/pipelined"]), 1.35, 1.1),
    Bar("pipelined 16, against nginx", _hits("nginx", ["32/64/pipelined"]), 0.10, 0.075),
    Bar("a million random keys, pipelined 16, against Redis", ["million/redis"], 0.55, 0.38),
    Bar("instructions of a hit", _child("instructions", "plain"), 900, 700),
    Bar("instructions of a hit, pipelined 16", _child("instructions", "pipelined"), 600, 400),
    Bar(
        "allocations, retains and exclusivity calls of a hit",
        _child("calls", "plain") + _child("calls", "pipelined"),
        0,
    ),
    Bar("system calls of a hit", ["syscalls/plain"], 2.05),
    Bar("system calls of a hit, pipelined 16", ["syscalls/pipelined"], 0.13),
    Bar("PUT at the root, 32 B, against the floor", ["put/root/plain/floor"], 1.3, 1.05),
    Bar("PUT at the root, pipelined 16, against the floor", ["put/root/pipelined/floor"], 1.5, 1.0),
    Bar("PUT with one awaited hop, both nodes, against the floor", ["put/hop/floor"], 3, 2.2),
    Bar(
        "a background hop of a write, the dearer node",
        ["put/background/middle", "put/background/root"],
        1.5,
        0.7,
        " µs",
    ),
    Bar("a miss over one hop, both nodes, against the floor", ["miss/floor"], 3, 2.2),
    Bar("resident memory per entry, of a million", ["entry/canopy"], 112, 96, " B"),
    Bar("resident memory, idle", ["idle"], 9, 5, " MiB"),
    Bar("from start to ready, a root", ["start"], 15, 3, " ms"),
    Bar("resident memory per idle connection, of 10,000", ["connection"], 1.5, 0.7, " KiB"),
    Bar("p99.9 of hits with 10,000 pushes a second, over that without", ["tail"], 3, 1.5),
    Bar("resident memory in a churn of mixed sizes, over --memory", ["churn"], 1.1),
    Bar("hit ratio over LRU's, least on Zipf", ["ratio/zipf"], 0.01, None, " points", True),
    Bar("hit ratio over LRU's, on scans", ["ratio/scans"], 0, None, " points", True),
    Bar("the longest turn: a million evicted, expired, reset, resized", _TURNS, 5, 1, " ms"),
]
