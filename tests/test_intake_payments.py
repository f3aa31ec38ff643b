"""Wallets and payment companies beyond ../shared/data, and what keeps a statement from being read with a wrong sign."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lib.errors import BadFile
from tests.deliveries import Delivery

D = Decimal

CARD, OTHER = "6222021234567890128", "6217000000000000025"
SIDES = "交易参考号,交易时间,收入/支出标志,收款账号,收款户名,付款账号,付款户名,发生额（元）,交易后余额（元）,摘要\n"
BOC = (
    "交易类型[ Transaction Type ],付款人账号[ Debit Account No. ],收款人账号[ Payee's Account Number ],"
    "交易日期[ Transaction Date ],交易金额[ Trade Amount ],交易后余额[ After-transaction balance ]\n"
)


def lines(made: Delivery, columns: str, table: str = "flows") -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in made.rows(f"select {columns} from {table} order by line")]


def profile(made: Delivery) -> list[str]:
    return list(made.column("select profile_id from sources"))


def totals(made: Delivery) -> dict[str, tuple[Any, ...]]:
    rows = made.rows("select * from control_totals where column_name = 'amount_yuan'")
    return {r["side"]: (r["row_count"], r["stored_total"], r["stated_rows"], r["stated_total"]) for r in rows}


def test_alipay_s_website_pads_its_cells_and_says_what_has_been_paid(tmp_path: Path) -> None:
    text = """\
支付宝交易记录明细查询
账号:[a@b.cn]
起始日期:[2018-01-01 00:00:00]    终止日期:[2018-02-01 00:00:00]
---------------------------------交易记录明细列表------------------------------------
交易号                  ,商家订单号               ,交易创建时间              ,付款时间                ,\
最近修改时间              ,\
交易来源地     ,类型              ,交易对方            ,商品名称                ,金额（元）   ,收/支     ,交易状态    ,\
服务费（元）   ,成功退款（元）  ,备注                  ,资金状态     ,
1	,S1	,2018-01-02 13:11:25 ,2018-01-02 13:12:00 ,2018-01-02 13:12:00 ,其他     ,即时到账交易     ,甲商户     ,\
货     ,27.00   ,支出      ,\
交易成功    ,0.00     ,5.00     ,                    ,已支出      ,
2	,    	,2018-01-03 05:26:50 ,        ,2018-01-03 05:26:50 ,其他     ,即时到账交易     ,乙     ,\
收益     ,0.01    ,收入      ,\
交易成功    ,0.00     ,0.00     ,                    ,已收入      ,
3	,    	,2018-01-04 05:26:50 ,        ,2018-01-04 05:26:50 ,其他     ,转账     ,乙     ,转入     ,9.00    ,其他      ,\
交易成功    ,0.00     ,0.00     ,                    ,资金转移      ,
4	,    	,2018-01-05 05:26:50 ,        ,2018-01-05 05:26:50 ,其他     ,担保交易     ,乙     ,货     ,8.00    ,支出      ,\
交易关闭    ,0.00     ,0.00     ,                    ,      ,
------------------------------------------------------------------------------------
共4笔记录
已收入:1笔,0.01元
待收入:0笔,0.00元
已支出:1笔,27.00元
待支出:0笔,0.00元
导出时间:[2018-02-08 14:34:22]    用户:某人
"""
    made = Delivery(tmp_path).write(alipay=text.encode("gb18030"))
    made.bring()
    assert (profile(made), made.reasons()) == (["payments.alipay_web"], {})
    assert lines(made, "account_id, direction, amount_yuan, counterparty_name, bank_ref") == [
        ("a@b.cn", "out", D("27.00"), "甲商户", "1"),
        ("a@b.cn", "in", D("0.01"), "乙", "2"),
    ]
    assert lines(made, "memo")[0] == ("即时到账交易 货 成功退款 5.00",)
    assert (totals(made)["in"], totals(made)["out"]) == ((1, D("0.01"), 1, D("0.01")), (1, D("27.00"), 1, D("27.00")))
    assert made.column("select sum(rows_set_aside) from sources") == [2]


def test_wechat_s_fund_bill_has_a_mark_before_every_cell_and_two_lines_of_totals(tmp_path: Path) -> None:
    text = """\
