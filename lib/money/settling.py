"""The steps by which loan contracts find their payouts, and the row that says so for each: columns in, columns out."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.money import pairing
from lib.money.amounts import fen, yuan
from lib.store import MONEY

MOST_KEPT_BACK = 30  # percent of the principal; a payout that lacks more than this is not taken for the loan's
HOWS = ("", "contract_id", "amount", "split", "batch", "deducted")  # by code; 0 is a loan without a payout
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
_OUTCOMES = ("not_covered", "missing", "unclear", "mismatched", "matched")
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass
class Payouts:
    """Loans (rows of loans_to_match, by id) and what was found for each so far; amounts in fen.

    `how` is a code of HOWS per loan, `fen` what it was paid (of a batch, its part), `candidates` how many transfers named or
    fitted it, and `links` the transfers, each with the place of its loan.
    """

    loans: pa.Table
    tolerance: int
    whole: Ints = field(init=False)
    net: Ints = field(init=False)
    how: Ints = field(init=False)
    fen: Ints = field(init=False)
    candidates: Ints = field(init=False)
    crowded: Flags = field(init=False)
    links: list[pa.Table] = field(default_factory=list)

    def __post_init__(self) -> None:
        n = len(self.loans)
        self.whole = fen(self.loans["principal_yuan"])
        self.net = self.whole - fen(self.loans["upfront_fee_yuan"])
        self.how, self.fen, self.candidates = (np.zeros(n, np.int64) for _ in range(3))
        self.crowded = np.zeros(n, np.bool_)

    def open(self) -> pa.ChunkedArray:
        """Return the loans with an amount that have no payout yet."""
        free = pc.and_(pa.array(self.how == 0), pc.is_valid(self.loans["principal_yuan"]))
        return self.loans["loan_id"].filter(free)

    def used(self) -> pa.ChunkedArray:
        """Return the transfers that belong to a loan."""
        return pa.chunked_array([chunk for link in self.links for chunk in link["transfer_id"].chunks], pa.string())

    def named(self, rows: pa.Table) -> None:
        """Give each loan the transfers that name it."""
        claim = self._places(rows)
        np.add.at(self.fen, claim, fen(rows["amount_yuan"]))
        self.candidates += np.bincount(claim, minlength=len(self.loans))
        self.how[claim] = HOWS.index("contract_id")
        self._link(claim, rows)

    def fitting(self, rows: pa.Table) -> None:
        """Give each loan at most one of the transfers whose amount fits it."""
        edges, moves, moved = self._edges(rows)
        self._count(edges)
        off = pairing.nearest(moved[edges.move], self.whole[edges.claim], self.net[edges.claim])
        self._take("amount", edges, moves, moved, off)

    def near(self, rows: pa.Table) -> None:
        """Give loans several transfers or parts of one; then, what is marked as a payout and lacks a part of the principal."""
        edges, moves, moved = self._edges(rows)
        payer = pc.fill_null(moves["payer_account"], "").combine_chunks().dictionary_encode().indices.to_numpy()
        found, crowded = pairing.bundles(edges, self.whole, self.net, moved, payer.astype(np.int64), self.tolerance)
        self.crowded[crowded] = True
        for bundle in found:
            self._bundle(bundle, moved)
        pairs = [(claim, move) for bundle in found for claim in bundle.claims for move in bundle.moves]
        claim, move = np.array(pairs, np.int64).reshape(-1, 2).T
        self._link(claim, moves.take(pa.array(move)))
        free = np.ones(len(moves), np.bool_)
        free[move] = False
        free &= moves["is_disbursement"].to_numpy().astype(np.bool_)
        least = self.whole * (100 - MOST_KEPT_BACK)
        kept = free[edges.move] & (self.how[edges.claim] == 0)
        kept &= (moved[edges.move] * 100 >= least[edges.claim]) & (moved[edges.move] < self.whole[edges.claim])
        edges = edges.of(kept)
        self._count(edges)
        self._take("deducted", edges, moves, moved, self.whole[edges.claim] - moved[edges.move])

    def table(self) -> pa.Table:
        """Return the rows of reconcile, one per loan."""
        paid, stated = self.how > 0, pc.is_valid(self.loans["principal_yuan"]).to_numpy().astype(np.bool_)
        transfer_ids, first, last = self._linked()
        off = self.fen - self.whole
        fee = np.where(np.abs(self.fen - self.net) < np.abs(off), self.whole - self.net, 0)  # if the payment is nearer to net
        searched = [_days(self.loans[name]) for name in ("searched_from", "searched_to")]
        start = _days(self.loans["start_on"])
        late = (first - start).astype(np.int64)  # NaT becomes the least number, which is masked
        both = paid & stated
        columns = {
            "loan_id": self.loans["loan_id"],
            "outcome": pa.array(_OUTCOMES).take(pa.array(self._outcomes(stated, off))),
            "match": pa.array(HOWS).take(pa.array(self.how, mask=~paid)),
            "transfer_ids": transfer_ids,
            "contract_yuan": self.loans["principal_yuan"],
            "paid_yuan": _where(paid, yuan(self.fen)),
            "difference_yuan": _where(both, yuan(off)),
            "first_on": pa.array(np.where(paid, first, searched[0])),
            "last_on": pa.array(np.where(paid, last, searched[1])),
            "fee_yuan": _where(both, yuan(fee)),
            "off_yuan": _where(both, yuan(off + fee)),
            "off_days": pa.array(np.where(paid & ~np.isnat(start), late, 0), mask=~paid | np.isnat(start)),
            "candidates": pa.array(self.candidates, mask=~paid),
        }
        return pa.table(columns).cast(COLUMNS)

    def _places(self, rows: pa.Table) -> Ints:
        """Return the places of the rows' loans."""
        found: Ints = pc.index_in(rows["loan_id"], value_set=self.loans["loan_id"].combine_chunks()).to_numpy().astype(np.int64)
        return found

    def _edges(self, rows: pa.Table) -> tuple[pairing.Edges, pa.Table, Ints]:
        """Return the pairs of rows, their transfers (each once, by day and id), and the transfers' amounts."""
        code = rows["transfer_id"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
        first = np.unique(code, return_index=True)[1]
        moves = rows.take(pa.array(first))
        order = pc.sort_indices(moves, [("paid_on", "ascending"), ("transfer_id", "ascending")]).to_numpy()
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        moves = moves.take(pa.array(order))
        edges = pairing.Edges(self._places(rows), place[code], rows["days_apart"].to_numpy().astype(np.int64))
        return edges, moves, fen(moves["amount_yuan"])

    def _count(self, edges: pairing.Edges) -> None:
        places, counts = np.unique(edges.claim, return_counts=True)
        self.candidates[places] = counts

    def _take(self, how: str, edges: pairing.Edges, moves: pa.Table, moved: Ints, off: Ints) -> None:
        chosen = edges.of(pairing.one_to_one(edges, off))
        self.fen[chosen.claim] = moved[chosen.move]
        self.how[chosen.claim] = HOWS.index(how)
        self._link(chosen.claim, moves.take(pa.array(chosen.move)))

    def _bundle(self, bundle: pairing.Bundle, moved: Ints) -> None:
        """Take what adds up: each loan of a batch got what it was due, the last what is left: the sum is what was paid."""
        claims, total = list(bundle.claims), int(moved[list(bundle.moves)].sum())
        off = [abs(total - int(due[claims].sum())) for due in (self.whole, self.net)]
        due = (self.whole if off[0] <= off[1] else self.net)[claims]
        due[-1] += total - due.sum()
        self.fen[claims] = due
        self.how[claims] = HOWS.index("split" if len(claims) == 1 else "batch")
        self.candidates[claims] = np.where(self.candidates[claims] > 0, self.candidates[claims], len(bundle.moves))

    def _link(self, claim: Ints, moves: pa.Table) -> None:
        self.links.append(moves.select(["transfer_id", "paid_on"]).append_column("claim", pa.array(claim, pa.int64())))

    def _linked(self) -> tuple[pa.Array, npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]]:
        """Return the transfers of each loan in the order in which they were found, and their first and last days."""
        n = len(self.loans)
        links = pa.concat_tables(self.links) if self.links else pa.table({"transfer_id": [], "paid_on": [], "claim": []})
        claim = links["claim"].to_numpy().astype(np.int64)
        order = np.argsort(claim, kind="stable")
        ids = links["transfer_id"].combine_chunks().cast(pa.string()).take(pa.array(order))
        ends = np.cumsum(np.bincount(claim, minlength=n))
        lists = pa.ListArray.from_arrays(pa.array(np.append(0, ends), pa.int32()), ids)
        first = np.full(n, np.datetime64("NaT"), "datetime64[D]")
        last = first.copy()
        some = np.unique(claim)
        if len(some):
            day = _days(links["paid_on"])[order]
            starts = np.append(0, ends)[some]
            first[some], last[some] = np.minimum.reduceat(day, starts), np.maximum.reduceat(day, starts)
        return lists, first, last

    def _outcomes(self, stated: Flags, off: Ints) -> Ints:
        """Return places in _OUTCOMES."""
        covered = self.loans["covered"].to_numpy().astype(np.bool_)
        agrees = np.minimum(np.abs(off), np.abs(self.fen - self.net)) <= self.tolerance
        nothing = np.where(self.crowded, 2, np.where(covered, 1, 0))
        found: Ints = np.where(stated, np.where(self.how > 0, np.where(agrees, 4, 3), nothing), 0)
        return found


def _days(column: pa.ChunkedArray) -> npt.NDArray[np.datetime64]:
    made: npt.NDArray[np.datetime64] = column.to_numpy().astype("datetime64[D]")
    return made


def _where(known: Flags, values: pa.Array) -> pa.Array:
    """Return values that are null where nothing is known."""
    return pc.if_else(pa.array(known), values, pa.scalar(None, values.type))
