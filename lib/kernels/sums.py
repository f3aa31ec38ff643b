"""Which few amounts add up to a target: all subsets of two or more, within a tolerance, for many targets at once."""

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]


@njit(cache=True)
def subsets(starts: Ints, fen: Ints, targets: Ints, tolerance: int, parts: int, most: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Find for each target the subsets of its amounts that add up to it.

    Parameters
    ----------
    starts
        Where the amounts of each target begin in `fen`, and the end: n + 1 numbers.
    fen
        Amounts, more than 0, falling within each target's part.
    targets
        What is to be reached, fen.
    tolerance
        Difference that still fits, fen.
    parts
        Amounts in a subset, at most; at least two.
    most
        Subsets that are kept per target; one more is looked for.

    Returns
    -------
    owner, bounds, members, crowded
        Target of each subset · where its members begin in `members`, and the end · places in `fen` · targets that have more
        than `most` subsets, none of which is returned.
    """
    owners, sizes, members, crowded = [0 for _ in range(0)], [0], [0 for _ in range(0)], [0 for _ in range(0)]
    for t in range(len(targets)):
        kept, known = len(members), len(sizes)
        low, high = targets[t] - tolerance, targets[t] + tolerance
        found = _of_target(fen, starts[t], starts[t + 1], low, high, parts, most, members, sizes)
        if found > most:
            while len(members) > kept:
                members.pop()
            while len(sizes) > known:
                sizes.pop()
            crowded.append(t)
        else:
            owners.extend([t for _ in range(found)])
    return (
        np.array(owners, dtype=np.int64),
        np.cumsum(np.array(sizes, dtype=np.int64)),
        np.array(members, dtype=np.int64),
        np.array(crowded, dtype=np.int64),
    )


@njit(cache=True)
def _of_target(
    fen: Ints, place: int, end: int, low: int, high: int, parts: int, most: int, members: list[int], sizes: list[int]
) -> int:
    """Add the subsets of one target to `members` and `sizes`; return how many there are, most + 1 if more."""
    chosen, sums, found, depth = np.zeros(parts + 1, np.int64), np.zeros(parts + 1, np.int64), 0, 0
    while True:
        # Falling amounts: from here on, nothing larger than fen[place] can be added.
        if place < end and depth < parts and sums[depth] + (parts - depth) * fen[place] >= low:
            added = sums[depth] + fen[place]
            if added <= high:
                chosen[depth] = place
                depth += 1
                sums[depth] = added
                if depth > 1 and added >= low:
                    found += 1
                    if found > most:
                        return found
                    members.extend([chosen[k] for k in range(depth)])
                    sizes.append(depth)
            place += 1
        elif depth == 0:
            return found
        else:
            depth -= 1
            place = chosen[depth] + 1
