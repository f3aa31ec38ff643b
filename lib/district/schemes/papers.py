"""What stands on paper: names, licences and custodians, advertisements, and what is published of the business."""

import hashlib
from typing import Any

from lib.district.acts import WAN, at, contract, money, pay_out, person, spend
from lib.district.books import OFFICE, SECOND_CUSTODIAN, Row
from lib.district.days import LAST, MEASURES, date, day, workdays_after
from lib.district.disclosing import ASSOCIATION, LAST_MONTH, LEGAL, REGISTERED
from lib.district.figures import LENT, OVERDUE, OWED
from lib.district.platforms import CAPITAL, RESTRICTED, change
from lib.district.plots import Item, Late, Scheme, Stage, Told
from lib.district.schemes.officers import before, us

SWITCH_DAYS = 60  # of two custodians at once: CU-01
GAP, OVERDUE_GAP, CHANNEL_GAP = 100, 500, 10  # hundredths of a percent: DC-01, OV-01, DC-05
PUBLISHED_WORKDAY = 5  # of the next month: DC-02
_LAST_WORKDAY = 22  # of January 2019: whatever is later is not in the data
_WHOLE = 10_000
_PROMISES = (
    "保本保息, 年化11.8%, 30元起投",
    "100%本息保障, 到期即兑",
    "设有风险备付金, 逾期先行垫付",
    "零风险, 放心投",
    "刚性兑付, 平台兜底",
)
_PRODUCTS = (
    ("地铁", "期限3个月, 预期年化12%, 扫码注册领888元红包"),
    ("电视", "每月付息, 预期年化11%, 百元起投"),
    ("传单", "到店办理出借, 首投加息2%"),
    ("楼宇", "新手专享预期年化15%, 限时抢购"),
    ("报刊", "半年期预期年化10.8%, 电话预约"),
)


# -- names, licences, custodians ----------------------------------------------------------------------------------------------


def _worded(stage: Stage) -> tuple[Row, ...]:
    """Tell when the word came into the scope: in the rectification, or with the registration itself."""
    platform, on = stage.platform, day("2016-05-16")
    if not platform.traits & {"restricted_word", "not restricted_word"}:
        raise ValueError(f"{platform.id} was not founded with a restricted word")
    if platform.registered < on and not before(stage, "worded"):
        scope = "互联网信息服务; 软件开发; 信息技术咨询"
        change(stage.books, platform.company, on, "经营范围变更", scope, f"{scope}; {RESTRICTED}咨询")
    return (platform.rows["company"],)


def _restricted(stage: Stage) -> Told:
    return Told(
        f"{stage.platform.company.name}的经营范围含 “{RESTRICTED}”, 没有书面同意。",
        f"The scope of {stage.platform.company.name} contains “{RESTRICTED}” (wealth management); there is no written consent.",
        (Item("NM-01", us(stage), rows=_worded(stage)),),
    )


def _consented(stage: Stage) -> Told:
    rows = (*_worded(stage), stage.platform.rows["name_consent"])
    return Told(
        f"{stage.platform.company.name}的经营范围含 “{RESTRICTED}”, 已有整治办书面同意 {rows[1].id}。",
        f"The scope of {stage.platform.company.name} contains “{RESTRICTED}”, by the office's written consent {rows[1].id}.",
        (Item("NM-01", us(stage), rows=rows),),
    )


def _went_on_line(stage: Stage) -> Told:
    platform = stage.platform
    if not platform.traits & {"new_platform", "not new_platform"}:
        raise ValueError(f"{platform.id} was not founded about the day of the measures")
    item = Item("NM-02", us(stage), rows=(platform.rows["institution"], platform.rows["company"]))
    return Told(
        f"{platform.name}登记于 {date(platform.registered)}, 上线于 {date(platform.online)} (界线 {date(MEASURES)})。",
        f"{platform.name} was registered on {date(platform.registered)} and went on line on {date(platform.online)} (line: "
        f"{date(MEASURES)}).",
        (item,),
    )


def _no_telecom(stage: Stage) -> Told:
    if "telecom" in stage.platform.rows:
        raise ValueError(f"{stage.platform.id} was founded with a telecom licence")
    return Told(
        f"{stage.platform.name}网站可访问, 有 ICP 备案而无增值电信业务许可。",
        f"The site of {stage.platform.name} answers; it is filed with ICP but holds no value-added telecom licence.",
        (Item("NM-03", us(stage), rows=(stage.platform.rows["icp"],)),),
    )


