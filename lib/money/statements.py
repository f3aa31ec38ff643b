"""Statements of accounts: the days they cover, the order of their lines, and where their running balances break.

A statement's lines stand in the bank's sequence where every line has one, else by time. Lines of the same time may be shown in
any order by a bank, so every order in which the balances hold is accepted: that of the file, the reverse (files that list the
newest first), else a trail through the stated balances. Where balances break by time and fewer do in the order of the files, or
in that order reversed (a bank may book in another order than it dates), that order is taken. A line without a balance moves the
chain on by arithmetic.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.money.ordering import DAY_US
from lib.store import Store

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Line = tuple[int, int | None]  # signed fen, stated balance
_MOST_STARTS = 50  # balances from which a tie that goes round is tried
READINGS = ("sequence", "file", "reversed", "time")


@dataclass(frozen=True, eq=False)
class Statements:
    """Lines of all statements, account after account, in the order in which their balances hold best.

    `flow_id` and `account_id` are Arrow arrays; `signed` and `balance` fen (0 where none is `stated`), `at` microseconds;
    `place` is the line's place in the files.
    """

    flow_id: pa.Array
    account_id: pa.Array
    first: Flags
    at: Ints
    signed: Ints
    balance: Ints
    stated: Flags
    place: Ints
    numbered: Flags

    def readings(self) -> pa.Table:
        """Say in which order the lines of each account were read, and how well its balances hold in it.

        Returns account_id · reading (sequence: the bank's; file: as in the files; reversed: the last line of the files first;
        time, where it is none of these) · links (pairs of stated balances that follow each other) · links_held.
        """
        starts = np.flatnonzero(self.first)
        account = np.cumsum(self.first) - 1
        step = np.diff(self.place, append=0)
        inside = np.append(~self.first[1:], False)[: len(step)]
        falls, rises = (np.bincount(account[inside & turn], minlength=len(starts)) for turn in (step < 0, step > 0))
        codes = np.select([self.numbered[starts], falls == 0, rises == 0], [0, 1, 2], 3)
        rows, _, missing = self.breaks()
        links = np.bincount(account[rows], minlength=len(starts))
        broken = np.bincount(account[rows[missing != 0]], minlength=len(starts))
        return pa.table(
            {
                "account_id": self.account_id.take(pa.array(starts)),
                "reading": pa.array(READINGS, pa.string()).take(pa.array(codes)),
                "links": pa.array(links, pa.int64()),
                "links_held": pa.array(links - broken, pa.int64()),
            }
        )

    def openings(self) -> tuple[pa.Array, Ints, Ints]:
        """Return accounts whose first line states a balance, the fen they held before it, and its time."""
        rows = np.flatnonzero(self.first & self.stated)
        return self.account_id.take(pa.array(rows)), self.balance[rows] - self.signed[rows], self.at[rows]

    def breaks(self) -> tuple[Ints, Ints, Ints]:
        """Return every stated line after another one of its account: row, that other row, found less expected (fen)."""
        account = np.cumsum(self.first)
        rows = np.flatnonzero(self.stated)
        rest = (self.balance - np.cumsum(self.signed))[rows]
        same = account[rows][1:] == account[rows][:-1]
        return rows[1:][same], rows[:-1][same], (rest[1:] - rest[:-1])[same]


@dataclass(frozen=True, eq=False)
class _Trace:
    """An order of a tie's lines, and what came before."""

    way: list[int]
    before: "_Trace | None"


def statements(store: Store) -> Statements:
    """Return the lines of all statements of a Store in order; worked out once per version."""
    key = "money.statements"
    if key not in store.memo:
        store.memo[key] = _arranged(store.run("statement_lines").combine_chunks())
    made: Statements = store.memo[key]
    return made


def coverage(store: Store) -> pa.Table:
    """Return account_id, covered_from, covered_to, lines, lines_with_balance; worked out once per version."""
    key = "money.coverage"
    if key not in store.memo:
        store.memo[key] = store.run("coverage")
    return store.memo[key]