记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号
`2018-02-01 04:21:23,`50000,`19000092311,`交易,`交易,`收入,`10.00,`110.00,`system,`,`V1
`2018-02-01 05:21:23,`50001,`19000092312,`退款,`退款,`支出,`0.02,`109.98,`system,`缺货,`V2
资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额
`2.0,`1.0,`10.00,`1.0,`0.02
"""
    made = Delivery(tmp_path).write(**{"1900009231_20180201": text})
    made.bring()
    assert (profile(made), made.reasons()) == (["payments.wechat_fund"], {})
    assert lines(made, 'account_id, "at", direction, amount_yuan, balance_yuan, bank_ref') == [
        ("微信商户:1900009231", dt.datetime(2018, 2, 1, 4, 21, 23), "in", D("10.00"), D("110.00"), "19000092311"),
        ("微信商户:1900009231", dt.datetime(2018, 2, 1, 5, 21, 23), "out", D("0.02"), D("109.98"), "19000092312"),
    ]
    assert totals(made) == {
        "": (2, D("10.02"), 2, None),
        "in": (1, D("10.00"), 1, D("10.00")),
        "out": (1, D("0.02"), 1, D("0.02")),
    }


def test_a_certified_statement_of_wechat_and_one_of_the_app_are_told_apart(tmp_path: Path) -> None:
    text = """\
微信支付交易明细证明
兹证明:某人在其微信号:wx_1中的交易明细如下
交易单号,交易时间,交易类型,收/支/其他,交易方式,金额(元),交易对方,商户单号
1,2018-01-02 08:05:06,转账,支出,零钱,5.00,张三,
2,2018-01-02 08:05:07,零钱提现,其他,某行,7.00,某行,
"""
    made = Delivery(tmp_path).write(wechat=text)
    made.bring()
    assert profile(made) == ["payments.wechat_proof"]
    assert lines(made, "account_id, direction, amount_yuan, counterparty_name") == [("微信:wx_1", "out", D("5.00"), "张三")]


def test_meituan_s_statement_counts_what_was_paid_not_what_was_ordered(tmp_path: Path) -> None:
    text = """\
美团交易账单明细
美团用户名：[SJT1]
共：2笔记录
支出：1笔 21.17元
收入：1笔 20.00元
【美团交易账单明细列表】
交易创建时间,交易成功时间,交易类型,订单标题,收/支,支付方式,订单金额,实付金额,交易单号,商家单号,备注
2018-02-28 20:35:13,2018-02-28 20:35:25,支付,甲店,支出,某卡,¥22.30,¥21.17,"1\t","2\t",/
2018-02-27 07:04:17,2018-02-27 07:04:18,退款,乙店,收入,某卡,¥20.00,¥20.00,"3\t","4\t",/
"""
    made = Delivery(tmp_path).write(meituan=text)
    made.bring()
    assert profile(made) == ["payments.meituan"]
    assert lines(made, "account_id, direction, amount_yuan, kind, bank_ref") == [
        ("美团:SJT1", "out", D("21.17"), None, "1"),
        ("美团:SJT1", "in", D("20.00"), "refund", "3"),
    ]
    assert totals(made)[""] == (2, D("41.17"), 2, None)


TENPAY = (
    "用户ID,交易单号,大单号,用户侧账号名称,借贷类型,交易业务类型,交易用途类型,交易时间,交易金额(分),账户余额(分),用户银行卡号,"
    "用户侧网银联单号,网联/银联,第三方账户名称,对手方ID,对手侧账户名称,对手方银行卡号,对手侧银行名称,对手侧网银联单号,网联/银联,基金公司信息,间联/非间联交易,"
    "第三方账户名称,对手方接收时间,对手方接收金额(分),备注1,备注2"
)


def test_tenpay_answers_inquiries_in_fen_and_names_two_columns_twice(tmp_path: Path) -> None:
    rows = [
        "[wxid_1],T1,B1,某人,出,转账,转账,2018-01-02 08:05:06,1050,8950,null,,,,"
        f"[wxid_2],张三,{OTHER},某行,,,,,,,1050,微信转账,",
        "[wxid_1],T2,B2,某人,入,转账,转账,2018-01-02 09:05:06,5,8955,,,,,[wxid_3],李四,,,,,,,,,5,微信红包,",
        "[wxid_1],T3,B3,某人,入,转账,转账,2018-01-02 09:05:07,1.5,8955,,,,,[wxid_3],李四,,,,,,,,,5,微信红包,",
    ]
    text = "\n".join(line.replace(",", "\t") for line in (TENPAY, *rows)) + "\n"
    made = Delivery(tmp_path)
    made.raw.mkdir()
    (made.raw / "TenpayTrades.txt").write_text(text)
    made.bring()
    assert profile(made) == ["police.tenpay"]
    found = lines(made, "account_id, direction, amount_yuan, balance_yuan, counterparty_account, counterparty_name")
    assert found == [
        ("微信:wxid_1", "out", D("10.50"), D("89.50"), OTHER, "张三"),
        ("微信:wxid_1", "in", D("0.05"), D("89.55"), "微信:wxid_3", "李四"),
    ]
    assert list(made.reasons()) == [4]
    assert "1.5分" in made.reasons()[4]


def test_alipay_s_transfers_beside_its_transactions_are_counted_and_not_read_twice(tmp_path: Path) -> None:
    header = "交易号,付款方支付宝账号,收款方支付宝账号,收款机构信息,到账时间,转账金额（元）,转账产品名称,交易发生地,提现流水号,"
    header += "对应的协查数据\n"
    made = Delivery(tmp_path).write(a=header + "1,2088000000000001,2088000000000002,,2018-01-02 08:05:06,5.00,转账,,,x\n")
    made.bring()
    (row,) = made.rows("select * from sources")
    assert (row["profile_id"], row["state"], row["rows_read"]) == ("police.alipay_transfers", "set_aside", 1)


# ---- signs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "日期,凭证字号,摘要,借方金额,贷方金额,方向,余额",
        "日期,凭证号数,摘要,对方科目,借方,贷方,余额",
        "交易日期,科目名称,摘要,借方发生额,贷方发生额,余额",
        "日期,摘要,借方,贷方,方向,余额",
        "日期,科目编码,摘要,借贷方向,金额,余额",
    ],
)
def test_a_company_s_own_books_are_not_read_as_a_bank_s_statement(tmp_path: Path, header: str) -> None:
    made = Delivery(tmp_path).write(**{CARD: header + "\n" + "1," * header.count(",") + "1\n"})
    with pytest.raises(BadFile):
        made.bring()


def test_a_flag_that_contradicts_the_column_of_the_amount_sets_its_row_apart(tmp_path: Path) -> None:
    header = "本方账号,对方账号,对方户名,交易时间,借/贷,借方发生额,贷方发生额,账户余额\n"
    rows = f"{CARD},{OTHER},张三,2018-01-02 08:05:06,借,5.00,,95.00\n{CARD},{OTHER},张三,2018-01-02 08:05:07,借,,5.00,100.00\n"
    made = Delivery(tmp_path).write(a=header + rows)
    made.bring()
    assert lines(made, "line, direction") == [(2, "out")]
    assert "矛盾" in made.reasons()[3]


def test_a_direction_that_contradicts_the_side_of_the_own_account_sets_its_row_apart(tmp_path: Path) -> None:
    rows = f"R1,2018-01-02 08:05:06,收入,{CARD},某公司,{OTHER},张三,5.00,105.00,x\n"
    rows += f"R2,2018-01-02 08:05:07,支出,{CARD},某公司,{OTHER},张三,5.00,110.00,x\n"
    made = Delivery(tmp_path).write(a=f"账号：{CARD}\n" + SIDES + rows)
    made.bring()
    assert lines(made, "line, account_id, direction, counterparty_account") == [(3, CARD, "in", OTHER)]
    assert "矛盾" in made.reasons()[4]


def test_a_sign_that_contradicts_the_type_of_a_transaction_sets_its_row_apart(tmp_path: Path) -> None:
    rows = f"来账,{OTHER},{CARD},20180102,5.00,105.00\n来账,{OTHER},{CARD},20180102,-5.00,100.00\n"
    rows += f"往账,{CARD},{OTHER},20180102,-5,95\n"
    made = Delivery(tmp_path).write(a=f"查询账号[ Inquirer account number ],{CARD}\n" + BOC + rows)
    made.bring()
    assert lines(made, "line, direction, amount_yuan") == [(3, "in", D("5.00")), (5, "out", D("5.00"))]
    assert "正负矛盾" in made.reasons()[4]


@pytest.mark.parametrize("number", ["0", "3", "收入"])
def test_a_number_for_the_direction_that_its_heading_does_not_name_is_not_guessed_at(tmp_path: Path, number: str) -> None:
    header = "流水号,付款账号,付款人户名,收款账号,收款人户名,交易日期,交易金额,借贷标志(1收2付),备注\n"
    made = Delivery(tmp_path).write(a=header + f"1,{OTHER},张三,{CARD},某公司,2018-01-02,5.00,{number},x\n")
    made.bring()
    assert list(made.reasons()) == [2]


@pytest.mark.parametrize(
    "title", ["币种：,港币", "# 币    种: [      美元]", "卡内账户,002 活期储蓄存款 港币 现汇", "币种:USD"]
)
def test_a_statement_in_another_currency_is_not_read_as_yuan(tmp_path: Path, title: str) -> None:
    text = f"账号：,{CARD}\n{title}\n交易日期,收入,支出,余额,摘要\n2018-01-02,5,,105,x\n"
    made = Delivery(tmp_path).write(a=text)
    made.bring()
    assert "不是人民币" in made.reasons()[4]


@pytest.mark.parametrize(
    "header",
    [
        "交易日期,入账日期,交易摘要,交易金额,交易货币,入账金额,入账货币",  # 广发: positive is what was spent
        "交易日期,记账日期,交易说明,交易币种/金额,入账币种/金额",  # 交通: no sign at all
        "交易日期,记账日期,交易摘要,卡号末四位,卡片类型,交易币种,交易金额",  # 浦发
    ],
)
def test_statements_of_credit_cards_are_not_read_as_those_of_accounts(tmp_path: Path, header: str) -> None:
    made = Delivery(tmp_path).write(**{CARD: header + "\n" + "1," * header.count(",") + "1\n"})
    with pytest.raises(BadFile):
        made.bring()
