"""Walks through the register: the largest holding chains, and shortest ways between parties."""

import heapq
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from lib.ownership.register import Register, Ties, everyone_above

# Chains are listed largest first; a register of loops has more of them than anyone can read.
MOST_CHAINS = 100_000


@dataclass(frozen=True)
class Chain:
    """A chain of holdings: the multiplied share, and the parties from the institution to the holder."""

    share: float
    path: tuple[int, ...]


def largest_chains(register: Register, target: int, min_share: float, end: int | None) -> tuple[list[Chain], float | None]:
    """Return the chains upwards from `target`, largest first, and the share at which the listing was cut, if it was.

    A chain names no party twice. A holding's chain is never larger than the chain it continues, so taking the largest open
    chain first lists them in order, and everything below `min_share` is never visited.
    """
    steps = _Steps(register, _below(register, target, end) if end is not None else None)
    least = min_share * (1 - 1e-12)  # a product of fractions may miss the limit by a rounding error
    queue: list[tuple[float, tuple[int, ...], float, int]] = []
    found: list[Chain] = []

    def offer(stem: tuple[int, ...], stem_share: float, place: int) -> None:
        """Queue the next holder of the stem's last party, from `place` in its list on."""
        for at, (weight, holder) in steps.after(stem[-1], place):
            if stem_share * weight < least:
                return
            if holder not in stem:
                heapq.heappush(queue, (-stem_share * weight, (*stem, holder), stem_share, at + 1))
                return

    offer((target,), 1.0, 0)
    while queue:
        negative, path, stem_share, place = heapq.heappop(queue)
        if len(found) == MOST_CHAINS:
            return found, -negative
        if end is None or path[-1] == end:
            found.append(Chain(-negative, path))
        offer(path[:-1], stem_share, place)
        if path[-1] != end:
            offer(path, -negative, 0)
    return found, None


class _Steps:
    """The holders of a party, largest share first, sorted when first asked for."""

    def __init__(self, register: Register, allowed: set[int] | None) -> None:
        self._above, self._allowed = register.above, allowed
        self._sorted: dict[int, list[tuple[float, int]]] = {}

    def after(self, party: int, place: int) -> Iterator[tuple[int, tuple[float, int]]]:
        if party not in self._sorted:
            at = self._above.of(party)
            pairs = zip(self._above.weight[at].tolist(), self._above.other[at].tolist(), strict=True)
            kept = (p for p in pairs if self._allowed is None or p[1] in self._allowed)
            self._sorted[party] = sorted(kept, key=lambda p: (-p[0], p[1]))
        steps = self._sorted[party]
        return ((at, steps[at]) for at in range(place, len(steps)))


def _below(register: Register, target: int, end: int) -> set[int]:
    """Return the parties above `target` from which `end` can be reached upwards, `end` itself among them."""
    above = register.above
    found = everyone_above(register, target)
    held_by: dict[int, list[int]] = {}
    for party in found.tolist():
        for holder in above.other[above.of(party)].tolist():
            held_by.setdefault(holder, []).append(party)
    reached, todo = {end}, [end]
    while todo:
        for party in held_by.get(todo.pop(), ()):
            if party not in reached:
                reached.add(party)
                todo.append(party)
    return reached


def steps_from(ties: Ties, first: int, allowed: Collection[int] | None = None) -> dict[int, int]:
    """Return for each party in reach of `first` the one before it on a shortest way; among equals that of smaller ids.

    Parameters
    ----------
    ties
        Holdings to follow.
    first
        Where the ways begin.
    allowed
        Parties through which a way may lead; all, if omitted.
    """
    before: dict[int, int] = {first: first}
    layer = [first]
    while layer:
        ahead: list[int] = []
        for party in layer:
            for other in ties.other[ties.of(party)].tolist():
                if other not in before and (allowed is None or other in allowed):
                    before[other] = party
                    ahead.append(other)
        layer = ahead
    return before


def way(before: dict[int, int], last: int) -> tuple[int, ...]:
    """Return the way to `last` that `steps_from` found, both ends included."""
    backwards = [last]
    while before[backwards[-1]] != backwards[-1]:
        backwards.append(before[backwards[-1]])
    return tuple(reversed(backwards))


def closing_loop(register: Register, members: Collection[int], first: int) -> tuple[int, ...]:
    """Return a shortest loop through `first` inside a circular component: each party holds the next, first = last."""
    inside, above = set(members), register.above
    before = steps_from(above, first, inside)
    held = [m for m in sorted(inside) if (above.other[above.of(m)] == first).any()]
    return min(((first, *reversed(way(before, m))) for m in held), key=lambda loop: (len(loop), loop))


def loops_through_holdings(register: Register, members: Collection[int]) -> list[tuple[int, ...]]:
    """Return a shortest loop through every holding inside a circular component, each loop once, from its smallest number on."""
    inside, above = set(members), register.above
    held_by: dict[int, list[int]] = {m: [] for m in inside}
    for held in sorted(inside):
        for holder in above.other[above.of(held)].tolist():
            if holder in inside:
                held_by[holder].append(held)
    found: dict[tuple[int, ...], None] = {}
    for holder in sorted(inside):
        before = steps_from(above, holder, inside)
        for held in held_by[holder]:
            ring = (holder, *reversed(way(before, held)))[:-1]
            least = ring.index(min(ring))
            found[(*ring[least:], *ring[: least + 1])] = None
    return list(found)


def loop_share(register: Register, loop: tuple[int, ...]) -> float:
    """Return the product of the shares along a loop: the part of itself that a member owns by it."""
    share, above = 1.0, register.above
    for holder, held in pairwise(loop):
        at = above.of(held)
        share *= float(above.weight[at][above.other[at] == holder].sum())
    return share
