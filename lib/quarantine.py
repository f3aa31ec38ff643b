"""Rows that were set apart: what they are, and the workbook in which they are corrected.

reasons(store)              why they were, and how many for each kind of reason
rows(store, most=20)        the rows, and whether they were corrected
export(store, path)         a workbook of those that were not: correct it, and `lookthrough import` it

There may be millions of them: they are counted where they lie, and laid out page by page.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from lib import targets
from lib.errors import BadParameter, DataGap, LookthroughError
from lib.intake import corrections, identifying, ledger, mapping, originals, parts
from lib.intake.corrections import OWN, Target
from lib.intake.profiles import Layout
from lib.store import Store, frame

_GUIDE = (
    "隔离行更正表",
    "1. 每个来源一张工作表 (行数过多时续表)。"
    "第 1 至 3 行和〔行号〕〔隔离原因〕〔原文〕由程序使用, 请勿改动; 〔更正人〕〔更正说明〕请填写。",
    "2. 请对照〔原文〕和〔隔离原因〕, 只改右侧原文件的各列; 不需要更正的行保持原样, 不会被导入。"
    "〔多出…〕是超出表头的字段, 请移入应在的列后清空。",
    "3. 所有单元格均为文本: 账号、证件号请逐位核对后录入, 不要改为数字格式。",
    "4. 保存为 .xlsx 后导入: lookthrough import <本文件>。原行仍留在隔离区, 两个版本都会保留。",
    "Correct only the columns of the original, to the right; rows left as they are are not imported. Save as .xlsx, import.",
)
SHEET_ROWS = 1_048_576 - corrections.HEADER_ROW  # what a sheet of a workbook takes below the header
_PAGE_ROWS = 5_000  # at 20,000 the database took twice the memory and was no faster
_SHOWN_SOURCES = 10
_WIDTHS = {corrections.LINE: 8, corrections.REASON: 40, corrections.ORIGINAL: 40}
_OF_OURS = {"bg_color": "#EDEDED", "font_color": "#555555", "num_format": "@", "text_wrap": True, "valign": "top"}
_OF_THEIRS = {"num_format": "@", "text_wrap": True, "valign": "top"}
_TECHNICAL = {"bg_color": "#EDEDED", "font_color": "#999999", "num_format": "@"}
_HEADING = {"bold": True, "num_format": "@", "bottom": 1}


@dataclass(frozen=True)
class Exported:
    """What went into a workbook: sheets and rows; and the sources of which the rows could not be laid out, with the reason."""

    sheets: int
    rows: int
    missing: dict[str, str]


def reasons(store: Store, source_id: str | None = None) -> list[dict[str, Any]]:
    """Return why rows were set apart, a row per file and kind of reason, the most frequent first; of one source, or of all.

    Returns
    -------
    list of {source_id, corrects, name, reason, kind, n, n_corrected, first_line}
        See quarantine_reasons.sql; `reason` and `kind` in the process's language.

    Raises
    ------
    BadParameter
        If there is no such source.
    """
    found = store.run("quarantine_reasons").to_pylist()
    if source_id is not None:
        _check_known(store, source_id, found)
    told = [row for row in found if source_id in (None, row["source_id"])]
    return [{**row, **{name: ledger.reason(row[name]) for name in ("reason", "kind")}} for row in told]


def _check_known(store: Store, source_id: str, found: list[dict[str, Any]]) -> None:
    """Refuse the id of a source that is not there; say which ones have rows set apart."""
    if store.arrow("select 1 from sources where source_id = $id", id=source_id).num_rows:
        return
    names = {row["source_id"]: row["name"] for row in found}
    shown = [f"{of} ({name})" for of, name in list(names.items())[:_SHOWN_SOURCES]]
    more = len(names) - len(shown)
    zh = ", ".join(shown) + (f" 等 {len(names)} 个" if more > 0 else "") if names else "无"
    en = ", ".join(shown) + (f" and {more} more" if more > 0 else "") if names else "none"
    raise BadParameter(
        f"没有来源 {source_id}。有隔离行的来源: {zh} (全部列出: lookthrough quarantine)",
        f"There is no source {source_id}. Sources with rows set apart: {en} (to list them: lookthrough quarantine)",
    )


def rows(store: Store, source_id: str | None = None, most: int | None = None) -> pd.DataFrame:
    """Return rows that were set apart, in order of their files: those of one source, or of all; the first ones, or all.

    Returns
    -------
    DataFrame
        source_id · file · line (0: the whole file) · reason (in the process's language) · original_text · corrected_source_id ·
        corrected_line · corrected_by · note: null where nobody has corrected it · corrects: the source that the row was meant
        to correct, if it stands in a sheet of corrections.
    """
    made = frame(store.run("quarantined", source_id=source_id, after=-1, uncorrected=False, most=most))
    labels = [parts.label(*names) for names in made[["name", "member", "sheet"]].itertuples(index=False)]
    made = made.drop(columns=["name", "member", "sheet"])
    made.insert(1, "file", labels)
    made["reason"] = [ledger.reason(reason) for reason in made["reason"]]
    return made


def export(store: Store, path: Path, source_id: str | None = None, sheet_rows: int = SHEET_ROWS) -> Exported:
    """Write a workbook of the rows that are not corrected: a sheet per source, all cells text, and one on top that explains.

    Parameters
    ----------
    path
        A new .xlsx file in a folder that is there.
    source_id
        Only the rows of this source. Of all, if omitted.
    sheet_rows
        Rows that a sheet takes; those beyond go on in further sheets.

    Raises
    ------
    BadParameter
        If the file is there already (somebody's corrections may be in it), is no .xlsx, or its folder is not there; if there
        is no such source.
    DataGap
        If there are no such rows, or the workbook cannot be written.
    """
    targets.check_new(path, ".xlsx")
    if source_id is not None:
        reasons(store, source_id)
    left = store.run("quarantine_left", source_id=source_id).to_pylist()
    if not left:
        raise DataGap("没有待更正的隔离行", "There are no rows to be corrected")
    with targets.writing(path) as draft:
        return _write(store, left, draft, sheet_rows)


def _write(store: Store, left: list[dict[str, Any]], path: Path, sheet_rows: int) -> Exported:
    """Write the workbook; rows go to disk as they are laid out."""
    missing, count, sheets = dict[str, str](), 0, 0
    plain = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, {**plain, "constant_memory": True}) as book:
        index = book.add_worksheet("说明")
        made = [book.add_format(of) for of in (_OF_OURS, _OF_THEIRS, _HEADING, _TECHNICAL)]
        for at, text in enumerate(_GUIDE):
            index.write_string(at, 0, text, made[2] if at == 0 else None)
        top = len(_GUIDE) + 1
        index.write_row(top, 0, ("工作表", "文件", "来源编号", "行数", "备注"), made[2])
        for number, source in enumerate(left, 1):
            file = parts.label(source["name"], source["member"], source["sheet"])
            filled, note = dict[str, int](), "" if source["n"] else ledger.reason(source["reason"])
            if source["n"]:
                try:
                    layout, target = _laid_out(store, source["source_id"])
                except LookthroughError as error:
                    missing[file] = note = str(error)
                else:
                    own = partial(_left, store, target.source_id)
                    filled = _Sheets(book, target, layout, file, made).fill(f"{number:03}", own, sheet_rows)
            for sheet, n in (filled or {"": source["n"]}).items():
                top += 1
                for column, text in enumerate((sheet, file, source["source_id"], f"{n}", note)):
                    index.write_string(top, column, corrections.shown(text))
                if sheet:
                    index.write_url(top, 0, f"internal:'{sheet}'!A1", string=sheet)
            sheets, count = sheets + len(filled), count + sum(filled.values())
        index.fit_to_pages(1, 0)
        index.set_column(0, 0, 10)
        index.set_column(1, 1, 60)
        index.set_column(2, 4, 18)
    return Exported(sheets, count, missing)


def _laid_out(store: Store, source_id: str) -> tuple[Layout, Target]:
    """Return the layout of a source, and what a sheet for it has to say; DataGap if its file is gone or changed."""
    source = store.arrow("select * from store.sources where source_id = $id", id=source_id).to_pylist()[0]
    part = originals.part(store, source)
    layout = identifying.identify(part, mapping.brought(part.path, source["name"]))
    header = [corrections.shown(cell) for cell in layout.header]
    return layout, Target(source_id, source["sha256"], len(header), corrections.cells_print(header))


def _left(store: Store, source_id: str) -> Iterator[tuple[int, str, str]]:
    """Give line, reason and text of the rows of a source that are not corrected, page by page."""
    after = 0
    while page := store.run("quarantined", source_id=source_id, after=after, uncorrected=True, most=_PAGE_ROWS).to_pylist():
        yield from ((row["line"], ledger.reason(row["reason"]), row["original_text"]) for row in page)
        after = page[-1]["line"]


@dataclass(frozen=True)
class _Sheets:
    """The sheets of a source: what each of them has above its rows."""

    book: Any
    target: Target
    layout: Layout
    file: str
    formats: Any

    def fill(self, name: str, rows_: Callable[[], Iterable[tuple[int, str, str]]], most: int) -> dict[str, int]:
        """Lay rows out in as many sheets as it takes; return their names and numbers of rows."""
        ours, theirs, _, _ = self.formats
        beyond = max(len(corrections.split(text, self.layout.delimiter)) for _, _, text in rows_()) - self.target.width
        filled, sheet, at = dict[str, int](), name, most
        page: Any = None
        for line, reason, text in rows_():
            if at == most:
                sheet, at = f"{name}-{len(filled) + 1}" if filled else name, 0
                page = self._begun(sheet, beyond)
            cells = (str(line), "", "", reason, text, *corrections.split(text, self.layout.delimiter))
            for column, cell in enumerate(cells):
                of = ours if column < len(OWN) else theirs
                page.write_string(corrections.HEADER_ROW + at, column, corrections.shown(cell), of)
            at += 1
            filled[sheet] = at
        return filled

    def _begun(self, sheet: str, beyond: int) -> Any:
        """Begin a sheet: what it corrects, what the file tells, the header with columns for fields beyond it."""
        ours, theirs, heading, technical = self.formats
        page = self.book.add_worksheet(sheet)
        for column, text in enumerate(self.target.row()):
            page.write_string(0, column, text, technical)
        told = "; ".join(f"{name} = {value}" for name, value in self.layout.facts.items() if value)
        titles = " / ".join(text.strip() for text in self.layout.above if text.strip())
        page.write_string(1, 0, corrections.shown(" · ".join(text for text in (self.file, told, titles) if text)), technical)
        surplus = [corrections.SURPLUS.format(n) for n in range(1, beyond + 1)]
        for column, text in enumerate((*OWN, *self.layout.header, *surplus)):
            of_ours = corrections.is_own(text)
            page.write_string(corrections.HEADER_ROW - 1, column, corrections.shown(text), ours if of_ours else heading)
            page.set_column(column, column, _WIDTHS.get(text, 16), ours if column < len(OWN) else theirs)
        page.set_landscape()
        page.fit_to_pages(1, 0)
        page.freeze_panes(corrections.HEADER_ROW, 1)
        return page
