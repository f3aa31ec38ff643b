"""The figures of article 9 of the disclosure guideline, of all institutions at once, as of a day that moves on.

Of a day d, in whole fen, numbers, or millionths:

累计交易总额, 累计交易笔数  principal and number of the contracts that began by d
借贷余额, 借贷余额笔数  that principal less what of it was repaid by d; the contracts of which something is left
利息余额  interest of all instalments of these contracts less what of it was repaid by d
累计出借人数量, 累计借款人数量  who ever lent (a buyer of a claim from that day on) or borrowed by d
当期出借人数量, 当期借款人数量  who holds, or owes, a contract of which something is left
前十大借款人待还金额占比  what the ten largest borrowers owe of 借贷余额 (0 of nothing); 最大单一借款人待还金额占比 likewise
关联关系借款余额, 关联关系借款笔数  what is left of contracts with related parties, as far as the institution admits them
逾期金额, 逾期笔数  principal of instalments that were due before d and are not repaid by d; the contracts that have any
逾期90天(不含)以上金额, 逾期90天(不含)以上笔数  the same of instalments that were due more than 90 days before d
累计代偿金额, 累计代偿笔数  repayments by d that somebody else than the borrower made: all of their amount; their number
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.district.books import Books
from lib.district.days import LAST
from lib.district.platforms import Platform

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
LENT, OWED, OVERDUE = "累计交易总额", "借贷余额", "逾期金额"
MILLION = 1_000_000  # shares are kept in millionths
_LONG = 90  # days overdue, not counted in
_TOP = 10
_NEVER = LAST + 99_999
METRICS = {
    LENT: "yuan",
    "累计交易笔数": "count",
    OWED: "yuan",
    "借贷余额笔数": "count",
    "利息余额": "yuan",
    "累计出借人数量": "count",
    "累计借款人数量": "count",
    "当期出借人数量": "count",
    "当期借款人数量": "count",
    "前十大借款人待还金额占比": "share",
    "最大单一借款人待还金额占比": "share",
    "关联关系借款余额": "yuan",
    "关联关系借款笔数": "count",
    OVERDUE: "yuan",
    "逾期笔数": "count",
    "逾期90天(不含)以上金额": "yuan",
    "逾期90天(不含)以上笔数": "count",
    "累计代偿金额": "yuan",
    "累计代偿笔数": "count",
}


@dataclass
class _Pairs:
    """Pairs of institution and party: the institution's place, and the first day of each pair."""

    of: Ints
    first: Ints


