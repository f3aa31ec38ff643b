"""What all patterns look at: the settled ledger as arrays, who holds which account, and the order of its transfers."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.kernels import stretches
from lib.money.amounts import yuan
from lib.money.ledger import Ledger, settled
from lib.money.ordering import DAY_US, Moves
from lib.store import MONEY, Store

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
FOUND, NOT_TESTABLE = "found", "not_testable"
COLUMNS = pa.schema(
    [
        *(("kind", pa.string()), ("outcome", pa.string()), ("unknown", pa.string())),
        ("centre_accounts", pa.list_(pa.string())),
        ("counterparties", pa.int64()),
        *(("amount_yuan", MONEY), ("in_yuan", MONEY), ("out_yuan", MONEY)),
        *(("first_on", pa.date32()), ("last_on", pa.date32())),
        *(("windows", pa.int64()), ("most", pa.int64()), ("density", pa.float64())),
        *(("top_share", pa.float64()), ("concentrated", pa.bool_())),
        *(("out_in_ratio", pa.float64()), ("dwell_hours", pa.float64()), ("dwell_hours_most", pa.float64())),
        *(("resting_yuan", MONEY), ("resting_part", pa.float64()), ("unseen_yuan", MONEY)),
        *(("times", pa.int64()), ("threshold_yuan", MONEY)),
        *(("idle_days", pa.int64()), ("multiple", pa.float64())),
        *(("tied", pa.bool_()), ("transfers", pa.int64()), ("transfer_ids", pa.list_(pa.string()))),
    ]
)


@dataclass(frozen=True, eq=False)
class Scene:
    """The settled ledger of a Store as patterns read it.

    Attributes
    ----------
    owner
        By account: the number of its holder, or one of its own where no holder is known.
    hub
        Accounts that are the centre of no pattern and carry none: custody, payment, tax, settlement.
    """

    store: Store
    book: Ledger
    owner: Ints
    hub: Flags

    @cached_property
    def day(self) -> Ints:
        """The day of each transfer, since 1970."""
        days: Ints = self.book.moves.at // DAY_US
        return days

    @cached_property
    def slots(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Slots in which each transfer may have left its payer and reached its payee (see `slots`)."""
        return slots(self.book.moves)

    def moving(self, least_fen: int, *, known: bool = True) -> Flags:
        """Flag the transfers of an amount, between two different accounts; both of them known, unless told otherwise."""
        payer, payee = self.book.moves.payer, self.book.moves.payee
        kept: Flags = (self.book.amount >= max(least_fen, 1)) & (payer != payee)
        if known:
            kept &= (payer >= 0) & (payee >= 0)
        return kept

    def table(self, kind: str, centres: list[Ints], rows: list[Ints], **figures: Any) -> pa.Table:
        """Lay out patterns of a kind: centres by number, transfers by position, and further columns.

        `amount_yuan` is the sum of the transfers, `in_yuan` and `out_yuan` what they bring to the centres and take from them,
        unless given; `outcome` is found, unless given.
        """
        flat, offsets = _flat(rows)
        inner, inner_offsets = _flat(centres)
        of = np.repeat(np.arange(len(rows)), np.diff(offsets))
        width = len(self.book.accounts) + 1
        member = np.repeat(np.arange(len(rows)), np.diff(inner_offsets)) * width + inner
        columns: dict[str, Any] = {
            "kind": pa.array([kind] * len(rows), pa.string()),
            "outcome": pa.array([FOUND] * len(rows), pa.string()),
            "centre_accounts": _lists(self.book.accounts, inner, inner_offsets),
            "amount_yuan": yuan(added(of, self.book.amount[flat], len(rows))),
            "first_on": self._days(flat, offsets, np.minimum),
            "last_on": self._days(flat, offsets, np.maximum),
            "transfers": pa.array(np.diff(offsets), pa.int64()),
            "transfer_ids": _lists(self.book.table["transfer_id"].combine_chunks(), flat, offsets),
        }
        for name, side in (("in_yuan", self.book.moves.payee), ("out_yuan", self.book.moves.payer)):
            if name not in figures:
                mine = np.isin(of * width + side[flat], member) & (side[flat] >= 0)
                columns[name] = yuan(added(of, np.where(mine, self.book.amount[flat], 0), len(rows)))
        columns |= figures
        return pa.table([_cast(columns.get(f.name), f, len(rows)) for f in COLUMNS], schema=COLUMNS)

    def _days(self, flat: Ints, offsets: Ints, of: np.ufunc) -> pa.Array:
        if len(offsets) == 1:
            return pa.array([], pa.date32())
        return pa.array(of.reduceat(self.day[flat], offsets[:-1]).astype(np.int32)).cast(pa.date32())


