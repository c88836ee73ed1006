"""Starts real nodes as processes, asks them over real sockets, and ends them by their ids."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ports import free_ports
from rawhttp import Answer, Closed, Connection, Malformed, ask, escape

T = TypeVar("T")

REPOSITORY = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("CANOPY_BIN_DIR", REPOSITORY / ".build" / "release"))
CACHENODE = BINARIES / "cachenode"
KVCTL = BINARIES / "kvctl"

#: How long anything may take that should take milliseconds: generous, since machines are noisy.
PATIENCE_SECONDS = 15.0
STOP_SECONDS = 10.0

#: Settings of either earlier system or of Canopy that must not leak into a test from outside.
FOREIGN_VARIABLES = re.compile(
    r"CANOPY_.*|KVCTL_.*|NO_COLOR|ZOO_SERVERS|MY_ID|MY_IP|ROOT_ID|ROOT_IP|zookeeper|node_name"
    r"|node_address|root_node|n_nodes|api_port|startup_delay|debug"
)


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without anything that would configure a node, and `extra`."""
    kept = {k: v for k, v in os.environ.items() if not FOREIGN_VARIABLES.fullmatch(k)}
    return kept | dict(extra or {})


def eventually(
    condition: Callable[[], T], what: str, within: float = PATIENCE_SECONDS, pause: float = 0.01
) -> T:
    """Waits until the condition holds (is truthy) and returns its value; fails after `within` s."""
    deadline = time.monotonic() + within
    last: object = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = value
        except (OSError, AssertionError, Closed, Malformed) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what} (last: {last!r})")
        time.sleep(pause)


