"""Pools and payouts from new lenders in a simulated district: found where they were planted, and not where nothing was."""

from decimal import Decimal

import pytest

from lib import flows, open_case, simulate
from lib.curate import import_delivery
from tests.districts import key

PLANTED = ("pool_own", "pool_insider", "pool_shape", "new_money", "outside_custody")


@pytest.fixture(scope="module")
def district(tmp_path_factory):
    out = tmp_path_factory.mktemp("district") / "practice"
    simulate.simulate(out, institutions=5, flows=4_000, seed=5, clean=True, schemes=PLANTED)
    store = tmp_path_factory.mktemp("store") / "practice.duckdb"
    import_delivery(out, store)
    items = {e["scheme"]: item for e in key(out)["entries"] if e["planted"] for item in e["expected"]}
    assert set(items) == set(PLANTED)
    return store, items


def asked(district, scheme):
    """Return the case of a scheme's institution, the accounts that its item names, and the item."""
    store, items = district
    subjects = items[scheme]["subjects"]
    case = open_case(next(s for s in subjects if s.startswith("JG-")), None, store)
    known = set(open_case(None, None, store).sql("select account_id from accounts")["account_id"])
    return case, [s for s in subjects if s in known], items[scheme]


@pytest.mark.parametrize("scheme", ["pool_own", "pool_insider"])
def test_a_planted_pool_is_listed_with_what_lenders_paid_in(district, scheme):
    case, accounts, item = asked(district, scheme)
    found = flows.pooling(case)
    mine = found[found["account"].isin(accounts) & (found["role"] == "lender")]
    assert len(mine) >= 3
    assert mine["in_yuan"].sum() - mine["named_yuan"].sum() >= Decimal(item["amount_yuan"])


def test_a_pool_shaped_account_of_a_stranger_is_seen_in_the_district_and_by_its_number(district):
    case, accounts, _ = asked(district, "pool_shape")
    everywhere = flows.pooling(open_case(None, None, district[0]))
    assert set(everywhere.loc[everywhere["why"] == "crowd", "account"]) == set(accounts)
    alone = flows.pooling(case, account=accounts[0])
    assert ((alone["in_yuan"] > 0) & (alone["out_yuan"] > 0)).sum() >= 30


def test_payouts_from_new_lenders_are_found_to_the_fen(district):
    case, accounts, item = asked(district, "new_money")
    found = flows.payout_sources(case)
    mine = found[found["account"].isin(accounts)]
    new = mine[mine["funded_by"] == "lender"]
    assert new["pro_rata_yuan"].sum() == Decimal(item["amount_yuan"])
    assert (new["pro_rata_share"] >= 0.3).all()
    assert mine["pro_rata_yuan"].sum() == mine["fifo_yuan"].sum() == 3 * Decimal(200_000)


def test_lenders_paid_outside_custody_make_the_account_one_that_holds_clients_money(district):
    case, accounts, _ = asked(district, "outside_custody")
    assert set(accounts) & set(flows.client_money(case).attrs["accounts"])


def test_where_nothing_was_planted_nothing_is_found(district):
    case = open_case("JG-01", None, district[0])
    assert len(flows.pooling(case)) == 0
    sources = flows.payout_sources(case)
    assert set(sources["funded_by"]) <= {"borrower", "other"}
    money = flows.client_money(case)
    assert not money["shortfall_high_yuan"].any()
    assert not money["advanced_yuan"].any()
    assert money["owed_yuan"].max() > 0
