"""What a trail starts from: a loan's payout, what comes into an account or a party's accounts, or chosen transfers.

Followed backward, a trail starts from what goes out of the account or the party's accounts.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from lib.case import Case
from lib.errors import BadParameter, DataGap
from lib.money import scope
from lib.money.ledger import Ledger
from lib.money.matching import own_payouts, payouts

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Start:
    """Positions of the transfers that a trail starts from, numbers of the accounts that the caller named, and the hubs.

    `sink` flags the accounts at which money comes to rest: hubs, but for those that the caller named.
    """

    sources: Ints
    own: Ints
    sink: Flags


def start_of(
    case: Case,
    book: Ledger,
    hubs: list[str] | None,
    *,
    loan: str | None,
    account: str | None,
    party: str | None,
    transfers: list[str] | None,
    backward: bool = False,
) -> Start:
    """Return what a trail starts from (parameters and errors as in `trace`)."""
    sources, own = _find_sources(case, book, backward, loan=loan, account=account, party=party, transfers=transfers)
    sink = book.flags(scope.hub_accounts(case, hubs))
    sink[own] = False
    return Start(sources, own, sink)


def _find_sources(
    case: Case,
    book: Ledger,
    backward: bool,
    *,
    loan: str | None,
    account: str | None,
    party: str | None,
    transfers: list[str] | None,
) -> tuple[Ints, Ints]:
    """Return the positions of the source transfers and the numbers of the accounts that the caller named (as in `trace`).

    Raises
    ------
    BadParameter
        If not exactly one source is named, or a name is unknown.
    DataGap
        If the source has no transfers.
    """
    named = {"loan": loan, "account": account, "party": party, "transfers": transfers}
    given = [name for name, value in named.items() if value is not None]
    if len(given) != 1:
        raise BadParameter(
            f"请在 loan、account、party、transfers 中恰好指定一个资金来源 (现有: {'、'.join(given) or '无'})",
            f"Name exactly one source out of loan, account, party and transfers (given: {', '.join(given) or 'none'})",
        )
    nobody = np.zeros(0, np.int64)
    if loan is not None:
        found = _payout(case, book, loan), nobody
    elif transfers is not None:
        found = _chosen(book, transfers), nobody
    else:
        whose = scope.find_party(case, party) if party is not None else _account(case, str(account))
        own = book.codes(whose.accounts)
        into, out_of = (book.moves.payer, book.moves.payee) if backward else (book.moves.payee, book.moves.payer)
        found = np.flatnonzero(np.isin(into, own) & ~np.isin(out_of, own)), own
    if not len(found[0]):
        raise DataGap(
            f"{given[0]}={named[given[0]]!r} 没有可追踪的来源流水。请核对银行流水是否已导入",
            f"{given[0]}={named[given[0]]!r} has no transfers to start from. Check that the bank statements were imported",
        )
    return found


def _account(case: Case, asked: str) -> scope.Named:
    found = scope.find_account(case, asked)
    if found is None:
        raise BadParameter(
            f"没有账户 {asked!r}。请用 flows.accounts(case) 核对账户编号, 或用 party= 指定户主",
            f"There is no account {asked!r}. Check the ids with flows.accounts(case), or name its holder with party=",
        )
    return found


def _payout(case: Case, book: Ledger, loan: str) -> Ints:
    if not case.arrow("select 1 from loans where loan_id = $loan", loan=loan).num_rows:
        raise BadParameter(
            f"没有合同 {loan!r}。请用 flows.reconcile(case) 核对合同编号",
            f"There is no loan {loan!r}. Check the numbers with flows.reconcile(case)",
        )
    found, everything = own_payouts(case.store), payouts(case.store)
    if found.num_rows < everything.num_rows and not pc.any(pc.equal(found["loan_id"], loan)).as_py():
        shared = everything.filter(pc.equal(everything["loan_id"], loan))["transfer_ids"][0].as_py()
        raise DataGap(
            f"合同 {loan!r} 与其他合同由同一笔划转放款, 其资金无法单独追踪。可追踪整笔: transfers={shared!r}",
            f"The loan {loan!r} was paid out together with others by one transfer, so its money cannot be told apart. "
            f"Trace the whole of it: transfers={shared!r}",
        )
    places = book.positions(found.filter(pc.equal(found["loan_id"], loan))["transfer_ids"].combine_chunks().flatten())
    return places[places >= 0]


def _chosen(book: Ledger, transfers: list[str]) -> Ints:
    if isinstance(transfers, str) or not all(isinstance(t, str) for t in transfers):
        raise BadParameter(
            f"transfers={transfers!r} 应为划转编号的列表, 例如 transfers=['T1', 'T2']",
            f"transfers={transfers!r} must be a list of transfer ids, for example transfers=['T1', 'T2']",
        )
    places = book.positions(list(transfers))
    if missing := [t for t, place in zip(transfers, places, strict=True) if place < 0]:
        raise BadParameter(
            f"没有这些划转 (或其没有时间): {'、'.join(missing[:20])}。请用 flows.transfers(case) 核对划转编号",
            f"There are no such transfers (or they have no time): {', '.join(missing[:20])}. Check with flows.transfers(case)",
        )
    return places
