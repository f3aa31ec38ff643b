"""`draw.district` and `draw.shared`: the cover of the district's page, and the map of what its institutions share."""

import math
from typing import Any

import networkx as nx
import pandas as pd
from pyvis.network import Network

from lib import checks, dossier
from lib.case import Case
from lib.draw import framing, masking, people, spread, tables
from lib.draw.cards import MIME, card, cards, grades
from lib.draw.columns import code_word
from lib.draw.markup import Piece, absent, join, plain, tag
from lib.draw.writing import count, is_null, wrapped
from lib.errors import BadParameter
from lib.words import pick, word

MAX_THINGS = 300  # drawn; of more, those that most institutions share
_LABELLED = 80  # nodes that carry words
# Kind of link → group of the page's palette, shape: they say the same in black and white.
_LOOKS = {
    "institution": ("target", "square"),
    "controller": ("person", "diamond"),
    "officer": ("person", "dot"),
    "operator": ("company", "square"),
    "borrower": ("company", "dot"),
    "account": ("account", "hexagon"),
    "device": ("hub", "hexagon"),
    **dict.fromkeys(("phone", "address", "email", "website"), ("unknown", "triangle")),
}


def district(case: Case, found: pd.DataFrame | None = None) -> Piece:
    """Draw the cover of the district's page.

    Parameters
    ----------
    found
        A frame of `checks.run`; run here, if omitted.

    Returns
    -------
    The day; how many institutions there are, on the register, not entered and removed; how many leads by gravity; deadlines
    missed and unknown. The page also gets hits, by_severity, not_testable and clear (rules without a lead) as data.

    Raises
    ------
    BadParameter
        If the case is not the whole district.
    """
    if not case.is_district:
        raise BadParameter(
            "全区页不指定机构: 请用 open_case() 或 lookthrough report --template district",
            "The district's page names no institution: open_case(), or lookthrough report --template district",
        )
    tables.use(case)
    found = checks.run(case) if found is None else found
    states = dossier.register(case, found=found)["register_state"].value_counts().to_dict()
    due = dossier.deadlines(case)["deadline_state"].value_counts().to_dict()
    hits = found.loc[found["outcome"] == "hit", "rule_id"]
    graded = hits.map(lambda rule: checks.rules()[rule].severity).value_counts()
    by_severity = {s: int(graded[s]) for s in grades() if s in graded}
    shown = [card(sum(states.values()), word("register", "card_institutions"), "")]
    shown += [
        card(states.get(s, 0), word("register", s), "open" if s == "not_entered" and states.get(s) else "") for s in _STATES
    ]
    shown.append(card(len(hits), word("draw", "card_hits"), "hit" if len(hits) else ""))
    shown += [card(n, word("severity", s), "hit") for s, n in by_severity.items()]
    shown += [card(due.get(s, 0), word("register", f"card_{s}"), tone if due.get(s) else "") for s, tone in _DUE.items()]
    facts = tag("dl", tag("dt", word("draw", "as_of")), tag("dd", case.as_of))
    title = (tag("p", word("register", "district_report"), class_="lt-note"), tag("h1", word("case", "district")), facts)
    body = tag("section", *title, cards(shown), tag("p", word("draw", "leads_note")), class_="lt-cover")
    summary = {"name": word("case", "district"), "as_of": case.as_of.isoformat(), "hits": len(hits), "by_severity": by_severity}
    outcomes = found.groupby("rule_id")["outcome"].agg(
        lambda o: next(n for n in ("hit", "not_testable", "clear") if (o == n).any())
    )
    summary |= {n: int((outcomes == n).sum()) for n in ("not_testable", "clear")}
    said = {"institutions": count(sum(states.values())), "hits": count(len(hits)), "missed": count(due.get("missed", 0))}
    return Piece(body, word("register", "district_line", as_of=case.as_of, **said), {MIME: summary})


_STATES = ("entered", "not_entered", "removed")
_DUE = {"missed": "hit", "late": "hit", "unknown": "open"}


