"""Where the money that lenders were paid came from, by month: borrowers, other lenders (借新还旧), the institution's own."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.kernels import mixing
from lib.money.amounts import as_decimal
from lib.money.clients import Crossing, clients, crossing, holding_accounts, uncovered, unseen
from lib.money.ledger import ledger
from lib.store import frame
from lib.words import word

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
SOURCES = ("lender", "borrower", "own", "other", "opening", "unknown")  # the first lies apart for its loan (mixing.APART)
METHODS = ("pro_rata", "fifo")
_COLUMNS = pa.schema(
    [
        ("month", pa.date32()),
        ("account", pa.string()),
        ("funded_by", pa.string()),
        ("pro_rata_yuan", pa.decimal128(18, 2)),
        ("fifo_yuan", pa.decimal128(18, 2)),
        ("pro_rata_share", pa.float64()),
        ("fifo_share", pa.float64()),
        ("transfer_ids", pa.list_(pa.string())),
    ]
)


def payout_sources(case: Case, accounts: list[str] | None = None, apart: bool = True) -> pd.DataFrame:
    """Say by month from whose money lenders were paid, under two conventions side by side.

    Parameters
    ----------
    accounts
        The accounts that pay. Those that hold clients' money, if omitted: of custody, and those of the institution or its
        related parties that took lenders' money or paid lenders.
    apart
        What a lender pays in for a stated loan lies apart: it goes first where that loan is paid out (or its claim, to who sold
        it), and pays others only when nothing else is left. False: it mixes with all the rest from the start.

    Returns
    -------
    DataFrame, one row per month, paying account and whose money it was
        month (its first day) · account · funded_by (lender: what lenders paid in, the rollover 借新还旧; borrower: repaid; own:
        of the institution and its related parties; other: of known parties that are none of these, guarantors among them;
        opening: what accounts held before their first transfer; unknown: from payers or for reasons that nobody knows, and what
        was paid beyond what an account is known to hold) · pro_rata_yuan (each payment takes of all that lies on the account in
        proportion, rounded down, the largest remainders one fen more) · fifo_yuan (what came first goes first) ·
        pro_rata_share, fifo_share (fraction of what the account paid out in the month) · transfer_ids (the payouts that drew on
        the source under either). The sources of a month and account add up to its payouts, to the fen. `attrs`: accounts (that
        pay), uncovered (those of them without a statement: what they paid may not be seen), paid_yuan (all payouts),
        refunded_yuan (lenders' own deposits that went back), sold_yuan (claims sold: the buyer's money to the seller),
        unclear_yuan (paid to nobody known, who may be lenders); none of these three is a payout; undated, undated_yuan,
        reversed (as in `pooling`).

    Raises
    ------
    BadParameter
        If an account is unknown.
    DataGap
        If no loan, no transfer or no account that holds clients' money is known.

    Notes
    -----
    Transfers between the accounts carry their money with them. A lender's money that was paid to the same lender counts as any
    other: the question is whether lending or lenders earned the payout. Rule PZ-02 looks at the share of `lender`.
    """
    made = clients(case)
    moved = crossing(case, made, holding_accounts(case, made, accounts))
    shares = [_mixed(case, moved, method, apart) for method in METHODS]
    went = moved.texts("went")
    out = (moved.payer >= 0) & (moved.payee < 0)
    rows = np.flatnonzero(out & (went == "lender"))
    found = frame(_table(moved, rows, [share[rows] for share in shares]))
    found.attrs |= {"accounts": moved.accounts, "uncovered": uncovered(case, moved.accounts)}
    found.attrs |= unseen(case, moved.accounts)
    found.attrs |= {"paid_yuan": as_decimal(moved.fen[rows].sum())}
    for name, kind in (("refunded_yuan", "refund"), ("sold_yuan", "sale"), ("unclear_yuan", "unknown")):
        found.attrs[name] = as_decimal(moved.fen[out & (went == kind)].sum())
    found.attrs["caption"] = _caption(found)
    return found


def _caption(found: pd.DataFrame) -> str:
    if not len(found):
        return word("flows", "payout_sources_none", n=f"{len(found.attrs['uncovered']):,}")
    of_lenders = found[found["funded_by"] == "lender"]
    low, high = (f"{s:.1%}" for s in sorted(float(of_lenders[f"{m}_share"].max()) if len(of_lenders) else 0.0 for m in METHODS))
    return word("flows", "payout_sources", low=low, high=high)


def _mixed(case: Case, moved: Crossing, method: str, apart: bool) -> Ints:
    """Return fen by transfer and source."""
    book = ledger(case.store)
    opening = np.append(book.opening, 0)[book.codes(pa.array(moved.accounts, pa.string()))]
    came, went = moved.texts("came"), moved.texts("went")
    come = np.array([SOURCES.index(c) for c in came.tolist()], np.int64)
    key, keys = _purposes(moved, (came == "lender") & (moved.payer < 0), np.isin(went, ["loan", "sale", "refund"]), apart)
    work = mixing.pro_rata if method == "pro_rata" else mixing.fifo
    start, unknown = SOURCES.index("opening"), SOURCES.index("unknown")
    found: Ints = work(moved.payer, moved.payee, moved.fen, come, key, opening, start, unknown, keys)
    return found


def _purposes(moved: Crossing, deposits: Flags, uses: Flags, apart: bool) -> tuple[Ints, int]:
    """Number each pair of account and loan for which a lender paid in; -1 where a transfer neither fills nor uses one."""
    loans = pd.factorize(moved.texts("loan_id"))[0].astype(np.int64)  # -1: none
    account = np.where(deposits, moved.payee, moved.payer)
    named = apart & (loans >= 0) & (deposits | (uses & (moved.payer >= 0)))
    pairs, place = np.unique(account[named] * (int(loans.max(initial=0)) + 1) + loans[named], return_inverse=True)
    key = np.full(len(loans), -1, np.int64)
    key[named] = place
    return key, len(pairs)


def _table(moved: Crossing, rows: Ints, shares: list[Ints]) -> pa.Table:
    months = moved.day[rows].astype("datetime64[D]").astype("datetime64[M]")
    groups, group = np.unique(np.stack((months.astype(np.int64), moved.payer[rows])), axis=1, return_inverse=True)
    ids = moved.table["transfer_id"].to_pylist()
    made: list[dict[str, Any]] = []
    for number, (month, payer) in enumerate(groups.T.tolist()):
        mine = np.flatnonzero(group.ravel() == number)
        paid = int(moved.fen[rows[mine]].sum())
        for source, name in enumerate(SOURCES):
            drawn = [share[mine, source] for share in shares]
            used = np.flatnonzero((drawn[0] > 0) | (drawn[1] > 0))
            fen = [int(part.sum()) for part in drawn]
            row = {
                "month": np.datetime64(month, "M").astype("datetime64[D]").item(),
                "account": moved.accounts[payer],
                "funded_by": name,
                "pro_rata_yuan": as_decimal(fen[0]),
                "fifo_yuan": as_decimal(fen[1]),
                "pro_rata_share": fen[0] / paid,
                "fifo_share": fen[1] / paid,
                "transfer_ids": [ids[rows[mine[u]]] for u in used.tolist()],
            }
            made += [row] if len(used) else []
    return pa.Table.from_pylist(made, schema=_COLUMNS)
