"""Simulated districts for tests: written once a session into folders of their own, and read back as plain rows."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

D = Decimal


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV of ours."""
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8"))))


def rows(district: Path, table: str) -> Iterator[dict[str, str]]:
    """Give all rows of a table of a clean district, whatever the folder."""
    for path in sorted(district.rglob(f"{table}.csv")):
        yield from read(path)


def key(district: Path) -> dict[str, Any]:
    """Return the answer key of a district."""
    made: dict[str, Any] = json.loads((district / "answers.json").read_text(encoding="utf-8"))
    return made
