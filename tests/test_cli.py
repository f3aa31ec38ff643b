"""The command line: one line for whatever is wrong, in both languages, with its exit code and nothing half-written."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command

from lib import cli, paths, steps, terminal, usage
from lib.errors import BadFile, BadParameter, DataGap
from lib.words import LANGUAGES, has_word
from tests.conftest import MakeStore, write_store

Capture = pytest.CaptureFixture[str]
Refused = Callable[..., str]

PARTIES = [
    {"party_id": "C1", "kind": "company", "name": "金水信息服务有限公司"},
    {"party_id": "P1", "kind": "person", "name": "张三"},
]
INSTITUTIONS = [{"institution_id": "JG-1", "name": "金水贷", "party_id": "C1"}]


@pytest.fixture
def refused(capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Refused:
    """Give a function that runs a command in both languages and returns the one line of each that it is refused with."""
    (tmp_path / "home" / "data" / "curated").mkdir(parents=True)
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(tmp_path / "home"))

    def run(*arguments: object, code: int) -> str:
        before = files(tmp_path)
        capsys.readouterr()
        lines = []
        for language, head in (("zh", "错误: "), ("en", "Error: ")):
            assert cli.main([*map(str, arguments), "--lang", language]) == code
            said = capsys.readouterr()
            assert said.out == ""
            steps = [line for line in said.err.splitlines() if not line.startswith("[")]
            assert len(steps) == 1, said.err
            assert steps[0].startswith(head)
            assert "Traceback" not in said.err
            lines.append(steps[0])
        assert any("\u4e00" <= c <= "\u9fff" for c in lines[0])
        assert files(tmp_path) == before
        return " | ".join(lines)

    return run


def files(folder: Path) -> dict[str, int]:
    """Return every file but locks, which stay on purpose."""
    return {str(p): p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".lock")}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# --- what is wrong with files -----------------------------------------------------------------------------------------


def test_a_file_that_no_layout_knows_is_named_with_what_it_lacks(refused: Refused, tmp_path: Path) -> None:
    file = write(tmp_path / "raw" / "strange.csv", "合同编号,颜色\nL1,红\n")
    said = refused("import", file, "--store", tmp_path / "s.duckdb", code=1)
    assert said.count("strange.csv") == 2


def test_a_missing_column_is_named(refused: Refused, tmp_path: Path) -> None:
    file = write(tmp_path / "raw" / "flows.csv", "flow_id,account_id,at,direction\nF1,A1,2018-01-01,in\n")
    said = refused("import", file, "--store", tmp_path / "s.duckdb", code=1)
    assert said.count("flows.csv") == 2
    assert "amount_yuan" in said


def test_a_path_that_does_not_exist_is_an_error(refused: Refused, tmp_path: Path) -> None:
    assert "no-such-folder" in refused("import", tmp_path / "no-such-folder", "--store", tmp_path / "s.duckdb", code=2)


def test_a_bad_file_beside_good_ones_publishes_nothing(refused: Refused, tmp_path: Path) -> None:
    write(tmp_path / "raw" / "parties.csv", "party_id,kind,name\nC1,company,金水信息服务有限公司\n")
    write(tmp_path / "raw" / "strange.csv", "a,b\n1,2\n")
    refused("import", tmp_path / "raw", "--store", tmp_path / "s.duckdb", code=1)
    assert not (tmp_path / "s.duckdb").exists()


def test_a_bad_amount_sets_its_row_apart_and_is_said(tmp_path: Path, capsys: Capture) -> None:
    text = "loan_id,borrower_id,principal_yuan,signed_on\nL1,P1,100.00,2018-01-01\nL2,P1,十万,2018-01-01\n"
    file = write(tmp_path / "raw" / "loans.csv", text)
    store = tmp_path / "s.duckdb"
    assert cli.main(["import", str(file), "--store", str(store)]) == 1
    said = capsys.readouterr()
    assert "共隔离 1 行" in said.out
    assert '错误: loans.csv 第 3 行: 借款本金(元) "十万" 不是金额 (同类共 1 行)。已隔离' in said.err
    assert cli.main(["import", str(file), "--store", str(store), "--lang", "en"]) == 0
    again = capsys.readouterr()
    assert "1 rows set apart" in again.out
    assert "1 more files were there already" in again.out
    assert "Error" not in again.err


def test_a_damaged_store_says_how_to_rebuild_it(refused: Refused, tmp_path: Path) -> None:
    store = write(tmp_path / "s.duckdb", "not a database")
    write(tmp_path / "raw" / "parties.csv", "party_id,kind,name\nC1,company,金水\n")
    for command in (["check"], ["report", "C1"], ["report", "--all"], ["import", tmp_path / "raw"]):
        assert refused(*command, "--store", store, code=1).count("lookthrough import --rebuild") == 2
    assert cli.main(["import", str(tmp_path / "raw"), "--store", str(store), "--rebuild"]) == 0


def test_a_missing_store_says_how_to_make_one(refused: Refused) -> None:
    for command in (["check"], ["check", "JG-1"], ["report", "JG-1"], ["report", "--all"], ["rule", "show", "LM-01"]):
        store = ["--store", "none.duckdb"]
        assert refused(*command, *store, code=1).count("lookthrough import") == 2
    assert refused("check", code=1).count("data/curated/inspection.duckdb") == 2


def test_data_without_any_date_need_a_day(refused: Refused, make_store: MakeStore) -> None:
    assert refused("check", "C1", "--store", make_store(parties=PARTIES), code=1).count("as_of") >= 2


# --- names and options that do not exist ------------------------------------------------------------------------------


def test_an_unknown_institution_is_refused_before_anything_is_written(
    refused: Refused, make_store: MakeStore, tmp_path: Path
) -> None:
    store = make_store(institutions=INSTITUTIONS, parties=PARTIES)
    day = ["--as-of", "2018-09-30", "--store", store]
    assert refused("check", "金水", *day, code=2).count("金水贷") == 2
    assert refused("report", "JG-1", "金水", "--out", tmp_path / "out", *day, code=2).count("金水贷") == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("what_if", ["LM-01.cap=1", "LM_01.capyuan=1", "LM-01.cap_yuan=much", "LM-1.cap_yuan=1"])
def test_a_misspelt_rule_or_threshold_is_refused_with_the_right_ones(
    refused: Refused, make_store: MakeStore, what_if: str
) -> None:
    store = make_store(institutions=INSTITUTIONS, parties=PARTIES)
    said = refused("check", "--what-if", what_if, "--as-of", "2018-09-30", "--store", store, code=2)
    assert said.count("cap_yuan" if "LM-1." not in what_if else "LM-01") >= 2


def test_an_unknown_rule_is_refused_with_those_that_there_are(refused: Refused) -> None:
    assert refused("rule", "show", "LM-99", code=2).count("LM-01") == 2


def test_a_misspelt_parameter_never_yields_a_report(
    refused: Refused, make_store: MakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(institutions=INSTITUTIONS, parties=PARTIES)
    report = ["report", "JG-1", "--store", store, "--out", tmp_path / "out", "--as-of", "2018-09-30"]
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(Path(cli.__file__).parents[1]))  # where the templates are
    assert refused(*report, "--set", "as_off=2018-01-01", code=2).count("as_of") >= 2
    assert refused(*report, "--template", "institutoin", code=2).count("institutoin") == 2
    assert refused(*report, "--as_of", "2018-01-01", code=2).count("--as-of") == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("day", ["2018-02-30", "gestern", ""])
def test_a_day_that_is_none_is_refused(refused: Refused, make_store: MakeStore, day: str) -> None:
    store = make_store(institutions=INSTITUTIONS, parties=PARTIES)
    for command in (["check"], ["check", "JG-1"], ["report", "JG-1"]):
        assert refused(*command, f"--as-of={day}", "--store", store, code=2).count("YYYY-MM-DD") == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["chekc"], "check"),
        (["rule", "shwo"], "show"),
        (["rule"], "list"),
        (["import"], "PATH"),
        (["import", "x", "--rebiuld"], "--rebuild"),
        (["report", "--jobs", "0", "C1"], "--jobs"),
        (["report", "--jobs", "two", "C1"], "--jobs"),
        (["rule", "show", "LM-01", "SF-03"], "SF-03"),
        (["report"], "--all"),
        (["report", "--all", "JG-1"], "--all"),
        (["check", "--all", "JG-1"], "--all"),
        (["check", "--what-if", "LM-01"], "RULE.NAME=VALUE"),
        (["check", "--what-if", "cap_yuan=1"], "RULE.NAME=VALUE"),
        (["report", "JG-1", "--set", "as_of"], "NAME=VALUE"),
        (["lab", "--port", "80"], "--port"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_a_slip_of_the_keyboard_is_one_line_that_says_what_is_allowed(
    refused: Refused, arguments: list[str], named: str
) -> None:
    said = refused(*arguments, code=2)
    assert said.count(named) >= 2


def test_an_option_without_its_value_is_one_line(capsys: Capture) -> None:
    assert cli.main(["check", "--as-of"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["--lang", "fr", "rule", "list"], ["rule", "list", "--lang=de"], ["rule", "list", "--lang="]]
)
def test_a_language_that_is_not_spoken_is_refused(capsys: Capture, arguments: list[str]) -> None:
    assert cli.main(arguments) == 2
    assert "zh 或 en" in capsys.readouterr().err


def test_a_wrong_language_in_the_environment_is_refused_too(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKTHROUGH_LANG", "english")
    assert cli.main(["rule", "list"]) == 2
    assert "LOOKTHROUGH_LANG" in capsys.readouterr().err


def test_names_after_two_dashes_are_never_options(make_store: MakeStore, capsys: Capture) -> None:
    store = make_store(parties=PARTIES)
    assert cli.main(["check", "--store", str(store), "--as-of", "2018-01-01", "--", "--lang"]) == 2
    assert "'--lang'" in capsys.readouterr().err


# --- lists of names ---------------------------------------------------------------------------------------------------


def test_a_list_has_one_name_on_each_line_and_comments(tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_bytes("\ufeffJG-1\r\n# 已停业\r\n\r\n  金水贷  # 重点\r\n".encode())
    assert usage.listed(file) == ["JG-1", "金水贷"]


@pytest.mark.parametrize("content", [b"", b"\n# nobody\n", "金水贷\n".encode("gb18030")], ids=["empty", "comments", "gb18030"])
def test_a_list_that_names_nobody_or_cannot_be_read_is_an_error(refused: Refused, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ids.txt"
    file.write_bytes(content)
    assert refused("report", "--file", file, code=1).count("ids.txt") == 2
    with pytest.raises(BadFile):
        usage.listed(file)


def test_a_list_that_is_not_there_is_an_error(refused: Refused, tmp_path: Path) -> None:
    assert refused("report", "--file", tmp_path / "none.txt", code=1).count("none.txt") == 2


def test_thresholds_are_read_exactly() -> None:
    from decimal import Decimal

    read = usage.what_ifs(["SF-03.share=0.3", "SF-03.hops=5", "LM-01.cap_yuan=200000.01", "X.flag=true", "X.text=a=b"])
    assert read == {
        "SF_03": {"share": Decimal("0.3"), "hops": 5},
        "LM_01": {"cap_yuan": Decimal("200000.01")},
        "X": {"flag": True, "text": "a=b"},
    }
    with pytest.raises(BadParameter):
        usage.what_ifs(["SF-03.share"])


# --- what is printed --------------------------------------------------------------------------------------------------


def test_help_speaks_the_language_asked_for(capsys: Capture) -> None:
    assert cli.main(["--help"]) == 0
    assert "用法:" in capsys.readouterr().out
    for arguments in (
        ["--lang", "en", "report", "--help"],
        ["report", "--lang=en", "--help"],
        ["report", "--help", "--lang", "en"],
    ):
        assert cli.main(arguments) == 0
        said = capsys.readouterr().out
        assert "Usage:" in said
        assert "How many are worked on at the same time" in said


def test_every_command_and_option_has_its_help_in_both_languages() -> None:
    group = get_command(cli.app)
    commands = {"lookthrough": group, **group.commands}
    for of in ("rule", "export", "register"):
        commands |= {f"{of} {name}": made for name, made in group.commands[of].commands.items()}
    for name, command in commands.items():
        assert has_word("commands", name), name
        for option in command.params:
            assert has_word("options", option.name), f"{name} {option.name}"
        assert command is group or "lang" in {option.name for option in command.params}
    leaves = [made for name, made in commands.items() if name not in ("lookthrough", "rule", "export", "register")]
    assert all("lang" in {option.name for option in made.params} for made in leaves)
    without = [made.name for made in leaves if "store" not in {option.name for option in made.params}]
    assert without == ["doctor", "simulate"]  # they read no Store


def test_the_findings_are_kept_and_a_what_if_is_not(make_store: MakeStore, capsys: Capture) -> None:
    store = make_store(institutions=INSTITUTIONS, parties=PARTIES)
    asked = ["--store", str(store), "--as-of", "2018-09-30"]
    assert cli.main(["check", "--what-if", "LM-01.cap_yuan=1", *asked]) == 0
    assert list(store.parent.glob("*.findings.parquet")) == []
    assert cli.main(["check", *asked]) == 0
    kept = list(store.parent.glob("*.findings.parquet"))
    assert len(kept) == 1
    assert cli.main(["check", "JG-1", *asked]) == 0
    assert len(list(store.parent.glob("*.findings.parquet"))) == 2
    assert kept[0].name in capsys.readouterr().out


def test_the_rules_are_listed_and_shown(make_store: MakeStore, capsys: Capture) -> None:
    assert cli.main(["rule", "list", "--lang", "en"]) == 0
    listed = capsys.readouterr().out
    for rule in ("SF-03", "LM-01", "SH-04", "RC-01", "RC-05", "NM-01"):
        assert rule in listed
        assert cli.main(["rule", "show", rule]) == 0
        assert "select" in capsys.readouterr().out
    assert cli.main(["rule", "list", "--store", str(make_store(parties=PARTIES))]) == 0
    assert "holdings" in capsys.readouterr().out


def test_a_table_keeps_its_columns_under_wide_characters(capsys: Capture) -> None:
    terminal.table(("rule", "title", "hit"), [["A", "自融", 1], ["B", "ab", 12_345]], numbers=("hit",))
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].index("自融") == lines[3].index("ab")
    assert lines[3].endswith("12,345")


def test_names_from_files_command_no_terminal_and_are_no_markup(capsys: Capture) -> None:
    terminal.table(("rule", "title"), [["[red]x[/red]", "a\x1b[31mb\nc\u202e"]])
    said = capsys.readouterr().out
    assert "[red]x[/red]" in said
    assert "a\\x1b[31mb\\x0ac\\x202e" in said
    assert "\x1b" not in said


def test_a_log_has_plain_lines_and_the_last_step(capsys: Capture) -> None:
    with terminal.progress() as step:
        for done in range(1, 101):
            step(f"file {done}", done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "[  1%] file 1"
    assert lines[-1] == "[100%] file 100"
    assert len(lines) < 10


# --- faults, interruptions, pipes -------------------------------------------------------------------------------------


def test_a_fault_of_the_program_is_one_line_with_the_traceback_in_a_file(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr(cli.steps, "check_cases", broken)
    monkeypatch.setattr(terminal.tempfile, "tempdir", str(tmp_path))
    for language, said in (("zh", "程序内部错误"), ("en", "A fault of the program")):
        assert cli.main(["check", "--lang", language]) == 1
        line = capsys.readouterr().err
        assert line.count("\n") == 1
        assert line.startswith(said)
    logs = list(tmp_path.glob("lookthrough-*.log"))
    assert len(logs) == 2
    assert "ZeroDivisionError" in logs[0].read_text(encoding="utf-8")
    assert os.name == "nt" or logs[0].stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
def test_ctrl_c_ends_an_import_with_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    rows = "".join(f"F{i},A1,2018-01-01 00:00:00,in,1.00\n" for i in range(200_000))
    write(tmp_path / "raw" / "flows.csv", "flow_id,account_id,at,direction,amount_yuan\n" + rows)
    command = [sys.executable, "-m", "lib.cli", "import", str(tmp_path / "raw"), "--store", str(tmp_path / "s.duckdb")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(cli.__file__).parents[1]) as started:
        while not list(tmp_path.glob(".s.duckdb.next")) and started.poll() is None:
            time.sleep(0.01)
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=60)
    assert started.returncode == 130, said
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("已中断")
    assert [p.name for p in tmp_path.iterdir() if p.name != "raw" and not p.name.endswith(".lock")] == []


def test_ctrl_c_inside_a_query_is_no_fault_of_the_program(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> bool:
        raise RuntimeError("Query interrupted")  # what DuckDB makes of the signal while a query runs

    monkeypatch.setattr(steps, "import_files", stop)
    assert cli.main(["import", "raw"]) == 130
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("已中断")


def test_a_reader_that_has_enough_is_no_error() -> None:
    code = "import sys; from lib import cli; sys.exit(cli.main(['rule', 'show', 'LM-01']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.close()
        assert started.stderr.read() == b""
    assert started.returncode == 0


def test_a_terminal_that_knows_no_chinese_still_gets_its_answer() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LOOKTHROUGH_LANG": "zh"}
    command = [sys.executable, "-m", "lib.cli", "rule", "list"]
    done = subprocess.run(
        command,
        capture_output=True,
        env=environment,
        cwd=Path(cli.__file__).parents[1],
        check=False,
        text=True,
        encoding="ascii",
    )
    assert done.returncode == 0, done.stderr
    assert "LM-01" in done.stdout


# --- the demo ---------------------------------------------------------------------------------------------------------


def test_the_demo_never_touches_a_store_that_holds_other_data(refused: Refused, tmp_path: Path) -> None:
    write(tmp_path / "raw" / "parties.csv", "party_id,kind,name\nC1,company,金水\n")
    write(tmp_path / "home" / "data" / "raw" / "sample" / "parties.csv", "party_id,kind,name\nC2,company,中原\n")
    store = tmp_path / "mine.duckdb"
    assert cli.main(["import", str(tmp_path / "raw"), "--store", str(store)]) == 0
    assert refused("demo", "--store", store, code=2).count("mine.duckdb") == 2


def test_the_demo_goes_the_whole_way_and_makes_nothing_twice(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(cli.__file__).parents[1]
    shutil.copytree(root / "data" / "raw" / "sample", tmp_path / "data" / "raw" / "sample")
    shutil.copytree(root / "notebooks" / "templates", tmp_path / "notebooks" / "templates")
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(tmp_path))

    assert cli.main(["demo"]) == 0, capsys.readouterr().err
    assert "reports/sample/index.html" in capsys.readouterr().out
    made = files(tmp_path)
    pages = sorted((tmp_path / "reports" / "sample").glob("*.html"))
    assert len(pages) == 6 + 1

    assert cli.main(["demo"]) == 0
    assert "没有重新生成" in capsys.readouterr().out
    again = files(tmp_path)
    assert {name for name in again if again[name] != made.get(name)} == {n for n in again if n.endswith(".findings.parquet")}

    for file in (tmp_path / "data" / "raw" / "sample").rglob("flows.csv"):
        file.write_bytes(file.read_bytes() + b"\n")  # a sample that is no longer the one in the Store
    store = tmp_path / "data" / "curated" / "sample.duckdb"
    assert steps._outdated(store, tmp_path / "data" / "raw" / "sample")
    store.write_bytes(b"not a database")
    with pytest.raises(DataGap):
        steps._outdated(store, tmp_path / "data" / "raw" / "sample")


def test_the_demo_without_its_sample_says_where_it_looked(refused: Refused) -> None:
    assert refused("demo", code=1).count("data/raw/sample") == 2
    assert paths.home().name == "home"


def test_both_languages_are_those_of_the_labels() -> None:
    assert LANGUAGES == ("zh", "en")


def test_an_entry_on_the_register_is_written_shown_and_refused_a_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(tmp_path))
    listed = [{"institution_id": "P", "name": "甲贷"}]
    store = ["--store", str(write_store(tmp_path / "s.duckdb", {"institutions": listed}))]
    signed = ["--who", "张三", "--why", "摸排", *store]
    assert cli.main(["register", "add", "甲贷", "--measure", "良性退出", "--exit-on", "2018-12-31", *signed]) == 0
    assert cli.main(["register", "add", "X", "--name", "乙贷", *signed]) == 0
    assert cli.main(["register", "answer", "P", "lost", *signed]) == 0
    capsys.readouterr()
    assert cli.main(["register", "list", "--as-of", "2018-09-30", *store]) == 0
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("甲贷", "良性退出", "2018-12-31", "乙贷", "在库 2 家"))
    assert cli.main(["register", "add", "P", *signed]) == 2
    assert cli.main(["register", "remove", "nobody", *signed]) == 2
    assert "已在名单库中" in capsys.readouterr().err
    assert cli.main(["register", "list", "--as-of", "2018-09-30", "--export", str(tmp_path / "a.xlsx"), *store]) == 0
    assert (tmp_path / "a.xlsx").stat().st_size > 0
