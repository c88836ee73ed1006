#!/usr/bin/env python3
"""Checks the API's description, its page, and that the Swift files hold them.

    check.py             the files alone
    check.py --node URL  also sends every example to a running node, and holds its answers against
                         the description (not the calls that would change the tree)

Needs openapi-spec-validator (PyPI). Exits 0 when all is well, 1 when something isn't, 2 when it
can't check.
"""

import http.client
import json
import pathlib
import re
import sys
import urllib.parse

import embed

try:
    from openapi_schema_validator import OAS31Validator
    from openapi_spec_validator import OpenAPIV31SpecValidator
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012
except ImportError as error:
    print(f"{error}: pip install openapi-spec-validator", file=sys.stderr)
    sys.exit(2)

HERE = pathlib.Path(__file__).resolve().parent
METHODS = ("get", "head", "put", "post", "delete")
PAGE_BYTES_MAX = 60_000

passed = 0
failed = 0


def expect(holds: bool, what: str) -> None:
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {what}")


class Description:
    """openapi.json, with its references followed and its schemas ready to validate with."""

    def __init__(self) -> None:
        self.text = (HERE / "openapi.json").read_text(encoding="utf-8")
        self.api = json.loads(self.text)
        resource = Resource.from_contents(self.api, default_specification=DRAFT202012)
        self.registry = Registry().with_resource("urn:api", resource)

    def resolved(self, value: dict) -> dict:
        while "$ref" in value:
            found = self.api
            for name in value["$ref"].removeprefix("#/").split("/"):
                found = found[name.replace("~1", "/").replace("~0", "~")]
            value = found
        return value

    def mistakes(self, schema: dict, value) -> list[str]:
        """What of `value` doesn't fit the schema. Its references are into the document, so it is
        put beside it."""
        absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:api#/'))
        validator = OAS31Validator(absolute, registry=self.registry)
        return [error.message for error in validator.iter_errors(value)]

    def operations(self):
        for path, item in self.api["paths"].items():
            for method in METHODS:
                if method in item:
                    told = item.get("parameters", []) + item[method].get("parameters", [])
                    yield path, method, item[method], [self.resolved(each) for each in told]


def examples(holder: dict) -> list:
    if "example" in holder:
        return [holder["example"]]
    return [example["value"] for example in holder.get("examples", {}).values()]


def check_description(description: Description) -> None:
    errors = list(OpenAPIV31SpecValidator(description.api).iter_errors())
    expect(not errors, f"openapi.json is valid OpenAPI 3.1: {[error.message for error in errors]}")
    tags = {tag["name"] for tag in description.api["tags"]}
    names = []
    for path, method, operation, parameters in description.operations():
        where = f"{method.upper()} {path}"
        names.append(operation.get("operationId"))
        expect(bool(operation.get("summary") and operation.get("description")), f"{where} is told")
        expect(set(operation["tags"]) <= tags, f"{where} has a tag that is described")
        for parameter in parameters:
            for example in examples(parameter):
                found = description.mistakes(parameter["schema"], example)
                expect(not found, f"{where}: the example of {parameter['name']} fits: {found}")
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for holder in bodies + list(operation["responses"].values()):
            for kind, media in description.resolved(holder).get("content", {}).items():
                for example in examples(media):
                    found = description.mistakes(media.get("schema", {}), example)
                    expect(not found, f"{where}: an example of {kind} fits: {found}")
    for name, told in description.api["components"]["headers"].items():
        for example in examples(told):
            found = description.mistakes(told["schema"], example)
            expect(not found, f"the example of the field {name} fits: {found}")
    expect(None not in names and len(set(names)) == len(names), "operationIds are unique")


def check_page() -> None:
    page = embed.page()
    size = len(page.encode())
    expect(size < PAGE_BYTES_MAX, f"the page has fewer than {PAGE_BYTES_MAX} bytes: {size}")
    outside = re.findall(r"\w*://\S*|@import|url\([^)]*\)|\bimport\(", page)
    expect(not outside, f"the page names nothing elsewhere: {outside}")
    loaded = re.findall(r'\s(?:src|href|action)="(?!#|data:|openapi\.json")[^"]*"', page)
    expect(not loaded, f"the page loads nothing: {loaded}")
    unsafe = re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", page)
    expect(not unsafe, f"the page makes no markup and no code of data: {unsafe}")
    inline = re.findall(r"""<[^>]*\s(?:style|on\w+)="[^>]*>""", page)
    expect(not inline, f"the page has no inline style or handler: {inline}")
    bare = re.findall(r'\bid="(?!page-)[^"]*"', page)
    expect(not bare, f"the page's own ids can't be an operation's: {bare}")


