"""Kernels of the look-through: who is above, pushing shares upwards, who commands what.

Arrays in, arrays out. A register of n parties is given as two compressed lists: `above` (the holders of each party) and
`below` (what each party holds); `start[k] … start[k + 1]` are the places of party k in the list beside it.
"""

import numpy as np
from numba import njit

# What is added up from fractions may miss one half by a rounding error: a majority is more than this.
MAJORITY = 0.5 + 1e-9


@njit(cache=True)
def all_above(start, other, first):  # type: ignore[no-untyped-def]  # arrays of int64, as numba wants them
    """Return the parties above `first` (itself first), nearest layer first, and their layers.

    Parameters
    ----------
    start, other
        The `above` list, int64.
    first
        Party from which to look upwards.
    """
    seen = np.zeros(start.size - 1, np.int32)  # layer + 1; untouched pages cost nothing
    found = np.empty(64, np.int64)
    found[0], count, at = first, 1, 0
    seen[first] = 1
    while at < count:
        party = found[at]
        for e in range(start[party], start[party + 1]):
            if seen[other[e]] == 0:
                seen[other[e]] = seen[party] + 1
                if count == found.size:
                    found = np.concatenate((found, np.empty(count, np.int64)))
                found[count] = other[e]
                count += 1
        at += 1
    layers = np.empty(count, np.int32)
    for i in range(count):
        layers[i] = seen[found[i]] - 1
    return found[:count].copy(), layers


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
def order_groups(start, other, group, first, members):  # type: ignore[no-untyped-def]
    """Return each group's place in an order in which every held party comes before its holders (Kahn).

    Parameters
    ----------
    start, other
        The `above` list.
    group
        Strongly connected component of each party.
    first, members
        Parties of each component: `members[first[g]:first[g + 1]]`.
    """
    groups = first.size - 1
    waits = np.zeros(groups, np.int64)
    for party in range(group.size):
        for e in range(start[party], start[party + 1]):
            waits[group[other[e]]] += group[other[e]] != group[party]
    line = np.empty(groups, np.int64)
    ready = np.flatnonzero(waits == 0)
    count = ready.size
    line[:count] = ready
    place = np.empty(groups, np.int64)
    for at in range(groups):
        place[line[at]] = at
        for m in range(first[line[at]], first[line[at] + 1]):
            for e in range(start[members[m]], start[members[m] + 1]):
                above = group[other[e]]
                if above != line[at]:
                    waits[above] -= 1
                    if waits[above] == 0:
                        line[count] = above
                        count += 1
    return place


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
