"""What stands around the rows of a file: titles above the header, footers and sums below it, the file's own name.

They tell facts that no row repeats (whose statement it is), and totals that the bank itself has counted.
"""

import csv
import io
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lib.intake import ledger
from lib.intake.cleaning import UNSEEN
from lib.intake.profiles import STATED, Layout, Profile
from lib.intake.readers import Block
from lib.intake.totals import Stated

_PLAIN = str.maketrans({"：": ":", "\u3000": " ", "\u00a0": " ", '"': "", "\t": " "} | dict.fromkeys(UNSEEN, ""))
_TEXT_MARK = re.compile(r"['`´‘’＇]+(?=[0-9]{6})")  # a spreadsheet's mark of a text, before a number
# How a line below the header begins, before what a pattern of footers or sums says: quotes and blanks.
_IN, _OUT = "(?:收入|贷方|转入|存入)", "(?:支出|借方|转出|支取)"
_SUMMED = "(?:合计|总计|总额|总金额|金额合计|合计金额|发生额合计|金额总计)"
_NAMED = {
    "rows": re.compile("(?:合计|总计|共计|交易)?总?笔数|(?:总?记录|总条)数"),
    "rows_in": re.compile(f"{_IN}(?:合计|交易)?总?笔数"),
    "rows_out": re.compile(f"{_OUT}(?:合计|交易)?总?笔数"),
    "in_yuan": re.compile(_IN + _SUMMED),
    "out_yuan": re.compile(_OUT + _SUMMED),
    "yuan": re.compile("(?:交易)?(?:总金额|总额)|(?:合计|总计)金额|(?:交易)?金额(?:合计|总计)|总交易额"),
}
_BEGINS = r'^["\s\x{3000}\x{feff}]*(?:'


@dataclass
class Remarks:
    """The lines below the header that are no rows, as a file is read: footers, and sums with the cells of their columns."""

    texts: list[str] = field(default_factory=list)
    sums: list[list[str]] = field(default_factory=list)


def facts(profile: Profile, name: str, above: tuple[str, ...]) -> dict[str, str | None]:
    """Return what the lines above the header tell, and else the file's name, for each fact that the profile asks for."""
    text = _TEXT_MARK.sub("", "\n".join(above).translate(_PLAIN))
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return {
        fact: _first(profile.preamble.get(fact, ()), text) or _first(profile.filename.get(fact, ()), stem)
        for fact in profile.facts
    }


def sort_out(block: Block, kind: NDArray[np.int8], layout: Layout, remarks: Remarks) -> None:
    """Mark the lines below the header that are footers or sums, and keep their texts."""
    profile = layout.profile
    below = (block.line[:-1] > layout.header_line) & (block.mark == 0) & np.isin(kind, (ledger.ACCEPTED, ledger.QUARANTINED))
    for patterns, found_kind in ((profile.totals, ledger.TOTAL), (profile.trailer, ledger.TRAILER)):
        if not patterns or not below.any():
            continue
        found = below & matching(block, _BEGINS + "|".join(patterns) + ")")
        kind[found] = found_kind
        below &= ~found
        for i in np.flatnonzero(found).tolist():
            text = block.record(i)
            if found_kind == ledger.TOTAL and of_a_part(text.split(layout.delimiter, 1)[0]):
                continue
            remarks.texts.append(text)
            if found_kind == ledger.TOTAL:
                remarks.sums.append(split(text, layout.delimiter))


def stated(layout: Layout, remarks: Remarks) -> Stated:
    """Return the totals that a file states above its header, below its rows, and below its columns."""
    texts = [text.translate(_PLAIN) for text in (*layout.above, *remarks.texts)]
    lines = [*(split(text, layout.delimiter) for text in (*layout.above, *remarks.texts)), *remarks.sums]
    found = Stated()
    for name in STATED if not layout.profile.signed else STATED[:-1]:  # a sum of signed amounts is none of what came and went
        patterns = layout.profile.stated.get(name, ())
        told = next((told for cells in lines if (told := _beside(name, cells))), None) if layout.profile.stated else None
        told = told or next((told for text in texts if (told := _first(patterns, text))), None)
        place = layout.place.get(layout.profile.stated_in.get(name, ""), -1)
        if told is None and place >= 0:
            below = (cells[place] for cells in remarks.sums if place < len(cells) and not _named(cells))
            told = next((cell for cell in below if _number(cell) is not None), None)
        value = _number(told)
        if value is not None:
            setattr(found, name, int(value) if name.startswith("rows") else value)
    return found


def of_a_part(word: str) -> bool:
    """Tell whether what a total is called makes it one of a page, a month or a day: none of the file."""
    return bool(re.search("页|月|日|季|年|小计|累计", word))


def split(text: str, delimiter: str) -> list[str]:
    """Return the cells of a line around the rows, or of one that may stand there."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:  # an over-long cell states nothing
        return []


def _named(cells: list[str]) -> bool:
    """Tell whether a line names the totals that stand in it: then a number does not belong to the column that it is below."""
    return any(_beside(name, cells) for name in STATED)


def _beside(name: str, cells: list[str]) -> str | None:
    """Return the number in the cell after the one that is the name of a total: 合计笔数 | 2."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    for at, cell in enumerate(filled[:-1]):
        label = re.sub(r"[\s\u3000:：*]|[(（].*[)）]", "", cell)
        rest = filled[at + 2 : at + 3]
        cut = (
            any(re.fullmatch(r"[0-9]{3}(?:\.[0-9]+)?", more) for more in rest) and filled[at + 1].isdigit()
        )  # 1,234.00 unquoted
        if _NAMED[name].fullmatch(label) and _number(filled[at + 1]) is not None and not cut:
            return filled[at + 1]
    return None


def matching(block: Block, pattern: str) -> NDArray[np.bool_]:
    """Tell which records of a block match a pattern; the text is looked at where it is, not copied."""
    offsets = pa.py_buffer(np.ascontiguousarray(block.text_at, np.int64))
    texts = pa.LargeStringArray.from_buffers(len(block), offsets, pa.py_buffer(block.text))
    matches: NDArray[np.bool_] = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return matches


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> str | None:
    found = (match.group(1).strip() for pattern in patterns for match in pattern.finditer(text))
    return next((value for value in found if value), None)


def _number(text: str | None) -> Decimal | None:
    bare = re.sub(r"[\s,¥￥元+]", "", text or "")
    try:
        return abs(Decimal(bare)) if bare else None
    except InvalidOperation:
        return None
