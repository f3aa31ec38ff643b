"""A few broken rows, as they occur in every delivery: each is an extra row, so that none of the district's is lost.

A damaged row is a copy of a true row of the same file, spoilt and put in behind it. A file is broken once at most, and only
text files are.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lib.district.delivering.files import Made
from lib.district.delivering.texts import Dress

Told = dict[str, Any]
_SMALLEST, _LARGEST = 3, 60_000  # rows of a file that is broken: it is read as a whole


@dataclass(frozen=True)
class Damage:
    """What is wrong with a row, and how often that occurs in a district.

    The first of the columns of these `headings` that a file has is spoilt, and each of those under `also`: `spoilt` makes of
    a cell the cell or cells that stand there. `inside` are bytes in the middle of the cell. Without headings the line is `cut`.
    """

    what: str
    headings: tuple[str, ...] = ()
    spoilt: Callable[[str], list[str]] = lambda text: [text]
    also: tuple[str, ...] = ()
    inside: bytes = b""
    cut: bool = False
    times: int = 2
    tables: tuple[str, ...] = ()


def _no_such_day(text: str) -> list[str]:
    """Put 30 February 2018 for a day, and leave the time if there is one."""
    return ["20180230" + text[8:] if text[:8].isdigit() else "2018-02-30" + text[10:]]


def _put(text: str) -> Callable[[str], list[str]]:
    return lambda _: [text]


_AMOUNTS = ("交易金额", "还款金额(元)", "amount_yuan", "金额", "金额(元)", "应还本金(元)", "principal_yuan", "借款本金(元)")
_DAYS = ("应还日期", "due_on", "还款日期", "paid_on", "记账日期", "交易日期", "日期", "交易时间")
_CARDS = ("交易卡号", "对方账号", "对方账户", "对手账号", "对方卡号/账号", "账户编号", "account_id")
_NAMES = ("账户开户名称", "户名", "holder_name", "名称", "name", "对方户名")
DAMAGES = (
    Damage("ragged row", _AMOUNTS, lambda text: ["1", text]),
    Damage("amount with two points", _AMOUNTS, _put("1.234.5")),
    Damage("day that does not exist", _DAYS, _no_such_day),
    Damage("card number as a float", _CARDS, _put("6.22E+18"), also=("交易账号",), times=1, tables=("flows",)),
    Damage("card number as a float", _CARDS, _put("1.23457E+18"), also=("交易账号",), times=1, tables=("accounts",)),
    Damage("undecodable bytes", _NAMES, inside=b"\xff\xfe\x80"),
    Damage("truncated last line", cut=True),
)


def break_some(target: Path, made: list[Made], rng: np.random.Generator) -> tuple[list[Made], list[Told]]:
    """Put broken rows into some text files; return all files, their lines counted anew, and what is broken where."""
    files, told = list(made), list[Told]()
    for damage in DAMAGES:
        spared = {entry["path"] for entry in told}
        for place in _suiting(files, damage, rng, spared):
            if line := _break(target / files[place].written.path, files[place], damage, rng):
                files[place] = _moved(files[place], line)
                told.append({"path": files[place].written.path, "line": line, "what": damage.what})
                spared.add(files[place].written.path)
            if sum(entry["what"] == damage.what for entry in told) == _wanted(damage):
                break
    return files, told


def _wanted(damage: Damage) -> int:
    """Return how many broken rows of a kind there are to be, this damage and those before it together."""
    alike = [known for known in DAMAGES if known.what == damage.what]
    return sum(known.times for known in alike[: alike.index(damage) + 1])


def _suiting(files: list[Made], damage: Damage, rng: np.random.Generator, spared: set[str]) -> Iterator[int]:
    """Give the places of files that may be broken, in an order drawn by chance: one of each table before the others."""
    order = [int(n) for n in rng.permutation(len(files))]
    met = set[str]()
    for again in (False, True):
        for place in order:
            table = files[place].written.table
            if (again or table not in met) and _suits(files[place], damage, spared):
                met.add(table)
                yield place


def _suits(file: Made, damage: Damage, spared: set[str]) -> bool:
    """Tell whether a file may be broken: a text of moderate size, a line per row, not broken yet, fit for the damage."""
    lines = file.written.lines
    return (
        file.dress is not None
        and file.written.path not in spared
        and _SMALLEST <= len(lines) <= _LARGEST
        and int(lines.max() - lines.min()) == len(lines) - 1
        and (not damage.tables or file.written.table in damage.tables)
        and (not damage.inside or file.dress.encoding == "gb18030")
        and not (damage.cut and file.footed)
        and not (file.uneven and len(damage.spoilt("")) > 1)
    )


def _break(path: Path, file: Made, damage: Damage, rng: np.random.Generator) -> int:
    """Put a damaged copy of a row behind it and return its line; 0 if the file has no column that it could be in."""
    dress = file.dress
    assert dress is not None
    lines = path.read_bytes().splitlines(keepends=True)
    first, last = int(file.written.lines.min()), int(file.written.lines.max())
    headings = [text.strip() for text in _cells(lines[first - 2], dress)]
    place = next((headings.index(name) for name in damage.headings if name in headings), -1)
    line = last if damage.cut else int(rng.integers(first, last))
    cells = _cells(lines[line - 1], dress)
    if damage.headings and (place < 0 or not cells[place].strip()):
        return 0
    also = [headings.index(name) for name in damage.also if name in headings]
    lines.insert(line, _cut(lines[line - 1], dress) if damage.cut else _spoilt(cells, dress, damage, sorted({place, *also})))
    path.write_bytes(b"".join(lines))
    return line + 1


def _spoilt(cells: list[str], dress: Dress, damage: Damage, places: list[int]) -> bytes:
    text = cells[places[0]].strip()
    for place in reversed(places):
        cells[place : place + 1] = [f"{part}{dress.tail}" for part in damage.spoilt(cells[place].strip())]
    made = (dress.separator.join(dress.cell(cell, always=dress.quoted) for cell in cells) + dress.end).encode(dress.codec)
    if not damage.inside:
        return made
    before, after = made.split(text.encode(dress.codec), 1)
    return before + text[0].encode(dress.codec) + damage.inside + text[1:].encode(dress.codec) + after


def _cut(line: bytes, dress: Dress) -> bytes:
    """Return the first half of a line, without its end, as if the disk had been full."""
    text = line.decode(dress.codec)
    return text[: len(text) // 2].encode(dress.codec)


def _cells(line: bytes, dress: Dress) -> list[str]:
    text = line.decode(dress.codec).removeprefix("\ufeff")
    return next(csv.reader([text], delimiter=dress.separator))


def _moved(file: Made, line: int) -> Made:
    """Count the lines of a file anew, one having been put in."""
    lines = file.written.lines
    return replace(file, written=replace(file.written, lines=lines + (lines >= line)))
