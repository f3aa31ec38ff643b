"""Following money forward: from a loan's payout, an account, a party or chosen transfers, pro rata, to where it rests.

An account's traced money leaves with each payment in proportion to what the account is known to hold: traced × paid ÷ balance,
a 128-bit product, rounded half to even; the remainder stays. What an account pays beyond what it is known to hold comes from
an unknown clean lot, which is shown as a number: then all traced money goes with the payment.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.errors import BadParameter, DataGap
from lib.kernels import tracing
from lib.money import scope
from lib.money.amounts import as_decimal, whole_number, yuan
from lib.money.ledger import Ledger, ledger
from lib.money.matching import own_payouts, payouts
from lib.money.ordering import DAY_US
from lib.money.statements import unshown
from lib.store import frame
from lib.words import word

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
METHODS = ("pro_rata",)
MOST_DAYS, MOST_HOPS = 36_500, 1_000


def trace(
    case: Case,
    *,
    loan: str | None = None,
    account: str | None = None,
    party: str | None = None,
    transfers: list[str] | None = None,
    method: str = "pro_rata",
    days: int | None = None,
    hops: int | None = None,
    hubs: list[str] | None = None,
) -> pd.DataFrame:
    """Follow money forward in time order. Name exactly one source.

    Parameters
    ----------
    loan
        The loan's payout: the transfers that `reconcile` finds for it.
    account
        Every credit into the account.
    party
        Every credit from outside into the accounts of a party, by id or exact name.
    transfers
        These transfers.
    method
        Only `pro_rata` yet.
    days
        Transfers later than this many days after the source are not followed. Several source transfers (tranches): each opens
        the window anew, and sources further apart than `days` are followed separately. No limit, if omitted.
    hops
        Money that has made this many transfers beyond the source is not followed further. No limit, if omitted.
    hubs
        Accounts at which money comes to rest: custody, payment, tax and settlement accounts, if omitted; [] for none. A source
        account is never one.

    Returns
    -------
    DataFrame in order of replay, one row per transfer that carries traced money
        transfer_id · at · payer_account · payee_account · amount_yuan · traced_yuan · hop (0 = the source transfers, with their
        whole amount; else the fewest transfers beyond the source). A source transfer that brings traced money back has two
        rows: what is new (hop 0) and what returns. `attrs`: method, unknown_clean_yuan, ties (rows whose place only the rule
        "credits first" gave), tie_loops (loops of ties that were broken in file order, at accounts of the trail on its days),
        hubs (those reached), unshown (accounts reached whose own statement lacks, on a day of the trail, a movement that the
        other side's shows: it may be there twice, and less goes on from there than did), undated (transfers of the Store
        without a time or amount, in no trail).

    Raises
    ------
    BadParameter
        If not exactly one source is named, a name is unknown or a setting is out of range.
    DataGap
        If the source has no transfers.

    Notes
    -----
    Order: time; then the bank's sequence within an account; then an account's credits before its debits; loops of these in
    file order. A transfer that states a day and no time ties with all others of its day. An account holds at first what the
    balance on its first statement line implies, else 0. Every fen of the source is somewhere: see `at_rest`.
    """
    if method not in METHODS:
        raise BadParameter(
            f"method={method!r} 不存在, 可用: {'、'.join(METHODS)}",
            f"There is no method={method!r}; there is: {', '.join(METHODS)}",
        )
    book = ledger(case.store)
    sources, own = _sources(case, book, loan=loan, account=account, party=party, transfers=transfers)
    sink = book.flags(scope.hub_accounts(case, hubs))
    sink[own] = False
    walk = Walk(book, sink, hops=hops, days=days)
    rows, clean = walk.follow(sources)
    trail = _trail(book, rows, clean, method, sink)
    trail.attrs["unshown"] = doubtful = _unshown(case, book, rows[:, 0])
    if doubtful:
        trail.attrs["caption"] = word("flows", "trace_unshown", n=f"{len(doubtful):,}")
    return trail


def at_rest(trail: pd.DataFrame) -> pd.DataFrame:
    """Say where the money of a trail lies at its end: what came to each account less what went on from it.

    Returns
    -------
    DataFrame, one row per account, largest first
        account · traced_yuan. The row without an account is what left the data: paid to somebody who is not stated.
        The column adds up to the trail's hop 0, to the fen.

    Raises
    ------
    BadParameter
        If the frame is no trail.
    """
    needed = ["payer_account", "payee_account", "traced_yuan", "hop"]
    if missing := [c for c in needed if c not in trail.columns]:
        raise BadParameter(
            f"at_rest 需要 flows.trace 的结果, 缺少列: {'、'.join(missing)}",
            f"at_rest needs the result of flows.trace; missing columns: {', '.join(missing)}",
        )
    text, money = pa.string(), pa.decimal128(38, 2)
    payer, payee = (pa.array(trail[c], text, from_pandas=True) for c in ("payer_account", "payee_account"))
    traced, onward = pa.array(trail["traced_yuan"]).cast(money), pa.array(trail["hop"].to_numpy() > 0)
    moves = pa.table(
        {
            "account": pa.chunked_array([payee, payer.filter(onward)]),
            "traced_yuan": pa.chunked_array([traced, pc.negate(traced.filter(onward))]),
        }
    )
    sums = moves.group_by("account").aggregate([("traced_yuan", "sum")])
    sums = pa.table({"account": sums["account"], "traced_yuan": sums["traced_yuan_sum"].cast(pa.decimal128(18, 2))})
    return frame(
        sums.filter(pc.not_equal(sums["traced_yuan"], 0)).sort_by([("traced_yuan", "descending"), ("account", "ascending")])
    )


@dataclass
class Walk:
    """Settings and scratch memory for following money, reused from one source to the next.

    `sink` marks accounts (by ledger number) at which money comes to rest; `hops` and `days` as in `trace`.
    """

    book: Ledger
    sink: Flags
    hops: int | None
    days: int | None

    def __post_init__(self) -> None:
        """Check the settings and lay out the scratch arrays (their pages are only touched where money comes)."""
        whole_number("hops", self.hops, 0, MOST_HOPS)
        whole_number("days", self.days, 0, MOST_DAYS)
        count, levels = len(self.book.accounts), max(self.hops or 1, 1)
        least, queued = np.full(count, tracing.FAR, np.int64), np.zeros(count, np.bool_)
        self._state = (np.zeros((count, levels), np.int64), least, queued, np.zeros(levels, np.int64))
        self._rows = np.empty((2 * len(self.book.amount), 4), np.int64)

    def follow(self, sources: Ints) -> tuple[Ints, int]:
        """Follow source transfers (positions).

        Returns rows of position, traced fen, hop and fen that have made all the hops; and the unknown clean fen.
        """
        parts = list(self.runs(sources))
        return np.concatenate([self._rows[:0], *(rows for rows, _, _ in parts)]), sum(clean for _, clean, _ in parts)

    def runs(self, sources: Ints) -> Iterator[tuple[Ints, int, int]]:
        """Follow source transfers window by window: as `follow`, and each window's end in microseconds."""
        book = self.book
        for run, stop, end in self.windows(np.unique(sources)):
            hops = -1 if self.hops is None else self.hops
            count, clean = tracing.follow(run, stop, hops, book.arrays, self.sink, self._state, self._rows)
            yield self._rows[:count].copy(), int(clean), end

    def windows(self, sources: Ints) -> list[tuple[Ints, int, int]]:
        """Split ascending sources into runs whose windows meet; give each the first position not followed and its end."""
        if not len(sources):
            return []
        if self.days is None:
            return [(sources, len(self.book.amount), int(self.book.latest[-1]))]
        at = np.maximum.accumulate(self.book.moves.at[sources])
        ends = np.maximum.accumulate(at + self.days * DAY_US + np.where(self.book.moves.day_only[sources], DAY_US - 1, 0))
        cuts = np.flatnonzero(at[1:] > ends[:-1]) + 1
        runs, lasts = np.split(sources, cuts), ends[np.append(cuts - 1, len(ends) - 1)]
        stops = np.maximum(np.searchsorted(self.book.latest, lasts, side="right"), [run[-1] + 1 for run in runs])
        return [(run, int(stop), int(last)) for run, stop, last in zip(runs, stops, lasts, strict=True)]


