"""flows.apr: the all-in annual rate from what was really received and paid."""

import datetime as dt
from decimal import Decimal

import pytest

from lib import flows
from lib.errors import BadParameter
from tests.money_cases import move
from tests.test_flows_reconcile import DAY, account, loan

START = dt.date(2018, 1, 1)
ACCOUNTS = [account(statement_to=dt.date(2020, 12, 31))]
MONTHLY = [dt.date(2018 + month // 12, 1 + month % 12, 1) for month in range(1, 13)]


def contract(principal, name="L1", **more):
    return loan(name, principal, **{"started_on": START, "outstanding_yuan": Decimal(0), **more})


def payout(amount, name="D1", day=0, **more):
    return move(name, "P", "B", amount, day * DAY, **{"kind": "disbursement", "loan_id": "L1", **more})


def pay(name, on, amount, **more):
    on = on if isinstance(on, dt.date) else START + dt.timedelta(days=on)
    return move(name, "B", "P", amount, (on - START).days * DAY, **{"kind": "repayment", "loan_id": "L1", **more})


def priced(make_case, transfers, loans, payments="bank", **tables):
    made = flows.apr(make_case(transfers=transfers, loans=loans, accounts=ACCOUNTS, **tables), payments)
    rows = [{k: None if v is None or v != v else v for k, v in row.items()} for row in made.astype(object).to_dict("records")]
    return {row["loan_id"]: row for row in rows}


def unknown(make_case, *data, **tables):
    row = priced(make_case, *data, **tables)["L1"]
    assert (row["apr_simple"] is None) == (row["apr_compound"] is None) == (row["unknown"] is not None)
    return row["unknown"]


# Source: rules/tests.yaml, block apr, rows 1 and 2 (933.3333 is 11,200 ÷ 12: the last payment has the odd fen)
@pytest.mark.parametrize(
    ("principal", "net", "pay_yuan", "last", "simple", "compound"),
    [
        (12000, 12000, "1120", "1120", 0.21457184, 0.23698384),
        (10000, 9000, "933.33", "933.37", 0.42432757, 0.51739890),
    ],
)
def test_monthly_payments_have_the_published_rates(make_case, principal, net, pay_yuan, last, simple, compound):
    payments = [pay(f"T{k:02}", on, last if k == 11 else pay_yuan) for k, on in enumerate(MONTHLY)]
    fee = Decimal(principal - net)
    row = priced(make_case, [payout(net), *payments], [contract(principal, upfront_fee_yuan=fee)])["L1"]
    # whole fen instead of thirds of one: 4 fen less or more on 11,200 yuan
    assert (row["apr_simple"], row["apr_compound"]) == (pytest.approx(simple, abs=3e-6), pytest.approx(compound, abs=3e-6))
    assert (row["basis"], row["roots"], row["payments"]) == ("months", 1, 12)
    assert row["month_rate"] * 12 == row["apr_simple"]
    assert row["transfer_ids"] == ["D1", *(f"T{k:02}" for k in range(12))]
    assert (row["received_yuan"], row["cost_yuan"]) == (net, 12 * Decimal(pay_yuan) + Decimal(last) - Decimal(pay_yuan) - net)


# Source: rules/tests.yaml, block apr, rows 3 and 4; (1500 ÷ 1200 − 1) × 365 ÷ 7 and 98 ÷ 1000 × 365 ÷ 30
@pytest.mark.parametrize(
    ("face", "net", "repaid", "days", "simple"), [(1500, 1200, 1500, 7, 13.035714), (1000, 1000, 1098, 30, 1.192333)]
)
def test_one_payment_is_counted_by_days_on_what_was_received(make_case, face, net, repaid, days, simple):
    loans = [contract(face, upfront_fee_yuan=Decimal(face - net))]
    row = priced(make_case, [payout(net), pay("T1", days, repaid)], loans)["L1"]
    assert (row["basis"], row["apr_simple"]) == ("single", pytest.approx(simple, abs=5e-7))
    assert row["apr_compound"] == pytest.approx((repaid / net) ** (365 / days) - 1)


def test_a_fee_paid_back_on_the_day_of_the_payout_lowers_what_was_received(make_case):
    back = pay("F1", 0, 300, kind="fee")
    row = priced(make_case, [payout(1500), {**back, "payee_account": "Agent"}, pay("T1", 7, 1500)], [contract(1500)])["L1"]
    assert (row["received_yuan"], row["apr_simple"]) == (Decimal(1200), pytest.approx(300 / 1200 * 365 / 7))


def test_days_that_are_no_whole_months_are_counted_as_parts_of_a_year(make_case):
    row = priced(make_case, [payout(1000), pay("T1", 30, 100), pay("T2", 73, 1000)], [contract(1000)])["L1"]
    v = (1 + row["apr_compound"]) ** -(1 / 365)
    assert row["basis"] == "days"
    assert 1000 - 100 * v**30 - 1000 * v**73 == pytest.approx(0, abs=1e-9)
    assert row["apr_simple"] == pytest.approx(12 * ((1 + row["apr_compound"]) ** (1 / 12) - 1))


def test_the_last_day_of_a_short_month_is_a_month_later(make_case):
    on = [dt.date(2018, 2, 28), dt.date(2018, 3, 31), dt.date(2018, 4, 30)]
    payments = [pay(f"T{k}", day, amount) for k, (day, amount) in enumerate(zip(on, (10, 10, 1010), strict=True))]
    row = priced(make_case, [payout(1000, day=30), *payments], [contract(1000, started_on=dt.date(2018, 1, 31))])["L1"]
    assert (row["basis"], row["apr_simple"]) == ("months", pytest.approx(0.12))


def schedule(amount, on=31, period=1):
    return {"loan_id": "L1", "period": period, "due_on": START + dt.timedelta(days=on), "principal_yuan": Decimal(amount)}


def entry(amount, principal, on=31, name="R1"):
    stated = {"amount_yuan": amount and Decimal(amount), "principal_yuan": principal and Decimal(principal)}
    return {"repayment_id": name, "loan_id": "L1", "period": 1, "paid_on": START + dt.timedelta(days=on), **stated}


OPEN = {"outstanding_yuan": None}


@pytest.mark.parametrize(
    ("transfers", "loans", "tables", "why"),
    [
        ([], [contract(1000)], {}, "no_payout"),
        ([payout(1000)], [contract(1000)], {}, "still_open"),
        ([payout(1000), pay("T1", 31, 998)], [contract(1000)], {}, "still_open"),
        ([payout(1000), pay("T1", 31, 999)], [contract(1000)], {}, None),  # a yuan is tolerated
        ([payout(1000), pay("T1", 31, 1010)], [contract(1000, **OPEN)], {}, "end_unknown"),
        ([payout(1000), pay("T1", 31, 1010)], [contract(1000, **OPEN)], {"schedules": [schedule(1011)]}, None),
        ([payout(1000), pay("T1", 31, 1010)], [contract(1000, **OPEN)], {"schedules": [schedule("1011.01")]}, "still_open"),
        (
            [payout(1000), pay("T1", 31, 1010)],
            [contract(1000, **OPEN)],
            {"repayments": [entry(1010, 999)], "schedules": [schedule(1200)]},
            None,  # repaid early: the ledger has all principal
        ),
        ([payout(1000), pay("T1", 31, 1010)], [contract(1000, **OPEN)], {"repayments": [entry(1010, 998)]}, "still_open"),
        ([payout(1000)], [contract(1000)], {"repayments": [entry(1010, 1000)]}, "not_in_bank"),
        (
            [payout(1000), pay("T1", 31, 1010)],
            [contract(1000)],
            {"repayments": [entry(1010, 1000), entry(30, 0, 90, "R2")]},
            "not_in_bank",
        ),
        ([payout(1000), pay("T1", 0, 1000)], [contract(1000)], {}, "same_day"),
        ([payout(1000), pay("T1", 0, 1100)], [contract(1000)], {}, "no_rate"),
        # 100 − 230 / q + 132 / q² = 0 for q = 1.1 and q = 1.2
        ([payout(100), pay("T1", 31, 230), payout(132, "D2", 59)], [contract(230)], {}, "several_rates"),
    ],
)
def test_without_all_payments_there_is_no_rate_and_a_reason(make_case, transfers, loans, tables, why):
    assert unknown(make_case, transfers, loans, **tables) == why


def test_several_rates_are_counted(make_case):
    row = priced(make_case, [payout(100), pay("T1", 31, 230), payout(132, "D2", 59)], [contract(230)])["L1"]
    assert (row["roots"], row["basis"], row["cost_yuan"]) == (2, None, None)


def test_the_ledger_may_be_taken_at_its_word(make_case):
    tables = {"repayments": [entry(1010, 1000)]}
    row = priced(make_case, [payout(1000)], [contract(1000, **OPEN)], "ledger", **tables)["L1"]
    assert (row["apr_simple"], row["repayment_ids"], row["transfer_ids"]) == (
        *(pytest.approx(0.01 * 365 / 31), ["R1"], ["D1"]),
    )
    tables = {"repayments": [entry(None, None)]}
    assert priced(make_case, [payout(1000)], [contract(1000)], "ledger", **tables)["L1"]["unknown"] == "amount_unknown"


def test_what_the_bank_shows_and_the_ledger_hides_is_paid_all_the_same(make_case):
    transfers = [payout(1000), pay("T1", 31, 1010), pay("F1", 12, 90, kind="fee")]
    tables = {"repayments": [entry(1010, 1000)]}
    for source in ("bank", "ledger"):
        row = priced(make_case, transfers, [contract(1000)], source, **tables)["L1"]
        assert (row["repaid_yuan"], row["cost_yuan"], row["payments"]) == (Decimal(1100), Decimal(100), 2)


def test_each_loan_of_a_batch_has_its_own_part_and_unknown_loans_of_the_ledger_are_nobodys(make_case):
    loans = [contract(1000), contract(500, "L2")]
    batch = move("D1", "P", "B", 1500, 0)
    transfers = [batch, pay("T1", 31, 1010), {**pay("T2", 31, 510), "loan_id": "L2"}]
    stray = {**entry(77, 77, name="R9"), "loan_id": "L0"}
    rows = priced(make_case, transfers, loans, repayments=[stray])
    assert [(k, r["received_yuan"], r["repaid_yuan"], r["unknown"]) for k, r in rows.items()] == [
        ("L1", Decimal(1000), Decimal(1010), None),
        ("L2", Decimal(500), Decimal(510), None),
    ]
    rows = priced(make_case, transfers, loans, "ledger", repayments=[stray])
    assert [r["repaid_yuan"] for r in rows.values()] == [Decimal(1010), Decimal(510)]


def test_no_loans_give_no_rows(make_case):
    assert not len(flows.apr(make_case()))


def test_another_source_is_refused(make_case):
    with pytest.raises(BadParameter, match="payments='books'"):
        flows.apr(make_case(loans=[contract(1)]), payments="books")
