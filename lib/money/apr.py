"""What loans really cost: the annual rate, all in, from what was received and what was paid."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.errors import BadParameter
from lib.kernels.rates import rates
from lib.money import scope
from lib.money.amounts import as_fen, fen, yuan
from lib.money.matching import DAYS, TOL_YUAN, of_loans
from lib.money.matching import payouts as paid_out
from lib.money.repaying import ints
from lib.money.repaying import payments as repaid
from lib.store import Store, frame

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
SOURCES = ("bank", "ledger")


def apr(case: Case, payments: str = "bank", tol_yuan: float = TOL_YUAN, days: int = DAYS) -> pd.DataFrame:
    """Work out the all-in annual rate of the case's loans from what borrowers really received and paid.

    Received is what `reconcile` finds for the loan, so that interest or fees kept back (砍头息) lower it and not the debt; paid
    is what `instalments` finds for it, and every other transfer that names the loan and is a repayment, interest or a fee, to
    whomever. What is paid on the day of the payout lowers what was received.

    Parameters
    ----------
    payments
        `bank`: payments are the transfers; a loan with a repayment of the ledger that no transfer shows is unknown. `ledger`:
        the platform is taken at its word for its repayments. Payouts are always the bank's.
    tol_yuan, days
        As in `reconcile` and `instalments`.

    Returns
    -------
    DataFrame, one row per loan
        loan_id · apr_simple, apr_compound (fractions a year) · month_rate (the internal rate of return) · basis (single, months
        or days) · stated_rate (of the contract) · received_yuan (net of what was paid back that day) · repaid_yuan · cost_yuan
        (repaid less received) · payments (days on which something was paid) · first_on, last_on · roots · unknown ·
        transfer_ids · repayment_ids (`ledger` only).
        `unknown` says why there is no rate: no_payout (none found); not_in_bank, amount_unknown (a repayment of the ledger
        without a transfer; without an amount or day); still_open (payments so far do not settle the loan); end_unknown
        (nothing says whether they do); no_rate, several_rates (`roots`: the rates that fit); same_day.

    Raises
    ------
    BadParameter
        If `payments` is neither, or `tol_yuan` or `days` is out of range.

    Notes
    -----
    basis single: received and paid on one day each; simple = (paid ÷ received − 1) × 365 ÷ days, compound = (paid ÷ received)
    ^ (365 ÷ days) − 1. months: all days are whole months after the first (the last of a month for one that it lacks); with the
    monthly internal rate of return r, simple = 12 r and compound = (1 + r)^12 − 1. days: the same, a month being 365 ÷ 12 days.
    What borrowers paid to third parties without naming the loan is not in it: the rate is the least that is shown.
    Rule IR-01 asks for the rates "per period × periods per year (simple) and compounded"; 整治办函〔2017〕141号.
    """
    if payments not in SOURCES:
        raise BadParameter(
            f"payments={payments!r} 应为 bank (银行流水) 或 ledger (平台台账)",
            f"payments={payments!r} must be bank (transfers) or ledger (the platform's repayments)",
        )
    found = frame(of_loans(rows(case.store, payments, tol_yuan, days), scope.loan_ids(case)))
    found.attrs |= {"payments": payments, "tol_yuan": str(tol_yuan), "days": days}
    return found


def rows(store: Store, payments: str, tol_yuan: float, days: int) -> pa.Table:
    """Return `apr`'s rows for all loans of a Store; worked out once per version and setting."""
    tol_fen = int(as_fen("tol_yuan", tol_yuan))
    key = ("money.apr", payments, tol_fen, days)
    if key not in store.memo:
        flows = movements(store, payments, tol_yuan, days)
        store.derive("money_apr_flows", flows)
        loans = store.run("apr_loans", by_bank=payments == "bank", tol_fen=tol_fen)
        store.memo[key] = table(loans, flows)
    return store.memo[key]


def movements(store: Store, payments: str, tol_yuan: float, days: int) -> pa.Table:
    """Return what borrowers received and paid by loan and day (see sql/apr_flows.sql); keeps `money_payouts` beside it."""
    repaid(store, tol_yuan, days)
    paid = paid_out(store, tol_yuan, days)
    paid = paid.filter(paid["paid_yuan"].is_valid())
    named = ["loan_id", "match", "transfer_ids", "first_on"]
    store.derive("money_payouts", paid.select(named).append_column("paid_fen", pa.array(fen(paid["paid_yuan"]))))
    return store.run("apr_flows", by_bank=payments == "bank")


