"""Who stands behind an institution: loops, dead ends, nominees, capital that goes again, changes of the registration."""

from itertools import pairwise

from lib.district import names
from lib.district.acts import WAN, at, company, moment, money, person, shop_of
from lib.district.books import REGISTER, Party, Row
from lib.district.days import date, day
from lib.district.disclosing import CONTROLLER, LAST_MONTH
from lib.district.platforms import CAPITAL, change, former_name, hold, sell_part
from lib.district.plots import Item, Late, Scheme, Stage, Told
from lib.district.schemes import officers
from lib.district.schemes.officers import before, bought, holding_company, us

LOOP_SHARE = 100  # hundredths of a percent of the institution: 1 % of SH-04
SIDE, UNTRACED = 20, 500  # a side company's share, and that share of it which makes 0.01 % of the institution: SH-01
CHANGES, CHANGE_DAYS = 3, 180  # of SH-07
WITHDRAWN = 8_000  # hundredths of a percent of new capital, gone within 30 days: SH-08
_PART = 100  # hundredths of a percent that a nominee holds


# -- loops and dead ends ------------------------------------------------------------------------------------------------------


def _ring(stage: Stage, since: int, until: int | None = None) -> tuple[list[Party], tuple[Row, ...]]:
    """Enter companies each of which holds 40 % of the one before, and the first of the last; persons hold the rest."""
    books = stage.books
    ring = [holding_company(stage) for _ in range(2 + int(stage.rng.integers(0, 3)))]
    rows = []
    for n, held in enumerate(ring):
        last = n == len(ring) - 1
        rows.append(hold(books, ring[(n + 1) % len(ring)], held, 0.4, since, until if last else None))
        hold(books, books.person(REGISTER), held, 0.6, since)
        if last and until:
            hold(books, books.person(REGISTER), held, 0.4, until)
    return ring, tuple(rows)


def _circular(stage: Stage) -> Told:
    part, since = stage.scaled(LOOP_SHARE), bought(stage, "2016-02-01")
    ring, rows = _ring(stage, since)
    sell_part(stage.books, stage.platform, ring[0], part, since)
    ids = tuple(one.id for one in ring)
    loop = " → ".join(one.name for one in (*ring, ring[0]))
    return Told(
        f"{loop} 依次被后者持股 40%, 首尾相接; {ring[0].name}持有机构 {part / 100:.2f}% (界线 1%)。",
        f"{loop}: each is held by the next with 40 %, a closed loop; {ring[0].name} holds {part / 100:.2f} % of the "
        f"institution (line: 1 %).",
        (Item("SH-04", us(stage, *ids, *(f"loop:{one}" for one in ids)), None, since, None, rows),),
    )


def _dissolved(stage: Stage) -> Told:
    since, until = bought(stage, "2016-02-01"), day("2018-05-04")
    ring, rows = _ring(stage, since, until)
    sell_part(stage.books, stage.platform, ring[0], 2 * LOOP_SHARE, since)
    ids = tuple(one.id for one in ring)
    return Told(
        f"{ring[0].name}等 {len(ring)} 家曾循环持股, 已于 {date(until)} 解除; 该公司持有机构 2%。",
        f"{ring[0].name} and others, {len(ring)} in all, held one another in a loop until {date(until)}; it holds 2 % of the "
        f"institution.",
        (Item("SH-04", us(stage, *ids, *(f"loop:{one}" for one in ids)), rows=rows),),
    )


def _untraced(stage: Stage) -> Told:
    books, since, part = stage.books, bought(stage, "2016-05-01"), stage.scaled(UNTRACED)
    if before(stage, "untraced") and stage.size < 1:
        part = 1  # shares that lead nowhere add up
    side, end = holding_company(stage), holding_company(stage)
    rows = (sell_part(books, stage.platform, side, SIDE, since), hold(books, end, side, part / 10_000, since))
    hold(books, books.person(REGISTER), side, (10_000 - part) / 10_000, since)
    whole = SIDE * part / 10**6
    return Told(
        f"{end.name}持有{side.name} {part / 100:.2f}%, 后者持有机构 {SIDE / 100:.2f}%; {end.name}的股东无从查起, "
        f"未穿透 {whole:.5f}% (界线 0.01%)。",
        f"{end.name} holds {part / 100:.2f} % of {side.name}, which holds {SIDE / 100:.2f} % of the institution; nobody is on "
        f"record behind it: {whole:.5f} % stay untraced (line: 0.01 %).",
        (Item("SH-01", us(stage, side.id, end.id), None, since, None, rows),),
    )


