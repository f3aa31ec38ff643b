"""dossier.grade: points, coverage, bands, what a person's confirmation changes, and that nothing missing is ever green."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib import BadFile, BadParameter, Case, checks, dossier, grading

SEVERITY = {rule.id: rule.severity for rule in checks.rules().values()}
NAMES = {severity: [rule for rule, s in SEVERITY.items() if s == severity] for severity in set(SEVERITY.values())}


def row(rule: str, outcome: str = "hit", matter: str | None = None, name: str | None = None) -> dict[str, Any]:
    known = {"rule_id": rule, "outcome": outcome, "institution_id": "P"}
    finding = (name or f"F-{rule}") if outcome == "hit" else None
    return known | {"finding_id": finding, "matter_id": (matter or finding) if finding else None}


def factor(name: str, points: float, known: int = 1, population: int = 1) -> grading.Factor:
    return grading.Factor(name, Decimal(points), Decimal(points), known, population)


# The steps are those of the catalogue: under 10 million 20, under 100 million 50, under 1,000 million 75, else 100; under 150
# people 20, under 500 40, under 5,000 70, else 100.
@pytest.mark.parametrize(
    ("owed", "points"),
    [("0", 20), ("9999999.99", 20), ("10000000", 50), ("99999999.99", 50), ("100000000", 75), ("1000000000", 100)],
)
def test_scale_has_the_points_of_the_step_that_it_reaches(owed: str, points: int) -> None:
    inputs = {"owed_yuan": Decimal(owed), "lenders": 0, "balances_known": 1, "loans": 1, "lenders_known": 1}
    assert grading.of_amounts(inputs)[0].points == points


@pytest.mark.parametrize(("lenders", "points"), [(149, 20), (150, 40), (499, 40), (500, 70), (4999, 70), (5000, 100)])
def test_people_have_the_points_of_the_step_that_they_reach(lenders: int, points: int) -> None:
    inputs = {"owed_yuan": 0, "lenders": lenders, "balances_known": 1, "loans": 1, "lenders_known": 1}
    assert grading.of_amounts(inputs)[1].points == points


def test_each_rule_with_leads_counts_once_and_a_matter_by_its_gravest_rule() -> None:
    grave, other = NAMES["prohibited"][0], NAMES["major"][0]
    rows = [row(grave, matter="m"), row(grave, name="F2"), row(other, matter="m")]
    made = grading.of_violations(rows, SEVERITY)
    assert made.points == 40  # the other rule's only matter is counted already
    rows.append(row(other, name="F3", matter="n"))
    assert grading.of_violations(rows, SEVERITY).points == 40 + 15
    assert grading.of_violations([row(other, "clear")], SEVERITY).points == 0


def test_violations_have_a_hundred_points_at_most() -> None:
    severity = {f"X{i}": "prohibited" for i in range(3)}
    made = grading.of_violations([row(rule) for rule in severity], severity)
    assert (made.value, made.points) == (120, 100)


def test_a_rule_that_could_not_be_tested_is_not_known() -> None:
    names = list(SEVERITY)[:5]
    rows = [row(names[0]), *(row(name, "clear") for name in names[1:4]), row(names[4], "not_testable")]
    made = grading.of_violations(rows, SEVERITY)
    assert made.coverage == Decimal("0.8")
    assert made.missing == [names[4]]
    assert grading.is_graded(made)  # 80 % itself is enough
    worse = grading.of_violations([*rows[:3], row(names[3], "not_testable"), rows[4]], SEVERITY)
    assert not grading.is_graded(worse)


HIGH = {"100": "red", "70": "red", "69.99": "orange", "50": "orange"}
LINES = HIGH | {"49.99": "yellow", "30": "yellow", "29.99": "green", "0": "green"}


@pytest.mark.parametrize(("score", "band"), LINES.items())
def test_bands_begin_at_their_lines(score: str, band: str) -> None:
    assert grading.band(Decimal(score)) == band


def test_the_score_is_the_weighted_sum_and_swings_with_each_weight() -> None:
    factors = [factor("scale", 75), factor("people", 70), factor("violations", 100), factor("complexity", 20)]
    # 0.25 x 75 + 0.25 x 70 + 0.35 x 100 + 0.15 x 20
    assert grading.score(factors, lambda f: f.points, grading.weights()) == Decimal("74.25")
    swings = {(s["factor"], s["change"]): s["band"] for s in grading.swings(factors)}
    assert len(swings) == 8
    assert set(swings.values()) == {"red"}
    near = [factor("scale", 75), factor("people", 70), factor("violations", 88), factor("complexity", 20)]
    assert grading.score(near, lambda f: f.points, grading.weights()) == Decimal("70.05")
    swings = {(s["factor"], s["change"]): s["band"] for s in grading.swings(near)}
    # (0.25 x 75 + 0.25 x 70 + 0.315 x 88 + 0.15 x 20) / 0.965 = 69.40
    assert swings["violations", "-0.1"] == "orange"
    assert swings["violations", "+0.1"] == "red"


def platform(make_case: Callable[..., Case], **more: Any) -> Case:
    loans = [
        {"loan_id": f"L{i}", "institution_id": "P", "lender_id": f"N{i % 3}", "principal_yuan": 1000, "signed_on": "2017-03-01"}
        for i in range(5)
    ]
    paid = [{"repayment_id": f"R{i}", "loan_id": f"L{i}", "paid_on": "2018-01-01", "principal_yuan": 400} for i in range(5)]
    tables = {"institutions": [{"institution_id": "P", "name": "平台"}], "loans": loans, "repayments": paid}
    return make_case("P", **tables | more)


def graded(case: Case, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return dossier.grade(case, pd.DataFrame(rows))


def complete() -> list[dict[str, Any]]:
    """Return a clear row for every rule."""
    return [row(rule, "clear") for rule in SEVERITY]


def test_what_is_owed_is_principal_less_what_was_repaid_and_lenders_count_once(make_case: Callable[..., Case]) -> None:
    found = graded(platform(make_case), complete()).set_index("factor")
    assert found.loc["scale", "value"] == 5 * (1000 - 400)
    assert found.loc["people", "value"] == 3
    assert found.loc[["scale", "people"], "coverage"].tolist() == [1, 1]


def test_one_balance_in_five_may_be_unknown_and_two_may_not(make_case: Callable[..., Case]) -> None:
    def paid(*unclear: int) -> list[dict[str, Any]]:
        rows = [{"repayment_id": f"R{i}", "loan_id": f"L{i}", "paid_on": "2018-01-01"} for i in range(5)]
        return [r | ({} if i in unclear else {"principal_yuan": 400}) for i, r in enumerate(rows)]

    one = graded(platform(make_case, repayments=paid(1)), complete())
    assert one.loc[one["factor"] == "scale", "coverage"].tolist() == [0.8]
    assert one.loc[one["factor"] == "scale", "contribution"].notna().all()


def test_two_balances_in_five_unknown_leave_scale_ungraded(make_case: Callable[..., Case]) -> None:
    rows = [{"repayment_id": f"R{i}", "loan_id": f"L{i}", "paid_on": "2018-01-01"} for i in range(5)]
    two = graded(
        platform(make_case, repayments=[r | ({"principal_yuan": 1} if i > 1 else {}) for i, r in enumerate(rows)]), complete()
    )
    assert two.loc[two["factor"] == "scale", "contribution"].isna().all()
    assert two.attrs["band"] is None
    assert "未能评级" in two.attrs["caption"]
    assert two.attrs["highest"] - two.attrs["lowest"] >= 25  # 100 points x 0.25 at least


def test_handing_over_nothing_is_never_green(make_case: Callable[..., Case]) -> None:
    case = make_case("P", institutions=[{"institution_id": "P", "name": "平台"}])
    found = dossier.grade(case)
    assert found.attrs["band"] is None
    assert found.attrs["score"] is None
    assert found["coverage"].tolist()[:2] == [0, 0]


def test_only_a_confirmed_lead_under_a_prohibition_makes_it_red(
    make_case: Callable[..., Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(tmp_path))
    records = tmp_path / "data" / "raw" / "records"
    records.mkdir(parents=True)
    grave, other = NAMES["prohibited"][0], NAMES["major"][0]
    case, rows = platform(make_case), [row(grave), row(other)]
    assert graded(case, rows).attrs["override"] is None
    written = "finding_id,who,when,why\nF-{},张检查,2018-11-02,已当面核实\n"
    (records / "confirmed_leads.csv").write_text(written.format(other), encoding="utf-8")
    assert graded(case, rows).attrs["override"] is None  # confirmed, and no prohibition
    (records / "confirmed_leads.csv").write_text(written.format(grave), encoding="utf-8")
    found = graded(case, rows)
    assert found.attrs["band"] == "red"
    assert found.attrs["override"]["who"] == "张检查"
    assert graded(case, [row(grave, "clear"), row(other)]).attrs["override"] is None  # the lead is gone


def test_a_confirmation_without_a_reason_is_named_by_its_line(
    make_case: Callable[..., Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(tmp_path))
    (tmp_path / "data" / "raw" / "records").mkdir(parents=True)
    path = tmp_path / "data" / "raw" / "records" / "confirmed_leads.csv"
    path.write_text("finding_id,who,when,why\nF1,张检查,2018-11-02,\n", encoding="utf-8")
    with pytest.raises(BadFile, match="第 2 行"):
        graded(platform(make_case), complete())


def test_a_district_has_no_grade(make_case: Callable[..., Case]) -> None:
    with pytest.raises(BadParameter, match="机构"):
        dossier.grade(make_case())


def test_every_number_of_the_scheme_has_a_basis_and_a_mark_and_every_rule_a_severity_with_points() -> None:
    for part in grading.scheme().parts.values():
        for _, _, basis, mark in part.values():
            assert basis
            assert mark in ("V", "M", "D")
    assert set(SEVERITY.values()) <= set(grading.scheme().parts["violations"])


def test_a_party_that_is_no_institution_has_none(make_case: Callable[..., Case]) -> None:
    case = make_case("甲公司", parties=[{"party_id": "A", "name": "甲公司", "kind": "company"}])
    assert not len(dossier.grade(case))
