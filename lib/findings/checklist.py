"""The 108-item checklist (网贷机构合规检查问题清单): what the rules say of each item, and what no rule covers."""

import csv
from functools import cache
from typing import Any

import pyarrow as pa

from lib import paths
from lib.case import Case

COLUMNS = pa.schema(
    {
        "item": pa.int32(),
        "section": pa.string(),
        "body": pa.string(),
        "state": pa.string(),
        "rules": pa.list_(pa.string()),
        "finding_ids": pa.list_(pa.string()),
        "why_not": pa.string(),
        "rectification": pa.string(),
        "checked": pa.string(),
    }
)
_MARKS = {"V": "text", "M": "memory", "D": "proposal"}
Row = dict[str, Any]


def filled_in(case: Case, rows: list[Row]) -> pa.Table:
    """Return the items in order, given the rows of a run for one institution."""
    by_rule: dict[str, list[Row]] = {}
    for row in rows:
        by_rule.setdefault(row["rule_id"], []).append(row)
    items = case.store.arrow("select item, section, body, mark from checklist_items order by item").to_pylist()
    return pa.Table.from_pylist([_item(item, by_rule) for item in items], schema=COLUMNS)


def _item(item: Row, by_rule: dict[str, list[Row]]) -> Row:
    names = [rule for rule in rules_of().get(item["item"], ()) if rule in by_rule]
    missing = [rule for rule in rules_of().get(item["item"], ()) if rule not in by_rule]
    found = [row for rule in names for row in by_rule[rule]]
    hits = [row for row in found if row["outcome"] == "hit"]
    untested = [row for row in found if row["outcome"] == "not_testable"]
    if hits:
        state = "yes"
    elif not found:
        state = "no_rule"
    else:
        state = "unverifiable" if untested or missing else "no"
    return {
        "item": item["item"],
        "section": item["section"],
        "body": item["body"],
        "state": state,
        "rules": names,
        "finding_ids": [row["finding_id"] for row in hits],
        "why_not": "；".join(dict.fromkeys(row["why_not"] for row in untested if row["why_not"])) or None,
        "rectification": None,
        "checked": _MARKS.get(item["mark"]),
    }


@cache
def rules_of() -> dict[int, list[str]]:
    """Return the rules that look at each item."""
    made: dict[int, list[str]] = {}
    text = (paths.PACKAGE / "rules" / "reference" / "checklist_rules.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        made.setdefault(int(row["item"]), []).append(row["rule_id"])
    return made
