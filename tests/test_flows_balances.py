"""flows.balance_breaks and flows.coverage: what the statements themselves show."""

import csv
import datetime as dt
import itertools
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from lib import flows
from lib.errors import BadParameter
from lib.money.statements import _arranged
from tests.deliveries import SHARED
from tests.money_cases import at, line
from tests.trials import trials


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


def readings(case):
    """Return of each account how its lines were read, how many links its balances have and how many of them hold."""
    found = flows.coverage(case)
    return {r.account_id: (r.reading, r.links, r.links_held) for r in found.itertuples()}


@pytest.mark.parametrize(
    ("lines", "reading"),
    [
        ([("F1", 100, 100, 0), ("F2", -30, 70, 1), ("F3", 5, 75, 2)], "file"),
        ([("F3", 5, 75, 2), ("F2", -30, 70, 1), ("F1", 100, 100, 0)], "reversed"),
        ([("F2", -30, 70, 1), ("F3", 5, 75, 2), ("F1", 100, 100, 0)], "time"),
        # booked in the order of the file, dated otherwise: the second line's day of trade is before the first's
        ([("F1", 100, 100, 5), ("F2", -30, 70, 0), ("F3", 5, 75, 9)], "file"),
        ([("F3", 5, 75, 9), ("F2", -30, 70, 0), ("F1", 100, 100, 5)], "reversed"),
    ],
)
def test_lines_are_read_in_the_order_in_which_most_balances_hold(make_case, lines, reading):
    case = make_case(flows=rows(*lines))
    assert breaks(case) == []
    assert readings(case) == {"A": (reading, 2, 2)}


def test_a_break_that_no_order_removes_stays_and_time_is_kept_where_the_files_order_is_no_better(make_case):
    # 46 went out unseen before F2: by time one link breaks, in the file's order and its reverse two do
    lines = rows(("F2", 25, 79, 5), ("F3", 1, 80, 9), ("F1", 100, 100, 0))
    case = make_case(flows=lines)
    assert breaks(case) == [("F2", "F1", Decimal(-46))]
    assert readings(case) == {"A": ("time", 2, 1)}


def test_the_banks_sequence_is_not_overruled_by_the_order_of_the_file(make_case):
    lines = [line("F1", "A", 100, 100, 0, seq=2, line=1), line("F2", "A", -30, 70, 1, seq=1, line=2)]
    case = make_case(flows=lines)
    assert breaks(case) == [("F1", "F2", Decimal(-70))]  # 70 + 100 = 170 expected, 100 found
    assert readings(case) == {"A": ("sequence", 1, 0)}


def test_each_account_is_read_in_its_own_order(make_case):
    up = [line(f"A{i}", "A", 1, i + 1, i, line=i) for i in range(3)]
    down = [line(f"B{i}", "B", 1, i + 1, i, line=9 - i) for i in range(3)]
    booked = [line("C0", "C", 1, 1, 5, line=20), line("C1", "C", 1, 2, 0, line=21)]
    case = make_case(flows=[*up, *down, *booked], accounts=[{"account_id": "D"}])
    assert breaks(case) == []
    assert readings(case) == {"A": ("file", 2, 2), "B": ("reversed", 2, 2), "C": ("file", 1, 1)}


def real(name):
    path = SHARED / "bank-statements" / name
    if not path.exists():
        pytest.skip(f"the statement {name} is not beside the checkout (../shared/data/bank-statements)")
    return path


def test_a_real_statement_that_lists_the_newest_first_holds_in_all_sixteen_links(make_case):
    # Source: boc-debit.csv, 17 lines of a Bank of China export
    written = real("boc-debit.csv").read_bytes().decode("utf-8-sig").splitlines()
    records = list(csv.DictReader(written[1:]))
    lines = []
    for n, row in enumerate(records, start=3):
        moment = dt.datetime.fromisoformat(f"{row['记账日期']} {row['记账时间']}")
        made = line(f"F{n}", "boc", row["金额"].replace(",", ""), row["余额"].replace(",", ""), line=n)
        lines.append({**made, "at": moment})
    case = make_case(flows=lines)
    assert breaks(case) == []
    assert readings(case) == {"boc": ("reversed", 16, 16)}


def test_a_real_statement_that_lacks_46_yuan_has_one_break(make_case):
    # Source: ccb.xls, 6 lines of a China Construction Bank export: 2140.13 - 515.02 = 1625.11, stated 1579.11
    (sheet,) = CalamineWorkbook.from_path(str(real("ccb.xls"))).sheet_names
    written = CalamineWorkbook.from_path(str(real("ccb.xls"))).get_sheet_by_name(sheet).to_python()
    lines = []
    for n, (_, day, time, out, into, balance, *_) in enumerate(written[6:12], start=7):
        moment = dt.datetime.fromisoformat(f"{day} {time}")
        lines.append({**line(f"F{n}", "ccb", str(into - out), str(balance), line=n), "at": moment})
    case = make_case(flows=lines)
    found = flows.balance_breaks(case).to_dict("records")
    assert [(r["flow_id"], r["previous_flow_id"], r["missing_yuan"]) for r in found] == [("F10", "F9", Decimal("-46.00"))]
    assert (found[0]["expected_yuan"], found[0]["found_yuan"]) == (Decimal("1625.11"), Decimal("1579.11"))
    assert readings(case) == {"ccb": ("file", 5, 4)}


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


@settings(max_examples=trials(600), deadline=None)
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


@settings(max_examples=trials(300))
@given(
    st.lists(st.tuples(st.integers(-9, 9).filter(bool), st.integers(0, 5)), min_size=1, max_size=12),
    st.booleans(),
)
def test_a_file_in_the_order_of_booking_or_its_reverse_has_no_break_whatever_its_times(steps, newest_first):
    balances = list(itertools.accumulate((amount for amount, _ in steps), initial=50))[1:]
    order = range(len(steps))[::-1] if newest_first else range(len(steps))
    lines = pa.table(
        {
            "flow_id": [f"F{i}" for i in order],
            "account_id": ["A"] * len(order),
            "seq": pa.nulls(len(order), pa.int64()),
            "day_only": [False] * len(order),
            "signed_fen": [steps[i][0] for i in order],
            "balance_fen": [balances[i] for i in order],
            "at": pa.array([at(steps[i][1]) for i in order], pa.timestamp("us")),
        }
    )
    made = _arranged(lines)
    assert not made.breaks()[2].any()
    assert made.readings()["links_held"].to_pylist() == [len(steps) - 1]
