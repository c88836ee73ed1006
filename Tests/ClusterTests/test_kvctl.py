"""Contract C: kvctl's verbs, its lines, its exit codes and its environment."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from conftest import ClusterFactory
from harness import KVCTL, Cluster, clean_environment, eventually, free_ports
from rawhttp import ask

Result = subprocess.CompletedProcess[str]
KVCtl = Callable[..., Result]
OK, FAILURE, USAGE, NOT_FOUND, UNMET, UNREACHABLE = 0, 1, 2, 3, 4, 5


def run(
    *arguments: str, environment: Mapping[str, str] | None = None, timeout: float = 30
) -> Result:
    return subprocess.run(
        [str(KVCTL), *arguments],
        env=clean_environment(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.fixture
def kvctl(seven: Cluster) -> KVCtl:
    """Runs kvctl against the shared tree."""
    where = {"KVCTL_HOST": "127.0.0.1", "KVCTL_BASE_PORT": str(seven.base_port)}

    def call(*arguments: str, environment: Mapping[str, str] | None = None) -> Result:
        return run(*arguments, environment={**where, **(environment or {})})

    return call


def test_the_three_verbs_print_status_and_answer(kvctl: KVCtl) -> None:
    for arguments, line, code in [
        (["put", "NODE-7", "hello", "world"], '200 {"key": "hello", "value": "world"}', OK),
        (["get", "NODE-7", "hello"], '200 {"value": "world"}', OK),
        (["delete", "NODE-7", "hello"], '200 {"key": "hello"}', OK),
        (["get", "NODE-7", "hello"], '404 {"detail": "Key not found"}', NOT_FOUND),
    ]:
        result = kvctl(*arguments)
        assert (result.stdout, result.stderr, result.returncode) == (f"{line}\n", "", code)


@pytest.mark.parametrize("verbs", [("PUT", "GET", "DELETE"), ("Put", "gEt", "Delete")])
@pytest.mark.parametrize("node", ["NODE-7", "node-7", "Node-7", "7"])
def test_verbs_and_nodes_may_be_spelt_in_many_ways(
    kvctl: KVCtl, key: str, verbs: tuple[str, str, str], node: str
) -> None:
    put, get, delete = verbs
    assert kvctl(put, node, key, "x").returncode == OK
    assert kvctl(get, node, key).stdout == '200 {"value": "x"}\n'
    assert kvctl(delete, node, key).returncode == OK


@pytest.mark.parametrize(
    "value, text",
    [
        ("5", "5"),
        ("2.0", "2.0"),
        ("1e3", "1e3"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("true", "true"),
        ("false", "false"),
        ("True", '"True"'),
        ("null", '"null"'),
        ("007", '"007"'),
        ("1.", '"1."'),
        ("NaN", '"NaN"'),
        (" 5", '" 5"'),
        ("", '""'),
        ('{"a":1}', r'"{\"a\":1}"'),
        ('"quoted"', r'"\"quoted\""'),
        ("é 🌳", '"é 🌳"'),
        ("two\nlines", r'"two\nlines"'),
    ],
)
def test_numbers_and_booleans_are_sent_as_such_and_the_rest_as_strings(
    kvctl: KVCtl, seven: Cluster, key: str, value: str, text: str
) -> None:
    result = kvctl("put", "4", key, value)
    assert result.stdout == f'200 {{"key": {json.dumps(key)}, "value": {text}}}\n'
    assert seven[4].store_get(key).body == f'{{"value":{text}}}'.encode()


def test_a_value_that_begins_with_a_dash_goes_after_two(kvctl: KVCtl, key: str) -> None:
    assert kvctl("put", "4", key, "--", "-5").stdout.endswith('"value": -5}\n')
    assert kvctl("put", "4", "--", "-k", "-v").stdout == '200 {"key": "-k", "value": "-v"}\n'


@pytest.mark.parametrize("hard", ["a/b", "..", "a b", "é", "100%", "?a=b", "#", "'\"", "//", "%2F"])
def test_a_key_may_be_anything(kvctl: KVCtl, seven: Cluster, hard: str) -> None:
    assert kvctl("put", "5", hard, "x").returncode == OK
    eventually(lambda: seven.root.store_get(hard).json() == {"value": "x"}, "it is at the root")
    assert kvctl("get", "1", hard).stdout == '200 {"value": "x"}\n'
    assert kvctl("delete", "5", hard, "--ack", "root").returncode == OK


def test_flags_win_over_the_environment(seven: Cluster, key: str) -> None:
    base = str(seven.base_port)
    wrong = {"KVCTL_HOST": "127.0.0.99", "KVCTL_BASE_PORT": "1"}
    arguments = ["put", "3", key, "x", "--host", "127.0.0.1", "--base-port", base]
    assert run(*arguments, environment=wrong).returncode == OK
    assert run("get", "3", key, environment={"KVCTL_BASE_PORT": base}).returncode == OK, "localhost"


def test_a_nodes_refusal_is_printed_and_is_a_failure(kvctl: KVCtl) -> None:
    result = kvctl("put", "7", "k" * 512, "x")
    assert result.stdout.startswith('400 {"detail": ')
    assert result.returncode == FAILURE


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["get"],
        ["get", "7"],
        ["get", "seven", "k"],
        ["get", "0", "k"],
        ["get", "NODE-", "k"],
        ["get", "7", ""],
        ["put", "7", "k"],
        ["put", "7", "k", "v", "more"],
        ["fetch", "7", "k"],
        ["get", "7", "k", "--no-such-flag"],
        ["get", "7", "k", "--base-port", "x"],
        ["get", "7", "k", "--base-port", "70000"],
        ["get", "7", "k", "--output", "xml"],
    ],
    ids=str,
)
def test_what_makes_no_sense_is_a_usage_error_on_stderr(
    binaries: None, arguments: list[str]
) -> None:
    result = run(*arguments)
    if not arguments:
        assert result.returncode in (OK, USAGE), "without arguments it shows its help"
        return
    assert (result.returncode, result.stdout) == (USAGE, "")
    assert result.stderr.strip()


def test_a_node_that_is_not_there_is_unreachable(binaries: None) -> None:
    base = str(free_ports(1))
    result = run("get", "1", "k", "--host", "127.0.0.1", "--base-port", base)
    assert (result.returncode, result.stdout) == (UNREACHABLE, "")
    assert "NODE-1" in result.stderr
    assert len(result.stderr.splitlines()) >= 2, "it says what to do next"


def test_a_node_that_does_not_answer_times_out(binaries: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = str(silent.getsockname()[1] - 1)
        where = ["--host", "127.0.0.1", "--base-port", base, "--timeout", "0.5"]
        result = run("get", "1", "k", *where)
    assert (result.returncode, result.stdout) == (UNREACHABLE, "")
    assert "0.5 s" in result.stderr


def test_inside_the_network_a_node_is_reached_by_its_name(binaries: None) -> None:
    for arguments, environment in [((), {"KVCTL_INSIDE": "1"}), (("--inside",), {})]:
        result = run("get", "60001", "k", *arguments, environment=environment)
        assert result.returncode == UNREACHABLE
        assert "NODE-60001" in result.stderr


def test_results_are_json_when_asked_for(kvctl: KVCtl, key: str) -> None:
    put = kvctl("put", "4", key, "2.0", "--output", "json")
    assert put.stdout == f'{{"status":200,"body":{{"key":{json.dumps(key)},"value":2.0}}}}\n'
    missing = kvctl("get", "4", f"{key}-not", "--output", "json")
    assert json.loads(missing.stdout) == {"status": 404, "body": {"detail": "Key not found"}}
    assert missing.returncode == NOT_FOUND


def shown(lines: list[str]) -> dict[str, str]:
    """The fields below an answer, by their names."""
    return dict(line.split(": ", 1) for line in lines)


def test_an_answer_tells_its_version_its_age_and_its_way_on_demand(kvctl: KVCtl, key: str) -> None:
    line, tag = kvctl("put", "7", key, "x", "--ack", "root", "-i").stdout.splitlines()
    assert line == f'200 {{"key": {json.dumps(key)}, "value": "x"}}'
    line, *lines = kvctl("get", "4", key, "--include").stdout.splitlines()
    assert line == '200 {"value": "x"}'
    fields = shown(lines)
    assert list(fields) == ["ETag", "Age", "Staleness-Bound", "Cache-Status"]
    assert tag == f"ETag: {fields['ETag']}"
    assert fields["Cache-Status"].endswith("NODE-4; fwd=uri-miss; stored")
    again = json.loads(kvctl("get", "4", key, "-i", "--output", "json").stdout)
    assert again["body"] == {"value": "x"}
    assert again["fields"]["ETag"] == fields["ETag"]
    assert again["fields"]["Cache-Status"].startswith("NODE-4; hit; ttl=")


def test_a_read_may_ask_the_root_or_nobody(kvctl: KVCtl, key: str) -> None:
    assert kvctl("put", "7", key, "x", "--ack", "root").returncode == OK
    missed = kvctl("get", "4", key, "--only-if-cached")
    assert (missed.returncode, missed.stdout[:4]) == (FAILURE, "504 ")
    way = kvctl("get", "4", key, "--no-cache", "-i").stdout.splitlines()[-1]
    assert way.startswith("Cache-Status: NODE-1; hit, NODE-2; fwd=request")
    tag = json.loads(kvctl("get", "4", key, "-i", "--output", "json").stdout)["fields"]["ETag"]
    for written in (tag, tag.strip('"'), "*"):
        result = kvctl("get", "4", key, "--if-none-match", written)
        assert (result.returncode, result.stdout) == (OK, "304\n")


def test_a_write_may_depend_on_what_is_there(kvctl: KVCtl, key: str) -> None:
    first = kvctl("put", "7", key, "x", "--if-none-match", "*", "-i")
    assert first.returncode == OK
    tag = shown(first.stdout.splitlines()[1:])["ETag"].strip('"')
    second = kvctl("put", "6", key, "y", "--if-none-match", "*")
    assert (second.returncode, second.stdout[:4]) == (UNMET, "412 ")
    assert kvctl("put", "6", key, "y", "--if-match", "1.1").returncode == UNMET
    assert kvctl("put", "6", key, "y", "--if-match", tag).returncode == OK
    assert kvctl("delete", "5", key, "--if-match", tag).returncode == UNMET
    assert kvctl("delete", "5", key, "--if-match", "*").returncode == OK
    assert kvctl("get", "7", key, "--no-cache").returncode == NOT_FOUND
    contradiction = kvctl("put", "7", key, "x", "--no-wait", "--ack", "root")
    assert contradiction.returncode == USAGE


def test_changes_are_sent_out_on_demand(cluster: ClusterFactory, kvctl: KVCtl) -> None:
    tree = cluster(2, root_options=("--coherence", "sync", "--sync-interval", "10m"))
    where = ["--host", "127.0.0.1", "--base-port", str(tree.base_port)]
    assert tree[2].put("k", "old").status == 200
    eventually(lambda: tree[3].get("k").body == b"old", "NODE-3 holds the key")
    assert run("put", "2", "k", "new", "--ack", "root", *where).returncode == OK
    assert tree[3].get("k").body == b"old"
    assert run("synchronize", "--node", "3", *where).returncode == OK
    eventually(lambda: tree[3].get("k").body == b'"new"', "the change has come down")
    refused = kvctl("synchronize")
    assert refused.returncode == FAILURE
    assert "409" in refused.stderr and "mode push" in refused.stderr


def test_the_tree_is_drawn_without_colours_when_nobody_looks(kvctl: KVCtl, seven: Cluster) -> None:
    result = kvctl("tree")
    assert result.returncode == OK
    assert "\x1b" not in result.stdout
    for slot, node in seven.nodes.items():
        assert f"NODE-{slot}" in result.stdout
        assert str(node.address[1]) in result.stdout
    drawn = json.loads(kvctl("tree", "--output", "json").stdout)
    assert (drawn["root"], drawn["depth"]) == ("NODE-1", 3)
    assert [child["name"] for child in drawn["tree"]["children"]] == ["NODE-2", "NODE-3"]


def test_the_nodes_are_listed(kvctl: KVCtl) -> None:
    table = kvctl("nodes").stdout.splitlines()
    assert len(table) == 10
    assert "NODE-7" in table[7] and "live" in table[7]
    assert table[9] == "7 nodes: 7 live. Depth 3, coherence push."
    listed = json.loads(kvctl("nodes", "--node", "7", "--output", "json").stdout)
    assert [node["slot"] for node in listed["nodes"]] == list(range(1, 8))


def test_the_keys_of_a_node_are_listed(cluster: ClusterFactory) -> None:
    tree = cluster(1)
    where = ["--host", "127.0.0.1", "--base-port", str(tree.base_port)]
    for name in ("a", "b c", "é"):
        assert tree.root.put(name, "x").status == 200
    result = run("keys", "1", *where)
    assert sorted(result.stdout.splitlines()) == ["a", "b c", "é"]
    assert sorted(json.loads(run("keys", "1", "--output", "json", *where).stdout)) == [
        "a",
        "b c",
        "é",
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_made_for_each_shell(binaries: None, shell: str) -> None:
    result = run("--generate-completion-script", shell)
    assert result.returncode == OK
    assert "cluster" in result.stdout and "delete" in result.stdout


def test_help_and_version_are_as_people_expect(binaries: None) -> None:
    for arguments in (["--help"], ["-h"], ["help"], ["get", "--help"], ["cluster", "up", "--help"]):
        result = run(*arguments)
        assert (result.returncode, result.stderr) == (OK, "")
        assert "USAGE" in result.stdout.upper()
    assert run("--version").stdout.strip().count(".") == 2


@pytest.fixture
def started(binaries: None, tmp_path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """A tree of depth 2 that `kvctl cluster up` started, with state in a folder of its own."""
    base = free_ports(4)
    environment = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    environment["XDG_RUNTIME_DIR"] = str(tmp_path)
    up = ["cluster", "up", "--depth", "2", "--base-port", str(base), "--coherence", "ttl"]
    up += ["--ttl", "1m"]
    result = run(*up, environment=environment, timeout=60)
    try:
        assert result.returncode == OK, result.stdout + result.stderr
        yield base, environment
    finally:
        run("cluster", "down", "--base-port", str(base), environment=environment, timeout=60)


def test_a_whole_tree_is_started_shown_and_stopped(started: tuple[int, dict[str, str]]) -> None:
    base, environment = started
    where = ["--base-port", str(base)]
    for slot in (1, 2, 3):
        assert ask(("127.0.0.1", base + slot), "GET", "/readyz").status == 200
    assert run("put", "2", "k", "v", *where).returncode == OK
    assert run("get", "3", "k", *where).returncode == OK
    held = run("get", "3", "k", "-i", *where).stdout.splitlines()[-1]
    assert re.fullmatch("Cache-Status: NODE-3; hit; ttl=[345][0-9]", held), "of a minute"
    assert run("nodes", *where).stdout.endswith("3 nodes: 3 live. Depth 2, coherence ttl.\n")
    status = run("cluster", "status", *where, environment=environment)
    assert status.returncode == OK
    assert "NODE-3" in status.stdout
    down = run("cluster", "down", *where, environment=environment, timeout=60)
    assert down.returncode == OK, down.stderr
    for slot in (1, 2, 3):
        with pytest.raises(ConnectionRefusedError):
            ask(("127.0.0.1", base + slot), "GET", "/livez")
