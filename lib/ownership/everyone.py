"""The register at once: owners of some size and controllers of every party, as tables.

The numbers are those of single questions, to the last bit: what is a threshold for one is the same for all.
"""

import datetime as dt
import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa

from lib.case import Case
from lib.errors import DataGap
from lib.kernels import everyone as kernels
from lib.ownership import blocks
from lib.ownership.agreements import Command, command_on
from lib.ownership.bounds import interval
from lib.ownership.commanding import Commander, basis, ranked
from lib.ownership.control import Controller
from lib.ownership.derived import Scope
from lib.ownership.frames import TEXTS
from lib.ownership.register import TOLERANCE, Flags, Floats, Ints, Register, fraction, register_on
from lib.ownership.solve import look_through
from lib.store import Store

# Holders from which on a shareholder of a financial institution must be reported, as related parties are counted.
LEAST = 0.05
# Parties on all ways of control together (4 GB as numbers): more, and chains are so long that nobody can have meant them.
MOST_STEPS = 500_000_000
# Holdings for each processor that looks for controllers, and most processors: each has 50 bytes a party of its own.
HOLDINGS_A_HAND = 100_000
MOST_HANDS = 4


@dataclass(frozen=True, eq=False)
class Owners:
    """Holders of some size, by held party; the parties whose shares have no solution, with the reason."""

    held: Ints
    holder: Ints
    share: Floats
    low: Floats
    high: Floats
    layers: Ints
    unsolved: dict[int, DataGap]


@dataclass(frozen=True, eq=False)
class Commands:
    """Who controls whom: one entry per controlled party and controller, ultimate ones first, then the nearest.

    Attributes
    ----------
    party, controller
        Numbers in the register.
    direct
        Whether the controller's own votes are a majority.
    circular, headless
        Whether the controller is controlled by what it controls, and whether nobody who controls the party is ultimate.
    begin, way
        Ways from the party to the controller: `way[begin[k]:begin[k + 1]]`.
    """

    party: Ints
    controller: Ints
    direct: Flags
    circular: Flags
    headless: Flags
    begin: Ints
    way: Ints


def tables(store: Store, as_of: dt.date, min_share: float) -> dict[str, pa.Table]:
    """Return the tables of `graph.register` by name; worked out once per version of the Store, day and share."""
    fraction("min_share", min_share)
    key = ("everyone", as_of, min_share)
    if key not in store.memo:
        register = register_on(store, as_of)
        owners = owners_of_all(register, min_share)
        store.memo[key] = {
            "register_owners": _owner_table(register, owners),
            "register_controllers": controllers_of_all(command_on(store, as_of)),
            "register_unsolved": pa.table(
                {
                    "entity_id": register.ids.take(pa.array(list(owners.unsolved), pa.int64())),
                    "reason": pa.array([str(gap) for gap in owners.unsolved.values()], pa.string()),
                }
            ),
        }
    return cast(dict[str, pa.Table], store.memo[key])


def derive_register_owners(case: Case, scope: Scope, min_share: float = LEAST) -> pa.Table:
    """Return the owners of all entities for rules, as in `graph.register`; the same for every scope."""
    return tables(case.store, case.as_of, min_share)["register_owners"]


def derive_register_controllers(case: Case, scope: Scope) -> pa.Table:
    """Return the controllers of all entities for rules, as in `graph.register`; the same for every scope."""
    return tables(case.store, case.as_of, LEAST)["register_controllers"]


def derive_register_unsolved(case: Case, scope: Scope) -> pa.Table:
    """Return the entities whose shares have no solution for rules, as in `graph.register`; the same for every scope."""
    return tables(case.store, case.as_of, LEAST)["register_unsolved"]


