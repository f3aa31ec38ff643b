"""Where the look-through ends without an answer, and records that cannot be right."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.errors import DataGap
from lib.ownership.frames import TEXTS, called, frame_of
from lib.ownership.register import TOLERANCE, Register, ends_chains, everyone_above, numbered, target_of
from lib.ownership.solve import LookThrough, look_through
from lib.ownership.sources import of_table, proof
from lib.ownership.walks import steps_from, way


@dataclass(frozen=True)
class Gap:
    """Something open or wrong with the holdings in a party: its measure, the other party, the records."""

    gap: str
    party_id: str
    holder_id: str | None
    measure: float | None
    holding_ids: list[str]


def gaps(case: Case) -> pd.DataFrame:
    """List where the chains above the institution end in nothing, and which records about them cannot be right.

    Returns
    -------
    DataFrame, one row per gap, those that concern most of the institution first
        gap · party_id (whose holders are in question) · name · kind · holder_id (null where it is not about one) · measure ·
        share (fraction of the institution that the party reaches, 1 for itself; null where shares have no solution) · path
        (list of ids, institution first) · holding_ids (list) · evidence (list of {table, id}) · sources (list: file and line).

        gap is one of: `open_end` (no holder is recorded, and it is neither a person nor the state nor listed), `sum_below_1`
        (measure: what the known shares leave open), `closed_loop` (a component owned by its own members alone; one row per
        member), `sum_above_1` (measure: the sum), `votes_above_1` (the shares do not, the votes do; measure: their sum),
        `share_out_of_range` (measure: the value as delivered, below 0 or above 1), `range_reversed` (a lower bound above the
        upper one, or a share outside its range), `share_missing`, `holder_missing`, `self_holding`, `dates_reversed` (never
        valid), `contradictory` (records of one holder and period with different shares, which are added up; measure: their
        difference), `overlapping` (several records of one holder on the day, of the same share or of other periods, which
        are added up: one register delivered twice looks so; measure: what is counted twice then).

        `attrs["untraced"]`: fraction of the institution that ends in nothing or in a closed loop (null where shares have no
        solution); `attrs["gap"]`: why there is none, else None.

    Raises
    ------
    BadParameter
        If the case is the whole district.

    Notes
    -----
    Nothing is corrected: records stay as they were delivered. What lies outside 0 to 1 counts as unknown, sums above 1 widen
    the interval of `owners`. Sums are taken with a tolerance of 1e-9. Two records of one pair with different shares may be two
    purchases: that is a lead to be checked.
    """
    register, target = numbered(case)
    if target is None:
        return _without_holders(case)
    solved, failed = None, None
    try:
        solved = look_through(register, target)
    except DataGap as error:
        failed = str(error)
    parties = everyone_above(register, target)
    found = [*_open(register, parties.tolist()), *_closed(register, solved), *_records(case, register.named(parties))]
    before = steps_from(register.above, target)
    paths = {register.named((p,))[0]: register.named(way(before, p)) for p in parties.tolist()}
    made = _frame(case, found, paths, _reach(register, target, solved))
    made.attrs = {"untraced": _untraced(register, target, solved) if solved else None, "gap": failed}
    return made


def _untraced(register: Register, target: int, solved: LookThrough) -> float:
    """Return the fraction that leads to unknown holders, or into loops that nobody outside owns."""
    reach = _reach(register, target, solved)
    # each member of such a loop has the share of the whole of it
    return min(1.0, solved.unknown + sum(max(reach.get(member, 0.0) for member in members) for members in solved.closed))


def _without_holders(case: Case) -> pd.DataFrame:
    """Return the one gap of a party about which no holding says anything; none, if a chain may end in it."""
    party_id, ends = target_of(case), ends_chains(case)
    found = [] if ends else [Gap("open_end", party_id, None, 1.0, [])]
    found += list(_records(case, [party_id]))
    made = _frame(case, found, {party_id: [party_id]}, {party_id: 1.0})
    made.attrs = {"untraced": 0.0 if ends else 1.0, "gap": None}
    return made


def _open(register: Register, parties: list[int]) -> Iterator[Gap]:
    """Yield parties whose holders are unknown in part or wholly, and those held for more than 1."""
    for party in parties:
        at, name = register.above.of(party), register.named((party,))[0]
        ids = [i for pair in register.above.pair[at].tolist() for i in register.pairs.holding_ids(pair)]
        if register.gap[party] > 0:
            yield Gap("sum_below_1" if ids else "open_end", name, None, float(register.gap[party]), ids)
        if register.total[party] > 1 + TOLERANCE:
            yield Gap("sum_above_1", name, None, float(register.total[party]), ids)
        elif register.votes_total[party] > 1 + TOLERANCE:
            yield Gap("votes_above_1", name, None, float(register.votes_total[party]), ids)


def _closed(register: Register, solved: LookThrough | None) -> Iterator[Gap]:
    for members in solved.closed if solved else []:
        for member in members:
            at = register.above.of(_number(register, member))
            ids = [i for pair in register.above.pair[at].tolist() for i in register.pairs.holding_ids(pair)]
            yield Gap("closed_loop", member, None, None, ids)


def _number(register: Register, party_id: str) -> int:
    number = register.number(party_id)
    assert number is not None
    return number


def _records(case: Case, held: list[str]) -> Iterator[Gap]:
    for row in case.store.run("holding_faults", as_of=case.as_of, held=held).to_pylist():
        ids = [i for i in row["holding_ids"] if i is not None]
        yield Gap(row["gap"], row["held"], row["holder"], row["measure"], ids)


def _reach(register: Register, target: int, solved: LookThrough | None) -> dict[str, float]:
    if solved is None:
        return {}
    shares = dict(zip(register.named(solved.parties), solved.share.tolist(), strict=True))
    return {**shares, register.named((target,))[0]: 1.0}


def _frame(case: Case, found: list[Gap], paths: dict[str, list[str]], reach: dict[str, float]) -> pd.DataFrame:
    order = sorted(found, key=lambda g: (-reach.get(g.party_id, 1.0), len(paths[g.party_id]), g.party_id, g.gap, g.holding_ids))
    measures = [g.measure if g.measure is not None and not np.isnan(g.measure) else None for g in order]
    return frame_of(
        gap=pa.array([g.gap for g in order], pa.string()),
        **called(case, "party_id", [g.party_id for g in order]),
        holder_id=pa.array([g.holder_id for g in order], pa.string()),
        measure=pa.array(measures, pa.float64()),
        share=pa.array([reach.get(g.party_id) for g in order], pa.float64()),
        path=pa.array([paths[g.party_id] for g in order], TEXTS),
        holding_ids=pa.array([g.holding_ids for g in order], TEXTS),
        **proof(case, [of_table("holdings", g.holding_ids) for g in order]),
    )
