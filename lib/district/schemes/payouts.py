"""Who makes good for what borrowers owe (代偿, 备付金), and payouts that new loans or new lenders fund (借新还旧)."""

from dataclasses import replace
from typing import Any

from lib.district.acts import WAN, company, contract, moment, pay_out, person, repay, spend
from lib.district.books import CUSTODIAN
from lib.district.days import day
from lib.district.platforms import open_more
from lib.district.plots import Item, Scheme, Stage, Told
from lib.district.schemes.pools import lenders, outside, whom

ROLLED, NEW_MONEY = 0.8, 0.3  # PZ-01, PZ-02: shares


def _compensated(stage: Stage) -> Told:
    return _paid_by(stage, licensed=False)


def _guaranteed(stage: Stage) -> Told:
    return _paid_by(stage, licensed=True)


def _paid_by(stage: Stage, *, licensed: bool) -> Told:
    payer = stage.common.guarantors[1] if licensed else stage.platform.company
    columns: dict[str, Any] = {"guarantor_id": payer.id} if licensed else {}
    fen = 10 * WAN if licensed else stage.scaled(5 * WAN, 1_000_00)
    loan = contract(stage, company(stage, trade="食品"), min(fen, 80 * WAN), stage.start(room=260), months=6, **columns)
    pay_out(stage, loan)
    spend(stage, loan)
    paid = repay(stage, loan, payer=payer.account, delay=0 if licensed else 1, earned=False, memo="代偿")
    total = int((loan.due.principal + loan.due.interest + loan.due.fee).sum())
    who = (*whom(stage), loan.id, loan.borrower.id, stage.books.account_ids_at(payer.account))
    item = Item("GR-01", who, total, loan.last, loan.last + 1, tuple(loan.repayments), tuple(paid))
    zh, en = (
        ("登记的持牌担保公司", "its licensed guarantor") if licensed else ("平台运营主体", "the platform's operating company")
    )
    return Told(
        f"借款人到期未还, 由{zh}{payer.name}支付本息 {total / 100:,.2f} 元。",
        f"The borrower does not pay; {en} {payer.name} pays {total / 100:,.2f} yuan.",
        (item,),
        (*((rule, who) for rule in ("OV-01", "OV-02", "GR-02", "DC-01", "GR-05", "CU-04")),),
    )


def _reserve(stage: Stage) -> Told:
    count, start, fund = stage.scaled(2), stage.start(room=90, after=day("2017-12-09")), _reserve_account(stage)
    paid = []
    for n, one in enumerate(lenders(stage, count)):
        when = moment(stage, start + n, 15)
        paid.append(stage.books.pay(when, fund, one.account, 8_000_00, "transfer", "风险备付金垫付"))
    who = (*whom(stage), stage.books.account_ids_at(fund))
    item = Item("GR-04", who, count * 8_000_00, start, start + count - 1, payments=tuple(paid))
    return Told(
        f"风险备付金账户向 {count} 名出借人垫付共 {count * 8_000:,.2f} 元。",
        f"The reserve account pays {count} lenders {count * 8_000:,.2f} yuan.",
        (item,),
        (*((rule, who) for rule in ("GR-01", "RC-02", "CU-02", "OV-02", "PT-01")),),
    )


def _reserve_account(stage: Stage) -> int:
    return open_more(stage.books, stage.platform, "reserve", CUSTODIAN, opening_fen=100 * WAN)


def _deposit_back(stage: Stage) -> Told:
    fund, borrower, start = _reserve_account(stage), company(stage, trade="印务"), stage.start(room=90)
    paid = (stage.books.pay(moment(stage, start, 15), fund, borrower.account, 1 * WAN, "refund", "保证金退还"),)
    who = (*whom(stage), stage.books.account_ids_at(fund))
    return Told(
        f"准备金账户退还借款人{borrower.name}的保证金 10,000.00 元, 未付给出借人。",
        f"The reserve account returns the borrower {borrower.name} a deposit of 10,000.00 yuan; no lender is paid.",
        (Item("GR-04", who, WAN, start, start, payments=paid),),
        (("RC-02", (*who, borrower.id)),),
    )


