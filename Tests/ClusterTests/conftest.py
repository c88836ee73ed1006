"""Fixtures: clusters of real processes, ended and checked after the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from harness import CACHENODE, KVCTL, Cluster, Process, close_processes
from zookeeper import Reader, RecordedCluster, ZooKeeperServers

ClusterFactory = Callable[..., Cluster]
ProcessKeeper = Callable[[Process], Process]
RecordedFactory = Callable[..., RecordedCluster]
ServersFactory = Callable[..., ZooKeeperServers]
ReaderFactory = Callable[[str], Reader]

#: What runs at the moment, for the report of a failed test.
live_processes: list[Process] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("CANOPY_SLOW") == "1":
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow; CANOPY_SLOW=1 runs it"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the nodes' logs with a failed test."""
    report = yield
    if report.failed:
        for process in live_processes:
            report.sections.append((f"log of {process.name}", process.log()[-3000:]))
    return report


@pytest.fixture(scope="session")
def binaries() -> None:
    for binary in (CACHENODE, KVCTL):
        if not binary.exists():
            pytest.exit(f"{binary} is not there: swift build -c release", returncode=2)


def make_factory(folder: Path, made: list[Cluster]) -> ClusterFactory:
    def make(
        depth: int,
        options: tuple[str, ...] = (),
        slots: list[int] | None = None,
        root_options: tuple[str, ...] = (),
    ) -> Cluster:
        """A started tree; with `slots` only these nodes of it (an empty list: none)."""
        cluster = Cluster(folder / f"cluster-{len(made)}", depth, options, root_options)
        made.append(cluster)
        try:
            if slots is None or slots:
                cluster.start(slots)
        finally:
            live_processes.extend(cluster.nodes.values())
        return cluster

    return make


def close_all(clusters: list[Cluster]) -> None:
    failures = []
    for cluster in clusters:
        try:
            cluster.close()
        except AssertionError as error:
            failures.append(str(error))
        for node in cluster:
            if node in live_processes:
                live_processes.remove(node)
    assert not failures, "\n".join(failures)


@pytest.fixture
def cluster(binaries: None, tmp_path: Path) -> Iterator[ClusterFactory]:
    """Starts trees of the test's own."""
    made: list[Cluster] = []
    yield make_factory(tmp_path, made)
    close_all(made)


@pytest.fixture(scope="session")
def seven(binaries: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A tree of seven nodes that tests share: each uses keys of its own and harms no node."""
    made: list[Cluster] = []
    yield make_factory(tmp_path_factory.mktemp("seven"), made)(3)
    close_all(made)


@pytest.fixture
def keep(binaries: None) -> Iterator[ProcessKeeper]:
    """Takes processes into care: they are ended after the test, the newest first, and checked."""
    kept: list[Process] = []

    def take(process: Process) -> Process:
        kept.append(process)
        live_processes.append(process)
        return process

    yield take
    for process in kept:
        live_processes.remove(process)
    close_processes(kept[::-1])


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A key that no other test uses."""
    return str(request.node.nodeid).rsplit("/", 1)[-1]


@pytest.fixture(scope="session")
def zookeeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperServers]:
    """A ZooKeeper server that tests share: each uses a chroot of its own and does it no harm."""
    servers = ZooKeeperServers(tmp_path_factory.mktemp("zookeeper"))
    try:
        yield servers.start()
    finally:
        servers.close()


@pytest.fixture
def zookeepers(tmp_path: Path) -> Iterator[ServersFactory]:
    """Starts a server, or an ensemble, of the test's own, to be harmed."""
    made: list[ZooKeeperServers] = []

    def make(count: int = 1) -> ZooKeeperServers:
        servers = ZooKeeperServers(tmp_path / f"zookeeper-{len(made)}", count)
        made.append(servers)
        return servers.start()

    yield make
    for servers in made:
        servers.close()


@pytest.fixture
def chroot(zookeeper: ZooKeeperServers, request: pytest.FixtureRequest) -> str:
    """A connect string for the shared server that ends with a path which isn't there yet."""
    return f"{zookeeper.authority}/{request.node.name.replace('/', '-')}"


@pytest.fixture
def recorded(
    binaries: None,
    tmp_path: Path,
    zookeepers: ServersFactory,
    request: pytest.FixtureRequest,
) -> Iterator[RecordedFactory]:
    """Starts trees of the test's own, recorded below `chroot` if nothing else is said.

    They end before the servers of `zookeepers`, to which they say goodbye.
    """
    made: list[RecordedCluster] = []

    def make(
        depth: int,
        slots: list[int] | None = None,
        zookeeper: str | None = None,
        options: tuple[str, ...] = (),
    ) -> RecordedCluster:
        where = zookeeper or request.getfixturevalue("chroot")
        tree = RecordedCluster(tmp_path / f"recorded-{len(made)}", depth, where, options)
        made.append(tree)
        try:
            if slots is None or slots:
                tree.start(slots)
        finally:
            live_processes.extend(tree.nodes.values())
        return tree

    yield make
    close_all(list(made))


@pytest.fixture
def reader() -> Iterator[ReaderFactory]:
    """Connects kazoo."""
    made: list[Reader] = []

    def make(zookeeper: str) -> Reader:
        made.append(Reader(zookeeper))
        return made[-1]

    yield make
    for one in made:
        one.close()
