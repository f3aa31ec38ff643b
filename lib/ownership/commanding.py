"""Who controls an institution, alone or in concert, through holdings, nominees and contracts, each with its proof."""

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.kernels import ownership as kernels
from lib.ownership.agreements import NOMINEE, PROXY, VIE, Command, commanded_case
from lib.ownership.control import Controller, controlled, controllers_of, votes_in
from lib.ownership.frames import TEXTS, called, frame_of
from lib.ownership.register import target_of
from lib.ownership.sources import Record, proof
from lib.ownership.walks import steps_from, way
from lib.words import word


@dataclass(frozen=True)
class Commander:
    """A party that controls the target, alone or with those that it acts in concert with.

    Attributes
    ----------
    found
        Who it is, its votes (those of its group among them) and the chain, as numbers.
    group
        Everyone in the group in which it acts, itself included; empty if it acts alone.
    joint
        Whether it controls only together with its group, as a member or through one.
    through
        Everyone in groups that control on the chain, where it is a member of none of them.
    """

    found: Controller
    group: tuple[int, ...]
    joint: bool
    through: tuple[int, ...] = ()


def commanders_of(command: Command, target: int) -> list[Commander]:
    """Return everyone who controls `target`: the ultimate ones first, then the nearest."""
    register, groups = command.register, command.groups
    found = controllers_of(register, target, groups)
    made = {c.party: _alone(command, target, c) for c in found if c.party not in groups}
    alone = set(made)
    for joint in found:
        members = groups.get(joint.party, ())
        if members and alone.isdisjoint(members):
            for one in _jointly(command, target, joint, members):
                made.setdefault(one.found.party, one)
    return sorted(made.values(), key=lambda c: (not c.found.ultimate, len(c.found.path), c.found.party))


def ranked(command: Command, target: int) -> tuple[list[Commander], bool]:
    """Return everyone who controls `target`, and whether control goes in a circle without a head outside it."""
    found = commanders_of(command, target)
    return found, bool(found) and not any(c.found.ultimate for c in found)


def group_votes(command: Command, target: int, group: int) -> float:
    """Return the votes in `target` that a group commands: its members' own and those of what they control together."""
    return votes_in(command.register, target, group, controlled(command.register, group)[0])[0]


def _alone(command: Command, target: int, found: Controller) -> Commander:
    group = command.group_of(found.party)
    if group is None or target in command.groups[group]:
        return Commander(found, (), joint=False)
    votes = max(found.votes, group_votes(command, target, group))
    return Commander(_with(found, votes=votes), command.groups[group], joint=False)


def _jointly(
    command: Command, target: int, joint: Controller, members: tuple[int, ...], seen: frozenset[int] = frozenset()
) -> list[Commander]:
    """Return the members of a group that controls `target`, and who controls a member, alone or as a group of their own."""
    register, made, seen = command.register, list[Commander](), seen | {joint.party}
    before = steps_from(register.votes_above, target, {joint.party, *controlled(register, joint.party)[0]})
    for member in members:
        routes = command.concert_routes(member)
        path = min(((*way(before, m), *routes[m][1:]) for m in members if m in before), key=lambda p: (len(p), p))
        behind: list[Commander] = []
        for c in controllers_of(register, member, command.groups):
            if c.party not in command.groups:
                behind.append(Commander(c, (), joint=False))
            elif c.party not in seen:
                behind += _jointly(command, member, c, command.groups[c.party], seen)
        direct = votes_in(register, target, member, ())[1]
        own = Controller(member, joint.votes, direct, not behind, joint.circular, path)
        made.append(Commander(own, members, joint=True))
        for one in behind:
            party = one.found.party
            if party != target and party not in path:
                chain, votes = (*path, *one.found.path[1:]), votes_in(register, target, party, ())[1]
                far = _with(one.found, votes=joint.votes, direct=votes, path=chain)
                made.append(Commander(far, one.group or members, joint=True, through=(*members, *one.through)))
    return made


def records_of(command: Command, target: int, one: Commander) -> list[Record]:
    """Return what proves control: the records of the chain in its order, then agreements, then the other votes counted."""
    chain = command.explained(one.found.path)[1]
    agreed = command.concert_records(one.group) + command.concert_records(one.through)
    return chain + agreed + _counted(command, target, one)


