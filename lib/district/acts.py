"""What schemes are made of: a borrower, a contract, its payout, spending and repayment, each with its rows and payments."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from lib.district.books import BANKS, NOBODY, OUTSIDE, Party, Row
from lib.district.common import COMPANY_PURPOSES, PERSON_PURPOSES
from lib.district.days import DAY, FIRST, LAST, date, next_workdays
from lib.district.lending import schedule
from lib.district.plots import Stage
from lib.district.repaying import MOST_WAGES, SOLD_BEFORE
from lib.district.terms import BULLET, INTEREST_FIRST, METHODS, Instalments, Terms, instalments

WAN = 1_000_000
_NEXT = next_workdays()


@dataclass
class Contract:
    """A contract that a scheme has made: number of the loan, its row and that of the listing, parties, terms, what was paid."""

    number: int
    row: Row
    project: Row | None
    borrower: Party
    lender: Party
    terms: Terms
    due: Instalments
    payout: int = NOBODY
    deposit: int = NOBODY
    payments: list[int] = field(default_factory=list)
    repayments: list[Row] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The contract's id."""
        return self.row.id

    @property
    def start(self) -> int:
        """The first day."""
        return int(self.terms.start[0])

    @property
    def fen(self) -> int:
        """The principal."""
        return int(self.terms.fen[0])

    @property
    def last(self) -> int:
        """The last due day."""
        return int(self.terms.due[0])


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> int:
    """Return a time on a day."""
    return day * DAY + hour * 3600 + minute * 60 + second


def moment(stage: Stage, day: int, hour: int) -> int:
    """Return a time within an hour of a day."""
    return day * DAY + hour * 3600 + int(stage.rng.integers(0, 3600))


def next_workday(day: int) -> int:
    """Return the day or the next working one."""
    return int(_NEXT[day - FIRST])


def person(stage: Stage, name: str = "", *, opening_fen: int = 0, folder: str = "", **more: Any) -> Party:
    """Enter a person with an account whose statements are delivered about the institution."""
    return _with_account(stage, stage.books.person(folder or stage.platform.folder, name, **more), opening_fen)


def company(stage: Stage, name: str = "", *, trade: str = "", opening_fen: int = 0, folder: str = "", **more: Any) -> Party:
    """Enter a company with an account whose statements are delivered about the institution."""
    return _with_account(stage, stage.books.company(folder or stage.platform.folder, name, trade=trade, **more), opening_fen)


def _with_account(stage: Stage, party: Party, opening_fen: int) -> Party:
    bank = BANKS[int(stage.rng.integers(0, len(BANKS)))] if stage.platform.banked else OUTSIDE
    home = stage.platform.home if stage.platform.banked else stage.platform.folder
    return stage.books.bank_with(party, bank, home, opening_fen=opening_fen)


def lender(stage: Stage, place: int | None = None) -> Party:
    """Return one of the institution's lenders."""
    crowd = stage.platform.lenders
    place = int(stage.rng.integers(0, len(crowd.ids))) if place is None else place
    return Party(crowd.ids[place].as_py(), crowd.names[place].as_py(), company=False, account=int(crowd.accounts[place]))


