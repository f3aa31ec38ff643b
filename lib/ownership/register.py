"""The register of holdings as of one day, as arrays: read once per version of the Store and day, then kept.

Parties are numbered in the order of their ids, so that ties broken by number are broken by id.
"""

import datetime as dt
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.errors import BadParameter
from lib.kernels import ordering
from lib.kernels import ownership as kernels
from lib.schema import named_sql
from lib.store import Store

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Fractions are written with a few decimals and added up: a sum this near to 1 is 1.
TOLERANCE = 1e-9
TERMINAL = ("person", "state")
NOWHERE = np.zeros(0, np.bool_)  # where a look upwards halts


@dataclass(frozen=True, eq=False)
class Ties:
    """Holdings seen from one side: those of party k are `other[start[k]:start[k + 1]]`, other parties in order of their ids.

    Attributes
    ----------
    start, other
        Compressed list of the parties on the other side.
    weight
        Fraction, of the capital or of the votes.
    pair
        Number of the holding pair, for `Register.pairs`.
    """

    start: Ints
    other: Ints
    weight: Floats
    pair: Ints

    def of(self, party: int) -> slice:
        """Return the place of a party's holdings in the lists."""
        return slice(int(self.start[party]), int(self.start[party + 1]))


@dataclass(frozen=True, eq=False)
class Pairs:
    """One entry per holder and held party, the records between them added up; ordered by held party, then holder.

    The records of pair k are `order[records[k]:records[k + 1]]`, in the order in which the Store gave them.
    """

    holder: Ints
    held: Ints
    share: Floats
    votes: Floats
    unknown: Flags
    ignored: Ints
    since: npt.NDArray[np.datetime64]
    records: Ints
    order: Ints
    record_ids: pa.Array

    def holding_ids(self, pair: int) -> list[str]:
        """Return the ids of the records behind a pair."""
        at = self.order[self.records[pair] : self.records[pair + 1]]
        ids = self.record_ids.take(pa.array(at)).to_pylist()
        return [i for i in ids if i is not None]


@dataclass(frozen=True, eq=False)
class Register:
    """Who holds what on one day.

    Attributes
    ----------
    ids, kinds, names
        Arrow arrays by party number.
    pairs
        Everything known of each holder and held party.
    above
        The holders of each party by share; holdings of no capital at all are left out, those of unknown share are in.
    votes_above, votes_below
        The same by votes, and what each party holds.
    gap
        Fraction of each party whose holders are unknown; 0 for persons and the state.
    total, votes_total
        Sum of the known shares in each party, and of the votes.
    ignored
        Records of holdings in each party with a fraction outside 0 to 1, which was set aside.
    group, rank, looped
        Strongly connected component of each party, its place in an order of held before holders (members of a component
        stand together, in order of ids), and per component whether it is circular.
    behind, behind_known
        Fraction of each party that leads to unknown holders at any layer, worked out when first asked for.
    memo
        Solved components and the heads of control groups, kept when first asked for.
    """

    ids: pa.Array
    kinds: pa.Array
    names: pa.Array
    pairs: Pairs
    above: Ties
    votes_above: Ties
    votes_below: Ties
    gap: Floats
    total: Floats
    votes_total: Floats
    ignored: Ints
    group: Ints
    rank: Ints
    looped: Flags
    behind: Floats
    behind_known: Flags
    memo: dict[Any, Any] = field(default_factory=dict)

    def number(self, party_id: str) -> int | None:
        """Return a party's number, or None if it neither holds nor is held."""
        low, high = 0, len(self.ids)
        while low < high:
            middle = (low + high) // 2
            if self.ids[middle].as_py() < party_id:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self.ids) and self.ids[low].as_py() == party_id else None

    def named(self, numbers: Iterable[int]) -> list[str]:
        """Return the ids of party numbers."""
        return [self.ids[int(n)].as_py() for n in numbers]


def register_of(case: Case) -> Register:
    """Return the register as of the case's day."""
    return register_on(case.store, case.as_of)


def register_on(store: Store, as_of: dt.date) -> Register:
    """Return the register as of a day; built once per version of the Store and day."""
    key = ("register", as_of)
    if key not in store.memo:
        store.memo[key] = read(store, as_of)
    return cast(Register, store.memo[key])


