"""Circular holdings: the loops that a party or its holders are in."""

from dataclasses import dataclass

import numpy as np

from lib.errors import DataGap
from lib.ownership.register import Ints, Register, everyone_above
from lib.ownership.solve import look_through
from lib.ownership.walks import closing_loop, loop_share, loops_through_holdings

# A component of thousands has more loops than anyone reads.
LOOPS_OF_MEMBERS = 300


@dataclass(frozen=True)
class Loop:
    """A circular component among a party and its holders.

    Attributes
    ----------
    members
        Party numbers, ascending; a single one that holds itself.
    loop
        One closing loop: each party holds the next, first = last.
    loops
        A shortest loop through every holding between members, with the product of its shares, largest first; `loop` alone, if
        there are more than LOOPS_OF_MEMBERS members.
    holding_ids
        The holdings between members.
    holds_target
        Whether the party looked through is a member.
    max_share
        Largest look-through share of a member in the party; 1 if it is a member itself, or if there is no solution.
    """

    members: tuple[int, ...]
    loop: tuple[int, ...]
    loops: list[tuple[tuple[int, ...], float]]
    holding_ids: list[str]
    holds_target: bool
    max_share: float


def loops_above(register: Register, target: int) -> list[Loop]:
    """Return the circular components among `target` and its holders, largest share first."""
    found = everyone_above(register, target)
    circular = np.sort(found[register.looped[register.group[found]]])
    if len(circular) == 0:
        return []
    share = _shares(register, target)
    cut = np.argsort(register.group[circular], kind="stable")
    ends = np.flatnonzero(np.diff(register.group[circular[cut]])) + 1
    made = [_loop(register, np.sort(members), target, share) for members in np.split(circular[cut], ends)]
    return sorted(made, key=lambda c: (-c.max_share, c.members))


def _shares(register: Register, target: int) -> dict[int, float]:
    """Return the look-through shares by party, the target's as 1; empty if they have no solution."""
    try:
        solved = look_through(register, target)
    except DataGap:
        return {}
    return {**dict(zip(solved.parties.tolist(), solved.share.tolist(), strict=True)), target: 1.0}


def _loop(register: Register, members: Ints, target: int, share: dict[int, float]) -> Loop:
    numbers = tuple(members.tolist())
    inside = set(numbers)
    first = target if target in inside else min(numbers, key=lambda m: (-share.get(m, 1.0), m))
    ids = [i for m in numbers for p in _pairs_between(register, m, inside) for i in register.pairs.holding_ids(p)]
    largest = max(share.get(m, 1.0) for m in numbers)
    loop = closing_loop(register, inside, first)
    rings = loops_through_holdings(register, inside) if len(inside) <= LOOPS_OF_MEMBERS else [loop]
    measured = sorted(((ring, loop_share(register, ring)) for ring in rings), key=lambda r: (-r[1], len(r[0]), r[0]))
    return Loop(numbers, loop, measured, ids, target in inside, largest)


def _pairs_between(register: Register, held: int, inside: set[int]) -> list[int]:
    at = register.above.of(held)
    pairs = zip(register.above.other[at].tolist(), register.above.pair[at].tolist(), strict=True)
    return [pair for holder, pair in pairs if holder in inside]