def contract(
    stage: Stage,
    borrower: Party,
    fen: int,
    start: int,
    *,
    months: int = 6,
    method: int = BULLET,
    rate_bp: int = 1_000,
    fee_fen: int = 0,
    of: Party | None = None,
    purpose: str = "",
    listed: dict[str, Any] | None = None,
    project: Row | None = None,
    **columns: Any,
) -> Contract:
    """Enter a listing (columns of it in `listed`), a contract (its columns in `columns`) and its schedule; nothing is paid."""
    books, platform = stage.books, stage.platform
    terms = Terms(*(np.array([n], np.int64) for n in (fen, rate_bp, months, method, start, fee_fen)))
    due = instalments(terms)
    purpose = purpose or ("采购原材料" if borrower.company else "经营周转")
    project = project or _listing(stage, borrower, fen, start, months, purpose, listed or {})
    of = of or lender(stage)
    loan_id = f"{platform.prefix}{date(start).year}-{books.serial(platform.prefix):06d}"
    account = books.account_ids_at(borrower.account) if borrower.account != NOBODY else None
    row: dict[str, Any] = {
        "project_id": project.id,
        "institution_id": platform.id,
        "borrower_id": borrower.id,
        "lender_id": of.id,
        "principal_yuan": fen,
        "rate": rate_bp / 10_000,
        "term_days": int(terms.due[0]) - start,
        "upfront_fee_yuan": 0,
        "periodic_fee_yuan": fee_fen,
        "signed_on": start,
        "started_on": start,
        "due_on": int(terms.due[0]),
        "repay_method": METHODS[method],
        "purpose": purpose,
        "disbursement_account": account,
        "esign_id": f"ES{loan_id}",
        "status": "履约中",
    }
    made = books.add("loans", platform.folder, loan_id=loan_id, **(row | columns))
    schedule(books, platform.folder, due, pa.array([loan_id]))
    return Contract(made.number, made, project, borrower, of, terms, due)


def _listing(stage: Stage, borrower: Party, fen: int, start: int, months: int, purpose: str, columns: dict[str, Any]) -> Row:
    books, platform = stage.books, stage.platform
    serial = books.serial(f"{platform.prefix} project")
    row: dict[str, Any] = {
        "institution_id": platform.id,
        "title": f"{purpose}第{serial}期",
        "amount_yuan": fen,
        "listed_at": at(start - 3, 9),
        "deadline_on": start + 7,
        "full_at": at(start, 12, 30),
        "term_days": months * 30,
        "purpose": purpose,
        "product_type": "散标",
        "borrower_id": borrower.id,
    }
    return books.add("projects", platform.folder, project_id=f"BD-{platform.prefix}-{serial:06d}", **(row | columns))


def pay_out(stage: Stage, made: Contract, *, fen: int | None = None, to: int | None = None, deposit: bool = True) -> int:
    """Pay a contract out on its first day, the lender's deposit before; return the number of the payout."""
    books, platform = stage.books, stage.platform
    fen = made.fen if fen is None else fen
    if deposit:
        when = moment(stage, made.start, 10)
        made.deposit = books.pay(
            when, made.lender.account, platform.custody, made.fen, "transfer", "出借充值", loan=made.number
        )
    to = made.borrower.account if to is None else to
    made.payout = books.pay(moment(stage, made.start, 14), platform.custody, to, fen, "disbursement", "放款", loan=made.number)
    made.payments.append(made.payout)
    return made.payout


def spend(stage: Stage, made: Contract, fen: int | None = None, trade: str = "") -> None:
    """Spend nine tenths of a payout in two shops within weeks."""
    fen = made.fen if fen is None else fen
    shops = stage.common.shops[trade or ("商贸" if made.borrower.company else "食品")]
    for share, after in ((50, 5), (40, 16)):
        part = fen * share // 100 // 10_000 * 10_000
        shop = int(shops[int(stage.rng.integers(0, len(shops)))])
        if part:
            stage.books.pay(moment(stage, made.start + after, 11), made.borrower.account, shop, part, "transfer", "货款")


