"""How many items to draw: the plan of a sample, with its convention and inputs, as a sentence for the papers."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd

from lib.errors import BadParameter
from lib.money.amounts import as_decimal, as_fen, whole_number
from lib.samples import asking, sizes
from lib.samples.asking import both
from lib.samples.population import sum_of, thawed

_MOST_EXPECTED = 10_000


def plan(
    population: pd.DataFrame | None,
    *,
    tolerable: float | str | Decimal | None,
    expected: float | str | Decimal,
    expected_items: int | None,
    tolerable_yuan: float | str | Decimal | None,
    expected_yuan: float | str | Decimal,
    confidence: float | str,
    convention: str | None,
    items: int | None,
    second_stage: int | None,
) -> dict[str, Any]:
    """Return the plan of a sample (see lib.sampling.plan)."""
    known = thawed(population) if population is not None else None
    whole_number("items", items, 1, 2**53)
    whole_number("expected_items", expected_items, 0, _MOST_EXPECTED)
    whole_number("second_stage", second_stage, 0, _MOST_EXPECTED)
    by_yuan = tolerable_yuan is not None
    if by_yuan == (tolerable is not None):
        raise BadParameter(
            "须给出 tolerable (比率, 例如 0.05) 或 tolerable_yuan (金额) 之一",
            "Give either tolerable (a rate, for example 0.05) or tolerable_yuan (an amount)",
        )
    base: int | None = None
    if by_yuan:
        if known is None or not len(known.positive):
            raise BadParameter(
                "tolerable_yuan 需要有金额大于 0 的总体: plan(population, tolerable_yuan=...)",
                "tolerable_yuan needs a population with amounts above 0: plan(population, tolerable_yuan=...)",
            )
        base = sum_of(known.fen[known.positive])
        rate = _share("tolerable_yuan", tolerable_yuan, base)
        likely = _share("expected_yuan", expected_yuan, base)
    else:
        rate = asking.part("tolerable", tolerable, 0, 1, open_low=True)
        likely = asking.part("expected", expected, 0, 1)
    count = (len(known.positive) if by_yuan else known.count) if known is not None else items
    aim = _aim(rate, asking.confidence_of(confidence), convention or ("poisson" if by_yuan else "binomial"), count, by_yuan)
    if likely >= rate:
        raise BadParameter(
            f"可容忍偏差 {asking.percent(rate)} 须大于预期偏差 {asking.percent(likely)}: 否则任何样本都不足以支持",
            f"Tolerable ({asking.percent(rate)}) must be above expected ({asking.percent(likely)}): no sample could support it",
        )
    if (expected_items is not None and likely) or (second_stage is not None and (likely or not expected_items)):
        raise BadParameter(
            "expected 与 expected_items 只用其一; second_stage 须与大于 0 的 expected_items 同用",
            "Give expected or expected_items, not both; second_stage goes with expected_items above 0",
        )
    made = _sized(aim, likely, expected_items, second_stage)
    made |= {"items": count, "all": count is not None and made["n_total"] >= count, "sha256": known and known.attrs["sha256"]}
    if by_yuan and base is not None:
        made |= {
            "tolerable_yuan": as_decimal(int(as_fen("tolerable_yuan", tolerable_yuan or 0))),
            "base_yuan": as_decimal(base),
        }
        made |= {"interval_yuan": as_decimal(base // made["n"])}
    return made | {"sentence": _sentence(made, aim, likely)}


def _aim(rate: Fraction, confidence: Fraction, convention: str, count: int | None, by_yuan: bool) -> sizes.Aim:
    asking.one_of("convention", convention, sizes.CONVENTIONS)
    if convention == "hypergeometric" and by_yuan:
        raise BadParameter(
            "hypergeometric 按项目数计, 不适用于金额; 请用 poisson 或 binomial",
            "The hypergeometric counts items and does not suit amounts; use poisson or binomial",
        )
    if convention == "hypergeometric" and count is None:
        raise BadParameter(
            "hypergeometric 需要总体项目数: plan(population, ...) 或 items=...",
            "The hypergeometric needs the number of items: plan(population, ...) or items=...",
        )
    return sizes.Aim(rate, 1 - confidence, convention, count)


def _sized(aim: sizes.Aim, likely: Fraction, deviations: int | None, second: int | None) -> dict[str, Any]:
    known = {
        "convention": aim.convention,
        "confidence": float(1 - aim.risk),
        "tolerable": float(aim.tolerable),
        "expected": float(likely),
    }
    if second is not None:
        n = sizes.size_of_stages(aim, deviations or 0, second)
        return {"n": n, "n_total": 2 * n, **known, "allowed": deviations, "second_stage": second}
    n, allowed = (
        (sizes.size_of_items(aim, deviations), Fraction(deviations))
        if deviations is not None
        else sizes.size_of_rate(aim, likely)
    )
    return {"n": n, "n_total": n, **known, "allowed": float(allowed) if allowed.denominator > 1 else int(allowed)}


def _share(name: str, value: float | str | Decimal | None, base: int) -> Fraction:
    amount = as_fen(name, value if value is not None else 0)
    if amount != int(amount) or amount >= base or (name == "tolerable_yuan" and not amount):
        raise BadParameter(
            f"{name}={value!r} 应为小于总体金额 {asking.amount(base)} 元、至多两位小数的金额",
            f"{name}={value!r} must be an amount below the population's {asking.amount(base)} yuan, with two decimals at most",
        )
    return Fraction(int(amount), base)


def _sentence(made: dict[str, Any], aim: sizes.Aim, likely: Fraction) -> dict[str, str]:
    values = {
        "n": f"{made['n']:,}",
        "total": f"{made['n_total']:,}",
        "confidence": asking.plain(1 - aim.risk),
        "tolerable": asking.percent(aim.tolerable),
        "expected": asking.percent(likely),
        "allowed": f"{made['allowed']:.4g}",
        "second": made.get("second_stage", 0),
        "items": f"{made['items'] or 0:,}",
    }
    texts = [both(f"convention_{made['convention']}", **values)]
    texts.append(both("plan_stages" if "second_stage" in made else "plan", **values))
    if "base_yuan" in made:
        yuan = {k: f"{made[k]:,}" for k in ("tolerable_yuan", "base_yuan", "interval_yuan")}
        texts.append(both("plan_yuan", **yuan))
    if made["all"]:
        texts.append(both("plan_all", **values))
    return asking.joined(texts)
