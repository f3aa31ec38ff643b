"""Profiles that a delivery brings: a file mapping.toml in it, of [[profile]] tables with the keys of our own (profiles.py).

They hold for the files in its folder and below, before ours. What is wrong in one is said with its line; a profile's id ends
in @ and the digest of the text, so that a Store read by it is told from one read by another.

A delivery is not trusted: its expressions may compute with the cells of a row, and nothing else. Statements, queries, comments
and functions that reach beyond the row are refused before anything is run.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from lib.errors import BadFile
from lib.intake import casting, profiles, staging
from lib.intake.profiles import KEYS, Profile
from lib.schema import schema
from lib.store import QueryError, scratch

NAME = "mapping.toml"
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_INTO = frozenset(("table", "columns", "where", "filled"))
_RULE = frozenset(("when", "zh", "en", "over"))
_NAME = re.compile(r"[^\W\d][\w/()（）]*")
_LITERALS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
_BEYOND = re.compile(
    r";|--|/\*|\$|\b(?:select|from|with|values|table|pivot|unpivot|describe|show|insert|update|delete|drop|create|alter|attach|"
    r"detach|"
    r"copy|export|import|pragma|set|reset|install|load|call|use|exists|over|lambda|query\w*|read_\w+|glob|getenv|getvariable|"
    r"current_\w+|random|uuid|gen_\w+|now|today|nextval|\w*_scan|parquet_\w+|duckdb_\w+|json_execute\w*|sniff_\w+|which_\w+)\b",
    re.IGNORECASE,
)


class _Fault(Exception):
    """What is wrong, and the word to look for in the text."""

    def __init__(self, word: str, zh: str, en: str) -> None:
        super().__init__(zh)
        self.word, self.zh, self.en = word, zh, en


def brought(path: Path, name: str) -> tuple[Profile, ...]:
    """Return the profiles that hold for a file of a delivery: of the mapping nearest to it, in its folder or one above.

    Parameters
    ----------
    path, name
        Where the file lies, and its path within the delivery: folders above the delivery are not looked into.

    Raises
    ------
    BadFile
        If a mapping is faulty: the line and what is allowed.
    """
    folder = path.parent
    for _ in range(name.count("/") + 1):
        if (folder / NAME).is_file():
            return _read(folder / NAME, (folder / NAME).read_bytes())
        folder = folder.parent
    return ()


@cache
def _read(path: Path, content: bytes) -> tuple[Profile, ...]:
    """Read and check a mapping: a profile is only as good as its SQL, which is tried on no rows."""
    try:
        text = content.decode("utf-8-sig")
        raw = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _bad(path, None, f"不是有效的 TOML ({error})", f"no valid TOML ({error})") from None
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    blocks = raw.get("profile")
    if set(raw) != {"profile"} or not isinstance(blocks, list):
        raise _bad(path, 1, "应由一个或多个 [[profile]] 组成", "it has to consist of one or more tables [[profile]]")
    made: list[Profile] = []
    for i, block in enumerate(blocks):
        try:
            made.append(_made(block, {profile.id for profile in made}, digest))
        except _Fault as fault:
            raise _bad(path, _line(text, i, fault.word), fault.zh, fault.en) from None
    return tuple(made)


def _made(raw: dict[str, Any], known: set[str], digest: str) -> Profile:
    """Make one profile, every key of it checked."""
    bases = profiles.raw_profiles()
    for key in raw:
        _check_known(key, key, KEYS, "键", "key")
    name = raw.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name) or name in bases or f"{name}@{digest}" in known:
        raise _Fault(
            "id", "id 应为小写字母、数字、点、下划线, 且不与其他版式重复", "id: lower case, digits, dots; no other profile's"
        )
    if "base" in raw:
        _check_known(str(raw["base"]), str(raw["base"]), bases, "版式", "profile")
    title = raw.get("title", name)
    told = {"id": f"{name}@{digest}", "source": NAME, "title": {"zh": title, "en": title} if isinstance(title, str) else title}
    try:
        profile = profiles.made({**raw, **told}, bases)
    except re.error as error:
        raise _Fault(str(error.pattern)[:20], f"正则表达式有误 ({error})", f"a faulty regular expression ({error})") from None
    except (KeyError, TypeError, AttributeError, ValueError, AssertionError) as error:
        raise _Fault("id", f"键缺失或类型不对 ({error})", f"a key is missing or of the wrong kind ({error})") from None
    _check_names(profile)
    _check_into(profile)
    _try_sql(profile)
    return profile


def _check_known(word: str, name: str, known: Iterable[str], zh: str, en: str) -> None:
    if name not in known:
        shown = ", ".join(sorted(known))
        raise _Fault(word, f"没有{zh} {name} (可用: {shown})", f"no {en} {name} (there are {shown})")


def _check_names(profile: Profile) -> None:
    """Check that the names a profile makes are names, and that those it asks for are there."""
    names = (*profile.columns, *profile.facts)
    for name in (*names, *profile.let):
        if not _NAME.fullmatch(name):
            raise _Fault(
                name, f"名称 {name} 只能由文字、数字和下划线组成", f"the name {name} may have letters, digits and _ only"
            )
    for column in (*profile.required, *profile.present, *(each for some in profile.one_of for each in some)):
        _check_known(column, column, names, "列", "column")


def _check_into(profile: Profile) -> None:
    """Check the tables that a profile fills, and its rules."""
    if not profile.into and not profile.set_aside:
        raise _Fault("id", "没有 [[profile.into]]: 各行应进入哪个表?", "no [[profile.into]]: which table do rows go to?")
    for into in profile.into:
        _check_known(into.table, into.table, schema(), "表", "table")
        for column in (*into.columns, *into.filled):
            _check_known(
                column, column, [c.name for c in schema()[into.table].columns], f"列 {into.table}", f"column of {into.table}"
            )
    for rule in (*profile.aside, *profile.refuse):
        if not {"when", "zh", "en"} <= set(rule) <= _RULE:
            raise _Fault("when", "规则应有 when, zh, en", "a rule has when, zh, en")


def _try_sql(profile: Profile) -> None:
    """Run every expression of a profile on no rows, none of it before all are known to be expressions over one row."""
    for sql in _expressions(profile):
        _check_expression(sql)
    with scratch() as store:
        staging.prepare(store)
        store.show("_raw", casting.no_cells(profile))
        for sql, query in _trials(profile):
            try:
                store.execute(query)
            except QueryError as error:
                why = str(error).strip().splitlines()[0]
                raise _Fault(sql[:30], f"SQL 有误: {sql} ({why})", f"faulty SQL: {sql} ({why})") from None


def _expressions(profile: Profile) -> list[str]:
    rules = [rule["when"] for rule in (*profile.aside, *profile.refuse)]
    filled = [sql for into in profile.into for sql in (into.where or "true", *into.columns.values())]
    return [*rules, *profile.let.values(), *filled]


def _check_expression(sql: str) -> None:
    """Refuse what is not an expression over the cells of one row."""
    bare = _LITERALS.sub("x", sql)
    depth, lowest = 0, 0
    for character in bare:
        depth += {"(": 1, ")": -1}.get(character, 0)
        lowest = min(lowest, depth)
    if found := _BEYOND.search(bare):
        word = found[0]
        zh, en = f"表达式只能使用本行的单元格, 不能用 {word}: {sql}", f"expressions are over one row's cells; no {word}: {sql}"
        raise _Fault(sql[:30], zh, en)
    if depth or lowest < 0 or "'" in bare or '"' in bare:
        raise _Fault(sql[:30], f"括号或引号不成对: {sql}", f"unbalanced parentheses or quotes: {sql}")


def _trials(profile: Profile) -> Iterator[tuple[str, str]]:
    """Give each expression of a profile with a statement that tries it."""
    for rule in (*profile.aside, *(rule for rule in profile.refuse if rule.get("over") == "cells")):
        yield rule["when"], f"select line from _raw where {rule['when']}"
    for i, sql in enumerate(profile.let.values()):
        steps, last = casting.cells_sql(profile, i)
        yield sql, f"with {steps} select ({sql}) from {last}"
    steps, last = casting.cells_sql(profile)
    for i, into in enumerate(profile.into):
        for sql in (into.where or "true", *into.columns.values()):
            yield sql, f"with {steps} select ({sql}) from {last}"
        yield into.table, f"create or replace temp table _typed_{i} as {casting.typed_sql(into, profile)}"
    for rule in (rule for rule in profile.refuse if rule.get("over") != "cells"):
        yield rule["when"], f"select line from _typed_0 where {rule['when']}"


def _line(text: str, block: int, word: str) -> int | None:
    """Return the line of the n-th [[profile]] on which a word first stands; that of the table itself if it does not."""
    lines = text.splitlines()
    starts = [n for n, line in enumerate(lines, 1) if re.match(r"\s*\[\[\s*profile\s*\]\]", line)]
    if block >= len(starts):
        return None
    end = starts[block + 1] - 1 if block + 1 < len(starts) else len(lines)
    return next((n for n in range(starts[block], end + 1) if word and word in lines[n - 1]), starts[block])


def _bad(path: Path, line: int | None, zh: str, en: str) -> BadFile:
    where_zh, where_en = (f" 第 {line} 行", f", line {line}") if line else ("", "")
    return BadFile(
        f"{path.parent.name}/{path.name}{where_zh}: {zh}。请更正后重试", f"{path.parent.name}/{path.name}{where_en}: {en}"
    )
