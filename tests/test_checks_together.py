"""The rules on what graph and flows really derive: one small platform, paid out of custody to a borrower and onwards."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lib import Case, checks, open_case

MakeCase = Callable[..., Case]
PLATFORM = {
    "institutions": [{"institution_id": "I", "name": "某平台", "party_id": "C"}],
    "parties": [
        {"party_id": "H", "kind": "person", "name": "控制人"},
        {"party_id": "B", "kind": "person", "name": "借款人"},
        *({"party_id": i, "kind": "company", "name": i, "scope_text": "软件"} for i in ("C", "S", "R")),
    ],
    # H runs the platform and, over another company, R; S is nobody's
    "holdings": [
        {"holding_id": "1", "holder_id": "H", "held_id": "C", "share": 1.0},
        {"holding_id": "2", "holder_id": "H", "held_id": "R", "share": 0.8},
        {"holding_id": "3", "holder_id": "B", "held_id": "R", "share": 0.2},
    ],
    "accounts": [
        {"account_id": "K", "purpose": "custody_total"},
        *(
            {
                "account_id": f"A-{i}",
                "holder_id": i,
                "purpose": "own",
                "statement_from": "2017-01-01",
                "statement_to": "2018-01-01",
            }
            for i in ("C", "B", "S", "R", "X")
        ),
    ],
    "loans": [
        {"loan_id": "L1", "institution_id": "I", "borrower_id": "B", "principal_yuan": 200000, "signed_on": "2017-03-01"}
    ],
    "repayments": [{"repayment_id": "1", "loan_id": "L1", "paid_on": "2018-03-01", "principal_yuan": 200000}],
}


def money(*moves: tuple[str, str, str, str]) -> dict[str, list[dict[str, Any]]]:
    """Return flows and transfers of (payer, payee, time, yuan); the payout is the one from K."""
    flows, transfers = [], []
    balances: dict[str, Decimal] = {}
    for n, (payer, payee, at, yuan) in enumerate(moves, start=1):
        kind = {"kind": "disbursement", "loan_id": "L1"} if payer == "K" else {"kind": "transfer"}
        for account, other, direction, sign in [(payer, payee, "out", -1), (payee, payer, "in", 1)]:
            if account != "K":
                balances[account] = balances.get(account, Decimal(500000)) + sign * Decimal(yuan)
                row = {"flow_id": f"{n}{direction}", "account_id": account, "seq": n, "at": at, "direction": direction}
                amounts = {"amount_yuan": yuan, "balance_yuan": str(balances[account])}
                flows.append(row | amounts | kind | {"counterparty_account": other, "day_only": False})
        ids = [f["flow_id"] for f in flows if f["flow_id"].startswith(str(n))]
        row = {"transfer_id": f"T{n}", "flow_ids": ids, "payer_account": payer, "payee_account": payee, "at": at}
        transfers.append(row | kind | {"amount_yuan": yuan, "file_order": n, "day_only": False})
    return {"flows": flows, "transfers": transfers}


PAYOUT = ("K", "A-B", "2017-03-02T09:00", "200000")


def run(make_case: MakeCase, rule_id: str, **tables: Any) -> dict[str, Any]:
    found = checks.run(make_case("I", "2018-09-30", **PLATFORM | tables), rules=[rule_id])
    assert len(found) == 1, found
    row: dict[str, Any] = found.iloc[0].to_dict()
    return row


def test_money_that_comes_home_over_a_shell_is_a_lead(make_case: MakeCase):
    """B held 500,000 of its own, so 350,000 of 700,000 carries half of the loan; S pays on all it has."""
    moves = money(PAYOUT, ("A-B", "A-S", "2017-03-03T09:00", "350000"), ("A-S", "A-R", "2017-03-04T09:00", "850000"))
    row = run(make_case, "SF-03", **moves)
    assert (row["outcome"], row["subject_id"]) == ("hit", "L1")
    assert row["amount_yuan"] == Decimal("100000.00")  # 200,000 · 350/700 into S, all of which S pays to R
    assert [item["id"] for item in row["evidence"]] == ["L1", "T1", "T2", "T3"]
    assert (row["population"], row["tested"]) == (1, 1)


def test_money_that_stays_with_strangers_is_clear(make_case: MakeCase):
    row = run(make_case, "SF-03", **money(PAYOUT, ("A-B", "A-X", "2017-03-03T09:00", "700000")))
    assert (row["outcome"], row["tested"], row["why_not"]) == ("clear", 1, "")


def test_money_that_goes_where_no_statement_is_cannot_be_tested(make_case: MakeCase):
    row = run(make_case, "SF-03", **money(PAYOUT, ("A-B", "A-UNKNOWN", "2017-03-03T09:00", "700000")))
    assert (row["outcome"], row["tested"]) == ("not_testable", 0)


def test_a_payout_by_number_is_found_and_one_that_is_not_there_is_a_lead(make_case: MakeCase):
    assert run(make_case, "RC-01", **money(PAYOUT))["outcome"] == "clear"


def test_a_covered_account_without_the_payout_is_a_lead(make_case: MakeCase):
    row = run(make_case, "RC-01", **money(("A-B", "A-X", "2017-03-01T09:00", "5")))
    assert (row["outcome"], row["subject_id"], row["amount_yuan"]) == ("hit", "L1", Decimal("200000.00"))


def test_an_account_without_statements_of_the_days_cannot_be_tested(make_case: MakeCase):
    accounts = [row | ({"statement_from": "2017-06-01"} if row["account_id"] == "A-B" else {}) for row in PLATFORM["accounts"]]
    row = run(make_case, "RC-01", accounts=accounts, **money(("A-B", "A-X", "2017-07-01T09:00", "5")))
    assert row["outcome"] == "not_testable"


@pytest.mark.parametrize(("changed", "expected"), [("0", "clear"), ("46", "hit")])
def test_a_balance_that_does_not_follow_is_a_lead(changed: str, expected: str, make_case: MakeCase):
    tables = money(
        ("A-X", "A-C", "2017-03-02T09:00", "100"),
        ("A-X", "A-C", "2017-03-03T09:00", "100"),
        ("A-X", "A-C", "2017-03-04T09:00", "100"),
    )
    last = next(row for row in reversed(tables["flows"]) if row["account_id"] == "A-C")
    last["balance_yuan"] = str(Decimal(last["balance_yuan"]) - Decimal(changed))
    row = run(make_case, "RC-05", **tables)
    assert row["outcome"] == expected
    if expected == "hit":
        assert (row["subject_id"], row["amount_yuan"], row["first_on"]) == ("A-C", Decimal("46.00"), date(2017, 3, 4))
        assert [item["id"] for item in row["evidence"]] == ["2in", "3in"]


def test_every_rule_at_once_on_the_whole_district_and_on_one_platform_agrees(make_case: MakeCase):
    case = make_case("I", "2018-09-30", **PLATFORM | money(PAYOUT, ("A-B", "A-R", "2017-03-03T09:00", "700000")))
    one, all_of_them = checks.run(case), checks.run(open_case(None, "2018-09-30", case.store.path))
    assert one.finding_id.dropna().tolist() == all_of_them.finding_id.dropna().tolist()
    assert one.outcome.tolist() == all_of_them.outcome.tolist()
