"""LM-01: what one natural person owes on one platform."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib import Case, checks, open_case
from tests.conftest import write_store
from tests.trials import trials

MakeCase = Callable[..., Case]
PLATFORM = [{"institution_id": "P", "name": "某平台"}]
PERSON = [{"party_id": "A", "kind": "person", "name": "甲"}, {"party_id": "C", "kind": "company", "name": "某公司"}]


def loan(loan_id: str, yuan: str | None, signed_on: str | None = "2017-03-01", **more: Any) -> dict[str, Any]:
    row = {"loan_id": loan_id, "institution_id": "P", "borrower_id": "A", "principal_yuan": yuan, "signed_on": signed_on}
    return {name: value for name, value in (row | more).items() if value is not None}


def repaid(loan_id: str, paid_on: str | None, yuan: str | None = None, **more: Any) -> dict[str, Any]:
    row = {"repayment_id": f"R-{loan_id}-{paid_on}", "loan_id": loan_id, "paid_on": paid_on, "principal_yuan": yuan} | more
    return {name: value for name, value in row.items() if value is not None}


def lm01(make_case: MakeCase, loans: list[Any], repayments: list[Any] | None = None, asked: str = "P", **options: Any):
    parties = options.pop("parties", PERSON)
    as_of = options.pop("as_of", "2018-09-30")
    elsewhere = [loan("ELSEWHERE", "1", institution_id="Q", borrower_id="C")]
    repayments = [repaid("ELSEWHERE", "2017-06-01", "1"), *(repayments or [])]
    case = make_case(asked, as_of, institutions=PLATFORM, parties=parties, loans=loans + elsewhere, repayments=repayments)
    return checks.run(case, rules=["LM-01"], **options)


# Source: Interim Measures 2016, Art. 17: not more than 200,000 yuan (limits_edge of rules/tests.yaml)
@pytest.mark.parametrize(("yuan", "outcome"), [("200000.00", "clear"), ("200000.01", "hit")])
def test_the_cap_itself_is_not_a_breach(yuan: str, outcome: str, make_case: MakeCase):
    assert lm01(make_case, [loan("L1", yuan)]).outcome.tolist() == [outcome]


def test_two_loans_at_once_add_up_and_the_amount_is_the_peak(make_case: MakeCase):
    loans = [loan("L1", "150000", "2017-03-01"), loan("L2", "80000.50", "2017-05-01"), loan("L3", "10", "2017-09-01")]
    paid = [repaid("L1", "2017-04-01", "50000"), repaid("L1", "2017-08-01", "100000")]
    (hit,) = lm01(make_case, loans, paid, LM_01={"cap_yuan": 180000}).to_dict("records")
    assert hit["outcome"] == "hit"
    assert hit["subject_id"] == "A"
    assert hit["amount_yuan"] == Decimal("180000.50")  # 150,000 − 50,000 + 80,000.50
    assert (hit["first_on"], hit["last_on"]) == (date(2017, 5, 1), date(2017, 7, 31))
    assert hit["evidence"] == [{"table": "loans", "id": "L1"}, {"table": "loans", "id": "L2"}]
    assert "2017-05-01" in hit["detail"]
    assert (hit["population"], hit["tested"], hit["why_not"]) == (3, 3, "")


def test_a_loan_repaid_before_the_next_is_not_counted_with_it(make_case: MakeCase):
    loans = [loan("L1", "150000", "2017-03-01"), loan("L2", "150000", "2017-05-01")]
    assert lm01(make_case, loans, [repaid("L1", "2017-05-01", "150000")]).outcome.tolist() == ["clear"]


def test_what_one_loan_is_overpaid_does_not_lower_another(make_case: MakeCase):
    loans = [loan("L1", "1000", "2017-03-01"), loan("L2", "200000.01", "2017-05-01")]
    assert lm01(make_case, loans, [repaid("L1", "2017-04-01", "5000")]).outcome.tolist() == ["hit"]


def test_a_loan_from_before_the_measures_is_no_new_breach_and_is_mentioned(make_case: MakeCase):
    found = lm01(make_case, [loan("L1", "900000", "2016-08-23"), loan("L2", "100000", "2016-08-24")])
    assert found.outcome.tolist() == ["clear"]
    assert (found.population[0], found.tested[0]) == (1, 1)
    assert found.note[0].startswith("1 份合同")


@pytest.mark.parametrize(("as_of", "outcome"), [("2017-02-28", "clear"), ("2017-03-01", "hit")])
def test_what_is_signed_after_the_day_asked_is_not_seen(as_of: str, outcome: str, make_case: MakeCase):
    assert lm01(make_case, [loan("L1", "900000", "2017-03-01")], as_of=as_of).outcome.tolist() == [outcome]


def test_a_company_is_not_a_natural_person(make_case: MakeCase):
    found = lm01(make_case, [loan("L1", "900000", borrower_id="C")])
    assert found[["outcome", "population", "tested"]].values.tolist() == [["clear", 0, 0]]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (loan("L2", None), "没有本金"),
        (loan("L2", "5", None), "没有日期"),
        (loan("L2", "5", borrower_id=None), "没有借款人"),
        (loan("L2", "5", borrower_id="X"), "类型未知"),
    ],
)
def test_a_loan_with_something_unknown_is_untested(broken: dict[str, Any], said: str, make_case: MakeCase):
    found = lm01(make_case, [loan("L1", "5"), broken])
    assert found[["outcome", "population", "tested"]].values.tolist() == [["not_testable", 2, 1]]
    assert said in found.why_not[0]


def test_a_hit_stands_beside_an_untested_loan(make_case: MakeCase):
    found = lm01(make_case, [loan("L1", "300000"), loan("L2", None)])
    assert found[["outcome", "population", "tested"]].values.tolist() == [["hit", 2, 1]]
    assert "没有本金" in found.why_not[0]


def test_a_repayment_without_its_principal_leaves_the_answer_open(make_case: MakeCase):
    """Of 90,000 paid, between 0 and 90,000 was principal: 110,000 to 200,000 owed, then 60,000 more."""
    loans = [loan("L1", "200000", "2017-03-01"), loan("L2", "60000", "2017-05-01")]
    found = lm01(make_case, loans, [repaid("L1", "2017-04-01", amount_yuan="90000")])
    assert found[["outcome", "population", "tested"]].values.tolist() == [["not_testable", 2, 0]]
    assert "2 份合同的还款本金不明" in found.why_not[0]


def test_a_repayment_whose_interest_and_fee_are_known_is_exact(make_case: MakeCase):
    loans = [loan("L1", "200000", "2017-03-01"), loan("L2", "60000", "2017-05-01")]
    paid = [repaid("L1", "2017-04-01", amount_yuan="90000", interest_yuan="30000", fee_yuan="0")]
    assert lm01(make_case, loans, paid).outcome.tolist() == ["clear"]  # 200,000 − 60,000 + 60,000


def test_without_any_repayment_of_the_platform_only_what_is_certain_is_said(make_case: MakeCase):
    """Both may have been repaid the next day; together they are a hit only where they start on one day."""
    apart = [loan("L1", "150000", "2017-03-01"), loan("L2", "150000", "2017-05-01")]
    assert lm01(make_case, apart).outcome.tolist() == ["not_testable"]


def test_without_any_repayment_of_the_platform_a_single_day_above_the_cap_is_a_hit(make_case: MakeCase):
    together = [loan("L1", "150000", "2017-03-01"), loan("L2", "150000", "2017-03-01")]
    (hit,) = lm01(make_case, together).to_dict("records")
    assert (hit["outcome"], hit["amount_yuan"]) == ("hit", Decimal("300000.00"))
    assert (hit["first_on"], hit["last_on"]) == (date(2017, 3, 1), date(2017, 3, 1))


def test_a_party_that_is_no_platform_cannot_be_tested(make_case: MakeCase):
    found = lm01(make_case, [loan("L1", "300000")], asked="C")
    assert found.outcome.tolist() == ["not_testable"]
    assert found.why_not[0] == "该主体不是网贷平台"


def test_a_platform_without_a_single_loan_is_not_clear(make_case: MakeCase):
    assert lm01(make_case, []).why_not[0] == "没有本平台的借款合同"


def test_before_the_measures_nothing_is_tested(make_case: MakeCase):
    found = lm01(make_case, [loan("L1", "300000", "2016-01-01")], as_of="2016-08-23")
    assert found.outcome.tolist() == ["not_testable"]
    assert "2016-08-24" in found.why_not[0]


def test_an_empty_file_of_loans_is_a_delivery_and_no_file_is_a_gap(make_case: MakeCase):
    files = [{"source_id": t, "profile_id": f"canonical.{t}", "state": "imported"} for t in ("loans", "repayments")]
    tables = {"institutions": PLATFORM, "parties": PERSON}
    assert checks.run(make_case("P", sources=files, **tables), rules=["LM-01"]).outcome.tolist() == ["clear"]


def test_no_file_of_loans_is_named_as_missing(make_case: MakeCase):
    found = checks.run(make_case("P", institutions=PLATFORM, parties=PERSON), rules=["LM-01"])
    assert found.why_not.tolist() == ["缺少数据表: 借款合同、还款"]


LEDGER = st.tuples(
    st.lists(st.tuples(st.integers(1, 28), st.integers(1, 200_000_00)), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 28), st.integers(1, 150_000_00)), max_size=6),
)


@settings(max_examples=trials(3), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LEDGER, min_size=10, max_size=30))
def test_the_peak_is_that_of_a_day_by_day_reckoning(tmp_path_factory, ledgers):
    """Each ledger is a platform of its own; repayments name a loan by number and never come before it."""
    tables: dict[str, list[Any]] = {"institutions": [], "parties": PERSON, "loans": [], "repayments": []}
    expected = {}
    for p, (borrowed, paid) in enumerate(ledgers):
        back = [(i % len(borrowed), max(day, borrowed[i % len(borrowed)][0]), fen) for i, day, fen in paid]
        expected[f"P{p:02d}"] = owed_by_day(borrowed, back)
        tables["institutions"].append({"institution_id": f"P{p:02d}", "name": f"平台{p}"})
        for i, (day, fen) in enumerate(borrowed):
            more = {"institution_id": f"P{p:02d}"}
            tables["loans"].append(loan(f"L{p}-{i}", str(Decimal(fen) / 100), f"2017-02-{day:02d}", **more))
        for n, (i, day, fen) in enumerate(back or [(0, 28, 0)]):  # a platform without records would be another matter
            more = {"repayment_id": f"R{p}-{n}"}
            tables["repayments"].append(repaid(f"L{p}-{i}", f"2017-02-{day:02d}", str(Decimal(fen) / 100), **more))
    path = write_store(tmp_path_factory.mktemp("lm01") / "s.duckdb", tables)
    found = checks.run(open_case(None, "2017-02-28", path), rules=["LM-01"]).set_index("institution_id")
    for platform, owed in expected.items():
        row = found.loc[platform]
        over = [day for day, fen in enumerate(owed, start=1) if fen > 200_000_00]
        if over:
            assert (row.outcome, row.amount_yuan) == ("hit", Decimal(max(owed)) / 100)
            assert (row.first_on.day, row.last_on.day) == (over[0], over[-1])
        else:
            assert row.outcome == "clear"


def owed_by_day(borrowed: list[tuple[int, int]], back: list[tuple[int, int, int]]) -> list[int]:
    """What is owed at the end of each of 28 days, per loan never below nothing."""
    return [
        sum(
            max(fen - sum(paid for j, on, paid in back if j == i and on <= day), 0)
            for i, (start, fen) in enumerate(borrowed)
            if start <= day
        )
        for day in range(1, 29)
    ]