def _group_licence(stage: Stage) -> Told:
    rows = (stage.platform.rows["icp"], stage.platform.rows["telecom"])
    return Told(
        f"{stage.platform.name}的增值电信业务许可在实际控制人全资的集团公司名下。",
        f"The telecom licence of {stage.platform.name} is held by the group company that its controller owns.",
        (Item("NM-03", us(stage), rows=rows),),
    )


def _second_custodian(stage: Stage, opened: int, closed: int | None) -> Told:
    """Let a second bank hold clients' money too, so far with no more than a test of a hundred yuan."""
    books, platform, fen = stage.books, stage.platform, 100_00
    row: dict[str, Any] = {"holder_name": f"{platform.company.name}出借人资金存管专户"}
    row |= {"opened_on": opened, "closed_on": closed, "statement_to": closed or LAST}
    other = books.open(platform.company, SECOND_CUSTODIAN, platform.home, "custody_total", **row)
    books.pay(at(opened + 3, 10), platform.own, other, fen, "transfer", "存管系统联调测试")
    if closed:
        books.pay(at(closed - 2, 10), other, platform.own, fen, "transfer", "存管系统联调测试退回")
    rows = tuple(Row("accounts", number, books.account_ids_at(number)) for number in (platform.custody, other))
    days = (closed or LAST + 1) - opened
    return Told(
        f"{date(opened)} 起在{SECOND_CUSTODIAN}另开存管总户, 与原存管行并存 {days} 天 (更换银行可至 {SWITCH_DAYS} 天)。",
        f"A custody account with a second bank from {date(opened)} on, beside the first for {days} days (a switch may take "
        f"{SWITCH_DAYS}).",
        (Item("CU-01", us(stage, *(row.id for row in rows)), None, opened, (closed or LAST + 1) - 1, rows),),
    )


def _two_custodians(stage: Stage) -> Told:
    days = stage.scaled(SWITCH_DAYS)
    if stage.size > 1:
        return _second_custodian(stage, LAST + 1 - days, None)
    return _second_custodian(stage, day("2018-06-04"), day("2018-06-04") + days)


