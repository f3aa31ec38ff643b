"""Cash pools (资金池): lenders' money on accounts of the institution and its circle, before or without a project."""

import numpy as np
import pyarrow.compute as pc

from lib.district.acts import WAN, at, company, contract, lender, moment, ordinary, pay_out, person, repay, spend
from lib.district.books import REGISTER, Party
from lib.district.days import day, is_workday
from lib.district.plots import Item, Scheme, Stage, Told

FEWEST, LEAST_FEN = 3, 1_000_00  # FP-01, FP-02: credits and yuan
INSIDER_FEN = 5 * WAN  # FP-02
WORKDAYS = 20  # FP-04
POOL = 30  # FP-05: payers and payees
Also = tuple[tuple[str, tuple[str, ...]], ...]


def whom(stage: Stage, *parties: Party) -> tuple[str, ...]:
    """Return the ids that a finding about the institution or these parties may bear."""
    own = (stage.platform.id, stage.platform.company.id)
    return (*own, *(x for p in parties for x in (p.id, stage.books.account_ids_at(p.account))))


def outside(stage: Stage, *parties: Party, more: tuple[str, ...] = ()) -> Also:
    """Return what else fires where lenders' money runs outside custody."""
    rules = ("CU-02", "CU-04", "FP-01", "FP-02", "FP-03", "FP-05", "RC-02", "PT-03", "CR-01", "CR-02", "PZ-02", "PZ-03", *more)
    return tuple((rule, whom(stage, stage.platform.company, *parties)) for rule in rules)


def lenders(stage: Stage, count: int) -> list[Party]:
    """Return so many different lenders, those who have lent before those who have only registered: that makes no lender."""
    loans = stage.books.sheets["loans"].table()
    mine = loans.filter(pc.equal(loans["institution_id"], stage.platform.id))["lender_id"].combine_chunks()
    lent = pc.is_in(stage.platform.lenders.ids, value_set=mine).to_numpy(zero_copy_only=False)
    first = int(stage.rng.integers(0, max(1, lent.sum())))
    places = np.concatenate((np.roll(np.flatnonzero(lent), -first), np.flatnonzero(~lent)))
    return [lender(stage, place) for place in places[:count].tolist()]


def _pool_own(stage: Stage) -> Told:
    start, own = stage.start(room=60), stage.platform.company
    count = stage.scaled(FEWEST)
    paid, total = [], 0
    for n, one in enumerate(lenders(stage, count)):
        fen = (2 + n % 4) * WAN
        total += fen
        paid.append(stage.books.pay(moment(stage, start + n, 10), one.account, own.account, fen, "transfer", "认购款"))
    item = Item("FP-01", whom(stage, own), total, start, start + count - 1, payments=tuple(paid))
    return Told(
        f"{count} 名出借人共 {total / 100:,.2f} 元直接汇入运营主体自有账户, 未经存管。",
        f"{count} lenders pay {total / 100:,.2f} yuan straight into the operating company's own account.",
        (item,),
        outside(stage),
    )


def _member_fees(stage: Stage) -> Told:
    start, own = stage.start(room=60), stage.platform.company
    paid = tuple(
        stage.books.pay(moment(stage, start + n, 10), one.account, own.account, 98_00, "fee", "会员费")
        for n, one in enumerate(lenders(stage, 5))
    )
    return Told(
        "五名出借人各付会员费 98.00 元至自有账户。",
        "Five lenders each pay a membership fee of 98.00 yuan into the company's own account.",
        (Item("FP-01", whom(stage, own), 5 * 98_00, start, start + 4, payments=paid),),
        (("RC-02", whom(stage, own)), ("CU-04", whom(stage, own))),
    )


