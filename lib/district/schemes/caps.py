"""Borrowers above the caps of article 17: persons and companies, at one institution or at several, and as a group."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from lib.district.acts import WAN, Contract, company, lent, money, person
from lib.district.books import REGISTER, Party, Row, UnplayableError
from lib.district.common import COMPANY_PURPOSES, PERSON_PURPOSES
from lib.district.days import FIRST, LAST, MEASURES, day, is_workday
from lib.district.platforms import Platform, hold
from lib.district.plots import Item, Scheme, Stage, Told
from lib.district.terms import EQUAL, INTEREST_FIRST

PERSON_CAP, COMPANY_CAP = 20 * WAN, 100 * WAN  # LM-01, LM-02: at one institution
PERSON_TOTAL, COMPANY_TOTAL = 100 * WAN, 500 * WAN  # LM-03, LM-04: at all
# The most in one loan: where principals lie in the last tenth below a cap again and again, they look arranged (ST-01).
PERSON_LOAN, COMPANY_LOAN = 17 * WAN + WAN // 2, 88 * WAN
CONTROL = 0.5  # LM-05: a group is what one party holds more than this of
AT_LEAST = 10  # institutions, of which six can play: two leave, one is silent, in the first nothing is to be found
LEGACY_LOAN = 48 * WAN  # below what must be reported as one large transfer of a person (PT-04)
# More than the 30 days in which loans count as one that was split (SP-01), and in which what is bought counts as bought with
# the loan before (LU-01).
APART_DAYS = 35


def parts(total: int, most: int, least: int = 1) -> list[int]:
    """Divide an amount into equal parts of at most (about) `most`, `least` of them or more; hundreds of yuan, the last odd."""
    count = max(least, -(-total // most))
    each = total // count // 10_000 * 10_000
    return [each] * (count - 1) + [total - each * (count - 1)]


def owed(made: list[Contract]) -> list[tuple[int, int]]:
    """Return the days on which what is owed on contracts that run as they should changes, and what is owed at their end."""
    steps: dict[int, int] = {}
    for one in made:
        steps[one.start] = steps.get(one.start, 0) + one.fen
        for on, principal in zip(one.due.due.tolist(), one.due.principal.tolist(), strict=True):
            if on <= LAST:
                steps[on] = steps.get(on, 0) - principal
    left, found = 0, []
    for on in sorted(steps):
        left += steps[on]
        found.append((on, left))
    return found


def over_cap(rule: str, subjects: tuple[str, ...], cap: int, made: list[Contract], rows: tuple[Row, ...] = ()) -> Item:
    """Return the finding that what is owed on contracts is above a cap: the peak, and the first and last day above the cap."""
    days = owed(made)
    above = [n for n, (_, fen) in enumerate(days) if fen > cap]
    first = days[above[0]][0] if above else None
    last = days[above[-1] + 1][0] - 1 if above and above[-1] + 1 < len(days) else None
    return Item(rule, subjects, max(fen for _, fen in days), first, last, (*(one.row for one in made), *rows))


# -- one borrower at one institution ------------------------------------------------------------------------------------


def _staggered(stage: Stage, borrower: Party, total: int) -> list[Contract]:
    """Lend so that exactly so much is owed on the first day of the last loan: the first one is paid down meanwhile."""
    purposes = list(COMPANY_PURPOSES if borrower.company else PERSON_PURPOSES)
    each = parts(total, COMPANY_LOAN if borrower.company else PERSON_LOAN, 3)
    start = stage.start(room=APART_DAYS * len(each) + 60)
    made: list[Contract] = []
    for n, fen in enumerate(each):
        on = start + APART_DAYS * n
        if n == len(each) - 1:
            fen = total - [left for changed, left in owed(made) if changed <= on][-1]
        method, months = (EQUAL, 24) if n == 0 else (INTEREST_FIRST, 12)
        made.append(lent(stage, borrower, fen, on, purposes[n % len(purposes)], method=method, months=months))
    return made


def _above(stage: Stage, rule: str, cap: int, borrower: Party) -> Told:
    total = stage.scaled(cap, 1_000_00)
    made = _staggered(stage, borrower, total)
    return Told(
        f"{borrower.name}先后借款 {len(made)} 笔, 第一笔按月还本; 最后一笔放款当日待偿本金合计 {money(total)} 元 "
        f"(上限 {money(cap)} 元)。",
        f"{borrower.name} takes {len(made)} loans; the first is paid down monthly. On the first day of the last one "
        f"{money(total)} yuan are owed (cap {money(cap)}).",
        (over_cap(rule, (borrower.id,), cap, made),),
        (("SF-07", (borrower.id, stage.platform.id)),),
    )


def _person_above(stage: Stage) -> Told:
    return _above(stage, "LM-01", PERSON_CAP, person(stage, opening_fen=3_000_00))


def _company_above(stage: Stage) -> Told:
    return _above(stage, "LM-02", COMPANY_CAP, company(stage, opening_fen=50_000_00))


def _at_the_cap(stage: Stage, rule: str, cap: int, borrower: Party) -> Told:
    purposes, start = list(COMPANY_PURPOSES if borrower.company else PERSON_PURPOSES), stage.start(room=460)
    share = cap * 3 // 5
    made = [lent(stage, borrower, share, start, purposes[0], months=12)]
    made.append(lent(stage, borrower, cap - share, start + APART_DAYS, purposes[1], months=12))
    return Told(
        f"{borrower.name}两笔借款 {money(share)} + {money(cap - share)} = {money(cap)} 元, 恰等于上限, 不算超限。",
        f"{borrower.name} owes {money(share)} + {money(cap - share)} = {money(cap)} yuan on two loans: at the cap, no more.",
        (over_cap(rule, (borrower.id,), cap, made),),
    )


def _person_at_the_cap(stage: Stage) -> Told:
    return _at_the_cap(stage, "LM-01", PERSON_CAP, person(stage, opening_fen=3_000_00))


def _company_at_the_cap(stage: Stage) -> Told:
    return _at_the_cap(stage, "LM-02", COMPANY_CAP, company(stage, opening_fen=50_000_00))


def _legacy(stage: Stage) -> list[Contract]:
    """Lend a person 250,000 yuan for two years, signed before the measures were public.

    Raises
    ------
    UnplayableError
        If the institution did not lend then.
    """
    earliest, latest = max(stage.platform.online + 20, FIRST + 20, MEASURES - 200), MEASURES - 50
    if earliest > latest:
        raise UnplayableError(f"{stage.platform.id} went on line on day {stage.platform.online}")
    start = int(stage.rng.integers(earliest, latest + 1))
    while not is_workday(start):
        start -= 1
    borrower = person(stage, opening_fen=3_000_00)
    made = [lent(stage, borrower, 15 * WAN, start, "房屋装修", months=24)]
    return [*made, lent(stage, borrower, 10 * WAN, start + APART_DAYS, "经营周转", months=24)]


def _new_on_legacy(stage: Stage) -> Told:
    total = min(stage.scaled(PERSON_CAP, 1_000_00), LEGACY_LOAN)
    old = _legacy(stage)
    borrower = old[0].borrower
    new = lent(stage, borrower, total, stage.start(room=430, after=MEASURES + 60), "购买汽车", months=12)
    return Told(
        f"{borrower.name}在办法施行前已借 250,000.00 元 (存量), 施行后又签一笔 {money(total)} 元, "
        "仅此一笔即超过 200,000.00 元。",
        f"{borrower.name} owes 250,000.00 yuan from before the measures (legacy), and signs one more loan of {money(total)} "
        "under them: above 200,000.00 by itself.",
        (over_cap("LM-01", (borrower.id,), PERSON_CAP, [new]),),
        (("SF-07", (borrower.id, stage.platform.id)),),
    )


def _legacy_alone(stage: Stage) -> Told:
    old = _legacy(stage)
    return Told(
        f"{old[0].borrower.name}借款 150,000.00 + 100,000.00 = 250,000.00 元, 均签于 2016-08-24 之前, 属于存量, 到期归还。",
        f"{old[0].borrower.name} owes 150,000.00 + 100,000.00 = 250,000.00 yuan, all signed before 2016-08-24 (legacy), and "
        "repays it when due.",
        (over_cap("LM-01", (old[0].borrower.id,), PERSON_CAP, old),),
    )


# -- one borrower at several institutions -------------------------------------------------------------------------------


def _others(stage: Stage, on: int, until: int) -> list[Platform]:
    """Return the other institutions that lend from a day until another, stay in business, and whose statements are held.

    Not the first of all: nothing is to be found there.
    """
    spare = [p for p in stage.platforms if p is not stage.platform and p.banked and p.number != 1 and "exit" not in p.traits]
    return [p for p in spare if p.online + 20 <= on and until <= p.last_start]


def _known_to(stage: Stage, party: Party, others: list[Platform]) -> None:
    """Let other institutions deliver a party, which was entered last, with the same particulars."""
    sheet = stage.books.sheets["parties"]
    row = sheet.table().slice(len(sheet) - 1, 1).to_pylist()[0]
    if row["party_id"] != party.id:
        raise ValueError(f"{party.id} is not the last party")
    values = {name: _plain(value) for name, value in row.items() if value is not None}
    for other in others:
        sheet.row(**(values | {"folder": other.folder}))


def _plain(value: Any) -> Any:
    """Return a value of a table as a sheet takes it: whole days, whole fen."""
    if isinstance(value, dt.date):
        return day(value.isoformat())
    return int(value * 100) if isinstance(value, Decimal) else value


def _everywhere(
    stage: Stage, borrower: Party, each: list[int], places: list[Platform], start: int, months: int = 12
) -> list[Contract]:
    """Lend a part at each institution, one after the other, within ten months: for one purpose if so fast that they mix."""
    apart = min(APART_DAYS, 300 // len(each))
    purposes = list(COMPANY_PURPOSES if borrower.company else PERSON_PURPOSES)[: None if apart == APART_DAYS else 1]
    made = []
    for n, (fen, place) in enumerate(zip(each, places, strict=False)):
        there = replace(stage, platform=place)
        made.append(lent(there, borrower, fen, start + apart * n, purposes[n % len(purposes)], months=months))
    return made


def _above_in_all(stage: Stage, rule: str, limit: int, most: int) -> Told:
    start = stage.start(room=700)
    others = _others(stage, start, start + 310)
    places = [stage.platform, *others]
    total = min(stage.scaled(limit, 1_000_00), most * len(places))
    if stage.size > 1 and total <= limit:
        raise UnplayableError(f"{len(places)} institutions are too few for more than {money(limit)} yuan")
    of_company = most == COMPANY_LOAN
    borrower = company(stage, opening_fen=50_000_00) if of_company else person(stage, opening_fen=3_000_00)
    each = parts(total, most, min(4, len(places)))
    _known_to(stage, borrower, others[: len(each) - 1])
    made = _everywhere(stage, borrower, each, places, start)
    return Told(
        f"{borrower.name}在 {len(made)} 家机构各借一笔, 每笔不超过 {money(max(each))} 元, 同时在贷合计 {money(total)} 元 "
        f"(上限 {money(limit)} 元)。",
        f"{borrower.name} borrows at {len(made)} institutions, no more than {money(max(each))} yuan at each: {money(total)} at "
        f"once (cap {money(limit)}).",
        (over_cap(rule, (borrower.id,), limit, made),),
        tuple((also, (borrower.id, *(one.id for one in made))) for also in ("SP-01", "SF-07")),
    )


def _person_in_all(stage: Stage) -> Told:
    return _above_in_all(stage, "LM-03", PERSON_TOTAL, PERSON_LOAN)


def _company_in_all(stage: Stage) -> Told:
    return _above_in_all(stage, "LM-04", COMPANY_TOTAL, COMPANY_LOAN)


def _in_turn(stage: Stage) -> Told:
    """A person borrows above the limit in all, but the second half only when the first is repaid."""
    start = stage.start(room=620)
    again = start + 5 * APART_DAYS + 190
    places = [stage.platform, *_others(stage, start, again + 5 * APART_DAYS)]
    half = min(len(places) // 2, 5)
    each = [17 * WAN] * half
    borrower = person(stage, opening_fen=3_000_00)
    _known_to(stage, borrower, places[1 : 2 * half])
    made = _everywhere(stage, borrower, each, places[:half], start, 6)
    made += _everywhere(stage, borrower, each, places[half : 2 * half], again, 6)
    peak, total = max(fen for _, fen in owed(made)), sum(one.fen for one in made)
    return Told(
        f"{borrower.name}先后在 {len(made)} 家机构借款共 {money(total)} 元, 后一半在前一半还清后才借, "
        f"同时在贷最多 {money(peak)} 元。",
        f"{borrower.name} borrows {money(total)} yuan at {len(made)} institutions in all, the second half after the first is "
        f"repaid: never more than {money(peak)} at once.",
        (over_cap("LM-03", (borrower.id,), PERSON_TOTAL, made),),
    )


def _at_the_limit(stage: Stage) -> Told:
    start = stage.start(room=700)
    places = [stage.platform, *_others(stage, start, start + 310)]
    total = min(COMPANY_TOTAL, COMPANY_LOAN * len(places))
    each = parts(total, COMPANY_LOAN)
    borrower = company(stage, opening_fen=50_000_00)
    _known_to(stage, borrower, places[1 : len(each)])
    made = _everywhere(stage, borrower, each, places, start)
    return Told(
        f"{borrower.name}在 {len(made)} 家机构借款合计恰为 {money(total)} 元, 不超过上限 {money(COMPANY_TOTAL)} 元。",
        f"{borrower.name} owes exactly {money(total)} yuan at {len(made)} institutions: not above the cap of "
        f"{money(COMPANY_TOTAL)}.",
        (over_cap("LM-04", (borrower.id,), COMPANY_TOTAL, made),),
    )


# -- a group ------------------------------------------------------------------------------------------------------------


def _owned(stage: Stage, owner: Party, share: float, layered: bool) -> tuple[Party, tuple[Row, ...]]:
    """Enter a company of which one person holds a share, through a company of his own if `layered`, and another the rest."""
    books, since = stage.books, FIRST - 300
    made, holder, rows = company(stage, opening_fen=50_000_00), owner, []
    if layered:
        holder = books.company(REGISTER, trade="实业", scope_text="企业管理咨询")
        rows.append(hold(books, owner, holder, 1.0, since))
    rows.append(hold(books, holder, made, share, since))
    hold(books, books.person(REGISTER), made, round(1 - share, 4), since)
    return made, tuple(rows)


def _group(stage: Stage, total: int, share: float) -> tuple[Party, list[Contract], tuple[Row, ...]]:
    """Lend to companies of one holder, each below the cap, all open at once."""
    owner, each = stage.books.person(REGISTER), parts(total, COMPANY_LOAN, 2)
    start, made = stage.start(room=280), list[Contract]()
    rows: list[Row] = []
    for n, fen in enumerate(each):
        borrower, held = _owned(stage, owner, share, layered=share > CONTROL and n % 2 == 1)
        rows += held
        made.append(lent(stage, borrower, fen, start + 11 * n, list(COMPANY_PURPOSES)[n % 3], months=6))
    return owner, made, tuple(rows)


def _group_above(stage: Stage) -> Told:
    total = stage.scaled(COMPANY_CAP, 10_000_00)
    owner, made, rows = _group(stage, total, 0.6)
    subjects = (owner.id, *(one.borrower.id for one in made))
    item = over_cap("LM-05", subjects, COMPANY_CAP, made, rows)
    return Told(
        f"{owner.name}直接或经一层公司持有 {len(made)} 家借款企业各 60%, 各企业均未超限, "
        f"合并待偿 {money(total)} 元 (上限 {money(COMPANY_CAP)} 元)。",
        f"{owner.name} holds 60 % of each of {len(made)} borrowing companies, directly or through one more: none is above the "
        f"cap, together they owe {money(total)} yuan (cap {money(COMPANY_CAP)}).",
        (item,),
        tuple((rule, (*subjects, stage.platform.id)) for rule in ("SF-07", "SP-01")),
    )


def _half_held(stage: Stage) -> Told:
    total = COMPANY_CAP * 3 // 2
    owner, made, rows = _group(stage, total, CONTROL)
    return Told(
        f"{owner.name}持有 {len(made)} 家借款企业各 50%, 其余各由他人持有, 没有过半, 不构成控制; "
        f"合并虽有 {money(total)} 元, 不合并计算。",
        f"{owner.name} holds just 50 % of each of {len(made)} borrowing companies, others the rest: no majority, no control; "
        f"the {money(total)} yuan are not added up.",
        (over_cap("LM-05", (owner.id, *(one.borrower.id for one in made)), COMPANY_CAP, made, rows),),
    )


SCHEMES = (
    Scheme("over_cap_person", "自然人超限额", "Natural person above the cap", ("LM-01",), _person_above, _person_at_the_cap),
    Scheme("over_cap_company", "法人超限额", "Company above the cap", ("LM-02",), _company_above, _company_at_the_cap),
    Scheme(
        "legacy_cap",
        "存量之外新增超限",
        "New loan above the cap on a legacy",
        ("LM-01",),
        _new_on_legacy,
        _legacy_alone,
        sized=False,
        early=True,
    ),
    Scheme(
        "over_cap_platforms",
        "自然人多平台超限",
        "Person above the cap of all",
        ("LM-03",),
        _person_in_all,
        _in_turn,
        least=AT_LEAST,
    ),
    Scheme(
        "over_cap_platforms_company",
        "法人多平台超限",
        "Company above the cap of all",
        ("LM-04",),
        _company_in_all,
        _at_the_limit,
        least=AT_LEAST,
    ),
    Scheme("over_cap_group", "集团合并超限", "Group above the cap", ("LM-05",), _group_above, _half_held),
)
