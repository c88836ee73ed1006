"""Settings: flags over environment over defaults; a wrong one is told in one line."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import ProcessKeeper
from harness import CACHENODE, Cluster, Node, Process, clean_environment, eventually, free_ports
from standins.runner import LoopbackNetwork

pytestmark = pytest.mark.usefixtures("binaries")


def run(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs cachenode with settings that end it at once."""
    return subprocess.run(
        [str(CACHENODE), *arguments],
        env=clean_environment(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=10,
    )


def serving(
    keep: ProcessKeeper,
    folder: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    name: str = "node",
    port: int | None = None,
) -> Process:
    """A root started with exactly these arguments and variables."""
    address = ("127.0.0.1", port or free_ports(1) + 1)
    command = [str(CACHENODE), "--listen", f"127.0.0.1:{address[1]}", *arguments]
    process = keep(Process(name, command, address, folder / f"{name}.log", environment))
    process.start()
    eventually(lambda: not process.is_running() or process.is_ready(), "the node is ready")
    assert process.is_running(), process.log()
    return process


def test_help_shows_every_flag_and_its_default() -> None:
    result = run("--help")
    assert (result.returncode, result.stderr) == (0, "")
    flags = ["--name", "--listen", "--advertise", "--root", "--depth", "--coherence", "--memory"]
    flags += ["--log-level", "--log-format", "--upward-queue", "--help", "--version"]
    flags += ["--ttl", "--sync-interval", "--max-staleness", "--stale-if-error"]
    for flag in flags:
        assert flag in result.stdout
    for text in ("CANOPY_DEPTH", "512MiB", "127.0.0.1:5000", "exit codes"):
        assert text in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())
    assert run("-h").stdout == result.stdout


def test_the_version_is_that_of_the_node(seven: Cluster) -> None:
    result = run("--version")
    assert (result.returncode, result.stderr) == (0, "")
    version = seven.root.ask("GET", "/version").json()["version"]
    assert version in result.stdout.split()


@pytest.mark.parametrize(
    "flag, value, allowed",
    [
        ("--depth", "0", ["1", "16"]),
        ("--depth", "17", ["1", "16"]),
        ("--depth", "x", ["1", "16"]),
        ("--depth", "3.0", ["1", "16"]),
        ("--depth", "-1", ["1", "16"]),
        ("--depth", "99999999999999999999", ["1", "16"]),
        ("--listen", "5000:127.0.0.1", ["HOST", "PORT"]),
        ("--listen", "127.0.0.1:65536", ["65535"]),
        ("--listen", "127.0.0.1:x", ["65535"]),
        ("--listen", "", ["PORT"]),
        ("--advertise", "a b:5000", ["HOST:PORT"]),
        ("--root", "127.0.0.1:0", ["65535"]),
        ("--coherence", "sometimes", ["push", "ttl", "sync", "none"]),
        ("--ttl", "9ms", ["10ms", "30d"]),
        ("--ttl", "1.5s", ["250ms"]),
        ("--sync-interval", "2h", ["10ms", "1h"]),
        ("--max-staleness", "0", ["100ms", "1d"]),
        ("--stale-if-error", "never", ["0s", "30d"]),
        ("--memory", "lots", ["MiB"]),
        ("--memory", "1", ["MiB"]),
        ("--memory", "99999999TiB", ["MiB"]),
        ("--log-level", "loud", ["info", "debug"]),
        ("--log-format", "xml", ["text", "json"]),
        ("--upward-queue", "0", ["1"]),
        ("--name", "a/b", ["letters"]),
        ("--name", "x" * 65, ["64"]),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(
    flag: str, value: str, allowed: list[str]
) -> None:
    for arguments in ([flag, value], [f"{flag}={value}"]):
        result = run(*arguments)
        assert (result.returncode, result.stdout) == (2, "")
        (line,) = result.stderr.splitlines()
        assert flag in line and value in line
        for word in allowed:
            assert word in line
    variable = "CANOPY_" + flag[2:].upper().replace("-", "_")
    if value:
        result = run(environment={variable: value})
        assert result.returncode == 2
        (line,) = result.stderr.splitlines()
        assert variable in line and value in line


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--dept", "3"], ["--dept", "--depth"]),
        (["--unknown"], ["--unknown"]),
        (["-x"], ["-x"]),
        (["serve"], ["serve"]),
        (["--depth"], ["--depth"]),
        (["--depth", "3", "extra"], ["extra"]),
        (["--root", "127.0.0.1:5001"], ["--name"]),
        (["--depth", "3\n4"], ["--depth"]),
    ],
    ids=str,
)
def test_arguments_that_make_no_sense_are_told_in_one_line(
    arguments: list[str], words: list[str]
) -> None:
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    for word in words:
        assert word in line


