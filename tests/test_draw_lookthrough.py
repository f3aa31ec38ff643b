"""The look-through chart: what it shows, where it puts it, and that nothing covers anything."""

import datetime as dt
import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import BadParameter, draw
from lib.draw import chart, former, framing, holders, layering
from lib.draw.curves import Rect
from lib.draw.former import Former
from tests.trials import trials

SVG = "{http://www.w3.org/2000/svg}"


def holding(*ties: tuple[str, str, float | None], **kinds: str) -> "nx.DiGraph[str]":
    graph: nx.DiGraph[str] = nx.DiGraph()
    for holder, held, share in ties:
        graph.add_edge(holder, held, share=share)
    for node in graph:
        graph.nodes[node].update(name=node, kind=kinds.get(node, "company"))
    return graph


def rects_of_labels(svg: str) -> list[Rect]:
    """Return the papers of the labels: the rectangles that are as high as a label."""
    found = []
    for element in ET.fromstring(svg).iter(f"{SVG}rect"):
        if element.get("height") == "12.5":
            x, y = float(element.get("x", 0)), float(element.get("y", 0))
            found.append((x, y, x + float(element.get("width", 0)), y + 12.5))
    return found


def overlaps(rects: Iterable[Rect]) -> int:
    return sum(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for a, b in itertools.combinations(list(rects), 2))


def shares_of(graph: "nx.DiGraph[str]") -> dict[str, float]:
    return {n: 1 / (2 + i) for i, n in enumerate(sorted(graph))}


def test_holders_lie_above_what_they_hold() -> None:
    graph = holding(("A", "P", 0.5), ("B", "A", 0.5), ("B", "P", 0.1), ("Z", "B", 1.0))
    assert layering.layers(graph, "P") == {"P": 0, "A": 1, "B": 2, "Z": 3}


def test_a_circular_holding_has_layers_too() -> None:
    graph = holding(("A", "P", 0.5), ("B", "A", 0.5), ("C", "B", 0.5), ("A", "C", 0.1))
    layer = layering.layers(graph, "P")
    assert layer == {"P": 0, "A": 1, "B": 2, "C": 3}
    assert not layering.is_upward(layer, "A", "C")


def test_the_target_stays_at_the_bottom_of_its_own_loop() -> None:
    graph = holding(("A", "P", 0.5), ("P", "B", 0.2), ("B", "A", 0.3))
    assert layering.layers(graph, "P") == {"P": 0, "A": 1, "B": 2}


@st.composite
def graphs(draw: st.DrawFn) -> "nx.DiGraph[str]":
    """Companies in which everyone leads to T, loops and self-holdings included."""
    size = draw(st.integers(1, 25))
    ties = [(f"n{i}", "T" if i == 1 else f"n{draw(st.integers(1, i - 1))}", 0.3) for i in range(1, size + 1)]
    names = [f"n{i}" for i in range(1, size + 1)] + ["T"]
    more = draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names), st.just(0.01)), max_size=25))
    return holding(*ties, *more)


@settings(max_examples=trials(20), deadline=None)
@given(graphs())
def test_boxes_never_cover_each_other_and_every_label_has_a_place_of_its_own(graph: "nx.DiGraph[str]") -> None:
    cast = holders.choose(graph, "T", shares_of(graph))
    drawn = chart.draw(cast, "t", "d")
    labels = rects_of_labels(drawn.svg)
    assert len(labels) + drawn.unlabelled == len(cast.ties)
    assert overlaps(labels) == 0
    assert drawn.unlabelled == 0


