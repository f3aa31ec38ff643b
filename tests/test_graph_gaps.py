"""Gaps: chains that end in nothing, sums that are off, records that cannot be right."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib import BadParameter, Case, graph, open_case
from lib.draw import columns, tables
from tests.conftest import write_store
from tests.ownership_cases import empty_case, held


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return empty_case(tmp_path_factory.mktemp("store"))


def told(found: pd.DataFrame) -> set[tuple[str, str]]:
    return {(r.gap, r.party_id) for r in found.itertuples()}


def rows_in(*holdings: tuple[str, str, float | None], **more: Any) -> list[dict[str, Any]]:
    return [{"holder_id": a, "held_id": b, "share": s, **more} for a, b, s in holdings]


def only(found: pd.DataFrame, gap: str) -> pd.Series:
    (row,) = [r for _, r in found.iterrows() if r["gap"] == gap]
    return row


def test_chains_that_end_in_persons_the_state_and_listed_companies_leave_no_gap(base: Case) -> None:
    parties = [{"party_id": "P", "kind": "company", "listed": None}, {"party_id": "L", "kind": "company", "listed": True}]
    parties += [{"party_id": "S", "kind": "state", "listed": None}, {"party_id": "A", "kind": "person", "listed": None}]
    case = held(base, "P", [("A", "P", 0.5), ("S", "P", 0.3), ("L", "P", 0.2)], parties=parties)
    assert len(graph.gaps(case)) == 0
    assert graph.gaps(case).attrs["untraced"] == 0


def test_a_chain_that_ends_in_a_company_is_open_by_what_it_reaches(base: Case) -> None:
    found = graph.gaps(held(base, "P", [("K", "P", 0.4), ("A", "P", 0.6), ("F", "K", 0.5), ("B", "K", 0.5)], {"F": "fund"}))
    row = only(found, "open_end")
    assert (row["party_id"], row["measure"], row["path"]) == ("F", 1.0, ["P", "K", "F"])
    assert row["share"] == pytest.approx(0.2)  # 0.4 × 0.5
    assert found.attrs["untraced"] == pytest.approx(0.2)


def test_a_sum_below_one_names_what_is_open_and_its_records(base: Case) -> None:
    row = only(graph.gaps(held(base, "P", [("A", "P", 0.5), ("B", "P", 0.2)])), "sum_below_1")
    assert row["measure"] == pytest.approx(0.3)
    assert row["holding_ids"] == ["H0", "H1"]


def test_a_sum_above_one_is_kept_and_flagged(base: Case) -> None:
    found = graph.gaps(held(base, "P", [("A", "P", 0.8), ("B", "P", 0.4)]))
    assert only(found, "sum_above_1")["measure"] == pytest.approx(1.2)


@pytest.mark.parametrize(("off", "flagged"), [(0.5e-9, set()), (1e-8, {("sum_below_1", "P")}), (-1e-8, {("sum_above_1", "P")})])
def test_sums_are_taken_with_a_tolerance_of_a_billionth(base: Case, off: float, flagged: set[tuple[str, str]]) -> None:
    assert told(graph.gaps(held(base, "P", [("A", "P", 0.5), ("B", "P", 0.5 - off)]))) == flagged


@pytest.mark.parametrize("bad", [60.0, -0.1, 1.0000001])
def test_a_share_that_is_no_fraction_is_named_as_it_was_delivered(base: Case, bad: float) -> None:
    found = graph.gaps(held(base, "P", [("A", "P", bad), ("B", "P", 1.0)]))
    row = only(found, "share_out_of_range")
    assert (row["measure"], row["holder_id"], row["holding_ids"]) == (bad, "A", ["H0"])


def test_a_share_that_is_no_number_is_named_too(base: Case) -> None:
    row = only(graph.gaps(held(base, "P", [("A", "P", float("nan")), ("B", "P", 1.0)])), "share_out_of_range")
    assert (pd.isna(row["measure"]), row["holding_ids"]) == (True, ["H0"])


def test_one_whole_is_a_fraction(base: Case) -> None:
    assert len(graph.gaps(held(base, "P", [("A", "P", 1.0), ("B", "P", 0.0)]))) == 0


def test_a_missing_share_a_missing_holder_and_a_holder_of_itself_are_named(base: Case) -> None:
    found = graph.gaps(held(base, "P", rows_in(("A", "P", None), ("", "P", 0.3), ("P", "P", 0.1), ("B", "P", 0.9))))
    assert told(found) == {("share_missing", "P"), ("holder_missing", "P"), ("self_holding", "P")}
    assert only(found, "self_holding")["holding_ids"] == ["H2"]
    assert pd.isna(only(found, "holder_missing")["holder_id"])


def test_reversed_dates_are_never_valid_and_are_named(base: Case) -> None:
    rows = rows_in(("A", "P", 1.0), valid_from=None, valid_to=None)
    rows += rows_in(("B", "P", 0.5), valid_from=dt.date(2018, 5, 2), valid_to=dt.date(2018, 5, 1))
    rows += rows_in(("C", "P", 0.5), valid_from=dt.date(2018, 5, 1), valid_to=dt.date(2018, 5, 1))
    assert only(graph.gaps(held(base, "P", rows)), "dates_reversed")["holding_ids"] == ["H1"]


def test_ranges_that_contradict_themselves_are_named(base: Case) -> None:
    rows = [
        {"holder_id": "A", "held_id": "P", "share": None, "share_low": 0.6, "share_high": 0.5},
        {"holder_id": "B", "held_id": "P", "share": 0.4, "share_low": 0.3, "share_high": 0.4},
        {"holder_id": "C", "held_id": "P", "share": 0.0, "share_low": 0.1, "share_high": 0.2},
    ]
    found = graph.gaps(held(base, "P", rows))
    assert sorted(r["holder_id"] for _, r in found.iterrows() if r["gap"] == "range_reversed") == ["A", "C"]


def test_two_records_of_one_pair_and_period_with_different_shares_contradict_each_other(base: Case) -> None:
    rows = rows_in(("A", "P", 0.3), ("A", "P", 0.2), ("B", "P", 0.25), ("B", "P", 0.25))
    row = only(graph.gaps(held(base, "P", rows)), "contradictory")
    assert (row["holder_id"], row["holding_ids"]) == ("A", ["H0", "H1"])
    assert row["measure"] == pytest.approx(0.1)


def test_a_register_delivered_twice_is_named_though_its_shares_add_up(base: Case) -> None:
    # 2 x (0.3 + 0.2) = 1: nothing else would show that A seems to hold 60 %
    twice = [row for year in (2015, 2017) for row in rows_in(("A", "P", 0.3), ("B", "P", 0.2), valid_from=dt.date(year, 1, 1))]
    found = graph.gaps(held(base, "P", twice))
    assert told(found) == {("overlapping", "P")}
    assert dict(zip(found["holder_id"], found["measure"].round(9), strict=True)) == {"A": 0.3, "B": 0.2}
    assert found["holding_ids"].tolist() == [["H0", "H2"], ["H1", "H3"]]
    one_after_the_other = rows_in(("A", "P", 1.0), valid_from=dt.date(2015, 1, 1), valid_to=dt.date(2017, 1, 1))
    one_after_the_other += rows_in(("A", "P", 1.0), valid_from=dt.date(2017, 1, 1))
    assert len(graph.gaps(held(base, "P", one_after_the_other))) == 0
    for_two = [{"holder_id": "N", "held_id": "P", "share": 0.5, "nominee_for": principal} for principal in "AB"]
    assert len(graph.gaps(held(base, "P", for_two))) == 0


def test_votes_beyond_the_whole_are_named_where_the_shares_are_sound(base: Case) -> None:
    rows = [{"holder_id": h, "held_id": "P", "share": 0.5, "voting_share": 0.9} for h in "AB"]
    assert only(graph.gaps(held(base, "P", rows)), "votes_above_1")["measure"] == pytest.approx(1.8)


def test_what_ends_in_a_closed_loop_is_not_traced(base: Case) -> None:
    found = graph.gaps(held(base, "P", [("A", "P", 0.5), ("C", "P", 0.5), ("A", "B", 1.0), ("B", "A", 1.0)]))
    assert found.attrs["untraced"] == 0.5


def test_a_loop_that_nobody_outside_owns_is_a_gap_of_each_member(base: Case) -> None:
    found = graph.gaps(held(base, "P", [("A", "P", 0.6), ("Z", "P", 0.4), ("A", "B", 1.0), ("B", "A", 1.0)]))
    assert told(found) == {("closed_loop", "A"), ("closed_loop", "B")}


def test_a_loop_without_solution_still_has_its_gaps(base: Case) -> None:
    found = graph.gaps(held(base, "P", [("A", "P", 1.0), ("A", "B", 1.0), ("B", "A", 1.0), ("Z", "A", 0.5)]))
    assert told(found) == {("sum_above_1", "A")}
    assert found["share"].isna().all()
    assert "100%" in found.attrs["gap"]


def test_faults_elsewhere_in_the_register_are_not_the_institutions(base: Case) -> None:
    assert len(graph.gaps(held(base, "P", [("A", "P", 1.0), ("B", "Q", 1.7)]))) == 0


def test_each_gap_walks_back_to_file_and_line(tmp_path: Path) -> None:
    holdings = [
        {"holding_id": "1", "holder_id": "A", "held_id": "P", "share": 0.8, "source_id": "S1", "line": 2},
        {"holding_id": "2", "holder_id": "B", "held_id": "P", "share": 0.8, "source_id": "S1", "line": 3},
    ]
    parties = [{"party_id": p, "kind": "company" if p == "P" else "person"} for p in "ABP"]
    tables_of = {"sources": [{"source_id": "S1", "name": "股东.csv"}], "holdings": holdings, "parties": parties}
    found = graph.gaps(open_case("P", "2018-09-30", write_store(tmp_path / "s.duckdb", tables_of)))
    assert found["sources"].tolist() == [["股东.csv:2", "股东.csv:3"]]
    assert tables.known_caption(found) == "穿透缺口"


def test_every_gap_has_its_word(base: Case) -> None:
    documented = str(graph.gaps.__doc__).split("gap is one of:")[1].split("`attrs")[0]
    for gap in [word for word in documented.split("`")[1::2] if word]:
        assert columns.code_word("gap", gap) != gap, gap


def test_the_district_has_no_gaps(base: Case) -> None:
    with pytest.raises(BadParameter, match="机构"):
        graph.gaps(held(base, None, [("A", "P", 1.0)]))


@pytest.mark.parametrize(("kind", "flagged"), [("company", True), (None, True), ("person", False), ("state", False)])
def test_a_company_without_any_holding_is_open_itself(base: Case, kind: str | None, flagged: bool) -> None:
    found = graph.gaps(held(base, "Q", [("A", "P", 1.0)], {"Q": kind}))
    assert told(found) == ({("open_end", "Q")} if flagged else set())
    assert found.attrs["untraced"] == flagged
