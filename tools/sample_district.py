"""Write the sample district: six made-up institutions of Zhengzhou, what is wrong with five of them planted on purpose.

`python -m tools.sample_district [FOLDER]` writes the same bytes each time. What was planted, with every figure, is told in
data/raw/sample/README.md, and tests/test_sample.py finds it again.
"""

import datetime as dt
import random
import sys
from functools import partial
from pathlib import Path

from tools.sample_books import Books, Layout, Party
from tools.sample_lending import (
    BANKS,
    CUSTODIAN,
    DAY,
    OFFICE,
    REGISTER,
    WAN,
    Loan,
    Platform,
    Terms,
    appoint,
    appoint_officers,
    borrow,
    change,
    disclose,
    draw_terms,
    hold,
    lend,
    lend_ordinarily,
    open_platform,
    open_shops,
    pay_out,
    register,
    repay,
    run_costs,
)

SEED = 20181011  # the day of the notice
FOLDER = Path(__file__).parents[1] / "data" / "raw" / "sample"
LAYOUTS = {
    REGISTER: Layout(chinese=True, encoding="utf-8-sig"),
    OFFICE: Layout(chinese=True),
    BANKS[0]: Layout(chinese=True, encoding="gb18030"),
    BANKS[1]: Layout(),
    CUSTODIAN: Layout(),
    "平台/棹黍贷": Layout(),
    "平台/鸫砚在线": Layout(chinese=True),
    "平台/藜桁易借": Layout(chinese=True, encoding="gb18030"),
    "平台/鲟垣汇": Layout(),
    "平台/苘渡网": Layout(chinese=True),
    "平台/葭汀融": Layout(),
}
DIVERTED = (  # (ten thousand yuan, first day): those of more than 20 are companies
    (20, dt.date(2018, 3, 5)),
    (18, dt.date(2018, 3, 12)),
    (80, dt.date(2018, 3, 20)),
    (15, dt.date(2018, 4, 2)),
    (20, dt.date(2018, 4, 9)),
    (100, dt.date(2018, 4, 16)),
    (16, dt.date(2018, 4, 24)),
    (19, dt.date(2018, 5, 7)),
    (60, dt.date(2018, 5, 15)),
    (20, dt.date(2018, 5, 22)),
    (12, dt.date(2018, 6, 4)),
    (15, dt.date(2018, 6, 11)),
)
ABOUT_THE_CAP = (  # (name, fen, first day, days)
    ("鄢筠榉", 12 * WAN, dt.date(2018, 1, 10), 360),
    ("鄢筠榉", 8 * WAN, dt.date(2018, 3, 1), 360),  # 200,000.00: at the cap
    ("卓岫鸫", 12 * WAN, dt.date(2018, 1, 15), 360),
    ("卓岫鸫", 8 * WAN + 1, dt.date(2018, 3, 5), 360),  # 200,000.01: above it
    ("柯楮汀", 15 * WAN, dt.date(2017, 11, 1), 360),
    ("柯楮汀", 12 * WAN, dt.date(2018, 1, 5), 360),
    ("柯楮汀", 8 * WAN, dt.date(2018, 4, 10), 360),  # 350,000.00
    ("郜黛垣", 15 * WAN, dt.date(2017, 6, 1), 90),  # repaid before the next
    ("郜黛垣", 15 * WAN, dt.date(2017, 9, 15), 180),
)
SHARED = "戚楮䶮"  # borrows on two platforms; both deliver the same row about this person


def build() -> Books:
    """Return the whole district."""
    books = Books(LAYOUTS, random.Random(SEED))
    shops = open_shops(books)
    for tell in (clean, self_financing, circular, unbacked, converging, silent):
        platform = tell(books, shops)
        books.settle()
        disclose(books, platform)
    # A day that no calendar has: this row must be set apart at import, and said.
    books.tables["平台/葭汀融", "disclosures"][1]["as_of_on"] = "2018-02-30"
    return books


