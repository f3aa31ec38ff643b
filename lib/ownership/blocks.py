"""Circular components, solved: inverted where they are small, factorised where they are larger, else iterated.

With A the shares between the members (rows holders, columns held), a component answers three questions: what comes to each
member of what flows in from below, (I − A)⁻¹·inflow; how much of each member leads to unknown holders, (I − Aᵀ)⁻¹·gap; and how
often a walk that is at a member comes to it, M_ii.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy.sparse import csc_array, identity
from scipy.sparse.linalg import splu

from lib.errors import DataGap
from lib.kernels import ownership as kernels
from lib.ownership.register import TOLERANCE, Floats, Ints, Register

# Members of a component up to which it is inverted (72 MB), and up to which it is factorised (sparse LU); then it is iterated.
# Seen on 2 cores, 4 holders a company: 3,000 members inverted in 4 s.
DENSE_MEMBERS = 3_000
FACTOR_MEMBERS = 10_000
# In an iterated component M_ii is worked out for holders that reach this much; for the others a_ij ≤ share ≤ M_ij is stated.
EXACT_FROM = 0.01
_STEPS = 20_000
_REST = 1e-13
# Laps after which M_ii of a factorised component is left to its factors; most come to rest within 50, in less time.
_LAPS = 200


@dataclass(frozen=True, eq=False)
class Block:
    """A circular component, ready to be solved.

    Attributes
    ----------
    members
        Party numbers, ascending.
    state
        `solved`; `closed`: owned by its own members alone; `broken`: shares over 100 % leave no finite solution.
    inside
        Shares between members, rows holders, columns held.
    inverse, factor
        (I − A)⁻¹ of a small component, column by column, its factors for a larger one; neither beyond FACTOR_MEMBERS.
    diagonal, rest
        M_ii per member, NaN where not yet worked out, and the bound of the error that a share has from it.
    """

    members: Ints
    state: str
    inside: csc_array
    inverse: Floats | None
    factor: Any
    diagonal: Floats
    rest: Floats

    @property
    def iterated(self) -> bool:
        """Whether it is too large for a direct solve."""
        return self.state == "solved" and self.inverse is None and self.factor is None


def visits(register: Register, block: Block, inflow: Floats) -> tuple[Floats, float]:
    """Solve (I − A)x = inflow; return x and a bound of the error that a share can have from it.

    Raises
    ------
    DataGap
        If holdings over 100 % leave no finite solution.
    """
    if block.state == "closed":  # a walk that came in comes to every member, and never leaves
        return np.full(len(block.members), np.cumsum(inflow)[-1]), 0.0  # added up in order, as for everybody at once
    if block.state == "broken":
        raise _no_solution(register, block)
    if block.inverse is not None:
        return kernels.through(block.inverse, inflow), 0.0
    if block.factor is not None:
        return block.factor.solve(inflow), 0.0
    # M_ik ≤ M_ii bounds what is missing in any share, x_i / M_ii, by the sum of what was left.
    found, rest = _circulated(block, inflow, _STEPS)
    if not rest <= 1e-6:
        raise _no_solution(register, block)
    return found, rest


def leads(block: Block, gap: Floats) -> Floats:
    """Solve (I − Aᵀ)u = gap in a component: a fraction of each member, so never above 1."""
    if block.state == "closed":
        return gap
    if block.inverse is not None:
        found: Floats = kernels.through(block.inverse.reshape(len(gap), -1).T.ravel(), gap)
    elif block.factor is not None:
        found = block.factor.solve(gap, "T")
    else:
        found, rest, weight = np.zeros(len(gap)), gap, np.ones(len(gap))
        transposed: Any = block.inside.T.tocsr()
        for _ in range(_STEPS):
            found, rest, weight = found + rest, transposed @ rest, transposed @ weight
            if weight.max() <= _REST:
                break
        found = found + weight  # what is left may be unknown: the interval stays on the safe side
    return np.clip(found, 0.0, 1.0)


def fill_diagonal(register: Register, block: Block, wanted: Ints) -> None:
    """Work out M_ii of members that have none yet, and the bound of the error that a share can have from it."""
    for member in wanted[np.isnan(block.diagonal[wanted])]:
        column = np.zeros(len(block.members))
        column[member] = 1.0
        # M_ii ≤ x_i + M_ii · rest: a share, x_j / M_ii, is too large by no more than the rest.
        found, rest = _circulated(block, column, _LAPS if block.factor is not None else _STEPS)
        if not rest <= 1e-6:
            found, rest = visits(register, block, column)
        block.diagonal[member], block.rest[member] = found[member], rest


def _circulated(block: Block, inflow: Floats, laps: int) -> tuple[Floats, float]:
    inside, least = block.inside, _REST / len(inflow)
    return cast(tuple[Floats, float], kernels.circulate(inside.indptr, inside.indices, inside.data, inflow, least, laps))


def block_of(register: Register, members: Ints) -> Block:
    """Return a circular component, factorised once per register."""
    key = ("block", int(members[0]))
    if key not in register.memo:
        register.memo[key] = _made(register, members)
    return cast(Block, register.memo[key])


def _made(register: Register, members: Ints) -> Block:
    size = len(members)
    inside, outside = _inside(register, members)
    within = np.asarray(inside.sum(axis=0)).ravel()
    nan, exact = np.full(size, np.nan), np.zeros(size)
    if (np.abs(within - 1) <= TOLERANCE).all() and (outside <= TOLERANCE).all():
        return Block(members, "closed", inside, None, None, nan, exact)
    if size > FACTOR_MEMBERS:
        return Block(members, "solved", inside, None, None, nan, exact)
    system = csc_array(identity(size, format="csc") - inside)
    try:
        if size <= DENSE_MEMBERS:
            inverse = np.linalg.inv(system.toarray())
            state, diagonal = _sound(inverse.sum(axis=0)), inverse.diagonal().copy()
            return Block(members, state, inside, inverse.T.ravel(), None, diagonal, exact)
        factor: Any = splu(system)  # its stub does not know the transposed solve
        return Block(members, _sound(factor.solve(np.ones(size), "T")), inside, None, factor, nan, exact)
    except (np.linalg.LinAlgError, RuntimeError):  # exactly singular
        return Block(members, "broken", inside, None, None, nan, exact)


def _inside(register: Register, members: Ints) -> tuple[csc_array, Floats]:
    """Return the shares between members (rows holders, columns held), and what others hold of each."""
    above, size = register.above, len(members)
    counts = above.start[members + 1] - above.start[members]
    column = np.repeat(np.arange(size), counts)
    places = np.concatenate([np.arange(above.start[m], above.start[m + 1]) for m in members])
    holder, weight = above.other[places], above.weight[places]
    row = np.minimum(np.searchsorted(members, holder), size - 1)
    member = members[row] == holder
    inside = csc_array((weight[member], (row[member], column[member])), shape=(size, size))
    return inside, cast(Floats, np.bincount(column[~member], weight[~member], size).astype(np.float64))


def _sound(visits: Floats) -> str:
    """Tell whether I − A has a non-negative inverse: exactly where (I − Aᵀ)v = 1 has a solution v > 0 (then v ≥ 1)."""
    sound = np.isfinite(visits).all() and visits.min() > 1 - 1e-6 and visits.max() < kernels.MOST_VISITS
    return "solved" if sound else "broken"


def _no_solution(register: Register, block: Block) -> DataGap:
    over = register.named(block.members[register.total[block.members] > 1 + TOLERANCE])
    named = over or register.named(block.members)
    listed, more = named[:10], len(named) - 10
    rest_zh, rest_en = (f" 等{len(named)}个", f" and {more} more") if more > 0 else ("", "")
    return DataGap(
        f"循环持股中的持股比例合计超过或几乎等于100%, 持股比例无法求解: {'、'.join(listed)}{rest_zh}。请核对这些主体的持股记录",
        f"Holdings in a loop add up to more than, or all but exactly, 100 %, so that shares have no solution: "
        f"{', '.join(listed)}{rest_en}. Check the holdings recorded for these parties",
    )
