"""Accounts that lay idle for long and then moved much at once: 休眠账户突然启用."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.money.ordering import DAY_US
from lib.money.patterns.scene import FOUND, NOT_TESTABLE, Flags, Ints, Scene, distinct, numbered
from lib.money.patterns.settings import Settings, fen
from lib.money.statements import coverage, statements

_YEAR, _MONTHS = 365, 12
_NEVER = 2**40


def dormant(scene: Scene, settings: Settings) -> pa.Table:
    """Find accounts without a movement for so many days that then move many times the monthly mean of the year before.

    An account that first moves long after it was opened was new rather than asleep: it counts with `first_use` alone.
    What moves is what comes in and what goes out, together. A bank's own interest and fees (of nobody named) wake nobody. The
    year before counts as far as the statements cover it and the account was open.
    """
    account, rows = _entries(scene)
    covered_from, covered_to, opened = _known_days(scene)
    day, amount = scene.day[rows], scene.book.amount[rows]
    first = np.append(True, np.diff(account) != 0)[: len(rows)]
    before = np.append(0, day[:-1])[: len(rows)]
    before[first] = np.maximum(covered_from, opened)[account[first]]  # of an account without statements: never
    wakes = np.flatnonzero((day - before >= settings["idle_days"]) & (settings["first_use"] | ~first))
    origin = int(day.min(initial=0)) - _YEAR
    span = int(day.max(initial=0)) - origin + settings["days"] + 2
    key, total = account * span + day - origin, np.concatenate(([0], np.cumsum(amount)))
    who, woke = account[wakes], day[wakes]
    until = np.searchsorted(key, who * span + woke - origin + settings["days"])
    moved = total[until] - total[wakes]
    prior = total[wakes] - total[np.searchsorted(key, who * span + woke - origin - _YEAR)]
    known = np.clip(woke - np.maximum(covered_from, opened)[who], 0, _YEAR)
    # moved >= multiple × prior ÷ (known days ÷ days of a month), in whole numbers
    enough = [
        m * _MONTHS * k >= settings["multiple"] * p * _YEAR if k else True  # of an unknown year, nothing is known
        for m, k, p in zip(moved.tolist(), known.tolist(), prior.tolist(), strict=True)
    ]
    able = np.array(enough, np.bool_) & (moved >= max(1, fen("turnover_yuan", settings["turnover_yuan"])))
    wakes, until, moved, prior, known = wakes[able], until[able], moved[able], prior[able], known[able]
    who, woke, slept = account[wakes], day[wakes], before[wakes]
    why = np.select(
        [
            covered_from[who] >= _NEVER,
            (covered_from[who] > slept) | (covered_to[who] < woke),
            first[wakes] & (opened[who] <= -_NEVER),
            _contradicted(scene, who, slept, woke),
        ],
        ["no_statements", "not_covered", "opening_unknown", "lines_missing"],
        "",
    )
    multiple = moved * _MONTHS * known / np.maximum(prior * _YEAR, 1)
    figures = {"idle": woke - slept, "multiple": pa.array(multiple, mask=(prior == 0) | (known == 0))}
    return _told(scene, account, rows, wakes, until, why, figures)


def _told(scene: Scene, account: Ints, rows: Ints, wakes: Ints, until: Ints, why: Any, figures: dict[str, Any]) -> pa.Table:
    """Lay out accounts that woke; those of which no statement is held, as one row: they were not looked at one by one."""
    moves, alone = scene.book.moves, why == "no_statements"
    members = [rows[a:b] for a, b in zip(wakes.tolist(), until.tolist(), strict=True)]
    of, flat = numbered(members)
    own = np.repeat(account[wakes], until - wakes)
    other = np.where(moves.payer[flat] == own, moves.payee[flat], moves.payer[flat])
    made = scene.table(
        "dormant",
        [account[i : i + 1] for i in wakes.tolist()],
        members,
        outcome=pa.array(np.where(why == "", FOUND, NOT_TESTABLE), pa.string()),
        unknown=pa.array([code or None for code in why.tolist()], pa.string()),
        counterparties=distinct(of[other >= 0], scene.owner[other[other >= 0]], len(wakes)),
        idle_days=figures["idle"],
        multiple=figures["multiple"],
    )
    if not alone.any():
        return made
    places = np.flatnonzero(alone)
    ids, together = [np.unique(account[wakes[places]])], [np.unique(np.concatenate([members[i] for i in places]))]
    row = scene.table("dormant", ids, together, outcome=pa.array([NOT_TESTABLE]), unknown=pa.array(["no_statements"]))
    return pa.concat_tables([made.filter(pa.array(~alone)), row])


def _entries(scene: Scene) -> tuple[Ints, Ints]:
    """Return account and transfer of every movement that may wake an account, by account and day."""
    moves = scene.book.moves
    kept = np.flatnonzero(scene.moving(0, known=False))
    banks = pc.is_in(scene.book.table["kind"], value_set=pa.array(["interest", "fee"])).to_numpy()
    kept = kept[~(banks[kept] & ((moves.payer[kept] < 0) | (moves.payee[kept] < 0)))]
    account, rows = np.concatenate((moves.payer[kept], moves.payee[kept])), np.tile(kept, 2)
    order = np.flatnonzero((account >= 0) & ~scene.hub[account])
    order = order[np.lexsort((rows[order], scene.day[rows[order]], account[order]))]
    return account[order], rows[order]


def _known_days(scene: Scene) -> tuple[Ints, Ints, Ints]:
    """Return by account the days that statements cover (from `_NEVER` where there are none) and the day of its opening."""
    count = len(scene.hub)
    covered_from, covered_to, opened = np.full(count, _NEVER), np.full(count, -_NEVER), np.full(count, -_NEVER)
    query = "select account_id, opened_on from accounts where account_id is not null and opened_on is not null"
    for table, name, target in (
        (coverage(scene.store), "covered_from", covered_from),
        (coverage(scene.store), "covered_to", covered_to),
        (scene.store.arrow(query), "opened_on", opened),
    ):
        known = table.filter(table[name].is_valid())
        places = scene.book.codes(known["account_id"])
        target[places[places >= 0]] = known[name].cast(pa.int32()).to_numpy()[places >= 0]
    return covered_from, covered_to, opened


def _contradicted(scene: Scene, who: Ints, slept: Ints, woke: Ints) -> Flags:
    """Flag the idle times over which the stated balance of an account moved: lines must be missing there."""
    lines = statements(scene.store)
    rows, previous, missing = lines.breaks()
    rows, previous = rows[missing != 0], previous[missing != 0]
    number = scene.book.codes(lines.account_id.take(pa.array(rows)))
    after, before = lines.at[rows] // DAY_US, lines.at[previous] // DAY_US
    order = np.lexsort((after, number))
    number, after, before = number[order], after[order], before[order]
    starts, ends = np.searchsorted(number, who), np.searchsorted(number, who, side="right")
    return np.array(
        [
            bool(((before[a:b] < w) & (after[a:b] > s)).any())
            for a, b, s, w in zip(starts.tolist(), ends.tolist(), slept.tolist(), woke.tolist(), strict=True)
        ],
        np.bool_,
    )
