"""Who belongs to whom, by amount and day: claims (contracts, repayments) against transfers, each used once.

First one to one, then several to one, both as the best choice of all and not the first that fits. Arrays in, arrays out; a
claim is given by what may be expected for it: its whole amount, and its amount less a fee that is kept back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from lib.kernels.sums import subsets

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
PARTS, CROWD, MOST = 4, 60, 200
SMALLEST = 20  # a part is at least a twentieth of the sum: with crumbs, some sum fits everything
_MOST_CHOICES = 2_000  # bundles that compete with each other; a choice among more is left to people
_DENSE = 40_000  # cells of a matrix of costs that is written out in full


@dataclass(frozen=True)
class Edges:
    """Claims and transfers that may belong together: places of both, days apart. Places are in the order of their ids."""

    claim: Ints
    move: Ints
    apart: Ints

    def of(self, kept: Flags) -> "Edges":
        """Return some of the edges."""
        return Edges(self.claim[kept], self.move[kept], self.apart[kept])


@dataclass(frozen=True)
class Bundle:
    """Claims and transfers that were found to belong together: one claim and several transfers, or the other way round."""

    claims: tuple[int, ...]
    moves: tuple[int, ...]
    apart: int
    off: int


def nearest(paid: Ints, whole: Ints, net: Ints) -> Ints:
    """Return how far payments are from the whole amount, or from that less the fee if it is nearer (fen)."""
    off: Ints = np.minimum(np.abs(paid - whole), np.abs(paid - net))
    return off


def one_to_one(edges: Edges, off: Ints) -> Flags:
    """Choose edges so that most claims have a transfer, then the fewest days lie between, then amounts are closest.

    Parameters
    ----------
    off
        Difference of amounts of each edge, fen.

    Returns
    -------
    Flags, one per edge
        Whether it is chosen; at most one per claim and one per transfer.
    """
    chosen = np.zeros(len(edges.claim), np.bool_)
    if not len(chosen):
        return chosen
    alone = (np.bincount(edges.claim)[edges.claim] == 1) & (np.bincount(edges.move)[edges.move] == 1)
    chosen[alone] = True
    for part in _components(edges.claim, edges.move, np.flatnonzero(~alone)):
        chosen[part[_best_pairs(edges.claim[part], edges.move[part], edges.apart[part], off[part])]] = True
    return chosen


def bundles(edges: Edges, whole: Ints, net: Ints, moved: Ints, payer: Ints, tolerance: int) -> tuple[list[Bundle], Ints]:
    """Choose bundles of one claim and several transfers, or of several claims and one transfer, that add up.

    The choice settles most claims, then has the fewest days between, then the fewest members, then the closest amounts.

    Parameters
    ----------
    whole, net
        What is expected per claim: all of it, or less a fee. Claims of one bundle are all whole or all net.
    moved, payer
        Amounts of the transfers, fen, and who paid them (a number each): the parts of one claim have one payer.
    tolerance
        Difference of sums that still fits, fen.

    Returns
    -------
    bundles, crowded
        The chosen ones · claims of which too many sums fit (or more than 60 transfers lie near) to choose among them.
    """
    found: dict[tuple[tuple[int, ...], tuple[int, ...]], Bundle] = {}
    crowded: list[Ints] = []
    expected = (whole,) if np.array_equal(whole, net) else (whole, net)
    for amount in expected:
        for split in (True, False):
            made, too_many = _sums(edges, amount, moved, payer, tolerance, split=split)
            crowded.append(too_many)
            for one in made:
                key = (one.claims, one.moves)
                if key not in found or found[key].off > one.off:
                    found[key] = one
    competing = [found[key] for key in sorted(found)]
    owner = np.repeat(np.arange(len(competing)), [len(b.claims) + len(b.moves) for b in competing]).astype(np.int64)
    member = np.array([m for b in competing for m in (*b.claims, *(~m for m in b.moves))], np.int64)
    chosen: list[Bundle] = []
    for part in _components(owner, np.unique(member, return_inverse=True)[1], np.arange(len(owner))):
        group = [competing[k] for k in np.unique(owner[part])]
        if len(group) > _MOST_CHOICES:
            crowded.append(np.array([c for b in group for c in b.claims], np.int64))
        else:
            chosen += group if len(group) == 1 else _best_bundles(group)
    return chosen, np.unique(np.concatenate(crowded)) if crowded else np.zeros(0, np.int64)


def _components(left: Ints, right: Ints, among: Ints) -> Iterator[Ints]:
    """Split edges (places `among` them) into those that hang together."""
    if not len(among):
        return
    a, b = (np.unique(side[among], return_inverse=True)[1] for side in (left, right))
    size = int(a.max()) + 1
    graph = csr_array((np.ones(len(among), np.int8), (a, b + size)), shape=(size + int(b.max()) + 1,) * 2)
    label = connected_components(graph, directed=False)[1][a]
    order = np.argsort(label, kind="stable")
    yield from np.split(among[order], np.flatnonzero(np.diff(label[order])) + 1)


def _best_pairs(claim: Ints, move: Ints, apart: Ints, off: Ints) -> Ints:
    """Return the edges of the best one-to-one choice within one component."""
    (claims, a), (moves, b) = (np.unique(side, return_inverse=True) for side in (claim, move))
    count = len(claims)
    unit = 1 + count**3 * int(apart.max() + 2) * int(off.max()) // 2**50  # sums of costs stay exact in doubles
    off = off // unit
    cost = 1.0 + apart * (1.0 + off.max() * count) + off  # all amounts together weigh less than one day
    nobody = (cost.max() + 1) * (count + 1)  # dearer than all pairs together: a claim stays alone only where it must
    if len(claims) * len(moves) <= _DENSE:
        matrix = np.full((len(claims), len(moves)), nobody)
        matrix[a, b] = cost
        pairs: tuple[Any, Any] = linear_sum_assignment(matrix)
    else:
        places = np.arange(len(claims))
        weights = np.concatenate((cost, np.full(len(claims), nobody)))
        sides = np.concatenate((a, places)), np.concatenate((b, places + len(moves)))
        graph = csr_array((weights, sides), shape=(len(claims), len(moves) + len(claims)))
        pairs = min_weight_full_bipartite_matching(graph)
    taken = np.full(len(claims), -1, np.int64)
    taken[pairs[0]] = pairs[1]
    return np.flatnonzero(taken[a] == b)


def _sums(edges: Edges, amount: Ints, moved: Ints, payer: Ints, tolerance: int, *, split: bool) -> tuple[list[Bundle], Ints]:
    """Find the bundles of one claim and several transfers of one payer (`split`), or of several claims and one transfer."""
    many, target, parts = (edges.move, amount[edges.claim], moved) if split else (edges.claim, moved[edges.move], amount)
    one = edges.claim * (payer.max(initial=0) + 1) + payer[edges.move] if split else edges.move
    usable = np.flatnonzero((parts[many] <= target + tolerance) & (parts[many] * SMALLEST >= target) & (parts[many] > 0))
    _, place, near = np.unique(one[usable], return_inverse=True, return_counts=True)
    crowded = edges.claim[usable[near[place] > CROWD]]
    kept = usable[(near[place] > 1) & (near[place] <= CROWD)]
    kept = kept[np.lexsort((many[kept], -parts[many[kept]], one[kept]))]
    starts = np.unique(one[kept], return_index=True)[1]
    ends = np.append(starts, len(kept)).astype(np.int64)
    owner, bounds, members, over = subsets(ends, parts[many[kept]], target[kept[starts]], tolerance, PARTS, MOST)
    made = []
    for k, first in enumerate(kept[starts[owner]].tolist()):
        inside = kept[members[bounds[k] : bounds[k + 1]]]
        others = tuple(sorted(many[inside].tolist()))
        off = abs(int(parts[many[inside]].sum()) - int(target[first]))
        days, single = int(edges.apart[inside].sum()), (int((edges.claim if split else edges.move)[first]),)
        made.append(Bundle(single, others, days, off) if split else Bundle(others, single, days, off))
    unclear = [edges.claim[kept[ends[t] : ends[t + 1]]] for t in over.tolist()]
    return made, np.concatenate([crowded, *unclear])


def _best_bundles(group: list[Bundle]) -> list[Bundle]:
    """Return the best choice among bundles that share claims or transfers; each aim in turn, those before it kept."""
    names = sorted({m for b in group for m in (*b.claims, *(~m for m in b.moves))})
    at = {m: k for k, m in enumerate(names)}
    cells = [(at[m], k) for k, b in enumerate(group) for m in (*b.claims, *(~m for m in b.moves))]
    rows, columns = zip(*cells, strict=True)
    once = csr_array((np.ones(len(cells)), (rows, columns)), shape=(len(names), len(group)))
    rules = [LinearConstraint(once, ub=1)]
    picked = np.zeros(len(group))
    settled = [-len(b.claims) for b in group]
    size = [len(b.claims) + len(b.moves) for b in group]
    for aim in (settled, [b.apart for b in group], size, [b.off for b in group]):
        cost = np.array(aim, np.float64)
        whole = np.ones(len(group), np.int64)
        solved: Any = milp(cost, integrality=whole, bounds=Bounds(0, 1), constraints=rules, options={"mip_rel_gap": 0})
        picked = np.rint(solved.x).astype(np.float64)
        rules.append(LinearConstraint(cost[np.newaxis], ub=float(cost @ picked) + 0.5))
    return [b for b, taken in zip(group, picked, strict=True) if taken]
