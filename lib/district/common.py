"""What all institutions share: hubs of payment, shops of every trade, guarantee companies."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lib.district import names
from lib.district.books import BANKS, COMMON, OUTSIDE, REGISTER, Books, Party
from lib.district.days import DAY, FIRST, LAST, months_on

Ints = npt.NDArray[np.int64]
_LEAST_ORDER_FEN = 3_000_000
# What people and companies borrow for, and the trades in which such money is spent.
PERSON_PURPOSES = {
    "房屋装修": ("装饰工程", "建材", "家具"),
    "购买汽车": ("汽车销售",),
    "家庭消费": ("家电", "家具", "食品"),
    "经营周转": ("商贸", "食品", "农产品"),
    "婚庆支出": ("婚庆服务", "餐饮"),
}
COMPANY_PURPOSES = {
    "采购原材料": ("建材", "五金", "农产品", "纺织品"),
    "购置设备": ("机械设备", "电子产品"),
    "补充流动资金": ("商贸", "物流", "印务"),
}


@dataclass(frozen=True)
class Common:
    """Accounts by number: hubs that money is not followed through, shops by trade; guarantee companies as parties."""

    payroll_out: int  # pays wages to people
    payroll_in: int  # takes companies' wages
    customers: int  # pays companies for what they sold
    suppliers: tuple[int, int, int]
    landlord: int
    tax: int
    gateway: int  # a payment company: half of the lenders pay through it
    cash: int
    shops: dict[str, Ints]
    shop_parties: dict[int, Party]
    guarantors: list[Party]


def open_common(books: Books, loans: int) -> Common:
    """Open the hubs (no statements), and about one shop per 150 loans, three per trade at least, with statements."""
    hubs = {}
    for key, name, purpose in (
        ("payroll_out", "银行代发工资专户", "settlement"),
        ("payroll_in", "待发工资汇总户", "settlement"),
        ("customers", "商户收单清算户", "settlement"),
        ("supplier0", "同业清算往来一户", "settlement"),
        ("supplier1", "同业清算往来二户", "settlement"),
        ("supplier2", "同业清算往来三户", "settlement"),
        ("landlord", "园区物业收款清算户", "settlement"),
        ("tax", "国家金库待缴税款户", "tax"),
        ("gateway", "示例支付备付金专户", "payment"),
        ("cash", "银行现金清算户", "settlement"),
    ):
        party = books.company(REGISTER, f"{name}(示例)", kind="other", scope_text=None)
        hubs[key] = books.open(party, OUTSIDE, f"{COMMON}/账户", purpose, exact=False, opening_fen=10**13)
    shops, parties = _shops(books, loans)
    guarantors = []
    for n in range(3):
        one = books.company(REGISTER, f"河南{names.brand(700 + n)}融资担保有限公司", scope_text="融资性担保业务")
        books.add(
            "licences",
            "公共/整治办",
            institution_id=one.id,
            kind="financial",
            number=f"示例融担{n + 1:03d}",
            valid_from=FIRST - 900,
        )
        guarantors.append(books.bank_with(one, BANKS[n], COMMON, opening_fen=3_000_000_00, exact=False))
    suppliers = (hubs.pop("supplier0"), hubs.pop("supplier1"), hubs.pop("supplier2"))
    return Common(**hubs, suppliers=suppliers, shops=shops, shop_parties=parties, guarantors=guarantors)


def _shops(books: Books, loans: int) -> tuple[dict[str, Ints], dict[int, Party]]:
    shops: dict[str, Ints] = {}
    parties = {}
    each = max(3, loans // (150 * len(names.TRADES)))
    for trade in names.TRADES:
        made = []
        for n in range(each):
            shop = books.company(REGISTER, trade=trade)
            shop = books.bank_with(shop, BANKS[n % len(BANKS)], COMMON, opening_fen=2_000_000_00, exact=False)
            parties[shop.account] = shop
            made.append(shop.account)
        shops[trade] = np.array(made)
    return shops, parties


def supplied(books: Books, common: Common) -> int:
    """Return how many statement lines `supply` would make."""
    return len(_orders(books, common)[0]) * len(common.suppliers)


def supply(books: Books, common: Common) -> None:
    """Pay three suppliers from every shop each month: about two thirds of what it took in the month before."""
    shop, first, fen = _orders(books, common)
    rng = books.rng("supply")
    for n, hub in enumerate(common.suppliers):
        part = fen // 3 if n else fen - 2 * (fen // 3)
        when = (first + 2 + n * 5) * DAY + 10 * 3600 + rng.integers(0, 6 * 3600, len(part))
        held = when < (LAST + 1) * DAY
        books.pay_many(when[held], shop[held], hub, part[held], "transfer", "货款")


def _orders(books: Books, common: Common) -> tuple[Ints, Ints, Ints]:
    """Return shop, first day of the month and amount of what is due to suppliers, where it is worth a payment."""
    books.flush()
    accounts = np.sort(np.concatenate(list(common.shops.values())))
    months, taken = _taken(books, accounts)
    fen = taken * 2 // 3
    place, month = np.nonzero(fen >= _LEAST_ORDER_FEN)
    return accounts[place], months[month + 1], fen[place, month]


def _taken(books: Books, accounts: Ints) -> tuple[Ints, Ints]:
    """Return the first days of all months and what each shop took in each of them."""
    months = months_on(np.full(48, FIRST), np.arange(48))
    taken = np.zeros((len(accounts), 45), np.int64)
    for paid in books.payments:
        held = np.isin(paid["payee"], accounts)
        month = np.searchsorted(months, paid["at"][held] // DAY, side="right") - 1
        np.add.at(taken, (np.searchsorted(accounts, paid["payee"][held]), month), paid["fen"][held])
    return months, taken
