"""An evaluation as tables of plain cells, the same for a terminal and a page; column names are keys of labels.toml [cli]."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib import checks
from lib.draw.writing import count, percent, yuan
from lib.evaluation.scoring import MISSED, NO_RULE
from lib.words import language, pick, word

Row = dict[str, Any]
_RATES = ("recall", "precision", "amount_error")
_HITS = ("found", "recall", "findings", "true", "neutral", "false", "precision", "amount_error")
_GRADES = ("true", "neutral", "false")
_RULE = ("expected", *_HITS)
_SCHEME = ("planted", "no_rule", *_HITS, "decoys", "decoys_hit")


@dataclass(frozen=True)
class Listing:
    """A table: caption, columns, rows, and which of the columns are numbers."""

    caption: str
    columns: Sequence[str]
    rows: list[list[str]]
    numbers: Sequence[str] = ()


def headline(result: Mapping[str, Any]) -> list[str]:
    """Return the lines that say what was evaluated and how it did."""
    facts = result["district"] | {name: count(result["district"][name]) for name in ("institutions", "flows")}
    shown = {name: percent(result[name]) for name in _RATES}
    counts = {name: count(result[name]) for name in ("planted", "found", *_GRADES, "findings")}
    apart = {name: count(result["apart"][name]) for name in (*_GRADES, "findings")}
    return [
        word("evaluate", "district", **facts),
        word("evaluate", "recall", **shown, **counts),
        word("evaluate", "precision", **shown, **counts),
        word("evaluate", "apart", **apart),
        word("evaluate", "amount_error", **shown),
        word("evaluate", "rows", rows=count(result["rows"]), lost=count(result["rows_lost"])),
    ]


def listings(result: Mapping[str, Any]) -> list[Listing]:
    """Return what is shown everywhere, if not empty: rules, schemes, misses, entries without a rule, false alarms."""
    every = [_rules(result, counted=True), _rules(result, counted=False), _schemes(result), _misses(result), _no_rule(result)]
    return [one for one in (*every, _alarms(result, counted=True), _alarms(result, counted=False)) if one.rows]


def entries(result: Mapping[str, Any]) -> Listing:
    """Return every entry of the key with what became of it and its story."""
    rows = [
        [
            *(row["id"], row["scheme"], row["title"][language()], row["institution_id"] or "—"),
            *(word("evaluate", row["outcome"]), row["story"][language()]),
        ]
        for row in result["entries"]
    ]
    return Listing(word("evaluate", "entries"), ("entry", "scheme", "title", "institution", "outcome", "story"), rows)


def _rules(result: Mapping[str, Any], *, counted: bool) -> Listing:
    rows = [
        [rule, checks.explain(rule)["title"], word("severity", row["severity"]), *_numbers(row, _RULE)]
        for rule, row in result["per_rule"].items()
        if row["counted"] is counted
    ]
    caption = word("evaluate", "rules") if counted else word("evaluate", "rules_apart")
    return Listing(caption, ("rule", "title", "severity", *map(_key, _RULE)), rows, list(map(_key, _RULE)))


def _schemes(result: Mapping[str, Any]) -> Listing:
    rows = [[scheme, *_numbers(row, _SCHEME)] for scheme, row in result["schemes"].items()]
    return Listing(word("evaluate", "schemes"), ("scheme", *map(_key, _SCHEME)), rows, list(map(_key, _SCHEME)))


def _key(name: str) -> str:
    """Return the column of a count; some names mean something else in another table of the command line."""
    return {
        "true": "true_hits",
        "neutral": "neutral_hits",
        "false": "false_hits",
        "found": "found_of",
        "findings": "findings_of",
    }.get(name, name)


def _numbers(row: Row, names: Sequence[str]) -> list[str]:
    return [percent(row[name]) if name in _RATES else count(row[name]) for name in names]


def _misses(result: Mapping[str, Any]) -> Listing:
    rows = [
        [row["id"], row["scheme"], row["institution_id"] or "—", row["title"][language()], _reasons(row)]
        for row in result["entries"]
        if row["outcome"] == MISSED
    ]
    return Listing(word("evaluate", "misses"), ("entry", "scheme", "institution", "title", "reason"), rows)


def _reasons(row: Row) -> str:
    """Say for each rule that should have found an entry why it did not."""
    said = [(rule["rule_id"], word("evaluate", f"why_{rule['reason']}", **rule)) for rule in row["rules"]]
    return pick("；", "; ").join(f"{rule} {why}" for rule, why in said)


def _no_rule(result: Mapping[str, Any]) -> Listing:
    rows = [
        [row["id"], row["scheme"], row["institution_id"] or "—", row["title"][language()], ", ".join(row["rule_ids"])]
        for row in result["entries"]
        if row["outcome"] == NO_RULE
    ]
    return Listing(word("evaluate", "no_rule"), ("entry", "scheme", "institution", "title", "rules_wanted"), rows)


def _alarms(result: Mapping[str, Any], *, counted: bool) -> Listing:
    """Return the false alarms, those that fell for a decoy first."""
    chosen = [row for row in result["false_alarms"] if row["counted"] is counted]
    rows = [
        [
            *(row["finding_id"] or "—", row["rule_id"], row["subject_id"] or "—", row["institution_id"] or "—"),
            *(yuan(row["amount_yuan"]), ", ".join(row["decoys"]) or "—"),
        ]
        for row in sorted(chosen, key=lambda row: not row["decoys"])
    ]
    caption = word("evaluate", "alarms") if counted else word("evaluate", "alarms_apart")
    columns = ("finding", "rule", "subject", "institution", "amount_yuan", "decoy")
    return Listing(caption, columns, rows, ["amount_yuan"])
