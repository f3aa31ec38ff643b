"""Many pay one, one pays many, and both in turn: fan-in, fan-out and gather-scatter."""

import numpy as np
import pyarrow as pa

from lib.kernels import stretches as kernels
from lib.money.amounts import yuan
from lib.money.patterns.scene import Flags, Ints, Scene, distinct, grouped, numbered, sliced
from lib.money.patterns.settings import PARTS, Settings, fen, parts


def fan_in(scene: Scene, settings: Settings) -> pa.Table:
    """Find accounts that many holders pay within some days, and how much of what goes on one holder has."""
    return _fan(scene, settings, "fan_in")


def fan_out(scene: Scene, settings: Settings) -> pa.Table:
    """Find accounts that pay many holders within some days, and how much of what came in before is one holder's."""
    return _fan(scene, settings, "fan_out")


def _fan(scene: Scene, settings: Settings, kind: str) -> pa.Table:
    moves = scene.book.moves
    centre, other = (moves.payee, moves.payer) if kind == "fan_in" else (moves.payer, moves.payee)
    rows = np.flatnonzero(scene.moving(fen("min_yuan", settings["min_yuan"])))
    rows = rows[~scene.hub[centre[rows]] & (scene.owner[moves.payer[rows]] != scene.owner[moves.payee[rows]])]
    rows = rows[grouped(centre[rows])]
    owner, owners = scene.owner[other[rows]], int(scene.owner.max(initial=-1)) + 1
    starts, ends, most, windows = kernels.stretches(
        centre[rows], scene.day[rows], owner, owners, settings["days"], settings["counterparties"]
    )
    members = sliced(rows, starts, ends)
    of, flat = numbered(members)
    centres = centre[rows[starts]]
    whole, top = _onward(scene, kind, centres, scene.day[rows[starts]], scene.day[rows[ends - 1]], settings["days"])
    share = top / np.maximum(whole, 1)
    moved = pa.array(whole > 0)
    reached = [
        t * PARTS >= parts("top_share", settings["top_share"]) * w for t, w in zip(top.tolist(), whole.tolist(), strict=True)
    ]
    return scene.table(
        kind,
        [centres[i : i + 1] for i in range(len(centres))],
        members,
        counterparties=distinct(of, scene.owner[other[flat]], len(starts)),
        windows=windows,
        most=most,
        top_share=pa.array(share, mask=whole == 0),
        concentrated=pa.array(np.array(reached, np.bool_) & moved.to_numpy(zero_copy_only=False), mask=whole == 0),
        **{"out_yuan" if kind == "fan_in" else "in_yuan": yuan(whole)},
    )


def _onward(scene: Scene, kind: str, centres: Ints, first: Ints, last: Ints, days: int) -> tuple[Ints, Ints]:
    """Add up what runs on the other side of each centre from its first day, a window long or to its last day.

    For a fan-in that is what goes out, a window long from its first day or to its last; for a fan-out what came in, a window
    long up to its last day or from its first. Returns the whole, and the most that one holder has.
    """
    moves = scene.book.moves
    centre, other = (moves.payer, moves.payee) if kind == "fan_in" else (moves.payee, moves.payer)
    rows = np.flatnonzero(scene.moving(0, known=False) & (centre >= 0))
    rows = rows[grouped(centre[rows])]
    first, last = (
        (first, np.maximum(last, first + days - 1)) if kind == "fan_in" else (np.minimum(first, last - days + 1), last)
    )
    span = int(scene.day.max(initial=0)) - int(scene.day.min(initial=0)) + 2 * days + 2
    origin = int(scene.day.min(initial=0)) - days
    key = centre[rows] * span + (scene.day[rows] - origin)
    from_, to = (np.searchsorted(key, centres * span + np.clip(d - origin, 0, span - 1)) for d in (first, last + 1))
    whose = np.where(other[rows] >= 0, scene.owner[other[rows]], -1)
    owners = int(scene.owner.max(initial=-1)) + 1
    whole, top = kernels.largest(from_, to, whose, owners, scene.book.amount[rows])
    return whole, top


def gather_scatter(scene: Scene, settings: Settings) -> pa.Table:
    """Find accounts that many holders pay and that after that pay many, all within some days."""
    moves, least = scene.book.moves, settings["counterparties"]
    kept = np.flatnonzero(scene.moving(fen("min_yuan", settings["min_yuan"])))
    kept = kept[scene.owner[moves.payer[kept]] != scene.owner[moves.payee[kept]]]
    dep_low, dep_high, arr_low, arr_high = scene.slots
    sides = ((moves.payee, moves.payer, arr_low, arr_high), (moves.payer, moves.payee, dep_low, dep_high))
    rows = np.tile(kept, 2)
    group, other, low, high = (np.concatenate((a[kept], b[kept])) for a, b in zip(*sides, strict=True))
    arrives, owner = np.arange(len(rows)) < len(kept), scene.owner[other]
    able = ~scene.hub & _meets(group[arrives], owner[arrives], len(scene.hub), least)
    able &= _meets(group[~arrives], owner[~arrives], len(scene.hub), least)
    order = np.flatnonzero(able[group])
    order = order[np.lexsort((rows[order], low[order], group[order]))]
    rows, group, owner, low, high = (a[order] for a in (rows, group, owner, low, high))
    arrives = arrives[order]
    owners = int(scene.owner.max(initial=-1)) + 1
    starts, ends, windows, sure, part = kernels.crossings(
        group, scene.day[rows], arrives, owner, owners, low, high, settings["days"], least
    )
    members = [rows[a:b][part[a:b]] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    of, flat = numbered([np.arange(a, b)[part[a:b]] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)])
    return scene.table(
        "gather_scatter",
        [group[i : i + 1] for i in starts.tolist()],
        [np.sort(m) for m in members],
        counterparties=distinct(of, owner[flat], len(starts)),
        windows=windows,
        tied=~sure,
    )


def _meets(group: Ints, other: Ints, groups: int, least: int) -> Flags:
    """Flag the groups that meet at least so many different others."""
    order = grouped(group)
    enough: Flags = distinct(group[order], other[order], groups) >= least
    return enough
