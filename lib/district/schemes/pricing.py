"""What loans cost and whether contracts, schedules and payouts agree: dear, deducted in advance, misstated, mispaid."""

from fractions import Fraction

import numpy as np

from lib.district.acts import (
    WAN,
    Contract,
    buy,
    company,
    contract,
    entrust,
    lent,
    moment,
    money,
    next_workday,
    pay_out,
    person,
    repay,
    shop_of,
    spend,
    trade_of,
)
from lib.district.books import Party
from lib.district.days import LAST, months_on
from lib.district.plots import Item, Scheme, Stage, Told
from lib.district.terms import ANNUITY, BULLET, INTEREST_FIRST, Terms, instalments

DEAR_BP, BAND_BP = 3_600, 2_400  # IR-01, IR-02: yearly cost in hundredths of a percent
DEAREST_BP = 10_800
GAP_BP = 200  # IR-05: cost above the stated rate
TOLERANCE = 100  # IR-04, RC-03, RC-06: fen that still agree
DEDUCTED_BP, MOST_DEDUCTED_BP = 500, 2_500  # IR-04: of the principal, at size 1 and at most
LATE_DAYS = 3  # RC-03
PURPOSE = "房屋装修"
_STEPS = 100


def yearly_cost(made: Contract, net_fen: int) -> float:
    """Return the yearly cost of a loan of which so much was paid out: twelve times the monthly internal rate of return."""
    payments: list[int] = (made.due.principal + made.due.interest + made.due.fee).tolist()
    if len(payments) == 1:
        return (payments[0] / net_fen - 1) * 12 / int(made.terms.months[0])
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        rate = (low + high) / 2
        worth, factor = 0.0, 1.0
        for payment in payments:
            factor /= 1 + rate
            worth += payment * factor
        low, high = (rate, high) if worth > net_fen else (low, rate)
    return low * 12


