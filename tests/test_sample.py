"""The sample district as files: its bytes, its made-up numbers, its books. What must be found in it: test_sample_findings."""

import csv
import io
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from lib.store import schema
from tools import sample_numbers as numbers
from tools.sample_books import chinese_words
from tools.sample_district import FOLDER, LAYOUTS, build

D = Decimal


def rows(table: str, folder: str = "") -> list[dict[str, str]]:
    """Return all rows of a table of the sample, by column name and code, with the file and line that they stand in."""
    columns = {c.zh: c.name for c in schema()[table].columns}
    codes = {
        name: {w: code for code, words in known.items() for w in words}
        for name, known in chinese_words().get(table, {}).items()
    }
    found = []
    for path in sorted(FOLDER.rglob(f"{table}.csv")):
        place = path.parent.relative_to(FOLDER).as_posix()
        text = path.read_bytes().decode(LAYOUTS[place].encoding)
        if not place.startswith(folder):
            continue
        for row in csv.DictReader(io.StringIO(text)):
            named = {columns.get(key, key): value for key, value in row.items()}
            found.append({name: codes.get(name, {}).get(value, value) for name, value in named.items()})
    return found


def test_the_generator_writes_the_bytes_that_are_committed(tmp_path: Path) -> None:
    written = build().write(tmp_path)
    committed = sorted(FOLDER.rglob("*.csv"))
    assert [p.relative_to(tmp_path) for p in sorted(written)] == [p.relative_to(FOLDER) for p in committed]
    for path in committed:
        assert (tmp_path / path.relative_to(FOLDER)).read_bytes() == path.read_bytes(), path


def test_the_sample_is_below_one_megabyte() -> None:
    assert sum(p.stat().st_size for p in FOLDER.rglob("*") if p.is_file()) < 1_000_000


def test_encodings_and_headings_vary_as_the_readme_says() -> None:
    assert (FOLDER / "工商登记" / "parties.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    for name in ("平台/藜桁易借/loans.csv", "银行/苍棣银行/flows.csv"):
        with pytest.raises(UnicodeDecodeError):
            (FOLDER / name).read_bytes().decode("utf-8")


# Source: GB 11643 and GB 32100 examples and a Luhn number, as in the rule material's `checksums` block.
def test_check_digits_agree_with_published_numbers() -> None:
    assert numbers.person_check("11010519491231002") == "X"
    assert numbers.uscc_check("91350100M000100Y4") == "3"
    assert numbers.organisation_check("M000100Y") == "4"
    assert numbers.luhn_check("622202123456789") == "4"


def test_every_number_has_its_check_digit_and_lies_where_none_was_ever_issued() -> None:
    parties = rows("parties")
    people = {row["id_number"] for row in parties if row["kind"] == "person"}
    companies = {row["uscc"] for row in parties if row["kind"] == "company"}
    accounts = {row["account_id"] for row in rows("accounts")}
    assert (len(people), len(companies), len(accounts)) == (314, 56, 346)
    for number in people:
        assert number[:6] in numbers.DIVISIONS
        assert numbers.person_check(number[:17]) == number[17]
    for number in companies:
        assert number[2:8] in numbers.DIVISIONS
        assert numbers.organisation_check(number[8:16]) == number[16]
        assert numbers.uscc_check(number[:17]) == number[17]
    for number in accounts:
        assert number.startswith((numbers.PERSON_CARD, numbers.COMPANY_ACCOUNT))
        assert numbers.luhn_check(number[:-1]) == number[-1]
    assert {row["phone"][:3] for row in parties if row.get("phone")} == {"120"}


def test_a_person_is_born_on_the_day_that_the_number_says() -> None:
    for row in rows("parties"):
        if row["kind"] == "person":
            assert row["id_number"][6:14] == row["born_on"].replace("-", "")


def test_every_balance_follows_from_the_one_before_but_for_the_planted_break() -> None:
    before: dict[str, tuple[str, Decimal]] = {}
    broken = []
    for row in rows("flows"):
        signed = D(row["amount_yuan"]) * (1 if row["direction"] == "in" else -1)
        balance = D(row["balance_yuan"])
        previous, was = before.get(row["account_id"], (None, balance - signed))
        if balance != was + signed:
            broken.append((row["account_id"], previous, row["flow_id"], balance - was - signed))
        before[row["account_id"]] = row["flow_id"], balance
    assert broken == [("00994000021064546", "LS003110", "LS003111", D("-38500.00"))]


def test_two_statements_of_one_payment_agree() -> None:
    held = {row["account_id"] for row in rows("accounts") if row.get("statement_from")}
    sides: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in rows("flows"):
        pair = (row["account_id"], row["counterparty_account"])
        if set(pair) <= held:
            payer, payee = pair if row["direction"] == "out" else pair[::-1]
            shared = (payer, payee, row["at"], row["amount_yuan"], row["kind"], row["memo"], row["loan_id"])
            assert row["direction"] not in sides[shared], shared
            sides[shared].add(row["direction"])
    single = [key for key, seen in sides.items() if len(seen) == 1]
    assert len(sides) > 1_000
    # The one that is cut out of the payer's statement.
    assert single == [("00994000021064546", "0099600000022252395", "2018-03-15 10:48:06", "38500.00", "transfer", "备用金", "")]


def test_contracts_repayments_and_statements_name_what_exists() -> None:
    parties = {row["party_id"] for row in rows("parties")}
    accounts = {row["account_id"] for row in rows("accounts")}
    loans = {row["loan_id"]: row for row in rows("loans")}
    assert len(loans) == len(rows("loans")) == 71 + 59 + 50 + 20 + 34 + 16
    assert {row["borrower_id"] for row in loans.values()} <= parties
    assert {row["disbursement_account"] for row in loans.values()} <= accounts
    assert {row["loan_id"] for row in rows("repayments")} <= set(loans)
    assert {row["loan_id"] for row in rows("flows") if row["loan_id"]} <= set(loans)
    assert {row[side] for row in rows("holdings") for side in ("holder_id", "held_id")} <= parties


def test_principal_repaid_is_never_more_than_was_lent() -> None:
    left = {row["loan_id"]: D(row["principal_yuan"]) for row in rows("loans")}
    for row in rows("repayments"):
        assert D(row["amount_yuan"]) == D(row["principal_yuan"]) + D(row["interest_yuan"])
        left[row["loan_id"]] -= D(row["principal_yuan"])
    assert min(left.values()) == 0
