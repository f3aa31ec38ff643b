"""What is said of institutions day by day and breaks no rule.

Advertisements with a warning, a few complaints, what their people say when they are asked, and who is married to whom.
"""

import hashlib

import pyarrow.compute as pc

from lib.district.books import OFFICE, REGISTER, Books, Party
from lib.district.days import DAY, FIRST, date, day
from lib.district.platforms import Platform

ASKED = day("2018-10-23")  # interviews after the notice of 2018-10-11
_MARRIED, _OF_AGE_DAYS = FIRST - 900, 22 * 366
_ADVERTISEMENTS = (
    "出借人与借款人之间的信息中介服务。网贷有风险, 出借需谨慎。",
    "新版网站上线, 合同与还款记录可随时查询。出借有风险, 请根据自身承受能力选择。",
    "平台公告: 节假日期间提现顺延至下一工作日到账。",
)
_COMPLAINTS = (("热线", "提现到账慢", None), ("信访", "借款人逾期", 20_000_00), ("平台客服", "页面信息更新不及时", None))
_CLAIMS = (  # the notice's four topics; what is claimed agrees with the register and the data
    ("业务类型", "业务类型", "网络借贷信息中介, 不发放贷款"),
    ("经营情况", "收入来源", "按期收取的平台服务费"),
    ("逾期情况", "逾期披露", "有少量逾期, 按月如实披露"),
    ("风控措施", "资金存管", "资金由一家商业银行存管"),
)


def enter_daily(books: Books, platform: Platform) -> None:
    """Enter advertisements each quarter, a complaint or two a year, interviews on three levels, and the head's spouse."""
    rng = books.rng(f"daily {platform.number}")
    first, last = max(platform.online, FIRST), platform.last_start
    for n, on in enumerate(range(first + 30, last, 91)):
        text, seen = _ADVERTISEMENTS[n % len(_ADVERTISEMENTS)], on * DAY + int(rng.integers(9, 18)) * 3600
        row = {"seen_at": seen, "channel": "网站", "body": text, "snapshot_sha256": hashlib.sha256(text.encode()).hexdigest()}
        books.add("advertisements", OFFICE, institution_id=platform.id, **row)
    for n, on in enumerate(sorted(rng.integers(first + 60, max(last, first + 61), 3 + platform.number % 2).tolist())):
        channel, kind, fen = _COMPLAINTS[n % len(_COMPLAINTS)]
        row = {"received_on": on, "channel": channel, "kind": kind, "amount_yuan": fen}
        books.add("complaints", OFFICE, institution_id=platform.id, **row)
    _ask(books, platform)
    spouse = _spouse(books, platform.head)
    kin = {"a_id": platform.head.id, "b_id": spouse.id, "kind": "kin", "detail": "配偶", "valid_from": _MARRIED}
    books.add("links", REGISTER, **kin)


def _spouse(books: Books, of: Party) -> Party:
    """Enter somebody of the other sex and about the same age, old enough to have married by then."""
    parties = books.sheets["parties"].table()
    row = parties.slice(pc.index(parties["party_id"], of.id).as_py(), 1).to_pylist()[0]
    born = day(row["born_on"].isoformat()) + int(books.rng(f"spouse of {of.id}").integers(-1_000, 1_000))
    born_on = date(min(born, _MARRIED - _OF_AGE_DAYS)).isoformat()
    return books.person(REGISTER, born=born_on, man=int(row["id_number"][16]) % 2 == 0)


def _ask(books: Books, platform: Platform) -> None:
    """Ask the head, the last of the officers and one of the staff about the four topics."""
    people = (platform.head, platform.officers[-1], platform.staff[0])
    for n, person in enumerate(people):
        interview = f"YT-{platform.id}-{n + 1}"
        for topic, key, claim in _CLAIMS:
            row = {"interview_id": interview, "institution_id": platform.id, "person_id": person.id, "held_on": ASKED + n}
            books.add("interviews", OFFICE, **row, topic=topic, claim_key=key, claim_value=claim)
