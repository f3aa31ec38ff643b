"""flows.accounts, transfers, between, monthly and network: what belongs to a case, seen from further off."""

import datetime as dt
from decimal import Decimal

import pytest

from lib import flows
from lib.errors import BadParameter, DataGap
from tests.money_cases import at, move

DAY = 24 * 60
PARTIES = [
    {"party_id": "p", "name": "平台公司", "kind": "company"},
    {"party_id": "h", "name": "控股公司", "kind": "company"},
    {"party_id": "b", "name": "借款人", "kind": "person"},
    {"party_id": "x", "name": "路人", "kind": "person"},
    {"party_id": "y", "name": "路人", "kind": "person"},
    {"party_id": "z", "name": "无账户", "kind": "person"},
]
ACCOUNTS = [
    {"account_id": "P1", "holder_id": "p", "purpose": "own"},
    {"account_id": "P2", "holder_id": "p"},
    {"account_id": "Custody", "holder_id": "p", "purpose": "custody_total"},
    {"account_id": "H1", "holder_id": "h"},
    {"account_id": "B1", "holder_id": "b"},
    {"account_id": "X1", "holder_id": "x"},
    {"account_id": "Y1", "holder_id": "y"},
]
TRANSFERS = [
    move("T1", "Custody", "B1", 1000, 0, kind="disbursement", loan_id="L1", file_order=1),
    move("T2", "B1", "H1", 400, DAY, kind="transfer", file_order=2),
    move("T3", "B1", "Custody", 200, 40 * DAY, kind="repayment", loan_id="L1", file_order=3),
    move("T4", None, "P1", 50, 2 * DAY, kind="fee", file_order=4),
    move("T5", "P1", "P2", 30, 3 * DAY, file_order=5),
    move("T6", "P2", "X1", 20, 100 * DAY, file_order=6),
    move("T7", "X1", "Y1", 10, 0, file_order=7),
    move("T8", "Third", None, 5, 0, file_order=8),
]


@pytest.fixture
def case(make_case):
    return opened(make_case, "平台")


def opened(make_case, who):
    return make_case(
        who,
        institutions=[{"institution_id": "i", "name": "平台", "party_id": "p"}],
        parties=PARTIES,
        accounts=ACCOUNTS,
        transfers=TRANSFERS,
        holdings=[{"holding_id": "1", "holder_id": "h", "held_id": "p", "share": 0.6}],
        loans=[{"loan_id": "L1", "institution_id": "i", "borrower_id": "b", "disbursement_account": "Agreed"}],
    )


def test_a_cases_accounts_are_its_own_those_of_its_related_set_and_those_of_its_loans(case):
    found = flows.accounts(case)
    assert dict(zip(found["account_id"], found["why"], strict=True)) == {
        **dict.fromkeys(("Custody", "P1", "P2"), "own"),
        "H1": "related",
        "Agreed": "loan",
        "B1": "loan",
    }
    derived = flows.derive_case_accounts(case, [("i", "i", "p")])
    assert derived.column_names == ["case_id", "account_id", "why"]
    assert set(derived["account_id"].to_pylist()) == set(found["account_id"])


def test_a_cases_transfers_touch_its_accounts(case):
    assert flows.transfers(case)["transfer_id"].tolist() == ["T1", "T2", "T4", "T5", "T3", "T6"]


def test_the_district_has_everything(make_case):
    case = opened(make_case, None)
    assert set(flows.transfers(case)["transfer_id"]) == {f"T{i}" for i in range(1, 9)}
    assert {"Third", "X1"} <= set(flows.accounts(case)["account_id"])


def test_between_two_sides_runs_money_both_ways(case):
    found = flows.between(case, "借款人", "Custody")
    assert list(zip(found["transfer_id"], found["direction"], strict=True)) == [("T1", "in"), ("T3", "out")]
    assert flows.between(case, "p", "X1")["transfer_id"].tolist() == ["T6"]


def test_between_can_be_bounded_by_days(case):
    day = at(40 * DAY).date()
    assert flows.between(case, "B1", "Custody", start=day)["transfer_id"].tolist() == ["T3"]
    assert flows.between(case, "B1", "Custody", end=day.isoformat())["transfer_id"].tolist() == ["T1", "T3"]
    assert flows.between(case, "B1", "Custody", start="2018-01-02", end="2018-01-03").empty
    with pytest.raises(BadParameter, match="start"):
        flows.between(case, "B1", "Custody", start="soon")


@pytest.mark.parametrize(
    ("who", "error", "said"), [("路人", BadParameter, "x"), ("谁", BadParameter, "谁"), ("无账户", DataGap, "无账户")]
)
def test_a_side_that_is_ambiguous_unknown_or_without_accounts_is_said(case, who, error, said):
    with pytest.raises(error, match=said):
        flows.between(case, who, "P1")


def test_the_months_of_a_case_are_added_up_without_gaps(case):
    found = flows.monthly(case)
    assert found["month"].tolist() == [dt.date(2018, m, 1) for m in (1, 2, 3, 4)]
    january, february, march, april = found.to_dict("records")
    # own accounts are P1, P2 and Custody: in 50; out 1000; the 30 between P1 and P2 count in neither
    assert (january["disbursed_yuan"], january["in_yuan"], january["out_yuan"]) == (Decimal(1000), Decimal(50), Decimal(1000))
    assert (february["repaid_yuan"], february["in_yuan"], february["transfers"]) == (Decimal(200), Decimal(200), 1)
    assert (march["out_yuan"], march["transfers"]) == (Decimal(0), 0)
    assert (april["out_yuan"], january["transfers"]) == (Decimal(20), 3)


def test_a_case_without_transfers_has_no_months(make_case):
    assert flows.monthly(make_case(parties=PARTIES)).empty


def test_the_network_tells_groups_apart_and_adds_up_by_pair_and_kind(case):
    graph = flows.network(case)
    groups = {node: facts["group"] for node, facts in graph.nodes(data=True)}
    assert groups == {
        **{"P1": "own", "P2": "own", "Custody": "hub", "H1": "related", "B1": "borrower", "X1": "other"},
        "\0in": "unknown",
    }
    assert graph.nodes["H1"]["holder_name"] == "控股公司"
    assert graph.nodes["\0in"]["holder_name"] == "来源未知"
    edge = graph.edges["Custody", "B1", "disbursement"]
    assert (edge["amount_yuan"], edge["count"], edge["transfer_ids"]) == (Decimal(1000), 1, ["T1"])
    assert graph.graph["left_out"] == 0


def test_a_network_keeps_its_own_accounts_and_says_how_many_are_left_out(case):
    graph = flows.network(case, max_accounts=4)
    assert set(graph) - {"\0in"} == {"P1", "P2", "Custody", "B1"}
    # H1 and X1: the 400 and the 20 that ran to them
    assert graph.graph == {"left_out": 2, "left_out_yuan": Decimal(420)}
    with pytest.raises(BadParameter, match="max_accounts"):
        flows.network(case, max_accounts=0)


def test_a_trail_as_a_network_shows_the_traced_part(case):
    trail = flows.trace(case, transfers=["T1"])
    graph = flows.network(case, trail)
    edge = graph.edges["B1", "H1", ""]
    assert (edge["amount_yuan"], edge["of_yuan"], edge["hop"]) == (Decimal(400), Decimal(400), 1)
    with pytest.raises(BadParameter, match="traced_yuan"):
        flows.network(case, flows.transfers(case))
