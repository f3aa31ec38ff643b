"""The tables of a Store as lib/sql/schema.sql declares them, and the other queries that stand there."""

import re
from dataclasses import dataclass
from functools import cache

from lib import paths

_COLUMN = re.compile(r'^ {4}"?(\w+)"? (.+?),? -- (.+?) \| (.+)$')
_TABLE = re.compile(r"^create table (\w+) \($")


@dataclass(frozen=True)
class Column:
    """A column as schema.sql declares it: name, SQL type, Chinese label, English meaning."""

    name: str
    type: str
    zh: str
    en: str


@dataclass(frozen=True)
class Table:
    """A table as schema.sql declares it: name, Chinese label, grain, key columns, columns."""

    name: str
    zh: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """Return a column by name (KeyError if there is none)."""
        return {c.name: c for c in self.columns}[name]


@cache
def schema() -> dict[str, Table]:
    """Return every table of schema.sql by name, in order."""
    tables: dict[str, Table] = {}
    head: list[str] = []
    name, columns = "", list[Column]()
    for text in named_sql("schema").splitlines():
        if found := _TABLE.match(text):
            name, columns = found[1], []
        elif found := _COLUMN.match(text):
            columns.append(Column(*found.groups()))
        elif text == ");":
            tables[name] = _table(name, head, columns)
            head = []
        elif text.startswith("-- "):
            head.append(text[3:])
    return tables


@cache
def named_sql(name: str) -> str:
    """Return the text of lib/sql/<name>.sql."""
    return (paths.PACKAGE / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def quoted(text: str) -> str:
    """Write a text as an SQL literal, for the few statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def _table(name: str, head: list[str], columns: list[Column]) -> Table:
    label, _, grain = next(h for h in head if h.startswith(f"{name}: ")).removeprefix(f"{name}: ").partition(" · ")
    key = next((h.removeprefix("key: ") for h in head if h.startswith("key: ")), "")
    return Table(name, label, grain, tuple(key.split(", ")) if key else (), tuple(columns))
