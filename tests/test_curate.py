"""Deliveries into the Store: merged, proved, published whole or not at all."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import curate
from lib.curate import import_delivery
from lib.drafts import next_version
from lib.errors import BadFile, BadParameter, DataGap
from lib.intake import ledger
from lib.intake.originals import original_text
from lib.store import SCHEMA_VERSION
from tests.conftest import write_store
from tests.deliveries import FLOWS, INSTITUTIONS, LOANS, SHARED, Delivery
from tests.trials import trials

PARTIES = "party_id,name,kind\n"


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


# ---- the same bytes twice ---------------------------------------------------------------------------------------------


def test_importing_the_same_bytes_twice_changes_nothing_at_all(made: Delivery) -> None:
    made.write(loans=LOANS + "L1,P1,5\n").bring()
    before = (made.store_path.read_bytes(), made.store_path.stat().st_mtime_ns, made.store_path.stat().st_ino)
    again = made.bring()
    assert again["state"].tolist() == ["already_imported"]
    assert (made.store_path.read_bytes(), made.store_path.stat().st_mtime_ns, made.store_path.stat().st_ino) == before


def test_the_same_bytes_under_another_name_are_a_duplicate(made: Delivery) -> None:
    made.write(a__loans=LOANS + "L1,P1,5\n", b__loans=LOANS + "L1,P1,5\n")
    assert made.bring()["state"].tolist() == ["imported", "duplicate"]
    assert made.column("select count(*) from loans") == [1]
    assert made.column("select count(*) from sources") == [1]


def test_a_file_that_is_named_twice_is_imported_once(made: Delivery) -> None:
    made.write(loans=LOANS + "L1,P1,5\n")
    answer = import_delivery([made.raw, made.raw / "loans.csv", made.raw], made.store_path)
    assert answer["state"].tolist() == ["imported"]


def test_a_rebuild_and_another_order_of_deliveries_give_the_same_version(made: Delivery, tmp_path: Path) -> None:
    made.write(a__loans=LOANS + "L1,P1,5\n", b__parties=PARTIES + "P1,张三,自然人\n")
    made.bring(made.raw / "a")
    made.bring(made.raw / "b")
    one = made.store.version
    made.bring([made.raw / "b", made.raw / "a"], rebuild=True)
    assert made.store.version == one


def test_a_store_of_another_importer_asks_for_a_rebuild(made: Delivery) -> None:
    write_store(made.store_path, {})
    made.write(loans=LOANS + "L1,P1,5\n")
    with pytest.raises(DataGap, match="--rebuild"):
        made.bring()
    made.bring(rebuild=True)
    assert made.column("select count(*) from loans") == [1]


# ---- several files, one row -------------------------------------------------------------------------------------------


def test_files_that_each_know_a_part_of_a_row_make_it_together(made: Delivery) -> None:
    made.write(
        a__accounts="account_id,holder_id,bank\nA1,,某银行\n",
        b__accounts="账户编号,户主编号,账户用途\nA1,P1,存管户\n",
    ).bring()
    (row,) = made.rows("select account_id, holder_id, bank, purpose from accounts")
    assert row == {"account_id": "A1", "holder_id": "P1", "bank": "某银行", "purpose": "custody_total"}
    origins = made.rows(
        "select table_name, row_id, name, origins.line from origins join sources using (source_id) order by name"
    )
    assert [(r["table_name"], r["row_id"], r["name"], r["line"]) for r in origins] == [
        ("accounts", "A1", "a/accounts.csv", 2),
        ("accounts", "A1", "b/accounts.csv", 2),
    ]


def test_a_later_delivery_fills_what_an_earlier_one_left_open(made: Delivery) -> None:
    made.write(a__accounts="account_id,holder_id,bank\nA1,,某银行\n", b__accounts="account_id,holder_id\nA1,P1\n")
    made.bring(made.raw / "a")
    made.bring(made.raw / "b")
    assert made.rows("select holder_id, bank from accounts") == [{"holder_id": "P1", "bank": "某银行"}]
    assert made.column("select count(*) from origins") == [2]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_row_that_contradicts_an_earlier_one_is_set_apart_and_names_it(made: Delivery, at_once: bool) -> None:
    # The first file is the one of the lower SHA-256 (45…, 4c…), not of the lower name (test_curate_order.py).
    made.write(a__loans=LOANS + "L1,P1,5\nL2,P2,7\n", b__loans=LOANS + "L2,P2,8\nL1,P1,5\n")
    for part in [made.raw] if at_once else [made.raw / "a", made.raw / "b"]:
        made.bring(part)
    assert made.rows("select loan_id, principal_yuan::text as p from loans order by loan_id") == [
        {"loan_id": "L1", "p": "5.00"},
        {"loan_id": "L2", "p": "7.00"},
    ]
    where = "a/loans.csv" if at_once else "loans.csv"
    assert made.reasons() == {
        2: f"与 {where} 第 3 行矛盾: 借款合同 L2 的借款本金(元)此处为 8.00, 该处为 7.00\n"
        f"contradicts {where}, line 3: principal_yuan of L2 in loans is 8.00 here and 7.00 there"
    }
    assert made.column("select original_text from quarantine") == ["L2,P2,8"]
    assert made.column("select rows_accepted from sources order by seq") == [2, 1]


def test_a_row_set_apart_fills_nothing_and_contradicts_nobody(made: Delivery) -> None:
    loans = "loan_id,borrower_id,principal_yuan,purpose\n"
    made.write(loans=loans + "L1,P1,5,\nL1,P2,,买车\nL1,,,装修\n").bring()
    assert made.rows("select borrower_id, purpose from loans") == [{"borrower_id": "P1", "purpose": "装修"}]
    assert made.column("select line from quarantine") == [3]


def test_a_flow_with_one_id_in_two_statements_counts_once(made: Delivery) -> None:
    head = "flow_id," + FLOWS
    made.write(
        a__flows=head + "F1,A,2018-01-01,收,5,\n", b__flows=head + "F1,A,2018-01-01,收,5.00,\nF2,A,2018-01-02,付,1,\n"
    ).bring()
    assert made.column("select flow_id from flows order by flow_id") == ["F1", "F2"]
    assert made.column("select count(*) from origins") == [2]


def test_statements_without_ids_that_overlap_give_each_booking_once(made: Delivery) -> None:
    one, two, three = "A,2018-01-01,收,5,\n", "A,2018-01-02,付,1,\n", "A,2018-01-03,付,1,\n"
    made.write(a__flows=FLOWS + one + two + two, b__flows=FLOWS + two + two + three)
    made.bring()
    # Two equal bookings on one day stay two: each file has both.
    assert made.column("select cast(flows.at as date)::text from flows order by flows.at") == [
        "2018-01-01",
        *["2018-01-02"] * 2,
        "2018-01-03",
    ]
    made.write(c__flows=FLOWS + one + three + three)
    made.bring()
    assert made.column("select count(*) from flows") == [5]


def test_equal_bookings_in_one_statement_stay_several(made: Delivery) -> None:
    made.write(flows=FLOWS + "A,2018-01-01,付,5,\n" * 3).bring()
    assert made.column("select count(distinct flow_id) from flows") == [3]


def test_a_row_without_an_id_is_named_after_its_source_and_line(made: Delivery) -> None:
    made.write(flows=FLOWS + "A,2018-01-01,付,5,\n").bring()
    assert made.column("select flow_id = source_id || ':2' from flows") == [True]


def test_an_institution_makes_its_company_until_a_file_of_parties_names_it(made: Delivery) -> None:
    made.write(a__institutions=INSTITUTIONS)
    made.bring(made.raw / "a")
    assert made.rows("select party_id, kind, name from parties") == [{"party_id": "I1", "kind": "company", "name": "某网贷"}]
    made.write(b__parties=PARTIES + "I1,某网络科技有限公司,企业\n")
    made.bring(made.raw / "b")
    assert made.column("select name from parties") == ["某网络科技有限公司"]
    assert made.column("select count(*) from quarantine") == [0]


# ---- the ledger -------------------------------------------------------------------------------------------------------


def test_the_control_totals_state_what_rounding_took(made: Delivery) -> None:
    # 0.125 + 0.135 + 1.005 = 1.265 as written; 0.12 + 0.14 + 1.00 = 1.26 as stored.
    made.write(loans=LOANS + "L1,P,0.125\nL2,P,0.135\nL3,P,1.005\nL4,P,\n").bring()
    (row,) = made.rows(
        "select column_name, row_count, source_total::text as s, stored_total::text as t, rounding::text as r "
        "from control_totals"
    )
    assert row == {"column_name": "principal_yuan", "row_count": 3, "s": "1.265000000000", "t": "1.26", "r": "0.005000000000"}


def test_totals_blanks_and_a_repeated_header_are_no_rows(made: Delivery) -> None:
    made.write(loans="某平台借款合同\n\n" + LOANS + "L1,P,5\n,,\n" + LOANS + "L2,P,6\n合 计,,11\n合计：,,,11\n").bring()
    assert made.column("select loan_id from loans order by 1") == ["L1", "L2"]
    assert made.column("select kind from spans order by byte_from") == [
        *("preamble", "header", "accepted", "blank", "header", "accepted", "total")
    ]
    assert made.rows("select header_line, rows_read, rows_quarantined from sources") == [
        {"header_line": 3, "rows_read": 2, "rows_quarantined": 0}
    ]


LINE = st.sampled_from(
    [
        "L1,P1,5",
        "L1,P1,6",
        "L2,P2,7.125",
        "L3,P3,x",
        "",
        ",,",
        "合计,,5",
        '"L4","P\n4","1,000.5"',
        '"L5,P5,1',
        "L6,P6",
        "L7,P7,1,2",
        "张,三,4",
        "loan_id,borrower_id,principal_yuan",
    ]
)


FILES = st.lists(st.lists(LINE, max_size=8), min_size=1, max_size=3)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])


@given(FILES, ENCODINGS, st.booleans())
@settings(max_examples=trials(6))
def test_whatever_comes_in_the_spans_tile_the_files_and_the_rows_add_up(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[str]], encoding: str, crlf: bool
) -> None:
    check_spans(Delivery(tmp_path_factory.mktemp("d")), files, encoding, crlf)


@pytest.mark.long
@given(FILES, ENCODINGS, st.booleans())
@settings(max_examples=trials(100))
def test_whatever_comes_in_many_times_the_spans_tile_the_files_and_the_rows_add_up(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[str]], encoding: str, crlf: bool
) -> None:
    check_spans(Delivery(tmp_path_factory.mktemp("d")), files, encoding, crlf)


def check_spans(made: Delivery, files: list[list[str]], encoding: str, crlf: bool) -> None:
    for i, lines in enumerate(files):
        text = "\n".join([f"第{i}批", LOANS.strip(), *lines])
        made.write(**{f"f{i}__loans": text.replace("\n", "\r\n" if crlf else "\n").encode(encoding)})
    made.bring()
    for source in made.rows("select * from sources"):
        content = (made.raw / source["name"]).read_bytes()
        spans = made.rows("select * from spans where source_id = $id order by byte_from", id=source["source_id"])
        assert b"".join(content[s["byte_from"] : s["byte_to"]] for s in spans) == content
        assert [s["byte_from"] for s in spans[1:]] == [s["byte_to"] for s in spans[:-1]]
        assert [s["line_from"] for s in spans[1:]] == [s["line_to"] + 1 for s in spans[:-1]]
        assert source["rows_read"] == source["rows_accepted"] + source["rows_quarantined"]
        kept = made.rows("select line, original_text from quarantine where source_id = $id", id=source["source_id"])
        assert {r["line"]: r["original_text"] for r in kept} == original_text(
            made.store, source["source_id"], [r["line"] for r in kept]
        )
    assert made.column("select count(*) from loans") == made.column("select count(distinct loan_id) from loans")
    assert made.column("select count(*) from control_totals where source_total - stored_total <> rounding") == [0]


def test_books_that_do_not_balance_publish_nothing(made: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    made.write(loans=LOANS + "L1,P1,5\n")
    made.bring()
    before = made.store_path.read_bytes()
    made.write(b__loans=LOANS + "L2,P1,5\n")
    monkeypatch.setattr(ledger.Tally, "count", lambda self, *kinds: 3)
    with pytest.raises(BadFile, match="对账不平"):
        made.bring()
    assert made.store_path.read_bytes() == before
    assert [path.name for path in made.folder.iterdir() if "next" in path.name] == []


# ---- the original text ------------------------------------------------------------------------------------------------


def test_the_original_text_of_a_row_is_read_from_its_file(made: Delivery) -> None:
    text = 'loan_id,borrower_id,principal_yuan\nL1,张三,"1,000"\n"L2","李\n四",2\nL3,王五,3\n'
    made.write(loans=text.encode("gb18030")).bring()
    (source,) = made.column("select source_id from sources")
    assert made.column("select line from loans order by loan_id") == [2, 3, 5]
    assert original_text(made.store, source, [2, 3, 5]) == {2: 'L1,张三,"1,000"', 3: '"L2","李\n四",2', 5: "L3,王五,3"}
    assert original_text(made.store, source, [4]) == {}


def test_a_source_that_is_gone_or_changed_is_said(made: Delivery) -> None:
    made.write(loans=LOANS + "L1,P1,5\n").bring()
    (source,) = made.column("select source_id from sources")
    (made.raw / "loans.csv").write_text(LOANS + "L1,P1,6\n")
    with pytest.raises(DataGap, match="被改动过"):
        original_text(made.store, source, [2])
    (made.raw / "loans.csv").unlink()
    with pytest.raises(DataGap, match="已不在"):
        original_text(made.store, source, [2])


# ---- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"x": "a,b\n1,2\n"}, "没有可识别的表头"),
        ({"loans": "loan_id,borrower_id\nL1,P1\n"}, "缺少 principal_yuan \\(借款本金"),
        ({"loans": ""}, "空的"),
        ({"loans": "loan_id,合同编号,borrower_id,principal_yuan\n"}, "loan_id 出现了 2 次"),
    ],
)
def test_a_file_that_cannot_be_read_stops_the_import_before_anything_is_written(
    made: Delivery, files: dict[str, str], message: str
) -> None:
    made.write(good__loans=LOANS + "L1,P1,5\n", **files)
    with pytest.raises(BadFile, match=message) as caught:
        made.bring()
    assert "\n" not in str(caught.value)
    assert not made.store_path.exists()


def test_a_form_that_is_not_read_is_set_apart_and_not_passed_over(made: Delivery) -> None:
    made.write(loans=LOANS + "L1,P1,5\n")
    (made.raw / "流水.rar").write_bytes(b"Rar!")
    found = made.bring()
    assert dict(zip(found["name"], found["state"], strict=True)) == {"loans.csv": "imported", "流水.rar": "quarantined"}
    assert "不读取 .rar" in made.reasons()[0]


def test_notes_and_hidden_files_are_passed_over_by_name(made: Delivery) -> None:
    made.write(loans=LOANS + "L1,P1,5\n")
    for name in ("README.md", "说明.txt", ".DS_Store", "函.pdf"):
        (made.raw / name).write_text("见附件")
    found = made.bring()
    assert dict(zip(found["name"], found["state"], strict=True)) == {
        **dict.fromkeys((".DS_Store", "README.md", "函.pdf", "说明.txt"), "skipped"),
        "loans.csv": "imported",
    }


def test_a_folder_that_does_not_exist_is_a_wrong_name(made: Delivery) -> None:
    with pytest.raises(BadParameter, match="没有文件或文件夹"):
        made.bring()


def test_a_folder_of_notes_makes_no_store(made: Delivery) -> None:
    made.raw.mkdir()
    (made.raw / "README.md").write_text("x")
    with pytest.raises(BadFile, match="没有可导入"):
        made.bring()
    assert not made.store_path.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_file_that_may_not_be_read_is_said(made: Delivery) -> None:
    made.write(loans=LOANS)
    (made.raw / "loans.csv").chmod(0)
    with pytest.raises(BadFile, match="无法读取"):
        made.bring()


@pytest.mark.parametrize("name", ["'; drop table loans; --.csv", "流水[2018]*.csv", "a\nb.csv", "$(id).csv", "😀.csv"])
def test_hostile_file_names_are_data(made: Delivery, name: str) -> None:
    made.raw.mkdir()
    (made.raw / name).write_text(LOANS + "L1,P1,5\n")
    made.bring()
    assert made.column("select name from sources") == [name]
    (source,) = made.column("select source_id from sources")
    assert original_text(made.store, source, [2]) == {2: "L1,P1,5"}


@pytest.mark.skipif(not (SHARED / "hazards").is_dir(), reason=f"no {SHARED / 'hazards'}")
def test_no_naughty_string_breaks_an_import(made: Delivery) -> None:
    naughty = [
        line for line in (SHARED / "hazards/blns.txt").read_text("utf-8").splitlines() if line and not line.startswith("#")
    ]
    rows = "".join(f'P{i},"{text.replace(chr(34), chr(34) * 2)}",自然人\n' for i, text in enumerate(naughty))
    made.write(parties=PARTIES + rows).bring()
    stored = {row["party_id"]: row["name"] for row in made.rows("select party_id, name from parties")}
    blanks = " \t\n\v\f\r\xa0​　﻿"
    assert stored == {f"P{i}": text.strip(blanks) or None for i, text in enumerate(naughty)}


# ---- at the same time, and on the way ------------------------------------------------------------------------------------


def test_a_second_import_at_the_same_time_is_refused(made: Delivery) -> None:
    made.write(loans=LOANS + "L1,P1,5\n")
    with next_version(made.store_path) as draft:
        draft.execute("insert into store_meta values ('x', $v, $schema)", v=curate.importer_version(), schema=SCHEMA_VERSION)
        with pytest.raises(DataGap, match="另一个导入"):
            made.bring()


def test_progress_tells_of_every_file_and_ends_at_the_whole(made: Delivery) -> None:
    made.write(a__loans=LOANS + "L1,P1,5\n", b__parties=PARTIES + "P1,张三,自然人\n")
    told: list[tuple[str, int, int, int]] = []
    import_delivery(made.raw, made.store_path, progress=lambda *step: told.append(step))
    whole = sum(path.stat().st_size for path in made.raw.rglob("*.csv"))
    assert [name for name, *_ in told] == ["a/loans.csv", "b/parties.csv"]
    assert told[-1][1:] == (whole, whole, 4)  # two headers and two rows
