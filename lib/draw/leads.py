"""`draw.findings`: what the rules found, gravest first, each with its basis, thresholds, innocent readings and evidence."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from lib import checks
from lib.case import Case
from lib.draw import masking, people, tables
from lib.draw.markup import Head, Piece, Safe, absent, badge, details, esc, join, plain, table, tag
from lib.draw.writing import NOTHING, count, is_null, period, short_percent, yuan
from lib.errors import LookthroughError
from lib.words import has_word, pick, word

MAX_HITS = 100  # rows of one rule's table
MAX_OPENED = 20  # hits of one rule whose evidence is printed
MAX_EVIDENCE = 25  # lines of one hit's evidence
MAX_CHARACTERS = 600  # of one line
Row = Mapping[str, Any]


def findings(case: Case, found: pd.DataFrame | None = None) -> Piece:
    """Set out the findings on a case: leads to be verified, never verdicts.

    Parameters
    ----------
    found
        A frame of `checks.run`; run here, if omitted.

    Returns
    -------
    A section per rule with hits, gravest first and within a grade by amount: basis, thresholds used, innocent readings, hits,
    the lines of the files behind them; then what could not be tested and why; then what is clear. What is cut short says
    how much more there is.
    """
    tables.use(case)
    found = checks.run(case) if found is None else found
    rows = _records(found)
    groups = by_rule(rows)
    hits = {rule: group for rule, group in groups.items() if group[0]["outcome"] == "hit"}
    parts: list[Safe] = [_leads_note()]
    parts += [_rule(case, rule, group) for rule, group in hits.items()]
    if not hits:
        parts.append(absent(word("draw", "no_hits")))
    parts.append(_untested(case, rows))
    parts.append(_clear([r for r in rows if r["outcome"] == "clear"]))
    total = sum(len(group) for group in hits.values())
    return Piece(join(parts), word("draw", "findings_line", hits=count(total), rules=count(len(hits))))


def _records(frame: pd.DataFrame) -> list[Row]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def by_rule(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Group findings by rule: gravest first, then the rule with the largest amount; a rule's hits by amount."""
    grades = list(dict.fromkeys(rule.severity for rule in checks.rules().values()))
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["rule_id"], []).append(row)
    for group in groups.values():
        group.sort(key=lambda r: (r["outcome"] != "hit", is_null(r["amount_yuan"]), -_amount(r), str(r["subject_id"])))
    order = sorted(groups, key=lambda r: (grades.index(checks.rules()[r].severity), -max(map(_amount, groups[r])), r))
    return {rule: groups[rule] for rule in order}


def _amount(row: Row) -> Any:
    return 0 if is_null(row["amount_yuan"]) else row["amount_yuan"]


def _leads_note() -> Safe:
    return tag("p", word("draw", "leads_note"), class_="lt-note")


def _rule(case: Case, rule: str, rows: list[Row]) -> Safe:
    """Return the section of a rule with hits."""
    told = checks.explain(dict(rows[0]))
    hits = [r for r in rows if r["outcome"] == "hit"]
    return join((
        tag("h3", told["title"]),
        _marks(rule, told),
        _facts(told),
        _hits(hits),
        *(_evidence(case, row) for row in hits[:MAX_OPENED]),
        _unopened(len(hits) - MAX_OPENED),
        _partly(rows[0]),
    ))  # fmt: skip


def _marks(rule: str, told: Mapping[str, Any]) -> Safe:
    marks = (badge("hit", word("outcome", "hit")), tag("span", told["severity_word"], class_="lt-badge"))
    return tag("p", join((*marks, tag("span", rule, class_="id")), " "))


def _facts(told: Mapping[str, Any]) -> Safe:
    """Return what a reader must know beside the hits: the test, its basis, its thresholds, and how else it can be."""
    basis = join((_law(law) for law in told["basis"]), pick("；", "; "))
    thresholds = join((f"{_threshold(name)} {value}" for name, value in told["thresholds"].items()), pick("；", "; "))
    in_force = told["in_force"]
    since = word("draw", "in_force", period=f"{in_force.get('from') or '…'} ~ {in_force.get('to') or '…'}")
    items = [
        (word("draw", "logic"), told["logic"]),
        (word("draw", "basis"), join((basis, f" ({since})") if in_force.get("from") or in_force.get("to") else (basis,))),
        (word("draw", "thresholds"), thresholds or NOTHING),
        (word("draw", "innocent"), join(told["innocent"], pick("；", "; ")) or NOTHING),
    ]
    return tag("dl", *(part for name, text in items for part in (tag("dt", name), tag("dd", text))))


def _law(law: Mapping[str, Any]) -> Safe:
    article = "" if law["article"] in ("", "-") else _article(str(law["article"]))
    return join((law["law"], article, tag("span", f" [{law['mark']}]", class_="lt-note")))


def _article(article: str) -> str:
    return pick(f"第{article}条", f" art. {article}") if article[0].isdigit() else f" {article}"


def _threshold(name: str) -> str:
    return word("thresholds", name) if has_word("thresholds", name) else name


def _hits(hits: list[Row]) -> Safe:
    subjects = _subjects([str(r["subject_id"]) for r in hits[:MAX_HITS]])
    with_detail = any(_has(r, "detail") for r in hits)
    heads = [
        Head(word("draw", "number"), "num"),
        Head(word("draw", "subject"), "id"),
        Head(word("draw", "amount_heading"), "num"),
    ]
    heads += [Head(word("draw", "period")), Head(word("draw", "confidence"), "num")]
    heads += [Head(word("draw", "detail"))] if with_detail else []
    rows = []
    for place, row in enumerate(hits[:MAX_HITS], start=1):
        cells = [place, subjects[str(row["subject_id"])], yuan(row["amount_yuan"]), period(row["first_on"], row["last_on"])]
        cells.append(short_percent(row["confidence"]))
        rows.append([*cells, _loose(row.get("detail"))] if with_detail else cells)
    more = len(hits) - MAX_HITS
    note = word("tables", "more", shown=count(MAX_HITS), more=count(more)) if more > 0 else ""
    return table(word("draw", "hits_of", n=count(len(hits))), heads, rows, note)