def clean(books: Books, shops: list[Party]) -> Platform:
    """棹黍贷: nothing to be found; a disclaimer in the scope is no breach."""
    scope = "计算机软件开发; 网络技术服务; 企业管理咨询 (不得从事金融业务)"
    company = register(books, "郑州棹黍网络科技有限公司", BANKS[0], scope)
    platform = open_platform(books, 1, "棹黍贷", "ZS", company, shops)
    head, partner = books.person(REGISTER, "蒲棹筠"), books.person(REGISTER, "虞黍岫")
    parent = books.company(REGISTER, "河南棹黍科技集团有限公司", scope_text="软件开发", status="active")
    for holder, held, share in ((parent, company, "0.7"), (partner, company, "0.3"), (head, parent, "1")):
        hold(books, holder, held, share)
    appoint_officers(books, company, head)
    run_costs(books, platform)
    lend_ordinarily(books, platform, 70)
    lend(books, platform, _shared(books, platform), Terms(15 * WAN, dt.date(2018, 3, 6)))
    return platform


def self_financing(books: Books, shops: list[Party]) -> Platform:
    """鸫砚在线: twelve loans run through a shell to a company of the controller, who stands two layers above the platform."""
    company = register(books, "河南鸫砚信息技术有限公司", BANKS[1], "信息技术咨询服务; 软件开发")
    platform = open_platform(books, 2, "鸫砚在线", "DY", company, shops)
    first = books.company(REGISTER, "郑州鸫砚实业有限公司", status="active")
    second = books.company(REGISTER, "河南岑槐控股有限公司", status="active")
    head, wife = books.person(REGISTER, "岑砚皋", BANKS[0]), books.person(REGISTER, "穆槐汀")
    others = [books.person(REGISTER, name) for name in ("郗棹槐", "阮藜桁", "祝葭岫", "管苘汀")]
    target = books.company(REGISTER, "河南皋楮置业有限公司", BANKS[1], scope_text="房地产开发", status="active")
    shell = books.company(REGISTER, "郑州菡榉商贸有限公司", BANKS[0], scope_text="建材销售", status="active")
    hold(books, others[0], company, "0.6", "2016-06-01", "2017-03-01")  # before the group came in
    holdings = ((first, company, "0.6"), (head, company, "0.05"), (others[0], company, "0.2"), (others[1], company, "0.15"))
    holdings += ((second, first, "0.75"), (others[2], first, "0.25"), (head, second, "0.8"), (others[3], second, "0.2"))
    holdings += ((head, target, "0.9"), (wife, target, "0.1"), (books.person(REGISTER, "卞渡黛"), shell, "1"))
    for holder, held, share in holdings:
        hold(books, holder, held, share, "2017-03-01")
    link = {"link_id": "GL001", "a_id": head.id, "b_id": wife.id, "kind": "kin", "detail": "配偶"}
    books.add(REGISTER, "links", **link, valid_from="2010-05-01")
    change(books, company, "2017-03-01", "股东变更", "郗棹槐 60%", "郑州鸫砚实业有限公司 60%")
    appoint_officers(books, company, others[0])
    appoint(books, head, target, "legal_representative", "法定代表人")
    run_costs(books, platform)
    lend_ordinarily(books, platform, 46)
    for wan, start in DIVERTED:
        borrower = borrow(books, platform, company=wan > 20, opening_fen=0)
        lend(books, platform, borrower, Terms(wan * WAN, start), partial(_divert, shell, target))
    buyer = borrow(books, platform, opening_fen=0)
    lend(books, platform, buyer, Terms(20 * WAN, dt.date(2018, 5, 8), 360), partial(_buy_a_flat, target))
    books.agenda.append((dt.date(2018, 7, 2), partial(_take_out, books, target, head)))
    return platform