def rects_of_boxes(svg: str) -> list[Rect]:
    """Return the rooms of the boxes: groups with a tooltip and words, each by its first outline."""
    found = []
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        if group.find(f"{SVG}title") is None or group.find(f"{SVG}text") is None:
            continue
        outline = next(e for e in group if e.tag in (f"{SVG}rect", f"{SVG}polygon"))
        if outline.tag == f"{SVG}rect":
            x, y, width, height = (float(outline.get(side, 0)) for side in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
        else:
            xs, ys = zip(*((float(n) for n in point.split(",")) for point in outline.get("points", "").split()), strict=True)
            found.append((min(xs), min(ys), max(xs), max(ys)))
    return found


@settings(max_examples=trials(25), deadline=None)
@given(graphs(), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 25), st.sampled_from([0.1, None])), max_size=15))
def test_labels_cover_neither_labels_nor_boxes_with_ended_holdings_too(
    graph: "nx.DiGraph[str]", past: list[tuple[int, int, float | None]]
) -> None:
    pairs = {(f"n{a}", f"n{b}" if b else "T"): share for a, b, share in past}
    kinds = ("person", "company", "state", "other")
    ended = [Former(a, a, kinds[len(b) % 4], b, share, None, dt.date(2017, 1, 2)) for (a, b), share in pairs.items()]
    cast, missed = former.choose(partial(holders.choose, graph, "T", shares_of(graph)), ended, graph, 300)
    drawn = chart.draw(cast, "t", "d")
    labels, boxes = rects_of_labels(drawn.svg), rects_of_boxes(drawn.svg)
    assert (missed, len(boxes), len(labels)) == (0, len(cast.boxes), len(cast.ties))
    assert drawn.unlabelled == 0
    assert overlaps(labels) == overlaps(boxes) == 0
    assert not [1 for a in labels for b in boxes if overlaps([a, b])]


@pytest.mark.parametrize("now", [(), (("A", "A", 0.01),)])
def test_a_holding_in_itself_that_has_ended_or_was_larger_has_its_label_beside_other_boxes(
    now: tuple[tuple[str, str, float], ...],
) -> None:
    graph = holding(("A", "P", 0.5), ("B", "P", 0.3), *now)
    ended = [Former("A", "A", "company", "A", 0.1, None, dt.date(2017, 1, 2))]
    cast, _ = former.choose(partial(holders.choose, graph, "P", shares_of(graph)), ended, graph, 300)
    drawn = chart.draw(cast, "t", "d")
    assert drawn.unlabelled == 0
    assert len(rects_of_labels(drawn.svg)) == len(cast.ties)


@settings(max_examples=trials(20), deadline=None)
@given(graphs())
def test_boxes_of_a_layer_keep_their_distance(graph: "nx.DiGraph[str]") -> None:
    graph.remove_edges_from([(n, n) for n in list(graph)])
    layout = layering.lay_out(graph, "T", dict.fromkeys(graph, 100.0), 20.0)
    for level in set(layout.layer.values()):
        row = sorted(layout.across[n] for n in graph if layout.layer[n] == level)
        assert all(b - a >= 120.0 - 1e-6 for a, b in itertools.pairwise(row))


def test_crossings_that_can_be_avoided_are() -> None:
    # Drawn in the order given, A–C crosses B–D; one of the rows must be turned.
    graph = holding(("C", "P", 0.5), ("D", "P", 0.5), ("A", "D", 1.0), ("B", "C", 1.0))
    across = layering.lay_out(graph, "P", dict.fromkeys(graph, 100.0), 20.0).across
    assert (across["A"] - across["B"]) * (across["D"] - across["C"]) > 0


def test_what_is_missing_to_the_whole_is_a_box_of_its_own() -> None:
    cast = holders.choose(holding(("A", "P", 0.6), ("B", "P", 0.3), A="person", B="person"), "P", {"A": 0.6, "B": 0.3})
    (gap,) = [t for t in cast.ties if cast.boxes[t.holder].kind == "gap"]
    assert (gap.held, gap.share) == ("P", pytest.approx(0.1))


def test_shares_that_add_up_leave_nothing_unknown() -> None:
    ties = [(f"h{i}", "P", 1 / 3) for i in range(3)]
    cast = holders.choose(holding(*ties, h0="person", h1="person", h2="person"), "P", {f"h{i}": 1 / 3 for i in range(3)})
    assert not [b for b in cast.boxes.values() if b.kind == "gap"]


