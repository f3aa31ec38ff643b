"""Control by majority: who commands more than half of the votes, counting the votes of what it already controls."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from lib.kernels import ownership as kernels
from lib.ownership.register import NOWHERE, TOLERANCE, Ints, Register
from lib.ownership.walks import steps_from, way

Groups = Mapping[int, tuple[int, ...]]


@dataclass(frozen=True)
class Controller:
    """A party that controls the target.

    Attributes
    ----------
    party
        Its number.
    votes, direct
        Fraction of the target's votes: own and commanded, and own alone.
    ultimate
        Nobody else controls it.
    circular
        It is controlled by what it controls.
    path
        Shortest chain of holdings that it commands, from the target to it.
    """

    party: int
    votes: float
    direct: float
    ultimate: bool
    circular: bool
    path: tuple[int, ...]


def controlled(register: Register, party: int) -> tuple[set[int], bool]:
    """Return what a party controls (itself excluded), and whether that and its own holdings command itself."""
    ties = register.votes_below
    found, itself = kernels.commanded(ties.start, ties.other, ties.weight, party)
    return set(found.tolist()), bool(itself)


def controllers_of(register: Register, target: int, groups: Groups | None = None) -> list[Controller]:
    """Return everyone who controls `target`: the ultimate ones first, then the nearest.

    Parameters
    ----------
    groups
        Members of those that act together, where the register has such groups among its parties. A group is never said to
        control a member: it is its members.
    """
    of = groups or {}
    asked = (c for c in _candidates(register, target) if target not in of.get(c, ()))
    reach = {c: controlled(register, c) for c in asked}
    reach = {c: found for c, found in reach.items() if target in found[0]}
    own, _ = controlled(register, target)
    made = []
    for party, (commands, itself) in reach.items():
        masters = [m for m, (others, _) in reach.items() if m != party and party in others and party not in of.get(m, ())]
        mutual = any(m in commands for m in masters) or party in own
        votes, direct = votes_in(register, target, party, commands)
        path = _chain(register, target, party, commands, by_contract=votes <= kernels.MAJORITY)
        made.append(Controller(party, votes, direct, not masters and party not in own, mutual or itself, path))
    return sorted(made, key=lambda c: (not c.ultimate, len(c.path), c.party))


def _chain(register: Register, target: int, party: int, commands: set[int], *, by_contract: bool) -> tuple[int, ...]:
    """Return the shortest chain that a party commands, from the target to it; one that begins with a contract, if asked."""
    above, allowed = register.votes_above, {party, *commands}
    at = above.of(target)
    agreed = above.other[at][above.pair[at] < 0].tolist() if by_contract else []
    ways = [steps_from(above, h, allowed - {target}) for h in agreed if h in allowed and h != target]
    chains = [(target, *way(before, party)) for before in ways if party in before]
    if chains:
        return min(chains, key=lambda chain: (len(chain), chain))
    return way(steps_from(above, target, allowed), party)


def _candidates(register: Register, target: int) -> Iterator[int]:
    """Yield the parties above `target` that may control it.

    Two parties can control the same one only if one of them controls the other (their majorities overlap), so all of them
    are in the group of the target's head. That needs votes that add up to one: where they exceed it, everyone is tried.
    """
    ties = register.votes_above
    above = kernels.all_above(ties.start, ties.other, target, NOWHERE)[0]
    head = int(_heads(register)[target])
    within = controlled(register, head)[0] | {head}
    contradictory = bool((register.votes_total[above] > 1 + TOLERANCE).any())
    return (p for p in above[1:].tolist() if contradictory or p in within)


def _heads(register: Register) -> Ints:
    if "heads" not in register.memo:
        up, down = register.votes_above, register.votes_below
        register.memo["heads"] = kernels.heads(up.start, up.other, up.weight, down.start, down.other)
    return cast(Ints, register.memo["heads"])


def votes_in(register: Register, target: int, party: int, commands: Collection[int]) -> tuple[float, float]:
    """Return the votes in `target` that a party commands and those that it holds itself; the target's own do not count."""
    at = register.votes_above.of(target)
    holders = register.votes_above.other[at]
    votes = np.where(register.votes_above.pair[at] >= 0, register.votes_above.weight[at], 0.0)  # an agreement is no vote
    counted = np.array([h == party or (h in commands and h != target) for h in holders.tolist()], dtype=bool)
    return float(votes[counted].sum()), float(votes[holders == party].sum())
