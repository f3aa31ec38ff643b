"""The register of institutions (名单库): a row each, from what was delivered, what people entered and the grading."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from lib import checks
from lib.case import Case, day_of
from lib.dossiers import entries, routing
from lib.dossiers.grades import grades_of
from lib.errors import BadParameter
from lib.store import MONEY, frame
from lib.words import pick, word

UNGRADED = "ungraded"
_TEXTS = pa.list_(pa.string())
_REGISTER = pa.schema(
    {
        **dict.fromkeys(("institution_id", "name", "register_state", "business_types", "disposal_class"), pa.string()),
        **dict.fromkeys(("grade",), pa.string()),
        "graded_on": pa.date32(),
        **dict.fromkeys(("graded_by", "computed_grade"), pa.string()),
        "score": pa.decimal128(5, 2),
        "leads": pa.int64(),
        "disposal_measure": pa.string(),
        "exit_on": pa.date32(),
        "exit_by": pa.string(),
        "responsible": pa.string(),
        "responsible_by": pa.string(),
        "overruled_by": pa.string(),
        **dict.fromkeys(("entered_on", "changed_on"), pa.date32()),
        **dict.fromkeys(("who", "reason"), pa.string()),
        "entries": pa.int64(),
    }
)
_HISTORY = pa.schema(
    {
        "on": pa.date32(),
        **dict.fromkeys(
            ("institution_id", "name", "action", "field", "before", "after", "who", "reason", "written"), pa.string()
        ),
        "source": pa.string(),
        "line": pa.int64(),
    }
)
_LEAGUE = pa.schema(
    {
        "place": pa.int64(),
        **dict.fromkeys(("institution_id", "name", "computed_grade"), pa.string()),
        **dict.fromkeys(("score", "lowest", "highest"), pa.decimal128(5, 2)),
        "outstanding_yuan": MONEY,
        "lenders": pa.int64(),
        **dict.fromkeys(("prohibited", "major", "other_leads", "untested"), pa.int64()),
        "missing": _TEXTS,
    }
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Listed:
    """An institution: what lists say of it, what the entries on it come to, its class and the route of that class."""

    institution_id: str
    name: str
    row: Mapping[str, Any]
    state: entries.State | None

    @property
    def disposal_class(self) -> str | None:
        """The class entered, else the one delivered; None if it is not known."""
        return (self.state.value("disposal_class") if self.state else None) or self.row.get("disposal_class")

    @property
    def route(self) -> routing.Route:
        """The route of its class."""
        return routing.of_class(self.disposal_class)


def listed(case: Case, until: dt.date | None = None) -> list[Listed]:
    """Return the institutions of a case in the order of ids: those of the Store, and those that only the register has.

    Raises
    ------
    BadParameter
        If the case is one of a party that is no institution.
    """
    if not case.is_district and case.institution_id is None:
        raise BadParameter(
            f"{case.name} 不是机构, 名单库只列机构", f"{case.name} is no institution; the register lists institutions"
        )
    rows = case.store.run("institutions_listed", as_of=case.as_of, institution_id=case.institution_id).to_pylist()
    states = entries.states(entries.all_entries(case.store, until))
    made = [
        Listed(row["institution_id"], row["name"] or row["institution_id"], row, states.get(row["institution_id"]))
        for row in rows
    ]
    if case.is_district:
        known = {one.institution_id for one in made}
        named = {i: next((e.name for e in reversed(s.entries) if e.name), i) for i, s in states.items() if i not in known}
        made += [Listed(i, name, {}, states[i]) for i, name in named.items()]
    return sorted(made, key=lambda one: one.institution_id)


def register(case: Case, as_of: str | dt.date | None = None, found: pd.DataFrame | None = None) -> pd.DataFrame:
    """List the institutions of a case, the whole district or one, as the register (名单库) has them.

    Parameters
    ----------
    as_of
        Entries up to this day count, a date or `YYYY-MM-DD`; all of them, if omitted. Leads and computed grades are always
        those of the case's day.
    found
        A frame of `checks.run`; run here, if omitted.

    Returns
    -------
    DataFrame, one row per institution, in the order of ids
        institution_id · name · register_state (entered, removed, not_entered) · business_types (the category entered, else as
        delivered) · disposal_class (as entered, else as delivered; null is unknown) · grade, graded_on, graded_by (what a
        person gave last, entered or delivered) · computed_grade (red, orange, yellow, green; ungraded: 未能评级), score (as
        `grade` has them) · leads (hits of rules) · disposal_measure (处置措施, as entered) · exit_on, exit_by (退出时间:
        `entered`, else `plan`: the end that the exit plan submitted last states) · responsible, responsible_by (责任主体:
        `entered`, else `delivered`, else `routing`: units of the notice's routing, by disposal class) · overruled_by (who may
        decide otherwise) · entered_on · changed_on, who, reason (of the last entry) · entries (how many there are). What
        nobody said is null.

    Raises
    ------
    BadParameter
        If the case is one of a party that is no institution, or the day is none.
    BadFile
        If data/raw/records/register.csv cannot be read: the message names the line.
    """
    until = day_of(as_of) if as_of is not None else None
    found = checks.run(case) if found is None else found
    all_of_them = listed(case, until)
    grades = grades_of(case, found, [one.institution_id for one in all_of_them])
    leads = found.loc[found["outcome"] == "hit", "institution_id"].value_counts().to_dict()
    given = _given_grades(case, until)
    rows = [
        _row(one, given.get(one.institution_id))
        | {
            "computed_grade": grades[one.institution_id].attrs["band"] or UNGRADED,
            "score": grades[one.institution_id].attrs["score"],
            "leads": int(leads.get(one.institution_id, 0)),
        }
        for one in all_of_them
    ]
    made = frame(pa.Table.from_pylist(rows, schema=_REGISTER))
    made.attrs["caption"] = word("register", "caption", as_of=case.as_of, until=until or word("register", "today"))
    return made


def history(case: Case) -> pd.DataFrame:
    """List what became of institutions on the register: every entry, and every grade that a person gave.

    Returns
    -------
    DataFrame, one row per thing that an entry says, in order of days
        on · institution_id · name · action (add, change, remove, grade) · field (category, disposal_class, measure, exit_on,
        responsible, grade; null where the entry says none) · before, after (null is nothing) · who · reason · written (when it
        was written down; null if delivered) · source, line (file and line).

    Raises
    ------
    BadParameter
        If the case is one of a party that is no institution.
    BadFile
        If data/raw/records/register.csv cannot be read: the message names the line.
    """
    rows: list[Row] = []
    for one in listed(case):
        said: dict[str, str] = {}
        for entry in one.state.entries if one.state else ():
            if entry.action == "add":
                said = {}
            rows += _told(one, entry, said)
            said |= entry.said
    names = {one.institution_id: one.name for one in listed(case)}
    for row in case.store.run("grades_given").to_pylist():
        if row["institution_id"] in names:
            told = {"on": row["graded_on"], "action": "grade", "field": "grade", "after": row["grade"]}
            rows.append({**row, **told, "reason": row["why"], "name": names[row["institution_id"]]})
    rows.sort(key=lambda row: (row["on"], row["institution_id"]))
    return frame(pa.Table.from_pylist(rows, schema=_HISTORY))


def league(case: Case, found: pd.DataFrame | None = None) -> pd.DataFrame:
    """Set the institutions of a case side by side: grade, size and leads, gravest first.

    Parameters
    ----------
    found
        A frame of `checks.run`; run here, if omitted.

    Returns
    -------
    DataFrame, one row per institution, most points that are certain first
        place (equal points, equal place) · institution_id · name · computed_grade (ungraded: 未能评级) · score (null without a
        grade) · lowest, highest (points if what is not graded had 0 and 100; the order is by the lowest) · outstanding_yuan,
        lenders (null where not every contract's is known) · prohibited, major, other_leads (hits of rules by gravity) ·
        untested (rules that could not be tested) · missing (factors whose data cover too little).

    Raises
    ------
    BadParameter
        If the case is one of a party that is no institution.
    """
    found = checks.run(case) if found is None else found
    all_of_them = [one for one in listed(case) if one.row]
    grades = grades_of(case, found, [one.institution_id for one in all_of_them])
    counts = _counts(found)
    rows = [_league_row(one, grades[one.institution_id], counts.get(one.institution_id, {})) for one in all_of_them]
    rows.sort(key=lambda row: (-row["lowest"], row["institution_id"]))
    for row in rows:
        row["place"] = 1 + sum(other["lowest"] > row["lowest"] for other in rows)
    made = frame(pa.Table.from_pylist(rows, schema=_LEAGUE))
    made.attrs["caption"] = word("register", "league", as_of=case.as_of)
    return made


def _row(one: Listed, given: tuple[dt.date, str, str] | None) -> Row:
    state = one.state
    said = {name: state.value(name) if state else None for name in entries.FIELDS}
    last = state.entries[-1] if state else None
    route = one.route
    exit_on = dt.date.fromisoformat(said["exit_on"][:10]) if said["exit_on"] else one.row.get("ends_on")
    delivered = one.row.get("responsible_unit")
    units = pick("、", ", ").join(route.named(one.row.get("office")))
    return {
        "institution_id": one.institution_id,
        "name": one.name,
        "register_state": "not_entered" if state is None else "removed" if state.removed else "entered",
        "business_types": said["category"] or one.row.get("business_types"),
        "disposal_class": one.disposal_class,
        "grade": given[1] if given else None,
        "graded_on": given[0] if given else None,
        "graded_by": given[2] if given else None,
        "disposal_measure": said["measure"],
        "exit_on": exit_on,
        "exit_by": "entered" if said["exit_on"] else "plan" if exit_on else None,
        "responsible": said["responsible"] or delivered or units,
        "responsible_by": "entered" if said["responsible"] else "delivered" if delivered else "routing",
        "overruled_by": route.approval or None,
        "entered_on": next((e.on for e in reversed(state.entries) if e.action == "add"), None) if state else None,
        "changed_on": last.on if last else None,
        "who": (last.who or None) if last else None,
        "reason": (last.why or None) if last else None,
        "entries": len(state.entries) if state else 0,
    }


def _given_grades(case: Case, until: dt.date | None) -> dict[str, tuple[dt.date, str, str]]:
    """Return the grade that a person gave last, with day and person, by institution; entered ones after delivered of a day."""
    made: list[tuple[dt.date, str, str, str]] = [
        (row["graded_on"], row["grade"], row["who"] or "", row["institution_id"])
        for row in case.store.run("grades_given").to_pylist()
    ]
    entered = [entry for entry in entries.all_entries(case.store) if "grade" in entry.said]
    made += [(entry.on, entry.said["grade"], entry.who, entry.institution_id) for entry in entered]
    last = {i: (on, grade, who) for on, grade, who, i in sorted(made, key=lambda row: row[0]) if until is None or on <= until}
    return {i: given for i, given in last.items() if given[1] != entries.NOTHING}


def _told(one: Listed, entry: entries.Entry, said: Mapping[str, str]) -> list[Row]:
    common = {
        "on": entry.on,
        "institution_id": one.institution_id,
        "name": one.name,
        "action": entry.action,
        "who": entry.who or None,
        "reason": entry.why or None,
        "written": entry.when or None,
        "source": entry.source,
        "line": entry.line,
    }
    fields = [{"field": n, "before": _text(said.get(n)), "after": _text(text)} for n, text in entry.said.items()]
    return [common | told for told in fields or [{}]]


def _text(said: str | None) -> str | None:
    return None if said in (None, entries.NOTHING) else said


def _counts(found: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return by institution how many hits there are of each gravity, and rules that could not be tested (`untested`)."""
    severity = {rule.id: rule.severity for rule in checks.rules().values()}
    made: dict[str, dict[str, int]] = {}
    for institution, rule, outcome in found[["institution_id", "rule_id", "outcome"]].itertuples(index=False):
        name = severity[rule] if outcome == "hit" else "untested" if outcome == "not_testable" else "clear"
        own = made.setdefault(institution, {})
        own[name] = own.get(name, 0) + 1
    return made


def _league_row(one: Listed, grade: pd.DataFrame, counts: Mapping[str, int]) -> Row:
    factors = {row["factor"]: row for row in grade.to_dict("records")}
    whole = {name: factors[name]["coverage"] == 1 for name in ("scale", "people")}
    grave = {name: counts.get(name, 0) for name in ("prohibited", "major")}
    hits = sum(n for name, n in counts.items() if name not in ("untested", "clear"))
    return {
        "institution_id": one.institution_id,
        "name": one.name,
        "computed_grade": grade.attrs["band"] or UNGRADED,
        "score": grade.attrs["score"],
        "lowest": grade.attrs["lowest"],
        "highest": grade.attrs["highest"],
        "outstanding_yuan": factors["scale"]["value"] if whole["scale"] else None,
        "lenders": int(factors["people"]["value"]) if whole["people"] else None,
        **grave,
        "other_leads": hits - sum(grave.values()),
        "untested": counts.get("untested", 0),
        "missing": [word("grading", name) for name, row in factors.items() if pd.isna(row["contribution"])],
    }
