"""Where the money of loans went: how much of each payout reaches the institution and its related parties."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.case import Case
from lib.money import scope as scopes
from lib.money.amounts import yuan
from lib.money.ledger import Ledger, settled
from lib.money.lending import Sides, holders_of, loans_of, payout_rows, sides_of
from lib.money.ordering import DAY_US
from lib.money.walking import Walk
from lib.store import MONEY

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_COLUMNS = pa.schema(
    [
        ("case_id", pa.string()),
        ("loan_id", pa.string()),
        ("disbursed_yuan", MONEY),
        ("related_yuan", MONEY),
        ("unknown_yuan", MONEY),
        ("hops", pa.int32()),
        ("first_at", pa.timestamp("us")),
        ("last_at", pa.timestamp("us")),
        ("transfer_ids", pa.list_(pa.string())),
    ]
)


@dataclass
class _Use:
    """What became of one payout, fen; `rows` are the transfers (positions) that show it."""

    disbursed: int
    related: int = 0
    unknown: int = 0
    fees: int = 0
    hops: int | None = None
    rows: list[int] = field(default_factory=list)
    arrivals: list[int] = field(default_factory=list)


def derive_uses_of_funds(case: Case, scope: scopes.Scope, *, hops: int = 4, days: int = 30) -> pa.Table:
    """Trace the payout of every platform loan of the cases, pro rata, to accounts of the related set.

    Parameters
    ----------
    scope
        (case_id, institution_id, party_id) of each case.
    hops, days
        As in `trace`: transfers beyond the payout, days after it.

    Returns
    -------
    Table, one row per case and platform loan with a payout
        case_id · loan_id · disbursed_yuan · related_yuan (first arrivals in accounts of the related set; all of it where the
        borrower belongs to it) · unknown_yuan (paid to nobody stated or to an account written with stars, or at rest in an
        account whose statements do not cover the time from its arrival to the window's end, or lack in that time a movement
        that the other side shows, or paid out to a hub that is not the borrower's) · hops (fewest to a
        related account; null if none) · first_at, last_at (of the arrivals; of the payout, if none) · transfer_ids (the payout
        and what leads to the arrivals).

    Notes
    -----
    Custody, payment, tax and settlement accounts are hubs: neither related nor walked through, but for an account of the
    borrower into which the loan was paid. Fees (kind `fee`, to fee or own accounts of the institution) do not count up to the
    contract's upfront fee. The related set is that of the case's day. A transfer that was undone by a reversal
    (`transfers.reversal_of`) and the reversal itself count as if neither had been.
    """
    book = settled(case.store)
    by_loan = payout_rows(case, book)
    loans = loans_of(case, scope, platform_only=True).to_pylist()
    holders: list[str | None] = holders_of(case, book).to_pylist()
    uses = []
    for case_id, institution_id, party_id in scope:
        mine = [loan for loan in loans if loan["case_id"] == case_id and len(by_loan.get(loan["loan_id"], ()))]
        if not mine:
            continue
        sides = sides_of(case, book, case_id, institution_id, party_id)
        walk = Walk(book, sides.related | sides.hub, hops=hops, days=days)
        uses += [(loan, _use(walk, sides, by_loan[loan["loan_id"]], loan, holders)) for loan in mine]
    return _table(book, uses)


def _use(walk: Walk, sides: Sides, payout: Ints, loan: dict[str, Any], holders: list[str | None]) -> _Use:
    """Follow one payout and add up what became of it."""
    book = walk.book
    use = _Use(int(book.amount[payout].sum()), rows=payout.tolist())
    paid_to = np.unique(book.moves.payee[payout])
    opened = [
        a for a in paid_to.tolist() if a >= 0 and sides.hub[a] and loan["borrower_id"] and holders[a] == loan["borrower_id"]
    ]
    walk.sink[opened] = False
    for rows, _, end in walk.runs(payout):
        _add_related(use, book, sides, rows)
        use.unknown += _unknown(book, sides, walk.sink, rows, end)
    walk.sink[opened] = True
    use.related -= min(use.fees, loan["fee_fen"])
    if loan["borrower_related"]:
        use.related, use.unknown, use.hops, use.arrivals = use.disbursed, 0, 0, payout.tolist()
    return use


def _add_related(use: _Use, book: Ledger, sides: Sides, rows: Ints) -> None:
    """Add what arrives in accounts of the related set, and the transfers by which it came."""
    place, fen, hop = rows[:, 0], rows[:, 1], rows[:, 2]
    payee = book.moves.payee[place]
    arrives = (payee >= 0) & sides.related[payee]
    if not arrives.any():
        return
    is_fee = arrives & sides.fee[payee] & book.is_fee[place]
    use.related += int(fen[arrives].sum())
    use.fees += int(fen[is_fee].sum())
    use.arrivals += place[arrives].tolist()
    fewest = int(hop[arrives].min())
    use.hops = fewest if use.hops is None else min(use.hops, fewest)
    use.rows += _leading(rows, payee, book.moves.payer[place], arrives)


def _leading(rows: Ints, payee: Ints, payer: Ints, arrives: Flags) -> list[int]:
    """Return the positions of the transfers that lead to arrivals: backwards from each, through the accounts that paid."""
    led: set[int] = set()
    chosen = []
    for i in range(len(rows) - 1, -1, -1):
        if arrives[i] or int(payee[i]) in led:
            chosen.append(int(rows[i, 0]))
            if rows[i, 2] > 0:
                led.add(int(payer[i]))
    return chosen


def _unknown(book: Ledger, sides: Sides, sink: Flags, rows: Ints, end: int) -> int:
    """Add up what cannot be followed inside the window: nobody's account, a hub at once, or statements that do not reach."""
    place, fen, hop, ended, _ = rows.T
    payee, payer = book.moves.payee[place], book.moves.payer[place]
    lost = int(fen[payee < 0].sum()) + int(fen[(payee >= 0) & (hop == 0) & sides.hub[payee] & sink[payee]].sum())
    walked = (payee >= 0) & ~sink[payee]
    onward = hop > 0
    touched, first = np.unique(payee[walked], return_index=True)
    rest = np.zeros(len(touched), np.int64)
    np.add.at(rest, np.searchsorted(touched, payee[walked]), (fen - ended)[walked])
    np.subtract.at(rest, np.searchsorted(touched, payer[onward]), fen[onward])
    known = sides.known(touched, book.moves.at[place[walked][first]] // DAY_US, end // DAY_US)
    return lost + int(rest[~known].sum())


def _table(book: Ledger, uses: list[tuple[dict[str, Any], _Use]]) -> pa.Table:
    amounts = {
        f"{name}_yuan": yuan(np.array([getattr(use, name) for _, use in uses], np.int64))
        for name in ("disbursed", "related", "unknown")
    }
    times = list(_spans(book, uses))
    return pa.table(
        {
            "case_id": [loan["case_id"] for loan, _ in uses],
            "loan_id": [loan["loan_id"] for loan, _ in uses],
            **amounts,
            "hops": [use.hops if use.related > 0 else None for _, use in uses],
            "first_at": pa.array([first for first, _ in times], pa.int64()).cast(pa.timestamp("us")),
            "last_at": pa.array([last for _, last in times], pa.int64()).cast(pa.timestamp("us")),
            "transfer_ids": [book.table["transfer_id"].take(sorted(set(use.rows))).to_pylist() for _, use in uses],
        },
        schema=_COLUMNS,
    )


def _spans(book: Ledger, uses: list[tuple[dict[str, Any], _Use]]) -> Iterator[tuple[int, int]]:
    """Give the first and last time of each use's arrivals, else of its payout."""
    for _, use in uses:
        at = book.moves.at[use.arrivals or use.rows]
        yield int(at.min()), int(at.max())
