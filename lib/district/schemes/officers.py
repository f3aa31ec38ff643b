"""Who runs an institution: officers whom the law bars, careers that do not hold, one person at the head of many companies."""

from typing import Any

from lib.district.books import OFFICE, REGISTER, Party, Row
from lib.district.days import date, day
from lib.district.platforms import appoint, hold
from lib.district.plots import Item, Scheme, Stage, Told

OVERLAP_DAYS = 90  # of two full-time posts: SH-06
CLEAN_DAYS = 1_826  # five years since a sentence was served: SH-05
LEGAL_POSTS = 5  # of SH-09


def us(stage: Stage, *more: str) -> tuple[str, ...]:
    """Return what a rule may take as its subject: the institution, its company, and others."""
    return (stage.platform.id, stage.platform.company.id, *more)


def before(stage: Stage, what: str) -> int:
    """Return how often an act was played at the institution before: small ones must not add up to something to be found."""
    return stage.books.serial(f"{what} {stage.platform.id}") - 1


def supervisor(stage: Stage) -> Party:
    """Enter a person who joins the supervisors."""
    who = stage.books.person(REGISTER)
    appoint(stage.books, who, stage.platform.company, "supervisor", "监事", bought(stage, "2016-10-10"))
    return who


def bought(stage: Stage, first: str) -> int:
    """Draw a day of purchase after the company was founded."""
    return max(day(first), stage.platform.registered + 120) + int(stage.rng.integers(0, 60))


def holding_company(stage: Stage) -> Party:
    """Enter a company that manages others."""
    return stage.books.company(REGISTER, trade="企业管理", scope_text="企业管理咨询")


def _sentenced(stage: Stage, who: Party, on: int) -> Row:
    text = "破坏社会主义市场经济秩序罪 (示例), 单处罚金, 当日缴清"
    return stage.books.add("sanctions", REGISTER, party_id=who.id, decided_on=on, kind="criminal", detail=text)


def _disqualified(stage: Stage) -> Told:
    who, since = stage.books.person(REGISTER, born="1975-08-21"), day("2018-12-03")
    decided = since - round(CLEAN_DAYS / stage.size)
    role = appoint(stage.books, who, stage.platform.company, "senior_manager", "副总经理", since)
    rows = (role, _sentenced(stage, who, decided))
    return Told(
        f"{who.name} {date(decided)} 因经济犯罪被判罚金并缴清, {date(since)} 任副总经理, 隔 {since - decided} 天 (界线五年)。",
        f"{who.name} was fined for an economic crime on {date(decided)}, paid that day, and became deputy manager on "
        f"{date(since)}, {since - decided} days later (line: five years).",
        (Item("SH-05", us(stage, who.id), None, since, None, rows),),
    )


def _namesake(stage: Stage) -> Told:
    officer = stage.platform.officers[2]
    other = stage.books.person(REGISTER, officer.name)
    row = _sentenced(stage, other, day("2017-05-11"))
    return Told(
        f"与总经理{officer.name}同名的另一人 (证件号码不同) 于 2017-05-11 被判刑。",
        f"Another person with the name of the general manager, {officer.name}, and another id was sentenced on 2017-05-11.",
        (Item("SH-05", us(stage, officer.id, other.id), rows=(row,)),),
    )


def _claimed(stage: Stage, who: Party, at_company: Party, role: str, title: str, since: int, until: int) -> Row:
    row: dict[str, Any] = {"person_id": who.id, "entity_id": at_company.id, "role": role, "title": title}
    return stage.books.add("roles", stage.platform.folder, **row, claimed_only=True, valid_from=since, valid_to=until)


def _told_in_interview(stage: Stage, who: Party, text: str) -> Row:
    row = {"interview_id": f"YT-{stage.platform.number:02d}-{stage.books.serial('interview'):03d}", "person_id": who.id}
    row |= {"institution_id": stage.platform.id, "topic": "履历", "claim_key": "任职经历", "claim_value": text}
    return stage.books.add("interviews", OFFICE, held_on=day("2018-10-24"), **row)


