"""What loans cost by all that is known of them: the bank, the platform's ledger and the schedule, side by side for rules."""

import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.money import apr, scope
from lib.money.amounts import as_fen
from lib.money.derived import of_cases
from lib.money.matching import DAYS, TOL_YUAN
from lib.store import Store

_SHOWN = ("received_yuan", "repaid_yuan", "cost_yuan", "first_on", "last_on", "transfer_ids")


def derive_annual_rates(case: Case, scope_rows: scope.Scope, *, tol_yuan: float = TOL_YUAN, days: int = DAYS) -> pa.Table:
    """Return what every loan of the cases costs a year, by three sources (see `apr`).

    Returns
    -------
    Table, one row per case and loan
        case_id · loan_id · bank_rate, bank_compound, bank_unknown (why there is no rate) · ledger_rate, ledger_compound,
        ledger_unknown · schedule_rate, schedule_compound, schedule_unknown (received is what the bank shows; paid what the
        schedule has) · stated_rate · received_yuan, repaid_yuan, cost_yuan, first_on, last_on, transfer_ids (of the bank).
        Rates are simple: 12 × the monthly internal rate of return, or by days for one payment.
    """
    bank = apr.rows(case.store, "bank", tol_yuan, days)
    others = {"ledger": apr.rows(case.store, "ledger", tol_yuan, days), "schedule": _scheduled(case.store, tol_yuan, days)}
    columns = {"loan_id": bank["loan_id"], "stated_rate": bank["stated_rate"]} | {name: bank[name] for name in _SHOWN}
    for name, rows in {"bank": bank, **others}.items():
        at = pc.index_in(bank["loan_id"], value_set=rows["loan_id"].combine_chunks())
        for column, of in (("rate", "apr_simple"), ("compound", "apr_compound"), ("unknown", "unknown")):
            columns[f"{name}_{column}"] = rows[of].take(at)
    return of_cases(scope.case_loans(case, scope_rows), pa.table(columns), "loan_id")


def _scheduled(store: Store, tol_yuan: float, days: int) -> pa.Table:
    """Return `apr`'s rows with the schedule in place of payments, after those of the bank were worked out."""
    tol_fen = int(as_fen("tol_yuan", tol_yuan))
    key = ("money.scheduled_rates", tol_fen, days)
    if key not in store.memo:
        store.derive("money_apr_flows", apr.movements(store, "bank", tol_yuan, days))
        store.memo[key] = apr.table(store.run("scheduled_loans", tol_fen=tol_fen), store.run("scheduled_flows"))
    return store.memo[key]
