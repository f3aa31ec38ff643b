"""What becomes of ordinary loans: claims that are sold, repayments on time, late or in two parts, payouts to lenders, fees."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.district import names, numbers
from lib.district.books import Books
from lib.district.common import Common
from lib.district.days import DAY, FIRST, LAST, clock, next_workdays
from lib.district.platforms import Platform
from lib.district.terms import BULLET, Instalments, Terms

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_NEVER = LAST + 9_999
MOST_WAGES = 3_000_000  # fen at once; beyond that a person has sold something
SOLD_BEFORE = 3  # days before repayment: large sums that leave within two look as if they only passed through (PT-01)


@dataclass(frozen=True)
class Lent:
    """Contracts of one institution as arrays: first loan's number, ids, borrowers' accounts and ids, lenders' places, terms."""

    first: int
    ids: pa.Array
    borrower: Ints
    borrower_ids: pa.Array
    lender: Ints
    terms: Terms

    @property
    def numbers(self) -> Ints:
        """The numbers of the loans in the books."""
        return np.arange(self.first, self.first + len(self.borrower))


@dataclass(frozen=True)
class _Run:
    """One way through: who lends from when on after a sale, and which loans a guarantee company repays."""

    lent: Lent
    due: Instalments
    sold_on: Ints
    sold_to: Ints
    guaranteed: Flags
    guarantors: Ints


def let_run(books: Books, platform: Platform, common: Common, rng: np.random.Generator, lent: Lent, due: Instalments) -> None:
    """Let loans run: sell some claims, repay what falls due, pay lenders on the next working day, keep the fees."""
    sold_on, sold_to = _assign(books, platform, rng, lent)
    guaranteed = rng.integers(0, 1000, len(lent.ids)) < 8
    ids = pa.array([g.id for g in common.guarantors]).take(pa.array(np.arange(len(lent.ids)) % 3))
    books.guaranteed.append((lent.first, pc.if_else(pa.array(guaranteed), ids, None)))
    run = _Run(lent, due, sold_on, sold_to, guaranteed, np.array([g.account for g in common.guarantors]))
    # Where an institution is to leave, what is still open is told by its stories alone.
    stopping = _last_of_borrower(lent) & ("exit" not in platform.traits)
    days, percents = _behaviour(rng, stopping, due)
    for second in (0, 1):
        chosen = np.flatnonzero((days[second] <= LAST) & (percents[second] > 0))
        _enter(books, platform, common, rng, run, chosen, days[second][chosen], percents[second][chosen], second)


def _assign(books: Books, platform: Platform, rng: np.random.Generator, lent: Lent) -> tuple[Ints, Ints]:
    """Let one lender in thirty sell the claim once, at par, a while before it is due; return the day and the new lender."""
    terms, lenders = lent.terms, platform.lenders
    on, to = np.full(len(lent.ids), _NEVER), lent.lender.copy()
    chosen = np.flatnonzero((rng.integers(0, 100, len(lent.ids)) < 3) & (terms.months >= 6) & (terms.method == BULLET))
    day = terms.start[chosen] + 45 + rng.integers(0, 60, len(chosen))
    new = names.zipf(rng, len(lenders.ids), len(chosen), 3)
    held = (day <= platform.last_start) & (new != lent.lender[chosen])
    chosen, day, new = chosen[held], day[held], new[held]
    on[chosen], to[chosen] = day, new
    first = books.serials["assignments"] + 1
    books.serials["assignments"] += len(chosen)
    serials = numbers.padded(np.arange(first, first + len(chosen)), 6)
    books.sheets["assignments"].rows(
        len(chosen),
        folder=platform.folder,
        assignment_id=pc.binary_join_element_wise("ZR-", serials, ""),
        loan_id=lent.ids.take(pa.array(chosen)),
        from_lender_id=lenders.ids.take(pa.array(lent.lender[chosen])),
        to_lender_id=lenders.ids.take(pa.array(new)),
        assigned_on=day,
        principal_yuan=terms.fen[chosen],
        price_yuan=terms.fen[chosen],
        product_name="债权转让",
    )
    if platform.banked:
        when, loan, fen = clock(rng, day, 9, 11), lent.numbers[chosen], terms.fen[chosen]
        old = lenders.accounts[lent.lender[chosen]]
        books.pay_many(when, lenders.accounts[new], platform.custody, fen, "transfer", "债权受让款", loan=loan)
        books.pay_many(when + 4 * 3600, platform.custody, old, fen, "transfer", "债权转让兑付", loan=loan)
    return on, to


def _last_of_borrower(lent: Lent) -> Flags:
    """Tell which contracts are of a borrower's last listing: nobody lends to those who have stopped paying."""
    latest = np.zeros(int(lent.borrower.max(initial=0)) + 1, np.int64)
    np.maximum.at(latest, lent.borrower, lent.terms.start)
    last: Flags = lent.terms.start == latest[lent.borrower]
    return last