def unshown(store: Store) -> pa.Table:
    """Return account_id, day_on: days of movements that the account's own statement ought to show and does not.

    Worked out once per version.
    """
    key = "money.unshown"
    if key not in store.memo:
        store.derive("money_coverage", coverage(store))
        store.memo[key] = store.run("unshown")
    return store.memo[key]


def _arranged(lines: pa.Table) -> Statements:
    if not lines.num_rows:
        empty, none = np.zeros(0, np.int64), np.zeros(0, np.bool_)
        text = pa.array([], pa.string())
        return Statements(text, text, none, empty, empty, empty, none, empty, none)
    codes = pc.dictionary_encode(lines["account_id"].combine_chunks())
    account = codes.indices.to_numpy().astype(np.int64)
    key, numbered = _keys(lines, account)
    flow_ids = lines["flow_id"].combine_chunks()
    at = lines["at"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    signed = lines["signed_fen"].to_numpy()
    balance = pc.fill_null(lines["balance_fen"], 0).to_numpy()
    stated = lines["balance_fen"].is_valid().to_numpy()

    def read(order: Ints) -> Statements:
        rows = account[order]
        first = np.append(True, rows[1:] != rows[:-1])
        text = pa.array(order)
        return Statements(
            flow_ids.take(text),
            codes.dictionary.take(pa.array(rows)),
            first,
            at[order],
            signed[order],
            balance[order],
            stated[order],
            order,
            numbered[rows],
        )

    order = _better_direction(read, account, key)
    order = _untied(read(order), order, account[order], key[order])
    return read(_as_filed(read, order, account, numbered))


def _keys(lines: pa.Table, account: Ints) -> tuple[Ints, Flags]:
    """Return what orders the lines of an account (its sequence where all of them have one, else time; equal keys tie).

    And for each account whether it is the sequence.
    """
    at = lines["at"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    seq = pc.fill_null(lines["seq"], -1).to_numpy()
    numbered = np.bincount(account, weights=seq < 0) == 0
    day = at // DAY_US
    blocks = account * (1 + int(day.max()) - int(day.min())) + day - int(day.min())
    tied_day = np.isin(blocks, np.unique(blocks[lines["day_only"].to_numpy(zero_copy_only=False)]))
    by_time: Ints = np.where(tied_day, day * DAY_US, at)
    chosen: Ints = np.where(numbered[account], seq, by_time)
    return chosen, numbered


def _better_direction(read, account: Ints, key: Ints) -> Ints:  # type: ignore[no-untyped-def]
    """Order lines by key and then as the file has them, or the other way round for accounts whose balances hold better so."""
    place = np.arange(len(account))
    forward: Ints = np.lexsort((place, key, account))
    backward: Ints = np.lexsort((-place, key, account))
    newest_first = (_wrong(read, backward, account) < _wrong(read, forward, account))[account[forward]]
    chosen: Ints = np.where(newest_first, backward, forward)
    return chosen


def _as_filed(read, order: Ints, account: Ints, numbered: Flags) -> Ints:  # type: ignore[no-untyped-def]
    """Take the order of the files, or its reverse, for accounts without a sequence in which fewer balances break so."""
    least, place = _wrong(read, order, account), np.arange(len(account))
    if not least[~numbered].any():
        return order
    for filed in (np.lexsort((place, account)), np.lexsort((-place, account))):
        wrong = _wrong(read, filed, account)
        better = ~numbered & (wrong < least)
        order, least = np.where(better[account[order]], filed, order), np.where(better, wrong, least)
    return order


def _wrong(read, order: Ints, account: Ints) -> Ints:  # type: ignore[no-untyped-def]
    """Count the breaks of each account."""
    rows, _, missing = read(order).breaks()
    return np.bincount(account[order][rows[missing != 0]], minlength=int(account.max()) + 1)


def _untied(made: Statements, order: Ints, account: Ints, key: Ints) -> Ints:
    """Rearrange tied lines of the accounts whose balances still break, one tie after the other."""
    rows, _, missing = made.breaks()
    broken = np.unique(account[rows[missing != 0]])
    tied = np.append(False, (account[1:] == account[:-1]) & (key[1:] == key[:-1]))
    broken = np.intersect1d(broken, account[tied])
    starts, order = np.searchsorted(account, np.arange(int(account.max()) + 2)), order.copy()
    for number in broken:
        span = slice(int(starts[number]), int(starts[number + 1]))
        order[span] = order[span][_arrange(made.signed[span], made.balance[span], made.stated[span], tied[span])]
    return order


def _arrange(signed: Ints, balance: Ints, stated: Flags, tied: Flags) -> Ints:
    """Return an order of one account's lines with the fewest breaks, tie after tie.

    A tie that goes round can end with any of its balances, and only what follows says with which: so the best order is kept
    for each balance that a tie may end with.
    """
    lines = [(int(s), int(b) if known else None) for s, b, known in zip(signed, balance, stated, strict=True)]
    ends: dict[int | None, tuple[int, _Trace | None]] = {None: (0, None)}
    for low, high in pairwise([*np.flatnonzero(~tied).tolist(), len(lines)]):
        reached: dict[int | None, tuple[int, _Trace | None]] = {}
        for expected, (before, trace) in ends.items():
            for way in _ways(lines, list(range(low, high)), expected):
                breaks, end = _walk(lines, way, expected)
                if end not in reached or before + breaks < reached[end][0]:
                    reached[end] = (before + breaks, _Trace(way, trace))
        least = min(breaks for breaks, _ in reached.values())
        ends = {end: found for end, found in reached.items() if found[0] <= least + 1}  # a worse one cannot catch up
    trace = min(ends.values(), key=lambda found: found[0])[1]
    parts = []
    while trace is not None:
        parts.append(trace.way)
        trace = trace.before
    return np.array([i for way in reversed(parts) for i in way], np.int64)


def _ways(lines: list[Line], tie: list[int], expected: int | None) -> list[list[int]]:
    """Return orders worth trying for tied lines: as in the file, reversed, and trails through their balances."""
    if len(tie) == 1:
        return [tie]
    ways = [tie, tie[::-1]]
    steps = {i: (found - signed, found) for i in tie for signed, found in [lines[i]] if found is not None}
    if len(steps) == len(tie):
        begins = dict.fromkeys(before for before, _ in steps.values())
        starts = [expected, None] if expected in begins else [None, *list(begins)[:_MOST_STARTS]]
        ways += [_trail(steps, start) for start in starts]
    return ways


def _walk(lines: list[Line], way: list[int], expected: int | None) -> tuple[int, int | None]:
    """Count the breaks along an order of lines and return the balance after the last."""
    breaks = 0
    for i in way:
        signed, found = lines[i]
        expected = None if expected is None else expected + signed
        if found is not None:
            breaks += expected is not None and expected != found
            expected = found
    return breaks, expected


def _trail(steps: dict[int, tuple[int, int]], start: int | None) -> list[int]:
    """Order steps (before, after) so that each begins where the last ended: Hierholzer's trail, one per part of the graph.

    It begins at `start`, else where more steps leave than arrive; among equals the first in file order is taken.
    """
    leaving: dict[int | None, list[int]] = defaultdict(list)
    surplus: Counter[int | None] = Counter()
    for i, (before, after) in reversed(steps.items()):
        leaving[before].append(i)
        surplus.update({before: 1, after: -1})
    order: list[int] = []
    while len(order) < len(steps):
        left = [before for i, (before, _) in steps.items() if i in leaving[before]]
        begin = start if start in left else next((b for b in left if surplus[b] > 0), left[0])
        stack: list[tuple[int | None, int | None]] = [(begin, None)]
        part: list[int] = []
        while stack:
            if leaving[stack[-1][0]]:
                step = leaving[stack[-1][0]].pop()
                stack.append((steps[step][1], step))
            elif (done := stack.pop()[1]) is not None:
                part.append(done)
        for i in part:
            surplus.update({steps[i][0]: -1, steps[i][1]: 1})
        order += part[::-1]
    return order
