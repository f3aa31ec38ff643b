"""Districts for tests of rules: many small platforms in one Store, each a case of its own, judged in one run."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from lib import checks, open_case
from lib.store import Store
from tests.conftest import write_store

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Found = dict[str, dict[str, list[Row]]]


def joined(*parts: Tables) -> Tables:
    """Put the rows of several tables together."""
    made: Tables = {}
    for part in parts:
        for name, rows in part.items():
            made.setdefault(name, []).extend(rows)
    return made


def platforms(*ids: str, **more: Any) -> Tables:
    """Return institutions of these ids, each run by a company of its own."""
    made = [{"institution_id": i, "name": f"平台{i}", "party_id": f"C-{i}"} | more for i in ids]
    companies = [{"party_id": f"C-{i}", "kind": "company", "name": f"{i}公司"} for i in ids]
    return {"institutions": made, "parties": companies}


def judged(
    tmp: pytest.TempPathFactory | Path,
    tables: Tables,
    rules: Iterable[str],
    as_of: str = "2018-09-30",
    institution: str | None = None,
    then: Iterable[Callable[[Store], None]] = (),
    **asked: Any,
) -> Found:
    """Write a Store, run rules on the whole district and return institution → rule → rows."""
    folder = tmp if isinstance(tmp, Path) else tmp.mktemp("rules")
    case = open_case(institution, as_of, write_store(folder / "s.duckdb", tables, *then))
    found: Found = {}
    for row in checks.run(case, rules=list(rules), **asked).to_dict("records"):
        found.setdefault(row["institution_id"] or "", {}).setdefault(row["rule_id"], []).append(row)
    return found


def said(found: Found, institution: str, rule: str) -> tuple[str, int, int]:
    """Return outcome, population and tested of a rule on one platform."""
    rows = found[institution][rule]
    return rows[0]["outcome"], rows[0]["population"], rows[0]["tested"]


def subjects(found: Found, institution: str, rule: str) -> list[str]:
    """Return whom a rule hits on one platform."""
    return sorted(row["subject_id"] for row in found[institution][rule] if row["outcome"] == "hit")


def ids(row: Row, table: str | None = None) -> list[str]:
    """Return the ids that a finding's evidence points to."""
    return [item["id"] for item in row["evidence"] if table in (None, item["table"])]
