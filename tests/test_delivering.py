"""Deliveries as they come: every row and line is where it is said to be, in whatever layout, and what is broken is told."""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from lib.district import common, lending, platforms, settling
from lib.district.books import BANKS, CUSTODIAN, NOBODY, SECOND_CUSTODIAN, Books
from lib.district.days import DAY, FIRST
from lib.district.delivering import Limits, deliver
from lib.district.delivering.layouts import OF_BANK, layout_of
from lib.district.delivering.texts import BOM_CRLF, GB_CRLF, PLAIN, Dress, TextFile
from lib.district.world import World, Written
from lib.district.writing import canonical
from lib.intake import profiles
from lib.schema import schema

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["", ",", '"', "\r\n"]
)
QUOTED = Dress(separator="|", tail="\t", quoted=True, row_end="|")
HARD = '货款, "加急"'
BODY = '年化"12%",\n保本保息'
UNKNOWN = "海天银行"
POLICE = re.compile("_(账户|人员)信息")


def build(seed: int = 7, listings: int = 400, institutions: int = 12) -> World:
    """Build a small world with an account at each bank, and with texts that need quotes."""
    books = Books(seed)
    shared = common.open_common(books, listings)
    found = [platforms.found(books, shared, number) for number in range(1, institutions + 1)]
    for platform in found:
        lending.lend(books, platform, shared, listings // institutions)
    for platform in found[:2]:
        for bank, purpose in ((SECOND_CUSTODIAN, "fee"), ("示例支付", "payment"), *((bank, "own") for bank in BANKS)):
            number = books.open(platform.company, bank, platform.home, purpose, exact=False)
            shop = int(shared.shops["食品"][0])
            for n in range(40):
                when = (FIRST + 300 + n * 7) * DAY + 9 * 3600 + n * 61
                books.pay(when, platform.own, number, 1_234_567_89 + n, "transfer", HARD, loan=n // 4 if n % 4 == 0 else NOBODY)
                books.pay(when + 3 * DAY, number, shop if n % 2 else platform.fees, 700_000_05 + n, "other", f"划转{n % 3}")
        for n in range(4):
            row = {"institution_id": platform.id, "channel": "网站", "body": BODY if n % 2 else "平安"}
            books.add("advertisements", platform.folder, seen_at=(FIRST + n) * DAY + 3661, **row)
    common.supply(books, shared)
    settled = settling.settle(books)
    tables = {name: sheet.table() for name, sheet in books.sheets.items() if len(sheet)}
    return World(books, shared, found, settled, tables)


@dataclass(frozen=True)
class Delivery:
    """A delivery and the world that it shows."""

    world: World
    path: Path
    written: list[Written]
    told: list[dict[str, Any]]

    def of(self, table: str) -> list[Written]:
        """The files that show rows of a table."""
        return [file for file in self.written if file.table == table and len(file.chosen)]

    def of_layout(self, bank: str, purpose: str = "own") -> list[Written]:
        """The files of single accounts in a bank's layout."""
        stem = layout_of(bank, purpose).stem.split("{")[0]
        return [file for file in self.of("flows") if Path(file.path).name.startswith(stem)]

    def lines(self, places: Any) -> list[dict[str, Any]]:
        """The statement lines at some places as rows of flows."""
        world, accounts, loans = self.world, self.world.accounts, self.world.tables["loans"]
        rows: list[dict[str, Any]] = settling.statements(world.books, world.settled, accounts, loans, places).to_pylist()
        return rows


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    target, world = tmp_path_factory.mktemp("delivery"), build()
    return Delivery(world, target, *deliver(world, target, lambda done, total: None))


def encoding(path: Path) -> str:
    """Tell the encoding of a text file: what is not UTF-8 is GB18030."""
    raw = path.read_bytes()
    if raw.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def grid(path: Path) -> dict[int, list[Any]]:
    """Return the rows of any file by their first line."""
    if path.suffix in {".xls", ".xlsx"}:
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
        return dict(enumerate(sheet.to_python(skip_empty_area=False), 1))
    text = path.read_bytes().decode(encoding(path), errors="replace")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="|" if path.suffix == ".txt" else ",")
    found, first = {}, 1
    for row in reader:
        found[first] = row
        first = reader.line_num + 1
    return found


def shown(delivery: Delivery, file: Written) -> Iterator[dict[str, Any]]:
    """Give the rows that a file shows where Written says, each by its headings, its line and what stands above the heading."""
    cells = grid(delivery.path / file.path)
    heading = int(min(file.lines)) - 1
    names = [str(name).strip() for name in cells[heading]]
    above = " ".join(str(cell) for line in range(1, heading) for cell in cells.get(line, []))
    for line in file.lines.tolist():
        values = [cell.strip() if isinstance(cell, str) else cell for cell in cells[line]]
        yield dict(zip(names, values, strict=False)) | {"line": line, "above": above, "width": len(values)}


def money(cell: Any) -> Decimal:
    """Read an amount of any layout."""
    if not isinstance(cell, str):
        return Decimal(str(round(cell, 2))).quantize(Decimal("0.01"))
    return Decimal(re.sub("[,¥+]", "", cell) or "0")


def first_of(row: dict[str, Any], *names: str) -> Any:
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


WORDS = {"借": "out", "贷": "in", "付": "out", "收": "in", "支": "out", "出": "out", "进": "in", "支出": "out", "收入": "in"}
OUTS, INS = ("支出", "交易金额(支出)", "借方发生额"), ("收入", "交易金额(收入)", "贷方发生额")


def booked(row: dict[str, Any]) -> tuple[str, Decimal]:
    """Return direction and amount of a line in any layout."""
    if flag := first_of(row, "借贷标志", "收付标志", "收支标志", "收付", "收/支"):
        return WORDS[flag], money(first_of(row, "交易金额", "金额(元)"))
    if any(name in row for name in OUTS):
        out, into = (money(first_of(row, *names) or "0") for names in (OUTS, INS))
        return ("out", out) if out else ("in", into)
    signed = money(first_of(row, "交易金额", "金额"))
    return ("out", -signed) if signed < 0 else ("in", signed)


def test_every_statement_line_stands_at_its_line_with_its_amount_direction_and_account(delivery: Delivery) -> None:
    for file in delivery.of("flows"):
        for row, true in zip(shown(delivery, file), delivery.lines(file.chosen), strict=True):
            assert booked(row) == (true["direction"], true["amount_yuan"]), (file.path, row)
            account = first_of(row, "交易账号", "账号")
            assert account == true["account_id"] if account else true["account_id"] in row["above"], (file.path, row)


def test_times_balances_names_and_purposes_stand_beside_them(delivery: Delivery) -> None:
    for file in delivery.of("flows"):
        for row, true in zip(shown(delivery, file), delivery.lines(file.chosen), strict=True):
            when = first_of(row, "记账日期", "交易日期", "日期", "记账日", "交易时间")
            clock = first_of(row, "记账时间", "时间", "交易时间")
            digits = re.sub(r"\D", "", str(when)) if str(when) == str(clock) else re.sub(r"\D", "", f"{when}{clock}")
            assert digits == f"{true['at']:%Y%m%d%H%M%S}", (file.path, row)
            balance = first_of(row, "账户余额", "余额", "本次余额", "交易余额", "余额(元)", "账户余额(元)")
            assert money(balance) == true["balance_yuan"], (file.path, row)
            names = ("对方户名", "对手户名", "对方账户名", "交易对方")
            assert first_of(row, *names) == true["counterparty_name"], (file.path, row)
            memo = first_of(row, "交易附言", "摘要", "摘要说明", "附言", "用途", "备注", "交易摘要")
            named = true["memo"] if true["loan_id"] is None else f"{true['memo']} {true['loan_id']}"
            assert memo == named, (file.path, row)


def test_every_row_of_every_table_is_in_a_file_with_its_key(delivery: Delivery) -> None:
    for name, table in delivery.world.tables.items():
        met = np.zeros(len(table), bool)
        for file in delivery.of(name):
            met[file.chosen] = True
            assert len(file.chosen) == len(file.lines)
            if not file.ids or POLICE.search(file.path):
                continue
            keys = schema()[name].key
            labels = {key: {key, schema()[name].column(key).zh} for key in keys}
            for row, true in zip(shown(delivery, file), table.take(file.chosen).to_pylist(), strict=True):
                for key in keys:
                    cell = first_of(row, *labels[key])
                    assert str(cell).removesuffix(".0")[:19] == str(true[key]), (file.path, row)
        assert met.all(), name
    met = np.zeros(len(delivery.world.settled.lines.seq), bool)
    for file in delivery.of("flows"):
        met[file.chosen] = True
    assert met.all()


def meant(cell: Any, true: Any) -> Any:
    """Read a cell of a table as a value of the type of the true one."""
    if cell in (None, "") or isinstance(true, str):
        return cell or None
    if isinstance(true, bool):
        return {"true": True, "是": True, "false": False, "否": False}[str(cell).lower()]
    if isinstance(true, Decimal):
        return money(cell)
    if isinstance(true, int | float):
        return pytest.approx(float(cell), abs=1e-12)
    return cell if not isinstance(cell, str) else type(true).fromisoformat(cell)


def test_tables_say_what_is_true_in_every_dress_and_code_words_are_those_of_the_importer(delivery: Delivery) -> None:
    words, met = profiles.codes(), set()
    for name, table in delivery.world.tables.items():
        for file in delivery.of(name):
            if POLICE.search(file.path):
                continue
            truth = canonical(table.take(file.chosen))
            labels = {column: (column, schema()[name].column(column).zh) for column in truth.column_names}
            for row, true in zip(shown(delivery, file), truth.to_pylist(), strict=True):
                for column, names in labels.items():
                    cell = meant(next(row[n] for n in names if n in row), true[column])
                    if known := words.get(f"{name}.{column}"):
                        cell = known.get(profiles.normal(cell or ""), cell)
                    assert cell == true[column], (file.path, column, row)
            chinese = labels[schema()[name].columns[0].name][1] in next(shown(delivery, file))
            met.add((Path(file.path).suffix if "xls" in file.path else encoding(delivery.path / file.path), chinese))
    assert met == {
        (dress, chinese) for dress in ("gb18030", "utf-8-sig", "utf-8", ".xlsx", ".xls") for chinese in (True, False)
    }


def test_a_file_can_be_decoded_but_for_the_lines_that_are_told(delivery: Delivery) -> None:
    bad = {(entry["path"], entry["line"]) for entry in delivery.told if entry["what"] == "undecodable bytes"}
    assert bad
    for file in delivery.written:
        path = delivery.path / file.path
        if path.suffix in {".csv", ".txt"}:
            codec = encoding(path)
            for line, raw in enumerate(path.read_bytes().splitlines(keepends=True), 1):
                if (file.path, line) in bad:
                    with pytest.raises(UnicodeDecodeError):
                        raw.decode(codec)
                else:
                    raw.decode(codec)


BROKEN: dict[str, Callable[[list[str], list[str]], bool]] = {
    "ragged row": lambda cells, good: len(cells) == len(good) + 1,
    "amount with two points": lambda cells, good: len(cells) >= len(good) and "1.234.5" in cells,
    "day that does not exist": lambda cells, good: any(re.match("2018-?02-?30", cell) for cell in cells),
    "card number as a float": lambda cells, good: any(re.fullmatch(r"\d\.\d+E\+18", cell) for cell in cells),
    "undecodable bytes": lambda cells, good: any("\ufffd" in cell for cell in cells),
    "truncated last line": lambda cells, good: len(cells) < len(good),
}


def test_every_broken_row_is_where_it_is_told_and_is_no_row_of_the_district(delivery: Delivery) -> None:
    told = [entry for entry in delivery.told if entry["line"]]
    assert {entry["what"] for entry in told} == set(BROKEN)
    assert len({entry["path"] for entry in told}) == len(told) == 12
    for entry in told:
        path = delivery.path / entry["path"]
        assert path.suffix in {".csv", ".txt"}
        file = next(file for file in delivery.written if file.path == entry["path"])
        assert entry["line"] not in file.lines.tolist()
        cells = {line: [cell.strip() for cell in row] for line, row in grid(path).items()}
        assert BROKEN[entry["what"]](cells[entry["line"]], cells[entry["line"] - 1]), entry
    last = [entry for entry in told if entry["what"] == "truncated last line"]
    for entry in last:
        raw = (delivery.path / entry["path"]).read_bytes()
        assert not raw.endswith(b"\n")
        assert raw.count(b"\n") == entry["line"] - 1


# Where each layout tells what was received and paid.
TOTALS = {
    (CUSTODIAN, "fee"): (r"收入合计,([\d.]+),", r"支出合计,([\d.]+)"),
    (BANKS[0], "own"): (r"人民币合计,,,,([\d.]+),", r"人民币合计,,,,[\d.]+,([\d.]+)"),
    (BANKS[2], "own"): (r"合计,[\d.]+,([\d.]+)", r"合计,([\d.]+),"),
    (BANKS[3], "own"): (r"收入合计,([\d.]+),", r"支出合计,([\d.]+)"),
    (BANKS[4], "own"): (r"收入\d+笔,\+([\d.]+),", r"支出\d+笔,-([\d.]+)"),
    (BANKS[5], "own"): (r"贷方合计,([\d.]+)", r"借方合计,([\d.]+)"),
    (SECOND_CUSTODIAN, "fee"): (r"收入:([\d.]+)", r"支出:([\d.]+)"),
    ("示例支付", "payment"): (r"收入：\d+笔 ([\d.]+)元", r"支出：\d+笔 ([\d.]+)元"),
}


@pytest.mark.parametrize("bank", TOTALS, ids=[bank for bank, _ in TOTALS])
def test_totals_of_a_file_are_the_sums_of_its_lines(delivery: Delivery, bank: tuple[str, str]) -> None:
    files = delivery.of_layout(*bank)
    assert files
    for file in files:
        rows = delivery.lines(file.chosen)
        sums = [sum(row["amount_yuan"] for row in rows if row["direction"] == side) for side in ("in", "out")]
        skipped = set(file.lines.tolist())
        told = ((line, row) for line, row in grid(delivery.path / file.path).items() if line not in skipped)
        text = "\n".join(",".join(str(cell).replace(",", "") for cell in row) for line, row in told)
        for pattern, total in zip(TOTALS[bank], sums, strict=True):
            found = re.findall(pattern, text)
            assert [Decimal(number) for number in found] == [total], (file.path, pattern)


def test_a_single_account_s_file_tells_holder_account_and_period_above_the_rows(delivery: Delivery) -> None:
    accounts = {row["account_id"]: row for row in delivery.world.accounts.to_pylist()}
    halves = {path for told in delivery.told if told["what"] == "overlap" for path in (told["path"], told["of"])}
    for bank in (*OF_BANK, "示例支付"):
        files = delivery.of_layout(bank, "payment" if bank == "示例支付" else "own")
        assert files, bank
        for file in files:
            above = next(shown(delivery, file))["above"]
            account = accounts[delivery.lines(file.chosen[:1])[0]["account_id"]]
            days = [f"{account[name]:%Y%m%d}" for name in ("statement_from", "statement_to")]
            assert account["account_id"] in above
            assert account["holder_name"] in above
            assert file.path in halves or re.search(".*".join(days), above.replace("-", "")), (file.path, above)


def test_an_unknown_bank_has_no_layout() -> None:
    with pytest.raises(ValueError, match=f"{UNKNOWN}.*{CUSTODIAN}"):
        layout_of(UNKNOWN, "own")


def test_copies_are_equal_byte_by_byte_and_none_is_broken(delivery: Delivery) -> None:
    copies = [entry for entry in delivery.told if entry["what"] == "copy"]
    assert copies
    broken = {entry["path"] for entry in delivery.told if entry["line"]}
    for entry in copies:
        assert Path(entry["path"]).parent == Path(entry["of"]).parent
        assert (delivery.path / entry["path"]).read_bytes() == (delivery.path / entry["of"]).read_bytes()
        assert entry["of"] not in broken


def test_one_account_comes_as_two_files_that_overlap_and_together_are_whole(delivery: Delivery) -> None:
    (entry,) = [entry for entry in delivery.told if entry["what"] == "overlap"]
    by_path = {file.path: set(file.chosen.tolist()) for file in delivery.written}
    first, second = by_path[entry["of"]], by_path[entry["path"]]
    assert first & second
    assert first - second
    assert second - first
    (account,) = {row["account_id"] for row in delivery.lines(np.array(sorted(first | second)))}
    number = delivery.world.accounts["account_id"].to_pylist().index(account)
    assert first | second == set(delivery.world.lines_of(np.array([number])).tolist())


def test_account_numbers_in_workbooks_are_text_with_their_leading_zeros(delivery: Delivery) -> None:
    met = set()
    for file in delivery.of("flows") + delivery.of("accounts") + delivery.of("loans"):
        path = delivery.path / file.path
        if path.suffix in {".xls", ".xlsx"}:
            met.add((file.table, path.suffix))
            for row in shown(delivery, file):
                names = ("对方账号", "account_id", "账户编号", "放款账户", "disbursement_account")
                cell = first_of(row, *names)
                assert isinstance(cell, str)
                assert re.fullmatch(r"0099\d{13}(\d\d)?", cell)
    assert {("flows", ".xls"), ("flows", ".xlsx"), ("accounts", ".xlsx")} <= met


def test_a_newest_first_statement_descends_throughout(delivery: Delivery) -> None:
    files = delivery.of_layout(BANKS[1])
    assert sum(len(file.chosen) for file in files) > 100
    for file in files:
        times = [f"{row['记账日期']} {row['记账时间']}" for row in shown(delivery, file)]
        assert times == sorted(times, reverse=True)
        assert (np.diff(file.chosen) == -1).all()


def test_both_sides_of_a_transfer_bear_one_reference_where_accounts_are_masked(delivery: Delivery) -> None:
    numbered = ("支付交易序号", "交易流水号", "业务流水号", "流水号", "交易单号")
    sides: dict[str, list[tuple[bool, str, Decimal]]] = {}
    for file in delivery.of("flows"):
        if "副本" in file.path or any(file.path == entry["path"] and entry["what"] == "overlap" for entry in delivery.told):
            continue
        for row, true in zip(shown(delivery, file), delivery.lines(file.chosen), strict=True):
            masked = bool(re.fullmatch(r"0099\*{4}\d{4}", str(row.get("对方账号"))))
            assert not masked or row["对方账号"][-4:] == true["counterparty_account"][-4:]
            if reference := first_of(row, *numbered):
                assert reference == true["bank_ref"]
                sides.setdefault(reference, []).append((masked, *booked(row)))
    pairs = [both for both in sides.values() if len(both) == 2 and any(masked for masked, _, _ in both)]
    assert len(pairs) > 20
    for (_, one, amount), (_, other, same) in pairs:
        assert {one, other} == {"in", "out"}
        assert amount == same


def test_rows_of_some_banks_are_longer_or_shorter_than_their_heading(delivery: Delivery) -> None:
    longer = {row["width"] for file in delivery.of_layout(BANKS[0]) for row in shown(delivery, file)}
    assert longer == {11}  # ten headings
    ragged = {row["width"] for file in delivery.of_layout(BANKS[4]) for row in shown(delivery, file)}
    assert ragged == {8, 10}  # ten headings; the last two only where a contract is named
    custody = {row["width"] for file in delivery.of_layout(CUSTODIAN) for row in shown(delivery, file)}
    assert custody == {11}


def test_the_layout_of_the_police_ends_cells_with_a_tab_and_gives_some_cards_a_suffix(delivery: Delivery) -> None:
    cards = []
    for file in delivery.of("flows"):
        if "交易明细信息" in file.path and "副本" not in file.path:
            line = (delivery.path / file.path).read_bytes().decode("gb18030", errors="replace").splitlines()[1]
            assert all(cell.endswith("\t") for cell in next(csv.reader([line])))
            for row in shown(delivery, file):
                assert row["交易卡号"].removesuffix("_1") == row["交易账号"]
                assert row["交易是否成功"] == row["查询反馈结果原因"] == "成功"
                cards.append(row["交易卡号"])
    suffixed = sum(card.endswith("_1") for card in cards)
    assert 0 < suffixed < len(cards) / 4


def test_texts_with_commas_quotes_and_line_breaks_come_back_whole(delivery: Delivery) -> None:
    bodies = []
    for file in delivery.of("advertisements"):
        names = ("body", schema()["advertisements"].column("body").zh)
        bodies += [first_of(row, *names) for row in shown(delivery, file)]
        if file.path.endswith("csv"):
            assert np.diff(file.lines).tolist() == [1, 2, 1]
    assert sorted(set(bodies)) == sorted({BODY, "平安"})
    assert any(file.path.endswith("csv") for file in delivery.of("advertisements"))


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5), st.sampled_from([GB_CRLF, BOM_CRLF, PLAIN, QUOTED]))
def test_any_text_comes_back_whole_from_the_line_that_is_told(tmp_path_factory: Any, rows: list[Any], dress: Dress) -> None:
    path = tmp_path_factory.mktemp("texts") / "file.csv"
    with TextFile(path, dress) as file:
        file.put([("甲", "乙", "丙")])
        lines = file.rows([pa.array(column, pa.string()) for column in zip(*rows, strict=True)])
    text = path.read_bytes().decode("utf-8-sig" if dress is BOM_CRLF else dress.codec)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=dress.separator)
    assert next(reader) == ["甲", "乙", "丙"]
    for line, row in zip(lines.tolist(), rows, strict=True):
        assert reader.line_num + 1 == line
        assert tuple(cell.removesuffix(dress.tail) for cell in next(reader)[:3]) == row


