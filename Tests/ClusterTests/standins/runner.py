"""Starts trees of stand-ins and nodes: each on an address of its own, all on port 5000.

Every address of 127/8 is this machine, so a tree gets a network of its own in it. Nodes of the
`/store` system know each other by name: their processes see an /etc/hosts of the tree's own.
"""

from __future__ import annotations

import os
import random
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness import Node, Process, eventually
from rawhttp import ask

PORT = 5000
FOLDER = Path(__file__).resolve().parents[1]


class LoopbackNetwork:
    """Addresses 127.a.b.1 … 127.a.b.n, free on port 5000, with the names NODE-1 … NODE-n."""

    def __init__(self, folder: Path, count: int = 7) -> None:
        self.folder = folder
        self.count = count
        self.prefix = self._free_prefix()
        self.hosts = folder / "hosts"
        names = [f"{self.address(i)} NODE-{i} node-{i}" for i in range(1, count + 1)]
        self.hosts.write_text("\n".join(["127.0.0.1 localhost", *names, ""]))

    def _free_prefix(self) -> str:
        for _ in range(50):
            prefix = f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}"
            try:
                for index in range(1, self.count + 1):
                    with socket.socket() as probe:
                        probe.bind((f"{prefix}.{index}", PORT))
            except OSError:
                continue
            return prefix
        raise RuntimeError("port 5000 is taken on all addresses: something listens on 0.0.0.0:5000")

    def address(self, index: int) -> str:
        return f"{self.prefix}.{index}"

    def namespace(self) -> list[str]:
        """A command prefix: what follows sees the tree's names in /etc/hosts."""
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        script = 'mount --bind "$0" /etc/hosts && exec "$@"'
        return ["unshare", *user, "--mount", "sh", "-c", script, str(self.hosts)]

    def ours(
        self,
        index: int,
        root: int | None = None,
        depth: int | None = None,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Node:
        """A `cachenode` NODE-<index>, below the root at that index."""
        return Node(
            f"NODE-{index}",
            (self.address(index), PORT),
            self.folder,
            None if root is None else (self.address(root), PORT),
            depth,
            options,
            environment,
            self.namespace(),
        )

    def ours_by_environment(self, index: int, environment: Mapping[str, str]) -> Process:
        """A `cachenode` with an earlier system's variables only (and its own address to bind)."""
        address = (self.address(index), PORT)
        node = Node(f"NODE-{index}", address, self.folder, environment=environment)
        binary = node.command[0]
        node.command = [*self.namespace(), binary, "--listen", f"{address[0]}:{PORT}"]
        return node

    def kv(self, index: int, root: int) -> Process:
        """A node of the `/kv` system with that id."""
        return self._standin("flask_node", index, self.kv_environment(index, root))

    def store(self, index: int, root: int, count: int = 7) -> Process:
        """A node of the `/store` system, NODE-<index>."""
        return self._standin("fastapi_node", index, self.store_environment(index, root, count))

    def kv_environment(self, index: int, root: int) -> dict[str, str]:
        environment = {"MY_ID": str(index), "MY_IP": self.address(index), "ROOT_ID": str(root)}
        if index != root:
            environment["ROOT_IP"] = self.address(root)
        return environment

    def store_environment(self, index: int, root: int, count: int = 7) -> dict[str, str]:
        return {
            "node_name": f"NODE-{index}",
            "node_address": self.address(index),
            "root_node": f"NODE-{root}",
            "n_nodes": str(count),
            "api_port": str(PORT),
            "startup_delay": "0",
            "debug": "false",
        }

    def _standin(self, module: str, index: int, environment: Mapping[str, str]) -> Process:
        command = [*self.namespace(), sys.executable, "-m", f"standins.{module}"]
        process = Process(
            f"{module}-{index}",
            command,
            (self.address(index), PORT),
            self.folder / f"{module}-{index}.log",
            {**environment, "PYTHONPATH": str(FOLDER), "PYTHONUNBUFFERED": "1"},
        )
        # Neither stand-in promises more than to end on SIGTERM.
        process.expected_exit_codes |= {-15, 143}
        return process


def start_standin(process: Process) -> Process:
    """Starts it and waits until it answers anything at all."""
    process.start()
    eventually(
        lambda: not process.is_running() or ask(process.address, "GET", "/", timeout=2),
        f"{process.name} answers",
    )
    assert process.is_running(), process.log()
    return process
