"""No byte and no row is lost: whatever a file holds, each record is accepted with its very values or set apart with its text.

Files are made up by Hypothesis (tests/ledger_cases.py), which knows of each record what must become of it.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.intake.originals import original_text
from tests.deliveries import Delivery
from tests.ledger_cases import HEADER, Written, deliveries, texts
from tests.test_intake_workbooks import xls, xlsx, zipped

FILES = 6  # a file more costs far less than an import more
FEW, MANY = 4, 200


def trials(n: int) -> settings:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(max_examples=n, deadline=None, suppress_health_check=quiet)


@contextmanager
def empty() -> Iterator[Delivery]:
    with tempfile.TemporaryDirectory() as folder:
        made = Delivery(Path(folder))
        made.raw.mkdir()
        yield made


def check_file(made: Delivery, source: dict[str, Any], written: Written) -> None:
    """Check that a file came out record by record as it was written."""
    source_id, content = source["source_id"], written.content
    spans = made.rows("select * from spans where source_id = $id order by byte_from", id=source_id)
    assert [span["byte_from"] for span in spans] == [0, *(span["byte_to"] for span in spans[:-1])]
    assert b"".join(content[span["byte_from"] : span["byte_to"]] for span in spans) == content
    assert source["rows_read"] == source["rows_accepted"] + source["rows_quarantined"]
    lines = written.lines()
    kinds = {line: span["kind"] for span in spans for line in range(span["line_from"], span["line_to"] + 1)}
    assert [kinds[line] for line, _ in lines] == [piece.kind for _, piece in lines]
    shown = original_text(made.store, source_id, [line for line, _ in lines])
    assert shown == {line: written.text(piece) for line, piece in lines}
    apart = made.rows("select line, original_text from quarantine where source_id = $id order by line", id=source_id)
    assert {row["line"]: row["original_text"] for row in apart} == {
        line: written.text(piece) for line, piece in lines if piece.kind == "quarantined"
    }
    rows = made.rows("select * from loans where source_id = $id order by line", id=source_id)
    found = [(row["line"], row["loan_id"], row["principal_yuan"], row["purpose"]) for row in rows]
    assert found == [(line, *piece.row) for line, piece in lines if piece.row is not None]


def check_delivery(files: list[Written], *, packed: bool) -> None:
    with empty() as made:
        names = {f"{i:02}/loans.csv": written.content for i, written in enumerate(files)}
        if packed:
            zipped(made.raw / "a.zip", names)
        else:
            made.write(**{name.removesuffix(".csv").replace("/", "__"): content for name, content in names.items()})
        made.bring()
        sources = made.rows(f"select * from sources order by {'member' if packed else 'name'}")
        assert [source["member"] if packed else source["name"] for source in sources] == list(names)
        for source, written in zip(sources, files, strict=True):
            check_file(made, source, written)


@given(deliveries(FILES))
@trials(FEW)
def test_any_mix_of_encodings_delimiters_quotes_and_broken_lines_comes_out_byte_for_byte(files: list[Written]) -> None:
    check_delivery(files, packed=False)


@given(deliveries(FILES))
@trials(FEW // 3)
def test_any_mix_comes_out_of_an_archive_byte_for_byte(files: list[Written]) -> None:
    check_delivery(files, packed=True)


@pytest.mark.long
@given(deliveries(FILES))
@trials(MANY)
def test_very_many_mixes_come_out_byte_for_byte(files: list[Written]) -> None:
    check_delivery(files, packed=False)


@pytest.mark.long
@given(deliveries(FILES))
@trials(MANY // 3)
def test_very_many_mixes_come_out_of_an_archive_byte_for_byte(files: list[Written]) -> None:
    check_delivery(files, packed=True)


# ---- sheets ------------------------------------------------------------------------------------------------------------

SheetRow = tuple[str, list[Any]]


@st.composite
def sheets(draw: st.DrawFn, name: str) -> list[SheetRow]:
    """Make up a sheet of loans: rows with what must become of each."""
    rows: list[SheetRow] = [("preamble", [f"某某网贷 {name}"])] * draw(st.integers(0, 1))
    rows.append(("header", list(HEADER)))
    wanted = st.sampled_from(("row", "row", "blank", "amount", "no id", "digits", "total", "header"))
    for i, what in enumerate(["row", *draw(st.lists(wanted, max_size=10))]):
        number, text = f"{name}-{i}", draw(texts(('"', "\n")))
        amount: Any = draw(st.integers(0, 10**13)) / 100
        if draw(st.booleans()):
            amount = f"{Decimal(str(amount)):.2f}"
        rows.append(
            {
                "row": ("accepted", [number, "P1", amount, text]),
                "blank": ("blank", []),
                "amount": ("quarantined", [number, "P1", "12x", text]),
                "no id": ("quarantined", [None, "P1", amount, text]),
                "digits": ("quarantined", [6222021234567890000 + 10_000 * i, "P1", amount, text]),
                "total": ("total", ["合计", None, amount, None]),
                "header": ("header", list(HEADER)),
            }[what]
        )
    while rows[-1][0] == "blank":
        rows.pop()  # a sheet ends with its last cell
    return rows


def check_sheets(made: Delivery, by_sheet: dict[tuple[str, str, str], list[SheetRow]]) -> None:
    sources = made.rows("select * from sources")
    assert {(source["name"], source["member"], source["sheet"]) for source in sources} == set(by_sheet)
    for source in sources:
        rows = by_sheet[source["name"], source["member"], source["sheet"]]
        spans = made.rows("select * from spans where source_id = $id order by line_from", id=source["source_id"])
        kinds = [span["kind"] for span in spans for _ in range(span["line_from"], span["line_to"] + 1)]
        assert kinds == [kind for kind, _ in rows]
        assert [span["line_from"] for span in spans] == [1, *(span["line_to"] + 1 for span in spans[:-1])]
        assert source["rows_read"] == source["rows_accepted"] + source["rows_quarantined"]
        apart = made.rows("select line, original_text from quarantine where source_id = $id", id=source["source_id"])
        assert {row["line"] for row in apart} == {i for i, (kind, _) in enumerate(rows, 1) if kind == "quarantined"}
        shown = original_text(made.store, source["source_id"], range(1, len(rows) + 1))
        assert all(shown[row["line"]] == row["original_text"] for row in apart)
        loans = made.rows("select * from loans where source_id = $id order by line", id=source["source_id"])
        assert [(row["line"], row["loan_id"], row["principal_yuan"], row["purpose"]) for row in loans] == [
            (i, cells[0], Decimal(str(cells[2])), cells[3]) for i, (kind, cells) in enumerate(rows, 1) if kind == "accepted"
        ]
        texts = {i: cells[3] for i, (kind, cells) in enumerate(rows, 1) if kind in ("accepted", "quarantined")}
        assert all(text.replace('"', '""') in shown[i] for i, text in texts.items())


def check_workbooks(sheets: list[list[SheetRow]]) -> None:
    with empty() as made:
        by_sheet = {}
        half = len(sheets) // 2
        for name, write, some in (("a.xlsx", xlsx, sheets[:half]), ("b.xls", xls, sheets[half:])):
            write(made.raw / name, {f"表{i}": [cells for _, cells in rows] for i, rows in enumerate(some)})
            by_sheet |= {(name, "", f"表{i}"): rows for i, rows in enumerate(some)}
        packed = xlsx(
            made.folder / "c.xlsx",
            {
                "内": [
                    [f"{cell}z" if j == 0 and cell else cell for j, cell in enumerate(cells)] if kind == "accepted" else cells
                    for kind, cells in sheets[0]
                ]
            },
        )
        zipped(made.raw / "c.zip", {"子/c.xlsx": packed.read_bytes()})
        by_sheet["c.zip", "子/c.xlsx", "内"] = [
            (kind, [f"{cells[0]}z", *cells[1:]] if kind == "accepted" else cells) for kind, cells in sheets[0]
        ]
        made.bring()
        check_sheets(made, by_sheet)


@given(st.tuples(*(sheets(f"S{i}") for i in range(4))).map(list))
@trials(FEW // 2)
def test_every_row_of_any_sheet_comes_out_of_a_workbook_or_is_set_apart(sheets: list[list[SheetRow]]) -> None:
    check_workbooks(sheets)


@pytest.mark.long
@given(st.tuples(*(sheets(f"S{i}") for i in range(4))).map(list))
@trials(MANY // 3)
def test_every_row_of_very_many_sheets_comes_out_of_a_workbook_or_is_set_apart(sheets: list[list[SheetRow]]) -> None:
    check_workbooks(sheets)