def _resume(stage: Stage) -> Told:
    books, big, overlap = stage.books, stage.size > 1, stage.scaled(OVERLAP_DAYS)
    who, left = books.person(REGISTER, born="1980-04-02"), day("2014-05-31")
    appoint(books, who, stage.platform.company, "senior_manager", "风控总监", bought(stage, "2016-10-10"))
    first = books.company(REGISTER, trade="商贸", registered_on=day("2006-07-12"))
    second = books.company(REGISTER, trade="物流", registered_on=left if big else day("2008-09-01"))
    since, posts = left - overlap, ("senior_manager", "副总经理")
    appoint(books, who, first, *posts, day("2010-03-01"), left)
    if not big:
        appoint(books, who, second, *posts, since, day("2015-03-31"))
    rows = (
        _claimed(stage, who, first, *posts, day("2010-03-01"), left),
        _claimed(stage, who, second, *posts, since, day("2015-03-31")),
        _told_in_interview(
            stage,
            who,
            f"2010-03-01 至 {date(left)} 任{first.name}副总经理; {date(since)} 至 2015-03-31 任{second.name}副总经理",
        ),
    )
    more = (f", 而{second.name} {date(left)} 才成立", f", which was founded only on {date(left)}") if big else ("", "")
    return Told(
        f"{who.name}自述在两家公司全职任职重叠 {overlap} 天 (界线 {OVERLAP_DAYS} 天){more[0]}。",
        f"{who.name} claims full-time posts in two companies that overlap by {overlap} days (line: {OVERLAP_DAYS}), the second "
        f"at {second.name}{more[1]}.",
        (Item("SH-06", us(stage, who.id, second.id), None, since, left, rows),),
    )


def _plain_post(stage: Stage) -> Told:
    books = stage.books
    who = books.person(REGISTER, born="1982-11-17")
    appoint(books, who, stage.platform.company, "senior_manager", "运营总监", bought(stage, "2016-10-10"))
    before, span = (
        books.company(REGISTER, trade="食品", registered_on=day("2005-03-18")),
        (day("2009-07-01"), day("2014-06-30")),
    )
    rows = (
        _claimed(stage, who, before, "staff", "区域销售主管", *span),
        _told_in_interview(stage, who, f"2009-07-01 至 2014-06-30 在{before.name}任区域销售主管"),
    )
    return Told(
        f"{who.name}自述曾任{before.name}区域销售主管, 该职务不需登记, 登记中自然没有。",
        f"{who.name} claims to have been a sales supervisor of {before.name}: no register lists such a post.",
        (Item("SH-06", us(stage, who.id, before.id), rows=rows),),
    )


def _serial(stage: Stage) -> Told:
    count, who = stage.scaled(LEGAL_POSTS), supervisor(stage)
    rows = tuple(_headed(stage, who, holding_company(stage)) for _ in range(count))
    return Told(
        f"监事{who.name}同时是 {count} 家存续企业的法定代表人 (界线 {LEGAL_POSTS} 家)。",
        f"The supervisor {who.name} is legal representative of {count} active companies (line: {LEGAL_POSTS}).",
        (Item("SH-09", us(stage, who.id), rows=rows),),
    )


def _headed(stage: Stage, who: Party, made: Party) -> Row:
    hold(stage.books, stage.books.person(REGISTER), made, 1.0, day("2015-01-05"))
    return appoint(stage.books, who, made, "legal_representative", "法定代表人", day("2015-01-05"))


def _incubated(stage: Stage) -> Told:
    books, who = stage.books, supervisor(stage)
    there = f"郑州市航海东路1号示例创业孵化园{stage.platform.number}座"
    made = [books.company(REGISTER, trade="电子商务", address=there) for _ in range(3 * LEGAL_POSTS - 3)]
    rows = tuple(_headed(stage, who, one) for one in made[: LEGAL_POSTS - 1])
    for one in made[LEGAL_POSTS - 1 :]:
        _headed(stage, books.person(REGISTER), one)
    return Told(
        f"监事{who.name}是 {len(rows)} 家企业的法定代表人, 与另外 {len(made) - len(rows)} 家无关企业同在一个孵化园。",
        f"The supervisor {who.name} heads {len(rows)} companies in an incubator, beside {len(made) - len(rows)} of others.",
        (Item("SH-09", us(stage, who.id), rows=rows),),
    )


SCHEMES = (
    Scheme("disqualified", "高管任职资格障碍", "Disqualified officer", ("SH-05",), _disqualified, _namesake),
    Scheme("resume", "履历不实", "Résumé that does not hold", ("SH-06",), _resume, _plain_post),
    Scheme("serial_legal", "挂名法定代表人", "Serial legal representative", ("SH-09",), _serial, _incubated),
)
