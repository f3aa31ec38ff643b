"""What loans are used for: otherwise than agreed, for securities or houses, by students, for no purpose; arranged sums."""

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
    spend,
    trade_of,
)
from lib.district.books import REGISTER
from lib.district.days import date, day
from lib.district.plots import Item, Scheme, Stage, Told
from lib.district.schemes.borrowers import years_before
from lib.district.schemes.splitting import institution
from lib.district.terms import ANNUITY

MISUSED = 0.3  # LU-01: share of the proceeds
SECURITIES = 0.1  # LU-02
CAMPUS_FROM = day("2017-05-27")  # LU-03
LARGE, BAND = 50 * WAN, 0.8  # ST-01: what is reported of a person, and from which part of it on a payment lies just below
JUST_BELOW, MOST = 3, 49 * WAN  # ST-01: payments; the largest one
EARNED = 26 * WAN  # what comes in at once: far below the band
# An agreed purpose, and a trade that has nothing to do with it.
_STRAYS = (("房屋装修", "汽车销售"), ("购买汽车", "婚庆服务"), ("采购原材料", "汽车销售"), ("购置设备", "餐饮"))


# -- otherwise than agreed ----------------------------------------------------------------------------------------------


def _strayed(stage: Stage, mille: int) -> Told:
    """Lend for a purpose and spend so many thousandths on something else, before the rest; nothing else is on the account."""
    kind = int(stage.rng.integers(0, len(_STRAYS)))
    purpose, trade = _STRAYS[kind]
    borrower, fen = (person(stage), 10 * WAN) if kind < 2 else (company(stage), 40 * WAN)
    made = contract(stage, borrower, fen, stage.start(room=250), purpose=purpose)
    pay_out(stage, made)
    amount = fen * mille // 1000
    paid = buy(stage, borrower.account, amount, made.start + 4, trade)
    if rest := fen * max(950 - mille, 0) // 1000:
        buy(stage, borrower.account, rest, made.start + 13, trade_of(stage, purpose))
    repay(stage, made)
    who = (made.id, borrower.id)
    return Told(
        f"{borrower.name}借款 {money(fen)} 元, 约定用途“{purpose}”; 四天后其中 {money(amount)} 元 ({mille / 10:g}%) "
        f"付给{trade}商家。",
        f"{borrower.name} borrows {money(fen)} yuan for “{purpose}”; four days later {money(amount)} ({mille / 10:g} %) go to "
        f"a shop of another trade ({trade}).",
        (Item("LU-01", who, amount, made.start, made.start + 4, (made.row,), (made.payout, paid)),),
    )


def _misuse(stage: Stage) -> Told:
    return _strayed(stage, min(stage.scaled(MISUSED * 1000), 900))


def _a_fifth(stage: Stage) -> Told:
    return _strayed(stage, 200)


def _speculation(stage: Stage) -> Told:
    """A share of the proceeds goes to a dealer in securities or a builder of houses, by way of a friend or not."""
    books, fen, mille = stage.books, 10 * WAN, min(stage.scaled(SECURITIES * 1000), 900)
    trade = ("证券", "期货经纪", "房地产开发", "置业")[int(stage.rng.integers(0, 4))]
    borrower, target = person(stage), company(stage, folder=REGISTER, trade=trade)
    made = contract(stage, borrower, fen, stage.start(room=250), purpose="房屋装修")
    pay_out(stage, made)
    amount, payer, paid, on = fen * mille // 1000, borrower.account, [made.payout], made.start + 3
    if between := bool(stage.rng.integers(0, 2)):
        friend = person(stage)
        paid.append(books.pay(moment(stage, on, 10), payer, friend.account, amount, "transfer", "转账"))
        payer, on = friend.account, on + 4
    memo = "银证转账" if trade in ("证券", "期货经纪") else "购房款"
    paid.append(books.pay(moment(stage, on, 10), payer, target.account, amount, "transfer", memo))
    if rest := fen * max(950 - mille, 0) // 1000:
        buy(stage, borrower.account, rest, made.start + 13, trade_of(stage, "房屋装修"))
    repay(stage, made)
    who = (made.id, borrower.id, target.id)
    hops = 2 if between else 1
    return Told(
        f"{borrower.name}以房屋装修为名借款 {money(fen)} 元, 其中 {money(amount)} 元 ({mille / 10:g}%) "
        f"经 {hops} 笔划转到{target.name}。",
        f"{borrower.name} borrows {money(fen)} yuan to renovate a home; {money(amount)} ({mille / 10:g} %) reach {target.name} "
        f"by {hops} transfer(s).",
        (Item("LU-02", who, amount, made.start, on, (made.row,), tuple(paid)),),
        (("LU-01", who),) if stage.size > 1 else (),
    )


