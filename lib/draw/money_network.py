"""`draw.network`: who paid whom, as a network of accounts."""

import math
from collections import defaultdict
from collections.abc import Hashable
from decimal import Decimal
from typing import Any, TypeAlias

import networkx as nx
import pandas as pd
from pyvis.network import Network

from lib import flows
from lib.case import Case
from lib.draw import framing, masking, people, spread, tables
from lib.draw.columns import code_word
from lib.draw.markup import Piece, absent, plain
from lib.draw.writing import count, is_null, period, short_yuan, wrapped, yuan
from lib.errors import BadParameter
from lib.words import pick, word

Net: TypeAlias = "nx.MultiDiGraph[Any]"
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
        graph, step = trail_graph(what, people.current())
        return _piece(graph, step, word("draw", "trail", method=word("flows", what.attrs.get("method", "pro_rata"))))
    if isinstance(what, Case | nx.MultiDiGraph):
        return _piece(flows.network(what) if isinstance(what, Case) else what, None, word("draw", "network"))
    kind = type(what).__name__
    raise BadParameter(
        f"draw.network 不能画 {kind}: 应为案件、flows.network 的图或 flows.trace 的结果",
        f"draw.network cannot draw a {kind}: give it a case, a graph of flows.network or a frame of flows.trace",
    )


def trail_graph(trail: pd.DataFrame, case: Case | None = None) -> tuple[Net, dict[Hashable, int]]:
    """Turn a trail into a graph of accounts and the step at which each is first reached (0: where the money comes from).

    Every transfer of a short trail is an edge of its own; of a long one, those between the same two accounts are one.

    Raises
    ------
    BadParameter
        If the frame is no trail.
    """
    needed = {"transfer_id", "at", "payer_account", "payee_account", "amount_yuan", "traced_yuan", "hop"}
    if missing := needed - set(trail.columns):
        raise BadParameter(
            f"这张表不是 flows.trace 的结果, 缺少列: {', '.join(sorted(missing))}",
            f"This frame is no result of flows.trace; it lacks {', '.join(sorted(missing))}",
        )
    graph: Net = nx.MultiDiGraph()
    step: dict[Hashable, int] = {}
    for row in trail.sort_values(["hop", "at"], kind="stable").to_dict("records"):
        payer, payee = _known(row["payer_account"], "in"), _known(row["payee_account"], "out")
        step.setdefault(payer, int(row["hop"]))
        step.setdefault(payee, int(row["hop"]) + 1)
        graph.add_edge(payer, payee, **_transfer(row))
    if len(trail) > _SINGLE_TRANSFERS:
        graph = _summed(graph)
    if case is not None and len(trail):
        known = flows.network(case, trail=trail, max_accounts=len(graph) or 1)
        for node in graph:
            graph.nodes[node].update(known.nodes.get(node, {}))
    for node, name in (("\0in", "payer_unknown"), ("\0out", "left_data")):
        if node in graph:
            graph.nodes[node].update(group="unknown", holder_name=word("draw", name))
    return graph, step


def _known(account: object, side: str) -> str:
    return f"\0{side}" if is_null(account) else str(account)


def _transfer(row: dict[Hashable, Any]) -> dict[str, Any]:
    return {
        "amount_yuan": Decimal(str(row["traced_yuan"])),
        "of_yuan": Decimal(str(row["amount_yuan"])),
        "count": 1,
        "first_at": row["at"],
        "last_at": row["at"],
        "transfer_ids": [row["transfer_id"]],
    }


def _summed(graph: Net) -> Net:
    """Add up what runs between the same two accounts in the same direction."""
    sums: dict[tuple[Hashable, Hashable], list[dict[str, Any]]] = defaultdict(list)
    for payer, payee, facts in graph.edges(data=True):
        sums[payer, payee].append(facts)
    made: Net = nx.MultiDiGraph()
    made.add_nodes_from(graph)
    for (payer, payee), several in sums.items():
        total = {k: sum((f[k] for f in several), Decimal(0)) for k in ("amount_yuan", "of_yuan")}
        ids = [i for f in several for i in f["transfer_ids"]]
        times = [f["first_at"] for f in several]
        made.add_edge(payer, payee, **total, count=len(several), first_at=min(times), last_at=max(times), transfer_ids=ids)
    return made


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
    for place, (payer, payee, facts) in enumerate(edges):
        amount = Decimal(str(facts.get("amount_yuan") or 0))
        width = round(1 + 4 * math.sqrt(float(amount / largest)), 2) if amount > 0 else 1
        label = short_yuan(amount) if place < labelled else ""
        arrow = {"to": {"enabled": True, "scaleFactor": 0.5}}
        drawn.add_edge(names[payer], names[payee], label=label, title=_moved_text(facts), width=width, arrows=arrow)
    return framing.data_of(drawn)


def _rank(facts: dict[str, Any]) -> int:
    """Return which nodes are named first: those that the report is about."""
    return 0 if facts.get("group") in ("own", "related", "hub", "unknown") else 1


def _label(node: Hashable, facts: dict[str, Any]) -> str:
    name = _holder_name(facts)
    text = name or _account_text(node)
    return "\n".join(wrapped(plain(text), 9.5, 2))


def _holder_name(facts: dict[str, Any]) -> str:
    name = facts.get("holder_name") or facts.get("name") or ""
    if facts.get("group") == "unknown":  # a word of ours, nobody's name
        return str(name)
    kind = facts.get("holder_kind") or facts.get("kind")
    known = kind if kind in ("person", "company", "partnership", "fund", "state") else None
    return people.shown_name(str(name), facts.get("holder_id"), known) if name else ""


def _account_text(node: Hashable) -> str:
    return masking.mask_number(plain(node)) if masking.masks() else plain(node)


def _told(node: Hashable, facts: dict[str, Any], moved: Decimal) -> str:
    """Return a node's tooltip: plain text, one fact a line."""
    lines = [_holder_name(facts), "" if str(node).startswith("\0") else _account_text(node)]
    lines += [code_word("purpose", str(facts["purpose"]))] if facts.get("purpose") else []
    lines.append(word("draw", "moved", amount=yuan(moved)))
    return "\n".join(plain(line) for line in lines if line)


def _moved_text(facts: dict[str, Any]) -> str:
    lines = [word("draw", "amount", amount=yuan(facts.get("amount_yuan")))]
    if not is_null(facts.get("of_yuan")):
        lines = [word("draw", "traced", amount=yuan(facts["amount_yuan"]), of=yuan(facts["of_yuan"]))]
    if facts.get("kind"):
        lines.append(code_word("kind", str(facts["kind"])))
    lines.append(word("draw", "transfers", n=count(facts.get("count") or 1)))
    lines.append(period(facts.get("first_at"), facts.get("last_at")))
    return "\n".join(plain(line) for line in lines)


def _legend(graph: Net) -> list[dict[str, str]]:
    held = {facts.get("group") or "other" for _, facts in graph.nodes(data=True)}
    held = {g if g in LOOKS else "other" for g in held}
    return [{"group": LOOKS[g][0], "label": word("draw", f"group_{g}"), "shape": LOOKS[g][1]} for g in LOOKS if g in held]
