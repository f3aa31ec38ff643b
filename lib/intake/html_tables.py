"""The child's side of the sandbox: tables of an HTML page, as banks' systems export them under the name of a workbook.

Each table is a sheet; what stands between tables goes above the next one, and what comes last below the last one, so that no
text of the page is lost. A cell that spans several columns or rows holds its text in the first of them only.
"""

import codecs
import contextlib
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_SILENT = ("script", "style", "title", "xml")
_BLOCKS = ("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "br", "caption", "center")
_WIDEST = 16_384


class Unreadable(Exception):
    """A page that no encoding fits, with the reason in both languages."""

    reason = ("HTML 文件的编码无法确定", "no encoding fits the HTML page")


@dataclass
class _Table:
    above: list[str]
    rows: list[list[str]] = field(default_factory=list)
    pending: dict[int, int] = field(default_factory=dict)
    cell: list[str] | None = None
    spans: tuple[int, int] = (1, 1)

    def begin_row(self) -> None:
        self.end_cell()
        self.rows.append([])
        self._skip()

    def begin_cell(self, columns: int, rows: int) -> None:
        if not self.rows:
            self.begin_row()
        self.end_cell()
        self.cell, self.spans = [], (columns, rows)

    def end_cell(self) -> None:
        if self.cell is None:
            return
        row, (columns, rows) = self.rows[-1], self.spans
        if rows > 1:
            self.pending |= {len(row) + i: rows - 1 for i in range(columns)}
        row += [_joined(self.cell), *[""] * (columns - 1)]
        self.cell = None
        self._skip()

    def _skip(self) -> None:
        """Leave the places empty that a cell of a row above still takes."""
        row = self.rows[-1]
        while self.pending.get(len(row), 0) > 0:
            self.pending[len(row)] -= 1
            row.append("")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self.open: list[_Table] = []
        self.loose: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        elif tag == "table":
            self.open.append(_Table(_lines(self.loose)))
            self.loose = []
        elif tag in _BLOCKS:
            self._text("\n")
        elif self.open and tag == "tr":
            self.open[-1].begin_row()
        elif self.open and tag in ("td", "th"):
            said = dict(attrs)
            self.open[-1].begin_cell(_span(said.get("colspan")), _span(said.get("rowspan")))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif self.open and tag in ("td", "th", "tr"):
            self.open[-1].end_cell()
        elif self.open and tag == "table":
            table = self.open.pop()
            table.end_cell()
            self.tables.append(table)

    def handle_data(self, data: str) -> None:
        self._text(data)

    def _text(self, data: str) -> None:
        if self.silent:
            return
        if self.open and self.open[-1].cell is not None:
            self.open[-1].cell.append(data)
        else:
            self.loose.append(data)


def tables(raw: bytes) -> list[list[list[str]]]:
    """Return the tables of a page that have any text, each as rows of one width; text outside of tables is a row of one cell.

    Raises
    ------
    Unreadable
        If the page's bytes fit no encoding.
    """
    page = _Page()
    page.feed(_decoded(raw))
    page.close()
    while page.open:
        page.handle_endtag("table")
    found: list[list[list[str]]] = []
    above: list[str] = []
    for table in page.tables:
        above += table.above
        if any(any(row) for row in table.rows):
            width = max(map(len, table.rows))
            found.append([*([line] for line in above), *(row + [""] * (width - len(row)) for row in table.rows)])
            above = []
    if found:
        found[-1] += [[line] for line in (*above, *_lines(page.loose))]
    return found


def _decoded(raw: bytes) -> str:
    """Decode strictly: by a byte order mark, as UTF-8, as the page says, as GB18030."""
    stated = _CHARSET.search(raw[:4096])
    marks = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
    tried = [name for mark, name in marks if raw.startswith(mark)]
    tried += ["utf-8-sig", *([stated[1].decode("ascii")] if stated else []), "gb18030"]
    for name in tried:
        with contextlib.suppress(UnicodeDecodeError, LookupError):
            return raw.decode("gb18030" if name.lower() in ("gb2312", "gbk") else name)
    raise Unreadable


def _lines(pieces: list[str]) -> list[str]:
    return [line.strip() for line in "".join(pieces).splitlines() if line.strip()]


def _joined(pieces: list[str]) -> str:
    return "".join(pieces).strip()


def _span(text: str | None) -> int:
    return min(max(int(text), 1), _WIDEST) if text and text.strip().isdigit() else 1
