"""flows.reconcile: loan contracts against the transfers that paid them out."""

import datetime as dt
from decimal import Decimal

import pytest

from lib import flows
from lib.errors import BadParameter
from tests.money_cases import at, move

DAY = 24 * 60
COVERED = {"statement_from": dt.date(2017, 12, 1), "statement_to": dt.date(2018, 12, 31)}


def loan(name, principal, **more):
    return {
        "loan_id": name,
        "borrower_id": "b",
        "principal_yuan": Decimal(str(principal)),
        "started_on": dt.date(2018, 1, 5),
        **more,
    }


def account(name="B", holder="b", **more):
    return {"account_id": name, "holder_id": holder, **COVERED, **more}


def reconciled(case, **settings):
    found = flows.reconcile(case, **settings)
    return {row["loan_id"]: row for row in found.to_dict("records")}


def outcomes(case, **settings):
    return {name: (row["outcome"], list(row["transfer_ids"])) for name, row in reconciled(case, **settings).items()}


def test_transfers_that_name_the_contract_are_added_up_whatever_their_day(make_case):
    rows = [
        move("D1", None, "B", 600, 0, kind="disbursement", loan_id="L1"),
        move("D2", None, "B", 400, 90 * DAY, kind="disbursement", loan_id="L1"),
        move("R", "B", None, 100, 95 * DAY, kind="repayment", loan_id="L1"),
    ]
    row = reconciled(make_case(transfers=rows, loans=[loan("L1", 1000)]))["L1"]
    assert (row["outcome"], row["match"], list(row["transfer_ids"])) == ("matched", "contract_id", ["D1", "D2"])
    assert (row["paid_yuan"], row["difference_yuan"]) == (Decimal(1000), Decimal(0))
    assert (row["first_on"], row["last_on"]) == (at(0).date(), at(90 * DAY).date())


@pytest.mark.parametrize(
    ("paid", "outcome"), [("1001.00", "matched"), ("1001.01", "mismatched"), ("999", "matched"), ("998.99", "mismatched")]
)
def test_the_tolerance_itself_still_agrees(make_case, paid, outcome):
    rows = [move("D1", None, "B", paid, 0, kind="disbursement", loan_id="L1")]
    assert outcomes(make_case(transfers=rows, loans=[loan("L1", 1000)])) == {"L1": (outcome, ["D1"])}


def test_an_upfront_fee_kept_back_agrees_and_shows_as_a_difference(make_case):
    rows = [move("D1", None, "B", 950, 0, kind="disbursement", loan_id="L1")]
    row = reconciled(make_case(transfers=rows, loans=[loan("L1", 1000, upfront_fee_yuan=Decimal(50))]))["L1"]
    assert (row["outcome"], row["difference_yuan"]) == ("matched", Decimal(-50))


def test_a_transfer_that_names_the_contract_counts_without_a_kind_if_the_borrower_gets_it(make_case):
    rows = [move("D1", None, "B", 1000, 0, loan_id="L1"), move("X", None, "Other", 1000, 0, loan_id="L1")]
    assert outcomes(make_case(transfers=rows, loans=[loan("L1", 1000)], accounts=[account()])) == {"L1": ("matched", ["D1"])}


@pytest.mark.parametrize(("days_after", "outcome"), [(3, "matched"), (4, "missing"), (-3, "matched"), (-4, "missing")])
def test_without_a_number_the_day_must_be_near(make_case, days_after, outcome):
    rows = [move("D1", "X", "B", 1000, (4 + days_after) * DAY)]
    found = reconciled(make_case(transfers=rows, loans=[loan("L1", 1000)], accounts=[account()]))["L1"]
    assert found["outcome"] == outcome
    assert found["match"] == ("amount" if outcome == "matched" else None) or outcome == "missing"
    if outcome == "missing":  # the days that were searched
        assert (found["first_on"], found["last_on"]) == (dt.date(2018, 1, 2), dt.date(2018, 1, 8))


def test_each_transfer_is_used_once_and_as_many_loans_as_possible_are_matched(make_case):
    # L1 fits D1 and D2, L2 fits D1 only: taking the nearest for L1 first would leave L2 without
    rows = [move("D1", "X", "B", 1000, 4 * DAY), move("D2", "X", "B", 1000, 6 * DAY)]
    loans = [loan("L1", 1000), loan("L2", 1000, started_on=dt.date(2018, 1, 3))]
    assert outcomes(make_case(transfers=rows, loans=loans, accounts=[account()]), days=2) == {
        "L1": ("matched", ["D2"]),
        "L2": ("matched", ["D1"]),
    }


def test_among_full_assignments_the_one_with_the_fewest_days_is_taken(make_case):
    rows = [move("D1", "X", "B", 1000, 5 * DAY), move("D2", "X", "B", 1000, 4 * DAY)]
    loans = [loan("L1", 1000), loan("L2", 1000, started_on=dt.date(2018, 1, 6))]
    assert outcomes(make_case(transfers=rows, loans=loans, accounts=[account()])) == {
        "L1": ("matched", ["D2"]),
        "L2": ("matched", ["D1"]),
    }