def target_of(case: Case) -> str:
    """Return the id of the party that is looked through.

    Raises
    ------
    BadParameter
        If the case is the whole district.
    """
    if case.party_id is None:
        raise BadParameter(
            '股权穿透须指定一家机构, 例如 open_case("机构名称或编号")',
            'Looking through shareholders needs an institution, for example open_case("its name or id")',
        )
    return case.party_id


def ends_chains(case: Case) -> bool:
    """Tell whether nobody need be behind the case's party: a person, the state, or a listed company."""
    query = "select kind, listed from parties where party_id = $party_id"
    known = case.store.arrow(query, party_id=target_of(case)).to_pylist()
    return any(row["kind"] in TERMINAL or row["listed"] for row in known)


def numbered(case: Case) -> tuple[Register, int | None]:
    """Return the register and the number of the case's party in it; None if it neither holds nor is held."""
    target = target_of(case)
    register = register_of(case)
    return register, register.number(target)


def everyone_above(register: Register, target: int) -> Ints:
    """Return the numbers of `target` and of everyone above it, nearest layer first."""
    return cast(Ints, kernels.all_above(register.above.start, register.above.other, target, NOWHERE)[0])


def fraction(name: str, value: float) -> None:
    """Refuse a setting that is not a fraction.

    Raises
    ------
    BadParameter
        If `value` is outside 0 to 1.
    """
    if not 0 <= value <= 1:
        raise BadParameter(
            f"{name}={value} 应在 0 到 1 之间 (0.25 表示 25%)", f"{name}={value} must be between 0 and 1 (0.25 is 25 %)"
        )


def read(store: Store, as_of: dt.date, *, principals: bool = False, others: Iterable[str] = ()) -> Register:
    """Read the register of a day.

    Parameters
    ----------
    principals
        Whether a holding recorded as held for somebody else counts as that party's, not as its nominee's.
    others
        Ids of parties to number although they neither hold nor are held.
    """
    parties, rows = _tables(store, as_of, principals, list(others))
    ids, kinds = parties["party_id"].combine_chunks(), parties["kind"].combine_chunks()
    n = len(ids)
    pairs = _pairs(n, rows)
    del rows
    above = _above(n, pairs, pairs.share, (pairs.share > 0) | pairs.unknown)
    with ThreadPoolExecutor(1) as beside:  # numba and numpy let two threads run at once
        ordered = beside.submit(ordering.groups, above.start, above.other)
        total, votes_total = _sums(n, pairs.held, pairs.share), _sums(n, pairs.held, pairs.votes)
        listed = parties["listed"].to_numpy()
        votes_above = _above(n, pairs, pairs.votes, pairs.votes > 0)
        votes_below = _below(n, pairs, votes_above)
        group, line, looped = ordered.result()
    rank = np.empty(n, np.int64)
    rank[line] = np.arange(n)
    return Register(
        ids=ids,
        kinds=kinds,
        names=pc.coalesce(parties["name"].combine_chunks(), ids),
        pairs=pairs,
        above=above,
        votes_above=votes_above,
        votes_below=votes_below,
        gap=_gaps(total, kinds, listed & (np.diff(above.start) == 0)),
        total=total,
        votes_total=votes_total,
        ignored=np.bincount(pairs.held, pairs.ignored, n).astype(np.int64),
        group=group,
        rank=rank,
        looped=looped,
        behind=np.zeros(n),
        behind_known=np.zeros(n, np.bool_),
    )


def _tables(store: Store, as_of: dt.date, principals: bool, others: list[str]) -> tuple[pa.Table, pa.Table]:
    """Return the parties in order of ids, and the day's holding records with their parties' numbers.

    DuckDB does the numbering: millions of ids as texts are compared and joined by all processors there.
    """
    holdings = f"create or replace temp table holdings_on_day as {named_sql('holdings_as_of')}"
    store.execute(holdings, as_of=as_of, principals=principals)
    parties = _numbered(store, "register_parties", others=others)
    ids = parties["party_id"].combine_chunks()
    if pc.any(pc.equal(ids[1:], ids[:-1])).as_py():
        parties = _numbered(store, "register_parties_once")
    rows = store.run("register_holdings")
    store.execute("drop table temp.holdings_on_day")
    store.execute("drop table temp.register_parties")
    return parties, rows


