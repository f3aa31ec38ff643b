"""Kernels that answer for everybody at once: holders of some size and controllers of each party of a register.

Arrays in, arrays out. Lists of holdings are compressed as in kernels.ownership. What is worked out here for everybody is
added up in the same order as for a single party there, so that both give the same numbers to the last bit.
"""

import numpy as np
from numba import njit

from lib.kernels.ownership import MAJORITY, through

# Members of a component beyond which it is not solved here, as `size` says of each component: 0, a plain party.
ELSEWHERE = -1
CLOSED = -2


@njit(cache=True)
def behind_all(line, start, other, share, group, size, at, inverse, gap):  # type: ignore[no-untyped-def]
    """Return what leads to unknown holders behind each party, and whether it is known here (else something above is not).

    Parameters
    ----------
    line
        All parties, held before holders, members of a component together.
    start, other, share
        The `above` list.
    group
        Component of each party.
    size, at, inverse
        Members of each component that is solved here, and where its inverse, column by column, begins.
    gap
        Fraction of each party whose holders are unknown.
    """
    behind, known = gap.copy(), np.ones(gap.size, np.bool_)
    end = line.size
    while end > 0:
        component = group[line[end - 1]]
        first = end - 1
        while first > 0 and group[line[first - 1]] == component:
            first -= 1
        clear = size[component] != ELSEWHERE
        for m in range(end - 1, first - 1, -1):
            party = line[m]
            for e in range(start[party], start[party + 1]):
                if group[other[e]] != component:
                    behind[party] += share[e] * behind[other[e]]
                    clear &= known[other[e]]
        if size[component] > 0:
            flow, n = behind[line[first:end]], end - first
            for row in range(n):
                made = 0.0
                for column in range(n):
                    made += inverse[at[component] + row * n + column] * flow[column]
                behind[line[first + row]] = min(max(made, 0.0), 1.0)
        known[line[first:end]] = clear
        end = first
    return behind, known


@njit(cache=True)
def below_any(line, start, other, group, marked):  # type: ignore[no-untyped-def]
    """Return which parties are marked or have anybody above them who is; `line` has held before holders, as above."""
    found, end = marked.copy(), line.size
    while end > 0:  # holders first, a component at a time
        first = end - 1
        while first > 0 and group[line[first - 1]] == group[line[end - 1]]:
            first -= 1
        hit = False
        for party in line[first:end]:
            hit |= found[party]
            for e in range(start[party], start[party + 1]):
                hit |= found[other[e]]
        found[line[first:end]] = hit
        end = first
    return found


@njit(cache=True)
def _gather(start, other, target, found, layer):  # type: ignore[no-untyped-def]
    """Fill `layer` (−1: not above) of the target and everyone above it; return them, nearest first."""
    count, at = 1, 0
    found[0], layer[target] = target, 0
    while at < count:
        party = found[at]
        for e in range(start[party], start[party + 1]):
            if layer[other[e]] < 0:
                if count == found.size:
                    found = np.concatenate((found, np.empty(count, np.int64)))
                found[count], layer[other[e]] = other[e], layer[party] + 1
                count += 1
        at += 1
    return found, count


@njit(cache=True)
def _solve(parties, start, other, share, group, size, at, inverse, reached):  # type: ignore[no-untyped-def]
    """Hand what has reached the first of `parties`, in order, on to all of them."""
    first = 0
    while first < parties.size:
        component, end = group[parties[first]], first + 1
        while end < parties.size and group[parties[end]] == component:
            end += 1
        n = end - first
        if size[component] == CLOSED:
            reached[parties[first:end]] = reached[parties[first:end]].sum()
        elif size[component] > 0:
            columns = inverse[at[component] : at[component] + n * n]
            reached[parties[first:end]] = through(columns, reached[parties[first:end]])
        for party in parties[first:end]:
            for e in range(start[party], start[party + 1]):
                if group[other[e]] != component:
                    reached[other[e]] += share[e] * reached[party]
        first = end


@njit(cache=True)
def owners_all(targets, line, rank, start, other, share, unknown, group, size, at, inverse, diagonal, behind, least):  # type: ignore[no-untyped-def]
    """Return the holders of some size of many parties.

    Parameters
    ----------
    targets
        Parties asked about; all above them is solved here.
    line, rank
        All parties, held before holders, and the place of each.
    unknown
        Whether a holding of the `above` list has no known share; such holders are always returned.
    diagonal
        M_ii of each party, 1 outside of loops.
    least
        Look-through share from which on a holder is returned.

    Returns
    -------
    tuple
        Target, holder and layers, and share and upper bound, of each holder.
    """
    n = start.size - 1
    layer, reached, open_ = np.full(n, -1, np.int32), np.zeros(n), np.zeros(n, np.bool_)
    found, count = np.empty(64, np.int64), 0
    who, numbers = np.empty((64, 3), np.int64), np.empty((64, 2))
    for target in targets:
        found, many = _gather(start, other, target, found, layer)
        parties = line[np.sort(rank[found[:many]])] if many > 1 else found[:1].copy()
        reached[target] = 1.0
        _solve(parties, start, other, share, group, size, at, inverse, reached)
        for e in range(start[target], start[target + 1]):
            open_[other[e]] = unknown[e]
        for party in parties:
            part = reached[party] / (1.0 + (diagonal[party] - 1.0))
            if 1.0 < part <= 1.0 + 1e-9:
                part = 1.0
            if party != target and (part >= least or open_[party]):
                if count == who.shape[0]:
                    who, numbers = np.concatenate((who, np.empty_like(who))), np.concatenate((numbers, np.empty_like(numbers)))
                who[count, 0], who[count, 1], who[count, 2] = target, party, layer[party]
                numbers[count, 0] = part
                numbers[count, 1] = max(part, min(1.0, part + behind[target] - behind[party] * part))
                count += 1
        for party in parties:
            layer[party], reached[party], open_[party] = -1, 0.0, False
    return who[:count].copy(), numbers[:count].copy()