def test_a_port_in_use_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("--listen", f"127.0.0.1:{port}")
    assert (result.returncode, result.stdout) == (1, "")
    assert f"127.0.0.1:{port}" in result.stderr
    assert "in use" in result.stderr
    assert len(result.stderr.splitlines()) == 1, result.stderr


@pytest.mark.parametrize("address", ["203.0.113.7:5000", "no.such.host.invalid:5000"])
def test_an_unusable_address_is_told_in_one_line(address: str) -> None:
    result = run("--listen", address)
    assert result.returncode in (1, 2)
    assert address in result.stderr
    assert len(result.stderr.splitlines()) == 1, result.stderr


def test_the_environment_wins_over_defaults_and_flags_over_both(
    keep: ProcessKeeper, tmp_path: Path
) -> None:
    environment = {"CANOPY_DEPTH": "2", "CANOPY_NAME": "NODE-9"}
    for arguments, depth in (((), 2), (("--depth", "4"), 4), (("--depth=5",), 5)):
        node = serving(keep, tmp_path, *arguments, environment=environment, name=f"depth-{depth}")
        shown = node.ask("GET", "/nodes").json()
        assert (shown["depth"], shown["root"]) == (depth, "NODE-9")
        assert node.ask("GET", "/").json()["node"] == "NODE-9"
    default = serving(keep, tmp_path, name="default")
    assert default.ask("GET", "/nodes").json()["depth"] == 3


def test_the_limits_of_freshness_are_settings_of_the_root(
    keep: ProcessKeeper, tmp_path: Path
) -> None:
    environment = {"CANOPY_COHERENCE": "ttl", "CANOPY_TTL": "2500ms"}
    root = serving(keep, tmp_path, environment=environment)
    assert root.ask("GET", "/nodes").json()["coherence"] == "ttl"
    assert root.put("key", "value").status == 200
    child = Node("NODE-2", ("127.0.0.1", free_ports(1) + 1), tmp_path, root.address)
    child.command += ["--coherence", "none", "--ttl", "1h"]
    keep(child).start()
    eventually(child.is_ready, "the child is ready")
    assert child.get("key").status == 200
    times = ("NODE-2; hit; ttl=2", "NODE-2; hit; ttl=1")
    eventually(lambda: child.get("key").headers["cache-status"] in times, "as the root has it")
    assert "--coherence none has no effect here: the root decides" in child.log()
    assert "--ttl 1h has no effect here: the root decides" in child.log()


def test_a_limit_of_staleness_leaves_room_for_the_rounds() -> None:
    result = run("--coherence", "sync", "--sync-interval", "20s", "--max-staleness", "30s")
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert "--max-staleness 30s" in line and "--sync-interval" in line and "40s" in line


def test_an_empty_variable_counts_as_unset(keep: ProcessKeeper, tmp_path: Path) -> None:
    node = serving(keep, tmp_path, environment={"CANOPY_DEPTH": "", "CANOPY_ROOT": ""})
    assert node.ask("GET", "/nodes").json()["depth"] == 3


def test_the_log_is_json_when_asked_for(keep: ProcessKeeper, tmp_path: Path) -> None:
    node = serving(keep, tmp_path, "--log-format", "json", "--name", "NODE-1")
    assert node.stop() == 0
    lines = node.log().splitlines()
    assert len(lines) >= 2
    for line in lines:
        assert isinstance(json.loads(line), dict)