def _numbered(store: Store, query: str, **parameters: Any) -> pa.Table:
    """Keep the answer as `register_parties` and return it: a scan keeps the order of insertion, so a row is its rowid."""
    store.execute(f"create or replace temp table register_parties as {named_sql(query)}", **parameters)
    return store.arrow("from register_parties")


def _pairs(n: int, rows: pa.Table) -> Pairs:
    """Add up the records between each holder and held party, ordered by held, then holder."""
    holder, held = rows["holder"].to_numpy(), rows["held"].to_numpy()
    order = ordering.sorted_pairs(held, holder, n)
    holder, held = holder[order], held[order]
    fresh = np.ones(len(holder), np.bool_)
    fresh[1:] = (np.diff(holder) != 0) | (np.diff(held) != 0)
    several = _settle(rows, order, fresh)
    first, begins = np.flatnonzero(fresh), np.flatnonzero(fresh[several])
    pairs = np.searchsorted(first, several[begins])

    def added(name: str, dtype: npt.DTypeLike, add: np.ufunc = np.add) -> npt.NDArray[Any]:
        values = rows[name].to_numpy().astype(dtype, copy=False)
        if not values.any():  # nothing to be put in order, as of unknown and ignored in most registers
            return np.zeros(len(first), dtype)
        made: npt.NDArray[Any] = values[order[first]]
        if len(pairs):
            made[pairs] = add.reduceat(values[order[several]], begins)
        return made

    return Pairs(
        holder=holder[first],
        held=held[first],
        share=added("share", np.float64),
        votes=added("votes", np.float64),
        unknown=added("unknown", np.bool_, np.maximum),
        ignored=added("ignored", np.int64),
        since=added("valid_from", "datetime64[D]", np.minimum),  # null is since ever: NaT, which minimum keeps
        records=np.append(first, len(holder)),
        order=order,
        record_ids=rows["holding_id"].combine_chunks(),
    )


def _settle(rows: pa.Table, order: Ints, fresh: Flags) -> Ints:
    """Put several records of one pair in order of their ids, so that sums do not depend on the order of the files.

    Return where in the order they are.
    """
    several = np.flatnonzero(~fresh | ~np.append(fresh[1:], True))
    keys = ("held", "holder", "holding_id", "share", "votes", "valid_from")
    some = rows.select(keys).take(pa.array(order[several]))
    order[several] = order[several][pc.sort_indices(some, [(key, "ascending") for key in keys]).to_numpy()]
    return several


def _above(n: int, pairs: Pairs, weight: Floats, kept: Flags) -> Ties:
    """Return the holders of each party: the order of the pairs is theirs already."""
    pair = np.flatnonzero(kept)
    return Ties(np.searchsorted(pairs.held[pair], np.arange(n + 1)), pairs.holder[pair], weight[pair], pair)


def ties_of(n: int, party: Ints, other: Ints, weight: Floats, kept: Flags) -> Ties:
    """Return the kept holdings of `n` parties as seen from `party`'s side, in any order before."""
    pair = np.flatnonzero(kept)
    pair = pair[ordering.sorted_pairs(party[pair], other[pair], n)]
    return Ties(np.searchsorted(party[pair], np.arange(n + 1)), other[pair], weight[pair], pair)


def _below(n: int, pairs: Pairs, above: Ties) -> Ties:
    """Return the same ties seen from the holders."""
    order, start = ordering.sorted_by(above.other, n)
    pair = above.pair[order]
    return Ties(start, pairs.held[pair], above.weight[order], pair)


def _gaps(total: Floats, kinds: pa.Array, public: Flags) -> Floats:
    """Return the fraction of each party whose holders are unknown.

    None of a person or the state, nor of a listed company whose holders were not delivered; of any other party, those of
    unknown kind among them, what the known shares leave open.
    """
    gap = np.maximum(0.0, 1.0 - total)
    gap[gap <= TOLERANCE] = 0.0
    ends = pc.fill_null(pc.is_in(kinds, value_set=pa.array(TERMINAL)), False).to_numpy(zero_copy_only=False)
    gap[ends | public] = 0.0
    return gap


def _sums(n: int, party: Ints, weight: Floats) -> Floats:
    return cast(Floats, np.bincount(party, weight, n).astype(np.float64))  # of nothing, numpy's sum is an integer
