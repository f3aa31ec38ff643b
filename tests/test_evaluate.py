"""Evaluation: what counts as found, what as a false alarm, and how a faulty key or a Store without the files is refused."""

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from lib import Case, cli, curate, evaluate, open_case, paths
from lib.errors import BadFile, BadParameter, DataGap
from lib.evaluation import rows, scoring
from lib.evaluation.key import Entry, Item, Line
from lib.evaluation.scoring import Hit, Outcomes
from tests.conftest import MakeStore, write_store

Capture = pytest.CaptureFixture[str]
Refused = Callable[..., str]
Result = dict[str, Any]
SEVERITIES = {"SF-03": "prohibited", "RC-01": "major", "PT-04": "major", "NM-01": "minor", "SH-04": "watch"}


# --- arithmetic: entries and hits written down, no Store ----------------------------------------------------------------


def lines(count: int, first: int = 2) -> tuple[Line, ...]:
    return tuple(Line("银行/flows.csv", "flows", n, None) for n in range(first, first + count))


def places(*numbers: int) -> frozenset[rows.Place]:
    return frozenset(("transfers", f"T{n}") for n in numbers)


def item(rule: str = "SF-03", subjects: tuple[str, ...] = ("L-1",), amount: str | None = None, **more: Any) -> Item:
    return Item(rule, subjects, Decimal(amount) if amount is not None else None, **more)


def planted(name: str, *expected: Item, also: tuple[Item, ...] = (), **more: Any) -> Entry:
    return Entry(name, more.get("scheme", "self_financing"), True, more.get("institution_id", "JG-1"), expected, also)


def decoy(name: str, *expected: Item, scheme: str = "self_financing", also: tuple[Item, ...] = ()) -> Entry:
    return Entry(name, scheme, False, "JG-1", expected, also)


def hit(rule: str = "SF-03", subject: str = "L-1", evidence: frozenset[rows.Place] = frozenset(), **more: Any) -> Hit:
    return Hit(rule, subject, more.get("at", "JG-1"), more.get("amount"), f"F-{rule}-{subject}", evidence)


def scored(entries: list[Entry], *hits: Hit, untested: dict[Any, Any] | None = None) -> Result:
    """Every line of the key became the transfer of its number, but for those above 90."""
    known = {line: ("transfers", f"T{line.line}") for line in lines(100, 1) if line.line <= 90}
    return scoring.score(entries, Outcomes(SEVERITIES, hits, untested or {}), known)


def only(result: Result) -> Result:
    """The entry of a result that has one."""
    (entry,) = result["entries"]
    return dict(entry)


@pytest.mark.parametrize(("covered", "outcome"), [((2, 3), "found"), ((2,), "missed"), ((2, 3, 4, 5), "found"), ((), "missed")])
def test_exactly_half_of_the_rows_is_enough_and_less_is_not(covered: tuple[int, ...], outcome: str) -> None:
    result = scored([planted("S-1", item(lines=lines(4)))], hit(evidence=places(*covered, 80, 81)))
    assert only(result)["outcome"] == outcome
    assert only(result)["items"][0]["covered"] == len(covered)
    assert result["recall"] == (1.0 if outcome == "found" else 0.0)
    assert result["precision"] == 1.0  # rule and subject are right, however little it shows


def test_an_item_without_rows_needs_the_right_subject_alone() -> None:
    assert only(scored([planted("S-1", item())], hit()))["outcome"] == "found"


def test_rows_that_became_nothing_still_count() -> None:
    gone = lines(2, first=95)
    assert only(scored([planted("S-1", item(lines=(*lines(2), *gone)))], hit(evidence=places(2, 3))))["outcome"] == "found"
    assert only(scored([planted("S-1", item(lines=(*lines(1), *gone)))], hit(evidence=places(2))))["outcome"] == "missed"


def test_two_lines_of_one_transfer_are_one_row() -> None:
    """Rows: one transfer seen from both banks, and another; a hit with the first covers 1 of 2, not 2 of 3."""
    both = dict.fromkeys(lines(2), ("transfers", "T2")) | {lines(1, 4)[0]: ("transfers", "T4")}
    made = scoring.score([planted("S-1", item(lines=lines(3)))], Outcomes(SEVERITIES, [hit(evidence=places(2))]), both)
    assert (only(made)["items"][0]["covered"], only(made)["items"][0]["rows"]) == (1, 2)


