"""What borrowers owe: the principal outstanding of every loan day by day, and who owes more than a cap."""

import datetime as dt

import pyarrow as pa

from lib.case import Case
from lib.money import scope
from lib.money.amounts import as_fen
from lib.ownership.everyone import derive_register_controllers
from lib.store import Store

_NO_GROUPS = pa.table({"member_id": pa.array([], pa.string()), "group_id": pa.array([], pa.string())})


def owed_days(store: Store) -> pa.Table:
    """Return loan_id · on_day · low_yuan · high_yuan: what is owed from that day on; worked out once per Store version."""
    key = ("money.owed_days",)
    if key not in store.memo:
        store.memo[key] = store.run("owed_days")
    found: pa.Table = store.memo[key]
    return found


def derive_owed_days(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return what is owed on every loan, for rules; the same for every scope.

    Returns
    -------
    Table, one row per loan and day on which what is owed on it changes
        loan_id · on_day · low_yuan, high_yuan (principal owed from that day on, if the records' gaps are filled with the most
        and the least that may have been repaid).
    """
    return owed_days(case.store)


def derive_owed_at_platform(
    case: Case, scope_rows: scope.Scope, *, cap_yuan: float, signed_from: dt.date = dt.date.min
) -> pa.Table:
    """Return who owes more than a cap at the platform of a case, for rules.

    Parameters
    ----------
    cap_yuan
        The most that may be owed at the end of a day; the cap itself is not above it.
    signed_from
        First day of signing of the contracts that count.

    Returns
    -------
    Table, one row per case and borrower who is, or may be, above the cap
        case_id · borrower_id · kind · certain (false: only what is not recorded of repayments could show it) · peak_yuan,
        peak_on (the most that is certainly owed, and when first) · first_on, last_on (above the cap) · loan_ids (open at the
        peak; all of them, where it is not certain) · member_ids, owed_yuan (borrower and what is owed of each of these) ·
        platforms (how many).
    """
    return _above(case, scope_rows, cap_yuan, signed_from, _NO_GROUPS, everywhere=False)


def derive_owed_in_all(case: Case, scope_rows: scope.Scope, *, cap_yuan: float, signed_from: dt.date = dt.date.min) -> pa.Table:
    """Return who owes more than a cap at all platforms together, as `derive_owed_at_platform`.

    A borrower is in the case of each platform to which something was owed on a day above the cap.
    """
    return _above(case, scope_rows, cap_yuan, signed_from, _NO_GROUPS, everywhere=True)


def derive_owed_by_group(
    case: Case, scope_rows: scope.Scope, *, cap_yuan: float, signed_from: dt.date = dt.date.min
) -> pa.Table:
    """Return which groups owe more than a cap at the platform of a case, as `derive_owed_at_platform`.

    A group is an ultimate controller, who is its `borrower_id`, and whom only this one controls (see `graph.register`).
    """
    case.store.derive("money_controllers", derive_register_controllers(case, scope_rows))
    return _above(case, scope_rows, cap_yuan, signed_from, case.store.run("borrower_groups"), everywhere=False)


def _above(
    case: Case, scope_rows: scope.Scope, cap_yuan: float, signed_from: dt.date, groups: pa.Table, *, everywhere: bool
) -> pa.Table:
    scope.register_scope(case, scope_rows)
    case.store.derive("money_groups", groups)
    case.store.derive("money_owed_days", owed_days(case.store))
    settings = {"cap_yuan": as_fen("cap_yuan", cap_yuan) / 100, "signed_from": signed_from, "as_of": case.as_of}
    return case.store.run("owed_above", everywhere=everywhere, **settings)


def derive_owed_spans(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return from when to when something is owed on every loan, for rules; the same for every scope.

    Returns
    -------
    Table, one row per loan with a principal and a day
        loan_id · start_on · sure_until, may_until (first day on which nothing is owed any more, if the records' gaps are filled
        with the most and the least that may have been repaid; null if it is still open).
    """
    case.store.derive("money_owed_days", owed_days(case.store))
    return case.store.run("owed_spans")
