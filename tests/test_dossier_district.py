"""The district's page: what institutions share, deadlines on their boundaries, work by unit, the league table, the workbook."""

import datetime as dt
import zipfile
from collections.abc import Callable
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from lib import BadParameter, Case, DataGap, checks, dossier, draw, report
from lib.checks import COLUMNS
from lib.export import workbook
from lib.store import frame
from tests.conftest import write_store

NO_FINDINGS = frame(COLUMNS.empty_table())
Make = Callable[..., Case]


def institution(name: str, **more: Any) -> dict[str, Any]:
    return {"institution_id": name, "name": f"{name}贷", "party_id": f"{name}公司", **more}


def company(name: str, **more: Any) -> dict[str, Any]:
    return {"party_id": f"{name}公司", "kind": "company", "name": f"{name}有限公司", **more}


def pairs(case: Case, link: str) -> list[tuple[str, str, str]]:
    made = dossier.shared(case)
    return list(made.loc[made["link"] == link, ["a_id", "b_id", "shared"]].itertuples(index=False, name=None))


TWO = [institution("A"), institution("B")]


def test_a_person_who_controls_both_through_companies_is_shared_with_the_records_of_both_chains(make_case: Make) -> None:
    held = [("A1", "Z", "A公司", 0.6), ("B1", "H", "B公司", 0.51), ("B2", "Z", "H", 0.9), ("A2", "Y", "A公司", 0.4)]
    holdings = [{"holding_id": i, "holder_id": a, "held_id": b, "share": s} for i, a, b, s in held]
    parties = [{"party_id": "Z", "kind": "person", "name": "赵一"}, company("A"), company("B")]
    case = make_case(institutions=TWO, parties=parties, holdings=holdings)
    assert pairs(case, "controller") == [("A", "B", "Z")]
    made = dossier.shared(case)
    row = made[made["link"] == "controller"].iloc[0]
    assert row["shared_name"] == "赵一"
    assert {e["id"] for e in row["evidence"]} >= {"A1", "B1", "B2"}
    assert len(checks.evidence(case, row.to_dict())) == row["records"]


def test_half_of_the_votes_is_no_control(make_case: Make) -> None:
    holdings = [{"holding_id": x, "holder_id": "Z", "held_id": f"{x}公司", "share": 0.5} for x in "AB"]
    assert pairs(make_case(institutions=TWO, holdings=holdings), "controller") == []


def test_an_officer_of_both_on_the_day_is_shared_and_one_who_left_or_only_claims_it_is_not(make_case: Make) -> None:
    def role(person: str, entity: str, **more: Any) -> dict[str, Any]:
        return {"role_id": f"{person}{entity}", "person_id": person, "entity_id": entity, "role": "director", **more}

    left, claimed = {"valid_to": dt.date(2018, 9, 30)}, {"claimed_only": True}
    roles = [
        role("P", "A公司"),
        role("P", "B"),
        role("Q", "A"),
        role("Q", "B", **left),
        role("R", "A"),
        role("R", "B", **claimed),
    ]
    assert pairs(make_case(institutions=TWO, roles=roles), "officer") == [("A", "B", "P")]


def test_contacts_are_the_same_without_blanks_dashes_and_capitals(make_case: Make) -> None:
    parties = [
        company("A", phone="0371-1234 5678", address="某路 1号", email="X@a.invalid"),
        company("B", phone="(0371)12345678", address="某路1号", email="x@A.invalid "),
    ]
    listed = [institution("A", website="https://www.a.invalid/"), institution("B", website="http://a.invalid")]
    case = make_case(institutions=listed, parties=parties)
    assert pairs(case, "phone") == [("A", "B", "037112345678")]
    assert pairs(case, "address") == [("A", "B", "某路1号")]
    assert pairs(case, "email") == [("A", "B", "x@a.invalid")]
    assert pairs(case, "website") == [("A", "B", "a.invalid")]


def test_an_unknown_contact_is_shared_by_nobody(make_case: Make) -> None:
    parties = [company("A", phone="", address=" "), company("B", phone="-", address=None)]
    assert dossier.shared(make_case(institutions=TWO, parties=parties)).empty