def owners_of_all(register: Register, least: float) -> Owners:
    """Return the holders of at least `least` of every held party, and direct holders of unknown share.

    Parties that have no loops above them but those that are inverted, and no shares of more than 100 %, are solved by one
    kernel, the others one by one.
    """
    above = register.above
    line = np.empty(len(register.rank), np.int64)
    line[register.rank] = np.arange(len(line))
    size, at, inverse, diagonal = _small(register, line)
    ties = (above.start, above.other, above.weight)
    behind, known = kernels.behind_all(line, *ties, register.group, size, at, inverse, register.gap)
    register.behind[known], register.behind_known[known] = behind[known], True
    held = np.diff(above.start) > 0
    known &= ~kernels.below_any(line, above.start, above.other, register.group, register.total > 1 + TOLERANCE)
    settings = (register.group, size, at, inverse, diagonal, behind, least)
    unknown = register.pairs.unknown[above.pair]
    who, numbers = kernels.owners_all(np.flatnonzero(held & known), line, register.rank, *ties, unknown, *settings)
    found = [(*who.T, numbers[:, 0], numbers[:, 0], numbers[:, 1])]
    unsolved: dict[int, DataGap] = {}
    for target in np.flatnonzero(held & ~known).tolist():
        try:
            found.append(_singly(register, target, least))
        except DataGap as gap:
            unsolved[target] = gap
    party, holder, layers, share, low, high = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((holder, -share, party))
    return Owners(party[order], holder[order], share[order], low[order], high[order], layers[order], unsolved)


def commands_of_all(register: Register) -> Commands:
    """Return every pair of a controlled party and one who controls it.

    Raises
    ------
    DataGap
        If chains of control are so long that their ways cannot be written down.
    """
    pairs, begin, way, itself = _commands(register)
    if len(way) > MOST_STEPS:
        raise DataGap(
            f"控制链条过多过长 (合计超过{MOST_STEPS:,}步), 无法逐一列出。请用 graph.controllers(case) 查询单个主体",
            f"Chains of control are too many and too long (over {MOST_STEPS:,} steps in all) to list. "
            "Ask for single parties with graph.controllers(case)",
        )
    controller, party, direct = pairs[:, 0], pairs[:, 1], pairs[:, 2] > 0
    ultimate = np.ones(len(itself), np.bool_)
    ultimate[party] = False
    circular = itself
    circular[controller[_mutual(ultimate, controller, party)]] = True
    headless = np.ones(len(itself), np.bool_)
    headless[party[ultimate[controller]]] = False
    steps = np.diff(begin)
    order = np.lexsort((controller, steps, ~ultimate[controller], party))
    begins = np.append(0, np.cumsum(steps[order]))
    places = np.repeat(begin[:-1][order] - begins[:-1], steps[order]) + np.arange(len(way))
    party, controller = party[order], controller[order]
    return Commands(party, controller, direct[order], circular[controller], headless[party], begins, way[places])


