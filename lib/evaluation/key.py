"""The answer key of a simulated district: what is planted in it, what only looks like it, and the rows that show it.

Format 1 of `answers.json` is read strictly: a field that is missing or of another kind is refused with its place, so that no
figure rests on half a key. The rules never see the key; the importer passes it over.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import NoneType
from typing import Any, NoReturn

from lib import paths
from lib.errors import BadFile, BadParameter, DataGap
from lib.schema import schema

FORMAT = 1
_Kinds = Mapping[str, tuple[type, ...]]
_DISTRICT: _Kinds = {
    **{"seed": (int,), "institutions": (int,), "flows": (int,), "form": (str,), "from": (str,), "to": (str,)},
    "entries": (list,),
}
_ENTRY: _Kinds = {
    **{"id": (str,), "scheme": (str,), "title": (dict,), "planted": (bool,), "institution_id": (str, NoneType)},
    **{"size": (int, float, NoneType), "story": (dict,), "expected": (list,), "also": (list,)},
}
_ALSO: _Kinds = {"rule_id": (str,), "subjects": (list,)}
_ITEM: _Kinds = {
    **_ALSO,
    **{"amount_yuan": (str, NoneType), "first_on": (str, NoneType), "last_on": (str, NoneType), "rows": (dict,)},
}
_ROWS: _Kinds = {"table": (str,), "ids": (list, NoneType), "lines": (list,)}


@dataclass(frozen=True, slots=True)
class Line:
    """A row that the key names: file (path inside the district's folder), table, line from 1, and its id where it has one."""

    path: str
    table: str
    line: int
    id: str | None


@dataclass(frozen=True)
class Item:
    """A finding that is expected (of a decoy: one that must not be made); any of the subjects is the right one."""

    rule_id: str
    subjects: tuple[str, ...]
    amount_yuan: Decimal | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Entry:
    """An instance of a scheme, planted or a decoy; texts are {zh, en}.

    `also` are findings that may be made too, and count neither way.
    """

    id: str
    scheme: str
    planted: bool
    institution_id: str | None
    expected: tuple[Item, ...]
    also: tuple[Item, ...] = ()
    title: Mapping[str, str] | None = None
    story: Mapping[str, str] | None = None
    size: float | None = None


@dataclass(frozen=True)
class Key:
    """A key: what the district is (`facts`: seed, institutions, flows, form, from, to) and its entries in order."""

    facts: Mapping[str, Any]
    entries: tuple[Entry, ...]

    @property
    def files(self) -> list[str]:
        """Every file that a row is named of, in order of names."""
        return sorted({line.path for entry in self.entries for item in entry.expected for line in item.lines})


def read(folder: Path) -> Key:
    """Read the key of a simulated district.

    Raises
    ------
    BadParameter
        If there is no such folder.
    DataGap
        If it holds no key.
    BadFile
        If the key cannot be read, is of another format, or lacks a field.
    """
    if not folder.is_dir():
        raise BadParameter(
            f"没有文件夹 {paths.written(folder)}。请给出模拟区的文件夹, 其中应有 {paths.ANSWERS}",
            f"There is no folder {paths.written(folder)}. Name the folder of a simulated district, which holds {paths.ANSWERS}",
        )
    path = folder / paths.ANSWERS
    if not path.is_file():
        raise DataGap(
            f"{paths.written(folder)} 中没有答案 {paths.ANSWERS}, 无法评测。请给出由 lookthrough simulate 生成的文件夹",
            f"{paths.written(folder)} holds no {paths.ANSWERS}, so there is nothing to evaluate against. "
            "Name a folder made by lookthrough simulate",
        )
    where = paths.written(path)
    try:
        given = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_no_number)
    except OSError as error:
        raise _faulty(where, f"无法读取 ({error.strerror})", f"cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        why = str(error).splitlines()[0]
        raise _faulty(where, f"不是 UTF-8 的 JSON ({why})", f"is no JSON in UTF-8 ({why})") from None
    return _key(given, where)


def _key(given: object, where: str) -> Key:
    said = _fields(given, {"format": (int, float, str, NoneType)}, where)["format"]
    if said != FORMAT:
        raise _faulty(where, f"格式为 {said!r}, 本版本只读格式 {FORMAT}", f"is of format {said!r}; this version reads {FORMAT}")
    made = _fields(given, _DISTRICT, where)
    entries = tuple(_entry(one, f"{where} entries[{n}]") for n, one in enumerate(made["entries"]))
    ids = [entry.id for entry in entries]
    if twice := next((name for name in ids if ids.count(name) > 1), None):
        raise _faulty(where, f"编号 {twice} 出现两次", f"names {twice} twice")
    return Key({name: made[name] for name in _DISTRICT if name != "entries"}, entries)


def _entry(given: object, where: str) -> Entry:
    made = _fields(given, _ENTRY, where)
    where = f"{where} ({made['id']})"
    for name in ("title", "story"):
        _fields(made[name], {"zh": (str,), "en": (str,)}, f"{where} {name}")
    return Entry(
        **{name: made[name] for name in ("id", "scheme", "planted", "institution_id", "title", "story", "size")},
        expected=tuple(_item(one, _ITEM, f"{where} expected[{n}]") for n, one in enumerate(made["expected"])),
        also=tuple(_item(one, _ALSO, f"{where} also[{n}]") for n, one in enumerate(made["also"])),
    )


def _item(given: object, kinds: _Kinds, where: str) -> Item:
    made = _fields(given, kinds, where)
    subjects = made["subjects"]
    if (kinds is _ITEM and not subjects) or any(type(name) is not str for name in subjects):
        raise _faulty(where, "subjects 应为编号的列表, 至少一个", "subjects must be a list of ids, one at least")
    lines = [line for path, rows in made.get("rows", {}).items() for line in _lines(path, rows, f"{where} rows[{path!r}]")]
    return Item(made["rule_id"], tuple(subjects), _amount(made.get("amount_yuan"), where), tuple(lines))


def _lines(path: str, given: object, where: str) -> list[Line]:
    made = _fields(given, _ROWS, where)
    lines, ids = made["lines"], made["ids"] if made["ids"] is not None else [None] * len(made["lines"])
    if any(type(line) is not int or line < 1 for line in lines) or any(type(name) not in (str, NoneType) for name in ids):
        raise _faulty(where, "lines 应为从 1 起的行号, ids 应为编号", "lines must be numbers from 1, ids texts")
    if len(lines) != len(ids):
        raise _faulty(where, f"lines 有 {len(lines)} 项, ids 有 {len(ids)} 项", f"{len(lines)} lines but {len(ids)} ids")
    table = schema().get(made["table"])
    if table is None or not table.key or not {"source_id", "line"} <= {column.name for column in table.columns}:
        name = made["table"]
        raise _faulty(where, f"数据表 {name!r} 不是由文件导入的表", f"{name!r} is no table that files are read into")
    return [Line(path, table.name, *pair) for pair in zip(lines, ids, strict=True)]


def _amount(text: str | None, where: str) -> Decimal | None:
    try:
        amount = Decimal(text) if text is not None else None
    except InvalidOperation:
        amount = Decimal("NaN")
    if amount is not None and not amount.is_finite():
        raise _faulty(where, f"amount_yuan {text!r} 不是金额", f"amount_yuan {text!r} is no amount")
    return amount


def _fields(given: object, kinds: _Kinds, where: str) -> dict[str, Any]:
    """Return an object whose fields are there and of the right kind; further fields are let be."""
    if not isinstance(given, dict):
        raise _faulty(where, "不是 {…}", "is no {…}")
    for name, allowed in kinds.items():
        if name not in given:
            raise _faulty(where, f"缺少 {name}", f"lacks {name}")
        if type(given[name]) not in allowed:  # not isinstance: true would pass for a number
            raise _faulty(where, f"{name} 的类型不对", f"has a {name} of the wrong kind")
    return given


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")  # json takes NaN and Infinity, which no JSON is


def _faulty(where: str, zh: str, en: str) -> BadFile:
    return BadFile(f"{where}: {zh}。请用 lookthrough simulate 重新生成", f"{where}: {en}. Make it anew: lookthrough simulate")