def _contractor(stage: Stage) -> Told:
    """A contractor who buys material with the loan is paid by a builder of houses."""
    books, fen, start = stage.books, 40 * WAN, stage.start(room=250)
    builder = company(stage, folder=REGISTER, trade="房地产开发", opening_fen=100 * WAN)
    borrower = company(stage, trade="装饰工程")
    made = lent(stage, borrower, fen, start, "采购原材料")
    for after in (20, 48, 75):
        books.pay(moment(stage, start + after, 10), builder.account, borrower.account, 12 * WAN, "transfer", "工程进度款")
        buy(stage, borrower.account, 11 * WAN, start + after + 6, trade_of(stage, "采购原材料"))
    who = (made.id, borrower.id, builder.id)
    return Told(
        f"{borrower.name}借款采购材料, 三次收到{builder.name}的工程款各 120,000.00 元: 收款而不是付款。",
        f"{borrower.name} borrows to buy material and is paid 120,000.00 yuan three times by {builder.name}: it receives, and "
        "pays nothing to it.",
        (Item("LU-02", who, 36 * WAN, start, start + 75, (made.row,)),),
    )


# -- students and cash --------------------------------------------------------------------------------------------------


def _each_item(stage: Stage, rule: str, made: list[Contract]) -> tuple[Item, ...]:
    """Return a finding per contract; a rule may as well judge the borrower or the institution whole."""
    whole = institution(stage)
    return tuple(Item(rule, (one.id, one.borrower.id, *whole), one.fen, one.start, one.start, (one.row,)) for one in made)


