"""Money that goes round, passes through, gathers or wakes an account: 回流, 闭环, 对敲, 过账, 集散, 休眠."""

from lib.district.acts import WAN, Contract, at, buy, company, contract, ordinary, pay_out, person, repay
from lib.district.books import REGISTER, Party
from lib.district.days import DAY, LAST
from lib.district.plots import Item, Scheme, Stage, Told
from lib.district.schemes.selffinancing import related_company, shell

EDGE = 0.8  # CF-02: smallest over largest amount of a loop
LOOP_FEN = 5 * WAN  # CF-02
MIRRORS = 3  # CF-03
THROUGHPUT = 20 * WAN  # PT-01
DORMANT_DAYS = 180  # PT-02
FAN = 10  # PT-03: payers
WOKEN_FEN = 10 * WAN  # PT-02
Also = tuple[tuple[str, tuple[str, ...]], ...]


def _ids(stage: Stage, *parties: Party) -> tuple[str, ...]:
    return tuple(x for p in parties for x in (p.id, stage.books.account_ids_at(p.account)))


def _also(rules: tuple[str, ...], who: tuple[str, ...]) -> Also:
    return tuple((rule, who) for rule in rules)


def _returned(hops: int) -> Scheme:
    """Make the scheme in which a payout comes back to a related company over so many transfers within a week."""

    def plant(stage: Stage) -> Told:
        target, between = related_company(stage, "咨询"), [shell(stage, "物流") for _ in range(hops - 2)]
        fen = min(stage.scaled(LOOP_FEN * 4, WAN), 80 * WAN)
        loan = contract(stage, company(stage, trade="五金"), fen, stage.start(room=260), purpose="采购原材料")
        pay_out(stage, loan)
        payer, paid, kept = loan.borrower, [], fen
        for n, payee in enumerate([*between, target]):
            kept = fen * (1000 - 12 * (n + 1)) // 1000 // 100 * 100
            when = at(loan.start + 1, 10) + n * 20 * 3600 + int(stage.rng.integers(0, 3600))
            paid.append(stage.books.pay(when, payer.account, payee.account, kept, "transfer", "往来款"))
            payer = payee
        repay(stage, loan)
        who = (loan.id, loan.borrower.id, *_ids(stage, target, *between), stage.platform.id)
        days = (loan.start, loan.start + 1 + (hops - 1) * 20 // 24)
        item = Item("CF-01", who, kept, *days, (loan.row,), (loan.payout, *paid))
        return Told(
            f"放款 {fen / 100:,.2f} 元经 {hops} 笔划转于数日内回到关联方{target.name}, 回流 {kept / 100:,.2f} 元。",
            f"A payout of {fen / 100:,.2f} yuan returns by {hops} transfers to the related {target.name}: {kept / 100:,.2f}.",
            (item, Item("SF-03", (loan.id,), kept, None, None, (loan.row,), (loan.payout, *paid))),
            _also(("PT-01", "LU-01", "SF-04", "CF-02"), who),
        )

    def decoy(stage: Stage) -> Told:
        """A payout that the receiving bank refuses comes straight back, and is paid again."""
        loan = contract(stage, company(stage, trade="五金"), 20 * WAN, stage.start(room=260), purpose="采购原材料")
        pay_out(stage, loan)
        back = at(loan.start + 1, 9, 5)
        books, custody = stage.books, stage.platform.custody
        paid = (
            books.pay(back, loan.borrower.account, custody, loan.fen, "refund", "账号户名不符退汇", loan=loan.number),
            books.pay(back + 7200, custody, loan.borrower.account, loan.fen, "transfer", "退汇重发"),
        )
        stage.books.pay(
            at(loan.start + 9, 10), loan.borrower.account, int(stage.common.shops["五金"][0]), 12 * WAN, "transfer", "货款"
        )
        repay(stage, loan)
        who = (loan.id, loan.borrower.id, *_ids(stage, loan.borrower), stage.platform.id)
        return Told(
            f"放款 {loan.fen / 100:,.2f} 元因户名不符退回存管户, 两小时后重发。",
            f"The payout of {loan.fen / 100:,.2f} yuan is refused and returned to custody, and paid again two hours later.",
            (Item("CF-01", who, loan.fen, loan.start, loan.start + 1, (loan.row,), (loan.payout, *paid)),),
            _also(("CF-02", "CF-03", "RC-03", "RC-02", "IR-04"), who),
        )

    name = f"returned_{hops}"
    return Scheme(
        name, f"放款回流 ({hops} 跳)", f"Proceeds return by {hops} hops", ("CF-01", "SF-03"), plant, decoy, sized=False
    )


def _loop(hops: int) -> Scheme:
    """Make the scheme of a closed loop of so many companies, gone round twice; its decoy keeps half at each step."""

    def plant(stage: Stage) -> Told:
        fen = min(stage.scaled(LOOP_FEN, 100_00), 60 * WAN)
        ring, paid, start = _ring(stage, fen), [], stage.start(room=80)
        for turn in range(2):
            amount = fen
            for n in range(hops):
                when = at(start + 20 * turn + n, 11) + int(stage.rng.integers(0, 3600))
                paid.append(stage.books.pay(when, ring[n].account, ring[(n + 1) % hops].account, amount, "transfer", "往来款"))
                amount = amount * 985 // 1000 // 100 * 100 if fen >= LOOP_FEN * 11 // 10 else amount
        who = (*_ids(stage, *ring), stage.platform.id)
        item = Item("CF-02", who, fen, start, start + 20 + hops - 1, payments=tuple(paid))
        return Told(
            f"{hops} 家公司两次循环划转, 每次 {fen / 100:,.2f} 元, 回到起点。",
            f"{hops} companies pay {fen / 100:,.2f} yuan round in a circle, twice.",
            (item,),
            _also(("PT-01", "CF-03", "CF-01", "PT-02"), who),
        )

    def _ring(stage: Stage, fen: int) -> list[Party]:
        ring = [
            company(stage, trade="商贸", folder=REGISTER, opening_fen=2 * fen if n == 0 else 10_000_00) for n in range(hops)
        ]
        # One of them borrows, so that the loop lies among the accounts of the case.
        borrower = company(stage, trade="商贸", opening_fen=2 * fen)
        ordinary(stage, contract(stage, borrower, 20 * WAN, stage.start(room=260)))
        return [borrower, *ring[1:]]

    def decoy(stage: Stage) -> Told:
        """A purchase, and a part of it refunded: it goes round with far less."""
        ring, start = _ring(stage, 30 * WAN), stage.start(room=80)
        amount, paid = 30 * WAN, []
        for n in range(hops):
            when = at(start + n, 11) + int(stage.rng.integers(0, 3600))
            paid.append(stage.books.pay(when, ring[n].account, ring[(n + 1) % hops].account, amount, "transfer", "货款"))
            amount = amount * 6 // 10 // 100 * 100
        who = (*_ids(stage, *ring), stage.platform.id)
        return Told(
            f"{hops} 家公司先后购货, 每一手只有上一手的六成, 末笔回到首家, 最小与最大之比低于 {EDGE}。",
            f"{hops} companies buy from each other, each for 60 % of the amount before: smallest over largest is below {EDGE}.",
            (Item("CF-02", who, 30 * WAN, start, start + hops - 1, payments=tuple(paid)),),
            _also(("PT-01",), who),
        )

    return Scheme(f"loop_{hops}", f"资金闭环 ({hops} 跳)", f"Closed loop of {hops} transfers", ("CF-02",), plant, decoy)


def _mirror(stage: Stage) -> Told:
    count, start = stage.scaled(MIRRORS), stage.start(room=120)
    a, b = (company(stage, trade="食品", folder=REGISTER, opening_fen=60 * WAN) for _ in range(2))
    _borrowed(stage, a)
    paid = []
    for n in range(count):
        when = at(start + 9 * n, 10)
        paid.append(stage.books.pay(when, a.account, b.account, 8 * WAN, "transfer", "往来款"))
        paid.append(stage.books.pay(when + DAY, b.account, a.account, 8 * WAN - 100_00, "transfer", "往来款"))
    who = _ids(stage, a, b)
    item = Item("CF-03", who, count * 8 * WAN, start, start + 9 * (count - 1) + 1, payments=tuple(paid))
    return Told(
        f"{a.name}与{b.name}在次日以几乎相等的金额互相划转 {count} 次。",
        f"{a.name} and {b.name} send each other nearly the same amount within a day, {count} times.",
        (item,),
        _also(("CF-02", "PT-01"), (*who, stage.platform.id)),
    )


def _borrowed(stage: Stage, party: Party, fen: int = 20 * WAN, room: int = 260) -> Contract:
    """Let a party borrow ordinarily as well, so that its account is one of the case's."""
    return ordinary(stage, contract(stage, party, fen, stage.start(room=room)))


def _bid_bond(stage: Stage) -> Told:
    start = stage.start(room=120)
    a, b = (company(stage, trade="装饰工程", folder=REGISTER, opening_fen=60 * WAN) for _ in range(2))
    _borrowed(stage, a)
    paid = (
        stage.books.pay(at(start, 10), a.account, b.account, 8 * WAN, "transfer", "投标保证金"),
        stage.books.pay(at(start + 2, 10), b.account, a.account, 8 * WAN, "refund", "退投标保证金"),
    )
    return Told(
        f"{a.name}交投标保证金 80,000.00 元, 两天后原额退回, 仅一次。",
        f"{a.name} pays a bid bond of 80,000.00 yuan and gets it back after two days, once.",
        (Item("CF-03", _ids(stage, a, b), 8 * WAN, start, start + 2, payments=paid),),
        _also(("CF-02", "PT-01"), (*_ids(stage, a, b), stage.platform.id)),
    )


def _pass_through(stage: Stage) -> Told:
    total, start, paid = stage.scaled(THROUGHPUT, 100_00), LAST - 80, []
    account = shell(stage, "咨询")
    loan = _borrowed(stage, account, THROUGHPUT // 2, 330)  # what repays it passes through as well, at another time
    buy(stage, account.account, loan.fen // 10, loan.start + 30, "商贸")  # the tenth that is left: a balance would stay
    for n in range(4):
        part = total // 4 // 100 * 100 if n else total - 3 * (total // 4 // 100 * 100)
        when = at(start + 5 * n, 10)
        paid.append(stage.books.pay(when, stage.common.customers, account.account, part, "transfer", "咨询费"))
        paid.append(
            stage.books.pay(when + 4 * 3600, account.account, stage.common.suppliers[n % 3], part, "transfer", "劳务费")
        )
    item = Item("PT-01", _ids(stage, account), total, start, start + 15, payments=tuple(paid))
    return Told(
        f"{account.name} 15 天内进出各 {total / 100:,.2f} 元, 每笔停留四小时, 不留余额。",
        f"{account.name} takes in and pays out {total / 100:,.2f} yuan in 15 days, four hours each, leaving nothing.",
        (item,),
        _also(("ST-01", "PT-03", "ST-02"), (*_ids(stage, account), stage.platform.id)),
    )


def _trader(stage: Stage) -> Told:
    account, start = shell(stage, "农产品"), LAST - 80
    _borrowed(stage, account)
    paid = []
    for n in range(4):
        paid.append(
            stage.books.pay(at(start + 5 * n, 10), stage.common.customers, account.account, 8 * WAN, "transfer", "货款回笼")
        )
        paid.append(
            stage.books.pay(
                at(start + 5 * n + 4, 15), account.account, stage.common.suppliers[n % 3], 6 * WAN, "transfer", "货款"
            )
        )
    return Told(
        f"{account.name}的流水进出相近, 但每笔停留四天, 并留有余额。",
        f"{account.name} takes in and pays out similar sums, but each stays four days and a balance is left.",
        (Item("PT-01", _ids(stage, account), 32 * WAN, start, start + 19, payments=tuple(paid)),),
    )


def _woken(stage: Stage) -> Told:
    gap, account = stage.scaled(DORMANT_DAYS), shell(stage, "电子产品")
    _borrowed_by_other(stage, account)
    before, woken = LAST - 60 - gap, LAST - 60
    paid = []
    stage.books.pay(at(before, 10), stage.common.customers, account.account, 2_000_00, "transfer", "货款回笼")
    for n in range(3):
        when = at(woken + 2 * n, 10)
        paid.append(stage.books.pay(when, stage.common.customers, account.account, WOKEN_FEN, "transfer", "货款回笼"))
    item = Item("PT-02", _ids(stage, account), 3 * WOKEN_FEN, woken, woken + 4, payments=tuple(paid))
    return Told(
        f"{account.name}的账户闲置 {gap} 天后, 五天内流入 {3 * WOKEN_FEN / 100:,.2f} 元。",
        f"The account of {account.name} sleeps for {gap} days, then takes in {3 * WOKEN_FEN / 100:,.2f} yuan in five.",
        (item,),
    )


def _borrowed_by_other(stage: Stage, guarantor: Party) -> None:
    """Tie a party to the case as the guarantor of an ordinary loan, without a line on its account."""
    ordinary(stage, contract(stage, company(stage, trade="家电"), 18 * WAN, stage.start(room=260), guarantor_id=guarantor.id))


def _seasonal(stage: Stage) -> Told:
    account = shell(stage, "食品")
    _borrowed_by_other(stage, account)
    paid = []
    for year in range(3):
        for n in range(2):
            when = at(LAST - 60 - 365 * year + 3 * n, 10)
            paid.append(stage.books.pay(when, stage.common.customers, account.account, 5 * WAN, "transfer", "年货货款"))
    return Told(
        f"{account.name}每年只在年关前收款, 往年金额相同, 属季节性经营。",
        f"{account.name} takes money each winter only, the same as in the years before: seasonal business.",
        (Item("PT-02", _ids(stage, account), 10 * WAN, LAST - 60, LAST - 57, payments=tuple(paid[:2])),),
    )


def _gathered(stage: Stage) -> Told:
    """Borrowers pay one company, which passes nearly all on to one payee."""
    count, start = stage.scaled(FAN), stage.start(room=260)
    hub, end = shell(stage, "供应链服务"), shell(stage, "建材")
    paid, total = [], 0
    for n in range(count):
        loan = contract(stage, person(stage), (6 + n % 5) * WAN, start + n * 7 // count, purpose="房屋装修")
        pay_out(stage, loan)
        part = loan.fen * 8 // 10
        total += part
        paid.append(stage.books.pay(at(loan.start + 2, 11, n), loan.borrower.account, hub.account, part, "transfer", "装修款"))
        repay(stage, loan)
    paid.append(stage.books.pay(at(start + 9, 16), hub.account, end.account, total * 9 // 10, "transfer", "材料款"))
    item = Item("PT-03", _ids(stage, hub), total, start + 2, start + 9, payments=tuple(paid))
    return Told(
        f"{count} 名借款人在 10 天内把借款的八成付给{hub.name}, 后者将其中九成转给{end.name}。",
        f"{count} borrowers pay 80 % of their loans to {hub.name} within 10 days, which passes nine tenths on to {end.name}.",
        (item,),
        _also(("PT-01", "SF-04", "FB-02", "FP-05", "LU-01"), (*_ids(stage, hub, end), stage.platform.id)),
    )


def _fitter(stage: Stage) -> Told:
    """A decorator with many customers pays several suppliers."""
    start = stage.start(room=260)
    shop = shell(stage, "装饰工程")
    paid, total = [], 0
    for n in range(12):
        loan = contract(stage, person(stage), (6 + n % 5) * WAN, start + n * 7 // 12, purpose="房屋装修")
        pay_out(stage, loan)
        part = loan.fen // 2
        total += part
        paid.append(stage.books.pay(at(loan.start + 3, 11, n), loan.borrower.account, shop.account, part, "transfer", "装修款"))
        repay(stage, loan)
    for n in range(3):
        part = total * 2 // 10 // 100 * 100
        paid.append(stage.books.pay(at(start + 13, 16, n), shop.account, stage.common.suppliers[n], part, "transfer", "材料款"))
    return Told(
        f"12 名借款人向装修公司{shop.name}付款, 后者于一日内分付三家供应商, 每家各三分之一。",
        f"12 borrowers pay the decorator {shop.name}, which pays three suppliers on one day, a third of it each.",
        (Item("PT-03", _ids(stage, shop), total, start + 3, start + 13, payments=tuple(paid)),),
        _also(("SF-04",), (*_ids(stage, shop), stage.platform.id)),
    )


SCHEMES = (
    *(_returned(hops) for hops in (2, 3, 5)),
    *(_loop(hops) for hops in (2, 3, 4, 6)),
    Scheme("mirror", "等额对敲", "Mirror transfers", ("CF-03",), _mirror, _bid_bond),
    Scheme("pass_through", "过账账户", "Pass-through account", ("PT-01",), _pass_through, _trader),
    Scheme("woken", "休眠账户启用", "Dormant account woken", ("PT-02",), _woken, _seasonal),
    Scheme("gathered", "分散转入集中转出", "Fan-in, then out", ("PT-03",), _gathered, _fitter),
)
