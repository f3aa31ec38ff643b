"""Rule files are read strictly: whatever is wrong in one is said with file and line, before any rule is run."""

from pathlib import Path

import pytest

from lib import BadFile
from lib.findings.rules import read_rule, read_rules

GOOD = """\
/*+++
id = "XX-01"
title = {zh = "标题", en = "Title"}
severity = "minor"
basis = [{law = {zh = "某办法", en = "Some measures"}, article = "1", checked = "text"}]
in_force = {from = "2016-08-24"}
needs = ["loans"]
params = {cap_yuan = 5}
derive = {}
logic = {zh = "超过 {cap_yuan} 元", en = "above {cap_yuan} yuan"}
innocent = [{zh = "误记", en = "a slip"}]
+++*/
-- hits: loans above the cap
select * from loans where principal_yuan > $cap_yuan and signed_on <= $as_of; -- a $comment
-- coverage:
select case_id, 0 as population, 0 as tested, [] as why_not from scope where '$text' <> ''
"""


def read(folder: Path, text: str):
    path = folder / "XX-01.sql"
    path.write_text(text, encoding="utf-8")
    return read_rule(path)


def test_a_complete_file_is_read(tmp_path: Path):
    rule = read(tmp_path, GOOD)
    assert (rule.id, rule.settings) == ("XX-01", {"cap_yuan": 5})
    assert list(rule.sql) == ["hits", "coverage"]
    assert rule.used("hits", {"cap_yuan": 5, "as_of": 1, "other": 2}) == {"cap_yuan": 5, "as_of": 1}
    assert read_rules(tmp_path) == {"XX-01": rule}


REFUSED = [
    ("no head", GOOD.replace("/*+++", "/*"), 1, "head"),
    ("not TOML", GOOD.replace("derive = {}", "derive = {"), 9, "not TOML"),
    ("a key is missing", GOOD.replace('severity = "minor"\n', ""), 1, "no severity"),
    ("an unknown key", GOOD.replace("derive = {}", "derive = {}\nthreshold = 1"), 10, "unknown key threshold"),
    ("another id", GOOD.replace("XX-01", "XX-02"), 2, "file's name"),
    ("one language only", GOOD.replace('{zh = "标题", en = "Title"}', '{zh = "标题"}'), 3, "title"),
    ("an unknown severity", GOOD.replace('"minor"', '"grave"'), 4, "prohibited, major"),
    ("no basis", GOOD.replace(GOOD.splitlines()[4], "basis = []"), 5, "basis"),
    ("a basis without its article", GOOD.replace('article = "1", ', ""), 5, "article"),
    ("a basis with an empty article", GOOD.replace('article = "1"', 'article = " "'), 5, "article"),
    ("an unknown mark", GOOD.replace('"text"', '"sure"'), 5, "text, memory, proposal"),
    ("no date", GOOD.replace("2016-08-24", "24.8.2016"), 6, "in_force"),
    ("an unknown table", GOOD.replace('["loans"]', '["loan"]'), 7, "schema.sql"),
    ("a list as threshold", GOOD.replace("cap_yuan = 5", "cap_yuan = [5]"), 8, "params"),
    ("an unused threshold", GOOD.replace("> $cap_yuan", "> 5"), 8, "cap_yuan of params is not used"),
    ("an undeclared threshold", GOOD.replace("$as_of", "$cap"), 14, "$cap is not declared"),
    ("an unknown derived table", GOOD.replace("derive = {}", "derive = {owner = {}}"), 9, "uses_of_funds"),
    ("a derived table that is not read", GOOD.replace("derive = {}", "derive = {related = {}}"), 9, "related of derive"),
    ("a derived table that is not declared", GOOD.replace("from loans", "from related"), 9, "reads related"),
    ("a threshold that stands twice", GOOD.replace("{}", "{related = {cap_yuan = 5}}", 1), 9, "stands twice"),
    ("a threshold that is not told", GOOD.replace("above {cap_yuan}", "above five"), 10, "does not tell"),
    ("a placeholder that is no threshold", GOOD.replace('"Title"', '"Above {cap}"'), 3, "{cap}"),
    ("no innocent reading", GOOD.replace('[{zh = "误记", en = "a slip"}]', "[]"), 11, "innocent"),
    ("no coverage", GOOD.partition("-- coverage")[0], 13, "hits, coverage"),
    ("no SELECT", GOOD.partition("-- coverage")[0] + "-- coverage:\n-- later\n", 16, "one SELECT"),
    ("two statements", GOOD.replace("$as_of;", "$as_of; drop table loans;"), 14, "one SELECT"),
]


@pytest.mark.parametrize(("text", "line", "said"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_a_faulty_file_is_refused_with_its_line(text: str, line: int, said: str, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    with pytest.raises(BadFile) as caught:
        read(tmp_path, text)
    assert f"XX-01.sql:{line}:" in str(caught.value)
    assert said in str(caught.value)
    assert "XX-01.sql" in caught.value.zh
    assert "\n" not in str(caught.value)
