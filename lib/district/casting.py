"""Which institution plays what: every scheme is planted, and has its doubles elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lib.district.plots import Scheme

_NEW = "new_platform"  # the scheme whose institutions, and those of its doubles, go on line about the day of the measures
# Sizes relative to the threshold: of what is planted, and of what is innocent by its size alone.
_LARGE, _SMALL = (1.05, 1.1, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0), (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Part:
    """A part to be played: the scheme, the institution's number from 1, its size, and whether something is to be found."""

    scheme: Scheme
    institution: int
    size: float
    planted: bool


@dataclass(frozen=True)
class Cast:
    """Who plays what; `silent` institutions deliver no statements, `leaving` ones are to leave the business."""

    parts: tuple[Part, ...]
    silent: frozenset[int]
    leaving: frozenset[int]

    def names(self, institution: int, *, planted: bool) -> frozenset[str]:
        """Return the names of the schemes that an institution plays, or of their doubles."""
        return frozenset(p.scheme.name for p in self.parts if p.institution == institution and p.planted == planted)


def cast(
    schemes: Iterable[Scheme], shares: Sequence[float], copies: int, sizes: Mapping[str, float], rng: np.random.Generator
) -> Cast:
    """Give out the parts; `shares`: how the business is spread over the institutions.

    The first institution plays doubles only: nothing is to be found there. Of five or more the last one is silent. Where a
    scheme is about leaving the business, the last two that speak (one, of three) leave it. A scheme and its double
    never play at the same institution, and what begins before the measures plays where there was business by then.
    """
    institutions = len(shares)
    silent = frozenset({institutions}) if institutions >= 5 else frozenset()
    speaking = [n for n in range(1, institutions + 1) if n not in silent]
    schemes = sorted((scheme for scheme in schemes if institutions >= scheme.least), key=lambda scheme: scheme.early)
    leaving = frozenset(speaking[-2:] if institutions >= 4 else speaking[-1:])
    leaving = leaving if any(scheme.exit for scheme in schemes) else frozenset()
    parts: list[Part] = []
    new = set[int]()
    turn = int(rng.integers(0, institutions))
    for scheme in schemes:
        stages = [n for n in speaking if n in leaving] if scheme.exit else [n for n in speaking if n not in leaving] or speaking
        stages = [n for n in stages if not (scheme.early and n in new)] or stages
        stages = sorted(stages, key=lambda n: shares[n - 1]) if scheme.last else stages
        guilty = [n for n in stages if n != 1] or stages
        places = [guilty[(n if scheme.last else turn + n) % len(guilty)] for n in range(min(copies, max(1, len(stages) - 1)))]
        doubles = [n for n in stages if n not in places and (scheme.spotless or n != 1)]
        for place in places:
            parts += _once(scheme, place, doubles, turn, sizes, rng)
            turn += 1
        new |= {part.institution for part in parts if part.scheme.name == _NEW}
    return Cast(tuple(parts), silent, leaving)


def _once(
    scheme: Scheme, place: int, doubles: list[int], turn: int, sizes: Mapping[str, float], rng: np.random.Generator
) -> list[Part]:
    """Return the part of a scheme, of its double, and of the same act below the threshold, the last two elsewhere."""
    size = sizes.get(scheme.name, _LARGE[int(rng.integers(0, len(_LARGE)))])
    parts = [Part(scheme, place, size, size > 1)]
    if doubles:
        parts.append(Part(scheme, doubles[turn % len(doubles)], 0.0, planted=False))
        if scheme.sized and scheme.name not in sizes:
            small = _SMALL[int(rng.integers(0, len(_SMALL)))]
            parts.append(Part(scheme, doubles[(turn + 1) % len(doubles)], small, planted=False))
    return parts
