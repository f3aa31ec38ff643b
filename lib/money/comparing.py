"""The conventions of tracing side by side: where the money ends under each, and whether the conclusion depends on the choice.

The conclusion is which related parties traced money reaches. It holds whatever the convention, or it depends on the choice.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.money import scope
from lib.money.amounts import as_decimal, yuan
from lib.money.doubts import doubts
from lib.money.ledger import Ledger, ledger
from lib.money.sources import start_of
from lib.money.walking import METHODS, Walk
from lib.store import frame
from lib.words import word

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_ENDS = ("related_party", "at_rest", "left_data")
_CONSERVING = [m != "poison" for m in METHODS]


def compare_methods(
    case: Case,
    *,
    loan: str | None = None,
    account: str | None = None,
    party: str | None = None,
    transfers: list[str] | None = None,
    days: int | None = None,
    hops: int | None = None,
    hubs: list[str] | None = None,
) -> pd.DataFrame:
    """Follow money forward under every convention and set the answers side by side.

    Parameters
    ----------
    loan, account, party, transfers, days, hops, hubs
        As in `trace`.

    Returns
    -------
    DataFrame, one row per end of the money; related parties first, then where it rests, the largest first
        end (related_party: first arrivals in accounts of a related party, all of its accounts together; at_rest: in an account
        at the end; left_data: paid to somebody who is not stated) · account (of at_rest) · holder_id · holder_name · why (own
        or related, where the holder belongs to the case) · pro_rata_yuan · fifo_yuan · lifo_yuan · clean_first_yuan ·
        taint_first_yuan · poison_yuan · lowest_yuan, highest_yuan (of all but poison, which overstates) · depends (some
        conventions send nothing there, and others do). The rows at_rest and left_data of a convention add up to its
        source_yuan, to the fen; those of poison to that and what it overstates. `attrs`: conclusion (same: every convention
        reaches the same related parties; differs; none: no convention reaches any; unknown: no account of a related party is
        known) · depends (whether it differs; None if unknown) · by convention: source_yuan, related_yuan, unknown_clean_yuan ·
        overstated_yuan (poison) · hubs (those reached), ties, tie_loops, unshown, undated (as in `trace`, of all conventions
        together).

    Raises
    ------
    BadParameter
        If not exactly one source is named, a name is unknown or a setting is out of range.
    DataGap
        If the source has no transfers.

    Notes
    -----
    Money is followed to its first arrival in an account of a related party for the rows related_party, and through it for the
    others. Accounts that the source names, and hubs, are nobody's. The related set is that of the case's day; the district has
    none.
    """
    book = ledger(case.store)
    start = start_of(case, book, hubs, loan=loan, account=account, party=party, transfers=transfers)
    sources, sink = start.sources, start.sink
    holders = _Holders(case, book, sink, start.own)
    ends = [_End.of(Walk(book, sink, hops=hops, days=days, method=m), sources) for m in METHODS]
    there = sink | holders.related
    each = [_arrivals(Walk(book, there, hops=hops, days=days, method=m), sources, holders) for m in METHODS]
    arrived = np.column_stack(each)
    table = pa.concat_tables([holders.rows(arrived), _rest_rows(book, ends, holders), _left_row(ends)])
    table = _sorted(table.filter(pc.greater(pc.max_element_wise(*(table[f"{m}_yuan"] for m in METHODS)), 0)))
    found = frame(table)
    reached = np.unique(np.concatenate([np.flatnonzero(end.rest) for end in ends]))
    hit: list[str] = book.accounts.take(pa.array(reached[sink[reached]])).to_pylist()
    told = doubts(case, book, np.unique(np.concatenate([end.places for end in ends])), book.moves.payee)
    found.attrs |= {**told, "hubs": hit, **_conclusion(holders, arrived, ends)}
    return found


@dataclass(frozen=True)
class _End:
    """What became of the source under one convention, fen: at rest by ledger number, left the data, and the sums of it all."""

    rest: Ints
    left: int
    source: int
    turned: int
    clean: int
    places: Ints

    @classmethod
    def of(cls, walk: Walk, sources: Ints) -> "_End":
        """Follow the sources and add up."""
        rows, clean = walk.follow(sources)
        place, fen, hop, _, turned = rows.T
        payee, payer, onward = walk.book.moves.payee[place], walk.book.moves.payer[place], hop > 0
        rest = np.zeros(len(walk.book.accounts), np.int64)
        np.add.at(rest, payee[payee >= 0], fen[payee >= 0])
        np.subtract.at(rest, payer[onward], (fen - turned)[onward])
        return cls(rest, int(fen[payee < 0].sum()), int(fen[hop == 0].sum()), int(turned.sum()), clean, place)


class _Holders:
    """Who holds each account, and which holders are of the case's related set.

    `related` flags their accounts, without hubs and those that the source names; `group` numbers their holders by account, -1
    for nobody of them.
    """

    def __init__(self, case: Case, book: Ledger, sink: Flags, own: Ints) -> None:
        self.table = scope.held_accounts(case)
        places = book.codes(self.table["account_id"])
        self.row_of = np.full(len(book.accounts) + 1, -1, np.int64)
        self.row_of[places] = np.arange(len(places))
        self.row_of = self.row_of[:-1]
        mine = pc.is_in(self.table["why"], value_set=pa.array(["own", "related"])).to_numpy()
        self.related = np.zeros(len(book.accounts), np.bool_)
        self.related[places[mine & (places >= 0)]] = True
        self.related[own] = False
        self.related &= ~sink
        at = np.flatnonzero(self.related)
        ids = self.table["holder_id"].combine_chunks().take(pa.array(self.row_of[at])).to_pylist()
        names, self.first = np.unique(np.array(ids, object).astype(str), return_index=True)
        self.count, self.first = len(names), self.row_of[at][self.first]
        self.group = np.full(len(book.accounts), -1, np.int64)
        self.group[at] = np.searchsorted(names, np.array(ids, object).astype(str))

    def rows(self, arrived: Ints) -> pa.Table:
        """Return the rows of related parties, given what arrived by holder and convention."""
        return _rows("related_party", pa.nulls(self.count, pa.string()), self.of(self.first), arrived)

    def of(self, rows: Ints) -> pa.Table:
        """Return holder_id, holder_name and why of accounts by their row here, null where there is none (-1)."""
        taken = self.table.select(["holder_id", "holder_name", "why"]).take(pa.array(rows, mask=rows < 0))
        return taken.set_column(2, "why", pc.if_else(pc.equal(taken["why"], "loan"), None, taken["why"]))


def _arrivals(walk: Walk, sources: Ints, holders: _Holders) -> Ints:
    """Return what first arrives at each related holder, fen."""
    arrived = np.zeros(holders.count, np.int64)
    if holders.count:
        rows, _ = walk.follow(sources)
        payee = walk.book.moves.payee[rows[:, 0]]
        group = np.where(payee >= 0, holders.group[payee], -1)
        np.add.at(arrived, group[group >= 0], rows[group >= 0, 1])
    return arrived


def _rest_rows(book: Ledger, ends: list[_End], holders: _Holders) -> pa.Table:
    rest = np.column_stack([end.rest for end in ends])
    at = np.flatnonzero(rest.any(axis=1))
    return _rows("at_rest", book.accounts.take(pa.array(at)), holders.of(holders.row_of[at]), rest[at])


def _left_row(ends: list[_End]) -> pa.Table:
    nobody = pa.table({name: pa.nulls(1, pa.string()) for name in ("holder_id", "holder_name", "why")})
    return _rows("left_data", pa.nulls(1, pa.string()), nobody, np.array([[end.left for end in ends]], np.int64))


def _rows(end: str, accounts: pa.Array, who: pa.Table, fen: Ints) -> pa.Table:
    """Lay out rows of one kind: fen by row and convention."""
    kept = fen[:, _CONSERVING]
    columns = {"end": pa.array([end] * len(fen), pa.string()), "account": accounts.cast(pa.string())}
    columns |= {name: who[name].cast(pa.string()) for name in ("holder_id", "holder_name", "why")}
    columns |= {f"{method}_yuan": yuan(np.ascontiguousarray(fen[:, i])) for i, method in enumerate(METHODS)}
    columns |= {"lowest_yuan": yuan(kept.min(axis=1)), "highest_yuan": yuan(kept.max(axis=1))}
    return pa.table(columns | {"depends": pa.array((fen == 0).any(axis=1))})


def _sorted(table: pa.Table) -> pa.Table:
    rank = pc.index_in(table["end"], value_set=pa.array(_ENDS))
    by = [("rank", "ascending"), ("highest_yuan", "descending"), ("poison_yuan", "descending")]
    by += [("account", "ascending"), ("holder_id", "ascending")]
    return table.append_column("rank", rank).sort_by(by).drop_columns(["rank"])


def _conclusion(holders: _Holders, arrived: Ints, ends: list[_End]) -> dict[str, Any]:
    """Say which related parties are reached whatever the convention, and put it in a caption."""
    reached, sums = arrived > 0, arrived.sum(axis=0)
    differing, any_reached = int((reached.any(axis=1) & ~reached.all(axis=1)).sum()), int(reached.any(axis=1).sum())
    conclusion = "differs" if differing else "same" if any_reached else "none" if holders.count else "unknown"
    low, high = (f"{as_decimal(f(sums[_CONSERVING])):,}" for f in (np.min, np.max))
    amount = low if low == high else word("flows", "from_to", low=low, high=high)
    by_method = {
        "source_yuan": [end.source for end in ends],
        "related_yuan": sums.tolist(),
        "unknown_clean_yuan": [end.clean for end in ends],
    }
    return {
        "conclusion": conclusion,
        "depends": None if conclusion == "unknown" else conclusion == "differs",
        **{k: {m: as_decimal(fen) for m, fen in zip(METHODS, values, strict=True)} for k, values in by_method.items()},
        "overstated_yuan": as_decimal(ends[METHODS.index("poison")].turned),
        "caption": word("flows", f"compare_{conclusion}", n=f"{differing or any_reached:,}", amount=amount),
    }
