"""Self-financing (自融): loans whose money, borrower, guarantor or office is the institution's own circle."""

from lib.district.acts import WAN, Contract, at, company, contract, moment, ordinary, pay_out, person, repay, spend
from lib.district.books import REGISTER, Party
from lib.district.days import FIRST, day
from lib.district.platforms import appoint, hold
from lib.district.plots import Item, Scheme, Stage, Told

SHARE, LEAST_FEN = 0.2, 5 * WAN  # of SF-03
_AGENCY_USERS = 24  # more than 20 unrelated companies at one address: a registration agent


def related_company(stage: Stage, trade: str = "置业咨询", percent: int = 90) -> Party:
    """Enter a company of which the institution's head holds most, and somebody else the rest."""
    made = company(stage, trade=trade, folder=REGISTER)
    hold(stage.books, stage.platform.head, made, percent / 100, FIRST - 200)
    hold(stage.books, stage.books.person(REGISTER), made, (100 - percent) / 100, FIRST - 200)
    return made


def shell(stage: Stage, trade: str = "商贸") -> Party:
    """Enter a company that nothing on record ties to the institution."""
    made = company(stage, trade=trade, folder=REGISTER)
    hold(stage.books, stage.books.person(REGISTER), made, 1.0, FIRST - 100)
    return made


