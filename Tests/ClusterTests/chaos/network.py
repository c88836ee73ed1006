"""A network namespace for each node, joined by a bridge; what may not pass is dropped there.

Everything is made in namespaces of this program's own, which the kernel takes away with the
program's last process: nothing has to be tidied up, and several may run at once.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable

CLONE_NEWNET = 0x4000_0000
MARK = "CANOPY_CHAOS_INSIDE"
PROGRAMS = ("unshare", "nsenter", "ip", "nft", "mount")
PORT = 5000
#: Runs a command where the bridge is.
IN_SWITCH = ("nsenter", "--net=/run/netns/switch")

libc = ctypes.CDLL(None, use_errno=True)


def unshare_command() -> list[str]:
    """What runs a command as the first process of namespaces of its own, as root or as anybody."""
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return command if os.geteuid() == 0 else [*command, "--user", "--map-root-user"]


def missing() -> str | None:
    """Why there can be no such network on this machine; none if there can."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            return f"{program} is not installed"
    attempt = "mount -t tmpfs tmpfs /run && nft add table bridge x && ip link add x type bridge"
    tried = subprocess.run(
        [*unshare_command(), "sh", "-c", attempt], capture_output=True, text=True, check=False
    )
    if tried.returncode == 0:
        return None
    return "network namespaces with nftables: " + (tried.stderr.strip() or "refused")


def is_inside() -> bool:
    """Whether this program runs in namespaces of its own."""
    return MARK in os.environ


def enter() -> None:
    """Runs this program again in namespaces of its own, unless it is there already."""
    if is_inside():
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
        return
    os.environ[MARK] = "1"
    command = [*unshare_command(), sys.executable, "-m", "chaos", *sys.argv[1:]]
    os.execvp(command[0], command)


def run(*command: str, text: str | None = None) -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


def switch(*command: str) -> None:
    run("ip", "-n", "switch", *command)


class Network:
    """Nodes with slots 1 … n at 10.77.0.1 … n, all of which reach each other at first."""

    def __init__(self, slots: Iterable[int]) -> None:
        self.slots = list(slots)
        #: Pairs of slots: what the first sends doesn't reach the second.
        self.blocked: set[tuple[int, int]] = set()
        lines = [
            "netns add switch",
            "-n switch link add bridge type bridge",
            "-n switch link set bridge up",
        ]
        for slot in self.slots:
            name = self.namespace(slot)
            lines += [
                f"netns add {name}",
                f"-n {name} link set lo up",
                f"-n switch link add port{slot} type veth peer name eth0 netns {name}",
                f"-n switch link set port{slot} master bridge up",
                f"-n {name} addr add {self.host(slot)}/24 dev eth0",
                f"-n {name} link set eth0 up",
            ]
        for line in lines:
            run("ip", *line.split())
        self.own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.inside = {
            slot: os.open(f"/run/netns/{self.namespace(slot)}", os.O_RDONLY | os.O_CLOEXEC)
            for slot in self.slots
        }

    @staticmethod
    def namespace(slot: int) -> str:
        return f"node-{slot}"

    @staticmethod
    def host(slot: int) -> str:
        return f"10.77.0.{slot}"

    def address(self, slot: int) -> tuple[str, int]:
        return (self.host(slot), PORT)

    def prefix(self, slot: int) -> list[str]:
        """What runs a command inside a node's namespace."""
        return ["nsenter", f"--net=/run/netns/{self.namespace(slot)}"]

    def socket(self, slot: int) -> socket.socket:
        """A socket that reaches the node whatever the network does: from its own machine."""
        self._enter(self.inside[slot])
        try:
            made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        finally:
            self._enter(self.own)
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    @staticmethod
    def _enter(namespace: int) -> None:
        if libc.setns(namespace, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    # What passes

    def block(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Drops what the first of each pair sends to the second, connections that exist included."""
        self._drop(self.blocked | set(pairs))

    def unblock(self, pairs: Iterable[tuple[int, int]]) -> None:
        self._drop(self.blocked - set(pairs))

    def _drop(self, blocked: set[tuple[int, int]]) -> None:
        self.blocked = blocked
        rules = [
            f'iifname {{ "port{sender}", "far{sender}" }}'
            f' oifname {{ "port{receiver}", "far{receiver}" }} drop'
            for sender, receiver in sorted(blocked)
        ]
        chain = "; ".join(["type filter hook forward priority 0", *rules])
        table = f"table bridge cuts {{ chain forward {{ {chain}; }}; }}\n"
        # One transaction: at no moment anything else is dropped.
        text = f"table bridge cuts\ndelete table bridge cuts\n{table}"
        run(*IN_SWITCH, "nft", "-f", "-", text=text)

    def passes(self, one: int, other: int) -> bool:
        """Whether two nodes reach each other, both ways."""
        return not {(one, other), (other, one)} & self.blocked

    # How slowly it passes

    def slow(self, slot: int, delay: float, jitter: float, loss: float) -> subprocess.Popen[str]:
        """Delays what a node sends, in seconds, and loses a part of it, until `hurry`."""
        port, near, far = f"port{slot}", f"near{slot}", f"far{slot}"
        switch("link", "add", near, "type", "veth", "peer", "name", far)
        switch("link", "set", near, "up")
        switch("link", "set", far, "up")
        switch("link", "set", port, "nomaster")
        command = [sys.executable, "-m", "chaos.delay", port, near]
        process = subprocess.Popen(
            [*IN_SWITCH, *command, str(delay), str(jitter), str(loss)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise OSError("there is no slow line")
        switch("link", "set", far, "master", "bridge")
        return process

    def hurry(self, slot: int, process: subprocess.Popen[str]) -> None:
        has_ended = process.poll() is not None
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        switch("link", "delete", f"near{slot}")
        switch("link", "set", f"port{slot}", "master", "bridge")
        if has_ended:
            raise OSError("the slow line broke")
