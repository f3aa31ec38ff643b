"""Institutions that are to leave the business: late or incomplete plans, payouts that fail, what goes on beside them."""

import math

from lib.district.acts import WAN, at, contract, money, ordinary, pay_out, person, repay
from lib.district.books import OFFICE
from lib.district.days import date, day
from lib.district.leaving import (
    CHECKED,
    EXIT_BY,
    EXIT_FROM,
    REST,
    SECTIONS,
    STEPS,
    STOCK,
    VERSION,
    WHOLE,
    look_at_site,
    new_lender,
    plan_of,
)
from lib.district.plots import Item, Late, Scheme, Stage, Told
from lib.district.schemes.officers import before, us

PLAN_BY = day("2018-09-30")
BEHIND, UNEQUAL, STRIPPED = 500, 500, 1 * WAN  # hundredths of a percent of EX-04 and EX-06, fen of EX-07


def _plan_row(stage: Stage) -> Late:
    return Late("exit_plans", (stage.platform.id, VERSION))


def _step_rows(stage: Stage) -> tuple[Late, ...]:
    return tuple(Late("exit_steps", (stage.platform.id, VERSION, n + 1)) for n in range(len(STEPS)))


def _submitted(stage: Stage, on: int | None) -> Told:
    plan_of(stage).submitted = on
    rows = (_plan_row(stage), stage.platform.rows["institution"])
    return Told(
        f"退出方案{f'提交于 {date(on)}' if on else '只有草案, 从未提交'} (期限 {date(PLAN_BY)})。",
        f"The exit plan was {f'submitted on {date(on)}' if on else 'drafted and never submitted'} (due: {date(PLAN_BY)}).",
        (Item("EX-01", us(stage), rows=rows),),
    )


def _plan_late(stage: Stage) -> Told:
    return _submitted(stage, None if stage.size >= 4 else PLAN_BY + round(10 * stage.size))


def _not_exited(stage: Stage) -> Told:
    """Leave a tenth of all claims per size open, and the site on line."""
    plan = plan_of(stage)
    plan.claimed = min(plan.claimed, WHOLE - round(1_000 * stage.size))
    plan.checked = True
    row = look_at_site(stage.books, stage.platform, alive=True)
    owed = sum(made.fen - sum(plan.repaid(place, part) for _, part in STEPS) for place, made in enumerate(plan.stock))
    return Told(
        f"{date(CHECKED)} 网站仍可访问, 待还本金 {money(owed)} 元 (应于 {date(EXIT_BY)} 前退出)。",
        f"On {date(CHECKED)} the site still answers and {money(owed)} yuan are owed (exit due by {date(EXIT_BY)}).",
        (Item("EX-02", us(stage), owed, EXIT_BY + 1, None, (row,)),),
    )


def _kept_open(stage: Stage) -> Told:
    plan_of(stage).checked = True
    row = look_at_site(stage.books, stage.platform, alive=True)
    text = f"示例整治办函〔2018〕{stage.platform.number}号 (同意网站保留至2019-06-30, 仅供债权公告)"
    consent = {"kind": "site_notice", "number": text, "valid_from": day("2018-12-20"), "valid_to": day("2019-07-01")}
    kept = stage.books.add("licences", OFFICE, institution_id=stage.platform.id, **consent)
    return Told(
        f"{date(CHECKED)} 网站仍可访问, 经批准仅供债权公告; 待还本金为零。",
        f"On {date(CHECKED)} the site still answers, by consent, for notices to creditors; nothing is owed.",
        (Item("EX-02", us(stage), rows=(row, kept)),),
    )


def _sections(stage: Stage, missing: int) -> Told:
    lacking = tuple(SECTIONS[(n * 5 + 3) % len(SECTIONS)] for n in range(missing))
    plan = plan_of(stage)
    plan.sections = tuple(one for one in plan.sections if one not in lacking)
    return Told(
        f"退出方案应有 {len(SECTIONS)} 项, " + (f"缺 {missing} 项: {'、'.join(lacking)}。" if missing else "齐全。"),
        f"Of {len(SECTIONS)} sections the exit plan " + (f"lacks {missing}: {', '.join(lacking)}." if missing else "has all."),
        (Item("EX-03", us(stage, f"{stage.platform.id}|{VERSION}"), rows=(_plan_row(stage),)),),
    )


def _behind(stage: Stage, short: int) -> Told:
    """Let lenders have less than was planned, the rest being kept in custody."""
    plan = plan_of(stage)
    plan.paid = min(plan.paid, WHOLE - short)
    plan.unpaid |= short > BEHIND
    plan.boasts |= stage.size >= 2 and short > BEHIND
    reported = ("上报为全额", "reported as paid in full") if plan.boasts else ("如实上报", "reported truly")
    return Told(
        f"三期兑付均只付计划的 {(WHOLE - short) / 100:.2f}% (界线 95%), {reported[0]}。",
        f"In all three steps lenders got {(WHOLE - short) / 100:.2f} % of what was planned (line: 95 %), {reported[1]}.",
        (Item("EX-04", us(stage, f"{stage.platform.id}|{VERSION}"), None, STEPS[0][0], None, _step_rows(stage)),),
    )


def _unequal(stage: Stage, spread: int) -> Told:
    plan = plan_of(stage)
    plan.spread = max(plan.spread, spread)
    plan.unpaid |= spread > UNEQUAL
    less = [made for place, made in enumerate(plan.stock) if place % 2]
    ids = tuple(x for made in less for x in (made.lender.id, made.id))
    more = f"{100 * float(plan.ratio(1)):.1f}"
    return Told(
        f"同一层级 {STOCK} 名出借人中, 半数所得为另一半的 {more}%, 变异系数 {spread / WHOLE:.4f} (界线 0.05)。",
        f"Of {STOCK} lenders of one tier half get {more} % of what the others get: coefficient of variation "
        f"{spread / WHOLE:.4f} (line: 0.05).",
        (Item("EX-06", us(stage, *ids), rows=tuple(made.row for made in less)),),
    )


