"""Reference data on names: places, legal forms, words of trade, surnames, traditional script, variants.

Each file in reference/ begins with a line that says where its content comes from.
"""

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "reference"


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of reference/<name>.csv."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        next(file)  # where it comes from
        return list(csv.DictReader(file))


def source(name: str) -> str:
    """Return where the content of reference/<name>.csv comes from."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8") as file:
        return next(file).removeprefix("# ").strip()


@cache
def simplified() -> dict[int, str]:
    """Return the table for `str.translate` from traditional characters to simplified ones."""
    (row,) = rows("traditional")
    return dict(zip(map(ord, row["traditional"]), row["simplified"], strict=True))


@cache
def variants() -> dict[str, dict[int, str]]:
    """Return two tables for `str.translate` that fold variants into one: of characters, and of surnames as well."""
    found: dict[str, dict[int, str]] = {"char": {}, "surname": {}}
    for row in rows("variants"):
        found[row["kind"]][ord(row["a"])] = row["b"]
    return {"char": found["char"], "surname": found["surname"]}


@cache
def places() -> dict[str, tuple[str, frozenset[str]]]:
    """Return what a place may be written as → what it is called here, and the codes of all places of this name."""
    codes: dict[str, set[str]] = defaultdict(set)
    called: dict[str, str] = {}
    for row in rows("places"):
        for written in filter(None, (row["name"], row["short"])):
            codes[written].add(row["code"])
            called.setdefault(written, row["short"] or row["name"])
    return {written: (called[written], frozenset(codes[written])) for written in codes}


@cache
def longest_place() -> int:
    """Return how many characters the longest name of a place has."""
    return max(map(len, places()))


@cache
def surnames() -> frozenset[str]:
    """Return frequent surnames, of one character and of two."""
    return frozenset(row["surname"] for row in rows("surnames"))


@cache
def industry_words() -> frozenset[str]:
    """Return the words that say a body's trade, with which its name proper ends."""
    return frozenset(row["word"] for row in rows("industry_words"))