def test_small_holders_of_one_company_are_stacked_with_their_sum() -> None:
    ties = [("A", "P", 0.9), *((f"s{i}", "P", 0.02) for i in range(5))]
    graph = holding(*ties, **{f"s{i}": "person" for i in range(5)})
    cast = holders.choose(graph, "P", {"A": 0.9, **{f"s{i}": 0.02 for i in range(5)}}, min_share=0.05)
    (stack,) = [t for t in cast.ties if cast.boxes[t.holder].kind == "stack"]
    assert (cast.boxes[stack.holder].holders, stack.share) == (5, pytest.approx(0.10))
    assert (cast.left_out, cast.left_out_below) == (5, 0.02)


@pytest.mark.parametrize("limit", [2, 3, 10, 57, 300])
def test_a_chart_never_has_more_boxes_than_asked_for(limit: int) -> None:
    ties = [(f"c{i}", "P" if i < 5 else f"c{(i - 5) // 4}", 0.2) for i in range(400)]
    graph = holding(*ties)
    cast = holders.choose(graph, "P", {f"c{i}": 0.2 / (1 + i) for i in range(400)}, max_nodes=limit)
    assert len(cast.boxes) <= max(limit, 2)
    assert cast.left_out == 401 - sum(1 for b in cast.boxes.values() if b.kind not in ("stack", "gap"))


def test_those_through_whom_a_large_holder_holds_are_shown_however_small() -> None:
    shells = [(f"s{i}", "P", 0.01) for i in range(10)]
    graph = holding(*shells, *(("Z", f"s{i}", 1.0) for i in range(10)), Z="person")
    cast = holders.choose(graph, "P", {"Z": 0.1, **{f"s{i}": 0.01 for i in range(10)}}, min_share=0.05)
    assert "Z" in cast.boxes
    assert any(b.startswith("s") for b in cast.boxes)


def test_a_loop_that_is_not_drawn_in_full_is_counted() -> None:
    graph = holding(("A", "P", 0.9), ("B", "A", 0.01), ("A", "B", 0.9))
    whole = holders.choose(graph, "P", {"A": 0.9, "B": 0.009})
    assert (whole.half_looped, whole.looped) == (0, frozenset({("A", "B"), ("B", "A")}))
    assert holders.choose(graph, "P", {"A": 0.9, "B": 0.009}, min_share=0.1).half_looped == 1


def parties(**kinds: str) -> list[dict[str, Any]]:
    return [{"party_id": k, "name": f"{k}有限公司" if v == "company" else f"{k}某人", "kind": v} for k, v in kinds.items()]


def holdings(*ties: tuple[str, str, float | None]) -> list[dict[str, Any]]:
    return [{"holding_id": f"h{i}", "holder_id": a, "held_id": b, "share": s} for i, (a, b, s) in enumerate(ties)]


def texts(svg: str) -> list[str]:
    return [t for e in ET.fromstring(svg).iter(f"{SVG}text") if (t := "".join(e.itertext()))]


def svg_of(piece: Any) -> str:
    found = re.search(r"<svg.*</svg>", piece.html, re.DOTALL)
    assert found
    return found[0]


def test_the_chart_names_holders_and_writes_shares_on_their_lines(make_case: Callable[..., Any]) -> None:
    case = make_case(
        "P", parties=parties(P="company", A="company", Z="person"), holdings=holdings(("A", "P", 0.6), ("Z", "A", 0.5))
    )
    words = texts(svg_of(draw.lookthrough(case)))
    assert {"60%", "50%", "40%", "穿透 30%", "穿透 60%", "Z某人"} <= set(words)
    assert words.count("50%") == 2  # Z's half of A, and the half of A that nobody has disclosed


def test_the_caption_counts_who_has_no_box(make_case: Callable[..., Any]) -> None:
    small = [(f"s{i}", "P", 0.0004) for i in range(3)]
    people = parties(P="company", A="person", **{f"s{i}": "person" for i in range(3)})
    case = make_case("P", parties=people, holdings=holdings(("A", "P", 0.9988), *small))
    assert "另有3名股东未单独画出，其穿透比例均不高于0.04%" in draw.lookthrough(case).text
    assert "未单独画出" not in draw.lookthrough(case, min_share=0).text