def test_the_log_level_leaves_the_rest_out(keep: ProcessKeeper, tmp_path: Path) -> None:
    node = serving(keep, tmp_path, "--log-level", "error")
    assert node.stop() == 0
    assert node.log() == ""


@pytest.mark.alone  # It serves at port 5000 of every address.
def test_the_kv_systems_variables_start_a_root(keep: ProcessKeeper, tmp_path: Path) -> None:
    network = LoopbackNetwork(tmp_path, 1)
    root = keep(from_environment(network, tmp_path, network.kv_environment(1, root=1)))
    root.start()
    eventually(root.is_ready, "the root is ready")
    assert root.ask("GET", "/").json()["address"] == network.address(1)
    place = root.ask("POST", "/clients/register?id=2&ip=127.0.9.2").json()
    assert place == {"parent_id": 1, "parent_ip": network.address(1), "zk_path": "/1/2"}


def test_the_store_systems_variables_start_a_root(keep: ProcessKeeper, tmp_path: Path) -> None:
    network = LoopbackNetwork(tmp_path, 1)
    environment = network.store_environment(1, root=1, count=15)
    root = keep(from_environment(network, tmp_path, environment))
    root.start()
    eventually(root.is_ready, "the root is ready")
    alive = {"status": "alive", "node": "NODE-1", "address": network.address(1)}
    assert root.ask("GET", "/").json() == alive
    structure = root.ask("GET", "/nodes/structure").json()["binary_tree_array"]
    assert structure == ["NODE-1"] + [None] * 14


@pytest.mark.alone  # It serves at port 5000 of every address.
@pytest.mark.parametrize("variable", ["ZOO_SERVERS", "zookeeper"])
def test_a_root_waits_for_its_zookeeper_and_says_so(
    keep: ProcessKeeper, tmp_path: Path, variable: str
) -> None:
    """It may not number writes before it has its epoch."""
    network = LoopbackNetwork(tmp_path, 1)
    own = network.kv_environment if variable == "ZOO_SERVERS" else network.store_environment
    environment = own(1, root=1) if variable == "ZOO_SERVERS" else own(1, root=1, count=3)
    root = keep(from_environment(network, tmp_path, {**environment, variable: "127.0.0.1:1"}))
    root.start()
    eventually(lambda: "ZooKeeper" in root.log(), "the log says what it waits for")
    assert root.ask("GET", "/readyz").status == 503
    assert root.ask("GET", "/livez").status == 200


def from_environment(
    network: LoopbackNetwork, folder: Path, environment: Mapping[str, str]
) -> Process:
    """A cachenode without any flag: it serves at port 5000 of every address, or of its own."""
    address = (network.address(1), 5000)
    command = [*network.namespace(), str(CACHENODE)]
    return Process("NODE-1", command, address, folder / "NODE-1.log", environment)


@pytest.mark.parametrize(
    "environment, words",
    [
        ({"MY_ID": "x", "ROOT_ID": "1"}, ["MY_ID", "x"]),
        ({"MY_ID": "2", "MY_IP": "127.0.0.2", "ROOT_ID": "1"}, ["ROOT_IP"]),
        ({"node_name": "NODE-1", "root_node": "NODE-1", "n_nodes": "6"}, ["n_nodes", "6"]),
        ({"node_name": "NODE-1", "root_node": "NODE-1", "api_port": "no"}, ["api_port", "no"]),
    ],
    ids=str,
)
def test_a_wrong_variable_of_an_earlier_system_is_told(
    environment: Mapping[str, str], words: list[str]
) -> None:
    result = run(environment=environment)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    for word in words:
        assert word in line


def test_a_node_listens_on_a_free_port_when_asked_to(keep: ProcessKeeper, tmp_path: Path) -> None:
    node = keep(Node("NODE-1", ("127.0.0.1", 0), tmp_path))
    node.start()
    eventually(lambda: "127.0.0.1:" in node.log(), "it says where it listens")
    assert "127.0.0.1:0 " not in node.log()
