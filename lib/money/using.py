"""What loans were used for: one row per end of their money, with the way to it, who is there, and what the contract says."""

from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.errors import BadParameter
from lib.money import scope as scopes
from lib.money.amounts import fen, yuan
from lib.money.categories import against, marks, purposes
from lib.money.ledger import Ledger, settled
from lib.money.lending import holders_of, loans_of, payout_lists, sides_of
from lib.money.matching import payouts
from lib.money.walking import METHODS
from lib.money.ways import Loans, Setting, ways
from lib.store import frame
from lib.words import word

Ints = npt.NDArray[np.int64]
_OF_PARTIES = ("relation", "layers", "relation_path")
_OF_LOANS = ("case_id", "loan_id", "borrower_id", "borrower_name", "borrower_related", "purpose", "contract_yuan")


def use_of_funds(
    case: Case,
    loan: str | None = None,
    *,
    methods: tuple[str, ...] | list[str] = ("pro_rata", "fifo"),
    days: int | None = 30,
    hops: int | None = 4,
    through: bool = False,
) -> pd.DataFrame:
    """Say what loans were used for: their payouts followed forward, and every end of the money with the way to it.

    Parameters
    ----------
    loan
        One loan of the case; all of them, if omitted.
    methods
        Conventions by which amounts are told (see `trace`), without `poison`. An end has the way by which the first of them
        that reaches it does.
    days, hops
        As in `trace`: transfers later than this after the payout, or beyond this many, are not followed.
    through
        Follow money through accounts of securities firms and sellers of property, instead of calling it used there.

    Returns
    -------
    DataFrame, one row per loan (per payout, where these lie further apart than `days`) and end; related parties first
        case_id (the institution; of a party's case, the party) · loan_id · borrower_id · borrower_name · borrower_related
        (whether the borrower belongs to the related set) · purpose (as the contract or its listing states it) · contract_yuan ·
        end (related_party: first arrivals in an account of the related set; use: the same of a securities firm or a seller of
        property; hub; at_rest; left_data: to nobody who is stated; not_followed: the loan has no payout of its own) ·
        category (related_party, securities, property, repayment_other, repayment, repayment_this: of another loan, of one that
        is not named, of the loan itself; cash; fee; borrower: still there; other: known, and none of these; unknown) ·
        account · holder_id · holder_name · relation, layers, relation_path (how the holder is related, from `graph.related`) ·
        paid_at · reached_at, last_at (first and last arrival) · days (from the one day to the other) · hops · accounts,
        holder_names (the way, from the payout's payee to the end) · one column of yuan per convention, which of a
        loan add up to its payout, to the fen · purpose_check (contradicts: a lead; agrees; not_judged; purpose_not_stated;
        unknown) · not_traceable (why an end is not known: payee_not_stated; hub; statements_missing; hops_limit; of loans that
        were not followed payout_missing, payout_shared with other loans, payout_undated; null if it is known) · transfer_ids
        (the way, then further transfers that bring money to the end).
        `attrs`: methods, loans, loans_with_leads, contradicting_yuan and not_traceable_yuan (sums by the first convention).

    Raises
    ------
    BadParameter
        If the case has no such loan, or a setting is out of range.
    DataGap
        If amounts are too large for the ledger.

    Notes
    -----
    Custody, payment, tax and settlement accounts are hubs, as in `derive_uses_of_funds`, and a transfer that was undone counts
    as if it had never been. What a use is, is read from holders' names, memos and kinds (rules/reference/use_words.csv): a
    lead, no proof. A fee that a contract agrees on agrees with it, as far as it goes. Money in an account whose statements do
    not cover the time is unknown, whoever holds it, unless a name or memo tells the use.
    """
    table = derive_ways_of_funds(
        case, scopes.scope_of(case), loan=loan, methods=tuple(methods), days=days, hops=hops, through=through
    )
    if loan is not None and not table.num_rows:
        raise BadParameter(
            f"本案没有合同 {loan!r}。请用 flows.reconcile(case) 核对合同编号",
            f"The case has no loan {loan!r}. Check the numbers with flows.reconcile(case)",
        )
    found = frame(table)
    told = [word("flows", m) for m in methods]
    first = table[f"{methods[0]}_yuan"]
    lead = pc.equal(table["purpose_check"], "contradicts")
    found.attrs = {
        "methods": list(methods),
        "loans": len(pc.unique(table["loan_id"])),
        "loans_with_leads": len(pc.unique(table["loan_id"].filter(lead))),
        "contradicting_yuan": _sum(first.filter(lead)),
        "not_traceable_yuan": _sum(first.filter(table["not_traceable"].is_valid())),
    }
    limits = {name: word("flows", "no_limit") if n is None else n for name, n in (("days", days), ("hops", hops))}
    found.attrs["caption"] = word("flows", "use_of_funds", methods=word("flows", "and").join(told), **limits)
    return found


