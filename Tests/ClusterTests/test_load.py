"""A few seconds of load from wrk on a warm key: nothing fails and memory stays flat."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from harness import Cluster, Process, eventually

pytestmark = pytest.mark.alone

MEMORY_GROWTH_MAX = 1.10


def wrk(node: Process, target: str, connections: int, seconds: int) -> str:
    command = shutil.which("wrk")
    assert command, "wrk is not there: apt-get install wrk"
    url = f"http://{node.authority}{target}"
    arguments = ["-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", url]
    result = subprocess.run([command, *arguments], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    print(result.stdout)
    return result.stdout


def test_a_warm_key_at_a_leaf_bears_load_without_errors_and_with_flat_memory(
    seven: Cluster,
) -> None:
    leaf = seven.leaf
    assert seven.root.put("warm", "value").status == 200
    assert leaf.get("warm").status == 200
    wrk(leaf, "/kv/warm", 64, 1)
    descriptors, resident = leaf.descriptors(), leaf.resident_kib()
    report = wrk(leaf, "/kv/warm", 64, 3)
    assert "Socket errors" not in report
    assert "Non-2xx" not in report
    served = re.search(r"(\d+) requests in", report)
    assert served and int(served[1]) > 10_000
    assert leaf.resident_kib() < resident * MEMORY_GROWTH_MAX
    eventually(lambda: leaf.descriptors() <= descriptors, "the connections are gone")


def test_the_json_api_bears_load_too(seven: Cluster) -> None:
    leaf = seven.leaf
    assert leaf.store_put("warm json", '{"value":{"a":[1,2.0]}}').status == 200
    report = wrk(leaf, "/store/warm%20json", 64, 1)
    assert "Socket errors" not in report
    assert "Non-2xx" not in report
