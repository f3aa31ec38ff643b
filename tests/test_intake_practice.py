"""The proof that layouts are read in general: a practice district, handed over as life does, gives the rows of its clean form.

The messy form comes in the layouts of eight banks, a payment company and the police, in workbooks and in text, with files twice
and a few broken rows; its README tells which. None of its layouts is a real bank's.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib.case import open_case
from lib.curate import import_delivery
from lib.evaluate import evaluate
from lib.simulate import simulate
from lib.store import Store, open_store

WISHES = [
    # The money of its loans passes a bank without references, one that writes stars, one without references, one with stars.
    pytest.param(((3, 3_000, 18), ["self_financing_4"]), id="small"),
    pytest.param(((5, 20_000, 77), None), id="large", marks=pytest.mark.long),
]
# Tables of which every row has an id of its own, or the same content wherever it is delivered.
TABLES = ("loans", "repayments", "schedules", "projects", "holdings", "roles", "accounts", "custody_days", "institutions")
_WRONG = re.compile(r"^\| ([^|]+\.\w+) \| (\d*) \| ([a-z ]+) \| ([^|]*) \|$", re.MULTILINE)


@dataclass
class Form:
    """A district as handed over, and what the import made of it."""

    folder: Path
    answer: pd.DataFrame
    store: Store

    def rows(self, query: str) -> "Counter[tuple[Any, ...]]":
        return Counter(tuple(row.values()) for row in self.store.arrow(query).to_pylist())

    def wrong(self, *whats: str) -> set[tuple[str, int]]:
        """What its README says is wrong: file and line, 0 for a whole file."""
        found = _WRONG.findall((self.folder / "README.md").read_text(encoding="utf-8"))
        return {(path, int(line or 0)) for path, line, what, _ in found if (what in whats) == bool(whats)}


@pytest.fixture(scope="module", params=WISHES)
def forms(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> tuple[Form, Form]:
    """The messy and the clean form of a district, imported."""
    made = []
    wish, schemes = request.param
    for clean in (False, True):
        folder = tmp_path_factory.mktemp("clean" if clean else "messy")
        simulate(folder / "raw", *wish, clean=clean, schemes=schemes)
        answer = import_delivery(folder / "raw", folder / "store.duckdb")
        made.append(Form(folder / "raw", answer, open_store(folder / "store.duckdb")))
    return made[0], made[1]


def test_every_file_is_read_and_the_second_copy_of_one_is_known_as_such(forms: tuple[Form, Form]) -> None:
    messy, _ = forms
    assert set(messy.answer["state"]) <= {"imported", "duplicate", "skipped"}
    assert set(messy.answer.loc[messy.answer["state"] == "skipped", "name"]) == {"README.md", "answers.json"}
    copies = {name for name, _ in messy.wrong("copy")}
    # Of two files of the same bytes the first by name is read; a copy's name goes before that of its original (a blank does).
    originals = {re.sub(r" - 副本(?=\.\w+$)", "", name) for name in copies}
    found = set(messy.answer.loc[messy.answer["state"] == "duplicate", "name"])
    assert len(found) == len(copies)
    assert found <= copies | originals


def test_the_broken_rows_are_set_apart_and_no_others(forms: tuple[Form, Form]) -> None:
    messy, clean = forms
    broken = messy.wrong() - messy.wrong("copy", "overlap")
    query = "select sources.name, quarantine.line from quarantine inner join sources using (source_id)"
    assert set(messy.rows(query)) == broken
    assert len(broken) > 5
    assert not clean.rows(query)


def test_every_statement_line_is_there_once_and_says_the_same(forms: tuple[Form, Form]) -> None:
    messy, clean = forms
    query = 'select account_id, "at", direction, amount_yuan, balance_yuan, loan_id from flows'
    assert messy.rows(query) == clean.rows(query)


def test_what_memos_tell_of_a_purpose_is_what_the_clean_form_says(forms: tuple[Form, Form]) -> None:
    messy, clean = forms
    for kind in ("disbursement", "repayment", "fee", "interest"):
        query = f"select account_id, \"at\", direction, amount_yuan, balance_yuan from flows where kind = '{kind}'"
        assert messy.rows(query) == clean.rows(query), kind


def test_transfers_are_the_same_wherever_accounts_are_unmasked(forms: tuple[Form, Form]) -> None:
    messy, clean = forms
    (masking,) = [set(messy.rows("select distinct account_id from flows where contains(memo, '对方账号 ')"))]
    query = 'select payer_account, payee_account, amount_yuan, "at" from transfers'

    def unmasked(form: Form) -> "Counter[tuple[Any, ...]]":
        hidden = {account for (account,) in masking}
        return Counter({row: n for row, n in form.rows(query).items() if not hidden & set(row[:2])})

    assert unmasked(messy) == unmasked(clean)
    assert len(unmasked(clean)) > 0.7 * len(clean.rows(query))


def test_the_two_lines_of_a_movement_are_paired_as_in_the_clean_form_stars_or_not(forms: tuple[Form, Form]) -> None:
    messy, clean = forms
    query = (
        "select o.account_id, i.account_id as paid_to, o.at, i.at as paid_at, o.amount_yuan, o.balance_yuan, i.balance_yuan "
        "from transfers inner join flows as o on flow_ids[1] = o.flow_id inner join flows as i on flow_ids[2] = i.flow_id"
    )
    assert messy.rows(query) == clean.rows(query)
    assert len(clean.rows(query)) > 100


def test_the_rules_find_the_amounts_of_the_key_in_files_as_they_come(forms: tuple[Form, Form]) -> None:
    messy, _ = forms
    found = evaluate(open_case(store=messy.store.path), messy.folder)
    items = [item for entry in found["entries"] for item in entry["items"] if item["rule_id"] == "SF-03"]
    assert items
    assert [item["found_yuan"] for item in items] == [item["amount_yuan"] for item in items]


@pytest.mark.parametrize("table", TABLES)
def test_all_other_tables_have_the_rows_of_the_clean_form(forms: tuple[Form, Form], table: str) -> None:
    messy, clean = forms
    assert messy.store.counts()[table] == clean.store.counts()[table]


def test_totals_that_files_state_of_themselves_agree_where_nothing_is_set_apart(forms: tuple[Form, Form]) -> None:
    messy, _ = forms
    broken = {name for name, _ in messy.wrong()}
    query = (
        "select name, side, row_count, stated_rows, source_total, stated_total from control_totals "
        "inner join sources using (source_id) where stated_rows is not null or stated_total is not null"
    )
    stated = list(messy.rows(query))
    assert {side for _, side, *_ in stated} == {"", "in", "out"}
    for name, side, found_rows, said_rows, found, said in stated:
        if name not in broken:
            assert said_rows in (None, found_rows), (name, side)
            assert said in (None, found), (name, side)
