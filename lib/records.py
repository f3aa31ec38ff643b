"""What people entered: CSV files under data/raw/records, a line for each entry (who, when, why), only ever appended to.

Who reads them says what a line must hold; a line that is bad is named.
"""

import csv
import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lib import paths
from lib.errors import BadFile, BadParameter

_BEIJING = dt.timezone(dt.timedelta(hours=8))
Line = dict[str, str]
Fault = Callable[[Line], tuple[str, str] | None]


def file(name: str) -> Path:
    """Return where entries of a kind are kept."""
    return paths.records() / f"{name}.csv"


def read(path: Path, columns: Sequence[str], fault: Fault) -> list[tuple[int, Line]]:
    """Return the lines of a file with their numbers, values trimmed, in the order of the file; none, if there is no file.

    Parameters
    ----------
    columns
        What the header must have.
    fault
        Says in Chinese and English what is wrong with a line; None if nothing is.

    Raises
    ------
    BadFile
        If the file is not what this program writes: the message names the line.
    """
    if not path.exists():
        return []
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    made: list[tuple[int, Line]] = []
    try:
        if not set(columns) <= set(reader.fieldnames or ()):
            raise bad(path, 1, f"表头应有 {', '.join(columns)}", f"the header must have {', '.join(columns)}")
        for row in reader:
            values = {name: (row[name] or "").strip() for name in columns}
            if not any(values.values()):
                continue
            if None in row:
                raise bad(path, reader.line_num, "列数多于表头", "it has more cells than the header")
            if found := fault(values):
                raise bad(path, reader.line_num, *found)
            made.append((reader.line_num, values))
    except csv.Error as error:
        raise bad(path, reader.line_num, f"CSV 格式有误 ({error})", f"it is no CSV ({error})") from None
    return made


def append(path: Path, columns: Sequence[str], values: Mapping[str, str]) -> None:
    """Append a line; the first one is preceded by the header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists() or not path.stat().st_size
    ended = new or path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8-sig" if new else "utf-8", newline="") as target:  # the mark is for spreadsheets
        target.write("" if ended else "\n")
        writer = csv.DictWriter(target, columns, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(values)


def signed(who: str, why: str) -> tuple[str, str]:
    """Return who entered something and why, on one line each.

    Raises
    ------
    BadParameter
        If nobody or no reason is named.
    """
    who, why = " ".join(who.split()), " ".join(why.split())
    if not who or not why:
        raise BadParameter("请写明何人决定 (who) 和理由 (why)", "Say who decided (who) and for what reason (why)")
    return who, why


def now() -> dt.datetime:
    """Return the time in Beijing, without zone."""
    return dt.datetime.now(_BEIJING).replace(tzinfo=None)


def stamp() -> str:
    """Return the time in Beijing as lines have it."""
    return now().strftime("%Y-%m-%d %H:%M")


def bad(path: Path, line: int, zh: str, en: str) -> BadFile:
    """Return the error that names a line of a file; line 0 is the whole file."""
    where, place = (f" 第 {line} 行", f", line {line}") if line else ("", "")
    return BadFile(f"{paths.written(path)}{where}: {zh}", f"{paths.written(path)}{place}: {en}")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise bad(path, 0, "不是 UTF-8 编码, 请另存为 CSV UTF-8", "it is not in UTF-8; save it as CSV UTF-8") from None
