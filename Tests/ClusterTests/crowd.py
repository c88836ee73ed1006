"""A crowd of clients in processes of its own, as one process may not have so many descriptors.

`python crowd.py HOST PORT COUNT SOURCE TEXT` opens COUNT connections from the address SOURCE, sends
TEXT on each, says `ready`, and keeps them until its input ends.
"""

from __future__ import annotations

import contextlib
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator


#: ip(7): the port is chosen when it is known where the connection leads, and may be used twice.
IP_BIND_ADDRESS_NO_PORT = 24


def open_connection(address: tuple[str, int], source: str, text: bytes) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    client.bind((source, 0))
    client.connect(address)
    # Who came too late for a place has been sent away already.
    with contextlib.suppress(OSError):
        client.send(text)
    return client


def main(host: str, port: str, count: str, source: str, text: str) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    address = (host, int(port))
    kept = [open_connection(address, source, text.encode()) for _ in range(int(count))]
    print("ready", flush=True)
    sys.stdin.read()
    del kept


@contextlib.contextmanager
def crowd(address: tuple[str, int], count: int, text: bytes = b"") -> Iterator[None]:
    """`count` connections that are opened, and left once `text` is sent; closed in the end."""
    shares = [count // 2, count - count // 2]
    members = [
        subprocess.Popen(
            [
                *(sys.executable, __file__, address[0], str(address[1]), str(share)),
                *(f"127.0.0.{2 + i}", text.decode()),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for i, share in enumerate(shares)
    ]
    try:
        for member in members:
            assert member.stdout and member.stdout.readline() == b"ready\n", "the crowd is there"
        yield
    finally:
        for member in members:
            if member.stdin:
                member.stdin.close()
        for member in members:
            member.wait(20)
            if member.stdout:
                member.stdout.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
