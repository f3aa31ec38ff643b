"""Transfers there and back of about the same amount: as many pairs as can be made, one to one. Arrays in, arrays out."""

import numpy as np
from numba import njit

PARTS = 10_000


@njit(cache=True)
def _fits(there, back, day, fen, days, tolerance):  # type: ignore[no-untyped-def]
    apart, larger = abs(fen[there] - fen[back]), max(fen[there], fen[back])
    near = abs(day[there] - day[back]) <= days
    # apart × 10,000 <= tolerance × larger, without a product that overflows
    return near and apart <= larger // PARTS * tolerance + larger % PARTS * tolerance // PARTS


@njit(cache=True)
def _augment(begin, backs, first_back, day, fen, days, tolerance, partner, reached, came_from):  # type: ignore[no-untyped-def]
    """Look for a free transfer back, if need be by giving others another partner."""
    queue, at = [begin], 0
    while at < len(queue):
        there = queue[at]
        at += 1
        place = first_back[there]
        while place < len(backs) and day[backs[place]] <= day[there] + days:
            back = backs[place]
            if reached[back] != begin and _fits(there, back, day, fen, days, tolerance):
                reached[back] = begin
                came_from[back] = there
                if partner[back] < 0:
                    while True:  # walk back along the way, and give each its new partner
                        there = came_from[back]
                        before = partner[there]
                        partner[there], partner[back] = back, there
                        if there == begin:
                            return
                        back = before
                queue.append(partner[back])
            place += 1


@njit(cache=True)
def mirrored(starts, ends, there, day, fen, days, tolerance):  # type: ignore[no-untyped-def]
    """Pair transfers one way with transfers the other way, as many as possible.

    Parameters: slices of rows, each the transfers between two accounts by day; whether a row goes the first way; days between
    the two of a pair at most; difference in ten-thousandths of the larger amount. Returns each row's partner, -1 for none.
    """
    partner, reached = np.full(len(day), -1, np.int64), np.full(len(day), -1, np.int64)
    first_back, came_from = np.zeros(len(day), np.int64), np.zeros(len(day), np.int64)
    for s in range(len(starts)):
        rows = np.arange(starts[s], ends[s])
        backs = rows[~there[starts[s] : ends[s]]]
        place = 0
        for row in rows:
            if there[row]:
                while place < len(backs) and day[backs[place]] < day[row] - days:
                    place += 1
                first_back[row] = place
        for row in rows:
            if there[row]:
                _augment(row, backs, first_back, day, fen, days, tolerance, partner, reached, came_from)
    return partner
