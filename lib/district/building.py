"""How a district comes about: institutions, their ordinary business, the stories among it, and what follows from both."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from lib.district.books import IN_FORCE, Books, UnplayableError
from lib.district.casting import Cast, Part, cast
from lib.district.common import Common, open_common, supplied, supply
from lib.district.daily import enter_daily
from lib.district.days import LAST
from lib.district.disclosing import custody_days, disclose
from lib.district.leaving import finish_exits
from lib.district.lending import lend
from lib.district.platforms import Platform, complete, found
from lib.district.plots import Entry, LeftOut, Marks, Scheme, Stage, Told
from lib.district.repaying import sweep, swept
from lib.district.settling import settle
from lib.district.world import World
from lib.errors import BadParameter

Progress = Callable[[str, int, int], None]
_LINES_PER_LISTING = 28  # about; measured after the first round of lending
_FIRST_ROUND, _SMALL = 80, 30_000  # percent of ordinary lending that comes before the stories; in small districts, a little
_ATTEMPTS = 12
_ROUNDS = 3  # of lending after the stories: the first is by an estimate
STEPS = 6


@dataclass(frozen=True)
class Wish:
    """What was asked for."""

    institutions: int
    flows: int
    seed: int
    sizes: Mapping[str, float]


@dataclass(frozen=True)
class Built:
    """A district, what is hidden in it, and which parts could not be played."""

    world: World
    entries: list[Entry]
    left_out: list[LeftOut]
    lines: int


def build(wish: Wish, schemes: Sequence[Scheme], step: Progress) -> Built:
    """Build a district of about so many statement lines.

    Raises
    ------
    BadParameter
        If the stories alone need more lines.
    """
    books, marks = Books(wish.seed), Marks()
    copies = 1 + (wish.flows >= 500_000) + (wish.flows >= 5_000_000)
    shares = _shares(wish.institutions)
    roles = cast(schemes, shares, copies, wish.sizes, books.rng("cast"))
    rough = max(wish.flows // _LINES_PER_LISTING, wish.institutions)
    common = open_common(books, rough)
    platforms = [_found(books, common, roles, number) for number in range(1, wish.institutions + 1)]
    step("lend", 0, STEPS)
    base, rounds = _lines(books, common, platforms), max(rough * _FIRST_ROUND // 100, 8 * wish.institutions)
    first = _lend(books, common, platforms, shares, rounds if wish.flows > _SMALL else 8 * wish.institutions)
    per_listing = (_lines(books, common, platforms) - base) / first
    step("stories", 1, STEPS)
    months, days = (6, 92) if wish.flows < 50_000 else (18, 365)
    marks.custody_from = LAST + 1 - days
    theatre = _Theatre(books, common, platforms, marks)
    entries = theatre.play(part for part in roles.parts if not part.scheme.last)
    finish_exits(books, platforms, marks)
    taken = _lines(books, common, platforms)
    if taken > wish.flows * 1.02:
        raise BadParameter(
            f"流水行数 flows={wish.flows} 太少: {len(entries)} 处情节和日常开支约需 {taken} 行。"
            "请加大 --flows, 或用 --scheme 只选几种",
            f"flows={wish.flows} is too few: {len(entries)} stories and running costs take about {taken} lines. "
            "Ask for more --flows, or name a few schemes with --scheme",
        )
    step("more", 2, STEPS)
    for _ in range(_ROUNDS):
        if (left := int((wish.flows - taken) / per_listing)) < wish.institutions:
            break
        _lend(books, common, platforms, shares, left)
        taken = _lines(books, common, platforms)
    entries += theatre.play(part for part in roles.parts if part.scheme.last)
    supply(books, common)
    for platform in platforms:
        sweep(books, platform)
        complete(books, platform)
        enter_daily(books, platform)
    step("settle", 3, STEPS)
    settled = settle(books)
    standing = disclose(books, settled, platforms, marks, months)
    custody_days(books, settled, platforms, marks, days)
    step("disclose", 4, STEPS)
    world = World(books, common, platforms, settled, _tables(books, standing))
    left_out = [*_without_place(schemes, roles, wish.institutions), *theatre.left_out]
    return Built(world, entries, left_out, len(settled.lines.seq))


def _lines(books: Books, common: Common, platforms: list[Platform]) -> int:
    """Return how many statement lines the payments so far will have, with those that follow from them."""
    books.flush()
    held = books.sheets["accounts"].table()["statements"].to_numpy()
    made = sum(int(held[paid["payer"]].sum() + held[paid["payee"]].sum() - (paid["cut"] > 0).sum()) for paid in books.payments)
    return made + supplied(books, common) + swept(platforms)


def _found(books: Books, common: Common, roles: Cast, number: int) -> Platform:
    traits = roles.names(number, planted=True) | {f"not {name}" for name in roles.names(number, planted=False)}
    traits |= {"exit"} if number in roles.leaving else set()
    return found(books, common, number, banked=number not in roles.silent, traits=frozenset(traits))


def _without_place(schemes: Iterable[Scheme], roles: Cast, institutions: int) -> list[LeftOut]:
    """Return the schemes, and the doubles, that were given to no institution."""
    doubled = {part.scheme.name for part in roles.parts if not part.size}
    few = [LeftOut(scheme, planted=True, why="institutions") for scheme in schemes if institutions < scheme.least]
    alone = [scheme for scheme in schemes if institutions >= scheme.least and scheme.name not in doubled]
    return few + [LeftOut(scheme, planted=False, why="place") for scheme in alone]


def _shares(institutions: int) -> list[float]:
    """Return how the business is spread: heavy-tailed, the largest neither the first nor the last."""
    weights = [1 / (2 + (number * 5 + 3) % institutions) for number in range(institutions)]
    return [weight / sum(weights) for weight in weights]


def _lend(books: Books, common: Common, platforms: list[Platform], shares: list[float], listings: int) -> int:
    """Lend ordinarily everywhere; return the number of listings."""
    made = 0
    for platform, share in zip(platforms, shares, strict=True):
        count = max(1, round(listings * share)) if listings > 0 else 0
        made += lend(books, platform, common, count) if count else 0
    return made


@dataclass
class _Theatre:
    """Where parts are played, and how many have been: S for what is planted, D for doubles."""

    books: Books
    common: Common
    platforms: list[Platform]
    marks: Marks
    played: Counter[str] = field(default_factory=Counter)
    left_out: list[LeftOut] = field(default_factory=list)

    def play(self, parts: Iterable[Part]) -> list[Entry]:
        """Play parts and return the entries of the key."""
        entries = []
        for part in parts:
            scheme, platform = part.scheme, self.platforms[part.institution - 1]
            kind = "S" if part.planted else "D"
            name, size = f"{kind}-{self.played[kind] + 1:03d}", part.size or 1.0
            if (told := self._told(part, name, size)) is not None:
                self.played[kind] += 1
                entries.append(Entry(name, scheme, part.planted, platform, size, told))
            else:
                self.left_out.append(LeftOut(scheme, part.planted, "room"))
        return entries

    def _told(self, part: Part, name: str, size: float) -> Told | None:
        """Play a part, on other days where it does not fit in; None if it fits in nowhere."""
        scheme, platform = part.scheme, self.platforms[part.institution - 1]
        for attempt in range(_ATTEMPTS):
            rng = self.books.rng(f"story {name} {scheme.name}" + f" {attempt}" * (attempt > 0))
            stage = Stage(self.books, self.common, platform, self.platforms, rng, size, self.marks)
            try:
                return scheme.plant(stage) if part.size and (part.planted or scheme.sized) else scheme.decoy(stage)
            except UnplayableError:
                continue
        return None


def _tables(books: Books, standing: pa.Array) -> dict[str, pa.Table]:
    """Return all tables with rows; who guarantees, and how contracts stand, is written into the contracts now."""
    tables = {name: sheet.table() for name, sheet in books.sheets.items() if len(sheet)}
    status = pc.if_else(pc.equal(tables["loans"]["status"], IN_FORCE), standing, tables["loans"]["status"])
    loans = tables["loans"].set_column(tables["loans"].column_names.index("status"), "status", status)
    column = loans["guarantor_id"].combine_chunks()
    for first, ids in books.guaranteed:
        mine = column.slice(first, len(ids))
        column = pa.concat_arrays([column.slice(0, first), pc.coalesce(mine, ids), column.slice(first + len(ids))])
    tables["loans"] = loans.set_column(loans.column_names.index("guarantor_id"), "guarantor_id", column)
    return tables
