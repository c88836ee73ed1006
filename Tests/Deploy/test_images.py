"""The images by themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deployments import inspect, must, run

IMAGE = "canopy:0.1.0"


@pytest.fixture
def waiting() -> Iterator[str]:
    """A node that waits for a minute before it starts."""
    made = must("docker", "run", "--detach", "--env", "CANOPY_STARTUP_DELAY=60", IMAGE).strip()
    yield made
    must("docker", "rm", "--force", "--volumes", made)


def test_a_node_stops_at_once_while_it_waits_to_start(waiting: str) -> None:
    """To process 1 the kernel delivers only signals that have a handler."""
    must("docker", "stop", "--time", "30", waiting)
    assert inspect(waiting)["State"]["ExitCode"] == 0


def test_the_programs_run_in_the_image() -> None:
    command = ("docker", "run", "--rm", "--read-only", "--network", "none", IMAGE)
    for program in ("cachenode", "kvctl"):
        assert must(*command, program, "--version").strip() == f"{program} 0.1.0"
    refused = run(*command, "cachenode", "--depth", "0")
    assert refused.returncode == 2 and "--depth" in refused.stderr