def _traced(stage: Stage) -> Told:
    books, since, side = stage.books, bought(stage, "2016-05-01"), holding_company(stage)
    listed = books.company(REGISTER, f"河南{names.brand(750 + books.serial('listed'))}股份有限公司", listed=True)
    state = books.company(REGISTER, f"示例市国有资产监督管理办公室{books.serial('state')}", kind="state", scope_text=None)
    rows = (
        sell_part(books, stage.platform, side, SIDE, since),
        hold(books, listed, side, 0.55, since),
        hold(books, state, side, 0.45, since),
    )
    return Told(
        f"{side.name}的股东为上市公司{listed.name}和{state.name}, 穿透至此为止即可。",
        f"{side.name} is held by the listed {listed.name} and by the state body {state.name}: the chain may end there.",
        (Item("SH-01", us(stage, side.id, listed.id, state.id), rows=rows),),
    )


# -- who is said to control ---------------------------------------------------------------------------------------------------


def _declared(stage: Stage, name: str, ids: tuple[str, ...]) -> tuple[Item, ...]:
    platform = stage.platform
    stage.marks.declared[platform.id, CONTROLLER] = name
    row = Late("disclosures", (platform.id, LAST_MONTH, CONTROLLER))
    return tuple(Item(rule, us(stage, platform.head.id, *ids), rows=(row,)) for rule in ("SH-02", "DC-03"))


def _other_controller(stage: Stage) -> Told:
    head, named = stage.platform.head, stage.platform.officers[1]
    return Told(
        f"网站披露的实际控制人为监事{named.name}; 各层多数股权相乘, 控制链终于{head.name}。",
        f"The website names the supervisor {named.name} as controller; the majorities of every layer lead to {head.name}.",
        _declared(stage, named.name, (named.id,)),
    )


def _former_controller(stage: Stage) -> Told:
    head, former = stage.platform.head, stage.platform.former
    if former is None:
        raise ValueError(f"{stage.platform.id} was not founded as one whose control has lately changed")
    return Told(
        f"控制权于 2019-01-10 由{former.name}转至{head.name}; 网站 2018-12-31 的披露仍为前者, 当时属实。",
        f"Control passed from {former.name} to {head.name} on 2019-01-10; what is published as of 2018-12-31 was true then.",
        _declared(stage, former.name, (former.id,)),
    )


# -- nominees -----------------------------------------------------------------------------------------------------------------


def _young_holder(stage: Stage, source: int, memo: str) -> tuple[Party, int, Row, list[int]]:
    """Let somebody of 19 buy one percent, paid in with money that came from a source five days before."""
    books, platform, since = stage.books, stage.platform, bought(stage, "2017-03-06")
    holder = person(stage, born="1997-06-15", man=True, folder=REGISTER)
    row = sell_part(books, platform, holder, _PART, since)
    fen = CAPITAL * _PART // 10_000 // 5
    funded = books.pay(moment(stage, since - 5, 10), source, holder.account, fen, "transfer", memo)
    paid_in = books.pay(moment(stage, since, 11), holder.account, platform.own, fen, "capital", "投资款")
    return holder, fen, row, [funded, paid_in]


