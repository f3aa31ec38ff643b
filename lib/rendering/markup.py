"""One pass over a page's body: take out what could run or load, number headings, figures and tables, list the headings.

Everything that is not touched stays as it was written, byte for byte. The content security policy of the page is the second
line of defence, not the first.
"""

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

# Elements that run, load or send something; they go with all that is in them.
_DROPPED = {
    "script",
    "iframe",
    "object",
    "embed",
    "applet",
    "frame",
    "frameset",
    "form",
    "portal",
    "animate",
    "set",
    "template",
}
_DROPPED_VOID = {"link", "meta", "base"}
_DROPPED_ATTRIBUTES = {"action", "formaction", "ping", "poster", "srcset", "srcdoc", "background", "target", "nonce"}
_LINKS = {"href", "xlink:href", "src", "data"}
_LOADS = re.compile(r"url\(\s*['\"]?(?!['\"]?#)|@import|expression\(", re.IGNORECASE)
_HEADINGS = {"h2": 0, "h3": 1}
Attributes = list[tuple[str, str | None]]


@dataclass(frozen=True)
class Heading:
    """An entry of the table of contents: level 0 or 1, number such as 2.1, anchor and plain text."""

    level: int
    number: str
    anchor: str
    text: str


@dataclass
class Body:
    """A finished body: its HTML and its headings."""

    html: str
    headings: list[Heading] = field(default_factory=list)


def finish(body: str, figure: str, table: str) -> Body:
    """Clean and number a body.

    Parameters
    ----------
    body
        The HTML of all cells.
    figure, table
        The words before the numbers of figures and tables, in the page's language.
    """
    parser = _Pass(body, figure, table)
    parser.feed(body)
    parser.close()
    return Body(parser.result(), parser.headings)


class _Pass(HTMLParser):
    """Collects edits (start, end, replacement) on the source instead of writing it anew."""

    def __init__(self, source: str, figure: str, table: str) -> None:
        super().__init__(convert_charrefs=False)
        self.source = source
        self.words = {"figcaption": figure, "caption": table}
        self.counts = {"figcaption": 0, "caption": 0}
        self.lines = [0, *(m.end() for m in re.finditer("\n", source))]
        self.edits: list[tuple[int, int, str]] = []
        self.headings: list[Heading] = []
        self.numbers = [0, 0]
        self.anchors: set[str] = set()
        self.open_heading: tuple[int, str, list[str]] | None = None
        self.dropping: list[tuple[str, int]] = []
        self.framed: list[bool] = []  # for each open div: whether it, or one around it, frames a table

    def here(self) -> int:
        line, column = self.getpos()
        return self.lines[line - 1] + column

    def result(self) -> str:
        if self.dropping:
            self.edits.append((self.dropping[0][1], len(self.source), ""))
        parts, done = [], 0
        for start, end, text in sorted(self.edits, key=lambda edit: edit[:2]):
            if start >= done:
                parts += [self.source[done:start], text]
                done = max(done, end)
        return "".join([*parts, self.source[done:]])

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        start = self.here()
        text = self.get_starttag_text() or ""
        if self.dropping or tag in _DROPPED:
            if tag in _DROPPED and not text.endswith("/>"):
                self.dropping.append((tag, start))
            elif not self.dropping:
                self.edits.append((start, start + len(text), ""))
            return
        if tag in _DROPPED_VOID:
            self.edits.append((start, start + len(text), ""))
            return
        self._written(tag, attrs, start, text)
        if tag == "div":
            frames = any(k == "class" and "lt-table" in (v or "").split() for k, v in attrs)
            self.framed.append(frames or bool(self.framed and self.framed[-1]))

    handle_startendtag = handle_starttag

    def _written(self, tag: str, attrs: Attributes, start: int, text: str) -> None:
        """Write a start tag: what is dangerous left out, what is numbered with its number."""
        kept = [(k, v) for k, v in attrs if _harmless(k, v)]
        before = after = ""
        if tag in _HEADINGS:
            kept, after = self._heading(tag, kept)
        elif tag in self.words:
            self.counts[tag] += 1
            after = f'<span class="lt-number">{self.words[tag]} {self.counts[tag]}</span> '
        elif tag == "table" and not (self.framed and self.framed[-1]):
            before = '<div class="lt-table">'
        if kept != attrs:
            text_new = _tag(tag, kept, closed=text.endswith("/>"))
            self.edits.append((start, start + len(text), before + text_new + after))
        elif before or after:
            self.edits.append((start, start + len(text), before + text + after))

    def _heading(self, tag: str, attrs: Attributes) -> tuple[Attributes, str]:
        level = _HEADINGS[tag]
        self.numbers[level] += 1
        if level == 0:
            self.numbers[1] = 0
        number = ".".join(str(n) for n in self.numbers[: level + 1])
        anchor = dict(attrs).get("id") or f"s-{number.replace('.', '-')}"
        while anchor in self.anchors:
            anchor += "-"
        self.anchors.add(anchor)
        self.open_heading = (level, anchor, [number])
        rest = [(k, v) for k, v in attrs if k != "id"]
        return [("id", anchor), *rest], f'<span class="lt-number">{number}</span> '

    def handle_endtag(self, tag: str) -> None:
        start = self.here()
        end = self.source.find(">", start) + 1 or len(self.source)
        if self.dropping:
            if tag == self.dropping[-1][0]:
                _, opened = self.dropping.pop()
                if not self.dropping:
                    self.edits.append((opened, end, ""))
            return
        if tag in _DROPPED:
            self.edits.append((start, end, ""))
        elif tag in _HEADINGS and self.open_heading is not None:
            level, anchor, parts = self.open_heading
            self.headings.append(Heading(level, parts[0], anchor, " ".join("".join(parts[1:]).split())))
            self.open_heading = None
        elif tag == "table" and not (self.framed and self.framed[-1]):
            self.edits.append((start, end, self.source[start:end] + "</div>"))
        elif tag == "div" and self.framed:
            self.framed.pop()

    def handle_data(self, data: str) -> None:
        if self.dropping:
            return
        if self.open_heading is not None:
            self.open_heading[2].append(data)
        if self.lasttag == "style" and self.cdata_elem == "style" and _LOADS.search(data):
            self.edits.append((self.here(), self.here() + len(data), ""))

    def handle_entityref(self, name: str) -> None:
        self.handle_data(html.unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self.handle_data(html.unescape(f"&#{name};"))

    def handle_pi(self, data: str) -> None:
        self._without(data)

    def handle_decl(self, decl: str) -> None:
        self._without(decl)

    def _without(self, text: str) -> None:
        start = self.here()
        end = self.source.find(">", start + len(text)) + 1 or len(self.source)
        self.edits.append((start, end, ""))


def _harmless(name: str, value: str | None) -> bool:
    value = value or ""
    if name.startswith("on") or name in _DROPPED_ATTRIBUTES:
        return False
    if name in _LINKS:
        return value.startswith(("#", "data:image/"))
    return not (name == "style" and _LOADS.search(value))


def _tag(name: str, attrs: Attributes, *, closed: bool) -> str:
    written = "".join(f" {k}" if v is None else f' {k}="{html.escape(v)}"' for k, v in attrs)
    return f"<{name}{written}{'/' if closed else ''}>"
