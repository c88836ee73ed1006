"""Joins two network interfaces by a slow line: `python -m chaos.delay port4 line4 0.05 0.02 0.01`.

For kernels without netem. What comes in at the first interface goes out at the second after so
many seconds, which vary by so many, and a part of it is lost; the other way it passes at once.
Order is kept.
"""

from __future__ import annotations

import contextlib
import heapq
import random
import select
import socket
import sys
import time

# Constants of linux/if_packet.h and linux/if_ether.h.
SOL_PACKET = 263
PACKET_VNET_HDR = 15
PACKET_OUTGOING = 4
ETH_P_ALL = 3
#: A frame that the kernel has not cut to size yet, and what it says about that.
FRAME_BYTES_MAX = 1 << 17


def open_interface(name: str) -> socket.socket:
    """All frames of an interface. Each is preceded by what is still to be done to it (checksums,
    cutting to size), which goes on with it."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    opened.bind((name, ETH_P_ALL))
    opened.setblocking(False)
    return opened


def frames(source: socket.socket) -> list[bytes]:
    found = []
    with contextlib.suppress(BlockingIOError):
        while True:
            frame, address = source.recvfrom(FRAME_BYTES_MAX)
            if address[2] != PACKET_OUTGOING:
                found.append(frame)
    return found


def pass_on(frame: bytes, target: socket.socket) -> None:
    # What a full or broken line does not take is lost, as on any other.
    with contextlib.suppress(OSError):
        target.send(frame)


def main() -> None:
    slow, fast = open_interface(sys.argv[1]), open_interface(sys.argv[2])
    delay, jitter, loss = (float(text) for text in sys.argv[3:6])
    print("ready", flush=True)
    waiting: list[tuple[float, int, bytes]] = []
    last, number = 0.0, 0
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        select.select([slow, fast], [], [], pause)
        now = time.monotonic()
        for frame in frames(fast):
            pass_on(frame, slow)
        for frame in frames(slow):
            if random.random() >= loss:
                last = max(last, now + delay + random.uniform(-jitter, jitter))
                number += 1
                heapq.heappush(waiting, (last, number, frame))
        while waiting and waiting[0][0] <= now:
            pass_on(heapq.heappop(waiting)[2], fast)


if __name__ == "__main__":
    main()