def _rollover(stage: Stage, share: float) -> Told:
    borrower, start = person(stage), stage.start(room=330)
    old = contract(stage, borrower, 4 * WAN, start, months=3, purpose="家庭消费")
    pay_out(stage, old)
    spend(stage, old)
    owed = int((old.due.principal + old.due.interest + old.due.fee).sum())
    new = contract(
        stage, borrower, int(owed / share) // 10_000 * 10_000 + 10_000 * (share < 1), old.last - 1, months=3, purpose="家庭消费"
    )
    pay_out(stage, new)
    paid = repay(stage, old, earned=False)
    rest = new.fen - owed
    if rest >= 10_000:
        shop = int(stage.common.shops["食品"][0])
        stage.books.pay(moment(stage, new.start + 12, 10), borrower.account, shop, rest // 10_000 * 10_000, "transfer", "货款")
    repay(stage, new)
    item = Item("PZ-01", (borrower.id, new.id, old.id), owed, new.start, old.last, (new.row, old.row), (new.payout, *paid))
    return Told(
        f"{borrower.name}新借 {new.fen / 100:,.2f} 元, 次日用其中 {owed / 100:,.2f} 元 ({owed / new.fen:.1%}) 归还旧借款。",
        f"{borrower.name} borrows {new.fen / 100:,.2f} yuan and repays an older loan of {owed / 100:,.2f} "
        f"({owed / new.fen:.1%}) on the next day.",
        (item,),
        (*((rule, (borrower.id, new.id, old.id)) for rule in ("PZ-04", "SP-02", "IR-06", "PT-01", "CF-01", "LU-01", "OV-03")),),
    )


def _planted_rollover(stage: Stage) -> Told:
    return _rollover(stage, min(1.0, ROLLED * stage.size))


def _new_money(stage: Stage, share: float) -> Told:
    """Fund three months of payouts from an account in which new lenders' money and repayments mix."""
    platform, start = stage.platform, stage.start(room=180)
    pool = replace(platform.company, account=open_more(stage.books, platform, "own"))
    paid, total = [], 20 * WAN
    fresh = int(total * share) // 10_000 * 10_000
    borrowers = [company(stage, trade="物流", opening_fen=60 * WAN) for _ in range(2)]
    for month in range(3):
        day0 = start + 30 * month
        for n, one in enumerate(lenders(stage, 4)):
            fen = fresh // 4 // 100 * 100 if n else fresh - 3 * (fresh // 4 // 100 * 100)
            paid.append(stage.books.pay(moment(stage, day0 + n % 2, 10), one.account, pool.account, fen, "transfer", "认购款"))
        for n, borrower in enumerate(borrowers):
            fen = (total - fresh) // 2 if n else total - fresh - (total - fresh) // 2
            stage.books.pay(moment(stage, day0 + 3, 10), borrower.account, pool.account, fen, "repayment", "还款")
        for n, one in enumerate(lenders(stage, 5)):
            when = moment(stage, day0 + 6 + n % 2, 15)
            paid.append(stage.books.pay(when, pool.account, one.account, total // 5, "transfer", "兑付本息"))
    who = whom(stage, pool)
    item = Item("PZ-02", who, 3 * fresh, start, start + 67, payments=tuple(paid))
    return Told(
        f"三个月中每月兑付 200,000.00 元, 其中 {fresh / 100:,.2f} 元 ({fresh / total:.0%}) 来自新出借人, 按比例法计算。",
        f"In three months 200,000.00 yuan each are paid out; {fresh / 100:,.2f} ({fresh / total:.0%}) of them are new lenders' "
        "money pro rata.",
        (item,),
        outside(stage, pool, more=("PT-01", "FP-06")),
    )


SCHEMES = (
    Scheme("compensation", "平台代偿", "Platform pays for borrowers", ("GR-01",), _compensated, _guaranteed, sized=False),
    Scheme("reserve_payout", "备付金垫付", "Reserve pays lenders", ("GR-04",), _reserve, _deposit_back, sized=False),
    Scheme(
        "rollover", "借新还旧", "New loan repays the old", ("PZ-01",), _planted_rollover, lambda stage: _rollover(stage, 0.5)
    ),
    Scheme(
        "new_money",
        "兑付来自新出借人",
        "Payouts from new lenders",
        ("PZ-02",),
        lambda stage: _new_money(stage, min(0.9, NEW_MONEY * stage.size)),
        lambda stage: _new_money(stage, 0.2),
        spotless=False,
    ),
)
