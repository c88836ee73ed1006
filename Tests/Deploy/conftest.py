"""Brings the tree up with what a test asks for, and down again whatever happens."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator

import pytest

from deployments import Compose, Deployment, Vagrant, left, run
from zookeeper import Reader

#: What is brought up at the moment, for the report of a failed test.
current: list[Deployment] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the containers, and the end of each one's log, with a failed test."""
    report = yield
    if report.failed and current:
        report.sections.append(("containers", run("docker", "ps", "--all").stdout))
        for name in left()["containers"]:
            log = run("docker", "logs", "--tail", "15", name)
            report.sections.append((f"log of {name}", log.stdout + log.stderr))
    return report


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """A docker engine that holds nothing: the tests check that they leave nothing behind."""
    if shutil.which("docker") is None or run("docker", "info").returncode != 0:
        pytest.exit("docker info fails: no docker engine is reached from here", returncode=2)
    if os.geteuid() != 0:
        pytest.exit("the partition needs root", returncode=2)
    found = left()
    if any(found.values()):
        pytest.exit(f"the docker engine isn't empty: {found}", returncode=2)


@pytest.fixture(scope="module", params=[Vagrant, Compose])
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    """The tree of 7 nodes, up; the tests of one kind run after each other, and share it."""
    made: Deployment = request.param()
    current.append(made)
    try:
        made.up()
        yield made
    finally:
        current.remove(made)
        made.down()
    assert not any(left().values()), "nothing is left"


@pytest.fixture
def reader(deployment: Deployment) -> Iterator[Reader]:
    """kazoo, connected to ZooKeeper."""
    made = Reader(deployment.zookeeper)
    yield made
    made.close()