class _Series:
    """Movements of each loan by day, fen: received positive; days on which nothing is left are dropped."""

    def __init__(self, loan: Ints, day: Ints, fen: Ints, loans: int) -> None:
        width = int(day.max(initial=0)) + 1
        keys, place = np.unique(loan * width + day, return_inverse=True)
        total = np.zeros(len(keys), np.int64)
        np.add.at(total, place, fen)
        kept = total != 0
        self.loan, self.day, self.fen = keys[kept] // width, keys[kept] % width, total[kept]
        self.starts = np.searchsorted(self.loan, np.arange(loans + 1))
        self.size = np.diff(self.starts)
        self.first, self.last = (np.zeros(loans, np.int64) for _ in range(2))
        held = self.size > 0
        self.first[held] = self.day[self.starts[:-1][held]]
        self.last[held] = self.day[self.starts[1:][held] - 1]

    def sums(self, kept: Flags) -> Ints:
        """Add up some movements by loan."""
        made = np.zeros(len(self.size), np.int64)
        np.add.at(made, self.loan[kept], self.fen[kept])
        return made

    def times(self) -> tuple[Floats, Flags]:
        """Return the months from each loan's first day to each movement, and whether all of a loan's are whole."""
        begin = self.first[self.loan]
        months, at_first = (d.astype("datetime64[D]").astype("datetime64[M]") for d in (self.day, begin))
        of_month = begin - at_first.astype("datetime64[D]").astype(np.int64)
        opening, closing = (m.astype("datetime64[D]").astype(np.int64) for m in (months, months + 1))
        whole = self.day == np.minimum(opening + of_month, closing - 1)
        regular = np.bincount(self.loan[~whole], minlength=len(self.size)) == 0
        counted = (months - at_first).astype(np.int64).astype(np.float64)
        return np.where(regular[self.loan], counted, (self.day - begin) * 12 / 365), regular


def table(loans: pa.Table, flows: pa.Table) -> pa.Table:
    """Work out the rates of loans (loan_id, stated_rate, unknown) from their movements (loan_id, on_day, fen, …)."""
    ids = loans["loan_id"].combine_chunks()
    flows = flows.filter(pc.is_in(flows["loan_id"], value_set=ids))  # the ledger may name loans that no contract was held of
    loan = ints(pc.index_in(flows["loan_id"], value_set=ids))
    days = ints(flows["on_day"].cast(pa.date32()).cast(pa.int32()))
    series = _Series(loan, days, ints(flows["fen"]), len(ids))
    received, paid = series.sums(series.fen > 0), -series.sums(series.fen < 0)
    times, regular = series.times()
    rate, roots = rates(series.starts.astype(np.int64), times, series.fen.astype(np.float64))
    single = (series.size == 2) & (roots == 1)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        ratio, span = paid / received, 365 / (series.last - series.first)
        simple = np.where(single, (ratio - 1) * span, 12 * rate)
        compound = np.where(single, ratio**span - 1, (1 + rate) ** 12 - 1)
    moved = series.size > 0
    backwards = np.zeros(len(ids), np.bool_)
    backwards[moved] = (series.fen[series.starts[:-1][moved]] < 0) & (series.size[moved] == 2)
    roots[backwards] = 0  # paid before anything was received
    unknown = _why(loans["unknown"].to_pylist(), roots, series.size)
    known = np.array([why is None for why in unknown], np.bool_)
    return pa.table(
        {
            "loan_id": ids,
            "apr_simple": _masked(simple, known & np.isfinite(simple)),
            "apr_compound": _masked(compound, known & np.isfinite(compound)),
            "month_rate": _masked(rate, known & ~single),
            "basis": pa.array(np.select([single, regular], ["single", "months"], "days"), pa.string(), mask=~known),
            "stated_rate": loans["stated_rate"],
            "received_yuan": pc.if_else(pa.array(moved), yuan(received), None),
            "repaid_yuan": pc.if_else(pa.array(moved), yuan(paid), None),
            "cost_yuan": pc.if_else(pa.array(moved & known), yuan(paid - received), None),
            "payments": np.bincount(series.loan[series.fen < 0], minlength=len(ids)),
            "first_on": _dates(series.first, moved),
            "last_on": _dates(series.last, moved),
            "roots": pa.array(
                roots, pa.int64(), mask=np.array([w is not None for w in loans["unknown"].to_pylist()], np.bool_)
            ),
            "unknown": pa.array(unknown, pa.string()),
            "transfer_ids": _listed(loan, flows["transfer_id"], len(ids)),
            "repayment_ids": _listed(loan, flows["repayment_id"], len(ids)),
        }
    )


def _why(unknown: list[str | None], roots: Ints, size: Ints) -> list[str | None]:
    """Add the reasons that only the rates tell."""
    codes = np.select([size == 0, roots == 0, roots > 1], ["same_day", "no_rate", "several_rates"], "").tolist()
    return [why or code or None for why, code in zip(unknown, codes, strict=True)]


def _masked(values: Floats, kept: Flags) -> pa.Array:
    return pa.array(values, pa.float64(), mask=~kept)


def _dates(days: Ints, kept: Flags) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32(), mask=~kept).cast(pa.date32())


def _listed(loan: Ints, names: pa.ChunkedArray, loans: int) -> pa.Array:
    """Return the names of each loan, each once, in order of their days."""
    held: list[dict[str, None]] = [{} for _ in range(loans)]
    for k, name in zip(loan.tolist(), names.to_pylist(), strict=True):
        if name is not None:
            held[k][name] = None
    return pa.array([list(x) for x in held], pa.list_(pa.string()))
