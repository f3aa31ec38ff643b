"""The coverage calendar: month by month, whether an account's statements are there, and where lines must be missing."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.money import scope as scopes
from lib.money.amounts import yuan
from lib.money.statements import Flags, Ints, Statements, coverage, statements
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
    account: Ints = np.cumsum(lines.first)
    moved = np.cumsum(lines.signed)  # by the line and all before it, whatever the account: only differences are used
    heads, tails = _ends(account, month, np.ones(len(month), np.bool_))
    first, last = _ends(account, month, lines.stated)  # the same months, -1 where none is stated
    opening = lines.balance[first] - (moved[first] - moved[heads] + lines.signed[heads])
    closing = lines.balance[last] + (moved[tails] - moved[last])
    known = pa.array(first >= 0)
    return pa.table(
        {
            "account_id": lines.account_id.take(pa.array(heads)),
            "month": _first_days(month[heads]),
            "opening_yuan": pc.if_else(known, yuan(opening), None),
            "closing_yuan": pc.if_else(known, yuan(closing), None),
        }
    )


def _ends(account: Ints, month: Ints, marked: Flags) -> tuple[Ints, Ints]:
    """Return for each account and month the first and the last of the marked lines, -1 where none is."""
    order = np.lexsort((month, account))  # stable: lines of a month stay in the order in which they were read
    new = np.append(True, (np.diff(account[order]) != 0) | (np.diff(month[order]) != 0))[: len(order)]
    group = np.cumsum(new) - 1
    first, last = np.full(int(new.sum()), -1, np.int64), np.full(int(new.sum()), -1, np.int64)
    kept = marked[order]
    rows, groups = order[kept], group[kept]
    last[groups] = rows  # the last one written stays
    first[groups[::-1]] = rows[::-1]
    return first, last


def _first_days(month: Ints) -> pa.Array:
    """Turn months counted from year 0 into their first days."""
    return pa.array((month - 12 * 1970).astype("datetime64[M]").astype("datetime64[D]"))
