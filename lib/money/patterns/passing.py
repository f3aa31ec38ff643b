"""Accounts that money only passes through: in and out alike, gone again within hours, little left behind."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.kernels import dwelling
from lib.money.amounts import yuan
from lib.money.patterns.scene import FOUND, NOT_TESTABLE, Flags, Ints, Scene, distinct, grouped, numbered
from lib.money.patterns.settings import Settings, fen, parts
from lib.money.periods import ends
from lib.money.statements import coverage, statements

DAY_S, US = 86_400, 1_000_000
_NEVER = 2**40
Known = tuple[Ints, Ints, Ints, Ints, Ints]


def pass_through(scene: Scene, settings: Settings) -> pa.Table:
    """Find accounts through which money passes within some days: 快进快出, 不留余额.

    What cannot be known is told apart: how long money stayed where other money was there first, where days have no times, and
    what was left where no balance is stated.
    """
    moves = scene.book.moves
    kept = np.flatnonzero(scene.moving(0, known=False))
    account, rows = np.concatenate((moves.payee[kept], moves.payer[kept])), np.tile(kept, 2)
    arrives = np.arange(len(rows)) < len(kept)
    order = np.flatnonzero((account >= 0) & ~scene.hub[account])
    order = order[np.argsort(rows[order], kind="stable")]
    order = order[grouped(account[order])]
    large = _too_large(scene, account[order], rows[order], settings)
    order = order[~large[account[order]]]
    account, rows, arrives = account[order], rows[order], arrives[order]
    low = moves.at[rows] // US
    high = low + np.where(moves.day_only[rows], DAY_S - 1, 0)
    amount = scene.book.amount[rows]
    sums, unseen = dwelling.dwell(account, arrives, amount, low, high, scene.book.opening)
    bounds = (
        *(parts(name, settings[name]) for name in ("ratio_low", "ratio_high", "resting_share")),
        *(settings["dwell_hours"] * 3600, fen("throughput_yuan", settings["throughput_yuan"])),
    )
    found = dwelling.passing(
        account, scene.day[rows], arrives, amount, sums, unseen, _balances(scene), settings["days"], bounds
    )
    made = _told(scene, found.reshape(-1, 13), account, rows, arrives)
    if not large.any():
        return made
    theirs = np.flatnonzero(
        scene.moving(0, known=False) & (np.append(large, False)[moves.payer] | np.append(large, False)[moves.payee])
    )
    row = scene.table(
        "pass_through",
        [np.flatnonzero(large)],
        [theirs],
        outcome=pa.array([NOT_TESTABLE]),
        unknown=pa.array(["too_large"]),
    )
    return pa.concat_tables([made, row])


def _too_large(scene: Scene, account: Ints, rows: Ints, settings: Settings) -> Flags:
    """Flag accounts whose amounts times seconds or days could not be kept in 64 bits (a trillion yuan, about)."""
    span = int(scene.day.max(initial=0)) - int(scene.day.min(initial=0)) + 1
    factor = max(DAY_S, span, settings["dwell_hours"] // 24 + 1, settings["days"])
    turnover = np.zeros(len(scene.hub), np.float64)
    np.add.at(turnover, account, scene.book.amount[rows])
    start, _, closing, _, _ = _balances(scene)
    np.maximum.at(turnover, np.repeat(np.arange(len(scene.hub)), np.diff(start)), np.abs(closing.astype(np.float64)))
    large: Flags = (turnover + scene.book.opening) * factor >= 2.0**62
    return large


def _told(scene: Scene, found: Ints, account: Ints, rows: Ints, arrives: Flags) -> pa.Table:
    first, end, windows, came, went, held, span, *stay, unseen, state = found.T
    places = [np.arange(a, b) for a, b in zip(first.tolist(), end.tolist(), strict=True)]
    of, flat = numbered(places)
    moves = scene.book.moves
    other = np.where(arrives[flat], moves.payer[rows[flat]], moves.payee[rows[flat]])
    seen = np.maximum(went - unseen, 1).astype(np.float64) * 3600
    hours = [(stay[i].astype(np.float64) * DAY_S + stay[i + 1]) / seen for i in (0, 2)]
    none, rest = (went == unseen), np.maximum(span, 1)
    return scene.table(
        "pass_through",
        [account[i : i + 1] for i in first.tolist()],
        [rows[p] for p in places],
        outcome=pa.array(np.where(state == 2, FOUND, NOT_TESTABLE), pa.string()),
        unknown=pa.array(_why(scene, account[first], state, span, unseen), pa.string()),
        counterparties=distinct(of[other >= 0], scene.owner[other[other >= 0]], len(found)),
        windows=windows,
        in_yuan=yuan(came),
        out_yuan=yuan(went),
        out_in_ratio=went / np.maximum(came, 1),
        dwell_hours=pa.array(hours[0], mask=none),
        dwell_hours_most=pa.array(hours[1], mask=none),
        resting_yuan=pc.if_else(pa.array(span > 0), yuan(np.rint(held / rest).astype(np.int64)), None),
        resting_part=pa.array(held / rest / np.maximum(np.minimum(came, went), 1), mask=span == 0),
        unseen_yuan=yuan(unseen),
        tied=np.array([scene.book.tied[rows[p]].any() for p in places], np.bool_),
    )


def _why(scene: Scene, account: Ints, state: Ints, span: Ints, unseen: Ints) -> list[str | None]:
    """Say why it is not known whether what is left behind, or how long money stays, is below the bound."""
    stated = np.diff(_balances(scene)[0])[account] > 0
    lined = np.zeros(len(scene.hub) + 1, np.bool_)
    lined[scene.book.codes(statements(scene.store).account_id)] = True
    codes = np.select(
        [state == 2, ~lined[account], (span == 0) & ~stated, span == 0, unseen > 0],
        ["", "no_statements", "no_balance", "not_covered", "origin_unknown"],
        "no_times",
    )
    return [code or None for code in codes.tolist()]


def _balances(scene: Scene) -> Known:
    """Return known balances at the ends of days by account (start, day, fen), and the days for which they are known."""
    key = "money.patterns.balances"
    if key not in scene.store.memo:
        scene.store.memo[key] = _day_ends(scene)
    made: Known = scene.store.memo[key]
    return made


def _day_ends(scene: Scene) -> Known:
    lines, count = statements(scene.store), len(scene.hub)
    line_day = lines.at // (DAY_S * US)
    account: Ints = np.cumsum(lines.first)
    _, tails = ends(account, line_day, np.ones(len(line_day), np.bool_))
    stated = np.maximum.accumulate(np.where(lines.stated, np.arange(len(account)), -1))[tails]  # the last balance by then
    known = (stated >= 0) & (account[stated] == account[tails])
    tails, stated = tails[known], stated[known]
    moved = np.cumsum(lines.signed)
    number, day = scene.book.codes(lines.account_id.take(pa.array(tails))), line_day[tails]
    closing = lines.balance[stated] + moved[tails] - moved[stated]
    order = np.lexsort((day, number))
    order = order[number[order] >= 0]
    number, day, closing = number[order], day[order], closing[order]
    days = coverage(scene.store)
    places = scene.book.codes(days["account_id"])
    known_from, known_to = np.full(count, _NEVER), np.full(count, -_NEVER)
    for name, target in (("covered_from", known_from), ("covered_to", known_to)):
        valid = days[name].is_valid().to_numpy() & (places >= 0)
        target[places[valid]] = days[name].filter(pa.array(valid)).cast(pa.int32()).to_numpy()
    start = np.searchsorted(number, np.arange(count + 1)).astype(np.int64)
    unstated = np.diff(start) == 0
    known_from[unstated], known_to[unstated] = _NEVER, -_NEVER
    first = np.full(count, _NEVER)
    first[number[::-1]] = day[::-1]
    return start, day, closing, np.maximum(known_from, first), known_to
