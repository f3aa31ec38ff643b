"""Custody and books: money outside custody, mixed purposes, contracts without money, statements that do not add up."""

from lib.district.acts import WAN, at, company, contract, lender, moment, ordinary, pay_out, person, repay, spend
from lib.district.days import is_workday
from lib.district.platforms import open_more
from lib.district.plots import Item, Late, Scheme, Stage, Told

Also = tuple[tuple[str, tuple[str, ...]], ...]


def _who(stage: Stage, *more: str) -> tuple[str, ...]:
    return (stage.platform.id, stage.platform.company.id, *more)


def _also(rules: tuple[str, ...], who: tuple[str, ...]) -> Also:
    return tuple((rule, who) for rule in rules)


def _outside_custody(stage: Stage) -> Told:
    """Borrowers repay into the company's own account, and lenders are paid from it."""
    books, own, items, rows = stage.books, stage.platform.own, [], []
    own_id = books.account_ids_at(own)
    for n in range(stage.scaled(2)):
        loan = contract(stage, company(stage, trade="物流"), (20 + 6 * (n % 9)) * WAN, stage.start(room=260))
        pay_out(stage, loan)
        spend(stage, loan)
        items += repay(stage, loan, to=own)
        rows += loan.repayments
    total = sum(int(row.number >= 0) for row in rows)
    who = _who(stage, own_id)
    return Told(
        f"{total} 笔还款未进存管户, 直接进入运营主体自有账户, 再由该账户兑付出借人。",
        f"{total} repayments go into the operating company's own account instead of custody, and lenders are paid from it.",
        (Item("CU-02", who, None, rows=tuple(rows), payments=tuple(items)),),
        _also(("FP-01", "CU-04", "PZ-02", "FP-05", "FP-06", "RC-02", "RC-04", "GR-01", "OV-01", "DC-01"), who),
    )


def _before_custody(stage: Stage) -> Told:
    """A fee that the contract names is paid to the fee account: no client money."""
    loan = ordinary(stage, contract(stage, company(stage, trade="物流"), 30 * WAN, stage.start(room=260)))
    paid = stage.books.pay(
        moment(stage, loan.last + 2, 11), stage.common.customers, loan.borrower.account, 600_00, "transfer", "货款回笼"
    )
    fee = stage.books.pay(
        moment(stage, loan.last + 3, 11), loan.borrower.account, stage.platform.fees, 600_00, "fee", "账户管理费"
    )
    who = _who(stage, stage.books.account_ids_at(stage.platform.fees))
    return Told(
        "借款人结清后向收费账户支付账户管理费 600.00 元, 不是客户资金。",
        "After the loan is settled the borrower pays an account fee of 600.00 yuan into the fee account: no client money.",
        (Item("CU-02", who, 600_00, payments=(paid, fee)),),
        _also(("RC-02", "CU-04"), who),
    )


