"""One set of files gives one Store, in whatever order they are imported: also where their rows contradict one another."""

import hashlib
import shutil
from collections.abc import Iterable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.curate import import_delivery
from lib.errors import DataGap
from lib.schema import schema
from lib.store import Store, open_store
from tests.deliveries import FLOWS, LOANS, Delivery
from tests.trials import trials

# What tells of the imports and not of the files: their order, what sorts by it, and what files were called in a delivery.
OF_THE_IMPORT = {"sources": ("seq", "name", "delivery", "path"), "transfers": ("file_order",)}


def contents(store: Store) -> dict[str, list[str]]:
    """Return the rows of every table, sorted; of a reason only what it is, for it may name any of the rows of one record."""
    found = {}
    for name in schema():
        rows: list[dict[str, Any]] = store.arrow(f"select * from store.{name}").to_pylist()
        for row in rows:
            for column in OF_THE_IMPORT.get(name, ()):
                del row[column]
            if name == "quarantine":
                row["reason"] = "矛盾" in row["reason"]
        found[name] = sorted(str(row) for row in rows)
    return found


def imported(folder: Path, raw: Path, *batches: Iterable[str]) -> dict[str, list[str]]:
    """Import folders of files in batches into a Store, and return its contents."""
    folder.mkdir(exist_ok=True)
    for batch in batches:
        import_delivery([raw / name for name in batch], folder / "store.duckdb", jobs=1)
    return contents(open_store(folder / "store.duckdb"))


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


LOANS_FILLED = "loan_id,borrower_id,principal_yuan,purpose\n"

# Loans that contradict each other all three (E), of which the third agrees with one of two (C), or that fill one another (F);
# statements without ids that overlap, so that one booking is named after any of them.
THREE = {
    "a__loans": LOANS_FILLED + "E1,P1,5,\nE2,P2,7,\nC1,P1,5,\nC2,P1,5,\nC3,,5,装修\nF1,P1,5,\nF2,P1,6,\n",
    "b__loans": LOANS_FILLED + "E2,P2,8,\nE1,P1,5,\nC1,P2,5,买车\nC2,,5,装修\nC3,P1,5,\nF1,,5,买车\nF2,P9,6,\n",
    "c__loans": LOANS_FILLED + "E2,P2,9,\nE3,P3,1,\nC1,,5,装修\nC2,P2,5,买车\nC3,P2,5,买车\nF1,P9,5,买车\nF2,,6,装修\n",
    "a__flows": FLOWS + "A,2018-01-01,收,5,\n" + "A,2018-01-02,付,1,\n" * 2,
    "b__flows": FLOWS + "A,2018-01-02,付,1,\n" * 3,
    "c__flows": FLOWS + "A,2018-01-01,收,5,\n" + "A,2018-01-02,付,1,\n",
}


def test_every_order_of_imports_gives_the_same_rows_and_the_same_version(made: Delivery) -> None:
    made.write(**THREE)
    at_once = imported(made.folder / "at_once", made.raw, "abc")
    assert len(at_once["quarantine"]) >= 4  # of E2 two, of C1, C2 and C3 one at least; each is counted in its source
    assert [len(at_once[table]) for table in ("loans", "flows")] == [8, 4]
    for place, order in enumerate(permutations("abc")):
        folder = made.folder / "".join(order)
        if place % 2:  # begins like the one before
            shutil.copytree(made.folder / "begun", folder)
        else:
            imported(folder, made.raw, order[0])
            shutil.rmtree(made.folder / "begun", ignore_errors=True)
            shutil.copytree(folder, made.folder / "begun")
        assert imported(folder, made.raw, *order[1:]) == at_once, order


ROW = st.tuples(
    st.sampled_from("12"), st.sampled_from(["", "P", "Q"]), st.sampled_from("56"), st.sampled_from(["", "买车", "装修"])
)


@pytest.mark.long
@given(st.lists(st.lists(ROW, min_size=1, max_size=3), min_size=3, max_size=3), st.integers(0, 5), st.booleans())
@settings(max_examples=trials(40))
def test_whatever_three_files_say_the_order_of_imports_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[str, ...]]], nth: int, in_two: bool
) -> None:
    made = Delivery(tmp_path_factory.mktemp("d"))
    for name, rows in zip("abc", files, strict=True):
        made.write(**{f"{name}__loans": LOANS_FILLED + "".join(",".join(row) + "\n" for row in rows)})
    order = [*permutations("abc")][nth]
    batches = [order[:2], order[2:]] if in_two else order
    assert imported(made.folder / "one", made.raw, *batches) == imported(made.folder / "two", made.raw, "abc")


def contradicting(made: Delivery) -> tuple[str, str]:
    """Write two files that contradict each other, and return the name of the one whose hash is lower and of the other."""
    texts = {"x": LOANS + "L1,P1,5\n", "y": LOANS + "L1,P1,6\nL2,P2,1\n"}
    made.write(**{f"{name}__loans": text for name, text in texts.items()})
    low, high = sorted(texts, key=lambda name: hashlib.sha256(texts[name].encode()).hexdigest())
    return low, high


def test_the_row_of_the_lower_hash_wins_and_the_other_is_set_apart_though_it_was_imported_first(made: Delivery) -> None:
    low, high = contradicting(made)
    made.bring(made.raw / high)
    assert made.column("select count(*) from quarantine") == [0]
    found = made.bring(made.raw / low)
    assert list(found["state"]) == ["imported"]
    winner = made.column("select delivery from sources join loans using (source_id) where loan_id = 'L1'")
    loser = made.column("select delivery from sources join quarantine using (source_id)")
    assert (winner, loser) == ([low], [high])
    assert next(iter(made.reasons().values())).startswith("与 loans.csv 第 2 行矛盾: 借款合同 L1 的借款本金(元)此处为 ")
    # The books of the first file are as if both had come at once: a row less.
    assert made.column(f"select rows_read - rows_accepted from sources where delivery = '{high}'") == [1]


def test_a_file_that_has_to_be_read_again_and_is_gone_or_changed_leaves_the_store_as_it_was(made: Delivery) -> None:
    low, high = contradicting(made)
    made.bring(made.raw / high)
    before = made.store_path.read_bytes()
    moved = made.raw / high / "loans.csv"
    content = moved.read_bytes()
    for change in (moved.unlink, lambda: moved.write_bytes(content + b"L7,P7,7\n")):
        change()
        with pytest.raises(DataGap, match="不在原处或被改动过") as caught:
            made.bring(made.raw / low)
        assert f"{high}/loans.csv" in str(caught.value)
        assert made.store_path.read_bytes() == before
    moved.write_bytes(content)
    made.bring(made.raw / low)
    assert made.column("select delivery from sources order by seq") == [high, low]
