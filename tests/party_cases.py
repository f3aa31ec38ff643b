"""Small deliveries of parties, and what an import made of them."""

from pathlib import Path
from typing import Any

import pytest

from lib import Case, open_case
from tests.deliveries import Delivery

PARTIES = "party_id,name,kind,id_number,uscc,phone\n"
# Of no person or company. 11010519491231002X and the first code are the worked examples of GB 11643 and GB 32100;
# 110105491231002 is the former in 15 digits.
WANG, WANG_15, LI = "11010519491231002X", "110105491231002", "110101199003074514"
CODE, OTHER_CODE = "91350100M000100Y43", "91410100MA44444441"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Delivery:
    """Give a delivery in a project of its own, so that its decisions are its own."""
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(tmp_path / "home"))
    return Delivery(tmp_path)


def brought(made: Delivery, rows: str, **files: str) -> Delivery:
    """Import parties (rows below the header PARTIES) and other files."""
    made.write(parties=PARTIES + rows, **files).bring()
    return made


def ids(made: Delivery) -> list[tuple[Any, ...]]:
    """Return which id answers to which, and by what key."""
    return [tuple(row.values()) for row in made.rows("select party_id, resolved_id, joined_by from party_ids order by all")]


def conflicts(made: Delivery) -> list[tuple[Any, ...]]:
    """Return the keys that joined nothing: kind, parties, reason."""
    return [tuple(r.values()) for r in made.rows("select joined_by, party_ids, reason from party_conflicts order by all")]


def case_of(made: Delivery, institution: str | None = None) -> Case:
    """Open a case on the delivery's Store."""
    return open_case(institution, "2018-09-30", made.store_path)
