"""checks.compare, what remains, is new or gone between two runs; and findings that are one matter."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import BadParameter, Case, checks
from lib.findings import grouping
from lib.findings.comparing import STATES
from tests.money_cases import line, shown
from tests.test_checks import QUICK, district
from tests.trials import trials


def told(
    outcome: str, subject: str | None = None, evidence: str = "", rule: str = "LM-01", whole: bool = True, **more: Any
) -> dict[str, Any]:
    """Return a row as a run has it; `evidence` are ids of loans, a letter each."""
    amount = more.pop("amount", 100 if outcome == "hit" else None)
    known = {"rule_id": rule, "institution_id": "P", "subject_id": subject, "outcome": outcome, "amount_yuan": amount}
    known |= {"population": 4, "tested": 4 if whole else 3, "why_not": "" if whole else "缺少还款"}
    known |= {"finding_id": f"F-{rule}-{subject}-{evidence}-{amount}" if outcome == "hit" else None}
    known |= {"evidence": [{"table": "loans", "id": e} for e in evidence]}
    return known | {"thresholds": [{"name": "cap_yuan", "value": "200000"}]} | more


def states(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> dict[str | None, str]:
    found = checks.compare(pd.DataFrame(before), pd.DataFrame(after))
    return dict(zip(found["subject_id"], found["state"], strict=True))


def test_what_remains_is_new_or_gone_is_told_apart() -> None:
    before = [told("hit", "A", "a"), told("hit", "B", "b"), told("hit", "C", "c")]
    after = [told("hit", "B", "b"), told("hit", "C", "cd", amount=150), told("hit", "D", "d")]
    assert states(before, after) == {"A": "gone", "B": "unchanged", "C": "changed", "D": "new"}
    found = checks.compare(pd.DataFrame(before), pd.DataFrame(after)).set_index("subject_id")
    assert found.loc["C", "difference_yuan"] == 50
    assert (found.loc["C", "evidence_gone"], found.loc["C", "evidence_new"]) == (0, 1)
    assert found.attrs["states"] == dict.fromkeys(STATES, 0) | {"gone": 1, "unchanged": 1, "changed": 1, "new": 1}


def test_nothing_is_called_mended_that_could_not_be_tested_afterwards() -> None:
    before, untested = [told("hit", "A", "a")], [told("not_testable", whole=False)]
    assert states(before, untested) == {"A": "no_longer_tested"}
    assert checks.compare(pd.DataFrame(before), pd.DataFrame(untested))["why_not"].tolist() == ["缺少还款"]
    partly = [told("hit", "B", "b", whole=False)]
    assert states(before, partly) == {"A": "no_longer_tested", "B": "new"}
    assert states(before, [told("clear")]) == {"A": "gone"}


def test_nothing_is_called_new_that_could_not_be_tested_before() -> None:
    assert states([told("not_testable", whole=False)], [told("hit", "A", "a")]) == {"A": "first_tested"}
    assert states([told("hit", "B", "b", whole=False)], [told("hit", "A", "a"), told("hit", "B", "b")]) == {
        "B": "unchanged",
        "A": "first_tested",
    }
    assert states([told("clear")], [told("hit", "A", "a")]) == {"A": "new"}


def test_other_thresholds_and_rules_that_were_not_run_are_not_compared() -> None:
    other = [{"name": "cap_yuan", "value": "300000"}]
    assert states([told("hit", "A", "a")], [told("clear", thresholds=other)]) == {"A": "other_thresholds"}
    assert states([told("hit", "A", "a")], [told("clear", rule="LM-02")]) == {"A": "not_run"}
    assert states([told("clear", rule="LM-02")], [told("hit", "A", "a")]) == {"A": "not_run"}


def test_several_findings_on_one_subject_are_paired_by_their_evidence() -> None:
    before = [told("hit", "A", "ab"), told("hit", "A", "cd")]
    after = [told("hit", "A", "cde"), told("hit", "A", "x")]
    found = checks.compare(pd.DataFrame(before), pd.DataFrame(after))
    assert sorted(zip(found["state"], found["evidence_gone"], found["evidence_new"], strict=True)) == [
        ("changed", 0, 1),  # cd and cde
        ("gone", 2, 0),
        ("new", 0, 1),
    ]


SWAPPED = {"new": "gone", "gone": "new", "first_tested": "no_longer_tested", "no_longer_tested": "first_tested"}
subjects = st.dictionaries(st.sampled_from("ABCD"), st.sampled_from(["a", "ab", "b", "c"]), max_size=4)
runs = st.tuples(subjects, st.booleans()).map(
    lambda drawn: (
        [told("hit", s, e, whole=drawn[1]) for s, e in drawn[0].items()]
        or [told("clear" if drawn[1] else "not_testable", whole=drawn[1])]
    )
)


@settings(max_examples=trials(200), deadline=None)
@given(runs, runs)
def test_looking_back_in_time_swaps_what_is_new_and_what_is_gone(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> None:
    forth, back = states(a, b), states(b, a)
    assert back == {subject: SWAPPED.get(state, state) for subject, state in forth.items()}
    assert set(states(a, a).values()) <= {"unchanged"}


def test_a_run_against_itself_is_unchanged_and_a_paid_loan_is_gone(make_case: Callable[..., Case]) -> None:
    case = district(make_case, "P")
    first = checks.run(case, rules=QUICK)
    assert set(checks.compare(first, first)["state"]) == {"unchanged"}
    looser = checks.run(case, rules=QUICK, LM_01={"cap_yuan": 250000})
    assert set(checks.compare(first, looser)["state"]) == {"other_thresholds"}


def test_what_is_no_run_is_refused() -> None:
    with pytest.raises(BadParameter, match="finding_id"):
        checks.compare(pd.DataFrame({"rule_id": []}), pd.DataFrame({"rule_id": []}))


def hit(name: str, rule: str, *evidence: tuple[str, str]) -> dict[str, Any]:
    return {"finding_id": name, "rule_id": rule, "evidence": [{"table": t, "id": i} for t, i in evidence]}


def transfers(*ids: int) -> list[tuple[str, str]]:
    return [("transfers", f"F{i}") for i in ids]


@pytest.fixture
def case(make_case: Callable[..., Case]) -> Case:
    return make_case(**shown(*(line(f"F{i}", "P", 10, None, i) for i in range(8))))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((1, 2, 3, 4, 5), (1, 2, 3, 4), True),  # 4 of 5: 80 %
        ((1, 2, 3, 4), (1, 2, 3), False),  # 3 of 4: 75 %
        ((1, 2), (3, 4), False),
        ((1,), (1,), True),
    ],
)
def test_findings_of_two_rules_on_four_fifths_of_the_same_transfers_are_one_matter(
    case: Case, one: tuple[int, ...], other: tuple[int, ...], same: bool
) -> None:
    rows = [hit("x", "SF-03", *transfers(*one)), hit("y", "FP-05", *transfers(*other))]
    assert grouping.matters(case, rows) == (["x", "x"] if same else ["x", "y"])


def test_findings_of_one_rule_stay_apart_and_statement_lines_stand_for_their_transfers(case: Case) -> None:
    rows = [hit("x", "SF-03", *transfers(1)), hit("y", "SF-03", *transfers(1))]
    assert grouping.matters(case, rows) == ["x", "y"]
    rows = [hit("x", "SF-03", *transfers(1, 2)), hit("y", "FP-05", ("flows", "F1"), ("flows", "F2"), ("loans", "L"))]
    assert grouping.matters(case, rows) == ["x", "x"]


def test_rows_without_hits_have_no_matter_and_hits_without_transfers_one_of_their_own(case: Case) -> None:
    rows = [hit("x", "LM-01", ("loans", "L")), {"finding_id": None, "rule_id": "NM-01", "evidence": []}]
    assert grouping.matters(case, rows) == ["x", None]
    assert grouping.matters(case, []) == []