def divert(stage: Stage, made: Contract, fen: int, way: list[Party], hours: int = 5) -> list[int]:
    """Pay a part of a payout on, from the borrower through the parties of the way, within hours of the next day."""
    when, payer, paid = moment(stage, made.start + 1, 9), made.borrower, []
    for n, payee in enumerate(way):
        memo = ("货款", "往来款", "往来款", "投资款")[min(n, 3)]
        paid.append(stage.books.pay(when + n * hours * 3600 // len(way), payer.account, payee.account, fen, "transfer", memo))
        payer = payee
    return paid


def _self_financing(layers: int) -> "tuple[str, Scheme]":
    """Make the scheme whose money passes so many hands before it reaches the related company."""

    def plant(stage: Stage) -> Told:
        target, between = related_company(stage), [shell(stage) for _ in range(layers - 1)]
        items, last = [], min(1.0, SHARE * stage.size)
        for n in range(3):
            fen = (30 + 10 * n) * WAN
            part = int(fen * last) // 100 * 100
            loan = contract(stage, company(stage, trade="建材"), fen, stage.start(room=260), purpose="采购原材料")
            pay_out(stage, loan)
            passed = divert(stage, loan, part, [*between, target])
            _use_rest(stage, loan, fen - part)
            repay(stage, loan)
            days = (loan.start + 1, loan.start + 1)
            items.append(Item("SF-03", (loan.id,), part, *days, (loan.row,), (loan.payout, *passed)))
        shells = tuple(x for one in between for x in (one.id, stage.books.account_ids_at(one.account)))
        loans = tuple(item.subjects[0] for item in items)
        target_ids = (target.id, stage.books.account_ids_at(target.account))
        total = sum(item.fen or 0 for item in items)
        return Told(
            f"三笔企业借款的 {last:.1%} 于次日经 {layers} 手转入实际控制人持股 90% 的{target.name}, "
            f"合计 {total / 100:,.2f} 元。",
            f"{last:.1%} of three loans reach {target.name}, 90 % held by the controller, by {layers} transfers next day: "
            f"{total / 100:,.2f} yuan in all.",
            tuple(items),
            (
                ("PT-01", shells + target_ids),
                ("PT-03", shells + target_ids),
                ("LU-01", loans),
                ("CF-01", loans),
                ("SF-04", target_ids + shells),
            ),
        )

    def decoy(stage: Stage) -> Told:
        target = related_company(stage, "建材")
        loan = contract(stage, company(stage, trade="装饰工程"), 40 * WAN, stage.start(room=260), purpose="采购原材料")
        pay_out(stage, loan)
        part = 40 * WAN * 15 // 100
        bought = stage.books.pay(
            moment(stage, loan.start + 6, 11), loan.borrower.account, target.account, part, "transfer", "货款"
        )
        _use_rest(stage, loan, loan.fen - part)
        repay(stage, loan)
        item = Item("SF-03", (loan.id,), part, loan.start + 6, loan.start + 6, (loan.row,), (bought,))
        return Told(
            f"借款人向关联方{target.name}购货 {part / 100:,.2f} 元, 为放款的 15%, 低于 20%。",
            f"The borrower buys goods for {part / 100:,.2f} yuan of the related {target.name}: 15 % of the loan, below 20 %.",
            (item,),
        )

    zh, en = f"自融 (经 {layers} 手)", f"Self-financing by {layers} transfers"
    return zh, Scheme(f"self_financing_{layers}", zh, en, ("SF-03",), plant, decoy)


def _use_rest(stage: Stage, loan: Contract, fen: int) -> None:
    """Spend what was not diverted in a shop of the trade, nine tenths of it, some days later."""
    if (part := fen * 9 // 10 // 10_000 * 10_000) > 0:
        shop = int(stage.common.shops["建材"][loan.number % len(stage.common.shops["建材"])])
        stage.books.pay(moment(stage, loan.start + 8, 10), loan.borrower.account, shop, part, "transfer", "材料款")


def _self_listing(stage: Stage) -> Told:
    own = stage.platform.company
    loan = contract(stage, own, stage.scaled(20 * WAN, WAN), stage.start(room=260), purpose="补充流动资金")
    pay_out(stage, loan)
    repay(stage, loan)
    item = Item("SF-01", (loan.id, own.id, stage.platform.id), loan.fen, loan.start, loan.start, (loan.row,), (loan.payout,))
    return Told(
        f"运营主体{own.name}以自身名义在本平台借款 {loan.fen / 100:,.2f} 元。",
        f"The operating company {own.name} borrows {loan.fen / 100:,.2f} yuan on its own platform.",
        (item,),
        _of_related(stage, loan),
    )


def _namesake(stage: Stage) -> Told:
    other = company(stage, stage.platform.company.name, address="河南省洛阳市西工区示例路1号")
    loan = ordinary(stage, contract(stage, other, 20 * WAN, stage.start(room=260), purpose="补充流动资金"))
    return Told(
        f"借款人与运营主体同名 ({other.name}), 但统一社会信用代码不同, 是另一家公司。",
        f"The borrower bears the operating company's name ({other.name}) but another credit code: another company.",
        (Item("SF-01", (loan.id, other.id), loan.fen, loan.start, loan.start, (loan.row,)),),
    )


def _of_related(stage: Stage, loan: Contract) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return what else fires where a related party borrows."""
    who = (loan.id, loan.borrower.id, stage.platform.id, stage.platform.company.id)
    return tuple((rule, who) for rule in ("SF-01", "SF-02", "SF-03", "SF-05", "DC-01", "PT-01", "CU-04", "LU-01"))


def _related_borrower(stage: Stage) -> Told:
    return _related(stage, disclosed=False)


def _disclosed_borrower(stage: Stage) -> Told:
    return _related(stage, disclosed=True)


def _related(stage: Stage, *, disclosed: bool) -> Told:
    borrower = related_company(stage, "机械设备")
    fen = stage.scaled(30 * WAN, WAN) if not disclosed else 30 * WAN
    loan = ordinary(stage, contract(stage, borrower, fen, stage.start(room=200, after=day("2017-09-01")), purpose="购置设备"))
    stage.marks.related[loan.number] = disclosed
    item = Item("SF-02", (loan.id, borrower.id, stage.platform.id), fen, loan.start, None, (loan.row,))
    zh, en = (
        ("已如实披露", "disclosed as it is") if disclosed else ("未计入披露的关联关系借款余额", "left out of what is disclosed")
    )
    return Told(
        f"实际控制人持股 90% 的{borrower.name}借款 {fen / 100:,.2f} 元, {zh}。",
        f"{borrower.name}, 90 % held by the controller, borrows {fen / 100:,.2f} yuan, {en}.",
        (item,),
        _of_related(stage, loan)[2:] if disclosed else _of_related(stage, loan),
    )


def _shared_office(stage: Stage) -> Told:
    target, address = related_company(stage), "郑州市经开第八大街888号1号楼1801室"
    twin = company(stage, trade="五金", folder=REGISTER, address=address)
    borrower = company(stage, trade="五金", address=address)
    appoint(stage.books, stage.platform.officers[0], twin, "director", "董事", FIRST)
    loan = ordinary(stage, contract(stage, borrower, 25 * WAN, stage.start(room=260)))
    item = Item("SF-05", (borrower.id, loan.id, stage.platform.id), loan.fen, rows=(loan.row,))
    return Told(
        f"借款人{borrower.name}与平台董事任职的{twin.name}登记在同一地址 ({address})。",
        f"The borrower {borrower.name} is registered at the address of {twin.name}, of which an officer is a director.",
        (item,),
        (("FB-03", (borrower.id, loan.id)), ("SH-09", (target.id, twin.id, borrower.id))),
    )


def _agent_address(stage: Stage) -> Told:
    address = "郑州市商都路100号秘书公司集中登记区"
    users = [stage.books.company(REGISTER, address=address) for _ in range(_AGENCY_USERS)]
    borrower = company(stage, trade="五金", address=address)
    appoint(stage.books, stage.platform.officers[1], users[0], "director", "董事", FIRST)
    loan = ordinary(stage, contract(stage, borrower, 25 * WAN, stage.start(room=260)))
    return Told(
        f"借款人与平台人员任职的公司同在代办登记地址, 该地址登记有 {_AGENCY_USERS + 1} 家互不相关的公司。",
        f"Borrower and an officer's company share a registration agent's address, with {_AGENCY_USERS + 1} companies at it.",
        (Item("SF-05", (borrower.id, loan.id, stage.platform.id), loan.fen, rows=(loan.row,)),),
        (("SH-09", (*(u.id for u in users), borrower.id)),),
    )


def _related_guarantor(stage: Stage) -> Told:
    guarantor = related_company(stage, "投资咨询")
    loan = ordinary(
        stage,
        contract(
            stage, company(stage, trade="物流"), stage.scaled(20 * WAN, WAN), stage.start(room=260), guarantor_id=guarantor.id
        ),
    )
    item = Item("SF-06", (loan.id, guarantor.id, stage.platform.id), loan.fen, loan.start, None, (loan.row,))
    return Told(
        f"借款由实际控制人持股 90% 的{guarantor.name}担保, 担保余额 {loan.fen / 100:,.2f} 元。",
        f"The loan is guaranteed by {guarantor.name}, 90 % held by the controller: {loan.fen / 100:,.2f} yuan.",
        (item,),
        (("GR-05", (loan.id, guarantor.id)),),
    )


def _licensed_guarantor(stage: Stage) -> Told:
    guarantor = stage.common.guarantors[0]
    borrower = company(stage, trade="物流")
    loan = ordinary(stage, contract(stage, borrower, 30 * WAN, stage.start(room=260), guarantor_id=guarantor.id))
    return Told(
        f"借款由无关联的持牌担保公司{guarantor.name}担保。",
        f"The loan is guaranteed by {guarantor.name}, licensed and unrelated.",
        (Item("SF-06", (loan.id, guarantor.id), loan.fen, loan.start, None, (loan.row,)),),
    )


SCHEMES = (
    *(_self_financing(layers)[1] for layers in (1, 2, 3, 4)),
    Scheme("self_listing", "以自身名义融资", "Borrowing on itself", ("SF-01",), _self_listing, _namesake, sized=False),
    Scheme(
        "related_borrower",
        "关联方借款未披露",
        "Related borrower not disclosed",
        ("SF-02",),
        _related_borrower,
        _disclosed_borrower,
        sized=False,
    ),
    Scheme(
        "shared_office",
        "与关联方同址",
        "Office shared with a related party",
        ("SF-05",),
        _shared_office,
        _agent_address,
        sized=False,
    ),
    Scheme(
        "related_guarantor", "关联担保", "Related guarantor", ("SF-06",), _related_guarantor, _licensed_guarantor, sized=False
    ),
)

__all__ = ["LEAST_FEN", "SCHEMES", "at", "divert", "person", "related_company", "shell", "spend"]
