"""Money through layers of accounts: scatter-gather, bipartite groups, stacks."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.errors import BadParameter
from lib.kernels import layers as kernels
from lib.kernels import stretches
from lib.money.patterns.scene import FOUND, NOT_TESTABLE, Flags, Ints, Scene, distinct, grouped, numbered, sliced
from lib.money.patterns.settings import PARTS, Settings, fen, parts

MOST_WAYS = 50_000_000


def scatter_gather(scene: Scene, settings: Settings) -> pa.Table:
    """Find pairs of accounts between which several middles carry money on, within some days and in time order."""
    days, least = settings["days"], settings["middles"]
    moves = scene.book.moves
    rows = _inside(scene, settings)
    # a transfer that neither leaves a source nor reaches a target of so many middles is part of none
    rows = rows[
        _busy(scene, rows, moves.payer, moves.payee, days, least) | _busy(scene, rows, moves.payee, moves.payer, days, least)
    ]
    rows = rows[grouped(moves.payee[rows])]
    rows = rows[grouped(moves.payer[rows])]
    start = np.searchsorted(moves.payer[rows], np.arange(len(scene.hub) + 1)).astype(np.int64)
    dep_low, dep_high, arr_low, arr_high = (s[rows] for s in scene.slots)
    members, told, stopped = kernels.scatter_gather(
        start,
        np.arange(len(rows)),
        np.lexsort((rows, moves.payer[rows])),
        (moves.payee[rows], scene.day[rows], arr_low, dep_high),
        (arr_high, dep_low),
        days,
        least,
        MOST_WAYS,
    )
    if stopped:
        raise BadParameter(
            f"scatter_gather 的路径超过 {MOST_WAYS:,} 条。请提高 min_yuan 或 middles, 减小 days, 或用 hubs 排除往来极多的账户",
            f"More than {MOST_WAYS:,} ways of scatter_gather. Raise min_yuan or middles, lower days, or name hubs",
        )
    told = told.reshape(-1, 5)
    parts = [np.sort(rows[part]) for part in _once(members, len(told))]
    of, flat = numbered(parts)
    into = moves.payer[flat] == told[of, 0]  # the legs that leave the source
    return scene.table(
        "scatter_gather",
        [told[i, :2] for i in range(len(told))],
        parts,
        counterparties=distinct(of[into], moves.payee[flat][into], len(told)),
        most=told[:, 2],
        windows=told[:, 3],
        tied=told[:, 4] == 0,
    )


def bipartite(scene: Scene, settings: Settings) -> pa.Table:
    """Find groups of payers that each pay several of the same payees within some days."""
    moves = scene.book.moves
    rows = _inside(scene, settings)
    rows = rows[_busy(scene, rows, moves.payer, moves.payee, settings["days"], settings["payees"])]
    rows = rows[_busy(scene, rows, moves.payee, moves.payer, settings["days"], settings["payers"])]
    pair, network = _network(scene, rows)
    group = kernels.bipartite(*network, settings["days"], settings["payers"], settings["payees"])
    members = _members(group)
    of, flat = numbered(members)
    payers, payees = (distinct(of, side[rows[flat]], len(members)) for side in (moves.payer, moves.payee))
    occur = distinct(of, pair[flat], len(members))
    return scene.table(
        "bipartite",
        [np.unique(moves.payer[rows[m]]) for m in members],
        [np.sort(rows[m]) for m in members],
        counterparties=payees,
        in_yuan=pa.nulls(len(members), pa.float64()),
        **_separable(occur, payers * payees, settings),
    )


def stack(scene: Scene, settings: Settings) -> pa.Table:
    """Find three layers of accounts through which money runs in time order within some days."""
    moves = scene.book.moves
    rows = _inside(scene, settings)
    for centre, other in ((moves.payer, moves.payee), (moves.payee, moves.payer)):  # every leg has both ends that busy
        rows = rows[_busy(scene, rows, centre, other, settings["days"], settings["breadth"])]
    _, network = _network(scene, rows)
    _, dep_high, arr_low, _ = (s[rows] for s in scene.slots)
    group = kernels.stacks(*network, arr_low, dep_high, settings["days"], settings["breadth"])
    members = _members(group)
    legs = [(rows[m[m < len(rows)]], rows[m[m >= len(rows)] - len(rows)]) for m in members]
    ends = [np.concatenate((moves.payer[into], moves.payee[out])) for into, out in legs]
    of, flat = numbered(ends)
    occur, could = (
        (np.array(x, np.int64) for x in zip(*(_pairs_of(scene, *both) for both in legs), strict=True)) if legs else (of, of)
    )
    return scene.table(
        "stack",
        [np.unique(moves.payee[into]) for into, _ in legs],
        [np.unique(np.concatenate(both)) for both in legs],
        counterparties=distinct(of, flat, len(legs)),
        tied=np.array([_tied(scene, *both) for both in legs], np.bool_),
        **_separable(occur, could, settings),
    )


def _pairs_of(scene: Scene, into: Ints, out: Ints) -> tuple[int, int]:
    """Count the pairs of payer and payee that the legs of a stack have, and those that they could have."""
    moves, found, could = scene.book.moves, 0, 0
    for rows in (into, out):
        payers, payees = moves.payer[rows], moves.payee[rows]
        found += len(np.unique(payers * len(scene.hub) + payees))
        could += len(np.unique(payers)) * len(np.unique(payees))
    return found, could


def _separable(found: Ints, could: Ints, settings: Settings) -> dict[str, pa.Array]:
    """Say how complete groups are; in one that is far from it, busy accounts overlap, and what is inside is not told apart."""
    least = parts("density_share", settings["density_share"])
    whole = np.array([f * PARTS >= least * c for f, c in zip(found.tolist(), could.tolist(), strict=True)], np.bool_)
    return {
        "density": pa.array(found / np.maximum(could, 1), pa.float64()),
        "outcome": pa.array(np.where(whole, FOUND, NOT_TESTABLE), pa.string()),
        "unknown": pc.if_else(pa.array(whole), None, pa.scalar("not_separable")),
    }


def _tied(scene: Scene, into: Ints, out: Ints) -> bool:
    """Tell whether a leg into a middle is carried on by none that surely follows it, or the other way round."""
    dep_low, _, _, arr_high = scene.slots
    moves, count = scene.book.moves, len(scene.hub)
    soonest, latest = np.full(count, 2**62), np.full(count, -1)
    np.minimum.at(soonest, moves.payee[into], arr_high[into])
    np.maximum.at(latest, moves.payer[out], dep_low[out])
    unsure = (arr_high[into] >= latest[moves.payee[into]]).any() or (dep_low[out] <= soonest[moves.payer[out]]).any()
    return bool(unsure)


def _inside(scene: Scene, settings: Settings) -> Ints:
    """Return the transfers between two known accounts neither of which is a hub."""
    moves = scene.book.moves
    rows = np.flatnonzero(scene.moving(fen("min_yuan", settings["min_yuan"])))
    inside: Ints = rows[~scene.hub[moves.payer[rows]] & ~scene.hub[moves.payee[rows]]]
    return inside


def _busy(scene: Scene, rows: Ints, centre: Ints, other: Ints, days: int, least: int) -> Flags:
    """Flag the transfers that lie in a window in which their centre meets at least so many others."""
    order = grouped(centre[rows])
    mine = rows[order]
    starts, ends, _, _ = stretches.stretches(centre[mine], scene.day[mine], other[mine], len(scene.hub), days, least)
    marked = np.zeros(len(rows), np.bool_)
    for part in sliced(order, starts, ends):
        marked[part] = True
    return marked


def _once(members: Ints, patterns: int) -> list[Ints]:
    """Return the rows of each pattern, each once, of (pattern, row) one after the other."""
    width = int(members[1::2].max(initial=0)) + 1
    keys = np.unique(members[::2] * width + members[1::2])
    cuts = np.searchsorted(keys, np.arange(1, patterns) * width)
    return np.split(keys % width, cuts) if patterns else []


def _network(scene: Scene, rows: Ints) -> tuple[Ints, tuple[Ints, Ints, int, Ints, int, Ints]]:
    """Number the pairs of payer and payee, and return all that the kernels of groups read: sides, pairs, days."""
    payer, payee, accounts = scene.book.moves.payer[rows], scene.book.moves.payee[rows], len(scene.hub)
    pair: Ints = np.unique(payer * accounts + payee, return_inverse=True)[1].astype(np.int64)
    return pair, (payer, payee, accounts, pair, int(pair.max(initial=-1)) + 1, scene.day[rows])


def _members(group: Ints) -> list[Ints]:
    """Return the rows of each group, in order of the groups' first rows."""
    inside = np.flatnonzero(group >= 0)
    order = inside[np.argsort(group[inside], kind="stable")]
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    return np.split(order, cuts) if len(order) else []
