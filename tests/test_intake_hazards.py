"""Files that break importers, brought through the whole import: each doubtful row is set apart, no byte is lost."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lib.errors import BadFile
from lib.intake import loading, profiles
from tests.deliveries import SHARED, Delivery

HAZARDS = SHARED / "hazards/files"
pytestmark = pytest.mark.skipif(not HAZARDS.is_dir(), reason=f"no {HAZARDS}")

PROFILE = """
id = "hazards.statement"
title = {zh = "流水", en = "a statement"}
source = "the files' own header"
required = ["card", "amt", "date", "flag"]
present = ["name"]

[columns]
card = []
name = []
amt = []
date = []
flag = []

[[into]]
table = "flows"
columns = {account_id = "card", counterparty_name = "name", amount_yuan = "amt", at = '"date"', direction = "flag"}
"""

# File: rows accepted, and the lines set apart with a word of the reason. What is not listed has three rows, all good.
EXPECTED: dict[str, tuple[int, dict[int, str]]] = {
    "bidi.csv": (1, {}),
    "full_width.csv": (2, {}),
    "late_type.csv": (30_000, {30_002: "不是金额"}),  # the first text that is no amount stands below 30,000 that are
    "mixed_enc.csv": (2, {3: "解码"}),  # one line of GB18030 in a UTF-8 file
    "nul_line.csv": (3, {5: "NUL"}),
    "open_quote.csv": (3, {3: "引号"}),
    "quote_mid.csv": (3, {}),  # a quote inside a field is a character
    "sum_row.csv": (3, {}),  # its total is no row
    "thousand_unquoted.csv": (2, {4: "6 个字段"}),  # 1,234.00 without quotes is two fields
    "trunc_mb.csv": (2, {4: "解码"}),  # ends in the middle of a character
}


@pytest.mark.parametrize("path", sorted(HAZARDS.glob("*.csv")), ids=lambda path: path.name)
def test_no_hazard_is_silently_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    folder = tmp_path / "profiles"
    (folder / "hazards").mkdir(parents=True)
    (folder / "hazards/statement.toml").write_text(PROFILE)
    monkeypatch.setattr(loading.profiles, "match", partial(profiles.match, folder=folder))
    made = Delivery(tmp_path)
    if path.name == "empty.csv":
        with pytest.raises(BadFile, match="空的"):
            made.bring(path)
        return
    made.bring(path)
    (source,) = made.rows("select * from sources")
    spans: list[dict[str, Any]] = made.rows("select * from spans order by byte_from")
    content = path.read_bytes()
    assert b"".join(content[span["byte_from"] : span["byte_to"]] for span in spans) == content
    accepted, apart = EXPECTED.get(path.name, (3, {}))
    found = made.reasons()
    assert (source["rows_accepted"], list(found)) == (accepted, list(apart))
    assert all(word in found[line] for line, word in apart.items())
    assert made.column("select count(*) from flows") == [accepted]
