"""Clients' money: which accounts hold it, and what each transfer is to the people who lend through an institution.

A transfer into such an account is a lender's money, a borrower's repayment, the institution's own or a related party's, of
another known party, or unknown; one out of it pays a loan out, pays lenders, and so on (see sql/client_moves.sql).
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.errors import BadParameter, DataGap
from lib.money import scope
from lib.money.ledger import code, ledger
from lib.money.matching import DAYS, TOL_YUAN, own_payouts
from lib.money.repaying import payments
from lib.money.statements import coverage

Ints = npt.NDArray[np.int64]
LENDERS = 3  # FP-01, FP-02: payers from which an account collects
PAID_LENDERS = ("lender", "refund", "sale")


@dataclass(frozen=True, eq=False)
class Clients:
    """A case's loans, accounts by role (sql/client_roles.sql), and transfers as what they are to clients (client_moves.sql)."""

    loans: pa.Table
    roles: pa.Table
    moves: pa.Table

    def holding(self) -> list[str]:
        """Return the accounts that hold clients' money.

        Those of custody, of the institution or of anybody else if money of the case's loans ran over them; of the institution,
        any other into which a lender paid or from which one was paid; reserves, and accounts of related parties, from three
        such lenders on.
        """
        roles = {row["account_id"]: row for row in self.roles.to_pylist() if row["role"] in ("own", "related")}
        collects, pays = self._lenders("payee_account", "payer"), self._lenders("payer_account", "payee")
        held = self._custody()
        for account, row in roles.items():
            own, gave, got = row["role"] == "own", collects.get(account, set()), pays.get(account, set())
            few = own and row["purpose"] != "reserve" and (row["is_custody"] or gave or got)
            if few or len(gave | got) >= LENDERS:
                held.append(account)
        return sorted(set(held))

    def _custody(self) -> list[str]:
        """Return the accounts of custody, whoever holds them, over which money of the case's loans ran."""
        of_loans = self.moves.filter(pc.is_valid(self.moves["loan_id"]))
        ran = pa.concat_arrays([pc.unique(of_loans[side]) for side in ("payer_account", "payee_account")])
        custody = self.roles.filter(self.roles["is_custody"])
        found: list[str] = custody.filter(pc.is_in(custody["account_id"], value_set=ran))["account_id"].to_pylist()
        return found

    def _lenders(self, side: str, other: str) -> dict[str, set[str]]:
        """Return, by account on one side, the lenders (ids, else accounts) on the other."""
        is_lender = (
            pc.equal(self.moves["came"], "lender")
            if other == "payer"
            else pc.is_in(self.moves["went"], value_set=pa.array(PAID_LENDERS))
        )
        columns = [side, f"{other}_id", f"{other}_account"]
        rows = self.moves.filter(is_lender).select(columns).group_by(columns).aggregate([])
        found: dict[str, set[str]] = {}
        for account, party, paid in zip(*(rows[c].to_pylist() for c in columns), strict=True):
            found.setdefault(account, set()).add(party or paid or "")
        return found


@dataclass(frozen=True, eq=False)
class Crossing:
    """Transfers into, out of and between accounts that hold clients' money, in order of replay.

    `payer`, `payee` are places in `accounts`, -1 for any other account; amounts in fen; `day` since 1970; the columns of
    `table` are those of sql/client_moves.sql.
    """

    accounts: list[str]
    table: pa.Table
    payer: Ints
    payee: Ints
    fen: Ints
    day: Ints

    def texts(self, name: str) -> npt.NDArray[np.object_]:
        """Return a column of texts."""
        values: npt.NDArray[np.object_] = np.array(self.table[name].to_pylist(), object)
        return values


def clients(case: Case) -> Clients:
    """Return what the accounts and transfers of a Store are to the case's clients; worked out once per case.

    Raises
    ------
    DataGap
        If no loan of the case or no transfer is known.
    """
    rows = scope.scope_of(case)
    key = ("money.clients", case.as_of, tuple(rows))
    if key not in case.store.memo:
        case.store.memo[key] = _load(case, rows)
    made: Clients = case.store.memo[key]
    return made


def forget(case: Case) -> None:
    """Let go of what `clients` has worked out for a case: it holds every transfer of the Store."""
    case.store.memo.pop(("money.clients", case.as_of, tuple(scope.scope_of(case))), None)


def _load(case: Case, rows: scope.Scope) -> Clients:
    store, text = case.store, pa.string()
    loans = scope.case_loans(case, rows)
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    names = ("case_id", "institution_id", "party_id")
    ties = [_paid_out(case), _repaid(case)]
    store.derive("money_scope", pa.table({n: pa.array(c, text) for n, c in zip(names, columns, strict=True)}))
    store.derive("money_loans", loans)
    store.derive("money_related", scope.related(case, rows).select(["case_id", "party_id"]))
    store.derive("client_ties", pa.concat_tables(ties))
    roles = store.run("client_roles")
    store.derive("client_roles", roles)
    moves = store.run("client_moves")
    if not loans.num_rows or not moves.num_rows:
        raise DataGap(
            "没有本机构的借款合同或资金划转, 无法判断客户资金。请先导入借款合同 (loans) 和银行流水",
            "No loan of the institution or no transfer is known, so clients' money cannot be told. "
            "Import loans and bank statements first",
        )
    return Clients(loans, roles, moves)


