"""The steps by which loan contracts find their payouts, and the row that says so for each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.money import pairing
from lib.money.amounts import as_decimal
from lib.store import MONEY

_AT_ONCE = 50_000  # rows
MOST_KEPT_BACK = 30  # percent of the principal; a payout that lacks more than this is not taken for the loan's
COLUMNS = pa.schema(
    [
        ("loan_id", pa.string()),
        ("outcome", pa.string()),
        ("match", pa.string()),
        ("transfer_ids", pa.list_(pa.string())),
        ("contract_yuan", MONEY),
        ("paid_yuan", MONEY),
        ("difference_yuan", MONEY),
        ("first_on", pa.date32()),
        ("last_on", pa.date32()),
        ("fee_yuan", MONEY),
        ("off_yuan", MONEY),
        ("off_days", pa.int32()),
        ("candidates", pa.int32()),
    ]
)
Row = dict[str, Any]
Ints = npt.NDArray[np.int64]


@dataclass
class _Paid:
    """What paid a loan out: how it was found, the transfers, and fen; of a batch, the loan's part."""

    how: str
    moves: list[Row]
    fen: int


@dataclass
class Payouts:
    """Loans (rows of loans_to_match, by id) and what was found for each so far; fen."""

    loans: list[Row]
    tolerance: int
    whole: Ints = field(init=False)
    net: Ints = field(init=False)
    paid: dict[int, _Paid] = field(default_factory=dict)
    candidates: dict[int, int] = field(default_factory=dict)
    crowded: set[int] = field(default_factory=set)
    place: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.place = {loan["loan_id"]: k for k, loan in enumerate(self.loans)}
        self.whole = np.array([in_fen(loan["principal_yuan"]) for loan in self.loans], np.int64)
        self.net = self.whole - np.array([in_fen(loan["upfront_fee_yuan"]) for loan in self.loans], np.int64)

    def open(self) -> list[str]:
        """Return the loans with an amount that have no payout yet."""
        return [x["loan_id"] for k, x in enumerate(self.loans) if k not in self.paid and x["principal_yuan"] is not None]

    def used(self) -> list[str]:
        """Return the transfers that belong to a loan."""
        return [move["transfer_id"] for one in self.paid.values() for move in one.moves]

    def named(self, rows: list[Row]) -> None:
        """Give each loan the transfers that name it."""
        for row in rows:
            fen = in_fen(row["amount_yuan"])
            one = self.paid.setdefault(self.place[row["loan_id"]], _Paid("contract_id", [], 0))
            one.moves.append(row)
            one.fen += fen
        self.candidates |= {k: len(one.moves) for k, one in self.paid.items()}

    def fitting(self, rows: list[Row]) -> None:
        """Give each loan at most one of the transfers whose amount fits it."""
        edges, moves, moved = self._edges(rows)
        self._count(edges)
        off = pairing.nearest(moved[edges.move], self.whole[edges.claim], self.net[edges.claim])
        self._take("amount", edges, moves, off)

    def near(self, rows: list[Row]) -> None:
        """Give loans several transfers or parts of one; then, what is marked as a payout and lacks a part of the principal."""
        edges, moves, moved = self._edges(rows)
        payers = {name: k for k, name in enumerate(sorted({str(move["payer_account"] or "") for move in moves}))}
        payer = np.array([payers[str(move["payer_account"] or "")] for move in moves], np.int64)
        found, crowded = pairing.bundles(edges, self.whole, self.net, moved, payer, self.tolerance)
        for bundle in found:
            how = "split" if len(bundle.claims) == 1 else "batch"
            inside = [moves[m] for m in bundle.moves]
            for claim, fen in zip(bundle.claims, self._parts(bundle, moved), strict=True):
                self.paid[claim] = _Paid(how, inside, fen)
        self.crowded = set(crowded.tolist())
        gone = {move["transfer_id"] for one in self.paid.values() for move in one.moves}
        marked = np.array([m["is_disbursement"] and m["transfer_id"] not in gone for m in moves], np.bool_)
        least = self.whole * (100 - MOST_KEPT_BACK)
        free = np.array([k not in self.paid for k in range(len(self.loans))], np.bool_)
        kept = marked[edges.move] & free[edges.claim] if len(moves) else np.zeros(0, np.bool_)
        kept &= (moved[edges.move] * 100 >= least[edges.claim]) & (moved[edges.move] < self.whole[edges.claim])
        edges = edges.of(kept)
        self._take("deducted", edges, moves, self.whole[edges.claim] - moved[edges.move])

    def table(self) -> pa.Table:
        """Return the rows of reconcile, one per loan; made in parts, as rows in Python take many times the room."""
        places = range(len(self.loans))
        parts = (places[begin : begin + _AT_ONCE] for begin in range(0, len(places), _AT_ONCE))
        made = [pa.Table.from_pylist([self._row(k) for k in part], schema=COLUMNS) for part in parts]
        return pa.concat_tables(made or [COLUMNS.empty_table()])

    def _edges(self, rows: list[Row]) -> tuple[pairing.Edges, list[Row], Ints]:
        moves = sorted({row["transfer_id"]: row for row in rows}.values(), key=lambda m: (m["paid_on"], m["transfer_id"]))
        at = {move["transfer_id"]: k for k, move in enumerate(moves)}
        whole: Callable[[list[int]], Ints] = lambda values: np.array(values, np.int64)  # noqa: E731
        edges = pairing.Edges(
            whole([self.place[row["loan_id"]] for row in rows]),
            whole([at[row["transfer_id"]] for row in rows]),
            whole([row["days_apart"] for row in rows]),
        )
        return edges, moves, whole([in_fen(move["amount_yuan"]) for move in moves])

    def _count(self, edges: pairing.Edges) -> None:
        places, counts = np.unique(edges.claim, return_counts=True)
        self.candidates |= dict(zip(places.tolist(), counts.tolist(), strict=True))

    def _take(self, how: str, edges: pairing.Edges, moves: list[Row], off: Ints) -> None:
        self._count(edges)
        for k in np.flatnonzero(pairing.one_to_one(edges, off)).tolist():
            move = moves[int(edges.move[k])]
            self.paid[int(edges.claim[k])] = _Paid(how, [move], in_fen(move["amount_yuan"]))

    def _parts(self, bundle: pairing.Bundle, moved: Ints) -> list[int]:
        """Return what each loan got: what it was due, and the last what is left, so that the sum is what was paid."""
        total, claims = int(moved[list(bundle.moves)].sum()), list(bundle.claims)
        off = [abs(total - int(due[claims].sum())) for due in (self.whole, self.net)]
        due = (self.whole if off[0] <= off[1] else self.net)[claims].tolist()
        return [*due[:-1], total - sum(due[:-1])]

    def _row(self, k: int) -> Row:
        loan, one = self.loans[k], self.paid.get(k)
        contract, start = loan["principal_yuan"], loan["start_on"]
        days = sorted(row["paid_on"] for row in one.moves) if one else [loan["searched_from"], loan["searched_to"]]
        known = {
            "loan_id": loan["loan_id"],
            "outcome": self._outcome(k),
            "transfer_ids": [],
            "contract_yuan": contract,
            "first_on": days[0],
            "last_on": days[-1],
        }
        if one is None:
            return known
        known |= {"match": one.how, "transfer_ids": [row["transfer_id"] for row in one.moves], "paid_yuan": as_decimal(one.fen)}
        known |= {"candidates": self.candidates.get(k, len(one.moves)), "off_days": start and (days[0] - start).days}
        if contract is None:
            return known
        fee = self._fee(k, one.fen)
        off = one.fen - int(self.whole[k])
        return known | {
            "difference_yuan": as_decimal(off),
            "fee_yuan": as_decimal(fee),
            "off_yuan": as_decimal(off + fee),
        }

    def _fee(self, k: int, paid: int) -> int:
        """Return the stated fee if the payment is nearer to the principal less it, else nothing."""
        whole, net = int(self.whole[k]), int(self.net[k])
        return whole - net if abs(paid - net) < abs(paid - whole) else 0

    def _outcome(self, k: int) -> str:
        loan, one = self.loans[k], self.paid.get(k)
        if loan["principal_yuan"] is None:
            return "not_covered"
        if one is None:
            return "unclear" if k in self.crowded else "missing" if loan["covered"] else "not_covered"
        off = min(abs(one.fen - int(due)) for due in (self.whole[k], self.net[k]))
        return "matched" if off <= self.tolerance else "mismatched"


def in_fen(amount: Decimal | None) -> int:
    """Return yuan as fen; nothing stated is 0."""
    return 0 if amount is None else int(amount.scaleb(2))