def _divert(shell: Party, target: Party, books: Books, loan: Loan) -> None:
    """Borrower to shell to target, 98 % of the loan; the last is mixed half and half with the shell's own money."""
    pay_out(books, loan)
    start, account, rest = loan.terms.start, loan.borrower.account, loan.terms.fen - loan.terms.fee_fen
    if start == DIVERTED[-1][1]:
        books.pay(books.moment(start, 9), "", shell.account, rest, "transfer", "销售款", other_name="外地客户")
    books.pay(books.moment(start + DAY, 9), account, shell.account, rest, "transfer", "货款")
    books.pay(books.moment(start + DAY, 14), shell.account, target.account, rest, "transfer", "往来款")
    if loan.terms.fen == 80 * WAN:  # the only round trip of the district: borrower, shell, target, borrower
        books.pay(books.moment(start + 6 * DAY, 11), target.account, account, 6 * WAN, "transfer", "往来款")
    repay(books, loan, source=target.account)


def _buy_a_flat(target: Party, books: Books, loan: Loan) -> None:
    """Buy from the related company for its own sake, below both lines of the rule."""
    pay_out(books, loan)
    account, start = loan.borrower.account, loan.terms.start
    books.pay(books.moment(start + DAY, 14), account, target.account, 3 * WAN, "transfer", "购房定金")
    books.pay(books.moment(start + 2 * DAY, 14), account, loan.platform.shops[2].account, 15 * WAN, "transfer", "装修款")


def _take_out(books: Books, target: Party, head: Party) -> None:
    when = books.moment(dt.date(2018, 7, 2), 10)
    books.pay(when, target.account, "", 120 * WAN, "transfer", "土地保证金", other_name="土地保证金专户")
    books.pay(when + DAY, target.account, head.account, 30 * WAN, "transfer", "分红")


def circular(books: Books, shops: list[Party]) -> Platform:
    """藜桁易借: three companies above it hold each other in a circle; two borrowers stand above the cap, one exactly at it."""
    company = register(books, "郑州藜桁互联网信息服务有限公司", BANKS[0], "互联网信息服务; 电子产品销售")
    platform = open_platform(books, 3, "藜桁易借", "LH", company, shops)
    a, b, c = (books.company(REGISTER, f"郑州藜桁{word}有限公司", status="active") for word in ("科技", "商务", "实业"))
    people = [books.person(REGISTER, name) for name in ("仇藜皋", "晏桁筠", "臧鲟槐", "闵垣楮")]
    holdings = ((a, company, "0.6"), (people[3], company, "0.4"), (people[0], a, "0.7"), (b, a, "0.3"))
    holdings += ((people[1], b, "0.6"), (c, b, "0.4"), (people[2], c, "0.8"), (a, c, "0.2"))
    for holder, held, share in holdings:
        hold(books, holder, held, share)
    appoint_officers(books, company, people[0])
    run_costs(books, platform)
    lend_ordinarily(books, platform, 40)
    named = dict.fromkeys(name for name, *_ in ABOUT_THE_CAP)
    borrowers = {name: books.person(platform.folder, name, BANKS[n % 2], opening_fen=50_000) for n, name in enumerate(named)}
    for name, fen, start, days in ABOUT_THE_CAP:
        lend(books, platform, borrowers[name], Terms(fen, start, days))
    lend(books, platform, _shared(books, platform), Terms(15 * WAN, dt.date(2018, 4, 10), 360))
    return platform


def _shared(books: Books, platform: Platform) -> Party:
    known = [row for rows in books.tables.values() for row in rows if row.get("name") == SHARED]
    if not known:
        return books.person(platform.folder, SHARED, BANKS[0], opening_fen=30_000)
    books.add(platform.folder, "parties", **known[0])
    account = next(a.id for a in books.accounts.values() if a.name == SHARED)
    return Party(str(known[0]["party_id"]), SHARED, company=False, account=account)


