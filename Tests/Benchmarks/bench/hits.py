"""Hits at a child in mode push, beside the floor and the servers that a user might take instead."""

from __future__ import annotations

import json
import re
import subprocess
from statistics import median

from harness import Node, Process

from .figures import Figures
from .rounds import Contest, Contestant, Effort, contest
from .servers import LOAD_CORE, Servers, pin, servers
from .tools import load

#: 16 bytes each, as `load` numbers keys.
KEYS = {32: "k000000000000001", 1024: "k000000000000002"}
MILLION = 1_000_000


def store_value(body_bytes: int) -> bytes:
    """A JSON value whose answer at `/store` has a body of that many bytes."""
    return json.dumps("v" * (body_bytes - len('{"value":""}'))).encode()


def prepare(root: Node, child: Node) -> None:
    """The keys that are asked for, on both nodes: raw, and under an `s` as JSON."""
    for size, key in KEYS.items():
        assert root.put(key, b"v" * size).status == 200
        stored = b'{"value":' + store_value(size) + b"}"
        assert root.store_put("s" + key[1:], stored).status == 200
        assert child.get(key).status == 200
        answer = child.store_get("s" + key[1:])
        assert len(answer.body) == size, f"{len(answer.body)} bytes instead of {size}"


def asks(process: Process, effort: Effort, *options: object) -> Contestant:
    """One round of asking the process, as `load` is told by its options."""
    window = [*effort.window, *options]
    return lambda: load(process.address[1], *window, pids=[process.pid], core=LOAD_CORE)


class Scene:
    """The servers that stand beside each other for answers of one size."""

    def __init__(self, running: Servers, child: Node, size: int, effort: Effort) -> None:
        self.child, self.size, self.effort = child, size, effort
        self.floor = running.floor(size)
        self.nginx = running.nginx(size)

    def contest(self, connections: int, depth: int, others: dict[str, Contestant]) -> Contest:
        shape = ["-c", connections, "-P", depth]
        key = KEYS[self.size]
        store = ["-t", "/store/%", "-k", "s" + key[1:]]
        return contest(
            self.effort,
            {
                "canopy /kv": asks(self.child, self.effort, *shape, "-k", key),
                "canopy /store": asks(self.child, self.effort, *shape, *store),
                "floor": asks(self.floor, self.effort, *shape),
                "nginx": asks(self.nginx, self.effort, *shape),
                **others,
            },
        )


#: Body bytes, connections, depth.
SHAPES = [(32, 64, 1), (32, 256, 1), (32, 1024, 1), (1024, 64, 1), (1024, 256, 1), (1024, 1024, 1)]
SHAPES += [(32, 64, 16)]


def measure(effort: Effort) -> Figures:
    figures = Figures()
    table = figures.tables.setdefault("cpu", [])
    with servers() as running:
        nodes = running.tree([1, 2], depth=2, cores={1: LOAD_CORE})
        prepare(nodes[1], nodes[2])
        redis, memcached = running.redis(), running.memcached()
        load(redis.address[1], "-m", "redis-set", "-k", KEYS[32], "-n", 1, "-c", 1)
        load(memcached.address[1], "-m", "memcached-set", "-k", KEYS[32], "-n", 1, "-c", 1)
        scenes = {size: Scene(running, nodes[2], size, effort) for size in KEYS}
        for size, connections, depth in SHAPES:
            others = {}
            if size == 32 and connections == 64:
                shape = ["-c", connections, "-P", depth, "-k", KEYS[32]]
                others["redis"] = asks(redis, effort, "-m", "redis-get", *shape)
                others["memcached"] = asks(memcached, effort, "-m", "memcached-get", *shape)
            result = scenes[size].contest(connections, depth, others)
            add(figures, result, size, connections, depth)
            table.append(row(result, size, connections, depth))
        figures.raw["wrk"] = wrk_rounds(effort, nodes[2], scenes[32])
    figures.tables["wrk"] = wrk_table(figures.raw["wrk"])
    return figures


def row(result: Contest, size: int, connections: int, depth: int) -> dict[str, object]:
    costs = {name: round(result.cpu_us(name), 3) for name in result.runs}
    spread = round(max(result.spread(name) for name in result.runs), 3)
    return {"bytes": size, "connections": connections, "depth": depth, "spread": spread, **costs}


def add(figures: Figures, result: Contest, size: int, connections: int, depth: int) -> None:
    """Our ratios to every other, by names that `bars.py` knows."""
    shape = f"{size}/{connections}" + ("/pipelined" if depth > 1 else "")
    figures.raw[shape] = result.raw()
    for api in ("kv", "store"):
        for other in result.runs:
            if not other.startswith("canopy"):
                ratio = result.ratio(f"canopy /{api}", other)
                figures.rows[f"hit/{api}/{shape}/{other}"] = ratio


def measure_million(effort: Effort) -> Figures:
    """A million random keys, 16 at a time, in a child and in Redis."""
    figures = Figures()
    with servers() as running:
        nodes = running.tree([1, 2], "--memory", "1GiB", depth=2, cores={1: LOAD_CORE})
        redis = running.redis()
        fill = ["-K", MILLION, "-S", "-n", MILLION, "-c", 16, "-P", 16]
        load(nodes[1].address[1], "-m", "put", *fill)
        load(nodes[2].address[1], "-m", "get", *fill)
        load(redis.address[1], "-m", "redis-set", *fill)
        shape = ["-c", 64, "-P", 16, "-K", MILLION]
        result = contest(
            effort,
            {
                "canopy /kv": asks(nodes[2], effort, *shape),
                "redis": asks(redis, effort, "-m", "redis-get", *shape),
            },
        )
    figures.rows["million/redis"] = result.ratio("canopy /kv", "redis")
    figures.tables["million"] = [row(result, 32, 64, 16)]
    figures.raw["million"] = result.raw()
    return figures


# wrk, which users will take: how many requests a second it gets, and its latencies.


def wrk_rounds(effort: Effort, child: Node, scene: Scene) -> dict[str, list[dict[str, float]]]:
    targets = {"canopy /kv": child, "floor": scene.floor, "nginx": scene.nginx}
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in targets}
    for _ in range(effort.rounds):
        for name, process in targets.items():
            rounds[name].append(wrk(process, effort.seconds))
    return rounds


def wrk(process: Process, seconds: float) -> dict[str, float]:
    duration = f"{max(1, round(seconds))}s"
    url = f"http://{process.authority}/kv/{KEYS[32]}"
    command = [*pin(LOAD_CORE), "wrk", "-t1", "-c64", "--latency", f"-d{duration}", url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    units = {"us": 1.0, "ms": 1e3, "s": 1e6}
    latency = re.search(r"99%\s+([\d.]+)(us|ms|s)", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert latency is not None and rate is not None, output
    assert "Non-2xx" not in output, output
    return {"per_second": float(rate[1]), "p99_us": float(latency[1]) * units[latency[2]]}


def wrk_table(rounds: dict[str, list[dict[str, float]]]) -> list[dict[str, object]]:
    return [
        {
            "server": name,
            "per_second": round(median(one["per_second"] for one in runs)),
            "p99_us": round(median(one["p99_us"] for one in runs), 1),
        }
        for name, runs in rounds.items()
    ]
