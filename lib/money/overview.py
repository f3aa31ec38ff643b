"""Money seen from further off: between two sides, month by month, and as a network of accounts."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

import networkx as nx
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.errors import BadParameter
from lib.money import scope as scopes
from lib.money.amounts import whole_number
from lib.money.matching import of_loans, payouts
from lib.store import frame
from lib.words import word

EXAMPLES = 20
PAYER_UNKNOWN, PAYEE_UNKNOWN = "\0in", "\0out"  # no account number can begin with NUL
_ROLES = {"own": 1, "related": 2, "loan": 3}
Edges = list[dict[str, Any]]


def between(case: Case, a: str, b: str, start: str | dt.date | None = None, end: str | dt.date | None = None) -> pd.DataFrame:
    """List the transfers between two accounts or parties, in both directions.

    Parameters
    ----------
    a, b
        Id of an account, or id or exact name of a party (all of its accounts). An account's id goes before a party's.
    start, end
        First and last day, dates or `YYYY-MM-DD`. All days, if omitted.

    Returns
    -------
    DataFrame, one row per transfer, by time
        transfer_id · at · direction (out: a pays b; in: b pays a) · payer_account · payee_account · amount_yuan · kind ·
        loan_id · memo.

    Raises
    ------
    BadParameter
        If a name is unknown or ambiguous, or a day is none.
    DataGap
        If no account of a party is known.
    """
    days = {"first_on": _day("start", start), "last_on": _day("end", end)}
    sides = {"a": scopes.find(case, a).accounts, "b": scopes.find(case, b).accounts}
    return frame(case.store.run("between", **sides, **days))


def monthly(case: Case) -> pd.DataFrame:
    """Add up the case's money by month.

    Returns
    -------
    DataFrame, one row per month from the first to the last
        month (its first day) · disbursed_yuan, repaid_yuan (transfers of these kinds that name a loan of the case, and payouts
        that `reconcile` found) · in_yuan, out_yuan (into and out of the case's own accounts; what runs between them counts in
        neither) · transfers (how many of all these). The district's own accounts are those of its institutions.
    """
    loans = scopes.loan_ids(case)
    paid = of_loans(payouts(case.store), loans)["transfer_ids"].combine_chunks().flatten()
    roles = _roles(case)
    case.store.derive("money_own", roles.filter(pc.equal(roles["why"], "own")).select(["account_id"]))
    case.store.derive("money_loan_ids", pa.table({"loan_id": pa.array(loans, pa.string())}))
    case.store.derive("money_payouts", pa.table({"transfer_id": paid.cast(pa.string())}))
    return frame(case.store.run("monthly"))


def network(case: Case, trail: pd.DataFrame | None = None, max_accounts: int = 200) -> "nx.MultiDiGraph[str]":
    r"""Give the case's money, or a trail's, as a network of accounts.

    Parameters
    ----------
    trail
        A result of `trace`; the transfers that touch the case's accounts, if omitted.
    max_accounts
        Accounts to keep: the case's own first, then those that moved most.

    Returns
    -------
    networkx.MultiDiGraph, payer → payee
        Nodes (account ids; "\0in" and "\0out" for payers and payees that nobody stated): holder_id, holder_name, kind (of the
        holder), purpose, group (own, related, borrower, hub, other, unknown). Edges (one per pair and kind): kind,
        amount_yuan, count, first_at, last_at, transfer_ids (the largest 20); of a trail amount_yuan is the traced part, of_yuan
        the whole and hop the least. `graph.graph`: left_out (accounts that are not shown), left_out_yuan (what ran to or from
        them).

    Raises
    ------
    BadParameter
        If `max_accounts` is no whole number from 1, or the frame is no trail.
    """
    whole_number("max_accounts", max_accounts, 1, 1_000_000)
    roles = _roles(case)
    edges = _case_edges(case) if trail is None else _trail_edges(trail)
    ranked = _ranked(edges, dict(zip(roles["account_id"].to_pylist(), roles["why"].to_pylist(), strict=True)))
    kept = {*ranked[:max_accounts], PAYER_UNKNOWN, PAYEE_UNKNOWN}
    shown = [e for e in edges if {e["payer_account"], e["payee_account"]} <= kept]
    hidden = sum((e["amount_yuan"] for e in edges if not {e["payer_account"], e["payee_account"]} <= kept), Decimal(0))
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(left_out=len(ranked[max_accounts:]), left_out_yuan=hidden)
    _add_nodes(case, graph, ranked[:max_accounts], roles)
    for edge in shown:
        sides = edge.pop("payer_account"), edge.pop("payee_account")
        graph.add_edge(*sides, key=edge["kind"] or "", **edge)
    for node, name in ((PAYER_UNKNOWN, "payer_unknown"), (PAYEE_UNKNOWN, "payee_unknown")):
        if node in graph:
            graph.nodes[node].update(holder_name=word("flows", name), group="unknown")
    return graph


def _roles(case: Case) -> pa.Table:
    """Return account_id, why of the case's accounts; for the district what they are to any institution, the closest first."""
    found = scopes.case_accounts(case, scopes.scope_of(case))
    best: dict[str, str] = {}
    for account, why in zip(found["account_id"].to_pylist(), found["why"].to_pylist(), strict=True):
        if account not in best or _ROLES[why] < _ROLES[best[account]]:
            best[account] = why
    return pa.table({"account_id": pa.array(best.keys(), pa.string()), "why": pa.array(best.values(), pa.string())})


