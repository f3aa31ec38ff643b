"""Layouts of cards, answers to inquiries, wallets and payment companies, as their sources have them (named in the profiles)."""

from decimal import Decimal

from tests.statements import ACCOUNT, Statement

CARDS = [
    Statement(
        "交通银行借记卡",
        "banks.flagged",
        "序号,交易日期,交易时间,交易类型,借贷,交易金额,余额,对方账号,对方户名,交易地点,摘要",
        "1|{day}|{time}|{memo}|{jd_en}|{amount_c}|{balance_c}|{account}|{name}|批处理|",
    ),
    Statement(
        "兴业银行卡",
        "banks.two_columns",
        "交易时间,记账日,支出,收入,账户余额,摘要,对方户名,对方银行,对方账号,用途,交易渠道,备注",
        "{day} {time}|{day}|{out}|{in_}|{balance}|{memo}|{name}|某行|{account}||手机银行|",
        above=("兴业银行交易明细", "", "账户户名;;某人", f"账户账号;;{ACCOUNT}", "卡内账户;;001 活期储蓄存款 人民币", ""),
        below=("说明;;交易明细涉及您的个人隐私，请妥善处理。",),
        name="cib.xlsx",
    ),
    Statement(
        "建设银行, 文本",
        "banks.ccb",
        "记账日,交易日期,交易时间,支出,收入,账户余额,币种,摘要,对方账号,对方户名,交易地点",
        "{day8}|{day8}|{time}|{out}|{in_}|{balance}|CNY|{memo}|{account}|{name}|",
        above=(f"账　　号：{ACCOUNT}", "起始日期：[20180101] 终止日期：[20180131]", "币　　种：[人民币]"),
        below=("以上数据为打印时点数据",),
        name="交易明细_0128.csv",
    ),
    Statement(
        "建设银行借记卡",
        "banks.signed",
        "序号,摘要,币别,钞汇,交易日期,交易金额,账户余额,交易地点/附言,对方账号与户名",
        "1|{memo}|人民币元|钞|{day8}|{signed}|{balance}||{both}",
        above=(f"卡号/账号:{ACCOUNT};;客户名称:某人;;币别:人民币元", "起始日期:20180101;;结束日期:20180131"),
        lost=frozenset({"ref", "time"}),
        encoding="utf-8-sig",
    ),
    Statement(
        "招商银行一卡通",
        "banks.two_columns",
        "交易日期,交易时间,收入,支出,余额,交易类型,交易备注",
        "{day8}|{time}|{in_}|{out}|{balance}|{memo}|",
        above=(
            "# 招商银行交易记录",
            f"# 账    号: [一卡通:{ACCOUNT}   招商银行]",
            "# 币    种: [                         人民币]",
            "",
        ),
        below=("# 以上为全部记录",),
        lost=frozenset({"ref", "other", "name"}),
    ),
    Statement(
        "招商银行交易流水",
        "banks.signed",
        "记账日期,货币,交易金额,联机余额,交易摘要,对手信息,客户摘要",
        "{day}|CNY|{signed}|{balance_c}|{memo}|{spaced}|",
        lost=frozenset({"ref", "time"}),
    ),
    Statement(
        "民生银行个人账户对账单",
        "banks.signed",
        "凭证类型,凭证号码,交易时间,摘要,交易金额,账户余额,现转标志,交易渠道,交易机构,对方户名/账号,对方行名",
        "||{slashed} {time}|{memo}|{signed}|{balance}|转|网银|01|{turned}|",
        above=(f"客户账号:{ACCOUNT}",),
    ),
    Statement(
        "微众银行",
        "banks.signed",
        "记账日期,对方户名,对方账号,对方银行,摘要,备注,币种,金额,余额",
        "{day}|{name}|{account}||{memo}||CNY|{signed}|{balance}",
        above=(f"Account/Card No.：{ACCOUNT}",),
        lost=frozenset({"ref", "time"}),
    ),
    Statement(
        "众邦银行",
        "banks.signed",
        "交易时间,币种,交易金额,账户余额,对方姓名,对方账号,摘要",
        "{day8}{time}|CNY|{signed}|{balance}|{name}|{account}|{memo}",
    ),
    Statement(
        "中关村银行",
        "banks.signed",
        "交易流水号,记账日期,货币,交易金额,账户余额,交易摘要,对手信息",
        "{ref}|{day} {time}|CNY|{signed}|{balance}|{memo}|{colon}",
        lost=frozenset(),
    ),
]

