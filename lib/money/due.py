"""What transfers of clients' money change in what is owed to lenders, and what of it the institution may keep."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lib.money.clients import PAID_LENDERS, Crossing
from lib.money.ledger import code
from lib.money.purses import COLLECTED, LENDER, LENT, LOAN, Entries

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sides:
    """What each transfer over the border of some accounts is to lenders, as flags; `loan`, its place among the loans or -1."""

    deposit: Flags
    repaid: Flags
    lent: Flags
    paid: Flags
    unknown_in: Flags
    unknown_out: Flags
    fee_out: Flags
    loan: Ints

    @property
    def signed(self) -> Ints:
        """1 where money for lenders comes in, -1 where it goes out, else 0."""
        found: Ints = (self.deposit | self.repaid).astype(np.int64) - (self.lent | self.paid)
        return found


def sides(moved: Crossing, loans: pa.Table) -> Sides:
    """Tell what each transfer is to lenders."""
    came, went, kind = moved.texts("came"), moved.texts("went"), moved.texts("kind")
    comes, goes = (moved.payer < 0) & (moved.payee >= 0), (moved.payer >= 0) & (moved.payee < 0)
    loan = code(moved.table["loan_id"], loans["loan_id"].combine_chunks())
    for_borrower = np.isin(came, ["own", "other"]) & np.isin(kind, ["repayment", "interest"]) & (loan >= 0)
    return Sides(
        deposit=comes & (came == "lender"),
        repaid=comes & (((came == "borrower") & (kind != "fee")) | for_borrower),
        lent=goes & (went == "loan"),
        paid=goes & np.isin(went, PAID_LENDERS),
        unknown_in=comes & (came == "unknown"),
        unknown_out=goes & (went == "unknown"),
        fee_out=goes & (went == "own") & (kind == "fee"),
        loan=loan,
    )


def entries(moved: Crossing, found: Sides, fees: Entries, loans: pa.Table) -> Entries:
    """Return the entries of the purses: money in and out, and fees that may be kept."""
    rows = np.flatnonzero(found.signed)
    loan, party = found.loan[rows], np.where(found.deposit[rows], moved.texts("payer_id")[rows], moved.texts("payee_id")[rows])
    kind, purse = purse_of(loan, loans)
    loose = np.flatnonzero(loan < 0)
    kind[loose] = np.where(found.repaid[rows], COLLECTED, np.where(found.lent[rows], LENT, LENDER))[loose]
    purse[loose] = np.where(kind[loose] == LENDER, _numbers(party[loose], loans), 0)
    parts = (
        (moved.day[rows], fees.day),
        (purse, fees.purse),
        (kind, fees.kind),
        (moved.fen[rows] * found.signed[rows], -fees.fen),
    )
    return Entries(*(np.concatenate(part) for part in parts))


def purse_of(loan: Ints, loans: pa.Table) -> tuple[Ints, Ints]:
    """Return kind and number of the purse of loans by place: their lender's, else their own."""
    lender = _numbers(np.array(loans["lender_id"].to_pylist(), object), loans)
    whose = np.append(lender, -1)[loan]
    return np.where(whose >= 0, LENDER, LOAN), np.where(whose >= 0, whose, loan)


def _numbers(parties: npt.NDArray[np.object_], loans: pa.Table) -> Ints:
    """Number parties, lenders of loans first and alike in all calls; -1 for nobody; others follow by what they are called."""
    known = {party: n for n, party in enumerate(dict.fromkeys(p for p in loans["lender_id"].to_pylist() if p is not None))}
    others = {party: len(known) + n for n, party in enumerate(sorted({p for p in parties.tolist() if p and p not in known}))}
    return np.array([known.get(p, others.get(p, -1)) if p else -1 for p in parties.tolist()], np.int64)


def fees_kept(moved: Crossing, found: Sides, booked: pa.Table, loans: pa.Table) -> Entries:
    """Return what may be kept, by loan and day: fees that the ledger has booked so far, at most what was collected so far.

    And once, on the day of the last payout, the stated upfront fee, at most what the payouts of the loan lack of its principal.
    """
    made = pd.concat([_periodic(moved, found, booked, loans), _upfront(moved, found, loans)])
    kind, purse = purse_of(made["loan"].to_numpy(np.int64), loans)
    return Entries(made["day"].to_numpy(np.int64), purse, kind, made["fen"].to_numpy(np.int64))


def _periodic(moved: Crossing, found: Sides, booked: pa.Table, loans: pa.Table) -> pd.DataFrame:
    rows = np.flatnonzero(found.repaid & (found.loan >= 0))
    got = pd.DataFrame({"loan": found.loan[rows], "day": moved.day[rows], "got": moved.fen[rows]})
    fee_loan = code(booked["loan_id"], loans["loan_id"].combine_chunks())
    fee_day = booked["paid_on"].cast(pa.int32()).to_numpy().astype(np.int64)
    due = pd.DataFrame({"loan": fee_loan, "day": fee_day, "due": booked["fen"].to_numpy()})
    due = due[due["loan"].isin(got["loan"])]
    both = (
        pd.concat([got, due])
        .fillna(0)
        .groupby(["loan", "day"], as_index=False)[["got", "due"]]
        .sum()
        .sort_values(["loan", "day"])
    )
    total = both.groupby("loan")[["got", "due"]].cumsum().min(axis=1).astype(np.int64)
    both["fen"] = total - total.groupby(both["loan"]).shift(fill_value=0)
    day = both["day"].clip(int(moved.day.min()), int(moved.day.max()))
    return both.assign(day=day)[["loan", "day", "fen"]].astype(np.int64)


def _upfront(moved: Crossing, found: Sides, loans: pa.Table) -> pd.DataFrame:
    rows = np.flatnonzero(found.lent & (found.loan >= 0))
    out = pd.DataFrame({"loan": found.loan[rows], "day": moved.day[rows], "out": moved.fen[rows]})
    by_loan = out.groupby("loan", as_index=False).agg(day=("day", "max"), out=("out", "sum"))
    place = by_loan["loan"].to_numpy(np.int64)
    principal, upfront = (loans[name].to_numpy()[place] for name in ("principal_fen", "upfront_fen"))
    fen = np.clip(principal - by_loan["out"].to_numpy(np.int64), 0, upfront)
    return by_loan.assign(fen=fen)[["loan", "day", "fen"]].astype(np.int64)
