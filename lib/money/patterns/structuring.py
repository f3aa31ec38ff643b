"""Amounts just below those from which banks report, several within days: 临界拆分.

A customer's cash counts by itself; other transfers are held against the threshold of natural persons or of others.
"""

from typing import Any

import numpy as np
import pyarrow as pa

from lib.kernels.stretches import stretches
from lib.money.amounts import yuan
from lib.money.patterns.scene import FOUND, NOT_TESTABLE, Ints, Scene, added, distinct, numbered, sliced
from lib.money.patterns.settings import PARTS, Settings, day, fen, parts

_UNKNOWN, _PERSON, _COMPANY, _CASH = range(4)
_OF = {_PERSON: "person_yuan", _COMPANY: "company_yuan", _CASH: "cash_yuan"}


def structuring(scene: Scene, settings: Settings) -> pa.Table:
    """Find customers with several transfers one way in the band below a threshold within some days.

    By the settings allowed, so many of them always add up to the threshold.
    Whether an account without a known holder is a person's is not known: it is held against both thresholds, and what then
    lies in a band is told as not testable.
    """
    moves, since = scene.book.moves, day("since", settings["since"])
    kept = np.flatnonzero(scene.moving(0, known=False) & (scene.day >= since))
    account = np.concatenate((moves.payer[kept], moves.payee[kept]))
    rows, out = np.tile(kept, 2), np.arange(2 * len(kept)) < len(kept)
    known = (account >= 0) & ~scene.hub[account]
    # between a holder's own accounts nothing is paid in or out
    inner = (moves.payer[rows] >= 0) & (moves.payee[rows] >= 0)
    inner &= scene.owner[moves.payer[rows]] == scene.owner[moves.payee[rows]]
    account, rows, out = account[known & ~inner], rows[known & ~inner], out[known & ~inner]
    kinds, cash = _customers(scene), _cash(scene)[rows]
    tables = []
    for kind, name in _OF.items():
        threshold = fen(name, settings[name])
        least = -(-threshold * parts("band_share", settings["band_share"]) // PARTS)
        band = (scene.book.amount[rows] >= least) & (scene.book.amount[rows] < threshold) & (cash == (kind == _CASH))
        for sure in (True, False):
            mine = band & (True if kind == _CASH else kinds[account] == (kind if sure else _UNKNOWN))
            if sure or kind != _CASH:
                tables.append(_found(scene, settings, account[mine], rows[mine], out[mine], threshold, sure=sure))
    return pa.concat_tables([*tables, _before(scene, since)])


def _before(scene: Scene, since: int) -> pa.Table:
    """Return a row of what was paid before the thresholds held, if anything was."""
    early = np.flatnonzero(scene.moving(0, known=False) & (scene.day < since))
    rows = [early] if len(early) else []
    why = {"outcome": pa.array([NOT_TESTABLE] * len(rows)), "unknown": pa.array(["before_since"] * len(rows))}
    return scene.table("structuring", [early[:0] for _ in rows], rows, **why)


def _found(scene: Scene, settings: Settings, account: Ints, rows: Ints, out: Any, threshold: int, *, sure: bool) -> pa.Table:
    group = scene.owner[account] * 2 + out
    order = np.lexsort((rows, scene.day[rows], group))
    group, rows, account, out = group[order], rows[order], account[order], out[order]
    each = np.arange(len(rows))
    starts, ends, most, windows = stretches(group, scene.day[rows], each, len(rows), settings["days"], settings["times"])
    members = sliced(rows, starts, ends)
    of, flat = numbered(members)
    whole = added(of, scene.book.amount[flat], len(starts))
    other = np.where(np.repeat(out[starts], ends - starts), scene.book.moves.payee[flat], scene.book.moves.payer[flat])
    seen = other >= 0
    nothing = np.zeros(len(starts), np.int64)
    return scene.table(
        "structuring",
        [np.unique(part) for part in sliced(account, starts, ends)],
        members,
        outcome=pa.array([FOUND if sure else NOT_TESTABLE] * len(starts), pa.string()),
        unknown=pa.array([None if sure else "holder_unknown"] * len(starts), pa.string()),
        counterparties=distinct(of[seen], scene.owner[other[seen]], len(starts)),
        times=most,
        windows=windows,
        threshold_yuan=yuan(nothing + threshold),
        in_yuan=yuan(np.where(out[starts], 0, whole)),
        out_yuan=yuan(np.where(out[starts], whole, 0)),
    )


def _customers(scene: Scene) -> Ints:
    """Say of each account whether a natural person holds it, somebody else, or nobody known."""
    held = scene.store.run("account_holder_kinds")
    kinds = np.full(len(scene.hub) + 1, _UNKNOWN, np.int64)
    kinds[scene.book.codes(held["account_id"])] = held["held_by"].to_numpy()
    return kinds[:-1]


def _cash(scene: Scene) -> Any:
    """Flag the transfers that a statement calls cash."""
    marks = np.zeros(len(scene.book.amount) + 1, np.bool_)
    marks[scene.book.positions(scene.store.run("cash_transfers")["transfer_id"].combine_chunks())] = True
    return marks[:-1]
