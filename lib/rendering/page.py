"""Turn an executed template into one HTML file that needs nothing but itself.

The page is an nbconvert template of our own (lib/page/index.html.j2, on `basic`). Cells hand over plain HTML and two kinds of
data: the summary of the case, which becomes the page's meta, and networks, which the page draws with one copy of vis-network.
"""

import base64
import hashlib
import html
import json
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter

from lib import fonts, paths
from lib.rendering import markup
from lib.words import labels

NETWORK = "application/vnd.lookthrough.network+json"
SUMMARY = "application/vnd.lookthrough.summary+json"
_SHOWN = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain"]
_HEADING = re.compile(r"^(#{1,6}) +(.+?) *$", re.MULTILINE)
_PAGE = paths.PACKAGE / "page"
SEVERITIES = ("prohibited", "major", "minor", "watch", "dq")
_THREAD = threading.local()
_CELLS = {
    "template_name": "page",
    "extra_template_basedirs": [str(paths.PACKAGE)],
    "default_preprocessors": [],
    "exclude_input": True,
    "exclude_input_prompt": True,
    "exclude_output_prompt": True,
    "exclude_anchor_links": True,
}


@dataclass
class _Taken:
    """What was taken out of the cells' outputs: the summary of the case, and networks as (anchor, JSON)."""

    summary: dict[str, Any] = field(default_factory=dict)
    networks: list[tuple[str, str]] = field(default_factory=list)


def render(notebook: nbformat.NotebookNode, facts: Mapping[str, object], lang: str) -> str:
    """Render an executed notebook.

    Parameters
    ----------
    notebook
        Executed, every cell completed; it is not changed.
    facts
        What the page says of itself in its meta, over what the cover's summary says: name, as_of, ids, program, store_version.
    lang
        Language of headings and of the page's own words, `zh` or `en`.

    Returns
    -------
    The page: no request to any network, scripts known by their hash, fonts inside.
    """
    shown = nbformat.from_dict(json.loads(json.dumps(notebook)))
    taken = _Taken()
    for number, cell in enumerate(shown.cells):
        cell["id"] = f"cell-{number}"  # those of the notebook are random, and the page is the same for the same data
        if cell.cell_type == "markdown":
            cell.source = translated(cell.source, lang)
        for output in cell.get("outputs", []):
            _take(output, taken, lang)
    cells, _ = _exporter().from_notebook_node(shown)
    word = words(lang)
    body = markup.finish(cells, word("figure"), word("table"))
    scripts = [*([vis_network()] if taken.networks else []), asset("page.js")]
    given = {"body": body.html, "headings": body.headings, "networks": taken.networks, "summary": {**taken.summary, **facts}}
    return _page("report.html.j2", lang, scripts, title=str(facts.get("name", "")), **given)


def summary(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """Return the summary that the cover of an executed notebook gives; empty without a cover."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    found: dict[str, Any] = {}
    for output in outputs:
        found.update(output.get("data", {}).get(SUMMARY, {}))
    return found


def listing(rows: list[dict[str, Any]], lang: str) -> str:
    """Render the page that lists reports: one row (the meta of a report and its `file`) per report."""
    found = {key for row in rows for key in row.get("by_severity") or {}}
    severities = [key for key in SEVERITIES if key in found]
    return _page("reports.html.j2", lang, [asset("page.js")], rows=rows, severities=severities)


def document(body: str, title: str, footer: str, lang: str) -> str:
    """Render a page of finished sections that is no report: headings and tables are numbered, what could run is taken out.

    Parameters
    ----------
    body
        HTML, every text in it escaped.
    title, footer
        Texts; they are escaped here.
    lang
        Language of the page's own words, `zh` or `en`.
    """
    word = words(lang)
    finished = markup.finish(body, word("figure"), word("table"))
    return _page("document.html.j2", lang, [asset("page.js")], body=finished.html, title=title, footer=footer)


def words(lang: str) -> Any:
    """Return a function that gives the words of section [page] in a language."""
    section = labels()["page"]

    def word(key: str, /, **values: object) -> str:
        text = section[key][lang]
        return text.format(**values) if values else text

    return word


def translated(source: str, lang: str) -> str:
    """Return markdown with its headings in a language; templates are written in Chinese, labels.toml has the English."""
    known = labels().get("headings", {})

    def other(found: re.Match[str]) -> str:
        return f"{found[1]} {known[found[2]][lang]}" if found[2] in known else found[0]

    return _HEADING.sub(other, source)


def _page(template: str, lang: str, scripts: list[str], **given: Any) -> str:
    """Render a page and put the subset of the font that it needs in the place that the template left for it."""
    place = secrets.token_hex(16)  # a text that no data can hold
    page = _environment().get_template(template).render(lang=lang, word=words(lang), scripts=scripts, font=place, **given)
    shown = set(page) | set(html.unescape(page))
    packed = base64.b64encode(fonts.subset_woff2("".join(sorted(shown)))).decode()
    return page.replace(place, f"data:font/woff2;base64,{packed}", 1)


def _take(output: nbformat.NotebookNode, taken: _Taken, lang: str) -> None:
    """Take the summary and the network out of an output; a figure stands in the network's place."""
    data = output.get("data", {})
    if summary := data.pop(SUMMARY, None):
        taken.summary.update(summary)
    if network := data.pop(NETWORK, None):
        anchor = f"network-{len(taken.networks) + 1}"
        taken.networks.append((anchor, json_text(network)))
        sizes = {"nodes": len(network["nodes"]), "edges": len(network["edges"])}
        figure = (
            _environment()
            .get_template("network.html.j2")
            .render(caption=network["caption"], anchor=anchor, word=words(lang), **sizes)
        )
        data["text/html"] = figure + data.get("text/html", "")


def json_text(value: object) -> str:
    """Write JSON for a script element of a data type: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(_PAGE)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    environment.globals.update(asset=asset, policy=policy, json_text=json_text, family=fonts.FAMILY, number=_number)
    return environment


class _Cells(HTMLExporter):  # type: ignore[misc]
    """nbconvert's exporter without its last step, which parses the page with BeautifulSoup and writes it anew."""

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        self.register_filter("highlight_code", _unchanged)  # for inputs, which are not shown
        self.register_filter("filter_data_type", _best)

    def from_notebook_node(self, nb: nbformat.NotebookNode, resources: Any = None, **kw: Any) -> Any:
        return TemplateExporter.from_notebook_node(self, nb, self._init_resources(resources), **kw)


def _exporter() -> _Cells:
    """Return this thread's exporter: making one compiles all its templates."""
    if not hasattr(_THREAD, "exporter"):
        _THREAD.exporter = _Cells(**_CELLS)
    exporter: _Cells = _THREAD.exporter
    return exporter


def _unchanged(value: object, **_: object) -> object:
    return value


def _best(data: Mapping[str, object]) -> list[str]:
    """Return the one form in which an output is shown."""
    return [form for form in _SHOWN if form in data][:1]


def _number(value: object) -> str:
    return "—" if value is None else f"{value:,}"


@cache
def asset(name: str) -> str:
    """Return the text of a file of lib/page."""
    return (_PAGE / name).read_text(encoding="utf-8")


@cache
def vis_network() -> str:
    """Return the script of vis-network 9.1.2 that pyvis ships (found without importing pyvis, which takes 20 MB)."""
    found = find_spec("pyvis")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("lib").joinpath("vis-9.1.2", "vis-network.min.js").read_text(encoding="utf-8")


def policy(*scripts: str) -> str:
    """Return the content security policy of a page that embeds these scripts: everything else is refused."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
