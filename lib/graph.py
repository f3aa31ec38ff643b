"""Shareholder look-through: who stands behind an institution, and by which chain.

Reads `holdings`, `roles` and `links` as of the case's date. Everything out is a DataFrame or a plain networkx.DiGraph
(holder → held). The face of lib/ownership:

* `owners`, `chains`, `circular`, `shareholding`: shares through all layers, the chains behind them, the loops, the graph.
* `controllers`, `beneficial_owners`, `related`: who decides, who owns in the sense of the law of the day, who belongs to it.
* `changes`, `gaps`, `nominees`: what changed between two days, what is open or wrong, signs of holding for others.
* `derive_…`: the same for all cases of a scope at once, as the Arrow tables that rules read.
"""

import datetime as dt
from typing import cast

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa

from lib.case import Case, day_of, last_day
from lib.errors import BadParameter
from lib.ownership import everyone, loops, walks
from lib.ownership.beneficial import beneficial_owners
from lib.ownership.bounds import interval
from lib.ownership.commanding import controllers
from lib.ownership.derived import derive_components, derive_related
from lib.ownership.faults import gaps
from lib.ownership.frames import NOBODY, TEXTS, chain_frame, component_id, frame_of, known_parties, owner_frame, who
from lib.ownership.fronts import nominees
from lib.ownership.history import changes
from lib.ownership.register import Ints, Register, ends_chains, everyone_above, fraction, numbered, register_of, target_of
from lib.ownership.relations import related
from lib.ownership.solve import LookThrough, look_through
from lib.store import Store, frame

__all__ = [
    "beneficial_owners",
    "chains",
    "changes",
    "circular",
    "controllers",
    "derive_components",
    "derive_related",
    "gaps",
    "nominees",
    "owners",
    "register",
    "related",
    "shareholding",
]


def owners(case: Case, min_share: float = 1e-6) -> pd.DataFrame:
    """List everyone behind the institution, with their share in it through all chains.

    Parameters
    ----------
    min_share
        Leave out holders whose look-through share is below this fraction, 0 to 1; 0 lists all. Holders whose direct share
        is unknown are always listed.

    Returns
    -------
    DataFrame, one row per holder but the party itself, largest share first, then by id
        holder_id · name · kind · direct_share (fraction; null where a direct holding has no known share, 0 where there is no
        direct holding) · share · share_low · share_high (fractions) · layers (fewest holdings between; 1 = direct).
        `attrs`: `unknown` (fraction of the party that leads to unknown holders), `self_share` (fraction of itself that it
        owns), `closed` (circular components that nobody outside owns), `over_100` (parties above it whose known shares
        exceed 1), `ignored` (records above it with a fraction outside 0 to 1, taken as unknown), `error_bound` (of the
        shares, where a very large component was iterated; else 0).

    Raises
    ------
    BadParameter
        If `min_share` is outside 0–1, or the case is the whole district.
    DataGap
        If holdings over 100 % in a loop leave no finite solution.

    Notes
    -----
    Integrated ownership, y_ij = (M_ij − δ_ij) / M_ii with M = (I − A)⁻¹ (Baldone, Brioschi & Paleari 1998). The known share of
    a holding is its share, else its lower bound, else 0; `share` and `share_low` are solved over known shares. What the known
    shares of a company leave open belongs to unknown holders (of a party of unknown kind too; of persons, the state and listed
    companies without recorded holders it does not). `share_high` adds the part of the target that leads to unknown holders
    other than through the holder itself: min(1, share + U − u·share). Where known shares of a party above add up to more
    than 1, a record may be too high by the whole excess, or right: `share_low` is solved with every such record reduced by
    it, `share` as recorded (nothing is scaled down), `share_high` is min(1, share + U). A component that nobody outside owns
    has the limit as its solution: whoever comes to one member comes to all of them, so each has the share of the whole
    component. In components above 10,000 members, holders below 1 % have `share` M_ij and `share_low` a_ij.
    """
    fraction("min_share", min_share)
    register, solved = _solved(case, min_share)
    if solved is None:
        made = owner_frame(register, NOBODY, {})
        made.attrs = {"unknown": 0.0 if ends_chains(case) else 1.0, "self_share": 0.0, "closed": [], "over_100": []}
        made.attrs |= {"ignored": 0, "error_bound": 0.0}
        return made
    low, high = interval(register, cast(int, register.number(target_of(case))), solved)
    order = np.lexsort((solved.parties, -solved.share))
    order = order[(solved.share[order] >= min_share) | solved.direct_unknown[order]]
    columns = {
        "direct_share": pa.array(solved.direct[order], mask=solved.direct_unknown[order]),
        "share": solved.share[order],
        "share_low": low[order],
        "share_high": high[order],
        "layers": solved.layers[order],
    }
    made = owner_frame(register, solved.parties[order], columns)
    made.attrs = {
        **{"unknown": solved.unknown, "self_share": solved.own, "closed": solved.closed},
        **{"over_100": solved.over, "ignored": solved.ignored, "error_bound": solved.error},
    }
    return made


