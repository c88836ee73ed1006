"""What a busy machine does to a test, told apart from what the nodes do."""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec

from harness import Process

P = ParamSpec("P")

#: A node gives a parent up that says nothing for a second, and it may have said the last thing a
#: quarter of a second before it fell asleep.
NAP_SECONDS = 0.7
ATTEMPTS = 5


class Overslept(Exception):
    """The machine was so slow that a parent, which was to sleep for a moment, was given up."""


@contextlib.contextmanager
def napping(process: Process) -> Iterator[None]:
    """The process sleeps so shortly that its children don't notice. If it took longer, nothing that
    they did since then counts: `Overslept` is raised, and `again_if_overslept` begins anew."""
    began = time.monotonic()
    process.pause()
    try:
        yield
    except (AssertionError, OSError):
        if time.monotonic() - began < NAP_SECONDS:
            raise
    finally:
        process.resume()
    if time.monotonic() - began >= NAP_SECONDS:
        raise Overslept


def again_if_overslept(test: Callable[P, None]) -> Callable[P, None]:
    """A test that makes its own tree, and in which somebody is `napping`."""

    @functools.wraps(test)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> None:
        for attempt in range(ATTEMPTS):
            try:
                return test(*args, **kwargs)
            except Overslept:
                if attempt == ATTEMPTS - 1:
                    raise

    return repeated


class Waiting:
    """How long processes were ready to run and waited for a processor: time that isn't theirs.

    Linux tells it of each thread, in nanoseconds (sched-stats.rst); these here are of one thread.
    """

    def __init__(self, *pids: int) -> None:
        self.files = [Path(f"/proc/{pid}/schedstat") for pid in (os.getpid(), *pids)]

    def seconds(self) -> float:
        """In all of them so far, this process among them."""
        return sum(int(file.read_text().split()[1]) for file in self.files) / 1e9
