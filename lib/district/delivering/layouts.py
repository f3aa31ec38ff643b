"""The layouts of eight banks and a payment company, as data; no real bank's, but each has the ways of some that do exist.

Titles and footers are texts to be filled with the facts of a file (`bank`, `account`, `holder`, `since`, `until`, `count`,
`count_in`, `count_out`, `paid_in`, `paid_out`); columns are expressions over its lines (cells.py).
"""

from dataclasses import dataclass

from lib.district.books import BANKS, CUSTODIAN, SECOND_CUSTODIAN
from lib.district.delivering import cells as c
from lib.district.delivering.texts import BOM_CRLF, GB_CRLF, Dress
from lib.district.settling import IN, OUT

Texts = tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A column: its heading, what it shows, and to how many characters its cells are padded."""

    heading: str
    cells: c.Expression
    width: int = 0


@dataclass(frozen=True)
class Layout:
    """A layout of statements, one file per account.

    `dress` is that of text files and None for workbooks; so many `optional` last columns are missing in rows that have nothing
    in the last one; a `newest_first` file begins with the last line.
    """

    stem: str
    suffix: str
    titles: tuple[Texts, ...]
    columns: tuple[Column, ...]
    footer: tuple[Texts, ...] = ()
    dress: Dress | None = None
    optional: int = 0
    newest_first: bool = False

    @property
    def headings(self) -> list[str]:
        """The headings."""
        return [column.heading for column in self.columns]


_PERIOD = "{since:%Y-%m-%d} 至 {until:%Y-%m-%d}"

CUSTODY = Layout(
    stem="存管账户交易明细_{account}",
    suffix=".csv",
    dress=GB_CRLF,
    titles=(
        ("{bank}网络借贷资金存管账户交易明细",),
        ("户名", "{holder}", "账号", "{account}"),
        ("起止日期", _PERIOD, "币种", "人民币"),
        (),
    ),
    columns=(
        Column("序号", c.serial),
        Column("记账日期", c.day()),
        Column("记账时间", c.clock()),
        Column("借贷标志", c.flag("借", "贷")),
        Column("交易金额", c.amount(grouped=True)),
        Column("账户余额", c.balance(grouped=True)),
        Column("对方账号", c.other("account_id")),
        Column("对方户名", c.other("holder_name")),
        Column("对方开户行", c.other("bank")),
        Column("摘要", c.memo),
        Column("业务流水号", c.reference),
    ),
    footer=(
        ("共{count}笔", "收入合计", "{paid_in:,.2f}", "支出合计", "{paid_out:,.2f}"),
        ("本明细仅供对账使用, 以柜台打印件为准",),
    ),
)

PADDED = Layout(
    stem="hisdetail_{account}",
    suffix=".csv",
    dress=Dress(tail="\t", quoted=True, row_end=","),
    titles=(
        ("明细查询文件下载",),
        (),
        ("账号: {account}", "户名: {holder}"),
        (),
        ("起始日期: {since:%Y-%m-%d}", "截止日期: {until:%Y-%m-%d}"),
        (),
    ),
    columns=(
        Column("交易日期", c.day(), 15),
        Column("交易时间", c.clock(), 12),
        Column("摘要", c.memo, 30),
        Column("交易场所", c.always(""), 20),
        Column("交易金额(收入)", c.received(c.amount(grouped=True)), 20),
        Column("交易金额(支出)", c.paid(c.amount(grouped=True)), 20),
        Column("交易币种", c.always("人民币"), 6),
        Column("余额", c.balance(grouped=True), 20),
        Column("对方户名", c.other("holder_name"), 40),
        Column("对方账户", c.other("account_id"), 20),
    ),
    footer=((" ",), ("人民币合计", "", "", "", "{paid_in:,.2f}", "{paid_out:,.2f}", "", "", "", "")),
)

NEWEST_FIRST = Layout(
    stem="交易流水明细_{account}",
    suffix=".csv",
    dress=Dress(null="-------------------"),
    newest_first=True,
    titles=(("{bank}交易流水明细单",), ("户名：{holder}", "账号：{account}", f"起止日期：{_PERIOD}")),
    columns=(
        Column("记账日期", c.day()),
        Column("记账时间", c.clock()),
        Column("币别", c.always("人民币")),
        Column("金额", c.signed(grouped=True)),
        Column("余额", c.balance(grouped=True)),
        Column("交易名称", c.flag("转账支出", "转账收入")),
        Column("渠道", c.always("网上银行")),
        Column("网点名称", c.always("-------------------")),
        Column("附言", c.memo),
        Column("对方账户名", c.other("holder_name")),
        Column("对方卡号/账号", c.other("account_id")),
        Column("对方开户行", c.other("bank")),
    ),
)

OLD_WORKBOOK = Layout(
    stem="交易明细_{account}_{since:%Y%m%d}_{until:%Y%m%d}",
    suffix=".xls",
    titles=(
        ("{bank}活期账户交易明细",),
        ("开户机构：", "{bank}营业部"),
        ("户\u3000\u3000名：", "{holder}"),
        ("账\u3000\u3000号：", "{account}"),
        ("起止日期：", _PERIOD),
        (),
    ),
    columns=(
        Column("记账日          ", c.day("%Y%m%d")),
        Column("交易时间                ", c.clock()),
        Column("支出                ", c.amount_itself(OUT)),
        Column("收入                ", c.amount_itself(IN)),
        Column("账户余额          ", c.balance_itself),
        Column("币种          ", c.always("人民币")),
        Column("摘要            ", c.memo),
        Column("对方账号          ", c.other("account_id")),
        Column("对方户名          ", c.other("holder_name")),
        Column("对方开户行            ", c.other("bank")),
    ),
    footer=(
        ("共{count}笔", "合计", "{paid_out:.2f}", "{paid_in:.2f}"),
        ("以上数据仅供参考，具体内容请以柜台为准",),
    ),
)

WORKBOOK = Layout(
    stem="账户流水_{account}",
    suffix=".xlsx",
    titles=(
        ("{bank}账户交易流水",),
        ("账户名称", "{holder}", "账号", "{account}"),
        ("查询期间", _PERIOD, "收入合计", "{paid_in:.2f}", "支出合计", "{paid_out:.2f}"),
    ),
    columns=(
        Column("交易流水号", c.reference),
        Column("交易时间", c.moment_itself),
        Column("收支标志", c.flag("支", "收")),
        Column("交易金额", c.amount_itself()),
        Column("账户余额", c.balance_itself),
        Column("对方账号", c.other("account_id")),
        Column("对方户名", c.other("holder_name")),
        Column("对方行名", c.other("bank")),
        Column("用途", c.memo),
    ),
)

SIGNED = Layout(
    stem="detail_{account}",
    suffix=".csv",
    dress=Dress("utf-8-sig", "\r\n", null="--"),
    titles=(("账户明细查询结果",), (f"户名:{{holder}} 账号:{{account}} 起止日期:{_PERIOD}",)),
    columns=(
        Column("交易日期", c.day("%Y%m%d")),
        Column("交易时间", c.clock("%H%M%S")),
        Column("交易摘要", c.purpose),
        Column("交易金额", c.signed(plus="+")),
        Column("本次余额", c.balance()),
        Column("对手户名", c.other("holder_name")),
        Column("对手账号", c.other("account_id")),
        Column("日 志 号", c.log_number),
        Column("交易渠道", c.always("电子商务")),
        Column("交易附言", c.with_contract(c.memo)),
    ),
    optional=2,
    footer=(("合计", "收入{count_in}笔", "+{paid_in:.2f}", "支出{count_out}笔", "-{paid_out:.2f}", "--"),),
)

MASKED = Layout(
    stem="对公及个人账户明细_{account}",
    suffix=".csv",
    dress=Dress("gb18030"),
    titles=(("{bank}账户明细",), ("账号:", "{account}", "户名:", "{holder}"), ("起止日期:", _PERIOD)),
    columns=(
        Column("支付交易序号", c.reference),
        Column("交易日期", c.day("%Y/%m/%d")),
        Column("交易时间", c.clock()),
        Column("借方发生额", c.paid(c.amount(grouped=True))),
        Column("贷方发生额", c.received(c.amount(grouped=True))),
        Column("余额", c.balance(grouped=True)),
        Column("对方账号", c.masked(c.other("account_id"))),
        Column("对方户名", c.other("holder_name")),
        Column("摘要", c.memo),
    ),
    footer=(("借方合计", "{paid_out:,.2f}", "贷方合计", "{paid_in:,.2f}", "共{count}笔"),),
)

PIPES = Layout(
    stem="ACCTDTL_{account}",
    suffix=".txt",
    dress=Dress(separator="|", end="\r\n"),
    titles=(("{bank}", "账户明细下载"), ("户名:{holder}", "账号:{account}", "起止日期:{since:%Y%m%d}-{until:%Y%m%d}")),
    columns=(
        Column("账号", c.own("account_id")),
        Column("日期", c.day("%Y%m%d")),
        Column("时间", c.clock("%H%M%S")),
        Column("收付", c.flag("付", "收")),
        Column("金额(元)", c.amount()),
        Column("余额(元)", c.balance()),
        Column("对方账号", c.other("account_id")),
        Column("对方户名", c.other("holder_name")),
        Column("附言", c.memo),
        Column("流水号", c.reference),
    ),
    footer=(("笔数:{count}", "收入:{paid_in:.2f}", "支出:{paid_out:.2f}"),),
)

WALLET = Layout(
    stem="支付账户账单_{account}",
    suffix=".csv",
    dress=BOM_CRLF,
    titles=(
        ("{bank}账单明细",),
        ("户名：[{holder}]",),
        ("账号：[{account}]",),
        ("起始时间：[{since:%Y-%m-%d} 00:00:00] 终止时间：[{until:%Y-%m-%d} 23:59:59]",),
        ("共{count}笔记录",),
        ("收入：{count_in}笔 {paid_in:.2f}元",),
        ("支出：{count_out}笔 {paid_out:.2f}元",),
        ("1. 本明细仅供对账使用",),
        (),
        ("----------------------账单明细列表--------------------",),
    ),
    columns=(
        Column("交易时间", c.moment()),
        Column("收/支", c.flag("支出", "收入")),
        Column("金额(元)", c.amount(prefix="¥")),
        Column("账户余额(元)", c.balance(prefix="¥")),
        Column("交易对方", c.other("holder_name")),
        Column("对方账号", c.other("account_id")),
        Column("对方银行", c.other("bank")),
        Column("当前状态", c.always("支付成功")),
        Column("交易单号", c.ended(c.reference, "\t")),
        Column("备注", c.memo),
    ),
)

# The same bank always looks the same.
OF_BANK = {
    CUSTODIAN: CUSTODY,
    SECOND_CUSTODIAN: PIPES,
    **dict(zip(BANKS, (PADDED, NEWEST_FIRST, OLD_WORKBOOK, WORKBOOK, SIGNED, MASKED), strict=True)),
}


def layout_of(bank: str, purpose: str) -> Layout:
    """Return the layout of a bank, or of a payment company; ValueError if the bank has none."""
    if purpose == "payment":
        return WALLET
    if bank not in OF_BANK:
        raise ValueError(f"no layout of statements for {bank!r}; there is one for {', '.join(OF_BANK)}")
    return OF_BANK[bank]