def _paid_out(case: Case) -> pa.Table:
    found = own_payouts(case.store)
    ids = found["transfer_ids"].combine_chunks()
    return _ties(ids.flatten(), found["loan_id"].take(pc.list_parent_indices(ids)), "payout")


def _repaid(case: Case) -> pa.Table:
    """Return the transfers that pay one loan alone, as `instalments` matches them."""
    made = payments(case.store, TOL_YUAN, DAYS)
    settled = made.table()
    loan = made.claims["loan_id"].take(settled["claim"])
    rows = pa.table({"transfer_id": made.moves["transfer_id"].take(settled["move"]), "loan_id": loan})
    by_move = rows.group_by("transfer_id").aggregate([("loan_id", "count_distinct"), ("loan_id", "min")])
    one = by_move.filter(pc.equal(by_move["loan_id_count_distinct"], 1))
    return _ties(one["transfer_id"], one["loan_id_min"], "payment")


def _ties(transfer_id: pa.Array, loan_id: pa.Array, how: str) -> pa.Table:
    text = pa.string()
    columns = (pa.chunked_array([c] if isinstance(c, pa.Array) else c.chunks, text) for c in (transfer_id, loan_id))
    table = pa.table(dict(zip(("transfer_id", "loan_id"), columns, strict=True)))
    return table.append_column("how", pa.array([how] * table.num_rows, text))


def holding_accounts(case: Case, made: Clients, accounts: list[str] | None) -> list[str]:
    """Return the accounts that a caller named, else those that hold clients' money.

    Raises
    ------
    BadParameter
        If an account is unknown.
    DataGap
        If nobody named any and none holds clients' money.
    """
    if accounts is None:
        if held := made.holding():
            return held
        raise DataGap(
            "没有存管账户, 也没有本机构收过出借人资金的账户。请导入账户信息 (accounts.csv, 含用途), 或用 accounts= 指定账户",
            "There is no custody account, and no account of the institution took lenders' money. "
            "Import accounts.csv with purposes, or name accounts=",
        )
    if isinstance(accounts, str) or not accounts or not all(isinstance(a, str) for a in accounts):
        raise BadParameter(
            f"accounts={accounts!r} 应为账户编号的列表, 例如 accounts=['A1', 'A2']",
            f"accounts={accounts!r} must be a list of account ids, for example accounts=['A1', 'A2']",
        )
    for account in accounts:
        known_account(case, account)
    return sorted(set(accounts))


def known_account(case: Case, account: str) -> None:
    """Refuse an account that no record and no transfer names.

    Raises
    ------
    BadParameter
        With what to do next.
    """
    if not isinstance(account, str) or scope.find_account(case, account) is None:
        raise BadParameter(
            f"没有账户 {account!r}。请用 flows.accounts(case) 核对账户编号",
            f"There is no account {account!r}. Check the ids with flows.accounts(case)",
        )


def crossing(case: Case, made: Clients, accounts: list[str]) -> Crossing:
    """Return the transfers into, out of and between some accounts, in order of replay.

    Raises
    ------
    DataGap
        If there are none.
    """
    known = pa.array(accounts, pa.string())
    sides = [pc.is_in(made.moves[side], value_set=known) for side in ("payer_account", "payee_account")]
    rows = made.moves.filter(pc.or_(*sides))
    if not rows.num_rows:
        raise DataGap(
            f"没有账户 {'、'.join(accounts[:20])} 的资金划转。请导入这些账户的银行流水",
            f"No transfer of the accounts {', '.join(accounts[:20])} is known. Import their bank statements",
        )
    order = np.argsort(ledger(case.store).positions(rows["transfer_id"].combine_chunks()), kind="stable")
    rows = rows.take(pa.array(order))
    payer, payee = (code(rows[side], known) for side in ("payer_account", "payee_account"))
    day = rows["at"].cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    return Crossing(accounts, rows, payer, payee, rows["fen"].to_numpy(), day)


def uncovered(case: Case, accounts: list[str]) -> list[str]:
    """Return those of some accounts that have no statement."""
    days = coverage(case.store)
    shown = set(days.filter(pc.greater(days["lines"], 0))["account_id"].to_pylist())
    return [account for account in accounts if account not in shown]


def unseen(case: Case, accounts: list[str]) -> dict[Hashable | None, Any]:
    """Return what is in no answer about some accounts: undated and reversed, how many of their transfers, and undated_yuan."""
    case.store.derive("client_accounts", pa.table({"account_id": pa.array(accounts, pa.string())}))
    found: dict[Hashable | None, Any] = case.store.run("client_unseen").to_pylist()[0]
    return found