def derive_ways_of_funds(
    case: Case,
    scope: scopes.Scope,
    *,
    loan: str | None = None,
    methods: tuple[str, ...] = ("pro_rata", "fifo"),
    days: int | None = 30,
    hops: int | None = 4,
    through: bool = False,
) -> pa.Table:
    """Return `use_of_funds` for all cases of a scope, as an Arrow table (parameters and columns as there)."""
    _known(methods)
    book = settled(case.store)
    loans = loans_of(case, scope, platform_only=False)
    if loan is not None:
        loans = loans.filter(pc.equal(loans["loan_id"], loan))
    said = marks(case.store, book)
    holders = holders_of(case, book)
    names = _names(case, book)
    related = scopes.related(case, scope)
    parts = []
    for case_id, institution_id, party_id in scope or [("", None, None)]:  # of no case: no rows, but their columns
        mine = loans.filter(pc.equal(loans["case_id"], case_id)).combine_chunks()
        sides = sides_of(case, book, case_id, institution_id, party_id)
        setting = Setting(book, sides, said, holders, names, through)
        found = ways(setting, _payouts(case, book, mine), methods, hops=hops, days=days)
        found = pa.concat_tables([found, _not_followed(case, mine, found)], promote_options="default")
        ours = related.filter(pc.equal(related["case_id"], case_id))
        parts.append(_told(found, mine, ours, {institution_id: party_id}, methods))
    return pa.concat_tables(parts)


def _known(methods: tuple[str, ...]) -> None:
    usable = [m for m in METHODS if m != "poison"]
    if not methods or len(set(methods)) < len(methods) or not set(methods) <= set(usable):
        raise BadParameter(
            f"methods={list(methods)!r} 应为互不相同的追踪方法, 可用: {'、'.join(usable)}",
            f"methods={list(methods)!r} must be different conventions out of: {', '.join(usable)}",
        )


def _names(case: Case, book: Ledger) -> pa.Array:
    """Return the name of each account's holder, by ledger number."""
    rows = scopes.held_accounts(case)
    places = pc.index_in(book.accounts, value_set=rows["account_id"].combine_chunks())
    return rows["holder_name"].combine_chunks().take(places)


def _payouts(case: Case, book: Ledger, loans: pa.Table) -> Loans:
    """Return the payouts of these loans: none, where a loan has none of its own."""
    ids, starts, places = payout_lists(case, book)
    row = pc.fill_null(pc.index_in(loans["loan_id"], value_set=ids), -1).to_numpy().astype(np.int64)
    sizes = np.append(np.diff(starts), 0)[row]  # the last: of a loan that is not there
    mine = np.append(0, np.cumsum(sizes))
    at = np.repeat(starts[row] - mine[:-1], sizes) + np.arange(mine[-1])
    return Loans(loans["loan_id"].combine_chunks(), loans["borrower_id"].combine_chunks(), mine, places[at])


