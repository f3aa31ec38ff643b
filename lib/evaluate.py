"""How good the rules are: what they find in a simulated district, held against the key of what was planted in it.

A district made by `lookthrough simulate` brings `answers.json`: schemes that were planted, decoys that only look like them, and
the rows of the files that show each. `evaluate` runs every rule on the whole district and says what was found, what was missed
and why, and what was found that is not there.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lib import checks, paths, targets
from lib.case import Case
from lib.errors import BadParameter
from lib.evaluation import rows, scoring
from lib.evaluation.key import Key
from lib.evaluation.key import read as read_key

__all__ = ["evaluate", "read_key", "write_page"]


def evaluate(case: Case, folder: Path | str) -> dict[str, Any]:
    """Run the rules on a simulated district and hold what they find against its key.

    Parameters
    ----------
    case
        The whole district, in a Store that holds its files.
    folder
        The district's folder, with `answers.json`.

    Returns
    -------
    dict; fractions are from 0 to 1 (an amount error may be more), None where there is nothing to divide by
        recall (found / planted; planted are entries that some rule could find) · precision (true / (true + false), over hits of
        severity prohibited and major, listings apart) · findings, true, neutral, false (those hits; neutral are the ones that
        only an entry's `also` allows) · apart (the same counts of all other hits) · amount_error (sum of |found - key| over the
        sum of the key) · per_rule (rule id → severity, counted, expected, found, recall, findings, true, neutral, false,
        precision, amount_error) · schemes (scheme → planted, no_rule, found, recall, findings, true, neutral, false, precision,
        amount_error, decoys, decoys_hit) · misses (ids of entries) · entries (every entry: outcome found, missed, no_rule,
        quiet or alarm, its items, and for each rule the reason if it missed) · false_alarms (finding, rule, subject, amount
        in yuan, decoys that it fell for) · rows (lines that the key names for what is planted), rows_lost
        (those that became no row of the Store) · district (what was evaluated).

    Raises
    ------
    BadParameter
        If there is no such folder, or the case is not the whole district.
    DataGap
        If the folder holds no key, or the Store lacks files that the key names.
    BadFile
        If the key is not as it must be.
    """
    folder = Path(folder)
    key = read_key(folder)
    if not case.is_district:
        raise BadParameter(
            f"评测针对全区, 而本例只是 {case.name}。请用 open_case(store=…), 不指定机构",
            f"An evaluation is of the whole district, and this case is {case.name} alone. Use open_case(store=…), no name",
        )
    sources = rows.sources_of(case.store, folder, key.files)
    lines = {line for entry in key.entries if entry.planted for item in entry.expected for line in item.lines}
    places = rows.resolve(case.store, sources, lines)
    outcomes = _outcomes(case, checks.run(case), key)
    lost = {"rows": len(lines), "rows_lost": len(lines) - len(places)}
    return {**scoring.score(key.entries, outcomes, places), **lost, "district": _district(case, folder, key)}


def write_page(result: Mapping[str, Any], path: Path) -> None:
    """Write an evaluation as one HTML page that needs nothing but itself.

    Raises
    ------
    DataGap
        If it cannot be written.
    """
    from lib.evaluation import page  # here: it loads nbconvert, which takes a second

    text = page.render(result)
    with targets.writing(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _outcomes(case: Case, found: pd.DataFrame, key: Key) -> scoring.Outcomes:
    """Return what the rules said; the evidence of hits that no planted entry expects is not looked up."""
    columns = ["rule_id", "outcome", "subject_id", "institution_id", "amount_yuan", "finding_id", "why_not", "evidence"]
    values = found[columns].astype(object)
    every = [dict(zip(columns, row, strict=True)) for row in values.where(values.notna(), None).itertuples(index=False)]
    untested = {(row["rule_id"], row["institution_id"]): (row["outcome"], row["why_not"]) for row in every}
    hits = [row for row in every if row["outcome"] == "hit"]
    asked = {(item.rule_id, subject) for e in key.entries if e.planted for item in e.expected for subject in item.subjects}
    needed = [row["evidence"] if (row["rule_id"], row["subject_id"]) in asked else [] for row in hits]
    named = ("rule_id", "subject_id", "institution_id", "amount_yuan", "finding_id")
    evidence = rows.evidence(case.store, needed)
    made = [scoring.Hit(**{n: row[n] for n in named}, evidence=its) for row, its in zip(hits, evidence, strict=True)]
    return scoring.Outcomes({name: rule.severity for name, rule in checks.rules().items()}, made, untested)


def _district(case: Case, folder: Path, key: Key) -> dict[str, Any]:
    name, day = folder.resolve().name, case.as_of.isoformat()
    return {"name": name, "folder": paths.written(folder), "as_of": day, "store_version": case.store.version, **key.facts}
