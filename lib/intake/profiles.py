"""Profiles: what the layouts of files look like, and what becomes of their columns. One TOML file per layout.

Keys of a profile
    id, title {zh, en}, source      what it is, and where the layout is documented
    base                            id of a profile whose keys hold where this one says nothing; columns and aliases are joined
    delimiters, encodings           field delimiters and encodings in which it occurs (default: all that we know)
    files                           patterns of file names (fnmatch), where several layouts share a header
    identity                        a table of schema.sql: every column of it, under its name or its Chinese label
    columns                         column = [names in the header besides its own]
    required, present               columns that no row may leave empty; columns that the header must have
    one_of                          lists of columns and facts: of each list the file must have at least one
    absent                          regular expressions: names that the header must not have
    signed                          true: the sign tells the direction, unless words of another column gainsay it
    general                         true: many banks' layouts at once; goes behind every profile of one layout
    usual                           true: with the facts, footers and stated totals of facts.toml
    preamble, filename              fact = [regular expressions with one group]: what lines above the header, the name, tell
    trailer, totals                 regular expressions: how lines below the header begin that are no rows (footers; sums)
    nothing                         regular expression: cells that stand for no value
    ragged {fewer, more}            how many of the last fields a row may lack; how many blank ones it may have beyond them
    [stated]                        rows, rows_in, rows_out, in_yuan, out_yuan, yuan = [regular expressions with one group]
    [stated_in]                     the same = column: totals that stand below a column, in lines that are sums
    [[aside]]                       when (SQL over the cells), zh, en: rows that are no transactions; counted, not read
    [let]                           name = SQL expression over the cells and other such names: for the expressions below
    [[into]]                        table, where, columns {target = SQL expression over the cells, all text, empty is null},
                                    filled: targets that may not come out empty
    [[refuse]]                      when (SQL over the typed columns of the first table, or over = "cells"), zh, en: rows to
                                    set apart
    [[mistakable]]                  headings (patterns that must all be met), titles (a pattern that the lines above the header
                                    or the file's name meet, instead of the first heading), unlike (a pattern that no heading
                                    may meet), without (columns that must not be there), zh, en: files that are something else
                                    though the header fits; they are set apart whole
    set_aside {zh, en}              recognised and not needed: counted, not read

Beside the file's columns, expressions may use facts by name, `source_id`, `line` and `row_id` (source and line, for records
without an id). Macros for them are in sql/casts.sql and sql/readings.sql.
"""

import hashlib
import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lib.schema import Table, schema
from lib.words import pick

FOLDER = Path(__file__).parent / "profiles"
HEADER_LINES = 40
DELIMITERS = (",", "\t", ";", "|")
PROVENANCE = ("source_id", "line")
STATED = ("rows", "rows_in", "rows_out", "in_yuan", "out_yuan", "yuan")
KEYS = frozenset(
    (
        *("id", "title", "source", "base", "delimiters", "encodings", "files", "identity", "columns", "required", "present"),
        *("one_of", "absent", "signed", "general", "usual", "preamble", "filename", "trailer", "totals", "nothing"),
        *("ragged", "stated", "stated_in", "aside", "let", "into", "refuse", "mistakable", "set_aside"),
    )
)
_ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16-le", "utf-16-be")
_JOINED = ("aside", "refuse", "trailer", "totals", "absent")  # lists that a base's own are put before
_UNSEEN = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
_UNIT = re.compile(r"\([^()]*\)$")
_TRANSLATION = re.compile(r"(?<=[^\x00-\x7f])\[[a-z0-9'./&()-]*\]$")
_NUMBER = r"[0-9][0-9,]*(?:\.[0-9]+)?"


