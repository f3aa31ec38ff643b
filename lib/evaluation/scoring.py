"""What was found of what was planted, and what was found that was not: arithmetic alone, no Store and no words.

An expected finding is found if a hit has its rule, one of its subjects, and evidence that covers at least half of its rows. An
entry is found if that holds for at least half of the findings that one of its rules should make. A hit is true if some planted
entry expects it. It is neutral, and counts neither for nor against precision, if no planted entry expects it but some entry, a
decoy too, allows it (`also`: a disclosed loan to a related party is no breach of disclosure, and still ends with a related
party): that a rule may speak up there does not show that it found what it looks for. Any other is a false alarm, which names
the decoys that it fell for.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lib.evaluation.key import Entry, Item, Line
from lib.evaluation.rows import Place

Row = dict[str, Any]
Pair = tuple[str, str]
GRAVE = ("prohibited", "major")
# What counts against precision: grave rules, but for those that only list what lies above an amount and accuse nobody.
LISTINGS = ("PT-04",)
FOUND, MISSED, NO_RULE, QUIET, ALARM = "found", "missed", "no_rule", "quiet", "alarm"
TRUE, NEUTRAL, FALSE = "true", "neutral", "false"


@dataclass(frozen=True)
class Hit:
    """A finding: rule, subject, institution, amount, id, and the places of its evidence."""

    rule_id: str
    subject_id: str
    institution_id: str | None = None
    amount_yuan: Decimal | None = None
    finding_id: str | None = None
    evidence: frozenset[Place] = frozenset()


@dataclass(frozen=True)
class Outcomes:
    """What the rules said: severity of each rule, hits, and for a rule and institution its outcome and what was missing."""

    severities: Mapping[str, str]
    hits: Sequence[Hit]
    untested: Mapping[tuple[str, str | None], tuple[str, str]] = field(default_factory=dict)

    def by_pair(self) -> dict[Pair, list[Hit]]:
        """Return the hits of each rule and subject, in order."""
        found: dict[Pair, list[Hit]] = defaultdict(list)
        for hit in self.hits:
            found[hit.rule_id, hit.subject_id].append(hit)
        return dict(found)


def score(entries: Sequence[Entry], outcomes: Outcomes, places: Mapping[Line, Place]) -> Row:
    """Hold what the rules found against a key.

    Parameters
    ----------
    places
        The place of each line of the key that became a curated row; a line without one still counts.

    Returns
    -------
    dict, its numbers ints, fractions or None where there is nothing to divide by
        recall, planted, found (entries with a rule) · precision (true / (true + false)), findings, true, neutral, false (hits
        that count) · apart (the same of the others) · amount_error · per_rule · schemes · entries · false_alarms · misses.
    """
    by_pair = outcomes.by_pair()
    meant = _pairs((entry.id, _named(entry)) for entry in entries if entry.planted)
    allowed = _pairs((entry.id, _named(entry, expected=False, also=True)) for entry in entries)
    made = [_entry(entry, outcomes, by_pair, places, meant.keys() | allowed.keys()) for entry in entries]
    decoys = _pairs((entry.id, _named(entry)) for entry in entries if not entry.planted)
    graded = [(hit, _grade((hit.rule_id, hit.subject_id), meant, allowed)) for hit in outcomes.hits]
    counted = [(hit, grade) for hit, grade in graded if counts(hit.rule_id, outcomes.severities)]
    planted = [row for row in made if row["outcome"] in (FOUND, MISSED)]
    found = sum(row["outcome"] == FOUND for row in planted)
    return {
        "recall": ratio(found, len(planted)),
        "planted": len(planted),
        "found": found,
        **_precision(grade for _, grade in counted),
        "amount_error": amount_error(_items(made)),
        "apart": _precision(grade for hit, grade in graded if not counts(hit.rule_id, outcomes.severities)),
        "per_rule": {rule: _rule(rule, outcomes.severities, made, graded) for rule in outcomes.severities},
        "schemes": {scheme: _scheme(scheme, entries, made, graded) for scheme in dict.fromkeys(e.scheme for e in entries)},
        "misses": [row["id"] for row in made if row["outcome"] == MISSED],
        "entries": made,
        "false_alarms": [_alarm(hit, decoys, outcomes.severities) for hit, grade in graded if grade == FALSE],
    }


def counts(rule_id: str, severities: Mapping[str, str]) -> bool:
    """Tell whether the hits of a rule count for precision."""
    return severities[rule_id] in GRAVE and rule_id not in LISTINGS


def ratio(part: int | Decimal, whole: int | Decimal) -> float | None:
    """Return a fraction; None where there is nothing to divide by."""
    return float(part / whole) if whole else None


def amount_error(items: Iterable[Row]) -> float | None:
    """Return the sum of |found - key| over the sum of the key, of found items that have both amounts; None if none has."""
    both = [(item["amount_yuan"], item["found_yuan"]) for item in items if item["found"]]
    pairs = [(key, found) for key, found in both if key is not None and found is not None]
    off = sum((abs(found - key) for key, found in pairs), Decimal(0))
    return ratio(off, sum((key for key, _ in pairs), Decimal(0)))


def _grade(pair: Pair, meant: Container[Pair], allowed: Container[Pair]) -> str:
    return TRUE if pair in meant else NEUTRAL if pair in allowed else FALSE


def _precision(grades: Iterable[str]) -> Row:
    said = Counter(grades)
    precision = ratio(said[TRUE], said[TRUE] + said[FALSE])
    return {"precision": precision, "findings": said.total(), **{grade: said[grade] for grade in (TRUE, NEUTRAL, FALSE)}}


def _pairs(named: Iterable[tuple[str, list[Pair]]]) -> dict[Pair, list[str]]:
    """Turn the pairs of rule and subject of each entry into the entries of each pair."""
    found: dict[Pair, list[str]] = defaultdict(list)
    for entry_id, pairs in named:
        for pair in dict.fromkeys(pairs):
            found[pair].append(entry_id)
    return dict(found)


def _named(entry: Entry, *, expected: bool = True, also: bool = False) -> list[Pair]:
    """Return the pairs of rule and subject that an entry names: what it expects, and what it says is true as well."""
    items = [*(entry.expected if expected else ()), *(entry.also if also else ())]
    return [(item.rule_id, subject) for item in items for subject in item.subjects]


def _entry(
    entry: Entry,
    outcomes: Outcomes,
    by_pair: Mapping[Pair, list[Hit]],
    places: Mapping[Line, Place],
    right: Container[Pair],
) -> Row:
    """Say what became of an entry; of a planted one also what became of each item and why a rule missed it.

    A decoy is an alarm if a false alarm fell on it, not a hit that is `right` for another entry: one on its institution, say,
    where the same rule has more to find.
    """
    known = [item for item in entry.expected if item.rule_id in outcomes.severities]
    row: Row = {
        **{name: getattr(entry, name) for name in ("id", "scheme", "planted", "institution_id", "size", "title", "story")},
        "rule_ids": list(dict.fromkeys(item.rule_id for item in entry.expected)),
        "items": [],
        "rules": [],
    }
    if not entry.planted:
        pairs = [pair for pair in dict.fromkeys(_named(entry)) if pair not in right]
        alarms = [hit.finding_id for pair in pairs for hit in by_pair.get(pair, [])]
        return row | {"outcome": ALARM if alarms else QUIET if known else NO_RULE, "alarms": alarms}
    row["items"] = [_item(item, entry, by_pair, places) for item in known]
    row["rules"] = [
        _why(rule, row["items"], outcomes.untested.get((rule, entry.institution_id), ("", "")))
        for rule in row["rule_ids"]
        if rule in outcomes.severities
    ]
    hit = any(rule["reason"] is None for rule in row["rules"])
    return row | {"outcome": FOUND if hit else MISSED if known else NO_RULE}


def _item(item: Item, entry: Entry, by_pair: Mapping[Pair, list[Hit]], places: Mapping[Line, Place]) -> Row:
    """Find the hit that covers most of an item's rows; of equals one of the same institution, then the first."""
    rows: set[Place | Line] = {places.get(line, line) for line in item.lines}  # a line that became no row stays itself
    hits = [hit for subject in dict.fromkeys(item.subjects) for hit in by_pair.get((item.rule_id, subject), [])]
    best = max(hits, key=lambda hit: (len(rows & hit.evidence), hit.institution_id == entry.institution_id), default=None)
    covered = len(rows & best.evidence) if best is not None else 0
    return {
        "rule_id": item.rule_id,
        "subjects": list(item.subjects),
        "found": best is not None and 2 * covered >= len(rows),
        "rows": len(rows),
        "covered": covered,
        "amount_yuan": item.amount_yuan,
        "found_yuan": best.amount_yuan if best is not None else None,
        "finding_id": best.finding_id if best is not None else None,
    }