def unbacked(books: Books, shops: list[Party]) -> Platform:
    """鲟垣汇: a restricted word in its company's name; one contract that no bank line backs, one that only the amount does."""
    former = "郑州鲟垣商务咨询有限公司"
    company = register(books, "郑州鲟垣财富管理有限公司", BANKS[1], "商务信息咨询; 企业形象策划", former_names=former)
    platform = open_platform(books, 4, "鲟垣汇", "XY", company, shops)
    head, partner = books.person(REGISTER, "巫鲟汀"), books.person(REGISTER, "鄢垣葭")
    hold(books, head, company, "0.55")
    hold(books, partner, company, "0.45")
    change(books, company, "2017-02-20", "名称变更", former, company.name)
    appoint_officers(books, company, head)
    run_costs(books, platform)
    lend_ordinarily(books, platform, 18)
    ghost, plain = borrow(books, platform), borrow(books, platform)
    lend(books, platform, ghost, Terms(168_000_00, dt.date(2018, 4, 18), 360), lambda *_: None)
    for month in (2, 5, 8):  # the borrower's statement is there, and lives on
        when = books.moment(dt.date(2018, month, 10), 11)
        books.pay(when, "", ghost.account, 6_500_00, "other", "工资收入", other_name="代发户")
    unnamed = Terms(137_000_00, dt.date(2018, 5, 16), 360, named=False)
    lend(books, platform, plain, unnamed, partial(pay_out, late_days=2))
    return platform


def converging(books: Books, shops: list[Party]) -> Platform:
    """苘渡网: eighteen borrowers pay one account; a payment to a director is cut out of the company's own statement."""
    company = register(books, "郑州苘渡电子商务有限公司", BANKS[0], "网上贸易代理; 软件开发")
    platform = open_platform(books, 5, "苘渡网", "QD", company, shops)
    holder = books.company(REGISTER, "郑州渡筠企业管理有限公司", status="active")  # who holds this one is not known
    head, director = books.person(REGISTER, "郜苘皋"), books.person(REGISTER, "卓渡槐", BANKS[1])
    hold(books, head, company, "0.9")
    hold(books, holder, company, "0.1")
    appoint_officers(books, company, head)
    appoint(books, director, company, "director", "董事")
    run_costs(books, platform)
    when = books.moment(dt.date(2018, 3, 15), 10)
    books.pay(when, company.account, director.account, 38_500_00, "transfer", "备用金", cut="out")
    lend_ordinarily(books, platform, 16)
    one = books.company(REGISTER, "郑州葭黛供应链有限公司", BANKS[1], scope_text="供应链服务", status="active")
    for n in range(18):
        terms = Terms((10, 15, 20)[n % 3] * WAN, dt.date(2018, 5, 2) + n * DAY, 360)
        lend(books, platform, borrow(books, platform), terms, partial(_pay_the_one, one))
    when = books.moment(dt.date(2018, 6, 5), 10)
    books.pay(when, one.account, shops[6].account, 100 * WAN, "transfer", "货款")
    return platform


def _pay_the_one(one: Party, books: Books, loan: Loan) -> None:
    pay_out(books, loan)
    when = books.moment(loan.terms.start + (1 + loan.terms.start.day % 2) * DAY, 14)
    books.pay(when, loan.borrower.account, one.account, loan.terms.fen * 9 // 10, "transfer", "货款")


def silent(books: Books, shops: list[Party]) -> Platform:
    """葭汀融: contracts without any statement, without shareholders, without a scope of business."""
    company = register(books, "郑州葭汀数据科技有限公司", None, None)
    platform = open_platform(books, 6, "葭汀融", "JT", company, shops, banked=False)
    appoint_officers(books, company, books.person(REGISTER, "蒲葭楮"))
    for _ in range(16):
        person = books.person(platform.folder)
        card = books.open(person, platform.folder, "personal", statements=False)
        borrower = Party(person.id, person.name, company=False, account=card)
        lend(books, platform, borrower, draw_terms(books, company=False), partial(repay, banked=False))
    return platform


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    files = build().write(folder)
    print(f"{len(files)} files, {sum(f.stat().st_size for f in files):,} bytes in {folder}")
