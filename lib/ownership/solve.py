"""Integrated ownership: every holder's share in one party, circular holdings counted once.

With A the direct shares (holder → held) and M = (I − A)⁻¹, y_ij = (M_ij − δ_ij) / M_ii (Baldone, Brioschi and Paleari 1998:
"Ownership measures among firms connected by cross-shareholdings and a further critique of input-output theory"). Read
as a walk from the party upwards, by chance in proportion to the shares, y_ij is the chance that the walk ever comes to i. Only
what is above the party matters, and M_ii only depends on the circular component that i is in.
"""

from dataclasses import dataclass

import numpy as np

from lib.kernels import ownership as kernels
from lib.ownership import blocks
from lib.ownership.above import Above, above_of
from lib.ownership.register import TOLERANCE, Flags, Floats, Ints, Register


@dataclass(frozen=True, eq=False)
class LookThrough:
    """Everyone above one party who has a share of interest in it.

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
        Fraction of interest: holders of less are left out, unless their direct share is unknown.

    Raises
    ------
    DataGap
        If holdings over 100 % in a loop above the target leave no finite solution.
    """
    above = above_of(register, target)
    reached, error = _reached(register, above)
    behind = _behind(register, above)
    returns, open_ended, inexact = _returns(register, above, reached, least)
    share = reached / (1.0 + returns)
    share[(share > 1) & (share <= 1 + TOLERANCE)] = 1.0
    direct, direct_unknown = _direct(register, target, above)
    others = (share >= least) | direct_unknown
    others[above.seat] = False
    share, direct, unknown = share[others], direct[others], float(behind[above.seat])
    over = above.parties[register.total[above.parties] > 1 + TOLERANCE]
    return LookThrough(
        parties=above.parties[others],
        layers=above.layers[others],
        share=share,
        low=np.where(open_ended[others], np.minimum(direct, share), share),
        high=np.maximum(share, np.minimum(1.0, share + unknown - behind[others] * share)),
        direct=direct,
        direct_unknown=direct_unknown[others],
        unknown=unknown,
        own=float((reached[above.seat] - 1.0) / (1.0 + returns[above.seat])),
        error=error + inexact,
        closed=[register.named(b.members) for _, b in above.runs if b is not None and b.state == "closed"],
        over=register.named(np.sort(over)),
        ignored=int(register.ignored[above.parties].sum()),
    )


def _reached(register: Register, above: Above) -> tuple[Floats, float]:
    """Return column M_·target by place (in closed components the chance of coming there), and a bound of its error."""
    error, reached = 0.0, np.zeros(len(above.parties))
    reached[above.seat] = 1.0
    for places, block in above.runs:
        if block is not None:
            reached[places], rest = blocks.visits(register, block, reached[places])
            error += rest
        kernels.push_up(places, above.start, above.other, above.weight, above.group, reached)
    return reached, error


def _behind(register: Register, above: Above) -> Floats:
    """Return what leads to unknown holders behind each party, holders first: u = g + Aᵀu. Kept in the register."""
    known = register.behind_known[above.parties]
    if known[above.seat]:  # then everyone above is known
        return register.behind[above.parties]
    behind = np.where(known, register.behind[above.parties], register.gap[above.parties])
    for places, block in reversed(above.runs):
        todo = places[~known[places]]
        if len(todo) == 0:
            continue
        kernels.pull_down(todo[::-1].copy(), above.start, above.other, above.weight, above.group, behind)
        if block is not None:
            behind[todo] = blocks.leads(block, behind[todo])
    register.behind[above.parties] = behind
    register.behind_known[above.parties] = True
    return behind


def _returns(register: Register, above: Above, reached: Floats, least: float) -> tuple[Floats, Flags, float]:
    """Return M_ii − 1 by place, where it was left at 0 because too little reaches a member of a large component, its error."""
    returns, left = np.zeros(len(above.parties)), np.zeros(len(above.parties), np.bool_)
    inexact = 0.0
    for places, block in above.runs:
        if block is None or block.state == "closed":
            continue
        wanted = np.flatnonzero(reached[places] >= (max(blocks.EXACT_FROM, least) if block.iterated else least))
        blocks.fill_diagonal(register, block, wanted)
        done = ~np.isnan(block.diagonal)
        returns[places[done]] = block.diagonal[done] - 1.0
        left[places[~done]] = True
        inexact = max(inexact, float(block.rest.max()))
    return returns, left, inexact


def _direct(register: Register, target: int, above: Above) -> tuple[Floats, Flags]:
    """Return the direct shares in the target by place, and where a holding has no known share."""
    share, unknown = np.zeros(len(above.parties)), np.zeros(len(above.parties), np.bool_)
    at = slice(int(above.start[above.seat]), int(above.start[above.seat + 1]))
    share[above.other[at]] = above.weight[at]
    unknown[above.other[at]] = register.pairs.unknown[register.above.pair[register.above.of(target)]]
    return share, unknown
