"""Writes what was measured into docs/performance.md, between its markers, and plots beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from . import REPOSITORY, plot
from .bars import BARS, Bar
from .figures import RECORD, load_record

PAGE = REPOSITORY / "docs" / "performance.md"
PLOTS = RECORD.parent
_MARKERS = re.compile(r"(<!-- measured: begin -->\n).*(<!-- measured: end -->)", re.DOTALL)

Parts = dict[str, Any]


def write() -> None:
    parts = load_record()
    text = "\n".join(sections(parts)) + "\n"
    page = PAGE.read_text()
    assert _MARKERS.search(page), f"{PAGE} lost its markers"
    PAGE.write_text(_MARKERS.sub(lambda match: match[1] + text + match[2], page))


def sections(parts: Parts) -> Iterator[str]:
    rows = {name: value for part in parts.values() for name, value in part["rows"].items()}
    tables = {name: table for part in parts.values() for name, table in part["tables"].items()}
    yield from bar_section(rows)
    yield from cpu_section(tables)
    yield from instruction_section(tables)
    yield from tree_section(rows, tables)
    yield from turn_section(parts)
    yield from memory_section(rows)
    yield from ratio_section(tables)
    yield from origin_section(parts)


def markdown(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A table with an empty line behind it."""
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return [*lines, ""]


def figure(value: float, unit: str = "") -> str:
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return text + unit


# Bars


def verdict(bar: Bar, value: float) -> str:
    if bar.meets(value, bar.stretch):
        return "stretch met"
    return "met" if bar.meets(value, bar.limit) else "**missed**"


def bar_section(rows: dict[str, float]) -> Iterator[str]:
    measured = [(bar, bar.worst(rows)) for bar in BARS]
    lines = []
    for bar, worst in measured:
        if worst is None:
            continue
        row, value = worst
        where = f" (`{row}`)" if len(bar.rows) > 1 else ""
        sense = "≥" if bar.is_better_higher else "≤"
        limits = [
            f"{sense} {figure(limit)}" if limit is not None else ""
            for limit in (bar.limit, bar.stretch)
        ]
        lines.append([bar.what, figure(value, bar.unit) + where, *limits, verdict(bar, value)])
    if lines:
        yield "### The bars\n"
        yield "Where a line has several figures, the worst is shown.\n"
        yield from markdown(["what", "measured", "bar", "stretch", ""], lines)


# Beside other servers


def shape_name(row: dict[str, Any]) -> str:
    size = f"{row['bytes']} B" if row["bytes"] < 1024 else "1 KiB"
    depth = f", pipelined {row['depth']}" if row["depth"] > 1 else ""
    return f"{size}, {row['connections']} connections{depth}"


_SERVERS = ["canopy /kv", "canopy /store", "floor", "nginx", "redis", "memcached"]


def cpu_section(tables: dict[str, Any]) -> Iterator[str]:
    if "cpu" not in tables:
        return
    rows = tables["cpu"] + [row | {"million": True} for row in tables.get("million", [])]
    yield "### A hit beside other servers\n"
    yield (
        "µs of the server's CPU time for one request, medians; "
        "± is the widest round's distance from one.\n"
    )
    lines = [
        [
            shape_name(row) + (", a million random keys" if "million" in row else ""),
            *(row.get(server, "") for server in _SERVERS),
            f"{100 * row['spread']:.0f} %",
        ]
        for row in rows
    ]
    yield from markdown(["", *_SERVERS, "±"], lines)
    groups = {
        shape_name(row): {server: row[server] for server in _SERVERS if server in row}
        for row in tables["cpu"]
        if row["connections"] == 64
    }
    yield save("cpu.svg", plot.bars("µs of CPU time for one request", groups))
    if "wrk" in tables:
        yield "With wrk (32 B, 64 connections, one thread):\n"
        lines = [[row["server"], f"{row['per_second']:,}", row["p99_us"]] for row in tables["wrk"]]
        yield from markdown(["", "requests/s", "p99, µs"], lines)


def save(name: str, picture: str) -> str:
    """Writes the plot and gives the line that shows it."""
    PLOTS.mkdir(parents=True, exist_ok=True)
    (PLOTS / name).write_text(picture)
    return f"![{Path(name).stem}](performance/{name})\n"


# Instructions


def instruction_section(tables: dict[str, Any]) -> Iterator[str]:
    if "instructions" not in tables:
        return
    yield "### Instructions in user space\n"
    yield "For one request, by callgrind: 32 B, a key of 16 B, 64 connections.\n"
    heads = ["case", "instructions", "allocations", "retains", "releases", "exclusivity"]
    yield from markdown(heads, [[row[head] for head in heads] for row in tables["instructions"]])
    yield "Where they are, of a hit at a child (`/kv`):\n"
    columns = {
        shape: {row["function"]: row["instructions"] for row in tables[f"functions/{shape}"]}
        for shape in ("plain", "pipelined")
    }
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    names.sort(key=lambda name: (name == "all others", -columns["plain"].get(name, 0)))
    lines = [
        [f"`{name}`" if name != "all others" else name]
        + [column.get(name, "") for column in columns.values()]
        for name in names
    ]
    yield from markdown(["function", "plain", "pipelined"], lines)


# The tree, memory, hit ratios

