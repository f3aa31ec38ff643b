"""Lines of statements become movements of money: one line, or the two that show the same one; reversals are paired."""

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.intake.profiles import codes
from lib.money import reversals
from lib.money import transfers as transfers_of
from lib.store import open_store
from tests.conftest import write_store
from tests.deliveries import Delivery
from tests.money_cases import at, line, move
from tests.trials import trials

HEAD = "flow_id,account_id,at,direction,amount_yuan,counterparty_account,bank_ref,kind,loan_id,memo\n"


@pytest.fixture
def made(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


def rows_of(lines: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return statement lines as the rows of `flows` that an import makes of them."""
    rows = []
    for place, row in enumerate(csv.DictReader([HEAD, *lines]), start=2):
        words = {c: codes()[f"flows.{c}"][row[c]] for c in ("direction", "kind") if row[c]}
        rows.append({**{c: text or None for c, text in row.items()}, **words, "source_id": "S", "line": place})
        rows[-1]["day_only"] = ":" not in row["at"]
    return rows


def transfers(made: Delivery, *lines: str) -> list[tuple[Any, ...]]:
    if made.raw.exists():  # with other files beside it
        made.write(flows=HEAD + "".join(f"{line}\n" for line in lines)).bring()
    else:
        rows = {"flows": rows_of(lines), "sources": [{"source_id": "S", "seq": 1}]}
        write_store(made.store_path, rows, transfers_of.make, reversals.pair)
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
        "file_order": (1 << 40) + 2,  # the first source, its second line
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


def pairs(made: Delivery, *lines: str) -> set[tuple[str, ...]]:
    return {tuple(found[1]) for found in transfers(made, *lines)}


def test_equal_references_tell_two_payments_of_one_amount_and_day_apart_whoever_is_named(made: Delivery) -> None:
    # By account alone, O1 took I2, the only one that names A; O2 and I1 stayed single: three transfers of two.
    out = ["O1,A,2018-01-01,付,5,B,R1,,,", "O2,A,2018-01-01,付,5,,R2,,,"]
    into = ["I1,B,2018-01-01,收,5,,R1,,,", "I2,B,2018-01-01,收,5,A,R2,,,"]
    assert pairs(made, *out, *into) == {("O1", "I1"), ("O2", "I2")}


def test_equal_references_come_before_the_order_of_time(made: Delivery) -> None:
    out = ["O1,A,2018-01-01 09:00:00,付,5,B,R1,,,", "O2,A,2018-01-01 10:00:00,付,5,B,R2,,,"]
    into = ["I2,B,2018-01-01 09:00:05,收,5,A,R2,,,", "I1,B,2018-01-01 10:00:05,收,5,A,R1,,,"]
    assert pairs(made, *out, *into) == {("O1", "I1"), ("O2", "I2")}


def test_a_pair_by_reference_is_out_of_the_pool_and_the_rest_is_paired_by_account(made: Delivery) -> None:
    out = ["O1,A,2018-01-01 09:00:00,付,5,B,R1,,,", "O2,A,2018-01-01 10:00:00,付,5,B,R2,,,"]
    into = ["I1,B,2018-01-01 09:00:05,收,5,A,X9,,,", "I2,B,2018-01-01 10:00:05,收,5,A,R1,,,"]
    assert pairs(made, *out, *into) == {("O1", "I2"), ("O2", "I1")}


def test_one_reference_for_a_whole_payroll_goes_to_each_by_account(made: Delivery) -> None:
    out = [f"O{to},A,2018-01-01 09:00:00,付,5,{to},R1,,," for to in "BCD"]
    into = [f"I{to},{to},2018-01-01 09:00:01,收,5,,R1,,," for to in "DCB"]
    assert pairs(made, *out, *into) == {("OB", "IB"), ("OC", "IC"), ("OD", "ID")}


def test_of_lines_with_one_reference_those_that_name_each_other_go_together(made: Delivery) -> None:
    lines = ["O1,A,2018-01-01,付,5,,R1,,,", "O2,A,2018-01-01,付,5,B,R1,,,"]
    assert pairs(made, *lines, "I,B,2018-01-01,收,5,A,R1,,,") == {("O1",), ("O2", "I")}


@pytest.mark.parametrize(("reference", "together"), [("R1", True), ("1", True), ("0000", False), ("--", False), ("无", False)])
def test_a_reference_without_a_number_is_none(made: Delivery, reference: str, together: bool) -> None:
    found = transfers(made, f"O,A,2018-01-01,付,5,B,{reference},,,", f"I,B,2018-01-01,收,5,,{reference},,,")
    assert (len(found) == 1) is together


def test_a_statement_that_comes_later_joins_the_transfer_that_was_half_known(made: Delivery) -> None:
    made.write(a__flows=HEAD + "O,A,2018-01-01,付,5,B,,,,\n", b__flows=HEAD + "I,B,2018-01-01,收,5,A,,,,\n")
    made.bring(made.raw / "a")
    assert made.column("select flow_ids from transfers") == [["O"]]
    made.bring(made.raw / "b")
    assert made.column("select flow_ids from transfers") == [["O", "I"]]


def test_a_side_that_masks_the_other_account_is_paired_by_the_banks_reference_and_the_whole_account_is_kept(
    made: Delivery,
) -> None:
    lines = ["O,A,2018-01-01,付,5,0099****1234,R1,,,", "I,0099551234,2018-01-01,收,5,A,R1,,,"]
    assert transfers(made, *lines) == [("O", ["O", "I"], "A", "0099551234")]


def test_both_sides_may_mask_each_other(made: Delivery) -> None:
    lines = ["O,6222110000,2018-01-01,付,5,****1234,R1,,,", "I,0099551234,2018-01-01,收,5,6222**0000,R1,,,"]
    assert transfers(made, *lines) == [("O", ["O", "I"], "6222110000", "0099551234")]


@pytest.mark.parametrize(
    ("written", "account", "reference"),
    [
        ("0099****1234", "0099551235", "R1"),  # another end
        ("0099****1234", "0098551234", "R1"),  # another beginning
        ("0099****1234", "0091234", "R1"),  # too short to hold both
        ("0099****1234", "0099551234", "R2"),  # another reference
        ("00_9****1234", "0099551234", "R1"),  # what is written is meant
        ("00%****1234", "0099551234", "R1"),
    ],
)
def test_a_masked_account_stands_for_no_other(made: Delivery, written: str, account: str, reference: str) -> None:
    lines = [f"O,A,2018-01-01,付,5,{written},R1,,,", f"I,{account},2018-01-01,收,5,A,{reference},,,"]
    assert [(r[2], r[3]) for r in transfers(made, *lines)] == [("A", written), ("A", account)]


# The other bank writes stars, and this one names the account in full; no reference is needed if nobody else fits.
STARRED = "I,0099551234,2018-01-01 09:00:00,收,5,6222****0000,R1,,,"
PLAIN = "O,6222110000,2018-01-01 09:00:00,付,5,0099551234,,,,"


def masked(made: Delivery, *lines: str, accounts: tuple[str, ...] = ()) -> list[list[str]]:
    """Return the lines of each transfer, of statements and of accounts (account_id,holder_id,bank,holder_name)."""
    made.write(accounts="account_id,holder_id,bank,holder_name\n" + "".join(f"{line}\n" for line in accounts))
    return [list(found[1]) for found in transfers(made, *lines)]


@pytest.mark.parametrize("place", ["column", "memo"])
def test_an_account_in_full_on_one_side_and_in_stars_on_the_other_needs_no_reference(made: Delivery, place: str) -> None:
    starred = STARRED if place == "column" else "I,0099551234,2018-01-01 09:00:00,收,5,,R1,,,往来款 对方账号 6222****0000"
    assert transfers(made, PLAIN, starred) == [("O", ["O", "I"], "6222110000", "0099551234")]


def test_the_paying_side_may_be_the_one_that_writes_stars(made: Delivery) -> None:
    lines = ["O,6222110000,2018-01-01,付,5,0099****1234,,,,", "I,0099551234,2018-01-01,收,5,6222110000,R1,,,"]
    assert transfers(made, *lines) == [("O", ["O", "I"], "6222110000", "0099551234")]


@pytest.mark.parametrize(
    "other",
    [
        "I,0099551234,2018-01-02,收,5,6222****0000,,,,",  # another day
        "I,0099551234,2018-01-01,收,5.01,6222****0000,,,,",  # another amount
        "I,0099551234,2018-01-01,付,5,6222****0000,,,,",  # the other way
        "I,0099551235,2018-01-01,收,5,6222****0000,,,,",  # another account
        "I,0099551234,2018-01-01,收,5,6222****0001,,,,",  # another end
        "I,0099551234,2018-01-01,收,5,6223****0000,,,,",  # another beginning
        "I,0099551234,2018-01-01,收,5,6222110****,,,,",  # the end is hidden
        "I,0099551234,2018-01-01,收,5,*******000,,,,",  # three characters are too few
        "I,0099551234,2018-01-01,收,5,**********,,,,",  # nothing is shown
        "I,0099551234,2018-01-01,收,5,,,,,对方账号 **********",
    ],
)
def test_stars_that_do_not_fit_or_show_too_little_pair_nothing(made: Delivery, other: str) -> None:
    assert masked(made, PLAIN, other) == [["O"], ["I"]]


def test_two_sides_that_both_write_stars_need_a_reference(made: Delivery) -> None:
    assert masked(made, "O,6222110000,2018-01-01,付,5,0099****1234,,,,", STARRED) == [["O"], ["I"]]


@pytest.mark.parametrize(
    ("banks", "expected"),
    [(("甲行", "乙行"), [["O", "I"]]), (("甲行", "甲行"), [["O"], ["I"]]), (("甲行", ""), [["O"], ["I"]])],
)
def test_references_that_differ_are_two_banks_own_or_two_payments(
    made: Delivery, banks: tuple[str, str], expected: list[list[str]]
) -> None:
    accounts = (f"6222110000,p,{banks[0]},", f"0099551234,q,{banks[1]},")
    assert masked(made, PLAIN.replace("0099551234,", "0099551234,R2"), STARRED, accounts=accounts) == expected


@pytest.mark.parametrize(
    ("holder", "named", "expected"),
    [
        ("河南甲商贸有限公司", "河南甲商贸有限公司", [["O", "I"]]),
        ("河南甲商贸(集团)有限公司", "河南甲商贸（集团） 有限公司", [["O", "I"]]),
        ("河南甲商贸有限公司", "甲商贸", [["O", "I"]]),
        ("河南甲商贸有限公司", "河南**有限公司", [["O", "I"]]),
        ("", "河南乙商贸有限公司", [["O", "I"]]),
        ("河南甲商贸有限公司", "河南乙商贸有限公司", [["O"], ["I"]]),
    ],
)
def test_another_holders_name_gainsays_the_stars(made: Delivery, holder: str, named: str, expected: list[list[str]]) -> None:
    made.write(accounts=f"account_id,holder_id,holder_name\n6222110000,p,{holder}\n")
    head = HEAD.replace("bank_ref", "counterparty_name,bank_ref")
    lines = [PLAIN.replace(",0099551234,", ",0099551234,,"), f"I,0099551234,2018-01-01,收,5,6222****0000,{named},,,,"]
    made.write(flows=head + "".join(f"{line}\n" for line in lines)).bring()
    assert made.column("select flow_ids from transfers order by file_order") == expected


def test_equal_amounts_between_the_same_two_are_paired_in_order_if_there_are_as_many_on_both_sides(made: Delivery) -> None:
    out = [PLAIN.replace("O,", f"O{h},", 1).replace("09:00", f"{h:02}:00") for h in (8, 9)]
    into = [STARRED.replace("I,", f"I{h},", 1).replace("09:00", f"{h:02}:01") for h in (9, 8)]
    assert masked(made, *out, *into) == [["O8", "I8"], ["O9", "I9"]]


def test_one_line_in_for_two_lines_out_is_paired_with_neither(made: Delivery) -> None:
    assert masked(made, PLAIN, PLAIN.replace("O,", "P,", 1), STARRED) == [["O"], ["P"], ["I"]]


def test_stars_that_two_payers_fit_are_paired_with_neither(made: Delivery) -> None:
    also = PLAIN.replace("O,6222110000", "P,6222990000")
    assert masked(made, PLAIN, also, STARRED) == [["O"], ["P"], ["I"]]


def test_a_reference_does_not_pair_an_account_that_the_memo_masks_with_another_one(made: Delivery) -> None:
    lines = ["O,A,2018-01-01,付,5,,R1,,,对方账号 0099****1234", "I,0099551235,2018-01-01,收,5,A,R1,,,"]
    assert masked(made, *lines) == [["O"], ["I"]]


def undone(made: Delivery, *lines: str) -> dict[str, str]:
    """Return what each reversal undoes."""
    transfers(made, *lines)
    rows = made.rows("select transfer_id, reversal_of from transfers where reversal_of is not null")
    return {row["transfer_id"]: row["reversal_of"] for row in rows}


PAID = "O,A,2018-01-01 09:00:00,付,5,B,,,,货款"


@pytest.mark.parametrize("memo", ["冲正", "账号户名不符退汇", "抹账处理", "交易撤销", "退回"])
def test_a_transfer_whose_memo_says_so_undoes_the_one_before(made: Delivery, memo: str) -> None:
    assert undone(made, PAID, f"R,A,2018-01-02 10:00:00,收,5,B,,,,{memo}") == {"R": "O"}


def test_a_refund_by_its_kind_undoes_the_one_before(made: Delivery) -> None:
    assert undone(made, PAID, "R,A,2018-01-02 10:00:00,收,5,B,,退款,,") == {"R": "O"}


def test_the_word_may_stand_in_the_line_of_either_bank(made: Delivery) -> None:
    both = ["X,B,2018-01-02 10:00:00,付,5,A,,,,汇出", "Y,A,2018-01-02 10:00:05,收,5,B,,,,冲正"]
    assert undone(made, PAID, *both) == {"X": "O"}


@pytest.mark.parametrize(
    "other",
    [
        "R,A,2018-01-02,收,5,B,,,,往来款",  # an amount alone says nothing
        "R,A,2018-01-02,收,5.01,B,,,,冲正",  # another amount
        "R,A,2018-01-02,收,5,C,,,,冲正",  # from another account
        "R,A,2018-01-02,付,5,B,,,,冲正",  # the same way
        "R,A,2017-12-31,收,5,B,,,,冲正",  # before
        "R,A,2018-01-05,收,5,B,,,,冲正",  # the fourth day
        "R,A,2018-01-02,收,5,B,,,,退汇重发",  # paid once more
        "R,A,2018-01-02,收,5,B,,,,保证金不予退回",
    ],
)
def test_what_need_not_be_a_reversal_is_none(made: Delivery, other: str) -> None:
    assert undone(made, PAID, other) == {}


def test_three_days_are_still_near(made: Delivery) -> None:
    assert undone(made, PAID, "R,A,2018-01-04 23:00:00,收,5,B,,,,冲正") == {"R": "O"}


def test_on_one_day_without_times_the_word_says_which_came_later(made: Delivery) -> None:
    assert undone(made, "R,A,2018-01-01,收,5,B,,,,冲正", "O,A,2018-01-01,付,5,B,,,,货款") == {"R": "O"}


def test_reversals_are_paired_one_to_one_the_nearest_first(made: Delivery) -> None:
    out = [f"O{h},A,2018-01-01 0{h}:00:00,付,5,B,,,," for h in (1, 2, 7)]
    back = [f"R{h},A,2018-01-01 0{h}:00:00,收,5,B,,,,冲正" for h in (3, 4, 5)]
    assert undone(made, *out, *back) == {"R3": "O2", "R4": "O1"}


def test_a_payment_that_is_sent_again_undoes_nothing_and_may_be_undone_itself(made: Delivery) -> None:
    lines = [
        PAID,
        "R1,A,2018-01-01 10:00:00,收,5,B,,,,户名不符退汇",
        "S,A,2018-01-01 11:00:00,付,5,B,,,,退汇重发",
        "R2,A,2018-01-01 12:00:00,收,5,B,,,,户名不符退汇",
    ]
    assert undone(made, *lines) == {"R1": "O", "R2": "S"}


def test_a_receipt_can_be_undone_as_well(made: Delivery) -> None:
    assert undone(made, "O,A,2018-01-01,收,5,B,,,,货款", "R,A,2018-01-02,付,5,B,,,,错账冲正") == {"R": "O"}


@pytest.mark.parametrize(
    ("paid", "back"),
    [("", ""), ("B", ""), ("", "B"), ("0099****1234", "0099551234"), ("0099551234", "0099****1234")],
)
def test_an_account_that_one_side_does_not_state_may_be_the_others(made: Delivery, paid: str, back: str) -> None:
    lines = [f"O,A,2018-01-01,付,5,{paid},,,,", f"R,A,2018-01-02,收,5,{back},,,,冲正"]
    assert undone(made, *lines) == {"R": "O"}
    lines += [f"P,A,2018-02-01,收,5,{paid},,,,", f"Q,A,2018-02-02,付,5,{back},,,,冲正"]
    assert undone(made, *lines) == {"R": "O", "Q": "P"}


def test_a_reversal_goes_to_the_account_that_it_states_before_one_that_is_unknown(made: Delivery) -> None:
    lines = ["O1,A,2018-01-01 08:00:00,付,5,B,,,,", "O2,A,2018-01-01 09:00:00,付,5,,,,,"]
    assert undone(made, *lines, "R,A,2018-01-01 10:00:00,收,5,B,,,,冲正") == {"R": "O1"}


def test_a_line_booked_negative_moves_money_the_other_way_and_can_undo(tmp_path: Path) -> None:
    red = line("R", "A", -7, 100, 60, memo="冲正", source_id="S", line=2)
    red["amount_yuan"] = -red["amount_yuan"]  # out, minus 7: the seven are back
    rows = [line("O", "A", -7, 93, 0, source_id="S", line=1), red]
    tables = {"flows": rows, "sources": [{"source_id": "S", "seq": 1}]}
    path = write_store(tmp_path / "s.duckdb", tables, transfers_of.make, reversals.pair)
    query = (
        "select payer_account as p, payee_account as q, amount_yuan as y, reversal_of as r from transfers order by file_order"
    )
    assert [tuple(row.values()) for row in open_store(path).arrow(query).to_pylist()] == [
        ("A", None, 7, None),
        (None, "A", 7, "O"),
    ]


def nearest_first(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Pair reversals and originals by brute force: of all pairs that fit, the nearest in time, then the next."""
    pairs = sorted(
        (back["at"] - out["at"], back["transfer_id"], out["transfer_id"])
        for out in rows
        for back in rows
        if out["kind"] is None
        and back["kind"] == "refund"
        and out["at"] < back["at"]
        and (out["payer_account"], out["payee_account"]) == (back["payee_account"], back["payer_account"])
        and (back["at"].date() - out["at"].date()).days <= 3
    )
    found: dict[str, str] = {}
    for _, back_id, out_id in pairs:
        if back_id not in found and out_id not in found.values():
            found[back_id] = out_id
    return found


STEPS = st.lists(st.tuples(st.integers(1, 60 * 24), st.booleans(), st.booleans()), min_size=1, max_size=14)


@settings(max_examples=trials(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.randoms())
def test_in_any_order_of_the_file_the_nearest_pairs_are_found(tmp_path: Path, steps: Any, random: Any) -> None:
    minutes, rows = 0, []
    for n, (wait, refund, forth) in enumerate(steps):
        minutes += 4 * wait
        more = {"kind": "refund" if refund else None, "flow_ids": [f"F{n}"]}
        rows.append(move(f"T{n}", *(("A", "B") if forth else ("B", "A")), 5, minutes, **more))
    random.shuffle(rows)
    rows = [{**row, "file_order": n} for n, row in enumerate(rows)]
    flows = [{"flow_id": row["flow_ids"][0], "kind": row["kind"], "at": at(0)} for row in rows]
    path = write_store(tmp_path / "s.duckdb", {"transfers": rows, "flows": flows}, reversals.pair)
    found = open_store(path).arrow("select transfer_id as t, reversal_of as o from transfers where reversal_of is not null")
    assert {row["t"]: row["o"] for row in found.to_pylist()} == nearest_first(rows)
