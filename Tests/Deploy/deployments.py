"""The tree in containers, brought up and down by the shipped files, as a person would do it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

from harness import KVCTL, REPOSITORY, clean_environment, eventually

NODES = range(1, 8)
NAMES = [f"NODE-{i}" for i in NODES]
#: How long anything may take that takes seconds on a machine with nothing else to do.
PATIENCE_SECONDS = 90.0
#: Variables that would change the settings of the files.
SETTINGS = ("TREE_DEPTH", "ROOT_NODE_ID", "STARTUP_DELAY", "COHERENCE", "COMPOSE_PROFILES")

Result = subprocess.CompletedProcess[str]


def run(
    *command: str, folder: Path = REPOSITORY, environment: Mapping[str, str] | None = None
) -> Result:
    """Runs a command as a person would, without settings of this shell's own."""
    kept = {k: v for k, v in clean_environment().items() if k not in SETTINGS}
    started = time.monotonic()
    result = subprocess.run(
        command,
        cwd=folder,
        env=kept | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )
    seconds = time.monotonic() - started
    print(f"$ {' '.join(command)}  ({seconds:.1f} s, status {result.returncode})")
    return result


def must(*command: str, folder: Path = REPOSITORY) -> str:
    """The same for what has to succeed; its output."""
    result = run(*command, folder=folder)
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def soon(condition: Callable[[], Any], what: str) -> None:
    """Waits until it holds; an answer that doesn't come is one that isn't there yet."""
    eventually(condition, what, PATIENCE_SECONDS, pause=0.2)


def inspect(container: str) -> dict[str, Any]:
    """What docker knows of a container."""
    found: dict[str, Any] = json.loads(must("docker", "inspect", container))[0]
    return found


def left() -> dict[str, list[str]]:
    """The containers, networks and volumes that there are, besides docker's own networks."""
    networks = must("docker", "network", "ls", "--format", "{{.Name}}").split()
    return {
        "containers": must("docker", "ps", "--all", "--format", "{{.Names}}").split(),
        "networks": [name for name in networks if name not in ("bridge", "host", "none")],
        "volumes": must("docker", "volume", "ls", "--quiet").split(),
    }


def url(slot: int, path: str) -> str:
    """A node's address on the host."""
    return f"http://localhost:{5000 + slot}{path}"


def kvctl(*arguments: str) -> str:
    """The host's kvctl, without settings; what it prints."""
    return must(str(KVCTL), *arguments).strip()


class Deployment:
    """What the two have in common: containers with names, of which docker is asked."""

    folder: Path
    #: ZooKeeper's servers, as the host reaches them.
    zookeeper: str
    zookeepers: list[str]

    def up(self) -> None:
        raise NotImplementedError

    def down(self) -> None:
        raise NotImplementedError

    def start(self, name: str) -> None:
        """Brings a machine back that has stopped or was killed."""
        raise NotImplementedError

    def container(self, name: str) -> str:
        raise NotImplementedError

    def inside(self, *arguments: str) -> str:
        """kvctl on the machine `cli`; what it prints."""
        return must("docker", "exec", self.container("cli"), "kvctl", *arguments).strip()

    def pid(self, name: str) -> int:
        return int(inspect(self.container(name))["State"]["Pid"])

    def kill(self, name: str) -> None:
        """Ends the node's process as a crash would."""
        os.kill(self.pid(name), signal.SIGKILL)

    def is_running(self, name: str) -> bool:
        return bool(inspect(self.container(name))["State"]["Running"])

    def is_well(self, name: str) -> bool:
        state = inspect(self.container(name))["State"]
        return state["Running"] and state.get("Health", {}).get("Status") in (None, "healthy")

    def wait_until_well(self, name: str) -> None:
        soon(lambda: self.is_well(name), f"{name} is healthy")

    def nftables(self, name: str, script: str) -> None:
        """Loads rules in the network namespace of a container."""
        command = ["nsenter", "--target", str(self.pid(name)), "--net", "nft", "--file", "-"]
        subprocess.run(command, input=script, text=True, check=True, timeout=20)

    def cut_off(self, name: str) -> None:
        """Nobody in the nodes' network reaches the node any more, nor it them; the host does."""
        others = "10.0.1.60-10.0.1.200"
        self.nftables(
            name,
            f"""table ip cut {{
                chain in {{ type filter hook input priority 0; ip saddr {others} drop; }}
                chain out {{ type filter hook output priority 0; ip daddr {others} drop; }}
            }}""",
        )

    def heal(self, name: str) -> None:
        self.nftables(name, "delete table ip cut")


class Vagrant(Deployment):
    folder = REPOSITORY / "vagrant"
    zookeeper = "10.0.1.66:2181"
    zookeepers = ["zookeeper"]

    def vagrant(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Result:
        return run("vagrant", *arguments, folder=self.folder, environment=environment)

    def up(self) -> None:
        output = must("vagrant", "up", folder=self.folder)
        assert "All 7 nodes are up." in output

    def down(self) -> None:
        must("vagrant", "destroy", "--force", folder=self.folder)

    def start(self, name: str) -> None:
        must("vagrant", "up", name, folder=self.folder)

    def container(self, name: str) -> str:
        return f"canopy-{name}"

    def status(self, *names: str) -> dict[str, str]:
        """The states of these machines, or of all, as `vagrant status` says them."""
        command = ("vagrant", "status", "--machine-readable", *names)
        fields = [row.split(",") for row in must(*command, folder=self.folder).splitlines()]
        return {row[1]: row[3] for row in fields if row[2] == "state"}


class Compose(Deployment):
    folder = REPOSITORY / "compose"
    zookeeper = "10.0.1.66:2181,10.0.1.65:2181,10.0.1.64:2181"
    zookeepers = ["zookeeper-1", "zookeeper-2", "zookeeper-3"]

    def compose(self, *arguments: str) -> str:
        return must("docker", "compose", *arguments, folder=self.folder)

    def up(self) -> None:
        self.compose("up", "--wait")

    def down(self) -> None:
        self.compose("down", "--volumes")

    def start(self, name: str) -> None:
        """Nothing: the restart policy does it."""

    def container(self, name: str) -> str:
        return f"canopy-{name.lower()}-1"


def get(slot: int, key: str) -> bytes | None:
    """The value as the node has it, none for a key that isn't there."""
    answer = requests.get(url(slot, f"/kv/{key}"), timeout=10)
    assert answer.status_code in (200, 404), answer.text
    return answer.content if answer.status_code == 200 else None


def put(slot: int, key: str, value: bytes, query: str = "") -> None:
    answer = requests.put(url(slot, f"/kv/{key}{query}"), data=value, timeout=10)
    assert answer.status_code == 200, answer.text


def members(slot: int = 1) -> dict[str, dict[str, Any]]:
    """The nodes by name, as a node tells them."""
    listing = requests.get(url(slot, "/nodes"), timeout=10).json()
    return {node["name"]: node for node in listing["nodes"]}
