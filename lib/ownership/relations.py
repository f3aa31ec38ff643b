"""The related-party set: who belongs to an institution, and by which way.

The set is that of the platform rules (holders of 5 % or more, controllers, directors, supervisors, senior managers, close
kin, and what these control or manage), see rules/catalogue: related_set. What the state controls is not related for that
reason alone (Company Law 2018 art. 216 (4), 2023 art. 265 (4)): parties of kind `state` are members, their other holdings are
not followed.
"""

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.errors import DataGap
from lib.ownership.agreements import PROXY, Command, command_of
from lib.ownership.commanding import commanders_of
from lib.ownership.control import controlled
from lib.ownership.frames import TEXTS, called, frame_of
from lib.ownership.register import Register, register_of, target_of
from lib.ownership.solve import look_through
from lib.ownership.walks import steps_from, way

# Disclosure and related-party rules begin at 5 % of the shares.
HOLDER_FROM = 0.05
# How near the ways are; among equally short ways the first reason is given.
REASONS = (
    *("self", "controller", "acting_in_concert", "holder", "legal_representative", "director", "senior_manager"),
    *("supervisor", "kin"),
    *("controlled", "same_controller", "nominee", "officer_of"),
)
_MANAGES = ("legal_representative", "director", "senior_manager")


@dataclass(frozen=True)
class Member:
    """A member of the set: the reason and the shortest way from the institution to it, both ends included."""

    reason: str
    path: tuple[str, ...]

    @property
    def rank(self) -> tuple[int, int, tuple[str, ...]]:
        """Return what puts a nearer way before another."""
        return len(self.path), REASONS.index(self.reason), self.path


@dataclass(frozen=True)
class Related:
    """The set by party id; direct holders whose share is unknown and who are in it for no other reason; what was missing."""

    members: dict[str, Member]
    possible: list[str]
    gap: DataGap | None


def related_set(case: Case) -> Related:
    """Return the related-party set of the case's party, itself included."""
    register, command, party_id = register_of(case), command_of(case), target_of(case)
    members: dict[str, Member] = {}
    _add(members, party_id, Member("self", (party_id,)))
    masters = _add_controllers(members, command, party_id)
    target = register.number(party_id)
    possible, gap = _add_owners(members, register, target, Command(register, {}, {}, {})) if target is not None else ([], None)
    behind = command.register.number(party_id)
    if command.nominees and behind is not None:
        _add_owners(members, command.register, behind, command)
    _add_people(members, case, party_id)
    core = dict(members)
    for seed, member in core.items():
        _add_controlled(members, command, seed, member, controls=seed in masters)
    _add_managed(members, case, core)
    return Related(members, [p for p in possible if p not in members], gap)


def _add(members: dict[str, Member], party_id: str, member: Member) -> None:
    if party_id not in members or member.rank < members[party_id].rank:
        members[party_id] = member


def _add_controllers(members: dict[str, Member], command: Command, party_id: str) -> set[str]:
    """Add the controllers, and who acts in concert with one; return the ids of the controllers."""
    target = command.register.number(party_id)
    found = commanders_of(command, target) if target is not None else []
    for one in found:
        path = tuple(command.explained(one.found.path)[0])
        _add(members, path[-1], Member("controller", path))
        for route in command.concert_routes(one.found.party).values() if one.group else ():
            ids = command.explained(route[::-1])[0]
            _add(members, ids[-1], Member("acting_in_concert", (*path, *ids[1:])))
    return set(command.register.named(one.found.party for one in found))


def _add_owners(
    members: dict[str, Member], register: Register, target: int, command: Command
) -> tuple[list[str], DataGap | None]:
    """Add holders of 5 % or more; return direct holders of unknown share, and why shares were not solved."""
    at = register.above.of(target)
    direct = dict(zip(register.above.other[at].tolist(), register.above.weight[at].tolist(), strict=True))
    unknown = register.above.other[at][register.pairs.unknown[register.above.pair[at]]]
    shares, gap = dict(direct), None
    try:
        solved = look_through(register, target, HOLDER_FROM / 2)
        shares = dict(zip(solved.parties.tolist(), solved.share.tolist(), strict=True))
    except DataGap as error:
        gap = error
    before = steps_from(register.above, target)
    for party, share in shares.items():
        if max(share, direct.get(party, 0.0)) >= HOLDER_FROM - 1e-12 and party != target:
            path = tuple(command.explained(way(before, party))[0])
            _add(members, path[-1], Member("holder", path))
    return register.named(unknown), gap


