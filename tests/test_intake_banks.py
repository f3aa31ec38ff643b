"""The export layouts of banks and payment companies, row by row: what each real file holds, and what is said of the rest.

The files are from double-entry-generator (Apache-2.0), values masked by their publishers. Every figure below stands in the file
or is added up from it by hand.
"""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lib import flows, open_case
from lib.errors import BadFile
from lib.intake.totals import disagreement
from tests.deliveries import SHARED, Delivery

FILES = SHARED / "bank-statements"
real = pytest.mark.skipif(not FILES.is_dir(), reason=f"no {FILES}")
D = Decimal


def bring(tmp_path: Path, name: str, as_name: str | None = None) -> Delivery:
    made = Delivery(tmp_path)
    made.raw.mkdir(parents=True)
    path = made.raw / (as_name or name)
    path.write_bytes((FILES / name).read_bytes())
    made.bring()
    return made


def lines(made: Delivery, columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in made.rows(f"select {columns} from flows order by line")]


def kinds(made: Delivery) -> dict[str, tuple[int, int]]:
    """First and last line of each kind of span."""
    query = "select kind, min(line_from) as a, max(line_to) as b from spans group by kind"
    return {row["kind"]: (row["a"], row["b"]) for row in made.rows(query)}


def counted(made: Delivery) -> tuple[str, int, int, int, int]:
    (row,) = made.rows("select * from sources")
    counts = [row[f"rows_{name}"] for name in ("read", "accepted", "quarantined", "set_aside")]
    return (row["profile_id"], *counts)


def totals(made: Delivery) -> dict[str, tuple[int, Decimal, int | None, Decimal | None]]:
    """Per side: rows and sum accepted, rows and sum that the file states."""
    rows = made.rows("select * from control_totals where column_name = 'amount_yuan' order by side")
    return {r["side"]: (r["row_count"], r["stored_total"], r["stated_rows"], r["stated_total"]) for r in rows}


@real
def test_alipay_begins_on_line_25_and_its_own_totals_do_not_match(tmp_path: Path) -> None:
    made = bring(tmp_path, "alipay.csv")
    assert counted(made) == ("payments.alipay", 5, 5, 0, 5)
    assert lines(made, 'account_id, "at", direction, amount_yuan, bank_ref') == [
        ("xx@gmail.com", dt.datetime(2023, 2, 12, 21, 32, 14), "out", D("49.74"), "202302xxxxxx0011000103xxxxxx"),
        ("xx@gmail.com", dt.datetime(2023, 2, 8, 14, 16, 52), "out", D("20.00"), "2xxxxxxxxxxxxxx0"),
        ("xx@gmail.com", dt.datetime(2023, 1, 18, 10, 17, 29), "in", D("222228.50"), "2xxxxxxxxxxxxxxxxxxxxxxxxx9"),
        ("xx@gmail.com", dt.datetime(2023, 7, 10, 13, 10, 16), "out", D("9.90"), "xxxx"),
        ("xx@gmail.com", dt.datetime(2023, 7, 10, 13, 20, 16), "out", D("82.00"), "xxxx"),
    ]
    # 共66笔, 收入1笔 28.50元, 支出63笔 16.54元: the file was cut and masked after it was made.
    assert totals(made) == {
        "": (5, D("222390.14"), 66, None),
        "in": (1, D("222228.50"), 1, D("28.50")),
        "out": (4, D("161.64"), 63, D("16.54")),
    }
    assert all(disagreement(row) for row in made.rows("select * from control_totals"))
    # 不计收支 on lines 28, 29, 31, 32; 交易关闭 on line 31 and on line 33, which is 支出.
    assert made.column("select sum(line_to - line_from + 1) from spans where kind = 'set_aside'") == [5]
    assert kinds(made)["preamble"] == (1, 24)


@real
def test_wechat_has_its_header_on_line_17_and_neutral_rows_are_set_aside(tmp_path: Path) -> None:
    made = bring(tmp_path, "wechat.csv")
    assert counted(made) == ("payments.wechat", 16, 16, 0, 11)
    assert kinds(made)["header"] == (17, 17)
    found = lines(made, 'account_id, "at", direction, amount_yuan, counterparty_name')
    assert found[:2] == [
        ("微信:测试", dt.datetime(2019, 9, 26, 12, 45, 27), "out", D("28.16"), "云膳过桥米线(传奇广场店)"),
        ("微信:测试", dt.datetime(2019, 9, 24, 10, 10, 11), "in", D("0.35"), "同性好友"),
    ]
    assert found[8][4] == '打开拼多多，点击底部"多多视频"'  # a quote inside a field that has none around it
    # In: 0.35 + 23.00 + 0.07 + 0.07 + 5.00; out: 28.16 + 3 × 12.00 + 500.00 + 2243.46 + 36.99 + 9.90 + 50.0 + 2 × 0.01
    assert totals(made) == {
        "": (16, D("2933.02"), 43, None),
        "in": (5, D("28.49"), 1, D("0.35")),
        "out": (11, D("2904.53"), 1, D("28.16")),
    }


