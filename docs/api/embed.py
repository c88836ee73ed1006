#!/usr/bin/env python3
"""Puts the API's description and its page into the Swift files that the node serves them from.

    embed.py            writes the Swift files
    embed.py --check    writes nothing; exits 1 if a Swift file isn't what it would write

The originals lie beside this script: openapi.json goes in as it is; docs.html with its style sheet
and its scripts put in place of the elements that name them.
"""

import base64
import hashlib
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "Sources/CacheNode/API/Docs"
LINE_MAX = 100
INDENT = " " * 8

STYLE = re.compile(r'<link rel="stylesheet" href="([a-z]+\.css)">')
SCRIPT = re.compile(r'<script src="([a-z]+\.js)"></script>')


def page() -> str:
    """docs.html as one self-contained document."""

    def inlined(element: str):
        def replace(match: re.Match) -> str:
            text = (HERE / match[1]).read_text(encoding="utf-8")
            if f"</{element}" in text:
                raise SystemExit(f"{match[1]}: must not contain </{element}")
            return f"<{element}>\n{text}</{element}>"

        return replace

    html = (HERE / "docs.html").read_text(encoding="utf-8")
    return SCRIPT.sub(inlined("script"), STYLE.sub(inlined("style"), html))


def content_security_policy(html: str) -> str:
    """A policy under which this page runs and nothing else does: its scripts and its style are
    named by their hashes (CSP Level 3)."""

    def hashes(element: str) -> str:
        found = re.findall(rf"<{element}>(.*?)</{element}>", html, re.DOTALL)
        digests = (hashlib.sha256(text.encode()).digest() for text in found)
        return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)

    return "; ".join([
        "default-src 'none'", f"style-src {hashes('style')}", f"script-src {hashes('script')}",
        "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'",
        "frame-ancestors 'none'",
    ])


def literal(text: str, ending: str = "") -> str:
    """The text as a raw multi-line string literal, `ending` (escapes) behind it. A line that is too
    long goes on after `\\#` and a line break, which the literal doesn't contain."""
    if re.search(r'\\#|"""#|\r|\0', text):
        raise SystemExit('an original contains \\#, """#, a carriage return or a zero byte')
    rows = []
    for line in text.split("\n"):
        while len(INDENT + line) > LINE_MAX:
            room = LINE_MAX - len(INDENT) - len("\\#")
            at = line.rfind(" ", 1, room) + 1 or room
            rows.append(INDENT + line[:at] + "\\#")
            line = line[at:]
        rows.append(INDENT + line if line else "")
    return "\n".join(['#"""', *rows]) + ending + "\n" + INDENT + '"""#'


def swift_files() -> dict[pathlib.Path, str]:
    html = page()
    note = "// Made by docs/api/embed.py from {}: change those, and run it.\n\n"
    return {
        TARGET / "OpenAPIDocument.swift": note.format("docs/api/openapi.json")
        + "/// What this API is, for tools: the body of `GET /openapi.json` (OpenAPI 3.1).\n"
        + "enum OpenAPIDocument {\n    static let json: StaticString = "
        + literal((HERE / "openapi.json").read_text(encoding="utf-8")) + "\n}\n",
        TARGET / "DocsPage.swift": note.format("docs/api/docs.html, .css and .js")
        + "/// What this API is, for people: the answer to `GET /docs`.\n"
        + "enum DocsPage {\n"
        + "    /// The field line that the page is served with: its scripts and style may run,\n"
        + "    /// known by their hashes, and it may ask this node.\n"
        + "    static let policyLine: StaticString = "
        + literal("Content-Security-Policy: " + content_security_policy(html), r"\#r\#n") + "\n\n"
        + "    static let html: StaticString = " + literal(html) + "\n}\n",
    }


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    differing = [
        (path, text) for path, text in swift_files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in differing:
        name = path.relative_to(HERE.parents[1])
        if arguments:
            print(f"{name} isn't what docs/api/embed.py makes: run it", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return 1 if arguments and differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
