"""The TEMP tables that rules read beside the Store's own: `scope`, and what graph and flows derive for the day asked."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib import import_module
from typing import Any

import pyarrow as pa

from lib.case import Case
from lib.intake import profiles
from lib.store import Store

Scope = list[tuple[str, str | None, str]]
SCOPE = pa.schema({"case_id": pa.string(), "institution_id": pa.string(), "party_id": pa.string()})

# By name and only when a rule asks: graph and flows load scipy and numba, which listing the rules does not need.
MAKERS: dict[str, str] = {
    "delivered": "lib.findings.derived",
    "related": "lib.graph",
    "components": "lib.graph",
    "holding_gaps": "lib.ownership.derived",
    "declared": "lib.ownership.declared",
    "register_owners": "lib.ownership.everyone",
    "register_controllers": "lib.ownership.everyone",
    "register_unsolved": "lib.ownership.everyone",
    "case_accounts": "lib.flows",
    "case_loans": "lib.flows",
    "uses_of_funds": "lib.flows",
    "disbursements": "lib.flows",
    "owed_days": "lib.flows",
    "owed_at_platform": "lib.flows",
    "owed_in_all": "lib.flows",
    "owed_by_group": "lib.flows",
    "owed_spans": "lib.flows",
    "trades": "lib.flows",
    "annual_rates": "lib.flows",
    "instalment_rows": "lib.flows",
    "covered_days": "lib.flows",
    "ways_of_funds": "lib.flows",
    "balance_breaks": "lib.flows",
    "balance_coverage": "lib.flows",
    "case_trips": "lib.flows",
    "client_accounts": "lib.flows",
    "loan_payments": "lib.flows",
    "client_payments": "lib.flows",
    "client_days": "lib.flows",
    "payout_months": "lib.flows",
    "account_coverage": "lib.money.derived",
    "owed_by_loan": "lib.money.derived",
}


def scope_of(case: Case) -> Scope:
    """Return (case_id, institution_id, party_id): one for a case of one party, one per institution for the district."""
    if case.party_id is not None:
        return [(case.institution_id or case.party_id, case.institution_id, case.party_id)]
    query = """
        select institution_id, coalesce(nullif(party_id, ''), institution_id) as party_id
        from institutions order by institution_id
    """
    return [(row["institution_id"], row["institution_id"], row["party_id"]) for row in case.arrow(query).to_pylist()]


def lay_out(case: Case, scope: Scope, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep `scope` and the derived tables with these settings as TEMP tables on the case's handle."""
    key = ("checks", "scope", tuple(scope))
    if key not in case.store.memo:
        rows = [dict(zip(SCOPE.names, row, strict=True)) for row in scope]
        case.store.memo[key] = pa.Table.from_pylist(rows, schema=SCOPE)
    case.store.derive("scope", case.store.memo[key])
    for name, settings in tables.items():
        case.store.derive(name, derived(case, scope, name, settings))


def derived(case: Case, scope: Scope, name: str, settings: Mapping[str, Any]) -> pa.Table:
    """Derive one table, once per Store version, day, scope and settings."""
    plain = {key: float(value) if isinstance(value, Decimal) else value for key, value in settings.items()}
    key = ("checks", name, case.as_of, tuple(scope), tuple(sorted(plain.items())))
    if key not in case.store.memo:
        case.store.memo[key] = maker(name)(case, scope, **plain)
    made: pa.Table = case.store.memo[key]
    return made


def maker(name: str) -> Callable[..., pa.Table]:
    """Return the function of graph or flows that derives a table."""
    found: Callable[..., pa.Table] = getattr(import_module(MAKERS[name]), f"derive_{name}")
    return found


def derive_delivered(case: Case, scope: Scope) -> pa.Table:
    """Return the names of the tables that were handed over, for rules: a table without rows may be an empty file or none."""
    return pa.table({"table_name": pa.array(sorted(delivered(case.store)), pa.string())})


def delivered(store: Store) -> frozenset[str]:
    """Return the tables that were handed over: those with rows, and those into which a file, be it without rows, was read."""
    key = ("checks", "delivered")
    if key not in store.memo:
        query = "select distinct profile_id from sources where state = 'imported'"
        used = set(store.arrow(query)["profile_id"].to_pylist())
        read = {into.table for profile in profiles.load().values() if profile.id in used for into in profile.into}
        store.memo[key] = frozenset({name for name, count in store.counts().items() if count} | read)
    held: frozenset[str] = store.memo[key]
    return held
