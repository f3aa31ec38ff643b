"""Kinds of patterns and their settings: thresholds of the catalogue of rules, where it has any, which a caller may change."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from lib.errors import BadParameter
from lib.money.amounts import as_fen, whole_number

Settings = dict[str, Any]
# The rule of the catalogue that a kind's thresholds come from; a kind without one has thresholds of our own design.
BASIS = {
    **dict.fromkeys(("fan_in", "fan_out", "gather_scatter"), "PT-03"),
    **dict.fromkeys(("scatter_gather", "bipartite", "stack"), ""),
    "pass_through": "PT-01",
    "mirror": "CF-03",
    "structuring": "ST-01",
    "dormant": "PT-02",
}
_FAN = {"days": 10, "counterparties": 10, "top_share": 0.7, "min_yuan": 0}
DEFAULTS: dict[str, Settings] = {
    "fan_in": _FAN,
    "fan_out": _FAN,
    "gather_scatter": {"days": 10, "counterparties": 10, "min_yuan": 0},
    "scatter_gather": {"days": 10, "middles": 3, "min_yuan": 0},
    "bipartite": {"days": 10, "payers": 3, "payees": 3, "density_share": 0.5, "min_yuan": 0},
    "stack": {"days": 10, "breadth": 3, "density_share": 0.5, "min_yuan": 0},
    "pass_through": {
        **{"days": 30, "ratio_low": 0.9, "ratio_high": 1.1, "dwell_hours": 48, "resting_share": 0.05},
        "throughput_yuan": 200_000,
    },
    "mirror": {"days": 2, "tolerance_share": 0.005, "times": 3, "min_yuan": 0},
    # The amounts from which banks report (rule PT-04), and the first day of the order that sets them.
    "structuring": {
        **{"days": 5, "times": 3, "band_share": 0.8, "cash_yuan": 50_000, "person_yuan": 500_000},
        **{"company_yuan": 2_000_000, "since": "2017-07-01"},
    },
    "dormant": {"idle_days": 180, "days": 10, "multiple": 10, "turnover_yuan": 100_000, "first_use": False},
}
KINDS = tuple(DEFAULTS)
_WHOLE = {
    **{"days": (1, 3650), "counterparties": (1, 1_000_000), "middles": (2, 1_000_000), "payers": (2, 1_000_000)},
    **{"payees": (2, 1_000_000), "breadth": (2, 1_000_000), "times": (1, 1_000_000), "dwell_hours": (0, 87_600)},
    **{"idle_days": (1, 36_500), "multiple": (1, 1_000_000)},
}
_PARTS = {
    "top_share": 1,
    "density_share": 1,
    "ratio_low": 1,
    "ratio_high": 10,
    "resting_share": 10,
    "tolerance_share": 1,
    "band_share": 1,
}
PARTS = 10_000


def chosen(kinds: str | Iterable[str] | None, given: dict[str, Any]) -> dict[str, Settings]:
    """Return the settings of every kind that is asked for: the defaults, changed by what the caller gave.

    A keyword that is a kind holds a dict for that kind; any other is a setting of every kind asked for that has it.

    Raises
    ------
    BadParameter
        If a kind or a setting does not exist, or a value is out of range.
    """
    asked = list(KINDS) if kinds is None else [kinds] if isinstance(kinds, str) else list(kinds)
    for kind in [*asked, *(name for name in given if isinstance(given[name], dict))]:
        if kind not in DEFAULTS:
            raise BadParameter(
                f"没有这种资金形态: {kind!r}。可用: {'、'.join(KINDS)}",
                f"There is no pattern {kind!r}. There is: {', '.join(KINDS)}",
            )
    made = {kind: dict(DEFAULTS[kind]) for kind in KINDS if kind in asked}
    for name, value in given.items():
        if isinstance(value, dict) and name not in made:
            raise BadParameter(
                f"给了 {name} 的参数, 但 kinds 没有包含它: {'、'.join(asked)}",
                f"There are settings of {name}, which kinds does not ask for: {', '.join(asked)}",
            )
        if isinstance(value, dict):
            for setting, inner in value.items():
                _put(made, [name], setting, inner)
        else:
            _put(made, list(made), name, value)
    for settings in made.values():
        _check(settings)
    return made


def _put(made: dict[str, Settings], kinds: list[str], setting: str, value: Any) -> None:
    """Set a setting of the kinds that have it."""
    having = [kind for kind in kinds if setting in DEFAULTS[kind]]
    if not having:
        there = sorted({name for kind in kinds for name in DEFAULTS[kind]})
        raise BadParameter(
            f"{'、'.join(kinds)} 没有参数 {setting!r}。可用: {'、'.join(there)}",
            f"{', '.join(kinds)} has no setting {setting!r}. There is: {', '.join(there)}",
        )
    for kind in having:
        made[kind][setting] = value


def _check(settings: Settings) -> None:
    for name, value in settings.items():
        if name in _WHOLE:
            if value is None:
                raise BadParameter(f"{name} 不能为空", f"{name} must not be empty")
            whole_number(name, value, *_WHOLE[name])
        elif name in _PARTS:
            parts(name, value, _PARTS[name])
        elif name.endswith("_yuan"):
            as_fen(name, value)
        elif name == "first_use":
            _yes_or_no(name, value)
        else:
            day(name, value)
    if "band_share" in settings and settings["times"] * parts("band_share", settings["band_share"]) < PARTS:
        times, band = settings["times"], settings["band_share"]
        raise BadParameter(
            f"times={times} 乘以 band_share={band} 应不小于 1, 各笔才合计达到阈值",
            f"times={times} by band_share={band} must be 1 or more: else they do not add up to the threshold",
        )
    if "ratio_low" in settings and parts("ratio_low", settings["ratio_low"]) > parts("ratio_high", settings["ratio_high"]):
        low, high = settings["ratio_low"], settings["ratio_high"]
        raise BadParameter(
            f"ratio_low={low} 不能大于 ratio_high={high}", f"ratio_low={low} must not be more than ratio_high={high}"
        )


def _yes_or_no(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise BadParameter(f"{name}={value!r} 应为 True 或 False", f"{name}={value!r} must be True or False")


def parts(name: str, value: Any, most: int = 10) -> int:
    """Return a fraction as whole ten-thousandths, so that it compares exactly.

    Raises
    ------
    BadParameter
        If it is no number from 0 to `most`, or has more than four decimals.
    """
    try:
        scaled = Decimal(str(value)) * PARTS
    except ArithmeticError:
        scaled = Decimal(-1)
    if isinstance(value, bool) or not scaled.is_finite() or not 0 <= scaled <= most * PARTS or scaled != int(scaled):
        raise BadParameter(
            f"{name}={value!r} 应为 0 到 {most} 之间、至多四位小数的数 (0.25 表示 25%)",
            f"{name}={value!r} must be a number from 0 to {most} with up to four decimals (0.25 is 25 %)",
        )
    return int(scaled)


def fen(name: str, value: Any) -> int:
    """Return an amount in yuan as whole fen, rounded up: the least that is not below it."""
    exact = as_fen(name, value)
    return int(exact) + (exact != int(exact))


def day(name: str, value: Any) -> int:
    """Return a date as days since 1970.

    Raises
    ------
    BadParameter
        If it is none.
    """
    try:
        found = value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadParameter(
            f"{name}={value!r} 不是日期, 应写作 YYYY-MM-DD, 例如 2018-09-30",
            f"{name}={value!r} is not a date; write YYYY-MM-DD, for example 2018-09-30",
        ) from None
    return found.toordinal() - dt.date(1970, 1, 1).toordinal()


def told(kind: str, settings: Settings) -> str:
    """Write the settings of a kind in a line, with the rule that they come from."""
    written = ", ".join(f"{name}={value}" for name, value in settings.items())
    return f"{BASIS[kind]}: {written}" if BASIS[kind] else written
