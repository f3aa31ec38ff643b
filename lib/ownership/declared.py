"""Who is said to control or own an institution, held against what the records say of the very day that it was said of."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.errors import DataGap
from lib.identity import comparing
from lib.ownership.beneficial import beneficial_owners, definition_of
from lib.ownership.commanding import controllers
from lib.ownership.derived import Scope, cases
from lib.ownership.frames import TEXTS
from lib.ownership.register import TERMINAL

Row = dict[str, Any]
CONTROLLER, OWNER = "controller", "beneficial_owner"
SAME, DIFFERENT, UNCLEAR, NOBODY, OPEN, NO_LAW = "same", "different", "unclear", "nobody", "open", "no_law"
_BETWEEN = re.compile(r"[、,，;；\n]+")
_COLUMNS = {
    **{name: pa.string() for name in ("case_id", "disclosure_id", "what", "verdict")},
    **dict.fromkeys(("found", "lacking", "added", "holding_ids"), TEXTS),
}


@dataclass(frozen=True)
class Found:
    """Who the records name on a day: those that must be declared, those that may be, with the holdings that show it."""

    required: dict[str, list[str]]
    allowed: dict[str, list[str]]
    holding_ids: list[str]
    open_end: bool = False


def derive_declared(case: Case, scope: Scope) -> pa.Table:
    """Hold the latest disclosures (实际控制人, 受益所有人) of each channel against the records of their day, for rules.

    Returns
    -------
    Arrow table, one row per case and disclosure
        case_id · disclosure_id · what (controller, beneficial_owner) · verdict (same; different; unclear: whether two names
        are one, a person must decide; nobody: the records name none; open: the chain ends in a company of which no holder is
        known, whoever is behind it; no_law: no definition of beneficial owners was in force) · found (names by the records) ·
        lacking (of these, not declared) · added (declared, and not by the records) · holding_ids (that show who it is).
    """
    rows: list[Row] = []
    for case_id, one in cases(case, scope):
        if one.institution_id is not None:
            rows += [{"case_id": case_id, **row} for row in _judged(one)]
    return pa.Table.from_pylist(rows, schema=pa.schema(list(_COLUMNS.items())))


def _judged(case: Case) -> Iterator[Row]:
    known: dict[Any, Found | str] = {}
    for said in case.store.run("declared", institution_id=case.institution_id, as_of=case.as_of).to_pylist():
        key = (said["what"], said["as_of_on"])
        if key not in known:
            known[key] = _found(replace(case, as_of=said["as_of_on"]), said["what"])
        found = known[key]
        row = {"disclosure_id": said["disclosure_id"], "what": said["what"]}
        if isinstance(found, str):
            yield row | {"verdict": found}
            continue
        verdict, lacking, added = compare([name for name in _BETWEEN.split(said["value_text"]) if name.strip()], found)
        names = {"found": [every[0] for every in found.required.values()], "lacking": lacking, "added": added}
        yield row | {"verdict": verdict, "holding_ids": found.holding_ids, **names}


def compare(declared: Collection[str], found: Found) -> tuple[str, list[str], list[str]]:
    """Return the verdict on names that were declared, the names that lack and those that are too many."""
    near = {(d, i): _nearest(d, names) for d in declared for i, names in found.allowed.items()}
    lacking = [i for i in found.required if all(near[d, i] != "same" for d in declared)]
    added = [d for d in declared if all(near[d, i] != "same" for i in found.allowed)]
    names = [found.required[i][0] for i in lacking]
    if not lacking and not added:
        return SAME, [], []
    if any(near[d, i] == "candidate" for d in declared for i in found.allowed if d in added or i in lacking):
        return UNCLEAR, names, added
    return (OPEN if found.open_end else DIFFERENT), names, added


def _nearest(declared: str, names: Collection[str]) -> str:
    verdicts = {comparing.written(declared, name).verdict for name in names}
    return next((v for v in ("same", "candidate") if v in verdicts), "different")


def _found(case: Case, what: str) -> Found | str:
    try:
        return _controlling(case) if what == CONTROLLER else _owning(case)
    except DataGap:  # shares without a solution
        return NOBODY


def _controlling(case: Case) -> Found | str:
    made = controllers(case)
    last = made[made.ultimate]
    if last.empty:
        return NOBODY
    known = _names(case, last.controller_id.tolist())
    ends = [kind in TERMINAL or known[i]["listed"] for i, kind in zip(last.controller_id, last.kind, strict=True)]
    names = {i: row["names"] for i, row in known.items()}
    return Found(names, names, _holdings(last), not all(ends))


def _owning(case: Case) -> Found | str:
    if definition_of(case.as_of) is None:
        return NO_LAW
    made = beneficial_owners(case)
    sure = made[made.certainty == "certain"]
    if sure.empty:
        return NOBODY
    known = _names(case, made.party_id.tolist())
    required = {i: known[i]["names"] for i in sure.party_id}
    return Found(required, {i: row["names"] for i, row in known.items()}, _holdings(sure))


def _names(case: Case, ids: list[str]) -> dict[str, Row]:
    """Return of each party every name that it bears or bore, its id where none is known, and whether it is listed."""
    query = "select party_id, name, former_names, listed from parties where list_contains($ids, party_id)"
    known = {row["party_id"]: row for row in case.arrow(query, ids=ids).to_pylist()}
    made: dict[str, Row] = {}
    for one in ids:
        row = known.get(one, {"name": None, "former_names": None, "listed": None})
        former = [name for name in _BETWEEN.split(row["former_names"] or "") if name.strip()]
        made[one] = {"names": [row["name"] or one, *former], "listed": bool(row["listed"])}
    return made


def _holdings(made: pd.DataFrame) -> list[str]:
    return sorted({item["id"] for proof in made.evidence for item in proof if item["table"] == "holdings"})
