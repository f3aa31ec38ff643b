"""Audit sampling (审计抽样): frozen populations, sizes, draws that anybody can repeat, and what they say; digit tests.

The face of lib/samples. In the order of the work:

* `population`, `freeze`: the items that a sample is drawn from, frozen by a hash; `verify`: whether they still are the same.
* `plan`: how many items, under a named convention, with a sentence for the papers.
* `pick`: the items: at random, at intervals, by strata or by yuan; those that findings point to are kept apart.
* `evaluate`: rates or misstatement with upper limits, and a conclusion in plain words.
* `digits`: digits of amounts against Benford's law; refused where amounts do not suit it.

A sample says what is likely and what can be ruled out at a stated risk, never that an institution is clean. Amounts are exact;
floats are for statistics only. `attrs` hold plain values (texts, whole numbers, lists), so that they survive a Parquet file.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from lib.case import Case
from lib.errors import BadParameter
from lib.samples import digits as _digits
from lib.samples import evaluating, planning, selecting
from lib.samples import population as _population

__all__ = ["digits", "evaluate", "freeze", "pick", "plan", "population", "verify"]


def population(
    case: Case, name: str, first_on: str | dt.date | None = None, last_on: str | dt.date | None = None
) -> pd.DataFrame:
    """Freeze a population of a case.

    Parameters
    ----------
    name
        loans (those of the case; amount: principal; stratum: status; day: signing, else start) · projects (amount sought;
        product; listing) · flows (lines of the statements of the case's accounts, see flows.accounts; direction; booking) ·
        transfers (those that touch these accounts; kind) · ledger_entries (the side that is booked, unknown where both are;
        ledger account; booking) · disclosures (metric; publication, else the day that the figure is of) · advertisements
        (channel; day seen). The last two have no amounts.
    first_on, last_on
        Only items of this period, both days included; items without a day are then left out and counted.

    Returns
    -------
    DataFrame, one row per item, by id
        item_id · amount_yuan (null: unknown) · stratum (null: not stated) · dated_on · evidence (list of {table, id}). `attrs`:
        population · sha256 (see lib/samples/population.py) · items · sum_fen · apart (unknown, zero and negative amounts: items
        and fen) · left_out (undated, outside_period, without_id: items and fen) · case · as_of · version (of the Store) ·
        first_on · last_on.

    Raises
    ------
    BadParameter
        If there is no such population, or a day is none.
    DataGap
        If it is empty.
    """
    return _population.population(case, name, first_on, last_on)


def freeze(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Freeze a frame of one's own, or a part of a population, as a population.

    Parameters
    ----------
    rows
        item_id (text, unique), and where known amount_yuan (Decimal), stratum, dated_on and evidence. Other columns are not
        kept.
    name
        What the population is called; it is part of the hash.

    Returns
    -------
    DataFrame as of `population`

    Raises
    ------
    BadParameter
        If it is empty, ids are empty or repeated, or a column is not of its type.
    """
    return _population.freeze(rows, name)


def verify(frozen: pd.DataFrame, now: pd.DataFrame) -> int:
    """Prove that a population is still the one that was frozen, and return the number of its items.

    Parameters
    ----------
    frozen
        The population as it was frozen, or a sample drawn from it.
    now
        The population as it is now.

    Raises
    ------
    DataGap
        If it is another: the hashes, counts and sums of then and now, and how many items differ where `frozen` has them all.
    """
    return _population.verify(frozen, now)


def plan(
    population: pd.DataFrame | None = None,
    *,
    tolerable: float | str | Decimal | None = None,
    expected: float | str | Decimal = 0,
    expected_items: int | None = None,
    tolerable_yuan: float | str | Decimal | None = None,
    expected_yuan: float | str | Decimal = 0,
    confidence: float | str = 0.95,
    convention: str | None = None,
    items: int | None = None,
    second_stage: int | None = None,
) -> dict[str, Any]:
    """Work out how many items to draw.

    Parameters
    ----------
    population
        The frozen population. Needed for amounts; tells the number of items, too.
    tolerable, expected
        Rates of deviation, 0 to 1. Tolerable must be above expected.
    expected_items
        How many deviations may be found, in place of `expected`.
    tolerable_yuan, expected_yuan
        Misstatements in yuan, in place of rates: for draws by yuan, of all amounts above 0.
    confidence
        0.5 to below 1: how sure the conclusion shall be.
    convention
        poisson (the default for amounts), binomial (the default for rates) or hypergeometric (needs the number of items;
        without return). They are named in lib/samples/sizes.py.
    items
        The number of items, where there is no population.
    second_stage
        Plan two stages of equal size, and the most deviations that the second may have. It is drawn if the first has some, but
        no more than `expected_items`. `evaluate` judges what was drawn as one sample and knows of no stages.

    Returns
    -------
    dict
        n (of a stage, if there are two) · n_total · convention · confidence · tolerable · expected · allowed (deviations in the
        sample, or in the first stage) · second_stage · items · all (so many that all must be examined) · sha256 ·
        tolerable_yuan, base_yuan, interval_yuan (for amounts) · sentence ({zh, en}).

    Raises
    ------
    BadParameter
        If tolerable is not above expected, a setting is out of range, or no sample of a million items is enough.
    """
    return planning.plan(
        population,
        tolerable=tolerable,
        expected=expected,
        expected_items=expected_items,
        tolerable_yuan=tolerable_yuan,
        expected_yuan=expected_yuan,
        confidence=confidence,
        convention=convention,
        items=items,
        second_stage=second_stage,
    )


def pick(
    population: pd.DataFrame | Case,
    name: str | None = None,
    *,
    n: int | Mapping[str, Any],
    method: str = "random",
    seed: int | None = None,
    strata: str | Sequence[float | str | Decimal] | None = None,
    allocation: str | Mapping[str, int] = "proportional",
    targeted: pd.DataFrame | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Draw a sample that anybody can draw again from the population's hash and the seed.

    Parameters
    ----------
    population, name
        A frozen population; or a case and the name of one (see `population`).
    n
        How many, or a plan. At random, a larger n of the same seed holds the smaller sample.
    method
        random (without return) · systematic (at a fixed interval, by id) · monetary_unit (by yuan, fixed interval) ·
        monetary_unit_cell (a random fen of each interval) · monetary_unit_random (any fen, with return). By yuan, items as
        large as the interval are the top stratum, which is examined whole; amounts that are unknown, zero or negative cannot
        be drawn and are told in `attrs["apart"]`.
    seed
        A whole number; there is no default.
    strata
        "stratum" for the strata of the population, or rising bounds in yuan; for random and systematic.
    allocation
        proportional (to items) · amount · neyman (items times the spread of amounts) · equal · or stratum → items ("" where
        none is stated). Every stratum gets at least one.
    targeted
        A result of checks.run, or ids: the items that findings point to are added, and projected to nothing. An item that
        chance has drawn as well stays in the sample and names its findings.

    Returns
    -------
    DataFrame, one row per item
        order · item_id · book_yuan · how (top, the method, or targeted) · interval (number of the interval that hit it, from
        1) · hit_count (more than 1: hit more than once) · stratum · finding_ids · audited_yuan, deviation, note (to be filled
        in; the words of the tables samples and sample_items) · evidence. `attrs`: those of the population · method · seed · n ·
        strata (items, sum_fen, n of each) · allocation · units (top and rest of a draw by yuan) · unmatched_findings (those
        that point to no item) · caption ({zh, en}).

    Raises
    ------
    BadParameter
        If the seed is missing, n is not below the population's items, or a name or setting is none.
    DataGap
        If the population's rows are not those that were frozen.
    """
    if isinstance(population, Case):
        if name is None:
            raise BadParameter(
                f"请说明总体, 例如 sampling.pick(case, 'loans', ...); 可选: {'、'.join(_population.POPULATIONS)}",
                f"Name the population, as in sampling.pick(case, 'loans', ...): {', '.join(_population.POPULATIONS)}",
            )
        population = _population.population(population, name)
    elif name is not None:
        raise BadParameter(
            f"name={name!r} 只与 case 同用: pick(case, {name!r}, ...) 或 pick(总体, ...)",
            f"name={name!r} goes with a case only: pick(case, {name!r}, ...) or pick(population, ...)",
        )
    return selecting.pick(population, n, method, seed, strata, allocation, targeted)


def evaluate(
    sample: pd.DataFrame,
    results: pd.DataFrame | None = None,
    *,
    of: str | None = None,
    confidence: float | str = 0.95,
    tolerable: float | str | Decimal | None = None,
    tolerable_yuan: float | str | Decimal | None = None,
    unexamined: str | None = None,
    population: pd.DataFrame | None = None,
    published: bool = False,
) -> pd.DataFrame:
    """Say what a sample tells of its population.

    Parameters
    ----------
    sample
        A result of `pick`, with `deviation` or `audited_yuan` filled in.
    results
        These columns with item_id, where they were filled in elsewhere.
    of
        deviation or audited, where the sample has both.
    confidence
        0.5 to below 1, one-sided.
    tolerable, tolerable_yuan
        What the limit is held against: a rate, or a misstatement.
    unexamined
        "deviation": items without a result count as deviating (audited at 0). Else they are refused.
    population
        The population as it is now: refused, if it is not the one that was drawn from.
    published
        Confidence factors as tables print them, rounded up to two places; else exact.

    Returns
    -------
    DataFrame, the first row being what the conclusion rests on
        Of deviations, one row per method (hypergeometric, clopper_pearson, poisson) for the whole, then by stratum: stratum ·
        method · confidence · items · examined · deviations · most_likely_rate · upper_rate · precision_rate (upper less
        most_likely) · upper_items.

        Of amounts: part (overstated, understated, net) · method (stringer, poisson, projected; difference, ratio) · examined ·
        differing · known_yuan (of the top stratum) · projected_yuan · basic_yuan · incremental_yuan · most_likely_yuan ·
        upper_yuan · precision_yuan · why (there is no limit: understated, few_differences, single_items, no_total). Net is
        book less audited.

        `attrs`: conclusion ({zh, en}) · of · confidence · within (whether the limit is at most what is tolerable; None: not
        asked or no limit) · targeted (what was found in these items) · unexamined · and those of the sample.

    Raises
    ------
    BadParameter
        If the sample is not whole, a result is no such value, or its way of drawing does not suit the question.
    DataGap
        If results are missing, the population has changed, or amounts are unknown.

    Notes
    -----
    What is known to deviate, in targeted items too, is never above the limit. A systematic sample is judged as one at random.
    Strata are judged at a confidence that shares the risk out among them, and added up.
    """
    return evaluating.evaluate(
        sample,
        results,
        of=of,
        confidence=confidence,
        tolerable=tolerable,
        tolerable_yuan=tolerable_yuan,
        unexamined=unexamined,
        population=population,
        published=published,
    )


def digits(
    amounts: pd.DataFrame | pd.Series | Sequence[Decimal],
    test: str = "first",
    *,
    anyway: bool = False,
    bounds: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Test the digits of amounts: a weak screen, whose result is a lead at most.

    Parameters
    ----------
    amounts
        A frozen population, or amounts in yuan (Decimal).
    test
        first · second · first_two · first_three (Benford's law) · last_two (of fen) · last_two_yuan (evenness) · duplicates
        (amounts that come more than once) · round (whole hundreds to hundred thousands of yuan).
    anyway
        Work it out for amounts that do not suit the test, without a band.
    bounds
        Three bounds of the mean absolute deviation in place of Nigrini's.

    Returns
    -------
    DataFrame, one row per digit
        digits · count · share · expected_share · difference_share · z. Of duplicates: amount_yuan · count · share. Of round:
        unit_yuan · count · share. `attrs`: test · n · sum_fen · mad · band (close, acceptable, marginal, nonconforming; None
        where there are no bounds) · chi2 · df · p · chi2_critical_95 · ks · ks_critical_95 · unsuited · left_out (unknown,
        zero, negative, short) · conclusion ({zh, en}).

    Raises
    ------
    DataGap
        If the amounts do not suit the test: too few, of too narrow a range, mostly round or mostly one amount. All reasons
        are said.
    BadParameter
        If there is no such test, or an amount is none.
    """
    return _digits.digits(amounts, test, anyway=anyway, bounds=bounds)
