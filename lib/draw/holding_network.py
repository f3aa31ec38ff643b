"""A look-through of more holders than a chart can show: a network that a reader can move, layered like the chart."""

import math
from typing import Any

import networkx as nx
from pyvis.network import Network

from lib.draw import boxes, framing, layering
from lib.draw.holders import Box, Cast, Tie
from lib.draw.markup import Piece, plain
from lib.draw.writing import short_percent, wrapped
from lib.words import word

_ROOM = (64.0, 190.0)  # pixels from node to node within a layer, and from layer to layer at the least
_ASPECT = 1.8  # of the field that it is to fill
_LABELLED = 60  # nodes that carry words: those with the largest look-through shares
_LABELLED_LINES = 60
# Kind → group of the page's palette, shape: they say the same in black and white.
_LOOKS = {
    "target": ("target", "square"),
    "company": ("company", "square"),
    "person": ("person", "dot"),
    "state": ("hub", "hexagon"),
    "other": ("unknown", "triangle"),
    "stack": ("account", "diamond"),
    "gap": ("unknown", "triangleDown"),
}


def draw(cast: Cast, caption: str) -> Piece:
    """Draw what a chart would show as a network, the institution at the bottom."""
    graph: nx.DiGraph[str] = nx.DiGraph((t.holder, t.held) for t in cast.ties if t.holder != t.held)
    graph.add_node(cast.target)
    layout = layering.lay_out(graph, cast.target, dict.fromkeys(graph, _ROOM[0] - 8), 8.0)
    span = max(layout.across.values()) - min(layout.across.values())
    step = max(_ROOM[1], span / _ASPECT / max(layout.layer.values(), default=1))
    drawn = Network(directed=True)
    names = {party: f"n{i}" for i, party in enumerate(cast.boxes)}  # no identity number becomes an id on the page
    named = set(sorted(cast.boxes, key=lambda p: (p != cast.target, -(cast.boxes[p].share or 0.0), p))[:_LABELLED])
    for party, box in cast.boxes.items():
        group, shape = _LOOKS[_kind(box)]
        words = "\n".join(wrapped(boxes.full_name(box), 9.5, 2)) if party in named else " "
        place = {"x": round(layout.across[party], 1), "y": -round(layout.layer[party] * step, 1)}
        share = 1.0 if party == cast.target else min(box.share or 0.0, 1.0)
        size = round(14 + 14 * math.sqrt(share), 1)
        drawn.add_node(names[party], label=words, title=_told(box), group=group, shape=shape, size=size, **place)
    for n, tie in enumerate(sorted(cast.ties, key=lambda t: (-(t.share or 0.0), t.held, t.holder))):
        drawn.add_edge(names[tie.holder], names[tie.held], **_line(tie, cast, labelled=n < _LABELLED_LINES))
    held = {_kind(box) for box in cast.boxes.values()}
    legend = [{"group": g, "label": word("draw", f"kind_{k}"), "shape": s} for k, (g, s) in _LOOKS.items() if k in held]
    return framing.shown(framing.data_of(drawn) | {"caption": caption, "legend": legend, "note": ""})


def _kind(box: Box) -> str:
    return box.kind if box.kind in _LOOKS else "company"


def _told(box: Box) -> str:
    """Return a node's tooltip: plain text, one fact a line."""
    own = "" if box.id.startswith("\0") else plain(box.id)
    through = word("draw", "through", share=short_percent(box.share)) if box.share is not None else ""
    more = [word("draw", name) for name, said in (("former", box.former), ("unheld", box.unheld)) if said]
    return "\n".join(text for text in (boxes.full_name(box), own, through, *more) if text)


def _line(tie: Tie, cast: Cast, *, labelled: bool) -> dict[str, Any]:
    text = boxes.share_text(tie)
    ends = " → ".join(boxes.full_name(cast.boxes[party]) for party in (tie.holder, tie.held))
    width = round(1 + 2 * min(tie.share or 0.0, 1.0), 2)
    look = {"width": width, "arrows": {"to": {"enabled": True, "scaleFactor": 0.5}}, "dashes": tie.ended or tie.share is None}
    return {"label": text if labelled else "", "title": f"{ends}\n{text}", **look}