INQUIRIES = [
    Statement(
        "北京银行, 协查",
        "banks.flagged",
        "开户银行机构名称,帐号,交易日期,交易方式,资金收付标志,金额,余额,交易对手姓名,交易对手帐号,交易对手金融机构名称,交易附言",
        "某行|{own}|{day8}|网银|{sz}|{amount}|{balance}|{name}|{account}|某行|{memo}",
        above=(),
        lost=frozenset({"ref", "time"}),
    ),
    Statement(
        "浦发银行, 协查",
        "banks.numbered",
        "调查户名,账号,交易日期,0(支出)/1（收入）,金额,余额,对方户名,对方账号,对方开户银行,摘要",
        "某人|{own}|{day8}|{n10}|{amount}|{balance}|{name}|{account}|某行|{memo}",
        above=(),
        lost=frozenset({"ref", "time"}),
    ),
    Statement(
        "中信银行, 协查",
        "banks.flagged",
        "客户账号,客户名称,交易日期,交易时间,借贷类型代码,交易金额,账户余额,通用对方客户账号,对方账户名称,对方行名称,币种中文,摘要",
        "{own}|某人|{day8}|{time6}|{cd}|{amount}|{balance}|{account}|{name}|某行|人民币|{memo}",
        above=(),
    ),
    Statement(
        "广发银行, 协查",
        "banks.flagged",
        "客户名称,本方账号,本方交易介质,交易日期,借贷标识,交易金额,交易货币,当前余额,对手账号,对手账号名称,摘要",
        "某人|{own}|{own}|{day8}|{jd}|{amount}|人民币|{balance}|{account}|{name}|{memo}",
        above=(),
        lost=frozenset({"ref", "time"}),
    ),
    Statement(
        "华夏银行, 协查",
        "banks.flagged",
        "客户名称,账号,过账日期,业务类型,借贷标志,发生额,余额,对方账号(或商户编号),对方户名(或商户名称),对方银行",
        "某人|{own}|{day}|{memo}|{jd}|{amount}|{balance}|{account}|{name}|某行",
        above=(),
        lost=frozenset({"ref", "time"}),
    ),
]

PAYMENTS = [
    Statement(
        "支付宝账务明细",
        "payments.alipay_ledger",
        "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注",
        "{ref}\t|B1\t|O1\t|\t|{day} {time}|{in_brackets}\t|{in0}|{out_minus}|{balance}|支付宝|{memo}|",
        above=(
            "#支付宝账务明细查询",
            f"#账号：[{ACCOUNT}]",
            "#起始日期：[2018年01月01日 00:00:00]",
            "#------账务明细列表------",
        ),
        below=(
            "#------账务明细列表结束------",
            "#支出合计：2笔，共250.51元",
            "#收入合计：2笔，共2234.56元",
            "#导出时间：[2018年02月01日 13:19:00]",
        ),
        lost=frozenset(),
        stated={"in": Decimal("2234.56"), "out": Decimal("250.51")},
    ),
    Statement(
        "支付宝账务明细, 支出不带负号",
        "payments.alipay_ledger",
        "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注",
        "{ref}|B1|O1||{day} {time}|{in_brackets}|{in0}|{out0}|{balance}|支付宝|{memo}|",
        above=("#支付宝账务明细查询", f"#账号：[{ACCOUNT}]"),
        lost=frozenset(),
    ),
    Statement(
        "支付宝, 协查",
        "police.alipay",
        "交易号,商户订单号,交易创建时间,付款时间,最近修改时间,交易来源地,类型,用户信息,交易对方信息,消费名称,金额（元）,收/支,交易状态,备注,对应的协查数据",
        "{ref}\t|\t|{day} {time}\t|\t|\t|广东\t|{memo}\t|{own}(某人)\t|{number_and_name}\t|\t|{amount}\t|{sz}\t|成功\t|\t|\t",
        above=(),
        lost=frozenset({"balance"}),
    ),
    Statement(
        "支付机构, 协查",
        "police.payments",
        "序号,支付订单号,交易类型,支付类型,交易主体的出入账标识,交易时间,币种,交易金额,交易流水号,交易余额,收款方银行卡所属银行名称,"
        "收款方银行卡所属银行卡号,收款方的支付帐号,收款方的商户名称,付款方银行卡所属银行名称,付款方银行卡所属银行卡号,付款方的支付帐号,"
        "交易支付设备ip,mac地址,备注",
        "1|P1|{memo}||{rc}账|{day} {time}|人民币|{amount}|{ref}|{balance}|||{payee}|{payee_name}|||{payer}|||",
        above=(),
        lost=frozenset({"name"}),
    ),
]
