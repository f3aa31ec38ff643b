"""The work list: what is to be done about the institutions of a district, and which unit the notice's routing gives it to."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa

from lib import checks
from lib.case import Case
from lib.dossiers import routing
from lib.dossiers.deadlines import deadlines
from lib.dossiers.listing import UNGRADED, Listed, league, listed
from lib.store import frame
from lib.words import pick, word

_COLUMNS = pa.schema(
    {
        **dict.fromkeys(("unit", "institution_id", "name", "task", "what"), pa.string()),
        "leads": pa.int64(),
        **dict.fromkeys(("overruled_by", "law", "checked"), pa.string()),
    }
)
_TASKS = ("lead", "deadline", "not_graded", "not_entered")
Row = dict[str, Any]


def work(case: Case, found: pd.DataFrame | None = None) -> pd.DataFrame:
    """List what is to be done, by responsible unit.

    Parameters
    ----------
    found
        A frame of `checks.run`; run here, if omitted.

    Returns
    -------
    DataFrame, one row per unit and task, by unit; what goes to several units stands under each of them
        unit (of the notice's routing; the institution's own office for 各办事处) · institution_id · name · task (`lead`: those
        of a rule to be verified; `deadline`: one that is missed, late or unknown; `not_graded`: data to be had; `not_entered`:
        to be put on the register, one row for all, without an institution) · what · leads (how many) · overruled_by (who may
        decide otherwise; null where the notice names nobody) · law · checked (text, memory, proposal). Institutions that were
        removed from the register are left out; `attrs["removed"]` names them.

    Raises
    ------
    BadParameter
        If the case is one of a party that is no institution.

    Notes
    -----
    Routes stand in lib/rules/reference/routing.csv. A lead is something to look into, never a verdict.
    """
    found = checks.run(case) if found is None else found
    everyone = {one.institution_id: one for one in listed(case)}
    removed = [i for i, one in everyone.items() if one.state is not None and one.state.removed]
    rows = [
        row
        for told, route in (*_leads(found), *_deadlines(case), *_not_graded(case, found))
        if told["institution_id"] in everyone and told["institution_id"] not in removed
        for row in _routed(everyone[told["institution_id"]], told, route)
    ]
    rows += _to_enter([one for one in everyone.values() if one.state is None])
    rows.sort(key=lambda row: (row["unit"], _TASKS.index(row["task"]), row["institution_id"] or "", row["what"]))
    made = frame(pa.Table.from_pylist(rows, schema=_COLUMNS))
    made.attrs |= {"caption": word("register", "work", as_of=case.as_of), "removed": removed}
    return made


def _leads(found: pd.DataFrame) -> Iterator[tuple[Row, routing.Route]]:
    hits = found[found["outcome"] == "hit"]
    for (institution, rule), group in hits.groupby(["institution_id", "rule_id"], sort=True):
        told = {"institution_id": institution, "task": "lead", "what": f"{rule} {checks.explain(str(rule))['title']}"}
        yield told | {"leads": len(group)}, routing.of_rule(str(rule))


def _deadlines(case: Case) -> Iterator[tuple[Row, routing.Route]]:
    made = deadlines(case)
    made = made[made["deadline_state"].isin(("missed", "late", "unknown"))]
    made = made[(made["because"] != word("register", "class_unknown")) | (made["deadline"] == "plan")]  # to be decided once
    for row in made.to_dict("records"):
        what = f"{_called(row['deadline'])} {row['due_on']}: {word('deadlines', row['deadline_state'])} ({row['because']})"
        known = ("task", row["deadline"]) in routing.routes()
        site = row["deadline"] == "website" and row["deadline_state"] == "unknown"  # nothing yet to decide on: look first
        name = row["deadline"] if known and not site else "step"
        yield {"institution_id": row["institution_id"], "task": "deadline", "what": what}, routing.of_task(name)


def _called(deadline: str) -> str:
    return word("deadlines", deadline) if deadline in {d.name for d in routing.deadlines()} else deadline


def _not_graded(case: Case, found: pd.DataFrame) -> Iterator[tuple[Row, routing.Route]]:
    for row in league(case, found).to_dict("records"):
        if row["computed_grade"] == UNGRADED:
            what = word("register", "data_needed", factors=pick("、", ", ").join(row["missing"]))
            told = {"institution_id": row["institution_id"], "task": "not_graded", "what": what}
            yield told, routing.of_task("not_graded")


def _to_enter(ones: list[Listed]) -> Iterator[Row]:
    """Give one row for each unit: what is asked of it is the same for all of these institutions."""
    if not ones:
        return
    route = routing.of_task("not_entered")
    told = {"institution_id": None, "task": "not_entered", "what": word("register", "to_enter", n=f"{len(ones):,}")}
    for unit in route.units:
        yield told | {"unit": unit, "overruled_by": route.approval or None, "law": route.basis, "checked": route.checked}


def _routed(one: Listed, told: Row, route: routing.Route) -> Iterator[Row]:
    common = {"name": one.name, "overruled_by": route.approval or None, "law": route.basis, "checked": route.checked}
    for unit in route.named(one.row.get("office")):
        yield told | common | {"unit": unit}
