"""checks: running rules on a case, what-ifs, evidence down to the line, and the findings file."""

import hashlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from lib import BadFile, BadParameter, Case, checks, open_case
from lib.findings import heads, outcomes, rules

MakeCase = Callable[..., Case]
QUICK = ["LM-01", "NM-01"]
CONTRACT = ["rule_id", "outcome", "subject_id", "amount_yuan", "first_on", "last_on", "confidence", "finding_id"]


def district(make_case: MakeCase, asked: str | None = None, **more: Any) -> Case:
    """Two platforms, P with two borrowers above the cap and Q with none."""
    people = [{"party_id": i, "kind": "person", "name": i} for i in ("A", "B")]
    loan = {"signed_on": "2017-03-01"}
    loans = [
        loan | {"loan_id": "L1", "institution_id": "P", "borrower_id": "A", "principal_yuan": 210000},
        loan | {"loan_id": "L2", "institution_id": "P", "borrower_id": "B", "principal_yuan": 300000},
        loan | {"loan_id": "L3", "institution_id": "Q", "borrower_id": "A", "principal_yuan": 1000},
    ]
    tables = {
        "institutions": [{"institution_id": i, "name": f"平台{i}"} for i in "PQ"],
        "parties": [*people, *({"party_id": i, "kind": "company", "name": f"平台{i}"} for i in "PQ")],
        "loans": loans,
        "repayments": [
            {"repayment_id": f"R{i}", "loan_id": i, "paid_on": "2018-01-01", "principal_yuan": 0} for i in ("L1", "L3")
        ],
    }
    return make_case(asked, **tables | more)


def test_the_frame_has_the_columns_that_others_build_on_and_exact_amounts(make_case: MakeCase):
    found = checks.run(district(make_case, "P"), rules=QUICK)
    assert list(found.columns[:8]) == CONTRACT
    assert str(found.amount_yuan.dtype) == "decimal128(18, 2)[pyarrow]"
    assert found.amount_yuan.tolist()[:2] == [Decimal("300000.00"), Decimal("210000.00")]  # the largest first
    assert found.confidence.tolist()[:2] == [1.0, 1.0]
    assert set(found.outcome) <= {"hit", "clear", "not_testable"}


def test_a_district_has_a_row_for_every_rule_and_institution(make_case: MakeCase):
    found = checks.run(district(make_case), rules=QUICK)
    lm01 = found[found.rule_id == "LM-01"]
    assert lm01[["institution_id", "outcome", "subject_id"]].values.tolist()[:2] == [["P", "hit", "B"], ["P", "hit", "A"]]
    assert lm01[lm01.institution_id == "Q"].outcome.tolist() == ["clear"]
    assert sorted(found[found.rule_id == "NM-01"].institution_id) == ["P", "Q"]


def test_the_same_question_has_the_same_answer_and_ids(make_case: MakeCase):
    case = district(make_case, "P")
    first, again = checks.run(case, rules=QUICK), checks.run(open_case("P", case.as_of, case.store.path), rules=QUICK)
    pd.testing.assert_frame_equal(first, again)
    ids = first.finding_id.dropna()
    assert ids.str.fullmatch("F[0-9a-f]{12}").all()
    assert ids.is_unique
    assert checks.run(case, rules=["LM-01"], LM_01={"cap_yuan": 200000.5}).finding_id.isin(ids).sum() == 0


def test_a_frame_that_was_changed_does_not_change_the_next(make_case: MakeCase):
    case = district(make_case, "P")
    checks.run(case, rules=QUICK).evidence[0].clear()
    assert checks.run(case, rules=QUICK).evidence[0]


def test_a_rule_is_computed_once(make_case: MakeCase, monkeypatch: pytest.MonkeyPatch):
    case, calls = district(make_case, "P"), []
    real = outcomes.run_rule
    monkeypatch.setattr(outcomes, "run_rule", lambda *given: (calls.append(given[1].id), real(*given))[1])
    for _ in range(2):
        checks.run(case, rules=QUICK)
    checks.run(case, rules=["LM-01"], LM_01={"cap_yuan": 5})
    assert calls == ["LM-01", "NM-01", "LM-01"]


