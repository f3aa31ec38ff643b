"""Workbooks of rows that were set apart: exported by tests, corrected, read and written."""

from pathlib import Path

import python_calamine as calamine
import xlsxwriter

from lib import quarantine
from lib.intake.corrections import BY, NOTE
from tests.deliveries import Delivery

HEAD = "loan_id,borrower_id,principal_yuan\n"
GOOD = "L1,P1,100.00\n"
BAD = 'L2,P2,"1,23"\n'  # can be read in more than one way
Rows = list[list[str]]
Edits = dict[str, dict[str, str]]


def sheets(path: Path) -> dict[str, Rows]:
    book = calamine.CalamineWorkbook.from_path(path)
    return {
        name: [[str(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()] for name in book.sheet_names
    }


def save(path: Path, content: dict[str, Rows]) -> Path:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for name, rows in content.items():
            page = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, text in enumerate(row):
                    page.write_string(at, column, text)
    return path


def exported(made: Delivery) -> dict[str, Rows]:
    (made.folder / "out.xlsx").unlink(missing_ok=True)
    quarantine.export(made.store, made.folder / "out.xlsx")
    return sheets(made.folder / "out.xlsx")


def cell(header: list[str], row: list[str], name: str, value: str) -> None:
    row[header.index(name)] = value


def corrected(made: Delivery, content: dict[str, Rows], name: str = "corrected.xlsx", **values: str) -> Path:
    """Write the exported workbook with cells of its first row changed."""
    rows = content["001"]
    for column, value in values.items():
        cell(rows[2], rows[3], {"by": BY, "note": NOTE}.get(column, column), value)
    return save(made.folder / name, content)


def faulty(made: Delivery) -> Delivery:
    made.write(loans=HEAD + GOOD + BAD)
    assert made.bring()["rows_quarantined"].tolist() == [1]
    return made


def fixed(made: Delivery, name: str, edits: Edits) -> Path:
    """Write an export under a name, with cells of rows changed: line → column → text."""
    content = exported(made)
    for rows in (rows for sheet, rows in content.items() if sheet != "说明"):
        for row in rows[3:]:
            for column, value in edits.get(row[0], {}).items():
                cell(rows[2], row, column, value)
    return save(made.folder / name, content)


def kept(made: Delivery, *tables: str) -> list[list[dict[str, object]]]:
    """Rows of tables and of what corrects them, whatever the order in which their sources came in."""
    return [made.rows(f"select * from {table} order by all") for table in (*tables, "corrections", "quarantine")]