def test_any_of_the_subjects_will_do_and_no_other() -> None:
    entry = planted("S-1", item(subjects=("L-1", "P-1")))
    assert scored([entry], hit(subject="P-1"))["found"] == 1
    wrong = scored([entry], hit(subject="L-2"))
    assert (wrong["found"], wrong["misses"], wrong["precision"]) == (0, ["S-1"], 0.0)
    assert wrong["false_alarms"][0]["subject_id"] == "L-2"


def test_an_instance_is_found_when_one_rule_finds_half_of_its_items() -> None:
    items = [item(subjects=(f"L-{n}",)) for n in range(4)]
    assert scored([planted("S-1", *items)], hit(subject="L-0"), hit(subject="L-3"))["recall"] == 1.0
    assert scored([planted("S-1", *items)], hit(subject="L-0"))["recall"] == 0.0
    other = [*items, item("RC-01", ("L-9",))]
    assert scored([planted("S-1", *other)], hit("RC-01", "L-9"))["recall"] == 1.0  # 0 of 4 by one rule, 1 of 1 by the other


def test_the_hit_that_shows_most_is_the_one_that_is_compared() -> None:
    two = [hit(evidence=places(2), amount=Decimal(1), at="JG-2"), hit(evidence=places(2, 3), amount=Decimal(2))]
    assert only(scored([planted("S-1", item(lines=lines(2)))], *two))["items"][0]["found_yuan"] == 2


def test_a_decoy_that_was_hit_is_named_and_one_that_was_not_is_quiet() -> None:
    result = scored([decoy("D-1", item(subjects=("L-7",))), decoy("D-2", item(subjects=("L-8",)))], hit(subject="L-7"))
    assert [alarm["decoys"] for alarm in result["false_alarms"]] == [["D-1"]]
    assert [entry["outcome"] for entry in result["entries"]] == ["alarm", "quiet"]
    scheme = result["schemes"]["self_financing"]
    assert (scheme["decoys"], scheme["decoys_hit"], scheme["precision"]) == (2, 1, 0.0)
    assert result["recall"] is None  # nothing was planted


def test_what_a_planted_entry_and_a_decoy_both_name_is_true() -> None:
    result = scored([planted("S-1", item()), decoy("D-1", item())], hit())
    assert (result["true"], result["false"], result["false_alarms"]) == (1, 0, [])
    assert [entry["outcome"] for entry in result["entries"]] == ["found", "quiet"]
    assert result["schemes"]["self_financing"]["decoys_hit"] == 0


def test_what_the_key_only_allows_is_neither_true_nor_false_and_finds_nothing() -> None:
    """Three hits: L-1 is expected, L-5 is allowed, L-6 is neither: 1 true of 1 + 1, one neutral."""
    entry = planted("S-1", item(), also=(item("RC-01", ("L-5",)),))
    result = scored([entry], hit(), hit("RC-01", "L-5"), hit("RC-01", "L-6"))
    assert [result[name] for name in ("findings", "true", "neutral", "false", "precision")] == [3, 1, 1, 1, 0.5]
    row = result["per_rule"]["RC-01"]
    assert [row[name] for name in ("expected", "findings", "true", "neutral", "false")] == [0, 2, 0, 1, 1]
    assert (row["recall"], row["precision"]) == (None, 0.0)
    assert [alarm["subject_id"] for alarm in result["false_alarms"]] == ["L-6"]
    scheme = result["schemes"]["self_financing"]
    assert [scheme[name] for name in ("findings", "true", "neutral", "false", "precision")] == [2, 1, 1, 0, 1.0]


def test_a_rule_whose_hits_are_all_neutral_has_no_precision() -> None:
    result = scored([planted("S-1", item("RC-01"), also=(item(),))], hit())
    assert (result["findings"], result["neutral"], result["precision"], result["recall"]) == (1, 1, None, 0.0)


def test_what_a_decoy_allows_is_neutral_and_no_alarm() -> None:
    made = [planted("S-1", item("RC-01")), decoy("D-1", item(subjects=("L-7",)), also=(item(subjects=("L-7",)),))]
    result = scored(made, hit(subject="L-7"))
    assert (result["true"], result["neutral"], result["false"], result["false_alarms"]) == (0, 1, 0, [])
    assert result["entries"][1]["outcome"] == "quiet"


