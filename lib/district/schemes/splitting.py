"""One financing shown as several, in amount or in time; claims resold by one lender, as a product, or more than once."""

from typing import Any, NamedTuple

import pyarrow.compute as pc

from lib.district.acts import (
    WAN,
    Contract,
    buy,
    company,
    contract,
    lender,
    lent,
    moment,
    money,
    pay_out,
    person,
    repay,
    spend,
    trade_of,
)
from lib.district.books import NOBODY, OUTSIDE, REGISTER, Party, Row
from lib.district.common import PERSON_PURPOSES
from lib.district.days import FIRST
from lib.district.plots import Item, Scheme, Stage, Told
from lib.district.schemes.caps import COMPANY_CAP, COMPANY_LOAN, PERSON_CAP, over_cap, parts

WINDOW_DAYS = 30  # SP-01: listings within so many days count together
CHAIN = 3  # SP-02: listings one after the other
ORIGINATED, REASSIGN_DAYS = 0.1, 30  # SP-03: share of the principal, and days until it is passed on
LARGEST_SHARE = 0.3  # of SP-03: more would make a district of its own
# Loans of a super-lender: below and, where there would be more than so many, above the amounts at which a person's deposits
# look arranged (ST-01).
LOT, LARGE_LOT, LOTS = 37 * WAN, 85 * WAN, 600
LEAST_LENT = 31_000_00  # SP-03: six loans of more than a cash loan each (LU-04)
LISTED = 3 * WAN  # SP-05


class Passed(NamedTuple):
    """A claim passed on: the row, the new lender's payment and what the old one got."""

    row: Row
    paid: int
    got: int


def institution(stage: Stage) -> tuple[str, ...]:
    """Return the ids of the institution and its company: subjects of a rule that judges it whole. A decoy accuses neither."""
    return (stage.platform.id, stage.platform.company.id) if stage.size > 1 else ()


def another(stage: Stage, made: Contract) -> Party:
    """Draw a lender of the institution who does not hold the contract."""
    while (found := lender(stage)).id == made.lender.id:
        pass
    return found


def pass_on(
    stage: Stage, made: Contract, to: Party, on: int, product: str = "债权转让", *, booked: Contract | None = None
) -> Passed:
    """Assign a claim at par to another lender, who pays by way of custody; `booked`: another contract stands in the books."""
    books, custody, fen = stage.books, stage.platform.custody, made.fen
    row: dict[str, Any] = {"from_lender_id": made.lender.id, "to_lender_id": to.id, "assigned_on": on}
    row |= {"loan_id": (booked or made).id, "principal_yuan": fen, "price_yuan": fen, "product_name": product}
    added = books.add("assignments", stage.platform.folder, **row)
    loan = NOBODY if booked else made.number
    paid = books.pay(moment(stage, on, 10), to.account, custody, fen, "transfer", f"{product} 受让款", loan=loan)
    got = books.pay(moment(stage, on, 15), custody, made.lender.account, fen, "transfer", f"{product} 转让兑付", loan=loan)
    made.lender = to
    return Passed(added, paid, got)


# -- in amount ----------------------------------------------------------------------------------------------------------