def loan(name: str, platform: str, borrower: str, yuan: str | None, **more: Any) -> dict[str, Any]:
    principal = None if yuan is None else Decimal(yuan)
    return {"loan_id": name, "institution_id": platform, "borrower_id": borrower, "principal_yuan": principal, **more}


def test_a_borrower_of_both_is_shared_with_the_principal_of_each_side(make_case: Make) -> None:
    loans = [loan("1", "A", "X", "100.10"), loan("2", "A", "X", "0.02"), loan("3", "B", "X", "7"), loan("4", "B", "Y", "9")]
    row = dossier.shared(make_case(institutions=TWO, loans=loans)).iloc[0]
    assert (row["link"], row["shared"], row["a_yuan"], row["b_yuan"]) == ("borrower", "X", Decimal("100.12"), 7)
    assert {e["id"] for e in row["evidence"]} == {"1", "2", "3"}


def test_principal_of_which_a_part_is_unknown_is_unknown(make_case: Make) -> None:
    loans = [loan("1", "A", "X", "100"), loan("2", "A", "X", None), loan("3", "B", "X", "7")]
    row = dossier.shared(make_case(institutions=TWO, loans=loans)).iloc[0]
    assert pd.isna(row["a_yuan"])
    assert row["b_yuan"] == 7


def test_a_loan_signed_after_the_day_is_not_seen(make_case: Make) -> None:
    loans = [loan("1", "A", "X", "1"), loan("2", "B", "X", "1", signed_on=dt.date(2018, 10, 1))]
    assert dossier.shared(make_case(institutions=TWO, loans=loans)).empty


def test_an_account_paid_out_to_by_both_is_shared_but_no_hub_and_no_borrowers_own(make_case: Make) -> None:
    accounts = [
        {"account_id": "K1", "holder_id": "G", "holder_name": "过桥公司", "purpose": "own"},
        {"account_id": "K2", "holder_id": "H", "purpose": "payment"},
        {"account_id": "K3", "holder_id": "X", "purpose": "own"},
    ]
    loans = [
        loan(f"{platform}{account}", platform, "X" if account == "K3" else platform, "1", disbursement_account=account)
        for platform in "AB"
        for account in ("K1", "K2", "K3")
    ]
    assert pairs(make_case(institutions=TWO, loans=loans, accounts=accounts), "account") == [("A", "B", "K1")]


@settings(max_examples=8)  # each writes a Store
@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from("xyz")), max_size=12))
def test_the_pairs_are_those_of_a_plain_double_loop(rows: list[tuple[str, str]]) -> None:
    import tempfile

    from lib import open_case

    loans = [loan(str(n), platform, borrower, "1") for n, (platform, borrower) in enumerate(rows)]
    with tempfile.TemporaryDirectory() as folder:
        store = write_store(Path(folder) / "s.duckdb", {"institutions": [institution(x) for x in "ABCD"], "loans": loans})
        found = pairs(open_case(None, "2018-09-30", store), "borrower")
    plain = [(a, b, x) for a, b in combinations("ABCD", 2) for x in "xyz" if (a, x) in rows and (b, x) in rows]
    assert found == plain


def test_what_was_not_delivered_is_said_and_not_taken_for_nothing_shared(make_case: Make) -> None:
    untested = dossier.shared(make_case(institutions=TWO, parties=[company("A")])).attrs["untested"]
    assert {"controller", "officer", "account", "borrower", "device"} == set(untested)


def test_sharing_is_asked_of_the_district(make_case: Make) -> None:
    case = make_case("A", institutions=TWO)
    with pytest.raises(BadParameter, match="全区"):
        dossier.shared(case)
    with pytest.raises(BadParameter, match="--template district"):
        draw.district(case)


# The notice, 二(三)1: a plan by 2018-09-30, the exit and the site closed by 2018-12-31, for those not to be rectified.
def due(case: Case, deadline: str) -> tuple[Any, ...]:
    made = dossier.deadlines(case)
    row = made[made["deadline"] == deadline].iloc[0]
    return row["deadline_state"], None if pd.isna(row["days_late"]) else int(row["days_late"])


