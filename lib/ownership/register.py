"""The register of holdings as of one day, as arrays: read once per version of the Store and day, then kept.

Parties are numbered in the order of their ids, so that ties broken by number are broken by id.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from lib.case import Case
from lib.errors import BadParameter
from lib.kernels import ownership as kernels
from lib.store import Store

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Fractions are written with a few decimals and added up: a sum this near to 1 is 1.
TOLERANCE = 1e-9
TERMINAL = ("person", "state")


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
    """One entry per holder and held party, the records between them added up; ordered by held party, then holder."""

    holder: Ints
    held: Ints
    share: Floats
    votes: Floats
    unknown: Flags
    ignored: Ints
    since: npt.NDArray[np.datetime64]
    records: Ints
    record_ids: pa.Array

    def holding_ids(self, pair: int) -> list[str]:
        """Return the ids of the records behind a pair."""
        ids = self.record_ids[int(self.records[pair]) : int(self.records[pair + 1])].to_pylist()
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
    group, place, looped
        Strongly connected component of each party; per component its place in the order (held before holders) and
        whether it is circular.
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
    place: Ints
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
    """Return the register as of the case's day; built once per version of the Store and day."""
    key = ("register", case.as_of)
    if key not in case.store.memo:
        case.store.memo[key] = read(case.store, case.as_of)
    return cast(Register, case.store.memo[key])


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


def numbered(case: Case) -> tuple[Register, int | None]:
    """Return the register and the number of the case's party in it; None if it neither holds nor is held."""
    target = target_of(case)
    register = register_of(case)
    return register, register.number(target)


def everyone_above(register: Register, target: int) -> Ints:
    """Return the numbers of `target` and of everyone above it, nearest layer first."""
    return cast(Ints, kernels.all_above(register.above.start, register.above.other, target)[0])


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
    rows = store.run("holdings_as_of", as_of=as_of, principals=principals).combine_chunks()
    holder_ids, held_ids = rows["holder_id"].combine_chunks(), rows["held_id"].combine_chunks()
    ids = pc.unique(pa.concat_arrays([holder_ids, held_ids, pa.array(list(others), holder_ids.type)]))
    ids = ids.take(pc.sort_indices(ids))
    n = len(ids)
    pairs = _pairs(rows, _ints(pc.index_in(holder_ids, ids)), _ints(pc.index_in(held_ids, ids)))
    known = store.run("parties_known")
    at = pc.index_in(ids, known["party_id"].combine_chunks())
    kinds, names = known["kind"].combine_chunks().take(at), known["name"].combine_chunks().take(at)
    above = ties_of(n, pairs.held, pairs.holder, pairs.share, (pairs.share > 0) | pairs.unknown)
    total, votes_total = _sums(n, pairs.held, pairs.share), _sums(n, pairs.held, pairs.votes)
    listed = pc.fill_null(known["listed"].combine_chunks().take(at), False).to_numpy(zero_copy_only=False)
    group, place, looped = _groups(n, above)
    return Register(
        ids=ids,
        kinds=kinds,
        names=pc.coalesce(names, ids),
        pairs=pairs,
        above=above,
        votes_above=ties_of(n, pairs.held, pairs.holder, pairs.votes, pairs.votes > 0),
        votes_below=ties_of(n, pairs.holder, pairs.held, pairs.votes, pairs.votes > 0),
        gap=_gaps(total, kinds, listed & (np.diff(above.start) == 0)),
        total=total,
        votes_total=votes_total,
        ignored=np.bincount(pairs.held, pairs.ignored, n).astype(np.int64),
        group=group,
        place=place,
        looped=looped,
        behind=np.zeros(n),
        behind_known=np.zeros(n, np.bool_),
    )


def _pairs(rows: pa.Table, holder: Ints, held: Ints) -> Pairs:
    """Add up the records between each holder and held party; the rows come ordered by held, then holder."""
    fresh = np.ones(len(holder), np.bool_)
    fresh[1:] = (np.diff(holder) != 0) | (np.diff(held) != 0)
    first = np.flatnonzero(fresh)
    since = rows["valid_from"].to_numpy().astype("datetime64[D]")  # null is since ever: NaT, which minimum keeps

    def added(name: str) -> npt.NDArray[Any]:
        values = rows[name].to_numpy()
        return np.add.reduceat(values, first) if len(first) else values

    return Pairs(
        holder=holder[first],
        held=held[first],
        share=added("share"),
        votes=added("votes"),
        unknown=np.maximum.reduceat(rows["unknown"].to_numpy(), first) if len(first) else np.zeros(0, np.bool_),
        ignored=np.add.reduceat(rows["ignored"].to_numpy().astype(np.int64), first) if len(first) else np.zeros(0, np.int64),
        since=np.minimum.reduceat(since, first) if len(first) else since,
        records=np.append(first, len(holder)),
        record_ids=rows["holding_id"].combine_chunks(),
    )


def ties_of(n: int, party: Ints, other: Ints, weight: Floats, kept: Flags) -> Ties:
    """Return the kept holdings of `n` parties as seen from `party`'s side."""
    pair = np.flatnonzero(kept)
    pair = pair[np.lexsort((other[pair], party[pair]))]
    start = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(party[pair], minlength=n), out=start[1:])
    return Ties(start, other[pair], weight[pair], pair)


def _groups(n: int, above: Ties) -> tuple[Ints, Ints, Flags]:
    """Return each party's strongly connected component; per component its place in the order and whether it is circular."""
    if n == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_)
    matrix = csr_array((np.ones(len(above.other), np.int8), above.other, above.start), shape=(n, n))
    groups, found = connected_components(matrix, directed=True, connection="strong")
    group = found.astype(np.int64)
    looped = np.bincount(group, minlength=groups) > 1
    held = np.repeat(np.arange(n), np.diff(above.start))
    looped[group[held[held == above.other]]] = True
    first = np.append(0, np.cumsum(np.bincount(group, minlength=groups)))
    place = kernels.order_groups(above.start, above.other, group, first, np.argsort(group, kind="stable"))
    return group, place, looped


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


def _ints(numbers: pa.Array) -> Ints:
    return cast(Ints, numbers.to_numpy(zero_copy_only=False).astype(np.int64))


def _sums(n: int, party: Ints, weight: Floats) -> Floats:
    return cast(Floats, np.bincount(party, weight, n).astype(np.float64))  # of nothing, numpy's sum is an integer
