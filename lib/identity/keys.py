"""Keys that several parties or mentions share, and how sure each is to mean one party.

Names are compared here, by character: phones and documents without check digit count with the name only, an account joins
whom it shows under one name, and a sound identity number under two names joins with less confidence.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from lib.identity import comparing, names
from lib.schema import named_sql
from lib.store import Store

MENTION = "record:"  # begins the node of a mention that has no party's id
MOST_NAMES = 20  # of one key: a phone of more is the institution's own, a number of more a placeholder

# How sure a key is. Proposals of this project, no statistics; they order the keys and travel with what is joined.
CONFIDENCE = {
    "decision": 1.0,
    "identity_number": 0.99,
    "uscc": 0.98,
    "account": 0.95,
    "number_name": 0.9,
    "phone_name": 0.85,
}
OTHER_NAMES = 0.8  # a sound number under names that differ: renamed, or mistyped into another sound number (one in eleven)


@dataclass(frozen=True)
class Group:
    """Parties and mentions that a key shows as one; `reason` says why it must not be believed, if it must not."""

    by: str
    value: str
    nodes: tuple[str, ...]
    confidence: float
    reason: str | None = None


@dataclass
class _Bearers:
    """Who has a key, by the name under which: a spelling → nodes; and those without a name."""

    named: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    nameless: set[str] = field(default_factory=set)


def groups(draft: Store) -> list[Group]:
    """Return the groups of a draft of the Store (`check_digits` must have been run on it)."""
    draft.execute(f"create or replace temp table identity_keys as {named_sql('identity_keys')}")
    shared = draft.run("shared_keys", most=MOST_NAMES).to_pylist()
    found: list[Group] = []
    for (by, value), rows in groupby(shared, key=lambda row: (row["by"], row["value"])):
        found += _groups(by, value, _bearers(rows))
    return found


def _bearers(rows: Iterable[dict[str, Any]]) -> _Bearers:
    made = _Bearers()
    for row in rows:
        if row["name"] is None:
            made.nameless.add(row["node"])
        else:
            made.named[row["name"]].add(row["node"])
    made.nameless.difference_update(*made.named.values())
    return made


def _groups(by: str, value: str, bearers: _Bearers) -> Iterator[Group]:
    if by in ("phone", "number"):
        for text, nodes in _clusters(bearers.named, ("same",)):
            if len(nodes) > 1:
                yield Group(f"{by}_name", f"{value} {text}", _sorted(nodes), CONFIDENCE[f"{by}_name"])
        return
    everybody = _sorted(bearers.nameless.union(*bearers.named.values()))
    alike = _clusters(bearers.named, ("same",) if by == "account" else ("same", "candidate"))
    if len(alike) <= 1:
        yield Group(by, value, everybody, CONFIDENCE[by])
    elif by == "account":
        yield Group(by, value, everybody, CONFIDENCE[by], "other_names")
    else:
        yield from (Group(by, value, _sorted(nodes), CONFIDENCE[by]) for _, nodes in alike if len(nodes) > 1)
        yield Group(by, value, everybody, OTHER_NAMES)


def _clusters(named: dict[str, set[str]], enough: tuple[str, ...]) -> list[tuple[str, set[str]]]:
    """Put spellings of one name together (at most MOST_NAMES of them): first spelling, and all its nodes."""
    made: list[tuple[str, set[str]]] = []
    for text in sorted(named):
        for first, nodes in made:
            if comparing.written(first, text).verdict in enough:
                nodes |= named[text]
                break
        else:
            made.append((names.normal(text), set(named[text])))
    return made


def _sorted(nodes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(nodes))
