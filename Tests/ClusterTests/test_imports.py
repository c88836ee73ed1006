"""What the server is made of: which libraries it links, and which rooms touch the world."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from harness import CACHENODE, REPOSITORY

SOURCES = REPOSITORY / "Sources"
COMMENT = re.compile(r"//.*")
IMPORT = re.compile(
    r"^\s*(?:@\w+ |public |internal |package |private )*import (?:\w+ )?(\w+)", re.M
)

#: What a room that decides must not touch: sockets, files, clocks, random sources.
OUTSIDE_WORLD = re.compile(
    r"\b(?:uv_\w+|socket|connect|accept|bind|listen|recv|recvfrom|send|sendto|poll|epoll_\w+"
    r"|open|fopen|read|write|clock_gettime|gettimeofday|time|clock|mktime|nanosleep|usleep|sleep"
    r"|getrandom|arc4random\w*|rand|random|drand48|getenv|fork|exec\w*)\("
    r"|\bSystemRandomNumberGenerator\b|\.random\(|\.randomElement\(|\.shuffle\w*\("
    r"|\bContinuousClock\b|\bSuspendingClock\b|\bDate\("
)
#: The rooms that take bytes and `now` as arguments.
PURE_ROOMS = [
    "UVHTTP/Bytes",
    "UVHTTP/HTTP",
    "CacheNode/Cache",
    "CacheNode/Coherence",
    "CacheNode/Tree",
]


def code_of(file: Path) -> str:
    """The file without its line comments."""
    return COMMENT.sub("", file.read_text())


def swift_files(folder: str) -> list[Path]:
    files = sorted((SOURCES / folder).rglob("*.swift"))
    assert files, f"{folder} is empty"
    return files


def output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_server_links_neither_foundation_nor_dispatch(binaries: None) -> None:
    libraries = output_of("ldd", str(CACHENODE))
    assert "libuv" in libraries
    for name in ("Foundation", "dispatch", "BlocksRuntime", "_Concurrency", "_StringProcessing"):
        assert name not in libraries, libraries


def test_the_server_has_no_symbol_of_foundation_or_dispatch(binaries: None) -> None:
    symbols = output_of("nm", "--dynamic", str(CACHENODE))
    static = subprocess.run(["nm", str(CACHENODE)], capture_output=True, text=True)
    found = re.findall(
        r"^.*\b(?:_?dispatch_\w+|\$s10Foundation\w+|\$s20FoundationEssentials\w+|swift_task_\w+)$",
        symbols + static.stdout,
        re.M,
    )
    assert found == []


@pytest.mark.parametrize("module", ["UVHTTP", "ZooKeeper", "CacheNode"])
def test_the_server_imports_the_c_library_and_its_own_modules_alone(module: str) -> None:
    allowed = {"CLibUV", "UVHTTP", "ZooKeeper", "CacheNode", "Glibc"}
    for file in swift_files(module):
        imports = set(IMPORT.findall(code_of(file)))
        assert imports <= allowed, f"{file} imports {imports - allowed}"


def test_only_the_loop_imports_libuv() -> None:
    importers = {
        file.parent.relative_to(SOURCES).as_posix()
        for file in SOURCES.rglob("*.swift")
        if "CLibUV" in IMPORT.findall(code_of(file))
    }
    assert importers == {"UVHTTP/Loop"}
    for file in SOURCES.rglob("*.swift"):
        if file.parent.name != "Loop":
            assert not re.search(r"\buv_\w+", code_of(file)), f"{file} names libuv's own names"


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_a_room_that_decides_touches_no_socket_clock_or_random_source(room: str) -> None:
    files = swift_files(room)
    # A method of such a name is another thing: `.read(`, and what the room defines itself.
    own = {name for file in files for name in re.findall(r"\bfunc (\w+)\b", code_of(file))}
    for file in files:
        code = code_of(file)
        found = [
            match[0]
            for match in OUTSIDE_WORLD.finditer(code)
            if match[0].startswith(".")
            or not (match[0].rstrip("(") in own or code[: match.start()].endswith("."))
        ]
        assert found == [], f"{file} reaches out: {found}"


def test_kvctl_shares_the_http_library_and_not_the_node() -> None:
    for file in swift_files("kvctl"):
        assert not {"CacheNode", "CLibUV"} & set(IMPORT.findall(code_of(file))), file
