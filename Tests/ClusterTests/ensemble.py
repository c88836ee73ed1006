"""A real ZooKeeper, Debian's, for a test of its own; and kazoo, which is not ours, to look into it."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from kazoo.client import KazooClient  # type: ignore[import-untyped]

from harness import Process, eventually, free_ports

JAR = Path("/usr/share/java/zookeeper.jar")


class ZooKeeper(Process):
    """A server of its own, in a folder below `folder`."""

    def __init__(self, folder: Path, tick_milliseconds: int = 500) -> None:
        self.port = free_ports(1) + 1
        home = folder / f"zookeeper-{self.port}"
        home.mkdir()
        settings = {
            "clientPort": self.port,
            "clientPortAddress": "127.0.0.1",
            "dataDir": home / "data",
            "tickTime": tick_milliseconds,
            "minSessionTimeout": 2 * tick_milliseconds,
            "admin.enableServer": "false",
            "4lw.commands.whitelist": "*",
        }
        config = home / "zoo.cfg"
        config.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        java = "java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
        command = [*java.split(), "-Djava.net.preferIPv4Stack=true", "-cp", f"{home}:{JAR}"]
        command += ["org.apache.zookeeper.server.quorum.QuorumPeerMain", str(config)]
        super().__init__("zookeeper", command, ("127.0.0.1", self.port), home / "log")
        self.expected_exit_codes |= {143}

    @property
    def servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start_and_wait(self) -> ZooKeeper:
        self.start()
        eventually(lambda: b"Mode:" in self.four_letters(b"srvr"), "ZooKeeper serves")
        return self

    def four_letters(self, word: bytes) -> bytes:
        with socket.create_connection(self.address, timeout=2) as connection:
            connection.sendall(word)
            connection.settimeout(2)
            answer = b""
            while part := connection.recv(4096):
                answer += part
            return answer


class Person:
    """Somebody with kazoo."""

    def __init__(self, zookeeper: ZooKeeper) -> None:
        self.client = KazooClient(hosts=zookeeper.servers)
        self.client.start(timeout=10)

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop()
        self.client.close()

    def data(self, path: str) -> Any:
        """What a znode says, parsed."""
        return json.loads(self.client.get(path)[0])

    def exists(self, path: str) -> bool:
        return self.client.exists(path) is not None

    def is_ephemeral(self, path: str) -> bool:
        return bool(self.client.get(path)[1].ephemeralOwner)

    def paths(self, path: str) -> list[str]:
        """The znode and all below it, in order."""
        found = [path]
        for child in self.client.get_children(path):
            found += self.paths(f"{path}/{child}")
        return sorted(found)