def _case_edges(case: Case) -> Edges:
    case.store.derive("money_accounts", scopes.account_ids(case))
    rows = case.store.run("network_edges", everything=case.is_district, examples=EXAMPLES).to_pylist()
    for row in rows:
        row["count"] = row.pop("moved")
    return [_named(row) for row in rows]


def _trail_edges(trail: pd.DataFrame) -> Edges:
    needed = ["transfer_id", "at", "payer_account", "payee_account", "amount_yuan", "traced_yuan", "hop"]
    if missing := [c for c in needed if c not in trail.columns]:
        raise BadParameter(
            f"trail 应为 flows.trace 的结果, 缺少列: {'、'.join(missing)}",
            f"trail must be a result of flows.trace; missing columns: {', '.join(missing)}",
        )
    groups: dict[tuple[str | None, str | None], Edges] = defaultdict(list)
    text = {c: pa.array(trail[c], pa.string(), from_pandas=True).to_pylist() for c in ("payer_account", "payee_account")}
    rows = trail[["transfer_id", "at", "amount_yuan", "traced_yuan", "hop"]].to_dict("records")
    for payer, payee, row in zip(text["payer_account"], text["payee_account"], rows, strict=True):
        groups[payer, payee].append({str(name): value for name, value in row.items()})
    return [
        _named({"payer_account": payer, "payee_account": payee, **_summed(several)})
        for (payer, payee), several in groups.items()
    ]


def _summed(rows: Edges) -> dict[str, Any]:
    wholes = {row["transfer_id"]: Decimal(row["amount_yuan"]) for row in rows}  # two rows may show one transfer
    largest = sorted(rows, key=lambda row: (-row["traced_yuan"], row["transfer_id"]))
    return {
        "kind": None,
        "amount_yuan": sum((Decimal(row["traced_yuan"]) for row in rows), Decimal(0)),
        "of_yuan": sum(wholes.values(), Decimal(0)),
        "count": len(wholes),
        "first_at": min(row["at"] for row in rows),
        "last_at": max(row["at"] for row in rows),
        "hop": min(int(row["hop"]) for row in rows),
        "transfer_ids": list(dict.fromkeys(row["transfer_id"] for row in largest))[:EXAMPLES],
    }


def _named(edge: dict[str, Any]) -> dict[str, Any]:
    """Give the sides that nobody stated a node of their own."""
    edge["payer_account"] = edge["payer_account"] or PAYER_UNKNOWN
    edge["payee_account"] = edge["payee_account"] or PAYEE_UNKNOWN
    return edge


def _ranked(edges: Edges, why: dict[str, str]) -> list[str]:
    """Return the accounts, the case's own first, then by what ran to and from them."""
    moved: dict[str, Decimal] = defaultdict(Decimal)
    for edge in edges:
        for side in ("payer_account", "payee_account"):
            moved[edge[side]] += edge["amount_yuan"]
    accounts = moved.keys() - {PAYER_UNKNOWN, PAYEE_UNKNOWN}
    return sorted(accounts, key=lambda account: (why.get(account) != "own", -moved[account], account))


def _add_nodes(case: Case, graph: "nx.MultiDiGraph[str]", accounts: list[str], roles: pa.Table) -> None:
    case.store.derive("money_nodes", pa.table({"account_id": pa.array(accounts, pa.string())}))
    case.store.derive("money_roles", roles)
    for row in case.store.run("network_nodes").to_pylist():
        graph.add_node(row.pop("account_id"), **row)


def _day(name: str, value: str | dt.date | None) -> dt.date | None:
    if value is None or isinstance(value, dt.date):
        return value.date() if isinstance(value, dt.datetime) else value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadParameter(
            f"{name}={value!r} 不是日期, 应写作 YYYY-MM-DD, 例如 2018-09-30",
            f"{name}={value!r} is not a date; write YYYY-MM-DD, for example 2018-09-30",
        ) from None
