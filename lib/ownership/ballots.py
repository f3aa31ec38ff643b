"""Votes in one party: what somebody commands for certain, and what it may command at the most where holders are unknown."""

from collections.abc import Collection

import numpy as np

from lib.kernels import ownership as kernels
from lib.ownership.agreements import Command
from lib.ownership.register import NOWHERE, TOLERANCE, Flags, Floats, Ints


class Ballots:
    """The holdings and agreements above one party, ready to count votes in it.

    Attributes
    ----------
    parties
        Numbers of the target and everyone above it, by votes.
    open_ended
        Whether any of them has votes whose holder is unknown.
    exceeded
        Whether the votes in any of them add up to more than 1: some record is too high, and nobody knows which.
    """

    def __init__(self, command: Command, target: int) -> None:
        register, above = command.register, command.register.votes_above
        self.parties: Ints = kernels.all_above(above.start, above.other, target, NOWHERE)[0]
        place = np.full(len(above.start) - 1, -1, np.int64)
        place[self.parties] = np.arange(len(self.parties))
        counts = np.diff(above.start)[self.parties]
        at = np.concatenate([np.arange(above.start[p], above.start[p + 1]) for p in self.parties])
        self._place, self._held = place, np.repeat(np.arange(len(self.parties)), counts)
        self._holder, self._weight = place[above.other[at]], above.weight[at]
        self._votes = np.where(above.pair[at] >= 0, self._weight, 0.0)  # an agreement commands, and is no vote
        cast_in = np.bincount(self._held, self._votes, len(self.parties))
        known = self.parties < len(register.gap)
        gap = np.where(known, register.gap[np.where(known, self.parties, 0)], 0.0)
        self._gap: Floats = np.where(gap > 0, np.maximum(0.0, 1.0 - cast_in), 0.0)
        self.open_ended = bool(self._gap.any())
        excess = np.where(cast_in > 1 + TOLERANCE, cast_in - 1, 0.0)[self._held]
        self.exceeded = bool(excess.any())
        self._least: Floats = np.where(self._votes > 0, np.maximum(self._votes - excess, 0.0), self._weight)

    def commanded(self, heads: Collection[int], *, at_most: bool = False, at_least: bool = False) -> float:
        """Return the votes in the target that `heads` command together.

        Parameters
        ----------
        at_most
            Whether all votes whose holder is unknown are counted as theirs.
        at_least
            Whether each record of a party whose votes exceed 1 is taken without the whole excess.
        """
        spare = self._gap if at_most else np.zeros(len(self.parties))
        weight = self._least if at_least else self._weight
        votes = np.minimum(self._votes, weight)
        inside: Flags = np.zeros(len(self.parties), np.bool_)
        inside[[self._place[h] for h in heads if self._place[h] >= 0]] = True
        while True:
            total = np.bincount(self._held, weight * inside[self._holder], len(self.parties)) + spare
            more = (total > kernels.MAJORITY) & ~inside
            more[0] = False  # the target's votes in itself do not count
            if not more.any():
                break
            inside |= more
        mine = self._held == 0
        return float((votes[mine] * inside[self._holder[mine]]).sum() + spare[0])
