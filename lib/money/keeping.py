"""Clients' money of every case of a scope, as the tables that rules read: accounts, payments, days and months of payouts."""

import dataclasses
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.errors import DataGap
from lib.money import scope
from lib.money.clients import clients, forget
from lib.money.liability import client_money
from lib.money.payouts import payout_sources
from lib.money.statements import coverage
from lib.store import MONEY

TEXT, TEXTS = pa.string(), pa.list_(pa.string())
ACCOUNTS = pa.schema(
    {"case_id": TEXT, "account_id": TEXT, "holder_id": TEXT, "holder_name": TEXT, "purpose": TEXT, "role": TEXT}
    | {"is_custody": pa.bool_(), "holds_clients": pa.bool_(), "covered_from": pa.date32(), "covered_to": pa.date32()}
    | {"opened_on": pa.date32(), "closed_on": pa.date32(), "lent_from": pa.date32(), "lent_to": pa.date32()}
    | {"undated": pa.int64()}
)
PAYMENTS = pa.schema(
    {"case_id": TEXT, "account_id": TEXT, "transfer_id": TEXT, "other_account": TEXT, "other_id": TEXT, "loan_id": TEXT}
    | {"what": TEXT, "kind": TEXT, "amount_yuan": MONEY, "comes": pa.bool_(), "has_contract": pa.bool_()}
    | {"at": pa.timestamp("us")}
)
DAYS = pa.schema(
    {"case_id": TEXT, "day": pa.date32(), "owed_yuan": MONEY, "balance_yuan": MONEY, "unknown_accounts": pa.int64()}
    | {"shortfall_low_yuan": MONEY, "shortfall_high_yuan": MONEY, "transfer_ids": TEXTS}
)
MONTHS = pa.schema(
    {"case_id": TEXT, "month": pa.date32(), "account": TEXT, "funded_by": TEXT, "pro_rata_yuan": MONEY, "fifo_yuan": MONEY}
    | {"transfer_ids": TEXTS}
)


def derive_client_accounts(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return the accounts of each institution and its circle, and those that hold its clients' money.

    Returns
    -------
    Table, one row per case and account; none for a case of which no loan or no transfer is known
        case_id · account_id · holder_id · holder_name · purpose · role (own, related, staff; of custody that somebody else
        holds, what its holder is) · is_custody · holds_clients (see `payout_sources`) · covered_from, covered_to (null: no
        statement) · opened_on, closed_on · lent_from, lent_to (first and last day on which a loan of the case begins) · undated
        (transfers without a time or an amount).
    """
    return _tables(case, scope_rows)["accounts"]


def derive_client_payments(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return what ran over the accounts of `derive_client_accounts`, as what it is to the clients of the case.

    Returns
    -------
    Table, one row per case, account and transfer (two where both sides are such accounts)
        case_id · account_id · transfer_id · other_account, other_id (the other side) · loan_id · what (as in
        sql/client_moves.sql) · kind · amount_yuan · comes · has_contract · at.
    """
    return _tables(case, scope_rows)["payments"]


def derive_client_days(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return `client_money` of every case.

    case_id · day · owed_yuan · balance_yuan · unknown_accounts · shortfall_low_yuan · shortfall_high_yuan · transfer_ids.
    """
    return _tables(case, scope_rows)["days"]


def derive_payout_months(case: Case, scope_rows: scope.Scope) -> pa.Table:
    """Return `payout_sources` of every case.

    case_id · month · account · funded_by · pro_rata_yuan · fifo_yuan · transfer_ids.
    """
    return _tables(case, scope_rows)["months"]


def _tables(case: Case, scope_rows: scope.Scope) -> dict[str, pa.Table]:
    """Return all four, worked out together and once: what transfers are to clients is the dear part, and is kept for none."""
    key = ("money.keeping", case.as_of, tuple(scope_rows))
    if key not in case.store.memo:
        parts: dict[str, list[pa.Table]] = {"accounts": [], "payments": [], "days": [], "months": []}
        for one in each(case, scope_rows):
            for name, table in _of_one(one).items():
                parts[name].append(table)
            if len(scope_rows) > 1:
                forget(one)
        schemas = {"accounts": ACCOUNTS, "payments": PAYMENTS, "days": DAYS, "months": MONTHS}
        case.store.memo[key] = {
            name: pa.concat_tables([schema.empty_table(), *parts[name]]) for name, schema in schemas.items()
        }
    made: dict[str, pa.Table] = case.store.memo[key]
    return made


def each(case: Case, scope_rows: scope.Scope) -> list[Case]:
    """Return a case of one institution or party for each row of a scope; their related sets are worked out together."""
    whole = scope.related(case, scope_rows)
    found = []
    for row in scope_rows:
        mine = whole.filter(pc.equal(whole["case_id"], row[0]))
        case.store.memo.setdefault(("money.related", case.as_of, (row,)), mine)
        found.append(dataclasses.replace(case, institution_id=row[1], party_id=row[2]))
    return found


def _of_one(case: Case) -> dict[str, pa.Table]:
    """Return the tables of one case; none of those for which its data do not suffice."""
    rows = scope.scope_of(case)
    try:
        made = clients(case)
    except DataGap:
        return {}
    store, (case_id, _, _) = case.store, rows[0]
    store.derive("money_scope", pa.table({n: pa.array([v], TEXT) for n, v in zip(_SCOPE, rows[0], strict=True)}))
    store.derive("money_loans", made.loans)
    store.derive("money_coverage", coverage(store))
    store.derive("client_roles", made.roles)
    store.derive("client_moves", made.moves)
    store.derive("client_holding", pa.table({"account_id": pa.array(made.holding(), TEXT)}))
    accounts = store.run("client_accounts", as_of=case.as_of)
    store.derive("client_kept", accounts.select(["account_id", "holder_id", "is_custody"]))
    found = {"accounts": (accounts, ACCOUNTS), "payments": (store.run("client_payments"), PAYMENTS)}
    for name, ask, schema in (("days", client_money, DAYS), ("months", payout_sources, MONTHS)):
        answer = _asked(ask, case)
        if answer is not None:
            found[name] = answer, schema
    return {name: _fitted(case_id, table, schema) for name, (table, schema) in found.items()}


_SCOPE = ("case_id", "institution_id", "party_id")


def _asked(ask: Callable[[Case], pd.DataFrame], case: Case) -> pa.Table | None:
    """Return an answer as a table; None where the data do not suffice for it."""
    try:
        found = ask(case)
    except DataGap:
        return None
    found.attrs = {}  # Arrow writes them into the table, and cannot write amounts
    return pa.Table.from_pandas(found, preserve_index=False)


def _fitted(case_id: str, table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table with its case and the columns of a schema."""
    table = table.append_column("case_id", pa.array([case_id] * table.num_rows, TEXT))
    return table.select(schema.names).cast(schema)
