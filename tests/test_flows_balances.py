"""flows.balance_breaks and flows.coverage: what the statements themselves show."""

import datetime as dt
import itertools
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import flows
from lib.errors import BadParameter
from lib.money.statements import _arranged
from tests.money_cases import at, line


def breaks(case, **settings):
    found = flows.balance_breaks(case, **settings)
    return [(r["flow_id"], r["previous_flow_id"], r["missing_yuan"]) for r in found.to_dict("records")]


def rows(*lines, **more):
    """Make lines of account A in file order: (name, amount, balance, minutes)."""
    return [line(n, "A", amount, balance, minutes, line=i, **more) for i, (n, amount, balance, minutes) in enumerate(lines)]


def test_a_chain_that_holds_has_no_break(make_case):
    case = make_case(flows=rows(("F1", 100, 100, 0), ("F2", -30, 70, 1), ("F3", 5, 75, 2)))
    assert breaks(case) == []


def test_a_missing_line_shows_as_the_amount_that_is_not_there(make_case):
    # Source: the arithmetic of a real statement's break: expected 1625.11, found 1579.11, so 46.00 went out unseen
    case = make_case(flows=rows(("F1", "10.00", "1600.00", 0), ("F2", "25.11", "1579.11", 1), ("F3", "1", "1580.11", 2)))
    found = flows.balance_breaks(case).to_dict("records")
    assert [(r["flow_id"], r["previous_flow_id"]) for r in found] == [("F2", "F1")]
    assert (found[0]["expected_yuan"], found[0]["found_yuan"]) == (Decimal("1625.11"), Decimal("1579.11"))
    assert (found[0]["missing_yuan"], found[0]["at"]) == (Decimal("-46.00"), at(1))


@pytest.mark.parametrize(("tol_yuan", "count"), [(0.005, 1), (0.01, 0), (0, 1)])
def test_a_difference_of_the_tolerance_is_no_break(make_case, tol_yuan, count):
    case = make_case(flows=rows(("F1", 100, 100, 0), ("F2", -30, "70.01", 1)))
    assert len(breaks(case, tol_yuan=tol_yuan)) == count


def test_a_line_without_a_balance_moves_the_chain_on(make_case):
    case = make_case(flows=rows(("F1", 100, 100, 0), ("F2", -30, None, 1), ("F3", -20, 50, 2), ("F4", -20, 29, 3)))
    assert breaks(case) == [("F4", "F3", Decimal(-1))]


def test_the_banks_sequence_goes_before_time(make_case):
    lines = [line("F2", "A", -30, 70, 0, seq=2, line=1), line("F1", "A", 100, 100, 5, seq=1, line=2)]
    assert breaks(make_case(flows=lines)) == []


def test_a_file_that_lists_the_newest_first_is_no_break(make_case):
    # four lines of one minute, the newest on top; and in the middle of others
    lines = rows(
        ("F5", 1, 96, 9), ("F4", -5, 95, 5), ("F3", 50, 100, 5), ("F2", -50, 50, 5), ("F1", 100, 100, 5), ("F0", 0, 0, 0)
    )
    assert breaks(make_case(flows=lines)) == []


def test_lines_of_one_time_may_stand_in_any_order_in_which_the_balances_hold(make_case):
    lines = rows(("F0", 100, 100, 0), ("F2", -10, 60, 1), ("F1", -30, 70, 1), ("F3", 5, 65, 1), ("F4", 35, 100, 2))
    assert breaks(make_case(flows=lines)) == []


def test_days_without_times_tie(make_case):
    lines = rows(("F2", -30, 70, -540), ("F1", 100, 100, -540), ("F3", 5, 75, -540), day_only=True)
    assert breaks(make_case(flows=lines)) == []


def test_a_break_inside_a_tie_is_one_break(make_case):
    lines = rows(("F0", 100, 100, 0), ("F2", -10, 60, 1), ("F1", -30, 70, 1), ("F3", 5, 85, 1), ("F4", 15, 100, 2))
    assert [missing for *_, missing in breaks(make_case(flows=lines))] == [Decimal(20)]


