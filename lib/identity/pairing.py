"""Which of many names are worth comparing: those that share what no candidate lacks, never all with all.

Bodies share their name proper (variants folded, 集团 left out), their first three characters, or a name proper of four
characters or more but for one of them. Persons share the whole name, variants and dots folded. So the work grows with the
names, not with their square.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, combinations

from lib.identity import comparing, reference
from lib.identity.comparing import Compared
from lib.identity.names import MASK, Name

_SLIP_FROM = 3  # shorter names proper have no character to spare


def pairs(
    names: Sequence[Name], bearers: int | None = None, hints: Sequence[Sequence[str]] = ()
) -> Iterator[tuple[int, int, Compared]]:
    """Give each pair of names that are the same or may be, once, as positions (smaller first) and how they compare.

    Masked names (王*) fit too many others to be paired: they are compared only when somebody asks.

    Parameters
    ----------
    bearers
        Persons of a name that more than so many bear are paired only if they share a hint; no matter how many, if omitted.
    hints
        Of each name, what its bearer may share with another one (a phone, an address).
    """
    blocks: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at, name in enumerate(names):
        for key in set(_keys(name)):
            blocks[key].append(at)
    seen: set[tuple[int, int]] = set()
    parts = chain.from_iterable(
        _by_hint(block, hints) if key[0] == "person" and bearers and len(block) > bearers else (block,)
        for key, block in blocks.items()
        if len(block) > 1
    )
    for i, j in chain.from_iterable(_within(names, part) for part in parts):
        if (i, j) not in seen:
            found = comparing.compare(names[i], names[j])
            if found.verdict != "different":
                seen.add((i, j))
                yield i, j, found


def _keys(name: Name) -> Iterator[tuple[str, ...]]:
    """Give what a name must share with another one to be compared with it."""
    tables = reference.variants()
    if name.kind == "person":
        folded = name.core.translate(tables["char"]).replace("·", "")
        if MASK not in folded and folded:
            yield ("person", folded[0].translate(tables["surname"]) + folded[1:])
        return
    proper = name.proper.replace("集团", "").translate(tables["char"]).replace("·", "") or name.core
    if not proper:
        return
    yield ("body", name.branch, proper)
    yield ("begins", name.branch, name.core[:_SLIP_FROM])
    if len(proper) >= _SLIP_FROM:
        rest = name.core[name.trade_at :]
        yield ("slip", name.branch, rest, proper)
        for at in range(len(proper)):
            yield ("slip", name.branch, rest, proper[:at] + proper[at + 1 :])


def _within(names: Sequence[Name], block: list[int]) -> Iterator[tuple[int, int]]:
    """Give the pairs of a block that may be one: those that share a place, and those of which one names none."""
    placed: dict[str, list[int]] = defaultdict(list)
    placeless = [at for at in block if not names[at].places]
    for at in block:
        for place in names[at].places:
            placed[place].append(at)
    for part in placed.values():
        yield from combinations(part, 2)
    yield from combinations(placeless, 2)
    for at in placeless:
        yield from ((min(at, other), max(at, other)) for other in block if names[other].places)


def _by_hint(block: list[int], hints: Sequence[Sequence[str]]) -> Iterator[list[int]]:
    """Put those of a block together that share a hint."""
    made: dict[str, list[int]] = defaultdict(list)
    for at in block:
        for hint in hints[at]:
            made[hint].append(at)
    yield from made.values()