def test_what_one_entry_expects_and_another_allows_is_true_and_neutral_to_the_others_scheme() -> None:
    made = [planted("S-1", item()), planted("S-2", item("RC-01"), also=(item(),), scheme="fake")]
    result = scored(made, hit())
    assert (result["true"], result["neutral"], result["precision"]) == (1, 0, 1.0)
    counts = {name: (row["true"], row["neutral"], row["precision"]) for name, row in result["schemes"].items()}
    assert counts == {"self_financing": (1, 0, 1.0), "fake": (0, 1, None)}


def test_what_is_kept_apart_has_neutral_hits_too() -> None:
    result = scored([planted("S-1", item(), also=(item("NM-01", ("C",)),))], hit("NM-01", "C"), hit("NM-01", "D"))
    assert result["apart"] == {"precision": 0.0, "findings": 2, "true": 0, "neutral": 1, "false": 1}


def test_an_instance_without_any_rule_yet_is_outside_recall() -> None:
    result = scored([planted("S-1", item("FP-99")), planted("S-2", item(), item("FP-99", ("X",)))], hit())
    assert [entry["outcome"] for entry in result["entries"]] == ["no_rule", "found"]
    assert (result["planted"], result["recall"], result["misses"]) == (1, 1.0, [])
    scheme = result["schemes"]["self_financing"]
    assert (scheme["planted"], scheme["no_rule"], scheme["found"], scheme["recall"]) == (2, 1, 1, 1.0)
    assert "FP-99" not in result["per_rule"]


def test_nothing_divided_by_nothing_is_null() -> None:
    result = scored([])
    assert [result[name] for name in ("recall", "precision", "amount_error")] == [None] * 3
    assert result["apart"]["precision"] is None
    for rule in result["per_rule"].values():
        assert [rule[name] for name in ("recall", "precision", "amount_error")] == [None] * 3
    nothing = scored([planted("S-1", item(amount="0.00"))], hit(amount=Decimal("5.00")))
    assert nothing["amount_error"] is None  # 5.00 / 0.00
    json.dumps(result, allow_nan=False)


def test_the_amount_error_is_over_found_items_with_both_amounts() -> None:
    """|980 - 1000| + |210 - 200| = 30 over 1000 + 200; one item is missed, one hit and one item state no amount."""
    amounts = {"L-1": "1000.00", "L-2": "200.00", "L-3": None, "L-4": "50.00", "L-5": "7.00"}
    entries = [planted(f"S-{loan}", item(subjects=(loan,), amount=yuan)) for loan, yuan in amounts.items()]
    found = {"L-1": "980.00", "L-2": "210.00", "L-3": "9.00", "L-4": None}
    hits = [hit(subject=loan, amount=Decimal(yuan) if yuan else None) for loan, yuan in found.items()]
    result = scored(entries, *hits)
    assert result["amount_error"] == pytest.approx(30 / 1200)
    assert result["per_rule"]["SF-03"]["amount_error"] == result["amount_error"]
    assert result["schemes"]["self_financing"]["amount_error"] == result["amount_error"]


def test_precision_counts_grave_rules_and_no_listing() -> None:
    entries = [planted("S-1", item(), item("NM-01", ("C",)))]
    result = scored(entries, hit(), hit("RC-01", "L-8"), hit("PT-04", "A"), hit("SH-04", "X"), hit("NM-01", "C"))
    assert (result["findings"], result["true"], result["precision"]) == (2, 1, 0.5)
    assert result["apart"] == {"precision": 1 / 3, "findings": 3, "true": 1, "neutral": 0, "false": 2}
    assert {rule: row["counted"] for rule, row in result["per_rule"].items()} == {
        **dict.fromkeys(("SF-03", "RC-01"), True),
        **dict.fromkeys(("PT-04", "NM-01", "SH-04"), False),
    }
    assert result["per_rule"]["PT-04"]["precision"] == 0.0
    assert [alarm["counted"] for alarm in result["false_alarms"]] == [True, False, False]


