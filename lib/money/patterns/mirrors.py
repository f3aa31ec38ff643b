"""Money there and back of about the same amount, again and again: 等额对敲."""

import numpy as np
import pyarrow as pa

from lib.kernels.mirrors import mirrored
from lib.money.amounts import yuan
from lib.money.patterns.scene import Scene, added, grouped
from lib.money.patterns.settings import Settings, fen, parts


def mirror(scene: Scene, settings: Settings) -> pa.Table:
    """Find two accounts that pay each other about the same amount within some days, several times."""
    moves = scene.book.moves
    rows = np.flatnonzero(scene.moving(fen("min_yuan", settings["min_yuan"])))
    rows = rows[~scene.hub[moves.payer[rows]] & ~scene.hub[moves.payee[rows]]]
    low, high = np.minimum(moves.payer[rows], moves.payee[rows]), np.maximum(moves.payer[rows], moves.payee[rows])
    order = grouped(high)
    order = order[grouped(low[order])]
    rows, low, high = rows[order], low[order], high[order]
    starts = np.flatnonzero(np.append(True, (np.diff(low) != 0) | (np.diff(high) != 0))[: len(rows)])
    ends = np.append(starts[1:], len(rows))[: len(starts)]
    there = moves.payer[rows] == low
    part = np.repeat(np.arange(len(starts)), ends - starts)
    both = np.minimum(added(part, there.astype(np.int64), len(starts)), added(part, (~there).astype(np.int64), len(starts)))
    able = both >= settings["times"]
    starts, ends = starts[able], ends[able]
    tolerance = parts("tolerance_share", settings["tolerance_share"])
    partner = mirrored(starts, ends, there, scene.day[rows], scene.book.amount[rows], settings["days"], tolerance)
    paired = [np.arange(a, b)[partner[a:b] >= 0] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    paired = [p for p in paired if len(p) >= 2 * settings["times"]]
    first = [rows[p[0]] for p in paired]
    centres = [np.array([moves.payer[f], moves.payee[f]]) for f in first]
    fens = [(scene.book.amount[rows[p]], moves.payer[rows[p]] == c[0]) for p, c in zip(paired, centres, strict=True)]
    out, into = (np.array([int(a[s == side].sum()) for a, s in fens], np.int64) for side in (True, False))
    return scene.table(
        "mirror",
        centres,
        [rows[p] for p in paired],
        counterparties=np.ones(len(paired), np.int64),
        times=np.array([len(p) // 2 for p in paired], np.int64),
        out_yuan=yuan(out),
        in_yuan=yuan(into),
    )
