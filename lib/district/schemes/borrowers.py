"""Borrowers who are not what they seem: invalid, in one hand, mere shells; and one pledge for two loans."""

from typing import Any

import numpy as np

from lib.district import numbers
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
    pay_out,
    person,
    repay,
    shop_of,
    trade_of,
)
from lib.district.books import REGISTER, Party, Row
from lib.district.common import PERSON_PURPOSES
from lib.district.days import date, day
from lib.district.platforms import appoint, change, hold
from lib.district.plots import Item, Scheme, Stage, Told

MAX_AGE, MINOR = 75, 17  # FB-01: allowed; of the minor
SAME_HAND = 3  # FB-02, SF-04: borrowers
SHELL_SIGNS = 3  # FB-03: points
EACH = 4 * WAN  # what each of several borrowers takes
PLEDGE_DAYS = 40  # FB-05: between two loans on one pledge
_NEW_CAPITAL = 500 * WAN  # registered, of companies founded shortly before they borrow


def years_before(on: int, years: int) -> int:
    """Return the same day of the month so many years earlier (of 29 February: the 28th)."""
    there = date(on)
    return day(there.replace(year=there.year - years, day=min(there.day, 28) if there.month == 2 else there.day).isoformat())


# -- invalid ------------------------------------------------------------------------------------------------------------


def _wrong_number(stage: Stage, start: int) -> tuple[Party, tuple[Row, ...], str, str]:
    """Enter a person whose identity number has a wrong check digit."""
    ones, born = stage.books.serials["one by one"] + 1, day("1984-03-09") + int(stage.rng.integers(0, 3000))
    right = numbers.people(np.array([ones]), np.array([born]), np.array([900 + ones % 100]))[0].as_py()
    wrong = right[:-1] + str((int(right[-1].replace("X", "10")) + 3) % 10)
    who = person(stage, opening_fen=3_000_00, born=date(born).isoformat(), id_number=wrong)
    return who, (), f"身份证号 {wrong} 校验位应为 {right[-1]}", f"identity number {wrong} should end in {right[-1]}"


def _minor(stage: Stage, start: int) -> tuple[Party, tuple[Row, ...], str, str]:
    """Enter a person of seventeen."""
    born = date(years_before(start, MINOR) - 100)
    who = person(stage, opening_fen=3_000_00, born=born.isoformat())
    return who, (), f"签约时未满 18 周岁 (出生于 {born})", f"not yet 18 at signing (born on {born})"


def _gone(stage: Stage, start: int) -> tuple[Party, tuple[Row, ...], str, str]:
    """Enter a company that was struck off before it signed."""
    off, who = start - 70, company(stage, opening_fen=20_000_00, status="cancelled")
    row = change(stage.books, who, off, "登记状态变更", "存续", "注销")
    return who, (row,), f"签约前已于 {date(off)} 注销", f"struck off on {date(off)}, before signing"


def _unborn(stage: Stage, start: int) -> tuple[Party, tuple[Row, ...], str, str]:
    """Enter a company that was registered after it signed."""
    who = company(stage, opening_fen=20_000_00, registered_on=start + 40)
    return who, (), f"签约后于 {date(start + 40)} 才成立", f"registered on {date(start + 40)}, after signing"


def _invalid(stage: Stage) -> Told:
    start, of = stage.start(room=240), (_wrong_number, _minor, _gone, _unborn)[int(stage.rng.integers(0, 4))]
    who, rows, zh, en = of(stage, start)
    fen = min(round(3 * stage.size), 16) * WAN
    made = lent(stage, who, fen, start, "采购原材料" if who.company else "房屋装修")
    item = Item("FB-01", (who.id, made.id), fen, start, start, (made.row, *rows))
    also = {_wrong_number: ("DQ-03",), _unborn: ("FB-03",), _gone: ("FB-03",)}.get(of, ())
    return Told(
        f"借款人{who.name}{zh}, 借款 {money(fen)} 元。",
        f"Borrower {who.name}: {en}. Loan of {money(fen)} yuan.",
        (item,),
        tuple((rule, (who.id, made.id)) for rule in also),
    )


