"""Deadlines of the exit (良性退出): met, late, missed or unknown, each with what it rests on; never met for want of data."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.dossiers import routing
from lib.dossiers.listing import Listed, listed
from lib.findings.derived import delivered
from lib.store import MONEY, frame
from lib.words import word

STATES = ("missed", "late", "unknown", "not_due", "planned", "met")
_COLUMNS = pa.schema(
    {
        **dict.fromkeys(("institution_id", "name", "disposal_class", "deadline"), pa.string()),
        "due_on": pa.date32(),
        "done_on": pa.date32(),
        "deadline_state": pa.string(),
        "days_late": pa.int64(),
        "short_yuan": MONEY,
        **dict.fromkeys(("because", "law", "checked"), pa.string()),
        "source": pa.string(),
        "line": pa.int64(),
    }
)
Row = dict[str, Any]


def deadlines(case: Case) -> pd.DataFrame:
    """List the notice's deadlines for institutions that have to exit, and due steps of their own plans, as known on the day.

    Returns
    -------
    DataFrame, one row per institution and deadline, in the order missed, late, unknown, not_due, planned, met
        institution_id · name · disposal_class · deadline (`plan`: the exit plan is submitted; `exit_end`: the exit ends, by the
        plan submitted last; `website`: the site is closed; `step n`: a step of that plan) · due_on · done_on · deadline_state ·
        days_late (whole days, at least; null if it is not late or not known) · short_yuan (of a step: planned less reported as
        paid) · because · law · checked (text, memory, proposal) · source, line (file and line that it rests on, if any).

        deadline_state is one of: `missed` (not done on the day asked, after it was due), `late` (done, or planned to be done,
        after it was due), `unknown`, `not_due`, `planned` (the plan ends in time; that it was kept to is not shown), `met`.

    Raises
    ------
    BadParameter
        If the case is one of a party that is no institution.

    Notes
    -----
    Days and classes stand in lib/rules/reference/deadlines.csv. Where the class is not known, or is one of which the notice
    does not tell, it is not known whether they hold: they are `unknown`. Those to be rectified have none.
    """
    held = delivered(case.store)
    all_of_them = [one for one in listed(case) if one.state is None or not one.state.removed]
    ids = [one.institution_id for one in all_of_them]
    facts = {row["institution_id"]: row for row in case.store.run("exit_facts", ids=ids, as_of=case.as_of).to_pylist()}
    rows: list[Row] = []
    for one in all_of_them:
        for deadline in routing.deadlines():
            if one.disposal_class in deadline.not_for:
                continue
            if one.disposal_class in deadline.classes:
                told = _JUDGES[deadline.name](facts[one.institution_id], deadline.due_on, case.as_of, held)
            else:
                told = {"deadline_state": "unknown", "because": word("register", "class_unknown")}
            rows.append(_said(one) | {"deadline": deadline.name, "due_on": deadline.due_on, "law": deadline.basis} | told)
            rows[-1]["checked"] = deadline.checked
    by_id = {one.institution_id: one for one in all_of_them}
    steps = case.store.run("exit_steps_due", ids=ids, as_of=case.as_of).to_pylist()
    rows += [_said(by_id[row["institution_id"]]) | _step(row, case.as_of) for row in steps]
    rows.sort(key=lambda row: (STATES.index(row["deadline_state"]), row["due_on"], row["institution_id"], row["deadline"]))
    made = frame(pa.Table.from_pylist(rows, schema=_COLUMNS))
    made.attrs["caption"] = word("register", "deadlines", as_of=case.as_of)
    return made


def _said(one: Listed) -> Row:
    return {"institution_id": one.institution_id, "name": one.name, "disposal_class": one.disposal_class}


def _plan(facts: Mapping[str, Any], due: dt.date, today: dt.date, held: frozenset[str]) -> Row:
    first = facts["first_on"]
    if first is not None:
        because = word("register", "plan_submitted", on=first)
        return {**_done(first, due), "because": because, **_at(facts["first_place"])}
    if facts["undated"] or "exit_plans" not in held:
        because = word("register", "plan_undated" if facts["undated"] else "plans_not_delivered")
        return {"deadline_state": "unknown", "because": because}
    return _undone(due, today, word("register", "no_plan"))


def _exit_end(facts: Mapping[str, Any], due: dt.date, today: dt.date, held: frozenset[str]) -> Row:
    ends = facts["ends_on"]
    if ends is None:
        return {"deadline_state": "unknown", "because": word("register", "no_end")}
    told = {"because": word("register", "plan_ends", on=ends), **_at(facts["last_place"])}
    if ends > due:
        return {**told, "deadline_state": "late", "days_late": (ends - due).days}
    return {**told, "deadline_state": "planned"}


def _website(facts: Mapping[str, Any], due: dt.date, today: dt.date, held: frozenset[str]) -> Row:
    alive, closed = facts["alive_on"], facts["closed_on"]
    if closed is not None:  # when it closed is not known: between two looks
        told = {"because": word("register", "site_closed", on=closed), "done_on": closed, **_at(facts["closed_place"])}
        if closed <= due:
            return {**told, "deadline_state": "met"}
        if alive is not None and alive > due:  # at least so late
            return {**told, "deadline_state": "late", "days_late": (alive - due).days}
        return {**told, "deadline_state": "unknown"}
    if alive is None:
        return {"deadline_state": "unknown", "because": word("register", "site_unchecked")}
    told = {"because": word("register", "site_alive", on=alive), **_at(facts["alive_place"])}
    if alive <= due < today:  # nobody looked after the day
        return {**told, "deadline_state": "unknown"}
    return {**told, **_undone(due, alive, told["because"])}


def _step(row: Mapping[str, Any], today: dt.date) -> Row:
    planned, paid = row["planned_yuan"], row["paid_yuan"]
    told: Row = {
        "deadline": word("register", "step", n=row["step"]),
        "due_on": row["due_on"],
        "law": word("register", "own_plan", version=row["plan_version"]),
        "checked": routing.of_task("step").checked,
        **_at(row["place"]),
    }
    if planned is None or paid is None:
        return {**told, "deadline_state": "unknown", "because": word("register", "step_unknown")}
    because = word("register", "step_paid", planned=f"{planned:,}", paid=f"{paid:,}")
    if paid >= planned:
        return {**told, "deadline_state": "met", "because": because}
    return {**told, **_undone(row["due_on"], today, because), "short_yuan": planned - paid}


def _done(on: dt.date, due: dt.date) -> Row:
    late = {"deadline_state": "late", "days_late": (on - due).days}
    return {"done_on": on, **(late if on > due else {"deadline_state": "met"})}


def _undone(due: dt.date, today: dt.date, because: str) -> Row:
    if today <= due:
        return {"deadline_state": "not_due", "because": because}
    return {"deadline_state": "missed", "days_late": (today - due).days, "because": because}


def _at(place: list[Row] | None) -> Row:
    return place[0] if place else {}


_JUDGES = {"plan": _plan, "exit_end": _exit_end, "website": _website}
