"""What was measured, and the record of it that the report is made from."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import REPOSITORY
from .machine import description

RECORD = REPOSITORY / "docs" / "performance" / "figures.json"


@dataclass
class Figures:
    """What one part measured: `rows` have a bar each or none (`bars.py`), `raw` is every round."""

    rows: dict[str, float] = field(default_factory=dict)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        rows = {name: float(f"{value:.4g}") for name, value in self.rows.items()}
        return {"rows": rows, "tables": self.tables, "raw": self.raw}


def load_record() -> dict[str, Any]:
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def record(part: str, figures: Figures, record_path: Path = RECORD) -> None:
    """Puts the part's figures into the place of its last ones."""
    parts = load_record()
    parts[part] = {
        "when": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": description(),
        **figures.as_json(),
    }
    record_path.parent.mkdir(parents=True, exist_ok=True)
    record_path.write_text(_json(parts) + "\n")


def _json(parts: dict[str, Any]) -> str:
    """Indented, but what has no lists or objects in it on one line."""
    text = json.dumps(parts, indent=1, sort_keys=True)
    return re.sub(r"[\[{][^][{}]*[]}]", lambda match: " ".join(match[0].split()), text)