def _commands(register: Register) -> tuple[Ints, Ints, Ints, Flags]:
    """Return what the kernel says of all parties as controllers: each processor looks at some, of as many holdings each."""
    up, down = register.votes_above, register.votes_below
    hands = min(os.cpu_count() or 1, MOST_HANDS, 1 + len(down.other) // HOLDINGS_A_HAND)
    ends = np.searchsorted(down.start[:-1], len(down.other) * np.arange(1, hands) / hands).tolist()
    ranges = itertools.pairwise((0, *ends, len(down.start) - 1))

    def found_by(part: tuple[int, int]) -> tuple[Ints, Ints, Ints, Flags]:
        lists = (down.start, down.other, down.weight, up.start, up.other)
        return cast(tuple[Ints, Ints, Ints, Flags], kernels.commands_all(part, *lists, MOST_STEPS))

    with ThreadPoolExecutor(hands) as pool:
        found = list(pool.map(found_by, ranges))
    pairs, begins, ways, itself = zip(*found, strict=True)
    steps = np.concatenate([np.diff(begin) for begin in begins])
    return np.concatenate(pairs), np.append(0, np.cumsum(steps)), np.concatenate(ways), np.logical_or.reduce(itself)


def _mutual(ultimate: Flags, controller: Ints, party: Ints) -> Ints:
    """Return the pairs that are there the other way round too."""
    between = np.flatnonzero(~ultimate[controller])
    there, back = controller[between] * len(ultimate) + party[between], party[between] * len(ultimate) + controller[between]
    return between[np.isin(there, back)]


def _small(register: Register, line: Ints) -> tuple[Ints, Ints, Floats, Floats]:
    """Return size and place of each small component's inverse, the inverses one after the other, and M_ii by party."""
    sizes = np.bincount(register.group, minlength=len(register.looped))
    size = np.where(register.looped, kernels.ELSEWHERE, 0)
    at, diagonal = np.zeros(len(size), np.int64), np.ones(len(line))
    few = register.looped & (sizes <= blocks.DENSE_MEMBERS)
    members = line[few[register.group[line]]]
    inverses, end = [np.zeros(0)], 0
    for run in np.split(members, 1 + np.flatnonzero(np.diff(register.group[members]))) if len(members) else []:
        block, component = blocks.block_of(register, run), register.group[run[0]]
        if block.state == "closed":
            size[component] = kernels.CLOSED
        elif block.state == "solved" and block.inverse is not None:
            size[component], at[component], end = len(run), end, end + block.inverse.size
            inverses.append(block.inverse)
            diagonal[run] = block.diagonal
    return size, at, np.concatenate(inverses), diagonal


def _singly(register: Register, target: int, least: float) -> tuple[Ints | Floats, ...]:
    solved = look_through(register, target, 0.99 * least)
    kept = (solved.share >= least) | solved.direct_unknown
    columns = (solved.parties, solved.layers, solved.share, *interval(register, target, solved))
    return np.full(np.count_nonzero(kept), target), *(column[kept] for column in columns)


def _owner_table(register: Register, owners: Owners) -> pa.Table:
    measured = {"share": owners.share, "share_low": owners.low, "share_high": owners.high, "layers": owners.layers}
    ids = {"entity_id": register.ids.take(pa.array(owners.held)), "holder_id": register.ids.take(pa.array(owners.holder))}
    return pa.table({**ids, **{name: pa.array(column) for name, column in measured.items()}})


def controllers_of_all(command: Command) -> pa.Table:
    """Return the table of everybody's controllers: at once where holdings alone decide, one by one where agreements do.

    Raises
    ------
    DataGap
        As `commands_of_all`.
    """
    register, found = command.register, commands_of_all(command.register)
    touched = command.touched()
    if not touched.any():
        return _controller_table(command, found, np.ones(len(found.party), np.bool_))
    steps = np.diff(found.begin)
    entries = np.repeat(np.arange(len(steps)), steps)
    held = np.ones(len(found.way), np.bool_)
    held[found.begin[1:] - 1] = False  # the controller ends the way
    singly = np.zeros(len(touched), np.bool_)
    singly[found.party[entries[held & touched[found.way]]]] = True
    singly[found.party[found.controller >= len(register.ids)]] = True
    rows = [(party, *row) for party in np.flatnonzero(singly).tolist() for row in _explained(command, party)]
    plain = ~singly[found.party]
    party = np.append(found.party[plain], np.array([row[0] for row in rows], np.int64))
    few = {
        "entity_id": pa.array(register.named(row[0] for row in rows), register.ids.type),
        "controller_id": pa.array([row[1][-1] for row in rows], register.ids.type),
        "basis": pa.array([row[2] for row in rows], pa.string()),
        "path": pa.array([row[1] for row in rows], TEXTS),
    }
    made = pa.concat_tables([_controller_table(command, found, plain), pa.table(few)])
    return made.take(pa.array(np.argsort(party, kind="stable")))


def _explained(command: Command, party: int) -> list[tuple[list[str], str]]:
    """Return a party's controllers as paths, with nominees, and on what each rests."""
    found, headless = ranked(command, party)
    return [(command.explained(one.found.path)[0], basis(command, one, headless)) for one in found]


def _controller_table(command: Command, found: Commands, kept: Flags) -> pa.Table:
    # Which words, by what they depend on: eight at the most, however many pairs there are.
    texts = [
        basis(command, Commander(Controller(0, 1.0, float(direct), True, circular, ()), (), joint=False), headless)
        for direct in (False, True)
        for circular in (False, True)
        for headless in (False, True)
    ]
    ids, which = command.register.ids, 4 * found.direct + 2 * found.circular + found.headless
    steps = np.diff(found.begin)
    way, begin = found.way[np.repeat(kept, steps)], np.append(0, np.cumsum(steps[kept]))
    return pa.table(
        {
            "entity_id": ids.take(pa.array(found.party[kept])),
            "controller_id": ids.take(pa.array(found.controller[kept])),
            "basis": pa.array(texts, pa.string()).take(pa.array(which[kept])),
            "path": pa.LargeListArray.from_arrays(pa.array(begin), ids.take(pa.array(way))).cast(TEXTS),
        }
    )
