"""The ways of loans' money: every payout followed on its own under several conventions, one row per end.

What the rows say of an end is worked out for all of them at once: a district has a million loans.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.kernels import ends as kernel
from lib.money.amounts import yuan
from lib.money.categories import FEE, KINDS, Marks
from lib.money.ledger import Ledger, code
from lib.money.lending import Sides
from lib.money.ordering import DAY_US
from lib.money.walking import Walk

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
AT_ONCE = 50_000  # loans: what is held of their ways at a time
# In the order in which a loan's rows stand.
CATEGORIES = (
    *("related_party", "securities", "property", "repayment_other", "repayment", "repayment_this", "cash", "fee"),
    *("other", "borrower", "unknown"),
)
ENDS = ("related_party", "use", "hub", "at_rest", "left_data")
REASONS = ("payee_not_stated", "hub", "statements_missing", "hops_limit")
_OF_KIND = np.array([CATEGORIES.index(k) if k in CATEGORIES else -1 for k in KINDS])
_OTHER, _BORROWER, _UNKNOWN = (CATEGORIES.index(c) for c in ("other", "borrower", "unknown"))


@dataclass(frozen=True)
class Loans:
    """Loans and their payouts: ids, borrowers, and the positions places[starts[i]:starts[i + 1]] of each."""

    ids: pa.Array
    borrowers: pa.Array
    starts: Ints
    places: Ints

    def some(self, first: int, end: int) -> "Loans":
        """Return a part of them."""
        starts = self.starts[first : end + 1]
        count = len(starts) - 1
        return Loans(
            self.ids.slice(first, count),
            self.borrowers.slice(first, count),
            starts - starts[0],
            self.places[starts[0] : starts[-1]],
        )


@dataclass(frozen=True)
class Setting:
    """What the loans of one case are followed in: the ledger, what accounts are to the case, what is known of uses.

    `holders` are the accounts' holders and `names` their names, by ledger number; `through`: whether money is followed through
    accounts of securities firms and sellers of property.
    """

    book: Ledger
    sides: Sides
    marks: Marks
    holders: pa.Array
    names: pa.Array
    through: bool = False

    @property
    def used(self) -> Flags:
        """Whether an account is one at which money is used up: its holder deals in securities or property."""
        marked: Flags = (self.marks.accounts > 0) & ~self.sides.related & ~self.sides.hub
        return marked

    @property
    def sink(self) -> Flags:
        """Whether money is not followed beyond an account."""
        found: Flags = self.sides.related | self.sides.hub | (False if self.through else self.used)
        return found


def ways(setting: Setting, loans: Loans, methods: tuple[str, ...], *, hops: int | None, days: int | None) -> pa.Table:
    """Follow every loan's payout and return a row per end (columns as in `use_of_funds`, but for what concerns parties)."""
    walks = [Walk(setting.book, setting.sink, hops=hops, days=days, method=m) for m in methods]
    parts = (loans.some(at, at + AT_ONCE) for at in range(0, max(len(loans.ids), 1), AT_ONCE))
    return pa.concat_tables(_ways(setting, part, walks) for part in parts)


def _ways(setting: Setting, loans: Loans, walks: list[Walk]) -> pa.Table:
    sides, book = setting.sides, setting.book
    fee = book.is_fee & (book.moves.payee >= 0) & sides.fee[book.moves.payee] & sides.related[book.moves.payee]
    kinds = np.where(fee, FEE, setting.marks.transfers).astype(np.int8)
    setting = replace(setting, marks=replace(setting.marks, transfers=kinds))
    runs, sources, opened, loan, until = _runs(setting, loans, walks[0])
    made = [walk.ends(runs, sources, opened, kinds, setting.marks.of_loan) for walk in walks]
    ends, steps, fen = _joined(made, len(book.accounts))
    run = ends[:, kernel.RUN]
    walked = _walked(runs, opened, ends, setting.sink)
    return _table(setting, loans, _Ends(ends, steps, fen, loan[run], until[run], walked), walks)


@dataclass(frozen=True)
class _Ends:
    """Ends as the kernel gives them, the steps to them, fen by convention; of each: loan, window's end, whether walked on."""

    rows: Ints
    steps: Ints
    fen: Ints
    loan: Ints
    until: Ints
    walked: Flags


