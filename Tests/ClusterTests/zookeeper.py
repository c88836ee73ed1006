"""Real ZooKeeper servers, Debian's, one alone or an ensemble, and trees that are recorded in them.

What is recorded is read by kazoo, a client that has nothing in common with the nodes' own.
"""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError
from kazoo.retry import KazooRetry

from harness import PATIENCE_SECONDS, Cluster, Node, Process, eventually, free_ports

JAR = Path("/usr/share/java/zookeeper.jar")
#: A node is taken for gone after this long (seconds); the servers' minimum is a second.
SESSION_SECONDS = 2
#: Everything that a session's end brings about has happened by then, on a slow machine.
GONE_SECONDS = SESSION_SECONDS + 6
#: kazoo's session: short, so that it leaves a server that hangs.
READER_SECONDS = 4
CONFIGURATION = """clientPort={port}
clientPortAddress=127.0.0.1
dataDir={folder}
tickTime=500
minSessionTimeout=1000
maxSessionTimeout=60000
maxClientCnxns=0
admin.enableServer=false
4lw.commands.whitelist=*
"""
ENSEMBLE = """initLimit=10
syncLimit=4
standaloneEnabled=false
quorumListenOnAllIPs=false
"""


class ZooKeeperServer(Process):
    """A server of its own data folder; `ensemble` are the lines that only one of several has."""

    def __init__(self, folder: Path, port: int, number: int = 1, ensemble: str = "") -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        (folder / "myid").write_text(f"{number}\n")
        text = CONFIGURATION.format(port=port, folder=folder) + ensemble
        configuration = folder / "zoo.cfg"
        configuration.write_text(text)
        command = [shutil.which("java") or "java", "-Xmx128m", "-XX:+UseSerialGC"]
        command += ["-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true"]
        command += ["-cp", f"{folder}:{JAR}"]
        command += ["org.apache.zookeeper.server.quorum.QuorumPeerMain", str(configuration)]
        super().__init__(f"zookeeper-{port}", command, ("127.0.0.1", port), folder / "log")

    def forget(self) -> None:
        """Deletes all that it has stored, as a disk that broke."""
        shutil.rmtree(self.folder / "version-2")

    def command_word(self, word: str) -> str:
        """The answer to one of ZooKeeper's four-letter commands."""
        with socket.create_connection(self.address, 2) as connection:
            connection.sendall(word.encode())
            answer = b""
            while part := connection.recv(65_536):
                answer += part
        return answer.decode(errors="replace")

    def mode(self) -> str | None:
        """`standalone`, `leader` or `follower`; none while it serves nobody."""
        try:
            lines = self.command_word("srvr").splitlines()
        except OSError:
            return None
        return next((line[6:] for line in lines if line.startswith("Mode: ")), None)

    def wait_until_serving(self) -> None:
        eventually(lambda: not self.is_running() or self.mode(), f"{self.name} serves", 30, 0.05)
        assert self.is_running(), self.log()[-4000:]


class ZooKeeperServers:
    """One server, or an ensemble of three."""

    def __init__(self, folder: Path, count: int = 1) -> None:
        base = free_ports(3 * count)
        lines = [
            f"server.{i}=127.0.0.1:{base + count + i}:{base + 2 * count + i}\n"
            for i in range(1, count + 1)
        ]
        ensemble = ENSEMBLE + "".join(lines) if count > 1 else ""
        self.servers = [
            ZooKeeperServer(folder / f"server-{i}", base + i, i, ensemble)
            for i in range(1, count + 1)
        ]

    def __iter__(self) -> Iterator[ZooKeeperServer]:
        return iter(self.servers)

    def start(self) -> ZooKeeperServers:
        for server in self.servers:
            server.start()
        for server in self.servers:
            server.wait_until_serving()
        return self

    @property
    def authority(self) -> str:
        """The connect string."""
        return ",".join(server.authority for server in self.servers)

    @property
    def first(self) -> ZooKeeperServer:
        return self.servers[0]

    def leader(self) -> ZooKeeperServer:
        return next(server for server in self.servers if server.mode() == "leader")

    def close(self) -> None:
        """Ends them at once: their data is of no use to anybody."""
        for server in self.servers:
            if server.process is not None:
                server.kill()


