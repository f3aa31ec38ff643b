"""flows.derive_uses_of_funds: how much of a loan reaches the institution and its related parties."""

import datetime as dt
from decimal import Decimal

import pytest

from lib import flows
from tests.money_cases import at, line, move

DAY = 24 * 60
COVERED = {"statement_from": dt.date(2017, 1, 1), "statement_to": dt.date(2018, 12, 31)}
SCOPE = [("i", "i", "p")]


def account(name, holder, purpose=None, **more):
    return {"account_id": name, "holder_id": holder, "purpose": purpose, **COVERED, **more}


ACCOUNTS = [
    account("P1", "p", "own"),
    account("Fee", "p", "fee"),
    account("Custody", "p", "custody_total"),
    account("H1", "h"),
    account("B1", "b"),
    account("S1", "s"),
    account("Q1", "q"),
]


def used(make_case, transfers, accounts=ACCOUNTS, hops=4, days=30, lines=(), **loan):
    """Return the row of the one loan L1, of 1000 yuan paid to B1 at nine o'clock of the first day."""
    paid = move("D", "Custody", loan.pop("to", "B1"), 1000, 0, kind="disbursement", loan_id="L1")
    rows = [{**row, "file_order": i} for i, row in enumerate([paid, *transfers])]
    contract = {"loan_id": "L1", "institution_id": "i", "borrower_id": "b", "principal_yuan": Decimal(1000), **loan}
    case = make_case(
        "i",
        institutions=[{"institution_id": "i", "name": "平台", "party_id": "p"}],
        parties=[{"party_id": x, "name": x, "kind": "company"} for x in "phbsq"],
        accounts=accounts,
        transfers=rows,
        flows=list(lines),
        holdings=[{"holding_id": "1", "holder_id": "h", "held_id": "p", "share": 0.6}],
        loans=[contract],
    )
    found = flows.derive_uses_of_funds(case, SCOPE, hops=hops, days=days).to_pylist()
    assert len(found) == 1
    assert found[0]["disbursed_yuan"] == 1000
    return found[0]


def sums(row):
    return row["related_yuan"], row["unknown_yuan"], row["hops"]


def test_money_that_reaches_a_shareholder_through_a_shell_is_related(make_case):
    moves = [move("T1", "B1", "S1", 800, 60), move("T2", "S1", "H1", 700, 120), move("X", "B1", "Q1", 100, 180)]
    row = used(make_case, moves)
    assert sums(row) == (Decimal(700), Decimal(0), 2)
    assert row["transfer_ids"] == ["D", "T1", "T2"]
    assert (row["first_at"], row["last_at"]) == (at(120), at(120))


def test_nothing_related_is_nothing_and_dated_by_the_payout(make_case):
    row = used(make_case, [move("T1", "B1", "Q1", 1000, 60)])
    assert sums(row) == (Decimal(0), Decimal(0), None)
    assert (row["first_at"], row["last_at"], row["transfer_ids"]) == (at(0), at(0), ["D"])


def test_a_related_account_is_the_end_so_that_nothing_counts_twice(make_case):
    moves = [
        move("T1", "B1", "H1", 600, 60),
        move("T2", "H1", "P1", 600, 120),
        move("T3", "P1", "B1", 600, 180),
        move("T4", "B1", "H1", 1000, 200),
    ]
    # 600 arrive by T1; of the 1000 that B1 then holds 400 are the loan's, and T4 brings them
    assert sums(used(make_case, moves)) == (Decimal(1000), Decimal(0), 1)


@pytest.mark.parametrize(("hops", "related"), [(1, 0), (2, 700)])
def test_the_hops_asked_for_bound_the_walk(make_case, hops, related):
    moves = [move("T1", "B1", "S1", 800, 60), move("T2", "S1", "H1", 700, 120)]
    assert used(make_case, moves, hops=hops)["related_yuan"] == related


@pytest.mark.parametrize(("later", "related"), [(30, 700), (31, 0)])
def test_the_days_asked_for_bound_the_walk(make_case, later, related):
    assert used(make_case, [move("T1", "B1", "H1", 700, later * DAY)])["related_yuan"] == related


def test_a_borrower_who_is_related_used_all_of_it_at_once(make_case):
    row = used(make_case, [move("T1", "H1", "Q1", 1000, 60)], to="H1", borrower_id="h")
    assert sums(row) == (Decimal(1000), Decimal(0), 0)


