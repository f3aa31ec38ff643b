"""From payments to statements: who paid when in which order, the balance after every line, and which lines are delivered."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.district.books import KINDS, Books
from lib.district.numbers import padded
from lib.district.sheets import as_yuan

Ints = npt.NDArray[np.int64]
OUT, IN = 0, 1
_CUT_NONE, _CUT_OUT, _CUT_IN = 0, 1, 2


@dataclass(frozen=True)
class Lines:
    """The lines of all delivered statements, by account in order of opening and then as the bank booked them.

    Per line: number of the payment, side (0 out, 1 in), balance after it in fen, the bank's number of the line in its account's
    statement from 1 (0: the bank gives none).
    `starts` holds, per account, where its lines begin; one more at the end.
    """

    payment: npt.NDArray[np.int32]
    side: npt.NDArray[np.int8]
    balance: Ints
    seq: npt.NDArray[np.int32]
    starts: Ints


@dataclass(frozen=True)
class Settled:
    """All payments as arrays, what was on every account at first (fen), and the lines that banks deliver."""

    payments: dict[str, Ints]
    opening: Ints
    lines: Lines


def settle(books: Books) -> Settled:
    """Book every payment on both accounts in time order; raise what was on an account at first where it would be overdrawn.

    Raises
    ------
    ValueError
        If an account whose opening is exact is overdrawn: then the story that pays from it is wrong.
    """
    books.flush()
    payments = {name: np.concatenate([chunk[name] for chunk in books.payments]) for name in books.payments[0]}
    books.payments = [payments]
    accounts = books.sheets["accounts"].table()
    entry, account = _order(payments, len(accounts))
    side, payment = (entry & 1).astype(np.int8), (entry >> 1).astype(np.int32)
    signed = payments["fen"][payment] * np.where(side == OUT, -1, 1)
    bounds = np.searchsorted(account, np.arange(len(accounts) + 1))
    balance, opening = _balances(signed, account, bounds, accounts)
    held = accounts["statements"].to_numpy().astype(bool)[account] & (payments["cut"][payment] != 1 + side)
    kept = np.flatnonzero(held)
    starts = np.searchsorted(account[kept], np.arange(len(accounts) + 1))
    seq = np.arange(len(kept)) - np.repeat(starts[:-1], np.diff(starts)) + 1
    lines = Lines(payment[kept], side[kept], balance[kept], seq.astype(np.int32), starts)
    for number, first in books.swapped:
        _swap(lines, number, first)
    return Settled(payments, opening, lines)


def _swap(lines: Lines, account: int, payment: int) -> None:
    """Print a line after the one that follows it, as banks do that sort lines of one second by another key.

    Such a bank numbers nothing: the account's lines lose their sequence.
    """
    span = slice(int(lines.starts[account]), int(lines.starts[account + 1]))
    place = span.start + int(np.flatnonzero(lines.payment[span] == payment)[0])
    for column in (lines.payment, lines.side, lines.balance):
        column[[place, place + 1]] = column[[place + 1, place]]
    lines.seq[span] = 0


def _order(payments: dict[str, Ints], accounts: int) -> tuple[Ints, npt.NDArray[np.int32]]:
    """Return every booking (2 × payment + side) by account and time, and the accounts; ties in order of the payments."""
    at, count = payments["at"], len(payments["at"])
    by_time = np.argsort(at, kind="stable")
    entry = np.empty(2 * count, np.int64)
    entry[0::2], entry[1::2] = 2 * by_time, 2 * by_time + 1
    account = np.empty(2 * count, np.int32)
    account[0::2], account[1::2] = payments["payer"][by_time], payments["payee"][by_time]
    place = np.argsort(account, kind="stable")
    return entry[place], account[place]


def _balances(signed: Ints, account: npt.NDArray[np.int32], bounds: Ints, accounts: pa.Table) -> tuple[Ints, Ints]:
    """Return the balance after every booking and what was on each account at first."""
    opening, running = accounts["opening_fen"].to_numpy().astype(np.int64).copy(), np.cumsum(signed)
    used = np.flatnonzero(bounds[1:] > bounds[:-1])
    before = np.zeros(len(opening), np.int64)
    before[used] = running[bounds[used]] - signed[bounds[used]]
    running -= before[account]
    lowest = np.zeros(len(opening), np.int64)
    lowest[used] = np.minimum.reduceat(running, bounds[used])
    short = opening + lowest < 0
    exact = accounts["exact"].to_numpy() == 1
    if (wrong := np.flatnonzero(short & exact)).size:
        name, missing = accounts["holder_name"][int(wrong[0])], int((opening + lowest)[wrong[0]])
        raise ValueError(f"account {int(wrong[0])} ({name}) is overdrawn by {-missing} fen")
    opening = np.where(short, (-lowest // 100_000 + 2) * 100_000, opening)
    return running + opening[account], opening


def statements(books: Books, settled: Settled, accounts: pa.Table, loans: pa.Table, chosen: Ints) -> pa.Table:
    """Return lines by their places as rows of `flows`, without ids (`at` in seconds since 1970, amounts in yuan)."""
    lines, payments = settled.lines, settled.payments
    payment, side = lines.payment[chosen], lines.side[chosen]
    own = np.where(side == OUT, payments["payer"][payment], payments["payee"][payment])
    other = np.where(side == OUT, payments["payee"][payment], payments["payer"][payment])
    loan = payments["loan"][payment]
    memos = pa.array(list(books.memos))
    return pa.table(
        {
            "account_id": _take(accounts, "account_id", own),
            "seq": pa.array(lines.seq[chosen].astype(np.int64), mask=lines.seq[chosen] == 0),
            "at": pa.array(payments["at"][payment]).cast(pa.timestamp("s")),
            "direction": pa.array(["out", "in"]).take(pa.array(side)),
            "amount_yuan": as_yuan(pa.array(payments["fen"][payment])),
            "balance_yuan": as_yuan(pa.array(lines.balance[chosen])),
            "counterparty_account": _take(accounts, "account_id", other),
            "counterparty_name": _take(accounts, "holder_name", other),
            "counterparty_bank": _take(accounts, "bank", other),
            "kind": pa.array(KINDS).take(pa.array(payments["kind"][payment].astype(np.int64))),
            "memo": memos.take(pa.array(payments["memo"][payment].astype(np.int64))),
            "loan_id": _take(loans, "loan_id", np.maximum(loan, 0), loan >= 0)
            if len(loans)
            else pa.nulls(len(loan), pa.string()),
            "bank_ref": pc.binary_join_element_wise("2", padded(payment.astype(np.int64), 11), ""),
        }
    )


def _take(table: pa.Table, name: str, places: Ints, known: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    column = table[name].combine_chunks()
    return column.take(pa.array(places, mask=None if known is None else ~known))


def batches(count: int, size: int = 400_000) -> Iterator[tuple[int, int]]:
    """Give the bounds of runs of rows that are held in memory together."""
    for first in range(0, count, size):
        yield first, min(first + size, count)