def _valid(stage: Stage) -> Told:
    """A borrower of exactly 75 years, or one with a number of the old kind of fifteen digits."""
    start = stage.start(room=240)
    if old := bool(stage.rng.integers(0, 2)):
        born = date(years_before(start, MAX_AGE))
        who = person(stage, opening_fen=3_000_00, born=born.isoformat())
        zh, en = (
            f"签约当日恰满 {MAX_AGE} 周岁 (出生于 {born})",
            f"exactly {MAX_AGE} years old on the day of signing (born on {born})",
        )
    else:
        number = (
            f"{numbers.DIVISIONS[0]}61{int(stage.rng.integers(1, 13)):02d}05{900 + stage.books.serial('old numbers') % 100}"
        )
        born = date(day(f"19{number[6:8]}-{number[8:10]}-{number[10:12]}"))
        who = person(stage, opening_fen=3_000_00, born=born.isoformat(), id_number=number)
        zh, en = f"身份证号为 15 位旧号 {number}", f"identity number of the old kind of 15 digits, {number}"
    made = lent(stage, who, 5 * WAN, start, "房屋装修")
    items = [Item("FB-01", (who.id, made.id), made.fen, start, start, (made.row,))]
    items += [] if old else [Item("DQ-03", (who.id,))]
    return Told(f"借款人{who.name}{zh}, 主体有效。", f"Borrower {who.name}: {en}. A valid borrower.", tuple(items))


# -- in one hand --------------------------------------------------------------------------------------------------------


def _in_one_hand(stage: Stage, hand: Party, made: list[Contract]) -> tuple[str, ...]:
    """Return the subjects of a rule about borrowers in one hand."""
    accounts = [stage.books.account_ids_at(p.account) for p in (hand, *(one.borrower for one in made))]
    return (hand.id, *accounts, *(one.borrower.id for one in made), *(one.id for one in made))