def test_schemes_are_told_apart() -> None:
    entries = [
        planted("S-1", item()),
        planted("S-2", item("RC-01", ("L-2",)), scheme="fake"),
        decoy("D-1", item(subjects=("L-3",))),
    ]
    result = scored(entries, hit(), hit(subject="L-3"), hit(subject="L-4"))
    assert {name: (row["found"], row["recall"], row["precision"]) for name, row in result["schemes"].items()} == {
        "self_financing": (1, 1.0, 0.5),  # its own hit and its decoy's; L-4 is of no scheme
        "fake": (0, 0.0, None),
    }
    assert result["precision"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("hits", "untested", "reason"),
    [
        ([], {("SF-03", "JG-1"): ("not_testable", "缺少流水")}, "not_testable"),
        ([], {("SF-03", "JG-1"): ("hit", "2 份合同")}, "partly"),
        ([], {("SF-03", "JG-2"): ("not_testable", "缺少流水")}, "none"),
        ([hit(evidence=places(2))], {}, "rows"),
        ([hit(evidence=places(2, 3))], {}, "few"),
    ],
)
def test_a_miss_says_why(hits: list[Hit], untested: dict[Any, Any], reason: str) -> None:
    items = [item(lines=lines(3)), item(subjects=("L-2",)), item(subjects=("L-3",))]
    result = scored([planted("S-1", *items)], *hits, untested=untested)
    (why,) = only(result)["rules"]
    assert (result["misses"], why["reason"]) == (["S-1"], reason)
    said = untested.get(("SF-03", "JG-1"), (None, None))[1]
    assert why["why_not"] == said


# --- rows: what the Store makes of the key's lines ----------------------------------------------------------------------

SOURCES = [{"source_id": "S1", "seq": 1, "name": "甲银行/flows.csv"}, {"source_id": "S2", "seq": 2, "name": "乙银行/flows.csv"}]


def resolved(store: Path, *asked: Line) -> dict[int, rows.Place]:
    opened = open_case(None, "2018-09-30", store).store
    sources = rows.sources_of(opened, Path("nowhere"), sorted({line.path for line in asked}))
    return {line.line: place for line, place in rows.resolve(opened, sources, set(asked)).items()}


def test_either_banks_side_of_a_transfer_is_the_same_row(make_store: MakeStore) -> None:
    """The key names the payee's line, the hit rests on the transfer or on the payer's line."""
    flows = [{"flow_id": "A", "source_id": "S1", "line": 2}, {"flow_id": "B", "source_id": "S2", "line": 9}]
    store = make_store(sources=SOURCES, flows=flows, transfers=[{"transfer_id": "A", "flow_ids": ["A", "B"]}])
    named = resolved(store, Line("乙银行/flows.csv", "flows", 9, None))
    assert named == {9: ("transfers", "A")}
    opened = open_case(None, "2018-09-30", store).store
    rests_on = [[{"table": "transfers", "id": "A"}], [{"table": "flows", "id": "A"}], [{"table": "flows", "id": "B"}], []]
    assert rows.evidence(opened, rests_on) == [frozenset({("transfers", "A")})] * 3 + [frozenset()]


def test_a_row_is_known_by_its_line_then_where_it_was_merged_then_by_its_id(make_store: MakeStore) -> None:
    flows = [{"flow_id": "A", "source_id": "S1", "line": 2}, {"flow_id": "B", "source_id": "S1", "line": 3}]
    store = make_store(
        sources=SOURCES, flows=flows, origins=[{"table_name": "flows", "row_id": "B", "source_id": "S2", "line": 7}]
    )
    paths = ["甲银行/flows.csv", "乙银行/flows.csv"]
    asked = (
        Line(paths[0], "flows", 2, "B"),  # its line comes first
        Line(paths[1], "flows", 7, None),
        Line(paths[1], "flows", 8, "A"),
        Line(paths[1], "flows", 9, None),
        Line(paths[1], "flows", 10, "Z"),
    )
    assert resolved(store, *asked) == {2: ("flows", "A"), 7: ("flows", "B"), 8: ("flows", "A")}  # no transfer shows them


def test_a_table_with_a_key_of_two_columns_is_known_by_both(make_store: MakeStore) -> None:
    row = {"loan_id": "L1", "period": 2, "source_id": "S1", "line": 4}
    store = make_store(sources=SOURCES, schedules=[row])
    assert resolved(store, Line("甲银行/flows.csv", "schedules", 4, None)) == {4: ("schedules", "L1|2")}


