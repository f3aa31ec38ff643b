"""Lines of statements become movements of money: one line, or the two that show the same one."""

from pathlib import Path
from typing import Any

import pytest

from tests.deliveries import Delivery

HEAD = "flow_id,account_id,at,direction,amount_yuan,counterparty_account,bank_ref,kind,loan_id,memo\n"


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


def transfers(made: Delivery, *lines: str) -> list[tuple[Any, ...]]:
    made.write(flows=HEAD + "".join(f"{line}\n" for line in lines)).bring()
    rows = made.rows("select * from transfers order by file_order")
    return [(r["transfer_id"], r["flow_ids"], r["payer_account"], r["payee_account"]) for r in rows]


def test_a_line_out_is_paid_by_its_account_and_a_line_in_to_it(made: Delivery) -> None:
    assert transfers(made, "F1,A,2018-01-01,付,5,B,,,,", "F2,A,2018-01-01,收,6,C,,,,", "F3,A,2018-01-01,付,7,,,,,") == [
        ("F1", ["F1"], "A", "B"),
        ("F2", ["F2"], "C", "A"),
        ("F3", ["F3"], "A", None),
    ]


def test_two_lines_that_show_one_movement_are_one_transfer(made: Delivery) -> None:
    found = transfers(made, "I,B,2018-01-01 09:00:05,收,5,A,,,L1,到账", "O,A,2018-01-01 09:00:01,付,5,B,,还款,,汇出")
    assert found == [("O", ["O", "I"], "A", "B")]
    (row,) = made.rows('select cast("at" as text) as t, day_only, kind, loan_id, memo, file_order from transfers')
    # The payer's side first; what it does not say comes from the payee's. The pair stands where its first line does.
    assert row == {
        "t": "2018-01-01 09:00:01",
        "day_only": False,
        "kind": "repayment",
        "loan_id": "L1",
        "memo": "汇出",
        "file_order": 1,
    }


def test_a_known_time_is_better_than_a_day(made: Delivery) -> None:
    transfers(made, "O,A,2018-01-01,付,5,B,,,,", "I,B,2018-01-01 09:00:05,收,5,A,,,,")
    assert made.rows('select cast("at" as text) as t, day_only from transfers') == [
        {"t": "2018-01-01 09:00:05", "day_only": False}
    ]


def test_equal_amounts_on_one_day_are_paired_one_to_one_in_order_of_time(made: Delivery) -> None:
    out = [f"O{i},A,2018-01-01 09:00:0{i},付,5,B,,,," for i in (1, 2, 3)]
    into = [f"I{i},B,2018-01-01 09:00:1{i},收,5,A,,,," for i in (2, 1)]
    assert transfers(made, *out, *into) == [
        ("O1", ["O1", "I1"], "A", "B"),
        ("O2", ["O2", "I2"], "A", "B"),
        ("O3", ["O3"], "A", "B"),
    ]


@pytest.mark.parametrize(
    "other",
    [
        "I,B,2018-01-02,收,5,A,,,,",  # another day
        "I,B,2018-01-01,收,5.01,A,,,,",  # another amount
        "I,B,2018-01-01,收,5,C,,,,",  # from another account
        "I,B,2018-01-01,付,5,A,,,,",  # the other way
        "I,B,2018-01-01,收,5,,,,,",  # does not say from whom
    ],
)
def test_lines_that_need_not_be_the_same_movement_are_not_paired(made: Delivery, other: str) -> None:
    assert len(transfers(made, "O,A,2018-01-01,付,5,B,,,,", other)) == 2


def test_a_side_that_does_not_name_the_other_is_paired_by_the_banks_reference(made: Delivery) -> None:
    assert transfers(made, "O,A,2018-01-01,付,5,,R1,,,", "I,B,2018-01-01,收,5,,R1,,,", "J,C,2018-01-01,收,5,,R2,,,") == [
        ("O", ["O", "I"], "A", "B"),
        ("J", ["J"], None, "C"),
    ]


def test_a_reference_does_not_pair_lines_that_name_others(made: Delivery) -> None:
    assert len(transfers(made, "O,A,2018-01-01,付,5,X,R1,,,", "I,B,2018-01-01,收,5,,R1,,,")) == 2


def test_a_statement_that_comes_later_joins_the_transfer_that_was_half_known(made: Delivery) -> None:
    made.write(a__flows=HEAD + "O,A,2018-01-01,付,5,B,,,,\n", b__flows=HEAD + "I,B,2018-01-01,收,5,A,,,,\n")
    made.bring(made.raw / "a")
    assert made.column("select flow_ids from transfers") == [["O"]]
    made.bring(made.raw / "b")
    assert made.column("select flow_ids from transfers") == [["O", "I"]]
