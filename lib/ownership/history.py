"""What changed above an institution between two days: holdings, offices, who controls it, who its beneficial owners are."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import pyarrow as pa

from lib.case import Case, day_of
from lib.errors import BadParameter
from lib.ownership.beneficial import DEFINITIONS, beneficial_owners
from lib.ownership.commanding import controllers
from lib.ownership.frames import called, frame_of
from lib.ownership.register import TOLERANCE, target_of
from lib.ownership.sources import Record, of_table, proof
from lib.words import word

# Control is worked out anew for every day on which something changed; beyond this many only the two ends are compared.
MOST_DAYS = 200
KINDS = (
    *("holding_begun", "share_changed", "holding_ended", "role_begun", "role_ended"),
    *("controller_gained", "controller_lost", "beneficial_owner_gained", "beneficial_owner_changed", "beneficial_owner_lost"),
)
Row = dict[str, Any]
Standing = dict[str, tuple[str, list[Record]]]


@dataclass(frozen=True)
class Change:
    """Something that changed on a day: the party, in which entity, what was before and after."""

    on: dt.date
    kind: str
    party_id: str
    entity_id: str
    share: tuple[float | None, float | None] = (None, None)
    state: tuple[str | None, str | None] = (None, None)
    records: list[Record] = field(default_factory=list)


def changes(case: Case, from_: dt.date | str, to: dt.date | str) -> pd.DataFrame:
    """List what changed behind the institution from one day to another.

    Parameters
    ----------
    from_, to
        The two days, dates or `YYYY-MM-DD`: the first is what is compared with, so that what changed on it is not listed.
        The case's own day plays no part.

    Returns
    -------
    DataFrame, one row per change, by day
        changed_on · change · party_id (holder, officer, controller) · name · kind · entity_id (company held or led; the
        institution) · share_before · share_after (fractions, of all records of the pair; null where there is none or it is not
        known) · state_before · state_after (the office; or how certain a beneficial owner is: certain, fallback, possible) ·
        evidence (list of {table, id}) · sources (list: file and line).

        change is one of: holding_begun, share_changed, holding_ended (of everyone above the institution in these days),
        role_begun, role_ended (legal representatives, directors, supervisors, senior managers of the institution and of
        companies above it), controller_gained, controller_lost, beneficial_owner_gained, beneficial_owner_changed,
        beneficial_owner_lost. A record that another one continues on the same day with the same share is no change.
        `attrs["notes"]`: list of texts, what could not be dated.

    Raises
    ------
    BadParameter
        If the case is the whole district, a day is none, or `to` is before `from_`.

    Notes
    -----
    Controllers and beneficial owners are worked out on every day on which a holding, an office or an agreement above the
    institution changed, and on those on which the law did; where there are more than 200 such days, on the two ends alone.
    """
    party_id = target_of(case)
    first, last = day_of(from_, "from_"), day_of(to, "to")
    if last < first:
        raise BadParameter(
            f"to={last} 早于 from_={first}, 请交换两个日期", f"to={last} is before from_={first}; exchange the two days"
        )
    holdings, parties = _above(case, party_id, first, last)
    entities = sorted({party_id, *(row["held_id"] for row in holdings), *(row["holder_id"] for row in holdings)})
    roles = case.store.run("roles_between", from_on=first, to_on=last, entities=entities).to_pylist()
    found = [*_holding_changes(holdings, first, last), *_role_changes(roles, first, last)]
    agreed = case.store.run("agreement_days", from_on=first, to_on=last, parties=sorted(parties)).to_pylist()
    days = {c.on for c in found} | {row["changed_on"] for row in agreed} | {d.since for d in DEFINITIONS}
    dated = sorted(d for d in days if first < d <= last)
    notes = [word("graph", "too_many_days", days=len(dated))] if len(dated) > MOST_DAYS else []
    found += _standing_changes(case, party_id, first, [last] if notes else dated)
    made = _frame(case, found)
    made.attrs["notes"] = notes
    return made


def _above(case: Case, party_id: str, first: dt.date, last: dt.date) -> tuple[list[Row], set[str]]:
    """Return the holdings above a party on any day of the period, layer by layer, and everyone in them.

    Above is also who has an agreement with somebody there, or for whom somebody there holds: control may go through them.
    """
    found: list[Row] = []
    seen, layer = {party_id}, [party_id]
    while layer:
        rows = case.store.run("holdings_between", from_on=first, to_on=last, held=layer).to_pylist()
        found += rows
        agreed = case.store.run("agreed_with", from_on=first, to_on=last, parties=layer)["party_id"].to_pylist()
        layer = sorted({*(row["holder_id"] for row in rows), *agreed} - seen)
        seen.update(layer)
    return found, seen


def _spells(
    rows: list[Row], key: Callable[[Row], tuple[str, ...]], first: dt.date, last: dt.date
) -> Iterator[tuple[tuple[str, ...], dt.date, list[Row], list[Row]]]:
    """Yield (key, day, records valid the day before, records valid on it) for every day on which a record began or ended."""
    grouped: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        grouped[key(row)].append(row)
    for of, mine in grouped.items():
        days = {d for row in mine for d in (row["valid_from"], row["valid_to"]) if d is not None and first < d <= last}
        for day in sorted(days):
            before = [r for r in mine if _valid(r, day - dt.timedelta(days=1))]
            yield of, day, before, [r for r in mine if _valid(r, day)]


def _valid(row: Row, day: dt.date) -> bool:
    return (row["valid_from"] is None or row["valid_from"] <= day) and (row["valid_to"] is None or row["valid_to"] > day)


def _holding_changes(rows: list[Row], first: dt.date, last: dt.date) -> Iterator[Change]:
    for (holder, held), day, before, after in _spells(rows, lambda r: (r["holder_id"], r["held_id"]), first, last):
        shares = (_sum(before), _sum(after))
        kind = "holding_begun" if not before else "holding_ended" if not after else "share_changed"
        if kind == "share_changed" and _same(*shares):
            continue
        records = of_table("holdings", [r["holding_id"] for r in [*before, *after]])
        yield Change(day, kind, holder, held, share=shares, records=records)


def _same(before: float | None, after: float | None) -> bool:
    return before == after if before is None or after is None else abs(before - after) <= TOLERANCE


def _sum(rows: list[Row]) -> float | None:
    """Return the sum of the shares; None where there is no record, or one of unknown share."""
    shares = [row["share"] for row in rows]
    return float(sum(shares)) if shares and None not in shares else None


def _role_changes(rows: list[Row], first: dt.date, last: dt.date) -> Iterator[Change]:
    for (person, entity, role), day, before, after in _spells(
        rows, lambda r: (r["person_id"], r["entity_id"], r["role"]), first, last
    ):
        if bool(before) != bool(after):
            kind, state = ("role_begun", (None, role)) if after else ("role_ended", (role, None))
            records = of_table("roles", [r["role_id"] for r in before or after])
            yield Change(day, kind, person, entity, state=state, records=records)


def _standing_changes(case: Case, party_id: str, first: dt.date, days: list[dt.date]) -> Iterator[Change]:
    """Yield who began or ceased to be a controller or beneficial owner on each of the days."""
    before = _standing(case, first)
    for day in days:
        after = _standing(case, day)
        for what in ("controller", "beneficial_owner"):
            yield from _differences(day, what, party_id, before[what], after[what])
        before = after


def _differences(day: dt.date, what: str, party_id: str, before: Standing, after: Standing) -> Iterator[Change]:
    for party in sorted(before.keys() | after.keys()):
        was, now = before.get(party), after.get(party)
        state = (was[0] if was else None, now[0] if now else None)
        if state[0] != state[1]:
            kind = "gained" if was is None else "lost" if now is None else "changed"
            shown = state if what == "beneficial_owner" else (None, None)
            yield Change(day, f"{what}_{kind}", party, party_id, state=shown, records=(now or was or ("", []))[1])


def _standing(case: Case, day: dt.date) -> dict[str, Standing]:
    """Return controllers and beneficial owners on a day, with what proves them; nothing of it is kept."""
    on = replace(case, as_of=day, store=replace(case.store, memo={}))
    control: Standing = {}
    for party, evidence in controllers(on)[["controller_id", "evidence"]].to_numpy().tolist():
        control[party] = ("controller", _records(evidence))
    owners: Standing = {}
    for party, certainty, evidence in beneficial_owners(on)[["party_id", "certainty", "evidence"]].to_numpy().tolist():
        owners.setdefault(party, (certainty, _records(evidence)))  # who stands in and may be one more comes first as the former
    return {"controller": control, "beneficial_owner": owners}


def _records(evidence: list[dict[str, str]]) -> list[Record]:
    return [(item["table"], item["id"]) for item in evidence]


def _frame(case: Case, found: list[Change]) -> pd.DataFrame:
    order = sorted(
        found, key=lambda c: (c.on, KINDS.index(c.kind), c.entity_id, c.party_id, c.state[0] or "", c.state[1] or "")
    )
    return frame_of(
        changed_on=pa.array([c.on for c in order], pa.date32()),
        change=pa.array([c.kind for c in order], pa.string()),
        **called(case, "party_id", [c.party_id for c in order]),
        entity_id=pa.array([c.entity_id for c in order], pa.string()),
        share_before=pa.array([c.share[0] for c in order], pa.float64()),
        share_after=pa.array([c.share[1] for c in order], pa.float64()),
        state_before=pa.array([c.state[0] for c in order], pa.string()),
        state_after=pa.array([c.state[1] for c in order], pa.string()),
        **proof(case, [c.records for c in order]),
    )