@pytest.mark.parametrize(
    ("held", "file", "found"),
    [
        ("甲银行/flows.csv", "甲银行/flows.csv", True),  # the folder itself was imported
        ("flows.csv", "甲银行/flows.csv", True),  # a folder in it
        ("模拟/甲银行/flows.csv", "甲银行/flows.csv", True),  # the folder above it
        ("乙银行/flows.csv", "甲银行/flows.csv", False),
        ("xflows.csv", "甲银行/flows.csv", False),
    ],
)
def test_a_file_is_known_by_the_end_of_its_path(held: str, file: str, found: bool, make_store: MakeStore) -> None:
    case = open_case(None, "2018-09-30", make_store(sources=[{"source_id": "S1", "seq": 1, "name": held}]))
    if found:
        assert rows.sources_of(case.store, Path("nowhere"), [file]) == {file: "S1"}
    else:
        with pytest.raises(DataGap, match=r"甲银行/flows\.csv"):
            rows.sources_of(case.store, Path("nowhere"), [file])


def test_a_name_that_two_sources_end_in_is_nobodys(make_store: MakeStore) -> None:
    same = [{"source_id": f"S{n}", "seq": n, "name": "flows.csv"} for n in (1, 2)]
    case = open_case(None, "2018-09-30", make_store(sources=same))
    with pytest.raises(DataGap):
        rows.sources_of(case.store, Path("nowhere"), ["甲银行/flows.csv"])


# --- a small district: two loans of one person above the cap, a name with a restricted word -----------------------------

INSTITUTIONS = "institution_id,name,party_id,online_on\nJG-1,甲贷,C1,2017-01-01\nJG-2,乙贷,C2,2017-01-01\n"
PARTIES = "party_id,kind,name\nC1,company,甲网络科技有限公司\nC2,company,乙财富管理有限公司\nP1,person,张三\nP2,person,李四\n"
LOANS = """loan_id,institution_id,borrower_id,principal_yuan,signed_on
L1,JG-1,P1,150000.00,2018-01-05
L2,JG-1,P1,100000.00,2018-02-05
L3,JG-1,P2,250000.00,2018-03-05
"""
REPAYMENTS = "repayment_id,loan_id,paid_on,principal_yuan\nR1,L3,2018-06-05,50000.00\n"
FILES = {
    "平台/loans.csv": LOANS,
    "平台/repayments.csv": REPAYMENTS,
    "公共/parties.csv": PARTIES,
    "公共/institutions.csv": INSTITUTIONS,
}


def expected(rule: str, *subjects: str, amount: str | None = None, **files: Any) -> Result:
    days = {"first_on": None, "last_on": None}
    return {"rule_id": rule, "subjects": list(subjects), "amount_yuan": amount, **days, "rows": files.get("rows", {})}


def entry(name: str, scheme: str, *items: Result, is_planted: bool = True, institution: str = "JG-1") -> Result:
    what = {
        "title": {"zh": "名称", "en": "Title"},
        "story": {"zh": "<b>经过</b>", "en": "<b>Story</b>"},
        "size": 1.5,
        "also": [],
    }
    return {"id": name, "scheme": scheme, "planted": is_planted, "institution_id": institution, "expected": list(items), **what}


def answers(*entries: Result) -> Result:
    facts = {"seed": 7, "institutions": 2, "flows": 0, "form": "clean", "from": "2018-01-01", "to": "2018-12-31"}
    return {"format": 1, **facts, "entries": list(entries)}


KEY = answers(
    entry(
        "S-001",
        "over_cap",
        expected(
            "LM-01", "P1", amount="200000.00", rows={"平台/loans.csv": {"table": "loans", "ids": ["L1", "L2"], "lines": [2, 3]}}
        ),
    ),
    entry("S-002", "name", expected("NM-01", "C2", "JG-2"), institution="JG-2"),
    entry("S-003", "self_financing", expected("SF-03", "L1"), expected("ZZ-99", "X")),
    entry("D-001", "over_cap", expected("LM-01", "P2"), is_planted=False),
)


