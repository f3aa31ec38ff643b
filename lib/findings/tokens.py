"""The few things about a rule's SQL that are known without running it: its parameters and the tables it names."""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal

# A literal or a comment first, so that a `$` or a table's name inside one is not taken for the real thing.
_TOKEN = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|\$(?P<param>\w+)|(?P<end>;)", re.DOTALL)
TODAY = object()  # stands for the shell's current date
_READ = re.compile(r"\b(?:from|join)\s+(\w+)", re.IGNORECASE)


def parameters(text: str) -> dict[str, int]:
    """Return every `$name` of an SQL text and the number of lines before its first use."""
    found: dict[str, int] = {}
    for match in _TOKEN.finditer(text):
        if match["param"]:
            found.setdefault(match["param"], text.count("\n", 0, match.start()))
    return found


def filled_in(text: str, values: Mapping[str, object]) -> str:
    """Return an SQL text with every `$name` replaced by its value as a literal."""
    return _TOKEN.sub(lambda m: literal(values[m["param"]]) if m["param"] else m[0], text)


def bare(text: str) -> str:
    """Return an SQL text without its literals and comments."""
    return _TOKEN.sub(lambda m: m[0] if m["param"] or m["end"] else " ", text)


def split(text: str) -> tuple[str, str]:
    """Cut an SQL text at the end of its first statement."""
    end = next((match for match in _TOKEN.finditer(text) if match["end"]), None)
    return (text[: end.start()], text[end.end() :]) if end else (text, "")


def tables_read(text: str) -> set[str]:
    """Return the names that stand behind `from` and `join`."""
    return {name.lower() for name in _READ.findall(bare(text))}


def literal(value: object) -> str:
    """Write a value as an SQL literal."""
    if value is None:
        return "null"
    if value is TODAY:
        return "current_date"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, (int, float, Decimal)):
        return f"{Decimal(str(value)):f}"
    return "'" + str(value).replace("'", "''") + "'"
