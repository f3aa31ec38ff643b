"""flows.traced_balances: how much traced money lay in each account at each time."""

from decimal import Decimal

import pandas as pd
import pytest

from lib import flows, open_case
from lib.errors import BadParameter
from lib.money.backward import MIRRORED
from lib.money.walking import METHODS
from tests.conftest import write_store
from tests.money_cases import move

# P holds 100 of its own, gets 300 that are traced, pays 200 to Q and 250 to nobody stated; Q pays 50 back.
ROWS = [
    move("C", None, "P", 100, 0),
    move("T", "A", "P", 300, 1),
    move("W", "P", "Q", 200, 2),
    move("B", "Q", "P", 50, 3),
    move("X", "P", None, 250, 4),
    move("L", "A", "P", 40, 5),
]


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    rows = [{**row, "file_order": i} for i, row in enumerate(ROWS)]
    return open_case(None, "2018-09-30", write_store(tmp_path_factory.mktemp("standing") / "store.duckdb", {"transfers": rows}))


def lines(found, account):
    rows = found[found["account"].isna()] if account is None else found[found["account"] == account]
    columns = ["transfer_id", "change_yuan", "traced_yuan", "balance_yuan"]
    return [tuple(None if pd.isna(v) else v for v in row) for row in rows[columns].itertuples(index=False, name=None)]


def test_each_account_has_a_line_per_transfer_of_the_trail(case):
    found = flows.traced_balances(case, flows.trace(case, transfers=["T"]))
    # 200 of 400 carry 150; 50 of Q's 200 bring 37.50 back; all 250 go
    assert lines(found, "P") == [
        ("T", 300, 300, 400),
        ("W", -150, 150, 200),
        ("B", Decimal("37.50"), Decimal("187.50"), 250),
        ("X", Decimal("-187.50"), 0, 0),
    ]
    assert lines(found, "Q") == [("W", 150, 150, 200), ("B", Decimal("-37.50"), Decimal("112.50"), 150)]
    assert lines(found, None) == [("X", Decimal("187.50"), Decimal("187.50"), None)]
    assert set(found["account"].dropna()) == {"P", "Q"}


def test_backward_it_is_what_was_still_to_go(case):
    found = flows.traced_balances(case, flows.trace(case, transfers=["X"], direction="backward", method="fifo"))
    # of X's 250, 200 lay in P (the last 200 of T) and 50 came back from Q, the first 50 of W: C's
    assert lines(found, "P") == [
        ("C", 50, 50, 100),
        ("T", 200, 250, 400),
        ("W", -50, 200, 200),
        ("B", 50, 250, 250),
        ("X", -250, 0, 0),
    ]
    assert lines(found, "Q") == [("W", 50, 50, 200), ("B", -50, 0, 150)]
    # nobody stated paid C; A was not known to hold what it paid
    assert lines(found, None) == [("C", -50, 200, None), ("T", -200, 0, None)]


SETTINGS = [
    *({"method": m, "by": by, "hops": hops} for m in METHODS for by in (None, "source") for hops in (None, 1)),
    *({"method": m, "by": by, "direction": "backward"} for m in MIRRORED for by in (None, "source")),
]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_last_line_is_what_rests_and_no_line_is_negative(case, setting):
    trail = flows.trace(case, transfers=["T", "X"] if "direction" in setting else ["T", "L"], **setting)
    found = flows.traced_balances(case, trail)
    assert (found["traced_yuan"] >= 0).all()
    keys = ["source_transfer", "account"] if setting["by"] else ["account"]
    rest = flows.at_rest(trail)
    expected = {k: v for k, v in rest.groupby(keys, dropna=False)["traced_yuan"].sum().items() if v}
    if "direction" in setting:  # there it is where the money was at first
        first = found.groupby(keys, dropna=False).first()
        ours = first["traced_yuan"] - first["change_yuan"]
        assert (found.groupby(keys, dropna=False)["traced_yuan"].last() == 0).all()
    else:
        ours = found.groupby(keys, dropna=False)["traced_yuan"].last()
    assert {str(k): v for k, v in ours.items() if v} == {str(k): v for k, v in expected.items()}


def test_a_trail_of_another_store_or_no_trail_is_refused(case):
    trail = flows.trace(case, transfers=["T"])
    with pytest.raises(BadParameter, match="Z9"):
        flows.traced_balances(case, trail.assign(transfer_id="Z9"))
    with pytest.raises(BadParameter, match="hop"):
        flows.traced_balances(case, trail.drop(columns=["hop"]))


def test_an_empty_trail_has_no_lines(case):
    assert not len(flows.traced_balances(case, flows.trace(case, transfers=["T"]).head(0)))
