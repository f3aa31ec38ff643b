"""Round trips: money that leaves an account and comes back to it by way of others, within a few days."""

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.errors import BadParameter
from lib.kernels import cycles
from lib.kernels.ordering import sorted_by
from lib.money import scope
from lib.money.amounts import as_fen, whole_number, yuan
from lib.money.ledger import Ledger, ledger, undone
from lib.money.ordering import DAY_US
from lib.money.reversals import pairs
from lib.store import frame
from lib.words import word

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
MOST_HOPS, MOST_DAYS, MOST_TRIPS = 12, 3650, 1_000_000
BUSY = 2_000  # transfers of an account: more are those of a shop, a payment company, a custodian


def round_trips(
    case: Case,
    days: int = 10,
    max_hops: int = 6,
    min_yuan: float = 0,
    hubs: list[str] | None = None,
    busy: int | None = BUSY,
) -> pd.DataFrame:
    """Find money that goes round: transfers that follow each other in time and end at the account where they began.

    Parameters
    ----------
    days
        Days from the first to the last transfer.
    max_hops
        Transfers of a trip, 2 to 12; no account is passed twice.
    min_yuan
        Every transfer of a trip is at least this much, yuan.
    hubs
        Accounts left out: custody, payment, tax and settlement accounts and the busy ones, if omitted; [] for none. `hub_trips`
        counts the trips that pass them.
    busy
        Transfers above which an account is left out as well, whatever it is, but for those of the case itself; None for no
        limit. Without effect where `hubs` is given.

    Returns
    -------
    DataFrame, one row per trip, by time
        trip_id · hops · accounts (list, from the first payer on) · transfer_ids (list, in order) · first_at · last_at ·
        amount_out_yuan (first transfer) · amount_back_yuan (last) · least_yuan (the smallest on the way: no more went all the
        way round) · tied (rests on an order that nobody stated).
        For a case of one party: trips that touch an account of the case (see `accounts`). `attrs`: hubs (accounts left out),
        busy (those of them that are left out for their many transfers alone), reversed (pairs left out: a transfer that came
        back by a reversal, and the reversal).

    Raises
    ------
    BadParameter
        If a setting is out of range, an account of `hubs` is unknown, or there are more than a million trips.

    Notes
    -----
    Times ascend strictly. Transfers of the same time, and days without a time, are taken in every order that the bank's
    sequence allows (a day without a time may be any moment of it): such trips are `tied`. Each trip is listed once, from the
    earliest transfer that can begin it.
    """
    whole_number("days", days, 0, MOST_DAYS)
    whole_number("max_hops", max_hops, 2, MOST_HOPS)
    book = ledger(case.store)
    hidden = left_out(case, book, hubs, busy)
    wanted = wanted_accounts(case, book)
    rows, reversed_pairs = candidates(case, book, wanted, book.flags(hidden), min_yuan, max_hops)
    flat, sizes, ties = _cycles(book, rows, wanted, max_hops, days)
    if len(sizes) > MOST_TRIPS:
        raise BadParameter(
            f"回流超过 {MOST_TRIPS:,} 条。请提高 min_yuan, 减小 days 或 max_hops, 或用 hubs 排除往来极多的账户",
            f"More than {MOST_TRIPS:,} trips. Raise min_yuan, lower days or max_hops, or leave out busy accounts with hubs",
        )
    trips = frame(_table(book, rows[flat], sizes, ties))
    crowded = [] if hubs is not None else sorted(set(hidden) - set(scope.hub_accounts(case, None)))
    trips.attrs |= {"hubs": hidden, "busy": crowded, "reversed": reversed_pairs}
    texts = {
        (True, False): "round_trips_busy",
        (False, True): "round_trips_reversed",
        (True, True): "round_trips_busy_reversed",
    }
    if text := texts.get((bool(crowded), bool(reversed_pairs))):
        trips.attrs["caption"] = word("flows", text, busy=f"{len(crowded):,}", reversed=f"{reversed_pairs:,}")
    return trips


def wanted_accounts(case: Case, book: Ledger) -> Flags:
    """Return one flag per account of the ledger: those of the case; all, for the district."""
    return np.ones(len(book.accounts), np.bool_) if case.is_district else book.flags(scope.account_ids(case)["account_id"])


def left_out(case: Case, book: Ledger, hubs: list[str] | None, busy: int | None) -> list[str]:
    """Return the accounts that trips do not pass: those named, else hubs by kind and accounts with more than `busy` transfers.

    The case's own accounts are never too busy: the question is what they do.

    Raises
    ------
    BadParameter
        If `hubs` names an account that nobody knows, or `busy` is no whole number from 1.
    """
    whole_number("busy", busy, 1, 2**31)
    known = scope.hub_accounts(case, hubs)
    if hubs is not None or busy is None:
        return known
    count, paid = len(book.accounts), book.moves.payer != book.moves.payee
    sides = [side[paid & (side >= 0)] for side in (book.moves.payer, book.moves.payee)]
    crowded = sum(np.bincount(side, minlength=count) for side in sides) > busy
    crowded &= ~book.flags(_own(case))
    return sorted({*known, *book.accounts.filter(pa.array(crowded)).to_pylist()})


def _own(case: Case) -> list[str]:
    if case.is_district:
        return []
    mine = scope.account_ids(case)
    own: list[str] = mine.filter(pc.equal(mine["why"], "own"))["account_id"].to_pylist()
    return own


