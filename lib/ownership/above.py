"""Who is above a party: a register of its own, small enough to be made for every question.

Nothing of the size of the register is made. Where there is a component too large to be solved directly, it and all above it are
gathered once: whoever holds one of its members, directly or not, is above all of them.
"""

from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from lib.kernels import ownership as kernels
from lib.ownership import blocks
from lib.ownership.blocks import Block
from lib.ownership.register import NOWHERE, Flags, Floats, Ints, Register


@dataclass(frozen=True, eq=False)
class Above:
    """A party and everyone above it, by their places in `parties`.

    Attributes
    ----------
    seat
        Place of the party itself.
    parties, layers
        Numbers in the register; the fewest holdings between.
    start, other, weight
        The holders of each, by place, in the order of the register's list.
    group
        Circular component of each.
    runs
        Places in order, held before holders, cut into runs of plain parties and components.
    """

    seat: int
    parties: Ints
    layers: Ints
    start: Ints
    other: Ints
    weight: Floats
    group: Ints
    runs: list[tuple[Ints, Block | None]]


def above_of(register: Register, target: int) -> Above:
    """Return a party and everyone above it."""
    vast = _vast(register)
    if len(vast) and vast[target]:
        cone = _cone(register, int(register.group[target]))
        seat = int(np.searchsorted(cone.parties, target))
        return replace(cone, seat=seat, layers=kernels.layers_above(cone.start, cone.other, seat))
    near = _gathered(register, target, vast)
    met = np.unique(near.group[vast[near.parties]]) if len(vast) else near.group[:0]
    if len(met) == 0:
        return near
    if len(met) > 1:
        return _gathered(register, target, NOWHERE)
    return _joined(register, near, _cone(register, int(met[0])))


def _gathered(register: Register, target: int, halt: Flags) -> Above:
    ties = register.above
    parties, layers, start, other, edge = kernels.all_above(ties.start, ties.other, target, halt)
    group = register.group[parties]
    runs = [] if len(halt) and halt[parties].any() else _runs(register, parties, group)
    return Above(0, parties, layers, start, other, ties.weight[edge], group, runs)


def _joined(register: Register, near: Above, cone: Above) -> Above:
    """Put what is above a party below a vast component before that component and all above it."""
    seats = np.minimum(np.searchsorted(cone.parties, near.parties), len(cone.parties) - 1)
    own = cone.parties[seats] != near.parties
    count = int(own.sum())
    place = np.where(own, np.cumsum(own) - 1, count + seats)
    edges = np.repeat(own, np.diff(near.start))
    start = np.append(0, np.cumsum(np.diff(near.start)[own]))
    joined = Above(
        seat=0,
        parties=np.concatenate((near.parties[own], cone.parties)),
        layers=near.layers[:0],
        start=np.concatenate((start[:-1], start[-1] + cone.start)),
        other=np.concatenate((place[near.other[edges]], count + cone.other)),
        weight=np.concatenate((near.weight[edges], cone.weight)),
        group=np.concatenate((near.group[own], cone.group)),
        runs=[*_runs(register, near.parties[own], near.group[own]), *((count + run, block) for run, block in cone.runs)],
    )
    return replace(joined, layers=kernels.layers_above(joined.start, joined.other, 0))


def _vast(register: Register) -> Flags:
    """Tell who is a member of a component that is iterated; of no length, if nobody is."""
    if "vast" not in register.memo:
        size = np.bincount(register.group) > blocks.FACTOR_MEMBERS
        register.memo["vast"] = (size & register.looped)[register.group] if size.any() else NOWHERE
    return cast(Flags, register.memo["vast"])


def _cone(register: Register, component: int) -> Above:
    """Return a component and everyone above it, in order of ids; gathered once per register."""
    key = ("cone", component)
    if key not in register.memo:
        ties, first = register.above, int(np.flatnonzero(register.group == component)[0])
        parties = np.sort(kernels.all_above(ties.start, ties.other, first, NOWHERE)[0])
        start = np.append(0, np.cumsum(ties.start[parties + 1] - ties.start[parties]))
        edge = np.arange(start[-1]) + np.repeat(ties.start[parties] - start[:-1], np.diff(start))
        other, group = np.searchsorted(parties, ties.other[edge]), register.group[parties]
        runs = _runs(register, parties, group)
        register.memo[key] = Above(0, parties, parties[:0], start, other, ties.weight[edge], group, runs)
    return cast(Above, register.memo[key])


def _runs(register: Register, parties: Ints, group: Ints) -> list[tuple[Ints, Block | None]]:
    """Order places, held before holders, and cut the order into runs of plain parties and circular components."""
    ordered = np.argsort(register.rank[parties])
    looped = register.looped[group[ordered]]
    if not looped.any():
        return [(ordered, None)]
    cuts = 1 + np.flatnonzero((np.diff(group[ordered]) != 0) & (looped[1:] | looped[:-1]))
    runs = np.split(ordered, cuts)
    circular = register.looped[group[[run[0] for run in runs]]]
    return [(r, blocks.block_of(register, parties[r]) if c else None) for r, c in zip(runs, circular.tolist(), strict=True)]
