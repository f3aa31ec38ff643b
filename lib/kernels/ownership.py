"""Kernels of the look-through: who is above, pushing shares upwards, who commands what.

Arrays in, arrays out. A register of n parties is given as two compressed lists: `above` (the holders of each party) and
`below` (what each party holds); `start[k] … start[k + 1]` are the places of party k in the list beside it.
"""

import numpy as np
from numba import njit

# What is added up from fractions may miss one half by a rounding error: a majority is more than this.
MAJORITY = 0.5 + 1e-9
# Expected visits beyond this cannot be told from a component that nobody outside owns.
MOST_VISITS = 1e9


@njit(cache=True)
def all_above(start, other, first, halt):  # type: ignore[no-untyped-def]  # arrays of int64, as numba wants them
    """Return the parties above `first` (itself first), nearest layer first, and their holdings among themselves.

    Parameters
    ----------
    start, other
        The `above` list, int64.
    first
        Party from which to look upwards.
    halt
        Parties above which not to look, as flags; of no length, if there are none.

    Returns
    -------
    tuple
        Parties · their layers · the `above` list among them (`start`, `other`, by their places in the first list) · where
        each of its holdings is in the register's list.
    """
    numbers, seats = np.full(256, -1), np.empty(256, np.int64)  # a hash table: as large as the answer, not as the register
    found, layers, at_start = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(65, np.int64)
    near, edge = np.empty(256, np.int64), np.empty(256, np.int64)
    found[0], layers[0], count, edges, at = first, 0, 1, 0, 0
    slot = _slot(numbers, first)
    numbers[slot], seats[slot] = first, 0
    while at < count:
        party = found[at]
        at_start[at] = edges
        if halt.size > 0 and halt[party]:
            at += 1
            continue
        while edges + start[party + 1] - start[party] > near.size:
            near = np.concatenate((near, np.empty(near.size, np.int64)))
            edge = np.concatenate((edge, np.empty(edge.size, np.int64)))
        for e in range(start[party], start[party + 1]):
            edge[edges] = e
            slot = _slot(numbers, other[e])
            if numbers[slot] < 0:
                if count == found.size:
                    found = np.concatenate((found, np.empty(count, np.int64)))
                    layers = np.concatenate((layers, np.empty(count, np.int64)))
                    at_start = np.concatenate((at_start, np.empty(count + 1, np.int64)))
                found[count], layers[count] = other[e], layers[at] + 1
                numbers[slot], seats[slot] = other[e], count
                near[edges] = count
                count += 1
                if 2 * count > numbers.size:
                    numbers, seats = _wider(found[:count], 4 * numbers.size)
            else:
                near[edges] = seats[slot]
            edges += 1
        at += 1
    at_start[count] = edges
    ends = at_start[: count + 1].copy()
    return found[:count].copy(), layers[:count].copy(), ends, near[:edges].copy(), edge[:edges].copy()


@njit(cache=True)
def layers_above(start, other, first):  # type: ignore[no-untyped-def]
    """Return the fewest holdings between each party of a list and `first`, −1 for those that are not above it."""
    layers, line = np.full(start.size - 1, -1), np.empty(start.size - 1, np.int64)
    line[0], layers[first], count, at = first, 0, 1, 0
    while at < count:
        party = line[at]
        for e in range(start[party], start[party + 1]):
            if layers[other[e]] < 0:
                line[count], layers[other[e]] = other[e], layers[party] + 1
                count += 1
        at += 1
    return layers


@njit(cache=True)
def _slot(numbers, party):  # type: ignore[no-untyped-def]
    """Return where a party is in the hash table, or the free slot for it."""
    slot = ((party * 0x2C1B3C6D) >> 12) & (numbers.size - 1)
    while numbers[slot] >= 0 and numbers[slot] != party:
        slot = (slot + 1) & (numbers.size - 1)
    return slot


@njit(cache=True)
def _wider(found, size):  # type: ignore[no-untyped-def]
    numbers, seats = np.full(size, -1), np.empty(size, np.int64)
    for seat in range(found.size):
        slot = _slot(numbers, found[seat])
        numbers[slot], seats[slot] = found[seat], seat
    return numbers, seats


@njit(cache=True)
def push_up(parties, start, other, share, group, reached):  # type: ignore[no-untyped-def]
    """Add to each holder of `parties`, in the order given, its share of what has reached the held party.

    Holdings inside one group (a circular component) are left out: they are in the component's own solve.
    """
    for party in parties:
        for e in range(start[party], start[party + 1]):
            if group[other[e]] != group[party]:
                reached[other[e]] += share[e] * reached[party]


