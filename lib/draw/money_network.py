"""`draw.network`: who paid whom, as a network of accounts."""

import math
from collections.abc import Hashable
from decimal import Decimal
from typing import Any

import networkx as nx
import pandas as pd
from pyvis.network import Network

from lib import flows
from lib.case import Case
from lib.draw import framing, people, spread, tables
from lib.draw.behind import rows_behind
from lib.draw.columns import code_word
from lib.draw.markup import Piece, absent, plain
from lib.draw.trails import Net, account_text, holder_name, moved_text, trail_graph
from lib.draw.writing import count, is_null, period, short_yuan, wrapped, yuan
from lib.errors import BadParameter
from lib.words import pick, word

MAX_NODES = 1000
_SINGLE_TRANSFERS = 150  # rows of a trail up to which every transfer is a line of its own
_LABELLED = 60  # nodes that carry words; of larger networks those that moved most
_LABELLED_LINES = 48  # lines up to which each carries its amount; of more, the largest
# What a node means → group of the page's palette, shape. The shape says the same in black and white.
LOOKS = {
    "own": ("target", "square"),
    "related": ("person", "diamond"),
    "borrower": ("company", "dot"),
    "hub": ("hub", "hexagon"),
    "other": ("account", "dot"),
    "unknown": ("unknown", "triangle"),
}


def network(what: "Case | nx.MultiDiGraph[Any] | pd.DataFrame", case: Case | None = None) -> Piece:
    """Draw money flows as a network of accounts.

    Parameters
    ----------
    what
        A case (its `flows.network`), a graph as `flows.network` returns it, or a trail as `flows.trace` returns it (laid out by
        hop, from left to right).
    case
        Whose graph or trail it is, for names and colours; the case drawn last, if omitted.

    Returns
    -------
    On a page the network's data, which the page draws; in JupyterLab a frame that works without any network.

    Raises
    ------
    BadParameter
        If `what` is none of these.
    """
    case = what if isinstance(what, Case) else case
    if case is not None:
        tables.use(case)
    if isinstance(what, pd.DataFrame):
        graph, step = trail_graph(what, people.current(), _SINGLE_TRANSFERS)
        return _piece(graph, step, word("draw", "trail", method=word("flows", what.attrs.get("method", "pro_rata"))))
    if isinstance(what, Case | nx.MultiDiGraph):
        return _piece(flows.network(what) if isinstance(what, Case) else what, None, word("draw", "network"))
    kind = type(what).__name__
    raise BadParameter(
        f"draw.network 不能画 {kind}: 应为案件、flows.network 的图或 flows.trace 的结果",
        f"draw.network cannot draw a {kind}: give it a case, a graph of flows.network or a frame of flows.trace",
    )


def _piece(graph: Net, step: dict[Hashable, int] | None, title: str) -> Piece:
    if not graph.number_of_edges():
        text = word("draw", "no_flows")
        return Piece(absent(text), text)
    graph, left_out = _largest(graph)
    places = spread.by_step(graph, step) if step else spread.scattered(graph)
    data = _through_pyvis(graph, places)
    times: list[Any] = [
        t for _, _, f in graph.edges(data=True) for t in (f.get("first_at"), f.get("last_at")) if not is_null(t)
    ]
    span = period(min(times), max(times)) if times else ""
    moved = sum(int(f.get("count") or 1) for _, _, f in graph.edges(data=True))
    sizes = word("draw", "network_size", accounts=count(len(graph)), transfers=count(moved))
    caption = pick("，", ", ").join(t for t in (title, span, sizes) if t)
    out = left_out + _already_left_out(graph)
    note = word("draw", "network_left_out", n=count(out)) if out else ""
    data |= {"caption": f"{caption}{pick('。', '. ')}{note}" if note else caption, "legend": _legend(graph), "note": note}
    return framing.shown(data)


def _already_left_out(graph: Net) -> int:
    said = graph.graph.get("left_out") or 0
    return int(said) if isinstance(said, int | float) else len(said)


