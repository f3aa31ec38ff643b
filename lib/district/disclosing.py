"""What institutions publish and what their custodian states: made when all is paid, and true but for the stories."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.district.books import Books
from lib.district.days import DAY, FIRST, LAST, date, day, workdays_after
from lib.district.figures import METRICS, MILLION, ledger
from lib.district.platforms import CAPITAL, WAN, Platform
from lib.district.plots import Late, Marks
from lib.district.settling import Settled

Ints = npt.NDArray[np.int64]
FIRST_MONTH, LAST_MONTH = day("2017-08-31"), day("2018-12-31")  # the guideline is of 2017-08-23
WEBSITE, ASSOCIATION = "网站", "协会登记披露系统"
CONTROLLER, REGISTERED, LEGAL, BANK = FACTS = ("实际控制人", "注册资本", "法定代表人", "存管银行")
_OTHER_CHANNEL = 51  # number of a month's first figure that stands elsewhere than on the website


def disclose(books: Books, settled: Settled, platforms: list[Platform], marks: Marks, months: int) -> pa.Array:
    """Add the disclosures of the last so many months to the books: true, but where stories want something else.

    Published on the second to fourth working day of the next month; corporate facts once, with the last month. `settled` is
    not needed (figures rest on the institution's own tables), but custody_days is called alike. Returns how each contract
    stands on the last day.
    """
    held = ledger(books, platforms, marks.related)
    ends = _month_ends()[-months:]
    rows: dict[str, list[Any]] = {name: [] for name in ("folder", *_COLUMNS)}
    for end in ends:
        held.move_to(end)
        figures = held.figures(end)
        for n, platform in enumerate(platforms):
            if end < platform.online:
                continue
            true = {metric: int(values[n]) for metric, values in figures.items()}
            said = [*_said(platform, end, true, marks), *(_facts(books, platform, marks) if end == ends[-1] else [])]
            on = marks.published.get((platform.id, end), workdays_after(end, 2 + (platform.number + date(end).month) % 3))
            here, elsewhere = count(1), count(_OTHER_CHANNEL)
            for channel, metric, text in said:
                key = f"PL-{platform.id}-{date(end):%Y%m}-{next(here if channel == WEBSITE else elsewhere):02d}"
                row = (platform.folder, key, platform.id, end, on, channel, metric, text)
                for column, value in zip(rows.values(), row, strict=True):
                    column.append(value)
    books.sheets["disclosures"].rows(len(rows["folder"]), **{name: pa.array(column) for name, column in rows.items()})
    held.move_to(LAST)
    return held.standing(LAST)


_COLUMNS = ("disclosure_id", "institution_id", "as_of_on", "published_on", "channel", "metric", "value_text")
_Said = tuple[str, str, str]


def _month_ends() -> list[int]:
    months = np.arange("2017-09", "2019-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return [end for end in (months - 1).tolist() if FIRST_MONTH <= end <= LAST_MONTH]


def _said(platform: Platform, end: int, true: dict[str, int], marks: Marks) -> Iterator[_Said]:
    """Give channel, metric and text of what an institution says of a month."""
    for metric, value in true.items():
        told = _scaled(value, end, marks.disclosed.get((platform.id, metric)))
        yield WEBSITE, metric, _written(metric, told)
        for (institution, other, channel), factor in marks.channels.items():
            if (institution, other) == (platform.id, metric) and end >= factor[2]:
                yield channel, metric, _written(metric, _scaled(told, end, factor))


def _scaled(value: int, end: int, factor: tuple[int, int, int] | None) -> int:
    if factor is None or end < factor[2]:
        return value
    return (2 * value * factor[0] + factor[1]) // (2 * factor[1])


def _written(metric: str, value: int) -> str:
    kind = METRICS[metric]
    if kind == "yuan":
        return f"{value // 100}.{value % 100:02d}"
    return str(value) if kind == "count" else f"{value // MILLION}.{value % MILLION:06d}"


def _facts(books: Books, platform: Platform, marks: Marks) -> Iterator[_Said]:
    """Give what an institution says of itself."""
    bank = books.sheets["accounts"].table()["bank"][platform.custody].as_py()
    for fact, true in zip(FACTS, (platform.head.name, f"{CAPITAL // WAN}万元", platform.head.name, bank), strict=True):
        yield WEBSITE, fact, marks.declared.get((platform.id, fact), true)


def custody_days(books: Books, settled: Settled, platforms: list[Platform], marks: Marks, days: int = 365) -> None:
    """Add the end-of-day balances of the last so many days: bank, ledger and sub-accounts agree, but for the stories."""
    held = [platform for platform in platforms if platform.banked]
    place = np.full(len(settled.opening), -1)
    place[[platform.custody for platform in held]] = np.arange(len(held))
    moved = np.zeros((len(held), LAST - FIRST + 1), np.int64)
    for side, sign in (("payer", -1), ("payee", 1)):
        at = place[settled.payments[side]]
        chosen = at >= 0
        on = np.clip(settled.payments["at"][chosen] // DAY - FIRST, 0, LAST - FIRST)
        np.add.at(moved, (at[chosen], on), sign * settled.payments["fen"][chosen])
    opening = settled.opening[[platform.custody for platform in held]] if held else np.zeros(0, np.int64)
    balance = (opening[:, None] + np.cumsum(moved, axis=1))[:, -days:]
    first = LAST + 1 - balance.shape[1]
    kept = {name: balance.copy() for name in ("bank_balance_yuan", "ledger_balance_yuan", "sub_accounts_yuan")}
    where = {platform.id: n for n, platform in enumerate(held)}
    for institution, column, since, until, fen in marks.custody:
        kept[column][where[institution], max(since - first, 0) : max(until - first + 1, 0)] += fen
    each = np.repeat(np.arange(len(held)), balance.shape[1])
    named = {name: pa.array([getattr(p, key) for p in held], pa.string()) for name, key in (("folder", "folder"), ("id", "id"))}
    books.sheets["custody_days"].rows(
        balance.size,
        folder=named["folder"].take(pa.array(each)),
        institution_id=named["id"].take(pa.array(each)),
        day_on=np.tile(np.arange(first, LAST + 1), len(held)),
        **{name: values.ravel() for name, values in kept.items()},
    )


_KEYS = {
    "disclosures": ("institution_id", "as_of_on", "metric", "channel"),
    "custody_days": ("institution_id", "day_on"),
    "exit_plans": ("institution_id", "plan_version"),
    "exit_steps": ("institution_id", "plan_version", "step"),
}


def late_rows(books: Books) -> dict[Late, int]:
    """Return the numbers of all rows that were made after the stories; a figure on the website goes without its channel."""
    found = {}
    for table, names in _KEYS.items():
        made = books.sheets[table].table()
        columns = [made[name] for name in names]
        columns = [column.cast(pa.int32()) if column.type == pa.date32() else column for column in columns]
        for number, key in enumerate(zip(*(column.to_pylist() for column in columns), strict=True)):
            found[Late(table, key[:-1] if key[-1] == WEBSITE else key)] = number
    return found