class Process:
    """One process under test: started, paused, killed and stopped by its id; its output is kept."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        address: tuple[str, int],
        log_path: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.address = address
        self.log_path = log_path
        self.environment = clean_environment(environment)
        self.process: subprocess.Popen[bytes] | None = None
        self.exit_codes: list[int] = []
        self.expected_exit_codes = {0}

    def __repr__(self) -> str:
        return f"<{self.name} at {self.address[0]}:{self.address[1]}>"

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} was not started"
        return self.process.pid

    @property
    def authority(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"

    def start(self) -> None:
        assert self.process is None, f"{self.name} runs already"
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_for_exit(self, within: float = STOP_SECONDS) -> int:
        """The exit code (negative: the signal); fails if the process goes on."""
        assert self.process is not None
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.exit_codes.append(-signal.SIGKILL)
            raise AssertionError(f"{self.name} went on {within:g} s after it was to end") from None
        self.process = None
        self.exit_codes.append(code)
        return code

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Ends the process as a power cut would."""
        os.kill(self.pid, signal.SIGKILL)
        self.expected_exit_codes.add(-signal.SIGKILL)
        self.wait_for_exit()

    def terminate(self) -> None:
        """Asks it to stop (SIGTERM), waking it first if a test had paused it."""
        if self.is_running():
            self.resume()
            os.kill(self.pid, signal.SIGTERM)

    def stop(self) -> int:
        self.terminate()
        return self.wait_for_exit()

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def resident_kib(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def connect(self, timeout: float = 20.0) -> Connection:
        return Connection(self.address, timeout)

    def ask(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 20.0,
    ) -> Answer:
        return ask(self.address, method, target, body, headers, timeout)

    # The /kv API (contract A).

    def get(self, key: str | bytes) -> Answer:
        return self.ask("GET", f"/kv/{escape(key)}")

    def put(
        self,
        key: str | bytes,
        value: bytes | str,
        wait: bool | None = None,
        content_type: str | None = None,
        timeout: float = 20.0,
    ) -> Answer:
        body = value.encode() if isinstance(value, str) else value
        query = "" if wait is None else f"?wait_propagate={int(wait)}"
        headers = {} if content_type is None else {"Content-Type": content_type}
        return self.ask("PUT", f"/kv/{escape(key)}{query}", body, headers, timeout)

    def delete(self, key: str | bytes, wait: bool | None = None) -> Answer:
        query = "" if wait is None else f"?wait_propagate={int(wait)}"
        return self.ask("DELETE", f"/kv/{escape(key)}{query}")

    # The /store API (contract B).

    def store_get(self, key: str | bytes) -> Answer:
        return self.ask("GET", f"/store/{escape(key)}")

    def store_put(self, key: str | bytes, body: str | bytes, timeout: float = 20.0) -> Answer:
        """`body` is the whole JSON text of the request."""
        data = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": "application/json"}
        return self.ask("PUT", f"/store/{escape(key)}", data, headers, timeout)

    def store_delete(self, key: str | bytes, query: str = "") -> Answer:
        return self.ask("DELETE", f"/store/{escape(key)}{query}")

    def holdings(self) -> dict[str, Any]:
        """Every key and value in this node."""
        answer = self.ask("GET", "/store")
        assert answer.status == 200, str(answer)
        held = answer.json()
        assert isinstance(held, dict)
        return held

    def holds(self, key: str) -> bool:
        return key in self.holdings()

    def metrics(self) -> dict[str, float]:
        """Each metric's value, summed over its labels."""
        sums: dict[str, float] = {}
        for line in self.ask("GET", "/metrics").body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = re.split(r"[{ ]", line)[0], line.rsplit(" ", 1)[1]
                sums[name] = sums.get(name, 0.0) + float(value)
        return sums

    def is_ready(self) -> bool:
        return self.ask("GET", "/readyz", timeout=2).status == 200


class Node(Process):
    """A `cachenode`; `options` are further flags."""

    def __init__(
        self,
        name: str,
        address: tuple[str, int],
        folder: Path,
        root: tuple[str, int] | None = None,
        depth: int | None = None,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        authority = f"{address[0]}:{address[1]}"
        command = [*prefix, str(CACHENODE), "--name", name]
        command += ["--listen", authority, "--advertise", authority]
        if root is not None:
            command += ["--root", f"{root[0]}:{root[1]}"]
        if depth is not None:
            command += ["--depth", str(depth)]
        super().__init__(name, [*command, *options], address, folder / f"{name}.log", environment)

    def start_and_wait(self) -> Node:
        self.start()
        eventually(self.is_ready_or_dead, f"{self.name} is ready")
        assert self.is_running(), f"{self.name} ended:\n{self.log()}"
        return self

    def is_ready_or_dead(self) -> bool:
        return not self.is_running() or self.is_ready()


class Cluster:
    """A tree on this machine: NODE-i has slot i and listens on base port + i.

    `options` are for every node, `root_options` for the root alone.
    """

    def __init__(
        self,
        folder: Path,
        depth: int,
        options: Sequence[str] = (),
        root_options: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.depth = depth
        self.options = list(options)
        self.root_options = list(root_options)
        self.base_port = free_ports(2**depth)
        self.nodes: dict[int, Process] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def __getitem__(self, slot: int) -> Process:
        return self.nodes[slot]

    def __iter__(self) -> Iterator[Process]:
        return iter(self.nodes.values())

    @property
    def root(self) -> Process:
        return self.nodes[1]

    @property
    def leaf(self) -> Process:
        """The leftmost leaf: slot 1, 2, 4, …"""
        return self.nodes[2 ** (self.depth - 1)]

    def node(self, slot: int, options: Sequence[str] = ()) -> Node:
        """A node for the slot, not yet started."""
        port = self.base_port + slot
        root = None if slot == 1 else ("127.0.0.1", self.base_port + 1)
        node = Node(
            f"NODE-{slot}",
            ("127.0.0.1", port),
            self.folder,
            root,
            self.depth,
            [*self.options, *(self.root_options if slot == 1 else ()), *options],
        )
        self.nodes[slot] = node
        return node

    def start(self, slots: Sequence[int] | None = None) -> Cluster:
        """Starts the nodes one after the other, so that each gets the slot of its number.

        A slot below the last that is not to be started is given to a name without a node.
        """
        wanted = slots or range(1, 2**self.depth)
        for slot in range(1, max(wanted) + 1):
            if slot in wanted:
                self.node(slot).start_and_wait()
            else:
                self.reserve(slot)
        return self

    def reserve(self, slot: int) -> None:
        place = {"name": f"NODE-{slot}", "address": "127.0.0.1", "port": self.base_port + slot}
        answer = self.root.ask("POST", "/nodes", json.dumps(place).encode())
        assert answer.json()["slot"] == slot, str(answer)

    def way_up(self, slot: int) -> list[Process]:
        """The node itself, its parent, and so on up to the root."""
        way = []
        while slot >= 1:
            way.append(self.nodes[slot])
            slot //= 2
        return way

    def logs(self) -> str:
        return "\n".join(f"--- {node.name}\n{node.log()[-4000:]}" for node in self)

    def close(self) -> None:
        """Stops every node, the leaves first, and fails if one crashed or did not stop well."""
        close_processes([self.nodes[slot] for slot in sorted(self.nodes, reverse=True)])


def close_processes(processes: Sequence[Process]) -> None:
    """Stops the processes in this order, and fails if one crashed or exited other than with 0."""
    failures = []
    for process in processes:
        try:
            if process.process is not None:
                process.stop()
        except (AssertionError, ProcessLookupError) as error:
            failures.append(str(error))
        bad = [code for code in process.exit_codes if code not in process.expected_exit_codes]
        if bad:
            failures.append(f"{process.name} exited with {bad}:\n{process.log()[-4000:]}")
    assert not failures, "\n".join(failures)
