"""One rule on one case: its SELECTs run, and every row of `scope` brought to hit, clear or not testable.

What is found is kept without words (lists of codes), so that it can be shown in either language later.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Set
from decimal import Decimal
from typing import Any

import pyarrow as pa

from lib.case import Case, label
from lib.errors import BadFile
from lib.findings.derived import Scope
from lib.findings.rules import Rule
from lib.store import MONEY, QueryError
from lib.words import pick, word

Row = dict[str, Any]
HIT, CLEAR, NOT_TESTABLE = "hit", "clear", "not_testable"
EVIDENCE = pa.list_(pa.struct({"table": pa.string(), "id": pa.string()}))
SAID = pa.list_(pa.struct({"code": pa.string(), "v": pa.string()}))
COLUMNS = {
    "hits": {
        "case_id": pa.string(),
        "subject_id": pa.string(),
        "amount_yuan": MONEY,
        "first_on": pa.date32(),
        "last_on": pa.date32(),
        "confidence": pa.float64(),
        "evidence": EVIDENCE,
        "detail": SAID,
    },
    "coverage": {"case_id": pa.string(), "population": pa.int64(), "tested": pa.int64(), "why_not": SAID, "note": SAID},
}
_AMOUNT = re.compile(r"\d+\.\d\d")
OPTIONAL = ("detail", "note")


def run_rule(case: Case, rule: Rule, scope: Scope, settings: Mapping[str, Any], held: Set[str]) -> list[Row]:
    """Run one rule and return its rows: one per hit, else one per row of scope; one in all where there is no institution.

    Parameters
    ----------
    settings
        Every threshold and setting by name, overrides included.
    held
        Tables that were handed over.

    Raises
    ------
    BadFile
        If the rule's SQL cannot be run or does not return the columns that it must.
    """
    values = dict(settings) | {
        "as_of": case.as_of,
        "in_force_from": rule.in_force["from"],
        "in_force_to": rule.in_force["to"],
    }
    if "facts" in rule.sql:
        case.store.derive("facts", _select(case, rule, "facts", values))
    hits, coverage = (_typed(rule, name, _select(case, rule, name, values)) for name in ("hits", "coverage"))
    by_case: dict[str, list[Row]] = defaultdict(list)
    for hit in hits:
        by_case[hit["case_id"]].append(hit)
    covered = {row["case_id"]: row for row in coverage}
    ids = [row[0] for row in scope]
    if len(covered) != len(coverage) or set(covered) != set(ids) or not set(by_case) <= set(ids):
        raise _wrong(rule, "coverage 应为 scope 的每一行各返回一行", "coverage must return one row for each row of scope")
    if not scope:
        return [_row(rule, settings, NOT_TESTABLE, None, {"why_not": [{"code": "no_institutions", "v": "1"}]})]
    lacking = [name for name in rule.needs if name not in held]
    rows: list[Row] = []
    for case_id, institution_id, _ in scope:
        found = {**covered[case_id], "institution_id": institution_id}
        rows += _outcomes(case, rule, settings, found, by_case[case_id], lacking)
    return rows


def _outcomes(
    case: Case, rule: Rule, settings: Mapping[str, Any], covered: Row, hits: list[Row], lacking: list[str]
) -> list[Row]:
    why: list[Row] = [said for said in covered["why_not"] or [] if said["v"] not in (None, "0")]
    if not rule.applies_on(case.as_of):
        start, end = rule.in_force["from"], rule.in_force["to"]
        why = [{"code": "not_in_force", "v": f"{start or ''}–{end or ''}"}]
        return [_row(rule, settings, NOT_TESTABLE, None, covered | {"why_not": why, "population": 0, "tested": 0})]
    whole = covered["tested"] == covered["population"]
    if lacking and (not whole or not covered["population"]):
        why = [*why, {"code": "missing_tables", "v": " ".join(lacking)}]
    covered = covered | {"why_not": why}
    if hits:
        return [_row(rule, settings, HIT, hit, covered) for hit in hits]
    clear = whole and not (covered["population"] == 0 and why)
    return [_row(rule, settings, CLEAR if clear else NOT_TESTABLE, None, covered)]


def _row(rule: Rule, settings: Mapping[str, Any], outcome: str, hit: Row | None, covered: Row) -> Row:
    return {
        "rule_id": rule.id,
        "outcome": outcome,
        **{name: hit[name] if hit else None for name in ("subject_id", "amount_yuan", "first_on", "last_on", "confidence")},
        "finding_id": finding_id(rule, settings, hit) if hit else None,
        "institution_id": covered.get("institution_id"),
        "population": covered.get("population", 0),
        "tested": covered.get("tested", 0),
        "why_not": covered["why_not"],
        "evidence": _distinct(hit["evidence"] or []) if hit else [],
        "detail": (hit["detail"] or []) if hit else [],
        "note": [said for said in covered.get("note") or [] if said["v"] not in (None, "0")],
        "thresholds": [{"name": name, "value": str(value)} for name, value in settings.items()],
    }


def finding_id(rule: Rule, settings: Mapping[str, Any], hit: Row) -> str:
    """Return F and 12 hex digits: the same for the same rule, case, subject, thresholds and evidence."""
    evidence = sorted({(item["table"], item["id"]) for item in hit["evidence"] or []})
    said = sorted((item["code"], item["v"]) for item in hit["detail"] or [])
    thresholds = sorted((name, str(value)) for name, value in settings.items())
    parts = [rule.id, hit["case_id"], hit["subject_id"], thresholds, evidence, said]
    return "F" + hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:12]


def spoken(said: list[Row]) -> str:
    """Put a list of codes into the words of the process's language, one clause each."""
    return pick("；", "; ").join(_clause(item["code"], item["v"]) for item in said)


def _clause(code: str, value: str) -> str:
    if code == "missing_tables":
        value = pick("、", ", ").join(label(name) for name in value.split())
    elif _AMOUNT.fullmatch(value):
        value = f"{Decimal(value):,}"
    return word("checks", code, v=value)


def _select(case: Case, rule: Rule, section: str, values: Mapping[str, Any]) -> pa.Table:
    try:
        return case.store.arrow(rule.sql[section], **rule.used(section, values))
    except QueryError as error:
        text = " ".join(str(error).split("\n\n")[0].split())
        raise _wrong(rule, f"{section} 无法执行: {text}", f"{section} cannot be run: {text}") from None


def _typed(rule: Rule, section: str, table: pa.Table) -> list[Row]:
    """Return the rows of a section's answer with the columns and types that it must have."""
    wanted = COLUMNS[section]
    lacking = [name for name in wanted if name not in table.column_names and name not in OPTIONAL]
    if lacking:
        names = ", ".join(lacking)
        raise _wrong(rule, f"{section} 缺少列 {names}", f"{section} does not return {names}")
    try:
        typed = {
            name: table[name].cast(kind) if name in table.column_names else pa.nulls(table.num_rows, kind)
            for name, kind in wanted.items()
        }
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        text = str(error).splitlines()[0]
        raise _wrong(rule, f"{section} 的列类型不符: {text}", f"a column of {section} has another type: {text}") from None
    rows: list[Row] = pa.table(typed).to_pylist()
    return rows


def _distinct(evidence: list[Row]) -> list[Row]:
    seen = {(item["table"], item["id"]): item for item in evidence}
    return list(seen.values())


def _wrong(rule: Rule, zh: str, en: str) -> BadFile:
    return BadFile(f"规则文件 {rule.path.name} 有误: {zh}", f"Rule file {rule.path.name}: {en}")