def _nominee(stage: Stage) -> Told:
    books, platform = stage.books, stage.platform
    signs = 1 if stage.size < 1 else 2 if stage.size < 1.5 else 3
    source = (platform.head.account, "往来款") if signs > 1 else (stage.common.customers, "拆迁补偿款")
    holder, fen, row, payments = _young_holder(stage, *source)
    if signs > 2:
        on, dividend = day("2018-06-20"), fen * 3 // 10
        payments.append(books.pay(at(on, 10), platform.own, holder.account, dividend, "other", "股东分红"))
        payments.append(books.pay(at(on + 3, 15), holder.account, platform.head.account, dividend, "transfer", "往来款"))
    zh = f"21 岁的{holder.name}持股 1%" + (
        f", 出资 {money(fen)} 元五日前来自{platform.head.name}" if signs > 1 else ", 以自有资金出资"
    )
    en = f"{holder.name}, 21, holds 1 %" + (
        f", paid in with {money(fen)} yuan that {platform.head.name} sent five days before" if signs > 1 else " with own money"
    )
    zh, en = (zh + ", 分红三日后转回", en + "; the dividend goes back in three days") if signs > 2 else (zh, en)
    item = Item("SH-03", us(stage, holder.id, platform.head.id), fen, rows=(row,), payments=tuple(payments))
    return Told(f"{zh}: 代持迹象 {signs} 项 (界线 2 项)。", f"{en}: {signs} sign(s) of a nominee (line: 2).", (item,))


def _gift(stage: Stage) -> Told:
    mother = person(stage, opening_fen=20 * WAN, born="1968-03-09", man=False, folder=REGISTER)
    holder, fen, row, payments = _young_holder(stage, mother.account, "赠与")
    stage.books.add("links", REGISTER, a_id=mother.id, b_id=holder.id, kind="kin", detail="母子")
    return Told(
        f"21 岁的{holder.name}持股 1%, 出资 {money(fen)} 元为母亲{mother.name}赠与, 亲属关系在册。",
        f"{holder.name}, 21, holds 1 %; the {money(fen)} yuan are a gift of the mother, {mother.name}, as the records say.",
        (Item("SH-03", us(stage, holder.id, mother.id), fen, rows=(row,), payments=tuple(payments)),),
    )


# -- capital and changes ------------------------------------------------------------------------------------------------------


def _new_capital(stage: Stage) -> tuple[Party, int, int, list[int]]:
    """Let the first holder pay in two million more: holder, amount, day, payments."""
    books, platform, fen = stage.books, stage.platform, 200 * WAN
    holder, on = platform.holders[0], bought(stage, "2017-06-05") + 90 * before(stage, "capital")
    change(books, platform.company, on, "实收资本变更", "1000万元", "1200万元")
    books.pay(moment(stage, on - 4, 10), stage.common.customers, holder.account, fen, "transfer", "货款回笼")
    return holder, fen, on, [books.pay(moment(stage, on, 10), holder.account, platform.own, fen, "capital", "投资款")]


