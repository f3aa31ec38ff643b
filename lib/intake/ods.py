"""The child's side of the sandbox: what calamine does not tell of an OpenDocument sheet (.ods): cells with an error.

Source: OpenDocument 1.3 part 3, 9.1 (tables, rows and cells, and how often each is repeated) and 19.379 (office:string-value).
A cell with an error has an empty string-value, and shows a text.
"""

import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_MOST_REPEATED = 1_000
Place = tuple[int, int]


def errors(archive: zipfile.ZipFile) -> dict[str, dict[Place, str]]:
    """Return the cells of each sheet that show a text and state an empty one (row, column from 0: text)."""
    found: dict[str, dict[Place, str]] = {}
    with archive.open("content.xml") as file:
        sheet, row = "", 0
        for event, element in ElementTree.iterparse(file, events=("start", "end")):  # noqa: S314 - in a child with limits
            if event == "start":
                if element.tag == f"{_TABLE}table":
                    sheet, row = element.get(f"{_TABLE}name", ""), 0
            elif element.tag == f"{_TABLE}table-row":
                repeated = _repeated(element, "rows")
                for column, text in _shown(element):
                    own = found.setdefault(sheet, {})
                    own |= {(row + i, column): text for i in range(min(repeated, _MOST_REPEATED))}
                row += repeated
                element.clear()
    return found


def _shown(row: ElementTree.Element) -> Iterator[tuple[int, str]]:
    column = 0
    for cell in (each for each in row.iter() if each.tag in _CELLS):
        repeated = _repeated(cell, "columns")
        if cell.get(f"{_OFFICE}string-value") == "" and (text := "".join(cell.itertext()).strip()):
            for i in range(min(repeated, _MOST_REPEATED)):
                yield column + i, text
        column += repeated


def _repeated(element: ElementTree.Element, what: str) -> int:
    written = element.get(f"{_TABLE}number-{what}-repeated", "1")
    return int(written) if written.isdigit() else 1
