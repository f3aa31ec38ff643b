"""What belongs to a case: its accounts, loans and transfers; and how a caller names an account or a party.

Transfers are not cut at the case's day: the day decides who is related and which law holds; money is shown as far as the
statements go.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from lib import graph
from lib.case import Case
from lib.errors import BadParameter, DataGap
from lib.store import frame

Scope = list[tuple[str, str | None, str | None]]
_SCOPE = pa.schema([("case_id", pa.string()), ("institution_id", pa.string()), ("party_id", pa.string())])
HUBS = "select account_id from accounts where starts_with(purpose, 'custody_') or purpose in ('payment', 'tax', 'settlement')"


@dataclass(frozen=True)
class Named:
    """An account or a party that a caller named, with its accounts."""

    name: str
    accounts: list[str]


def scope_of(case: Case) -> Scope:
    """Return the case as rules see it: (case_id, institution_id, party_id); one per institution for the district."""
    if case.party_id is not None:
        return [(case.institution_id or case.party_id, case.institution_id, case.party_id)]
    query = "select institution_id, coalesce(nullif(party_id, ''), institution_id) as party_id from institutions order by 1"
    return [(r["institution_id"], r["institution_id"], r["party_id"]) for r in case.arrow(query).to_pylist()]


def related(case: Case, scope: Scope) -> pa.Table:
    """Return graph.derive_related for a scope, worked out once per Store version, day and scope."""
    key = ("money.related", case.as_of, tuple(scope))
    if key not in case.store.memo:
        case.store.memo[key] = graph.derive_related(case, scope)
    return case.store.memo[key]


def case_loans(case: Case, scope: Scope) -> pa.Table:
    """Return case_id, loan_id, position (platform, borrower, lender): one row per case and loan, the first that fits."""
    register_scope(case, scope)
    return case.store.run("case_loans")


def case_accounts(case: Case, scope: Scope) -> pa.Table:
    """Return case_id, account_id, why: own, else related (of the related set), else loan (of a borrower or named by a loan)."""
    case.store.derive("money_loans", case_loans(case, scope))
    case.store.derive("money_related", related(case, scope).select(["case_id", "party_id"]))
    return case.store.run("case_accounts")


def account_ids(case: Case) -> pa.Table:
    """Return account_id, why of the case; for the district every account that is named anywhere."""
    if case.is_district:
        return case.store.run("all_accounts")
    return case_accounts(case, scope_of(case)).select(["account_id", "why"])


def accounts(case: Case) -> pd.DataFrame:
    """List the accounts of a case: its own, those of its related parties, and those of its loans.

    A loan's accounts are the one agreed for the payout and all of its borrower's. The district has every account.

    Returns
    -------
    DataFrame, one row per account
        account_id · holder_id · holder_name · bank · purpose · why (own, related or loan, the first that fits).
    """
    _register_accounts(case)
    return frame(case.store.run("accounts_of_case"))


def held_accounts(case: Case) -> pa.Table:
    """Return account_id, holder_id, holder_name, why of every account that has a record.

    `why` (own, related, loan) as in `accounts`; null for accounts that are not of the case, and for all of the district.
    """
    nobody = pa.table({"account_id": pa.array([], pa.string()), "why": pa.array([], pa.string())})
    case.store.derive("money_accounts", nobody if case.is_district else account_ids(case))
    return case.store.run("held_accounts")


def transfers(case: Case) -> pd.DataFrame:
    """List the transfers that touch an account of the case (see `accounts`), by time and in file order.

    Returns
    -------
    DataFrame, one row per transfer
        transfer_id · at · day_only · payer_account · payee_account · amount_yuan · kind · loan_id · memo · reversal_of (the
        earlier transfer that this one undoes).
    """
    _register_accounts(case)
    return frame(case.store.run("case_transfers", everything=case.is_district))


def loan_ids(case: Case) -> list[str]:
    """Return the loans of the case; all loans for the district."""
    if case.is_district:
        return case.arrow("select loan_id from loans where loan_id is not null order by 1")["loan_id"].to_pylist()  # type: ignore[no-any-return]
    return case_loans(case, scope_of(case))["loan_id"].to_pylist()  # type: ignore[no-any-return]


def hub_accounts(case: Case, hubs: list[str] | None) -> list[str]:
    """Return the accounts that money is not followed through: those named, else custody, payment, tax and settlement accounts.

    Raises
    ------
    BadParameter
        If `hubs` names an account that nobody knows.
    """
    if hubs is None:
        return case.arrow(f"{HUBS} order by 1")["account_id"].to_pylist()  # type: ignore[no-any-return]
    if isinstance(hubs, str) or not all(isinstance(h, str) for h in hubs):
        raise BadParameter(
            f"hubs={hubs!r} 应为账户编号的列表, 例如 hubs=['A1', 'A2']; 不排除任何账户时写 hubs=[]",
            f"hubs={hubs!r} must be a list of account ids, for example hubs=['A1', 'A2']; write hubs=[] to leave out none",
        )
    known = set(case.store.run("all_accounts")["account_id"].to_pylist())
    if missing := [h for h in hubs if h not in known]:
        raise BadParameter(
            f"hubs 中有数据里不存在的账户: {'、'.join(missing[:20])}。请用 flows.accounts(case) 核对账户编号",
            f"hubs names accounts that are not in the data: {', '.join(missing[:20])}. Check the ids with flows.accounts(case)",
        )
    return sorted(set(hubs))


def find_account(case: Case, asked: str) -> Named | None:
    """Return the account of this id, if any record or transfer names it."""
    query = "select 1 from transfers where $asked in (payer_account, payee_account) limit 1"
    known = "select 1 from accounts where account_id = $asked"
    found = case.arrow(known, asked=asked).num_rows or case.arrow(query, asked=asked).num_rows
    return Named(asked, [asked]) if found else None


def find_party(case: Case, asked: str) -> Named:
    """Return the party of this id or exact name and its accounts.

    Raises
    ------
    BadParameter
        If nobody has the id or name, or several have the name.
    DataGap
        If no account of the party is known.
    """
    rows: list[dict[str, Any]] = case.store.run("find_party", asked=asked).to_pylist()
    best = [row for row in rows if row["rank"] == rows[0]["rank"]]
    if not best:
        raise _unknown(case, asked)
    if len({row["party_id"] for row in best}) > 1:
        ids = [row["party_id"] for row in best]
        raise BadParameter(
            f"名称 {asked!r} 对应多个主体, 请改用编号: {'、'.join(ids[:20])}",
            f"Several parties bear the name {asked!r}; use an id: {', '.join(ids[:20])}",
        )
    query = "select account_id from accounts where holder_id in ($party, $institution) order by 1"
    held = case.arrow(query, party=best[0]["party_id"], institution=best[0]["institution_id"] or best[0]["party_id"])
    if not held.num_rows:
        raise DataGap(
            f"没有 {asked!r} 的账户资料, 无法查询其资金。请导入账户信息 (accounts.csv), 或直接用账户编号",
            f"No account of {asked!r} is known, so its money cannot be looked up. Import accounts.csv, or name an account id",
        )
    return Named(best[0]["name"], held["account_id"].to_pylist())


def find(case: Case, asked: str) -> Named:
    """Return an account by id, else a party by id or exact name, with its accounts (errors as in find_party)."""
    return find_account(case, asked) or find_party(case, asked)


def _unknown(case: Case, asked: str) -> BadParameter:
    near = [row["name"] for row in case.store.run("similar_names", asked=asked).to_pylist()]
    return BadParameter(
        f"没有编号或名称为 {asked!r} 的账户或主体。" + (f"相近的名称: {'、'.join(near)}" if near else "请核对编号或名称"),
        f"No account or party has the id or name {asked!r}. "
        + (f"Similar names: {', '.join(near)}" if near else "Check the id or name"),
    )


def register_scope(case: Case, scope: Scope) -> None:
    """Keep a scope as the TEMP table that the queries of this package read."""
    columns = list(zip(*scope, strict=True)) or [(), (), ()]
    case.store.derive("money_scope", pa.table([pa.array(c, pa.string()) for c in columns], schema=_SCOPE))


def _register_accounts(case: Case) -> None:
    case.store.derive("money_accounts", account_ids(case))
