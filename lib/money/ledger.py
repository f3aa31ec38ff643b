"""The ledger: every dated transfer of a Store as arrays in order of replay, with what each payer was known to hold.

Worked out once per version of the Store: the order and the balances do not depend on whose money is followed.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.errors import DataGap
from lib.kernels import tracing
from lib.money.ordering import Moves, replay_order
from lib.money.reversals import pairs
from lib.money.statements import statements
from lib.store import Store

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
COLUMNS = ["transfer_id", "at", "payer_account", "payee_account", "amount_yuan", "kind", "loan_id"]


@dataclass(frozen=True, eq=False)
class Ledger:
    """Transfers in order of replay; an account is its place in `accounts` (sorted), -1 is unknown.

    Attributes
    ----------
    table
        transfer_id, at, payer_account, payee_account, amount_yuan, kind, loan_id.
    opening
        What each account held at first, fen: what statements imply, else 0.
    before
        What the payer is known to hold before it pays, fen.
    out_start, out_pos
        Payments of account a: out_pos[out_start[a]:out_start[a + 1]].
    latest
        Latest time reached by then, microseconds: ascending, also where days without times tie with times.
    tied, looped
        Whether only the rule "credits first" placed a transfer; whether a loop of demands was broken at it.
    undated
        Transfers without a time or an amount, which are not in the ledger.
    """

    table: pa.Table
    accounts: pa.Array
    moves: Moves
    amount: Ints
    opening: Ints
    before: Ints
    out_start: Ints
    out_pos: Ints
    latest: Ints
    tied: Flags
    looped: Flags
    undated: int

    @cached_property
    def is_fee(self) -> Flags:
        """Whether each transfer is of the kind `fee`."""
        marks: Flags = pc.fill_null(pc.equal(self.table["kind"], "fee"), False).to_numpy()
        return marks

    @cached_property
    def there(self) -> Ints:
        """What each payee is known to hold before it is paid, fen (0 where nobody is stated)."""
        known: Ints = tracing.replay_arrivals(self.moves.payer, self.moves.payee, self.amount, self.opening)
        return known

    @property
    def arrays(self) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
        """The arrays that the kernel of pools reads."""
        return self.moves.payer, self.moves.payee, self.amount, self.before, self.out_start, self.out_pos

    @property
    def line_arrays(self) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints]:
        """The arrays that the kernel of lines reads."""
        return self.moves.payer, self.moves.payee, self.amount, self.before, self.there, self.out_start, self.out_pos

    def codes(self, accounts: pa.Array | list[str]) -> Ints:
        """Return the numbers of accounts, -1 for those that no transfer or account record names."""
        return code(accounts, self.accounts)

    def flags(self, accounts: pa.Array | list[str]) -> Flags:
        """Return one flag per account, true for those named."""
        marks = np.zeros(len(self.accounts) + 1, np.bool_)  # the last takes those that are unknown
        marks[self.codes(accounts)] = True
        return marks[:-1]

    def positions(self, transfer_ids: pa.Array | list[str]) -> Ints:
        """Return the places of transfers in the order of replay, -1 for those that are not in the ledger."""
        found = pc.index_in(pa.array(transfer_ids, pa.string()), value_set=self.table["transfer_id"].combine_chunks())
        places: Ints = pc.fill_null(found, -1).to_numpy().astype(np.int64)
        return places

    def without(self, gone: Flags) -> "Ledger":
        """Return the ledger as it would be if some transfers had never been; the others keep their order."""
        rows = np.flatnonzero(~gone)
        moves, amount = self.moves.of(rows), self.amount[rows]
        out_start, out_pos = payments_of(moves.payer, len(self.accounts))
        return replace(
            self,
            table=self.table.take(pa.array(rows)),
            moves=moves,
            amount=amount,
            before=known_before(moves, amount, self.opening),
            out_start=out_start,
            out_pos=out_pos,
            latest=self.latest[rows],
            tied=self.tied[rows],
            looped=self.looped[rows],
        )


def ledger(store: Store) -> Ledger:
    """Return the ledger of a Store, worked out once per version.

    Raises
    ------
    DataGap
        If amounts are so large that balances cannot be kept to the fen in 64 bits.
    """
    key = "money.ledger"
    if key not in store.memo:
        store.memo[key] = _load(store)
    made: Ledger = store.memo[key]
    return made


def settled(store: Store) -> Ledger:
    """Return the ledger without the transfers that were undone and those that undid them; worked out once per version."""
    key = "money.ledger.settled"
    if key not in store.memo:
        book, gone = ledger(store), undone(store)
        store.memo[key] = book.without(gone) if gone.any() else book
    made: Ledger = store.memo[key]
    return made


def undone(store: Store) -> Flags:
    """Return for each transfer of the ledger whether it was undone by another or undid one."""
    book, found = ledger(store), pairs(store)
    gone = np.zeros(len(book.amount) + 1, np.bool_)  # the last takes those that are not in the ledger
    for side in ("original_id", "reversal_id"):
        gone[book.positions(found[side].combine_chunks())] = True
    return gone[:-1]


def code(values: pa.Array | pa.ChunkedArray | list[str], known: pa.Array) -> Ints:
    """Return each value's place among known values, -1 for null and unknown ones."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    found = pc.index_in(pa.array(values, pa.string()), value_set=known, skip_nulls=True)
    places: Ints = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def _load(store: Store) -> Ledger:
    rows = store.run("ledger").combine_chunks()
    held = store.arrow("select account_id from accounts where account_id is not null")["account_id"].combine_chunks()
    undated = store.arrow("select count(*) as n from transfers")["n"][0].as_py() - rows.num_rows
    return assemble(rows, held, statements(store).openings(), undated)


