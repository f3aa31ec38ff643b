"""SP-01, SP-02, SP-03, SP-05 and FP-04: how financings are cut into listings, passed on, and how long they are listed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.rule_cases import Found, Row, Tables, ids, joined, judged, platforms, said, subjects


def lent(i: str, n: int, on: str | None, yuan: str | int | None, **more: Any) -> Row:
    row = {"loan_id": f"{i}-{n}", "institution_id": i, "borrower_id": f"B-{i}", "lender_id": "L", "signed_on": on}
    row |= {"principal_yuan": yuan, "purpose": "房屋装修"} | more
    return {name: value for name, value in row.items() if value is not None}


def back(i: str, n: int, on: str, yuan: str | None, **more: Any) -> Row:
    row = {"repayment_id": f"R-{i}-{n}", "loan_id": f"{i}-{n}", "paid_on": on, "principal_yuan": yuan} | more
    return {name: value for name, value in row.items() if value is not None}


def case(i: str, *loans: Row, kind: str | None = "person", paid: tuple[Row, ...] = (), **tables: list[Row]) -> Tables:
    party = {"party_id": f"B-{i}", "name": i} | ({"kind": kind} if kind else {})
    heard = [*paid, {"repayment_id": f"R-{i}", "loan_id": f"{i}-0", "paid_on": "2015-01-01", "principal_yuan": 0}]
    return {"loans": list(loans), "parties": [party], "repayments": heard} | tables


# -- SP-01 ------------------------------------------------------------------------------------------------------------------

MARCH = "2017-03-01"
HALVES = ("100000", "100000.01")
SPLITS: dict[str, tuple[Tables, tuple[str, int, int]]] = {
    "at-cap": (case("at-cap", lent("at-cap", 0, MARCH, "100000"), lent("at-cap", 1, MARCH, "100000")), ("clear", 2, 2)),
    "over": (case("over", lent("over", 0, MARCH, HALVES[0]), lent("over", 1, "2017-03-31", HALVES[1])), ("hit", 2, 2)),
    "day-31": (
        case("day-31", lent("day-31", 0, MARCH, HALVES[0]), lent("day-31", 1, "2017-04-01", HALVES[1])),
        ("clear", 2, 2),
    ),
    "other-use": (
        case("other-use", lent("other-use", 0, MARCH, HALVES[0]), lent("other-use", 1, MARCH, HALVES[1], purpose="购买汽车")),
        ("clear", 2, 2),
    ),
    # 4 of 5 pairs of characters are alike: 0.8; then 4 of 6
    "like": (
        case(
            "like",
            lent("like", 0, MARCH, HALVES[0], purpose="房屋装修款"),
            lent("like", 1, MARCH, HALVES[1], purpose="房屋装修款项"),
        ),
        ("hit", 2, 2),
    ),
    "less-like": (
        case(
            "less-like",
            lent("less-like", 0, MARCH, HALVES[0], purpose="房屋装修款"),
            lent("less-like", 1, MARCH, HALVES[1], purpose="房屋装修款项金"),
        ),
        ("clear", 2, 2),
    ),
    "one-above": (
        case("one-above", lent("one-above", 0, MARCH, "200000.01"), lent("one-above", 1, MARCH, "5")),
        ("clear", 2, 2),
    ),
    "one-listing": (
        case(
            "one-listing",
            lent("one-listing", 0, MARCH, HALVES[0], project_id="J"),
            lent("one-listing", 1, MARCH, HALVES[1], project_id="J"),
        ),
        ("clear", 1, 1),
    ),
    "in-turn": (
        case(
            "in-turn",
            lent("in-turn", 0, MARCH, HALVES[0]),
            lent("in-turn", 1, "2017-03-20", HALVES[1]),
            paid=(back("in-turn", 0, "2017-03-20", HALVES[0]),),
        ),
        ("clear", 2, 2),
    ),
    "unclear": (
        case(
            "unclear",
            lent("unclear", 0, MARCH, HALVES[0]),
            lent("unclear", 1, "2017-03-20", HALVES[1]),
            paid=(back("unclear", 0, "2017-03-19", None, amount_yuan=HALVES[0]),),
        ),
        ("not_testable", 2, 1),
    ),
    "company": (
        case("company", lent("company", 0, MARCH, "5e5"), lent("company", 1, MARCH, "5e5"), kind="company"),
        ("clear", 2, 2),
    ),
    "company-over": (
        case(
            "company-over",
            lent("company-over", 0, MARCH, "500000"),
            lent("company-over", 1, MARCH, "500000.01"),
            kind="company",
        ),
        ("hit", 2, 2),
    ),
    "no-kind": (case("no-kind", lent("no-kind", 0, MARCH, "5"), kind=None), ("not_testable", 1, 0)),
    "no-purpose": (
        case("no-purpose", lent("no-purpose", 0, MARCH, "5", purpose=None), lent("no-purpose", 1, MARCH, "5")),
        ("not_testable", 2, 1),
    ),
    "no-amount": (case("no-amount", lent("no-amount", 0, MARCH, None)), ("not_testable", 1, 0)),
    "nobody": (case("nobody", lent("nobody", 0, MARCH, "5", borrower_id=None)), ("not_testable", 1, 0)),
    "legacy": (
        case("legacy", lent("legacy", 0, "2016-08-23", HALVES[0]), lent("legacy", 1, "2016-08-24", HALVES[1])),
        ("clear", 1, 1),
    ),
    "unheld": (case("unheld", lent("unheld", 0, MARCH, "5"), kind="company"), ("not_testable", 1, 0)),
    "sisters": (
        case(
            "sisters",
            lent("sisters", 0, MARCH, "500000", borrower_id="S1"),
            lent("sisters", 1, MARCH, "500000.01", borrower_id="S2"),
            parties=[{"party_id": f"S{n}", "kind": "company", "name": f"S{n}"} for n in (1, 2)]
            + [{"party_id": "OWNER", "kind": "person", "name": "某甲"}],
            holdings=[{"holding_id": f"H{n}", "holder_id": "OWNER", "held_id": f"S{n}", "share": 0.51} for n in (1, 2)],
        ),
        ("hit", 2, 2),
    ),
}


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Found:
    parts = [tables for tables, _ in SPLITS.values()]
    held = [{"holding_id": i, "holder_id": f"O-{i}", "held_id": f"B-{i}", "share": 1.0} for i in ("company", "company-over")]
    more = {"projects": [{"project_id": "J"}], "holdings": held}
    return judged(tmp_path_factory, joined(platforms(*SPLITS), more, *parts), ["SP-01"])


@pytest.mark.parametrize("name", SPLITS)
def test_listings_of_one_financing_against_the_cap(splits: Found, name: str):
    assert said(splits, name, "SP-01") == SPLITS[name][1]


def test_a_split_financing_is_told_with_its_listings(splits: Found):
    (hit,) = splits["over"]["SP-01"]
    assert (hit["subject_id"], hit["amount_yuan"], ids(hit)) == ("B-over", Decimal("200000.01"), ["over-0", "over-1"])
    assert (hit["first_on"], hit["last_on"]) == (date(2017, 3, 1), date(2017, 3, 31))
    (sisters,) = splits["sisters"]["SP-01"]
    assert (sisters["subject_id"], sisters["detail"]) == ("OWNER", "2 个标的；2 名借款人在同一控制人之下")
    assert "可能改变结果" in splits["unclear"]["SP-01"][0]["why_not"]


# -- SP-02 ------------------------------------------------------------------------------------------------------------------


def month(i: str, n: int, start: str, due: str | None, **more: Any) -> Row:
    return lent(i, n, start, "10000", started_on=start, due_on=due, **more)


def passed(i: str, n: int, yuan: int | None, on: str = "2017-03-11", who: str = "LM", **more: Any) -> Row:
    row = {"assignment_id": f"Z-{i}-{n}", "loan_id": f"{i}-0", "from_lender_id": who[0], "to_lender_id": who[1]}
    row |= {"assigned_on": on, "principal_yuan": yuan} | more
    return {name: value for name, value in row.items() if value is not None}


def chain(i: str, starts: tuple[str, ...], dues: tuple[str, ...], **more: Any) -> Tables:
    return case(i, *(month(i, n, *days, **more) for n, days in enumerate(zip(starts, dues, strict=True))))


TENORS: dict[str, tuple[Tables, tuple[str, int, int]]] = {
    "chain": (
        chain("chain", (MARCH, "2017-04-03", "2017-04-28"), ("2017-03-31", "2017-05-01", "2017-05-31")),
        ("hit", 3, 3),
    ),
    "two": (chain("two", (MARCH, "2017-04-03"), ("2017-03-31", "2017-05-01")), ("clear", 2, 2)),
    "four-days": (
        chain("four-days", (MARCH, "2017-04-03", "2017-05-05"), ("2017-03-31", "2017-05-01", "2017-05-31")),
        ("clear", 3, 3),
    ),
    "four-before": (
        chain("four-before", (MARCH, "2017-04-03", "2017-04-27"), ("2017-03-31", "2017-05-01", "2017-05-31")),
        ("clear", 3, 3),
    ),
    "ninety-two": (
        chain("ninety-two", (MARCH, "2017-06-01", "2017-07-01"), ("2017-06-01", "2017-07-01", "2017-08-01")),
        ("hit", 3, 3),
    ),
    "longer": (
        chain("longer", (MARCH, "2017-06-02", "2017-07-01"), ("2017-06-02", "2017-07-01", "2017-08-01")),
        ("clear", 3, 3),
    ),
    "one-listing": (
        chain("one-listing", (MARCH, "2017-04-01", "2017-05-01"), ("2017-04-01", "2017-05-01", "2017-06-01"), project_id="J2"),
        ("clear", 3, 3),
    ),
    # 10,000 held once and assigned thrice for 2,500.01 in all: held 79.99… % of the term
    "passed": (
        case(
            "passed",
            month("passed", 0, MARCH, "2018-03-01"),
            assignments=[passed("passed", n, y) for n, y in enumerate((1, 2, 2497.01))],
        ),
        ("hit", 1, 1),
    ),
    "passed-less": (
        case(
            "passed-less",
            month("passed-less", 0, MARCH, "2018-03-01"),
            assignments=[passed("passed-less", n, y) for n, y in enumerate((1, 2, 2497))],
        ),
        ("clear", 1, 1),
    ),
    "passed-twice": (
        case(
            "passed-twice",
            month("passed-twice", 0, MARCH, "2018-03-01"),
            assignments=[passed("passed-twice", n, 5000) for n in (0, 1)],
        ),
        ("clear", 1, 1),
    ),
    "passed-unknown": (
        case(
            "passed-unknown",
            month("passed-unknown", 0, MARCH, "2018-03-01"),
            assignments=[passed("passed-unknown", n, None if n else 1) for n in range(3)],
        ),
        ("not_testable", 1, 0),
    ),
    "no-term": (case("no-term", month("no-term", 0, MARCH, None)), ("not_testable", 1, 0)),
    "by-term": (case("by-term", month("by-term", 0, MARCH, None, term_days=30)), ("clear", 1, 1)),
    "nobody": (case("nobody", month("nobody", 0, MARCH, "2018-03-01", borrower_id=None)), ("not_testable", 1, 0)),
    "legacy": (case("legacy", month("legacy", 0, "2016-08-23", "2017-03-01")), ("clear", 0, 0)),
}


@pytest.fixture(scope="module")
def tenors(tmp_path_factory: pytest.TempPathFactory) -> Found:
    parts = [tables for tables, _ in TENORS.values()]
    return judged(tmp_path_factory, joined(platforms(*TENORS), *parts), ["SP-02"])


@pytest.mark.parametrize("name", TENORS)
def test_chains_of_short_listings_and_contracts_passed_on(tenors: Found, name: str):
    assert said(tenors, name, "SP-02") == TENORS[name][1]


def test_a_chain_and_a_contract_that_was_passed_on_are_told(tenors: Found):
    (hit,) = tenors["chain"]["SP-02"]
    assert (hit["subject_id"], hit["amount_yuan"], hit["detail"]) == ("B-chain", 30000, "3 个标的首尾相接")
    assert ids(hit, "loans") == ["chain-0", "chain-1", "chain-2"]
    (other,) = tenors["passed"]["SP-02"]
    assert (other["subject_id"], len(ids(other, "assignments"))) == ("passed-0", 3)


def test_without_any_assignment_delivered_no_contract_is_clear(tmp_path):
    found = judged(tmp_path, joined(platforms("two"), TENORS["two"][0]), ["SP-02", "SP-03"])
    for rule in ("SP-02", "SP-03"):
        assert said(found, "two", rule) == ("not_testable", 2, 0)
        assert "没有提供债权转让记录" in found["two"][rule][0]["why_not"]


# -- SP-03, SP-05 -----------------------------------------------------------------------------------------------------------


def funder(i: str, large: int, moved: int, on: str = "2017-03-31", rest: int = 9000, **more: Any) -> Tables:
    """Let M lend an amount and pass a part of it on, and L lend the rest."""
    loans = (lent(i, 0, MARCH, large, lender_id="M", **more), lent(i, 1, MARCH, rest))
    return case(i, *loans, assignments=[passed(i, 0, moved, on, "MN")])


FUNDERS: dict[str, tuple[Tables, tuple[str, int, int]]] = {
    "tenth": (funder("tenth", 1000, 800), ("hit", 2, 2)),
    "less-lent": (funder("less-lent", 999, 999), ("clear", 2, 2)),
    "less-passed": (funder("less-passed", 1000, 799), ("clear", 2, 2)),
    "later": (funder("later", 1000, 1000, "2017-04-01"), ("clear", 2, 2)),
    "kept": (case("kept", lent("kept", 0, MARCH, 1000, lender_id="M")), ("clear", 1, 1)),
    "cancelled": (funder("cancelled", 1000, 800, status="已撤销"), ("clear", 1, 1)),
    "no-lender": (case("no-lender", lent("no-lender", 0, MARCH, 1000, lender_id=None)), ("not_testable", 1, 0)),
    "no-amount": (case("no-amount", lent("no-amount", 0, MARCH, None)), ("not_testable", 1, 0)),
    "vague": (
        case("vague", lent("vague", 0, MARCH, 1000, lender_id="M"), assignments=[passed("vague", 0, None, who="MN")]),
        ("not_testable", 1, 0),
    ),
    "legacy": (case("legacy", lent("legacy", 0, "2016-08-23", 1000)), ("clear", 0, 0)),
}


def listed(i: str, amount: str | None, *yuan: str | None, **more: Any) -> Tables:
    listing = {"project_id": f"J-{i}", "institution_id": i} | ({"amount_yuan": amount} if amount else {})
    return case(i, *(lent(i, n, MARCH, y, project_id=f"J-{i}", **more) for n, y in enumerate(yuan)), projects=[listing])


LISTED: dict[str, tuple[Tables, tuple[str, int, int]]] = {
    "full": (listed("full", "1000", "500", "501"), ("clear", 2, 2)),  # a yuan is tolerated
    "over": (listed("over", "1000", "500", "501.01"), ("hit", 2, 2)),
    "with-cancelled": (listed("with-cancelled", "1000", "500", "500"), ("clear", 2, 2)),
    "no-amount": (listed("no-amount", None, "500"), ("not_testable", 1, 0)),
    "no-principal": (listed("no-principal", "1000", "500", None), ("not_testable", 2, 0)),
    "no-listing": (case("no-listing", lent("no-listing", 0, MARCH, "5")), ("not_testable", 1, 0)),
    "gone-listing": (case("gone-listing", lent("gone-listing", 0, MARCH, "5", project_id="J-?")), ("not_testable", 1, 0)),
    "sold-once": (listed("sold-once", "1000", "1000") | {"assignments": [passed("sold-once", 0, 1001)]}, ("clear", 1, 1)),
    "sold-twice": (
        listed("sold-twice", "1000", "1000") | {"assignments": [passed("sold-twice", 0, 1000), passed("sold-twice", 1, 2)]},
        ("hit", 1, 1),
    ),
    "sold-on": (
        listed("sold-on", "1000", "1000") | {"assignments": [passed("sold-on", 0, 1000), passed("sold-on", 1, 1000, who="MN")]},
        ("clear", 1, 1),
    ),
}
LISTED["with-cancelled"][0]["loans"].append(
    lent("with-cancelled", 2, MARCH, "500", project_id="J-with-cancelled", status="流标")
)


@pytest.fixture(scope="module")
def funders(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return judged(tmp_path_factory, joined(platforms(*FUNDERS), *(t for t, _ in FUNDERS.values())), ["SP-03"])


@pytest.fixture(scope="module")
def listings(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return judged(tmp_path_factory, joined(platforms(*LISTED), *(t for t, _ in LISTED.values())), ["SP-05"])


@pytest.mark.parametrize("name", FUNDERS)
def test_a_lender_of_a_tenth_who_passes_four_fifths_on_within_thirty_days(funders: Found, name: str):
    assert said(funders, name, "SP-03") == FUNDERS[name][1]


@pytest.mark.parametrize("name", LISTED)
def test_contracts_of_a_listing_and_what_is_assigned_of_them(listings: Found, name: str):
    assert said(listings, name, "SP-05") == LISTED[name][1]


def test_super_lenders_and_listings_are_told(funders: Found, listings: Found):
    (hit,) = funders["tenth"]["SP-03"]
    assert (hit["subject_id"], hit["amount_yuan"]) == ("M", 1000)
    assert hit["detail"] == "占成交额 10.00%；其中转让 80.00%"
    assert ids(hit) == ["tenth-0", "Z-tenth-0"]
    assert (subjects(listings, "over", "SP-05"), listings["over"]["SP-05"][0]["amount_yuan"]) == (["J-over"], Decimal("1.01"))
    assert listings["sold-twice"]["SP-05"][0]["amount_yuan"] == 2
    assert ids(listings["sold-twice"]["SP-05"][0], "assignments") == ["Z-sold-twice-0", "Z-sold-twice-1"]


# -- FP-04 ------------------------------------------------------------------------------------------------------------------

# November 2017 begins on a Wednesday: the working days after the 1st are 2, 3, 6 … 10, 13 … 17, 20 … 24, 27, 28, 29: twenty.
PERIODS: dict[str, tuple[Row, tuple[str, int, int]]] = {
    "twenty": ({"listed_at": "2017-11-01T09:00", "full_at": "2017-11-29T09:00", "deadline_on": "2017-12-20"}, ("clear", 1, 1)),
    "twenty-one": (
        {"listed_at": "2017-11-01T09:00", "full_at": "2017-11-30T09:00", "deadline_on": "2017-12-20"},
        ("hit", 1, 1),
    ),
    "never-full": ({"listed_at": "2017-11-01T09:00", "deadline_on": "2017-11-30"}, ("hit", 1, 1)),
    "same-day": (
        {"listed_at": "2017-10-02T09:00", "full_at": "2017-10-02T10:00", "deadline_on": "2017-10-02"},
        ("clear", 1, 1),
    ),
    "over-holidays": (
        {"listed_at": "2017-09-15T09:00", "full_at": "2017-10-15T09:00", "deadline_on": "2017-10-15"},
        ("not_testable", 1, 0),
    ),
    # October 2016 has 21 weekdays, of which five were off, and a weekend that was not: 18 working days
    "calendar-20": (
        {"listed_at": "2016-09-30T09:00", "full_at": "2016-11-02T09:00", "deadline_on": "2016-11-30"},
        ("clear", 1, 1),
    ),
    "calendar-21": (
        {"listed_at": "2016-09-30T09:00", "full_at": "2016-11-03T09:00", "deadline_on": "2016-11-30"},
        ("hit", 1, 1),
    ),
    "no-day": ({"full_at": "2017-11-30T09:00", "deadline_on": "2017-11-30"}, ("not_testable", 1, 0)),
    "none-at-all": ({"listed_at": "2017-11-01T09:00", "full_at": "2017-11-02T09:00"}, ("not_testable", 1, 0)),
    "before": ({"listed_at": "2016-08-23T09:00", "deadline_on": "2017-11-30"}, ("clear", 0, 0)),
}


@pytest.fixture(scope="module")
def periods(tmp_path_factory: pytest.TempPathFactory) -> Found:
    projects = [{"project_id": i, "institution_id": i} | row for i, (row, _) in PERIODS.items()]
    mixed = {"institution_id": "mixed", "listed_at": "2017-11-01T09:00", "full_at": "2017-11-02T09:00"}
    projects += [mixed | {"project_id": "mixed-0", "deadline_on": "2017-11-05"}, mixed | {"project_id": "mixed-1"}]
    off = [{"day_on": f"2016-10-{day:02d}", "working": False} for day in (3, 4, 5, 6, 7)]
    on = [{"day_on": f"2016-10-{day:02d}", "working": True} for day in (8, 9)]
    return judged(
        tmp_path_factory, joined(platforms(*PERIODS, "mixed", "idle"), {"projects": projects, "workdays": off + on}), ["FP-04"]
    )


@pytest.mark.parametrize("name", PERIODS)
def test_working_days_from_the_listing_to_the_day_on_which_it_is_full(periods: Found, name: str):
    assert said(periods, name, "FP-04") == PERIODS[name][1]


def test_a_listing_without_a_deadline_among_others_that_have_one_is_a_lead(periods: Found):
    assert (subjects(periods, "mixed", "FP-04"), said(periods, "mixed", "FP-04")) == (["mixed-1"], ("hit", 2, 2))
    assert periods["mixed"]["FP-04"][0]["detail"] == "没有募集截止日期"
    assert periods["twenty-one"]["FP-04"][0]["detail"] == "募集 21 个工作日"
    assert periods["idle"]["FP-04"][0]["why_not"] == "没有本平台的标的"
    assert "没有工作日历" in periods["over-holidays"]["FP-04"][0]["why_not"]
