"""The boxes of the look-through chart: their words and outlines, the words of lines, and the legend that explains them.

Kinds are told apart by shape, so that a black-and-white print says the same.
"""

from dataclasses import dataclass

from lib.draw.curves import Rect
from lib.draw.holders import Box, Cast, Tie
from lib.draw.markup import Safe, join, plain, tag
from lib.draw.palette import ACCENT, COMPANY, EDGE, INK, LOOP, PAPER, PERSON, SOFT, STATE
from lib.draw.writing import count, short_percent, width_em, wrapped
from lib.words import word

ENDED = "5 3"  # dashes of what has ended; loops are closed by longer ones in their own colour
MARGIN = 26.0
_NAME_PX, _SHARE_PX = 12.5, 11.0


@dataclass(frozen=True)
class Shape:
    """A box with its words: lines of the name, the line below, width and height in pixels."""

    box: Box
    lines: list[str]
    below: str
    width: float
    height: float


def full_name(box: Box) -> str:
    """Return the name of a box in full."""
    if box.kind == "stack":
        return word("draw", "stack", n=count(box.holders))
    if box.kind == "gap":
        return word("draw", "unknown")
    return plain(box.name)


def shaped(box: Box, upright: bool) -> Shape:
    """Return the words of a box and the room that they need."""
    name = full_name(box)
    small = box.kind in ("stack", "gap")
    widest = (8.6 if upright else 12.0) if not small else 9.0
    lines = wrapped(name, widest, 3 if upright else 2)
    below = _below(box)
    text = max([width_em(t) * _NAME_PX for t in lines] + [width_em(below) * _SHARE_PX])
    least = 60.0 if small else 96.0 if upright else 128.0
    height = len(lines) * 17.0 + (15.0 if below else 0.0) + (10.0 if small else 15.0)
    return Shape(box, lines, below, max(least, text + (18.0 if small else 28.0)), height)


def _below(box: Box) -> str:
    parts = []
    if box.kind == "target":
        parts.append(word("draw", "institution"))
    elif box.share is not None:
        parts.append(word("draw", "through", share=short_percent(box.share)))
    if box.former:
        parts.append(word("draw", "former"))
    if box.unheld:
        parts.append(word("draw", "unheld"))
    return " · ".join(parts)


def drawn(shape: Shape, rect: Rect) -> Safe:
    """Return a box with its words; what screen readers and tooltips say is its name, id and share."""
    box = shape.box
    left, top, right, bottom = rect
    middle = (left + right) / 2
    dark = box.kind == "target"
    ink = PAPER if dark else SOFT if box.kind in ("stack", "gap") else INK
    total = len(shape.lines) * 17.0 + (15.0 if shape.below else 0.0)
    y = (top + bottom) / 2 - total / 2 + 13.0
    words = [
        tag(
            "text",
            line,
            x=f"{middle:.1f}",
            y=f"{y + 17.0 * n:.1f}",
            text_anchor="middle",
            font_size=_NAME_PX,
            style=f"fill:{ink}",
        )
        for n, line in enumerate(shape.lines)
    ]
    if shape.below:
        at = y + 17.0 * len(shape.lines) - 1.0
        soft = PAPER if dark else SOFT
        words.append(
            tag(
                "text",
                shape.below,
                x=f"{middle:.1f}",
                y=f"{at:.1f}",
                text_anchor="middle",
                font_size=_SHARE_PX,
                style=f"fill:{soft}",
            )
        )
    told = " · ".join(t for t in (full_name(box), "" if box.id.startswith("\0") else box.id, shape.below) if t)
    return tag("g", tag("title", told), outline(box.kind, rect), *words)