def test_more_equal_loans_than_transfers_leave_some_missing(make_case):
    rows = [move("D1", "X", "B", 1000, 4 * DAY)]
    found = outcomes(make_case(transfers=rows, loans=[loan("L1", 1000), loan("L2", 1000)], accounts=[account()]))
    assert sorted(outcome for outcome, _ in found.values()) == ["matched", "missing"]


def test_a_transfer_of_another_contract_or_kind_is_no_payout(make_case):
    rows = [
        move("D1", "X", "B", 1000, 4 * DAY, loan_id="L9"),
        move("D2", "X", "B", 1000, 4 * DAY, kind="repayment"),
        move("D3", "X", "Other", 1000, 4 * DAY),
    ]
    assert outcomes(make_case(transfers=rows, loans=[loan("L1", 1000)], accounts=[account()])) == {
        "L1": ("missing", []),
        "L9": ("no_contract", ["D1"]),  # its number is that of no contract
    }


@pytest.mark.parametrize(
    ("accounts", "more", "outcome"),
    [
        ([], {}, "not_covered"),  # no account is known
        ([{"account_id": "B", "holder_id": "b"}], {}, "not_covered"),  # an account without statements
        ([account()], {}, "missing"),
        ([account(), {"account_id": "B2", "holder_id": "b"}], {}, "not_covered"),  # it may have gone to the other one
        ([account(), {"account_id": "B2", "holder_id": "b"}], {"disbursement_account": "B"}, "missing"),
        ([account()], {"disbursement_account": "B3"}, "not_covered"),
        ([account(statement_to=dt.date(2018, 1, 8))], {}, "missing"),  # 5 January and 3 days
        ([account(statement_to=dt.date(2018, 1, 7))], {}, "not_covered"),
        ([account(statement_from=dt.date(2018, 1, 3))], {}, "not_covered"),
        ([account()], {"started_on": None}, "not_covered"),  # no day to look at
        ([account()], {"started_on": None, "signed_on": dt.date(2018, 1, 5)}, "missing"),
        ([account()], {"principal_yuan": None}, "not_covered"),  # no amount to look for
    ],
)
def test_nothing_found_is_missing_only_where_statements_cover_the_days(make_case, accounts, more, outcome):
    case = make_case(loans=[{**loan("L1", 1000), **more}], accounts=accounts)
    assert outcomes(case) == {"L1": (outcome, [])}


def test_without_a_stated_period_an_account_is_covered_from_its_first_to_its_last_line(make_case):
    lines = [
        {"flow_id": f"F{i}", "account_id": "B", "at": at(day * DAY), "direction": "in", "amount_yuan": Decimal(1)}
        for i, day in enumerate((0, 30))
    ]
    accounts = [{"account_id": "B", "holder_id": "b"}]
    loans = [loan("L1", 1000), loan("L2", 1000, started_on=dt.date(2018, 1, 30))]
    assert {k: v[0] for k, v in outcomes(make_case(loans=loans, accounts=accounts, flows=lines)).items()} == {
        "L1": "missing",
        "L2": "not_covered",
    }


def test_a_case_has_the_loans_in_which_it_is_platform_borrower_or_lender(make_case):
    loans = [
        loan("L1", 1, institution_id="i"),
        loan("L2", 1, borrower_id="p"),
        loan("L3", 1, lender_id="p"),
        loan("L4", 1),
        loan("L5", 1, institution_id="i", borrower_id="p"),
    ]
    tables = {"institutions": [{"institution_id": "i", "name": "平台", "party_id": "p"}], "loans": loans}
    case = make_case("平台", **tables)
    assert list(outcomes(case)) == ["L1", "L2", "L3", "L5"]
    positions = flows.derive_case_loans(case, [("i", "i", "p")]).to_pydict()
    assert positions == {
        "case_id": ["i"] * 4,
        "loan_id": ["L1", "L2", "L3", "L5"],
        "position": ["platform", "borrower", "lender", "platform"],
    }
    derived = flows.derive_disbursements(case, [("i", "i", "p")], tol_yuan=1.0, days=3)
    assert derived.column_names == [
        *("case_id", "loan_id", "outcome", "match", "transfer_ids", "contract_yuan", "paid_yuan", "first_on", "last_on"),
    ]
    assert derived["loan_id"].to_pylist() == ["L1", "L2", "L3", "L5"]


@pytest.mark.parametrize("wrong", [{"tol_yuan": -1}, {"tol_yuan": "much"}, {"days": -1}, {"days": 1.5}])
def test_a_setting_out_of_range_is_refused(make_case, wrong):
    with pytest.raises(BadParameter, match=next(iter(wrong))):
        flows.reconcile(make_case(loans=[loan("L1", 1)]), **wrong)
