"""Hostile and damaged files cost one quarantined file, with its reason; the rest of the delivery is imported."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lib import curate
from lib.cli import main
from lib.errors import BadFile, DataGap
from lib.intake import identifying, parts, sandbox, unpacking
from lib.intake.originals import original_text
from lib.intake.sandbox import Limits, Sandbox
from tests.deliveries import LOANS, SHARED, Delivery
from tests.test_intake_workbooks import HEAD, edited, xls, xlsx, zipped

HAZARDS = SHARED / "hazards/files"
GOOD = [HEAD, ["L1", "P1", 1]]
hazards = pytest.mark.skipif(not HAZARDS.is_dir(), reason=f"no {HAZARDS}")


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    made = Delivery(tmp_path)
    return made.write(good__loans=LOANS + "L0,P0,7\n")


def limited(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    """Give every sandbox tighter limits."""
    monkeypatch.setattr(curate, "Sandbox", partial(Sandbox, replace(Limits(), **limits)))


def costs_one_file(made: Delivery, name: str, word: str, rows: int = 1) -> dict[str, Any]:
    """Import; check that one file is quarantined with a reason, and that the rest is there."""
    answer = made.bring()
    assert made.column("select count(*) from loans") == [rows]
    apart = made.rows(
        "select name, member, line, reason, original_text, state, rows_read, rows_accepted, rows_quarantined "
        "from quarantine inner join sources using (source_id)"
    )
    (row,) = apart
    zh, en = row["reason"].split("\n")
    assert (row["name"], row["line"], row["original_text"], row["state"]) == (name, 0, None, "quarantined")
    assert (row["rows_read"], row["rows_accepted"], row["rows_quarantined"]) == (None, None, None)  # unknown is said
    assert word in zh
    assert en
    assert answer["state"].tolist().count("quarantined") == 1
    before = made.store_path.read_bytes()
    made.bring()
    assert made.store_path.read_bytes() == before
    return row


# ---- damaged, locked, not what they say --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.xlsx", b"PK", "不是 .xlsx 工作簿"),
        ("a.xlsx", b"PK\x03\x04" + b"\0" * 100, "损坏"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "损坏"),
        ("a.zip", b"", "损坏"),
        ("a.zip", b"not a zip at all", "损坏"),
        ("a.xls", b"\x09\x08\x10\x00garbage\xff\xfe\x00", "不是 .xls 工作簿"),
        ("a.xls", b"<html><body>login</body></html>", "没有表格"),
        ("a.xls", "<table><tr><td>姓名</td></tr></table>".encode(), "网页"),
        ("a.xlsx", b"", "不是 .xlsx 工作簿"),
    ],
)
def test_a_file_that_is_not_what_it_says_costs_itself(made: Delivery, name: str, content: bytes, word: str) -> None:
    (made.raw / name).write_bytes(content)
    costs_one_file(made, name, word)


def test_a_workbook_cut_short_costs_itself(made: Delivery) -> None:
    path = xlsx(made.raw / "a.xlsx", {"S": GOOD})
    path.write_bytes(path.read_bytes()[:-200])
    costs_one_file(made, "a.xlsx", "损坏")


def test_a_workbook_with_a_password_says_so(made: Delivery) -> None:
    path = xls(made.raw / "a.xls", {"EncryptedPackage": GOOD})
    content = path.read_bytes()
    at = content.index("Workbook".encode("utf-16-le"))
    name = "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(content[:at] + name + content[at + len(name) :])
    costs_one_file(made, "a.xls", "密码")


def test_a_locked_member_costs_itself_and_not_the_archive(made: Delivery) -> None:
    path = zipped(made.raw / "a.zip", {"x.csv": b"secret", "loans.csv": (LOANS + "L1,P1,1\n").encode()})
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    path.write_bytes(content)
    assert costs_one_file(made, "a.zip", "加密", rows=2)["member"] == "x.csv"


def test_a_damaged_member_costs_itself_and_not_the_archive(made: Delivery) -> None:
    path = zipped(made.raw / "a.zip", {"x.csv": b"a,b,c\n" * 99, "loans.csv": (LOANS + "L1,P1,1\n").encode()})
    content = bytearray(path.read_bytes())
    content[30 + len("x.csv") + 5] ^= 0xFF
    path.write_bytes(content)
    assert costs_one_file(made, "a.zip", "损坏", rows=2)["member"] == "x.csv"


def test_a_hostile_workbook_in_an_archive_costs_itself_and_not_the_archive(made: Delivery) -> None:
    good = xlsx(made.raw / "a.xlsx", {"S": GOOD})
    members = {"good.xlsx": good.read_bytes(), "bad.xlsx": good.read_bytes()[:400], "x.rar": b"Rar!"}
    good.unlink()
    zipped(made.raw / "a.zip", members)
    answer = made.bring()
    assert answer[["member", "state"]].to_numpy().tolist() == [
        ["good.xlsx", "imported"],
        ["bad.xlsx", "quarantined"],
        ["x.rar", "quarantined"],
        ["", "imported"],
    ]


def test_the_command_ends_with_1_and_says_which_file(made: Delivery, capfd: pytest.CaptureFixture[str]) -> None:
    (made.raw / "a.xlsx").write_bytes(b"PK")
    xlsx(made.raw / "b.xlsx", {"甲": GOOD, "乙": [["说明"]]})
    assert main(["import", str(made.raw), "--store", str(made.store_path)]) == 1
    out, err = capfd.readouterr()
    assert "a.xlsx 未读取: 不是 .xlsx 工作簿" in err
    assert len([line for line in err.splitlines() if line.startswith("错误")]) == 1
    assert "b.xlsx » 甲" in out
    assert main(["import", str(made.raw), "--store", str(made.store_path)]) == 0
    assert "3 个文件早已导入" in capfd.readouterr().out


# ---- bombs -------------------------------------------------------------------------------------------------------------


def test_an_archive_that_unpacks_to_far_more_than_it_is_costs_itself(made: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, ratio_free_bytes=100_000, ratio=200)
    zipped(made.raw / "a.zip", {"loans.csv": b"0" * 1_000_000})
    costs_one_file(made, "a.zip", "炸弹")


def test_a_workbook_that_unpacks_to_far_more_than_it_is_costs_itself(made: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    path = xlsx(made.raw / "a.xlsx", {"S": GOOD})
    edited(path, b"<sheetData>", b"<sheetData>" + b" " * 5_000_000)
    limited(monkeypatch, ratio_free_bytes=1_000_000)
    costs_one_file(made, "a.xlsx", "炸弹")


def test_an_archive_that_lies_about_its_size_is_held_to_what_it_writes(made: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(made.raw / "a.zip", {"x.csv": b"0" * 300_000, "y.csv": b"0" * 300_000})
    content = path.read_bytes().replace((300_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little"))
    path.write_bytes(content)
    answer = made.bring()
    assert answer["state"].tolist() == ["quarantined", "quarantined", "imported"]


@pytest.mark.parametrize(("limits", "word"), [({"output_bytes": 50_000}, "超过上限 50,000"), ({"members": 3}, "4 个成员")])
def test_an_archive_of_too_much_or_too_many_costs_itself(
    made: Delivery, monkeypatch: pytest.MonkeyPatch, limits: dict[str, int], word: str
) -> None:
    limited(monkeypatch, **limits)
    zipped(made.raw / "a.zip", {f"{i}.csv": os.urandom(20_000) for i in range(4)})
    costs_one_file(made, "a.zip", word)


def test_a_cell_of_ten_megabytes_costs_its_file(made: Delivery) -> None:
    path = xlsx(made.raw / "a.xlsx", {"S": [["a", "TEXT"]]}, strings_to_numbers=False)
    edited(path, b"TEXT", b"x" * 10_000_000)
    costs_one_file(made, "a.xlsx", "1,000,000 个字符")


@pytest.mark.parametrize("address", [b"A1048577", b"A9999999", b"XFE1", b"ZZZ1", b"A4294967295"])
def test_a_cell_beyond_the_edge_of_a_sheet_costs_its_file(made: Delivery, address: bytes) -> None:
    path = xlsx(made.raw / "a.xlsx", {"S": [["a", "b"]]})
    edited(path, b'<c r="B1"', b'<c r="' + address + b'"')
    costs_one_file(made, "a.xlsx", "")


def test_two_cells_at_the_ends_of_a_sheet_do_not_take_all_memory(made: Delivery) -> None:
    path = xlsx(made.raw / "a.xlsx", {"S": [["a", "b"]]})
    edited(path, b'<c r="B1"', b'</row><row r="1048576"><c r="XFD1048576"')
    costs_one_file(made, "a.xlsx", "内存")


def test_a_stated_size_of_a_sheet_is_not_believed(made: Delivery) -> None:
    path = xlsx(made.raw / "a.xlsx", {"S": GOOD})
    edited(path, b'<dimension ref="A1:C2"/>', b'<dimension ref="A1:XFD1048576"/>')
    assert made.bring()["state"].tolist() == ["imported", "imported"]
    assert made.column("select loan_id from loans order by 1") == ["L0", "L1"]


def test_entities_that_multiply_cost_their_file(made: Delivery) -> None:
    path = xlsx(made.raw / "a.xlsx", {"S": GOOD})
    entities = b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10 if i else b"lol") for i in range(12))
    for member in (b"<workbook ", b"<worksheet "):
        edited(path, member, b"<!DOCTYPE x [" + entities + b"]>" + member)
    edited(path, b'name="S"', b'name="&a11;"')
    costs_one_file(made, "a.xlsx", "")


# ---- the hazards --------------------------------------------------------------------------------------------------------


@hazards
@pytest.mark.parametrize(
    ("name", "word"), [("lol.xlsx", "损坏"), ("notzip.xlsx", "网页"), ("csv_as_xls.xls", "不是 .xls 工作簿, 而是文本")]
)
def test_a_hazard_costs_one_file(made: Delivery, name: str, word: str) -> None:
    (made.raw / name).write_bytes((HAZARDS / name).read_bytes())
    costs_one_file(made, name, word)


PROFILE = """
id = "hazards.sheet"
title = {zh = "卡", en = "cards"}
source = "the file's own header"
required = ["card_txt"]
present = ["amt", "date"]