def test_a_payout_straight_to_a_related_account_is_related_whoever_borrowed(make_case):
    assert sums(used(make_case, [], to="H1")) == (Decimal(1000), Decimal(0), 0)


def test_custody_and_other_hubs_are_neither_related_nor_walked_through(make_case):
    moves = [move("T1", "B1", "Custody", 500, 60, kind="repayment", loan_id="L1"), move("T2", "Custody", "H1", 500, 120)]
    assert sums(used(make_case, moves)) == (Decimal(0), Decimal(0), None)


def test_the_borrowers_own_custody_account_is_walked_through_when_the_loan_is_paid_into_it(make_case):
    accounts = [*ACCOUNTS, account("Sub", "b", "custody_sub")]
    moves = [move("T1", "Sub", "H1", 1000, 60)]
    assert sums(used(make_case, moves, accounts, to="Sub")) == (Decimal(1000), Decimal(0), 1)


def test_a_payout_into_a_hub_that_is_not_the_borrowers_is_unknown(make_case):
    accounts = [*ACCOUNTS, account("Pay", "q", "payment")]
    assert sums(used(make_case, [], accounts, to="Pay")) == (Decimal(0), Decimal(1000), None)


@pytest.mark.parametrize(("fee", "related"), [(50, 0), (30, 20), (None, 50)])
def test_fees_do_not_count_up_to_the_contracts_upfront_fee(make_case, fee, related):
    moves = [move("T1", "B1", "Fee", 50, 60, kind="fee")]
    assert used(make_case, moves, upfront_fee_yuan=fee and Decimal(fee))["related_yuan"] == related


def test_what_is_called_a_fee_and_goes_to_a_shareholder_counts(make_case):
    moves = [move("T1", "B1", "H1", 50, 60, kind="fee")]
    assert used(make_case, moves, upfront_fee_yuan=Decimal(50))["related_yuan"] == 50


@pytest.mark.parametrize(
    ("moves", "accounts", "unknown"),
    [
        ([move("T1", "B1", None, 300, 60)], ACCOUNTS, 300),  # to nobody stated
        ([move("T1", "B1", "Dark", 300, 60)], ACCOUNTS, 300),  # an account without statements
        (
            [move("T1", "B1", "Dark", 300, 60), move("T2", "Dark", "Q1", 100, 90)],
            ACCOUNTS,
            200,
        ),  # what Q1's bank shows is known
        ([], [a for a in ACCOUNTS if a["account_id"] != "B1"] + [account("B1", "b", statement_to=dt.date(2018, 1, 30))], 1000),
        ([], [a for a in ACCOUNTS if a["account_id"] != "B1"] + [account("B1", "b", statement_to=dt.date(2018, 1, 31))], 0),
        ([], [a for a in ACCOUNTS if a["account_id"] != "B1"] + [account("B1", "b", statement_from=dt.date(2018, 1, 2))], 1000),
    ],
)
def test_what_cannot_be_followed_is_unknown_and_not_clear(make_case, moves, accounts, unknown):
    row = used(make_case, moves, accounts)
    assert (row["unknown_yuan"], row["related_yuan"]) == (unknown, 0)


def test_what_seems_to_stay_where_a_statement_lacks_a_movement_is_unknown(make_case):
    # 800 of B1 reach S1 by B1's statement, 800 from nobody stated by that of S1; of 1600, 800 go on: 800 × 800 / 1600 = 400.
    moves = [
        move("T1", "B1", "S1", 800, 60, flow_ids=["F1"]),
        move("T2", None, "S1", 800, 60, flow_ids=["F2"]),
        move("T3", "S1", "H1", 800, 120, flow_ids=["F3"]),
    ]
    lines = [line("F1", "B1", -800, 200, 60), line("F2", "S1", 800, None, 60), line("F3", "S1", -800, None, 120)]
    row = used(make_case, moves, lines=lines)
    assert (row["related_yuan"], row["unknown_yuan"]) == (400, 400)
    both = [{**moves[0], "flow_ids": ["F1", "F2"]}, moves[2]]  # the two lines as one movement: 800 in, 800 on
    row = used(make_case, both, lines=lines)
    assert (row["related_yuan"], row["unknown_yuan"]) == (800, 0)


def test_an_account_written_with_stars_is_unknown_and_never_walked_through(make_case):
    # Two accounts may be written alike: what the one pays to H1 is not B1's money.
    moves = [move("T1", "B1", "62****1234", 300, 60), move("T2", "62****1234", "H1", 300, 90)]
    assert sums(used(make_case, moves)) == (0, 300, None)


