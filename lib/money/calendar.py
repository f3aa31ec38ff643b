"""The coverage calendar: month by month, whether an account's statements are there, and where lines must be missing."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.money import scope as scopes
from lib.money.amounts import yuan
from lib.money.periods import balances
from lib.money.statements import Ints, Statements, coverage, statements
from lib.store import frame


def coverage_calendar(case: Case) -> pd.DataFrame:
    """Say for every month of the case's accounts whether there are statement lines, and if not, what that means.

    Returns
    -------
    DataFrame, one row per account and month from its first to its last, by account
        account_id · month (its first day) · lines · first_on, last_on (days of its first and last line) · opening_yuan,
        closing_yuan (before the first and after the last line of the month, as stated balances say; in a month without lines
        those of the lines before and after it) · state.
        `state` is covered (there are lines); idle (none, and the balance did not move meanwhile); missing (none, though the
        balance moved from the line before to the line after); unproven (none, and no balance on either side tells); before,
        after (the month lies outside the stated period of the statements, or, where none is stated, of their lines);
        no_statements (nothing was handed over for the account).

    Notes
    -----
    An account's months are those of its lines, of the stated period of its statements, and of the loans that name it as the
    agreed account or whose borrower holds it, from their start to their due day; periods and loans at most to the case's day.
    An account that has none of these is not listed. Balances follow the lines as `coverage` says they were read.
    """
    key = "money.calendar.balances"
    if key not in case.store.memo:
        case.store.memo[key] = _balances(statements(case.store))
    case.store.derive("money_balances", case.store.memo[key])
    case.store.derive("money_coverage", coverage(case.store))
    case.store.derive("money_accounts", scopes.account_ids(case))
    return frame(case.store.run("coverage_calendar", as_of=case.as_of))


def _balances(lines: Statements) -> pa.Table:
    """Return account_id, month, opening_yuan, closing_yuan of every month with lines; null where no line states a balance."""
    day = pa.array(lines.at).cast(pa.timestamp("us"))
    month = 12 * pc.year(day).to_numpy().astype(np.int64) + pc.month(day).to_numpy() - 1
    heads, opening, closing, stated = balances(lines, month)
    known = pa.array(stated)
    return pa.table(
        {
            "account_id": lines.account_id.take(pa.array(heads)),
            "month": _first_days(month[heads]),
            "opening_yuan": pc.if_else(known, yuan(opening), None),
            "closing_yuan": pc.if_else(known, yuan(closing), None),
        }
    )


def _first_days(month: Ints) -> pa.Array:
    """Turn months counted from year 0 into their first days."""
    return pa.array((month - 12 * 1970).astype("datetime64[M]").astype("datetime64[D]"))