@dataclass(frozen=True)
class Into:
    """A table that a layout's rows go to: SQL expressions per target column, a condition, and what may not be empty."""

    table: str
    columns: dict[str, str]
    where: str | None
    filled: tuple[str, ...] = ()


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
    one_of: tuple[tuple[str, ...], ...] = ()
    absent: tuple[re.Pattern[str], ...] = ()
    general: bool = False
    signed: bool = False
    preamble: dict[str, tuple[re.Pattern[str], ...]] = field(default_factory=dict)
    filename: dict[str, tuple[re.Pattern[str], ...]] = field(default_factory=dict)
    trailer: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    nothing: str | None = None
    fewer: int = 0
    more: int = 0
    stated: dict[str, tuple[re.Pattern[str], ...]] = field(default_factory=dict)
    stated_in: dict[str, str] = field(default_factory=dict)
    aside: tuple[dict[str, str], ...] = ()
    mistakable: tuple[dict[str, Any], ...] = ()
    let: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The title in the process's language, and the id."""
        return f"{pick(self.title['zh'], self.title['en'])} ({self.id})"

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that a file of this layout tells beside its rows."""
        return tuple(dict.fromkeys((*self.preamble, *self.filename)))


@dataclass(frozen=True)
class Layout:
    """A file's own layout: its profile, delimiter, header and the place of each of the profile's columns.

    `facts` are what the lines above the header, `above`, and the file's name tell; None where they do not.
    """

    profile: Profile
    delimiter: str
    header_line: int
    header: tuple[str, ...]
    place: dict[str, int]
    facts: dict[str, str | None] = field(default_factory=dict)
    above: tuple[str, ...] = ()

    @property
    def unused(self) -> list[str]:
        """Header columns that no expression of the profile reads."""
        rules = [rule["when"] for rule in self.profile.aside]
        rules += [rule["when"] for rule in self.profile.refuse if rule.get("over") == "cells"]
        rules += self.profile.let.values()
        read = " ".join([*rules, *(f"{entry.where} {' '.join(entry.columns.values())}" for entry in self.profile.into)])
        used = {at for column, at in self.place.items() if re.search(rf"\b{re.escape(column)}\b", read)}
        return [name.strip() for i, name in enumerate(self.header) if i not in used and name.strip()]


def normal(name: str) -> str:
    """Return a column's name for comparison: no blanks or marks, half width, lower case; 帐 is 账, 摘要[ Memo ] is 摘要."""
    bare = _UNSEEN.sub("", unicodedata.normalize("NFKC", name)).casefold().replace("帐", "账")
    return _TRANSLATION.sub("", bare) if bare.endswith("]") else bare


@cache
def load(folder: Path = FOLDER) -> dict[str, Profile]:
    """Return every profile below a folder by id."""
    raw = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/*.toml"))]
    by_id = {entry["id"]: entry for entry in raw}
    assert len(by_id) == len(raw), "two profiles share an id"
    return {entry["id"]: made(entry, by_id) for entry in raw}


@cache
def raw_profiles() -> dict[str, dict[str, Any]]:
    """Return our own profiles as written, by id: what others may be based on."""
    raw = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*/*.toml"))]
    return {entry["id"]: entry for entry in raw}


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
def usual() -> dict[str, Any]:
    """Return facts.toml: facts, footers and stated totals that the files of many banks have."""
    with (FOLDER / "facts.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def digest() -> str:
    """Return 8 hex digits over all profiles: a change of what the importer does makes it another importer."""
    made = hashlib.sha256()
    for path in sorted(FOLDER.glob("**/*.toml")):
        made.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_text(encoding="utf-8").encode() + b"\0")
    return made.hexdigest()[:8]


def made(written: dict[str, Any], bases: dict[str, dict[str, Any]]) -> Profile:
    """Make a profile of what its TOML says; `bases` are the profiles, as written, that it may be based on."""
    raw = _on_base(written, bases)
    columns, into = _columns(raw)
    ragged, known = raw.get("ragged", {}), usual() if raw.get("usual") else {}
    return Profile(
        id=raw["id"],
        title=raw["title"],
        source=raw["source"],
        delimiters=tuple(raw.get("delimiters", DELIMITERS)),
        encodings=tuple(raw.get("encodings", _ENCODINGS)),
        files=tuple(raw.get("files", ())),
        required=tuple(raw.get("required", ())),
        present=tuple(raw.get("present", ())),
        columns={column: tuple(dict.fromkeys(normal(name) for name in names)) for column, names in columns.items()},
        into=tuple(into),
        refuse=tuple(raw.get("refuse", ())),
        set_aside=raw.get("set_aside"),
        identity=raw.get("identity"),
        one_of=tuple(tuple(names) for names in raw.get("one_of", ())),
        absent=tuple(_pattern(text) for text in raw.get("absent", ())),
        general=bool(raw.get("general", False)),
        signed=bool(raw.get("signed", False)),
        preamble=_patterns(raw.get("preamble", {}), known.get("preamble", {})),
        filename=_patterns(raw.get("filename", {}), known.get("filename", {})),
        trailer=(*raw.get("trailer", ()), *known.get("trailer", ())),
        totals=(*raw.get("totals", ()), *known.get("totals", ())),
        nothing=raw.get("nothing"),
        fewer=ragged.get("fewer", 0),
        more=ragged.get("more", 0),
        stated=_patterns(raw.get("stated", {}), known.get("stated", {})),
        stated_in=dict(raw.get("stated_in", {})),
        aside=tuple(raw.get("aside", ())),
        mistakable=tuple(raw.get("mistakable", ())),
        let=_in_order(raw.get("let", {})),
    )


