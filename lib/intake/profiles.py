"""Profiles: what the layouts of files look like, and what becomes of their columns. One TOML file per layout.

Keys of a profile
    id, title {zh, en}, source      what it is, and where the layout is documented
    delimiters, encodings           field delimiters and encodings in which it occurs (default: all that we know)
    files                           patterns of file names (fnmatch), where several layouts share a header
    identity                        a table of schema.sql: every column of it, under its name or its Chinese label
    columns                         column = [names in the header besides its own]
    required, present               columns that no row may leave empty; columns that the header must have
    [[into]]                        table, where, columns {target = SQL expression over the cells, all text, empty is null}
    [[refuse]]                      when (SQL over the typed columns of the first table), zh, en: rows to set apart
    set_aside {zh, en}              recognised and not needed: counted, not read

Beside the file's columns, expressions may use `source_id`, `line` and `row_id` (source and line, for records without an id).
"""

import csv
import hashlib
import io
import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from lib.errors import BadFile
from lib.store import Table, schema
from lib.words import pick

FOLDER = Path(__file__).parent / "profiles"
HEADER_LINES = 40
DELIMITERS = (",", "\t", ";", "|")
PROVENANCE = ("source_id", "line")
_UNSEEN = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
_UNIT = re.compile(r"\([^()]*\)$")


@dataclass(frozen=True)
class Into:
    """A table that a layout's rows go to: SQL expressions per target column, and a condition, if any."""

    table: str
    columns: dict[str, str]
    where: str | None


@dataclass(frozen=True)
class Profile:
    """A layout: how its header is recognised, and what its columns become."""

    id: str
    title: dict[str, str]
    source: str
    delimiters: tuple[str, ...]
    encodings: tuple[str, ...]
    files: tuple[str, ...]
    required: tuple[str, ...]
    present: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    into: tuple[Into, ...]
    refuse: tuple[dict[str, str], ...]
    set_aside: dict[str, str] | None
    identity: str | None

    @property
    def name(self) -> str:
        """The title in the process's language, and the id."""
        return f"{pick(self.title['zh'], self.title['en'])} ({self.id})"


@dataclass(frozen=True)
class Layout:
    """A file's own layout: its profile, delimiter, header and the place of each of the profile's columns."""

    profile: Profile
    delimiter: str
    header_line: int
    header: tuple[str, ...]
    place: dict[str, int]

    @property
    def unused(self) -> list[str]:
        """Header columns that no expression of the profile reads."""
        read = " ".join(f"{entry.where} {' '.join(entry.columns.values())}" for entry in self.profile.into)
        used = {at for column, at in self.place.items() if re.search(rf"\b{re.escape(column)}\b", read)}
        return [name for i, name in enumerate(self.header) if i not in used and name.strip()]