def test_a_company_without_holders_gets_a_box_that_says_what_is_needed(make_case: Callable[..., Any]) -> None:
    case = make_case("P", parties=parties(P="company"))
    piece = draw.lookthrough(case)
    assert "lt-absent" in piece.html
    assert "holdings" in piece.text


def test_a_hostile_name_does_not_become_markup(make_case: Callable[..., Any]) -> None:
    name = '</text><script>alert(1)</script>"&' + "很长" * 300
    case = make_case(
        "P",
        parties=[*parties(P="company"), {"party_id": "X", "name": name, "kind": "person"}],
        holdings=holdings(("X", "P", 1.0)),
    )
    svg = svg_of(draw.lookthrough(case))
    root = ET.fromstring(svg)
    assert not list(root.iter(f"{SVG}script"))
    assert float(root.get("width", "0")) < 700
    assert "url(" not in svg


def test_english_is_spoken_when_asked(make_case: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    case = make_case("P", parties=parties(P="company", A="person"), holdings=holdings(("A", "P", 0.6)))
    assert {"Unknown", "through 60%"} <= set(texts(svg_of(draw.lookthrough(case))))


def test_the_same_case_gives_the_same_bytes(make_case: Callable[..., Any]) -> None:
    case = make_case(
        "P",
        parties=parties(P="company", A="company", B="person"),
        holdings=holdings(("A", "P", 0.6), ("B", "A", 0.4), ("P", "A", 0.1)),
    )
    assert draw.lookthrough(case).html == draw.lookthrough(case).html


@pytest.mark.parametrize("asked", [{"max_nodes": 1}, {"min_share": 1.5}, {"min_share": -0.1}])
def test_parameters_out_of_range_are_refused(make_case: Callable[..., Any], asked: dict[str, Any]) -> None:
    with pytest.raises(BadParameter):
        draw.lookthrough(make_case("P", parties=parties(P="company")), **asked)


def test_the_district_has_no_chart(make_case: Callable[..., Any]) -> None:
    with pytest.raises(BadParameter, match="需要指定机构"):
        draw.lookthrough(make_case(None, parties=parties(P="company")))


def many(make_case: Callable[..., Any], number: int) -> Any:
    ties = [(f"s{i}", "P", 1 / number) for i in range(number - 1)] + [("P", "s0", 0.1), ("s1", "s0", None)]
    people = parties(P="company", s0="company", **{f"s{i}": "person" for i in range(1, number - 1)})
    return make_case("P", parties=people, holdings=holdings(*ties))


def test_up_to_300_boxes_are_a_chart_and_more_a_network_that_can_be_moved(
    make_case: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKTHROUGH_PAGE", "1")
    case = many(make_case, 400)
    assert len(list(ET.fromstring(svg_of(draw.lookthrough(case))).iter(f"{SVG}title"))) > 300
    piece = draw.lookthrough(case, max_nodes=1000)
    data = piece.data[framing.MIME]
    # P and its 399 holders, the 0.25 % that is missing of P, and the 90 % of s0
    assert len(data["nodes"]) == 402
    assert len({(n["x"], n["y"]) for n in data["nodes"]}) == 402
    shapes = {n["group"]: n["shape"] for n in data["nodes"]}
    assert (shapes["target"], shapes["person"]) == ("square", "dot")
    assert sum(e["dashes"] for e in data["edges"]) == 1  # s1's unknown share
    assert "股权穿透图" in piece.text


def test_in_a_network_holders_stand_above_what_they_hold(
    make_case: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKTHROUGH_PAGE", "1")
    data = draw.lookthrough(many(make_case, 400), max_nodes=1000).data[framing.MIME]
    height = {n["id"]: n["y"] for n in data["nodes"]}
    target = next(n["id"] for n in data["nodes"] if n["group"] == "target")
    assert all(height[e["from"]] < height[e["to"]] for e in data["edges"] if e["from"] != target)