def district(folder: Path, given: object = KEY) -> Path:
    """Write the files of the district and its key."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    (folder / paths.ANSWERS).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    (folder / "data" / "curated").mkdir(parents=True)
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(folder))
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Store of the district, imported from another folder of the same files."""
    folder = tmp_path_factory.mktemp("district")
    curate.import_delivery(district(folder / "raw"), folder / "s.duckdb")
    return folder / "s.duckdb"


def run(capsys: Capture, *arguments: object) -> str:
    """Run the command and return its output."""
    capsys.readouterr()
    assert cli.main(["evaluate", *map(str, arguments)]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_the_district_is_evaluated(store: Path, tmp_path: Path) -> None:
    """LM-01 hits P1 (planted) and P2 (the decoy), NM-01 the name, SF-03 nothing: there are no statements."""
    result = evaluate.evaluate(open_case(store=store), district(tmp_path / "raw"))
    assert (result["planted"], result["found"], result["misses"]) == (3, 2, ["S-003"])
    assert result["recall"] == pytest.approx(2 / 3)
    assert (result["findings"], result["true"], result["precision"]) == (2, 1, 0.5)
    assert result["amount_error"] == pytest.approx(50_000 / 200_000)  # 150,000 + 100,000 found where the key says 200,000
    assert result["false_alarms"][0]["decoys"] == ["D-001"]
    assert result["entries"][2]["rules"][0]["reason"] == "not_testable"
    assert "流水" in result["entries"][2]["rules"][0]["why_not"]
    assert (result["rows"], result["rows_lost"]) == (2, 0)


def test_the_command_prints_tables_misses_and_false_alarms(home: Path, tmp_path: Path, capsys: Capture) -> None:
    folder = district(tmp_path / "模拟区")
    said = run(capsys, folder)
    for text in (
        "召回率 66.67%",
        "准确率 50.00%",
        "1 条属实, 1 条误报, 0 条中性",
        "中性",
        "S-003",
        "SF-03 无法检验: ",
        "D-001",
        "data/curated/模拟区.duckdb",
    ):
        assert text in said
    english = run(capsys, folder, "--lang", "en")
    for text in ("Recall 66.67%", "Precision 50.00%", "Neutral", "SF-03 not testable: ", "False alarms"):
        assert text in english


def test_the_key_is_never_imported(home: Path, tmp_path: Path, capsys: Capture) -> None:
    folder = district(tmp_path / "raw")
    done = curate.import_delivery(folder, tmp_path / "s.duckdb")
    assert dict(zip(done["name"], done["state"], strict=True))[paths.ANSWERS] == "skipped"
    assert open_case(store=tmp_path / "s.duckdb").sql("select count(*) as n from sources")["n"].item() == len(FILES)


def test_an_unchanged_folder_is_imported_once_and_a_changed_one_anew(home: Path, tmp_path: Path, capsys: Capture) -> None:
    folder, made = district(tmp_path / "raw"), home / "data" / "curated" / "raw.duckdb"
    run(capsys, folder, "--json")
    first = made.stat().st_mtime_ns
    run(capsys, folder, "--json")
    assert made.stat().st_mtime_ns == first
    (folder / "平台" / "loans.csv").write_text(LOANS.replace("L2,JG-1,P1", "L2,JG-1,P2"), encoding="utf-8")
    assert json.loads(run(capsys, folder, "--json"))["misses"] == ["S-001", "S-003"]
    loans = "select borrower_id from loans where loan_id = 'L2'"
    assert open_case(store=made).sql(loans)["borrower_id"].tolist() == ["P2"]


def test_json_is_one_document_with_numbers_or_null(home: Path, tmp_path: Path, capsys: Capture) -> None:
    said = run(capsys, district(tmp_path / "raw", answers()), "--json", "--lang", "en")
    result = json.loads(said, parse_constant=lambda text: pytest.fail(text))
    assert {"recall", "precision", "schemes", "per_rule"} <= set(result)
    assert (result["recall"], result["precision"], result["schemes"]) == (None, 0.0, {})
    assert set(result["per_rule"]) >= {"SF-03", "LM-01", "SH-04", "RC-01", "RC-05", "NM-01"}
    assert said.isascii()


def test_a_file_that_two_folders_hold_is_found_from_both(home: Path, tmp_path: Path) -> None:
    """The importer keeps equal bytes once; the key may name either copy."""
    folder = district(tmp_path / "raw")
    (folder / "平台2").mkdir()
    (folder / "平台2" / "loans.csv").write_text(LOANS, encoding="utf-8")
    curate.import_delivery(folder, tmp_path / "s.duckdb")
    case = open_case(store=tmp_path / "s.duckdb")
    found = rows.sources_of(case.store, folder, ["平台/loans.csv", "平台2/loans.csv"])
    assert len(set(found.values())) == 1


class _Page(HTMLParser):
    """What a page would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_needs_nothing_and_runs_nothing_of_the_key(
    language: str, home: Path, store: Path, tmp_path: Path, capsys: Capture
) -> None:
    given = copy.deepcopy(KEY)
    hostile = "<script>alert(1)</script><img src=http://x.invalid onerror=alert(2)>"
    for text in ("title", "story"):
        given["entries"][2][text] = {"zh": f"{hostile}漏", "en": f"{hostile}missed"}
    given["entries"][2]["scheme"] = hostile
    page = tmp_path / "new" / "page.html"
    run(capsys, district(tmp_path / "raw", given), "--store", store, "--out", page, "--lang", language)
    text = page.read_text(encoding="utf-8")
    parsed = _Page()
    parsed.feed(text)
    names = [name for name, _ in parsed.tags]
    assert names.count("script") == 1
    assert not {"img", "link", "iframe"} & set(names)
    assert not [attributes for _, attributes in parsed.tags if {"src", "onerror"} & set(attributes)]
    policy = next(
        a["content"] for name, a in parsed.tags if name == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "alert(1)" in text
    assert "D-001" in text


# --- what is refused ----------------------------------------------------------------------------------------------------


@pytest.fixture
def refused(capsys: Capture, home: Path) -> Refused:
    """Give a function that runs the command in both languages and returns the line of each that it is refused with."""

    def try_both(*arguments: object, code: int) -> str:
        said = []
        for language, head in (("zh", "错误: "), ("en", "Error: ")):
            capsys.readouterr()
            assert cli.main(["evaluate", *map(str, arguments), "--lang", language]) == code
            printed = capsys.readouterr()
            assert printed.out == ""
            (line,) = printed.err.splitlines()
            assert line.startswith(head)
            said.append(line)
        assert list((home / "data" / "curated").glob("*.duckdb")) == []
        return " | ".join(said)

    return try_both


def test_a_day_that_is_none_is_refused_before_anything_is_imported(refused: Refused, tmp_path: Path) -> None:
    assert refused(district(tmp_path / "raw"), "--as-of", "2018-13-01", code=2).count("'2018-13-01'") == 2


def test_a_folder_that_is_not_there_or_holds_no_key_is_refused(refused: Refused, tmp_path: Path) -> None:
    assert refused(tmp_path / "none", code=2).count("none") == 2
    assert refused(tmp_path, code=1).count("answers.json") == 2


def without(*path: str | int) -> Result:
    """The key without one of its fields."""
    given = copy.deepcopy(KEY)
    at: Any = given
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return given


def changed(value: object, *path: str | int) -> Result:
    given = copy.deepcopy(KEY)
    at: Any = given
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return given


FIRST = ("entries", 0, "expected", 0)
ROWS = (*FIRST, "rows", "平台/loans.csv")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("{", "JSON"),
        ('{"format": NaN}', "JSON"),
        ("[" * 100_000, "JSON"),
        ([], "{…}"),
        (without("format"), "format"),
        (changed(2, "format"), "2"),
        (changed("1", "format"), "'1'"),
        (without("seed"), "seed"),
        (changed(True, "seed"), "seed"),
        (without("entries"), "entries"),
        (without("entries", 1, "planted"), "entries[1]"),
        (without("entries", 1, "title", "en"), "entries[1] (S-002) title"),
        (without("entries", 3, "also"), "also"),
        (changed("S-002", "entries", 0, "id"), "S-002"),
        (without(*FIRST, "subjects"), "entries[0] (S-001) expected[0]"),
        (changed([], *FIRST, "subjects"), "subjects"),
        (changed("much", *FIRST, "amount_yuan"), "'much'"),
        (changed("NaN", *FIRST, "amount_yuan"), "'NaN'"),
        (changed(200000.0, *FIRST, "amount_yuan"), "amount_yuan"),
        (without(*ROWS, "lines"), "rows['平台/loans.csv']"),
        (changed([2], *ROWS, "lines"), "ids"),
        (changed([2, 0], *ROWS, "lines"), "lines"),
        (changed("loan", *ROWS, "table"), "'loan'"),
        (changed("transfers", *ROWS, "table"), "'transfers'"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 else "",
)
def test_a_faulty_key_is_one_line_that_says_where(given: object, named: str, refused: Refused, tmp_path: Path) -> None:
    said = refused(district(tmp_path / "raw", given), code=1)
    assert said.count(named) >= 2
    assert said.count("answers.json") == 2
    with pytest.raises(BadFile):
        evaluate.read_key(tmp_path / "raw")


def test_a_key_that_is_no_utf8_is_refused(refused: Refused, tmp_path: Path) -> None:
    folder = district(tmp_path / "raw")
    (folder / paths.ANSWERS).write_bytes('{"甲": 1}'.encode("gb18030"))
    assert refused(folder, code=1).count("UTF-8") >= 2


def test_a_store_without_the_files_of_the_key_is_refused(refused: Refused, make_store: MakeStore, tmp_path: Path) -> None:
    folder = district(tmp_path / "raw")
    empty = make_store(institutions=[{"institution_id": "JG-1", "name": "甲贷", "online_on": "2018-01-01"}])
    said = refused(folder, "--store", empty, "--as-of", "2018-09-30", code=1)
    assert said.count("平台/loans.csv") == 2
    assert said.count("lookthrough import") == 2
    assert refused(folder, "--store", tmp_path / "none.duckdb", code=1).count("none.duckdb") == 2


def test_a_store_of_the_same_files_with_other_contents_is_refused(refused: Refused, store: Path, tmp_path: Path) -> None:
    folder = district(tmp_path / "raw")
    (folder / "平台" / "loans.csv").write_text(LOANS + "L4,JG-1,P2,1.00,2018-03-05\n", encoding="utf-8")
    assert refused(folder, "--store", store, code=1).count("平台/loans.csv") == 2


def test_a_store_that_holds_other_data_is_never_made_anew(home: Path, tmp_path: Path, capsys: Capture) -> None:
    curate.import_delivery(district(tmp_path / "other"), home / "data" / "curated" / "raw.duckdb")
    before = (home / "data" / "curated" / "raw.duckdb").read_bytes()
    assert cli.main(["evaluate", str(district(tmp_path / "raw"))]) == 2
    assert "raw.duckdb" in capsys.readouterr().err
    assert (home / "data" / "curated" / "raw.duckdb").read_bytes() == before


def test_a_folder_named_like_the_projects_store_never_costs_it(home: Path, tmp_path: Path, capsys: Capture) -> None:
    """A damaged Store is made anew where it is the evaluation's own; the project's own may hold what is nowhere else."""
    for name, code in (("inspection", 1), ("raw", 0)):
        (home / "data" / "curated" / f"{name}.duckdb").write_text("not a database")
        assert cli.main(["evaluate", str(district(tmp_path / name))]) == code
    assert (home / "data" / "curated" / "inspection.duckdb").read_text() == "not a database"


def test_a_page_that_cannot_be_written_is_one_line(refused: Refused, store: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "page.html"
    assert refused(district(tmp_path / "raw"), "--store", store, "--out", out, code=1).count("page.html") == 2


def test_a_case_of_one_institution_is_refused(store: Path, tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="全区"):
        evaluate.evaluate(open_case("JG-1", store=store), district(tmp_path / "raw"))


def test_rows_are_kept_whatever_the_case_is_asked_before(tmp_path: Path) -> None:
    """Two evaluations on one handle, of different keys: nothing of the first is left in the second."""
    folder = tmp_path / "one"
    case: Case = open_case(
        None, "2018-09-30", write_store(tmp_path / "s.duckdb", {"institutions": [{"institution_id": "JG-1"}]})
    )
    folder.mkdir()
    for given, misses in ((answers(entry("S-1", "x", expected("LM-01", "P1"))), ["S-1"]), (answers(), [])):
        (folder / paths.ANSWERS).write_text(json.dumps(given), encoding="utf-8")
        assert evaluate.evaluate(case, folder)["misses"] == misses
