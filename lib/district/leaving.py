"""The way out of institutions that are to leave the business: their plans, and payouts to lenders by steps.

Each of them has a stock of twelve overdue contracts, one lender and one borrower each. Borrowers repay the principal in three
steps and lenders are paid from it a few days later; stories change what is planned, repaid or paid. Ordinary loans of such an
institution are all repaid before its exit begins, so that nothing else is left open.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from lib.district.acts import WAN, Contract, at, contract, pay_out, person, spend
from lib.district.books import OFFICE, OUTSIDE, Books, Party, Row
from lib.district.days import day
from lib.district.platforms import Platform
from lib.district.plots import Marks, Stage

EXIT_FROM, EXIT_BY = day("2018-10-08"), day("2018-12-31")
CHECKED = day("2019-01-10")
SECTIONS = (
    *("工作组", "退出原因", "退出时限", "还款计划", "纠纷调解", "存量项目清单", "借款人清单", "出借人清单", "资产负债表"),
    *("财产清单", "业务风险分析", "审计报告或三年报表", "应急预案", "股东及董监高承诺"),
)
VERSION, STOCK, WHOLE = "1", 12, 10_000
STEPS = ((day("2018-10-31"), 40), (day("2018-11-30"), 30), (day("2018-12-20"), 30))  # due day, percent of each claim
REST = day("2018-12-27")
_EARNED, _REPAID, _PAID = 11, 7, 2  # days before a step is due


@dataclass
class ExitPlan:
    """The way out of an institution as its stories want it.

    `paid`: what lenders get of what is planned, in hundredths of a percent; `claimed`: what the plan settles of their claims;
    `spread`: coefficient of variation between lenders, half of which get more than the others; `unpaid`: whether the rest is
    kept from them; `boasts`: whether the institution reports as paid what it planned; `checked`: whether a story has entered
    the last look at the site.
    """

    stock: list[Contract] = field(default_factory=list)
    source: int = -1
    submitted: int | None = day("2018-09-17")
    sections: tuple[str, ...] = SECTIONS
    paid: int = WHOLE
    claimed: int = WHOLE
    spread: int = 0
    unpaid: bool = False
    boasts: bool = False
    checked: bool = False

    def repaid(self, place: int, percent: int) -> int:
        """Return what a borrower repays in a step."""
        return self.stock[place].fen * percent * self.claimed // (100 * WHOLE)

    def planned(self, place: int, percent: int) -> int:
        """Return what the plan gives a lender in a step."""
        return int(self.repaid(place, percent) * self.ratio(place))

    def ratio(self, place: int) -> Fraction:
        """Return what the lender of a contract gets, relative to those who get most: for halves 1 and r, CV = (1-r)/(1+r)."""
        return Fraction(1) if place % 2 == 0 else Fraction(WHOLE - self.spread, WHOLE + self.spread)


def plan_of(stage: Stage) -> ExitPlan:
    """Return the way out of the stage's institution, with its stock of open contracts."""
    plan = stage.marks.exits.setdefault(stage.platform.id, ExitPlan())
    if "exit" not in stage.platform.traits:
        raise ValueError(f"{stage.platform.id} is not to leave the business")
    if not plan.stock:
        plan.source = stage.common.customers
        for n in range(STOCK):
            lender = new_lender(stage)
            fen = (4 + n % 5) * WAN
            made = contract(
                stage,
                person(stage, opening_fen=2_000_00),
                fen,
                day("2017-05-08") + 5 * n,
                months=12,
                of=lender,
                purpose="房屋装修",
            )
            pay_out(stage, made)
            spend(stage, made, trade="建材")
            plan.stock.append(made)
    return plan


def new_lender(stage: Stage) -> Party:
    """Enter a lender of the institution who has nothing else to do with it."""
    books, folder = stage.books, stage.platform.folder
    return books.bank_with(books.person(folder), OUTSIDE, folder, exact=False)


def finish_exits(books: Books, platforms: list[Platform], marks: Marks) -> None:
    """Enter the plans of all institutions that leave, pay the stock by steps, and look at their sites again."""
    for platform in platforms:
        if "exit" in platform.traits:
            plan = marks.exits.setdefault(platform.id, ExitPlan())
            _enter_plan(books, platform, plan)
            for n, (due, percent) in enumerate(STEPS if plan.stock else ()):
                _step(books, platform, plan, n + 1, due, percent)
            if plan.stock and not plan.unpaid:
                _pay_rest(books, platform, plan)
            if not plan.checked:
                look_at_site(books, platform, alive=False)


def look_at_site(books: Books, platform: Platform, *, alive: bool) -> Row:
    """Enter a look at the site after the last day."""
    row = {"institution_id": platform.id, "kind": "icp", "number": f"示例备{platform.number * 10:05d}号"}
    return books.add("licences", OFFICE, **row, valid_from=platform.online - 30, site_checked_on=CHECKED, site_alive=alive)


def _enter_plan(books: Books, platform: Platform, plan: ExitPlan) -> None:
    approved = None if plan.submitted is None else max(EXIT_FROM, plan.submitted + 7)
    books.add(
        "exit_plans",
        OFFICE,
        institution_id=platform.id,
        plan_version=VERSION,
        submitted_on=plan.submitted,
        approved_on=approved,
        starts_on=EXIT_FROM,
        ends_on=EXIT_BY,
        method="停止新增业务, 催收回款后按比例分期兑付",
        sections=";".join(plan.sections),
    )


def _step(books: Books, platform: Platform, plan: ExitPlan, number: int, due: int, percent: int) -> None:
    """Let borrowers repay their part of a step and lenders be paid theirs."""
    planned = paid = 0
    for place, made in enumerate(plan.stock):
        fen = plan.repaid(place, percent)
        account, hour = made.borrower.account, 9 + place % 3
        books.pay(at(due - _EARNED, hour, place), plan.source, account, fen, "transfer", "资产处置款")
        books.pay(at(due - _REPAID, hour, place), account, platform.custody, fen, "repayment", "催收还款", loan=made.number)
        row = {"loan_id": made.id, "period": 1, "paid_on": due - _REPAID, "amount_yuan": fen, "principal_yuan": fen}
        row |= {"interest_yuan": 0, "fee_yuan": 0, "payer_account": books.account_ids_at(account)}
        row |= {"lender_paid_on": due - _PAID, "lender_paid_account": books.account_ids_at(platform.custody)}
        made.repayments.append(books.add("repayments", platform.folder, **row))
        share = plan.planned(place, percent)
        back = share * plan.paid // WHOLE
        books.pay(
            at(due - _PAID, 8, place), platform.custody, made.lender.account, back, "transfer", "退出兑付", loan=made.number
        )
        planned, paid = planned + share, paid + back
    books.add(
        "exit_steps",
        OFFICE,
        institution_id=platform.id,
        plan_version=VERSION,
        step=number,
        due_on=due,
        tier="全部出借人",
        planned_yuan=planned,
        planned_lenders=len(plan.stock),
        paid_yuan=planned if plan.boasts else paid,
        paid_lenders=len(plan.stock),
    )


def _pay_rest(books: Books, platform: Platform, plan: ExitPlan) -> None:
    """Pay lenders what borrowers repaid and the steps have left."""
    for place, made in enumerate(plan.stock):
        steps = [(plan.repaid(place, percent), plan.planned(place, percent)) for _, percent in STEPS]
        if rest := sum(repaid - planned * plan.paid // WHOLE for repaid, planned in steps):
            books.pay(at(REST, 8, place), platform.custody, made.lender.account, rest, "transfer", "退出兑付", loan=made.number)
