"""What money is used for: read from names, memos, channels and kinds of transfers, and compared with a contract's purpose.

The words stand in rules/reference/use_words.csv with their basis. They lead to a look at the papers; they prove nothing.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from lib import paths
from lib.money.ledger import Ledger, code
from lib.store import Store

Ints = npt.NDArray[np.int64]
# By the number that kernels.ends knows a kind of transfer by (there: KINDS, REPAYMENT, THIS_LOAN, OTHER_LOAN).
KINDS = ("none", "cash", "securities", "property", "repayment", "repayment_this", "repayment_other", "fee")
FEE = KINDS.index("fee")
SPENT = ("securities", "property", "repayment_other", "related_party")  # uses that a stated purpose either names or not


@dataclass(frozen=True, eq=False)
class Marks:
    """What a Store says of uses: the kind of each account (by ledger number) and of each transfer, and the loan it names.

    `of_loan` numbers the loans by their place in `loans`, -1 where a transfer names none.
    """

    accounts: npt.NDArray[np.int8]
    transfers: npt.NDArray[np.int8]
    of_loan: Ints
    loans: pa.Array


def words() -> pa.Table:
    """Return the words by which uses are known: rank (their order), applies, category, word."""
    found = pa.csv.read_csv(paths.PACKAGE / "rules" / "reference" / "use_words.csv").select(["applies", "category", "word"])
    return found.append_column("rank", pa.array(range(1, found.num_rows + 1)))


def marks(store: Store, book: Ledger) -> Marks:
    """Return what is known of uses; worked out once per version."""
    key = ("money.marks", id(book))
    if key not in store.memo:
        store.derive("use_words", words())
        held, moved = store.run("marked_accounts"), store.run("marked_transfers")
        loans = pc.drop_null(pc.unique(book.table["loan_id"])).sort()
        by_account = _numbers(book.codes(held["account_id"]), held["category"], len(book.accounts))
        by_transfer = _numbers(book.positions(moved["transfer_id"].combine_chunks()), moved["category"], len(book.amount))
        store.memo[key] = Marks(by_account, by_transfer, code(book.table["loan_id"], loans), loans)
    made: Marks = store.memo[key]
    return made


def _numbers(places: Ints, categories: pa.ChunkedArray, count: int) -> npt.NDArray[np.int8]:
    made = np.zeros(count + 1, np.int8)  # the last takes what the ledger does not have
    made[places] = pc.index_in(categories, value_set=pa.array(KINDS)).to_numpy()
    return made[:-1]


def purposes(stated: list[str | None]) -> list[str | None]:
    """Say what each purpose, as a contract states it, is about: a category, `general`, `stated` (anything else) or null."""
    known = [(row["word"], row["category"]) for row in words().to_pylist() if row["applies"] == "purpose"]
    meant = {text: next((c for w, c in known if w in text), "stated") for text in {t for t in stated if t}}
    return [meant.get(text) if text else None for text in stated]


def against(purpose: str | None, category: str) -> str:
    """Compare a use with what the contract's purpose is about.

    Returns contradicts (a lead: the purpose names another use), agrees, not_judged (the purpose or the use is too general to
    tell), purpose_not_stated or unknown (what became of the money is not known).
    """
    if category == "unknown":
        return "unknown"
    if purpose is None:
        return "purpose_not_stated"
    if category not in SPENT or purpose == "general":
        return "not_judged"
    return "agrees" if purpose == category else "contradicts"