def repay(
    stage: Stage,
    made: Contract,
    *,
    until: int = LAST,
    payer: int | None = None,
    delay: int = 0,
    to: int | None = None,
    payout_on: int | None = None,
    earned: bool = True,
    memo: str = "还款",
) -> list[int]:
    """Repay what falls due by a day, from earnings or from another account (`payer`), to custody (or `to`); pay the lender.

    `payout_on`: days after the due day on which the lender is paid; the next working day after the repayment, if omitted.
    Returns the numbers of the payments of the borrower's side.
    """
    books, platform, due, paid = stage.books, stage.platform, made.due, []
    source = made.borrower.account if payer is None else payer
    for n in range(len(due.loan)):
        on = int(due.due[n]) + delay
        if on > min(until, LAST):
            break
        principal, interest, fee = int(due.principal[n]), int(due.interest[n]), int(due.fee[n])
        fen = principal + interest + fee
        if earned and payer is None:
            sold = made.borrower.company or fen > MOST_WAGES
            earned_by = (stage.common.customers, "货款回笼") if sold else (stage.common.payroll_out, "工资")
            books.pay(
                moment(stage, on - SOLD_BEFORE * sold, 9),
                earned_by[0],
                source,
                fen + 10_000 - fen % 10_000,
                "transfer",
                earned_by[1],
            )
        into = platform.custody if to is None else to
        one = books.pay(moment(stage, on, 13), source, into, fen, "repayment", memo, loan=made.number)
        paid.append(one)
        lender_on = next_workday(on + 1) if payout_on is None else int(due.due[n]) + payout_on
        made.repayments.append(
            books.add(
                "repayments",
                platform.folder,
                loan_id=made.id,
                period=int(due.period[n]),
                paid_on=on,
                amount_yuan=fen,
                principal_yuan=principal,
                interest_yuan=interest,
                fee_yuan=fee,
                payer_account=books.account_ids_at(source),
                lender_paid_on=lender_on if lender_on <= LAST else None,
                lender_paid_account=books.account_ids_at(into),
            )
        )
        if lender_on <= LAST:
            back = principal + interest
            books.pay(moment(stage, lender_on, 8), into, made.lender.account, back, "transfer", "兑付", loan=made.number)
    return paid


def ordinary(stage: Stage, made: Contract) -> Contract:
    """Let a contract run as it should."""
    pay_out(stage, made)
    spend(stage, made)
    repay(stage, made)
    return made


def lent(stage: Stage, borrower: Party, fen: int, start: int, purpose: str, **terms: Any) -> Contract:
    """Lend for a purpose (`terms` as of `contract`) and let it run as it should, the money spent in a trade that fits.

    Beyond half a year interest is paid monthly, unless a method is named: an account at rest for so long would look dormant.
    """
    terms.setdefault("method", INTEREST_FIRST if terms.get("months", 6) > 6 else BULLET)
    made = contract(stage, borrower, fen, start, purpose=purpose, **terms)
    pay_out(stage, made)
    spend(stage, made, trade=trade_of(stage, purpose))
    repay(stage, made)
    return made


def trade_of(stage: Stage, purpose: str) -> str:
    """Draw a trade in which money for a purpose is spent; the first known purpose in the text counts."""
    known = PERSON_PURPOSES | COMPANY_PURPOSES
    trades = next(trades for text, trades in known.items() if text in purpose)
    return trades[int(stage.rng.integers(0, len(trades)))]


def shop_of(stage: Stage, trade: str) -> int:
    """Draw the account of a shop of a trade."""
    shops = stage.common.shops[trade]
    return int(shops[int(stage.rng.integers(0, len(shops)))])


def buy(stage: Stage, payer: int, fen: int, on: int, trade: str, memo: str = "货款") -> int:
    """Pay a shop of a trade and return the number of the payment."""
    return stage.books.pay(moment(stage, on, 11), payer, shop_of(stage, trade), fen, "transfer", memo)


def entrust(stage: Stage, made: Contract, shop: int, fen: int | None = None) -> int:
    """Pay a contract out, or `fen` of it, to a merchant as is agreed (受托支付); return the number of the payment."""
    books, custody, fen = stage.books, stage.platform.custody, made.fen if fen is None else fen
    if made.deposit == NOBODY:
        when = moment(stage, made.start, 10)
        made.deposit = books.pay(when, made.lender.account, custody, made.fen, "transfer", "出借充值", loan=made.number)
    paid = books.pay(moment(stage, made.start, 15), custody, shop, fen, "disbursement", "放款 受托支付", loan=made.number)
    made.payments.append(paid)
    return paid


def money(fen: int) -> str:
    """Write an amount in yuan."""
    return f"{fen // 100:,}.{fen % 100:02d}"
