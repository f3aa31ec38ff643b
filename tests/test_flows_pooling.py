"""flows.pooling: who stands on both sides of an account without a contract."""

from decimal import Decimal

import pytest

from lib import flows
from lib.errors import BadParameter, DataGap
from tests.client_cases import DAY, lends, loan, pays_out, platform, repays, returns
from tests.money_cases import move


def pool(count: int) -> list:
    """Return payments of so many lenders into the platform's own account, 10 yuan each."""
    return [move(f"T{n}", f"L{n}", "OWN", 10, n) for n in range(1, count + 1)]


ALL = [loan("K1"), loan("K2", "l2"), loan("K3", "l3")]


def test_lenders_who_pay_into_the_own_account_are_a_pool_from_three_on(make_case):
    found = flows.pooling(make_case("I", **platform(pool(3), loans=ALL)))
    assert found["account"].tolist() == ["OWN"] * 3
    assert found[["why", "role"]].drop_duplicates().values.tolist() == [["own", "lender"]]
    assert found["party_id"].tolist() == ["l1", "l2", "l3"]
    assert found["in_yuan"].tolist() == [Decimal(10)] * 3
    assert found["transfer_ids"].tolist() == [["T1"], ["T2"], ["T3"]]


def test_two_lenders_are_no_pool_unless_the_account_is_asked_for(make_case):
    case = make_case("I", **platform(pool(2), loans=ALL))
    assert len(flows.pooling(case)) == 0
    assert len(flows.pooling(case, lenders=2)) == 2
    assert flows.pooling(case, account="OWN")["why"].tolist() == ["asked", "asked"]


def test_a_membership_fee_is_no_lenders_money(make_case):
    fees = [{**row, "kind": "fee"} for row in pool(3)]
    assert len(flows.pooling(make_case("I", **platform(fees, loans=ALL)))) == 0


def test_what_names_a_contract_is_under_contract_in_custody_and_is_marked_on_any_other_account(make_case):
    moves = [lends("T1", "K1", "L1", 0), returns("T2", None, "L2", 1, 7), move("T3", "B1", "OWN", 30, 2 * DAY, loan_id="K1")]
    case = make_case("I", **platform(moves))
    custody = flows.pooling(case, account="CUST")
    assert custody[["party_id", "in_yuan", "out_yuan"]].values.tolist() == [["l2", Decimal(0), Decimal(7)]]
    own = flows.pooling(case, account="OWN")
    assert own[["party_id", "in_yuan", "named_yuan"]].values.tolist() == [["b1", Decimal(30), Decimal(30)]]


def test_a_transfer_to_the_lender_by_the_borrower_is_under_their_contract(make_case):
    case = make_case("I", **platform([move("T1", "B1", "L1", 30, loan_id="K1")]))
    assert len(flows.pooling(case, account="L1")) == 0


def test_a_crowd_on_both_sides_is_a_pool_whoever_holds_the_account(make_case):
    people = [f"x{n}" for n in range(4)]
    moves = [move(f"I{p}", p, "SHOP", 10, n) for n, p in enumerate(people)]
    moves += [move(f"O{p}", "SHOP", p, 3, 60 + n) for n, p in enumerate(people[:3])]
    case = make_case(None, **platform(moves))
    found = flows.pooling(case, crowd=3)
    assert found["why"].unique().tolist() == ["crowd"]
    assert found["role"].unique().tolist() == ["unknown"]
    assert found["other_accounts"].tolist() == [["x0"], ["x1"], ["x2"], ["x3"]]
    assert found["out_yuan"].tolist() == [Decimal(3)] * 3 + [Decimal(0)]
    assert len(flows.pooling(case, crowd=4)) == 0


def test_custody_of_another_platform_is_no_pool(make_case):
    people = ["L1", "L2", "L3"]
    moves = [move(f"I{p}", p, "CUSTJ", 10, n) for n, p in enumerate(people)]
    moves += [move(f"O{p}", "CUSTJ", p, 10, 60 + n) for n, p in enumerate(people)]
    rows = platform(moves, loans=ALL)
    rows["accounts"] = [*rows["accounts"], {"account_id": "CUSTJ", "holder_id": "j", "purpose": "custody_total"}]
    case = make_case("I", **rows)
    assert len(flows.pooling(case, crowd=3)) == 0
    assert len(flows.pooling(case, account="CUSTJ")) == 3


def test_a_shop_with_many_customers_is_no_pool(make_case):
    moves = [move(f"I{n}", f"x{n}", "SHOP", 10, n) for n in range(5)]
    assert len(flows.pooling(make_case(None, **platform(moves)), crowd=3)) == 0


def test_of_an_account_every_transfer_is_in_one_row_or_under_contract_or_undone(make_case):
    moves = [
        *(move("T1", "L1", "OWN", 10, 0), move("T2", None, "OWN", 5, 1), move("T3", "OWN", "PAY", 4, 2)),
        *(move("T4", "OWN", "CUST", 3, 3), move("T5", "OWN", "x", 2, 4), move("T6", "x", "OWN", 2, 5, reversal_of="T5")),
    ]
    found = flows.pooling(make_case("I", **platform(moves)), account="OWN")
    assert sorted(t for ids in found["transfer_ids"] for t in ids) == ["T1", "T2", "T3", "T4"]
    assert dict(zip(found["role"], found["in_yuan"] - found["out_yuan"], strict=True)) == {
        "lender": Decimal(10),
        "unknown": Decimal(5),
        "hub": Decimal(-4),
        "own": Decimal(-3),
    }


def test_an_institution_without_pools_gets_an_empty_frame_with_all_columns(make_case):
    moves = [lends("T1", "K1", "L1", 0), pays_out("T2", "K1", 1), repays("T3", "K1", 9), returns("T4", "K1", "L1", 10)]
    found = flows.pooling(make_case("I", **platform(moves)))
    assert len(found) == 0
    assert list(found.columns) == [
        *("account", "holder_id", "holder_name", "purpose", "why", "party_id", "name", "role"),
        *("in_yuan", "out_yuan", "named_yuan", "first_at", "last_at", "other_accounts", "transfer_ids"),
    ]


@pytest.mark.parametrize("wrong", [{"lenders": 0}, {"crowd": 0}, {"account": "nobody"}])
def test_a_setting_out_of_range_is_refused(make_case, wrong):
    with pytest.raises(BadParameter, match=next(iter(wrong.values())) if "account" in wrong else next(iter(wrong))):
        flows.pooling(make_case("I", **platform(pool(1))), **wrong)


def test_without_loans_clients_cannot_be_told(make_case):
    with pytest.raises(DataGap, match="loans"):
        flows.pooling(make_case("I", **platform(pool(3), loans=[])))


def test_transfers_without_a_time_and_undone_ones_are_counted_though_in_no_row(make_case):
    moves = [
        *pool(1),
        {**move("U", "L1", "OWN", 7), "at": None},
        move("X", "OWN", "x", 2),
        move("Y", "x", "OWN", 2, 1, reversal_of="X"),
    ]
    case = make_case("I", **platform([*moves, lends("T9", "K1", "L1", 0)]))
    found = flows.pooling(case, account="OWN")
    assert found["transfer_ids"].tolist() == [["T1"]]
    assert {name: found.attrs[name] for name in ("undated", "undated_yuan", "reversed")} == {
        "undated": 1,
        "undated_yuan": Decimal(7),
        "reversed": 2,
    }
    assert flows.client_money(case, accounts=["OWN"]).attrs["undated"] == 1
    assert flows.payout_sources(case, accounts=["CUST"]).attrs["undated"] == 0