def assemble(rows: pa.Table, held: pa.Array, openings: tuple[pa.Array, Ints, Ints], undated: int = 0) -> Ledger:
    """Make a ledger of transfers in file order (columns as in sql/ledger.sql), further accounts, and what statements imply.

    `openings` are accounts, the fen that each held before its first statement line, and that line's time in microseconds.
    """
    named = pa.chunked_array([held, *rows["payer_account"].chunks, *rows["payee_account"].chunks], pa.string())
    accounts = pc.drop_null(pc.unique(named)).sort()
    filed = _moves(rows, accounts)
    order, tied, looped = replay_order(filed)
    rows, moves = rows.take(pa.array(order)), filed.of(order)
    amount = rows["amount_fen"].to_numpy()
    opening = _opening(openings, rows, accounts, moves, amount)
    before = known_before(moves, amount, opening)
    out_start, out_pos = payments_of(moves.payer, len(accounts))
    latest = np.maximum.accumulate(moves.at)
    table, ties = rows.select(COLUMNS), (tied[order], looped[order])
    return Ledger(table, accounts, moves, amount, opening, before, out_start, out_pos, latest, *ties, undated)


def known_before(moves: Moves, amount: Ints, opening: Ints) -> Ints:
    """Return what each payer is known to hold before it pays, fen (errors as in `ledger`)."""
    before: Ints = tracing.replay(moves.payer, moves.payee, amount, opening)
    if (before < 0).any():
        raise DataGap(
            "流水金额过大, 账户余额超过 4.6 亿亿元, 无法精确到分计算。请核对金额单位 (元/万元) 后重新导入",
            "Amounts too large: a balance exceeds 4.6e16 yuan, too large to keep to the fen. Check the unit and import again",
        )
    return before


def payments_of(payer: Ints, accounts: int) -> tuple[Ints, Ints]:
    """Return where the payments of each account start in a list of payments by account, and that list (see Ledger)."""
    by_payer = np.argsort(payer, kind="stable")
    out_start: Ints = np.searchsorted(payer[by_payer], np.arange(accounts + 1))
    return out_start, by_payer


def _moves(rows: pa.Table, accounts: pa.Array) -> Moves:
    at = rows["at"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    seqs = (pc.fill_null(rows[name], -1).to_numpy() for name in ("payer_seq", "payee_seq"))
    sides = (code(rows[name], accounts) for name in ("payer_account", "payee_account"))
    return Moves(at, rows["day_only"].to_numpy(), *sides, *seqs)


def _opening(openings: tuple[pa.Array, Ints, Ints], rows: pa.Table, accounts: pa.Array, moves: Moves, amount: Ints) -> Ints:
    """Return what each account held at first: what its first statement line implies, less what it is seen to receive earlier.

    An overdraft counts as 0: nobody's money can be traced out of it.
    """
    ids, fen, first_at = openings
    opening, since = np.zeros(len(accounts) + 1, np.int64), np.full(len(accounts) + 1, np.iinfo(np.int64).min)
    places = code(ids, accounts)
    opening[places], since[places] = fen, first_at
    opening[-1] = 0
    for side, shown, sign in ((moves.payee, "payee_shown", 1), (moves.payer, "payer_shown", -1)):
        earlier = ~rows[shown].to_numpy() & (side >= 0) & (moves.at < since[side])
        np.subtract.at(opening, side[earlier], sign * amount[earlier])
    return np.maximum(opening[:-1], 0)
