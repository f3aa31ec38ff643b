"""Who is responsible for what by the notice, and its deadlines: data under lib/rules/reference, with basis and mark."""

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lib import paths, records

_FOLDER = paths.PACKAGE / "rules" / "reference"
_CHECKED = {"V": "text", "M": "memory", "D": "proposal"}
OFFICES = "各办事处"  # stands for the office of each institution


@dataclass(frozen=True)
class Route:
    """The units that a task goes to, who may overrule that (empty: the notice names nobody), basis and how it was checked."""

    units: tuple[str, ...]
    approval: str
    basis: str
    checked: str

    def named(self, office: str | None) -> tuple[str, ...]:
        """Return the units, the institution's own office for `各办事处` where it is known."""
        return tuple(office if unit == OFFICES and office else unit for unit in self.units)


@dataclass(frozen=True)
class Deadline:
    """A day of the notice, the classes that it holds for and does not (of others it is not known), basis, and its check."""

    name: str
    due_on: dt.date
    classes: tuple[str, ...]
    not_for: tuple[str, ...]
    basis: str
    checked: str


@cache
def routes() -> dict[tuple[str, str], Route]:
    """Return (part, name) → route.

    Raises
    ------
    BadFile
        If the file lacks a row that others fall back to, or names no unit: the message names the line.
    """
    path = _FOLDER / "routing.csv"
    made = {}
    for line, row in _rows(path):
        units = tuple(unit.strip() for unit in row["units"].split(";") if unit.strip())
        if not units or row["mark"] not in _CHECKED:
            raise records.bad(path, line, "应有 units 和 mark (V、M、D)", "units and a mark (V, M, D) are needed")
        made[row["part"], row["name"]] = Route(units, row["approval"], row["basis"], _CHECKED[row["mark"]])
    for key in (("class", "unknown"), ("rule", "other")):
        if key not in made:
            raise records.bad(path, 0, f"缺少 {','.join(key)} 一行", f"the row {','.join(key)} is missing")
    return made


@cache
def deadlines() -> tuple[Deadline, ...]:
    """Return the notice's deadlines.

    Raises
    ------
    BadFile
        If a day is none: the message names the line.
    """
    path = _FOLDER / "deadlines.csv"
    made = []
    for line, row in _rows(path):
        try:
            due = dt.date.fromisoformat(row["due_on"])
        except ValueError:
            said = f"due_on {row['due_on']!r}"
            raise records.bad(path, line, f"{said} 应为 YYYY-MM-DD", f"{said} must be YYYY-MM-DD") from None
        if row["mark"] not in _CHECKED:
            raise records.bad(path, line, "mark 应为 V、M、D", "the mark must be V, M or D")
        classes, not_for = (tuple(row[name].split(";")) for name in ("classes", "not_for"))
        made.append(Deadline(row["name"], due, classes, not_for, row["basis"], _CHECKED[row["mark"]]))
    return tuple(made)


def classes() -> frozenset[str]:
    """Return the disposal classes that have a route of their own."""
    return frozenset(name for part, name in routes() if part == "class" and name != "unknown")


def of_class(disposal_class: str | None) -> Route:
    """Return the route of an institution of a disposal class; of an unknown class, that of the register."""
    return routes().get(("class", disposal_class or ""), routes()["class", "unknown"])


def of_rule(rule_id: str) -> Route:
    """Return the route of a rule's leads: the rule's own, else that of its group (the letters of its id), else the rest's."""
    keys = (rule_id, rule_id.partition("-")[0], "other")
    return next(found for key in keys if (found := routes().get(("rule", key))) is not None)


def of_task(name: str) -> Route:
    """Return the route of a task."""
    return routes()["task", name]


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(enumerate(csv.DictReader(file), start=2))
