"""Ports for nodes that nobody else on this machine is given meanwhile."""

from __future__ import annotations

import fcntl
import itertools
import random
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

#: Ports for nodes: below the ephemeral ones, and above those of the Swift tests.
PORTS = range(20_000, 32_000)
PORTS_OF_A_RUN = 500
#: The ports that are this process's, and the file whose lock says so.
own_ports: tuple[Iterator[int], IO[str]] | None = None


def take_ports() -> tuple[Iterator[int], IO[str]]:
    """Ports that no other test process on this machine gives out while this one runs; for ever, in
    turn: one isn't given out again while a node that sleeps or was killed is to come back to it."""
    folder = Path(tempfile.gettempdir()) / "canopy-test-ports"
    folder.mkdir(exist_ok=True)
    blocks = list(PORTS[::PORTS_OF_A_RUN])
    for first in random.sample(blocks, len(blocks)):
        try:
            lock = (folder / str(first)).open("w")
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        return itertools.cycle(range(first, first + PORTS_OF_A_RUN)), lock
    raise RuntimeError(f"{len(blocks)} test processes run already")


def free_ports(count: int, host: str = "127.0.0.1") -> int:
    """A base such that base + 1 … base + count are free."""
    global own_ports
    own_ports = own_ports or take_ports()
    row: list[int] = []
    for _ in range(4 * PORTS_OF_A_RUN):
        port = next(own_ports[0])
        is_next = not row or port == row[-1] + 1
        row = [*row, port] if is_next and is_free(port, host) else []
        if len(row) == count:
            return row[0] - 1
    raise RuntimeError(f"no {count} free ports in a row")


def is_free(port: int, host: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