def _subjects(ids: list[str]) -> dict[str, Safe]:
    """Return what to call the subjects of findings: id and, where it is a party, its name."""
    names, accounts = people.names(ids), people.accounts_among(ids)
    made = {}
    for i in ids:
        written = masking.mask_number(i) if i in accounts else masking.mask_id(i)
        written = written if masking.masks() else i
        made[i] = join((written, tag("span", names[i], class_="lt-name")), " ") if i in names else esc(written)
    return made


def _evidence(case: Case, row: Row) -> Safe:
    """Return the lines of the files behind a hit, to be opened; what cannot be read says why."""
    items = list(row["evidence"])
    subject = _subjects([str(row["subject_id"])])[str(row["subject_id"])]
    try:
        lines = _records(checks.evidence(case, {**row, "evidence": items[:MAX_EVIDENCE]}))
    except LookthroughError as error:
        return details(join((word("draw", "evidence_of"), " ", subject)), absent(str(error)))
    hidden = people.names_to_hide(case, [(r["table"], r["id"]) for r in lines]) if masking.masks() else {}
    heads = [Head(word("draw", "table")), Head(word("draw", "id"), "id"), Head(word("draw", "file"))]
    heads += [Head(word("draw", "line"), "num"), Head(word("draw", "original" if masking.masks() else "original_bare"))]
    shown = [_line(r, hidden.get((r["table"], r["id"]), ())) for r in lines[:MAX_EVIDENCE]]
    more = max(len(items) - MAX_EVIDENCE, 0) + max(len(lines) - MAX_EVIDENCE, 0)
    note = word("tables", "more", shown=count(len(shown)), more=count(more)) if more else ""
    title = join((word("draw", "evidence_of"), " ", subject, " ", word("draw", "lines", n=count(len(shown) + more))))
    return details(title, table("", heads, shown, note))


def _line(row: Row, names: tuple[str, ...]) -> list[object]:
    identity, text = str(row["id"]), row["text"]
    if masking.masks():
        identity = masking.mask_number(identity) if row["table"] == "accounts" else masking.mask_id(identity)
    line = NOTHING if is_null(row["line"]) else int(row["line"])
    source = NOTHING if is_null(row["source"]) else _file_name(str(row["source"]))
    return [people.table_word(str(row["table"])), identity, source, line, original(text, names)]


def _file_name(name: str) -> str:
    return masking.mask_number(name) if masking.masks() else name


def original(text: object, names: tuple[str, ...]) -> str:
    """Return the original text of a row as a page shows it: masked, on one line, cut where it is very long."""
    if is_null(text):
        return NOTHING
    written = plain(masking.mask_text(str(text), names) if masking.masks() else text)
    return written if len(written) <= MAX_CHARACTERS else f"{written[:MAX_CHARACTERS]}…"


def _has(row: Row, name: str) -> bool:
    return not is_null(row.get(name)) and bool(row[name])


def _loose(text: object) -> str:
    if is_null(text) or not text:
        return NOTHING
    return masking.mask_text(str(text)) if masking.masks() else str(text)


def _unopened(more: int) -> Safe:
    return tag("p", word("draw", "unopened", n=count(more)), class_="lt-note") if more > 0 else Safe("")


def _partly(row: Row) -> Safe:
    """Say what a rule with hits could not test, and what was left out on purpose."""
    parts = []
    if not is_null(row["population"]) and row["tested"] < row["population"]:
        tested = word("draw", "tested_of", tested=count(row["tested"]), population=count(row["population"]))
        parts.append(join((tested, row["why_not"]) if _has(row, "why_not") else (tested,), pick("：", ": ")))
    if _has(row, "note"):
        parts.append(esc(row["note"]))
    return join(tag("p", part, class_="lt-note") for part in parts)


def _untested(case: Case, rows: list[Row]) -> Safe:
    """Return the table of rules that could not be tested, with what was missing."""
    left = [r for r in rows if r["outcome"] == "not_testable"]
    if not left:
        return Safe("")
    heads = [Head(word("draw", "rule")), Head(word("draw", "outcome")), Head(word("draw", "tested"), "num")]
    heads += [Head(word("draw", "population"), "num"), Head(word("draw", "why_not"))]
    return join((tag("h3", word("draw", "untested")), table(word("draw", "untested_caption"), heads, map(_tested_row, left))))


def _clear(rows: list[Row]) -> Safe:
    if not rows:
        return Safe("")
    heads = [Head(word("draw", "rule")), Head(word("draw", "outcome")), Head(word("draw", "tested"), "num")]
    heads += [Head(word("draw", "population"), "num"), Head(word("draw", "note"))]
    return join((tag("h3", word("draw", "clear")), table(word("draw", "clear_caption"), heads, map(_tested_row, rows))))


def _tested_row(row: Row) -> list[object]:
    told = checks.explain(dict(row))
    outcome = str(row["outcome"])
    why = [str(row[name]) for name in ("why_not", "note") if _has(row, name)]
    rule = join((tag("span", row["rule_id"], class_="id"), " ", told["title"]))
    numbers = (count(row["tested"]), count(row["population"]))
    return [rule, badge(outcome, word("outcome", outcome)), *numbers, pick("；", "; ").join(why) or NOTHING]