def outline(kind: str, rect: Rect) -> Safe:
    """Return the outline of a kind: persons round, companies square, the state six-cornered, unknown dashed, stacks double."""
    left, top, right, bottom = rect
    sides = {"x": f"{left:.1f}", "y": f"{top:.1f}", "width": f"{right - left:.1f}", "height": f"{bottom - top:.1f}"}
    if kind == "target":
        return tag("rect", **sides, style=f"fill:{ACCENT};stroke:{ACCENT};stroke-width:1.5")
    if kind == "person":
        return _filled("rect", PERSON, **sides, rx=f"{min(18.0, (bottom - top) / 2):.1f}")
    if kind == "state":
        cut = min(11.0, (right - left) / 4)
        corners = [(left + cut, top), (right - cut, top), (right, (top + bottom) / 2)]
        corners += [(right - cut, bottom), (left + cut, bottom), (left, (top + bottom) / 2)]
        return _filled("polygon", STATE, points=" ".join(f"{x:.1f},{y:.1f}" for x, y in corners))
    if kind == "stack":
        behind = sides | {"x": f"{left + 4:.1f}", "y": f"{top - 4:.1f}"}
        look = f"fill:{PAPER};stroke:{EDGE};stroke-width:1"
        return join((tag("rect", **behind, style=look), tag("rect", **sides, style=look)))
    if kind == "gap":
        return tag("rect", **sides, rx="3", style=f"fill:{PAPER};stroke:{SOFT};stroke-width:1.2;stroke-dasharray:4 3")
    if kind in ("company", "partnership", "fund"):
        return _filled("rect", COMPANY, **sides)
    return tag("rect", **sides, style=f"fill:{PAPER};stroke:{SOFT};stroke-width:1.2;stroke-dasharray:1.5 3")


def _filled(name: str, colour: str, **geometry: str) -> Safe:
    """Return a shape on paper with a tint of its colour, so that no line shows through it."""
    paper = tag(name, **geometry, style=f"fill:{PAPER}")
    return join((paper, tag(name, **geometry, style=f"fill:{colour};fill-opacity:.13;stroke:{colour};stroke-width:1.4")))


def share_text(tie: Tie) -> str:
    """Write the share of a holding and, if it or an earlier one has ended, until when."""
    share = _percent(tie.share, at_least=tie.at_least)
    if tie.ended:
        return word("draw", "ended", share=share, day=tie.until)
    return share if tie.until is None else word("draw", "before", share=share, before=_percent(tie.before), day=tie.until)


def _percent(share: float | None, *, at_least: bool = False) -> str:
    if share is None:
        return word("draw", "share_unknown")
    return word("draw", "at_least", share=short_percent(share)) if at_least else short_percent(share)


def legend(cast: Cast, y: float) -> tuple[Safe, float]:
    """Return the legend of what the chart holds, in one row, and the width that it needs."""
    shown = {
        b.kind if b.kind in ("target", "person", "company", "state", "stack", "gap") else "company" for b in cast.boxes.values()
    }
    shown |= {"other"} if any(b.kind == "other" for b in cast.boxes.values()) else set()
    parts, x = [], MARGIN
    for kind in ("target", "company", "person", "state", "other", "stack", "gap"):
        if kind not in shown:
            continue
        text = word("draw", f"kind_{kind}")
        parts += [outline(kind, (x, y - 6, x + 22, y + 6)), _legend_text(text, x + 29, y)]
        x += 29 + width_em(text) * _SHARE_PX + 22
    if cast.looped:
        text = word("draw", "kind_loop")
        parts.append(
            tag("path", d=f"M{x:.1f} {y:.1f}h24", style=f"fill:none;stroke:{LOOP};stroke-width:1.6;stroke-dasharray:6 4")
        )
        parts.append(_legend_text(text, x + 31, y))
        x += 31 + width_em(text) * _SHARE_PX + 22
    if any(tie.ended for tie in cast.ties):
        text = word("draw", "kind_ended")
        parts.append(
            tag("path", d=f"M{x:.1f} {y:.1f}h24", stroke_dasharray=ENDED, style=f"fill:none;stroke:{EDGE};stroke-width:1.2")
        )
        parts.append(_legend_text(text, x + 31, y))
        x += 31 + width_em(text) * _SHARE_PX + 22
    return tag("g", *parts), x


def _legend_text(text: str, x: float, y: float) -> Safe:
    return tag("text", text, x=f"{x:.1f}", y=f"{y + 4:.1f}", font_size=_SHARE_PX, style=f"fill:{SOFT}")
