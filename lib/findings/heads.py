"""What may stand in a rule's TOML head, and the refusal, with file and line, of what may not."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any

from lib import paths
from lib.errors import BadFile
from lib.findings.derived import MAKERS
from lib.schema import schema

SEVERITIES = ("prohibited", "major", "minor", "watch", "dq")
CHECKED = ("text", "memory", "proposal")
DERIVED = frozenset(MAKERS)
KEYS = ("id", "title", "severity", "basis", "in_force", "needs", "params", "derive", "logic", "innocent")


def refused(path: Path, line: int, zh: str, en: str) -> BadFile:
    """Return the error that says where in a rule file something is wrong."""
    where = f"{paths.written(path)}:{line}"
    return BadFile(f"规则文件 {where} 有误: {zh}", f"Rule file {where}: {en}")


def line_of(head: str, key: str) -> int:
    """Return the file's line on which a key of the head stands; the head begins on line 2."""
    found = re.search(rf"^\s*(?:{key}\s*=|\[+{key}\b)", head, re.MULTILINE)
    return head.count("\n", 0, found.end()) + 2 if found else 1


def check(path: Path, head: str, values: Mapping[str, Any]) -> None:
    """Refuse a head that is not complete and right.

    Raises
    ------
    BadFile
        For the first key that is missing, unknown or has a value that it may not have.
    """
    for key in KEYS:
        if key not in values:
            raise refused(path, 1, f"头中缺少 {key}", f"the head has no {key}")
    for key in values:
        if key not in KEYS:
            zh, en = f"头中有未知项 {key}, 可用: {'、'.join(KEYS)}", f"unknown key {key}; there are {', '.join(KEYS)}"
            raise refused(path, line_of(head, key), zh, en)
    if values["id"] != path.stem:
        zh, en = f"id={values['id']!r} 与文件名不一致", f"id={values['id']!r} is not the file's name"
        raise refused(path, line_of(head, "id"), zh, en)
    for key, accepted in _ACCEPTED.items():
        if not accepted[0](values[key]):
            raise refused(path, line_of(head, key), f"{key} 应为{accepted[1]}", f"{key} must be {accepted[2]}")
    _check_names(path, head, values)
    _check_texts(path, head, values)


def day(value: object) -> dt.date | None:
    """Return a date written as `YYYY-MM-DD` or as a TOML date; None for nothing."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value if isinstance(value, dt.date) else None


def exact(value: object) -> object:
    """Return a fraction of the head as the decimal that is written there, so that a boundary is met exactly."""
    return Decimal(str(value)) if isinstance(value, float) else value


def placeholders(text: str) -> set[str]:
    """Return the names in braces of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _check_names(path: Path, head: str, values: Mapping[str, Any]) -> None:
    seen: set[str] = set(values["params"])
    for settings in values["derive"].values():
        if twice := seen & set(settings):
            name = min(twice)
            zh, en = f"阈值 {name} 出现两次", f"the threshold {name} stands twice"
            raise refused(path, line_of(head, "derive"), zh, en)
        seen |= set(settings)


def _check_texts(path: Path, head: str, values: Mapping[str, Any]) -> None:
    """Every threshold is told to the reader, in both languages, and no text names one that there is not."""
    known = set(values["params"]) | {name for settings in values["derive"].values() for name in settings}
    for lang in ("zh", "en"):
        texts = [("title", values["title"][lang]), ("logic", values["logic"][lang])]
        texts += [("innocent", text[lang]) for text in values["innocent"]]
        for key, text in texts:
            if unknown := placeholders(text) - known:
                zh, en = f"{key} 中的 {{{min(unknown)}}} 不是阈值", f"{{{min(unknown)}}} in {key} is no threshold"
                raise refused(path, line_of(head, key), zh, en)
        if untold := known - placeholders(values["logic"][lang]):
            zh = f"logic.{lang} 没有写出阈值 {{{min(untold)}}}"
            raise refused(path, line_of(head, "logic"), zh, f"logic.{lang} does not tell the threshold {{{min(untold)}}}")


def _is_text(value: object) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"zh", "en"}:
        return False
    try:
        return all(isinstance(text, str) and text.strip() and placeholders(text) is not None for text in value.values())
    except ValueError:  # an unclosed brace
        return False


def _is_basis(value: object) -> bool:
    return bool(value) and isinstance(value, list) and all(_is_law(law) for law in value)


def _is_law(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and set(value) == {"law", "article", "checked"}
        and _is_text(value["law"])
        and isinstance(value["article"], str)
        and bool(value["article"].strip())
        and value["checked"] in CHECKED
    )


def _is_period(value: object) -> bool:
    if not isinstance(value, Mapping) or not set(value) <= {"from", "to"}:
        return False
    try:
        return all(day(edge) is not None for edge in value.values())
    except ValueError:
        return False


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and name in schema() for name in value)


def _is_settings(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(v, (int, float, str, dt.date)) for v in value.values())


def _is_derive(value: object) -> bool:
    return isinstance(value, Mapping) and set(value) <= DERIVED and all(_is_settings(v) for v in value.values())


_Accepted = tuple[Callable[[Any], bool], str, str]
_ACCEPTED: dict[str, _Accepted] = {
    "title": (_is_text, " {zh, en} 两种文字", "{zh, en}, both texts"),
    "severity": (lambda v: v in SEVERITIES, f"其一: {'、'.join(SEVERITIES)}", f"one of {', '.join(SEVERITIES)}"),
    "basis": (
        _is_basis,
        f"至少一条 {{law = {{zh, en}}, article, checked}}, checked 为 {'、'.join(CHECKED)} 之一",
        f"one or more {{law = {{zh, en}}, article, checked}}, checked one of {', '.join(CHECKED)}",
    ),
    "in_force": (_is_period, " {from, to} 日期, 可缺省", "dates {from, to}, either may be left out"),
    "needs": (_is_tables, " schema.sql 中的表名", "tables of schema.sql"),
    "params": (_is_settings, "阈值 {名称 = 值}", "thresholds {name = value}"),
    "derive": (
        _is_derive,
        f" {{派生表 = {{设置 = 值}}}}, 派生表: {'、'.join(sorted(DERIVED))}",
        f"{{table = {{setting = value}}}} with the tables {', '.join(sorted(DERIVED))}",
    ),
    "logic": (_is_text, " {zh, en} 两种文字", "{zh, en}, both texts"),
    "innocent": (
        lambda v: isinstance(v, list) and bool(v) and all(map(_is_text, v)),
        "至少一条 {zh, en}",
        "one or more {zh, en}",
    ),
}