def normal(name: str) -> str:
    """Return a column's name for comparison: no blanks or marks, half width, lower case."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", name)).casefold()


@cache
def load(folder: Path = FOLDER) -> dict[str, Profile]:
    """Return every profile below a folder by id."""
    found = [_profile(tomllib.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*/*.toml"))]
    by_id = {profile.id: profile for profile in found}
    assert len(by_id) == len(found), "two profiles share an id"
    return by_id


@cache
def codes() -> dict[str, dict[str, str]]:
    """Return codes.toml: table.column → word → code."""
    with (FOLDER / "codes.toml").open("rb") as file:
        raw = tomllib.load(file)
    return {
        f"{table}.{column}": {normal(word): code for code, words in known.items() for word in (code, *words)}
        for table, columns in raw["codes"].items()
        for column, known in columns.items()
    }


@cache
def open_codes() -> frozenset[str]:
    """Return the coded columns (table.column) that also keep a word that is not known."""
    with (FOLDER / "codes.toml").open("rb") as file:
        return frozenset(tomllib.load(file)["open"])


@cache
def digest() -> str:
    """Return 8 hex digits over all profiles: a change of what the importer does makes it another importer."""
    made = hashlib.sha256()
    for path in sorted(FOLDER.glob("**/*.toml")):
        made.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_text(encoding="utf-8").encode() + b"\0")
    return made.hexdigest()[:8]


def match(name: str, encoding: str, lines: dict[str, list[tuple[int, str]]], folder: Path = FOLDER) -> Layout:
    """Find the layout of a file by its header and, where several share one, by its name.

    Parameters
    ----------
    name, encoding
        Path of the file within its delivery; its encoding.
    lines
        Per delimiter: line number and text of the first records.

    Raises
    ------
    BadFile
        If no profile fits (the nearest is named), two fit equally, or a needed column stands twice.
    """
    fits: list[Layout] = []
    near: list[tuple[int, Profile, list[str], list[str]]] = []
    for delimiter, records in lines.items():
        for line, text in records:
            header = tuple(_cells(text, delimiter))
            written = {normal(cell): i for i, cell in reversed(list(enumerate(header)))}
            for profile in _with_any(folder, frozenset(written)):
                if delimiter not in profile.delimiters:
                    continue
                place, missing = _places(profile, written)
                if not missing and _named(profile, name) and encoding in profile.encodings:
                    fits.append(Layout(profile, delimiter, line, header, place))
                near.append((len(place) - len(missing), profile, list(place), missing))
    if not fits:
        raise _unknown(name, near)
    return _best(name, fits)


def _best(name: str, fits: list[Layout]) -> Layout:
    """Return the fit on the highest line that uses most columns of the header."""
    top = min(layout.header_line for layout in fits)
    most = max(len(layout.place) for layout in fits if layout.header_line == top)
    best = [layout for layout in fits if layout.header_line == top and len(layout.place) == most]
    if len(best) > 1:
        names = sorted(layout.profile.name for layout in best)
        raise BadFile(
            f"{name}: 表头同时符合多个版式: {'、'.join(names)}。请补充能区分它们的列后重试",
            f"{name}: the header fits several layouts: {', '.join(names)}. Add a column that tells them apart",
        )
    chosen = best[0]
    for column, aliases in chosen.profile.columns.items():
        places = [i for i, written in enumerate(chosen.header) if normal(written) in aliases]
        if len(places) > 1:
            raise BadFile(
                f"{name}: 第 {chosen.header_line} 行表头中 {column} 出现了 {len(places)} 次。请只保留一列后重试",
                f"{name}: the header on line {chosen.header_line} has {column} {len(places)} times. Keep one",
            )
    return chosen


def _unknown(name: str, near: list[tuple[int, Profile, list[str], list[str]]]) -> BadFile:
    """Say which layout comes nearest, what was recognised of it and what is missing."""
    known = [entry for entry in near if entry[2]]
    if not known:
        return BadFile(
            f"{name}: 前 {HEADER_LINES} 行中没有可识别的表头。可用的版式见 docs/layouts.md",
            f"{name}: no header that we know in its first {HEADER_LINES} lines. The layouts are in docs/layouts.md",
        )
    # A file called loans.csv is most likely meant to be one, whatever else its few columns fit better.
    stem = normal(name.rsplit("/", 1)[-1].split(".")[0]).replace("_", "")
    meant = [entry for entry in known if entry[1].id.rsplit(".", 1)[-1].replace("_", "") == stem]
    _, profile, found, missing = max(meant or known, key=lambda entry: (entry[0], -len(entry[3]), entry[1].id))
    if not missing:
        patterns = ", ".join(profile.files) or ", ".join(profile.encodings)
        return BadFile(
            f"{name}: 表头符合版式 {profile.title['zh']} ({profile.id}), 但文件名或编码不符 (应为 {patterns})。请核对后重试",
            f"{name}: the header fits {profile.title['en']} ({profile.id}), but not the file's name or encoding "
            f"(expected {patterns}). Check them",
        )
    labels = [_label(profile, column) for column in missing]
    return BadFile(
        f"{name}: 不符合任何已知版式。最接近的是 {profile.title['zh']} ({profile.id}): 已识别 {'、'.join(found)}; "
        f"缺少 {'、'.join(labels)}。请补齐表头, 版式见 docs/layouts.md",
        f"{name}: fits no layout that we know. The nearest is {profile.title['en']} ({profile.id}): found {', '.join(found)}; "
        f"missing {', '.join(labels)}. Complete the header; the layouts are in docs/layouts.md",
    )


def _label(profile: Profile, column: str) -> str:
    if profile.identity:
        return f"{column} ({schema()[profile.identity].column(column).zh})"
    return column


def _with_any(folder: Path, written: frozenset[str]) -> Iterable[Profile]:
    """Return the profiles of which at least one column is among these names: for lines of data, none."""
    return load(folder).values() if written & _names(folder) else ()


@cache
def _names(folder: Path) -> frozenset[str]:
    return frozenset(name for profile in load(folder).values() for names in profile.columns.values() for name in names)


def _places(profile: Profile, written: dict[str, int]) -> tuple[dict[str, int], list[str]]:
    """Return where each column of a profile stands in a header, and which needed ones do not."""
    place = {}
    for column, aliases in profile.columns.items():
        at = next((written[alias] for alias in aliases if alias in written), None)
        if at is not None:
            place[column] = at
    return place, [column for column in (*profile.required, *profile.present) if column not in place]


def _named(profile: Profile, name: str) -> bool:
    last = name.rsplit("/", 1)[-1].casefold()
    return not profile.files or any(fnmatchcase(last, pattern.casefold()) for pattern in profile.files)


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:  # over-long fields: not a header
        return []


def _profile(raw: dict[str, Any]) -> Profile:
    identity = raw.get("identity")
    named = {column: (column, *aliases) for column, aliases in raw.get("columns", {}).items()}
    into = [Into(entry["table"], dict(entry["columns"]), entry.get("where")) for entry in raw.get("into", [])]
    if identity:
        table = schema()[identity]
        named = {c: (*names, *named.get(c, ())) for c, names in _declared(table).items()}
        own = next((entry for entry in into if entry.table == identity), Into(identity, {}, None))
        whole = Into(identity, {c: f'"{c}"' for c in named} | own.columns, own.where)
        into = [whole, *(entry for entry in into if entry is not own)]
    # Rows without an id are named after source and line: two of one table from one line would share it.
    assert len({entry.table for entry in into}) == len(into), f"{raw['id']} names a table twice"
    return Profile(
        id=raw["id"],
        title=raw["title"],
        source=raw["source"],
        delimiters=tuple(raw.get("delimiters", DELIMITERS)),
        encodings=tuple(raw.get("encodings", ("utf-8", "utf-8-sig", "gb18030", "utf-16-le", "utf-16-be"))),
        files=tuple(raw.get("files", ())),
        required=tuple(raw.get("required", ())),
        present=tuple(raw.get("present", ())),
        columns={column: tuple(dict.fromkeys(normal(name) for name in names)) for column, names in named.items()},
        into=tuple(into),
        refuse=tuple(raw.get("refuse", ())),
        set_aside=raw.get("set_aside"),
        identity=identity,
    )


def _declared(table: Table) -> dict[str, tuple[str, ...]]:
    """Return the columns that files may have for a table: name, Chinese label, label without its unit."""
    return {c.name: (c.name, c.zh, _UNIT.sub("", c.zh)) for c in table.columns if c.name not in PROVENANCE}
