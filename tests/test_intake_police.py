"""What banks answer the police: transactions, accounts and persons, with TABs behind every cell and numbers of sub-accounts.

No such file is public. The columns and aliases are those of ../shared/data/README.md.
"""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.deliveries import Delivery


def listed(text: str) -> list[str]:
    return text.split(",")


CARD, OTHER = "6222021234567890128", "6217001234567890129"
COLUMNS = listed(
    "交易卡号,交易账号,账户开户名称,开户人证件号码,交易时间,交易金额,交易余额,收付标志,交易对手账卡号,现金标志,对手户名,对手身份证号,"
    "对手开户银行,摘要说明,交易币种,交易网点名称,交易网点代码,交易发生地,交易是否成功,传票号,终端号,IP地址,MAC地址,对手交易余额,"
    "交易流水号,日志号,凭证种类,凭证号,交易柜员号,商户名称,商户号,备注,交易类型,查询反馈结果原因"
)
USUAL = {
    "交易卡号": CARD,
    "账户开户名称": "张三",
    "交易时间": "2018-09-03 08:05:06",
    "交易金额": "100.00",
    "交易余额": "900.00",
    "收付标志": "出",
    "交易对手账卡号": OTHER,
    "对手户名": "李四",
    "摘要说明": "还款 VK2018-003696",
    "交易币种": "人民币",
    "交易是否成功": "成功",
    "交易流水号": "20000000001",
}


def answer(*rows: dict[str, str], columns: list[str] = COLUMNS) -> bytes:
    """Rows in the layout of the police; what a row does not say is as in USUAL."""
    cells = [columns, *([({**USUAL, **row}).get(c, "") for c in columns] for row in rows)]
    return "".join("".join(f"{cell}\t," for cell in line)[:-1] + "\r\n" for line in cells).encode("gb18030")


def flows(made: Delivery, columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in made.rows(f"select {columns} from flows order by line")]


def test_a_row_gives_account_direction_time_amount_balance_and_the_other_side(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(某行_交易明细信息=answer({}))
    made.bring()
    assert made.column("select profile_id from sources") == ["police.flows"]
    who = (CARD, dt.datetime(2018, 9, 3, 8, 5, 6), "out", OTHER, "李四")
    assert flows(made, 'account_id, "at", direction, counterparty_account, counterparty_name') == [who]
    assert flows(made, "amount_yuan, balance_yuan") == [(Decimal("100.00"), Decimal("900.00"))]
    assert flows(made, "kind, loan_id, bank_ref") == [("repayment", "VK2018-003696", "20000000001")]


@pytest.mark.parametrize(
    ("flag", "direction"), [("进", "in"), ("出", "out"), ("贷", "in"), ("借", "out"), ("入", "in"), ("O", "out"), ("收", "in")]
)
def test_every_word_for_a_direction_is_known(tmp_path: Path, flag: str, direction: str) -> None:
    made = Delivery(tmp_path).write(x=answer({"收付标志": flag}))
    made.bring()
    assert flows(made, "direction") == [(direction,)]


def test_a_row_without_a_direction_is_set_apart(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(x=answer({}, {"收付标志": ""}, {"收付标志": "?"}))
    made.bring()
    assert list(made.reasons()) == [3, 4]
    assert "收付标志 为空" in made.reasons()[3]


def test_the_number_of_a_sub_account_is_taken_off_a_card_and_nothing_else_is(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(
        x=answer(
            {"交易卡号": f"{CARD}_1", "交易对手账卡号": f"{OTHER}_156_1"},
            {"交易卡号": "", "交易账号": "NRA_100_1", "交易对手账卡号": "商户_1"},
        )
    )
    made.bring()
    assert flows(made, "account_id, counterparty_account") == [(CARD, OTHER), ("NRA_100_1", "商户_1")]


def test_transactions_that_did_not_succeed_are_set_aside_and_counted(tmp_path: Path) -> None:
    words = ("成功", "失败", "1", "", "00", "不成功")
    made = Delivery(tmp_path).write(x=answer(*({"交易是否成功": word} for word in words)))
    made.bring()
    (source,) = made.rows("select rows_read, rows_accepted, rows_set_aside from sources")
    assert tuple(source.values()) == (3, 3, 3)
    assert flows(made, "line") == [(2,), (5,), (6,)]


@pytest.mark.parametrize(
    "aliases",
    [
        {"账户开户名称": "交易方户名", "开户人证件号码": "交易方证件号码"},
        {"账户开户名称": "交易户名", "开户人证件号码": "交易证件号码", "对手身份证号": "对手证件号"},
    ],
)
def test_other_names_of_columns_are_known(tmp_path: Path, aliases: dict[str, str]) -> None:
    text = answer({}).decode("gb18030")
    for name, alias in aliases.items():
        text = text.replace(name, alias)
    made = Delivery(tmp_path).write(x=text.encode("gb18030"))
    made.bring()
    assert made.column("select count(*) from flows") == [1]


def test_a_foreign_currency_and_a_negative_amount_are_not_taken_for_yuan_paid(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(x=answer({"交易币种": "USD"}, {"交易金额": "-5"}, {"交易币种": "CNY"}))
    made.bring()
    assert list(made.reasons()) == [2, 3]


def test_a_masked_account_is_kept_in_the_memo_and_joins_nothing(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(x=answer({"交易对手账卡号": "6217****0129"}))
    made.bring()
    assert flows(made, "counterparty_account, memo") == [(None, "还款 VK2018-003696 对方账号 6217****0129")]


def test_the_file_of_accounts_gives_accounts_and_mentions_of_who_holds_them(tmp_path: Path) -> None:
    columns = listed(
        "账户开户名称,开户人证件号码,交易卡号,交易账号,账号开户时间,账户余额,账户状态,销户日期,账户类型,账号开户银行"
    )
    row = {"开户人证件号码": "110101199003074514", "交易卡号": f"{CARD}_1", "账号开户时间": "20150203", "账户类型": "个人账户"}
    held = {"账号开户银行": "某行", "账户状态": "冻结"}
    made = Delivery(tmp_path).write(某行_账户信息=answer({**row, **held}, columns=columns))
    made.bring()
    (account,) = made.rows("select * from accounts")
    assert (account["account_id"], account["holder_name"], account["bank"]) == (CARD, "张三", "某行")
    assert (account["opened_on"], account["blocked"], account["account_type"]) == (dt.date(2015, 2, 3), True, "个人账户")
    (mention,) = made.rows("select * from party_records")
    assert (mention["written_name"], mention["written_number"], mention["party_id"]) == ("张三", "110101199003074514", None)


def test_the_file_of_persons_gives_parties_by_the_kind_of_their_document(tmp_path: Path) -> None:
    columns = listed("客户名称,证照类型,证照号码,联系手机,住宅地址,单位地址,出生日期,法人代表,备注,查询反馈结果原因")
    person = {"客户名称": "张三", "证照类型": "居民身份证", "证照号码": "110101199003074514", "住宅地址": "某路1号"}
    company = {"客户名称": "某某公司", "证照类型": "统一社会信用代码", "证照号码": "91410100MA44444441", "单位地址": "某街2号"}
    made = Delivery(tmp_path).write(某行_人员信息=answer(person, company, columns=columns))
    made.bring()
    found = made.rows("select kind, name, id_number, uscc, address from parties order by line")
    assert [tuple(row.values()) for row in found] == [
        ("person", "张三", "110101199003074514", None, "某路1号"),
        ("company", "某某公司", None, "91410100MA44444441", "某街2号"),
    ]
