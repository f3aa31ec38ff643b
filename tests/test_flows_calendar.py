"""flows.coverage_calendar: the months of an account, and what a month without statement lines means."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import flows
from lib.money.calendar import _balances
from lib.money.statements import _arranged
from tests.money_cases import line

D = Decimal


def day(month, number=10, year=2018):
    return dt.date(year, month, number)


def booked(name, account, amount, balance, on, **more):
    """Return a row of flows at noon of a day."""
    return {**line(name, account, amount, balance, **more), "at": dt.datetime.combine(on, dt.time(12))}


def calendar(case):
    """Return (account, month, lines, opening, closing, state), months as numbers."""
    columns = ["account_id", "month", "lines", "opening_yuan", "closing_yuan", "state"]
    found = flows.coverage_calendar(case)[columns].to_dict("records")
    return [tuple(None if v is None or v != v else getattr(v, "month", v) for v in row.values()) for row in found]


def states(case, account="A"):
    return [(month, state) for of, month, *_, state in calendar(case) if of == account]


def test_a_month_with_lines_says_how_many_from_when_to_when_and_what_was_held(make_case):
    lines = [booked("F1", "A", 100, 300, day(1, 5)), booked("F2", "A", -50, 250, day(1, 20)), booked("F3", "A", 1, 251, day(2))]
    case = make_case(flows=lines)
    # before the first line 300 - 100 = 200 were held
    assert calendar(case) == [("A", 1, 2, D(200), D(250), "covered"), ("A", 2, 1, D(250), D(251), "covered")]
    first = flows.coverage_calendar(case).iloc[0]
    assert (first["first_on"], first["last_on"]) == (day(1, 5), day(1, 20))


def test_a_month_without_lines_is_idle_if_the_balance_did_not_move_and_missing_if_it_did(make_case):
    lines = [
        booked("F1", "A", 100, 100, day(1)),
        booked("F2", "A", -10, 90, day(3)),  # 90 + 10 = 100: nothing moved in February
        booked("F3", "A", 5, 65, day(6)),  # 65 - 5 = 60: 30 went in April or May
    ]
    assert calendar(make_case(flows=lines)) == [
        ("A", 1, 1, D(0), D(100), "covered"),
        ("A", 2, 0, D(100), D(100), "idle"),
        ("A", 3, 1, D(100), D(90), "covered"),
        ("A", 4, 0, D(90), D(60), "missing"),
        ("A", 5, 0, D(90), D(60), "missing"),
        ("A", 6, 1, D(60), D(65), "covered"),
    ]


def test_where_no_balance_tells_a_month_without_lines_is_unproven(make_case):
    lines = [booked("F1", "A", 100, 100, day(1)), booked("F2", "A", -10, None, day(3)), booked("F3", "A", 5, 65, day(5))]
    assert calendar(make_case(flows=lines))[1:4] == [
        ("A", 2, 0, D(100), None, "unproven"),
        ("A", 3, 1, None, None, "covered"),
        ("A", 4, 0, None, D(60), "unproven"),
    ]


def test_lines_without_a_balance_carry_the_stated_ones_of_their_month(make_case):
    lines = [
        booked("F1", "A", 7, None, day(1, 1)),
        booked("F2", "A", -20, 80, day(1, 2)),
        booked("F3", "A", 4, None, day(1, 3)),
        booked("F4", "A", 1, 85, day(3, 1)),
    ]
    # 80 + 20 - 7 = 93 before the first; 80 + 4 = 84 after the last; 85 - 1 = 84 before March
    assert calendar(make_case(flows=lines))[:2] == [("A", 1, 3, D(93), D(84), "covered"), ("A", 2, 0, D(84), D(84), "idle")]


def test_the_stated_period_bounds_what_can_be_missing(make_case):
    lines = [booked("F1", "A", 1, 1, day(1)), booked("F2", "A", 1, 2, day(8))]
    period = {"statement_from": day(3, 15), "statement_to": day(5, 31)}
    case = make_case(flows=lines, accounts=[{"account_id": "A", **period}])
    assert [state for _, state in states(case)] == ["covered", "before", "idle", "idle", "idle", "after", "after", "covered"]


def test_a_stated_period_without_lines_is_unproven_month_by_month(make_case):
    case = make_case(accounts=[{"account_id": "A", "statement_from": day(1), "statement_to": day(3, 1)}], flows=[])
    assert states(case) == [(1, "unproven"), (2, "unproven"), (3, "unproven")]


def test_a_period_that_never_ends_is_followed_to_the_day_of_the_case(make_case):
    accounts = [{"account_id": "A", "statement_from": day(7), "statement_to": dt.date(9999, 12, 31)}]
    assert [month for month, _ in states(make_case(accounts=accounts))] == [7, 8, 9]


@pytest.mark.parametrize(
    ("named", "due"), [({"disbursement_account": "A"}, {"due_on": day(4, 1)}), ({"borrower_id": "b"}, {"term_days": 60})]
)
def test_an_account_that_a_loan_names_and_nobody_handed_over_has_no_statements(make_case, named, due):
    loans = [{"loan_id": "L", "started_on": day(2, 5), **named, **due}]
    case = make_case(loans=loans, accounts=[{"account_id": "A", "holder_id": "b"}])
    # 5 February and 60 days: 6 April
    assert states(case) == [(2, "no_statements"), (3, "no_statements"), (4, "no_statements")]


def test_months_of_a_loan_that_the_statements_do_not_reach_are_before_and_after_them(make_case):
    loans = [{"loan_id": "L", "signed_on": day(1), "due_on": day(12), "disbursement_account": "A"}]
    lines = [booked("F1", "A", 1, 1, day(3)), booked("F2", "A", 1, 2, day(4))]
    found = states(make_case(loans=loans, flows=lines, as_of="2018-06-15"))
    assert found == [(1, "before"), (2, "before"), (3, "covered"), (4, "covered"), (5, "after"), (6, "after")]


def test_a_loan_that_begins_after_the_day_of_the_case_asks_for_nothing(make_case):
    loans = [{"loan_id": "L", "started_on": day(12), "disbursement_account": "A"}]
    assert calendar(make_case(loans=loans)) == []


def test_accounts_that_only_others_name_are_not_listed(make_case):
    case = make_case(flows=[booked("F1", "A", 1, 1, day(1), counterparty_account="X")], accounts=[{"account_id": "Y"}])
    assert [of for of, *_ in calendar(case)] == ["A"]


def test_a_case_of_one_party_has_the_months_of_its_accounts(make_case):
    lines = [booked("F1", "A", 1, 1, day(1)), booked("F2", "B", 1, 1, day(1))]
    accounts = [{"account_id": "A", "holder_id": "p"}, {"account_id": "B", "holder_id": "q"}]
    case = make_case("p", flows=lines, accounts=accounts, parties=[{"party_id": "p", "name": "甲", "kind": "company"}])
    assert [of for of, *_ in calendar(case)] == ["A"]


def test_nothing_at_all_is_an_empty_calendar(make_case):
    found = flows.coverage_calendar(make_case())
    assert list(found.columns) == [
        *("account_id", "month", "lines", "first_on", "last_on", "opening_yuan", "closing_yuan", "state"),
    ]
    assert len(found) == 0


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 200), st.integers(-9, 9).filter(bool)), max_size=20), st.randoms()
)
def test_what_was_held_does_not_depend_on_the_order_of_the_files(steps, random):
    # one line a day at most for an account, so that the chain of balances has one order
    steps = sorted({(account, when): (account, when, amount) for account, when, amount in steps}.values())
    held, rows, expected = {"A": 1000, "B": 2000}, [], {}
    for n, (account, when, amount) in enumerate(steps):
        at = dt.datetime(2018, 1, 1) + dt.timedelta(days=when)
        opening, held[account] = held[account], held[account] + amount
        months = expected.setdefault((account, at.date().replace(day=1)), [opening, None])
        months[1] = held[account]
        rows.append((f"F{n}", account, amount, held[account], at))
    random.shuffle(rows)
    rows.sort(key=lambda row: row[1])  # by account, as sql/statement_lines.sql gives them
    names, accounts, amounts, balances, times = (list(c) for c in zip(*rows, strict=True)) if rows else ([], [], [], [], [])
    lines = {"flow_id": pa.array(names, pa.string()), "account_id": pa.array(accounts, pa.string())}
    lines |= {"seq": pa.nulls(len(rows), pa.int64()), "day_only": pa.array([False] * len(rows), pa.bool_())}
    lines |= {"signed_fen": pa.array(amounts, pa.int64()), "balance_fen": pa.array(balances, pa.int64())}
    found = _balances(_arranged(pa.table(lines | {"at": pa.array(times, pa.timestamp("us"))}))).to_pylist()
    made = {(r["account_id"], r["month"]): [int(100 * r["opening_yuan"]), int(100 * r["closing_yuan"])] for r in found}
    assert made == expected