def _campus(stage: Stage) -> Told:
    count, start = min(2 + round(stage.size), 7), stage.start(room=280, after=CAMPUS_FROM + 5)
    house, made = 300 + stage.books.serial("college"), []
    for n in range(count):
        born = date(years_before(start, 19 + n % 4) - 30 - 40 * (n % 3))
        address = f"郑州市文化路{house}号示例学院学生公寓{n + 1}号楼{301 + 7 * n}室"
        who = person(stage, opening_fen=800_00, born=born.isoformat(), student=True, address=address)
        one = contract(stage, who, (6 + n % 4) * 1_000_00, start + 5 * n, purpose="购买电脑（学生分期）", method=ANNUITY)
        pay_out(stage, one)
        buy(stage, who.account, one.fen * 9 // 10, one.start + 4, "电子产品")
        repay(stage, one)
        made.append(one)
    total = sum(one.fen for one in made)
    return Told(
        f"向 {count} 名在校学生 (19 至 22 岁, 住学生公寓) 各发放一笔小额借款, 共 {money(total)} 元。",
        f"{count} students (19 to 22 years old, living in halls) get a small loan each, {money(total)} yuan in all.",
        _each_item(stage, "LU-03", made),
    )


def _teacher(stage: Stage) -> Told:
    start = stage.start(room=250, after=CAMPUS_FROM + 5)
    house = 300 + stage.books.serial("college")
    born, address = date(years_before(start, 40) - 100), f"郑州市文化路{house}号示例学院教师家属院3号楼201室"
    who = person(stage, opening_fen=3_000_00, born=born.isoformat(), student=False, address=address)
    made = lent(stage, who, 8 * WAN, start, "房屋装修")
    return Told(
        f"{who.name} 40 岁, 是学院教职工, 住址在校内, 不是学生; 借款 {money(made.fen)} 元装修房屋。",
        f"{who.name}, 40 years old, is on the staff of a college and lives on campus, but is no student; loan of "
        f"{money(made.fen)} yuan to renovate a home.",
        (Item("LU-03", (made.id, who.id), made.fen, start, start, (made.row,)),),
    )


def _cash(stage: Stage) -> Told:
    count, start, made = min(2 + round(2 * stage.size), 12), stage.start(room=120), []
    for n in range(count):
        who, fen = person(stage, opening_fen=500_00), (2 + n % 3) * 1_000_00
        one = contract(stage, who, fen, start + 2 * n, months=1, purpose=("资金周转", "个人消费")[n % 2])
        pay_out(stage, one)
        spend(stage, one)
        repay(stage, one)
        made.append(one)
    total = sum(one.fen for one in made)
    return Told(
        f"{count} 笔一个月期的小额借款共 {money(total)} 元, 每笔 2,000 至 4,000 元, 无具体用途、无场景、无抵押。",
        f"{count} loans for a month, 2,000 to 4,000 yuan each, {money(total)} in all: no purpose, no merchant, no pledge.",
        _each_item(stage, "LU-04", made),
    )


def _at_the_till(stage: Stage) -> Told:
    """A small loan for goods, paid to the merchant as agreed."""
    start, shop = stage.start(room=250), shop_of(stage, "家电")
    account, name = stage.books.account_ids_at(shop), stage.common.shop_parties[shop].name
    columns = {"method": ANNUITY, "purpose": "家庭消费", "disbursement_account": account}
    made = contract(stage, person(stage, opening_fen=500_00), 4_500_00, start, **columns)
    entrust(stage, made, shop)
    repay(stage, made)
    return Told(
        f"{made.borrower.name}在{name}分期购买家电, 借款 4,500.00 元受托支付给商家, 六个月还清: 有场景。",
        f"{made.borrower.name} buys household goods from {name}: the loan of 4,500.00 yuan is paid to the merchant, and "
        "repaid in six months.",
        (Item("LU-04", (made.id, made.borrower.id), made.fen, start, start, (made.row,)),),
    )


# -- arranged sums ------------------------------------------------------------------------------------------------------


def _earned(stage: Stage, account: int, fen: int, until: int, apart: int) -> None:
    """Let customers pay in so much and a little more, by small sums, the last one some days before a day."""
    for n in range(-(-(fen + WAN) // EARNED)):
        when = moment(stage, until - apart * (n + 1), 9)
        stage.books.pay(when, stage.common.customers, account, EARNED, "transfer", "货款回笼")


def _arranged(stage: Stage) -> Told:
    each = min(stage.scaled(LARGE * BAND, 1_000_00), MOST)
    count, start = JUST_BELOW + (stage.size >= 2) + (stage.size >= 4), stage.start(room=250)
    who, payee = person(stage, opening_fen=3_000_00), company(stage, folder=REGISTER, trade="商贸")
    lent(stage, who, 4 * WAN, start, "经营周转")
    on = start + 115
    _earned(stage, who.account, each * count, on, 6)
    paid = [
        stage.books.pay(moment(stage, on + n, 10), who.account, payee.account, each, "transfer", "货款") for n in range(count)
    ]
    total, account = each * count, stage.books.account_ids_at(who.account)
    return Told(
        f"{who.name}连续 {count} 天各付 {money(each)} 元给{payee.name}, 共 {money(total)} 元; "
        f"每笔都低于大额标准 {money(LARGE)} 元。",
        f"{who.name} pays {payee.name} {money(each)} yuan on {count} days in a row, {money(total)} in all, each below the "
        f"{money(LARGE)} that are reported.",
        (Item("ST-01", (who.id, account), total, on, on + count - 1, (), tuple(paid)),),
    )


def _rent(stage: Stage) -> Told:
    """The same sum in the same band, but as rent, once a month."""
    each, start, count = 45 * WAN, stage.start(room=330), 4
    who = person(stage, opening_fen=3_000_00)
    lent(stage, who, 4 * WAN, start, "经营周转")
    _earned(stage, who.account, each * count, start + 170, 11)
    paid = []
    for n in range(count):
        when = moment(stage, start + 175 + 31 * n, 10)
        paid.append(stage.books.pay(when, who.account, stage.common.landlord, each, "transfer", "市场摊位租金"))
    account = stage.books.account_ids_at(who.account)
    return Told(
        f"{who.name}按月付固定租金 {money(each)} 元, 共 {count} 次, 每次相隔 31 天。",
        f"{who.name} pays a fixed rent of {money(each)} yuan a month, {count} times, 31 days apart.",
        (Item("ST-01", (who.id, account), each * count, start + 175, start + 268, (), tuple(paid)),),
    )


SCHEMES = (
    Scheme("misuse", "资金用途不符", "Money used otherwise than agreed", ("LU-01",), _misuse, _a_fifth),
    Scheme("securities", "流入证券或房地产", "Money for securities or houses", ("LU-02",), _speculation, _contractor),
    Scheme("campus", "校园贷", "Loans to students", ("LU-03",), _campus, _teacher, sized=False),
    Scheme("cash_loan", "现金贷", "Cash loans", ("LU-04",), _cash, _at_the_till, sized=False),
    Scheme("structuring", "临界拆分", "Sums just below what is reported", ("ST-01",), _arranged, _rent),
)