def _runs(setting: Setting, loans: Loans, walk: Walk) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Return the runs for the kernel, their sources, the hubs opened for them, and of each its loan and its window's end.

    Several payouts of a loan that lie further apart than the window are runs of their own.
    """
    sizes = np.diff(loans.starts)
    single = np.flatnonzero(sizes == 1)
    alone = loans.places[loans.starts[single]]
    stops, ends = walk.reach(alone)
    sources, owner = [alone], [single]
    spans = [np.column_stack([np.ones(len(alone), np.int64), stops, ends])]
    for one in np.flatnonzero(sizes > 1).tolist():
        for run, stop, end in walk.windows(np.unique(loans.places[loans.starts[one] : loans.starts[one + 1]])):
            sources, owner = [*sources, run], [*owner, np.array([one])]
            spans.append(np.array([[len(run), stop, end]]))
    span, loan, flat = np.concatenate(spans), np.concatenate(owner), np.concatenate(sources)
    runs = np.zeros((len(span), 6), np.int64)
    runs[:, kernel.SOURCE_END] = np.cumsum(span[:, 0])
    runs[:, kernel.SOURCE] = runs[:, kernel.SOURCE_END] - span[:, 0]
    runs[:, kernel.STOP] = span[:, 1]
    numbers = code(loans.ids, setting.marks.loans)
    runs[:, kernel.LOAN] = np.where(numbers >= 0, numbers, -2)[loan]  # -2: no transfer names it
    opened = _opened(setting, loans, runs, flat, np.repeat(loan, span[:, 0]))
    order = np.argsort(loan, kind="stable")
    return runs[order], flat, opened, loan[order], span[order, 2]


def _opened(setting: Setting, loans: Loans, runs: Ints, sources: Ints, loan: Ints) -> Ints:
    """Return the hubs into which a run's payout went and that are the borrower's own; set their places in `runs`."""
    payee = setting.book.moves.payee[sources]
    known = setting.holders.unique().drop_null()
    holder, borrower = code(setting.holders, known), code(loans.borrowers, known)
    own = (payee >= 0) & setting.sides.hub[payee] & (borrower[loan] >= 0) & (holder[payee] == borrower[loan])
    before = np.append(0, np.cumsum(own))
    runs[:, kernel.OPENED], runs[:, kernel.OPENED_END] = before[runs[:, kernel.SOURCE]], before[runs[:, kernel.SOURCE_END]]
    found: Ints = payee[own]
    return found


def _joined(made: list[tuple[Ints, Ints]], accounts: int) -> tuple[Ints, Ints, Ints]:
    """Join the ends of several conventions: an end's way is that of the first convention that reaches it; fen of each."""
    rows, steps, shift = [], [], 0
    for ends, ways_to in made:
        rows.append(ends.copy())
        rows[-1][:, kernel.STEPS] += shift
        steps.append(ways_to)
        shift += len(ways_to)
    every = np.concatenate(rows)
    key = (every[:, kernel.RUN] * (accounts + 1) + every[:, kernel.ACCOUNT] + 1) * kernel.KINDS + every[:, kernel.KIND]
    _, first, of = np.unique(key, return_index=True, return_inverse=True)
    fen = np.zeros((len(first), len(made)), np.int64)
    fen[of, np.repeat(np.arange(len(made)), [len(r) for r in rows])] = every[:, kernel.FEN]
    return every[first], np.concatenate(steps), fen


def _walked(runs: Ints, opened: Ints, ends: Ints, sink: Flags) -> Flags:
    """Tell whether money is walked through the account of each end."""
    account, run = ends[:, kernel.ACCOUNT], runs[ends[:, kernel.RUN]]
    found: Flags = (account >= 0) & ~sink[account]
    for place in np.flatnonzero((account >= 0) & sink[account] & (run[:, kernel.OPENED] < run[:, kernel.OPENED_END])).tolist():
        found[place] = account[place] in opened[run[place, kernel.OPENED] : run[place, kernel.OPENED_END]]
    return found