def scene(store: Store, hubs: list[str]) -> Scene:
    """Return the scene of a Store for some hubs."""
    book = settled(store)
    query = "select account_id, holder_id from accounts where account_id is not null and holder_id is not null"
    held = store.arrow(query)
    who = pc.dictionary_encode(held["holder_id"].combine_chunks())
    owner = len(who.dictionary) + np.arange(len(book.accounts))
    owner[book.codes(held["account_id"])] = who.indices.to_numpy(zero_copy_only=False)
    return Scene(store, book, owner.astype(np.int64), book.flags(hubs))


def slots(moves: Moves) -> tuple[Ints, Ints, Ints, Ints]:
    """Give each transfer the slots, from the first to the last, in which its payer paid it and in which its payee had it.

    Slots number the moments of an account and compare within one account only. Transfers of one moment share a slot, unless the
    bank numbers all of them; one of which only the day is known has all slots of that day, unless the bank numbers all of the
    day. Returns first and last slot at the payer, first and last slot at the payee; -1 where the account is unknown.
    """
    count = len(moves.at)
    account = np.concatenate((moves.payer, moves.payee)) + 1
    at, free = np.tile(moves.at, 2), np.tile(moves.day_only, 2)
    seq = np.concatenate((moves.payer_seq, moves.payee_seq))
    order = np.argsort(at, kind="stable")
    order = order[grouped(account[order])]
    days, moments = _groups(order, account, at // DAY_US), _groups(order, account, at)
    settled_day = _any(days, free) & ~_any(days, seq < 0)
    at = np.where(settled_day, at // DAY_US * DAY_US, at)
    number = np.where(settled_day | ~(_any(moments, seq < 0) | free), seq, -1)
    if (number >= 0).any():
        order = np.lexsort((number, at, account))
    low = _groups(order, account, at, number)
    high = low.copy()
    wide = free & ~settled_day
    if wide.any():
        first, last = np.full(2 * count, 2**62), np.full(2 * count, -1)
        np.minimum.at(first, days, low)
        np.maximum.at(last, days, low)
        low, high = np.where(wide, first[days], low), np.where(wide, last[days], high)
    low[account == 0] = high[account == 0] = -1
    return low[:count], high[:count], low[count:], high[count:]


def _groups(order: Ints, *keys: Ints) -> Ints:
    """Number rows, given in order of their keys, so that those with equal keys have one number."""
    new = np.zeros(len(order), np.bool_)
    for key in keys:
        new[1:] |= np.diff(key[order]) != 0
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(new)
    return numbers


def _any(groups: Ints, marked: Flags) -> Flags:
    """Flag the rows of the groups that have a marked row."""
    if not marked.any():
        return np.zeros(len(groups), np.bool_)
    return np.bincount(groups, weights=marked, minlength=1)[groups] > 0


def added(of: Ints, fen: Ints, count: int) -> Ints:
    """Add up by pattern, in whole numbers."""
    total = np.zeros(count, np.int64)
    np.add.at(total, of, fen)
    return total


def distinct(of: Ints, what: Ints, count: int) -> Ints:
    """Count by pattern how many different ones there are; the rows of a pattern stand together."""
    found: Ints = stretches.distinct(of, what, count, int(what.max(initial=-1)) + 1)
    return found


def grouped(keys: Ints) -> Ints:
    """Return the order of rows by a key; rows of one key stay in the order of replay, and so of days."""
    order: Ints = stretches.by_key(keys, int(keys.max(initial=-1)) + 1)
    return order


def sliced(rows: Ints, starts: Ints, ends: Ints) -> list[Ints]:
    """Return slices of rows."""
    return [rows[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def numbered(parts: list[Ints]) -> tuple[Ints, Ints]:
    """Return for rows in parts, one after the other: the number of the part, and the row."""
    sizes = np.array([len(part) for part in parts], np.int64)
    return np.repeat(np.arange(len(parts)), sizes), np.concatenate([np.zeros(0, np.int64), *parts])


def _flat(parts: list[Ints]) -> tuple[Ints, Ints]:
    sizes = np.array([len(part) for part in parts], np.int64)
    return np.concatenate([np.zeros(0, np.int64), *parts]), np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)


def _lists(names: pa.Array, flat: Ints, offsets: Ints) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), names.take(pa.array(flat)))


def _cast(values: Any, field: pa.Field, count: int) -> pa.Array:
    if values is None:
        return pa.nulls(count, field.type)
    return values.cast(field.type) if isinstance(values, pa.Array) else pa.array(values, field.type)