def _largest(graph: Net) -> tuple[Net, int]:
    """Keep the accounts that moved most, as many as can be drawn."""
    if len(graph) <= MAX_NODES:
        return graph, 0
    moved = _moved(graph)
    kept = sorted(graph, key=lambda n: (-moved[n], str(n)))[:MAX_NODES]
    return graph.subgraph(kept).copy(), len(graph) - MAX_NODES


def _moved(graph: Net) -> dict[Hashable, Decimal]:
    moved: dict[Hashable, Decimal] = dict.fromkeys(graph, Decimal(0))
    for payer, payee, facts in graph.edges(data=True):
        for node in (payer, payee):
            moved[node] += Decimal(str(facts.get("amount_yuan") or 0))
    return moved


def _through_pyvis(graph: Net, places: spread.Places) -> dict[str, Any]:
    """Return nodes and edges as vis-network reads them."""
    drawn = Network(directed=True)
    moved = _moved(graph)
    largest = max(moved.values(), default=Decimal(1)) or Decimal(1)
    named = set(sorted(graph, key=lambda n: (_rank(graph.nodes[n]), -moved[n], str(n)))[:_LABELLED])
    names = {n: f"n{i}" for i, n in enumerate(graph)}  # no account number becomes an id on the page
    for node, facts in graph.nodes(data=True):
        group, shape = LOOKS.get(facts.get("group") or "other", LOOKS["other"])
        x, y = places[node]
        size = round(9 + 13 * math.sqrt(float(moved[node] / largest)), 1)
        label = _label(node, facts) if node in named else " "
        title = _told(node, facts, moved[node])
        drawn.add_node(names[node], label=label, title=title, group=group, shape=shape, x=round(x, 1), y=round(y, 1), size=size)
    edges = sorted(graph.edges(data=True), key=lambda e: -Decimal(str(e[2].get("amount_yuan") or 0)))
    labelled = len(edges) if len(edges) <= _LABELLED_LINES else _LABELLED_LINES // 4
    behind = rows_behind(people.current(), (facts for _, _, facts in edges))
    for place, (payer, payee, facts) in enumerate(edges):
        amount = Decimal(str(facts.get("amount_yuan") or 0))
        width = round(1 + 4 * math.sqrt(float(amount / largest)), 2) if amount > 0 else 1
        label = short_yuan(amount) if place < labelled else ""
        arrow = {"to": {"enabled": True, "scaleFactor": 0.5}}
        look = {"label": label, "title": moved_text(facts), "width": width, "arrows": arrow}
        drawn.add_edge(names[payer], names[payee], **look, rows=behind[place])
    return framing.data_of(drawn)


def _rank(facts: dict[str, Any]) -> int:
    """Return which nodes are named first: those that the report is about."""
    return 0 if facts.get("group") in ("own", "related", "hub", "unknown") else 1


def _label(node: Hashable, facts: dict[str, Any]) -> str:
    name = holder_name(facts)
    text = name or account_text(node)
    return "\n".join(wrapped(plain(text), 9.5, 2))


def _told(node: Hashable, facts: dict[str, Any], moved: Decimal) -> str:
    """Return a node's tooltip: plain text, one fact a line."""
    lines = [holder_name(facts), "" if str(node).startswith("\0") else account_text(node)]
    lines += [code_word("purpose", str(facts["purpose"]))] if facts.get("purpose") else []
    lines.append(word("draw", "moved", amount=yuan(moved)))
    return "\n".join(plain(line) for line in lines if line)


def _legend(graph: Net) -> list[dict[str, str]]:
    held = {facts.get("group") or "other" for _, facts in graph.nodes(data=True)}
    held = {g if g in LOOKS else "other" for g in held}
    return [{"group": LOOKS[g][0], "label": word("draw", f"group_{g}"), "shape": LOOKS[g][1]} for g in LOOKS if g in held]
