"""Integrated ownership: every holder's share in one party, circular holdings counted once.

With A the direct shares (holder → held) and M = (I − A)⁻¹, y_ij = (M_ij − δ_ij) / M_ii (Baldone, Brioschi and Paleari 1998:
"Ownership measures among firms connected by cross-shareholdings and a further critique of input-output theory"). Read
as a walk from the party upwards, by chance in proportion to the shares, y_ij is the chance that the walk ever comes to i. Only
what is above the party matters, and M_ii only depends on the circular component that i is in.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy.sparse import csc_array, identity
from scipy.sparse.linalg import splu

from lib.errors import DataGap
from lib.kernels import ownership as kernels
from lib.ownership.register import TOLERANCE, Flags, Floats, Ints, Register

# Members of a component up to which it is inverted (72 MB), and up to which it is factorised (sparse LU); then it is iterated.
# Seen on 2 cores, 4 holders a company: 3,000 members inverted in 4 s; their M_ii out of sparse factors took 74 s.
DENSE_MEMBERS = 3_000
FACTOR_MEMBERS = 10_000
# In an iterated component M_ii is worked out for holders that reach this much; for the others a_ij ≤ share ≤ M_ij is stated.
EXACT_FROM = 0.01
_STEPS = 20_000
_REST = 1e-13
# Expected visits beyond this cannot be told from a component that nobody outside owns.
_VISITS = 1e9


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
        (I − A)⁻¹ of a small component, its factors for a larger one; neither beyond FACTOR_MEMBERS.
    diagonal
        M_ii per member, NaN where not yet worked out.
    """

    members: Ints
    state: str
    inside: csc_array
    inverse: Floats | None
    factor: Any
    diagonal: Floats

    @property
    def iterated(self) -> bool:
        """Whether it is too large for a direct solve."""
        return self.state == "solved" and self.inverse is None and self.factor is None


@dataclass(frozen=True, eq=False)
class LookThrough:
    """Everyone above one party.

    Attributes
    ----------
    parties, layers
        Party numbers above the target, and the fewest holdings between.
    share, low, high
        Integrated share and its interval.
    direct, direct_unknown
        Direct share, and whether a direct holding has no known share.
    unknown
        Fraction of the target that leads to unknown holders.
    own
        Fraction of itself that the target owns.
    error
        Bound of the error of the shares where a component was iterated, else 0.
    closed, over, ignored
        Components that nobody outside owns; parties above whose known shares exceed 1; holding records set aside.
    """

    parties: Ints
    layers: Ints
    share: Floats
    low: Floats
    high: Floats
    direct: Floats
    direct_unknown: Flags
    unknown: float
    own: float
    error: float
    closed: list[list[str]]
    over: list[str]
    ignored: int


def look_through(register: Register, target: int, least: float = 0.0) -> LookThrough:
    """Solve for the shares of everyone above `target`.

    Parameters
    ----------
    least
        Fraction of interest: in components that are not inverted, holders that cannot reach it keep M_ij as their share.

    Raises
    ------
    DataGap
        If holdings over 100 % in a loop above the target leave no finite solution.
    """
    found, layers = kernels.all_above(register.above.start, register.above.other, target)
    runs = _runs(register, found)
    reached, error = _reached(register, target, runs)
    _fill_behind(register, runs)
    returns, open_ended = _returns(register, runs, reached, least)
    parties = found[1:]
    share = reached[parties] / (1.0 + returns[parties])
    share[(share > 1) & (share <= 1 + TOLERANCE)] = 1.0
    direct, direct_unknown = _direct(register, target, parties)
    behind, unknown = register.behind[parties], float(register.behind[target])
    return LookThrough(
        parties=parties,
        layers=layers[1:].astype(np.int64),
        share=share,
        low=np.where(open_ended[parties], np.minimum(direct, share), share),
        high=np.maximum(share, np.minimum(1.0, share + unknown - behind * share)),
        direct=direct,
        direct_unknown=direct_unknown,
        unknown=unknown,
        own=float((reached[target] - 1.0) / (1.0 + returns[target])),
        error=error,
        closed=[register.named(b.members) for _, b in runs if b is not None and b.state == "closed"],
        over=register.named(np.sort(found[register.total[found] > 1 + TOLERANCE])),
        ignored=int(register.ignored[found].sum()),
    )


def _runs(register: Register, found: Ints) -> list[tuple[Ints, Block | None]]:
    """Order parties, held before holders, and cut the order into runs of plain parties and circular components."""
    group = register.group[found]
    ordered = found[np.argsort(register.place[group], kind="stable")]
    group = register.group[ordered]
    looped = register.looped[group]
    if not looped.any():
        return [(ordered, None)]
    cuts = 1 + np.flatnonzero((np.diff(group) != 0) & (looped[1:] | looped[:-1]))
    runs: list[tuple[Ints, Block | None]] = []
    for run in np.split(ordered, cuts):
        circular = register.looped[register.group[run[0]]]
        runs.append((np.sort(run), _block(register, np.sort(run))) if circular else (run, None))
    return runs


def _reached(register: Register, target: int, runs: list[tuple[Ints, Block | None]]) -> tuple[Floats, float]:
    """Return column M_·target by party number (in closed components the chance of coming there), and a bound of its error."""
    above, error = register.above, 0.0
    reached = np.zeros(len(register.group))
    reached[target] = 1.0
    for parties, block in runs:
        if block is not None:
            reached[parties], rest = _visits(register, block, reached[parties])
            error += rest
        kernels.push_up(parties, above.start, above.other, above.weight, register.group, reached)
    return reached, error