def test_both_languages_say_the_same(make_case: MakeCase, monkeypatch: pytest.MonkeyPatch):
    case = district(make_case, "P")
    zh = checks.run(case, rules=QUICK)
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    en = checks.run(case, rules=QUICK)
    spoken = ["why_not", "detail", "note"]
    pd.testing.assert_frame_equal(zh.drop(columns=spoken), en.drop(columns=spoken))
    assert "缺少经营范围" in zh.why_not.iloc[-1]
    assert "the scope of business is missing" in en.why_not.iloc[-1]
    assert checks.explain("LM-01")["title"] == "Natural person above the single-platform cap of 200,000 yuan"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rules": ["LM-99"]}, ["LM-99", "SF-03", "LM-01"]),
        ({"XX_01": {}}, ["XX_01", "SF-03", "LM-01"]),
        ({"LM_01": {"cap": 1}}, ["cap", "cap_yuan=200,000"]),
        ({"LM_01": {"cap_yuan": "many"}}, ["cap_yuan", "many"]),
        ({"LM_01": {"cap_yuan": True}}, ["cap_yuan", "True"]),
        ({"LM_01": {"cap_yuan": -1}}, ["cap_yuan", "-1"]),
        ({"LM_01": {"cap_yuan": float("nan")}}, ["cap_yuan", "nan"]),
        ({"SF_03": {"share": 30}}, ["share", "30", "0.25"]),
        ({"SF_03": {"hops": 2.5}}, ["hops", "2.5"]),
        ({"SF_03": 0.3}, ["SF-03", "share=20%"]),
        ({"NM_01": {"word": 1}}, ["NM-01", "word"]),
        ({"rules": ["LM-01"], "SF_03": {"share": 0.3}}, ["SF-03"]),
    ],
)
def test_a_wrong_name_or_value_is_one_line_that_lists_the_right_ones(options, said, lang, make_case, monkeypatch):
    monkeypatch.setenv("LOOKTHROUGH_LANG", lang)
    with pytest.raises(BadParameter) as caught:
        checks.run(district(make_case, "P"), **options)
    text = str(caught.value)
    assert "\n" not in text
    for part in said:
        assert part in text.replace("、", ", ")


def test_a_faulty_select_is_one_line_that_names_the_file(tmp_path: Path, make_case: MakeCase, monkeypatch):
    text = (rules.paths.PACKAGE / "rules" / "FB-01.sql").read_text(encoding="utf-8")
    for broken, said in [
        (text.replace("from described\n", "from descrbed\n"), "facts"),
        (text.replace("as subject_id", "as subject"), "subject_id"),
        (text.replace("cast(1 as double)", "[1]"), "hits"),
        (text.replace("from scope\nleft join facts", "from scope\ninner join facts"), "coverage"),
    ]:
        assert broken != text
        (tmp_path / "FB-01.sql").write_text(broken, encoding="utf-8")
        made = rules.read_rules(tmp_path)
        monkeypatch.setattr(checks, "all_rules", lambda made=made: made)
        monkeypatch.setattr(checks.whatif, "all_rules", lambda made=made: made)
        with pytest.raises(BadFile, match=r"FB-01\.sql") as caught:
            checks.run(district(make_case, None, loans=[]) if "inner join facts" in broken else district(make_case, "P"))
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)
        Path(tmp_path / "store.duckdb").unlink()


