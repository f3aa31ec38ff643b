"""PT-03: many pay in and one is paid, or the other way round. Every institution of one Store is a case of its own."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_store
from tests.rule_districts import District, one

Move = tuple[str | None, str | None, str, str]


def many(count: int, last_day: int = 10, into: bool = True, yuan: str = "100") -> list[Move]:
    """So many parties pay in (or are paid) 100 each, the first on day 1, the last on `last_day`."""
    days = [1] + [last_day] * (count - 1)
    moves: list[Move] = []
    for n, day in enumerate(days):
        sides = (f"P{n}", "K") if into else ("K", f"P{n}")
        moves.append((*sides, f"2018-03-{day:02d}T10:00", yuan))
    return moves


# institution → (payer, payee, time, yuan); K is the account looked at, P0… are parties, Z one more, None is not stated
MOVES: dict[str, list[Move]] = {
    "in": [*many(10), ("K", "Z", "2018-03-10T12:00", "700")],  # 700 of 1,000 in, and all that goes out
    "nine": [*many(9), ("K", "Z", "2018-03-10T12:00", "900")],
    "slow": [*many(10, 11), ("K", "Z", "2018-03-11T12:00", "700")],  # eleven days
    "less": [*many(10), ("K", "Z", "2018-03-10T12:00", "699.99")],
    "spread": [
        *many(10),
        ("K", "Z", "2018-03-10T12:00", "700"),
        ("K", "Y", "2018-03-10T12:00", "300.01"),
    ],  # 70 % missed by a bit
    "line": [*many(10), ("K", "Z", "2018-03-10T12:00", "700"), ("K", "Y", "2018-03-10T12:00", "300")],
    "before": [("K", "Z", "2018-03-01T09:00", "700"), *many(10)],
    "after": [*many(10), ("K", "Z", "2018-03-11T12:00", "700")],
    "out": [("Z", "K", "2018-03-01T09:00", "1000"), *many(10, into=False)],
    "out_late": [*many(10, into=False), ("Z", "K", "2018-03-10T12:00", "1000")],
    "out_little": [("Z", "K", "2018-03-01T09:00", "699.99"), *many(10, into=False)],
    "out_two": [("Z", "K", "2018-03-01T09:00", "690"), ("Y", "K", "2018-03-01T09:00", "310"), *many(10, into=False)],
    "nameless": [*many(9), (None, "K", "2018-03-05T10:00", "100"), ("K", "Z", "2018-03-10T12:00", "900")],
    "one_holder": [*many(10), ("K", "Z", "2018-03-10T12:00", "700")],  # two of the accounts are one party's
    "hub": [*many(10), ("K", "Z", "2018-03-10T12:00", "700")],
    "uncovered": [*many(10), ("K", "Z", "2018-03-10T12:00", "700")],
    "next": [*many(10), ("K", "Z", "2018-03-10T12:00", "700"), ("B", "K", "2018-01-01T10:00", "1")],  # paid by ten of the case
    "shop": [*many(10), ("K", "Z", "2018-03-10T12:00", "700"), ("B", "K", "2018-01-01T10:00", "1")],  # and by others
    "stranger": [*many(10), ("K", "Z", "2018-03-10T12:00", "700")],  # nothing to do with the case
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = District()
    for name, moves in MOVES.items():
        made.found(name)
        made.tables["accounts"].pop()  # but for its own account
        holder = {"next": "shell", "shop": "shell", "stranger": "shell"}.get(name, f"C-{name}")
        more: dict[str, Any] = {"purpose": "payment"} if name == "hub" else {}
        more |= {"statement_from": None, "statement_to": None} if name == "uncovered" else {}
        made.account(f"K-{name}", holder if holder != "shell" else f"shell-{name}", **more)
        made.loan(name, f"L-{name}", "A", "1000", "2018-01-01")
        made.tables["loans"][-1]["borrower_id"] = f"B-{name}"
        made.account(f"B-{name}", f"B-{name}")
        for n in range(10 if name == "next" else 0):
            made.loan(name, f"L{n}-{name}", "A", "1000", "2018-01-01")
            made.tables["loans"][-1]["borrower_id"] = f"P{n}-{name}"
        for n in range(10):
            made.account(f"P{n}-{name}", f"P{8 if name == 'one_holder' and n == 9 else n}-{name}")
        for payer, payee, at, yuan in moves:
            sides = [None if side is None else f"{side}-{name}" for side in (payer, payee)]
            made.pay(sides[0], sides[1], at, yuan)  # type: ignore[arg-type]
    return write_store(tmp_path_factory.mktemp("fans") / "s.duckdb", made.tables)


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("in", "hit", "10 个付款人转入；其后转给同一收款人 700.00 元"),
        ("nine", "clear", ""),
        ("slow", "clear", ""),
        ("less", "clear", ""),
        ("spread", "clear", ""),
        ("line", "hit", "10 个付款人转入；其后转给同一收款人 700.00 元"),
        ("before", "clear", ""),
        ("after", "clear", ""),
        ("out", "hit", "付给 10 个收款人；此前同一付款人转入 1,000.00 元"),
        ("out_late", "clear", ""),
        ("out_little", "clear", ""),
        ("out_two", "clear", ""),
        ("nameless", "not_testable", "1 个账户的对方不明, 可能改变结果"),
        ("one_holder", "clear", ""),
        ("hub", "clear", ""),
        ("uncovered", "not_testable", "1 个账户的流水未覆盖所需期间"),
        ("next", "hit", "10 个付款人转入；其后转给同一收款人 700.00 元"),
        ("shop", "clear", ""),  # one of its customers is of the case
        ("stranger", "clear", ""),
    ],
)
def test_many_in_and_one_out_or_the_other_way_round_is_a_lead(name: str, outcome: str, said: str, store: Path):
    row = one(store, "PT-03", name)
    assert (row["outcome"], row["detail"] or row["why_not"]) == (outcome, said)


def test_a_fan_is_shown_by_every_transfer_of_its_window(store: Path):
    row = one(store, "PT-03", "line")
    assert (row["subject_id"], row["amount_yuan"]) == ("K-line", Decimal("1000.00"))
    assert (row["first_on"], row["last_on"]) == (date(2018, 3, 1), date(2018, 3, 10))
    assert len(row["evidence"]) == 11  # ten in, and the one payee; not the other
    assert one(store, "PT-03", "slow", PT_03={"window_days": 11})["outcome"] == "hit"
    assert one(store, "PT-03", "nine", PT_03={"min_parties": 9})["outcome"] == "hit"