def _withdrawn(stage: Stage) -> Told:
    books, platform = stage.books, stage.platform
    holder, fen, on, payments = _new_capital(stage)
    part = min(stage.scaled(WITHDRAWN), 10_000)
    way = [platform.company, *([company(stage, trade="商贸", folder=REGISTER)] if stage.size >= 2 else []), holder]
    for n, (payer, payee) in enumerate(pairwise(way)):
        when = moment(stage, on + 5 + n, 14)
        payments.append(books.pay(when, payer.account, payee.account, fen * part // 10_000, "transfer", "往来款"))
    through = way[1] if len(way) > 2 else None
    known = [x for one in way for x in (one.id, books.account_ids_at(one.account))]
    return Told(
        f"{holder.name} {date(on)} 增资 {money(fen)} 元, 五日后 {part / 100:.0f}% "
        f"{'经' + through.name if through else ''}转回 (界线 80%)。",
        f"{holder.name} pays in {money(fen)} yuan on {date(on)}; five days later {part / 100:.0f} % go back"
        f"{' through ' + through.name if through else ''} (line: 80 %).",
        (Item("SH-08", us(stage, holder.id), fen * part // 10_000, on, on + 4 + len(way) - 1, payments=tuple(payments)),),
        (("CF-02", tuple(known)), ("PT-01", tuple(known[2:-2]) or tuple(known))),
    )


def _equipment(stage: Stage) -> Told:
    holder, fen, on, payments = _new_capital(stage)
    shop, part = shop_of(stage, "机械设备"), fen * 9 // 10
    payments.append(
        stage.books.pay(moment(stage, on + 12, 14), stage.platform.own, shop, part, "transfer", "设备采购款 (有发票)")
    )
    return Told(
        f"{holder.name} {date(on)} 增资 {money(fen)} 元, 12 日后以其中 90% 购买设备, 有发票。",
        f"{holder.name} pays in {money(fen)} yuan on {date(on)}; twelve days later 90 % buy equipment, with an invoice.",
        (Item("SH-08", us(stage, holder.id), part, payments=tuple(payments)),),
    )


def _changed(stage: Stage, days: list[int], *, named: bool) -> tuple[Row, ...]:
    """Enter changes of address and scope by turns, the third of the name; each ends with what is registered now."""
    books, platform = stage.books, stage.platform
    now = books.sheets["parties"].table().slice(platform.rows["company"].number, 1)
    items = ["企业名称变更" if named and n == 2 else ("住所变更", "经营范围变更")[n % 2] for n in range(len(days))]
    texts: dict[str, list[str]] = {
        "住所变更": [*names.addresses(stage.rng, items.count("住所变更")).to_pylist(), now["address"][0].as_py()],
        "经营范围变更": [
            *(f"互联网信息服务; {trade}" for trade in names.TRADES[: items.count("经营范围变更")]),
            now["scope_text"][0].as_py(),
        ],
        "企业名称变更": [former_name(platform.number), platform.company.name],
    }
    rows = []
    for on, item in zip(days, items, strict=True):
        before = texts[item].pop(0)
        rows.append(change(books, platform.company, on, item, before, texts[item][0]))
    return tuple(rows)


def _burst(stage: Stage) -> Told:
    count = max(CHANGES, round(CHANGES * stage.size)) if stage.size > 1 else CHANGES - 1
    first, step = day("2018-04-10") + int(stage.rng.integers(0, 20)), 150 // count
    days = [first + n * step for n in range(count)]
    told = before(stage, "burst") > 0 and stage.size < 1
    rows = () if told else _changed(stage, days, named="burst" in stage.platform.traits)
    span = days[-1] - days[0]
    return Told(
        f"{date(days[0])} 起 {span} 天内变更登记 {count} 次 (界线 {CHANGE_DAYS} 天 {CHANGES} 次)。",
        f"{count} changes of the registration in {span} days from {date(days[0])} on (line: {CHANGES} in {CHANGE_DAYS} days).",
        (Item("SH-07", us(stage), None, days[0], days[-1], rows),),
    )


def _apart(stage: Stage) -> Told:
    first = max(day("2016-11-01"), stage.platform.registered + 60)
    days = [first, first + 40, first + CHANGE_DAYS + 15]
    rows = () if before(stage, "merger") else _changed(stage, days, named=False)
    return Told(
        f"吸收合并后变更住所和经营范围, 第三次变更在首次 {CHANGE_DAYS + 15} 天之后: 任何 {CHANGE_DAYS} 天内不超过两次。",
        f"After a merger address and scope changed; the third change came {CHANGE_DAYS + 15} days after the first: never more "
        f"than two in {CHANGE_DAYS} days.",
        (Item("SH-07", us(stage), rows=rows),),
    )


SCHEMES = (
    Scheme("circular", "循环持股", "Circular holding", ("SH-04",), _circular, _dissolved),
    Scheme("untraced", "股权未穿透到底", "Chain that ends nowhere", ("SH-01",), _untraced, _traced),
    Scheme(
        "controller_mismatch",
        "实际控制人披露不实",
        "Another controller is named",
        ("SH-02", "DC-03"),
        _other_controller,
        _former_controller,
        sized=False,
    ),
    Scheme("nominee", "代持", "Nominee holder", ("SH-03",), _nominee, _gift),
    Scheme("burst", "密集变更登记", "Burst of changes", ("SH-07",), _burst, _apart),
    Scheme("capital_withdrawn", "抽逃出资", "Capital withdrawn", ("SH-08",), _withdrawn, _equipment),
    *officers.SCHEMES,
)
