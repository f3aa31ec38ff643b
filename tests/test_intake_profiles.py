"""Which layout a file has: by its header, by its name where several share one, never by guessing."""

import re
from functools import partial
from pathlib import Path

import pytest

from lib.errors import BadFile
from lib.intake import identifying, matching, profiles
from lib.schema import schema
from tests.deliveries import LOANS, Delivery
from tools import layouts

TWIN = """
id = "twin.{0}"
title = {{zh = "{0}", en = "{0}"}}
source = "test"
required = ["x", "y"]
{1}
[columns]
x = []
y = []
[[into]]
table = "links"
columns = {{a_id = "x", b_id = "y", kind = "'guarantee'"}}
"""


def folder_of(path: Path, **texts: str) -> Path:
    (path / "family").mkdir(parents=True)
    for name, text in texts.items():
        (path / "family" / f"{name}.toml").write_text(text)
    return path


def of(header: str, name: str = "file.csv", folder: Path = profiles.FOLDER, encoding: str = "utf-8") -> profiles.Layout:
    lines = header.split("\n")
    return matching.match(name, encoding, {d: list(enumerate(lines, 1)) for d in profiles.DELIMITERS}, folder)


@pytest.mark.parametrize("table", [p.identity for p in profiles.load().values() if p.identity])
@pytest.mark.parametrize("by", ["name", "zh", "bare"])
def test_every_table_is_recognised_by_its_column_names_and_by_its_labels(table: str, by: str) -> None:
    declared = [c for c in schema()[table].columns if c.name not in profiles.PROVENANCE]
    names = {
        "name": [c.name for c in declared],
        "zh": [c.zh for c in declared],
        "bare": [re.sub(r"\(.*\)", "", c.zh) for c in declared],
    }
    found = of(",".join(names[by]))
    assert found.profile.id == f"canonical.{table}"
    assert list(found.place) == [c.name for c in declared]
    assert found.unused == []


def test_every_table_that_files_can_fill_has_a_layout() -> None:
    fillable = {t.name for t in schema().values() if {"source_id", "line"} <= {c.name for c in t.columns} and t.key}
    provenance = {"quarantine", "corrections", "origins", "party_records", "flags"}
    assert {p.identity for p in profiles.load().values() if p.identity} == fillable - provenance


def test_no_two_columns_of_a_layout_answer_to_one_name() -> None:
    for profile in profiles.load().values():
        names = [name for aliases in profile.columns.values() for name in aliases]
        assert len(names) == len(set(names)), profile.id


def test_every_expression_and_code_names_a_column_of_the_schema() -> None:
    for profile in profiles.load().values():
        for into in profile.into:
            assert set(into.columns) <= {c.name for c in schema()[into.table].columns}, profile.id
        assert {*profile.required, *profile.present} <= set(profile.columns), profile.id
    for coded in {*profiles.codes(), *profiles.open_codes()}:
        table, column = coded.split(".")
        assert schema()[table].column(column)


def test_a_header_is_compared_without_blanks_marks_width_and_case() -> None:
    found = of("\ufeff合同 编号\t,ＬＯＡＮ_ID2, Borrower_ID ,借款本金（元）")
    assert found.profile.id == "canonical.loans"
    assert found.place == {"loan_id": 0, "borrower_id": 2, "principal_yuan": 3}
    assert found.unused == ["ＬＯＡＮ_ID2"]


def test_a_header_below_a_title_is_found() -> None:
    assert of("某平台导出\n导出日期：2018-09-30\n" + LOANS.strip()).header_line == 3