def _split_amount(stage: Stage) -> Told:
    of_company = bool(stage.rng.integers(0, 2))
    cap, most, rule = (COMPANY_CAP, COMPANY_LOAN, "LM-02") if of_company else (PERSON_CAP, 17 * WAN, "LM-01")
    total = stage.scaled(cap, 1_000_00)
    borrower = company(stage, opening_fen=50_000_00) if of_company else person(stage, opening_fen=3_000_00)
    purpose = "采购原材料" if of_company else "房屋装修"
    each, start = parts(total, most, 2), stage.start(room=280)
    apart = min(9, (WINDOW_DAYS - 2) // len(each))
    made = [lent(stage, borrower, fen, start + apart * n, purpose) for n, fen in enumerate(each)]
    who = (borrower.id, *(one.id for one in made), *(one.project.id for one in made if one.project))
    rows = tuple(row for one in made for row in (one.project, one.row) if row)
    days = made[-1].start - start
    return Told(
        f"{borrower.name}同一用途的借款在 {days} 天内拆成 {len(made)} 个标的, 每标不超过上限 {money(cap)} 元, "
        f"合计 {money(total)} 元。",
        f"{borrower.name}'s one financing is split into {len(made)} listings within {days} days, each below the cap of "
        f"{money(cap)} yuan, {money(total)} together.",
        (Item("SP-01", who, total, start, made[-1].start, rows), over_cap(rule, (borrower.id,), cap, made)),
        (("SF-07", (borrower.id, stage.platform.id)),),
    )


def _revolving(stage: Stage) -> Told:
    """A company draws for a month, repays early and draws again: two listings within 30 days, never two loans at once."""
    borrower, fen, on = company(stage, opening_fen=50_000_00), 60 * WAN, stage.start(room=200)
    start, made = on, list[Contract]()
    for _ in range(3):
        one = contract(stage, borrower, fen, on, months=1, purpose="采购原材料")
        pay_out(stage, one)
        trade = trade_of(stage, "采购原材料")
        buy(stage, borrower.account, fen // 2, on + 4, trade)
        buy(stage, borrower.account, fen * 2 // 5, on + 13, trade)
        repay(stage, one, delay=on + 20 - one.last)
        made.append(one)
        on += 24
    rows = tuple(row for one in made for row in (one.project, one.row) if row)
    who = (borrower.id, *(one.id for one in made))
    return Told(
        f"{borrower.name}循环借款三次, 每次 {money(fen)} 元, 20 天后还清再借, 任何一天待偿不超过 {money(fen)} 元。",
        f"{borrower.name} borrows {money(fen)} yuan three times, each repaid after 20 days, before the next: no more is owed.",
        (Item("SP-01", who, 3 * fen, start, made[-1].start, rows), Item("LM-02", (borrower.id,), fen, rows=rows)),
    )


# -- in time ------------------------------------------------------------------------------------------------------------


def _chain(stage: Stage, count: int, gap: int) -> tuple[Party, list[Contract]]:
    """Lend for a month again and again, each time so many days after the last was due and repaid, by another lender."""
    borrower, on = company(stage, opening_fen=50_000_00), stage.start(room=count * (31 + gap) + 60)
    first, made = int(stage.rng.integers(0, len(stage.platform.lenders.ids))), list[Contract]()
    for n in range(count):
        of = lender(stage, (first + n) % len(stage.platform.lenders.ids))
        made.append(lent(stage, borrower, 30 * WAN, on, "采购原材料", months=1, of=of))
        on = made[-1].last + gap
    return borrower, made


def _split_tenor(stage: Stage) -> Told:
    count = stage.scaled(CHAIN)
    borrower, made = _chain(stage, count, 1)
    who = (borrower.id, *(one.id for one in made), *(one.project.id for one in made if one.project), *institution(stage))
    rows = tuple(row for one in made for row in (one.project, one.row) if row)
    days = made[-1].last - made[0].start
    return Told(
        f"{borrower.name}为期 {days} 天的借款拆成 {count} 个一月期标的, 每标在前一标到期次日开始, 各 300,000.00 元, "
        "出借人每次不同。",
        f"{borrower.name}'s loan of {days} days is split into {count} listings of a month, each begun the day after the last "
        "was due, 300,000.00 yuan each, from other lenders each time.",
        (Item("SP-02", who, 30 * WAN * count, made[0].start, made[-1].last, rows),),
        (("PZ-04", who), ("SP-01", who)),
    )


def _with_pauses(stage: Stage) -> Told:
    borrower, made = _chain(stage, CHAIN + 1, 30)
    who = (borrower.id, *(one.id for one in made))
    rows = tuple(row for one in made for row in (one.project, one.row) if row)
    return Told(
        f"{borrower.name}四次借款各 300,000.00 元、期限一个月, 每次还清 30 天后才再借, 前后不相接。",
        f"{borrower.name} borrows 300,000.00 yuan for a month four times, each 30 days after the last was repaid: no chain.",
        (Item("SP-02", who, 30 * WAN * len(made), made[0].start, made[-1].last, rows), Item("PZ-04", who, None, rows=rows)),
    )


# -- by one lender ------------------------------------------------------------------------------------------------------


def lent_so_far(stage: Stage) -> int:
    """Return the principal of all contracts of the institution so far."""
    loans = stage.books.sheets["loans"].table()
    mine = loans.filter(pc.equal(loans["institution_id"], stage.platform.id))["principal_yuan"]
    return int((pc.sum(mine).as_py() or 0) * 100)


def _lots(stage: Stage, share: float) -> list[int]:
    """Return loans that make up a share of what the institution lends, themselves included: just below it or just above."""
    total = int(lent_so_far(stage) * share / (1 - share)) // 10_000 * 10_000
    total = max(total + (10_000 if stage.size > 1 else 0), LEAST_LENT)
    return parts(total, LOT if total <= LOT * LOTS else LARGE_LOT, 6)


def _originate(stage: Stage, of: Party, lots: list[int]) -> list[Contract]:
    """Let one lender make loans over 200 days; nothing is repaid yet."""
    start, made = stage.start(room=430), []
    for n, fen in enumerate(lots):
        borrower = company(stage, opening_fen=20_000_00) if fen > 17 * WAN else person(stage, opening_fen=3_000_00)
        purpose = "购置设备" if borrower.company else list(PERSON_PURPOSES)[n % len(PERSON_PURPOSES)]
        one = contract(stage, borrower, fen, start + n * 200 // len(lots), purpose=purpose, of=of)
        pay_out(stage, one)
        spend(stage, one, trade=trade_of(stage, purpose))
        made.append(one)
    return made


def _capital(lots: list[int]) -> int:
    """Return what a lender needs who gets each loan back within 17 days, and half of that again."""
    at_once = 20 * len(lots) // 200 + 2
    return max(lots) * at_once * 3 // 2


def _super_lender(stage: Stage) -> Told:
    lots = _lots(stage, min(ORIGINATED * stage.size, LARGEST_SHARE))
    of = person(stage, opening_fen=_capital(lots))
    made = _originate(stage, of, lots)
    passed = [pass_on(stage, one, lender(stage), one.start + 7 + n % 11) for n, one in enumerate(made)]
    for one in made:
        repay(stage, one)
    total, account = sum(lots), stage.books.account_ids_at(of.account)
    rows = (*(one.row for one in made), *(one.row for one in passed))
    who = (of.id, account, *institution(stage))
    item = Item("SP-03", who, total, made[0].start, made[-1].start + 17, rows)
    return Told(
        f"{of.name}一人出借 {len(made)} 笔共 {money(total)} 元 (此前平台成交 {money(lent_so_far(stage) - total)} 元), "
        f"全部在 {REASSIGN_DAYS} 天内转让给其他出借人。",
        f"{of.name} alone lends {money(total)} yuan by {len(made)} loans (the platform had lent "
        f"{money(lent_so_far(stage) - total)} before) and passes all of it on within {REASSIGN_DAYS} days.",
        (item,),
        tuple((rule, (*who, *(one.id for one in made))) for rule in ("SP-02", "PT-04", "PZ-02", "PZ-03", "SF-07")),
    )


def _funder(stage: Stage) -> Told:
    """A licensed small-loan company funds a seventh of the lending and holds it to the end."""
    lots = _lots(stage, 0.15)
    of = stage.books.company(REGISTER, trade="小额贷款", scope_text="发放小额贷款")
    number = f"示例小贷{stage.books.serial('small loan licence'):03d}"
    stage.books.add("licences", "公共/整治办", institution_id=of.id, kind="financial", number=number, valid_from=FIRST - 500)
    of = stage.books.bank_with(of, OUTSIDE, stage.platform.folder, opening_fen=sum(lots))
    made = _originate(stage, of, lots)
    for one in made:
        repay(stage, one)
    return Told(
        f"持牌机构{of.name}出借 {len(made)} 笔共 {money(sum(lots))} 元, 持有到期, 没有转让。",
        f"The licensed {of.name} lends {money(sum(lots))} yuan by {len(made)} loans, and holds them to the end.",
        (Item("SP-03", (of.id,), sum(lots), made[0].start, None, tuple(one.row for one in made)),),
    )


# -- as a product -------------------------------------------------------------------------------------------------------


def _demand(stage: Stage) -> Told:
    """Several contracts lie behind one product without a term; its holders change weekly, at times booked on a wrong one."""
    name, count = ("日日盈", "活期宝")[int(stage.rng.integers(0, 2))], min(2 + round(stage.size), 7)
    start, made, passed = stage.start(room=260), list[Contract](), list[Passed]()
    listed: dict[str, Any] = {
        "title": f"{name}（随存随取, 按日计息）",
        "amount_yuan": 4 * WAN * count,
        "product_type": "活期",
        "borrower_id": None,
    }
    listed |= {"term_days": None, "purpose": "个人借款债权组合"}
    for n in range(count):
        borrower, purpose = person(stage, opening_fen=3_000_00), list(PERSON_PURPOSES)[n % 4]
        project = made[0].project if made else None
        one = contract(stage, borrower, 4 * WAN, start, purpose=purpose, listed=listed, project=project)
        pay_out(stage, one)
        spend(stage, one, trade=trade_of(stage, purpose))
        for week in range(3):
            wrong = made[0] if made and week == 1 else None
            passed.append(pass_on(stage, one, another(stage, one), start + 10 + 7 * week + n, name, booked=wrong))
        repay(stage, one)
        made.append(one)
    rows = (*(one.project for one in made[:1] if one.project), *(one.row for one in passed))
    who = (name, *(row.id for row in rows), *(one.id for one in made), *institution(stage))
    total = sum(one.fen for one in made)
    return Told(
        f"平台发售“{name}”随存随取, 背后 {count} 名借款人的合同共 {money(total)} 元, 每份隔周转手共三次, "
        f"其中 {count - 1} 次记在别人的合同名下。",
        f"The platform sells “{name}” payable on demand; behind it stand contracts of {count} borrowers, {money(total)} yuan. "
        f"Each changes hands three times, week after week; {count - 1} times the books name another's contract.",
        (Item("SP-04", who, total, start, start + 24 + count, rows),),
        tuple((rule, (*who, *_custody(stage))) for rule in ("SP-02", "SP-05", "FP-03", "RC-02", "PZ-02", "PZ-03")),
    )


def _custody(stage: Stage) -> tuple[str, ...]:
    return (stage.books.account_ids_at(stage.platform.custody),) if stage.size > 1 else ()


def _automatic(stage: Stage) -> Told:
    """A tool that bids for its users: one listing, one borrower, one contract, and an assignment that names it."""
    start, made, rows = stage.start(room=240), list[Contract](), list[Row]()
    for n in range(4):
        borrower, purpose = person(stage, opening_fen=3_000_00), list(PERSON_PURPOSES)[n % 4]
        listed = {"title": f"自动投标计划第{n + 1}期", "product_type": "自动投标"}
        one = contract(stage, borrower, 5 * WAN, start + n, purpose=purpose, listed=listed)
        pay_out(stage, one)
        spend(stage, one, trade=trade_of(stage, purpose))
        rows += [row for row in (one.project, one.row) if row]
        if n == 0:
            rows.append(pass_on(stage, one, another(stage, one), start + 75, "自动投标计划债权转让").row)
        repay(stage, one)
        made.append(one)
    return Told(
        "“自动投标计划”四期各对应一名借款人和一份合同 (各 50,000.00 元), 出借人自己发起的一次转让也注明合同。",
        "Four listings of an automatic bidding tool, each with one borrower and one contract of 50,000.00 yuan; the one "
        "assignment names its contract.",
        (Item("SP-04", tuple(row.id for row in rows), 20 * WAN, start, start + 75, tuple(rows)),),
    )


# -- more than once -----------------------------------------------------------------------------------------------------


def _oversubscribed(stage: Stage) -> Told:
    total = stage.scaled(LISTED, 100_00)
    borrower, start, made = person(stage, opening_fen=3_000_00), stage.start(room=260), list[Contract]()
    listed = {"amount_yuan": LISTED, **({} if total >= LISTED else {"full_at": None})}
    for fen in parts(total, 2 * WAN, 2):
        project = made[0].project if made else None
        made.append(lent(stage, borrower, fen, start, "房屋装修", listed=listed, project=project))
    project = made[0].project
    rows = (*([project] if project else []), *(one.row for one in made))
    who = tuple(row.id for row in rows)
    return Told(
        f"标的金额 {money(LISTED)} 元, 签订 {len(made)} 份合同共 {money(total)} 元。",
        f"A listing of {money(LISTED)} yuan has {len(made)} contracts, {money(total)} together.",
        (Item("SP-05", who, max(total - LISTED, 0), start, start, rows),),
    )


def _cancelled(stage: Stage) -> Told:
    """One of three contracts was cancelled before it was paid, for the card named in it could not be verified."""
    borrower, start = person(stage, opening_fen=3_000_00), stage.start(room=260)
    first = lent(stage, borrower, 4 * WAN, start, "房屋装修", listed={"amount_yuan": 6 * WAN})
    second = lent(stage, borrower, 2 * WAN, start, "房屋装修", project=first.project)
    books, platform = stage.books, stage.platform
    card = books.open(borrower, OUTSIDE, platform.folder, "personal")
    row: dict[str, Any] = {
        "loan_id": f"{platform.prefix}{second.id[2:6]}-{books.serial(platform.prefix):06d}",
        "status": "已撤销",
    }
    row |= {
        "project_id": first.project.id if first.project else None,
        "institution_id": platform.id,
        "borrower_id": borrower.id,
    }
    row |= {"lender_id": lender(stage).id, "principal_yuan": 2 * WAN, "rate": 0.1, "term_days": first.last - start}
    row |= {"signed_on": start - 1, "due_on": first.last, "repay_method": "bullet", "purpose": "房屋装修"}
    gone = books.add("loans", platform.folder, **row, disbursement_account=books.account_ids_at(card))
    rows = (*([first.project] if first.project else []), first.row, second.row, gone)
    return Told(
        "标的金额 60,000.00 元, 三份合同 40,000.00 + 20,000.00 + 20,000.00 元, 其中一份因收款卡未通过核验而撤销, 没有放款。",
        "A listing of 60,000.00 yuan has contracts of 40,000.00 + 20,000.00 + 20,000.00; one was cancelled, for its card could "
        "not be verified, and never paid.",
        (Item("SP-05", tuple(row.id for row in rows), 2 * WAN, start, start, rows),),
        (("RC-01", (gone.id,)),),
    )


SCHEMES = (
    Scheme("split_amount", "金额拆标", "One financing split by amount", ("SP-01", "LM-01", "LM-02"), _split_amount, _revolving),
    Scheme("split_tenor", "期限拆分", "One financing split by time", ("SP-02",), _split_tenor, _with_pauses),
    Scheme("super_lender", "超级放款人", "Super-lender", ("SP-03",), _super_lender, _funder, last=True),
    Scheme("demand_product", "活期类产品", "Product on demand", ("SP-04",), _demand, _automatic, sized=False),
    Scheme("oversubscribed", "超募", "Over-subscribed listing", ("SP-05",), _oversubscribed, _cancelled),
)