def _behaviour(rng: np.random.Generator, stopping: Flags, due: Instalments) -> tuple[list[Ints], list[Ints]]:
    """Return, for the first and second payment of each instalment, its day (far away: never) and its percent.

    `stopping`: loans of which some are no more paid from some instalment on.
    """
    kind = rng.integers(0, 1000, len(stopping))[due.loan]
    paid_up = rng.integers(1, 5, len(stopping))[due.loan]
    never = (kind < 30) & stopping[due.loan] & (due.period >= paid_up)
    late = (kind >= 30) & (kind < 110) & (rng.integers(0, 100, len(due.loan)) < 55)
    split = (kind >= 110) & (kind < 150) & (rng.integers(0, 100, len(due.loan)) < 50)
    delay = np.where(late, rng.integers(1, 21, len(due.loan)), 0)
    first = np.where(never, _NEVER, due.due + delay)
    second = np.where(split, first + rng.integers(4, 16, len(due.loan)), _NEVER)
    return [first, second], [np.where(split, 60, 100), np.where(split, 40, 0)]


def _enter(
    books: Books,
    platform: Platform,
    common: Common,
    rng: np.random.Generator,
    run: _Run,
    chosen: Ints,
    day: Ints,
    percent: Ints,
    second: int,
) -> None:
    """Enter one repayment per chosen instalment, and the money behind it."""
    due, lent = run.due, run.lent
    loan = due.loan[chosen]
    principal, interest, fee = (_share(whole[chosen], percent, second) for whole in (due.principal, due.interest, due.fee))
    payer = np.where(run.guaranteed[loan], run.guarantors[loan % 3], lent.borrower[loan])
    payout = next_workdays()[day + 1 - FIRST]
    first = books.serials["repayments"] + 1
    books.serials["repayments"] += len(chosen)
    books.sheets["repayments"].rows(
        len(chosen),
        folder=platform.folder,
        repayment_id=pc.binary_join_element_wise("HK", numbers.padded(np.arange(first, first + len(chosen)), 8), ""),
        loan_id=lent.ids.take(pa.array(loan)),
        period=due.period[chosen],
        paid_on=day,
        amount_yuan=principal + interest + fee,
        principal_yuan=principal,
        interest_yuan=interest,
        fee_yuan=fee,
        payer_account=books.account_ids_at(payer),
        lender_paid_on=pa.array(payout, mask=payout > LAST),
        lender_paid_account=books.account_ids_at(platform.custody),
    )
    if platform.banked:
        _earn(books, common, rng, run, loan, day, principal + interest + fee)
        fen, number = principal + interest + fee, lent.numbers[loan]
        books.pay_many(clock(rng, day, 13, 15), payer, platform.custody, fen, "repayment", "还款", loan=number)
        held = payout <= LAST
        lender = np.where(day >= run.sold_on[loan], run.sold_to[loan], lent.lender[loan])
        to, fen = platform.lenders.accounts[lender], principal + interest
        # Before the day's deposits: over night custody holds what borrowers repaid, and lenders are paid from that.
        books.pay_many(
            clock(rng, payout, 8, 8)[held], platform.custody, to[held], fen[held], "transfer", "兑付", loan=number[held]
        )
        _keep(platform, day, fee)


def _share(whole: Ints, percent: Ints, second: int) -> Ints:
    """Return the first part of amounts, or what the first part left of them."""
    first = whole * np.where(percent == 100, 100, 60) // 100
    return whole - first if second else np.where(percent == 100, whole, first)


def _earn(books: Books, common: Common, rng: np.random.Generator, run: _Run, loan: Ints, day: Ints, fen: Ints) -> None:
    """Pay borrowers a little more than they repay: wages on the morning of the day, for what they sold some days before."""
    own = ~run.guaranteed[loan]
    sold = (pc.starts_with(run.lent.borrower_ids, "QY").to_numpy(zero_copy_only=False)[loan] | (fen > MOST_WAGES))[own]
    source = np.where(sold, common.customers, common.payroll_out)
    memo = np.where(sold, books.memo("货款回笼"), books.memo("工资"))
    fen, payee = (fen + 10_000 - fen % 10_000)[own], run.lent.borrower[loan][own]
    books.pay_many(clock(rng, day[own] - SOLD_BEFORE * sold, 9, 11), source, payee, fen, "transfer", memo)


def _keep(platform: Platform, day: Ints, fee: Ints) -> None:
    """Keep the fees in custody until their month is over."""
    months = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    every, place = np.unique(months, return_inverse=True)
    for month, fen in zip(every.tolist(), np.bincount(place, fee).astype(np.int64).tolist(), strict=True):
        platform.fee_fen[month] += fen


def swept(platforms: list[Platform]) -> int:
    """Return how many statement lines `sweep` would make, about."""
    return sum(4 * len(platform.fee_fen) for platform in platforms)


def sweep(books: Books, platform: Platform) -> None:
    """Pass the fees of each month on from custody to the fee account, and from there to the institution's own."""
    months, fen = (np.array(column, np.int64) for column in (list(platform.fee_fen), list(platform.fee_fen.values())))
    first = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    held = (fen > 0) & (first + 20 <= LAST)
    first, fen, clock_time = next_workdays()[first[held] - FIRST], fen[held], 10 * 3600 + platform.number * 61
    books.pay_many(first * DAY + clock_time, platform.custody, platform.fees, fen, "fee", "平台服务费结算")
    later = next_workdays()[first + 3 - FIRST]
    books.pay_many(later * DAY + clock_time, platform.fees, platform.own, fen, "transfer", "服务费收入划转")