def test_accounts_do_not_run_into_each_other(make_case):
    lines = [line("F1", "A", 100, 100, 0, line=1), line("F2", "B", 5, 7, 1, line=2), line("F3", "A", 1, 101, 2, line=3)]
    assert breaks(make_case(flows=lines)) == []


def test_a_case_shows_the_breaks_of_its_own_accounts(make_case):
    lines = [line(f"{a}{i}", a, 1, balance, i, line=i) for a in ("A", "B") for i, balance in enumerate((1, 5))]
    accounts = [{"account_id": "A", "holder_id": "p"}, {"account_id": "B", "holder_id": "q"}]
    case = make_case("p", flows=lines, accounts=accounts, parties=[{"party_id": "p", "name": "甲", "kind": "company"}])
    assert [name for name, *_ in breaks(case)] == ["A1"]
    scope = [("p", None, "p"), ("q", None, "q")]
    assert flows.derive_balance_breaks(case, scope, tol_yuan=0.005).select(["case_id", "flow_id"]).to_pylist() == [
        {"case_id": "p", "flow_id": "A1"},
        {"case_id": "q", "flow_id": "B1"},
    ]
    assert flows.derive_balance_coverage(case, scope).to_pylist() == [
        {"case_id": "p", "account_id": "A", "lines": 2, "lines_with_balance": 2},
        {"case_id": "q", "account_id": "B", "lines": 2, "lines_with_balance": 2},
    ]


def test_statements_cover_what_is_stated_else_from_the_first_to_the_last_line(make_case):
    lines = [line("F1", "A", 1, None, 0), line("F2", "A", 1, None, 3 * 24 * 60), line("F3", "B", 1, None, 0)]
    stated = {"statement_from": dt.date(2017, 1, 1), "statement_to": dt.date(2018, 12, 31)}
    accounts = [{"account_id": "B", **stated}, {"account_id": "C", **stated}, {"account_id": "D"}]
    found = flows.coverage(make_case(flows=lines, accounts=accounts, transfers=[])).to_dict("records")
    assert [(r["account_id"], r["covered_from"], r["covered_to"], r["lines"]) for r in found] == [
        ("A", dt.date(2018, 1, 1), dt.date(2018, 1, 4), 2),
        ("B", dt.date(2017, 1, 1), dt.date(2018, 12, 31), 1),
        ("C", dt.date(2017, 1, 1), dt.date(2018, 12, 31), 0),
    ]


def test_a_negative_tolerance_is_refused(make_case):
    with pytest.raises(BadParameter, match="tol_yuan"):
        flows.balance_breaks(make_case(flows=rows(("F1", 1, 1, 0))), tol_yuan=-0.01)


@settings(max_examples=600, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-3, 3).filter(bool), st.integers(0, 2)), min_size=1, max_size=12),
    st.randoms(),
)
def test_no_order_of_the_file_makes_a_break_out_of_a_chain_that_holds(steps, random):
    # lines of one account, several to a minute: whatever order the file has inside a minute, the chain is found
    balances = list(itertools.accumulate((amount for amount, _ in steps), initial=50))[1:]
    minutes = list(itertools.accumulate(wait for _, wait in steps))
    order = list(range(len(steps)))
    random.shuffle(order)
    lines = pa.table(
        {
            "flow_id": [f"F{i}" for i in order],
            "account_id": ["A"] * len(order),
            "seq": pa.nulls(len(order), pa.int64()),
            "day_only": [False] * len(order),
            "signed_fen": [steps[i][0] for i in order],
            "balance_fen": [balances[i] for i in order],
            "at": pa.array([at(minutes[i]) for i in order], pa.timestamp("us")),
        }
    )
    _, _, missing = _arranged(lines).breaks()
    assert not missing.any()
