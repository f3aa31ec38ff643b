"""Statements of one account in the layouts of many banks: the same four lines, written as each layout writes them.

A layout's header is as its source has it (see the profiles); what stands in the rows is made up.
"""

import csv
import datetime as dt
import io
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import xlsxwriter

ACCOUNT, HOLDER = "6222021234567890128", "某某资产公司"
OPENING = Decimal("100.00")
D = Decimal


@dataclass(frozen=True)
class Entry:
    """A line of a statement: when, how much came in (out, if negative), the other side, what for."""

    at: dt.datetime
    change: Decimal
    name: str = ""
    account: str = ""
    memo: str = ""
    ref: str = ""


ENTRIES = (
    Entry(dt.datetime(2018, 1, 2, 9, 10, 11), D("1000.00"), "甲公司", "6217000000000000017", "投资款", "R1"),
    Entry(dt.datetime(2018, 1, 2, 10, 0, 0), D("-250.50"), "张三", "6217000000000000025", "放款", "R2"),
    Entry(dt.datetime(2018, 1, 3, 8, 5, 6), D("-0.01"), "", "", "手续费", "R3"),
    Entry(dt.datetime(2018, 1, 13, 23, 59, 59), D("1234.56"), "乙公司", "6217000000000000033", "还款", "R4"),
)


@dataclass(frozen=True)
class Statement:
    """A layout: its header, a row with {places}, what stands above and below, and what the rows do not tell.

    `lost` are the parts of an entry that the layout has no column for: time, balance, other (the other account), name, memo,
    ref.
    """

    bank: str
    profile: str
    header: str
    row: str
    above: tuple[str, ...] = (f"账号：{ACCOUNT}",)
    below: tuple[str, ...] = ()
    lost: frozenset[str] = frozenset({"ref"})
    encoding: str = "gb18030"
    delimiter: str = ","
    name: str = "statement.csv"
    stated: dict[str, Decimal] = field(default_factory=dict)

    def lines(self) -> list[list[str]]:
        """Return the cells of the file, line by line."""
        balance, rows = OPENING, []
        for entry in ENTRIES:
            balance += entry.change
            rows.append([cell.format(**places(entry, balance)) for cell in self.row.split("|")])
        titles = [line.split(";;") for line in self.above]
        return [*titles, self.header.split(","), *rows, *(line.split(";;") for line in self.below)]

    def write(self, folder: Path) -> Path:
        """Write the file, a workbook or text in the layout's encoding."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.name
        if path.suffix == ".xlsx":
            with xlsxwriter.Workbook(path) as book:
                sheet = book.add_worksheet("Sheet1")
                for i, cells in enumerate(self.lines()):
                    for j, cell in enumerate(cells):
                        sheet.write_string(i, j, cell)
        else:
            text = io.StringIO()
            csv.writer(text, delimiter=self.delimiter, lineterminator="\r\n").writerows(self.lines())
            path.write_bytes(text.getvalue().encode(self.encoding))
        return path


def places(entry: Entry, balance: Decimal) -> dict[str, str]:
    """Return what a row may have of an entry, in the forms in which banks write it."""
    amount, came_in = abs(entry.change), entry.change > 0
    mine, theirs = (ACCOUNT, HOLDER), (entry.account, entry.name)
    payer, payee = (theirs, mine) if came_in else (mine, theirs)
    both = f"{entry.account}/{entry.name}" if entry.account else ""
    return {
        "own": ACCOUNT,
        "holder": HOLDER,
        "day": f"{entry.at:%Y-%m-%d}",
        "day8": f"{entry.at:%Y%m%d}",
        "slashed": f"{entry.at:%Y/%m/%d}",
        "time": f"{entry.at:%H:%M:%S}",
        "time6": f"{entry.at:%H%M%S}",
        "amount": str(amount),
        "amount_c": f"{amount:,}",
        "fen": str(int(amount * 100)),
        "signed": str(entry.change),
        "plus": f"{entry.change:+}",
        "in_": str(amount) if came_in else "",
        "out": "" if came_in else str(amount),
        "in_c": f"{amount:,}" if came_in else "",
        "out_c": "" if came_in else f"{amount:,}",
        "in0": str(amount) if came_in else "0.00",
        "out0": "0.00" if came_in else str(amount),
        "out_minus": "0.00" if came_in else f"-{amount}",
        "balance": str(balance),
        "balance_c": f"{balance:,}",
        "balance_fen": str(int(balance * 100)),
        "jd": "贷" if came_in else "借",
        "jd_en": "贷 Cr" if came_in else "借 Dr",
        "cd": "C" if came_in else "D",
        "sz": "收入" if came_in else "支出",
        "lw": "来账" if came_in else "往账",
        "rc": "入" if came_in else "出",
        "n10": "1" if came_in else "0",
        "n12": "1" if came_in else "2",
        "name": entry.name,
        "account": entry.account,
        "both": both,
        "turned": "/".join(both.split("/")[::-1]) if both else "",
        "colon": f"{entry.name}:{entry.account}" if entry.account else "",
        "in_brackets": f"{entry.name} ({entry.account})" if entry.account else "",
        "number_and_name": f"{entry.account}({entry.name})" if entry.account else "",
        "spaced": f"{entry.name} {entry.account}".strip(),
        "memo": entry.memo,
        "ref": entry.ref,
        "payer": payer[0],
        "payer_name": payer[1],
        "payee": payee[0],
        "payee_name": payee[1],
    }
