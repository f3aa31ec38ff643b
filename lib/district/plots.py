"""What may be hidden in a district: a scheme, an instance of it in an institution, and what of it must be found.

A scheme has a size: 1 is the threshold of the rule that should find it. From 1.05 on it is planted, up to 0.95 it is a decoy
by its size alone; in between lies nothing, so that rounding decides no case. Beside that, every scheme has a decoy of its own:
an innocent look-alike.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lib.district.books import Books, Row
from lib.district.common import Common
from lib.district.days import LAST, MEASURES, is_workday
from lib.district.platforms import Platform

if TYPE_CHECKING:
    from lib.district.leaving import ExitPlan

SMALLEST, LARGEST = 0.5, 5.0


class Late(NamedTuple):
    """A row that is made after all stories, by its table and key.

    disclosures (institution, day, metric), of another channel than the website (…, channel); custody_days (institution, day);
    exit_plans (institution, version); exit_steps (institution, version, step). `disclosing.late_rows` finds them.
    """

    table: str
    key: tuple[str | int, ...]


@dataclass(frozen=True)
class Item:
    """One finding that a rule must make (of a decoy: must not make).

    `subjects` are ids, any of which is the right subject; amount in fen, days since 1970; `rows` and `payments` (by number) are
    what the evidence should show; `around` (account, payment): the lines of an account before and after one that was cut out.
    """

    rule_id: str
    subjects: tuple[str, ...]
    fen: int | None = None
    first_on: int | None = None
    last_on: int | None = None
    rows: tuple[Row | Late, ...] = ()
    payments: tuple[int, ...] = ()
    around: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Told:
    """What a scheme tells of itself: the story in both languages, what must be found, and what else may be."""

    zh: str
    en: str
    items: tuple[Item, ...]
    also: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Stage:
    """Where a scheme plays: the books, the institution, its own source of chance, and the size that was asked for."""

    books: Books
    common: Common
    platform: Platform
    platforms: list[Platform]
    rng: np.random.Generator
    size: float
    marks: "Marks"

    def scaled(self, threshold: float, step: int = 1) -> int:
        """Return the size times a threshold, rounded to a step and never onto the threshold's other side."""
        exact = round(threshold * self.size / step) * step
        if self.size > 1 and exact <= threshold:
            exact = int(threshold // step + 1) * step
        if self.size < 1 and exact >= threshold:
            exact = int(-(-threshold // step) - 1) * step
        return exact

    def start(self, *, room: int = 220, after: int = MEASURES + 10) -> int:
        """Draw a working day of the institution's business with so many days of data after it."""
        first, last = max(self.platform.online + 20, after), min(self.platform.last_start, LAST - room)
        on = int(self.rng.integers(first, max(first, last) + 1))
        while not is_workday(on):
            on += 1
        return on


Act = Callable[[Stage], Told]


@dataclass(frozen=True)
class Scheme:
    """A scheme: name, title in both languages, the rules that should find it, how it is played, and its innocent double.

    `exit`: the institution is to leave the business; all play where statements are delivered.
    """

    name: str
    zh: str
    en: str
    rules: tuple[str, ...]
    plant: Act
    decoy: Act
    least: int = 1  # institutions that the district must have
    exit: bool = False
    last: bool = False  # it is a share of all business: played when that is done, at one of the smallest institutions
    sized: bool = True  # whether a size below 1 leaves something innocent; else the decoy is played instead
    spotless: bool = True  # whether its doubles break no other rule either: else none plays at the first institution
    early: bool = False  # it begins before the measures: not at an institution that went on line about then


@dataclass
class Marks:
    """What stories ask of the tables that are made after them.

    `disclosed`: (institution, metric) → what is published, of what is true: (factor numerator, denominator) from a day on.
    `related`: number of a loan to a related party → whether it is disclosed.
    `custody`: (institution, column, first day, last day, fen) to be added to what is true.
    `published`: (institution, end of a month) → day of publication. `declared`: (institution, fact) → text, if not true.
    `channels`: (institution, metric, channel) → factor of what stands on the website, and from which day on, as in `disclosed`.
    `custody_from`: the first day whose custody balances are delivered.
    `exits`: institution → its way out, as its stories want it.
    """

    disclosed: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)
    published: dict[tuple[str, int], int] = field(default_factory=dict)
    custody: list[tuple[str, str, int, int, int]] = field(default_factory=list)
    declared: dict[tuple[str, str], str] = field(default_factory=dict)
    related: dict[int, bool] = field(default_factory=dict)
    channels: dict[tuple[str, str, str], tuple[int, int, int]] = field(default_factory=dict)
    exits: dict[str, "ExitPlan"] = field(default_factory=dict)
    custody_from: int = LAST - 364


@dataclass(frozen=True)
class LeftOut:
    """A part that was wished for and is not played, and why.

    `why`: institutions (the district has too few) · place (no other institution could play the double) · room (it fits in on no
    day of the business that there is).
    """

    scheme: Scheme
    planted: bool
    why: str

    @property
    def zh(self) -> str:
        """Say it in Chinese."""
        what = f"情节 {self.scheme.name}" if self.planted else f"情节 {self.scheme.name} 的无辜相似情形"
        reasons = {
            "institutions": f"至少需要 {self.scheme.least} 家机构",
            "place": "没有另一家机构可以安排",
            "room": "在现有业务和期间中安排不下",
        }
        return f"未安排{what}: {reasons[self.why]}"

    @property
    def en(self) -> str:
        """Say it in English."""
        what = f"Scheme {self.scheme.name}" if self.planted else f"The innocent look-alike of scheme {self.scheme.name}"
        reasons = {
            "institutions": f"it takes {self.scheme.least} institutions at least",
            "place": "there is no other institution for it",
            "room": "it fits into no days of the business that there is",
        }
        return f"{what} is left out: {reasons[self.why]}"


@dataclass(frozen=True)
class Entry:
    """An instance of a scheme in a district, for the key."""

    id: str
    scheme: Scheme
    planted: bool
    platform: Platform
    size: float
    told: Told
