"""CU-02: money outside custody; CU-04: own and clients' money mixed; GR-04: risk reserves. Every institution is a case."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_store
from tests.rule_districts import District, one

Move = tuple[str | None, str | None, str, str, dict[str, Any]]


def move(payer: str | None, payee: str | None, yuan: str, on: str = "2018-01-05", **more: Any) -> Move:
    return payer, payee, on, yuan, more


LOAN = {"loan_id": "L"}
# institution → transfers between C (custody), K (own), V (reserve), N (own, no purpose), B (borrower), A (lender), X
# (stranger); ?: an account that nobody knows, None: not stated
MOVES: dict[str, list[Move]] = {
    "line": [move("C", "B", "990", **LOAN), move("B", "K", "10", **LOAN)],  # 1 % exactly
    "above": [move("C", "B", "989.99", **LOAN), move("B", "K", "10.01", **LOAN)],
    "fee": [move("C", "B", "990", **LOAN), move("B", "K", "100", kind="fee", **LOAN)],
    "fee_memo": [move("C", "B", "990", **LOAN), move("B", "K", "100", memo="账户管理费", **LOAN)],
    "before_custody": [move("B", "K", "100", "2016-12-31", **LOAN), move("C", "B", "990", **LOAN)],
    "first_day": [move("B", "K", "100", "2017-01-01", **LOAN), move("C", "B", "990", **LOAN)],
    "unknown_side": [move("C", "B", "980", **LOAN), move("B", "?", "10", **LOAN), move(None, "K", "10", **LOAN)],
    "little_unknown": [move("C", "B", "990", **LOAN), move("B", "?", "10", **LOAN)],
    "undone": [
        move("C", "B", "990", **LOAN),
        move("B", "K", "100", transfer_id="U", **LOAN),
        move("K", "B", "100", reversal_of="U", **LOAN),
    ],
    "no_contract": [move("B", "K", "100")],
    # CU-04: from a client, and its own business
    "mixed": [
        move("A", "K", "50"),
        move("X", "K", "950"),
        move("K", "X", "1", memo="代发工资"),
        move("K", "X", "1", memo="房租"),
    ],
    "less_mixed": [move("A", "K", "49.99"), move("X", "K", "950.01")] + [move("K", "X", "1", memo="缴税")] * 2,
    "one_cost": [
        move("A", "K", "50"),
        move("X", "K", "950"),
        move("K", "X", "1", memo="广告费"),
        move("K", "X", "1", memo="货款"),
    ],
    "takes_capital": [move("B", "K", "50"), move("X", "K", "900", kind="capital"), move("X", "K", "50", kind="fee")],
    "client_fees": [move("A", "K", "50", kind="fee"), move("A", "K", "50", kind="capital"), move("A", "K", "9", kind="refund")],
    "client_memos": [
        move("A", "K", "50", memo="服务费"),
        move("A", "K", "50", memo="投资款"),
        move("A", "K", "9", memo="退款"),
    ],
    "unknown_payer": [move(None, "K", "50"), move("X", "K", "950")] + [move("K", "X", "1", memo="社保")] * 2,
    "top_up": [move("X", "K", "50", memo="出借充值")] + [move("K", "X", "1", memo="水电")] * 2,
    "old_mix": [move("A", "K", "50", "2016-08-23")] + [move("K", "X", "1", memo="房租")] * 2,
    "no_purpose": [move("A", "N", "50")] + [move("N", "X", "1", memo="房租")] * 2,
    # GR-04
    "reserve_pays": [move("V", "A", "80"), move("V", "A", "20", "2018-02-05")],
    "reserve_deposit": [move("V", "B", "80"), move("V", "A", "20", kind="refund"), move("V", "K", "9"), move("V", "X", "9")],
    "reserve_memo_back": [move("V", "A", "20", memo="保证金退还")],
    "reserve_fed": [move("B", "V", "70", "2017-12-08"), move("B", "V", "5", "2017-12-07"), move("K", "V", "60")],
    "reserve_interest": [move("X", "V", "1", kind="interest"), move("X", "V", "1", memo="结息")],
    "reserve_memo": [move("B", "K", "70", "2017-12-08", memo="风险准备金"), move("B", "K", "5", "2017-12-07", memo="质保服务")],
    "reserve_nowhere": [move("V", None, "80")],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = District()
    for name in (*MOVES, "no_custody", "uncovered", "nothing"):
        made.found(name, covered=True)
        made.tables["accounts"][-1]["purpose"] = "own"
        if name == "nothing":
            continue
        if name == "uncovered":
            made.tables["accounts"][-1] |= {"statement_from": None, "statement_to": None}
        if name != "no_custody":
            made.account(f"C-{name}", f"C-{name}", purpose="custody_total", opened_on="2017-01-01")
        if name == "no_purpose":
            made.account(f"N-{name}", f"C-{name}")
        if name.startswith("reserve"):
            made.account(f"V-{name}", f"C-{name}", purpose="reserve")
        for party in "BAX":
            made.account(f"{party}-{name}", f"{party}-{name}", purpose="personal")
        made.loan(name, f"L-{name}", f"A-{name}", "1000", "2016-01-05")
        made.tables["loans"][-1]["borrower_id"] = f"B-{name}"
        for payer, payee, on, yuan, more in MOVES.get(name, []):
            sides = [None if side is None else f"{side}-{name}" for side in (payer, payee)]
            given = more | ({"loan_id": f"L-{name}"} if "loan_id" in more else {})
            made.pay(sides[0], sides[1], f"{on}T10:00", yuan, **given)  # type: ignore[arg-type]
    return write_store(tmp_path_factory.mktemp("segregation") / "s.duckdb", made.tables)


@pytest.mark.parametrize(
    ("name", "outcome", "amount", "said"),
    [
        ("line", "clear", None, ""),
        ("above", "hit", "10.01", "1 笔划转不经存管户；占合同资金 1.00%"),
        ("fee", "clear", None, ""),
        ("fee_memo", "clear", None, ""),
        ("before_custody", "clear", None, ""),
        ("first_day", "hit", "100.00", "1 笔划转不经存管户；占合同资金 9.17%"),
        ("unknown_side", "not_testable", None, "2 笔划转有一方账户或用途不明, 可能改变结果"),
        ("little_unknown", "clear", None, ""),
        ("undone", "clear", None, ""),
        ("no_contract", "not_testable", None, "存管户启用后没有写明合同编号的划转"),
        ("no_custody", "not_testable", None, "没有已知的存管户, 无从区分"),
    ],
)
def test_contract_money_passes_custody(name: str, outcome: str, amount: str | None, said: str, store: Path):
    row = one(store, "CU-02", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)
    assert amount is None or (row["subject_id"], row["amount_yuan"]) == (name, Decimal(amount))


@pytest.mark.parametrize(
    ("name", "outcome", "amount", "said"),
    [
        ("mixed", "hit", "50.00", "来自出借人、借款人的占入账 5.00%；经营收支 2 笔"),
        ("less_mixed", "clear", None, ""),
        ("one_cost", "clear", None, ""),
        ("takes_capital", "hit", "50.00", "来自出借人、借款人的占入账 5.00%；经营收支 2 笔"),
        ("client_fees", "clear", None, ""),
        ("client_memos", "clear", None, ""),
        ("unknown_payer", "not_testable", None, "1 个账户有付款人不明的入账, 可能改变结果"),
        ("top_up", "hit", "50.00", "来自出借人、借款人的占入账 100.00%；经营收支 2 笔"),
        ("old_mix", "clear", None, ""),
        ("no_purpose", "not_testable", None, "1 个账户用途未知"),
        ("uncovered", "not_testable", None, "1 个账户的流水未覆盖所需期间"),
        ("nothing", "not_testable", None, "没有本平台的借款合同"),  # covered and clean, but whose money is a client's?
    ],
)
def test_clients_money_is_kept_apart(name: str, outcome: str, amount: str | None, said: str, store: Path):
    row = one(store, "CU-04", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)
    assert amount is None or (row["subject_id"], row["amount_yuan"]) == (f"K-{name}", Decimal(amount))


@pytest.mark.parametrize(
    ("name", "outcome", "amount", "said"),
    [
        ("reserve_pays", "hit", "100.00", "付给出借人 2 笔"),
        ("reserve_deposit", "clear", None, ""),
        ("reserve_memo_back", "clear", None, ""),
        ("reserve_fed", "hit", "70.00", "停止新增后入账 1 笔"),
        ("reserve_interest", "clear", None, ""),
        ("reserve_memo", "hit", "70.00", "停止新增后入账 1 笔"),
        ("reserve_nowhere", "not_testable", None, "有付款的收款人不明, 可能改变结果"),
        ("no_purpose", "not_testable", None, "1 个账户用途未知"),
        ("uncovered", "not_testable", None, "1 个账户的流水未覆盖所需期间"),
        ("nothing", "not_testable", None, "没有本平台的借款合同"),
    ],
)
def test_a_reserve_neither_pays_lenders_nor_grows(name: str, outcome: str, amount: str | None, said: str, store: Path):
    row = one(store, "GR-04", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)
    assert amount is None or row["amount_yuan"] == Decimal(amount)


def test_leads_on_money_point_to_the_account_and_the_payments(store: Path):
    row = one(store, "GR-04", "reserve_pays")
    assert (row["first_on"], row["last_on"]) == (date(2018, 1, 5), date(2018, 2, 5))
    assert [i["table"] for i in row["evidence"]] == ["accounts", "transfers", "transfers"]
    row = one(store, "CU-04", "mixed")
    assert [i["table"] for i in row["evidence"]] == ["accounts", *["transfers"] * 3]
    assert one(store, "CU-02", "first_day", "2017-12-31")["population"] == 1