def _counted(command: Command, target: int, one: Commander) -> list[Record]:
    """Return the records of the other votes in `target` that are counted as a controller's, each with its chain up to it."""
    register, party = command.register, one.found.party
    if one.joint or one.found.direct > kernels.MAJORITY:  # what the chain shows, or the group's agreements
        return []
    allowed = {party, *controlled(register, party)[0]} - {target}
    at = register.votes_above.of(target)
    holders = register.votes_above.other[at][register.votes_above.pair[at] >= 0].tolist()
    made: list[Record] = []
    for holder in sorted(allowed.intersection(holders) - {*one.found.path[1:2]}):
        before = steps_from(register.votes_above, holder, allowed)
        if party in before:  # else it is commanded through the target alone
            made += command.explained((target, *way(before, party)))[1]
    return made


def _with(found: Controller, votes: float, direct: float | None = None, path: tuple[int, ...] | None = None) -> Controller:
    own, chain = found.direct if direct is None else direct, path or found.path
    return Controller(found.party, votes, own, found.ultimate, found.circular, chain)


def basis(command: Command, one: Commander, headless: bool) -> str:
    """Say in words on what control rests."""
    kinds = command.explained(one.found.path)[2]
    if one.joint:
        parts = [word("graph", "joint_majority")]
    elif one.found.direct > kernels.MAJORITY:
        parts = [word("graph", "direct_majority")]
    elif one.found.votes > kernels.MAJORITY:
        parts = [word("graph", "commanded_majority")]
    else:
        parts = []
    parts += [word("graph", "by_contract")] if VIE in kinds else []
    parts += [word("graph", "by_nominee")] if kinds & {NOMINEE, PROXY} else []
    if one.found.circular:
        parts.append(word("graph", "circular_headless" if headless else "circular_control"))
    return "; ".join(parts)


def controllers(case: Case) -> pd.DataFrame:
    """List who controls the institution: commands more than half of its votes, counting what controlled entities command.

    Returns
    -------
    DataFrame, one row per controller, ultimate ones first, then the nearest
        controller_id · name · kind · votes (fraction that it commands: its own, those of what it controls and of who acts in
        concert with it) · direct_votes (its own alone) · ultimate (nobody else controls it) · layers · path (list of ids from
        the institution to the controller, nominees between) · basis (in words) · acting_in_concert (list of ids: the group in
        which it acts, itself included; empty if it acts alone) · evidence (list of {table, id}: the records of the chain in
        its order, then those of the group and of the other votes counted, for `checks.evidence`) · sources (list: file and
        line of each).
        `attrs["circular_control"]`: ids of those that are controlled by what they control; where none is ultimate, control
        goes in a circle without a head outside it.

    Raises
    ------
    BadParameter
        If the case is the whole district.

    Notes
    -----
    Votes are `voting_share`, else the share, else its lower bound; a majority is more than one half (Company Law
    2018 art. 216 (2), 2023 art. 265 (2)). Votes that the institution holds in itself do not count. A holding with `nominee_for`
    is its principal's; a link `proxy` (代持) lets b command a, `vie` (协议控制) lets a command b whatever the votes. Links
    `acting_in_concert` join parties to a group whose votes are added; where no member controls alone, every member is a row,
    and who controls a member. A link names no company: it is taken to hold for all holdings of its parties.
    """
    target_of(case)
    command, target = commanded_case(case)
    found, headless = ranked(command, target) if target is not None else ([], False)
    register, steps = command.register, [command.explained(c.found.path) for c in found]
    made = frame_of(
        **called(case, "controller_id", register.named(c.found.party for c in found)),
        votes=pa.array([c.found.votes for c in found], pa.float64()),
        direct_votes=pa.array([c.found.direct for c in found], pa.float64()),
        ultimate=pa.array([c.found.ultimate for c in found], pa.bool_()),
        layers=pa.array([len(path) - 1 for path, _, _ in steps], pa.int64()),
        path=pa.array([path for path, _, _ in steps], TEXTS),
        basis=pa.array([basis(command, c, headless) for c in found], pa.string()),
        acting_in_concert=pa.array([register.named(c.group) for c in found], TEXTS),
        **proof(case, [records_of(command, target, c) for c in found] if target is not None else []),
    )
    made.attrs["circular_control"] = register.named(c.found.party for c in found if c.found.circular)
    return made