def candidates(case: Case, book: Ledger, wanted: Flags, hubs: Flags, min_yuan: float, max_hops: int) -> tuple[Ints, int]:
    """Return the transfers that can be part of a trip, and how many pairs of reversals were left out among them.

    Raises
    ------
    BadParameter
        If `min_yuan` is no amount.
    """
    least = as_fen("min_yuan", min_yuan)
    rows = _candidates(book, wanted, hubs, int(np.ceil(float(least))) if least else 0, max_hops)
    return _without_reversals(case, book, rows)


def _candidates(book: Ledger, wanted: Flags, hubs: Flags, least_fen: int, max_hops: int) -> Ints:
    """Return the transfers that are large enough, past no hub, and near enough to a wanted account."""
    payer, payee = book.moves.payer, book.moves.payee
    kept = (payer >= 0) & (payee >= 0) & (payer != payee) & (book.amount >= least_fen)
    rows: Ints = np.flatnonzero(kept)
    rows = rows[~hubs[payer[rows]] & ~hubs[payee[rows]]]
    if wanted.all():
        return rows
    away = _distances(payer[rows], payee[rows], wanted, max_hops) + _distances(payee[rows], payer[rows], wanted, max_hops)
    near: Ints = rows[(away[payer[rows]] <= max_hops) & (away[payee[rows]] <= max_hops)]
    return near


def _without_reversals(case: Case, book: Ledger, rows: Ints) -> tuple[Ints, int]:
    """Leave out what was undone and what undid it; return the rest and how many such pairs touch the transfers given."""
    found = pairs(case.store)
    sides = [np.isin(book.positions(found[side].combine_chunks()), rows) for side in ("original_id", "reversal_id")]
    return rows[~undone(case.store)[rows]], int((sides[0] | sides[1]).sum())


def _distances(tail: Ints, head: Ints, wanted: Flags, limit: int) -> Ints:
    """Return how many transfers from the wanted accounts each account is, up to a limit (beyond: limit + 1)."""
    far = np.where(wanted, 0, limit + 1)
    for step in range(1, limit + 1):
        reached = head[far[tail] == step - 1]
        far[reached] = np.minimum(far[reached], step)
    return far


def _cycles(book: Ledger, rows: Ints, wanted: Flags, max_hops: int, days: int) -> tuple[Ints, Ints, Flags]:
    """Run the search on some transfers (in order of replay)."""
    moves, count = book.moves.of(rows), len(book.accounts)
    low = moves.at
    high = low + np.where(moves.day_only, DAY_US - 1, 0)
    by_high, by_low = np.argsort(high, kind="stable"), np.argsort(low, kind="stable")
    (by_payer, out_start), (by_payee, in_start) = (sorted_by(side[by_high], count) for side in (moves.payer, moves.payee))
    out_rows, in_rows = by_high[by_payer], by_high[by_payee]
    starts = np.flatnonzero(cycles.promising(moves.payer, moves.payee, low, high, by_low, by_high, days * DAY_US))
    packed = (moves.payer, moves.payee, low, high, moves.payee_seq, moves.payer_seq)
    found: tuple[Ints, Ints, Flags] = cycles.cycles(
        starts, packed, out_start, out_rows, in_start, in_rows, wanted, max_hops, days * DAY_US, MOST_TRIPS
    )
    return found


def _table(book: Ledger, flat: Ints, sizes: Ints, ties: Flags) -> pa.Table:
    """Lay out the trips (positions one after the other) by time."""
    ends = np.cumsum(sizes)
    starts = ends - sizes
    at = book.moves.at[flat]
    first = np.minimum.reduceat(at, starts) if len(sizes) else at
    last = np.maximum.reduceat(at, starts) if len(sizes) else at
    order = np.lexsort((flat[ends - 1], flat[starts], last, first))
    rows = np.concatenate([np.arange(starts[i], ends[i]) for i in order]) if len(order) else starts
    offsets = pa.array(np.concatenate(([0], np.cumsum(sizes[order]))), pa.int32())
    transfer_ids = pa.ListArray.from_arrays(offsets, book.table["transfer_id"].combine_chunks().take(pa.array(flat[rows])))
    accounts = pa.ListArray.from_arrays(offsets, book.accounts.take(pa.array(book.moves.payer[flat[rows]])))
    return pa.table(
        {
            "trip_id": pa.array([_trip_id(ids) for ids in transfer_ids.to_pylist()], pa.string()),
            "hops": pa.array(sizes[order]),
            "accounts": accounts,
            "transfer_ids": transfer_ids,
            "first_at": pa.array(first[order]).cast(pa.timestamp("us")),
            "last_at": pa.array(last[order]).cast(pa.timestamp("us")),
            "amount_out_yuan": yuan(book.amount[flat[starts[order]]]),
            "amount_back_yuan": yuan(book.amount[flat[ends[order] - 1]]),
            "least_yuan": yuan((np.minimum.reduceat(book.amount[flat], starts) if len(sizes) else starts)[order]),
            "tied": pa.array(ties[order]),
        }
    )


def _trip_id(transfer_ids: list[str]) -> str:
    """Return an id that stays the same whatever else is found."""
    return "R" + hashlib.sha256("\x1f".join(transfer_ids).encode()).hexdigest()[:10]
