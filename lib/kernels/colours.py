"""Traced money of accounts that are one pool each, told apart by the colour of its source.

Arrays in, arrays out, amounts in int64 fen. What a payment carries in all is known: the rows of `pools.follow`. Here they are
gone through once more for some colours at a time. The first k colours together have of a payment what is theirs of the traced
money of the balance, rounded half to even; a colour has what that rises by when it joins. So the colours of a payment add up
to what it carries, none is negative or more than is held, and no colour depends on how many are told apart at a time. What
poison turned is of no colour: it stands behind all of them.

Most accounts hold few colours: each has a list of those, by hops made where hops are limited. `nodes` holds one a row: fen,
colour, fewest hops made and the next of the list (row 0: none). Row 0 holds how many rows were ever used and the first that is
free again.
"""

import numpy as np
from numba import njit

from lib.kernels.pools import POISON, in_turn, poisoned, take, total_of
from lib.kernels.tracing import part_of, with_room

_FEN, _COLOUR, _HOP, _NEXT = 0, 1, 2, 3
_USED, _FREE = 0, 3  # of row 0


@njit(cache=True)
def _node(nodes, fen, colour, hop, following):  # type: ignore[no-untyped-def]
    """Return the row of a new node; 0 if there is no room for one."""
    row = nodes[0, _FREE]
    if row > 0:
        nodes[0, _FREE] = nodes[row, _NEXT]
    elif nodes[0, _USED] < len(nodes):
        row = nodes[0, _USED]
        nodes[0, _USED] += 1
    else:
        return np.int64(0)
    nodes[row, _FEN], nodes[row, _COLOUR], nodes[row, _HOP], nodes[row, _NEXT] = fen, colour, hop, following
    return row


@njit(cache=True)
def _share_out(heads, level, total, gone, nodes, parts, count):  # type: ignore[no-untyped-def]
    """Take each colour's part of `gone` out of `total` from a list to `parts` (level, fen, colour, hops); return how many."""
    so_far, given, row, last = np.int64(0), np.int64(0), heads[level], np.int64(0)
    while row > 0:
        so_far += nodes[row, _FEN]
        now = so_far if gone == total else part_of(so_far, gone, total)
        fen, following = now - given, nodes[row, _NEXT]
        given = now
        if fen > 0:
            parts[count, 0], parts[count, 1] = level, fen
            parts[count, 2], parts[count, 3] = nodes[row, _COLOUR], nodes[row, _HOP] + 1
            count += 1
        nodes[row, _FEN] -= fen
        if nodes[row, _FEN] > 0:
            last = row
        else:
            if last > 0:
                nodes[last, _NEXT] = following
            else:
                heads[level] = following
            nodes[row, _NEXT] = nodes[0, _FREE]
            nodes[0, _FREE] = row
        row = following
    return count


@njit(cache=True)
def _leave(rule, payer, paid, balance, joint, nodes, parts):  # type: ignore[no-untyped-def]
    """Take a payment's traced money from its payer: by level into `share`, by level and colour into `parts`."""
    held, share, heads = joint
    before = held[payer].copy()
    if rule == POISON:
        lowest = 0
        while before[lowest] == 0:
            lowest += 1
        before[lowest] += balance - total_of(before)  # what turns
        poisoned(held[payer], paid, balance, share)
    else:
        take(rule, held[payer], paid, balance, share)
    count = 0
    for level in range(len(share)):
        gone = min(share[level], before[level])  # poison also carries what nobody is known to have held: no colour's
        count = _share_out(heads[payer], level, before[level], gone, nodes, parts, count)
    return count


@njit(cache=True)
def _arrive(payee, step, joint, nodes, parts, count):  # type: ignore[no-untyped-def]
    """Give what a row carries to its payee, so many levels further; return whether there was room."""
    held, share, heads = joint
    for level in range(step, len(share)):
        held[payee, level] += share[level - step]
    place, last = np.int64(-1), np.int64(0)
    for part in range(count):  # by level and colour, as the lists are
        if parts[part, 0] + step >= len(share):
            break
        if parts[part, 0] + step != place:
            place, last = parts[part, 0] + step, np.int64(0)
        colour = parts[part, 2]
        row = nodes[last, _NEXT] if last > 0 else heads[payee, place]
        while row > 0 and nodes[row, _COLOUR] < colour:
            last, row = row, nodes[row, _NEXT]
        if row > 0 and nodes[row, _COLOUR] == colour:
            nodes[row, _FEN] += parts[part, 1]
            nodes[row, _HOP] = min(nodes[row, _HOP], parts[part, 3])
            last = row
            continue
        made = _node(nodes, parts[part, 1], colour, parts[part, 3], row)
        if made == 0:
            return False
        if last > 0:
            nodes[last, _NEXT] = made
        else:
            heads[payee, place] = made
        last = made
    return True


@njit(cache=True)
def _write(out, count, r, first, last_level, parts, size):  # type: ignore[no-untyped-def]
    """Write a row per part; return the rows, which may have grown, and their number."""
    out = with_room(out, count + size)
    for part in range(size):
        if parts[part, 2] > 0:
            fen = parts[part, 1]
            out[count, 0], out[count, 1], out[count, 2] = r, fen, parts[part, 3]
            out[count, 3] = fen if parts[part, 0] == last_level else np.int64(0)
            out[count, 4] = first + parts[part, 2] - 1
            count += 1
    return out, count


@njit(cache=True)
def split(rule, rows, of_row, first, colours, hops, sides, accounts, room):  # type: ignore[no-untyped-def]
    """Tell the rows of `pools.follow` apart by colour, for so many colours from `first` on.

    Parameters: rule, rows and hops (-1: no limit) as there, rows of one run; of_row: the colour of each row that is new (hop
    0); sides = (payer, payee, amount, before) of each row, accounts numbered by those that rows touch, payee -1 where money is
    not walked through; room: most nodes, and most rows, that may be kept. Returns whether there was room, and rows of row, fen,
    fewest hops, fen that have made all the hops, and colour; where hops are limited, one per colour and hops made.
    """
    payer, payee, amount, before = sides
    levels = max(hops, 1)
    share = np.zeros(levels, np.int64)
    joint = (np.zeros((accounts, levels), np.int64), share, np.zeros((accounts, levels), np.int64))
    nodes, parts = np.empty((room, 4), np.int64), np.empty(((colours + 1) * levels, 4), np.int64)
    nodes[0, _USED], nodes[0, _FREE] = 1, 0
    out, count = np.empty((1024, 5), np.int64), 0
    for i in range(len(rows)):
        r = in_turn(i, rows, len(rows))
        new, size = rows[r, 2] == 0, 0
        if not new:
            size = _leave(rule, payer[r], amount[r], before[r], joint, nodes, parts)
        else:
            for level in range(levels):
                share[level] = 0
            share[0] = rows[r, 1]
            if of_row[r] < first + colours:  # colour 0 stands for all before the first
                parts[0, 0], parts[0, 1], parts[0, 2], parts[0, 3] = 0, rows[r, 1], max(of_row[r] - first + 1, 0), 0
                size = 1
        last_level = hops - 1 if not new else np.int64(hops == 0) - 1
        out, count = _write(out, count, r, first, last_level, parts, size)
        roomy = count <= room
        if payee[r] >= 0 and (hops != 0 or not new):
            roomy = _arrive(payee[r], 0 if new or hops < 0 else 1, joint, nodes, parts, size) and roomy
        if not roomy:
            return False, out[:0].copy()
    return True, out[:count].copy()
