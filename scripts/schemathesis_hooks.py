"""What a schema can't say of a request, or schemathesis doesn't do as it says; for schemathesis.sh."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote_to_bytes

import schemathesis

#: The wait flags of the earlier systems, and the words by which nobody is waited for.
NOBODY = {"wait_propagate": {"0"}, "wait_for_parent": {"false", "f", "no", "n", "off", "0"}}
CONDITIONS = ("If-Match", "If-None-Match")
#: Of a key a schema counts the characters, and a node the bytes (samples.py).
KEY_BYTES_MAX = 511


def contradicts(ack: str, name: str, flag: Any) -> bool:
    """Whether a wait flag says something else than `ack`: both together are refused with 400, which
    test_conditions.py tests."""
    return (str(flag).lower() in NOBODY[name]) != (ack == "local")


def shorten_key(parameters: dict[str, Any]) -> None:
    """Cuts off what a key of characters that have several bytes has too many; it comes escaped."""
    key = unquote_to_bytes(str(parameters.get("key", "")))
    if len(key) > KEY_BYTES_MAX:
        kept = key[:KEY_BYTES_MAX].decode("utf-8", "ignore")
        parameters["key"] = quote(kept, safe="")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Takes away from a request that is to be valid what isn't."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    shorten_key(case.path_parameters or {})
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
