"""The time of the district: its first and last day, working days, and when in a month, week and day things happen.

Days are int64 days since 1970, times int64 seconds since 1970, Beijing time without a zone.
"""

import datetime as dt

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
DAY = 86_400
_EPOCH = dt.date(1970, 1, 1)


def day(text: str) -> int:
    """Return an ISO day as days since 1970."""
    return (dt.date.fromisoformat(text) - _EPOCH).days


def date(days: int) -> dt.date:
    """Return days since 1970 as a date."""
    return _EPOCH + dt.timedelta(int(days))


FIRST, LAST = day("2015-06-01"), day("2019-01-31")
MEASURES = day("2016-08-24")  # the interim measures are public
# Days on which banks and platforms rest besides weekends (State Council's notices; the shifted working weekends left out).
_HOLIDAYS = (
    ("2015-09-03", 3),
    ("2015-10-01", 7),
    ("2016-01-01", 3),
    ("2016-02-07", 7),
    ("2016-04-04", 1),
    ("2016-05-01", 2),
    ("2016-06-09", 3),
    ("2016-09-15", 3),
    ("2016-10-01", 7),
    ("2016-12-31", 3),
    ("2017-01-27", 7),
    ("2017-04-02", 3),
    ("2017-04-29", 3),
    ("2017-05-28", 3),
    ("2017-10-01", 8),
    ("2017-12-30", 3),
    ("2018-02-15", 7),
    ("2018-04-05", 3),
    ("2018-04-29", 3),
    ("2018-06-16", 3),
    ("2018-09-22", 3),
    ("2018-10-01", 7),
    ("2018-12-30", 3),
)
# How much is lent in a month, of 100: the growth of 2015 to 2017, the quiet of each spring festival, the run of summer 2018.
_MONTHS = {
    2015: (0, 0, 0, 0, 0, 22, 24, 26, 27, 28, 32, 36),
    2016: (36, 24, 40, 42, 44, 46, 48, 48, 50, 52, 58, 62),
    2017: (48, 52, 66, 68, 70, 74, 78, 80, 84, 82, 90, 96),
    2018: (92, 60, 94, 96, 98, 86, 54, 40, 32, 26, 22, 18),
    2019: (10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
}
# Of 24 hours: nothing before six, two peaks, a little at night.
_HOURS = np.array([1, 0, 0, 0, 0, 0, 2, 6, 18, 40, 48, 42, 20, 26, 44, 46, 40, 30, 16, 14, 18, 14, 8, 3])


def _rest_days() -> frozenset[int]:
    return frozenset(day(first) + n for first, count in _HOLIDAYS for n in range(count))


_REST = _rest_days()


def is_workday(days: int) -> bool:
    """Tell whether banks work on a day (the shifted working weekends count as weekends)."""
    return (days + 3) % 7 < 5 and days not in _REST


def workdays_after(days: int, count: int) -> int:
    """Return the day that is so many working days after a day."""
    while count:
        days += 1
        count -= is_workday(days)
    return days


def next_workdays() -> Ints:
    """Return for each day from FIRST on (and 200 days beyond LAST) the same day or the next working one."""
    span = range(FIRST, LAST + 200)
    found, following = [], 0
    for each in reversed(span):
        following = each if is_workday(each) or not following else following
        found.append(following)
    return np.array(found[::-1], np.int64)


def lending_weights(first: int, last: int) -> tuple[Ints, Ints]:
    """Return the days of a period and how much is lent on each: by month, less on weekends and holidays."""
    days = np.arange(first, last + 1)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    by_month = np.array([_MONTHS[1970 + m // 12][m % 12] for m in months.tolist()], np.int64)
    working = np.array([is_workday(d) for d in days.tolist()])
    return days, by_month * np.where(working, 8, 3)


def drawn(rng: np.random.Generator, weights: Ints, count: int) -> Ints:
    """Draw places of a list of whole weights."""
    edges = np.cumsum(weights)
    return np.searchsorted(edges, rng.integers(0, edges[-1], count), side="right")


def clock(rng: np.random.Generator, days: Ints, first_hour: int = 0, last_hour: int = 23) -> Ints:
    """Return a time on each day, within hours, by the hours in which people pay."""
    weights = _HOURS.copy()
    weights[:first_hour] = 0
    weights[last_hour + 1 :] = 0
    hours = drawn(rng, weights, len(days))
    return np.asarray(days, np.int64) * DAY + hours * 3600 + rng.integers(0, 3600, len(days))


def months_on(days: Ints, count: Ints | int) -> Ints:
    """Return the same day of the month so many months later, the 28th at most."""
    dates = np.asarray(days, np.int64).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    in_month = np.minimum((dates - months.astype("datetime64[D]")).astype(np.int64), 27)
    later: Ints = ((months + count).astype("datetime64[D]") + in_month).astype(np.int64)
    return later