def shared(case: Case, found: pd.DataFrame | None = None) -> Piece:
    """Draw the map of what institutions share: institutions, and between them what two or more have in common.

    Parameters
    ----------
    found
        A frame of `dossier.shared`; worked out here, if omitted.

    Returns
    -------
    On a page the network's data, which the page draws; in JupyterLab a frame that works without any network.

    Raises
    ------
    BadParameter
        If the case is not the whole district.
    """
    tables.use(case)
    found = dossier.shared(case) if found is None else found
    if found.empty:
        text = word("register", "nothing_shared")
        notes = [tag("p", note, class_="lt-note") for note in found.attrs.get("notes", ())]
        return Piece(join((absent(text), *notes)), text)
    graph, left_out = _graph(found)
    data = _through_pyvis(graph)
    things = sum(1 for _, facts in graph.nodes(data=True) if facts["kind"] != "institution")
    size = word("register", "map_size", institutions=count(len(graph) - things), things=count(things))
    note = word("register", "map_left_out", n=count(left_out)) if left_out else ""
    caption = f"{found.attrs['caption']}{pick('。', '. ')}{size}{note}"
    return framing.shown(data | {"caption": caption, "legend": _legend(graph), "note": note})


def _graph(found: pd.DataFrame) -> tuple["nx.Graph[Any]", int]:
    """Return institutions and things as a graph, and how many things are left out."""
    things = found.drop_duplicates(["link", "shared"]).sort_values("institutions", ascending=False, kind="stable")
    kept = set(things[["link", "shared"]].head(MAX_THINGS).itertuples(index=False, name=None))
    graph: nx.Graph[Any] = nx.Graph()
    for row in found.itertuples(index=False):
        if (row.link, row.shared) not in kept:
            continue
        node = (row.link, row.shared)
        graph.add_node(node, kind=row.link, text=_thing(row))
        for party, name in ((row.a_id, row.a_name), (row.b_id, row.b_name)):
            graph.add_node(("institution", party), kind="institution", text=str(name))
            graph.add_edge(node, ("institution", party))
    return graph, len(things) - len(kept)


def _thing(row: Any) -> str:
    """Return what a thing is called: its name as the page may show it, else its id or text, masked where pages are."""
    name = None if is_null(row.shared_name) else people.shown_name(str(row.shared_name), str(row.shared))
    own = masking.mask_text(str(row.shared)) if masking.masks() else str(row.shared)
    return f"{own} {name}" if name and row.link == "account" else name or own


def _through_pyvis(graph: "nx.Graph[Any]") -> dict[str, Any]:
    drawn = Network(directed=True)
    places = spread.scattered(graph)
    names = {node: f"n{i}" for i, node in enumerate(graph)}  # no number becomes an id on the page
    order = sorted(graph, key=lambda n: (n[0] != "institution", -graph.degree(n), str(n)))
    labelled = set(order[:_LABELLED])
    for node, facts in graph.nodes(data=True):
        group, shape = _LOOKS[facts["kind"]]
        text = plain(facts["text"])
        x, y = places[node]
        told = text if facts["kind"] == "institution" else f"{code_word('link', facts['kind'])}\n{text}"
        size = round(8 + 2.5 * math.sqrt(graph.degree(node)), 1)
        label = "\n".join(wrapped(text, 9.5, 2)) if node in labelled else " "
        drawn.add_node(names[node], label=label, title=told, group=group, shape=shape, size=size, x=round(x, 1), y=round(y, 1))
    for a, b in graph.edges():
        thing, institution = (b, a) if a[0] == "institution" else (a, b)
        title = f"{plain(graph.nodes[institution]['text'])} · {code_word('link', thing[0])}"
        drawn.add_edge(names[thing], names[institution], title=title, label="", width=1, arrows={"to": {"enabled": False}})
    return framing.data_of(drawn)


def _legend(graph: "nx.Graph[Any]") -> list[dict[str, str]]:
    held = {facts["kind"] for _, facts in graph.nodes(data=True)}
    contacts = [k for k in ("phone", "address", "email", "website") if k in held]
    kinds = [k for k in _LOOKS if k in held and k not in contacts]
    told = {k: word("register", "card_institutions") if k == "institution" else word("register", k) for k in kinds}
    made = [{"group": _LOOKS[k][0], "label": told[k], "shape": _LOOKS[k][1]} for k in kinds]
    label = pick("、", ", ").join(word("register", k) for k in contacts)
    return [*made, *([{"group": "unknown", "label": label, "shape": "triangle"}] if contacts else [])]
