"""Rows that were set apart: what they are, and the workbook in which they are corrected.

rows(store)                 every one of them, and whether it was corrected
export(store, path)         a workbook of those that were not: correct it, and `lookthrough import` it
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from lib import paths
from lib.errors import DataGap, LookthroughError
from lib.intake import corrections, ledger, loading, mapping, originals, parts
from lib.intake.corrections import OWN, Target
from lib.intake.profiles import Layout
from lib.store import Store, frame

_GUIDE = (
    "隔离行更正表",
    "1. 每个来源一张工作表。第 1 至 3 行和〔行号〕〔隔离原因〕〔原文〕由程序使用, 请勿改动; 〔更正人〕〔更正说明〕请填写。",
    "2. 请对照〔原文〕和〔隔离原因〕, 只改右侧原文件的各列; 不需要更正的行保持原样, 不会被导入。"
    "〔多出…〕是超出表头的字段, 请移入应在的列后清空。",
    "3. 所有单元格均为文本: 账号、证件号请逐位核对后录入, 不要改为数字格式。",
    "4. 保存为 .xlsx 后导入: lookthrough import <本文件>。原行仍留在隔离区, 两个版本都会保留。",
    "Correct only the columns of the original, to the right; rows left as they are are not imported. Save as .xlsx, import.",
)
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


def rows(store: Store) -> pd.DataFrame:
    """Return every row that was set apart.

    Returns
    -------
    DataFrame
        source_id · file · line (0: the whole file) · reason (in the process's language) · original_text · corrected_source_id ·
        corrected_line · corrected_by · note: null where nobody has corrected it · corrects: the source that the row was meant
        to correct, if it stands in a sheet of corrections.
    """
    made = frame(store.run("quarantined"))
    labels = [parts.label(*names) for names in made[["name", "member", "sheet"]].itertuples(index=False)]
    made = made.drop(columns=["name", "member", "sheet"])
    made.insert(1, "file", labels)
    made["reason"] = [ledger.reason(reason) for reason in made["reason"]]
    return made


def export(store: Store, path: Path) -> Exported:
    """Write a workbook of the rows that are not corrected: a sheet per source, all cells text, and one on top that explains.

    Parameters
    ----------
    path
        An .xlsx file; one that is there is replaced.

    Raises
    ------
    DataGap
        If there are no such rows, or the workbook cannot be written.
    """
    left = rows(store)
    left = left[left["corrected_line"].isna() & left["corrects"].isna()]  # a failed correction is made again from the original
    if left.empty:
        raise DataGap("没有待更正的隔离行", "There are no rows to be corrected")
    try:
        with paths.replacing(path) as draft:
            return _write(store, left, draft)
    except OSError as error:
        raise DataGap(
            f"{paths.written(path)} 无法写入 ({error.strerror})。请检查路径、磁盘空间和写入权限",
            f"{paths.written(path)} cannot be written ({error.strerror}). Check path, free space and permissions",
        ) from None


def _write(store: Store, left: pd.DataFrame, path: Path) -> Exported:
    missing, count, sheets = dict[str, str](), 0, 0
    plain = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, {**plain, "in_memory": True}) as book:
        index = book.add_worksheet("说明")
        made = [book.add_format(of) for of in (_OF_OURS, _OF_THEIRS, _HEADING, _TECHNICAL)]
        for at, text in enumerate(_GUIDE):
            index.write_string(at, 0, text, made[2] if at == 0 else None)
        top = len(_GUIDE) + 1
        index.write_row(top, 0, ("工作表", "文件", "来源编号", "行数", "备注"), made[2])
        for number, (source_id, own) in enumerate(left.groupby("source_id", sort=False), 1):
            file, whole = str(own["file"].iloc[0]), bool((own["line"] == 0).all())
            sheet, note = "", str(own["reason"].iloc[0]) if whole else ""
            if not whole:
                try:
                    layout, target = _laid_out(store, str(source_id))
                except LookthroughError as error:
                    missing[file] = note = str(error)
                else:
                    sheet, sheets, count = f"{number:03}", sheets + 1, count + len(own)
                    _fill(book.add_worksheet(sheet), target, layout, file, own, made)
            for column, text in enumerate((sheet, file, str(source_id), f"{0 if whole else len(own)}", note)):
                index.write_string(top + number, column, corrections.shown(text))
            if sheet:
                index.write_url(top + number, 0, f"internal:'{sheet}'!A1", string=sheet)
        index.fit_to_pages(1, 0)
        index.set_column(0, 0, 10)
        index.set_column(1, 1, 60)
        index.set_column(2, 4, 18)
    return Exported(sheets, count, missing)


def _laid_out(store: Store, source_id: str) -> tuple[Layout, Target]:
    """Return the layout of a source, and what a sheet for it has to say; DataGap if its file is gone or changed."""
    source = store.arrow("select * from store.sources where source_id = $id", id=source_id).to_pylist()[0]
    part = originals.part(store, source)
    layout = loading.identify(part, mapping.brought(part.path, source["name"]))
    header = [corrections.shown(cell) for cell in layout.header]
    return layout, Target(source_id, source["sha256"], len(header), corrections.cells_print(header))


def _fill(page: Any, target: Target, layout: Layout, file: str, own: pd.DataFrame, formats: Any) -> None:
    """Fill the sheet of a source."""
    ours, theirs, heading, technical = formats
    for column, text in enumerate(target.row()):
        page.write_string(0, column, text, technical)
    told = "; ".join(f"{name} = {value}" for name, value in layout.facts.items() if value)
    titles = " / ".join(text.strip() for text in layout.above if text.strip())
    page.write_string(1, 0, corrections.shown(" · ".join(text for text in (file, told, titles) if text)), technical)
    made = [
        ([str(line), "", "", reason, text], corrections.split(text, layout.delimiter))
        for line, reason, text in own[["line", "reason", "original_text"]].itertuples(index=False)
    ]
    beyond = max(0, *(len(cells) - target.width for _, cells in made))
    surplus = [corrections.SURPLUS.format(n) for n in range(1, beyond + 1)]
    for column, text in enumerate((*OWN, *layout.header, *surplus)):
        of_ours = corrections.is_own(text)
        page.write_string(corrections.HEADER_ROW - 1, column, corrections.shown(text), ours if of_ours else heading)
        page.set_column(column, column, _WIDTHS.get(text, 16), ours if column < len(OWN) else theirs)
    for at, (values, cells) in enumerate(made, corrections.HEADER_ROW):
        for column, text in enumerate((*values, *cells)):
            page.write_string(at, column, corrections.shown(text), ours if column < len(OWN) else theirs)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.freeze_panes(corrections.HEADER_ROW, 1)
