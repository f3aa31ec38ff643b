"""What people decided of two parties: one line each in data/raw/records/party_decisions.csv, only ever appended to.

The last line on a pair counts. A line that is removed is undone at the next import.
"""

import csv
import datetime as dt
import hashlib
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from lib import paths
from lib.errors import BadFile, BadParameter

VERDICTS = ("same", "different", "unsure")
_BEIJING = dt.timezone(dt.timedelta(hours=8))


@dataclass(frozen=True)
class Decision:
    """A line: two ids and what they were called, same, different or unsure; who decided when (Beijing time), and why."""

    a_id: str
    b_id: str
    a_name: str
    b_name: str
    verdict: str
    who: str
    when: str
    why: str

    @property
    def pair(self) -> tuple[str, str]:
        """Return the two ids, whichever was named first."""
        return (self.a_id, self.b_id) if self.a_id < self.b_id else (self.b_id, self.a_id)


_COLUMNS = tuple(field.name for field in fields(Decision))


def file() -> Path:
    """Return where the decisions are kept."""
    return paths.records() / "party_decisions.csv"


def read() -> list[Decision]:
    """Return all decisions, in the order of the file; none, if there is no file.

    Raises
    ------
    BadFile
        If the file is not what this program writes: the message names the line.
    """
    path = file()
    if not path.exists():
        return []
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    made: list[Decision] = []
    try:
        if not set(_COLUMNS) <= set(reader.fieldnames or ()):
            raise _bad(path, 1, f"表头应有 {', '.join(_COLUMNS)}", f"the header must have {', '.join(_COLUMNS)}")
        for row in reader:
            values = {name: (row[name] or "").strip() for name in _COLUMNS}
            if not any(values.values()):
                continue
            if values["verdict"] not in VERDICTS or not all(values[n] for n in ("a_id", "b_id", "who", "why")) or None in row:
                raise _bad(
                    path,
                    reader.line_num,
                    f"应有 a_id、b_id、who、why, verdict 应为 {'、'.join(VERDICTS)}",
                    f"a_id, b_id, who and why are needed, and verdict is one of {', '.join(VERDICTS)}",
                )
            made.append(Decision(**values))
    except csv.Error as error:
        raise _bad(path, reader.line_num, f"CSV 格式有误 ({error})", f"it is no CSV ({error})") from None
    return made


def effective(made: Iterable[Decision]) -> dict[tuple[str, str], Decision]:
    """Return the decision that counts on each pair: the last."""
    return {decision.pair: decision for decision in made}


def digest() -> str:
    """Return a digest of what the decisions make the Store join or keep apart; empty if nothing."""
    counted = sorted((*pair, d.verdict) for pair, d in effective(read()).items() if d.verdict != "unsure")
    return hashlib.sha256(repr(counted).encode()).hexdigest()[:12] if counted else ""


def append(a: tuple[str, str], b: tuple[str, str], verdict: str, who: str, why: str) -> Decision:
    """Append a decision on two parties, each an id and a name, and return it.

    Raises
    ------
    BadParameter
        If the verdict is none of `VERDICTS`, or nobody or no reason is named.
    """
    if verdict not in VERDICTS:
        raise BadParameter(
            f"结论 {verdict!r} 应为 same (同一)、different (不同) 或 unsure (待定)",
            f"The verdict {verdict!r} must be one of {', '.join(VERDICTS)}",
        )
    who, why = " ".join(who.split()), " ".join(why.split())
    if not who or not why:
        raise BadParameter("请写明何人决定 (who) 和理由 (why)", "Say who decided (who) and for what reason (why)")
    read()  # a file that cannot be read is not written to
    now = dt.datetime.now(_BEIJING).strftime("%Y-%m-%d %H:%M")
    made = Decision(a[0], b[0], a[1], b[1], verdict, who, now, why)
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists() or not path.stat().st_size
    ended = new or path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8-sig" if new else "utf-8", newline="") as target:  # the mark is for spreadsheets
        target.write("" if ended else "\n")
        writer = csv.DictWriter(target, _COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(asdict(made))
    return made


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _bad(path, 0, "不是 UTF-8 编码, 请另存为 CSV UTF-8", "it is not in UTF-8; save it as CSV UTF-8") from None


def _bad(path: Path, line: int, zh: str, en: str) -> BadFile:
    where, place = (f" 第 {line} 行", f", line {line}") if line else ("", "")
    return BadFile(f"{paths.written(path)}{where}: {zh}", f"{paths.written(path)}{place}: {en}")
