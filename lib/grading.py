"""Risk grading (风险分级): the four factors that the notice names, with points, weights and bands from data.

No law sets the numbers: they stand in rules/reference/grading.csv with basis and mark, and are replaced there. A factor of
whose population too little is known is not graded, and then the institution is not either: handing over nothing is never green.
"""

import csv
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any

from lib import paths
from lib.errors import BadFile

FACTORS = ("scale", "people", "violations", "complexity")
BANDS = ("red", "orange", "yellow", "green")
MOST = Decimal(100)
_FILE = paths.PACKAGE / "rules" / "reference" / "grading.csv"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Scheme:
    """The data of the grading: part → name → (value, points, basis, mark), and a digest of the file."""

    parts: Mapping[str, Mapping[str, tuple[str, Decimal, str, str]]]
    version: str

    def number(self, part: str, name: str) -> Decimal:
        """Return a value as a number."""
        return Decimal(self.parts[part][name][0])

    def steps(self, part: str, amount: Decimal) -> Decimal:
        """Return the points of an amount: those of the highest step that it reaches."""
        reached = [(Decimal(name), points) for name, (_, points, _, _) in self.parts[part].items() if Decimal(name) <= amount]
        return max(reached)[1]


@dataclass
class Factor:
    """A factor: what was measured, its points, how much of its population was known, the rules and findings behind it."""

    name: str
    value: Decimal
    points: Decimal
    known: int
    population: int
    rules: list[str] = field(default_factory=list)
    finding_ids: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def coverage(self) -> Decimal:
        """The fraction of the population that was known; 0 where there is none: nothing was handed over."""
        return Decimal(self.known) / self.population if self.population else Decimal(0)


@cache
def scheme() -> Scheme:
    """Read the data of the grading.

    Raises
    ------
    BadFile
        If the file lacks a part, or a number in it is none: the message names the line.
    """
    text = _FILE.read_text(encoding="utf-8")
    parts: dict[str, dict[str, tuple[str, Decimal, str, str]]] = {}
    for number, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        try:
            points = Decimal(row["points"] or 0)
        except ArithmeticError:
            zh, en = f"points {row['points']!r} 不是数字", f"points {row['points']!r} is no number"
            raise BadFile(f"{_FILE.name} 第 {number} 行: {zh}", f"{_FILE.name}, line {number}: {en}") from None
        parts.setdefault(row["part"], {})[row["name"]] = (row["value"], points, row["basis"], row["mark"])
    needed = {"weight", "band", "limit", *FACTORS}
    if needed - parts.keys() or sum(Decimal(w[0]) for w in parts.get("weight", {}).values()) != 1:
        raise BadFile(
            f"{_FILE.name} 应有 {'、'.join(sorted(needed))} 各部分, 且权重合计为 1",
            f"{_FILE.name} needs the parts {', '.join(sorted(needed))}, and weights that add up to 1",
        )
    return Scheme(parts, hashlib.sha256(text.encode()).hexdigest()[:8])


def of_amounts(inputs: Row) -> list[Factor]:
    """Return the factors of scale and people, from sql/grade_inputs.sql."""
    owed, lenders = Decimal(inputs["owed_yuan"]), Decimal(inputs["lenders"])
    made = [
        Factor("scale", owed, scheme().steps("scale", owed), inputs["balances_known"], inputs["loans"]),
        Factor("people", lenders, scheme().steps("people", lenders), inputs["lenders_known"], inputs["loans"]),
    ]
    made[0].missing = ["balances"] if made[0].known < made[0].population or not made[0].population else []
    made[1].missing = ["lenders"] if made[1].known < made[1].population or not made[1].population else []
    return made


def of_violations(rows: Sequence[Row], severity: Mapping[str, str]) -> Factor:
    """Return the factor of violations: points for each rule with leads, gravest first, whose matters no graver rule counted.

    Rows are those of checks.run. A rule that could not be tested in full and has no lead is not known.
    """
    by_rule = _by_rule(rows)
    points, counted = Decimal(0), set[str]()
    made = Factor("violations", Decimal(0), Decimal(0), 0, len(by_rule))
    order = sorted(by_rule, key=lambda rule: (-_points("violations", severity[rule]), rule))
    for rule in order:
        hits = [row for row in by_rule[rule] if row["outcome"] == "hit"]
        made.known += _is_known(by_rule[rule])
        if not _is_known(by_rule[rule]):
            made.missing.append(rule)
        if not hits:
            continue
        made.rules.append(rule)
        made.finding_ids += [row["finding_id"] for row in hits]
        matters = {row["matter_id"] for row in hits}
        if not matters <= counted:
            points += _points("violations", severity[rule])
        counted |= matters
    made.value, made.points = points, min(points, MOST)
    return made


def of_complexity(rows: Sequence[Row]) -> Factor:
    """Return the factor of complexity: points for each of the six kinds of information in which there is a lead.

    A kind is known if any of its rules could be tested in full or has a lead.
    """
    by_rule = _by_rule(rows)
    kinds = scheme().parts["complexity"]
    made = Factor("complexity", Decimal(0), Decimal(0), 0, len(kinds))
    for kind, (names, points, _, _) in kinds.items():
        own = [by_rule[rule] for rule in names.split() if rule in by_rule]
        hits = [row for group in own for row in group if row["outcome"] == "hit"]
        known = any(_is_known(group) for group in own)
        made.known += known
        made.missing += [] if known else [kind]
        made.rules += sorted({row["rule_id"] for row in hits})
        made.finding_ids += [row["finding_id"] for row in hits]
        made.value += points if hits else 0
    made.points = min(made.value, MOST)
    return made


def score(factors: list[Factor], points: Callable[[Factor], Decimal], weights: Mapping[str, Decimal]) -> Decimal:
    """Return the weighted sum, two places."""
    total = sum((weights[f.name] * points(f) for f in factors), Decimal(0)) / sum(weights.values())
    return total.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def weights() -> dict[str, Decimal]:
    """Return the weight of each factor."""
    return {name: scheme().number("weight", name) for name in FACTORS}


def band(points: Decimal) -> str:
    """Return the band of a score: the first, from red on, whose line it reaches."""
    return next(name for name in BANDS if points >= scheme().number("band", name))


def is_graded(one: Factor) -> bool:
    """Tell whether enough of a factor's population is known."""
    return one.coverage >= scheme().number("limit", "coverage")


def swings(factors: list[Factor]) -> list[dict[str, str]]:
    """Return the band for each weight a tenth higher and lower, the others as they are."""
    change = scheme().number("limit", "sensitivity")
    made = []
    for name in FACTORS:
        for sign in (1, -1):
            moved = {**weights(), name: weights()[name] * (1 + sign * change)}
            made.append(
                {"factor": name, "change": f"{sign * change:+}", "band": band(score(factors, lambda f: f.points, moved))}
            )
    return made


def _by_rule(rows: Sequence[Row]) -> dict[str, list[Row]]:
    made: dict[str, list[Row]] = {}
    for row in rows:
        made.setdefault(row["rule_id"], []).append(row)
    return made


def _is_known(group: Sequence[Row]) -> bool:
    return any(row["outcome"] in ("hit", "clear") for row in group)


def _points(part: str, name: str) -> Decimal:
    return scheme().parts[part][name][1]
