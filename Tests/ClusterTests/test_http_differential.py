"""What our server accepts must mean the same to nginx and to h11.

Each message is changed at random, from a seed, and followed by another request; then the three say
which requests they were sent. Where ours accepts one, the others must understand the same method,
target and body, or refuse; and why they refuse must be known: docs/http.md has the reasons, which
are `REASONS` here. That ours refuses more than others is its purpose.

CANOPY_HTTP_MESSAGES: how many messages (2,000); CANOPY_HTTP_SEED: a part of the seed of each.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from differential import (
    REASONS,
    SENTINEL,
    Understood,
    message,
    understood_by_h11,
    understood_by_nginx,
    understood_by_us,
)
from harness import BINARIES, REPOSITORY, eventually, free_ports

MESSAGES = int(os.environ.get("CANOPY_HTTP_MESSAGES", "2000"))
SEED = int(os.environ.get("CANOPY_HTTP_SEED", "9112"))

#: Where scripts/install.sh has unpacked it.
NGINX = REPOSITORY / ".nginx"
CONFIGURATION = """
load_module {nginx}/usr/lib/nginx/modules/ngx_http_echo_module.so;
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_body_buffer_size 64k;
    client_body_in_single_buffer on;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            echo_read_request_body;
            echo -n "$request_method\\n$request_uri\\n";
            echo_request_body;
        }}
    }}
}}
"""


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    """The port of our server."""
    process = subprocess.Popen([BINARIES / "httpecho"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    yield int(process.stdout.readline())
    process.terminate()
    assert process.wait(10) == 0


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of nginx."""
    folder = tmp_path_factory.mktemp("nginx")
    port = free_ports(1) + 1
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(nginx=NGINX, folder=folder, port=port))
    command = [NGINX / "usr" / "sbin" / "nginx", "-p", folder, "-c", configuration]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        eventually(lambda: socket.create_connection(("127.0.0.1", port)).close() or True, "nginx")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def disagreement(data: bytes, ours: Understood, theirs: Understood, who: str) -> str | None:
    """The reason of the first request that we accept and the other doesn't understand so; nothing
    if there is none. Fails when it means something else there."""
    for index, request in enumerate(ours.requests):
        if index < len(theirs.requests):
            assert theirs.requests[index] == request, f"{who} on {data!r}: {theirs} and not {ours}"
            continue
        for reason, (servers, holds) in REASONS.items():
            if who in servers and holds(data, request, theirs.refusal):
                return reason
        raise AssertionError(f"{who} on {data!r}: {theirs} and not {ours}")
    return None


def test_what_we_accept_means_the_same_to_others(echo: int, nginx: int) -> None:
    accepted = 0
    reasons: Counter[str] = Counter()
    for index in range(MESSAGES):
        data = message(SEED, index) + SENTINEL
        ours = understood_by_us(echo, data)
        accepted += bool(ours.requests)
        if not ours.requests:
            continue
        others = {"nginx": understood_by_nginx(nginx, data), "h11": understood_by_h11(data)}
        for who, theirs in others.items():
            if reason := disagreement(data, ours, theirs, who):
                reasons[f"{who}: {reason}"] += 1
    print(accepted, "of", MESSAGES, "accepted;", dict(reasons))
    assert MESSAGES / 10 < accepted < MESSAGES / 1.2, "the generator makes both kinds"


def test_every_reason_is_in_the_document() -> None:
    text = (REPOSITORY / "docs" / "http.md").read_text(encoding="utf-8")
    section = text.split("## Where others disagree", 1)[1].split("\n## ", 1)[0]
    told = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", section, re.MULTILINE)[2:]
    assert {reason: set(servers.split(", ")) for reason, servers in told} == {
        reason: set(servers) for reason, (servers, _) in REASONS.items()
    }
