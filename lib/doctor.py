"""How files would be read: the importer's own steps on a draft in memory, and what came of each.

Nothing is imported. `explain` gives one reading per part of a file (a sheet, a member of a zip); what cannot be read says why,
and an unknown layout comes with the nearest one that we know and a profile to begin with.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib.drafts import passing_draft
from lib.errors import LookthroughError, UnknownLayout
from lib.intake import (
    check_digits,
    folding,
    foreign,
    identifying,
    ledger,
    loading,
    mapping,
    planning,
    staging,
    stubs,
    surroundings,
    totals,
)
from lib.intake.loading import Source
from lib.intake.parts import Part
from lib.intake.profiles import Layout, Profile
from lib.intake.sandbox import Sandbox
from lib.intake.totals import Stated
from lib.store import Store
from lib.words import pick


@dataclass
class Reading:
    """How one part of a file would be read.

    Attributes
    ----------
    name
        File, member and sheet.
    error
        Why it could not be read; None if it could.
    note
        Why it would be left alone, though nothing is wrong with it.
    part, layout
        What it is, and the layout that it has; None where that is not known.
    stub
        A profile to begin with, where no layout fits.
    kinds
        Number of records of each kind (ledger.KINDS).
    reasons
        Reason, number of rows and first line of what would be set apart, the most frequent first.
    columns
        For each column of the header: what it is taken as, and the columns of tables that it goes to.
    rows
        Table → its number of rows and the first of them, as they would be stored.
    stated, sides
        What the file states of itself; rows and yuan that were read, by side (in, out; empty: both).
    flags
        Reason → numbers that fail their own check.
    """

    name: str
    error: str | None = None
    note: str | None = None
    part: Part | None = None
    layout: Layout | None = None
    stub: str | None = None
    kinds: dict[str, int] = field(default_factory=dict)
    reasons: list[tuple[str, int, int]] = field(default_factory=list)
    columns: list[tuple[str, str, list[str]]] = field(default_factory=list)
    rows: dict[str, tuple[int, list[dict[str, Any]]]] = field(default_factory=dict)
    stated: Stated = field(default_factory=Stated)
    sides: dict[str, tuple[int, Any]] = field(default_factory=dict)
    flags: dict[str, int] = field(default_factory=dict)


def explain(files: Iterable[Path], rows: int = 5, mappings: bool = True) -> list[Reading]:
    """Read files as an import would, each part by itself, and say what came of it.

    Parameters
    ----------
    files
        Files or folders. A mapping.toml beside a file, or in a folder above it within the folder that is named, holds for it.
    rows
        How many rows to keep of each table.
    mappings
        Whether what a mapping.toml says holds.

    Raises
    ------
    BadParameter
        If a path does not exist.
    BadFile
        If a mapping.toml is faulty.
    """
    made = []
    with Sandbox() as sandbox:
        for file in planning.files(list(files)):
            try:
                opened = planning.opened(file, frozenset(), sandbox)
            except LookthroughError as error:
                made.append(Reading(file.name, str(error)))
                continue
            if opened is None:
                made.append(Reading(file.name, note=pick("不是数据, 导入时会跳过", "no data: an import passes it over")))
                continue
            own = mapping.brought(file.path, file.name) if mappings else ()
            made += [_reading(part, file.delivery, own, rows) for part in opened.parts or ()]
    return made


def _reading(part: Part, delivery: str, own: tuple[Profile, ...], rows: int) -> Reading:
    if part.refused:
        return Reading(part.label, pick(*part.refused), part=part)
    try:
        if identifying.correcting(part):
            return Reading(
                part.label, note=pick("隔离行更正表: 请用 lookthrough import 导入", "rows corrected: import it"), part=part
            )
        layout = identifying.identify(part, own)
    except UnknownLayout as error:
        if not part.sheet and (said := foreign.no_table(part.text, part.file_name, part.examined.encoding)):
            return Reading(part.label, pick(*said), part=part)
        return Reading(part.label, str(error), part=part, stub=stubs.stub(identifying.likely_header(part, own), part.file_name))
    except LookthroughError as error:
        return Reading(part.label, str(error), part=part)
    reading = Reading(part.label, part=part, layout=layout, columns=_columns(layout))
    source = Source(part, delivery, layout, seq=1)
    try:
        with passing_draft() as draft:
            _read(draft, source, reading, rows)
    except LookthroughError as error:
        reading.error = str(error)
    return reading


def _read(draft: Store, source: Source, reading: Reading, rows: int) -> None:
    """Stage, fold and count a part, as `curate` does."""
    staging.prepare(draft)
    totals.prepare(draft, {}, {source.id: source.seq})
    sums = totals.Sums(draft)
    loader = loading.Loader(draft, sums)
    for _ in loader.load(source):
        pass
    loader.finish()
    faults = [fault for _, fault in folding.fold(draft, sums, {source.id: source.name})]
    source.set_apart(faults, dict.fromkeys((fault.line for fault in faults), ""))
    reading.kinds = {name: n for i, name in enumerate(ledger.KINDS) if (n := source.tally.count(i))}
    reading.reasons = _reasons(source)
    reading.stated = surroundings.stated(source.layout, source.remarks)
    for (_, column, _, side), one in sums.amounts.items():
        if column == "amount_yuan" and one.rows:
            for key in ("", side) if side else ("",):
                n, total = reading.sides.get(key, (0, 0))
                reading.sides[key] = n + one.rows, total + one.total
    for table in sums.tables:
        count = draft.arrow(f"select count(*) as n from store.{table.name}")["n"][0].as_py()
        first = draft.arrow(f"select * from store.{table.name} order by line limit $n", n=rows).to_pylist()
        reading.rows[table.name] = count, first
    check_digits.flag(draft)
    flags = draft.arrow("select reason, count(*) as n from store.flags group by all order by all").to_pylist()
    reading.flags = {row["reason"]: row["n"] for row in flags}


def _reasons(source: Source) -> list[tuple[str, int, int]]:
    """Return the reasons of rows set apart; what they quote differs from row to row, and one of each kind is enough."""
    kinds: Counter[str] = Counter()
    first: dict[str, tuple[str, int]] = {}
    rows = [row for apart in source.apart for row in apart.select(["line", "reason"]).to_pylist()]
    for row in sorted(rows, key=lambda row: row["line"]):
        text, line = ledger.reason(row["reason"]), row["line"]
        kind = re.sub(r'"(?:[^"\\]|\\.)*"|\d+', "…", text)
        kinds[kind] += 1
        first.setdefault(kind, (text, line))
    return [(first[kind][0], n, first[kind][1]) for kind, n in kinds.most_common()]


def _columns(layout: Layout) -> list[tuple[str, str, list[str]]]:
    """Say of each column of a header what the profile takes it as, and which columns of tables are made of it."""
    profile, taken = layout.profile, {at: column for column, at in layout.place.items()}
    made: list[tuple[str, str, list[str]]] = []
    for at, name in enumerate(layout.header):
        column = taken.get(at, "")
        reached = {column} if column else set()
        for let, sql in profile.let.items():  # in order: each after those that it names
            if any(_names(sql, one) for one in reached):
                reached.add(let)
        targets = [
            f"{into.table}.{target}"
            for into in profile.into
            for target, sql in into.columns.items()
            if any(_names(sql, one) for one in reached)
        ]
        if name.strip():
            made.append((name.strip(), column, targets))
    return made


def _names(sql: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", sql) is not None