def _why(rule: str, every: Sequence[Row], said: tuple[str, str]) -> Row:
    """Say how many of a rule's items are found and, where fewer than half are, why: `reason` is None for a rule that did.

    Reasons: not_testable · few (some are found) · rows (a hit covers too few rows) · partly (no hit, and a part was not
    tested) · none (no hit).
    """
    items = [item for item in every if item["rule_id"] == rule]
    found = sum(item["found"] for item in items)
    outcome, why_not = said
    best = max(items, key=lambda item: (item["finding_id"] is not None, item["covered"]))
    reasons = (
        (2 * found >= len(items), None),
        (outcome == "not_testable", "not_testable"),
        (found > 0, "few"),
        (best["finding_id"] is not None, "rows"),
        (bool(why_not), "partly"),
        (True, "none"),
    )
    reason = next(name for holds, name in reasons if holds)
    why = why_not if reason in ("not_testable", "partly") else None
    counted = {"items": len(items), "found": found, "rows": best["rows"], "covered": best["covered"]}
    return {"rule_id": rule, "reason": reason, "why_not": why, **counted}


def _items(made: Iterable[Row]) -> list[Row]:
    return [item for row in made for item in row["items"]]


def _rule(rule: str, severities: Mapping[str, str], made: Sequence[Row], graded: Sequence[tuple[Hit, str]]) -> Row:
    items = [item for item in _items(made) if item["rule_id"] == rule]
    found = sum(item["found"] for item in items)
    return {
        "severity": severities[rule],
        "counted": counts(rule, severities),
        "expected": len(items),
        "found": found,
        "recall": ratio(found, len(items)),
        **_precision(grade for hit, grade in graded if hit.rule_id == rule),
        "amount_error": amount_error(items),
    }


