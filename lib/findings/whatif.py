"""The thresholds of a run: those of the rule file, or what the caller asks instead, checked name by name."""

import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lib.errors import BadParameter
from lib.findings.rules import Rule, all_rules


def find_rule(asked: str) -> Rule:
    """Return a rule by id; `SF_03` is SF-03.

    Raises
    ------
    BadParameter
        If there is none; the message lists those that there are.
    """
    rules = all_rules()
    found = rules.get(str(asked).replace("_", "-"))
    if found is None:
        raise BadParameter(
            f"没有规则 {asked!r}。可用: {'、'.join(rules)}", f"There is no rule {asked!r}. There are: {', '.join(rules)}"
        )
    return found


def settings_of(rule: Rule, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return every threshold of a rule by name, with what the caller asks in place of the file's.

    Raises
    ------
    BadParameter
        If the rule has no threshold of a name, or a value is of another type or out of range.
    """
    if not isinstance(asked, Mapping):
        raise BadParameter(
            f"{rule.id}={asked!r} 应写作 {{阈值: 值}}。可用: {_list(rule, '、')}",
            f"{rule.id}={asked!r} must be {{threshold: value}}. There are: {_list(rule, ', ')}",
        )
    settings = rule.settings
    for name, value in asked.items():
        if name not in settings:
            raise BadParameter(
                f"规则 {rule.id} 没有阈值 {name!r}。可用: {_list(rule, '、')}",
                f"Rule {rule.id} has no threshold {name!r}. There are: {_list(rule, ', ')}",
            )
        settings[name] = _fitting(rule, name, settings[name], value)
    return settings


def shown(name: str, value: object) -> str:
    """Write a threshold for people, by the unit in its name: `_yuan` with thousands separators, shares as percent."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        number = Decimal(str(value))
        if name.endswith("_yuan"):
            return f"{_plain(number):,}"
        if name.split("_")[-1] in ("share", "rate"):
            return f"{_plain(number * 100)}%"
        return str(_plain(number))
    return str(value)


def _list(rule: Rule, separator: str) -> str:
    return separator.join(f"{name}={shown(name, value)}" for name, value in rule.settings.items()) or "-"


def _plain(number: Decimal) -> Decimal:
    """Drop trailing zeros without turning to 2E+5."""
    number = number.normalize()
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number


def _fitting(rule: Rule, name: str, default: object, value: object) -> object:
    """Return the value as the type of the file's, if it is one that the threshold may have."""
    if isinstance(default, (bool, str)):
        fits: object = value if type(value) is type(default) else None
    elif isinstance(default, dt.date):
        fits = value if isinstance(value, dt.date) else None
    else:
        fits = _number(name, default, value)
    if fits is None:
        zh, en = _allowed(name, default)
        raise BadParameter(
            f"规则 {rule.id} 的阈值 {name}={value!r} 应为{zh}", f"Threshold {name}={value!r} of rule {rule.id} must be {en}"
        )
    return fits


def _number(name: str, default: object, value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not math.isfinite(value):
        return None
    whole = isinstance(default, int) and not name.endswith("_yuan")
    if value < 0 or (_is_fraction(name) and value > 1) or (whole and value != int(value)):
        return None
    return int(value) if whole else Decimal(str(value))


def _allowed(name: str, default: object) -> tuple[str, str]:
    if isinstance(default, bool):
        return " True 或 False", "True or False"
    if isinstance(default, str):
        return "文字", "a text"
    if isinstance(default, dt.date):
        return "日期", "a date"
    if _is_fraction(name):
        return " 0 到 1 之间的小数 (0.25 表示 25%)", "a fraction from 0 to 1 (0.25 is 25 %)"
    if isinstance(default, int) and not name.endswith("_yuan"):
        return "不小于 0 的整数", "a whole number, 0 or more"
    return "不小于 0 的数", "a number, 0 or more"


def _is_fraction(name: str) -> bool:
    return name.split("_")[-1] in ("share", "rate")