[columns]
card_num = []
card_txt = []
amt = []
date = []
full = []
lead0 = []

[[into]]
table = "flows"
columns = {account_id = "card_txt", amount_yuan = "amt", "at" = '"date"', memo = "lead0", counterparty_account = "card_num"}
"""


@hazards
def test_the_sheet_with_a_wrong_dimension_comes_out_row_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "profiles"
    (folder / "hazards").mkdir(parents=True)
    (folder / "hazards/sheet.toml").write_text(PROFILE)
    monkeypatch.setattr(identifying.matching, "match", partial(identifying.matching.match, folder=folder))
    made = Delivery(tmp_path)
    answer = made.bring(HAZARDS / "dim.xlsx")
    # Sheet: a header, two rows whose card_num has lost its digits, an empty row, and a merged cell that is no row.
    assert answer[["sheet", "state"]].to_numpy().tolist() == [["Sheet", "imported"], ["隐藏", "set_aside"], ["vh", "set_aside"]]
    assert list(made.reasons()) == [2, 3, 5]
    texts = made.column("select original_text from quarantine order by line")
    assert texts[0] == "6.22202123456789E+18,6222021234567890123,1000.5,43160,2018-03-01,=1+1,#N/A,１２３,001"
    assert texts[1].split(",")[4:8] == ["1900-02-28", "=cmd|'/C calc'!A0", "#REF!", " x "]
    assert made.column("select kind from spans where sheet = 'Sheet' order by line_from") == [
        *("header", "quarantined", "blank", "quarantined")
    ]


@hazards
def test_the_day_of_the_1904_workbook_is_the_first_of_march_2018(tmp_path: Path) -> None:
    with Sandbox() as box:
        unpacked = box.unpack("workbook", HAZARDS / "1904.xlsx")
        (part,) = unpacked.parts
        assert (unpacked.folder / part["text"]).read_text() == "2018-03-01\n"
        assert part["date1904"] is True


# ---- the child ----------------------------------------------------------------------------------------------------------


def test_a_child_that_is_killed_in_the_middle_costs_one_file_only(made: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        xlsx(made.raw / f"{name}.xlsx", {"S": [HEAD, [f"L{name}", "P1", 1]]})
    ask = sandbox._Child.ask

    def killed(self: sandbox._Child, request: dict[str, Any], limits: Limits) -> dict[str, Any]:
        if "b.xlsx" in request["path"]:
            self._process.send_signal(signal.SIGSTOP)
            self._process.kill()
        return ask(self, request, limits)

    monkeypatch.setattr(sandbox._Child, "ask", killed)
    answer = made.bring()
    assert dict(answer[["name", "state"]].to_numpy().tolist()) == {
        "a.xlsx": "imported",
        "b.xlsx": "quarantined",
        "c.xlsx": "imported",
        "good/loans.csv": "imported",
    }
    assert "异常退出" in made.reasons()[0]


def test_a_file_that_takes_too_long_costs_itself(made: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    xlsx(made.raw / "a.xlsx", {"S": GOOD})
    limited(monkeypatch, wall_seconds=0)
    costs_one_file(made, "a.xlsx", "超过 0 秒")


def test_memory_and_cpu_time_are_limited_in_the_child(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(b"<table><tr><td>" + b"x" * 100_000_000 + b"</td></tr></table>")
    with Sandbox(replace(Limits(), memory_bytes=200 << 20)) as box:
        refused = box.unpack("html", path).refused
        assert refused is not None
        assert "内存" in refused[0]
    path.write_bytes(b"<table>" + b"<tr><td>x</td></tr>" * 2_000_000)
    with Sandbox(replace(Limits(), cpu_seconds=0)) as box:
        refused = box.unpack("html", path).refused
        assert refused is not None
        assert "CPU" in refused[0]


def test_without_limits_of_the_system_files_are_read_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "resource", None)
    path = xlsx(tmp_path / "a.xlsx", {"S": GOOD})
    request = {"task": "workbook", "path": str(path), "folder": str(tmp_path), "limits": asdict(Limits())}
    unpacking._limit_space(request["limits"])
    assert unpacking.answer(request)["parts"][0]["sheet"] == "S"


def test_the_folder_of_the_parts_is_private_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = xlsx(tmp_path / "a.xlsx", {"S": GOOD})
    with Sandbox() as box:
        unpacked = box.unpack("workbook", path)
        root = unpacked.folder.parent
        assert root.parent == tmp_path
        assert [stat.st_mode & 0o077 for stat in (root.stat(), unpacked.folder.stat())] == [0, 0]
        assert (unpacked.folder / "00000").stat().st_mode & 0o077 == 0
    assert [p.name for p in tmp_path.iterdir()] == ["a.xlsx"]


def test_what_a_killed_import_left_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"S": GOOD})
    code = (
        "import sys, time; from pathlib import Path; from lib.intake.sandbox import Sandbox\n"
        f"box = Sandbox(); box.unpack('workbook', Path({str(path)!r})); print('go', flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    for end, left in ((signal.SIGKILL, 1), (signal.SIGINT, 0)):
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[1],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.1)
        process.send_signal(end)
        process.wait()
        process.stdout.close()
        assert len(list(tmp_path.glob("lookthrough-parts-*"))) == left
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        with Sandbox() as box:
            assert box.unpack("workbook", path).refused is None
        assert list(tmp_path.glob("lookthrough-parts-*")) == []


def test_a_folder_whose_process_was_killed_before_it_was_locked_is_removed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True)
    gone, alive, nameless = (f"lookthrough-parts-{who}-x" for who in (ended.stdout.strip(), os.getpid(), "somebody"))
    for name in (gone, alive, nameless):
        (tmp_path / name / "00001").mkdir(parents=True)
    with Sandbox():
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([alive, nameless])


def test_no_room_to_unpack_is_no_fault_of_the_file(made: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    xlsx(made.raw / "a.xlsx", {"S": GOOD})
    monkeypatch.setattr(sandbox._Child, "ask", lambda self, request, limits: {"full": True})
    with pytest.raises(DataGap, match="TMPDIR"):
        made.bring()
    assert not made.store_path.exists()


def test_a_file_that_changes_while_it_is_unpacked_stops_the_import(made: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    path = xlsx(made.raw / "a.xlsx", {"S": GOOD})
    unpack = Sandbox.unpack

    def changed(self: Sandbox, task: str, where: Path) -> sandbox.Unpacked:
        path.write_bytes(path.read_bytes() + b"x")
        return unpack(self, task, where)

    monkeypatch.setattr(Sandbox, "unpack", changed)
    with pytest.raises(BadFile, match="被改动"):
        made.bring()


def test_a_workbook_that_is_gone_or_changed_shows_no_text(made: Delivery) -> None:
    path = xlsx(made.raw / "a.xlsx", {"S": GOOD})
    made.bring()
    (source,) = made.column("select source_id from sources where sheet = 'S'")
    assert original_text(made.store, source, [2]) == {2: "L1,P1,1"}
    path.write_bytes(b"PK")
    with pytest.raises(DataGap, match="被改动过"):
        original_text(made.store, source, [2])


def test_two_parts_of_one_name_have_ids_of_their_own(made: Delivery) -> None:
    with zipfile.ZipFile(made.raw / "a.zip", "w") as archive:
        archive.writestr("loans.csv", LOANS + "L1,P1,1\n")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("loans.csv", LOANS + "L2,P1,1\n")
    made.bring()
    assert made.column("select member from sources where member <> '' order by seq") == ["loans.csv", "loans.csv (2)"]
    assert made.column("select count(distinct source_id) from sources") == [3]


def test_ids_of_parts_follow_from_file_member_and_sheet_alone() -> None:
    plain = parts.part_id("ab" * 32)
    assert plain == "S" + "ab" * 6
    assert (
        len({plain, parts.part_id("ab" * 32, "m"), parts.part_id("ab" * 32, "", "m"), parts.part_id("ab" * 32, "m", "m")}) == 4
    )