def _not_followed(case: Case, loans: pa.Table, found: pa.Table) -> pa.Table:
    """Return a row for each loan whose money has no way, and why."""
    rows = payouts(case.store)
    left = loans["loan_id"].filter(pc.invert(pc.is_in(loans["loan_id"], value_set=found["loan_id"].combine_chunks())))
    at = pc.index_in(left, value_set=rows["loan_id"].combine_chunks())
    shared = pc.fill_null(pc.equal(rows["match"].take(at), "batch"), False)
    paid = pc.fill_null(pc.greater(pc.list_value_length(rows["transfer_ids"].take(at)), 0), False)
    why = pc.if_else(shared, "payout_shared", pc.if_else(paid, "payout_undated", "payout_missing"))
    said = {"end": "not_followed", "category": "unknown"}
    columns = {name: pa.array([text] * len(left), pa.string()) for name, text in said.items()}
    ids = rows["transfer_ids"].take(at)
    return pa.table({"loan_id": left, **columns, "not_traceable": why, "transfer_ids": ids})


def _told(
    found: pa.Table, loans: pa.Table, related: pa.Table, aliases: dict[str | None, str | None], methods: tuple[str, ...]
) -> pa.Table:
    """Add what is known of the loans, of the holders as related parties, and of the purposes; loans in their order."""
    row = pc.index_in(found["loan_id"], value_set=loans["loan_id"].combine_chunks())
    order = pa.array(np.argsort(row.to_numpy(), kind="stable"))
    found, row = found.take(order), row.take(order)
    loans = loans.append_column("contract_yuan", _money(loans["principal_fen"]))
    columns = {name: loans[name].take(row) for name in _OF_LOANS}
    columns |= {name: found[name] for name in ("end", "category", "account", "holder_id", "holder_name")}
    who = pc.index_in(_renamed(found["holder_id"], aliases), value_set=related["party_id"].combine_chunks(), skip_nulls=True)
    columns |= {name: related[of].take(who) for name, of in zip(_OF_PARTIES, ("reason", "layers", "path"), strict=True)}
    times = ("paid_at", "reached_at", "last_at", "days", "hops", "accounts", "holder_names")
    amounts = [f"{m}_yuan" for m in methods]
    columns |= {name: found[name] for name in (*times, *amounts)}
    columns["purpose_check"] = _checked(found, loans, row.to_numpy(), amounts[0])
    return pa.table(columns | {name: found[name] for name in ("not_traceable", "transfer_ids")})


def _money(amounts: pa.ChunkedArray) -> pa.Array:
    known = yuan(pc.fill_null(amounts, 0).to_numpy())
    return pc.if_else(amounts.is_valid().combine_chunks(), known, None)


def _renamed(ids: pa.ChunkedArray, aliases: dict[str | None, str | None]) -> pa.ChunkedArray:
    """Call an institution by its party's id."""
    for institution, party in aliases.items():
        if institution and party:
            ids = pc.if_else(pc.equal(ids, institution), party, ids)
    return ids


def _checked(found: pa.Table, loans: pa.Table, row: Ints, amount: str) -> pa.Array:
    """Compare every end's use with its contract's purpose."""
    about = pa.array(purposes(loans["purpose"].to_pylist()), pa.string()).take(pa.array(row))
    pairs = pa.table({"about": about, "category": found["category"]})
    kinds = pairs.group_by(["about", "category"]).aggregate([]).to_pylist()
    checked = pa.nulls(len(row), pa.string())
    for kind in kinds:
        same = pc.and_(
            pc.equal(pairs["category"], kind["category"]),
            pc.equal(about, kind["about"]) if kind["about"] is not None else about.is_null(),
        )
        checked = pc.if_else(pc.fill_null(same, False), against(kind["about"], kind["category"]), checked)
    is_fee = pc.fill_null(pc.equal(found["category"], "fee"), False).to_numpy()
    fees = np.zeros(loans.num_rows, np.int64)
    np.add.at(fees, row[is_fee], fen(found[amount])[is_fee])
    over = pa.array((fees > loans["fee_fen"].to_numpy())[row])
    return pc.if_else(pa.array(is_fee), pc.if_else(over, "contradicts", "agrees"), checked)


def _sum(amounts: pa.ChunkedArray) -> Decimal:
    total: Decimal | None = pc.sum(amounts.cast(pa.decimal128(38, 2))).as_py()
    return total if total is not None else Decimal("0.00")
