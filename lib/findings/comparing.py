"""Two runs of the rules side by side: what remains, what is new, what is gone (整改验收).

A hit is gone only where its rule could be tested in full afterwards, and new only where it could be before: else the other run
says nothing of it, and that is what is said.
"""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from lib.errors import BadParameter
from lib.store import MONEY

STATES = ("unchanged", "changed", "new", "first_tested", "gone", "no_longer_tested", "other_thresholds", "not_run")
COLUMNS = pa.schema(
    {
        "rule_id": pa.string(),
        "institution_id": pa.string(),
        "subject_id": pa.string(),
        "state": pa.string(),
        "before_yuan": MONEY,
        "after_yuan": MONEY,
        "difference_yuan": MONEY,
        "before_finding_id": pa.string(),
        "after_finding_id": pa.string(),
        "evidence_gone": pa.int64(),
        "evidence_new": pa.int64(),
        "why_not": pa.string(),
    }
)
_NEEDED = ("rule_id", "outcome", "subject_id", "finding_id", "institution_id", "population", "tested", "evidence", "thresholds")
Row = dict[str, Any]
Key = tuple[str, str | None]


def compared(before: pd.DataFrame, after: pd.DataFrame) -> pa.Table:
    """Return the rows of `lib.checks.compare`."""
    was, now = _Run(before), _Run(after)
    rows: list[Row] = []
    for key in dict.fromkeys((*was.order, *now.order)):
        subjects = dict.fromkeys((*was.hits[key], *now.hits[key]))
        for subject in subjects:
            pairs = _paired(was.hits[key].get(subject, []), now.hits[key].get(subject, []))
            rows += [_row(key, subject, old, new, (was, now)) for old, new in pairs]
    return pa.Table.from_pylist(rows, schema=COLUMNS)


class _Run:
    """A run's hits by rule and institution, then subject, and what it says of each rule there."""

    def __init__(self, frame: pd.DataFrame) -> None:
        if missing := [c for c in _NEEDED if c not in frame.columns]:
            raise BadParameter(
                f"checks.compare 需要 checks.run 的结果, 缺少列: {'、'.join(missing)}",
                f"checks.compare needs results of checks.run; missing columns: {', '.join(missing)}",
            )
        self.hits: dict[Key, dict[str | None, list[Row]]] = defaultdict(lambda: defaultdict(list))
        self.said: dict[Key, Row] = {}
        self.order: list[Key] = []
        for row in frame.to_dict("records"):
            one = {str(name): value for name, value in row.items()}
            key = one["rule_id"], _text(one["institution_id"])
            if key not in self.said:
                self.order.append(key)
            self.said[key] = one
            if one["outcome"] == "hit":
                self.hits[key][_text(one["subject_id"])].append(one)

    def is_whole(self, key: Key) -> bool:
        """Tell whether a rule could be tested in full: then it has no hit but those that stand there."""
        said = self.said[key]
        return bool(said["outcome"] == "clear" or (said["outcome"] == "hit" and said["tested"] == said["population"]))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _evidence(row: Row) -> set[tuple[str, str]]:
    return {(item["table"], item["id"]) for item in row["evidence"]}


def _paired(old: list[Row], new: list[Row]) -> list[tuple[Row | None, Row | None]]:
    """Pair findings of one rule and subject: those with most evidence in common first; what is left stands alone."""
    shared = [(len(_evidence(a) & _evidence(b)), -i, -j) for i, a in enumerate(old) for j, b in enumerate(new)]
    pairs: dict[int, int] = {}
    for common, i, j in sorted(shared, reverse=True):
        if -i not in pairs and -j not in pairs.values() and (common or len(old) == len(new) == 1):
            pairs[-i] = -j
    made: list[tuple[Row | None, Row | None]] = [(a, new[pairs[i]] if i in pairs else None) for i, a in enumerate(old)]
    return [*made, *((None, b) for j, b in enumerate(new) if j not in pairs.values())]


def _row(key: Key, subject: str | None, old: Row | None, new: Row | None, runs: tuple[_Run, _Run]) -> Row:
    amounts = [None if row is None or pd.isna(row["amount_yuan"]) else Decimal(row["amount_yuan"]) for row in (old, new)]
    evidence = [_evidence(row) if row is not None else set() for row in (old, new)]
    state = _state(key, old, new, runs)
    other = runs[1] if new is None else runs[0]
    silent = state in ("no_longer_tested", "first_tested") and _text(other.said[key].get("why_not"))
    return {
        "rule_id": key[0],
        "institution_id": key[1],
        "subject_id": subject,
        "state": state,
        "before_yuan": amounts[0],
        "after_yuan": amounts[1],
        "difference_yuan": None if amounts[0] is None or amounts[1] is None else amounts[1] - amounts[0],
        "before_finding_id": None if old is None else old["finding_id"],
        "after_finding_id": None if new is None else new["finding_id"],
        "evidence_gone": len(evidence[0] - evidence[1]),
        "evidence_new": len(evidence[1] - evidence[0]),
        "why_not": silent or None,
    }


def _state(key: Key, old: Row | None, new: Row | None, runs: tuple[_Run, _Run]) -> str:
    was, now = runs
    if key not in was.said or key not in now.said:
        return "not_run"
    if _thresholds(was.said[key]) != _thresholds(now.said[key]):
        return "other_thresholds"
    if old is not None and new is not None:
        return "unchanged" if old["finding_id"] == new["finding_id"] else "changed"
    if new is not None:
        return "new" if was.is_whole(key) else "first_tested"
    return "gone" if now.is_whole(key) else "no_longer_tested"


def _thresholds(row: Row) -> list[tuple[str, str]]:
    return sorted((item["name"], str(item["value"])) for item in row["thresholds"])
