"""sampling.population, freeze, verify: what a hash is made of, and that a change is seen and said."""

import datetime as dt
import hashlib
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import open_case, sampling
from lib.errors import BadParameter, DataGap
from tests.conftest import write_store
from tests.money_cases import line, shown
from tests.trials import trials


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    money = shown(
        line("F1", "A", 100, None, 0, counterparty_account="X", kind="fee"),
        line("F2", "A", -40, None, 1, counterparty_account="Y"),
        line("F3", "Z", 7, None, 2, counterparty_account="W"),
    )
    tables = {
        "institutions": [{"institution_id": "i", "name": "平台", "party_id": "p"}, {"institution_id": "j", "name": "别家"}],
        "parties": [{"party_id": "p", "name": "平台", "kind": "company"}],
        "accounts": [{"account_id": "A", "holder_id": "p"}],
        "loans": [
            loan("L2", 200, "i", dt.date(2018, 1, 31), "逾期"),
            loan("L1", 100, "i", None, " "),
            loan("L3", None, "i", dt.date(2018, 2, 1), "逾期"),
            loan("L4", 0, "i", dt.date(2017, 12, 31), "逾期"),
            loan(None, 5, "i", dt.date(2018, 1, 1), "逾期"),
            loan("L9", 900, "j", dt.date(2018, 1, 1), "逾期"),
        ],
        "projects": [{"project_id": "P1", "institution_id": "i", "amount_yuan": 10, "product_type": "车贷"}],
        "ledger_entries": [
            {"entry_id": "E1", "institution_id": "i", "debit_yuan": 5, "credit_yuan": 0},
            {"entry_id": "E2", "institution_id": "i", "debit_yuan": None, "credit_yuan": -6},
            {"entry_id": "E3", "institution_id": "i", "debit_yuan": 1, "credit_yuan": 1},
            {"entry_id": "E4", "institution_id": "i", "account_title": "现金"},
        ],
        "disclosures": [{"disclosure_id": "D1", "institution_id": "i", "metric": "余额", "as_of_on": dt.date(2018, 1, 1)}],
        "advertisements": [{"advertisement_id": "AD1", "institution_id": "j", "channel": "网站"}],
    }
    return write_store(tmp_path_factory.mktemp("sampling") / "store.duckdb", {**tables, **money})


def loan(name, principal, institution, signed, status):
    known = {"loan_id": name, "institution_id": institution, "signed_on": signed, "status": status}
    return {**known, "principal_yuan": None if principal is None else Decimal(principal)}


@pytest.fixture(scope="module")
def case(store):
    return open_case("i", "2018-09-30", store)


def test_a_population_is_that_of_the_case_by_id(case):
    found = sampling.population(case, "loans")
    assert found["item_id"].tolist() == ["L1", "L2", "L3", "L4"]
    assert found["amount_yuan"].tolist()[:2] == [Decimal(100), Decimal(200)]
    assert found["stratum"].isna().tolist() == [True, False, False, False]
    assert found["evidence"].iloc[1] == [{"table": "loans", "id": "L2"}]
    attrs = found.attrs
    assert (attrs["items"], attrs["sum_fen"], attrs["as_of"]) == (4, 30_000, "2018-09-30")
    assert attrs["apart"] == [{"why": "unknown", "items": 1, "fen": 0}, {"why": "zero", "items": 1, "fen": 0}]
    assert attrs["left_out"] == [{"why": "without_id", "items": 1, "fen": 500}]


def test_a_period_holds_both_its_days_and_tells_what_it_leaves_out(case):
    found = sampling.population(case, "loans", "2018-01-31", "2018-02-01")
    assert found["item_id"].tolist() == ["L2", "L3"]
    left = {p["why"]: (p["items"], p["fen"]) for p in found.attrs["left_out"]}
    drawn = sampling.pick(found, n=1, seed=1)
    assert "没有日期的 1 项 (100.00 元) 不在总体之内" in drawn.attrs["caption"]["zh"]
    said = sampling.evaluate(drawn.assign(deviation=False)).attrs["conclusion"]["en"]
    assert "The 1 items without a day (100.00 yuan) are not in the population." in said
    assert left == {"undated": (1, 10_000), "outside_period": (2, 500)}  # L4, and the loan without an id
    with pytest.raises(BadParameter, match="晚于"):
        sampling.population(case, "loans", "2018-02-01", "2018-01-31")
    with pytest.raises(DataGap, match="没有可供抽样"):
        sampling.population(case, "loans", "2019-01-01")


def test_lines_and_transfers_are_those_of_the_accounts_of_the_case(case, store):
    assert sampling.population(case, "flows")["item_id"].tolist() == ["F1", "F2"]
    assert sampling.population(case, "transfers")["stratum"].fillna("").tolist() == ["fee", ""]
    assert len(sampling.population(open_case(None, "2018-09-30", store), "flows")) == 3


def test_an_entry_booked_on_both_sides_has_no_amount(case):
    amounts = sampling.population(case, "ledger_entries")["amount_yuan"]
    assert [None if pd.isna(a) else a for a in amounts] == [Decimal(5), Decimal(-6), None, None]


