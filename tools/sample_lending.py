"""What happens on every platform of the sample district: it opens, people lend, borrow, spend and repay, all of it in order.

Contracts, payments and repayments agree with each other here; what does not is planted in sample_district.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from tools.sample_books import LAST, Books, Party, yuan

REGISTER, OFFICE = "工商登记", "整治办"
BANKS = ("银行/苍棣银行", "银行/洹棣银行")
CUSTODIAN = "银行/嵩棣银行"
WAN = 1_000_000  # fen in 10,000 yuan
DAY = dt.timedelta(days=1)
_WORKS, _GOODS = ("经营周转", "装修", "采购原料", "购置设备", "进货"), ("货款", "设备款", "装修款", "材料款")


@dataclass
class Platform:
    """An institution: its company, its accounts, the people who lend, and the shops where its borrowers spend."""

    id: str
    name: str
    prefix: str
    company: Party
    custody: str
    fees: str
    lenders: list[Party]
    shops: list[Party]

    @property
    def folder(self) -> str:
        """Folder of what the platform delivers."""
        return f"平台/{self.name}"


@dataclass(frozen=True)
class Terms:
    """What a loan contract says; `named` is false where the bank's lines do not name the contract."""

    fen: int
    start: dt.date
    days: int = 180
    method: str = "bullet"
    rate_bp: int = 1000
    named: bool = True

    @property
    def fee_fen(self) -> int:
        """The platform's fee, 2 % of the principal, paid at the start."""
        return self.fen // 50


@dataclass(frozen=True)
class Loan:
    """A contract and the parties to it."""

    id: str
    platform: Platform
    borrower: Party
    lender: Party
    terms: Terms

    @property
    def named(self) -> str:
        """What the bank's lines say of the contract."""
        return self.id if self.terms.named else ""


Then = Callable[[Books, Loan], None]


