"""The layout in which banks answer the police (公安资金查控): per bank what was paid, which accounts there are, who holds them.

No real file is public; the columns are those that programs for such files are known to read. Cells, headings too, end with a
TAB, so that no spreadsheet takes a card number for a number; some cards bear the number of a sub-account, `_1`.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.district.delivering import cells as c
from lib.district.delivering.cells import Cells, Facts, Shown
from lib.district.delivering.files import Desk, Made
from lib.district.delivering.texts import Dress, TextFile
from lib.district.settling import batches
from lib.district.world import Written

Ints = npt.NDArray[np.int64]
DRESS = Dress("gb18030", "\r\n", tail="\t")
_NOTHING = c.always("")

FLOWS: dict[str, c.Expression] = {
    "交易卡号": c.suffixed(c.own("account_id"), "_1"),
    "交易账号": c.own("account_id"),
    "账户开户名称": c.own("holder_name"),
    "开户人证件号码": c.own("number"),
    "交易时间": c.moment(),
    "交易金额": c.amount(),
    "交易余额": c.balance(),
    "收付标志": c.flag("出", "进"),
    "交易对手账卡号": c.other("account_id"),
    "现金标志": _NOTHING,
    "对手户名": c.other("holder_name"),
    "对手身份证号": c.within_bank(c.other("number")),
    "对手开户银行": c.other("bank"),
    "摘要说明": c.memo,
    "交易币种": c.always("人民币"),
    "交易网点名称": _NOTHING,
    "交易网点代码": _NOTHING,
    "交易发生地": _NOTHING,
    "交易是否成功": c.always("成功"),
    "传票号": _NOTHING,
    "终端号": _NOTHING,
    "IP地址": _NOTHING,
    "MAC地址": _NOTHING,
    "对手交易余额": _NOTHING,
    "交易流水号": c.reference,
    "日志号": _NOTHING,
    "凭证种类": _NOTHING,
    "凭证号": _NOTHING,
    "交易柜员号": _NOTHING,
    "商户名称": _NOTHING,
    "商户号": _NOTHING,
    "备注": _NOTHING,
    "交易类型": _NOTHING,
    "查询反馈结果原因": c.always("成功"),
}

# Heading → column of the accounts, text for all ("=…"), or nothing.
ACCOUNTS = {
    "账户开户名称": "holder_name",
    "开户人证件号码": "number",
    "交易卡号": "account_id",
    "交易账号": "account_id",
    "账号开户时间": "opened_on",
    "账户余额": "balance",
    "可用余额": "balance",
    "币种": "=人民币",
    "开户网点代码": "",
    "开户网点": "",
    "账户状态": "=正常",
    "开户人证件类型": "document",
    "销户日期": "closed_on",
    "账户类型": "kind",
    "账号开户银行": "bank",
    "备注": "",
    "查询反馈结果原因": "=成功",
}
PEOPLE = {
    "客户名称": "name",
    "证照类型": "document",
    "证照号码": "number",
    "联系手机": "phone",
    "住宅地址": "home",
    "单位地址": "office",
    "工作单位": "",
    "邮箱地址": "",
    "出生日期": "born_on",
    "法人代表": "legal_representative",
    "备注": "",
    "查询反馈结果原因": "=成功",
}


def write_police(desk: Desk, facts: Facts, folder: str, accounts: Ints) -> list[Made]:
    """Write what a bank answers about many accounts: their lines, split where there are too many, themselves, their holders."""
    bank = folder.rsplit("/", 1)[-1]
    made = _flows(desk, facts, f"{folder}/{bank}_交易明细信息", facts.world.lines_of(accounts))
    made.append(_accounts(desk, facts, f"{folder}/{bank}_账户信息.csv", accounts))
    made.append(_people(desk, facts, f"{folder}/{bank}_人员信息.csv", accounts))
    return made


def _flows(desk: Desk, facts: Facts, stem: str, places: Ints) -> list[Made]:
    parts = list(batches(len(places), desk.limits.police_rows))
    made = []
    for n, (first, last) in enumerate(parts, 1):
        path = f"{stem}_{n}.csv" if len(parts) > 1 else f"{stem}.csv"
        part, lines = places[first:last], []
        with TextFile(desk.target / path, DRESS) as file:
            file.put([_headings(FLOWS)])
            for start, end in batches(len(part), 100_000):
                shown = Shown(facts, part[start:end])
                lines.append(file.rows([cells(shown) for cells in FLOWS.values()]))
                desk.step(end - start)
        made.append(Made(Written(path, "flows", part, np.concatenate(lines), ids=False), DRESS))
    return made


def _accounts(desk: Desk, facts: Facts, path: str, accounts: Ints) -> Made:
    table = facts.world.accounts.take(pa.array(accounts))
    known = {name: column.take(pa.array(accounts)) for name, column in facts.accounts.items()}
    known |= {name: table[name].combine_chunks() for name in ("opened_on", "closed_on")}
    companies = np.isin(table["purpose"].to_numpy(zero_copy_only=False), ["personal"], invert=True)
    known["document"] = _either(companies, "统一社会信用代码", "居民身份证")
    known["kind"] = _either(companies, "对公账户", "个人账户")
    known["balance"] = _last_balances(facts, accounts)
    lines = _write(desk, path, ACCOUNTS, known.__getitem__)
    return Made(Written(path, "accounts", accounts, lines), DRESS)


def _people(desk: Desk, facts: Facts, path: str, accounts: Ints) -> Made:
    parties = facts.world.tables["parties"]
    held = facts.accounts["holder_id"].take(pa.array(accounts)).drop_null().unique()
    places = pc.index_in(held, parties["party_id"].combine_chunks()).drop_null().to_numpy().astype(np.int64)
    table = parties.take(pa.array(places)).combine_chunks()
    companies = np.isin(table["kind"].to_numpy(zero_copy_only=False), ["person"], invert=True)
    known = {name: table[name].combine_chunks() for name in ("name", "phone", "born_on", "legal_representative")}
    known["document"] = _either(companies, "统一社会信用代码", "居民身份证")
    known["number"] = pc.coalesce(table["id_number"], table["uscc"]).combine_chunks()
    address, nothing = table["address"].combine_chunks(), pa.scalar(None, pa.string())
    known |= {
        "home": pc.if_else(pa.array(companies), nothing, address),
        "office": pc.if_else(pa.array(companies), address, nothing),
    }
    lines = _write(desk, path, PEOPLE, known.__getitem__)
    return Made(Written(path, "parties", places, lines, ids=False), DRESS)


def _write(desk: Desk, path: str, layout: dict[str, str], known: Callable[[str], pa.Array]) -> Ints:
    columns: list[Cells] = [name[1:] if name[:1] == "=" else known(name) if name else "" for name in layout.values()]
    with TextFile(desk.target / path, DRESS) as file:
        file.put([_headings(layout)])
        return file.rows(columns)


def _headings(layout: dict[str, str] | dict[str, c.Expression]) -> list[str]:
    return [f"{heading}{DRESS.tail}" for heading in layout]


def _either(chosen: npt.NDArray[np.bool_], yes: str, no: str) -> pa.Array:
    return pa.array([no, yes]).take(pa.array(chosen.astype(np.int64)))


def _last_balances(facts: Facts, accounts: Ints) -> pa.Array:
    """Return what is on each account after its last line, what was on it at first where there is none."""
    lines, opening = facts.lines, facts.world.settled.opening
    last = lines.starts[accounts + 1] - 1
    fen = np.where(last >= lines.starts[accounts], lines.balance[np.maximum(last, 0)], opening[accounts])
    return c.money(fen)