def _judged(setting: Setting, loans: Loans, ends: _Ends) -> tuple[Ints, Ints, Ints]:
    """Return of each end: the category of use, what kind of end it is, and why it is not known (-1: it is)."""
    rows, sides, moves = ends.rows, setting.sides, setting.book.moves
    account, first = rows[:, kernel.ACCOUNT], rows[:, kernel.FIRST]
    kind = np.where(ends.walked, _seen_from(setting, loans, ends, first), rows[:, kernel.KIND])
    said = _OF_KIND[kind]
    known = setting.holders.unique().drop_null()
    borrower = code(loans.borrowers, known)[ends.loan]
    own = (account >= 0) & (borrower >= 0) & (code(setting.holders, known)[account] == borrower)
    stated = account >= 0
    related, hub = stated & sides.related[account], stated & sides.hub[account] & ~ends.walked
    used = stated & setting.used[account]
    seen = sides.known(account, moves.at[first] // DAY_US, ends.until // DAY_US)
    by_account = _OF_KIND[setting.marks.accounts[account]]
    fee = kind == FEE
    category = np.select(
        [related & ~fee, used, said >= 0, ~stated | hub | ~seen, own], [0, by_account, said, _UNKNOWN, _BORROWER], _OTHER
    )
    end = np.select([related, used & ~ends.walked, hub, stated], [0, 1, 2, 3], 4)
    limited = ends.walked & (rows[:, kernel.ENDED] > 0) & np.isin(category, (_OTHER, _BORROWER))
    lost = category == _UNKNOWN
    why = np.select([lost & ~stated, lost & hub, lost, limited], [0, 1, 2, 3], -1)
    return category, end, why


def _seen_from(setting: Setting, loans: Loans, ends: _Ends, first: Ints) -> Ints:
    """Return the kinds of transfers, a repayment counting as one of the loan that it names."""
    kind, of_loan = setting.marks.transfers[first].astype(np.int64), setting.marks.of_loan[first]
    numbers = code(loans.ids, setting.marks.loans)[ends.loan]
    named = (kind == kernel.REPAYMENT) & (of_loan >= 0)
    return np.where(named, np.where(of_loan == numbers, kernel.THIS_LOAN, kernel.OTHER_LOAN), kind)


def _table(setting: Setting, loans: Loans, ends: _Ends, walks: list[Walk]) -> pa.Table:
    category, end, why = _judged(setting, loans, ends)
    order = np.lexsort((ends.rows[:, kernel.ACCOUNT], -ends.fen[:, 0], category, ends.rows[:, kernel.RUN], ends.loan))
    ends = _Ends(ends.rows[order], ends.steps, ends.fen[order], ends.loan[order], ends.until[order], ends.walked[order])
    category, end, why = category[order], end[order], why[order]
    book, rows = setting.book, ends.rows
    account = pa.array(rows[:, kernel.ACCOUNT], mask=rows[:, kernel.ACCOUNT] < 0)
    way, sizes = _flat(rows, further=False)
    steps = ends.steps[way]
    payee = book.moves.payee[steps]
    through = pa.array(payee, mask=payee < 0)
    start = np.cumsum(sizes) - sizes
    paid_at, reached_at, last_at = (book.moves.at[p] for p in (steps[start], rows[:, kernel.FIRST], rows[:, kernel.LAST]))
    evidence, counts = _flat(rows, further=True)
    stamp = pa.timestamp("us")
    columns = {
        "loan_id": loans.ids.take(pa.array(ends.loan)),
        "end": pa.array(ENDS).take(pa.array(end)),
        "category": pa.array(CATEGORIES).take(pa.array(category)),
        "account": book.accounts.take(account).cast(pa.string()),
        "holder_id": setting.holders.take(account).cast(pa.string()),
        "holder_name": setting.names.take(account).cast(pa.string()),
        "paid_at": pa.array(paid_at).cast(stamp),
        "reached_at": pa.array(reached_at).cast(stamp),
        "last_at": pa.array(last_at).cast(stamp),
        "days": pa.array((reached_at // DAY_US - paid_at // DAY_US).astype(np.int32)),
        "hops": pa.array(rows[:, kernel.HOPS].astype(np.int32)),
        "accounts": _lists(sizes, book.accounts.take(through).cast(pa.string())),
        "holder_names": _lists(sizes, setting.names.take(through).cast(pa.string())),
        **{f"{walk.method}_yuan": yuan(np.ascontiguousarray(ends.fen[:, i])) for i, walk in enumerate(walks)},
        "not_traceable": pa.array(REASONS).take(pa.array(why, mask=why < 0)),
        "transfer_ids": _lists(counts, book.table["transfer_id"].combine_chunks().take(pa.array(ends.steps[evidence]))),
    }
    return pa.table(columns)


def _flat(rows: Ints, *, further: bool) -> tuple[Ints, Ints]:
    """Return the places of each end's steps, the first transfer of its way first, and how many each has."""
    way = rows[:, kernel.WAY]
    sizes = way + rows[:, kernel.MORE] if further else way
    start = np.cumsum(sizes) - sizes
    inside = np.arange(sizes.sum()) - np.repeat(start, sizes)
    of_way = np.repeat(way, sizes)
    base = np.repeat(rows[:, kernel.STEPS], sizes)
    return base + np.where(inside < of_way, of_way - 1 - inside, inside), sizes


def _lists(sizes: Ints, values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.append(0, np.cumsum(sizes)).astype(np.int32)), values)