def _sources(
    case: Case, book: Ledger, *, loan: str | None, account: str | None, party: str | None, transfers: list[str] | None
) -> tuple[Ints, Ints]:
    """Return the positions of the source transfers and the numbers of the accounts that the caller named."""
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
        found = np.flatnonzero(np.isin(book.moves.payee, own) & ~np.isin(book.moves.payer, own)), own
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


def _trail(book: Ledger, rows: Ints, clean: int, method: str, sink: Flags) -> pd.DataFrame:
    places = pa.array(rows[:, 0])
    table = book.table.select(["transfer_id", "at", "payer_account", "payee_account", "amount_yuan"]).take(places)
    table = table.append_column("traced_yuan", yuan(rows[:, 1])).append_column("hop", pa.array(rows[:, 2]))
    payees = book.moves.payee[rows[:, 0]]
    reached = np.unique(payees[payees >= 0])
    trail = frame(table)
    trail.attrs |= {
        "method": method,
        "unknown_clean_yuan": as_decimal(clean),
        "ties": int(book.tied[rows[:, 0]].sum()),
        "tie_loops": _loops(book, rows[:, 0]),
        "hubs": book.accounts.take(pa.array(reached[sink[reached]])).to_pylist(),
        "undated": book.undated,
    }
    return trail


def _unshown(case: Case, book: Ledger, places: Ints) -> list[str]:
    """Return the accounts that money of a trail reaches and whose statement lacks a movement on a day of the trail."""
    lacking = unshown(case.store)
    days, day = book.moves.at[places] // DAY_US, lacking["day_on"].cast(pa.int32()).to_numpy()
    doubtful = book.codes(lacking["account_id"])[(day >= days.min(initial=2**40)) & (day <= days.max(initial=-1))]
    reached = np.intersect1d(book.moves.payee[places], doubtful[doubtful >= 0])
    return list(map(str, book.accounts.take(pa.array(reached)).to_pylist()))


def _loops(book: Ledger, places: Ints) -> int:
    """Count the loops of ties that touch an account of the trail on a day on which it has a transfer of the trail."""
    broken = np.flatnonzero(book.looped)
    day, accounts = book.moves.at // DAY_US, len(book.accounts) + 1
    ours = np.concatenate([day[places] * accounts + side[places] for side in (book.moves.payer, book.moves.payee)])
    hit = [
        np.isin(day[broken] * accounts + side[broken], ours) & (side[broken] >= 0)
        for side in (book.moves.payer, book.moves.payee)
    ]
    return int((hit[0] | hit[1]).sum())