def test_evidence_walks_to_the_original_line_of_every_origin(tmp_path: Path, make_case: MakeCase):
    """Loan L2 was merged from two lines of one file and one of another; T1 is shown by two statements."""
    sources, spans = [], []
    for source_id, body in {"S1": "合同编号,金额\nL1,210000\nL2,300000\n", "S2": "编号,金额\nL2,300000\n"}.items():
        raw = body.encode()
        (tmp_path / source_id).write_bytes(raw)
        about = {"sha256": hashlib.sha256(raw).hexdigest(), "encoding": "utf-8", "delimiter": ",", "state": "imported"}
        sources.append({"source_id": source_id, "name": f"{source_id}.csv", "path": str(tmp_path / source_id)} | about)
        head = len(body.splitlines()[0].encode()) + 1
        spans.append({"source_id": source_id, "kind": "header", "line_from": 1, "line_to": 1, "byte_from": 0, "byte_to": head})
        lines = {"line_from": 2, "line_to": body.count("\n")}
        spans.append({"source_id": source_id, "kind": "accepted", "byte_from": head, "byte_to": len(raw)} | lines)
    flow = {"account_id": "A1", "direction": "out", "amount_yuan": 1}
    case = make_case(
        None,
        sources=sources,
        spans=spans,
        loans=[{"loan_id": "L2", "source_id": "S1", "line": 3}, {"loan_id": "L9"}],
        origins=[{"table_name": "loans", "row_id": "L2", "source_id": s, "line": n} for s, n in [("S1", 3), ("S2", 2)]],
        flows=[flow | {"flow_id": "F1", "source_id": "S1", "line": 2}, flow | {"flow_id": "F2"}],
        transfers=[{"transfer_id": "T1", "flow_ids": ["F1", "F2"], "amount_yuan": 1}],
    )
    evidence = [{"table": t, "id": i} for t, i in [("loans", "L2"), ("loans", "L9"), ("transfers", "T1"), ("flows", "F1")]]
    found = checks.evidence(case, {"evidence": evidence})
    assert found.astype(object).where(found.notna(), None).values.tolist() == [
        ["loans", "L2", "S1.csv", 3, "L2,300000"],
        ["loans", "L2", "S2.csv", 2, "L2,300000"],
        ["loans", "L9", None, None, None],
        ["flows", "F1", "S1.csv", 2, "L1,210000"],
        ["flows", "F2", None, None, None],
    ]


def test_evidence_of_a_clear_row_is_an_empty_frame(make_case: MakeCase):
    case = district(make_case, "Q")
    assert checks.evidence(case, checks.run(case, rules=["LM-01"]).iloc[0]).empty


def test_evidence_that_names_no_table_is_refused(make_case: MakeCase):
    with pytest.raises(BadParameter, match="banana"):
        checks.evidence(district(make_case, "P"), {"evidence": [{"table": "banana", "id": "1"}]})


def test_findings_are_kept_beside_the_store_under_its_version(make_case: MakeCase):
    case = district(make_case, "P")
    before = case.store.path.read_bytes()
    found = checks.run(case, rules=QUICK)
    path = checks.save(case, found)
    assert path == case.store.path.with_name("store.test.findings.parquet")
    kept = pq.read_table(path)
    assert kept["finding_id"].to_pylist()[:2] == found.finding_id.tolist()[:2]
    assert kept["evidence"].to_pylist() == found.evidence.tolist()
    assert set(kept["as_of"].to_pylist()) == {case.as_of}
    assert case.store.path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir() if p.name.startswith(".store.test")] == []


def test_show_fills_in_the_thresholds_and_the_day(make_case: MakeCase):
    shown = checks.show("FB_01", district(make_case, "P").as_of)
    assert "to_years(75 + 1)" in shown
    assert "date '2016-08-24' and date '2018-09-30'" in shown
    assert "current_date" in checks.show("FB-01")
    assert "'cap_yuan': 200000" in checks.show("LM-01")  # a threshold of the derived table
    assert "uses_of_funds" in checks.show("SF-03").splitlines()[3]
    with pytest.raises(BadParameter, match="LM-01"):
        checks.show("LM-1")


def test_the_rules_are_listed_gravest_first():
    grades = [heads.SEVERITIES.index(rule.severity) for rule in checks.rules().values()]
    assert grades == sorted(grades)
    assert list(checks.rules()).index("SF-03") < list(checks.rules()).index("LM-01")