def _on_base(raw: dict[str, Any], bases: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a profile with what its base says where it says nothing itself."""
    if "base" not in raw:
        return raw
    base = _on_base(bases[raw["base"]], bases)
    joined = {key: value for key, value in base.items() if key != "general"} | raw
    own, known = raw.get("columns", {}), base.get("columns", {})
    taken = {normal(name) for names in own.values() for name in names}  # a name that a column of one's own bears, no other does
    kept = {c: [name for name in names if normal(name) not in taken] for c, names in known.items()}
    joined["columns"] = {c: [*own.get(c, ()), *kept.get(c, ())] for c in (*known, *(c for c in own if c not in known))}
    for key in _JOINED:
        joined[key] = [*base.get(key, ()), *raw.get(key, ())]
    for key in ("preamble", "filename", "stated", "stated_in", "let"):
        joined[key] = {**base.get(key, {}), **raw.get(key, {})}
    own_into = {entry["table"]: entry for entry in raw.get("into", [])}
    joined["into"] = [_merged(entry, own_into.pop(entry["table"], {})) for entry in base.get("into", [])] + [*own_into.values()]
    return joined


def _in_order(lets: dict[str, str]) -> dict[str, str]:
    """Put each `let` behind those that it names; ValueError if they name one another in a circle."""
    named = {name: {other for other in lets if other != name and re.search(rf"\b{other}\b", sql)} for name, sql in lets.items()}
    placed: dict[str, str] = {}
    while len(placed) < len(lets):
        ready = [name for name in lets if name not in placed and named[name] <= placed.keys()]
        if not ready:
            raise ValueError(f"let: {', '.join(name for name in lets if name not in placed)}")
        placed[ready[0]] = lets[ready[0]]
    return placed


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    return base | own | {"columns": base["columns"] | own.get("columns", {})}


def _columns(raw: dict[str, Any]) -> tuple[dict[str, tuple[str, ...]], list[Into]]:
    """Return the names by which each column is known, and the tables that the columns go to."""
    named = {column: (column, *aliases) for column, aliases in raw.get("columns", {}).items()}
    into = [
        Into(entry["table"], dict(entry["columns"]), entry.get("where"), tuple(entry.get("filled", ())))
        for entry in raw.get("into", [])
    ]
    if identity := raw.get("identity"):
        declared = _declared(schema()[identity])
        named |= {c: (*names, *named.get(c, ())) for c, names in declared.items()}
        named = {c: named[c] for c in (*declared, *(c for c in named if c not in declared))}
        own = next((entry for entry in into if entry.table == identity), Into(identity, {}, None))
        whole = Into(identity, {c: f'"{c}"' for c in declared} | own.columns, own.where, own.filled)
        into = [whole, *(entry for entry in into if entry is not own)]
    # Rows without an id are named after source and line: two of one table from one line would share it.
    assert len({entry.table for entry in into}) == len(into), f"{raw['id']} names a table twice"
    return named, into


def _declared(table: Table) -> dict[str, tuple[str, ...]]:
    """Return the columns that files may have for a table: name, Chinese label, label without its unit."""
    return {c.name: (c.name, c.zh, _UNIT.sub("", c.zh)) for c in table.columns if c.name not in PROVENANCE}


def _patterns(own: dict[str, Any], known: dict[str, Any]) -> dict[str, tuple[re.Pattern[str], ...]]:
    """Return the patterns of each name, one's own before those that are usual."""
    texts = {name: [*_listed(own.get(name)), *_listed(known.get(name))] for name in dict.fromkeys((*own, *known))}
    return {name: tuple(_pattern(text) for text in several) for name, several in texts.items()}


def _listed(patterns: str | list[str] | None) -> list[str]:
    return [patterns] if isinstance(patterns, str) else list(patterns or ())


def _pattern(text: str) -> re.Pattern[str]:
    """Compile a regular expression; {n} in it stands for a number."""
    return re.compile(text.replace("{n}", _NUMBER))
