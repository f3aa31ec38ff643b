"""Answers about ownership on a page: the columns that say something, and below where each row comes from."""

import pandas as pd

from lib.draw import proofs, tables


def answer(**more: object) -> pd.DataFrame:
    row = {
        **{"party_id": "A1", "name": "张三", "reason": "share", "certainty": "certain", "share": 0.44, "share_low": 0.44},
        **{"share_high": 0.44, "votes": 0.8, "votes_high": 0.9, "layers": 1, "path": ["P", "A1"], "law": "某办法"},
        **{"checked": "memory", "evidence": [{"table": "holdings", "id": "H1"}], "sources": ["股东.csv:3"], **more},
    }
    return pd.DataFrame([row])


def test_a_bound_that_says_the_share_again_is_left_out_and_another_is_shown() -> None:
    shown = proofs.shown_columns(answer())
    assert shown == ["party_id", "name", "reason", "certainty", "share", "votes", "votes_high", "path"]
    assert "share_high" in proofs.shown_columns(answer(share_high=0.5))


def test_frames_without_sources_are_shown_whole() -> None:
    frame = pd.DataFrame({"share": [0.1], "share_low": [0.1], "layers": [1]})
    assert proofs.shown_columns(frame) == ["share", "share_low", "layers"]
    assert proofs.below(frame, {}) == ""


def test_law_and_sources_stand_below_the_table() -> None:
    html = tables.frame_html(answer())
    whole, below = html.split("</table>", 1)
    assert "某办法" not in whole
    assert "股东.csv" not in whole
    assert "认定依据：某办法 [凭记忆, 须核对原文]" in below
    assert "张三" in below
    assert "股东.csv:3" in below


def test_rows_under_two_laws_name_theirs_each() -> None:
    frame = pd.concat([answer(), answer(law="另一办法", checked="text")], ignore_index=True)
    assert {"law", "checked"} <= set(proofs.shown_columns(frame))


def test_what_was_not_judged_is_said_also_where_there_is_no_row() -> None:
    empty = answer().iloc[:0]
    empty.attrs["notes"] = ["投票权未能判断"]
    assert "投票权未能判断" in tables.frame_html(empty)
    missing = answer()
    missing.attrs["gap"] = "无解"
    assert "无解" in tables.frame_html(missing)


def test_patterns_show_the_figures_of_their_kinds_and_below_what_was_not_tested_and_the_settings() -> None:
    frame = pd.DataFrame(
        {
            **{"pattern_id": ["F1"], "kind": ["fan_in"], "outcome": ["found"], "holder_names": [["张三"]], "times": [None]},
            **{"most": [12], "parameters": ["PT-03: days=10"]},
        }
    )
    frame.attrs |= {"notes": ["未能检验（来源未知）：1 笔, 2.00 元"], "parameters": {"fan_in": {"days": 10}}}
    assert proofs.shown_columns(frame) == ["pattern_id", "kind", "outcome", "most"]
    whole, below = tables.frame_html(frame).split("</table>", 1)
    assert "分散转入" in whole
    assert "线索" in whole
    assert "张三" not in whole + below
    assert "未能检验（来源未知）：1 笔, 2.00 元" in below
    assert "分散转入: days=10" in below
