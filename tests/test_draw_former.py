"""Ended holdings in the look-through chart: shown when asked for, dashed, with the day, and never as if they still held."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from lib import draw
from lib.draw import former, holders
from lib.draw.former import Former
from tests.test_draw_lookthrough import SVG, dt, holding, parties, svg_of, texts

DAY = dt.date(2017, 6, 30)


def record(number: int, holder: str, held: str, share: float | None, until: str | None = None) -> dict[str, Any]:
    known = {"holding_id": f"h{number}", "holder_id": holder, "held_id": held, "share": share}
    return known | ({"valid_from": dt.date(2015, 1, 1), "valid_to": dt.date.fromisoformat(until)} if until else {})


@pytest.fixture
def case(make_case: Callable[..., Any]) -> Any:
    rows = [record(1, "A", "P", 0.6), record(2, "Z", "P", 0.4, "2017-06-30"), record(3, "A", "P", 0.9, "2016-01-01")]
    rows += [
        record(4, "Y", "A", 0.5, "2018-09-30"),
        record(5, "X", "A", 0.5, "2018-10-01"),
        record(6, "Z", "P", 0.1, "2016-01-01"),
    ]
    rows += [record(7, "Z", "other", 0.2, "2017-01-01")]
    people = parties(P="company", A="company", Z="person", Y="person", X="person")
    return make_case("P", as_of="2018-09-30", parties=people, holdings=rows)


def test_ended_holdings_are_drawn_with_their_last_share_and_day(case: Any) -> None:
    words = texts(svg_of(draw.lookthrough(case, ended=True)))
    assert "40% 至2017-06-30" in words  # and not the 10 % that ended before
    assert "60% (曾为90%, 至2016-01-01)" in words
    assert "50% 至2018-09-30" in words  # the day itself is the first on which it no longer holds
    assert "50%" in words  # X holds one day longer
    assert words.count("已退出") == 2


def test_ended_holdings_are_not_drawn_unless_asked_for(case: Any) -> None:
    words = " ".join(texts(svg_of(draw.lookthrough(case))))
    assert "至" not in words
    assert "Z某人" not in words


def test_the_lines_of_ended_holdings_alone_are_dashed_so(case: Any) -> None:
    svg = ET.fromstring(svg_of(draw.lookthrough(case, ended=True)))
    dashes = [path.get("stroke-dasharray") for path in svg.iter(f"{SVG}path")]
    assert dashes.count("5 3") == 3  # Z's and Y's, and the legend's


def test_who_has_only_former_holders_has_a_chart_when_they_are_asked_for(make_case: Callable[..., Any]) -> None:
    case = make_case("P", parties=parties(P="company", Z="person"), holdings=[record(1, "Z", "P", 1.0, "2017-06-30")])
    assert "lt-absent" in draw.lookthrough(case).html
    assert {"Z某人", "100% 至2017-06-30", "未知"} <= set(texts(svg_of(draw.lookthrough(case, ended=True))))


def test_english_says_until_when(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    assert {"40% until 2017-06-30", "former holder"} <= set(texts(svg_of(draw.lookthrough(case, ended=True))))


@pytest.mark.parametrize("limit", [2, 3, 9, 30, 300])
def test_former_holders_take_no_more_than_a_third_of_the_room(limit: int) -> None:
    graph = holding(*((f"c{i}", "P", 0.01) for i in range(100)))
    shares = {f"c{i}": 0.01 - i / 1e5 for i in range(100)}
    ended = [Former(f"f{i}", f"f{i}", "person", "P", 0.5, None, DAY) for i in range(60)]
    ended += [Former(f"c{i}", f"c{i}", "company", "P", 0.5, None, DAY) for i in range(50, 60)]
    cast, missed = former.choose(partial(holders.choose, graph, "P", shares), ended, graph, limit)
    assert len(cast.boxes) <= limit
    gone = sum(box.former for box in cast.boxes.values())
    assert gone <= limit // 3
    assert gone + missed >= 60


def test_who_still_holds_is_drawn_with_what_is_held_now() -> None:
    graph = holding(("A", "P", 0.9), ("B", "P", 0.002), ("C", "P", 0.003), ("D", "B", 1.0))
    shares = {"A": 0.9, "B": 0.002, "C": 0.003, "D": 0.002}
    chosen = partial(holders.choose, graph, "P", shares, min_share=0.01)
    assert "D" not in chosen().boxes
    cast, _ = former.choose(chosen, [Former("D", "D", "person", "A", 0.3, None, DAY)], graph, 300)
    assert {("D", "B"), ("B", "P"), ("D", "A")} <= {(tie.holder, tie.held) for tie in cast.ties}
    assert not cast.boxes["D"].former
    assert cast.boxes["D"].share == 0.002


def test_a_stack_of_unknown_shares_does_not_say_that_they_are_none() -> None:
    graph = holding(("A", "P", 0.5), ("B", "A", None), ("C", "A", None), ("D", "A", 0.1), ("E", "P", 0.5))
    (stack,) = [
        t for t in holders.choose(graph, "P", {"A": 0.5, "E": 0.5}, min_share=0.2).ties if t.holder.startswith("\0stack")
    ]
    assert (stack.share, stack.at_least) == (0.1, True)
    graph.remove_edge("D", "A")
    (stack,) = [
        t for t in holders.choose(graph, "P", {"A": 0.5, "E": 0.5}, min_share=0.2).ties if t.holder.startswith("\0stack")
    ]
    assert stack.share is None


@pytest.mark.parametrize(("missing", "drawn"), [(0.0006, 1), (0.0004, 0)])
def test_what_rounding_leaves_open_is_counted_and_not_drawn(make_case: Callable[..., Any], missing: float, drawn: int) -> None:
    case = make_case("P", parties=parties(P="company", A="person"), holdings=[record(1, "A", "P", 1 - missing)])
    piece = draw.lookthrough(case)
    assert texts(svg_of(piece)).count("未知") == drawn
    assert ("1个主体的已知持股合计与100%相差不足0.05%" in piece.text) == (not drawn)