def test_a_header_below_the_fortieth_line_is_not_looked_for(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(loans="x\n" * 40 + LOANS)
    with pytest.raises(BadFile, match="前 40 行"):
        made.bring()
    Delivery(tmp_path / "b").write(loans="x\n" * 39 + LOANS).bring()


def test_a_header_alone_is_a_file_of_no_rows(tmp_path: Path) -> None:
    assert Delivery(tmp_path).write(loans="标题\n" + LOANS.strip()).bring().loc[0, "rows_read"] == 0


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_our_own_layouts_take_any_of_four_delimiters(delimiter: str) -> None:
    assert of(LOANS.strip().replace(",", delimiter)).delimiter == delimiter


def test_the_layout_that_uses_most_of_the_header_wins() -> None:
    # fromId and createTime alone fit the guarantees; with an amount it is the transfers, if the name says so.
    assert of("fromId|toId|amount|createTime", "AccountTransferAccount.csv").profile.id == "finbench.account_transfer_account"
    assert of("fromId|toId|createTime", "PersonGuaranteePerson.csv").profile.id == "finbench.person_guarantee_person"


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("PersonInvestCompany.csv", "finbench.person_invest_company"),
        ("CompanyInvestCompany.csv", "finbench.company_invest_company"),
        ("sub/companyinvestcompany_0.CSV", "finbench.company_invest_company"),
    ],
)
def test_where_two_layouts_share_a_header_the_name_decides(name: str, id: str) -> None:
    assert of("investorId|companyId|ratio|createTime", name).profile.id == id


def test_where_the_name_decides_and_says_neither_the_error_names_the_pattern() -> None:
    with pytest.raises(BadFile, match=r"InvestCompany\*\.csv"):
        of("investorId|companyId|ratio|createTime", "holdings.csv")


def test_two_layouts_that_fit_equally_are_an_error_that_names_both(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, a=TWIN.format("a", ""), b=TWIN.format("b", ""))
    with pytest.raises(BadFile, match=r"twin\.a.*twin\.b"):
        of("x,y", folder=folder)


def test_the_nearest_layout_is_named_with_what_it_has_and_what_it_lacks() -> None:
    with pytest.raises(BadFile) as caught:
        of("合同编号,借款人编号,金额")
    assert "借款合同 (canonical.loans): 已识别 loan_id、borrower_id; 缺少 principal_yuan (借款本金(元))" in caught.value.zh
    assert "missing principal_yuan" in caught.value.en


def test_a_file_named_after_a_layout_is_told_what_that_layout_lacks() -> None:
    with pytest.raises(BadFile) as caught:
        of("合同编号,机构编号", name="平台/loans.csv")
    assert "借款合同 (canonical.loans)" in caught.value.zh
    assert "缺少 borrower_id (借款人编号)、principal_yuan (借款本金(元))" in caught.value.zh


def test_what_is_recognised_and_not_needed_is_counted_and_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = TWIN.format("log", 'set_aside = {zh = "日志", en = "a log"}')
    folder = folder_of(tmp_path / "profiles", log=aside)
    monkeypatch.setattr(identifying.matching, "match", partial(matching.match, folder=folder))
    made = Delivery(tmp_path).write(log="x,y\n1,2\n3\n")
    answer = made.bring()
    assert answer.loc[0, ["state", "rows_read", "rows_accepted", "rows_quarantined"]].tolist() == ["set_aside", 2, 0, 0]
    assert made.column("select kind from spans order by byte_from") == ["header", "set_aside"]
    assert made.column("select count(*) from links") == [0]


def test_a_row_that_no_table_of_a_layout_takes_does_not_vanish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TWIN.format("some", "").replace('table = "links"', 'table = "links"\nwhere = "x <> \'0\'"')
    folder = folder_of(tmp_path / "profiles", some=text)
    monkeypatch.setattr(identifying.matching, "match", partial(matching.match, folder=folder))
    made = Delivery(tmp_path).write(some="x,y\n1,2\n0,4\n")
    made.bring()
    assert made.reasons() == {3: "该版式不使用这一行\nthe layout has no use for this row"}


def test_the_same_bytes_cannot_have_two_layouts(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(
        CompanyInvestCompany="investorId|companyId|ratio|createTime\n1|2|0.5|2020-01-01 00:00:00\n",
        PersonInvestCompany="investorId|companyId|ratio|createTime\n1|2|0.5|2020-01-01 00:00:00\n",
    )
    with pytest.raises(BadFile, match="按文件名应为另一版式"):
        made.bring()


def test_the_page_of_layouts_is_in_step_with_the_profiles() -> None:
    assert layouts.PAGE.read_text(encoding="utf-8") == layouts.page(), "run: python tools/layouts.py"
