"""Rows and ledgers for tests of money: a transfer in a line."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from lib.money.amounts import yuan
from lib.money.ledger import Ledger, assemble

START = dt.datetime(2018, 1, 1, 9)


def at(minutes: float) -> dt.datetime:
    """Return a time so many minutes after nine o'clock of the first day of 2018."""
    return START + dt.timedelta(minutes=minutes)


def move(
    name: str, payer: str | None, payee: str | None, amount: float | str, minutes: float = 0, **more: Any
) -> dict[str, Any]:
    """Return a row of transfers; `minutes` after START."""
    known = {"transfer_id": name, "payer_account": payer, "payee_account": payee, "at": at(minutes), "flow_ids": [], **more}
    return {**known, "amount_yuan": Decimal(str(amount)), "file_order": more.get("file_order", 0)}


def line(
    name: str, account: str, amount: float | str, balance: float | str | None, minutes: float = 0, **more: Any
) -> dict[str, Any]:
    """Return a row of flows: a credit if the amount is positive, else a debit."""
    signed = Decimal(str(amount))
    stated = None if balance is None else Decimal(str(balance))
    known = {"flow_id": name, "account_id": account, "at": at(minutes), "direction": "in" if signed >= 0 else "out"}
    return {**known, "amount_yuan": abs(signed), "balance_yuan": stated, **more}


def shown(*lines: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return flows and the transfers that they show, one each; counterparty_account is the other side."""
    transfers = []
    for order, row in enumerate(lines):
        sides = (row.get("counterparty_account"), row["account_id"])
        payer, payee = sides if row["direction"] == "in" else sides[::-1]
        more = {k: row[k] for k in ("kind", "loan_id", "day_only") if k in row}
        made = {"payer_account": payer, "payee_account": payee, "at": row["at"], "amount_yuan": row["amount_yuan"], **more}
        transfers.append({"transfer_id": row["flow_id"], "flow_ids": [row["flow_id"]], "file_order": order, **made})
    return {"flows": list(lines), "transfers": transfers}


def ledger_of(
    moves: list[tuple[str | None, str | None, int]],
    opening: dict[str, int] | None = None,
    minutes: list[int] | None = None,
    day_only: list[bool] | None = None,
) -> Ledger:
    """Make a ledger of (payer, payee, fen), a minute apart unless `minutes` says otherwise."""
    count, opening = len(moves), opening or {}
    fen = np.array([m[2] for m in moves], np.int64)
    times = [at(m) for m in (minutes or range(count))]
    days = day_only or [False] * count
    rows = pa.table(
        {
            "transfer_id": [f"T{i}" for i in range(count)],
            "payer_account": pa.array([m[0] for m in moves], pa.string()),
            "payee_account": pa.array([m[1] for m in moves], pa.string()),
            "kind": pa.nulls(count, pa.string()),
            "loan_id": pa.nulls(count, pa.string()),
            "amount_yuan": yuan(fen),
            "amount_fen": fen,
            "payer_seq": pa.nulls(count, pa.int64()),
            "payee_seq": pa.nulls(count, pa.int64()),
            "day_only": days,
            "payer_shown": [True] * count,
            "payee_shown": [True] * count,
            "at": pa.array(
                [t.replace(hour=0, minute=0) if d else t for t, d in zip(times, days, strict=True)], pa.timestamp("us")
            ),
        }
    )
    accounts = pa.array(sorted(opening), pa.string())
    held = np.array([opening[a] for a in sorted(opening)], np.int64)
    return assemble(rows, accounts, (accounts, held, np.full(len(held), np.iinfo(np.int64).min)))