def chains(case: Case, holder_id: str | None = None, min_share: float = 1e-4) -> pd.DataFrame:
    """Follow the holding chains upwards from the institution.

    Parameters
    ----------
    holder_id
        Only chains that end at this party. All, if omitted.
    min_share
        Drop chains whose multiplied share falls below this fraction, 0 to 1.

    Returns
    -------
    DataFrame, one row per chain, largest first, and one row per holder for what its listed chains do not explain
        holder_id · share (fraction, product along the chain) · layers (1 = direct) · path (list of ids, institution first) ·
        circular (True: the rest; it has no path and no layers). `attrs["cut_at"]`: the share from which on chains
        were left out because there are more than 100,000 of them, else None.

    Raises
    ------
    BadParameter
        If `min_share` is outside 0–1, nobody has `holder_id`, or the case is the whole district.
    DataGap
        If holdings over 100 % in a loop leave no finite solution.

    Notes
    -----
    Chains stop at the first repeated holder. What circular holdings add to a holder's share (and what chains below
    `min_share` do) is the `circular` row: the holder's `owners` share less its listed chains, where that exceeds 1e-12. Listed
    are holders of at least `min_share`.
    """
    fraction("min_share", min_share)
    register, solved = _solved(case, min_share)
    end = _holder(case, register, holder_id)
    if solved is None or (holder_id is not None and end not in solved.parties):
        return chain_frame([], [], None)
    target = register.number(target_of(case))
    found, cut = walks.largest_chains(register, target, min_share, end) if target is not None else ([], None)
    listed: dict[int, float] = {}
    for chain in found:
        listed[chain.path[-1]] = listed.get(chain.path[-1], 0.0) + chain.share
    rest = []
    for party, share in zip(solved.parties.tolist(), solved.share.tolist(), strict=True):
        asked = party == end if end is not None else True
        if asked and (share >= min_share or party in listed) and abs(share - listed.get(party, 0.0)) > 1e-12:
            rest.append((register.named([party])[0], share - listed.get(party, 0.0)))
    rows = [(register.named(chain.path), chain.share) for chain in found]
    return chain_frame(rows, sorted(rest, key=lambda r: (-r[1], r[0])), cut)


def circular(case: Case) -> pd.DataFrame:
    """List the circular holdings among the institution and its holders: companies that hold each other, or themselves.

    Returns
    -------
    DataFrame, one row per strongly connected component, largest share first
        component_id · members (list of ids) · loop (list of ids: each holds the next, first = last) · holding_ids (list: the
        holdings between members) · loops (list of lists of ids: a shortest loop through every holding between members, largest
        first; `loop` alone, if there are more than 300 members) · loop_shares (list of fractions: products along `loops`, the
        part of itself that a member owns by that loop) ·
        max_share (largest look-through share of a member in the institution; 1 if the
        institution is a member, or if over-100 % holdings leave the shares without a solution) · holds_target.

    Raises
    ------
    BadParameter
        If the case is the whole district.
    """
    register, target = numbered(case)
    found = loops.loops_above(register, target) if target is not None else []
    return frame_of(
        component_id=pa.array([component_id(register, c) for c in found], pa.string()),
        members=pa.array([register.named(c.members) for c in found], TEXTS),
        loop=pa.array([register.named(c.loop) for c in found], TEXTS),
        holding_ids=pa.array([c.holding_ids for c in found], TEXTS),
        loops=pa.array([[register.named(ring) for ring, _ in c.loops] for c in found], pa.list_(TEXTS)),
        loop_shares=pa.array([[share for _, share in c.loops] for c in found], pa.list_(pa.float64())),
        max_share=pa.array([c.max_share for c in found], pa.float64()),
        holds_target=pa.array([c.holds_target for c in found], pa.bool_()),
    )


