"""The risk grade of institutions, with every component and what it rests on."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from lib import checks, grading, records
from lib.case import Case
from lib.errors import BadParameter
from lib.store import frame
from lib.words import pick, word

_CONFIRMED = ("finding_id", "who", "when", "why")
_GRAVE = "prohibited"
_TEXTS = pa.list_(pa.string())


def grade(case: Case, found: pd.DataFrame | None = None) -> pd.DataFrame:
    """Grade an institution's risk by the four factors of the notice: a computation, no judgement.

    Parameters
    ----------
    found
        A frame of `checks.run`; run here, if omitted.

    Returns
    -------
    DataFrame, one row per factor: scale (业务规模), people (涉众人数), violations (违法违规严重程度), complexity (风险复杂性)
        factor · value (yuan owed, lenders, or points before the cap) · points (0 to 100) · weight · contribution (weight ×
        points; null where the factor is not graded) · coverage (fraction of its population that was known) · rules ·
        finding_ids (leads behind it) · missing (what was missing). `attrs`: band (red, orange, yellow, green; None is 未能评级:
        the data of a factor cover less than 80 % of its population) · score (None if a factor is not graded) · lowest, highest
        (scores if what is not graded had 0 and 100 points) · stable (whether the band survives a tenth more or less of each
        weight; None without one) · swings (list of {factor, change, band}) · override (None, or {finding_id, who, when, why}: a
        person has confirmed a lead under a prohibition, and the band is red) · version (of the numbers) · caption.

    Raises
    ------
    BadParameter
        If the case is the whole district. A party that is no institution has no factors.
    BadFile
        If data/raw/records/confirmed_leads.csv cannot be read.

    Notes
    -----
    Leads are confirmed in data/raw/records/confirmed_leads.csv (finding_id, who, when, why). Findings of several rules that are
    one matter count once, by the gravest.
    """
    if case.is_district:
        raise BadParameter(
            '风险分级须指定一家机构, 例如 open_case("机构名称或编号")',
            'Grading needs an institution, for example open_case("its name or id")',
        )
    if case.institution_id is None:  # a report may be on any party
        made = frame(_table([]))
        made.attrs["caption"] = word("grading", "no_institution")
        return made
    found = checks.run(case) if found is None else found
    return grades_of(case, found, [case.institution_id])[case.institution_id]


def grades_of(case: Case, found: pd.DataFrame, ids: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return the frame of `grade` for each of some institutions, from one frame of `checks.run` that has them all."""
    severity = {rule.id: rule.severity for rule in checks.rules().values()}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ids}
    for row in found.to_dict("records"):
        if row["institution_id"] in rows:
            rows[row["institution_id"]].append({str(k): v for k, v in row.items()})
    confirmed = {line["finding_id"]: line for line in _confirmed()}
    made = {}
    for inputs in case.store.run("grade_inputs", ids=sorted(set(ids)), as_of=case.as_of).to_pylist():
        own = rows[inputs["institution_id"]]
        factors = [*grading.of_amounts(inputs), grading.of_violations(own, severity), grading.of_complexity(own)]
        one = frame(_table(factors))
        one.attrs |= _graded(factors, _override(own, severity, confirmed))
        made[inputs["institution_id"]] = one
    return made


def _table(factors: list[grading.Factor]) -> pa.Table:
    weights = grading.weights()
    return pa.table(
        {
            "factor": pa.array([f.name for f in factors], pa.string()),
            "value": pa.array([f.value for f in factors], pa.decimal128(38, 2)),
            "points": pa.array([f.points for f in factors], pa.decimal128(5, 2)),
            "weight": pa.array([float(weights[f.name]) for f in factors], pa.float64()),
            "contribution": pa.array(
                [weights[f.name] * f.points if grading.is_graded(f) else None for f in factors], pa.decimal128(7, 4)
            ),
            "coverage": pa.array([float(f.coverage) for f in factors], pa.float64()),
            "rules": pa.array([f.rules for f in factors], _TEXTS),
            "finding_ids": pa.array([f.finding_ids for f in factors], _TEXTS),
            "missing": pa.array([[_missing(f, name) for name in f.missing] for f in factors], _TEXTS),
        }
    )


def _missing(one: grading.Factor, name: str) -> str:
    return name if one.name == "violations" else word("grading", name)


def _graded(factors: list[grading.Factor], override: dict[str, str] | None) -> dict[str, Any]:
    weights, whole = grading.weights(), all(map(grading.is_graded, factors))
    ends = [
        grading.score(factors, lambda f, end=end: f.points if grading.is_graded(f) else end, weights)  # type: ignore[misc]
        for end in (Decimal(0), grading.MOST)
    ]
    band = grading.band(ends[0]) if whole else None
    swings = grading.swings(factors) if whole else []
    shown = "red" if override else band
    if shown is None:
        lacking = pick("、", ", ").join(word("grading", f.name) for f in factors if not grading.is_graded(f))
        caption = word("grading", "not_graded", factors=lacking, lowest=ends[0], highest=ends[1])
    else:
        caption = word("grading", "graded", band=word("grading", shown), score=ends[0] if whole else f"{ends[0]}–{ends[1]}")
    return {
        "band": shown,
        "score": ends[0] if whole else None,
        "lowest": ends[0],
        "highest": ends[1],
        "stable": all(swing["band"] == band for swing in swings) if whole else None,
        "swings": swings,
        "override": override,
        "version": grading.scheme().version,
        "caption": caption,
    }


def _override(
    rows: list[dict[str, Any]], severity: dict[str, str], confirmed: Mapping[str, dict[str, str]]
) -> dict[str, str] | None:
    """Return the first lead under a prohibition that a person has confirmed."""
    for row in rows:
        if row["outcome"] == "hit" and severity[row["rule_id"]] == _GRAVE and row["finding_id"] in confirmed:
            return confirmed[row["finding_id"]]
    return None


def _confirmed() -> list[dict[str, str]]:
    return [values for _, values in records.read(records.file("confirmed_leads"), _CONFIRMED, _fault)]


def _fault(values: records.Line) -> tuple[str, str] | None:
    if all(values.values()):
        return None
    return (
        f"应有 {'、'.join(_CONFIRMED)}, 都不能为空",
        f"{', '.join(_CONFIRMED)} are needed, none of them empty",
    )