def test_an_account_without_statements_at_the_last_hop_asked_for_is_not_unknown(make_case):
    moves = [move("T1", "B1", "Dark", 300, 60)]
    assert used(make_case, moves, hops=1)["unknown_yuan"] == 0


def test_tranches_far_apart_are_followed_each_in_its_own_window(make_case):
    moves = [
        move("T1", "B1", "H1", 500, 10 * DAY),
        move("D2", "Custody", "B1", 200, 100 * DAY, kind="disbursement", loan_id="L1"),
        move("T2", "B1", "H1", 700, 110 * DAY),
    ]
    case_row = used_tranches(make_case, moves)
    # 500 of the first tranche arrive, 500 stay in B1 beyond their 30 days; T2 takes all 700, and 200 are the second tranche
    assert case_row["related_yuan"] == 700
    assert case_row["disbursed_yuan"] == 1200


def used_tranches(make_case, moves):
    paid = move("D", "Custody", "B1", 1000, 0, kind="disbursement", loan_id="L1")
    case = make_case(
        "i",
        institutions=[{"institution_id": "i", "name": "平台", "party_id": "p"}],
        parties=[{"party_id": x, "name": x, "kind": "company"} for x in "phbsq"],
        accounts=ACCOUNTS,
        transfers=[{**row, "file_order": i} for i, row in enumerate([paid, *moves])],
        holdings=[{"holding_id": "1", "holder_id": "h", "held_id": "p", "share": 0.6}],
        loans=[{"loan_id": "L1", "institution_id": "i", "borrower_id": "b", "principal_yuan": Decimal(1200)}],
    )
    return flows.derive_uses_of_funds(case, SCOPE, hops=4, days=30).to_pylist()[0]


def test_a_scope_without_platform_loans_gives_an_empty_table(make_case):
    case = make_case(parties=[{"party_id": "p", "name": "p", "kind": "company"}])
    found = flows.derive_uses_of_funds(case, [("p", None, "p")], hops=4, days=30)
    assert found.num_rows == 0
    assert found.column_names == [
        *(
            "case_id",
            "loan_id",
            "disbursed_yuan",
            "related_yuan",
            "unknown_yuan",
            "hops",
            "first_at",
            "last_at",
            "transfer_ids",
        ),
    ]


def test_what_came_back_by_a_reversal_never_reached_anybody(make_case):
    moves = [move("T1", "B1", "H1", 700, 60), move("R", "H1", "B1", 700, 120, reversal_of="T1")]
    assert sums(used(make_case, moves)) == (Decimal(0), Decimal(0), None)
    # what B1 then pays is the loan's, all of it
    assert sums(used(make_case, [*moves, move("T2", "B1", "H1", 600, 180)])) == (Decimal(600), Decimal(0), 1)


def test_a_payout_that_was_refused_and_sent_again_is_the_second_one(make_case):
    moves = [
        move("R", "B1", "Custody", 1000, 30, kind="refund", reversal_of="D"),
        move("D2", "Custody", "B1", 1000, DAY, kind="transfer"),
        move("T1", "B1", "H1", 300, DAY + 60),
    ]
    row = used(make_case, moves, started_on=dt.date(2018, 1, 1))
    assert sums(row) == (Decimal(300), Decimal(0), 1)
    assert row["transfer_ids"] == ["D2", "T1"]


def test_a_payout_that_came_back_paid_nobody(make_case):
    moves = [
        move("D", "Custody", "B1", 1000, 0, kind="disbursement", loan_id="L1"),
        move("R", "B1", "Custody", 1000, 30, kind="refund", loan_id="L1", reversal_of="D"),
    ]
    loan = {"loan_id": "L1", "borrower_id": "b", "principal_yuan": Decimal(1000), "started_on": dt.date(2018, 1, 1)}
    case = make_case(transfers=moves, accounts=ACCOUNTS, loans=[loan])
    assert flows.reconcile(case)["outcome"].tolist() == ["missing"]


def test_traces_keep_what_was_undone_and_lose_nothing(make_case):
    moves = [move("T1", "A", "B", 100, 0), move("T2", "B", "A", 100, 60, reversal_of="T1")]
    trail = flows.trace(make_case(transfers=moves), transfers=["T1"])
    assert trail["transfer_id"].tolist() == ["T1", "T2"]
    assert flows.at_rest(trail).to_dict("records") == [{"account": "A", "traced_yuan": Decimal(100)}]
