"""What a schema can't say of a request, or schemathesis doesn't do as it says; for schemathesis.sh."""

from __future__ import annotations

from typing import Any

import schemathesis

#: The wait flags of the earlier systems, and the words by which nobody is waited for.
NOBODY = {"wait_propagate": {"0"}, "wait_for_parent": {"false", "f", "no", "n", "off", "0"}}
CONDITIONS = ("If-Match", "If-None-Match")


def contradicts(ack: str, name: str, flag: Any) -> bool:
    """Whether a wait flag says something else than `ack`: both together are refused with 400, which
    test_conditions.py tests."""
    return (str(flag).lower() in NOBODY[name]) != (ack == "local")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Takes away from a request that is to be valid what isn't."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    ack = (case.query or {}).get("ack")
    for holder in (case.query, case.body):
        for name in NOBODY:
            if ack and isinstance(holder, dict) and name in holder:
                if contradicts(ack, name, holder[name]):
                    del holder[name]
    # The coverage phase makes headers of letters and digits alone, whatever the pattern asks for
    # (schemathesis 4.32, ensure_valid_headers_schema).
    headers = case.headers or {}
    for name in CONDITIONS:
        if str(headers.get(name, "*")).isalnum():
            del headers[name]
    # What travels to the root is one condition on one version: this would be two (400).
    if case.method in ("PUT", "DELETE") and headers.get("If-Match") == "*":
        if headers.get("If-None-Match") != "*":
            headers.pop("If-None-Match", None)