def _pool_insider(stage: Stage) -> Told:
    start, insider = stage.start(room=120), stage.platform.officers[0]
    count, total = stage.scaled(FEWEST), stage.scaled(INSIDER_FEN, 100_00)
    each = total // count // 100_00 * 100_00
    paid = []
    for n, one in enumerate(lenders(stage, count)):
        fen = each if n else total - each * (count - 1)
        when = moment(stage, start + n * 25 // count, 11)
        paid.append(stage.books.pay(when, one.account, insider.account, fen, "transfer", "投资"))
    stage.books.pay(moment(stage, start + 70, 11), insider.account, stage.common.suppliers[1], total, "transfer", "转账")
    item = Item("FP-02", whom(stage, insider), total, start, start + (count - 1) * 25 // count, payments=tuple(paid))
    return Told(
        f"{count} 名出借人于 30 天内共 {total / 100:,.2f} 元汇入董事{insider.name}的个人账户。",
        f"{count} lenders pay {total / 100:,.2f} yuan within 30 days into the account of the director {insider.name}.",
        (item,),
        outside(stage, insider, more=("SH-03",)),
    )


def _two_friends(stage: Stage) -> Told:
    start, insider = stage.start(room=120), stage.platform.officers[1]
    paid = tuple(
        stage.books.pay(moment(stage, start + 6 * n, 20), one.account, insider.account, 6 * WAN, "transfer", "借给朋友")
        for n, one in enumerate(lenders(stage, 2))
    )
    return Told(
        f"两名熟人各借给监事{insider.name} 60,000.00 元, 不足三人。",
        f"Two friends each lend the supervisor {insider.name} 60,000.00 yuan: fewer than three.",
        (Item("FP-02", whom(stage, insider), 12 * WAN, start, start + 6, payments=paid),),
        outside(stage, insider),
    )


def _before_listing(stage: Stage) -> Told:
    early = 5 + stage.scaled(5)
    loan = contract(stage, person(stage), 15 * WAN, stage.start(room=260))
    listed = loan.start - 3
    paid = stage.books.pay(
        moment(stage, listed - early, 10),
        loan.lender.account,
        stage.platform.custody,
        loan.fen,
        "transfer",
        "出借充值",
        loan=loan.number,
    )
    pay_out(stage, loan, deposit=False)
    spend(stage, loan)
    repay(stage, loan)
    who = (*whom(stage, loan.lender), loan.id, stage.books.account_ids_at(stage.platform.custody))
    item = Item("FP-03", who, loan.fen, listed - early, listed - early, payments=(paid,))
    return Told(
        f"出借资金 {loan.fen / 100:,.2f} 元在标的上线前 {early} 天已归集入存管户并指定该合同。",
        f"{loan.fen / 100:,.2f} yuan are collected for a contract {early} days before its listing exists.",
        (item,),
        (("FP-06", whom(stage)), ("RC-02", who)),
    )


def _idle_cash(stage: Stage) -> Told:
    one, start, custody = lender(stage), stage.start(room=60), stage.platform.custody
    paid = (
        stage.books.pay(at(start, 10), one.account, custody, 5 * WAN, "transfer", "出借充值"),
        stage.books.pay(at(start + 4, 15), custody, one.account, 5 * WAN, "refund", "出借人提现"),
    )
    return Told(
        "一名出借人充值 50,000.00 元, 未投标, 第四天从本人存管子账户提回。",
        "A lender pays in 50,000.00 yuan, bids for nothing and takes it back on the fourth day.",
        (Item("FP-03", (*whom(stage, one), stage.books.account_ids_at(custody)), 5 * WAN, start, start + 4, payments=paid),),
        (("RC-02", (*whom(stage, one), stage.books.account_ids_at(custody))), ("CF-03", whom(stage, one))),
    )


def _raising(stage: Stage, count: int) -> Told:
    """List so many working days before the loan is full; in November, which has no holidays to shift."""
    start = day("2017-11-28")
    listed, left = start, count
    while left:
        left -= is_workday(listed)
        listed -= 1
    loan = contract(
        stage,
        person(stage),
        12 * WAN,
        start,
        listed={"listed_at": at(listed, 9), "deadline_on": start, "full_at": at(start, 12)},
    )
    ordinary(stage, loan)
    assert loan.project is not None
    item = Item("FP-04", (loan.project.id, loan.id, stage.platform.id), loan.fen, listed, start, (loan.project,))
    return Told(
        f"标的募集 {count} 个工作日 (上限 20 个)。",
        f"The listing raises money for {count} working days (20 at most).",
        (item,),
    )


def _pool_shape(stage: Stage) -> Told:
    count, start = stage.scaled(POOL), stage.start(room=180)
    pool = company(stage, trade="商贸", folder=REGISTER)
    inside = stage.books.crowd(stage.platform.folder, count, company=False)
    inside = stage.books.open_many(
        inside, None, stage.platform.folder, company=False, opening_fen=stage.rng.integers(4, 9, count) * WAN
    )
    paid, total = [], 0
    for n, account in enumerate(inside.accounts.tolist()):
        fen = (1 + n % 3) * WAN + 1_000_00 * (n % 7)
        total += fen
        when = moment(stage, start + n * 30 // count, 10)
        paid.append(stage.books.pay(when, account, pool.account, fen, "transfer", "投资款"))
    for n, account in enumerate(inside.accounts.tolist()):
        when = moment(stage, start + 40 + n * 40 // count, 15)
        paid.append(stage.books.pay(when, pool.account, account, 3_000_00 + 100_00 * (n % 5), "transfer", "返利"))
    item = Item("FP-05", whom(stage, pool), None, start, start + 80, payments=tuple(paid))
    return Told(
        f"{pool.name}的账户 90 天内由 {count} 人汇入 {total / 100:,.2f} 元, "
        f"又向 {count} 人付款, 金额互不对应, 日终余额长期大于日均流入。",
        f"{count} people pay {total / 100:,.2f} yuan into the account of {pool.name} in 90 days and {count} are paid from it, "
        "amounts matching nothing, with a balance that stays.",
        (item,),
        outside(stage, pool, more=("PT-01", "PT-02", "SF-04")),
    )


def _payroll(stage: Stage) -> Told:
    start = stage.start(room=180)
    firm = company(stage, trade="餐饮", folder=REGISTER)
    staff = stage.books.crowd(stage.platform.folder, 34, company=False)
    staff = stage.books.open_many(
        staff, None, stage.platform.folder, company=False, opening_fen=stage.rng.integers(1, 9, 34) * WAN
    )
    paid = [stage.books.pay(at(start, 9), stage.common.customers, firm.account, 40 * WAN, "transfer", "营业款")]
    for n, account in enumerate(staff.accounts.tolist()):
        paid.append(stage.books.pay(moment(stage, start + 10, 10), firm.account, account, (80 + n) * 100_00, "other", "工资"))
    return Told(
        f"{firm.name}由一处回款, 向 34 名员工发工资, 是代发工资账户。",
        f"{firm.name} takes money from one payer and pays wages to 34 staff: a payroll account.",
        (Item("FP-05", whom(stage, firm), None, start, start + 10, payments=tuple(paid)),),
        (("PT-03", whom(stage, firm)),),
    )


SCHEMES = (
    Scheme("pool_own", "自有账户归集", "Pool on the own account", ("FP-01",), _pool_own, _member_fees),
    Scheme("pool_insider", "内部人账户归集", "Pool on an insider's account", ("FP-02",), _pool_insider, _two_friends),
    Scheme(
        "pool_before_listing",
        "先归集后有标的",
        "Collected before a listing",
        ("FP-03",),
        _before_listing,
        _idle_cash,
        sized=False,
    ),
    Scheme(
        "raising_period",
        "募集期过长",
        "Raising period too long",
        ("FP-04",),
        lambda stage: _raising(stage, stage.scaled(WORKDAYS)),
        lambda stage: _raising(stage, WORKDAYS),
    ),
    Scheme("pool_shape", "池形态账户", "Pool-shaped account", ("FP-05",), _pool_shape, _payroll),
)
