"""Rules and findings: each rule of lib/rules is run on a case and ends as hit, clear or not testable.

A hit is a lead (疑点), never a verdict. What could not be tested is said, with what was missing. Every hit points to the rows
that it rests on, and `evidence` walks from there to file, line and original text.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lib import paths
from lib.case import Case
from lib.errors import BadParameter
from lib.findings import checklist as _checklist
from lib.findings import comparing, derived, grouping, heads, outcomes, tokens, weakest, whatif
from lib.findings import evidence as _evidence
from lib.findings.rules import Rule, all_rules
from lib.store import MONEY, frame
from lib.words import language, pick, word

COLUMNS = pa.schema(
    {
        "rule_id": pa.string(),
        "outcome": pa.string(),
        "subject_id": pa.string(),
        "amount_yuan": MONEY,
        "first_on": pa.date32(),
        "last_on": pa.date32(),
        "confidence": pa.float64(),
        "finding_id": pa.string(),
        "matter_id": pa.string(),
        "institution_id": pa.string(),
        "population": pa.int64(),
        "tested": pa.int64(),
        "why_not": pa.string(),
        "evidence": outcomes.EVIDENCE,
        "detail": pa.string(),
        "note": pa.string(),
        "thresholds": pa.list_(pa.struct({"name": pa.string(), "value": pa.string()})),
    }
)


def rules() -> dict[str, Rule]:
    """Return the rules by id, gravest first.

    Raises
    ------
    BadFile
        If a rule file is not as it must be; file and line are said.
    """
    return dict(all_rules())


def run(case: Case, rules: Collection[str] | None = None, **overrides: Mapping[str, object]) -> pd.DataFrame:
    """Run the rules on a case. Only computes: nothing is written.

    Parameters
    ----------
    rules
        Ids of the rules to run. All, if omitted.
    overrides
        A what-if, for this call only: `SF_03={"share": 0.3}`. Thresholds and settings of derived tables alike.

    Returns
    -------
    DataFrame, one row per hit, else one per rule and institution; gravest rule first, then the largest amount
        rule_id · outcome (hit, clear, not_testable) · subject_id · amount_yuan · first_on · last_on · confidence (0 to 1) ·
        finding_id (the same for the same subject, thresholds and evidence; null without a hit) · matter_id (the same for hits
        of different rules that rest on the same transfers, 80 % of each one's or more: to be counted once) · institution_id ·
        population, tested (what the rule looks at, and how much of it could be tested) · why_not (what was missing) ·
        evidence (list of {table, id}) · detail (what was found) · note (what was left out on purpose) ·
        thresholds (list of {name, value}).

    Raises
    ------
    BadParameter
        If there is no such rule or threshold, or a value does not fit it.
    BadFile
        If a rule file is faulty.
    """
    asked = {whatif.find_rule(name).id: values for name, values in overrides.items()}
    if isinstance(rules, str):
        rules = [rules]
    chosen = [whatif.find_rule(name) for name in rules] if rules is not None else list(all_rules().values())
    if unused := [name for name in asked if name not in {rule.id for rule in chosen}]:
        raise BadParameter(
            f"规则 {'、'.join(unused)} 给了阈值, 但不在要运行的规则之中",
            f"Thresholds are given for {', '.join(unused)}, which is not among the rules to run",
        )
    rows: list[outcomes.Row] = []
    for rule in {rule.id: rule for rule in chosen}.values():
        rows += _run_once(case, rule, whatif.settings_of(rule, asked.get(rule.id, {})))
    rows.sort(key=_gravest_first)
    rows = [row | {"matter_id": matter} for row, matter in zip(rows, grouping.matters(case, rows), strict=True)]
    spoken = [row | {name: outcomes.spoken(row[name]) for name in ("why_not", "detail", "note")} for row in rows]
    return frame(pa.Table.from_pylist(spoken, schema=COLUMNS))


def compare(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Set two runs of the rules side by side: before and after a rectification, two days, or two deliveries (整改验收).

    Parameters
    ----------
    before, after
        Frames of `run`.

    Returns
    -------
    DataFrame, one row per rule, institution and subject with a hit in either run, in the order of the runs
        rule_id · institution_id · subject_id · state · before_yuan · after_yuan · difference_yuan · before_finding_id ·
        after_finding_id · evidence_gone, evidence_new (rows of evidence in one run only) · why_not (what the run without the
        hit was missing).

        state is one of: `unchanged`; `changed` (other amount or evidence); `new`; `first_tested` (a hit now, and the rule could
        not be tested in full before: it may be old); `gone`; `no_longer_tested` (no hit now, and the rule cannot be tested in
        full any more: nothing is known to be mended); `other_thresholds` and `not_run` (the runs cannot be compared there).
        `attrs["states"]` counts them.

    Raises
    ------
    BadParameter
        If a frame is no result of `run`.

    Notes
    -----
    Several hits of one rule on one subject are paired by the evidence that they share.
    """
    made = frame(comparing.compared(before, after))
    counts = made["state"].value_counts().to_dict()
    made.attrs["states"] = {state: int(counts.get(state, 0)) for state in comparing.STATES}
    return made


def checklist(case: Case, found: pd.DataFrame | None = None) -> pd.DataFrame:
    """Fill in the 108-item checklist of the rectification for an institution.

    Parameters
    ----------
    found
        A frame of `run`; run here, if omitted.

    Returns
    -------
    DataFrame, one row per item, in order
        item · section · body (the gist; null where its text has not been read) · state · rules (that look at it) · finding_ids
        (leads) · why_not (what was missing) · rectification (left open: for the institution) · checked (text, memory, proposal;
        null: not read).

        state is one of: `yes` (有: a rule has a lead), `no` (无: every rule that looks at it was tested in full, without a
        lead), `unverifiable` (无法核实) and `no_rule` (未覆盖: no rule looks at it; a person has to).

    Raises
    ------
    BadParameter
        If the case is the whole district. For a party that is no institution, no item applies.
    """
    if case.is_district:
        raise BadParameter(
            '检查清单须指定一家机构, 例如 open_case("机构名称或编号")',
            'The checklist needs an institution, for example open_case("its name or id")',
        )
    found = run(case) if found is None else found
    rows = [{str(k): v for k, v in row.items()} for row in found.to_dict("records")]
    own = [row for row in rows if row["institution_id"] == case.institution_id]
    return frame(_checklist.filled_in(case, own) if case.institution_id else _checklist.COLUMNS.empty_table())


def evidence(case: Case, row: Mapping[str, Any] | pd.Series) -> pd.DataFrame:
    """Walk from a finding to the lines of the files that it rests on.

    Parameters
    ----------
    row
        A row of `run`'s frame.

    Returns
    -------
    DataFrame, one row per line; a transfer stands for the statement lines that show it, a merged row for all its lines
        table · id · source (name of the file) · line (from 1) · text (as it stands in the file; null where there is no file).

    Raises
    ------
    DataGap
        If a file is gone or is no longer the one that was imported.
    """
    return frame(_evidence.lines(case, row["evidence"]))


def explain(row: Mapping[str, Any] | pd.Series | str) -> dict[str, Any]:
    """Return what a reader must know beside a finding, in the process's language.

    Parameters
    ----------
    row
        A row of `run`'s frame, or a rule's id.

    Returns
    -------
    dict
        rule_id · title · severity (key) · severity_word · logic · basis (list of {law, article, checked, mark}) · in_force
        (from, to; None is open) · thresholds (name → text) · innocent (list). Thresholds are those that the row was run with.
    """
    rule = whatif.find_rule(row if isinstance(row, str) else row["rule_id"])
    values: dict[str, object] = dict(rule.settings)
    if not isinstance(row, str):
        values |= {item["name"]: _like(rule.settings[item["name"]], item["value"]) for item in row["thresholds"]}
    texts = {name: whatif.shown(name, value) for name, value in values.items()}
    return {
        "rule_id": rule.id,
        "title": _said(rule.title, texts),
        "severity": rule.severity,
        "severity_word": word("severity", rule.severity),
        "logic": _said(rule.logic, texts),
        "basis": [
            {
                "law": law["law"][language()],
                "article": law["article"],
                "checked": law["checked"],
                "mark": word("basis", law["checked"]),
            }
            for law in rule.basis
        ],
        "in_force": dict(rule.in_force),
        "thresholds": texts,
        "innocent": [_said(text, texts) for text in rule.innocent],
    }


def show(rule_id: str, as_of: dt.date | None = None) -> str:
    """Return a rule's SQL with its thresholds filled in, for any DuckDB shell on the Store.

    Parameters
    ----------
    as_of
        Day asked about; the shell's current date, if omitted.

    Raises
    ------
    BadParameter
        If there is no such rule.
    """
    rule = whatif.find_rule(rule_id)
    values = rule.settings | {"in_force_from": rule.in_force["from"], "in_force_to": rule.in_force["to"]}
    values["as_of"] = as_of or tokens.TODAY
    basis = [f"{law['law'][language()]} {law['article']} ({word('basis', law['checked'])})" for law in rule.basis]
    head = [f"-- {rule.id} {explain(rule.id)['title']}", f"-- {explain(rule.id)['logic']}", *(f"-- {text}" for text in basis)]
    head += [
        pick(
            f"-- 需要 lookthrough 生成的临时表 {name}, 设置: {dict(settings)}",
            f"-- needs the TEMP table {name}, which lookthrough derives, with {dict(settings)}",
        )
        for name, settings in rule.derive.items()
    ]
    parts = ["\n".join(head), _SCOPE]
    for section, text in rule.sql.items():
        start = "create or replace temp table facts as\n" if section == "facts" else ""
        parts.append(f"-- {section}\n{start}{tokens.filled_in(text, values)};")
    return "\n\n".join(parts) + "\n"


def save(case: Case, found: pd.DataFrame | None = None, path: Path | None = None) -> Path:
    """Keep findings as a Parquet file beside the Store, named after its version, and return its path.

    Parameters
    ----------
    found
        A frame of `run`; run here, if omitted.
    path
        Another place for the file.
    """
    found = run(case) if found is None else found
    path = path or case.store.path.with_name(f"{case.store.path.stem}.{case.store.version}.findings.parquet")
    table = pa.Table.from_pandas(found, schema=COLUMNS, preserve_index=False)
    with paths.replacing(path) as draft:
        pq.write_table(table.append_column("as_of", pa.array([case.as_of] * len(found), pa.date32())), draft)
    return path


_SCOPE = """create or replace temp table scope as
select
    institution_id as case_id,
    institution_id,
    coalesce(nullif(party_id, ''), institution_id) as party_id
from institutions;"""


def _run_once(case: Case, rule: Rule, settings: dict[str, Any]) -> list[outcomes.Row]:
    """Run a rule with these thresholds once per Store version, day and party."""
    key = ("checks", rule.id, case.as_of, case.institution_id, case.party_id, tuple(settings.items()))
    if key not in case.store.memo:
        scope = derived.scope_of(case)
        tables = {table: {name: settings[name] for name in names} for table, names in rule.derive.items()}
        derived.lay_out(case, scope, tables)
        found = outcomes.run_rule(case, rule, scope, settings, derived.delivered(case.store))
        case.store.memo[key] = weakest.lower(case, found)
    rows: list[outcomes.Row] = case.store.memo[key]
    return rows


def _gravest_first(row: outcomes.Row) -> tuple[Any, ...]:
    severity = all_rules()[row["rule_id"]].severity
    amount = row["amount_yuan"]
    order = (heads.SEVERITIES.index(severity), row["rule_id"], row["outcome"] != "hit", amount is None, -(amount or 0))
    return (*order, row["subject_id"] or "", row["institution_id"] or "", row["finding_id"] or "")


def _like(default: object, text: str) -> object:
    """Read a threshold of a frame back as the kind of value that the rule has."""
    return text if isinstance(default, (str, bool, dt.date)) else Decimal(text)


def _said(texts: Mapping[str, str], values: Mapping[str, str]) -> str:
    return texts[language()].format(**values)
