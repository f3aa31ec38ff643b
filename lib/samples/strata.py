"""Strata: the items of a population in groups that are drawn from one by one, and how many are drawn from each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import isqrt

import numpy as np
import numpy.typing as npt

from lib.errors import BadParameter
from lib.money.amounts import as_fen
from lib.samples import asking
from lib.samples.population import Frozen, sum_of

ALLOCATIONS = ("proportional", "amount", "neyman", "equal")
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Stratum:
    """A stratum: its name ("" where the population states none) and the places of its items, by id."""

    name: str
    places: Ints


def strata_of(population: Frozen, asked: str | Sequence[float | str | Decimal]) -> list[Stratum]:
    """Return the strata, by name: those of the column `stratum`, or bands of amounts between the bounds asked for (yuan).

    A band holds its lower bound and not its upper one; items of unknown amount are a stratum of their own, "".

    Raises
    ------
    BadParameter
        If the bounds are none or do not rise.
    """
    if isinstance(asked, str):
        asking.one_of("strata", asked, ["stratum"])
        names = [name or "" for name in population.strata]
        order = sorted(set(names))
    else:
        names, order = _bands(population, asked)
    where: dict[str, list[int]] = {name: [] for name in order}
    for place, name in enumerate(names):
        where[name].append(place)
    return [Stratum(name, np.array(places, np.int64)) for name, places in where.items() if places]


def allocate(population: Frozen, strata: Sequence[Stratum], n: int, allocation: str | Mapping[str, int]) -> list[int]:
    """Return how many items are drawn from each stratum: `n` together, at least one from each, none beyond its items.

    Raises
    ------
    BadParameter
        If `n` is less than there are strata, or an allocation of one's own names others or does not add up to `n`.
    """
    sizes = [len(s.places) for s in strata]
    if not isinstance(allocation, str):
        return _own(strata, n, allocation)
    asking.one_of("allocation", allocation, ALLOCATIONS)
    if n < len(strata):
        raise BadParameter(
            f"样本量 {n} 少于层数 {len(strata)}: 每层至少抽 1 项。请增加样本量或减少层数",
            f"n={n} is less than the {len(strata)} strata, each of which needs an item. Draw more or make fewer strata",
        )
    if allocation in ("amount", "neyman") and not all(population.known):
        raise BadParameter(
            f"allocation={allocation!r} 需要每一项的金额, 而 {int((~population.known).sum()):,} 项金额未知。可用 proportional",
            f"allocation={allocation!r} needs every amount, and {int((~population.known).sum()):,} are unknown. "
            "Use proportional",
        )
    weights = [_weight(population.fen[s.places], allocation) for s in strata]
    return _shared_out(weights if any(weights) else [Fraction(size) for size in sizes], sizes, n)


def _bands(population: Frozen, asked: Sequence[float | str | Decimal]) -> tuple[list[str], list[str]]:
    try:
        bounds = [as_fen("strata", value) for value in asked]
    except TypeError:
        bounds = []
    if not bounds or any(a >= b for a, b in pairwise(bounds)) or any(b != int(b) for b in bounds):
        raise BadParameter(
            f"strata={asked!r} 应为 'stratum', 或递增的金额界限 (元), 例如 strata=[10000, 100000]",
            f"strata={asked!r} must be 'stratum' or rising bounds in yuan, for example strata=[10000, 100000]",
        )
    texts = [f"{Decimal(int(b)).scaleb(-2):.2f}" for b in bounds]
    inner = [f"[{a}, {b})" for a, b in pairwise(texts)]
    order = [f"< {texts[0]}", *inner, f">= {texts[-1]}"]
    band = np.searchsorted(np.array([int(b) for b in bounds]), population.fen, side="right")
    return [order[k] if known else "" for k, known in zip(band, population.known, strict=True)], ["", *order]


def _weight(fen: Ints, allocation: str) -> Fraction:
    """Return a stratum's weight: its items, the sum of its amounts, or items times their standard deviation (Neyman)."""
    if allocation == "proportional":
        return Fraction(len(fen))
    if allocation == "equal":
        return Fraction(1)
    if allocation == "amount":
        return Fraction(sum_of(np.abs(fen)))
    n, values = len(fen), fen.tolist()  # whole numbers: a root of floats may round otherwise on another machine
    spread = n * sum(v * v for v in values) - sum(values) ** 2
    return Fraction(isqrt(n * spread // (n - 1))) if n > 1 else Fraction(0)


def _shared_out(weights: list[Fraction], sizes: list[int], n: int) -> list[int]:
    """Share out by weight, whole, the largest remainders first; at least 1 and at most the stratum's size each."""
    given = [1] * len(sizes)
    while (left := n - sum(given)) > 0:
        room = [k for k, size in enumerate(sizes) if given[k] < size]
        total = sum((weights[k] for k in room), Fraction(0))
        # what a stratum should have in the end, less what it has
        due = {k: max((weights[k] / total if total else Fraction(1, len(room))) * n - given[k], Fraction(0)) for k in room}
        scale = Fraction(left) / (sum(due.values()) or 1)
        exact = {k: min(d * min(scale, Fraction(1)), Fraction(sizes[k] - given[k])) for k, d in due.items()}
        whole = {k: int(e) for k, e in exact.items()}
        if not any(whole.values()):
            ranked = sorted(room, key=lambda k: (-(exact[k] - whole[k]), -sizes[k], k))
            whole = dict.fromkeys(ranked[:left], 1)
        for k, count in whole.items():
            given[k] += count
    return given


def _own(strata: Sequence[Stratum], n: int, allocation: Mapping[str, int]) -> list[int]:
    wanted = [allocation.get(s.name) for s in strata]
    fits = all(
        isinstance(k, int) and not isinstance(k, bool) and 1 <= k <= len(s.places) for k, s in zip(wanted, strata, strict=True)
    )
    if set(allocation) != {s.name for s in strata} or not fits or sum(k or 0 for k in wanted) != n:
        sizes = ", ".join(f"{s.name!r}: 1-{len(s.places)}" for s in strata)
        raise BadParameter(
            f"allocation={dict(allocation)!r} 应给出每一层的样本量, 合计 {n}: {sizes}",
            f"allocation={dict(allocation)!r} must name the items of every stratum, {n} together: {sizes}",
        )
    return [int(k) for k in wanted if k is not None]