def open_shops(books: Books) -> list[Party]:
    """Seven shops whose statements are held; they pay each other only downwards, so that no circle arises by itself."""
    treasury = books.company(REGISTER, "郑州示例区税款待缴专户")
    tax = books.open(treasury, BANKS[0], "tax", statements=True)
    shops = [books.company(REGISTER, bank=BANKS[n % 2], opening_fen=30 * WAN, status="active") for n in range(7)]
    for month in range(3, 21, 3):
        day = dt.date(2017 + (month - 1) // 12, (month - 1) % 12 + 1, 12)
        for above, below in pairwise(shops):
            fen = books.rng.randrange(80, 200) * 10_000
            books.pay(books.moment(day, 10), above.account, below.account, fen, "transfer", "货款")
        for shop in shops:
            fen = books.rng.randrange(20, 60) * 10_000
            books.pay(books.moment(day + DAY, 11), shop.account, tax, fen, "other", "缴税")
    return shops


def open_platform(
    books: Books, number: int, name: str, prefix: str, company: Party, shops: list[Party], *, banked: bool = True
) -> Platform:
    """Enter an institution, its accounts and lenders; without a bank, its accounts are only listed by itself."""
    folder = f"平台/{name}"
    bank = CUSTODIAN if banked else folder
    custody = books.open(company, bank, "custody_total", statements=banked, name=f"{company.name}出借人资金存管专户")
    fees = books.open(company, bank, "fee", statements=banked)
    lenders = [books.person(folder) for _ in range(12)]
    lenders = [Party(p.id, p.name, p.company, books.open(p, folder, "personal", statements=False)) for p in lenders]
    platform = Platform(f"JG-{number:02d}", name, prefix, company, custody, fees, lenders, shops)
    row = {"institution_id": platform.id, "name": name, "party_id": company.id, "business_types": "网络借贷信息中介"}
    row |= {
        "online_on": f"2016-11-{number:02d}",
        "website": f"https://{prefix.lower()}.invalid",
        "office": f"示例办事处{number}",
    }
    books.add(OFFICE, "institutions", **row)
    row = {"licence_id": f"XK{number:03d}", "institution_id": platform.id, "kind": "icp", "number": f"示例备{number:04d}号"}
    books.add(OFFICE, "licences", **row, valid_from="2016-10-01")
    return platform


def register(books: Books, name: str, bank: str | None, scope: str | None, **more: object) -> Party:
    """Register the company that runs an institution."""
    extra = {"scope_text": scope} if scope else {}
    registered = {"registered_on": "2016-06-01", "registered_capital_yuan": "50000000.00", "status": "active"}
    return books.company(REGISTER, name, bank, opening_fen=80 * WAN, **registered, **extra, **more)


def hold(books: Books, holder: Party, held: Party, share: str, since: str = "2016-06-01", until: str = "") -> None:
    """Enter a shareholding."""
    row = {"holding_id": f"CG{books.serial('holding'):03d}", "holder_id": holder.id, "held_id": held.id, "share": share}
    books.add(REGISTER, "holdings", **row, valid_from=since, valid_to=until)


def appoint(books: Books, person: Party, entity: Party, role: str, title: str) -> None:
    """Enter an office of a person in a company."""
    row = {"role_id": f"RZ{books.serial('role'):03d}", "person_id": person.id, "entity_id": entity.id, "role": role}
    books.add(REGISTER, "roles", **row, title=title, valid_from="2016-06-01")


def appoint_officers(books: Books, entity: Party, head: Party) -> None:
    """Enter the legal representative and, as new persons, a supervisor and a general manager."""
    appoint(books, head, entity, "legal_representative", "法定代表人")
    appoint(books, books.person(REGISTER), entity, "supervisor", "监事")
    appoint(books, books.person(REGISTER), entity, "senior_manager", "总经理")


def change(books: Books, entity: Party, day: str, item: str, before: str, after: str) -> None:
    """Enter a changed item of a registration."""
    row = {"change_id": f"BG{books.serial('change'):03d}", "entity_id": entity.id, "changed_on": day, "item": item}
    books.add(REGISTER, "registry_changes", **row, before_text=before, after_text=after)


def run_costs(books: Books, platform: Platform) -> None:
    """Pay rent on the 25th and wages on the last day of each month from the company's own account."""
    for month in range(21):
        day = dt.date(2017 + month // 12, month % 12 + 1, 25)
        last = dt.date(2017 + (month + 1) // 12, (month + 1) % 12 + 1, 1) - DAY
        own = platform.company.account
        books.pay(books.moment(day, 15), own, "", 18_000_00, "other", "房租", other_name="房屋出租方")
        books.pay(books.moment(last, 16), own, "", 15_000_00, "other", "工资", other_name="代发工资户")


def disclose(books: Books, platform: Platform) -> None:
    """Publish the number of loans so far, three times."""
    loans = books.tables[platform.folder, "loans"]
    for n, day in enumerate(("2018-06-30", "2018-07-31", "2018-08-31"), 1):
        row = {"disclosure_id": f"PL-{platform.prefix}-{n}", "institution_id": platform.id, "as_of_on": day}
        count = sum(str(loan["signed_on"]) <= day for loan in loans)
        books.add(platform.folder, "disclosures", **row, channel="网站", metric="累计借贷笔数", value_text=str(count))


def borrow(books: Books, platform: Platform, *, company: bool = False, opening_fen: int | None = None) -> Party:
    """Make a new borrower with an account at one of the two banks."""
    bank = BANKS[books.rng.randrange(2)]
    opening = books.rng.randrange(200, 5000) * 100 if opening_fen is None else opening_fen
    make = books.company if company else books.person
    return make(platform.folder, bank=bank, opening_fen=opening)


def lend(books: Books, platform: Platform, borrower: Party, terms: Terms, then: Then | None = None) -> None:
    """Put a loan on the agenda: its contract, and what then happens (by default all that should)."""
    books.agenda.append((terms.start, partial(_happen, books, platform, borrower, terms, then or ordinarily)))


def lend_ordinarily(books: Books, platform: Platform, count: int) -> None:
    """Lend to so many different borrowers, every sixth a company, below the caps and with thirty days of statements after."""
    for n in range(count):
        company = n % 6 == 5
        lend(books, platform, borrow(books, platform, company=company), draw_terms(books, company=company))


def draw_terms(books: Books, *, company: bool) -> Terms:
    """Draw ordinary terms of a loan."""
    fen = books.rng.randrange(10, 80) * WAN if company else books.rng.randrange(20, 180) * WAN // 10
    start = dt.date(2017, 1, 10) + books.rng.randrange(580) * DAY
    thirds = books.rng.random() < 0.25
    method, days = ("equal_principal", 90) if thirds else ("bullet", books.rng.choice((90, 180, 270, 360)))
    return Terms(fen, start, days, method, books.rng.randrange(800, 1400, 50))


def ordinarily(books: Books, loan: Loan) -> None:
    """Everything that should happen to a loan."""
    pay_out(books, loan)
    spend(books, loan)
    repay(books, loan)


def pay_out(books: Books, loan: Loan, *, late_days: int = 0) -> None:
    """Lender to custody, custody to borrower, fee from borrower to platform."""
    day, platform, borrower, terms = loan.terms.start + late_days * DAY, loan.platform, loan.borrower, loan.terms
    books.pay(books.moment(day, 9), loan.lender.account, platform.custody, terms.fen, "transfer", "出借充值", loan=loan.named)
    kind, memo = ("disbursement", "放款") if terms.named else ("transfer", "往来")
    books.pay(books.moment(day, 10), platform.custody, borrower.account, terms.fen, kind, memo, loan=loan.named)
    books.pay(books.moment(day, 12), borrower.account, platform.fees, terms.fee_fen, "fee", "服务费", loan=loan.named)


def spend(books: Books, loan: Loan) -> None:
    """Spend about nine tenths in two shops within ten days; some take a little cash besides."""
    account, terms = loan.borrower.account, loan.terms
    for share, hour, after in ((55, 14, 1), (35, 15, books.rng.randrange(3, 10))):
        fen = terms.fen * share // 100 // 10_000 * 10_000
        when, shop = books.moment(terms.start + after * DAY, hour), books.rng.choice(loan.platform.shops)
        books.pay(when, account, shop.account, fen, "transfer", books.rng.choice(_GOODS))
    if books.rng.random() < 0.1:
        books.pay(books.moment(terms.start + 11 * DAY, 10), account, "", 1_000_00, "withdrawal", "取现")


def repay(books: Books, loan: Loan, *, source: str = "", banked: bool = True) -> None:
    """Repay what has fallen due by the last day, out of earnings (or out of `source`), through custody to the lender."""
    platform, borrower = loan.platform, loan.borrower
    memo = "往来款" if source else ("销售回款" if borrower.company else "工资收入")
    for period, (day, principal, interest) in enumerate(instalments(loan.terms), 1):
        if day > LAST:
            return
        fen = principal + interest
        row = {"repayment_id": f"HK{books.serial('repayment'):04d}", "loan_id": loan.id, "period": period, "paid_on": day}
        row |= {"amount_yuan": yuan(fen), "principal_yuan": yuan(principal), "interest_yuan": yuan(interest)}
        books.add(platform.folder, "repayments", **row, payer_account=borrower.account)
        if banked:
            books.pay(books.moment(day, 9), source, borrower.account, fen, "transfer", memo, other_name="代发户")
            books.pay(books.moment(day, 13), borrower.account, platform.custody, fen, "repayment", "还款", loan=loan.named)
            books.pay(books.moment(day, 16), platform.custody, loan.lender.account, fen, "transfer", "兑付", loan=loan.named)


def instalments(terms: Terms) -> list[tuple[dt.date, int, int]]:
    """Return (day, principal, interest) of each instalment, in fen: all at the end, or the principal in thirds."""
    if terms.method == "bullet":
        return [(terms.start + terms.days * DAY, terms.fen, _interest(terms, terms.fen, terms.days))]
    rows, left, step = [], terms.fen, terms.days // 3
    for n in (1, 2, 3):
        part = left if n == 3 else terms.fen // 3
        rows.append((terms.start + n * step * DAY, part, _interest(terms, left, step)))
        left -= part
    return rows


def _interest(terms: Terms, fen: int, days: int) -> int:
    return (fen * terms.rate_bp * days + 5_000 * 365) // (10_000 * 365)


def _happen(books: Books, platform: Platform, borrower: Party, terms: Terms, then: Then) -> None:
    n = books.serial(platform.prefix)
    lender = platform.lenders[n % 12]
    loan = Loan(f"{platform.prefix}{terms.start.year}-{n:03d}", platform, borrower, lender, terms)
    row = {"loan_id": loan.id, "institution_id": platform.id, "borrower_id": borrower.id}
    purpose = books.rng.choice(_WORKS)
    if platform.prefix == "ZS":
        row["project_id"] = _list_project(books, loan, n, purpose)
    if platform.prefix in ("ZS", "DY"):  # the two that say who lends; with the others many do
        row["lender_id"] = lender.id
    row |= {"principal_yuan": yuan(terms.fen), "rate": f"{terms.rate_bp / 10_000:.4f}", "term_days": terms.days}
    row |= {"upfront_fee_yuan": yuan(terms.fee_fen), "signed_on": terms.start, "started_on": terms.start}
    row |= {"due_on": terms.start + terms.days * DAY, "repay_method": terms.method, "purpose": purpose}
    books.add(platform.folder, "loans", **row, disbursement_account=borrower.account)
    then(books, loan)


def _list_project(books: Books, loan: Loan, n: int, purpose: str) -> str:
    project_id = f"BD-{loan.platform.prefix}-{n:03d}"
    row = {"project_id": project_id, "institution_id": loan.platform.id, "title": f"{purpose}第{n}期", "purpose": purpose}
    row |= {"amount_yuan": yuan(loan.terms.fen), "listed_at": books.moment(loan.terms.start - 2 * DAY, 9)}
    books.add(loan.platform.folder, "projects", **row, term_days=loan.terms.days, borrower_id=loan.borrower.id)
    return project_id