@pytest.mark.parametrize(
    ("submitted", "as_of", "expected"),
    [
        ("2018-09-30", "2018-10-05", ("met", None)),
        ("2018-10-01", "2018-10-05", ("late", 1)),
        ("2018-10-06", "2018-10-05", ("missed", 5)),  # not yet known on the day
        ("2018-10-06", "2018-09-30", ("not_due", None)),
        (None, "2018-10-05", ("unknown", None)),
    ],
)
def test_a_plan_is_due_at_the_end_of_september(make_case: Make, submitted: str | None, as_of: str, expected: Any) -> None:
    plan = {"institution_id": "A", "plan_version": "1", "submitted_on": submitted and dt.date.fromisoformat(submitted)}
    case = make_case(None, as_of, institutions=[institution("A", disposal_class="ban")], exit_plans=[plan])
    assert due(case, "plan") == expected


def test_without_any_plans_delivered_it_is_not_known_whether_one_was_made(make_case: Make) -> None:
    case = make_case(None, "2018-12-31", institutions=[institution("A", disposal_class="exit")])
    assert due(case, "plan") == due(case, "exit_end") == due(case, "website") == ("unknown", None)


@pytest.mark.parametrize(
    ("looks", "as_of", "expected"),
    [
        ([("2018-12-31", False)], "2019-01-31", ("met", None)),
        ([("2019-01-01", True)], "2019-01-31", ("missed", 1)),
        ([("2018-12-31", True)], "2019-01-31", ("unknown", None)),  # nobody looked after the day
        ([("2018-12-30", True)], "2018-12-31", ("not_due", None)),
        ([("2018-12-30", True), ("2019-01-10", False)], "2019-01-31", ("unknown", None)),  # closed some day between
        ([("2019-01-03", True), ("2019-01-10", False)], "2019-01-31", ("late", 3)),
        ([("2018-12-01", False), ("2019-01-02", True)], "2019-01-31", ("missed", 2)),  # opened again
    ],
)
def test_a_site_is_closed_in_time_only_where_a_look_shows_it(make_case: Make, looks: Any, as_of: str, expected: Any) -> None:
    licences = [
        {"licence_id": str(n), "institution_id": "A", "site_checked_on": dt.date.fromisoformat(day), "site_alive": alive}
        for n, (day, alive) in enumerate(looks)
    ]
    case = make_case(None, as_of, institutions=[institution("A", disposal_class="exit")], licences=licences)
    assert due(case, "website") == expected


@pytest.mark.parametrize(("paid", "expected"), [("100.00", ("met", None)), ("99.99", ("missed", 9)), (None, ("unknown", None))])
def test_a_step_is_kept_to_when_what_was_planned_is_paid(make_case: Make, paid: str | None, expected: Any) -> None:
    plan = {"institution_id": "A", "plan_version": "1", "submitted_on": dt.date(2018, 9, 1)}
    step = {"institution_id": "A", "plan_version": "1", "step": 1, "due_on": dt.date(2018, 10, 1), "planned_yuan": Decimal(100)}
    step |= {"paid_yuan": None if paid is None else Decimal(paid)}
    listed = [institution("A", disposal_class="exit")]
    case = make_case(None, "2018-10-10", institutions=listed, exit_plans=[plan], exit_steps=[step])
    assert due(case, "兑付第 1 步") == expected


def test_deadlines_hold_for_those_that_exit_and_are_unknown_where_the_class_is(make_case: Make) -> None:
    listed = [institution("A", disposal_class="rectify"), institution("B"), institution("C", disposal_class="其他类")]
    case = make_case(institutions=listed)
    made = dossier.deadlines(case)
    assert set(made["institution_id"]) == {"B", "C"}
    work = dossier.work(case, NO_FINDINGS)
    assert work.loc[work["task"] == "deadline", "institution_id"].tolist() == ["B", "C"]  # once, not for each deadline
    assert set(made["deadline_state"]) == {"unknown"}