def _new_business(stage: Stage) -> Told:
    plan_of(stage)
    fen = min(round(3 * stage.size), 18) * WAN
    made = contract(stage, person(stage, opening_fen=2_000_00), fen, day("2018-11-27"), months=1, purpose="家庭消费")
    ordinary(stage, made)
    return Told(
        f"退出期 ({date(EXIT_FROM)} 起) 新签合同 {made.id}, {money(fen)} 元, 签于 {date(made.start)}。",
        f"During the exit (from {date(EXIT_FROM)} on) contract {made.id} over {money(fen)} yuan was signed on "
        f"{date(made.start)}.",
        (Item("EX-05", us(stage, made.id), fen, made.start, None, (made.row,), (made.payout,)),),
    )


def _restructured(stage: Stage) -> Told:
    """Let a new lender take over a part of an old claim, as was approved, and be repaid before the exit ends."""
    plan = plan_of(stage)
    old, fen = plan.stock[0], plan.stock[0].fen * 3 // 10
    purpose = f"存量债务重组 (合同 {old.id}, 经示例整治办批复〔2018〕{stage.platform.number}号同意)"
    made = contract(stage, old.borrower, fen, day("2018-12-10"), months=1, of=new_lender(stage), purpose=purpose, status="重组")
    pay_out(stage, made)
    repay(stage, made, delay=REST - made.last)
    ids = us(stage, made.id, old.id, old.borrower.id, stage.books.account_ids_at(old.borrower.account))
    return Told(
        f"退出期签订的合同 {made.id} ({money(fen)} 元) 是经批准的存量债务重组, 替换合同 {old.id} 的一部分。",
        f"Contract {made.id} over {money(fen)} yuan, signed during the exit, restructures a part of contract {old.id} as was "
        f"approved.",
        (Item("EX-05", us(stage, made.id), fen, rows=(made.row,), payments=(made.payout,)),),
        tuple((rule, ids) for rule in ("PZ-01", "PZ-04", "CF-01", "OV-03", "LU-01", "IR-05")),
    )


def _stripped(stage: Stage) -> Told:
    plan_of(stage)
    fen, on = stage.scaled(STRIPPED, 100_00), day("2018-11-13")
    who = (*stage.platform.officers[:2], stage.platform.head)[before(stage, "stripped") % 3]
    paid = stage.books.pay(at(on, 15, 20), stage.platform.own, who.account, fen, "transfer", "往来款")
    return Told(
        f"退出期内 {date(on)} 自有账户向{who.name}付 {money(fen)} 元, 方案中没有 (界线 10,000.00 元)。",
        f"During the exit, on {date(on)}, {money(fen)} yuan went from the own account to {who.name}, an insider, not in the "
        f"plan (line: 10,000.00).",
        (Item("EX-07", us(stage, who.id, stage.books.account_ids_at(who.account)), fen, on, on, payments=(paid,)),),
    )


def _salaries(stage: Stage) -> Told:
    plan_of(stage)
    who, fen = stage.platform.officers[2], 18_000_00
    days = (day("2018-11-15"), day("2018-12-14"))
    paid = tuple(
        stage.books.pay(at(on, 10, 5), stage.platform.own, who.account, fen, "other", "工资 (退出方案预算内)") for on in days
    )
    return Told(
        f"退出期内两次向总经理{who.name}支付工资 {money(fen)} 元, 在批准的方案预算之内。",
        f"During the exit the general manager {who.name} got two salaries of {money(fen)} yuan, within the approved plan.",
        (Item("EX-07", us(stage, who.id, stage.books.account_ids_at(who.account)), len(days) * fen, payments=paid),),
    )


SCHEMES = (
    Scheme(
        "plan_late",
        "退出方案逾期",
        "Exit plan late",
        ("EX-01",),
        _plan_late,
        lambda stage: _submitted(stage, PLAN_BY),
        exit=True,
        sized=False,
    ),
    Scheme("not_exited", "未按期退出", "Not exited", ("EX-02",), _not_exited, _kept_open, exit=True, sized=False),
    Scheme(
        "plan_incomplete",
        "退出方案要素不全",
        "Exit plan incomplete",
        ("EX-03",),
        lambda stage: _sections(stage, min(math.ceil(stage.size), len(SECTIONS))),
        lambda stage: _sections(stage, 0),
        exit=True,
        sized=False,
    ),
    Scheme(
        "behind_plan",
        "兑付低于计划",
        "Payouts behind the plan",
        ("EX-04",),
        lambda stage: _behind(stage, stage.scaled(BEHIND)),
        lambda stage: _behind(stage, BEHIND * 4 // 5),
        exit=True,
    ),
    Scheme(
        "new_business",
        "退出期新增业务",
        "New business in the exit",
        ("EX-05",),
        _new_business,
        _restructured,
        exit=True,
        sized=False,
    ),
    Scheme(
        "preferential",
        "选择性兑付",
        "Preferential payout",
        ("EX-06",),
        lambda stage: _unequal(stage, stage.scaled(UNEQUAL)),
        lambda stage: _unequal(stage, 0),
        exit=True,
    ),
    Scheme("asset_stripping", "退出期转移资产", "Asset stripping", ("EX-07",), _stripped, _salaries, exit=True),
)
