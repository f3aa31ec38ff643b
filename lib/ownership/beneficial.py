"""Beneficial owners: the persons in whom ownership ends, under the definition that was in force on the day.

Two definitions have been in force. Under the first the tests are applied in sequence, under the second side by side; where
neither finds anybody, those who run the company stand in, and are named as that.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.errors import DataGap
from lib.kernels import ownership as kernels
from lib.ownership.agreements import Command, commanded_case
from lib.ownership.ballots import Ballots
from lib.ownership.bounds import interval
from lib.ownership.commanding import commanders_of
from lib.ownership.frames import TEXTS, called, frame_of
from lib.ownership.register import TOLERANCE, target_of
from lib.ownership.solve import look_through
from lib.ownership.sources import Record, of_table, proof
from lib.ownership.walks import steps_from, way
from lib.words import word

# Above this many parties nobody's votes at the most are counted: each person costs a pass over all of them.
MOST_PARTIES = 20_000


@dataclass(frozen=True)
class Definition:
    """What the law calls a beneficial owner from a day on.

    Attributes
    ----------
    since
        First day in force.
    line, inclusive
        Fraction of shares or votes, and whether exactly that is enough.
    in_sequence
        Whether control otherwise is asked for only where nobody reaches the line.
    law, checked
        Key of its name in labels.toml [graph], and whether its text was read (`text`) or is known from memory (`memory`).
    """

    since: dt.date
    line: float
    inclusive: bool
    in_sequence: bool
    law: str
    checked: str

    def reached(self, value: float) -> bool:
        """Tell whether a fraction reaches the line; sums of written fractions may miss it by a rounding error."""
        return value >= self.line - TOLERANCE if self.inclusive else value > self.line + TOLERANCE


DEFINITIONS = (
    Definition(dt.date(2017, 10, 20), 0.25, inclusive=False, in_sequence=True, law="law_2017", checked="memory"),
    Definition(dt.date(2024, 11, 1), 0.25, inclusive=True, in_sequence=False, law="law_2024", checked="text"),
)


@dataclass(frozen=True)
class Candidate:
    """A party above the target, what it has of it between what and what, and by what it counts."""

    party: int
    share: float = np.nan
    low: float = 0.0
    high: float = 0.0
    votes: float = 0.0
    votes_low: float = 0.0
    votes_high: float = 0.0
    path: tuple[int, ...] = ()
    reason: str = ""
    certainty: str = ""


@dataclass
class Owner:
    """A row of the answer."""

    party_id: str
    reason: str
    certainty: str
    measured: Candidate
    path: list[str]
    records: list[Record] = field(default_factory=list)


def definition_of(day: dt.date) -> Definition | None:
    """Return the definition in force on a day; None before the first."""
    return max((d for d in DEFINITIONS if d.since <= day), key=lambda d: d.since, default=None)


def beneficial_owners(case: Case) -> pd.DataFrame:
    """List the beneficial owners of the institution under the definition in force on the case's day.

    Returns
    -------
    DataFrame, one row per person: the certain ones first, then those who stand in for them, then the possible ones (among
    whom somebody who stands in may be again)
        party_id · name · kind · reason (share, votes, control; legal_representative or senior_manager where they stand in) ·
        certainty (`certain`; `possible`: the interval of its share or votes crosses the line, or it is not known whether it is
        a person; `fallback`: nobody is certain, so those who run the company are named) · share · share_low · share_high
        (look-through, behind nominees; null where it has none) · votes · votes_high (that it commands, its group's among
        them) · layers · path (list of ids, institution first) · law · checked (`text`: read, `memory`: to be checked by a
        lawyer) · evidence (list of {table, id}) · sources (list: file and line).
        `attrs`: `law`, `line`, `inclusive` (None before 2017-10-20: no definition was in force, and nobody is listed),
        `unknown` (fraction of the institution that leads to unknown holders), `notes` (list of texts: what could not be
        judged).

    Raises
    ------
    BadParameter
        If the case is the whole district.

    Notes
    -----
    From 2017-10-20 (Yinfa [2017] No. 235, from memory): more than 25 % of shares or votes, else control otherwise, else senior
    managers. From 2024-11-01 (Order [2024] No. 3 of PBoC and SAMR, art. 6): 25 % or more of shares, or of votes, or control
    alone or jointly; else those responsible for daily management. These are the tests for companies; partnerships, trusts
    and funds have further ones, and exemptions from filing are not looked at.
    """
    party_id, law = target_of(case), definition_of(case.as_of)
    command, target = commanded_case(case)
    notes: list[str] = []
    found: list[Owner] = []
    unknown = None
    if law is None:
        notes.append(word("graph", "no_definition"))
    else:
        candidates, unknown, notes = _candidates(command, target, law) if target is not None else _nobody()
        found = [_owner(command, c) for c in candidates]
        if not any(o.certainty == "certain" for o in found):
            found += _officers(case, party_id)
            notes += [] if any(o.certainty == "fallback" for o in found) else [word("graph", "no_officers")]
    rank = {"certain": 0, "fallback": 1, "possible": 2}
    found.sort(key=lambda o: (rank[o.certainty], -max(o.measured.low, o.measured.votes), len(o.path), o.party_id))
    made = _frame(case, found, law)
    made.attrs = {
        "law": word("graph", law.law) if law else None,
        **{"line": law.line if law else None, "inclusive": law.inclusive if law else None},
        **{"unknown": unknown, "notes": notes},
    }
    return made


def _candidates(command: Command, target: int, law: Definition) -> tuple[list[Candidate], float | None, list[str]]:
    """Return the parties that are, or may be, beneficial owners; the unknown fraction; and what could not be judged."""
    notes: list[str] = []
    measured, unknown = _shares(command, target, notes)
    ballots = Ballots(command, target)
    _add_votes(measured, command, target, ballots, notes)
    judged = [_judged(command, c, law) for c in measured.values()]
    kept = {c.party: c for c in judged if c.reason}
    if not law.in_sequence or not any(c.certainty == "certain" for c in kept.values()):
        for one in _by_control(command, target, ballots, measured):
            if one.party not in kept or kept[one.party].certainty != "certain":
                kept[one.party] = one
    return list(kept.values()), unknown, notes


def _nobody() -> tuple[list[Candidate], float | None, list[str]]:
    return [], None, [word("graph", "no_holders")]


def _shares(command: Command, target: int, notes: list[str]) -> tuple[dict[int, Candidate], float | None]:
    register = command.register
    try:
        solved = look_through(register, target)
    except DataGap as gap:
        notes.append(str(gap))
        return {}, None
    low, high = interval(register, target, solved)
    before = steps_from(register.above, target)
    columns = (solved.parties.tolist(), solved.share.tolist(), low.tolist(), high.tolist())
    made = {p: Candidate(p, s, lo, hi, path=way(before, p)) for p, s, lo, hi in zip(*columns, strict=True)}
    return made, solved.unknown


def _add_votes(measured: dict[int, Candidate], command: Command, target: int, ballots: Ballots, notes: list[str]) -> None:
    """Count the votes of every party above, with those of its group, and what they may be at the most."""
    register = command.register
    before = {**steps_from(register.above, target), **steps_from(register.votes_above, target)}
    untold = _untold(command, ballots)
    optimistic = ballots.open_ended and len(ballots.parties) <= MOST_PARTIES
    if ballots.open_ended and not optimistic:
        notes.append(word("graph", "votes_not_examined"))
    group = {m: members for members in command.groups.values() if target not in members for m in members}
    for party in dict.fromkeys([*ballots.parties[1:].tolist(), *group, *untold]):
        if party in command.groups or not _may_be_person(command, party):
            continue
        heads = group.get(party, (party,))
        votes = ballots.commanded(heads)
        least = ballots.commanded(heads, at_least=True) if ballots.exceeded else votes
        most = ballots.commanded({*heads, *untold.get(party, ())} - {target}, at_most=True) if optimistic else votes
        if max(votes, most) <= 0 or (party not in before and party not in measured):
            continue
        one = measured.get(party) or Candidate(party, path=way(before, party))
        measured[party] = replace(one, votes=votes, votes_low=least, votes_high=max(votes, most))


def _untold(command: Command, ballots: Ballots) -> dict[int, set[int]]:
    """Return by holder the parties in which it holds a share that is not known: it may have all that nobody else has."""
    register, found = command.register, defaultdict[int, set[int]](set)
    for held in ballots.parties[ballots.parties < len(register.ids)].tolist():
        at = register.above.of(held)
        for holder in register.above.other[at][register.pairs.unknown[register.above.pair[at]]].tolist():
            found[holder].add(held)
    return dict(found)


def _may_be_person(command: Command, party: int) -> bool:
    return command.register.kinds[party].as_py() in ("person", None)


def _judged(command: Command, one: Candidate, law: Definition) -> Candidate:
    """Say by what a party counts, if it does."""
    if not _may_be_person(command, one.party):
        return one
    person = command.register.kinds[one.party].as_py() == "person"
    for reason, least in (("share", one.low), ("votes", one.votes_low)):
        if law.reached(least):
            return replace(one, reason=reason, certainty="certain" if person else "possible")
    for reason, most in (("share", one.high), ("votes", one.votes_high)):
        if law.reached(most):
            return replace(one, reason=reason, certainty="possible")
    return one


def _by_control(command: Command, target: int, ballots: Ballots, measured: dict[int, Candidate]) -> list[Candidate]:
    """Return the persons that control the target alone or jointly."""
    made = []
    for one in commanders_of(command, target):
        if _may_be_person(command, one.found.party):
            person = command.register.kinds[one.found.party].as_py() == "person"
            known = measured.get(one.found.party, Candidate(one.found.party, votes_high=one.found.votes))
            heads = one.group or (one.found.party,)
            sound = not ballots.exceeded or ballots.commanded(heads, at_least=True) > kernels.MAJORITY
            certainty = "certain" if person and sound else "possible"
            most = max(known.votes_high, one.found.votes)
            counted = replace(known, votes=one.found.votes, votes_high=most)
            made.append(replace(counted, reason="control", certainty=certainty, path=one.found.path))
    return made


def _owner(command: Command, one: Candidate) -> Owner:
    ids, records, _ = command.explained(one.path)
    group = command.group_of(one.party) if one.reason != "share" else None
    if group is not None:
        records = records + command.concert_records(command.groups[group])
    return Owner(ids[-1], one.reason, one.certainty, one, ids, records)


def _officers(case: Case, party_id: str) -> list[Owner]:
    """Return the legal representatives and senior managers, one row per person."""
    asked = sorted({party_id, case.institution_id or party_id})
    made: dict[str, Owner] = {}
    for row in case.store.run("officers_as_of", as_of=case.as_of, entities=asked).to_pylist():
        person = row["person_id"]
        fresh = Owner(person, row["role"], "fallback", Candidate(-1), [party_id, person])
        made.setdefault(person, fresh).records.extend(of_table("roles", [row["role_id"]]))
    return list(made.values())


def _frame(case: Case, found: list[Owner], law: Definition | None) -> pd.DataFrame:
    def numbers(name: str) -> pa.Array:
        """Return measures by name; null where a party holds nothing."""
        values = [np.nan if np.isnan(o.measured.share) and name != "votes" else getattr(o.measured, name) for o in found]
        return pa.array([None if np.isnan(v) else float(v) for v in values], pa.float64())

    return frame_of(
        **called(case, "party_id", [o.party_id for o in found]),
        reason=pa.array([o.reason for o in found], pa.string()),
        certainty=pa.array([o.certainty for o in found], pa.string()),
        share=numbers("share"),
        share_low=numbers("low"),
        share_high=numbers("high"),
        votes=pa.array([o.measured.votes for o in found], pa.float64()),
        votes_high=pa.array([o.measured.votes_high for o in found], pa.float64()),
        layers=pa.array([len(o.path) - 1 for o in found], pa.int64()),
        path=pa.array([o.path for o in found], TEXTS),
        law=pa.array([word("graph", law.law) if law else None for _ in found], pa.string()),
        checked=pa.array([law.checked if law else None for _ in found], pa.string()),
        **proof(case, [o.records for o in found]),
    )
