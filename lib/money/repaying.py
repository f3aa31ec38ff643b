"""Payments for loans: which transfer paid what the platform's ledger, or else the schedule, says was due.

First the statement line that the ledger names; then transfers that name the loan; then transfers without a number from the
borrower, or from the account that the ledger states. Each step one to one, then several to one (pairing.py).
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.money import pairing
from lib.money.amounts import as_fen, whole_number
from lib.money.matching import payouts
from lib.money.statements import coverage
from lib.store import Store

Ints = npt.NDArray[np.int64]
_SETTLED = pa.schema([("claim", pa.int64()), ("move", pa.int64()), ("fen", pa.int64()), ("how", pa.string())])


@dataclass
class Payments:
    """Claims and transfers of a Store (see payment_claims.sql and loan_payments.sql), and what was found to pay what.

    `settled` has claim · move · fen (the part of the transfer) · how (flow_id, loan_id, payer, split, batch or off: it names
    the loan on a near day, and the amounts differ).
    """

    claims: pa.Table
    moves: pa.Table
    tolerance: int
    settled: dict[str, list[Any]] = field(default_factory=lambda: {"claim": [], "move": [], "fen": [], "how": []})
    crowded: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.due = ints(self.claims["fen"])
        self.moved = ints(self.moves["fen"])
        self.payee = ints(self.moves["payee"])
        self.open_claims = self.due > 0
        self.open_moves = np.ones(len(self.moved), np.bool_)

    def by_line(self, edges: pairing.Edges) -> None:
        """Take the transfers whose lines the ledger names; one that several repayments name is parted among them."""
        for move in np.unique(edges.move).tolist():
            self._take(edges.claim[edges.move == move].tolist(), [move], "flow_id")

    def by_amount(self, edges: pairing.Edges, how: str) -> None:
        """Take one to one what agrees in amount, then what adds up."""
        edges = self._free(edges)
        off = np.abs(self.moved[edges.move] - self.due[edges.claim])
        self._take_pairs(edges.of(off <= self.tolerance), how)
        edges = self._free(edges)
        found, crowded = pairing.bundles(edges, self.due, self.due, self.moved, self.payee, self.tolerance)
        self.crowded |= set(crowded.tolist())
        for one in found:
            self._take(list(one.claims), list(one.moves), "split" if len(one.claims) == 1 else "batch")

    def by_day(self, edges: pairing.Edges) -> None:
        """Take one to one what names the loan on a near day, whatever its amount."""
        self._take_pairs(self._free(edges), "off")

    def table(self) -> pa.Table:
        """Return what was found."""
        return pa.table(
            [pa.array(self.settled[name], kind) for name, kind in zip(_SETTLED.names, _SETTLED.types, strict=True)],
            _SETTLED.names,
        )

    def _free(self, edges: pairing.Edges) -> pairing.Edges:
        return edges.of(self.open_claims[edges.claim] & self.open_moves[edges.move])

    def _take_pairs(self, edges: pairing.Edges, how: str) -> None:
        chosen = edges.of(pairing.one_to_one(edges, np.abs(self.moved[edges.move] - self.due[edges.claim])))
        self._note(chosen.claim, chosen.move, self.moved[chosen.move], how)

    def _take(self, claims: list[int], moves: list[int], how: str) -> None:
        if len(claims) == 1:
            self._note(np.array(claims * len(moves)), np.array(moves), self.moved[moves], how)
            return
        parts = self.due[claims]
        parts[-1] += self.moved[moves[0]] - parts.sum()
        self._note(np.array(claims), np.array(moves * len(claims)), parts, how)

    def _note(self, claims: Ints, moves: Ints, fen: Ints, how: str) -> None:
        self.open_claims[claims], self.open_moves[moves] = False, False
        for name, values in (("claim", claims), ("move", moves), ("fen", fen)):
            self.settled[name] += values.tolist()
        self.settled["how"] += [how] * len(claims)


def payments(store: Store, tol_yuan: float, days: int) -> Payments:
    """Return which transfers paid which repayments and instalments of a Store; worked out once per version and setting.

    Leaves money_claims, money_moves, money_settled and money_coverage on the handle.

    Raises
    ------
    BadParameter
        If `tol_yuan` or `days` is out of range.
    """
    tol_fen = as_fen("tol_yuan", tol_yuan)
    whole_number("days", days, 0, 3650)
    key = ("money.payments", tol_fen, days)
    if key not in store.memo:
        store.memo[key] = _found(store, tol_yuan, int(tol_fen), days)
    made: Payments = store.memo[key]
    store.derive("money_coverage", coverage(store))
    store.derive("money_claims", made.claims)
    store.derive("money_moves", made.moves)
    store.derive("money_settled", made.table())
    return made


def ints(column: pa.ChunkedArray) -> Ints:
    """Return a column of whole numbers as int64; nothing stated is 0."""
    values: Ints = column.fill_null(0).to_numpy().astype(np.int64)
    return values


def _found(store: Store, tol_yuan: float, tolerance: int, days: int) -> Payments:
    used = payouts(store, tol_yuan, days)["transfer_ids"].combine_chunks().flatten()
    store.derive("money_used", pa.table({"transfer_id": used.cast(pa.string())}))
    claims = store.run("payment_claims")
    store.derive("money_claims", claims)
    moves = store.run("loan_payments")
    store.derive("money_moves", moves)
    rows = store.run("payment_edges", days=days)
    how = np.array(rows["how"].to_pylist(), object)
    edges = pairing.Edges(ints(rows["claim"]), ints(rows["move"]), ints(rows["apart"]))
    made = Payments(claims, moves, tolerance)
    made.by_line(edges.of(how == "flow_id"))
    made.by_amount(edges.of(how == "loan_id"), "loan_id")
    made.by_amount(edges.of(how == "payer"), "payer")
    made.by_day(edges.of(how == "loan_id"))
    return made
