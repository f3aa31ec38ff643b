"""Pictures of traced money: the Sankey diagram of a trail, and the timeline of a round trip."""

import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from lib import BadParameter, Case, draw, flows, open_case
from lib.draw import masking, people
from lib.draw.markup import Piece
from lib.draw.sankey import MAX_ACCOUNTS
from tests.conftest import Rows, write_store
from tests.money_cases import move

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(people, "_drawn", [])
    monkeypatch.setattr(masking, "_seen", {})
    monkeypatch.setattr(masking, "_asked", [])
    return


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """S pays A 100; A pays B 60 and C 10, keeps 30; B pays A 20 back and somebody unknown 15; trips U, V, U and X, Y, Z, X."""
    names = {"S": "源头", "A": "甲公司", "B": HOSTILE, "C": "丙"}
    day = 24 * 60
    tables: Rows = {
        "accounts": [{"account_id": a, "holder_name": name} for a, name in names.items()],
        "transfers": [
            move("T0", "S", "A", 100, 0),
            move("T1", "A", "B", 60, 1),
            move("T2", "A", "C", 10, 2),
            move("T3", "B", "A", 20, 3),
            move("T4", "B", None, 15, 4),
            *(move(f"W{i}", "A", f"N{i:02}", "0.10", 5 + i) for i in range(40)),
            *(move(f"Q{i}", *sides, 7, 5 * day, day_only=True) for i, sides in enumerate((("U", "V"), ("V", "U")))),
            move("R0", "X", "Y", 500, 10 * day),
            move("R1", "Y", "Z", 400, 10 * day + 90),
            move("R2", "Z", "X", 350, 12 * day + 91, day_only=True),
        ],
    }
    return open_case(None, "2018-09-30", write_store(tmp_path_factory.mktemp("store") / "store.duckdb", tables))


def drawn(piece: Piece) -> ET.Element:
    """Return the SVG of a piece: well formed, or this fails."""
    found = re.search(r"<svg.*</svg>", piece.html, re.DOTALL)
    assert found is not None
    return ET.fromstring(found[0])


def titles(svg: ET.Element) -> list[str]:
    return [t.text or "" for t in svg.iter(f"{SVG}title")][1:]


def test_bands_and_bars_say_what_the_trail_says_to_the_fen(case: Case) -> None:
    trail = flows.trace(case, transfers=["T0"], days=1)
    told = titles(drawn(draw.sankey(trail, case)))
    # 100 came; 60 and 10 went, 20 came back, 4.00 went in 40 payments of 0.10: 46 rest with A, which is 120 less 74
    assert any("甲公司" in t and "流入 120.00" in t and "流出 74.00" in t and "停留 46.00" in t for t in told)
    bands = {t.split(" · ")[0]: t for t in told if " → " in t}
    assert "60.00" in bands[f"甲公司 → {HOSTILE}"]
    assert "20.00" in bands[f"{HOSTILE} → 甲公司"]
    assert "15.00" in bands[f"{HOSTILE} → 收款方未知"]


def test_small_accounts_of_a_column_share_a_bar_that_says_how_many_they_are(case: Case) -> None:
    trail = flows.trace(case, transfers=["T0"], days=1)
    piece = draw.sankey(trail, case)
    accounts = 4 + 1 + 40  # S, A, B, C, the unknown payee, and the small ones
    merged = accounts - MAX_ACCOUNTS
    assert f"{merged}个账户" in piece.text
    shared = next(t for t in titles(drawn(piece)) if t.startswith(f"其他{merged}个账户"))
    assert f"流入 {merged / 10:.2f}" in shared


def test_what_comes_back_is_drawn_apart_and_nothing_is_executed(case: Case) -> None:
    piece = draw.sankey(flows.trace(case, transfers=["T0"], days=1), case)
    assert "回流" in piece.html
    assert "<script>" not in piece.html
    forth = draw.sankey(flows.trace(case, transfers=["T0"], days=1, hops=1), case)
    assert "回流" not in forth.html  # B is reached with the first hop, and no further


def test_no_bar_stands_on_another(case: Case) -> None:
    svg = drawn(draw.sankey(flows.trace(case, transfers=["T0"], days=1), case))
    bars = [r for g in svg.iter(f"{SVG}g") if (r := g.find(f"{SVG}rect")) is not None and r.get("width") == "13.0"]
    columns: dict[str, list[tuple[float, float]]] = {}
    for bar in bars:
        top = float(bar.get("y", "nan"))
        columns.setdefault(bar.get("x", ""), []).append((top, top + float(bar.get("height", "nan"))))
    assert len(bars) == MAX_ACCOUNTS + 1
    for column in columns.values():
        ordered = sorted(column)
        assert all(low < high for (_, low), (high, _) in itertools.pairwise(ordered))


def test_a_frame_that_is_no_trail_is_refused(case: Case) -> None:
    with pytest.raises(BadParameter, match=r"flows\.trace"):
        draw.sankey(flows.round_trips(case), case)


def test_the_timeline_says_how_long_money_lay_and_what_came_back(case: Case) -> None:
    trips = flows.round_trips(case, days=3)
    trip = trips.loc[trips["amount_out_yuan"] == 500, "trip_id"].iloc[0]
    piece = draw.timeline(trips, trip, case)
    words = [t.text for t in drawn(piece).iter(f"{SVG}text")]
    assert "1小时30分" in words  # from minute 0 to minute 90
    assert "2天" in words  # the last one states a day and no time
    assert "500.00" in piece.text
    assert "350.00" in piece.text
    assert "70%" in piece.text  # 350 / 500
    assert "次序未经原始资料说明" not in piece.text


def test_the_timeline_says_where_no_source_states_the_order(case: Case) -> None:
    trips = flows.round_trips(case, days=3)
    trip = trips.loc[trips["amount_out_yuan"] == 7, "trip_id"].iloc[0]
    piece = draw.timeline(trips, trip, case)
    assert "次序未经原始资料说明" in piece.text
    assert "0天后回到" in piece.text  # both on one day, without times


def test_a_trip_that_is_not_in_the_frame_is_named(case: Case) -> None:
    with pytest.raises(BadParameter, match="R000"):
        draw.timeline(flows.round_trips(case), "R000", case)
    with pytest.raises(BadParameter, match=r"flows\.round_trips"):
        draw.timeline(flows.trace(case, transfers=["T0"]), case=case)


def test_without_trips_a_box_says_so(case: Case) -> None:
    assert "没有可画" in draw.timeline(flows.round_trips(case, min_yuan=10_000), case=case).html


def test_a_timeline_needs_a_case(case: Case) -> None:
    with pytest.raises(BadParameter, match="case"):
        draw.timeline(flows.round_trips(case))
