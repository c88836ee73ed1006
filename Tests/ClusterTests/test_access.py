"""Access: who shows no token, or the wrong one, gets nothing; tokens change without a restart."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ProcessKeeper, close_all, make_factory
from harness import CACHENODE, KVCTL, Cluster, Node, Process, clean_environment, eventually
from harness import free_ports
from rawhttp import Answer, ask, request_bytes

pytestmark = pytest.mark.usefixtures("binaries")

CHALLENGE = 'Bearer realm="canopy"'


def token() -> str:
    return secrets.token_urlsafe(32)


class TokenFile:
    """A file that only its owner may read; written anew in one step, as an editor does."""

    def __init__(self, path: Path, *lines: str) -> None:
        self.path = path
        self.write(*lines)

    def write(self, *lines: str, mode: int = 0o600) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_text("".join(f"{line}\n" for line in lines))
        fresh.chmod(mode)
        fresh.rename(self.path)


class GuardedTree:
    """Three nodes that share a file of clients' tokens and have one each of nodes' tokens."""

    def __init__(self, folder: Path, made: list[Cluster]) -> None:
        self.read, self.write, self.admin, self.node = token(), token(), token(), token()
        self.clients = TokenFile(
            folder / "tokens", f"read {self.read}", f"write {self.write}", f"admin {self.admin}"
        )
        self.nodes = TokenFile(folder / "nodes", self.node)
        options = ("--token-file", str(self.clients.path))
        options += ("--cluster-token-file", str(self.nodes.path), "--log-level", "debug")
        self.cluster = make_factory(folder, made)(2, options)

    def tokens(self) -> list[str]:
        return [self.read, self.write, self.admin, self.node]


@pytest.fixture
def guarded(binaries: None, tmp_path: Path) -> Iterator[GuardedTree]:
    made: list[Cluster] = []
    tree = GuardedTree(tmp_path, made)
    yield tree
    close_all(made)
    # Whatever happened, no log tells a token.
    for node in tree.cluster:
        for secret in tree.tokens():
            assert secret not in node.log(), f"{node} logged a token"


def asked(
    node: Process, method: str, target: str, secret: str | None = None, body: bytes | None = None
) -> Answer:
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    return node.ask(method, target, body, headers)


def hang_up(node: Process) -> None:
    """SIGHUP, and a wait until the node has read its files."""
    before = read_count(node)
    os.kill(node.pid, signal.SIGHUP)
    eventually(lambda: read_count(node) >= before + 2, f"{node} has read its files")


def read_count(node: Process) -> int:
    return len(re.findall("tokens were read|token file can't be used", node.log()))


def test_every_node_asks_for_tokens_and_passes_requests_on(guarded: GuardedTree) -> None:
    tree = guarded.cluster
    assert asked(tree[2], "PUT", "/kv/k?ack=root", guarded.write, b"v").status == 200
    for node in tree:
        assert asked(node, "GET", "/kv/k", guarded.read).body == b"v"
        missing = asked(node, "GET", "/kv/k")
        assert (missing.status, missing.headers["www-authenticate"]) == (401, CHALLENGE)
        wrong = asked(node, "GET", "/kv/k", token())
        assert wrong.status == 401
        assert wrong.headers["www-authenticate"] == f'{CHALLENGE}, error="invalid_token"'
        denied = asked(node, "PUT", "/kv/k", guarded.read, b"w")
        assert denied.status == 403
        expected = f'{CHALLENGE}, error="insufficient_scope", scope="write"'
        assert denied.headers["www-authenticate"] == expected
        assert asked(node, "GET", "/nodes", guarded.read).json()["root"] == "NODE-1"
        assert asked(node, "POST", "/synchronize", guarded.admin).status == 409
        assert asked(node, "POST", "/synchronize", guarded.write).status == 403
        assert asked(node, "GET", "/livez").status == 200
        assert asked(node, "GET", "/docs").status == 200


@pytest.mark.parametrize("expects", [True, False])
@pytest.mark.parametrize("framing", ["Content-Length: 900000", "Transfer-Encoding: chunked"])
def test_the_refusal_comes_before_the_body(
    guarded: GuardedTree, framing: str, expects: bool
) -> None:
    wait = "Expect: 100-continue\r\n" if expects else ""
    head = f"PUT /kv/k HTTP/1.1\r\nHost: a\r\n{framing}\r\n{wait}"
    for field, status in [
        ("", 401),
        (f"Authorization: Bearer {token()}\r\n", 401),
        (f"Authorization: Bearer {guarded.read}\r\n", 403),
    ]:
        with guarded.cluster.root.connect(timeout=5) as connection:
            connection.send(f"{head}{field}\r\n".encode())
            answer = connection.read_answer("PUT")
            assert (answer.status, answer.interim) == (status, ())
            assert answer.headers["connection"] == "close"
            assert connection.read_to_end() == b""
    granted = f"{head}Authorization: Bearer {guarded.write}\r\n\r\n".encode()
    with guarded.cluster.root.connect(timeout=5) as connection:
        connection.send(granted)
        if expects:
            connection.peek_until(b"100 Continue")


def test_one_connection_may_show_one_token_after_the_other(guarded: GuardedTree) -> None:
    def request(secret: str) -> bytes:
        return request_bytes("GET", "/kv/none", headers={"Authorization": f"Bearer {secret}"})

    with guarded.cluster.root.connect() as connection:
        connection.send(request(guarded.read) + request(token()) + request(guarded.write))
        connection.send(request(guarded.read))
        assert [connection.read_answer().status for _ in range(4)] == [404, 401, 403, 404]


def test_tokens_rotate_without_a_restart(guarded: GuardedTree) -> None:
    node = guarded.cluster[3]
    fresh = token()
    old, lines = guarded.read, [f"write {guarded.write}", f"admin {guarded.admin}"]
    guarded.clients.write(f"read {old}", f"read {fresh}", *lines)
    hang_up(node)
    assert asked(node, "GET", "/kv/none", old).status == 404
    assert asked(node, "GET", "/kv/none", fresh).status == 404
    guarded.clients.write(f"read {fresh}", *lines)
    with node.connect() as connection:
        field = f"Bearer {old}"
        assert connection.ask("GET", "/kv/none", authorization=field).status == 404
        hang_up(node)
        assert connection.ask("GET", "/kv/none", authorization=field).status == 401
    assert asked(node, "GET", "/kv/none", fresh).status == 404
    guarded.read = fresh


@pytest.mark.parametrize("fault", ["gone", "empty", "weak", "open"])
def test_a_bad_file_leaves_the_tokens_as_they_were(guarded: GuardedTree, fault: str) -> None:
    node = guarded.cluster.root
    path = guarded.clients.path
    if fault == "gone":
        path.unlink()
    elif fault == "empty":
        guarded.clients.write()
    elif fault == "weak":
        guarded.clients.write("read secret")
    else:
        guarded.clients.write(f"read {token()}", mode=0o644)
    hang_up(node)
    assert asked(node, "GET", "/kv/none", guarded.read).status == 404
    (line,) = [line for line in node.log().splitlines() if "can't be used" in line]
    assert " error " in line and str(path) in line
    assert "secret" not in node.log()


def test_the_nodes_token_rotates_under_load(guarded: GuardedTree) -> None:
    """The three steps, on every node: nothing that was acknowledged is lost, nobody stays out."""
    tree = guarded.cluster
    fresh = token()
    written = []
    steps = [(guarded.node, fresh), (fresh, guarded.node), (fresh,)]
    for number, lines in enumerate(steps):
        guarded.nodes.write(*lines)
        for node in tree:
            hang_up(node)
            key = f"/kv/{number}-{node.name}"
            eventually(
                lambda: asked(tree[3], "PUT", key, guarded.write, b"v").status == 200,
                "writes are taken",
            )
            written.append(key)
    for node in tree:
        eventually(node.is_ready, f"{node} is attached")
    for key in written:
        assert asked(tree.root, "GET", key, guarded.read).body == b"v", key
    link = {"Connection": "Upgrade", "Upgrade": "canopy-link/1"}
    old = ask(tree.root.address, "GET", "/link", None, link | auth(guarded.node), 5)
    assert old.status == 401
    guarded.node = fresh


def auth(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_stranger_gets_no_place_and_no_link(
    guarded: GuardedTree, keep: ProcessKeeper, tmp_path: Path
) -> None:
    tree = guarded.cluster
    place = b'{"name": "NODE-9", "address": "127.0.0.1", "port": 9}'
    link = {"Connection": "Upgrade", "Upgrade": "canopy-link/1"}
    for secret, status in [(None, 401), (token(), 401), (guarded.admin, 403)]:
        for node in tree:
            assert asked(node, "POST", "/nodes", secret, place).status == status
            assert asked(node, "POST", "/clients/register?id=9&ip=a", secret).status == status
            assert asked(node, "GET", "/nodes/parent/NODE-9", secret).status == status
            headers = link | (auth(secret) if secret else {})
            assert node.ask("GET", "/link", None, headers).status == status
    stranger = Node("NODE-9", ("127.0.0.1", free_ports(1) + 1), tmp_path, tree.root.address)
    stranger.command += ["--cluster-token-file", str(TokenFile(tmp_path / "other", token()).path)]
    keep(stranger).start()
    eventually(lambda: "401" in stranger.log(), "it says why it has to wait")
    assert "--cluster-token-file" in stranger.log()
    assert not stranger.is_ready()
    assert len(asked(tree.root, "GET", "/nodes", guarded.read).json()["nodes"]) == 3


# MARK: files and logs


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(CACHENODE), "--listen", "127.0.0.1:0", *arguments],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=10,
    )


@pytest.mark.parametrize("flag", ["--token-file", "--cluster-token-file"])
def test_a_file_that_cannot_be_used_is_told_in_one_line(flag: str, tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "tokens", "read secret")
    for mode, words in [(0o600, "line 1"), (0o644, "readable by everybody"), (0o620, "writable")]:
        file.path.chmod(mode)
        result = run(flag, str(file.path))
        assert (result.returncode, result.stdout) == (2, "")
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"cachenode: {flag} {file.path}: ") and words in line
        assert "secret" not in line
    result = run(flag, str(tmp_path / "none"))
    assert result.returncode == 2 and "No such file" in result.stderr


@pytest.mark.parametrize(
    "host, files, words",
    [
        ("127.0.0.1", "", "info  NODE-1 no --token-file: only this machine is served"),
        ("0.0.0.0", "", "warning NODE-1 no --token-file: everybody who reaches this node"),
        ("127.0.0.1", "clients", "warning NODE-1 no --cluster-token-file: no other node may join"),
        ("0.0.0.0", "clients nodes", ""),
    ],
)
def test_the_log_says_who_is_let_in(
    host: str, files: str, words: str, keep: ProcessKeeper, tmp_path: Path
) -> None:
    port = free_ports(1) + 1
    command = [str(CACHENODE), "--listen", f"{host}:{port}"]
    if "clients" in files:
        path = TokenFile(tmp_path / "clients", f"read {token()}").path
        command += ["--token-file", str(path)]
    if "nodes" in files:
        command += ["--cluster-token-file", str(TokenFile(tmp_path / "nodes", token()).path)]
    node = keep(Process("NODE-1", command, ("127.0.0.1", port), tmp_path / "log"))
    node.start()
    eventually(node.is_ready, "the node is ready")
    told = [line for line in node.log().splitlines() if "-file:" in line]
    assert len(told) == (1 if words else 0), node.log()
    if words:
        assert re.sub(r"\s+", " ", words) in re.sub(r"\s+", " ", told[0])


def test_without_a_flag_only_loopback_is_served(keep: ProcessKeeper, tmp_path: Path) -> None:
    """In a network of its own, where the default port is free."""
    command = ["unshare", "--net", "sh", "-c", f"ip link set lo up; exec {CACHENODE}"]
    if os.geteuid() != 0:
        command[1:1] = ["--user", "--map-root-user"]
    node = keep(Process("NODE-1", command, ("127.0.0.1", 0), tmp_path / "log"))
    node.start()
    eventually(lambda: "listening" in node.log(), "the node listens")
    assert "address=127.0.0.1:5000" in node.log()
    assert "only this machine is served" in node.log()


# MARK: kvctl


def kvctl(tree: Cluster, *arguments: str, file: Path | None = None) -> tuple[int, str, str]:
    environment = {"KVCTL_HOST": "127.0.0.1", "KVCTL_BASE_PORT": str(tree.base_port)}
    if file is not None:
        environment["KVCTL_TOKEN_FILE"] = str(file)
    result = subprocess.run(
        [str(KVCTL), *arguments],
        env=clean_environment(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return result.returncode, result.stdout, result.stderr


def test_kvctl_shows_its_token(guarded: GuardedTree, tmp_path: Path) -> None:
    tree = guarded.cluster
    both = TokenFile(tmp_path / "mine", "# mine", f"write {guarded.write}").path
    reader = TokenFile(tmp_path / "reader", guarded.read).path
    assert kvctl(tree, "put", "2", "k", "v", file=both)[0] == 0
    got = kvctl(tree, "get", "3", "k", "--token-file", str(reader), file=both)
    assert got == (0, '200 {"value": "v"}\n', "")
    code, output, errors = kvctl(tree, "get", "3", "k")
    assert code == 1 and output.startswith("401 ") and "--token-file" in errors
    assert kvctl(tree, "get", "3", "k", file=both)[1].startswith("403 ")
    for arguments in (["tree"], ["nodes"], ["keys", "1"]):
        assert kvctl(tree, *arguments, file=reader)[0] == 0
        assert "--token-file" in kvctl(tree, *arguments)[2]
    reader.chmod(0o644)
    code, _, errors = kvctl(tree, "get", "3", "k", file=reader)
    assert code == 2 and "chmod 600" in errors and guarded.read not in errors


def test_kvctl_makes_tokens_that_nodes_take(keep: ProcessKeeper, tmp_path: Path) -> None:
    def made(*arguments: str) -> str:
        result = subprocess.run(
            [str(KVCTL), "token", "new", *arguments],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
        return result.stdout

    assert re.fullmatch(r"[\w-]{43}\n", made())
    assert re.fullmatch(r"read,admin [\w-]{43}\n", made("--scopes", "read,admin"))
    clients, nodes = tmp_path / "clients", tmp_path / "nodes"
    for _ in range(2):
        assert made("--scopes", "read,write", "--append", str(clients)) == ""
        assert made("--append", str(nodes)) == ""
    assert clients.stat().st_mode & 0o777 == 0o600
    port = free_ports(1) + 1
    command = [str(CACHENODE), "--listen", f"127.0.0.1:{port}", "--token-file", str(clients)]
    command += ["--cluster-token-file", str(nodes)]
    node = keep(Process("NODE-1", command, ("127.0.0.1", port), tmp_path / "log"))
    node.start()
    eventually(node.is_ready, "the node is ready")
    for line in clients.read_text().splitlines():
        assert asked(node, "PUT", "/kv/k", line.split()[1], b"v").status == 200
