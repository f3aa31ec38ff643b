"""What money is said to be for, and what those who are paid deal in: words of purposes and of names."""

import pyarrow as pa

from lib.case import Case
from lib.money import scope


def derive_trades(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return the words by which purposes of loans and names of companies are sorted, for rules; the same for every scope.

    Returns
    -------
    Table, one row per trade
        trade · general (a purpose so wide that it fits most merchants) · purposes, names (regular expressions).
    """
    return case.store.run("trades")
