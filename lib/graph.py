"""Shareholder look-through: who stands behind an institution, and by which chain.

Reads `holdings`, `roles` and `links` as of the case's date. Everything out is a DataFrame or a plain networkx.DiGraph
(holder → held).
"""

import datetime as dt

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa

from lib.case import Case, day_of, last_day
from lib.errors import BadParameter
from lib.ownership import control, everyone, loops, relations, walks
from lib.ownership.derived import derive_components, derive_related
from lib.ownership.frames import NOBODY, TEXTS, basis, chain_frame, component_id, frame_of, owner_frame, who
from lib.ownership.register import Ints, Register, everyone_above, fraction, numbered, register_of, target_of
from lib.ownership.solve import LookThrough, look_through
from lib.store import Store, frame

__all__ = [
    "chains",
    "circular",
    "controllers",
    "derive_components",
    "derive_related",
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
    other than through the holder itself: min(1, share + U − u·share). A component that nobody outside owns has the limit
    as its solution: whoever comes to one member comes to all of them, so each has the share of the whole component. In
    components above 10,000 members, holders below 1 % have `share` M_ij and `share_low` a_ij.
    """
    fraction("min_share", min_share)
    register, solved = _solved(case, min_share)
    if solved is None:
        return owner_frame(register, NOBODY, {})
    order = np.lexsort((solved.parties, -solved.share))
    order = order[(solved.share[order] >= min_share) | solved.direct_unknown[order]]
    columns = {
        "direct_share": pa.array(solved.direct[order], mask=solved.direct_unknown[order]),
        "share": solved.share[order],
        "share_low": solved.low[order],
        "share_high": solved.high[order],
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


def controllers(case: Case) -> pd.DataFrame:
    """List who controls the institution: commands more than half of its votes, counting what controlled entities command.

    Returns
    -------
    DataFrame, one row per controller, ultimate ones first, then the nearest
        controller_id · name · kind · votes (fraction that it commands, its own and those of what it controls) ·
        direct_votes (its own alone) · ultimate (nobody else controls it) · layers · path (list of ids from the institution to
        the controller, a shortest chain of holdings that it commands) · basis (in words).
        `attrs["circular_control"]`: ids of those that are controlled by what they control; where none is ultimate, control
        goes in a circle without a head outside it.

    Raises
    ------
    BadParameter
        If the case is the whole district.

    Notes
    -----
    Votes are `voting_share`, else the share, else its lower bound; a majority is more than one half (Company Law
    2018 art. 216 (2), 2023 art. 265 (2)). Votes that the institution holds in itself do not count.
    """
    register, target = numbered(case)
    found = control.controllers_of(register, target) if target is not None else []
    numbers = np.array([c.party for c in found], np.int64)
    headless = bool(found) and not any(c.ultimate for c in found)
    made = frame_of(
        **who("controller_id", register, numbers),
        votes=pa.array([c.votes for c in found], pa.float64()),
        direct_votes=pa.array([c.direct for c in found], pa.float64()),
        ultimate=pa.array([c.ultimate for c in found], pa.bool_()),
        layers=pa.array([len(c.path) - 1 for c in found], pa.int64()),
        path=pa.array([register.named(c.path) for c in found], TEXTS),
        basis=pa.array([basis(c, headless) for c in found], pa.string()),
    )
    made.attrs["circular_control"] = register.named(c.party for c in found if c.circular)
    return made


def related(case: Case) -> pd.DataFrame:
    """List the related parties of the institution, each with the reason and the shortest way that puts it there.

    Returns
    -------
    DataFrame, one row per party but the institution itself, nearest first, then by id
        party_id · name · kind · reason (controller, holder, legal_representative, director, senior_manager, supervisor, kin,
        controlled, same_controller, officer_of) · layers · path (list of ids, institution first). `attrs["possible"]`: direct
        holders whose share is unknown and who may be related for holding 5 %; `attrs["gap"]`: why look-through shares could
        not be solved (direct holdings were used), else None.

    Raises
    ------
    BadParameter
        If the case is the whole district.

    Notes
    -----
    Holders of 5 % or more (direct or look-through), controllers, officers of the institution, close kin of these, what
    any of these controls by majority, and where these are legal representative, director or senior manager. Offices that
    are only claimed in a CV do not count, and what the state controls is not related for that reason alone.
    """
    found = relations.related_set(case)
    ordered = sorted((len(m.path), party) for party, m in found.members.items() if m.reason != "self")
    ids = [party for _, party in ordered]
    known = _known(case, ids)
    made = frame_of(
        party_id=pa.array(ids, pa.string()),
        name=pa.array([known.get(i, {}).get("name", i) for i in ids], pa.string()),
        kind=pa.array([known.get(i, {}).get("kind") for i in ids], pa.string()),
        reason=pa.array([found.members[i].reason for i in ids], pa.string()),
        layers=pa.array([len(found.members[i].path) - 1 for i in ids], pa.int64()),
        path=pa.array([list(found.members[i].path) for i in ids], TEXTS),
    )
    made.attrs = {"possible": found.possible, "gap": str(found.gap) if found.gap else None}
    return made


def circular(case: Case) -> pd.DataFrame:
    """List the circular holdings among the institution and its holders: companies that hold each other, or themselves.

    Returns
    -------
    DataFrame, one row per strongly connected component, largest share first
        component_id · members (list of ids) · loop (list of ids: each holds the next, first = last) · holding_ids (list: the
        holdings between members) · max_share (largest look-through share of a member in the institution; 1 if the
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
            target_of(case), name=case.name, kind=_known(case, [target_of(case)]).get(target_of(case), {}).get("kind")
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
    if number is None and holder_id not in _known(case, [holder_id]):
        raise BadParameter(
            f"没有编号为 {holder_id!r} 的主体。可用的编号见 graph.owners(case) 的 holder_id 列",
            f"No party has the id {holder_id!r}. The column holder_id of graph.owners(case) lists those behind the institution",
        )
    return number


def _known(case: Case, ids: list[str]) -> dict[str, dict[str, str | None]]:
    return {row["party_id"]: row for row in case.store.run("parties_named", ids=ids).to_pylist()}
