"""An evaluation as one HTML page that needs nothing but itself: the tables of `listing`, every text escaped on its way in.

Nothing is masked: the people and numbers of a simulated district are invented.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from lib.draw.markup import Head, Safe, join, table, tag
from lib.evaluation import listing
from lib.evaluation.listing import Listing
from lib.rendering import page
from lib.words import language, word

# Short ids, which a browser would otherwise break at their hyphens.
_WHOLE = ("entry", "rule", "institution", "finding")


def render(result: Mapping[str, Any]) -> str:
    """Return the page of an evaluation, in the process's language."""
    title = word("evaluate", "title", name=result["district"]["name"])
    head = [tag("h1", title), *(tag("p", line) for line in listing.headline(result))]
    sections = [_section(one) for one in (*listing.listings(result), listing.entries(result))]
    body = join((*head, tag("p", word("evaluate", "how"), class_="lt-note"), *sections))
    made_by = word("page", "made_by", version=version("lookthrough"), store=result["district"]["store_version"])
    return page.document(body, title, made_by, language())


def _section(one: Listing) -> Safe:
    heads = [Head(word("cli", name), "num" if name in one.numbers else "") for name in one.columns]
    rows = [[_cell(name, text) for name, text in zip(one.columns, row, strict=True)] for row in one.rows]
    return join((tag("h2", one.caption), table("", heads, rows)))


def _cell(name: str, text: str) -> Safe | str:
    return tag("td", text, style="white-space: nowrap") if name in _WHOLE else text