@real
def test_icbc_pads_its_cells_and_has_a_column_for_each_direction(tmp_path: Path) -> None:
    made = bring(tmp_path, "icbc-debit.csv")
    assert counted(made) == ("banks.icbc", 11, 11, 0, 0)
    found = lines(made, "direction, amount_yuan, counterparty_name, day_only")
    assert [(way, amount) for way, amount, _, _ in found] == [
        ("out", D("13.40")),
        ("out", D("1234.56")),
        ("in", D("1234.56")),
        ("out", D("1234.56")),
        ("in", D("1234.56")),
        ("out", D("500.00")),
        ("in", D("341.58")),
        ("out", D("1234.56")),
        ("in", D("30.00")),
        ("out", D("24.00")),
        ("in", D("1.04")),
    ]
    assert found[0][2:] == ("深圳市财付通支付科技有限公司", True)
    # 人民币合计 states 1,234.56 in and 9,876.54 out, masked like the rest; the rows give 2,841.74 and 4,241.08.
    assert totals(made)["in"] == (5, D("2841.74"), None, D("1234.56"))
    assert totals(made)["out"] == (6, D("4241.08"), None, D("9876.54"))
    assert made.column("select distinct account_id from flows") == ["1234****9876"]
    assert made.column("select count(*) from flows where counterparty_account is not null") == [0]
    assert made.column("select memo from flows order by line limit 1") == ["消费 广东三元麦当劳食品有 对方账号 1234****9876"]


@real
def test_boc_is_newest_first_and_its_sixteen_balances_follow_from_one_another(tmp_path: Path) -> None:
    made = bring(tmp_path, "boc-debit.csv")
    assert counted(made) == ("banks.boc", 17, 17, 0, 0)
    found = lines(made, "direction, amount_yuan, balance_yuan")[::-1]
    signed = [amount if way == "in" else -amount for way, amount, _ in found]
    balances = [balance for _, _, balance in found]
    assert [before + change for before, change in zip(balances, signed[1:], strict=False)] == balances[1:]
    assert len(balances) - 1 == 16
    assert (balances[0], balances[-1]) == (D("3813.58"), D("3240.28"))
    assert sum(signed[1:]) == D("3240.28") - D("3813.58")
    made.write(institutions="institution_id,name\nI1,某网贷\n", accounts="account_id,holder_id\n尾号3167,I1\n")
    made.bring()
    assert flows.balance_breaks(open_case("I1", "2025-12-31", made.store_path)).empty
    # In line 10 the remark begins one column early, behind the dashes for no branch; all that is money stands in its place.
    row = made.rows("select * from flows where line = 10")[0]
    assert (row["amount_yuan"], row["counterparty_name"]) == (D("2600.00"), "上海十企业管理顾问有限公司")
    assert row["memo"] == "跨行转账 张三17670961139美金 数据有限公司 对方账号 3101******6787"


@real
def test_ccb_is_an_old_workbook_in_which_a_balance_breaks_by_46_yuan(tmp_path: Path) -> None:
    made = bring(tmp_path, "ccb.xls")
    assert counted(made) == ("banks.ccb", 6, 6, 0, 0)
    assert kinds(made) == {"preamble": (1, 5), "header": (6, 6), "accepted": (7, 12), "trailer": (13, 13)}
    assert lines(made, '"at", amount_yuan, balance_yuan') == [
        (dt.datetime(2025, 1, 1, 18, 53, 19), D("67.00"), D("2176.91")),
        (dt.datetime(2025, 1, 2, 19, 12, 59), D("16.78"), D("2160.13")),
        (dt.datetime(2025, 1, 2, 21, 43, 48), D("20.00"), D("2140.13")),
        (dt.datetime(2025, 1, 5, 17, 12, 28), D("515.02"), D("1579.11")),
        (dt.datetime(2025, 1, 6, 9, 36, 5), D("18.06"), D("1561.05")),
        (dt.datetime(2025, 1, 6, 12, 3, 39), D("66.40"), D("1494.65")),
    ]
    # 2,140.13 − 515.02 = 1,625.11, and the file says 1,579.11: 46.00 went out that no line shows.
    made.write(
        institutions="institution_id,name\nI1,某网贷\n",
        accounts="account_id,holder_id\nxxxxx*********xxxx,I1\n",
    )
    made.bring()
    case = open_case("I1", "2025-06-30", made.store_path)
    (one,) = flows.balance_breaks(case).to_dict("records")
    assert (one["at"], one["expected_yuan"], one["found_yuan"]) == (
        dt.datetime(2025, 1, 5, 17, 12, 28),
        D("1625.11"),
        D("1579.11"),
    )
    assert one["missing_yuan"] == D("-46.00")


