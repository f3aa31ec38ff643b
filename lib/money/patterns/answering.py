"""The answer of `flows.patterns`: what every kind finds, for a case, with who holds what and what could not be tested."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.money import scope
from lib.money.ledger import ledger, undone
from lib.money.patterns.dormant import dormant
from lib.money.patterns.fans import fan_in, fan_out, gather_scatter
from lib.money.patterns.layers import bipartite, scatter_gather, stack
from lib.money.patterns.mirrors import mirror
from lib.money.patterns.passing import pass_through
from lib.money.patterns.scene import COLUMNS, FOUND, NOT_TESTABLE, Scene, scene
from lib.money.patterns.settings import KINDS, Settings, chosen, told
from lib.money.patterns.structuring import structuring
from lib.store import frame
from lib.words import word

Flags = npt.NDArray[np.bool_]
_FIND: dict[str, Callable[[Scene, Settings], pa.Table]] = {
    **{"fan_in": fan_in, "fan_out": fan_out, "gather_scatter": gather_scatter, "scatter_gather": scatter_gather},
    **{"bipartite": bipartite, "stack": stack, "pass_through": pass_through, "mirror": mirror},
    **{"structuring": structuring, "dormant": dormant},
}
EVERY = "every"
_LAST = ("parameters", "transfer_ids")


def patterns(
    case: Case, kinds: str | Iterable[str] | None = None, *, hubs: list[str] | None = None, **parameters: Any
) -> pd.DataFrame:
    """Find the shapes of money that lead an auditor somewhere. Each is a lead (疑点), never a verdict.

    Parameters
    ----------
    kinds
        One or several of: fan_in, fan_out (many holders pay one account, or are paid by it) · gather_scatter (one account is
        paid by many and after that pays many) · scatter_gather (several middles carry money on from one account to another) ·
        bipartite (payers that each pay several of the same payees) · stack (three layers: tops pay middles, which after that
        pay bottoms) · pass_through (快进快出) · mirror (等额对敲) · structuring (临界拆分) · dormant (休眠账户突然启用).
        All, if omitted.
    hubs
        Accounts that are no centre and carry nothing: custody, payment, tax and settlement accounts, if omitted; [] for none.
        As the other side of fans, structuring, pass-through and dormant accounts they count.
    **parameters
        Settings: `days=5` for every kind asked for that has it, `fan_in={"days": 5}` for one. Defaults are the thresholds of
        the catalogue of rules (PT-01, PT-02, PT-03, CF-03, ST-01 with PT-04), of scatter_gather, bipartite and stack our own:

        * fan_in, fan_out: days=10, counterparties=10 (different holders), top_share=0.7, min_yuan=0 (of each transfer).
        * gather_scatter: days=10, counterparties=10, min_yuan=0. scatter_gather: days=10, middles=3, min_yuan=0.
        * bipartite: days=10, payers=3, payees=3, density_share=0.5, min_yuan=0. stack: days=10, breadth=3,
          density_share=0.5, min_yuan=0. Groups in which fewer of the pairs occur are not testable (not_separable): busy
          accounts overlap, and what is inside is not told apart.
        * pass_through: days=30, ratio_low=0.9, ratio_high=1.1 (out ÷ in), dwell_hours=48, resting_share=0.05,
          throughput_yuan=200000 (the lesser of in and out).
        * mirror: days=2, tolerance_share=0.005 (of the larger), times=3, min_yuan=0.
        * structuring: days=5, times=3, band_share=0.8, cash_yuan=50000, person_yuan=500000, company_yuan=2000000,
          since="2017-07-01" (the day from which these thresholds hold; earlier transfers are told as before_since). The
          threshold of payments abroad is not looked at: the data do not say which they are.
        * dormant: idle_days=180, days=10, multiple=10 (of the monthly mean of the year before), turnover_yuan=100000 (in and
          out), first_use=False (True: also accounts that move for the first time so long after they were opened).

    Returns
    -------
    DataFrame, one row per pattern; by kind, found before not testable, centres of the case first, the largest amount first
        pattern_id · kind · outcome (found; not_testable: something needed is not known, `unknown` says what) · unknown ·
        centre_accounts (the account; source and target of scatter_gather; payers of bipartite; middles of stack; the two of
        mirror, who paid first first; a customer's accounts of structuring) · holder_ids, holder_names (of these, null where
        nobody is known) · of_case (a centre belongs to the case) · counterparties (different holders; middles of
        scatter_gather; payees of bipartite; accounts above and below of stack) · amount_yuan (of all transfers listed) ·
        in_yuan, out_yuan (of the centres; for a fan, what ran on its other side in the same days) · first_on, last_on ·
        windows (how many, by the days on which they begin, qualify) · most (counterparties in one window) · density (of
        bipartite and stack: pairs that occur, of all that could) · top_share, concentrated (the part of a fan's other side
        that is one holder's, and whether it reaches the setting: with it, PT-03 is met in full) · out_in_ratio · dwell_hours,
        dwell_hours_most (mean stay of the money that went, by amount, first in first out: at least and at most) ·
        resting_yuan, resting_part (mean balance at the ends of the days, and as part of the throughput) · unseen_yuan (what
        went out and was not seen to come in) · times · threshold_yuan · idle_days · multiple · tied (rests on an order that
        nobody stated) · transfers · parameters · transfer_ids (the evidence, in order).
        For a case of one party: patterns in which an account of the case takes part (see `accounts`). Rows of the kind `every`
        tell what was in no pattern, or in some by one side only: undated, negative, nothing (0.00), payer_unknown,
        payee_unknown, masked, direction_unknown (ids of statement lines), no_statements (accounts seen in statements of others
        alone), no_transfers. `attrs`: notes (the same in words), parameters (by kind), hubs, reversed (transfers left out: they
        were undone by a reversal, or undid one).

    Raises
    ------
    BadParameter
        If a kind, a setting or an account does not exist, or a value is out of range.

    Notes
    -----
    A window is so many calendar days in a row and begins on a day with a transfer; every such window is looked at. Windows that
    share a transfer are one row, which lists all their transfers; of pass_through it is the strongest window alone. Where order
    counts, transfers of one moment and days without times admit every order that the bank's sequence allows; how long money
    stays follows the order of `trace`. Of bipartite and stack each window's largest part is taken in which nobody falls short.
    A fan counts holders, and an account without a known holder for one; what a holder pays itself is no fan. Stays are counted
    in whole seconds, and only of money that was seen to come.
    """
    asked = chosen(kinds, parameters)
    left_out = scope.hub_accounts(case, hubs)
    at = scene(case.store, left_out)
    tables = [_of_kind(case, at, kind, settings, tuple(left_out)) for kind, settings in asked.items()]
    mine = scope.account_ids(case)["account_id"]
    flags = at.book.flags(mine)
    case.store.derive("money_accounts", pa.table({"account_id": mine}))
    found = pa.concat_tables([*(_touching(case, at, t, flags) for t in tables), _untested(case, at, flags)])
    holders = _holders(case, found["centre_accounts"].combine_chunks())
    table = _finished(found, holders, flags, at, asked)
    made = frame(table)
    gone = _reversed(case, flags)
    made.attrs |= {"parameters": {k: dict(v) for k, v in asked.items()}, "hubs": left_out, "reversed": gone}
    outcome = table["outcome"].to_pylist()
    counts = {"found": outcome.count(FOUND), "untested": outcome.count(NOT_TESTABLE)}
    made.attrs["notes"] = _notes(table)
    for name, count in (
        ("patterns_hubs", len(left_out)),
        ("patterns_reversed", gone),
        ("patterns_abroad", "structuring" in asked),
    ):
        made.attrs["notes"] += [word("flows", name, n=f"{count:,}")] if count else []
    made.attrs["caption"] = word("flows", "patterns", **{k: f"{n:,}" for k, n in counts.items()})
    return made


def _of_kind(case: Case, at: Scene, kind: str, settings: Settings, hubs: tuple[str, ...]) -> pa.Table:
    """Return all patterns of a kind in a Store, worked out once per version, setting and hubs."""
    key = ("money.patterns", kind, tuple(map(str, settings.items())), hubs)
    if key not in case.store.memo:
        case.store.memo[key] = _FIND[kind](at, settings)
    made: pa.Table = case.store.memo[key]
    return made


def _touching(case: Case, at: Scene, table: pa.Table, mine: Flags) -> pa.Table:
    """Keep the patterns in which an account of the case takes part."""
    if case.is_district or not table.num_rows:
        return table
    ids = table["transfer_ids"].combine_chunks()
    places = at.book.positions(ids.flatten())
    marked = np.append(mine, False)
    touched = marked[at.book.moves.payer[places]] | marked[at.book.moves.payee[places]]
    of = np.repeat(np.arange(table.num_rows), pc.list_value_length(ids).to_numpy())
    return table.filter(pa.array(np.bincount(of[touched], minlength=table.num_rows) > 0))


def _untested(case: Case, at: Scene, mine: Flags) -> pa.Table:
    """Return the rows of what no pattern could be looked for in."""
    rows = case.store.run("patterns_untested", everything=case.is_district).to_pylist()
    rows += [{**row, "unknown": "no_statements"} for row in case.store.run("accounts_unstated").to_pylist()]
    marked = np.append(mine, False)
    if not (marked[at.book.moves.payer] | marked[at.book.moves.payee]).any():
        rows.append({"unknown": "no_transfers"})
    fixed = {"kind": EVERY, "outcome": NOT_TESTABLE}
    return pa.Table.from_pylist([{**row, **fixed} for row in rows], schema=COLUMNS)


def _holders(case: Case, centres: pa.ListArray) -> tuple[pa.Array, pa.Array]:
    """Return lists of ids and of names of the holders of centres."""
    held = scope.held_accounts(case)
    places = pc.index_in(centres.flatten(), value_set=held["account_id"].combine_chunks())
    return tuple(
        pa.ListArray.from_arrays(centres.offsets, held[name].combine_chunks().take(places), mask=None)
        for name in ("holder_id", "holder_name")
    )


def _finished(
    table: pa.Table, holders: tuple[pa.Array, pa.Array], mine: Flags, at: Scene, asked: dict[str, Settings]
) -> pa.Table:
    centres = table["centre_accounts"].combine_chunks()
    marked = np.append(mine, False)[at.book.codes(centres.flatten())]
    of = np.repeat(np.arange(len(centres)), pc.fill_null(pc.list_value_length(centres), 0).to_numpy())
    kinds = table["kind"].to_pylist()
    whole = [table[name].to_pylist() for name in ("transfer_ids", "centre_accounts", "unknown")]
    columns: dict[str, Any] = {"pattern_id": pa.array(map(_id, kinds, *whole), pa.string())}
    columns |= {name: table[name] for name in COLUMNS.names[:4]}
    columns |= {"holder_ids": holders[0], "holder_names": holders[1]}
    columns["of_case"] = pa.array(np.bincount(of[marked], minlength=len(centres)) > 0)
    columns |= {name: table[name] for name in COLUMNS.names[4:] if name not in _LAST}
    columns["parameters"] = pa.array([told(kind, asked[kind]) if kind in asked else None for kind in kinds], pa.string())
    columns["transfer_ids"] = table["transfer_ids"]
    made = pa.table(columns)
    ranks = pc.index_in(made["kind"], value_set=pa.array([*KINDS, EVERY]))
    by = [("rank", "ascending"), ("outcome", "ascending"), ("of_case", "descending"), ("amount_yuan", "descending")]
    by += [("first_on", "ascending"), ("pattern_id", "ascending")]
    order = pc.sort_indices(made.select([name for name, _ in by[1:]]).append_column("rank", ranks), sort_keys=by)
    return made.take(order)


def _reversed(case: Case, mine: Flags) -> int:
    """Count the transfers of the case that were undone, or undid one."""
    gone, moves, marked = undone(case.store), ledger(case.store).moves, np.append(mine, False)
    return int((gone & (marked[moves.payer] | marked[moves.payee])).sum())


def _notes(table: pa.Table) -> list[str]:
    """Say in words what no pattern could be looked for in: a page that shows the first rows alone must not leave it out."""
    told_of = table.filter(pc.equal(table["kind"], EVERY)).select(["unknown", "centre_accounts", "transfers", "amount_yuan"])
    notes = []
    for row in told_of.to_pylist():
        why = word("flows", row["unknown"])
        if row["centre_accounts"]:
            notes.append(word("flows", "patterns_accounts", why=why, n=f"{len(row['centre_accounts']):,}"))
        elif row["transfers"]:
            amount = "?" if row["amount_yuan"] is None else f"{row['amount_yuan']:,}"
            notes.append(word("flows", "patterns_untested", why=why, n=f"{row['transfers']:,}", amount=amount))
        else:
            notes.append(word("flows", "patterns_none", why=why))
    return notes


def _id(kind: str, transfer_ids: list[str] | None, centres: list[str] | None, unknown: str | None) -> str:
    """Return an id that stays the same whatever else is found."""
    why = (unknown or "") if kind == EVERY else ""
    text = "\x1f".join((kind, *(transfer_ids or ()), "", *(centres or ()), why))
    return "F" + hashlib.sha256(text.encode()).hexdigest()[:10]
