"""The order in which transfers are replayed: by time, then as the bank numbers them, then credits before debits.

Transfers tie when they have the same time; one that states only a day ties with all others of its day. Inside a tie the
bank's sequence decides for the lines of one account; where an account has none, its credits come before its debits. Demands
that form a loop (A pays B and B pays A in the same second) are broken in file order, and counted.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lib.kernels import tracing

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Moves:
    """Transfers as arrays: time (microseconds), whether only the day is known, accounts (-1 unknown), sequences (-1 none)."""

    at: Ints
    day_only: Flags
    payer: Ints
    payee: Ints
    payer_seq: Ints
    payee_seq: Ints

    def of(self, rows: Ints) -> "Moves":
        """Return some of the transfers."""
        return Moves(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass
class _Demands:
    """Edges between nodes: the first `nodes` are transfers, those added later pass an order on from many to many."""

    nodes: int
    sources: list[Ints] = field(default_factory=list)
    targets: list[Ints] = field(default_factory=list)
    hard: list[Flags] = field(default_factory=list)

    def add(self, sources: Ints, targets: Ints, *, hard: bool) -> None:
        self.sources.append(sources)
        self.targets.append(targets)
        self.hard.append(np.full(len(sources), hard))

    def rows(self) -> tuple[Ints, Ints, Flags]:
        """Return where each node's targets start, the targets, and which are hard."""
        sources, targets, hard = np.concatenate(self.sources), np.concatenate(self.targets), np.concatenate(self.hard)
        order = np.argsort(sources, kind="stable")
        starts = np.searchsorted(sources[order], np.arange(self.nodes + 1))
        return starts.astype(np.int64), targets[order], hard[order]


def replay_order(moves: Moves) -> tuple[Ints, Flags, Flags]:
    """Put transfers in the order of replay.

    Returns
    -------
    order, tied, looped
        Row numbers in order of replay; per row, whether only the rule "credits first" placed it, and whether a loop was broken
        at it.
    """
    count = len(moves.at)
    tied, looped = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    day = moves.at // DAY_US
    mixed = np.isin(day, np.unique(day[moves.day_only]))
    moment = np.where(mixed, day * DAY_US, moves.at)
    order = np.argsort(moment, kind="stable")
    sizes = np.unique(moment[order], return_counts=True)[1]
    many = np.repeat(sizes > 1, sizes)
    if not many.any():
        return order, tied, looped
    rows = order[many]
    bounds = np.concatenate(([0], np.cumsum(sizes[sizes > 1]))).astype(np.int64)
    demands, tied[rows] = _demands(moves.of(rows), np.repeat(np.arange(len(bounds) - 1), np.diff(bounds)), mixed[rows])
    settled, broken = tracing.settle(bounds, *demands.rows())
    looped[rows] = broken
    order[many] = rows[settled]
    return order, tied, looped


def _demands(moves: Moves, group: Ints, mixed: Flags) -> tuple[_Demands, Flags]:
    """Say what comes before what among tied transfers (hard: time, sequence; soft: credits first), and whom only that put."""
    node = np.arange(len(group))
    demands = _Demands(len(group))
    timed = ~moves.day_only
    _chain(demands, group[timed & mixed], moves.at[timed & mixed], node[timed & mixed])
    ids = 1 + max(int(moves.payer.max(initial=0)), int(moves.payee.max(initial=0)))
    paid = (moves.payer >= 0) & (moves.payer_seq >= 0)
    got = (moves.payee >= 0) & (moves.payee_seq >= 0) & (moves.payee != moves.payer)
    _chain(
        demands,
        np.concatenate((group[paid] * ids + moves.payer[paid], group[got] * ids + moves.payee[got])),
        np.concatenate((moves.payer_seq[paid], moves.payee_seq[got])),
        np.concatenate((node[paid], node[got])),
    )
    moment = np.unique(moves.at, return_inverse=True)[1]
    tied = _credits_first(demands, moves, np.where(timed, moment, -1), free=timed)
    tied |= _credits_first(demands, moves, np.where(mixed, group, -1), free=moves.day_only)
    return demands, tied


def _chain(demands: _Demands, block: Ints, value: Ints, node: Ints) -> None:
    """Demand that inside a block nodes of a smaller value come before those of the next larger one."""
    order = np.lexsort((value, block))
    block, value, node = block[order], value[order], node[order]
    step = np.ones(len(node), np.bool_)
    step[1:] = (block[1:] != block[:-1]) | (value[1:] != value[:-1])
    run = np.cumsum(step) - 1  # nodes of one block and value share a run
    run_block = block[step]
    follows = np.append(run_block[1:] == run_block[:-1], False)  # whether the next run is of the same block
    before, after = follows[run], np.append(False, follows)[run]
    demands.add(node[before], demands.nodes + run[before], hard=True)
    demands.add(demands.nodes + run[after] - 1, node[after], hard=True)
    demands.nodes += len(run_block)


def _credits_first(demands: _Demands, moves: Moves, block: Ints, free: Flags) -> Flags:
    """Demand that an account's credits come before its debits wherever one of the two is free: placed by no sequence."""
    node, ids = np.arange(len(block)), 1 + max(int(moves.payer.max(initial=0)), int(moves.payee.max(initial=0)))
    inside = (block >= 0) & (moves.payer != moves.payee)
    credit, debit = node[inside & (moves.payee >= 0)], node[inside & (moves.payer >= 0)]
    credit_key, debit_key = block[credit] * ids + moves.payee[credit], block[debit] * ids + moves.payer[debit]
    both = np.intersect1d(credit_key, debit_key)
    keep_credit, keep_debit = np.isin(credit_key, both), np.isin(debit_key, both)
    credit, debit = credit[keep_credit], debit[keep_debit]
    credit_gate = demands.nodes + 2 * np.searchsorted(both, credit_key[keep_credit])
    debit_gate = demands.nodes + 2 * np.searchsorted(both, debit_key[keep_debit])
    free_credit, free_debit = (free & (moves.payee_seq < 0))[credit], (free & (moves.payer_seq < 0))[debit]
    demands.add(credit[free_credit], credit_gate[free_credit], hard=False)  # free credits before all debits
    entered = np.isin(debit_gate, credit_gate[free_credit])  # a gate that nobody enters would hold its debits back for ever
    demands.add(debit_gate[entered], debit[entered], hard=False)
    demands.add(credit, credit_gate + 1, hard=False)  # all credits before free debits
    demands.add(debit_gate[free_debit] + 1, debit[free_debit], hard=False)
    demands.nodes += 2 * len(both)
    open_gates = np.union1d(credit_gate[free_credit], debit_gate[free_debit])
    tied = np.zeros(len(block), np.bool_)
    tied[credit[np.isin(credit_gate, open_gates)]] = True
    tied[debit[np.isin(debit_gate, open_gates)]] = True
    return tied