def _add_people(members: dict[str, Member], case: Case, party_id: str) -> None:
    """Add the officers of the institution, and close kin of all persons so far."""
    asked = {party_id, case.institution_id or party_id}
    for row in _offices(case, entities=sorted(asked), people=[]):
        if asked & {row["entity_id"], row["written_entity_id"]} and row["person_id"] != party_id:
            _add(members, row["person_id"], Member(row["role"], (party_id, row["person_id"])))
    people = [p for p in members if p != party_id]
    for row in case.store.run("kin_as_of", as_of=case.as_of, people=people).to_pylist():
        if row["kin_id"] != party_id:
            _add(members, row["kin_id"], Member("kin", (*members[row["person_id"]].path, row["kin_id"])))


def _add_controlled(members: dict[str, Member], command: Command, seed: str, member: Member, *, controls: bool) -> None:
    """Add what a member controls, alone or, where it controls the institution, with its group, by the shortest chain."""
    register = command.register
    number = register.number(seed)
    if number is None or register.kinds[number].as_py() == "state":
        return
    group = command.group_of(number) if controls else None
    starts = command.concert_routes(number) if group is not None else {number: (number,)}
    commands, _ = controlled(register, number if group is None else group)
    alone, _ = controlled(register, number)
    usual = "same_controller" if controls else "controlled"
    for start, route in starts.items():
        before = steps_from(register.votes_below, start, commands | alone)
        for party in before.keys() - starts.keys():
            chain = (*reversed(route), *way(before, party)[1:])
            ids = command.explained(chain[::-1])[0][::-1]
            held_for = command.ties.get((chain[-1], chain[-2]), ("", []))[0] == PROXY
            _add(members, ids[-1], Member("nominee" if held_for else usual, (*member.path, *ids[1:])))


def _add_managed(members: dict[str, Member], case: Case, core: dict[str, Member]) -> None:
    """Add the entities where a member is legal representative, director or senior manager."""
    people = [p for p, m in core.items() if m.reason != "self"]
    for row in _offices(case, entities=[], people=people):
        if row["role"] in _MANAGES:
            _add(members, row["entity_id"], Member("officer_of", (*core[row["person_id"]].path, row["entity_id"])))


def _offices(case: Case, *, entities: list[str], people: list[str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = case.store.run(
        "offices_as_of", as_of=case.as_of, entities=entities, people=people
    ).to_pylist()
    return found


def related(case: Case) -> pd.DataFrame:
    """List the related parties of the institution, each with the reason and the shortest way that puts it there.

    Returns
    -------
    DataFrame, one row per party but the institution itself, nearest first, then by id
        party_id · name · kind · reason (controller, acting_in_concert: with one, holder, legal_representative, director,
        senior_manager, supervisor, kin, controlled, same_controller, nominee, officer_of) · layers · path (list of ids,
        institution first).
        `attrs["possible"]`: direct holders whose share is unknown and who may be related for holding 5 %; `attrs["gap"]`: why
        look-through shares could not be solved (direct holdings were used), else None.

    Raises
    ------
    BadParameter
        If the case is the whole district.

    Notes
    -----
    Holders of 5 % or more (direct or look-through, the registered ones and those behind nominees), controllers as in
    `controllers`, officers of the institution, close kin of these, what any of these controls by majority or contract (a
    controller: with those that it acts in concert with), who holds for them, and where they are legal representative, director
    or senior manager. Offices that are only claimed in a CV do not count, and what the state controls is not related for that
    reason alone.
    """
    found = related_set(case)
    ordered = sorted((len(m.path), party) for party, m in found.members.items() if m.reason != "self")
    ids = [party for _, party in ordered]
    made = frame_of(
        **called(case, "party_id", ids),
        reason=pa.array([found.members[i].reason for i in ids], pa.string()),
        layers=pa.array([len(found.members[i].path) - 1 for i in ids], pa.int64()),
        path=pa.array([list(found.members[i].path) for i in ids], TEXTS),
    )
    made.attrs = {"possible": found.possible, "gap": str(found.gap) if found.gap else None}
    return made
