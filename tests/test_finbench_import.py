"""The 18 files of FinBench: every row in, every sum proved, nothing changed by a second import."""

import csv
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib.curate import import_delivery
from lib.intake.originals import original_text
from lib.store import Store, open_store
from tests.deliveries import SHARED

FINBENCH = SHARED / "finbench"
pytestmark = pytest.mark.skipif(not FINBENCH.is_dir(), reason=f"no {FINBENCH}")

# File, amount in the file, table and column in the Store.
AMOUNTS = [
    ("AccountTransferAccount.csv", "amount", "flows", "amount_yuan"),
    ("AccountWithdrawAccount.csv", "amount", "flows", "amount_yuan"),
    ("LoanDepositAccount.csv", "amount", "flows", "amount_yuan"),
    ("AccountRepayLoan.csv", "amount", "flows", "amount_yuan"),
    ("AccountRepayLoan.csv", "amount", "repayments", "amount_yuan"),
    ("Loan.csv", "loanAmount", "loans", "principal_yuan"),
    ("Loan.csv", "balance", "loans", "outstanding_yuan"),
]


@pytest.fixture(scope="module")
def imported(finbench: tuple[Path, pd.DataFrame]) -> tuple[Path, pd.DataFrame]:
    return finbench


@pytest.fixture(scope="module")
def store(imported: tuple[Path, pd.DataFrame]) -> Store:
    return open_store(imported[0])


def counts(store: Store, query: str) -> dict[Any, int]:
    return {row["k"]: row["n"] for row in store.arrow(query).to_pylist()}


def test_every_row_of_every_file_is_accepted(imported: tuple[Path, pd.DataFrame], store: Store) -> None:
    answer = imported[1]
    assert len(answer) == 18
    assert (answer["rows_read"] == answer["rows_accepted"]).all()
    assert answer["rows_quarantined"].sum() == 0
    for row in answer.itertuples():
        with (FINBENCH / row.name).open() as file:
            assert row.rows_read == sum(1 for _ in file) - 1


def test_the_counts_are_those_of_the_data(store: Store) -> None:
    assert counts(store, "select kind as k, count(*) as n from parties group by kind") == {"person": 1957, "company": 967}
    assert counts(store, "select kind as k, count(*) as n from transfers group by kind") == {
        **{"transfer": 37861, "withdrawal": 42069, "disbursement": 8481, "repayment": 8398}
    }
    assert counts(store, "select borrower_id[1] as k, count(*) as n from loans group by all") == {"C": 1141, "P": 2324}
    held = store.arrow("select count(*) as n, count(distinct held_id) as held from holdings").to_pylist()
    assert held == [{"n": 5034, "held": 960}]
    assert store.counts()["accounts"] == 6200
    assert store.counts()["loans"] == 3465
    assert store.counts()["repayments"] == 8398
    # Guarantees: 435 between companies, 916 between persons. Devices: 1,464 registered, 5,146 sign-ins.
    assert counts(store, "select kind as k, count(*) as n from links group by kind") == {"guarantee": 1351}
    assert counts(store, "select account_id is null as k, count(*) as n from devices group by all") == {True: 1464, False: 5146}


def test_every_account_and_loan_has_its_owner_and_no_sign_in_lacks_its_device(store: Store) -> None:
    missing = """
        select
            (select count(*) from accounts where holder_id is null or account_type is null) as accounts,
            (select count(*) from loans where borrower_id is null or principal_yuan is null) as loans,
            (select count(*) from devices where kind is null) as devices
    """
    assert store.arrow(missing).to_pylist() == [{"accounts": 0, "loans": 0, "devices": 0}]


@pytest.mark.parametrize(("name", "column", "table", "target"), AMOUNTS)
def test_the_sums_agree_with_decimal_arithmetic(store: Store, name: str, column: str, table: str, target: str) -> None:
    with (FINBENCH / name).open(newline="") as file, localcontext(prec=50):
        written = [Decimal(row[column]) for row in csv.DictReader(file, delimiter="|")]
        rounded = [amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN) for amount in written]
        source_total, stored_total = sum(written), sum(rounded)
        source_total = source_total.quantize(Decimal("1e-12"))
    query = """
        select row_count, source_total, stored_total, rounding from control_totals inner join sources using (source_id)
        where name = $name and table_name = $table and column_name = $target
    """
    (row,) = store.arrow(query, name=name, table=table, target=target).to_pylist()
    assert row["row_count"] == len(written)
    assert (row["source_total"], row["stored_total"]) == (source_total, stored_total)
    assert row["rounding"] == source_total - stored_total
    # A loan's row also has lines of other files; a flow's has not.
    where = "where name = $name" if table == "flows" else "where $name <> ''"
    query = f"select sum({target}) as s from {table} inner join sources using (source_id) {where}"
    assert store.arrow(query, name=name)["s"][0].as_py() == stored_total


def test_a_row_walks_back_to_its_line(store: Store) -> None:
    query = "select * from flows where kind = 'transfer' order by line limit 1"
    (row,) = store.arrow(query).to_pylist()
    with (FINBENCH / "AccountTransferAccount.csv").open() as file:
        line = file.read().splitlines()[row["line"] - 1]
    assert original_text(store, row["source_id"], [row["line"]]) == {row["line"]: line}
    from_id, to_id, amount, at = line.split("|")
    assert (row["account_id"], row["counterparty_account"]) == (f"A{from_id}", f"A{to_id}")
    assert row["amount_yuan"] == Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    assert str(row["at"]).rstrip("0") == at.rstrip("0")


def test_loans_and_accounts_name_both_files_that_made_them(store: Store) -> None:
    found = counts(store, "select table_name as k, count(*) as n from origins group by table_name")
    assert found == {"accounts": 2 * 6200, "loans": 2 * 3465}


def test_a_second_import_changes_nothing(imported: tuple[Path, pd.DataFrame]) -> None:
    path = imported[0]
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    assert set(import_delivery(FINBENCH, path)["state"]) == {"already_imported"}
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
