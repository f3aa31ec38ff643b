"""flows.reconcile: payouts in parts, payouts of several contracts, deductions, and payouts that no contract explains."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib import flows
from lib.errors import DataGap
from tests.money_cases import move
from tests.test_flows_reconcile import DAY, account, loan, outcomes, reconciled
from tests.trials import trials

ACCOUNTS = [account()]


def paid(name, amount, day=4, payer="X", payee="B", **more):
    return move(name, payer, payee, amount, day * DAY, **more)


def found(case, **settings):
    return {
        k: (r["outcome"], r["match"] if isinstance(r["match"], str) else None, sorted(r["transfer_ids"]), r["paid_yuan"])
        for k, r in reconciled(case, **settings).items()
    }


def test_a_payout_in_two_parts_is_found(make_case):
    rows = [paid("D1", 600), paid("D2", 400, day=5), paid("N", 70)]
    case = make_case(transfers=rows, loans=[loan("L1", 1000)], accounts=ACCOUNTS)
    assert found(case) == {"L1": ("matched", "split", ["D1", "D2"], Decimal(1000))}
    row = reconciled(case)["L1"]
    assert (row["first_on"], row["last_on"]) == (dt.date(2018, 1, 5), dt.date(2018, 1, 6))
    assert (row["off_days"], row["off_yuan"], row["fee_yuan"]) == (0, Decimal(0), Decimal(0))


@pytest.mark.parametrize(("last", "outcome"), [("401.00", "matched"), ("401.01", "missing"), ("399", "matched")])
def test_parts_may_differ_by_the_tolerance_in_sum(make_case, last, outcome):
    case = make_case(transfers=[paid("D1", 600), paid("D2", last)], loans=[loan("L1", 1000)], accounts=ACCOUNTS)
    assert reconciled(case)["L1"]["outcome"] == outcome


def test_parts_of_different_payers_are_no_payout(make_case):
    rows = [paid("D1", 600), paid("D2", 400, payer="Y")]
    case = make_case(transfers=rows, loans=[loan("L1", 1000)], accounts=ACCOUNTS)
    assert outcomes(case) == {"L1": ("missing", [])}


def test_parts_may_add_up_to_the_principal_less_the_fee(make_case):
    loans = [loan("L1", 1000, upfront_fee_yuan=Decimal(100))]
    row = reconciled(make_case(transfers=[paid("D1", 500), paid("D2", 400)], loans=loans, accounts=ACCOUNTS))["L1"]
    assert (row["outcome"], row["match"], row["fee_yuan"], row["off_yuan"], row["difference_yuan"]) == (
        *("matched", "split", Decimal(100), Decimal(0), Decimal(-100)),
    )


def test_one_transfer_may_pay_several_contracts_and_what_differs_stays_in_the_sum(make_case):
    loans = [loan("L1", 1000), loan("L2", 500), loan("L3", 700)]
    case = make_case(transfers=[paid("D1", "1500.50")], loans=loans, accounts=ACCOUNTS)
    assert found(case) == {
        "L1": ("matched", "batch", ["D1"], Decimal(1000)),
        "L2": ("matched", "batch", ["D1"], Decimal("500.50")),
        "L3": ("missing", None, [], None),
    }


def test_the_money_of_one_of_several_contracts_that_were_paid_at_once_is_not_followed_as_if_it_were_all(make_case):
    loans = [loan("L1", 1000, institution_id="i"), loan("L2", 500, institution_id="i")]
    tables = {"institutions": [{"institution_id": "i", "name": "平台", "party_id": "p"}], "accounts": ACCOUNTS}
    case = make_case("平台", transfers=[paid("D1", 1500)], loans=loans, **tables)
    assert {row["match"] for row in reconciled(case).values()} == {"batch"}
    with pytest.raises(DataGap, match=r"transfers=\['D1'\]"):
        flows.trace(case, loan="L1")
    assert flows.derive_uses_of_funds(case, [("i", "i", "p")]).num_rows == 0


def test_several_contracts_may_be_paid_at_once_less_their_fees(make_case):
    loans = [loan("L1", 1000, upfront_fee_yuan=Decimal(100)), loan("L2", 500, upfront_fee_yuan=Decimal(50))]
    made = reconciled(make_case(transfers=[paid("D1", 1350)], loans=loans, accounts=ACCOUNTS))
    assert {k: (r["outcome"], r["paid_yuan"], r["fee_yuan"]) for k, r in made.items()} == {
        "L1": ("matched", Decimal(900), Decimal(100)),
        "L2": ("matched", Decimal(450), Decimal(50)),
    }


@pytest.mark.parametrize(("lender", "total"), [("b", 1000), ("c", 2020)])
def test_what_a_lender_gets_back_is_no_payout_also_where_lender_and_borrower_are_one(make_case, lender, total):
    rows = [paid("D1", 1000, kind="disbursement", loan_id="L1"), paid("Y", 1020, day=60, loan_id="L1")]
    case = make_case(transfers=rows, loans=[loan("L1", 1000, lender_id=lender)], accounts=ACCOUNTS)
    assert reconciled(case)["L1"]["paid_yuan"] == Decimal(total)


def test_one_to_one_goes_before_parts(make_case):
    rows = [paid("D1", 600), paid("D2", 400), paid("D3", 1000, day=6)]
    case = make_case(transfers=rows, loans=[loan("L1", 1000)], accounts=ACCOUNTS)
    assert outcomes(case) == {"L1": ("matched", ["D3"])}


@pytest.mark.parametrize(
    ("amount", "kind", "outcome"),
    [
        (700, "disbursement", "mismatched"),  # 30 % kept back
        ("699.99", "disbursement", "missing"),
        (900, "disbursement", "mismatched"),
        (900, None, "missing"),  # nobody says that it is a payout
        (1010, "disbursement", "missing"),
    ],
)
def test_a_payout_that_lacks_an_unstated_part_is_a_mismatch_and_no_agreement(make_case, amount, kind, outcome):
    case = make_case(transfers=[paid("D1", amount, kind=kind)], loans=[loan("L1", 1000)], accounts=ACCOUNTS)
    row = reconciled(case)["L1"]
    assert row["outcome"] == outcome
    if outcome == "mismatched":
        assert (row["match"], row["off_yuan"], row["fee_yuan"]) == ("deducted", Decimal(amount) - 1000, Decimal(0))


def test_a_payout_that_no_contract_explains_is_a_row_of_its_own(make_case):
    rows = [
        paid("D1", 1000),
        paid("D2", 777, kind="disbursement"),
        paid("D3", 1, payee="Z", kind="disbursement", loan_id="L9"),
        paid("D4", 888),  # not said to be a payout
        paid("D5", 555, kind="disbursement"),
        move("U5", "B", "X", 555, 4 * DAY + 1, reversal_of="D5"),
    ]
    made = flows.reconcile(make_case(transfers=rows, loans=[loan("L1", 1000)], accounts=ACCOUNTS))
    unexplained = made[made["outcome"] == "no_contract"]
    assert unexplained["transfer_ids"].tolist() == [["D2"], ["D3"]]
    assert unexplained["loan_id"].isna().tolist() == [True, False]
    assert unexplained["paid_yuan"].tolist() == [Decimal(777), Decimal(1)]


def test_without_any_contract_nothing_is_unexplained(make_case):
    assert not len(flows.reconcile(make_case(transfers=[paid("D1", 1, kind="disbursement")], accounts=ACCOUNTS)))


def test_a_case_is_shown_the_payouts_of_its_own_accounts_alone(make_case):
    rows = [
        paid("D1", 10, payer="P", payee="Q", kind="disbursement"),
        paid("D2", 20, payer="R", kind="disbursement", payee="S"),
    ]
    accounts = [{"account_id": "P", "holder_id": "p"}]
    tables = {"institutions": [{"institution_id": "i", "name": "平台", "party_id": "p"}], "loans": [loan("L1", 1)]}
    made = flows.reconcile(make_case("平台", transfers=rows, accounts=accounts, **tables))
    assert made["transfer_ids"].tolist() == [["D1"]]


def test_too_many_sums_are_unclear_and_not_missing(make_case):
    rows = [paid(f"D{i:02}", 50) for i in range(61)]
    case = make_case(transfers=rows, loans=[loan("L1", 100)], accounts=ACCOUNTS)
    assert outcomes(case) == {"L1": ("unclear", [])}


@st.composite
def small_books(draw):
    moves = [
        paid(f"D{i}", draw(st.integers(1, 6)) * 100, draw(st.integers(2, 6)), draw(st.sampled_from("XY")), kind=kind)
        for i, kind in enumerate(draw(st.lists(st.sampled_from([None, "disbursement"]), max_size=6)))
    ]
    loans = [loan(f"L{i}", amount * 100) for i, amount in enumerate(draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)))]
    return moves, loans, draw(st.permutations(moves)), draw(st.permutations(loans))


@settings(max_examples=trials(15), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(small_books())
def test_the_order_of_rows_changes_nothing_and_each_transfer_is_used_once(make_case, drawn):
    moves, loans, moves_again, loans_again = drawn
    made = flows.reconcile(make_case(transfers=moves, loans=loans, accounts=ACCOUNTS))
    again = flows.reconcile(make_case(transfers=moves_again, loans=loans_again, accounts=ACCOUNTS))
    assert made.to_dict("records") == again.to_dict("records") or made.astype(str).equals(again.astype(str))
    explained = made[made["outcome"] != "no_contract"]
    alone = explained[explained["match"] != "batch"]["transfer_ids"].explode().dropna().tolist()
    batches = {tuple(ids) for ids in explained[explained["match"] == "batch"]["transfer_ids"]}
    used = alone + [t for ids in batches for t in ids]
    assert len(used) == len(set(used))
    unexplained = made[made["outcome"] == "no_contract"]["transfer_ids"].explode().tolist()
    marked = {m["transfer_id"] for m in moves if m["kind"] == "disbursement"}
    assert marked <= set(used) | set(unexplained)
    # what a batch pays is given to its loans to the fen
    amounts = {m["transfer_id"]: m["amount_yuan"] for m in moves}
    assert sum(explained["paid_yuan"].dropna(), Decimal(0)) == sum((amounts[t] for t in used), Decimal(0))