def _scheme(scheme: str, entries: Sequence[Entry], made: Sequence[Row], graded: Sequence[tuple[Hit, str]]) -> Row:
    """Count a scheme's entries; its precision is that of the hits that fell on them, of whatever severity.

    Only what its own planted entries expect is true here: what another scheme expects on the same subject is neutral.
    """
    own = [row for row in made if row["scheme"] == scheme]
    outcomes = Counter(row["outcome"] for row in own)
    mine = [entry for entry in entries if entry.scheme == scheme]
    meant = _pairs((entry.id, _named(entry)) for entry in mine if entry.planted)
    allowed = _pairs((entry.id, _named(entry, expected=False, also=True)) for entry in mine)
    decoys = _pairs((entry.id, _named(entry)) for entry in mine if not entry.planted)
    on_them = []
    for hit, grade in graded:
        pair = (hit.rule_id, hit.subject_id)
        if pair in meant or pair in allowed or (pair in decoys and grade == FALSE):
            on_them.append(_grade(pair, meant, allowed))
    planted_rows = [row for row in own if row["planted"]]
    return {
        "planted": len(planted_rows),
        "no_rule": sum(row["outcome"] == NO_RULE for row in planted_rows),
        "found": outcomes[FOUND],
        "recall": ratio(outcomes[FOUND], outcomes[FOUND] + outcomes[MISSED]),
        **_precision(on_them),
        "amount_error": amount_error(_items(own)),
        "decoys": len(own) - len(planted_rows),
        "decoys_hit": outcomes[ALARM],
    }


def _alarm(hit: Hit, decoys: Mapping[Pair, Collection[str]], severities: Mapping[str, str]) -> Row:
    return {
        **{name: getattr(hit, name) for name in ("finding_id", "rule_id", "subject_id", "institution_id", "amount_yuan")},
        "decoys": list(decoys.get((hit.rule_id, hit.subject_id), [])),
        "counted": counts(hit.rule_id, severities),
    }