def test_a_sample_may_be_drawn_from_a_case_by_the_name_of_its_population(case):
    drawn = sampling.pick(case, "loans", n=1, method="monetary_unit", seed=2018)
    assert drawn["item_id"].isin(["L1", "L2"]).all()  # the others have no amount above 0
    assert drawn.attrs["sha256"] == sampling.population(case, "loans").attrs["sha256"]
    with pytest.raises(BadParameter, match="loans、projects"):
        sampling.pick(case, n=1, seed=2018)


def test_every_population_can_be_asked_for_and_an_empty_one_is_said(case):
    for name in ("projects", "disclosures"):
        assert len(sampling.population(case, name)) == 1
    with pytest.raises(DataGap, match=r"advertisements\.csv"):
        sampling.population(case, "advertisements")
    with pytest.raises(BadParameter, match="loans、projects、flows"):
        sampling.population(case, "loan")


def slow_hash(name, rows):
    lines = [f"lookthrough population 1\n{name}\n{len(rows)}\n"]
    for item, amount, stratum, day in sorted(rows, key=lambda r: r[0].encode()):
        figure = "" if amount is None else str(amount)
        size = "" if stratum is None else str(len(stratum.encode()))
        cells = [str(len(item.encode())), item, figure, "" if day is None else day.isoformat(), size, stratum or ""]
        lines.append("\x1f".join(cells) + "\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
ROWS = st.lists(
    st.tuples(TEXTS, st.none() | st.integers(-(10**17), 10**17), st.none() | TEXTS, st.none() | st.dates(dt.date(1900, 1, 1))),
    min_size=1,
    max_size=8,
    unique_by=lambda r: r[0],
)


def frozen(rows, name="loans"):
    columns = list(zip(*rows, strict=True))
    amounts = [None if fen is None else Decimal(fen).scaleb(-2) for fen in columns[1]]
    made = {"item_id": columns[0], "amount_yuan": amounts, "stratum": columns[2], "dated_on": columns[3]}
    return sampling.freeze(pd.DataFrame({k: pd.Series(list(v), dtype=object) for k, v in made.items()}), name)


@settings(max_examples=trials(100))
@given(rows=ROWS, shuffled=st.randoms())
def test_the_hash_is_as_described_whatever_the_order_of_rows(rows, shuffled):
    expected = slow_hash("loans", rows)
    assert frozen(rows).attrs["sha256"] == expected
    shuffled.shuffle(rows)
    assert frozen(rows).attrs["sha256"] == expected
    assert frozen(rows).attrs["sum_fen"] == sum(r[1] or 0 for r in rows)


ONE = ("a", 100, "x", dt.date(2018, 1, 1))


@pytest.mark.parametrize(
    "other", [("b", 100, "x", ONE[3]), ("a", 101, "x", ONE[3]), ("a", None, "x", ONE[3]), ("a", 100, "", ONE[3])]
)
def test_any_change_of_an_item_changes_the_hash(other):
    assert frozen([ONE]).attrs["sha256"] != frozen([other]).attrs["sha256"]
    assert frozen([ONE]).attrs["sha256"] != frozen([ONE], "flows").attrs["sha256"]


def test_a_changed_population_is_said_with_hashes_and_how_many_differ():
    then = frozen([ONE, ("b", 1, None, None), ("c", 2, None, None)])
    now = frozen([ONE, ("b", 5, None, None), ("d", 2, None, None)])
    assert sampling.verify(then, then) == 3
    with pytest.raises(DataGap, match="不同的项目 3") as raised:  # b is other, c is gone, d is new
        sampling.verify(then, now)
    assert then.attrs["sha256"][:12] in raised.value.en
    assert now.attrs["sha256"][:12] in raised.value.en
    assert "(3 items, 1.07 yuan)" in raised.value.en
    sample = sampling.pick(then, n=1, seed=1)
    assert sampling.verify(sample, then) == 3
    with pytest.raises(DataGap, match="已与冻结时不同"):
        sampling.verify(sample, now)


def test_rows_taken_out_of_a_population_are_no_population_until_frozen_again():
    whole = frozen([ONE, ("b", 1, None, None), ("c", 2, None, None)])
    for part in (whole[whole["item_id"] != "b"], whole.head(0), whole.assign(amount_yuan=Decimal(1))):
        with pytest.raises(DataGap, match="已与冻结时不同"):
            sampling.pick(part, n=1, seed=1)
    again = sampling.freeze(whole[whole["item_id"] != "b"], "loans without b")
    assert len(sampling.pick(again, n=1, seed=1)) == 1


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"item_id": []}, "没有任何项目"),
        ({"item_id": ["a", "a", None]}, "空 1 行, 重复 1 行"),
        ({"item_id": [1, 2]}, "item_id"),
        ({"item_id": ["a"], "amount_yuan": [0.1]}, "amount_yuan"),
        ({"item_id": ["a"], "amount_yuan": [Decimal("0.001")]}, "两位小数"),
        ({"item_id": ["a"], "dated_on": ["soon"]}, "dated_on"),
        ({"loan_id": ["a"]}, "item_id"),
    ],
)
def test_a_frame_that_is_no_population_is_refused_in_a_line(columns, said):
    with pytest.raises(BadParameter, match=said):
        sampling.freeze(pd.DataFrame(columns), "loans")
