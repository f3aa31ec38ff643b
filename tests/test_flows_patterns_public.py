"""flows.patterns on data that others made: AMLSim's fan-ins and AMLworld's labelled fans."""

import csv
import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from lib import flows, open_case
from lib.drafts import next_version
from tests.conftest import write_store

FOLDER = Path(__file__).parents[1] / "../shared/data"
pytestmark = pytest.mark.skipif(not (FOLDER / "amlsim").is_dir(), reason=f"no AMLSim and AMLworld data at {FOLDER}")
FIRST = dt.datetime(2018, 1, 1)


@pytest.fixture(scope="module")
def labelled():
    """Return AMLworld's patterns: kind, centre, counterparties, ids of its transfers, rows."""
    made = []
    for number, pattern in enumerate(json.loads((FOLDER / "amlworld/fan_patterns.json").read_text())["patterns"]):
        kind = "fan_in" if pattern["pattern_type"].startswith("FAN-IN") else "fan_out"
        rows = []
        for place, row in enumerate(pattern["transactions"]):
            sides = [f"W{row[f'{side}_bank']}-{row[f'{side}_account']}" for side in ("from", "to")]
            at = dt.datetime.fromisoformat(row["timestamp"].replace("/", "-"))
            rows.append((f"W{number}-{place}", *sides, at, False, Decimal(str(row["amount_paid"]))))
        centre, others = rows[0][2 if kind == "fan_in" else 1], {r[1 if kind == "fan_in" else 2] for r in rows}
        made.append((kind, centre, len(others), {r[0] for r in rows}, rows))
    return made


def case_of(folder, rows):
    names = ("transfer_id", "payer_account", "payee_account", "at", "day_only", "amount_yuan")
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    path = write_store(folder / "store.duckdb", {})
    with next_version(path) as store:
        store.derive("new", table.append_column("file_order", pa.array(range(len(rows)))))
        store.execute("insert into transfers by name select * from new")
    return open_case(None, "2023-01-01", path)


@pytest.fixture(scope="module")
def amlworld(labelled, tmp_path_factory):
    return case_of(tmp_path_factory.mktemp("amlworld"), [row for *_, part in labelled for row in part])


@pytest.fixture(scope="module")
def amlsim(tmp_path_factory):
    rows = []
    with gzip.open(FOLDER / "amlsim/transactions.csv.gz", "rt") as file:
        for number, row in enumerate(csv.DictReader(file)):
            at = FIRST + dt.timedelta(days=int(row["time"]))  # its steps are days
            sides = f"S{row['sourceNodeId']}", f"S{row['targetNodeId']}"
            rows.append((f"S{number}", *sides, at, True, Decimal(row["value"]).quantize(Decimal("0.01"))))
    return case_of(tmp_path_factory.mktemp("amlsim"), rows)


# Source: IBM AMLworld HI-Small, its 88 labelled fans. Twelve are one transfer and thirteen two, by the labels: no fan by any
# count of counterparties above 2. Counted from the file: 76 have two or more counterparties, 63 three or more, 36 ten or more.
@pytest.mark.parametrize(("counterparties", "labelled_so"), [(1, 88), (2, 76), (3, 63), (10, 36)])
def test_every_labelled_fan_of_amlworld_that_is_one_by_the_setting_is_found_whole(
    amlworld, labelled, counterparties, labelled_so
):
    found = flows.patterns(amlworld, ["fan_in", "fan_out"], counterparties=counterparties)
    held = [(row.kind, row.centre_accounts, set(row.transfer_ids)) for row in found[found["outcome"] == "found"].itertuples()]
    wanted = [(kind, centre, ids) for kind, centre, others, ids, _ in labelled if others >= counterparties]
    assert len(wanted) == labelled_so
    hit = [any(k == kind and c == [centre] and ids <= there for k, c, there in held) for kind, centre, ids in wanted]
    print(f"AMLworld, {counterparties} or more counterparties: {sum(hit)} of {len(wanted)} found, {len(labelled)} labelled")
    assert sum(hit) / len(wanted) >= 0.95
    assert all(hit)


# Source: IBM AMLSim, 200 planted fan-ins, labels by account (954 flagged): most of its fans have three to five payers.
def test_nine_of_ten_flagged_accounts_of_amlsim_are_in_a_fan_of_three_payers(amlsim):
    found = flows.patterns(amlsim, "fan_in", counterparties=3)
    found = found[found["outcome"] == "found"]
    sides = amlsim.arrow("select transfer_id, payer_account, payee_account from transfers").to_pylist()
    both = {row["transfer_id"]: (row["payer_account"], row["payee_account"]) for row in sides}
    reached = {account for ids in found["transfer_ids"] for i in ids for account in both[i]}
    with gzip.open(FOLDER / "amlsim/nodes.csv.gz", "rt") as file:
        flagged = {f"S{row['nodeid']}" for row in csv.DictReader(file) if row["isFraud"] == "1"}
    assert len(flagged) == 954
    recall, precision = len(reached & flagged) / len(flagged), len(reached & flagged) / len(reached)
    print(
        f"AMLSim: recall {recall:.3f}, precision {precision:.3f} of {len(reached):,} accounts; 0.048 are flagged of all 20,000"
    )
    assert recall >= 0.90