@njit(cache=True, nogil=True)
def commands_all(heads, down_start, held, down_votes, up_start, holder, most):  # type: ignore[no-untyped-def]
    """Return who controls whom, by the definition of kernels.ownership.commanded, with the way from the controlled party.

    Parameters
    ----------
    heads
        The parties, from one up to before another, that are looked at as controllers.
    down_start, held, down_votes, up_start, holder
        The `below` and `above` lists with the fraction of votes.
    most
        Parties on all ways together beyond which it is given up: there are more then.

    Returns
    -------
    tuple
        Controller, controlled party, and whether the former's own votes suffice, per pair · where each pair's way begins, and
        the ways: shortest ones, of smaller numbers among equals, from the controlled party to its controller · whether a
        controller commands itself with what it controls, per party.
    """
    n = down_start.size - 1
    total, direct, far = np.zeros(n), np.zeros(n), np.full(n, -1, np.int64)
    inside, itself = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    hop, line, queue = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    pairs, count = np.empty((64, 3), np.int64), 0
    begins, ways, length = np.zeros(64, np.int64), np.empty(64, np.int64), 0
    for head in range(heads[0], heads[1]):
        if down_start[head] == down_start[head + 1] or down_votes[down_start[head] : down_start[head + 1]].max() <= MAJORITY:
            continue  # whoever controls anybody has a majority somewhere by its own votes
        several = _commanded(down_start, held, down_votes, head, total, direct, inside, line)
        itself[head] = total[head] > MAJORITY
        if several > 1:
            _distances(down_start, held, up_start, holder, line[:several], inside, far, hop, queue)
            if pairs.shape[0] < count + several:
                pairs, begins = _room(pairs, count + several), _room(begins, count + several)
            for party in line[1:several]:
                pairs[count, 0], pairs[count, 1], pairs[count, 2] = head, party, direct[party] > MAJORITY
                if ways.size < length + far[party] + 1:
                    ways = _room(ways, length + far[party] + 1)
                length = _write(party, head, hop, ways, length)
                count += 1
                begins[count] = length
        _leave(line[:several], down_start, held, total, direct, inside, far)
        if length > most:
            break
    return pairs[:count].copy(), begins[: count + 1].copy(), ways[:length].copy(), itself


@njit(cache=True)
def _commanded(start, held, votes, head, total, direct, inside, line):  # type: ignore[no-untyped-def]
    """Fill `line` with `head` and what it controls, in the order in which it came under control; return how many."""
    for e in range(start[head], start[head + 1]):
        direct[held[e]] = votes[e]
    line[0], count, at = head, 1, 0
    inside[head] = True
    while at < count:
        for e in range(start[line[at]], start[line[at] + 1]):
            party = held[e]
            total[party] += votes[e]
            if total[party] > MAJORITY and not inside[party]:
                inside[party] = True
                line[count] = party
                count += 1
        at += 1
    return count


@njit(cache=True)
def _room(array, entries):  # type: ignore[no-untyped-def]
    """Return the array, doubled until it has room for so many entries."""
    while array.shape[0] < entries:
        array = np.concatenate((array, np.empty_like(array)))
    return array


@njit(cache=True)
def _write(party, head, hop, ways, length):  # type: ignore[no-untyped-def]
    """Write the way from a party to its controller behind the others; return where it ends."""
    while party != head:
        ways[length] = party
        length += 1
        party = hop[party]
    ways[length] = head
    return length + 1


@njit(cache=True)
def _leave(parties, start, held, total, direct, inside, far):  # type: ignore[no-untyped-def]
    """Undo what was noted of a controller, who is the first, and of what it controls."""
    for party in parties:
        for e in range(start[party], start[party + 1]):
            total[held[e]] = direct[held[e]] = 0.0
        inside[party], far[party] = False, -1


@njit(cache=True)
def _distances(down_start, held, up_start, holder, parties, inside, far, hop, queue):  # type: ignore[no-untyped-def]
    """Fill for a controller, the first of `parties`, and what it controls the fewest holdings between, and the next one up."""
    head, count, at = parties[0], 1, 0
    queue[0], far[head] = head, 0
    if parties.size == 2:  # most: nothing is between
        far[parties[1]], hop[parties[1]] = 1, head
        return
    while at < count:
        party = queue[at]
        for e in range(down_start[party], down_start[party + 1]):
            below = held[e]
            if inside[below] and far[below] < 0:
                queue[count], far[below] = below, far[party] + 1
                count += 1
        at += 1
    for party in queue[1:count]:
        for e in range(up_start[party], up_start[party + 1]):
            above = holder[e]
            if inside[above] and far[above] == far[party] - 1:
                hop[party] = above
                break