def _switch_tried(stage: Stage) -> Told:
    return _second_custodian(stage, day("2018-03-05"), day("2018-03-05") + SWITCH_DAYS * 3 // 4)


# -- advertisements -----------------------------------------------------------------------------------------------------------


def _advertise(stage: Stage, on: int, channel: str, text: str) -> Row:
    body = f"{stage.platform.name}: {text}"
    row = {"seen_at": at(on, 10, 30), "channel": channel, "body": body, "institution_id": stage.platform.id}
    return stage.books.add("advertisements", OFFICE, **row, snapshot_sha256=hashlib.sha256(body.encode()).hexdigest())


def _advertised(stage: Stage, rule: str, what: str, shown: tuple[tuple[str, str], ...], also: tuple[str, ...]) -> Told:
    """Show so many of some advertisements as the size says, a fortnight apart; each is a finding."""
    first, count = day("2018-03-05") + int(stage.rng.integers(0, 60)), max(1, min(len(shown), round(stage.size)))
    rows = [_advertise(stage, first + 14 * n, *one) for n, one in enumerate(shown[:count])]
    items = tuple(Item(rule, us(stage, row.id), rows=(row,)) for row in rows)
    texts = "; ".join(f"{channel} “{text}”" for channel, text in shown[:count])
    ids = us(stage, *(row.id for row in rows))
    return Told(
        f"广告 {count} 则: {texts}。", f"{count} advertisement(s) {what}: {texts}.", items, tuple((one, ids) for one in also)
    )


def _promised(stage: Stage) -> Told:
    shown = tuple((("网站", "微信公众号", "APP")[n % 3], text) for n, text in enumerate(_PROMISES))
    return _advertised(stage, "GR-03", "that promise capital and interest", shown, ("DC-04", "CR-01"))


def _warned(stage: Stage) -> Told:
    row = _advertise(stage, day("2018-04-09"), "网站", "本平台不承诺保本保息, 网贷有风险, 出借需谨慎")
    return Told(
        "广告写明 “不承诺保本保息”, 是风险提示。",
        "The advertisement says that capital and interest are not guaranteed: a warning.",
        (Item("GR-03", us(stage, row.id), rows=(row,)),),
    )


def _marketed(stage: Stage) -> Told:
    return _advertised(stage, "DC-04", "that sell products off line", _PRODUCTS, ("CR-01", "PZ-05"))


def _brand(stage: Stage) -> Told:
    on, where = (
        (day("2016-03-10"), "地铁") if stage.platform.online < day("2016-03-01") else (stage.platform.online + 30, "网站")
    )
    row = _advertise(stage, on, where, "让借贷更简单")
    return Told(
        f"{date(on)} 的{where}广告只有品牌口号, 没有产品和收益。",
        f"An advertisement of {date(on)} ({where}) shows the brand alone: no product, no yield.",
        (Item("DC-04", us(stage, row.id), rows=(row,)),),
    )


# -- what is published --------------------------------------------------------------------------------------------------------


def _published(stage: Stage, rule: str, metric: str, *more: str) -> Item:
    """Tell of a figure of the last month."""
    row = Late("disclosures", (stage.platform.id, LAST_MONTH, metric))
    other = tuple(Late("disclosures", (stage.platform.id, LAST_MONTH, metric, channel)) for channel in more)
    return Item(rule, us(stage, metric), None, LAST_MONTH, None, (row, *other))


def _overstated(stage: Stage, gap: int) -> Told:
    stage.marks.disclosed[stage.platform.id, LENT] = (_WHOLE + gap, _WHOLE, LAST_MONTH)
    return Told(
        f"{date(LAST_MONTH)} 披露的{LENT}比合同合计多 {gap / 100:.2f}% (界线 1%)。",
        f"{LENT} as published of {date(LAST_MONTH)} is {gap / 100:.2f} % above what the contracts add up to (line: 1 %).",
        (_published(stage, "DC-01", LENT),),
    )


def _published_on(stage: Stage, workday: int) -> Told:
    on = workdays_after(LAST_MONTH, workday)
    stage.marks.published[stage.platform.id, LAST_MONTH] = on
    return Told(
        f"2018 年 12 月的数据披露于 {date(on)}, 次月第 {workday} 个工作日 (界线第 {PUBLISHED_WORKDAY} 个)。",
        f"The figures of December 2018 were published on {date(on)}, working day {workday} of the next month "
        f"(line: {PUBLISHED_WORKDAY}).",
        (_published(stage, "DC-02", LENT),),
    )


def _late(stage: Stage) -> Told:
    return _published_on(stage, min(stage.scaled(PUBLISHED_WORKDAY), _LAST_WORKDAY))


def _facts_differ(stage: Stage) -> Told:
    platform, facts = stage.platform, {REGISTERED: f"{CAPITAL // WAN * max(2, round(stage.size))}万元"}
    if stage.size >= 2:
        facts[LEGAL] = platform.officers[0].name
    for fact, text in facts.items():
        stage.marks.declared[platform.id, fact] = text
    known = {REGISTERED: f"{CAPITAL // WAN}万元", LEGAL: platform.head.name}
    told, true = (", ".join(f"{fact} {said[fact]}" for fact in facts) for said in (facts, known))
    rows = tuple(Late("disclosures", (platform.id, LAST_MONTH, fact)) for fact in facts)
    return Told(
        f"网站披露{told}; 登记为 {true}。",
        f"The website says {told}; registered: {true}.",
        (Item("DC-03", us(stage), rows=rows),),
    )


def _filing_lag(stage: Stage) -> Told:
    platform, on, old = stage.platform, day("2019-01-15"), "4800万元"
    stage.marks.declared[platform.id, REGISTERED] = old
    row = change(stage.books, platform.company, on, "注册资本变更", old, f"{CAPITAL // WAN}万元")
    return Told(
        f"网站 {date(LAST_MONTH)} 披露注册资本 {old}, {date(on)} 才变更登记为 {CAPITAL // WAN}万元。",
        f"The website says {old} as of {date(LAST_MONTH)}; {CAPITAL // WAN}万元 are registered only since {date(on)}.",
        (Item("DC-03", us(stage), rows=(row, Late("disclosures", (platform.id, LAST_MONTH, REGISTERED)))),),
    )


def _elsewhere(stage: Stage, gap: int) -> Told:
    """Publish what is owed on a second channel; a contract that is open on the day makes sure that something is."""
    made = contract(stage, person(stage, opening_fen=2_000_00), 10 * WAN, day("2018-11-05"), months=6, purpose="房屋装修")
    pay_out(stage, made)
    spend(stage, made, trade="建材")
    stage.marks.channels[stage.platform.id, OWED, ASSOCIATION] = (_WHOLE + gap, _WHOLE, LAST_MONTH)
    return Told(
        f"{date(LAST_MONTH)} 的{OWED}在{ASSOCIATION}比网站多 {gap / 100:.2f}% (界线 0.1%)。",
        f"{OWED} of {date(LAST_MONTH)} is {gap / 100:.2f} % higher with the association than on the website (line: 0.1 %).",
        (_published(stage, "DC-05", OWED, ASSOCIATION),),
    )


def _understated(stage: Stage, gap: int) -> Told:
    """Let three borrowers repay nothing and publish less than what is overdue."""
    owed = 0
    for n in range(3):
        fen = (8 + 3 * n) * WAN
        made = contract(stage, person(stage, opening_fen=2_000_00), fen, stage.start(room=330), months=3, purpose="家庭消费")
        pay_out(stage, made)
        spend(stage, made, trade="家电")
        owed += fen
    stage.marks.disclosed[stage.platform.id, OVERDUE] = (max(_WHOLE - gap, 0), _WHOLE, LAST_MONTH)
    ids = us(stage, OVERDUE)
    return Told(
        f"三名借款人共 {money(owed)} 元分文未还; {date(LAST_MONTH)} 披露的{OVERDUE}少报 {gap / 100:.2f}% (界线 5%)。",
        f"Three borrowers have repaid nothing of {money(owed)} yuan; {OVERDUE} of {date(LAST_MONTH)} is published "
        f"{gap / 100:.2f} % too low (line: 5 %).",
        (_published(stage, "OV-01", OVERDUE),),
        (("DC-01", ids),),
    )


SCHEMES = (
    Scheme("restricted_word", "限制字样", "Restricted word", ("NM-01",), _restricted, _consented, sized=False),
    Scheme("new_platform", "整治期间新设", "New in the rectification", ("NM-02",), _went_on_line, _went_on_line, sized=False),
    Scheme("no_licence", "无电信许可", "No telecom licence", ("NM-03",), _no_telecom, _group_licence, sized=False),
    Scheme("no_custodian", "存管银行不唯一", "Two custodians at once", ("CU-01",), _two_custodians, _switch_tried),
    Scheme("guarantee_wording", "保本保息广告", "Guarantee in advertisements", ("GR-03",), _promised, _warned, sized=False),
    Scheme("marketing", "违规宣传", "Improper marketing", ("DC-04",), _marketed, _brand, sized=False),
    Scheme(
        "disclosed_gap",
        "披露金额不实",
        "Published figure too high",
        ("DC-01",),
        lambda stage: _overstated(stage, stage.scaled(GAP)),
        lambda stage: _overstated(stage, GAP // 2),
    ),
    Scheme(
        "late_disclosure",
        "披露迟延",
        "Published late",
        ("DC-02",),
        _late,
        lambda stage: _published_on(stage, PUBLISHED_WORKDAY),
    ),
    Scheme("facts_differ", "披露主体信息不实", "Facts that differ", ("DC-03",), _facts_differ, _filing_lag, sized=False),
    Scheme(
        "channels_differ",
        "多渠道口径不一",
        "Channels that differ",
        ("DC-05",),
        lambda stage: _elsewhere(stage, stage.scaled(CHANNEL_GAP)),
        lambda stage: _elsewhere(stage, 0),
    ),
    Scheme(
        "overdue_understated",
        "逾期少报",
        "Overdue understated",
        ("OV-01",),
        lambda stage: _understated(stage, min(stage.scaled(OVERDUE_GAP), _WHOLE)),
        lambda stage: _understated(stage, OVERDUE_GAP * 3 // 5),
    ),
)
