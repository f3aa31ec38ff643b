"""A bare DataFrame in a cell: what its columns are called and how its values are written."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lib.draw import columns, masking, people, tables
from lib.store import frame


@pytest.fixture(autouse=True)
def _nothing_drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(people, "_drawn", [])
    monkeypatch.setattr(masking, "_asked", [])
    monkeypatch.setattr(masking, "_seen", {})
    return


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [[re.sub(r"<.*?>", "", c) for c in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


def shown(table: pd.DataFrame, **settings: Any) -> list[list[str]]:
    return cells(tables.frame_html(table, **settings))


def test_amounts_shares_days_and_nulls_are_written_as_people_do() -> None:
    money = pa.decimal128(18, 2)
    made = frame(
        pa.table(
            {
                "loan_id": ["L1", "L2"],
                "principal_yuan": pa.array([Decimal("1234567.80"), None], money),
                "rate": [0.12, None],
                "signed_on": pa.array([dt.date(2018, 9, 30), None]),
                "at": pa.array([dt.datetime(2018, 9, 30, 8, 5), None], pa.timestamp("us")),
                "listed": [True, None],
                "layers": pa.array([2, None]),
            }
        )
    )
    head, first, second = shown(made)
    assert head[:2] == ["合同编号", "借款本金(元)"]
    assert first == ["L1", "1,234,567.80", "12.00%", "2018-09-30", "2018-09-30 08:05:00", "是", "2"]
    assert second == ["L2", *["—"] * 6]


def test_numbers_are_set_to_the_right_and_ids_as_ids() -> None:
    html = tables.frame_html(pd.DataFrame({"loan_id": ["L1"], "layers": [1], "purpose": ["tax"]}))
    assert re.findall(r'<td(?: class="(\w+)")?>', html) == ["id", "num", ""]


def test_headings_are_english_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    assert columns.heading("amount_yuan")[0] == "Amount (yuan)"
    assert columns.heading("principal_yuan")[0] == "principal (yuan)"


def test_a_share_through_chains_is_not_called_a_holding() -> None:
    owners = pd.DataFrame({"holder_id": ["A"], "direct_share": [0.5], "share": [0.6]})
    assert shown(owners)[0] == ["持有人编号", "直接持股比例", "穿透持股比例"]
    assert shown(pd.DataFrame({"share": [0.5]}))[0] == ["持股比例"]


def test_a_frame_says_how_many_rows_it_leaves_out() -> None:
    html = tables.frame_html(pd.DataFrame({"x": range(1234)}), max_rows=200)
    assert len(cells(html)) == 201
    assert "列出前 200 行，另有 1,034 行未列出" in html


def test_an_empty_frame_says_what_is_not_there() -> None:
    html = tables.frame_html(pd.DataFrame({"trip_id": [], "transfer_ids": []}))
    assert "资金回流：没有记录" in html


def test_frames_are_known_by_their_columns() -> None:
    assert tables.known_caption(pd.DataFrame(columns=["holder_id", "direct_share", "share", "layers"])) == "股东及穿透持股比例"
    assert tables.known_caption(pd.DataFrame(columns=["a", "b"])) == ""


def test_a_meaningful_index_is_shown_and_a_mere_place_is_not() -> None:
    counted = pd.Series({"hit": 2, "clear": 3}, name="n").rename_axis("outcome").to_frame()
    assert shown(counted) == [["结果", "n"], ["疑点", "2"], ["未见疑点", "3"]]
    assert shown(pd.DataFrame({"x": [5, 6]}).iloc[1:]) == [["x"], ["6"]]


def test_two_columns_of_one_name_are_both_shown() -> None:
    twice = pd.DataFrame([[1, 2]], columns=["x", "x"])
    assert shown(twice) == [["x", "x"], ["1", "2"]]


def test_codes_become_words_but_names_do_not() -> None:
    made = pd.DataFrame({"kind": ["person", "something new"], "name": ["company", "person"]})
    assert [row[0] for row in shown(made)[1:]] == ["自然人", "something new"]
    assert [row[1] for row in shown(made)[1:]] == ["company", "person"]


def test_paths_have_arrows_and_name_their_parties(make_case: Callable[..., Any]) -> None:
    people.use(
        make_case("P", parties=[{"party_id": "P", "name": "平台公司"}, {"party_id": "Z", "name": "张三", "kind": "person"}])
    )
    made = pd.DataFrame({"path": [["P", "Z", "unheard-of"]], "transfer_ids": [["t1", "t2"]]})
    assert shown(made)[1] == ["平台公司 → 张三 → unheard-of", "t1、t2"]


def test_lists_of_lists_and_of_shares_are_written_one_by_one() -> None:
    made = pd.DataFrame({"loops": [[["A", "B", "A"], ["C", "C"]]], "loop_shares": [[0.25, 0.1]]})
    assert shown(made)[1] == ["A → B → A; C → C", "25.00%、10.00%"]


def test_long_lists_say_how_many_more_there_are() -> None:
    made = pd.DataFrame({"transfer_ids": [[f"t{i}" for i in range(1000)]], "names": [[f"n{i}" for i in range(1000)]]})
    assert shown(made)[1] == ["t0、t1、t2、t3 等另 996 项", f"{'、'.join(f'n{i}' for i in range(12))} 等另 988 项"]


def test_a_report_hides_lenders_and_borrowers_and_names_holders(
    make_case: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(
        "P",
        parties=[
            {"party_id": "P", "name": "平台公司", "kind": "company"},
            {"party_id": "H", "name": "何股东", "kind": "person"},
            {"party_id": "B", "name": "白借款", "kind": "person"},
        ],
        holdings=[{"holding_id": "h", "holder_id": "H", "held_id": "P", "share": 1.0}],
    )
    people.use(case)
    made = pd.DataFrame({"counterparty_name": ["何股东", "白借款", "某某商贸有限公司"], "borrower_id": ["H", "B", "P"]})
    assert [row[0] for row in shown(made)[1:]] == ["何股东", "白借款", "某某商贸有限公司"]
    monkeypatch.setenv("LOOKTHROUGH_PAGE", "1")
    assert [row[0] for row in shown(made)[1:]] == ["何股东", "白某某", "某某商贸有限公司"]
    assert [row[1] for row in shown(made)[1:]] == ["H 何股东", "B 白某某", "P 平台公司"]


def test_a_name_stands_once_below_its_id_unless_the_id_is_not_known(make_case: Callable[..., Any]) -> None:
    people.use(make_case(parties=[{"party_id": "H", "name": "何股东", "kind": "person"}]))
    made = pd.DataFrame({"holder_id": ["H"], "holder_name": ["何股东"]})
    assert shown(made)[1:] == [["H 何股东"]]
    for unknown in (None, "X"):  # named in a statement, or by a number that no party has
        more = pd.concat([made, pd.DataFrame({"holder_id": [unknown], "holder_name": ["甲"]})], ignore_index=True)
        assert [row[1] for row in shown(more)[1:]] == ["何股东", "甲"]


def test_a_report_hides_numbers_wherever_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKTHROUGH_PAGE", "1")
    card = "6222021234567890123"
    made = pd.DataFrame(
        {"account_id": [card], "accounts": [[card, "x"]], "memo": [f"转至{card}"], "flow_id": [card], "whatever": [card]}
    )
    assert card not in tables.frame_html(made)
    assert shown(made)[1][0] == "622****0123"


def test_hostile_cells_and_headings_stay_text() -> None:
    bad = "<img src=x onerror=alert(1)>"
    html = tables.frame_html(pd.DataFrame({bad: [bad], "path": [[bad]], "kind": [bad], "name": [bad]}), caption=bad)
    assert "<img" not in html


def test_odd_values_do_not_stop_a_table() -> None:
    made = pd.DataFrame(
        {"a": [np.nan, float("inf"), 1.5], "b": [b"bytes", {"k": 1}, object], "c_yuan": [Decimal(1), None, Decimal("-0.005")]}
    )
    assert len(shown(made)) == 4


def test_ipython_shows_frames_this_way_once_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        assert tables.install()
        data, _ = shell.display_formatter.format(pd.DataFrame({"layers": [1]}))
        assert "层级" in data["text/html"]
        assert "lt-lab" in data["text/html"]
    finally:
        InteractiveShell.clear_instance()
