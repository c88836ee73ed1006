"""Starts what is measured, each on the servers' core: trees of our nodes, the floor, the rivals."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness import Node, Process, eventually, free_ports

from .tools import program

_CORES = sorted(os.sched_getaffinity(0))
#: Servers run on the first core, whatever asks them on the second.
SERVER_CORE, LOAD_CORE = _CORES[0], _CORES[-1]


#: Debian puts it where only root's PATH leads.
NGINX = "/usr/sbin/nginx"


def pin(core: int) -> list[str]:
    return ["taskset", "-c", str(core)]


class Servers:
    """Everything started for one measurement, in a folder that goes with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[Process] = []

    def tree(
        self,
        slots: Sequence[int],
        *options: str,
        depth: int = 4,
        cores: dict[int, int] | None = None,
        slot_options: dict[int, Sequence[str]] | None = None,
        slot_environments: dict[int, dict[str, str]] | None = None,
    ) -> dict[int, Node]:
        """Nodes at these slots, parents first. `cores` has the slots not on the servers' core."""
        base = free_ports(2**depth)
        root = ("127.0.0.1", base + 1)
        nodes: dict[int, Node] = {}
        for slot in slots:
            for skipped in range(max(nodes, default=0) + 1, slot):
                self._reserve(nodes[1], skipped, base)
            node = Node(
                f"NODE-{slot}",
                ("127.0.0.1", base + slot),
                self.folder,
                None if slot == 1 else root,
                depth,
                ["--log-level", "warning", *options, *(slot_options or {}).get(slot, ())],
                environment=(slot_environments or {}).get(slot),
                prefix=pin((cores or {}).get(slot, SERVER_CORE)),
            )
            self.processes.append(node)
            nodes[slot] = node.start_and_wait()
        return nodes

    @staticmethod
    def _reserve(root: Node, slot: int, base: int) -> None:
        place = f'{{"name": "NODE-{slot}", "address": "127.0.0.1", "port": {base + slot}}}'
        assert root.ask("POST", "/nodes", place.encode()).status < 300

    def _start(self, name: str, port: int, *command: object) -> Process:
        process = Process(
            name,
            [*pin(SERVER_CORE), *map(str, command)],
            ("127.0.0.1", port),
            self.folder / f"{name}-{port}.log",
        )
        # SIGTERM ends the floor and memcached; nobody minds how.
        process.expected_exit_codes = {0, -15}
        process.start()
        self.processes.append(process)
        eventually(lambda: _accepts(process), f"{name} accepts connections")
        return process

    def floor(self, body_bytes: int) -> Process:
        port = free_ports(1) + 1
        return self._start("floor", port, program("floor"), port, body_bytes)

    def nginx(self, body_bytes: int) -> Process:
        port = free_ports(1) + 1
        configuration = self.folder / f"nginx-{port}.conf"
        body = "a" * body_bytes
        configuration.write_text(_NGINX.format(folder=self.folder, port=port, body=body))
        return self._start("nginx", port, NGINX, "-p", self.folder, "-c", configuration)

    def redis(self) -> Process:
        port = free_ports(1) + 1
        options = f"--port {port} --bind 127.0.0.1 --appendonly no --dir {self.folder}"
        return self._start("redis", port, "redis-server", *options.split(), "--save", "")

    def memcached(self) -> Process:
        port = free_ports(1) + 1
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        options = f"-l 127.0.0.1 -p {port} -U 0 -t 1 -m 1024 -c 4096".split()
        return self._start("memcached", port, "memcached", *options, *user)

    def stop(self) -> None:
        for process in reversed(self.processes):
            if process.is_running():
                process.stop()


_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx-{port}.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_body_temp_path {folder}/body-{port};
    proxy_temp_path {folder}/proxy-{port};
    fastcgi_temp_path {folder}/fastcgi-{port};
    uwsgi_temp_path {folder}/uwsgi-{port};
    scgi_temp_path {folder}/scgi-{port};
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        default_type application/octet-stream;
        location / {{ return 200 "{body}"; }}
    }}
}}
"""


def _accepts(process: Process) -> bool:
    assert process.is_running(), process.log()
    with socket.create_connection(process.address, timeout=1):
        return True


@contextmanager
def servers() -> Iterator[Servers]:
    with tempfile.TemporaryDirectory(prefix="canopy-bench-") as folder:
        Path(folder).chmod(0o755)  # memcached and nginx may run as others
        running = Servers(Path(folder))
        try:
            yield running
        finally:
            running.stop()
