"""HTML and SVG built from escaped parts, and the object that a notebook cell shows.

Every string from the data passes `esc` on its way into a page: a name can neither execute nor break the layout. Nothing here
knows what is drawn.
"""

import html
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

# Marks that turn the reading direction of what follows: a name that holds one would turn its neighbours too.
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PILED_MARKS = re.compile(
    "((?:[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]){3})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)


class Safe(str):
    """Text that is markup already; `esc` leaves it alone."""

    __slots__ = ()


@dataclass(frozen=True)
class Piece:
    """What a drawing function gives back: shown by JupyterLab and by the page, printed as its one-line text.

    Attributes
    ----------
    html
        Markup without any wrapping; empty where only `data` is shown.
    text
        One line for terminals.
    data
        Further MIME types and their JSON, for the page.
    """

    html: Safe
    text: str
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """Give IPython every form there is; in JupyterLab the markup brings its own style along."""
        bundle: dict[str, Any] = {"text/plain": self.text, **self.data}
        if self.html:
            bundle["text/html"] = str(self.html if on_page() else in_lab(self.html))
        return bundle


def on_page() -> bool:
    """Tell whether a report is being made (LOOKTHROUGH_PAGE=1) rather than a notebook explored."""
    return os.environ.get("LOOKTHROUGH_PAGE") == "1"


def in_lab(markup: Safe) -> Safe:
    """Wrap markup with the style that a report's page would otherwise bring."""
    return tag("div", tag("style", Safe(_asset("lab.css"))), markup, class_="lt-lab")


@cache
def _asset(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def asset(name: str) -> str:
    """Return the text of a file that lies beside this module."""
    return _asset(name)


def plain(value: object) -> str:
    """Return a text on one line without control characters, turned reading directions or piles of marks."""
    text = _TURNING.sub("", str(value))
    if not text.isprintable():
        text = "".join(_visible(c) for c in text)
    return _PILED_MARKS.sub(r"\1", text)


def _visible(char: str) -> str:
    if char in "\n\r\t":
        return " "
    return f"\\x{ord(char):02x}" if unicodedata.category(char) in ("Cc", "Cs") else char


def esc(value: object) -> Safe:
    """Escape a value for markup, attributes included; markup stays as it is."""
    return value if isinstance(value, Safe) else Safe(html.escape(plain(value)))


def join(parts: Iterable[object], separator: str = "") -> Safe:
    """Join parts, each escaped unless it is markup."""
    return Safe(str(esc(separator)).join(esc(p) for p in parts))


def tag(name: str, *children: object, **attributes: object) -> Safe:
    """Return `<name attributes>children</name>`; children and values are escaped, None drops an attribute.

    A trailing underscore is cut from attribute names (`class_`), other underscores become hyphens.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{esc(value)}"' for key, value in attributes.items() if value is not None
    )
    return Safe(f"<{name}{written}>{join(children)}</{name}>")


@dataclass(frozen=True)
class Head:
    """The heading of a table's column: text, class of its cells (`num`, `id` or empty), what it means."""

    text: str
    class_: str = ""
    title: str = ""


# Columns from which on a table has less room for each.
WIDE = 8


def table(caption: object, heads: Sequence[Head], rows: Iterable[Sequence[object]], note: object = "") -> Safe:
    """Return a table as pages style it: caption, headings with scope, cells classed like their column, a note below.

    A cell that is no markup is escaped and wrapped in `<td>`; a cell that is a whole `<td>` is taken as it is.
    """
    top = [tag("th", h.text, scope="col", class_=h.class_ or None, title=h.title or None) for h in heads]
    body = [tag("tr", *(_cell(value, h.class_) for value, h in zip(row, heads, strict=True))) for row in rows]
    parts = [tag("caption", caption)] if caption else []
    below = [tag("p", note, class_="lt-note")] if note else []
    whole = tag("table", *parts, tag("thead", tag("tr", *top)), tag("tbody", *body))
    return tag("div", whole, *below, class_="lt-table lt-wide" if len(heads) >= WIDE else "lt-table")


def _cell(value: object, class_: str) -> Safe:
    if isinstance(value, Safe) and value.startswith("<td"):
        return value
    return tag("td", value, class_=class_ or None)


def figure(svg: Safe, caption: object) -> Safe:
    """Return a figure as pages style it."""
    return tag("figure", tag("div", svg, class_="lt-svg"), tag("figcaption", caption), class_="lt-figure")


def absent(text: object) -> Safe:
    """Return a box that says what is missing, in the place where a figure or table would be."""
    return tag("p", text, class_="lt-absent")


def badge(outcome: str, text: object) -> Safe:
    """Return the badge of an outcome: hit, clear or not_testable."""
    return tag("span", text, class_=f"lt-badge lt-{outcome.replace('_', '-')}")


def details(summary: object, *inside: object) -> Safe:
    """Return evidence that is opened on request."""
    return tag("details", tag("summary", summary), *inside, class_="lt-evidence")
