"""Ordinary lending: listings, contracts, payouts, and what borrowers spend the money on."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.district import names, numbers
from lib.district.books import BANKS, IN_FORCE, Books, Crowd
from lib.district.common import COMPANY_PURPOSES, PERSON_PURPOSES, Common
from lib.district.days import DAY, FIRST, clock, drawn, lending_weights
from lib.district.platforms import WAN, Platform, open_lenders
from lib.district.repaying import Lent, let_run
from lib.district.terms import BULLET, METHODS, Instalments, Terms, instalments

Ints = npt.NDArray[np.int64]
_SHOP_HOURS = (9, 20)


def lend(books: Books, platform: Platform, common: Common, listings: int) -> int:
    """Lend ordinarily: about so many listings, each to a borrower below the caps who repays before borrowing again.

    Returns how many there are.
    """
    rng = books.rng(f"lending {platform.number} {len(platform.loans)}")
    if not len(platform.loans):
        open_lenders(books, platform, max(24, listings * 2 // 5))
    start, borrower, company = _starts(rng, platform, listings)
    people, companies = _borrowers(books, platform, borrower, company, rng)
    lent = _contracts(books, platform, rng, start, borrower, company, people, companies)
    platform.loans = np.concatenate((platform.loans, lent.numbers))
    if platform.banked:
        _pay_out(books, platform, common, rng, lent)
    due = instalments(lent.terms)
    schedule(books, platform.folder, due, lent.ids)
    let_run(books, platform, common, rng, lent, due)
    return len(start)


def _starts(rng: np.random.Generator, platform: Platform, listings: int) -> tuple[Ints, Ints, Ints]:
    """Draw the first day of each listing and its borrower; who borrows again does so weeks after the last was due."""
    people = max(1, listings * 3 // 4)
    days, weights = lending_weights(max(platform.online, FIRST + 12), platform.last_start)
    start = days[drawn(rng, weights, people)]
    again = rng.integers(0, 100, people)
    starts, borrowers = [start], [np.arange(people)]
    for share in (34, 12, 4):
        who = np.flatnonzero(again < share)
        start = start.copy()
        start[who] += 400 + rng.integers(20, 120, len(who))
        keep = who[start[who] <= platform.last_start]
        starts.append(start[keep])
        borrowers.append(keep)
        again = np.where(start <= platform.last_start, again, 100)
    start, borrower = np.concatenate(starts)[:listings], np.concatenate(borrowers)[:listings]
    order = np.argsort(start, kind="stable")
    company = (rng.integers(0, 100, people) < 12).astype(np.int64)
    return start[order], borrower[order], company


def _borrowers(
    books: Books, platform: Platform, borrower: Ints, company: Ints, rng: np.random.Generator
) -> tuple[Crowd, Crowd]:
    """Enter the borrowers with an account each: at a bank whose statements are held, unless none are for the institution."""
    crowds = []
    for kind in (0, 1):
        count = int((company == kind).sum())
        crowd = books.crowd(platform.folder, count, company=bool(kind))
        banks = rng.integers(0, len(BANKS), count) if platform.banked else None
        opening = rng.integers(200, 5_000, count) * 100 * (20 if kind else 1)
        home = platform.home if platform.banked else platform.folder
        crowds.append(books.open_many(crowd, banks, home, company=bool(kind), opening_fen=opening))
    return crowds[0], crowds[1]


def _contracts(
    books: Books,
    platform: Platform,
    rng: np.random.Generator,
    start: Ints,
    borrower: Ints,
    company: Ints,
    people: Crowd,
    companies: Crowd,
) -> Lent:
    """List what is sought, and make one contract per lender of each listing."""
    count, of_company = len(start), company[borrower] == 1
    small = (rng.integers(1, 33, count) * rng.integers(1, 6, count) + 9) * WAN // 10
    large = (rng.integers(2, 19, count) * rng.integers(1, 6, count) // 2 + 4) * 2 * WAN
    fen = np.where(of_company, np.minimum(large, 88 * WAN), np.minimum(small, 17 * WAN))
    months = np.array([2, 3, 6, 9, 12])[drawn(rng, np.array([12, 30, 28, 10, 20]), count)]
    method = np.where(months < 3, BULLET, drawn(rng, np.array([22, 6, 22, 50]), count))
    rate = rng.integers(16, 29, count) * 50
    lots = 1 + drawn(rng, np.array([70, 20, 10]), count) + of_company * rng.integers(0, 3, count)
    lots = np.where(fen < 3 * WAN, 1, lots)  # no contract of a few thousand, as cash lenders make them
    of = np.repeat(np.arange(count), lots)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(lots) - lots, lots)
    each = fen // lots // 10_000 * 10_000
    part = np.where(nth == 0, (fen - each * (lots - 1))[of], each[of])
    fee = part * 5 // 10_000
    terms = Terms(part, rate[of], months[of], method[of], start[of], fee)
    place = np.zeros(len(company), np.int64)  # a borrower's place among those of its kind
    for kind in (0, 1):
        place[company == kind] = np.arange((company == kind).sum())
    who, is_company = place[borrower], of_company
    ids = _either(is_company, companies.ids, people.ids, who)
    account = np.where(
        is_company,
        companies.accounts[np.where(is_company, who, 0)] if len(companies.accounts) else 0,
        people.accounts[np.where(is_company, 0, who)] if len(people.accounts) else 0,
    )
    purpose_no = rng.integers(0, 15, count)
    purposes = [list(PERSON_PURPOSES), list(COMPANY_PURPOSES)]
    purpose = pa.array(
        [purposes[c][n % len(purposes[c])] for c, n in zip(is_company.tolist(), purpose_no.tolist(), strict=True)]
    )
    projects = _list(books, platform, rng, start, fen, months, method, purpose, ids)
    lender = names.zipf(rng, len(platform.lenders.ids), len(of), 3)
    ids, projects, purpose = (column.take(pa.array(of)) for column in (ids, projects, purpose))
    first, loan_ids = _write_contracts(books, platform, terms, ids, account[of], projects, purpose, lender)
    return Lent(first, loan_ids, account[of], ids, lender, terms)


def _either(first: npt.NDArray[np.bool_], yes: pa.Array, no: pa.Array, place: Ints) -> pa.Array:
    """Take from one of two lists."""
    both = pa.concat_arrays([yes, no])
    return both.take(pa.array(np.where(first, place, place + len(yes))))


def _list(
    books: Books,
    platform: Platform,
    rng: np.random.Generator,
    start: Ints,
    fen: Ints,
    months: Ints,
    method: Ints,
    purpose: pa.Array,
    ids: pa.Array,
) -> pa.Array:
    """Enter listings: shown one to nine days before they are full, on the morning of the first day."""
    serials = np.arange(
        books.serials[platform.prefix + " project"] + 1, books.serials[platform.prefix + " project"] + 1 + len(start)
    )
    books.serials[platform.prefix + " project"] += len(start)
    projects = pc.binary_join_element_wise(f"BD-{platform.prefix}-", numbers.padded(serials, 6), "")
    title = pc.binary_join_element_wise(purpose, "第", pa.array(serials).cast(pa.string()), "期", "")
    listed = np.maximum(start - 1 - rng.integers(0, 9, len(start)), platform.online)
    books.sheets["projects"].rows(
        len(start),
        folder=platform.folder,
        project_id=projects,
        institution_id=platform.id,
        title=title,
        amount_yuan=fen,
        listed_at=listed * DAY + 9 * 3600,
        deadline_on=listed + 10,
        full_at=clock(rng, start, 12, 12),
        term_days=months * 30,
        purpose=purpose,
        product_type=pa.array(["散标"]).take(pa.array(np.zeros(len(start), np.int64))),
        borrower_id=ids,
    )
    return projects


def _write_contracts(
    books: Books,
    platform: Platform,
    terms: Terms,
    ids: pa.Array,
    account: Ints,
    projects: pa.Array,
    purpose: pa.Array,
    lender: Ints,
) -> tuple[int, pa.Array]:
    """Enter contracts; return the number of the first and their ids."""
    count = len(account)
    year = terms.start.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    serials = np.arange(books.serials[platform.prefix] + 1, books.serials[platform.prefix] + 1 + count)
    books.serials[platform.prefix] += count
    loan_ids = pc.binary_join_element_wise(
        platform.prefix, pa.array(year).cast(pa.string()), "-", numbers.padded(serials, 6), ""
    )
    first = books.sheets["loans"].rows(
        count,
        folder=platform.folder,
        loan_id=loan_ids,
        project_id=projects,
        institution_id=platform.id,
        borrower_id=ids,
        lender_id=platform.lenders.ids.take(pa.array(lender)),
        principal_yuan=terms.fen,
        rate=terms.rate_bp / 10_000,
        term_days=terms.due - terms.start,
        upfront_fee_yuan=0,
        periodic_fee_yuan=terms.fee,
        signed_on=terms.start,
        started_on=terms.start,
        due_on=terms.due,
        repay_method=pa.array(METHODS).take(pa.array(terms.method)),
        purpose=purpose,
        disbursement_account=books.account_ids_at(account),
        esign_id=pc.binary_join_element_wise("ES", loan_ids, ""),
        status=IN_FORCE,
    )
    return first, loan_ids


def _pay_out(books: Books, platform: Platform, common: Common, rng: np.random.Generator, lent: Lent) -> None:
    """Lenders to custody, some through the payment company; custody to borrower; and the spending after."""
    terms, loan = lent.terms, lent.numbers
    cards = platform.lenders.accounts[lent.lender]
    when = clock(rng, terms.start, 9, 11)
    through = rng.integers(0, 100, len(loan)) < 30
    books.pay_many(
        when[~through], cards[~through], platform.custody, terms.fen[~through], "transfer", "出借充值", loan=loan[~through]
    )
    books.pay_many(when[through] - 900, cards[through], common.gateway, terms.fen[through], "transfer", "快捷支付充值")
    books.pay_many(
        when[through], common.gateway, platform.custody, terms.fen[through], "transfer", "出借充值", loan=loan[through]
    )
    books.pay_many(
        clock(rng, terms.start, 14, 17), platform.custody, lent.borrower, terms.fen, "disbursement", "放款", loan=loan
    )
    _spend(books, common, rng, lent)


def _spend(books: Books, common: Common, rng: np.random.Generator, lent: Lent) -> None:
    """Spend about nine tenths in two shops of a trade that fits, the first in days, the other in weeks; some take cash."""
    terms, table = lent.terms, books.sheets["loans"].table()
    purpose = table["purpose"].combine_chunks().slice(lent.first)
    shop, kinds = np.zeros((2, len(terms.fen)), np.int64), {**PERSON_PURPOSES, **COMPANY_PURPOSES}
    for name, trades in kinds.items():
        chosen = pc.equal(purpose, name).to_numpy(zero_copy_only=False)
        choice = np.concatenate([common.shops[trade] for trade in trades])
        for part in shop:
            part[chosen] = choice[names.zipf(rng, len(choice), int(chosen.sum()), 3)]
    first, second = rng.integers(38, 56, len(terms.fen)), rng.integers(26, 40, len(terms.fen))
    for part, share, near, far in ((shop[0], first, 3, 9), (shop[1], second, 10, 24)):
        fen = terms.fen * share // 100 // 10_000 * 10_000
        when = clock(rng, terms.start + rng.integers(near, far, len(fen)), *_SHOP_HOURS)
        held = fen > 0
        books.pay_many(when[held], lent.borrower[held], part[held], fen[held], "transfer", _goods(books, rng, int(held.sum())))
    cash = np.flatnonzero(rng.integers(0, 100, len(terms.fen)) < 8)
    when = clock(rng, terms.start[cash] + 26, 9, 17)
    books.pay_many(when, lent.borrower[cash], common.cash, np.full(len(cash), 100_000), "withdrawal", "取现")


def _goods(books: Books, rng: np.random.Generator, count: int) -> Ints:
    memos = np.array([books.memo(text) for text in ("货款", "购货款", "定金", "尾款", "工程款", "材料款")])
    return memos[rng.integers(0, len(memos), count)]


def schedule(books: Books, folder: str, due: Instalments, ids: pa.Array) -> None:
    """Enter the schedules of contracts; `ids` are those of the loans that the instalments number from 0."""
    books.sheets["schedules"].rows(
        len(due.loan),
        folder=folder,
        loan_id=ids.take(pa.array(due.loan)),
        period=due.period,
        due_on=due.due,
        principal_yuan=due.principal,
        interest_yuan=due.interest,
        fee_yuan=due.fee,
    )