@njit(cache=True)
def pull_down(parties, start, other, share, group, behind):  # type: ignore[no-untyped-def]
    """Add to each of `parties`, in the order given, its holders' `behind` by share; holdings inside one group are left out."""
    for party in parties:
        for e in range(start[party], start[party + 1]):
            if group[other[e]] != group[party]:
                behind[party] += share[e] * behind[other[e]]


@njit(cache=True)
def circulate(start, other, share, inflow, least, laps):  # type: ignore[no-untyped-def]
    """Solve x = inflow + A·x in a circular component by handing on what reaches each member until little is left anywhere.

    Only additions of what is not negative: nothing cancels, and what is left over bounds the error. Members take their turn
    up and down the list, and hand on what came in this lap already (Gauss-Seidel): half the laps of a power iteration.

    Parameters
    ----------
    start, other, share
        Holders of each member among the members.
    inflow
        What comes in at each member, not negative.
    least
        A member with no more than this left is at rest.
    laps
        After so many it is given up.

    Returns
    -------
    tuple
        x · what was left in all, infinite if it was given up.
    """
    n = inflow.size
    total, rest = np.zeros(n), inflow.copy()
    for lap in range(laps):
        most = 0.0
        for turn in range(n):
            member = turn if lap % 2 == 0 else n - 1 - turn
            amount = rest[member]
            if amount <= least:
                continue
            most = max(most, amount)
            total[member] += amount
            rest[member] = 0.0
            for e in range(start[member], start[member + 1]):
                rest[other[e]] += share[e] * amount
        if most == 0.0:
            return total, rest.sum()
        if not most < MOST_VISITS:
            break
    return total, np.inf


@njit(cache=True)
def through(columns, inflow):  # type: ignore[no-untyped-def]
    """Multiply a matrix, given as its columns one after the other, with a vector in which little is not 0.

    Each entry is added up from the first column to the last: the same, to the last bit, for whoever asks.
    """
    n = inflow.size
    made = np.zeros(n)
    for column in range(n):
        if inflow[column] != 0.0:
            for row in range(n):
                made[row] += columns[column * n + row] * inflow[column]
    return made


@njit(cache=True)
def commanded(start, other, votes, head):  # type: ignore[no-untyped-def]
    """Return what `head` controls: parties in which it commands a majority, counting the votes of what it controls.

    Parameters
    ----------
    start, other, votes
        The `below` list with the fraction of votes.
    head
        Party whose reach is asked for.

    Returns
    -------
    tuple
        Controlled parties in the order in which they came under control (`head` itself is not among them), and whether
        they and it command a majority of `head` too.
    """
    total = np.zeros(start.size - 1)
    inside = np.zeros(start.size - 1, np.bool_)
    line = np.empty(64, np.int64)
    line[0], count, at = head, 1, 0
    inside[head] = True
    while at < count:
        for e in range(start[line[at]], start[line[at] + 1]):
            party = other[e]
            total[party] += votes[e]
            if total[party] > MAJORITY and not inside[party]:
                inside[party] = True
                if count == line.size:
                    line = np.concatenate((line, np.empty(count, np.int64)))
                line[count] = party
                count += 1
        at += 1
    return line[1:count].copy(), total[head] > MAJORITY


@njit(cache=True)
def heads(up_start, holder, up_votes, down_start, held):  # type: ignore[no-untyped-def]
    """Return for every party the head of the group that commands it; itself, where nobody does.

    A party whose majority is commanded by one group joins it and votes with it from then on, until nothing changes. Where the
    votes of no party add up to more than one, whoever controls a party is its head or is in its head's group.
    """
    n = up_start.size - 1
    head = np.arange(n)
    after, last = np.full(n, -1), np.arange(n)  # members of each group, as linked lists
    line, waiting = np.arange(n), np.ones(n, np.bool_)  # a ring: each party waits at most once
    at, count = 0, n
    total = np.zeros(n)
    while count > 0:
        party = line[at]
        at, count = (at + 1) % n, count - 1
        waiting[party] = False
        if head[party] != party:
            continue
        winner = -1
        for e in range(up_start[party], up_start[party + 1]):
            of = head[holder[e]]
            total[of] += up_votes[e]
            if total[of] > MAJORITY and of != party and winner < 0:
                winner = of
        for e in range(up_start[party], up_start[party + 1]):
            total[head[holder[e]]] = 0.0
        if winner < 0:
            continue
        member = party
        while member >= 0:  # the whole group moves: what its members hold is looked at again
            head[member] = winner
            for e in range(down_start[member], down_start[member + 1]):
                if not waiting[held[e]]:
                    waiting[held[e]] = True
                    line[(at + count) % n] = held[e]
                    count += 1
            member = after[member]
        after[last[winner]] = party
        last[winner] = last[party]
    return head
