"""From the start of the process to its first answer."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from harness import CACHENODE, clean_environment, free_ports

from .figures import Figures
from .rounds import Effort
from .servers import SERVER_CORE, pin


def measure(effort: Effort) -> Figures:
    """A root is ready when `/readyz` says so; asking begins at once and never pauses."""
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        times = [start_once(Path(folder)) for _ in range(3 * effort.rounds)]
    figures.rows["start"] = median(times)
    figures.raw["start"] = [round(one, 3) for one in times]
    return figures


def start_once(folder: Path) -> float:
    """Milliseconds."""
    port = free_ports(1) + 1
    command = [*pin(SERVER_CORE), str(CACHENODE), "--listen", f"127.0.0.1:{port}"]
    with (folder / "log").open("wb") as log:
        started = time.perf_counter()
        process = subprocess.Popen(command, stderr=log, env=clean_environment())
        try:
            while not is_ready(port):
                assert time.perf_counter() - started < 10 and process.poll() is None
            return (time.perf_counter() - started) * 1e3
        finally:
            process.terminate()
            process.wait(15)


def is_ready(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False
