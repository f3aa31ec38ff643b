"""Rows that are no transactions though they have the shape of one: balances carried forward, sums of pages and months.

A cell that is nothing but such a word tells them (期初余额, 承前页, 本页合计), where no column of amounts is filled: a memo
that merely contains the word, or stands beside an amount, is a transaction's. A sum beside amounts is told by its missing day.
"""

import re

import numpy as np
from numpy.typing import NDArray

from lib.intake import ledger
from lib.intake.profiles import Layout
from lib.intake.readers import Block
from lib.intake.surroundings import Remarks, matching, of_a_part, split

_AMOUNTS = ("amount", "amount_wan", "income", "outgo")
_DAYS = ("day", "time")
_PERIOD = "(?:上|本|当|前|昨|期|年|月|日|季)(?:期|年度?|月|日|季度?|页|初|末|终)?(?:初|末)?"
_SUM = f"(?:人民币|借方|贷方|收入|支出)?(?:{_PERIOD})?(?:发生额)?(?:合计|总计|小计|累计)(?:金额|数)?"
_BALANCE = f"(?:{_PERIOD}|账户|当前|可用)?(?:账面)?(?:余额|结余|结转)|(?:期|年|月|日)初数?|(?:承|接|转|过)(?:前|上|次|下|后)页"
_BALANCE += "|结转(?:下|次|本|上)(?:年度?|页|期|月)"
_WORDS = f"(?:{_SUM}|{_BALANCE})"
_STEMS = tuple(word.encode() for word in ("合计", "总计", "小计", "累计", "余额", "结余", "结转", "页", "初"))
_WORD = re.compile(rf"[*\s\u3000]*{_WORDS}[*\s\u3000]*(?:[:：][\s¥￥]*[-0-9,.]*元?)?")
_SUM_WORD = re.compile(rf"[*\s\u3000]*{_SUM}[*\s\u3000]*[:：]?")
_NOTHING = re.compile(r"[-+¥￥ 　]*[0０]*(?:[.．][0０]*)?(?:元|[- ]*)")
_DATE = re.compile("(?:19|20)[0-9]{2}[-/.年]?[01]?[0-9]")
_NUMBER = re.compile(r"[-+(（¥￥]*(?!(?:19|20)[0-9]{6}$)[0-9][0-9,]*(?:\.[0-9]*)?[)）]?元?")


def sort_out(block: Block, kind: NDArray[np.int8], layout: Layout, remarks: Remarks) -> None:
    """Mark the rows of a block that only carry a balance (set aside) or sum up others (totals); keep the sums of the file."""
    if layout.place.keys().isdisjoint(_AMOUNTS) or not any(stem in block.text for stem in _STEMS):
        return
    rows = (block.line[:-1] > layout.header_line) & (block.mark == 0) & np.isin(kind, (ledger.ACCEPTED, ledger.QUARANTINED))
    edge = re.escape(layout.delimiter)
    found = rows & matching(block, rf'(?:^|{edge})["*\s\x{{3000}}]*{_WORDS}["*\s\x{{3000}}]*(?:[:：]|{edge}|[\r\n]|$)')
    for i in np.flatnonzero(found).tolist():
        cells = split(block.record(i), layout.delimiter)
        made = _kind(cells, layout, whole=kind[i] == ledger.ACCEPTED)
        if made is not None:
            kind[i] = made
        if made == ledger.TOTAL and not any(of_a_part(cell) for cell in cells if _SUM_WORD.fullmatch(cell)):
            remarks.sums.append(cells)


def _kind(cells: list[str], layout: Layout, *, whole: bool) -> int | None:
    """Return the kind of a row in which such a word may stand; None if it is a transaction, or may be one."""
    words = [cell for cell in cells if _WORD.fullmatch(cell)]
    if not words:
        return None
    summed = any(_SUM_WORD.fullmatch(cell) for cell in words)
    if not whole:  # cells stand in no known column: a day would make a transaction of it, as would an amount beside the balance
        numbers = sum(bool(_NUMBER.fullmatch(cell.strip())) for cell in cells)
        return ledger.SET_ASIDE if numbers <= 1 and not any(map(_DATE.match, cells)) else None
    filled = {column: cells[at].strip() for column, at in layout.place.items() if at < len(cells)}
    if all(_NOTHING.fullmatch(filled.get(column, "")) for column in _AMOUNTS):
        return ledger.SET_ASIDE
    dated = [filled[column] for column in _DAYS if filled.get(column) and not _WORD.fullmatch(filled[column])]
    return ledger.TOTAL if summed and not dated else None
