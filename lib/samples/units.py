"""Draws by yuan (货币单元抽样): the larger an item's amount, the likelier it is drawn.

Items as large as the interval are the top stratum: all of them are examined. The others lie side by side, by id, and a fen of
each interval is hit. Numbers are whole fen throughout, so that every fen has exactly the same odds: with b fen and n hits,
hit k is (k · b + r) // n for one r from 0 to below b (fixed interval) or one for each k (cell); or any fen at all, n times
(random).
"""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from lib.samples.drawing import Chance
from lib.samples.population import sum_of

METHODS = ("monetary_unit", "monetary_unit_cell", "monetary_unit_random")
_BEYOND = 2**63 - 1
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layers:
    """The top stratum and the rest, as places among the amounts; fen of the rest, and the hits that it gets."""

    top: Ints
    rest: Ints
    rest_fen: int
    hits: int


def layers(fen: Ints, n: int) -> Layers:
    """Set apart the items as large as the interval, until none of the rest is; `fen` are all above 0.

    The rest keeps the interval of the whole, rounded down so that its hits are a whole number; hits are at least 1 where
    anything is rest.
    """
    total = hits = 0
    large = np.zeros(len(fen), np.bool_)
    while True:
        rest = np.flatnonzero(~large)
        left = sum_of(fen[rest])
        total = total or left
        hits = -(-left * n // total)
        more = rest[fen[rest] >= min(-(-left // hits), _BEYOND)] if hits else rest
        if not len(more):
            return Layers(np.flatnonzero(large), rest, left, hits)
        large[more] = True


def hit_fen(chance: Chance, method: str, total: int, hits: int) -> list[int]:
    """Return the fen that are hit, from 0 to below `total`, in the order of the intervals (of the draw, for random)."""
    if method == "monetary_unit":
        return at_intervals(total, hits, chance.below(method, 0, total))
    if method == "monetary_unit_cell":
        return [(k * total + chance.below(method, k, total)) // hits for k in range(hits)]
    return [chance.below(method, k, total) for k in range(hits)]


def at_intervals(total: int, hits: int, start: int) -> list[int]:
    """Return the fen hit at a fixed interval of total / hits; `start` / hits is the first, from 0."""
    return [(k * total + start) // hits for k in range(hits)]


def items_at(fen: Ints, hit: list[int]) -> list[int]:
    """Return which item each fen belongs to, the items lying side by side; an item of 0 fen has none."""
    ends = list(accumulate(fen.tolist()))  # whole numbers of Python: sums of a district may exceed 63 bits
    return [bisect_right(ends, point) for point in hit]
