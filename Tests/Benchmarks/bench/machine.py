"""What figures depend on: the machine, and the versions of what runs."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from . import REPOSITORY


def _output(command: Sequence[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _package(name: str) -> str:
    return _output(["dpkg-query", "-W", "-f", "${Version}", name])


def _processor_line(field: str) -> str:
    match = re.search(rf"^{field}\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return match[1] if match else "unknown"


def code_versions() -> dict[str, str]:
    """What the count of instructions depends on, apart from the code itself."""
    swift = re.search(r"Swift version (\S+)", _output(["swift", "--version"]))
    return {
        "architecture": platform.machine(),
        "avx2": str("avx2" in _processor_line("flags").split()).lower(),
        "swift": swift[1] if swift else "unknown",
        "libuv": _package("libuv1"),
        "glibc": _package("libc6"),
        "valgrind": _output(["valgrind", "--version"]).removeprefix("valgrind-"),
    }


def description() -> dict[str, str]:
    """The machine and the rivals, for the report."""
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    return {
        "processor": f"{os.cpu_count()} x {_processor_line('model name')}",
        "memory": f"{int(memory[1]) // 1024 // 1024 + 1} GiB" if memory else "unknown",
        "kernel": ".".join(platform.release().split(".")[:2]),
        **{key: value for key, value in code_versions().items() if key not in ("avx2",)},
        **{name: _package(name) for name in ("nginx", "memcached", "redis-server", "wrk")},
        "revision": _output(["git", "-C", str(REPOSITORY), "rev-parse", "--short=12", "HEAD"]),
    }


def _busy_ticks() -> tuple[int, int]:
    fields = [int(text) for text in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    total = sum(fields)
    return total - fields[3] - fields[4], total  # all but idle and iowait


def busy_part(seconds: float = 2.0) -> float:
    """What part of the processors others are using (or their host takes away) right now."""
    busy, total = _busy_ticks()
    time.sleep(seconds)
    busy_later, total_later = _busy_ticks()
    return (busy_later - busy) / max(1, total_later - total)