def _fee_for(fen: int, months: int, rate_bp: int, cost_bp: int) -> int:
    """Return the fee per instalment that lifts an annuity's yearly cost from its rate to (just) another."""
    terms = Terms(*(np.array([n], np.int64) for n in (fen, rate_bp, months, ANNUITY, 0, 0)))
    due, monthly = instalments(terms), Fraction(cost_bp, 120_000)
    level = fen * monthly / (1 - (1 + monthly) ** -months)
    return -(-level.numerator // level.denominator) - int(due.principal[0] + due.interest[0])


def _settle_fees(stage: Stage, made: Contract) -> None:
    """Pass the fees on from custody to the institution's accounts."""
    books, platform = stage.books, stage.platform
    for on, fee in zip(made.due.due.tolist(), made.due.fee.tolist(), strict=True):
        if fee and on + 20 <= LAST:
            first, then = next_workday(on + 3), next_workday(next_workday(on + 3) + 3)
            books.pay(moment(stage, first, 10), platform.custody, platform.fees, fee, "fee", "平台服务费结算")
            books.pay(moment(stage, then, 10), platform.fees, platform.own, fee, "transfer", "服务费收入划转")


def _plain_person(stage: Stage) -> Party:
    return person(stage, opening_fen=3_000_00)


def _percent(share: float) -> str:
    return f"{share * 100:.2f}%"


# -- cost ---------------------------------------------------------------------------------------------------------------


def _priced(stage: Stage, cost_bp: int, rate_bp: int) -> Contract:
    """Lend for a year in equal instalments and a fee with each, so that the yearly cost is as given."""
    fen, months = 36_000_00, 12
    fee = _fee_for(fen, months, rate_bp, cost_bp)
    terms = {"months": months, "method": ANNUITY, "rate_bp": rate_bp, "fee_fen": fee}
    made = lent(stage, _plain_person(stage), fen, stage.start(room=250), PURPOSE, **terms)
    _settle_fees(stage, made)
    return made


def _cost_told(made: Contract, cost: float) -> tuple[str, str]:
    fee, each = int(made.due.fee[0]), int(made.due.principal[0] + made.due.interest[0])
    return (
        f"借款 {money(made.fen)} 元, 12 期每期本息 {money(each)} 元另收费用 {money(fee)} 元, 折合年化 {_percent(cost)}",
        f"Loan of {money(made.fen)} yuan, twelve instalments of {money(each)} and a fee of {money(fee)} with each: "
        f"{_percent(cost)} a year",
    )


def _too_dear(stage: Stage) -> Told:
    cost_bp = min(stage.scaled(DEAR_BP), DEAREST_BP)
    # Below the cap the rate is stated nearly in full: nothing else is wrong with such a loan.
    made = _priced(stage, cost_bp, 1_500 if stage.size > 1 else cost_bp - 150)
    cost, who = yearly_cost(made, made.fen), (made.id, made.borrower.id)
    zh, en = _cost_told(made, cost)
    items = [Item("IR-01", who, made.fen, made.start, made.last, (made.row,))]
    items += [Item("IR-05", who, made.fen, made.start, made.last, (made.row,))] if stage.size > 1 else []
    also = () if stage.size > 1 or cost_bp <= BAND_BP else (("IR-02", who),)
    return Told(
        f"{zh}, 合同所写年利率 {_percent(int(made.terms.rate_bp[0]) / 10_000)}。",
        f"{en}, where the contract states {_percent(int(made.terms.rate_bp[0]) / 10_000)}.",
        tuple(items),
        also,
    )


def _just_below(stage: Stage) -> Told:
    made = _priced(stage, DEAR_BP - 10, DEAR_BP - 160)
    zh, en = _cost_told(made, yearly_cost(made, made.fen))
    item = Item("IR-01", (made.id, made.borrower.id), made.fen, made.start, made.last, (made.row,))
    return Told(f"{zh}, 低于 36%。", f"{en}, below 36 %.", (item,), (("IR-02", (made.id, made.borrower.id)),))


def _gap(stage: Stage, gap_bp: int) -> Contract:
    """Lend so that the yearly cost is exactly so much above the rate: interest and a fee monthly, the principal at the end."""
    fen = 6 * WAN
    terms = {"months": 12, "method": INTEREST_FIRST, "fee_fen": fen * gap_bp // 120_000}
    made = lent(stage, _plain_person(stage), fen, stage.start(room=250), PURPOSE, **terms)
    _settle_fees(stage, made)
    return made


def _misstated(stage: Stage) -> Told:
    gap_bp = stage.scaled(GAP_BP)
    made = _gap(stage, gap_bp)
    fee, interest = int(made.due.fee[0]), int(made.due.interest[0])
    return Told(
        f"合同年利率 10.00%; 每月利息 {money(interest)} 元之外收费 {money(fee)} 元, "
        f"实际年化 {_percent((1_000 + gap_bp) / 10_000)}。",
        f"The contract states 10.00 % a year; beside interest of {money(interest)} yuan a fee of {money(fee)} is due monthly: "
        f"{_percent((1_000 + gap_bp) / 10_000)} in truth.",
        (Item("IR-05", (made.id, made.borrower.id), made.fen, made.start, made.last, (made.row,)),),
    )


def _day_count(stage: Stage) -> Told:
    """Interest by the days that the loan lasts, of a year of 360: a little more than the rate that is stated."""
    fen, start = 2 * WAN, stage.start(room=250)
    days = int(months_on(np.array([start]), 6)[0]) - start
    terms = {"method": BULLET, "rate_bp": round(1_000 * days / 180), "rate": 0.10}
    made = lent(stage, _plain_person(stage), fen, start, PURPOSE, **terms)
    cost, interest = yearly_cost(made, fen), money(int(made.due.interest[0]))
    return Told(
        f"合同年利率 10.00%, 一年按 360 天计息: {days} 天利息 {interest} 元, 折合年化 {_percent(cost)}, 只差计息天数。",
        f"The contract states 10.00 % a year, by 360 days: {interest} yuan for {days} days, {_percent(cost)} a year: a "
        "matter of day count only.",
        (Item("IR-05", (made.id, made.borrower.id), made.fen, made.start, made.last, (made.row,)),),
    )


# -- deducted in advance ------------------------------------------------------------------------------------------------


def _deducted(stage: Stage) -> Told:
    fen, books, platform = 5 * WAN, stage.books, stage.platform
    share_bp = min(round(DEDUCTED_BP * stage.size), MOST_DEDUCTED_BP)
    kept = fen * share_bp // 10_000 if stage.size > 1 else stage.scaled(TOLERANCE)
    made = contract(stage, _plain_person(stage), fen, stage.start(room=250), months=12, method=ANNUITY, purpose=PURPOSE)
    pay_out(stage, made, fen=fen - kept)
    memo = "咨询服务费" if stage.size > 1 else "转账手续费"
    taken = books.pay(moment(stage, made.start, 16), platform.custody, platform.fees, kept, "fee", memo, loan=made.number)
    spend(stage, made, fen - kept, trade_of(stage, PURPOSE))
    repay(stage, made)
    cost, who = yearly_cost(made, fen - kept), (made.id, made.borrower.id)
    hit = [rule for rule, over in (("IR-05", 0.12), ("IR-02", 0.24), ("IR-01", 0.36)) if cost > over]
    also = [*((rule, who) for rule in ("RC-03", *hit)), ("FP-06", (platform.id,))]  # no fee is stated that may be kept
    return Told(
        f"合同本金 {money(fen)} 元, 先扣 {money(kept)} 元, 实际到账 {money(fen - kept)} 元, "
        f"按实际到账折合年化 {_percent(cost)}。",
        f"Of a principal of {money(fen)} yuan {money(kept)} are kept back and {money(fen - kept)} paid out: {_percent(cost)} a "
        "year on what was received.",
        (Item("IR-04", who, kept, made.start, made.start, (made.row,), (made.payout, taken)),),
        tuple(also) if stage.size > 1 else (),
    )


def _in_two_parts(stage: Stage) -> Told:
    """Paid out in two parts that add up: to the merchant, as agreed, and the rest to the borrower."""
    fen, shop, part = 8 * WAN, shop_of(stage, "装饰工程"), 8 * WAN * 7 // 10
    made = contract(stage, _plain_person(stage), fen, stage.start(room=250), purpose=PURPOSE)
    merchant = entrust(stage, made, shop, part)
    rest = pay_out(stage, made, fen=fen - part, deposit=False)
    buy(stage, made.borrower.account, (fen - part) * 9 // 10, made.start + 12, "建材")
    repay(stage, made)
    who = (made.id, made.borrower.id)
    items = [Item(rule, who, part, made.start, made.start, (made.row,), (merchant, rest)) for rule in ("IR-04", "RC-03")]
    name = stage.common.shop_parties[shop].name
    return Told(
        f"本金 {money(fen)} 元分两笔放出: 受托支付给{name} {money(part)} 元, 余下 {money(fen - part)} 元付给借款人, 没有扣款。",
        f"The principal of {money(fen)} yuan is paid in two parts: {money(part)} to {name} as agreed, {money(fen - part)} to "
        "the borrower; nothing is kept back.",
        tuple(items),
    )


# -- contract, payout and schedule --------------------------------------------------------------------------------------


def _paid_on(stage: Stage, made: Contract, on: int) -> int:
    """Pay a contract out on another day than its first; the lender's money is there from the first."""
    books, custody, borrower = stage.books, stage.platform.custody, made.borrower.account
    when = moment(stage, made.start, 10)
    made.deposit = books.pay(when, made.lender.account, custody, made.fen, "transfer", "出借充值", loan=made.number)
    made.payout = books.pay(moment(stage, on, 14), custody, borrower, made.fen, "disbursement", "放款", loan=made.number)
    for share, after in ((5, 5), (4, 16)):
        buy(stage, borrower, made.fen * share // 10, on + after, trade_of(stage, PURPOSE))
    return made.payout


def _mispaid(stage: Stage) -> Told:
    fen, off, late = 5 * WAN, stage.scaled(TOLERANCE), stage.scaled(LATE_DAYS)
    made = contract(stage, _plain_person(stage), fen, stage.start(room=260), purpose=PURPOSE)
    if wrong_day := bool(stage.rng.integers(0, 2)):
        _paid_on(stage, made, made.start + late)
        zh, en = f"起息 {late} 天后才放款", f"is paid out {late} days after it began"
    else:
        pay_out(stage, made, fen=fen + off)
        spend(stage, made, trade=trade_of(stage, PURPOSE))
        zh, en = f"实际放款 {money(fen + off)} 元, 多付 {money(off)} 元", f"is paid out with {money(off)} too much"
    repay(stage, made)
    days = (made.start, made.start + late * wrong_day)
    return Told(
        f"{made.borrower.name}的合同本金 {money(fen)} 元, {zh}。",
        f"{made.borrower.name}'s contract of {money(fen)} yuan {en}.",
        (Item("RC-03", (made.id, made.borrower.id), None if wrong_day else off, *days, (made.row,), (made.payout,)),),
    )


def _as_agreed(stage: Stage) -> Told:
    """Paid to a seller of machines, as the contract agrees; or with a difference that is tolerated."""
    start, made = stage.start(room=250), None
    if stage.rng.integers(0, 2):
        shop, who = shop_of(stage, "机械设备"), company(stage, opening_fen=20_000_00)
        account = stage.books.account_ids_at(shop)
        made = contract(stage, who, 40 * WAN, start, purpose="购置设备", disbursement_account=account)
        paid = entrust(stage, made, shop)
        name = stage.common.shop_parties[shop].name
        zh, en = f"按合同受托支付给设备商{name}", f"is paid to the seller of machines {name}, as agreed"
    else:
        made = contract(stage, _plain_person(stage), 5 * WAN, start, purpose=PURPOSE)
        paid = pay_out(stage, made, fen=made.fen + TOLERANCE - 1)
        spend(stage, made, trade=trade_of(stage, PURPOSE))
        zh, en = "放款多出 0.99 元, 在容差之内", "is paid out with 0.99 yuan too much, which is tolerated"
    repay(stage, made)
    return Told(
        f"{made.borrower.name}的合同本金 {money(made.fen)} 元, {zh}。",
        f"{made.borrower.name}'s contract of {money(made.fen)} yuan {en}.",
        (Item("RC-03", (made.id, made.borrower.id), made.fen, start, start, (made.row,), (paid,)),),
    )


def _overcharged(stage: Stage) -> Told:
    more_bp = round(50 * stage.size)
    terms = {"method": INTEREST_FIRST, "rate_bp": 1_000 + more_bp, "rate": 0.10}
    made = lent(stage, _plain_person(stage), 6 * WAN, stage.start(room=250), PURPOSE, **terms)
    right, charged = made.fen * 1_000 // 120_000, int(made.due.interest[0])
    off = int(made.due.interest.sum()) - 6 * right
    return Told(
        f"合同年利率 10.00%, 每月应收利息 {money(right)} 元, 还款计划收 {money(charged)} 元, 六期多收 {money(off)} 元。",
        f"By the stated 10.00 % interest is {money(right)} yuan a month; the schedule charges {money(charged)}, {money(off)} "
        "too much in six instalments.",
        (Item("RC-06", (made.id, made.borrower.id), off, made.start, made.last, (made.row,)),),
        (("IR-05", (made.id, made.borrower.id)),) if more_bp > GAP_BP else (),
    )


def _rounded(stage: Stage) -> Told:
    terms = {"method": BULLET, "rate_bp": 1_001, "rate": 0.10}
    made = lent(stage, _plain_person(stage), WAN, stage.start(room=250), PURPOSE, **terms)
    right, charged = made.fen * 1_000 // 20_000, int(made.due.interest[0])
    return Told(
        f"利率按 10.01% 计算而合同写作 10.00%, 利息 {money(charged)} 元, 与 {money(right)} 元"
        f"只差 {money(charged - right)} 元。",
        f"Worked out at 10.01 %, stated as 10.00 %: interest of {money(charged)} yuan differs from {money(right)} by only "
        f"{money(charged - right)}.",
        (Item("RC-06", (made.id, made.borrower.id), charged - right, made.start, made.last, (made.row,)),),
    )


SCHEMES = (
    Scheme("over_36", "综合年化超过36%", "Cost above 36 % a year", ("IR-01", "IR-05"), _too_dear, _just_below),
    Scheme("upfront_deduction", "砍头息", "Deducted in advance", ("IR-04",), _deducted, _in_two_parts),
    Scheme("rate_gap", "利率与实际成本不符", "Cost above the stated rate", ("IR-05",), _misstated, _day_count),
    Scheme("contract_mismatch", "放款与合同不符", "Payout differs from contract", ("RC-03",), _mispaid, _as_agreed),
    Scheme("recomputation", "利息重算不符", "Interest charged in excess", ("RC-06",), _overcharged, _rounded, sized=False),
)
