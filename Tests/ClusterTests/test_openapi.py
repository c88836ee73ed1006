"""The OpenAPI document is valid and true; the page made from it loads nothing from elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from conftest import ClusterFactory
from harness import Cluster

METHODS = ("get", "head", "put", "post", "delete", "options", "patch")
CONTRACT = {
    "/kv/{key}": {"get", "put", "delete"},
    "/clients/register": {"post"},
    "/store": {"get"},
    "/store/{key}": {"get", "put", "delete"},
    "/": {"get"},
    "/nodes/parent/{name}": {"get"},
    "/nodes/structure": {"get"},
    "/nodes": {"get", "post"},
    "/keys": {"get"},
    "/livez": {"get"},
    "/readyz": {"get"},
    "/version": {"get"},
    "/metrics": {"get"},
    "/synchronize": {"post"},
}


@pytest.fixture(scope="module")
def document(seven: Cluster) -> Any:
    answer = seven.root.ask("GET", "/openapi.json")
    assert answer.status == 200
    assert answer.type.startswith("application/json")
    return answer.json()


def test_the_document_is_valid_openapi_3_1(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    errors = list(OpenAPIV31SpecValidator(document).iter_errors())
    assert errors == []


def test_the_document_names_the_version_that_runs(document: Any, seven: Cluster) -> None:
    version = seven.root.ask("GET", "/version").json()["version"]
    assert document["info"]["version"] == version


def test_every_endpoint_of_the_contract_is_in_the_document(document: Any) -> None:
    for path, methods in CONTRACT.items():
        assert path in document["paths"], path
        assert methods <= document["paths"][path].keys(), path


def test_every_endpoint_of_the_document_answers(document: Any, cluster: ClusterFactory) -> None:
    root = cluster(2, slots=[1]).root
    unknown = root.ask("GET", "/no/such/path")
    for path, item in document["paths"].items():
        target = re.sub(r"\{\w+\}", "NODE-7", path)
        for method in METHODS:
            if method not in item:
                continue
            body = b"{}" if method in ("put", "post", "patch") else None
            answer = root.ask(method.upper(), target, body)
            assert answer.status not in (405, 501), f"{method} {target}"
            assert answer.status < 500, f"{method} {target}: {answer}"
            assert answer.body != unknown.body, f"{method} {target} is unknown"
            described = item[method]["responses"].keys()
            ranged = f"{answer.status // 100}XX"
            assert {str(answer.status), ranged, "default"} & described, (
                f"{method} {target} answers {answer.status}, which is not described"
            )


def test_every_operation_tells_its_errors(document: Any) -> None:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                assert operation["summary"], f"{method} {path}"
                assert operation["operationId"], f"{method} {path}"
                assert operation["responses"], f"{method} {path}"


def test_the_docs_page_loads_nothing_from_elsewhere(seven: Cluster) -> None:
    answer = seven.leaf.ask("GET", "/docs")
    assert answer.status == 200
    assert answer.type.startswith("text/html")
    page = answer.body.decode()
    loads = re.findall(r"""(?:src|href|action|srcset)\s*=\s*["']?(?!#|data:)([^"'\s>]+)""", page)
    assert [link for link in loads if re.match(r"(?:[a-z]+:)?//", link)] == []
    assert not re.search(r"""@import|url\(\s*["']?(?:https?:)?//""", page)
    assert not re.search(r"""fetch\(\s*["'`]https?:|import\(|importScripts|XMLHttpRequest""", page)
    assert "openapi.json" in page or "/kv/{key}" in page


def test_the_docs_page_is_kept_from_loading_anything(seven: Cluster) -> None:
    policy = seven.leaf.ask("GET", "/docs").headers.get("content-security-policy", "")
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    assert "http" not in policy