@real
def test_abc_has_rows_of_seven_and_nine_fields_and_signs(tmp_path: Path) -> None:
    made = bring(tmp_path, "abc-debit.csv", "6228480000000000000_abc.csv")
    assert counted(made) == ("banks.abc", 5, 5, 0, 0)
    assert lines(made, "direction, amount_yuan, balance_yuan, counterparty_account, counterparty_name, day_only") == [
        ("in", D("10000.00"), D("11000.00"), None, "哈哈", False),
        ("out", D("10.00"), D("11000.00"), None, "微信支付北京一卡通", False),
        ("out", D("12345.89"), D("1943.12"), "12341234123412341", None, True),  # seven fields, and no time
        ("in", D("0.01"), D("123.35"), None, None, True),
        ("in", D("0.00"), D("123.35"), None, None, True),
    ]
    assert made.column("select distinct account_id from flows") == ["6228480000000000000"]


@real
def test_a_statement_that_says_nowhere_whose_it_is_is_refused_with_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as caught:
        bring(tmp_path, "abc-debit.csv")
    assert "没有说明是哪个账户" in caught.value.zh
    assert "\n" not in caught.value.zh


@real
def test_jd_tells_of_refunds_within_an_amount(tmp_path: Path) -> None:
    made = bring(tmp_path, "jd.csv")
    assert counted(made) == ("payments.jd", 16, 16, 0, 10)
    (row,) = made.rows("select * from flows where amount_yuan = 131.77")
    assert (row["account_id"], row["at"]) == ("jd_55370d18d5bb4", dt.datetime(2024, 12, 28, 13, 27, 56))
    assert row["memo"].endswith("已退款 89.84")
    # 支出：16笔(含4笔部分退款)，1648.43元 is less what came back: 89.84 + 70.48 + 233.45 + 235.50 = 629.27.
    assert totals(made)[""] == (16, D("2277.70"), 26, None)
    assert totals(made)["out"] == (16, D("2277.70"), 16, D("1648.43"))
    assert D("2277.70") - D("629.27") == D("1648.43")
    assert totals(made)["in"] == (0, D("0.00"), 0, D("0.00"))


@real
def test_a_list_of_tokens_is_recognised_counted_and_not_read(tmp_path: Path) -> None:
    made = bring(tmp_path, "oklink-token-transfer.csv")
    (row,) = made.rows("select * from sources")
    assert (row["state"], row["rows_read"], row["rows_accepted"], row["rows_set_aside"]) == ("set_aside", 1855, 0, 1855)
    assert made.column("select count(*) from flows") == [0]


SIGNED = "交易日期,交易时间,交易金额,余额,对方户名,对方账号,摘要\n"
FLAGGED = "交易时间,借贷标志,交易金额,账户余额,对方账号,对方户名,摘要,流水号\n"
SIDES = "交易日期,收入,支出,余额,对方户名,摘要\n"
TITLE = "账号：,6222021234567890128\n"


def test_a_bank_that_we_have_never_seen_is_read_if_its_header_speaks_the_common_tongue(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(
        a="账号：,6222021234567890128\n" + SIGNED + "2018-01-02,08:05:06,-5.00,95.00,张三,6217001234567890129,货款\n",
        b="账号：,6222021234567890136\n" + FLAGGED + '2018/1/2 8:05,贷,"1,234.50",2000,6217001234567890129,李四,还款,R1\n',
        c="账号：,6222021234567890144\n" + SIDES + "20180102,,7.25,92.75,王五,放款 VK2018-003696\n",
    )
    made.bring()
    found = made.rows('select account_id, "at", direction, amount_yuan, kind, loan_id, bank_ref from flows order by account_id')
    assert [tuple(row.values()) for row in found] == [
        ("6222021234567890128", dt.datetime(2018, 1, 2, 8, 5, 6), "out", D("5.00"), None, None, None),
        ("6222021234567890136", dt.datetime(2018, 1, 2, 8, 5), "in", D("1234.50"), "repayment", None, "R1"),
        ("6222021234567890144", dt.datetime(2018, 1, 2), "out", D("7.25"), "disbursement", "VK2018-003696", None),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("20180102,5,7,100,王五,x", "两列都有金额"),
        ("20180102,,,100,王五,x", "两列都没有金额"),
        ("20180102,0.00,-,100,王五,x", "两列都没有金额"),
        ("20180102,abc,,100,王五,x", "不是金额"),
        ("20180102,5,,100,王五", "5 个字段"),
        ("20180102,5,,100,王五,x,y", "7 个字段"),
    ],
)
def test_rows_that_do_not_say_which_way_the_money_went_are_set_apart(tmp_path: Path, row: str, reason: str) -> None:
    made = Delivery(tmp_path).write(a=TITLE + SIDES + f"20180102,5,,105,王五,x\n{row}\n")
    made.bring()
    assert reason in made.reasons()[4]
    assert made.column("select count(*) from flows") == [1]