@dataclass
class Ledger:
    """All contracts and how they stand on a day that moves on; institutions by their place in a list.

    `claims` and `debts` hold the pair of each contract; a claim moves to its buyer. Repayments and assignments are by day,
    `repaid_to` and `moved_to` count those that are past.
    """

    institutions: int
    of: Ints
    start: Ints
    left: Ints
    fen: Ints
    interest: Ints
    related: Flags
    claims: Ints
    debts: Ints
    lenders: _Pairs
    borrowers: _Pairs
    due: dict[str, Ints]
    repaid: dict[str, Ints]
    moved: dict[str, Ints]
    repaid_to: int = 0
    moved_to: int = 0

    def move_to(self, on: int) -> None:
        """Book what was repaid and assigned by a day."""
        last = int(np.searchsorted(self.repaid["day"], on, side="right"))
        now = {name: column[self.repaid_to : last] for name, column in self.repaid.items()}
        np.subtract.at(self.left, now["loan"], now["principal"])
        np.subtract.at(self.interest, now["loan"], now["interest"])
        known = now["row"] >= 0
        np.subtract.at(self.due["principal"], now["row"][known], now["principal"][known])
        self.repaid_to = last
        last = int(np.searchsorted(self.moved["day"], on, side="right"))
        for loan, pair in zip(*(self.moved[name][self.moved_to : last].tolist() for name in ("loan", "pair")), strict=True):
            self.claims[loan] = pair
        self.moved_to = last

    def figures(self, on: int) -> dict[str, Ints]:
        """Return every figure of a day, one number per institution; `move_to` comes before."""
        begun = self.start <= on
        left = np.where(begun, np.maximum(self.left, 0), 0)
        is_open = left > 0
        largest = self._largest(left)
        total = self._sum(left, is_open)
        third = {name: self.repaid[name][: self.repaid_to] for name in ("of", "third", "amount")}
        paid_by_others = third["third"] > 0
        overdue = [self._overdue(on, after) for after in (0, _LONG)]
        made = (
            self._sum(self.fen, begun),
            self._count(begun),
            total,
            self._count(is_open),
            self._sum(np.maximum(self.interest, 0), is_open),
            *(np.bincount(p.of[p.first <= on], minlength=self.institutions) for p in (self.lenders, self.borrowers)),
            *(
                np.bincount(pairs.of[np.unique(at[is_open])], minlength=self.institutions)
                for pairs, at in ((self.lenders, self.claims), (self.borrowers, self.debts))
            ),
            *((2 * part * MILLION + total) // np.maximum(2 * total, 1) for part in largest),
            self._sum(left, is_open & self.related),
            self._count(is_open & self.related),
            *overdue[0],
            *overdue[1],
            _summed(third["of"][paid_by_others], third["amount"][paid_by_others], self.institutions),
            np.bincount(third["of"][paid_by_others], minlength=self.institutions),
        )
        return dict(zip(METRICS, made, strict=True))

    def _sum(self, fen: Ints, chosen: Flags) -> Ints:
        return _summed(self.of[chosen], fen[chosen], self.institutions)

    def _count(self, chosen: Flags) -> Ints:
        return np.bincount(self.of[chosen], minlength=self.institutions)

    def _overdue(self, on: int, after: int) -> tuple[Ints, Ints]:
        """Return what is unpaid of instalments due more than so many days before, and of how many contracts."""
        late = (self.due["day"] < on - after) & (self.due["principal"] > 0)
        loans = self.due["loan"][late]
        fen = _summed(self.of[loans], self.due["principal"][late], self.institutions)
        return fen, np.bincount(self.of[np.unique(loans)], minlength=self.institutions)

    def _largest(self, left: Ints) -> tuple[Ints, Ints]:
        """Return what the ten largest borrowers of each institution owe, and the largest."""
        owed = _summed(self.debts, left, len(self.borrowers.of))
        ends = np.searchsorted(self.borrowers.of, np.arange(self.institutions + 1))
        ten, one = np.zeros((2, self.institutions), np.int64)
        for n, (first, last) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
            top = np.sort(owed[first:last])[-_TOP:]
            ten[n], one[n] = top.sum(), top.max(initial=0)
        return ten, one


def ledger(books: Books, platforms: list[Platform], related: Mapping[int, bool]) -> Ledger:
    """Turn the tables into arrays; `related`: number of a contract with a related party → whether it is admitted."""
    tables = {name: books.sheets[name].table() for name in ("loans", "schedules", "repayments", "assignments")}
    loans, ids = tables["loans"], tables["loans"]["loan_id"].combine_chunks()
    of = _places(loans["institution_id"], pa.array([p.id for p in platforms]))
    start = _days(loans["started_on"])  # one that was cancelled before its first day was never lent
    sold, sold_on = _places(tables["assignments"]["loan_id"], ids), _days(tables["assignments"]["assigned_on"])
    lenders = pa.chunked_array([*loans["lender_id"].chunks, *tables["assignments"]["to_lender_id"].chunks], pa.string())
    claimed_of, claimed_on = np.concatenate((of, of[sold])), np.concatenate((start, sold_on))
    claims, lender_pairs = _pairs(claimed_of, lenders, claimed_on)
    debts, borrower_pairs = _pairs(of, loans["borrower_id"], start)
    due = {"loan": _places(tables["schedules"]["loan_id"], ids), "day": _days(tables["schedules"]["due_on"])}
    due["principal"] = _fen(tables["schedules"]["principal_yuan"])
    by_day = np.argsort(sold_on, kind="stable")
    admitted = np.zeros(len(loans), bool)
    admitted[[number for number, told in related.items() if told]] = True
    return Ledger(
        institutions=len(platforms),
        of=of,
        start=start,
        left=_fen(loans["principal_yuan"]),
        fen=_fen(loans["principal_yuan"]),
        interest=_summed(due["loan"], _fen(tables["schedules"]["interest_yuan"]), len(loans)),
        related=admitted,
        claims=claims[: len(loans)].copy(),
        debts=debts,
        lenders=lender_pairs,
        borrowers=borrower_pairs,
        due=due,
        repaid=_repaid(books, tables, ids, of, due["loan"]),
        moved={"loan": sold[by_day], "day": sold_on[by_day], "pair": claims[len(loans) :][by_day]},
    )


def _pairs(of: Ints, parties: pa.ChunkedArray, days: Ints) -> tuple[Ints, _Pairs]:
    """Return the pair of each row (institution, party), and the pairs by institution."""
    coded = parties.combine_chunks().dictionary_encode()
    width = len(coded.dictionary) + 1
    keys, pair = np.unique(of * width + coded.indices.fill_null(width - 1).to_numpy(), return_inverse=True)
    first = np.full(len(keys), _NEVER)
    np.minimum.at(first, pair, days)
    return pair, _Pairs(keys // width, first)


def _repaid(books: Books, tables: dict[str, pa.Table], ids: pa.Array, of: Ints, due_loan: Ints) -> dict[str, Ints]:
    """Return repayments by day: contract, its institution, row of the schedule (-1: none), amounts, whether another paid."""
    table, schedules = tables["repayments"], tables["schedules"]
    loan, width = _places(table["loan_id"], ids), int(pc.max(schedules["period"]).as_py() or 0) + 2
    keys = due_loan * width + schedules["period"].to_numpy()
    order = np.argsort(keys, kind="stable")
    wanted = loan * width + table["period"].combine_chunks().fill_null(width - 1).to_numpy()
    row = order[np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)] if len(keys) else np.zeros(0, np.int64)
    accounts = books.sheets["accounts"].table()
    holder = (
        accounts["holder_id"]
        .combine_chunks()
        .take(pc.index_in(table["payer_account"].combine_chunks(), accounts["account_id"]))
    )
    payer = pc.coalesce(table["payer_id"].combine_chunks(), holder)
    borrower = tables["loans"]["borrower_id"].combine_chunks().take(pa.array(loan))
    columns = {"day": _days(table["paid_on"]), "loan": loan, "of": of[loan], "row": np.where(keys[row] == wanted, row, -1)}
    columns |= {name: _fen(table[f"{name}_yuan"]) for name in ("principal", "interest", "amount")}
    columns["third"] = pc.not_equal(payer, borrower).fill_null(False).to_numpy(zero_copy_only=False).astype(np.int64)
    by_day = np.argsort(columns["day"], kind="stable")
    return {name: column[by_day] for name, column in columns.items()}


def _places(column: pa.ChunkedArray, known: pa.Array) -> Ints:
    """Return the place of each value in a list that has them all."""
    places: Ints = pc.index_in(column.combine_chunks(), known).to_numpy().astype(np.int64)
    return places


def _days(column: pa.ChunkedArray) -> Ints:
    days: Ints = column.combine_chunks().cast(pa.int32()).fill_null(_NEVER).to_numpy().astype(np.int64)
    return days


def _fen(column: pa.ChunkedArray) -> Ints:
    """Return yuan as fen, 0 where unknown: the lower word of each decimal128."""
    array = pc.coalesce(column.combine_chunks(), pa.scalar(0, column.type))
    words = np.frombuffer(array.buffers()[1], np.int64) if len(array) else np.zeros(0, np.int64)
    return words[2 * array.offset : 2 * (array.offset + len(array)) : 2].copy()


def _summed(at: Ints, fen: Ints, size: int) -> Ints:
    """Add amounts up by place: exact, for all of them stay below 2^53."""
    return np.bincount(at, fen, minlength=size).astype(np.int64)
