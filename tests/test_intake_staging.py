"""Batches: put in as they are typed, or typed apart first; whole, or some rows at a time: the Store is the same."""

from decimal import Decimal
from pathlib import Path

import pytest

from lib.intake import loading
from tests.deliveries import Delivery

HEAD = "flow_id,account_id,at,direction,amount_yuan,balance_yuan\n"
GOOD = "".join(f"F{i},6222,2018-01-{i:02} 08:00:00,{'in' if i % 3 else 'out'},{i}.00,{i}0.005\n" for i in range(1, 29))
FILES = {
    "good": HEAD + GOOD,  # every balance is rounded by half a fen
    "negative": HEAD + GOOD.replace("F", "N").replace(",5.00,", ",-5.00,"),
    "no_amount": HEAD + GOOD.replace("F", "E").replace(",5.00,", ",,"),
    "no_number": HEAD + GOOD.replace("F", "X").replace(",5.00,", ",1.2.3,").replace(",7.00,", ",x,"),
}
ASKED = (
    "select * from flows order by flow_id",
    "select * from control_totals order by all",
    "select source_id, line, reason from quarantine order by all",
    "select name, rows_read, rows_accepted, rows_quarantined from sources order by name",
)


def brought(folder: Path, files: dict[str, str]) -> list[list[dict[str, object]]]:
    made = Delivery(folder).write(**files)
    made.bring()
    return [made.rows(query) for query in ASKED]


@pytest.mark.parametrize(
    ("names", "at_once"),
    [(["good"], 1 << 17), (["negative"], 5), (["no_amount"], 5), (["no_number"], 1 << 17), ([*FILES], 5)],
)
def test_rows_put_in_as_they_are_typed_give_the_store_that_rows_typed_apart_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], at_once: int
) -> None:
    files = {name: FILES[name] for name in names}
    slow = brought(tmp_path / "slow", files)
    monkeypatch.setattr(loading, "MANY_ROWS", 1)
    monkeypatch.setattr(loading, "_FAULTY_ROWS", at_once)
    assert brought(tmp_path / "fast", files) == slow
    apart = {"good": 0, "negative": 1, "no_amount": 1, "no_number": 2}
    assert [row["rows_quarantined"] for row in slow[3]] == [apart[name] for name in sorted(names)]


def test_rounding_is_stated_for_rows_put_in_as_they_are_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MANY_ROWS", 1)
    _, totals, *_ = brought(tmp_path, {"good": FILES["good"]})
    # balances i0.005: half-even rounds each down to i0.00
    (balance,) = (row for row in totals if row["column_name"] == "balance_yuan")
    assert (balance["stored_total"], balance["rounding"]) == (10 * 28 * 29 // 2, Decimal("0.005") * 28)
