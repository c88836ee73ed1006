#!/usr/bin/env python3
"""Checks that every row of http.md's tables of requirements names tests, and that they exist.

A test is named `Suite/name` or `file.py/name`: a suite of Tests/ or a file of Tests/ClusterTests,
and a function or the name of a case in it. Exits 0 when all is well, and 1 when something isn't.
"""

from __future__ import annotations

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent / "Tests"
#: Cases that a Python file takes from another one.
CASES_OF = {"test_hostile_input.py": ["hostile.py"]}


def texts_of_suites() -> dict[str, str]:
    """The text of the files of each suite, together."""
    texts: dict[str, str] = {}
    for path in TESTS.rglob("*.swift"):
        text = path.read_text(encoding="utf-8")
        suites = re.findall(r"^(?:@Suite[^\n]*?struct|extension) (\w+)", text, re.MULTILINE)
        for suite in set(suites):
            texts[suite] = texts.get(suite, "") + text
    return texts


def texts_of_files() -> dict[str, str]:
    folder = TESTS / "ClusterTests"
    return {
        path.name: "".join(
            (folder / name).read_text(encoding="utf-8")
            for name in [path.name, *CASES_OF.get(path.name, [])]
        )
        for path in folder.glob("test_*.py")
    }


def exists(name: str, text: str) -> bool:
    """A function of this name, or a case: a string."""
    return bool(re.search(rf"\b(?:func|def) {re.escape(name)}\(", text)) or f'"{name}"' in text


def main() -> int:
    texts = texts_of_suites() | texts_of_files()
    document = (HERE / "http.md").read_text(encoding="utf-8").split("## Where others disagree")[0]
    rows = 0
    tests = 0
    problems = []
    for line in document.splitlines():
        if not line.startswith("| ") or line.startswith(("| RFC", "| ---")):
            continue
        rows += 1
        cells = re.split(r"(?<!\\)\|", line.strip("| "))
        named = re.findall(r"`([^`]+)`", cells[-1])
        if len(cells) != 4 or not named:
            problems.append(f"no test, or not four cells: {line[:90]}")
        for test in named:
            tests += 1
            where, _, name = test.partition("/")
            if where not in texts:
                problems.append(f"there is no {where}: {test}")
            elif not exists(name, texts[where]):
                problems.append(f"there is no such test: {test}")
    for problem in problems:
        print(f"FAILED {problem}")
    print(f"docs/http.md: {rows} rows, {tests} tests named, {len(problems)} problems")
    return 1 if problems or rows == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
