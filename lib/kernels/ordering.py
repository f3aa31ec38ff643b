"""Kernels that put a register in order: holdings by party, parties by who stands above whom.

Arrays in, arrays out. Lists of holdings are compressed as in kernels.ownership.
"""

import numpy as np
from numba import njit

# Lists up to this length are sorted by moving their entries one by one.
FEW = 32


@njit(cache=True, nogil=True)
def sorted_by(party, n):  # type: ignore[no-untyped-def]
    """Return the places that list `party` in ascending order (equal ones as they stand), and where each party's begin."""
    start = np.zeros(n + 1, np.int64)
    for p in party:
        start[p + 1] += 1
    for p in range(n):
        start[p + 1] += start[p]
    free, order = start[:-1].copy(), np.empty(party.size, np.int64)
    for place in range(party.size):
        order[free[party[place]]] = place
        free[party[place]] += 1
    return order, start


@njit(cache=True, nogil=True)
def sorted_pairs(held, holder, n):  # type: ignore[no-untyped-def]
    """Return the places that list holdings by held party, then holder (equal ones as they stand)."""
    order, start = sorted_by(held, n)
    for party in range(n):
        first, end = start[party], start[party + 1]
        if end - first > FEW:
            part = order[first:end]
            order[first:end] = part[np.argsort(holder[part], kind="mergesort")]
            continue
        for at in range(first + 1, end):
            place = order[at]
            while at > first and holder[order[at - 1]] > holder[place]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = place
    return order


@njit(cache=True, nogil=True)
def groups(start, other):  # type: ignore[no-untyped-def]
    """Return the strongly connected component of each party, and all parties in an order of held before holders (Tarjan).

    Parameters
    ----------
    start, other
        The `above` list.

    Returns
    -------
    tuple
        Component of each party · parties, those of one component together and ascending · whether each component is circular.
    """
    n = start.size - 1
    seen, low = np.zeros(n, np.int64), np.empty(n, np.int64)  # when a party was found, and the first found that it leads to
    group, itself, looped = np.full(n, -1), np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    ahead, way, stack = start[:-1].copy(), np.empty(n, np.int64), np.empty(n, np.int64)
    line, free = np.empty(n, np.int64), n  # a component is complete when all above it are: it goes before them
    time = count = open_ = 0
    for root in range(n):
        if seen[root] > 0:
            continue
        depth = 0
        way[0] = root
        while depth >= 0:
            party = way[depth]
            if seen[party] == 0:
                time += 1
                seen[party] = low[party] = time
                stack[open_] = party
                open_ += 1
            deeper = False
            while ahead[party] < start[party + 1]:
                holder = other[ahead[party]]
                if seen[holder] == 0:
                    depth += 1
                    way[depth] = holder
                    deeper = True
                    break
                if group[holder] < 0:
                    low[party] = min(low[party], low[holder])
                    itself[party] |= holder == party
                ahead[party] += 1
            if deeper:
                continue
            if low[party] == seen[party]:
                looped[count] = itself[party] or stack[open_ - 1] != party
                members = _members(stack, open_, party)
                open_, free = open_ - members.size, free - members.size
                line[free : free + members.size] = members
                group[members] = count
                count += 1
            depth -= 1
    return group, line, looped[:count].copy()


@njit(cache=True)
def _members(stack, end, first):  # type: ignore[no-untyped-def]
    """Return what stands on the stack from `first` to its end, in ascending order."""
    at = end - 1
    while stack[at] != first:
        at -= 1
    return stack[at:end].copy() if end - at == 1 else np.sort(stack[at:end])
