"""What one account is known to hold over time."""

import numpy as np
import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.errors import BadParameter
from lib.money.amounts import as_decimal, yuan
from lib.money.ledger import ledger
from lib.store import frame


def held_balances(case: Case, account: str) -> pd.DataFrame:
    """Say what an account is known to hold after each of its transfers.

    Returns
    -------
    DataFrame in order of replay, one row per transfer into or out of the account
        transfer_id · at · change_yuan (what came, or went if negative) · balance_yuan (what the account is known to hold then,
        never below 0) · unseen_yuan (what it paid beyond what it was known to hold: it came unseen). The balance before plus
        the change plus what came unseen is the balance after. `attrs`: opening_yuan (what its first statement line implies).

    Raises
    ------
    BadParameter
        If no transfer names the account.
    """
    book = ledger(case.store)
    number = int(book.codes([account])[0])
    into, out = (book.moves.payee == number, book.moves.payer == number) if number >= 0 else (np.zeros(0, bool),) * 2
    rows = np.flatnonzero(into | out)
    if not len(rows):
        raise BadParameter(
            f"没有账户 {account} 的划转。请用 flows.accounts(case) 查看账户",
            f"No transfer names the account {account}; flows.accounts(case) lists accounts",
        )
    into, out = into[rows], out[rows]
    amount, before = book.amount[rows], book.before[rows]
    unseen = np.where(out, np.maximum(amount - before, 0), 0)
    after = np.where(into, book.there[rows] + amount, before - amount + unseen)
    made = frame(
        book.table.select(["transfer_id", "at"])
        .take(pa.array(rows))
        .append_column("change_yuan", yuan(np.where(into, amount, 0) - np.where(out, amount, 0)))
        .append_column("balance_yuan", yuan(after))
        .append_column("unseen_yuan", yuan(unseen))
    )
    made.attrs["opening_yuan"] = as_decimal(book.opening[number])
    return made