def _one_payee(stage: Stage) -> Told:
    count, start = stage.scaled(SAME_HAND), stage.start(room=290)
    hand, made = person(stage, opening_fen=1_000_00), list[Contract]()
    account = stage.books.account_ids_at(hand.account)
    for n in range(count):
        borrower = person(stage, opening_fen=3_000_00)
        one = contract(stage, borrower, EACH, start + 3 * n, purpose="经营周转", disbursement_account=account)
        pay_out(stage, one, to=hand.account)
        for fen, after in ((2 * WAN, 6), (WAN + WAN // 2, 17)):
            buy(stage, hand.account, fen, one.start + after, trade_of(stage, "经营周转"))
        repay(stage, one)
        made.append(one)
    total, rows, who = EACH * count, tuple(one.row for one in made), _in_one_hand(stage, hand, made)
    paid = tuple(one.payout for one in made)
    items = [Item(rule, who, total, start, made[-1].start, rows, paid) for rule in ("FB-02", "SF-04")]
    return Told(
        f"{count} 名互不相关的借款人约定的收款账户都是{hand.name}的 {account}, 各放款 40,000.00 元, 共 {money(total)} 元。",
        f"{count} unrelated borrowers name one account for the payout, {account} of {hand.name}: 40,000.00 yuan each, "
        f"{money(total)} in all.",
        tuple(items),
        tuple((rule, who) for rule in ("RC-03", "LM-05", "SP-01", "LU-01")),
    )


def _dealer(stage: Stage) -> Told:
    """Four people buy cars from one dealer, to whom the loans are paid as agreed."""
    start, shop, made = stage.start(room=280), shop_of(stage, "汽车销售"), list[Contract]()
    dealer, account = stage.common.shop_parties[shop], stage.books.account_ids_at(shop)
    for n in range(SAME_HAND + 1):
        borrower = person(stage, opening_fen=3_000_00)
        one = contract(stage, borrower, (6 + n) * WAN, start + 7 * n, purpose="购买汽车", disbursement_account=account)
        entrust(stage, one, shop)
        repay(stage, one)
        made.append(one)
    total, rows = sum(one.fen for one in made), tuple(one.row for one in made)
    who = (account, dealer.id, *(one.borrower.id for one in made), *(one.id for one in made))
    items = [Item(rule, who, total, start, made[-1].start, rows) for rule in ("FB-02", "SF-04", "RC-03")]
    return Told(
        f"{len(made)} 名借款人向{dealer.name}购车, 按合同受托支付给车商, 共 {money(total)} 元。",
        f"{len(made)} borrowers buy cars from {dealer.name}; as agreed their loans, {money(total)} yuan, are paid to it.",
        tuple(items),
    )


def _signed_in(stage: Stage, device: str, who: Party, on: int) -> Row:
    account = stage.books.account_ids_at(who.account)
    return stage.books.add(
        "devices", stage.platform.folder, device_id=device, account_id=account, kind="手机", at=moment(stage, on, 9)
    )


def _device(stage: Stage) -> str:
    return f"SB-{stage.platform.prefix}-{stage.books.serial('device'):06d}"


def _cluster(stage: Stage) -> Told:
    count, start, device = stage.scaled(SAME_HAND), stage.start(room=290), _device(stage)
    hand, made, rows, paid = person(stage, opening_fen=1_000_00), list[Contract](), list[Row](), list[int]()
    for n in range(count):
        borrower = person(stage, opening_fen=3_000_00)
        one = contract(stage, borrower, EACH, start + 4 * n, purpose="家庭消费")
        rows += [_signed_in(stage, device, borrower, one.start - 4), one.row]
        when = moment(stage, one.start + 3, 10)
        paid.append(pay_out(stage, one))
        paid.append(stage.books.pay(when, borrower.account, hand.account, EACH * 7 // 10, "transfer", "转账"))
        buy(stage, hand.account, EACH * 6 // 10, one.start + 12, trade_of(stage, "家庭消费"))
        buy(stage, borrower.account, EACH * 2 // 10, one.start + 15, trade_of(stage, "家庭消费"))
        repay(stage, one)
        made.append(one)
    total, who = EACH * count, (*_in_one_hand(stage, hand, made), device)
    return Told(
        f"{count} 名借款人用同一台设备 {device} 登录, 各借 40,000.00 元共 {money(total)} 元, 三天后各把七成转给{hand.name}。",
        f"{count} borrowers sign in from one device, {device}, and borrow 40,000.00 yuan each, {money(total)} in all; three "
        f"days later each passes 70 % on to {hand.name}.",
        (Item("SF-04", who, total, start, made[-1].start + 3, tuple(rows), tuple(paid)),),
        tuple((rule, who) for rule in ("LM-05", "SP-01", "LU-01", "PT-03")),
    )


def _dormitory(stage: Stage) -> Told:
    """Four borrowers live in one dormitory, two of them share a telephone: each spends his own money."""
    start, device = stage.start(room=260), _device(stage)
    address = f"郑州市经开第八大街{400 + stage.books.serial('dormitory')}号示例产业园职工公寓"
    made, rows = list[Contract](), list[Row]()
    for n in range(SAME_HAND + 1):
        borrower = person(stage, opening_fen=3_000_00, address=address)
        one = lent(stage, borrower, EACH, start + 9 * n, list(PERSON_PURPOSES)[n])
        rows += [one.row, _signed_in(stage, device if n < 2 else _device(stage), borrower, one.start - 4)]
        made.append(one)
    who = (*(one.borrower.id for one in made), *(one.id for one in made), device)
    return Told(
        f"{len(made)} 名借款人住同一职工公寓, 其中夫妻二人共用手机 {device}; 各自消费, 资金没有汇集。",
        f"{len(made)} borrowers live in one dormitory, a couple shares the telephone {device}; each spends his own money.",
        tuple(Item(rule, who, EACH * len(made), start, made[-1].start, tuple(rows)) for rule in ("SF-04", "LM-05")),
    )


# -- shells -------------------------------------------------------------------------------------------------------------


def _founded(stage: Stage, start: int, paid_in: int, **columns: Any) -> tuple[Party, Party, list[Row]]:
    """Enter a company of 60 days and the one who founded, heads and owns it."""
    books, platform, since = stage.books, stage.platform, start - 60
    head = books.person(REGISTER)
    row: dict[str, Any] = {"registered_on": since, "registered_capital_yuan": _NEW_CAPITAL}
    who = books.company(platform.folder, legal_representative=head.name, **(row | columns))
    opened: dict[str, Any] = {"opening_fen": 10_000_00, "opened_on": since + 7}
    who = books.bank_with(who, platform.bank, platform.home, **opened)
    rows = [hold(books, head, who, 1.0, since, subscribed_yuan=_NEW_CAPITAL, paid_in_yuan=paid_in)]
    return who, head, [*rows, appoint(books, head, who, "legal_representative", "法定代表人", since)]


def _shell(stage: Stage) -> Told:
    """A company with so many of the signs: new, no wages or taxes, nothing paid in (so any loan is too large), soon gone."""
    books, start, fen = stage.books, stage.start(room=280), 30 * WAN
    points = min(stage.scaled(SHELL_SIGNS), 6)
    empty, gone, serial = points >= 4, points >= 5, points >= 6
    who, head, rows = _founded(stage, start, 0 if empty else fen, **({"status": "cancelled"} if gone else {}))
    if serial:
        others = [books.company(REGISTER, trade="商贸") for _ in range(5)]
        rows += [appoint(books, head, other, "legal_representative", "法定代表人", start - 300) for other in others]
    made = lent(stage, who, fen, start, "补充流动资金")
    if gone:
        rows.append(change(books, who, start + 120, "登记状态变更", "存续", "注销"))
    signs = ["成立 60 天", "无工资无税款", "实缴为零", "借款超过实缴五倍", "放款后 120 天注销", "法定代表人任职 6 家企业"][
        :points
    ]
    return Told(
        f"{who.name}借款 {money(fen)} 元, 空壳特征 {points} 项: {'、'.join(signs)}。",
        f"{who.name} borrows {money(fen)} yuan 60 days after it was registered and pays neither wages nor taxes; {points} "
        "signs of a shell in all.",
        (Item("FB-03", (who.id, made.id), fen, start, start, (made.row, *rows)),),
        (("SH-09", (head.id, who.id)),) if serial else (),
    )


def _start_up(stage: Stage) -> Told:
    """A company as new, but with its capital paid in, wages and taxes."""
    books, common, start, fen = stage.books, stage.common, stage.start(room=280), 30 * WAN
    who, _, rows = _founded(stage, start, 50 * WAN)
    for month in range(7):
        on = start - 40 + 30 * month
        books.pay(moment(stage, on, 9), common.customers, who.account, 6 * WAN, "transfer", "货款回笼")
        books.pay(moment(stage, on + 9, 10), who.account, common.payroll_in, 2 * WAN, "other", "代发工资")
        books.pay(moment(stage, on + 13, 11), who.account, common.tax, 4_000_00, "other", "缴税")
        buy(stage, who.account, 3 * WAN, on + 17, "物流")
    made = lent(stage, who, fen, start, "补充流动资金")
    return Told(
        f"{who.name}成立 60 天, 但实缴 500,000.00 元, 按月发工资缴税, 借款 {money(fen)} 元。",
        f"{who.name} is 60 days old, but has 500,000.00 yuan paid in, and pays wages and taxes; loan {money(fen)} yuan.",
        (Item("FB-03", (who.id, made.id), fen, start, start, (made.row, *rows)),),
    )


# -- one pledge for two loans -------------------------------------------------------------------------------------------


def _pledged(stage: Stage, fen: int, gap: int, months: int) -> tuple[str, list[Contract]]:
    """Lend twice on one car or deed, so many days after the first loan began, to a second borrower."""
    serial = stage.books.serial("pledge")
    # No maker's identification number begins with 00 (ISO 3780 gives the region 0 to nobody).
    pledge = f"车架号00X{serial:014d}" if stage.rng.integers(0, 2) else f"示例不动产权第{serial:07d}号"
    start, made = stage.start(room=330), list[Contract]()
    for n in range(2):
        borrower = person(stage, opening_fen=3_000_00)
        made.append(lent(stage, borrower, fen, start + n * gap, f"经营周转（抵押物: {pledge}）", months=months))
    return pledge, made


def _pledge_item(pledge: str, made: list[Contract]) -> Item:
    rows = tuple(row for one in made for row in (one.project, one.row) if row)
    who = (pledge, *(row.id for row in rows), *(one.borrower.id for one in made))
    return Item("FB-05", who, sum(one.fen for one in made), made[0].start, made[1].last, rows)


def _pledged_twice(stage: Stage) -> Told:
    fen = min(round(3 * stage.size), 8) * WAN
    pledge, made = _pledged(stage, fen, PLEDGE_DAYS, 6)
    first, second = (one.borrower.name for one in made)
    return Told(
        f"同一抵押物 ({pledge}) 先后用于{first}和{second}的借款, 各 {money(fen)} 元, "
        f"两笔同时在贷 {made[0].last - made[1].start} 天。",
        f"One pledge ({pledge}) stands behind the loans of {first} and {second}, {money(fen)} yuan each; both are open for "
        f"{made[0].last - made[1].start} days.",
        (_pledge_item(pledge, made),),
    )


def _pledged_again(stage: Stage) -> Told:
    pledge, made = _pledged(stage, 5 * WAN, 120, 3)
    first, second = (one.borrower.name for one in made)
    return Told(
        f"同一抵押物 ({pledge}) 在{first}还清 {made[1].start - made[0].last} 天后才用于{second}的借款。",
        f"One pledge ({pledge}) stands behind {second}'s loan only {made[1].start - made[0].last} days after {first} repaid.",
        (_pledge_item(pledge, made),),
    )


SCHEMES = (
    Scheme("invalid_borrower", "借款主体无效", "Invalid borrower", ("FB-01",), _invalid, _valid, sized=False),
    Scheme("one_payee", "一个账户收多人借款", "One account for many borrowers", ("FB-02", "SF-04"), _one_payee, _dealer),
    Scheme("shell_borrower", "空壳借款企业", "Shell borrower", ("FB-03",), _shell, _start_up),
    Scheme("nominee_cluster", "借名借款人群", "Borrowers in one hand", ("SF-04",), _cluster, _dormitory),
    Scheme("double_financing", "一物两贷", "One pledge, two loans", ("FB-05",), _pledged_twice, _pledged_again, sized=False),
)
