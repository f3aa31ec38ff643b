"""Chance that anybody can draw again: SHA-256 of the seed, the population's hash, a purpose and an id.

No generator of random numbers is used: its stream may change with a library's version, and a hash does not. The text hashed is
`lookthrough draw 1`, seed, SHA-256 of the population, purpose and id (or number), separated by line feeds, in UTF-8. Items in
the order of their hashes are a random order without ties; its first n are a simple random sample without return, and a larger
sample of the same seed holds the smaller one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Chance:
    """The chance of one draw: its seed and the population that it is drawn from."""

    seed: int
    sha256: str

    def order(self, purpose: str, ids: Sequence[str]) -> Ints:
        """Return the places of the ids in random order."""
        begun = hashlib.sha256(f"lookthrough draw 1\n{self.seed}\n{self.sha256}\n{purpose}\n".encode())
        keys = []
        for item in ids:
            one = begun.copy()
            one.update(item.encode())
            keys.append(one.digest())
        return np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)

    def below(self, purpose: str, number: int, limit: int) -> int:
        """Return a whole number from 0 to below `limit`; its odds are even to one part in 2 ** 192 for limits of 64 bits."""
        text = f"lookthrough draw 1\n{self.seed}\n{self.sha256}\n{purpose}\n{number}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") % limit