class RecordedCluster(Cluster):
    """A tree recorded in ZooKeeper, where its nodes find their root."""

    def __init__(
        self, folder: Path, depth: int, zookeeper: str, options: Sequence[str] = ()
    ) -> None:
        timeout = ["--zookeeper-timeout", f"{SESSION_SECONDS}s"]
        super().__init__(folder, depth, ["--zookeeper", zookeeper, *timeout, *options])
        self.zookeeper = zookeeper

    def node(self, slot: int, options: Sequence[str] = (), port: int | None = None) -> Node:
        """A node for the slot, not yet started, that is told no root."""
        address = ("127.0.0.1", port or self.base_port + slot)
        options = [*self.options, *options]
        node = Node(f"NODE-{slot}", address, self.folder, None, self.depth, options)
        self.nodes[slot] = node
        return node

    def members(self, at: int = 1) -> dict[str, dict[str, Any]]:
        """What `/nodes` says of each node, by its name."""
        answer = self.nodes[at].ask("GET", "/nodes")
        assert answer.status == 200, str(answer)
        return {member["name"]: member for member in answer.json()["nodes"]}

    def states(self) -> list[str]:
        """The state of each node, by slot."""
        return [member["state"] for member in self.members().values()]

    def structure(self) -> list[str | None]:
        structure = self.root.ask("GET", "/nodes/structure").json()["binary_tree_array"]
        assert isinstance(structure, list)
        return structure


def health(node: Process) -> str:
    """What a node says of ZooKeeper in `/readyz?verbose`."""
    lines = node.ask("GET", "/readyz?verbose").body.decode().splitlines()
    found = [line for line in lines if line[3:].startswith("zookeeper ")]
    assert len(found) == 1, lines
    return found[0]


def is_connected(node: Process) -> bool:
    return health(node).startswith("[+]zookeeper connected")


class Reader:
    """kazoo, an independent client, below the chroot of a tree.

    Its own session ends like any other while a server is away: what it asks it asks again then, in
    another session.
    """

    def __init__(self, zookeeper: str) -> None:
        self.client = KazooClient(hosts=zookeeper, timeout=READER_SECONDS)
        self.client.start(timeout=15)
        self.ask = KazooRetry(-1, delay=0.02, max_delay=0.2, deadline=PATIENCE_SECONDS)

    def close(self) -> None:
        self.client.stop()
        self.client.close()

    def data(self, path: str) -> Any:
        """The JSON of a znode; none if there is no such znode, or no JSON in it."""
        try:
            return json.loads(self.ask(self.client.get, path)[0])
        except (NoNodeError, ValueError):
            return None

    def exists(self, path: str) -> bool:
        return self.ask(self.client.exists, path) is not None

    def paths(self, path: str) -> list[str]:
        """The path and all below it, parents first; empty if there is no such znode."""
        try:
            names = sorted(self.ask(self.client.get_children, path))
        except NoNodeError:
            return []
        return [path, *(found for name in names for found in self.paths(f"{path}/{name}"))]

    def delete(self, path: str) -> None:
        """Deletes the znode and all below it, in one transaction."""
        transaction = self.client.transaction()
        for found in reversed(self.paths(path)):
            transaction.delete(found)
        assert all(result is True for result in transaction.commit())

    def live(self) -> list[str]:
        """The names of the live nodes."""
        try:
            return sorted(self.ask(self.client.get_children, "/canopy/live"))
        except NoNodeError:
            return []

    def owner(self, path: str) -> str:
        """The session that an ephemeral znode ends with; `0x0` for one that persists, or is not."""
        stat = self.ask(self.client.exists, path)
        return hex(stat.ephemeralOwner if stat else 0)


class Traffic:
    """Reads and writes at every node of a tree, round after round; each must be answered."""

    def __init__(self, tree: Cluster) -> None:
        self.tree = tree
        self.rounds = 0
        self.slowest_seconds = 0.0

    def round(self) -> None:
        """Every node takes a write and reads it, and reads what another wrote before."""
        self.rounds += 1
        value = str(self.rounds)
        for slot, node in self.tree.nodes.items():
            if not node.is_running():
                continue
            started = time.monotonic()
            assert node.put(f"by-{slot}", value, wait=True).status == 200, f"a write at {node}"
            assert node.get(f"by-{slot}").body.decode() == value, f"a read at {node}"
            assert node.get("by-1").status in (200, 404)
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - started)

    def until(self, condition: Callable[[], object], what: str, within: float = 20) -> None:
        """Goes on until the condition holds."""

        def holds() -> object:
            self.round()
            return condition()

        eventually(holds, what, within, 0.02)

    def during(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.round()
            time.sleep(0.02)