def shareholding(case: Case, min_share: float = 0) -> "nx.DiGraph[str]":
    """Return the holdings above the institution as a graph, of the whole district if the case is it.

    Parameters
    ----------
    min_share
        Leave out holders whose look-through share is below this fraction (in the district: holdings below it), 0 to 1;
        direct holders of unknown share stay.

    Returns
    -------
    networkx.DiGraph, holder → held
        Nodes by party id: name, kind (None: unknown). Edges: share (fraction; None: unknown), valid_from (date; None: since
        ever), holding_ids (list).

    Raises
    ------
    BadParameter
        If `min_share` is outside 0–1.
    DataGap
        If `min_share` is not 0 and holdings over 100 % in a loop leave no finite solution.
    """
    fraction("min_share", min_share)
    register = register_of(case)
    pairs, ties = register.pairs, register.above
    if case.is_district:
        kept = ties.pair[(ties.weight >= min_share) | pairs.unknown[ties.pair]]
        parties = np.union1d(pairs.holder[kept], pairs.held[kept])
    else:
        parties = _parties_from(case, min_share)
        kept = ties.pair[np.isin(pairs.held[ties.pair], parties) & np.isin(pairs.holder[ties.pair], parties)]
    graph: nx.DiGraph[str] = nx.DiGraph()
    known = who("party_id", register, parties)
    for party_id, name, kind in zip(*(column.to_pylist() for column in known.values()), strict=True):
        graph.add_node(party_id, name=name, kind=kind)
    if not case.is_district and target_of(case) not in graph:  # nobody holds it, and it holds nothing
        graph.add_node(
            target_of(case), name=case.name, kind=known_parties(case, [target_of(case)]).get(target_of(case), {}).get("kind")
        )
    for pair in kept.tolist():
        holder, held = register.named((pairs.holder[pair], pairs.held[pair]))
        share = None if pairs.unknown[pair] else float(pairs.share[pair])
        since = pairs.since[pair].item()
        graph.add_edge(holder, held, share=share, valid_from=since, holding_ids=pairs.holding_ids(pair))
    return graph


def register(
    store: Store, as_of: str | dt.date | None = None, min_share: float = everyone.LEAST
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List the owners and controllers of every party that somebody holds, and keep them for queries.

    Parameters
    ----------
    as_of
        Day asked about, a date or `YYYY-MM-DD`; the last day that the data covers, if omitted.
    min_share
        Leave out holders whose look-through share is below this fraction, 0 to 1. Holders whose direct share is unknown are
        always listed.

    Returns
    -------
    tuple of DataFrames, by entity, with the numbers and in the order of `owners` and `controllers`
        entity_id · holder_id · share · share_low · share_high (fractions) · layers, and
        entity_id · controller_id · basis (in words) · path (list of ids, from the entity to the controller).
        They are the TEMP tables `register_owners` and `register_controllers` of the handle. The first one's
        `attrs["unsolved"]`: entities whose shares have no finite solution, with the reason; the TEMP table
        `register_unsolved` (entity_id · reason) too.

    Raises
    ------
    BadParameter
        If `min_share` is outside 0–1, or the date is none.
    DataGap
        If no row of the Store has a date and none is given, or chains of control are so long that they cannot be listed.

    Notes
    -----
    Members of circular components of more than 3,000 parties, and what these hold, are solved one by one.
    """
    day = day_of(as_of) if as_of is not None else last_day(store)
    made = everyone.tables(store, day, min_share)
    for name, table in made.items():
        store.derive(name, table)
    owned = frame(made["register_owners"])
    unsolved = made["register_unsolved"].to_pylist()
    owned.attrs["unsolved"] = {row["entity_id"]: row["reason"] for row in unsolved}
    return owned, frame(made["register_controllers"])


def _solved(case: Case, min_share: float) -> tuple[Register, LookThrough | None]:
    register, target = numbered(case)
    return register, look_through(register, target, 0.99 * min_share) if target is not None else None


def _parties_from(case: Case, min_share: float) -> Ints:
    """Return the case's party and its holders of at least `min_share`, or of unknown direct share."""
    register, target = numbered(case)
    if target is None:
        return NOBODY
    if min_share == 0:  # everyone: an answer even where shares have no solution
        return np.sort(everyone_above(register, target))
    solved = look_through(register, target, 0.99 * min_share)
    return np.sort(np.append(solved.parties[(solved.share >= min_share) | solved.direct_unknown], target))


def _holder(case: Case, register: Register, holder_id: str | None) -> int | None:
    """Return a party's number; None if none is asked for, or it is known but holds nothing."""
    if holder_id is None:
        return None
    number = register.number(holder_id)
    if number is None and holder_id not in known_parties(case, [holder_id]):
        raise BadParameter(
            f"没有编号为 {holder_id!r} 的主体。可用的编号见 graph.owners(case) 的 holder_id 列",
            f"No party has the id {holder_id!r}. The column holder_id of graph.owners(case) lists those behind the institution",
        )
    return number