_TREE = [
    ("put/root/plain/cpu", "PUT at the root", " µs"),
    ("put/root/pipelined/cpu", "PUT at the root, pipelined 16", " µs"),
    ("put/hop/cpu", "PUT with one awaited hop, both nodes", " µs"),
    ("miss/cpu", "a miss over one hop, both nodes", " µs"),
    ("miss/latency", "latency of a miss over one hop, one connection", " µs"),
    ("miss/latency/hit", "latency of a hit, one connection", " µs"),
    ("push/2/root", "a write that is pushed to 2 nodes, at the root", " µs"),
    ("push/2/node", "the same, at each of the 2", " µs"),
    ("push/14/root", "a write that is pushed to 14 nodes, at the root", " µs"),
    ("push/14/node", "the same, at each of the 14", " µs"),
    ("tail/quiet", "p99.9 of hits at half of peak load", " µs"),
    ("tail/pushed", "the same with 10,000 pushes a second", " µs"),
]

_TURNS = {
    "resized": "a table grows to a million entries",
    "evicted": "large values that are read evict small ones, of a million",
    "copied": "the same without evictions",
    "evicted/writes": "large values that are written evict small ones",
    "copied/writes": "the same without evictions",
    "evicted/writes of many": "large values that 16 clients write at once evict small ones",
    "expired": "a million entries expire",
    "reset": "the root starts again with nothing",
    "machine": "no loop: the longest of many times 50 µs of work, as the machine counts it",
}

_MEMORY = [
    ("idle", "a root, idle", " MiB"),
    ("entry/canopy", "an entry of 16 B key and 32 B value, of a million", " B"),
    ("entry/memcached", "the same in memcached", " B"),
    ("entry/redis", "the same in Redis", " B"),
    ("connection", "an idle connection, of 10,000", " KiB"),
    ("churn", "the most in a churn of mixed sizes, over --memory", ""),
    ("churn/last", "the same at its end", ""),
    ("churn/counted", "what the node itself counted then, over --memory", ""),
]


def figure_table(named: Sequence[tuple[str, str, str]], rows: dict[str, float]) -> list[str]:
    lines = [[what, figure(rows[name], unit)] for name, what, unit in named if name in rows]
    return markdown(["what", "measured"], lines) if lines else []


def tree_section(rows: dict[str, float], tables: dict[str, Any]) -> Iterator[str]:
    table = figure_table(_TREE, rows)
    if not table:
        return
    yield "### The tree\n"
    yield "CPU time for one request, unless it says latency.\n"
    yield from table
    if "levels" in tables:
        yield "A write that climbs four levels, under load (256 connections), at each node:\n"
        lines = [[row["node"], figure(row["cpu_us"], " µs")] for row in tables["levels"]]
        yield from markdown(["node", "CPU time"], lines)


def turn_section(parts: Parts) -> Iterator[str]:
    rounds = {f"turn/{name}": what for name, what in _TURNS.items()}
    measured = parts.get("turns", {}).get("raw", {})
    lines = [
        [what, *(figure(of(measured[row]), " ms") for of in (median, min, max))]
        for row, what in rounds.items()
        if row in measured
    ]
    if lines:
        yield "### The longest turn of the loop\n"
        yield "Processor time; large values have 1 MiB, the cache 100 MiB.\n"
        yield from markdown(["while", "median of the tries", "least", "most"], lines)


def memory_section(rows: dict[str, float]) -> Iterator[str]:
    table = figure_table(_MEMORY, rows)
    if table:
        yield "### Resident memory\n"
        yield from table


_POLICIES = {"sieve": "SIEVE (this)", "lru": "LRU", "lfu": "LFU", "belady": "Belady's optimum"}


def ratio_section(tables: dict[str, Any]) -> Iterator[str]:
    traces = tables.get("ratios")
    if not traces:
        return
    first = traces[0]
    yield "### Hit ratios\n"
    yield (
        f"{first['requests']:,} requests; each policy holds the {first['capacity']:,} entries that "
        "the node's own cache finds\nroom for in 1 MiB, a tenth of the keys that are drawn from.\n"
    )
    lines = [
        [trace["trace"], *(f"{100 * trace[policy]:.1f} %" for policy in _POLICIES)]
        for trace in traces
    ]
    yield from markdown(["trace", *_POLICIES.values()], lines)
    zipf = [trace for trace in traces if trace["exponent"] is not None]
    series = {name: [trace[policy] for trace in zipf] for policy, name in _POLICIES.items()}
    across = [trace["exponent"] for trace in zipf]
    yield save("zipf.svg", plot.lines("Hit ratio", across, series, "Zipf exponent"))
    others = {
        trace["trace"]: {name: 100 * trace[policy] for policy, name in _POLICIES.items()}
        for trace in traces
        if trace["exponent"] is None
    }
    yield save("traces.svg", plot.bars("Hit ratio, in percent", others))


# Where the figures come from


def origin_section(parts: Parts) -> Iterator[str]:
    yield "### Measured on\n"
    origins: dict[str, list[str]] = {}
    for name, part in sorted(parts.items()):
        machine = dict(part["machine"])
        revision = machine.pop("revision", "unknown")
        text = ", ".join(f"{key} {value}" for key, value in machine.items() if value != "unknown")
        origins.setdefault(text, []).append(f"{name} ({part['when']}, {revision})")
    for machine_text, measured in origins.items():
        yield f"- {machine_text}: {', '.join(measured)}"
    yield "\nEvery round is in [figures.json](performance/figures.json)."
