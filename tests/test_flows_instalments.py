"""flows.instalments: the schedule, the platform's ledger and the bank, instalment by instalment."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib import flows
from lib.errors import BadParameter
from tests.money_cases import move
from tests.test_flows_reconcile import DAY, account, loan
from tests.trials import trials

LOANS, ACCOUNTS = [loan("L1", 2000)], [account()]


def due(period, day, principal=1000, loan_id="L1", interest=20, fee=5):
    amounts = {"principal_yuan": Decimal(principal), "interest_yuan": Decimal(interest), "fee_yuan": Decimal(fee)}
    return {"loan_id": loan_id, "period": period, "due_on": dt.date(2018, 2, 1) + dt.timedelta(days=day), **amounts}


def entry(name, day, amount=1025, period=1, loan_id="L1", **more):
    stated = None if amount is None else Decimal(str(amount))
    paid_on = dt.date(2018, 2, 1) + dt.timedelta(days=day)
    return {"repayment_id": name, "loan_id": loan_id, "period": period, "paid_on": paid_on, "amount_yuan": stated, **more}


def repaid(name, day, amount=1025, payer="B", payee="P", **more):
    return move(name, payer, payee, amount, (31 + day) * DAY, **more)


def compared(make_case, schedules=(), repayments=(), transfers=(), loans=LOANS, accounts=ACCOUNTS, **settings):
    tables = {"schedules": list(schedules), "repayments": list(repayments), "transfers": list(transfers)}
    made = flows.instalments(make_case(loans=loans, accounts=accounts, **tables), **settings)
    return [{k: None if v is None or v != v else v for k, v in row.items()} for row in made.astype(object).to_dict("records")]


def told(rows, *names):
    return [tuple(row[name] for name in ("outcome", *names)) for row in rows]


def test_three_that_agree_are_matched_and_days_apart_are_shown(make_case):
    rows = compared(make_case, [due(1, 0)], [entry("R1", 2)], [repaid("T1", 4, loan_id="L1", kind="repayment")])
    assert told(rows, "due_yuan", "ledger_yuan", "bank_yuan") == [("matched", *[Decimal(1025)] * 3)]
    assert told(rows, "ledger_fen", "bank_fen", "ledger_days", "bank_days") == [("matched", 0, 0, 2, 2)]
    assert told(rows, "match", "repayment_ids", "transfer_ids") == [("matched", "loan_id", ["R1"], ["T1"])]


@pytest.mark.parametrize(
    ("ledger", "bank", "outcome", "fen"),
    [
        (1026, "1025.00", "matched", (100, -100)),
        ("1026.01", "1026.01", "mismatched", (101, 0)),
        (1025, "1026.01", "mismatched", (0, 101)),
        (1025, 500, "mismatched", (0, -52_500)),
    ],
)
def test_differences_are_in_fen_and_the_tolerance_itself_agrees(make_case, ledger, bank, outcome, fen):
    rows = compared(make_case, [due(1, 0)], [entry("R1", 0, ledger)], [repaid("T1", 0, bank, loan_id="L1")])
    assert told(rows, "ledger_fen", "bank_fen") == [(outcome, *fen)]


@pytest.mark.parametrize(("late", "outcome"), [(3, "matched"), (4, "not_in_bank")])
def test_without_a_number_the_payer_the_amount_and_the_day_must_agree(make_case, late, outcome):
    rows = compared(
        make_case, [due(1, 0)], [entry("R1", 0)], [repaid("T1", late), repaid("T2", 0, 1027), repaid("T3", 0, payer="C")]
    )
    assert told(rows, "transfer_ids") == [(outcome, ["T1"] if outcome == "matched" else [])]


def test_the_line_that_the_ledger_names_counts_whatever_its_day(make_case):
    rows = compared(
        make_case, [due(1, 0)], [entry("R1", 0, flow_id="F9")], [repaid("T1", 40, flow_ids=["F8", "F9"]), repaid("T2", 0)]
    )
    assert told(rows, "match", "bank_days", "transfer_ids") == [("matched", "flow_id", 40, ["T1"])]


def test_a_payment_in_two_parts_is_found_as_such(make_case):
    rows = compared(
        make_case, [due(1, 0)], [entry("R1", 0)], [repaid("T1", 0, 1000), repaid("T2", 1, 25 + 500), repaid("T3", 1, 525)]
    )
    assert told(rows, "transfer_ids") == [("not_in_bank", [])]
    rows = compared(make_case, [due(1, 0)], [entry("R1", 0)], [repaid("T1", 0, 600), repaid("T2", 1, 425)])
    assert told(rows, "match", "bank_fen", "transfer_ids") == [("matched", "split", 0, ["T1", "T2"])]


def test_one_payment_for_two_contracts_is_parted_to_the_fen(make_case):
    loans = [*LOANS, loan("L2", 2000)]
    entries = [entry("R1", 0), entry("R2", 0, "512.50", loan_id="L2")]
    rows = compared(make_case, (), entries, [repaid("T1", 0, "1537.90")], loans)
    assert told(rows, "match", "bank_yuan", "transfer_ids") == [
        ("unscheduled", "batch", Decimal("1025.00"), ["T1"]),
        ("unscheduled", "batch", Decimal("512.90"), ["T1"]),
    ]


def test_what_only_the_bank_shows_is_not_in_the_ledger(make_case):
    rows = compared(make_case, [due(1, 0)], (), [repaid("T1", 1), repaid("T2", 60, 77, loan_id="L1", kind="repayment")])
    assert told(rows, "period", "bank_days", "bank_fen", "transfer_ids") == [
        ("not_in_ledger", 1, 1, 0, ["T1"]),
        ("not_in_ledger", None, None, None, ["T2"]),
    ]


@pytest.mark.parametrize(
    ("schedule", "entries", "accounts", "outcome"),
    [
        ([due(1, 0)], [entry("R1", 0)], ACCOUNTS, "not_in_bank"),
        ([due(1, 0)], [entry("R1", 0)], [], "not_covered"),
        ([due(1, 0)], [entry("R1", 0, payer_account="Z")], ACCOUNTS, "not_covered"),
        ([due(1, 0)], [entry("R1", 0, None)], ACCOUNTS, "not_covered"),  # its amount is not stated
        ([due(1, 0)], [], ACCOUNTS, "unpaid"),
        ([due(1, 0)], [], [], "not_covered"),
        ([due(1, 241)], [], ACCOUNTS, "unpaid"),  # 30 September, the day of the case
        ([due(1, 242)], [], ACCOUNTS, "not_due"),
        ([], [entry("R1", 0)], ACCOUNTS, "not_in_bank"),
    ],
)
def test_what_is_not_found_is_missing_only_where_statements_cover_the_day(make_case, schedule, entries, accounts, outcome):
    assert told(compared(make_case, schedule, entries, accounts=accounts)) == [(outcome,)]


def test_payouts_reversals_and_what_custody_pays_to_lenders_are_no_payments(make_case):
    transfers = [
        move("D1", "P", "B", 2000, 4 * DAY, kind="disbursement", loan_id="L1"),
        repaid("T1", 0, loan_id="L1"),
        repaid("T2", 0, payer="P", payee="B", loan_id="L1", reversal_of="T1"),
        repaid("T3", 0, payer="P", payee="A", loan_id="L1", kind="repayment"),
    ]
    accounts = [account(), account("P", "i", purpose="custody_total")]
    rows = compared(make_case, [due(1, 0)], [entry("R1", 0)], transfers, accounts=accounts)
    assert told(rows, "transfer_ids") == [("not_in_bank", [])]


@pytest.mark.parametrize(("lender", "found"), [("b", ["T2"]), ("c", ["T1", "T2"])])
def test_what_a_lender_pays_in_is_no_payment_of_the_borrower_also_where_they_are_one(make_case, lender, found):
    transfers = [repaid("T1", -60, 900, loan_id="L1"), repaid("T2", 0, 920, loan_id="L1", kind="repayment")]
    rows = compared(make_case, (), (), transfers, [loan("L1", 900, lender_id=lender)])
    assert [t for row in rows for t in row["transfer_ids"]] == found


def test_parts_without_a_period_stand_alone_and_amounts_are_the_sum_of_their_parts(make_case):
    entries = [entry("R1", 0, 10, None), entry("R2", 0, None, None, principal_yuan=Decimal(7), fee_yuan=Decimal(1))]
    rows = compared(make_case, (), entries, [repaid("T1", 0, 8), repaid("T2", 0, 10)])
    assert told(rows, "ledger_yuan", "repayment_ids", "transfer_ids") == [
        ("unscheduled", Decimal(10), ["R1"], ["T2"]),
        ("unscheduled", Decimal(8), ["R2"], ["T1"]),
    ]


def test_nothing_delivered_gives_no_rows(make_case):
    made = flows.instalments(make_case())
    assert (len(made), list(made.columns)[:3]) == (0, ["loan_id", "period", "outcome"])


@pytest.mark.parametrize("wrong", [{"tol_yuan": -1}, {"days": 1.5}])
def test_a_setting_out_of_range_is_refused(make_case, wrong):
    with pytest.raises(BadParameter, match=next(iter(wrong))):
        flows.instalments(make_case(loans=LOANS), **wrong)


@st.composite
def books(draw):
    amounts = st.integers(1, 6).map(lambda n: n * 100)
    schedule = [due(p, draw(st.integers(0, 6)), draw(amounts), interest=0, fee=0) for p in range(draw(st.integers(0, 3)))]
    entries = [
        entry(f"R{k}", draw(st.integers(0, 6)), draw(amounts), draw(st.integers(0, 3))) for k in range(draw(st.integers(0, 3)))
    ]
    transfers = [
        repaid(f"T{k}", draw(st.integers(0, 6)), draw(amounts), loan_id=draw(st.sampled_from([None, "L1"])), kind="repayment")
        for k in range(draw(st.integers(0, 5)))
    ]
    return [(schedule, entries, transfers), tuple(draw(st.permutations(rows)) for rows in (schedule, entries, transfers))]


@settings(max_examples=trials(12), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(books())
def test_the_order_of_rows_changes_nothing_and_every_named_fen_is_shown_once(make_case, drawn):
    rows, again = (compared(make_case, *tables) for tables in drawn)
    assert rows == again
    transfers = {t["transfer_id"]: t for t in drawn[0][2]}
    shown = [t for row in rows if row["match"] != "batch" for t in row["transfer_ids"]]
    batches = {t for row in rows if row["match"] == "batch" for t in row["transfer_ids"]}
    assert len(set(shown)) == len(shown)
    assert {t for t, x in transfers.items() if x["loan_id"]} <= {*shown, *batches}
    total = sum((transfers[t]["amount_yuan"] for t in {*shown, *batches}), Decimal(0))
    assert sum((row["bank_yuan"] for row in rows if row["bank_yuan"] is not None), Decimal(0)) == total
    assert sum(len(row["repayment_ids"]) for row in rows) == len(drawn[0][1])
