"""The institutions: who runs, holds and heads each of them, its accounts, its lenders, its costs."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lib.district import names
from lib.district.books import BANKS, CUSTODIAN, OFFICE, OUTSIDE, REGISTER, Books, Crowd, Party, Row, UnplayableError
from lib.district.common import Common
from lib.district.days import DAY, FIRST, LAST, MEASURES, day, months_on, next_workdays

Ints = npt.NDArray[np.int64]
WAN = 1_000_000  # ten thousand yuan in fen
CAPITAL = 5_000 * WAN  # registered, of every operating company
_CAPITAL_ABOVE = 2_000 * WAN  # of every company in the chains of holders
RESTRICTED = "财富管理"  # the word of the notice that stands in a scope of business
RECENT = day("2019-01-10")  # of a change that what is published does not show yet
EXIT_LAST_START = day("2017-08-31")  # who is to leave has lent nothing since: ordinary loans are repaid before its exit begins
_BASIS = 10_000  # hundredths of a percent in the whole
_UNITS = ("示例办事处", "试验办事处", "演练办事处")


@dataclass
class Platform:
    """An institution as the generator knows it; accounts by number.

    `traits`: the schemes that it plays, `not …` for their doubles, and `exit`; a few show from the day of founding. `rows`:
    those of the company (parties), the institution, and each licence by kind. `spare`: hundredths of a percent of the company
    that the second holder may still sell, `sold` what it has sold (day, hundredths). `former`: who controlled it until RECENT.
    `fee_fen`: month since 1970 → fees in custody that are still to be swept.
    """

    number: int
    id: str
    name: str
    prefix: str
    company: Party
    folder: str
    home: str
    bank: str
    custody: int
    fees: int
    head: Party
    holders: list[Party]
    officers: list[Party]
    staff: list[Party]
    online: int
    registered: int
    traits: frozenset[str] = frozenset()
    rows: dict[str, Row] = field(default_factory=dict)
    spare: int = 0
    sold: list[tuple[int, int]] = field(default_factory=list)
    former: Party | None = None
    last_start: int = LAST - 35
    banked: bool = True
    lenders: Crowd = field(default_factory=lambda: Crowd([], [], np.zeros(0, np.int64)))
    loans: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    fee_fen: Counter[int] = field(default_factory=Counter)

    @property
    def own(self) -> int:
        """The operating company's own account."""
        return self.company.account

    def at(self, bank: str) -> str:
        """Return the folder in which a bank delivers statements about this institution."""
        return f"{self.home}/{bank}"


def found(books: Books, common: Common, number: int, *, banked: bool = True, traits: frozenset[str] = frozenset()) -> Platform:
    """Enter an institution: company, chain of holders, officers, accounts, licences, capital.

    What the second direct holder holds is entered by `complete`, when all that it sold is known.
    """
    rng, brand = books.rng(f"platform {number}"), names.brand(number * 37 + 5)
    home = brand + names.PLATFORM_SUFFIXES[number % len(names.PLATFORM_SUFFIXES)]
    bank = BANKS[number % len(BANKS)]
    registered, online = _born(rng, traits)
    company = _company(books, brand, number, registered, traits)
    rows = {"company": Row("parties", len(books.sheets["parties"]) - 1, company.id)}
    opened: dict[str, Any] = {"exact": False, "opened_on": registered + 10}
    place, main, custodian = (home, bank, CUSTODIAN) if banked else (f"{home}/平台", OUTSIDE, OUTSIDE)
    company = books.bank_with(company, main, place, **opened)
    named = {"holder_name": f"{company.name}出借人资金存管专户"} if banked else {}
    custody = books.open(company, custodian, place, "custody_total", **(opened | named))
    fees = books.open(company, custodian, place, "fee", **opened)
    head = books.bank_with(books.person(REGISTER), bank, home, opening_fen=40 * WAN, exact=False)
    officers, staff = _people(books, company, head, home, bank, number, registered)
    platform = Platform(
        number=number,
        id=f"JG-{number:02d}",
        name=home,
        prefix=f"{_letters(number)}",
        company=company,
        folder=f"{home}/平台",
        home=home,
        bank=bank,
        custody=custody,
        fees=fees,
        head=head,
        holders=[],
        officers=officers,
        staff=staff,
        online=online,
        registered=registered,
        traits=traits,
        rows=rows,
        banked=banked,
    )
    platform.last_start = EXIT_LAST_START if "exit" in traits else platform.last_start
    _listed(books, platform)
    if banked:
        _held(books, platform)
        _fund(books, platform, common)
    return platform