def test_a_negative_amount_in_a_column_of_payments_is_money_that_came_back(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(a=TITLE + SIDES + "20180102,,-7.25,107.25,王五,错账\n")
    made.bring()
    assert lines(made, "direction, amount_yuan, kind") == [("in", D("7.25"), "refund")]


def test_a_negative_amount_beside_a_direction_is_not_guessed_at(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(a=TITLE + FLAGGED + "2018-01-02 08:05:06,借,-5,1,6217001234567890129,x,y,R\n")
    made.bring()
    assert "无法判断" in made.reasons()[3]


def test_an_unknown_direction_and_a_foreign_currency_set_a_row_apart(tmp_path: Path) -> None:
    header = "交易时间,借贷标志,交易金额,币种\n"
    rows = "2018-01-02 08:05:06,,5,人民币\n2018-01-02 08:05:06,其他,5,CNY\n2018-01-02 08:05:06,借,5,美元\n2018-01-02,贷,5,156\n"
    made = Delivery(tmp_path).write(a=TITLE + header + rows)
    made.bring()
    reasons = made.reasons()
    assert list(reasons) == [3, 4, 5]
    assert "借贷标志 为空" in reasons[3]
    assert "不是可识别的代码" in reasons[4]
    assert "不是人民币" in reasons[5]


def test_signed_amounts_beside_a_column_that_may_be_a_direction_are_not_read_as_signed(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(a=TITLE + "交易日期,交易金额,余额,记账方向\n20180102,5,95,1\n")
    with pytest.raises(BadFile, match="缺少 flag"):
        made.bring()


def test_amounts_in_ten_thousands_become_yuan(tmp_path: Path) -> None:
    made = Delivery(tmp_path).write(a=TITLE + "交易日期,收付标志,金额(万元),余额(万元)\n20180102,收,1.25,3\n")
    made.bring()
    assert lines(made, "amount_yuan, balance_yuan") == [(D("12500.00"), D("30000.00"))]


def test_footers_are_no_rows_and_what_they_state_is_compared(tmp_path: Path) -> None:
    rows = '20180102,"1,000.00",,1000,王五,x\n20180103,,400,600,王五,x\n'
    foot = '合计,"1,000.00",400.00,,,\n共3笔\n本明细仅供参考\n'
    made = Delivery(tmp_path).write(a=TITLE + SIDES + rows + foot)
    made.bring()
    assert totals(made) == {
        "": (2, D("1400.00"), 3, None),
        "in": (1, D("1000.00"), None, D("1000.00")),
        "out": (1, D("400.00"), None, D("400.00")),
    }
    assert [disagreement(row) for row in made.rows("select * from control_totals order by column_name, side")] == [
        True,
        False,
        False,
        False,
    ]
    assert (kinds(made)["total"], kinds(made)["trailer"]) == ((5, 6), (7, 7))


def test_a_file_that_ends_in_the_middle_of_a_row_does_not_lose_fields_in_silence(tmp_path: Path) -> None:
    header = "交易日期,交易摘要,交易金额,本次余额,交易渠道,交易附言\n"
    made = Delivery(tmp_path).write(a=TITLE + header + "20180102,转存,+5.00,15.00\n20180103,转存,+5.00,2")
    made.bring()
    assert list(made.reasons()) == [4]
    assert lines(made, "amount_yuan, balance_yuan") == [(D("5.00"), D("15.00"))]


def test_two_statements_of_one_account_that_overlap_give_each_booking_once(tmp_path: Path) -> None:
    title = "户名：某人,账号：6222021234567890128\n"
    header = "记账日期,记账时间,金额,余额,网点名称,附言,对方卡号/账号\n"
    old = "2018-01-03,08:00:00,-2.00,5.00,-------,b,-------\n2018-01-02,08:00:00,7.00,7.00,-------,a,-------\n"
    new = "2018-01-04,08:00:00,-1.00,4.00,-------,c,-------\n2018-01-03,08:00:00,-2.00,5.00,-------,b,-------\n"
    made = Delivery(tmp_path).write(a=title + header + old, b=title + header + new)
    made.bring()
    assert made.column("select count(*) from flows") == [3]
    assert made.column("select sum(rows_accepted) from sources") == [4]