def everything(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_ones(delivery: Delivery, tmp_path: Path) -> None:
    deliver(build(), tmp_path / "again", lambda done, total: None)
    deliver(build(seed=8), tmp_path / "other", lambda done, total: None)
    once, again, other = (everything(path) for path in (delivery.path, tmp_path / "again", tmp_path / "other"))
    assert once == again
    assert set(once) == {file.path for file in delivery.written}
    assert all(other.get(file.path) != once[file.path] for file in delivery.of_layout(CUSTODIAN))


def test_workbooks_bear_no_time_of_writing_and_are_not_compressed(delivery: Delivery) -> None:
    for file in delivery.written:
        if file.path.endswith(".xlsx"):
            raw = (delivery.path / file.path).read_bytes()
            assert b"2019-02-15T09:00:00Z</dcterms:created>" in raw
            assert raw[8:10] == b"\0\0"  # method 0: stored


def test_sheets_and_files_go_on_in_another_file_where_they_would_be_too_long(delivery: Delivery, tmp_path: Path) -> None:
    limits = Limits(xls_rows=25, xlsx_rows=30, police_rows=100)
    whole = Delivery(delivery.world, tmp_path, *deliver(delivery.world, tmp_path, lambda done, total: None, limits))
    split = [file for file in whole.of("flows") if file.path.endswith((".xls", ".xlsx"))]
    for file in split:
        assert len(grid(tmp_path / file.path)) <= (25 if file.path.endswith(".xls") else 30)
    assert {file.path.rsplit("_", 1)[-1] for file in split} >= {"1.xls", "2.xls", "3.xls", "1.xlsx", "2.xlsx"}
    police = [file for file in whole.of("flows") if "交易明细信息" in file.path]
    assert max(len(file.chosen) for file in police) == 100
    met = np.concatenate([file.chosen for file in whole.of("flows")])
    assert set(met.tolist()) == set(range(len(delivery.world.settled.lines.seq)))
    for file in split + police:
        for row, true in zip(shown(whole, file), whole.lines(file.chosen), strict=True):
            assert booked(row) == (true["direction"], true["amount_yuan"])


def test_a_large_table_is_never_a_workbook(delivery: Delivery, tmp_path: Path) -> None:
    written, _ = deliver(delivery.world, tmp_path, lambda done, total: None, Limits(table_rows=5))
    for file in written:
        assert file.table == "flows" or len(file.chosen) <= 5 or file.path.endswith(".csv")


def test_beyond_a_number_of_files_an_institution_comes_in_the_layout_of_the_police(delivery: Delivery, tmp_path: Path) -> None:
    written, told = deliver(delivery.world, tmp_path, lambda done, total: None, Limits(own_files=3))
    whole = Delivery(delivery.world, tmp_path, written, told)
    doubled = {entry["path"] for entry in told if not entry["line"]}
    home = delivery.world.platforms[0].home
    own = [f for f in whole.written if f.table == "flows" and f.path.startswith(home) and f.path not in doubled]
    single = [file for file in own if "交易明细信息" not in file.path]
    assert len(single) == 3
    # The custody account, the fees and the company's own come first.
    rows = [row for file in single for row in whole.lines(file.chosen[:1])]
    platform = delivery.world.platforms[0]
    ids = delivery.world.accounts["account_id"].to_pylist()
    assert {ids[number] for number in (platform.own, platform.custody)} <= {row["account_id"] for row in rows}


def test_progress_rises_to_all_rows_and_lines(delivery: Delivery, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    deliver(delivery.world, tmp_path, lambda done, total: told.append((done, total)))
    total = sum(len(table) for table in delivery.world.tables.values()) + len(delivery.world.settled.lines.seq)
    assert told == sorted(told)
    assert told[-1] == (total, total)
    assert {of for _, of in told} == {total}