def check_embedded() -> None:
    for path, text in embed.swift_files().items():
        same = path.exists() and path.read_text(encoding="utf-8") == text
        expect(same, f"{path.name} holds the originals (else run docs/api/embed.py)")


def requests_of(path: str, method: str, operation: dict, parameters: list[dict]):
    """Every request that the operation's examples make: target, headers, body. Each header's
    examples come by themselves, because together they could contradict each other."""
    query = {}
    extra = [{}]
    for parameter in parameters:
        found = examples(parameter)
        if parameter["in"] == "path":
            segment = urllib.parse.quote(found[0], safe="")
            path = path.replace("{" + parameter["name"] + "}", segment)
        elif parameter["in"] == "header":
            extra += [{parameter["name"]: value} for value in found]
        elif found:
            query[parameter["name"]] = found[0]
    target = path + ("?" + urllib.parse.urlencode(query) if query else "")
    sent = False
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        for example in examples(media):
            body = json.dumps(example) if "json" in kind else example
            for headers in extra:
                yield target, {"Content-Type": kind, **headers}, body.encode()
            sent = True
    if not sent:
        for headers in extra:
            yield target, headers, None


def check_answer(
    description: Description, where: str, method: str, operation: dict, answer: tuple
) -> None:
    """Holds status, fields, media type and body of an answer against what the operation says."""
    status, kind, body, fields = answer
    expect(str(status) in operation["responses"], f"{where} may answer {status}")
    response = description.resolved(operation["responses"].get(str(status), {}))
    for name, told in response.get("headers", {}).items():
        if name not in fields:
            continue
        schema = description.resolved(told)["schema"]
        value = int(fields[name]) if schema["type"] == "integer" else fields[name]
        found = description.mistakes(schema, value)
        expect(not found, f"{where} {status} has the field {name} as described: {found}")
    content = response.get("content", {})
    if method == "head" or not content:
        expect(body == b"", f"{where} {status} has no body: {body[:80]!r}")
        return
    plain = kind.split(";")[0].strip()
    known = {name.split(";")[0]: media for name, media in content.items()}
    media = known.get(plain, known.get("*/*"))
    expect(media is not None, f"{where} {status} came as {kind!r}, not as one of {list(content)}")
    if media and "json" in plain:
        try:
            found = description.mistakes(media.get("schema", {}), json.loads(body))
        except ValueError as error:
            found = [str(error)]
        expect(not found, f"{where} {status} has the body that is described: {found}")


def check_node(description: Description, url: str) -> None:
    parts = urllib.parse.urlsplit(url)

    def ask(method: str, target: str, headers: dict, body: bytes | None):
        connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=10)
        try:
            connection.request(method.upper(), target, body, headers)
            return (response := connection.getresponse()), response.read()
        finally:
            connection.close()

    for path, method, operation, parameters in description.operations():
        if "x-caution" in operation:
            continue
        for target, headers, body in requests_of(path, method, operation, parameters):
            response, got = ask(method, target, headers, body)
            kind = response.getheader("Content-Type", "")
            answer = (response.status, kind, got, response.headers)
            check_answer(description, f"{method.upper()} {target}", method, operation, answer)
    response, got = ask("get", "/openapi.json", {}, None)
    expect(got == description.text.encode(), "GET /openapi.json is openapi.json, byte for byte")
    response, got = ask("get", "/docs", {}, None)
    expect(got == embed.page().encode(), "GET /docs is the page, byte for byte")
    policy = embed.content_security_policy(embed.page())
    sent = response.getheader("Content-Security-Policy")
    expect(sent == policy, f"GET /docs has the policy {policy}, not {sent}")


def main(arguments: list[str]) -> int:
    node = arguments[1] if len(arguments) == 2 and arguments[0] == "--node" else None
    if arguments and (not node or not urllib.parse.urlsplit(node).hostname):
        print(__doc__, file=sys.stderr)
        return 2
    description = Description()
    check_description(description)
    check_page()
    check_embedded()
    if node:
        try:
            check_node(description, node)
        except (OSError, http.client.HTTPException) as error:
            expect(False, f"{node} answers: {error}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
