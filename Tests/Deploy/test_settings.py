"""Settings that can't be: they are refused in a sentence, and nothing was started."""

from __future__ import annotations

import pytest

from deployments import Vagrant, left


@pytest.mark.parametrize(
    "settings, sentence",
    [
        ({"TREE_DEPTH": "0"}, "TREE_DEPTH is '0': a whole number from 1 to 7 is allowed"),
        ({"TREE_DEPTH": "8"}, "TREE_DEPTH is '8': a whole number from 1 to 7 is allowed"),
        ({"ROOT_NODE_ID": "99"}, "ROOT_NODE_ID is '99': a whole number from 1 to 7 is allowed"),
        ({"STARTUP_DELAY": "-1"}, "STARTUP_DELAY is '-1': a whole number from 0 to 3600"),
        ({"COHERENCE": "most"}, "COHERENCE is 'most': push, ttl, sync, none are allowed."),
    ],
)
def test_a_setting_out_of_range_stops_vagrant_up(settings: dict[str, str], sentence: str) -> None:
    result = Vagrant().vagrant("up", environment=settings)
    assert result.returncode == 1
    assert sentence in result.stderr
    assert not any(left().values())