def _fill_behind(register: Register, runs: list[tuple[Ints, Block | None]]) -> None:
    """Work out what leads to unknown holders behind each party, holders first: u = g + Aᵀu. Kept in the register."""
    above = register.above
    for parties, block in reversed(runs):
        todo = parties[~register.behind_known[parties]]
        if len(todo) == 0:
            continue
        behind = register.behind
        behind[todo] = register.gap[todo]
        kernels.pull_down(todo[::-1].copy(), above.start, above.other, above.weight, register.group, behind)
        if block is not None:
            behind[todo] = _leads(block, behind[todo])
        register.behind_known[todo] = True


def _visits(register: Register, block: Block, inflow: Floats) -> tuple[Floats, float]:
    """Solve (I − A)x = inflow in a component; return x and a bound of the error that a share can have from it."""
    if block.state == "closed":  # a walk that came in comes to every member, and never leaves
        return np.full(len(block.members), inflow.sum()), 0.0
    if block.state == "broken":
        raise _no_solution(register, block)
    if block.inverse is not None:
        return block.inverse @ inflow, 0.0
    if block.factor is not None:
        return block.factor.solve(inflow), 0.0
    # Each term is what remains of the inflow after one more layer; M_ik ≤ M_ii bounds what is left out of any share by its sum.
    total, rest = np.zeros(len(inflow)), inflow
    for _ in range(_STEPS):
        total, rest = total + rest, block.inside @ rest
        if not _REST < rest.sum() < _VISITS:
            break
    if not rest.sum() <= 1e-6:
        raise _no_solution(register, block)
    return total, float(rest.sum())


def _leads(block: Block, gap: Floats) -> Floats:
    """Solve (I − Aᵀ)u = gap in a component: a fraction of each member, so never above 1."""
    if block.state == "closed":
        return gap
    if block.inverse is not None:
        found: Floats = block.inverse.T @ gap
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


def _returns(register: Register, runs: list[tuple[Ints, Block | None]], reached: Floats, least: float) -> tuple[Floats, Flags]:
    """Return M_ii − 1 by party number, and where it was left at 0 because too little reaches a member of a large component."""
    returns, left = np.zeros(len(register.group)), np.zeros(len(register.group), np.bool_)
    for parties, block in runs:
        if block is None or block.state == "closed":
            continue
        wanted = np.flatnonzero(reached[parties] >= (max(EXACT_FROM, least) if block.iterated else least))
        _fill_diagonal(register, block, wanted)
        done = ~np.isnan(block.diagonal)
        returns[parties[done]] = block.diagonal[done] - 1.0
        left[parties[~done]] = True
    return returns, left


def _fill_diagonal(register: Register, block: Block, wanted: Ints) -> None:
    """Work out M_ii of members that have none yet, 64 columns at a time."""
    todo = wanted[np.isnan(block.diagonal[wanted])]
    for part in np.array_split(todo, max(1, -(-len(todo) // 64))):
        if block.factor is not None:
            columns = np.zeros((len(block.members), len(part)))
            columns[part, np.arange(len(part))] = 1.0
            block.diagonal[part] = block.factor.solve(columns)[part, np.arange(len(part))]
            continue
        for member in part:
            column = np.zeros(len(block.members))
            column[member] = 1.0
            block.diagonal[member] = _visits(register, block, column)[0][member]


def _direct(register: Register, target: int, parties: Ints) -> tuple[Floats, Flags]:
    """Return the direct shares of `parties` in the target, and where a holding has no known share."""
    at, known = np.zeros(len(register.group)), np.zeros(len(register.group), np.bool_)
    holders = register.above.of(target)
    at[register.above.other[holders]] = register.above.weight[holders]
    known[register.above.other[holders]] = register.pairs.unknown[register.above.pair[holders]]
    return at[parties], known[parties]


def _block(register: Register, members: Ints) -> Block:
    """Return a circular component, factorised once per register."""
    key = ("block", int(members[0]))
    if key not in register.memo:
        register.memo[key] = _made(register, members)
    return cast(Block, register.memo[key])


def _made(register: Register, members: Ints) -> Block:
    size = len(members)
    inside, outside = _inside(register, members)
    within = np.asarray(inside.sum(axis=0)).ravel()
    nan = np.full(size, np.nan)
    if (np.abs(within - 1) <= TOLERANCE).all() and (outside <= TOLERANCE).all():
        return Block(members, "closed", inside, None, None, nan)
    if size > FACTOR_MEMBERS:
        return Block(members, "solved", inside, None, None, nan)
    system = csc_array(identity(size, format="csc") - inside)
    try:
        if size <= DENSE_MEMBERS:
            inverse = np.linalg.inv(system.toarray())
            return Block(members, _sound(inverse.sum(axis=0)), inside, inverse, None, inverse.diagonal().copy())
        factor: Any = splu(system)  # its stub does not know the transposed solve
        visits = factor.solve(np.ones(size), "T")
        return Block(members, _sound(visits), inside, None, factor, nan)
    except (np.linalg.LinAlgError, RuntimeError):  # exactly singular
        return Block(members, "broken", inside, None, None, nan)


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
    sound = np.isfinite(visits).all() and visits.min() > 1 - 1e-6 and visits.max() < _VISITS
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