_TRADE = ("网络科技", "信息技术", "互联网信息服务", "电子商务", "数据科技")


def _letters(number: int) -> str:
    """Return two letters that begin the numbers of an institution's contracts."""
    return chr(65 + number * 7 % 26) + chr(65 + (number * 11 + number // 26 + 3) % 26)


def _born(rng: np.random.Generator, traits: frozenset[str]) -> tuple[int, int]:
    """Draw the days of registration and of going on line: before the measures, after them, or on their very day."""
    registered = day("2014-03-01") + int(rng.integers(0, 400))
    online = max(registered + 60 + int(rng.integers(0, 200)), FIRST)
    if "new_platform" in traits:
        registered = MEASURES + 20 + registered % 60
        online = registered + 60
    elif "not new_platform" in traits:
        registered, online = MEASURES - 90, MEASURES
    return registered, online


def _company(books: Books, brand: str, number: int, registered: int, traits: frozenset[str]) -> Party:
    place, trade = names.PLACES[number % 2], _TRADE[number % len(_TRADE)]
    worded = traits & {"restricted_word", "not restricted_word"}
    scope = f"互联网信息服务; 软件开发; {RESTRICTED + '咨询; ' if worded else ''}信息技术咨询 (不得从事金融业务)"
    row: dict[str, Any] = {"scope_text": scope, "registered_capital_yuan": CAPITAL, "registered_on": registered}
    if "burst" in traits:
        row["former_names"] = former_name(number)
    return books.company(REGISTER, f"{place}{brand}{trade}有限公司", **row)


def former_name(number: int) -> str:
    """Return the name that the operating company of an institution bore before, if it changed its name."""
    return f"{names.PLACES[number % 2]}{names.brand(number * 37 + 5)}商务服务有限公司"


def hold(books: Books, holder: Party, held: Party, share: float, since: int, until: int | None = None, **more: object) -> Row:
    """Enter a shareholding."""
    row = {"holder_id": holder.id, "held_id": held.id, "share": share, "valid_from": since, "valid_to": until}
    return books.add("holdings", REGISTER, **row, **more)


def appoint(books: Books, person: Party, entity: Party, role: str, title: str, since: int, until: int | None = None) -> Row:
    """Enter an office of a person in a company."""
    row = {"person_id": person.id, "entity_id": entity.id, "role": role, "title": title}
    return books.add("roles", REGISTER, **row, valid_from=since, valid_to=until)


def change(books: Books, entity: Party, on: int, item: str, before: str, after: str) -> Row:
    """Enter a changed item of a registration."""
    row = {"entity_id": entity.id, "changed_on": on, "item": item, "before_text": before, "after_text": after}
    return books.add("registry_changes", REGISTER, **row)


def _held(books: Books, platform: Platform) -> None:
    """Build one to six layers above the company, each with one minority person."""
    number, since, below, bank = platform.number, platform.registered, platform.company, (platform.bank, platform.home)
    lately = "not controller_mismatch" in platform.traits  # the head has come lately, in the place of another
    layers = max(1 + (number - 1) % 6, 1 + lately)
    for layer in range(layers):
        last = layer == layers - 1
        above = platform.head if last else _holding_company(books)
        if layer == 0 and not last:
            above = books.bank_with(above, *bank, opening_fen=0, exact=False)
        partner = books.bank_with(books.person(REGISTER), *bank, exact=False) if layer == 0 else books.person(REGISTER)
        majority = (60, 70, 80, 55, 65, 75)[(number + layer) % 6]
        bought = RECENT if last and lately else since + 500 if layer == 1 and number % 2 == 1 else since
        hold(books, above, below, majority / 100, bought, **_paid_up(majority * 100, CAPITAL if layer == 0 else _CAPITAL_ABOVE))
        if layer == 0:
            platform.holders, platform.spare = [above, partner], (100 - majority) * 100 - _KEPT
        else:
            hold(books, partner, below, (100 - majority) / 100, since, **_paid_up((100 - majority) * 100, _CAPITAL_ABOVE))
        if bought > since:  # one holder has sold out since
            former = books.person(REGISTER)
            platform.former = former if last and lately else platform.former
            change(books, below, bought, "股东变更", f"{former.name} {majority}%", f"{above.name} {majority}%")
            hold(books, former, below, majority / 100, since, bought)
        below = above


def _holding_company(books: Books) -> Party:
    row: dict[str, Any] = {"scope_text": "企业管理咨询", "registered_capital_yuan": _CAPITAL_ABOVE}
    return books.company(REGISTER, trade="实业", **row)


_KEPT = 100  # hundredths of a percent that the second direct holder never sells


def _paid_up(hundredths: int, capital: int) -> dict[str, Any]:
    """Return what a holder of so many hundredths of a percent has subscribed, and the fifth of it that is paid in."""
    fen = capital * hundredths // _BASIS
    return {"subscribed_yuan": fen, "paid_in_yuan": fen // 5}


def sell_part(books: Books, platform: Platform, holder: Party, hundredths: int, since: int, **more: Any) -> Row:
    """Let the second direct holder sell a part of the company to a new one; control does not change.

    Raises
    ------
    UnplayableError
        If it does not hold so much any more, or nobody knows the holders.
    """
    if not 0 < hundredths <= platform.spare or since <= platform.registered:
        raise UnplayableError(f"{hundredths} of {platform.spare} hundredths of a percent of {platform.id} from day {since}")
    platform.spare -= hundredths
    platform.sold.append((since, hundredths))
    seller = platform.holders[1]
    change(books, platform.company, since, "股东变更", seller.name, f"{seller.name}; {holder.name} {hundredths / 100:.2f}%")
    return hold(books, holder, platform.company, hundredths / _BASIS, since, **(_paid_up(hundredths, CAPITAL) | more))


def complete(books: Books, platform: Platform) -> None:
    """Enter what the second direct holder held from time to time, so that the shares of the company are one on any day."""
    if not platform.holders:
        return
    left, since, seller = platform.spare + _KEPT, LAST, platform.holders[1]
    for on, hundredths in sorted([*platform.sold, (platform.registered, 0)], reverse=True):
        if on < since:
            until = None if since == LAST else since
            hold(books, seller, platform.company, left / _BASIS, on, until, **_paid_up(left, CAPITAL))
        left, since = left + hundredths, on


def _people(
    books: Books, company: Party, head: Party, home: str, bank: str, number: int, since: int
) -> tuple[list[Party], list[Party]]:
    """Enter the officers and five of the staff; the general manager changed once."""
    director, supervisor, manager = (books.bank_with(books.person(REGISTER), bank, home, exact=False) for _ in range(3))
    former = books.person(REGISTER)
    turn = since + 420 + number % 90
    appoint(books, head, company, "legal_representative", "法定代表人", since)
    appoint(books, director, company, "director", "董事", since)
    appoint(books, supervisor, company, "supervisor", "监事", since)
    appoint(books, former, company, "senior_manager", "总经理", since, turn)
    appoint(books, manager, company, "senior_manager", "总经理", turn)
    change(books, company, turn, "高级管理人员变更", former.name, manager.name)
    staff = [books.person(f"{home}/平台") for _ in range(5)]
    for person in staff:
        row = {"person_id": person.id, "entity_id": company.id, "role": "staff", "title": "员工", "valid_from": since + 90}
        books.add("roles", f"{home}/平台", **row)
    return [director, supervisor, manager], staff


def _listed(books: Books, platform: Platform) -> None:
    """Put the institution on the office's list, with its licences and the last look at its site."""
    number, traits = platform.number, platform.traits
    row: dict[str, Any] = {"institution_id": platform.id, "name": platform.name, "party_id": platform.company.id}
    row |= {"business_types": "网络借贷信息中介", "online_on": platform.online, "office": _UNITS[number % 3]}
    row |= {"list_origin": "河南省互联网金融风险摸底排查企业名单", "website": f"https://{platform.prefix.lower()}.invalid"}
    row |= {"disposal_class": "rectify" if "exit" not in traits else "exit" if number % 2 else "ban"}
    platform.rows["institution"] = books.add("institutions", OFFICE, **row, responsible_unit="区网贷风险处置工作组")
    for n, (kind, text) in enumerate((("icp", "示例备{}号"), ("telecom", "示例增值电信{}"), ("security_level", "示例等保{}"))):
        if kind == "telecom" and "no_licence" in traits:
            continue
        of = _group(books, platform).id if kind == "telecom" and "not no_licence" in traits else platform.id
        checked = {"site_checked_on": day("2018-10-15"), "site_alive": True} if kind == "icp" else {}
        licence = {"institution_id": of, "kind": kind, "number": text.format(f"{number * 10 + n:05d}"), **checked}
        platform.rows[kind] = books.add("licences", OFFICE, **licence, valid_from=platform.online - 30)
    if "not restricted_word" in traits:
        consent = {"kind": "name_consent", "number": f"示例整治办函〔2017〕{number}号", "valid_from": day("2017-03-01")}
        platform.rows["name_consent"] = books.add("licences", OFFICE, institution_id=platform.id, **consent)


def _group(books: Books, platform: Platform) -> Party:
    """Enter a company of the same head, which holds the licence for all its group."""
    group = books.company(REGISTER, trade="集团", scope_text="企业管理咨询; 增值电信业务")
    hold(books, platform.head, group, 1.0, platform.registered)
    return group


def _fund(books: Books, platform: Platform, common: Common) -> None:
    """Pay the capital in once statements begin, then rent, wages, advertising and taxes month by month."""
    begun, open_days = max(FIRST, platform.registered + 10), next_workdays()
    for n, holder in enumerate(platform.holders):
        fen = 1_000 * WAN * (6 if n == 0 else 4) // 10
        paid_at = int(open_days[begun + 33 + n - FIRST]) * DAY + 10 * 3600 + platform.number * 60
        # A month before: who passes millions on within the hour would be a pass-through account.
        books.pay(paid_at - 30 * DAY, common.customers, holder.account, fen, "transfer", "货款回笼")
        books.pay(paid_at, holder.account, platform.own, fen, "capital", "投资款")
    months = months_on(np.full(44, FIRST), np.arange(44))
    months = months[months > platform.online - 31]
    base = 4 + platform.number % 5
    for place, (payee, memo, cost) in enumerate(
        (
            (common.landlord, "房租", base * 9_000_00),
            (common.payroll_in, "代发工资", base * 21_000_00),
            (common.suppliers[0], "广告宣传费", base * 6_000_00),
            (common.tax, "缴税", base * 2_000_00),
        )
    ):
        when = open_days[months + 9 + place * 4 - FIRST] * DAY + 15 * 3600 + place * 600 + platform.number
        books.pay_many(when, platform.own, payee, np.full(len(months), cost), "other", memo)


def open_more(books: Books, platform: Platform, purpose: str, bank: str = "", **more: Any) -> int:
    """Open a further account of the operating company, at its own bank if none is named, and return its number."""
    more = {"opened_on": platform.registered + 30} | more
    return books.open(platform.company, bank or platform.bank, platform.home, purpose, **more)


def open_lenders(books: Books, platform: Platform, count: int) -> None:
    """Enter an institution's lenders and their cards, whose statements nobody delivers."""
    crowd = books.crowd(platform.folder, count, company=False)
    rng = books.rng(f"lenders {platform.number}")
    opening = rng.integers(2_000, 60_000, count) * 100
    platform.lenders = books.open_many(crowd, None, platform.folder, company=False, opening_fen=opening)