def finding(institution: str, rule: str) -> dict[str, Any]:
    return {"rule_id": rule, "outcome": "hit", "institution_id": institution, "finding_id": f"F{rule}", "matter_id": "m"}


def test_leads_go_to_the_unit_of_their_rule_and_open_deadlines_to_that_of_the_exit(
    make_case: Make, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(tmp_path))
    case = make_case(None, "2018-10-10", institutions=[institution("A", disposal_class="exit")])
    found = pd.DataFrame([finding("A", "NM-01"), finding("A", "NM-01"), finding("A", "SF-03")])
    made = dossier.work(case, found)
    leads = made[made["task"] == "lead"]
    assert leads[["unit", "leads"]].to_numpy().tolist() == [["区整治办", 1], ["工商分局", 2]]
    assert set(made.loc[made["task"] == "deadline", "unit"]) == {"区网贷风险处置工作组成员单位"}
    assert set(made.loc[made["task"] == "not_entered", "unit"]) == {"工商分局", "教文体局", "公安分局", "信访办"}


def test_the_league_puts_those_with_most_certain_points_first_and_equal_ones_on_one_place(make_case: Make) -> None:
    case = make_case(institutions=[institution(x) for x in "ABC"])
    found = pd.DataFrame([finding("B", "SF-03")])
    made = dossier.league(case, found)
    assert made[["place", "institution_id"]].to_numpy().tolist() == [[1, "B"], [2, "A"], [2, "C"]]
    assert made["prohibited"].tolist() == [1, 0, 0]
    assert set(made["computed_grade"]) == {"ungraded"}  # nothing was delivered: never green
    assert made["outstanding_yuan"].isna().all()


def test_a_sheet_is_printed_on_paper_that_lies_and_no_column_falls_off_it(tmp_path: Path) -> None:
    workbook.write(tmp_path / "a.xlsx", {"甲": pd.DataFrame({f"c{n}": ["x"] for n in range(30)})})
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        names = book.read("xl/workbook.xml").decode()
    assert '<pageSetup paperSize="9" fitToHeight="0" orientation="landscape"/>' in sheet  # fitToWidth is 1 unless it is said
    assert "fitToPage" in sheet
    assert "Print_Titles" in names  # its head is repeated


def test_a_workbook_holds_texts_as_texts_and_amounts_as_numbers(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {"name": ["=1+1", "@x"], "a_yuan": [Decimal("12.30"), Decimal(10) ** 15], "on": [dt.date(2018, 9, 30), None]}
    )
    workbook.write(tmp_path / "a.xlsx", {"甲": rows, "空": rows.head(0)})
    book = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx"))
    assert book.sheet_names == ["甲", "空"]
    read = book.get_sheet_by_name("甲").to_python()
    assert read[1:] == [["=1+1", 12.3, dt.date(2018, 9, 30)], ["@x", "1,000,000,000,000,000", ""]]
    with pytest.raises(BadParameter, match="已存在"):
        workbook.write(tmp_path / "a.xlsx", {"甲": rows})


def test_more_rows_than_a_sheet_takes_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(DataGap, match="1,048,575"):
        workbook.write(tmp_path / "a.xlsx", {"甲": pd.DataFrame({"line": range(1_048_576)})})
    assert list(tmp_path.iterdir()) == []


def test_the_district_is_one_page_that_the_list_of_reports_names(sample_store: Path, tmp_path: Path) -> None:
    made = report.run(None, store=sample_store, out=tmp_path, template="district", lang="zh").iloc[0]
    assert (made["outcome"], made["name"]) == ("ok", "全区"), made["reason"]
    text = Path(made["path"]).read_text(encoding="utf-8")
    for heading in ("机构排位", "机构之间的共同之处", "退出期限", "各责任单位工作清单", "名单库"):
        assert heading in text
    assert "鸲洹在线" in text
    assert quote(Path(made["path"]).name) in (tmp_path / "index.html").read_text(encoding="utf-8")
