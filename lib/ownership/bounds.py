"""Between what and what a look-through share lies, where records leave it open or contradict each other.

What is not recorded can only add to a share: the solve over known shares is the lower bound, and what leads to unknown holders
may belong to anybody. Shares of one party that add up to more than 1 are different: some record is too high, by the excess
at the most, and nobody knows which.
"""

from dataclasses import replace
from typing import cast

import numpy as np

from lib.ownership.register import TOLERANCE, Floats, Register
from lib.ownership.solve import LookThrough, look_through


def interval(register: Register, target: int, solved: LookThrough) -> tuple[Floats, Floats]:
    """Return the bounds of the shares of `solved.parties`.

    They hold for every completion that leaves known shares as they are, adds holders up to 1 where the sum is below 1, and
    takes the excess from the records where it is above: shares are chances of a walk, and grow with every single holding.
    """
    if not solved.over:
        return solved.low, solved.high
    least = look_through(_lowered(register), target)
    at = np.zeros(len(register.group))
    at[least.parties] = least.low
    return np.minimum(at[solved.parties], 1.0), np.minimum(solved.share + solved.unknown, 1.0)


def _lowered(register: Register) -> Register:
    """Return the register with each record of an over-held party at its least: without the whole excess; kept once made."""
    if "lowered" not in register.memo:
        above = register.above
        excess = np.where(register.total > 1 + TOLERANCE, register.total - 1, 0.0)
        weight = np.maximum(above.weight - np.repeat(excess, np.diff(above.start)), 0.0)
        ties = replace(above, weight=weight)
        unsolved = replace(register, behind=np.zeros_like(register.behind), behind_known=np.zeros_like(register.behind_known))
        register.memo["lowered"] = replace(unsolved, above=ties, memo={})
    return cast(Register, register.memo["lowered"])
