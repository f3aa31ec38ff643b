"""Profiles that a delivery brings, and the error and the stub for a file that no profile knows."""

from decimal import Decimal
from pathlib import Path

import pytest

from lib.errors import BadFile, DataGap
from lib.intake import mapping, stubs
from tests.deliveries import Delivery

ODD = "发生日,方向,发生数,对端\n2018-01-02 08:05:06,付,5.00,6217001234567890129\n"
OWN = """\
[[profile]]
id = "own.odd"
title = "某银行"
base = "banks.flagged"

[profile.columns]
day = ["发生日"]
flag = ["方向"]
amount = ["发生数"]
other_account = ["对端"]
"""


def delivery(tmp_path: Path, text: str = OWN, name: str = "6222021234567890128") -> Delivery:
    made = Delivery(tmp_path).write(**{f"bank__{name}": ODD})
    (made.raw / "bank" / mapping.NAME).write_text(text)
    return made


def test_a_delivery_s_own_profile_reads_what_ours_do_not(tmp_path: Path) -> None:
    made = delivery(tmp_path)
    answer = made.bring().set_index("name")
    assert answer.loc["bank/mapping.toml", "state"] == "skipped"
    (row,) = made.rows("select account_id, direction, amount_yuan, counterparty_account from flows")
    assert tuple(row.values()) == ("6222021234567890128", "out", Decimal("5.00"), "6217001234567890129")
    (profile_id,) = made.column("select profile_id from sources")
    assert profile_id.startswith("own.odd@")
    assert len(profile_id) == len("own.odd@") + 8


def test_it_holds_for_files_below_it_and_for_no_others(tmp_path: Path) -> None:
    made = delivery(tmp_path)
    made.write(other__6222021234567890128=ODD)
    with pytest.raises(BadFile, match=r"other/6222021234567890128\.csv"):
        made.bring()


def test_its_text_is_part_of_the_version_of_the_store(tmp_path: Path) -> None:
    made = delivery(tmp_path)
    made.bring()
    first = made.column("select version from store_meta")
    made.bring()
    assert made.column("select version from store_meta") == first
    (made.raw / "bank" / mapping.NAME).write_text(OWN + "# another text\n")
    with pytest.raises(DataGap, match=r"mapping\.toml"):
        made.bring()
    made.bring(rebuild=True)
    assert made.column("select version from store_meta") != first


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (OWN + "colour = 1\n[x", None, "TOML"),
        (OWN.replace("title =", "colour ="), 3, "colour"),
        (OWN.replace("banks.flagged", "banks.nowhere"), 4, "banks.nowhere"),
        (OWN.replace("own.odd", "banks.abc"), 2, "id"),
        (OWN.replace("[profile.columns]", 'required = ["way"]\n[profile.columns]'), 6, "way"),
        (OWN + '[profile.preamble]\nx = "([0-9"\n', 12, "正则"),
        (OWN + '[[profile.into]]\ntable = "flow"\ncolumns = {}\n', 12, "flow"),
        (OWN + '[[profile.into]]\ntable = "flows"\ncolumns = {amount = "amount"}\n', 9, "amount"),
        (OWN + '[[profile.into]]\ntable = "flows"\ncolumns = {memo = "lowr(note)"}\n', 13, "lowr"),
        ('title = "x"\n', 1, "[[profile]]"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, line: int | None, why: str) -> None:
    with pytest.raises(BadFile) as caught:
        delivery(tmp_path, text).bring()
    assert why in caught.value.zh
    assert f"bank/{mapping.NAME}" in caught.value.zh
    if line:
        assert f"第 {line} 行" in caught.value.zh


@pytest.mark.parametrize(
    "sql",
    [
        "(select max(version) from store.store_meta)",
        "1) from raw; drop table store.flows; --",
        "getenv('HOME')",
        "amount) as memo, (note",
        "x'; attach 'y",
        "(from read_csv('/etc/passwd'))",
        "$source_id",
    ],
)
def test_a_delivery_s_expressions_reach_nothing_but_the_cells_of_a_row(tmp_path: Path, sql: str) -> None:
    with pytest.raises(BadFile, match=r"第 13 行|第 12 行|第 11 行"):
        delivery(tmp_path, OWN + f'[[profile.into]]\ntable = "flows"\ncolumns = {{memo = "{sql}"}}\n').bring()


def test_an_unknown_file_s_error_names_the_nearest_profile_what_it_has_and_how_to_go_on(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(x="交易日期,交易金额,对方户名,方向数\n2018-01-02,5,张三,1\n")
    with pytest.raises(BadFile) as caught:
        made.bring()
    for text in ("最接近的是", "已识别", "缺少", "mapping.toml", "lookthrough doctor"):
        assert text in caught.value.zh


def test_the_stub_names_what_is_recognised_and_is_a_mapping_once_it_is_completed(tmp_path: Path) -> None:
    text = stubs.stub(["交易日期", "方向", "交易金额", '对"端'])
    assert "已识别" in text
    assert '未识别的列 not recognised: "方向", "对\\"端"' in text
    made = Delivery(tmp_path).write(**{"6222021234567890128": "交易日期,方向,交易金额\n2018-01-02,收,5\n"})
    (made.raw / mapping.NAME).write_text(text.replace('flag = ["?"]', 'flag = ["方向"]'))
    made.bring()
    assert made.column("select direction from flows") == ["in"]


def test_a_stub_for_a_header_that_nothing_knows_begins_with_a_bank_statement() -> None:
    text = stubs.stub(["a", "b"])
    assert 'base = "banks.flagged"' in text
    assert 'flag = ["?"]' in text