def _mixed(stage: Stage) -> Told:
    """Lenders' money and the company's running costs share an account."""
    books, start, platform = stage.books, stage.start(room=120), stage.platform
    account = open_more(books, platform, "own")
    paid, client = [], stage.scaled(10 * WAN, 100_00)
    for n in range(4):
        part = client // 4 // 100 * 100 if n else client - 3 * (client // 4 // 100 * 100)
        paid.append(books.pay(moment(stage, start + n, 10), lender(stage).account, account, part, "transfer", "出借款"))
    for n, (payee, memo) in enumerate(
        ((stage.common.payroll_in, "代发工资"), (stage.common.landlord, "房租"), (stage.common.tax, "缴税"))
    ):
        paid.append(books.pay(moment(stage, start + 20 + n, 15), account, payee, client // 5 // 100 * 100, "other", memo))
    who = _who(stage, books.account_ids_at(account))
    item = Item("CU-04", who, client, start, start + 22, payments=tuple(paid))
    return Told(
        f"出借人资金 {client / 100:,.2f} 元与工资、房租、税款混在同一自有账户。",
        f"{client / 100:,.2f} yuan of lenders' money share an own account with wages, rent and taxes.",
        (item,),
        _also(("FP-01", "CU-02", "FP-05", "FP-03", "RC-02", "PT-01", "CR-02", "PT-03"), who),
    )


def _own_costs(stage: Stage) -> Told:
    """An account of the company's own takes what it earned, and pays for running it: no client's money is on it."""
    books, common, start = stage.books, stage.common, stage.start(room=120)
    account = open_more(books, stage.platform, "own")
    paid = [books.pay(moment(stage, start, 10), common.customers, account, 20 * WAN, "transfer", "技术服务收入")]
    for n, (payee, memo) in enumerate(((common.payroll_in, "代发工资"), (common.landlord, "房租"), (common.tax, "缴税"))):
        paid.append(books.pay(moment(stage, start + 20 + n, 15), account, payee, 5 * WAN, "other", memo))
    number = books.account_ids_at(account)
    return Told(
        f"运营主体自有账户 {number} 只收技术服务收入, 支付工资、房租和税款。",
        f"The company's own account {number} takes what its services earned only, and pays wages, rent and taxes.",
        (Item("CU-04", (number,), 15 * WAN, start, start + 22, payments=tuple(paid)),),
    )


def _custody_gap(stage: Stage) -> Told:
    """The bank's balance falls short of the books for a week."""
    gap, start, one = stage.scaled(5 * WAN, 100_00), stage.start(room=40, after=stage.marks.custody_from), stage.platform.id
    stage.marks.custody.append((one, "bank_balance_yuan", start, start + 6, -gap))
    rows = tuple(Late("custody_days", (one, start + n)) for n in range(7))
    item = Item("CU-03", _who(stage), gap, start, start + 6, rows)
    return Told(
        f"连续七天存管银行余额比台账少 {gap / 100:,.2f} 元。",
        f"For seven days the custodian's balance is {gap / 100:,.2f} yuan below the books.",
        (item, Item("FP-06", _who(stage), gap, start, start + 6, rows)),
    )


def _in_transit(stage: Stage) -> Told:
    start, one = stage.start(room=40, after=stage.marks.custody_from), stage.platform.id
    stage.marks.custody += [
        (one, "bank_balance_yuan", start, start, -(5 * WAN)),
        (one, "sub_accounts_yuan", start, start, -(5 * WAN)),
    ]
    who, rows = _who(stage), (Late("custody_days", (one, start)),)
    return Told(
        "一笔 50,000.00 元跨行在途, 台账当日入账、银行次日入账 (T+1)。",
        "50,000.00 yuan are in transit: the books show them on the day, the bank on the next (T+1).",
        (Item("FP-06", who, 5 * WAN, start, start, rows), Item("CU-03", who, 5 * WAN, start, start, rows)),
    )


def _no_payout(stage: Stage) -> Told:
    """A contract whose payout no statement shows; the borrower's account lives on."""
    fen = min(stage.scaled(8 * WAN, WAN), 17 * WAN)
    loan = contract(stage, person(stage, opening_fen=3_000_00), fen, stage.start(room=200), months=12)
    for month in (1, 3, 5):
        when = moment(stage, loan.start + 30 * month, 9)
        if when < at(stage.platform.last_start + 15, 0):
            stage.books.pay(when, stage.common.payroll_out, loan.borrower.account, 6_500_00, "other", "工资")
    item = Item("RC-01", (loan.id, loan.borrower.id), fen, loan.start, loan.start, (loan.row,))
    return Told(
        f"合同 {loan.id} 借款 {fen / 100:,.2f} 元, 借款人账户的流水覆盖该期间, 却没有放款。",
        f"Contract {loan.id} over {fen / 100:,.2f} yuan: the borrower's statement covers the time and shows no payout.",
        (item,),
        _also(("OV-01", "DC-01", "FB-01", "RC-04", "SP-05", "FB-06"), (*_who(stage), loan.id, loan.borrower.id)),
    )


def _unnamed_payout(stage: Stage) -> Told:
    loan = contract(stage, person(stage), 137_000_00, stage.start(room=260))
    stage.books.pay(
        moment(stage, loan.start, 10),
        loan.lender.account,
        stage.platform.custody,
        loan.fen,
        "transfer",
        "出借充值",
        loan=loan.number,
    )
    when = moment(stage, loan.start + 2, 14)
    paid = stage.books.pay(when, stage.platform.custody, loan.borrower.account, loan.fen, "transfer", "往来")
    spend(stage, loan)
    repay(stage, loan)
    return Told(
        f"合同 {loan.id} 的放款未写合同编号, 两天后到账, 凭金额和日期可以对上。",
        f"The payout of contract {loan.id} names no contract and comes two days later: amount and day tell.",
        (Item("RC-01", (loan.id,), loan.fen, loan.start, loan.start + 2, (loan.row,), (paid,)),),
        _also(("RC-02", "RC-03"), (*_who(stage), loan.id)),
    )


def _no_contract(stage: Stage) -> Told:
    """Custody pays somebody without any contract."""
    fen, start, who = stage.scaled(1_000_00, 100), stage.start(room=60), person(stage)
    stage.books.pay(at(start - 1, 9), stage.common.customers, stage.platform.custody, fen, "transfer", "来账")
    paid = (stage.books.pay(moment(stage, start, 14), stage.platform.custody, who.account, fen, "transfer", "往来款"),)
    subjects = (
        *_who(stage, who.id),
        stage.books.account_ids_at(stage.platform.custody),
        stage.books.account_ids_at(who.account),
    )
    return Told(
        f"存管户向{who.name}付款 {fen / 100:,.2f} 元, 无任何合同、还款、费用或退款与之对应。",
        f"Custody pays {who.name} {fen / 100:,.2f} yuan that no contract, instalment, fee or refund explains.",
        (Item("RC-02", subjects, fen, start, start, payments=paid),),
    )


def _bank_interest(stage: Stage) -> Told:
    start = stage.start(room=60)
    paid = (stage.books.pay(at(start, 3, 10), stage.common.customers, stage.platform.custody, 1_286_43, "interest", "结息"),)
    subjects = (*_who(stage), stage.books.account_ids_at(stage.platform.custody))
    return Told(
        "存管户结息 1,286.43 元, 没有合同是正常的。",
        "The bank pays interest of 1,286.43 yuan into custody; no contract is needed.",
        (Item("RC-02", subjects, 1_286_43, start, start, payments=paid),),
    )


def _cut_line(stage: Stage) -> Told:
    """A payment to an officer is cut out of the company's own statement; the other bank's statement still shows it."""
    fen, start, officer = min(stage.scaled(2 * WAN, 100_00), 9 * WAN), stage.start(room=60), stage.platform.officers[0]
    own = stage.platform.own
    stage.books.pay(at(start - 3, 10), stage.common.customers, own, fen, "transfer", "技术服务收入")
    paid = stage.books.pay(moment(stage, start, 14), own, officer.account, fen, "transfer", "备用金", cut="out")
    stage.books.pay(at(start + 4, 10), stage.common.customers, own, 5_000_00, "transfer", "技术服务收入")
    account = stage.books.account_ids_at(own)
    item = Item("RC-05", (account, *_who(stage)), fen, start - 3, None, around=((own, paid),))
    return Told(
        f"运营主体自有账户的流水缺一笔支出 {fen / 100:,.2f} 元, 余额因此断开; "
        f"对方银行的流水有这一笔, 收款人是董事{officer.name}。",
        f"A payment of {fen / 100:,.2f} yuan is cut out of the company's statement, whose balance breaks; "
        f"the other bank shows it, paid to the director {officer.name}.",
        (item,),
    )


def _same_second(stage: Stage) -> Told:
    """Two lines of one second, printed in the other order than the balances."""
    start, own = stage.start(room=60), stage.platform.own
    while not is_workday(start):
        start += 1
    when = at(start, 10, 30, 15)
    first = stage.books.pay(when, stage.common.customers, own, 8_000_00, "transfer", "技术服务收入")
    second = stage.books.pay(when, stage.common.customers, own, 3_000_00, "transfer", "技术服务收入")
    stage.books.swapped.append((own, first))
    account = stage.books.account_ids_at(own)
    return Told(
        "同一秒的两笔收入, 银行导出的次序与余额次序相反, 换序后余额衔接。",
        "Two receipts of one second stand in the other order than their balances; turned round they fit.",
        (Item("RC-05", (account, *_who(stage)), 11_000_00, start, start, payments=(first, second)),),
    )


SCHEMES = (
    Scheme("outside_custody", "体外循环", "Outside custody", ("CU-02",), _outside_custody, _before_custody, sized=False),
    Scheme("mixed_account", "自有与客户资金混同", "Commingled account", ("CU-04",), _mixed, _own_costs, sized=False),
    Scheme("custody_gap", "存管账实不符", "Custody does not agree", ("CU-03", "FP-06"), _custody_gap, _in_transit, sized=False),
    Scheme("no_payout", "有合同无放款流水", "Contract without payout", ("RC-01",), _no_payout, _unnamed_payout, sized=False),
    Scheme("no_contract", "有流水无合同", "Payment without contract", ("RC-02",), _no_contract, _bank_interest),
    Scheme("balance_break", "余额断点", "Broken balance", ("RC-05",), _cut_line, _same_second, sized=False),
)
