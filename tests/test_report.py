"""The batch: what is published, what is refused, and what one failure does to the others."""

import datetime as dt
import html
import json
import os
import re
import subprocess
import sys
import textwrap
import time
from contextlib import nullcontext
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lib import BadFile, BadParameter, DataGap, paths, report
from lib.rendering import kernels as kernels_module
from lib.rendering.kernels import kernels

PARAMETERS = "institution = None\nas_of = None\nstore = None\nlang = 'zh'"
OPENED = "from lib import open_case\ncase = open_case(institution, as_of, store)"
COVER = """
from IPython.display import display
summary = {"hits": 3, "not_testable": 2, "clear": 1, "by_severity": {"major": 2, "minor": 1}}
display({"application/vnd.lookthrough.summary+json": summary, "text/html": f"<h1>{case.party_id}</h1>"}, raw=True)
"""
NAMES = ("金水贷有限公司", "中牟财富管理有限公司", "Zhengdong \"Finance\" '$x' {y} Co.")


def write_template(home: Path, *cells: str, parameters: str | None = PARAMETERS, name: str = "institution") -> Path:
    """Write a template: code cells, or markdown where a cell begins with #."""
    made = [new_markdown_cell(c) if c.startswith("#") else new_code_cell(textwrap.dedent(c).strip()) for c in cells]
    if parameters is not None:
        made.insert(0, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    path = home / "notebooks" / "templates" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=made), path)
    return path


@pytest.fixture(scope="module")
def nursery():
    """One source of kernels for all tests: starting it takes seconds."""
    with kernels() as source:
        yield source


@pytest.fixture
def home(tmp_path, monkeypatch, make_store, nursery):
    """A project of its own: three companies, the first one an institution, data up to 2018-09-30."""
    monkeypatch.setattr(report, "kernels", lambda: nullcontext(nursery))
    folder = tmp_path / "project"
    (folder / "data" / "curated").mkdir(parents=True)
    monkeypatch.setenv("LOOKTHROUGH_HOME", str(folder))
    store = make_store(
        parties=[{"party_id": f"C{i}", "name": name, "kind": "company"} for i, name in enumerate(NAMES)],
        institutions=[{"institution_id": "P1", "party_id": "C0", "name": "金水贷"}],
        holdings=[{"holder_id": "C1", "held_id": "C0", "share": 0.5, "valid_from": dt.date(2018, 9, 30)}],
    )
    store.rename(folder / "data" / "curated" / "inspection.duckdb")
    return folder


def published(home: Path) -> set[str]:
    folder = home / "reports"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def meta(path: str) -> dict[str, object]:
    found = report._meta(Path(path))
    assert found is not None
    return found


def test_a_batch_makes_one_page_and_one_notebook_each_and_a_list_of_them(home):
    write_template(home, OPENED, COVER, "## 股权穿透", "case.name")
    told: list[tuple[int, int, str]] = []
    asked = ["金水贷", "C1", NAMES[2]]
    made = report.run(asked, jobs=2, progress=lambda done, of, row: told.append((done, of, row["outcome"])))
    assert list(made.columns) == list(report.COLUMNS)
    assert list(made["asked"]) == asked
    assert list(made["outcome"]) == ["ok"] * 3
    assert list(made["name"]) == ["金水贷", NAMES[1], NAMES[2]]
    assert list(made["hits"]) == [3] * 3
    assert set(made["as_of"]) == {dt.date(2018, 9, 30)}
    assert sorted(told) == [(1, 3, "ok"), (2, 3, "ok"), (3, 3, "ok")]
    stems = {paths.file_stem("金水贷", "P1"), paths.file_stem(NAMES[1], "C1"), paths.file_stem(NAMES[2], "C2")}
    assert published(home) == {f"{s}.{e}" for s in stems for e in ("html", "ipynb")} | {"index.html"}
    pages = [Path(path).read_text(encoding="utf-8") for path in made["path"]]
    for party, page in zip(("C0", "C1", "C2"), pages, strict=True):  # each got its own parameters
        assert f"<h1>{party}</h1>" in page
    assert meta(made["path"][2])["name"] == NAMES[2]
    listed = (home / "reports" / "index.html").read_text(encoding="utf-8")
    assert "金水贷" in listed
    assert listed.count("<tr>") == 1 + 3
    for path in (home / "reports").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        assert str(home) not in json.dumps(notebook, ensure_ascii=False), "a machine's path in a published notebook"


def test_a_misspelt_parameter_yields_no_report(home):
    write_template(home, OPENED)
    with pytest.raises(BadParameter, match="instituton") as refused:
        report.run(["金水贷"], parameters={"instituton": "C1"})
    assert "institution、as_of、store、lang" in refused.value.zh
    assert published(home) == set()


def test_a_template_that_lacks_a_parameter_is_refused(home):
    write_template(home, OPENED, parameters="institution = None\nasof = None\nstore = None\nlang = 'zh'")
    with pytest.raises(BadParameter, match="as_of"):
        report.run(["金水贷"])
    assert published(home) == set()


def test_a_template_without_a_parameters_cell_is_refused(home):
    write_template(home, "institution = None", parameters=None)
    with pytest.raises(BadFile, match="parameters"):
        report.run(["金水贷"])
    assert published(home) == set()


def test_a_template_that_does_not_exist_is_refused_with_those_that_do(home):
    write_template(home, OPENED)
    with pytest.raises(BadParameter, match="institution"):
        report.run(["金水贷"], template="institutions")


def test_a_template_that_is_no_notebook_is_refused(home):
    write_template(home, OPENED).write_text("{", encoding="utf-8")
    with pytest.raises(BadFile, match="notebook"):
        report.run(["金水贷"])


def test_an_unknown_institution_stops_the_batch_before_anything_is_written(home):
    write_template(home, OPENED)
    with pytest.raises(BadParameter, match="金水宝"):
        report.run(["金水贷", "金水宝"])
    assert published(home) == set()


@pytest.mark.parametrize(
    "given", [{"lang": "fr"}, {"jobs": 0}, {"as_of": "2018-13-01"}, {"institutions": []}, {"institutions": [""]}]
)
def test_a_setting_out_of_range_is_refused(home, given):
    write_template(home, OPENED)
    with pytest.raises(BadParameter):
        report.run(**{"institutions": ["金水贷"], **given})
    assert published(home) == set()


def test_a_failing_institution_is_told_in_one_line_and_the_others_are_made(home):
    write_template(
        home,
        OPENED,
        """
        from lib import DataGap
        if case.party_id == "C0":
            raise DataGap("缺少数据表 flows。请先导入", "no flows")
        if case.party_id == "C1":
            1 / 0
        """,
        "case.party_id",
    )
    made = report.run(["金水贷", "C1", "C2"])
    assert list(made["outcome"]) == ["failed", "failed", "ok"]
    assert list(made["reason"])[:2] == ["缺少数据表 flows。请先导入", "ZeroDivisionError: division by zero"]
    assert made["path"].isna().tolist() == [True, True, False]
    assert published(home) == {f"{paths.file_stem(NAMES[2], 'C2')}.{e}" for e in ("html", "ipynb")} | {"index.html"}


def test_what_a_cell_writes_to_stderr_keeps_its_report_from_being_published(home):
    write_template(home, OPENED, "import warnings\nwarnings.warn('half of the data is missing')")
    made = report.run(["金水贷"])
    assert made["outcome"][0] == "failed"
    assert "half of the data is missing" in made["reason"][0]
    assert published(home) == set()


def test_an_error_that_a_cell_says_not_to_stop_at_still_counts(home):
    path = write_template(home, OPENED, "1 / 0", "case.name")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].metadata["tags"] = ["raises-exception"]
    nbformat.write(notebook, path)
    made = report.run(["金水贷"])
    assert (made["outcome"][0], made["reason"][0]) == ("failed", "ZeroDivisionError: division by zero")
    assert published(home) == set()


@pytest.fixture
def plain_kernels(monkeypatch):
    """Give a function after which kernels are new processes, as they are where they cannot be forked."""

    def change():
        monkeypatch.setattr(kernels_module, "CAN_FORK", False)
        monkeypatch.setattr(report, "kernels", kernels)

    return change


@pytest.mark.parametrize("forked", [True, False])
def test_a_kernel_that_dies_fails_its_own_report_only(home, plain_kernels, forked):
    if not forked:
        plain_kernels()
    write_template(home, OPENED, "import os\nif case.party_id == 'C0':\n    os._exit(3)", "case.name")
    made = report.run(["金水贷", "C1"])
    assert list(made["outcome"]) == ["failed", "ok"]
    assert "Kernel" in made["reason"][0]


def test_a_forked_kernel_makes_the_same_page_as_a_new_process_does(home, plain_kernels):
    write_template(home, OPENED, COVER, "## 股权穿透", "print(institution, as_of, store, lang)", "__name__")
    (first,) = report.run(["C1"])["path"]
    forked = Path(first).read_bytes()
    plain_kernels()
    (second,) = report.run(["C1"])["path"]
    assert Path(second).read_bytes() == forked
    assert b"C1 2018-09-30 data/curated/inspection.duckdb zh" in forked


def test_a_kernel_is_this_python_in_the_project_with_the_marks_of_a_page(home, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    names = ("LOOKTHROUGH_PAGE", "LOOKTHROUGH_LANG", "PYTHONDONTWRITEBYTECODE")
    write_template(home, f"import os, sys\nprint([sys.executable, os.getcwd(), *map(os.environ.get, {names})])")
    (made,) = report.run(["C1"], lang="en")["path"]
    notebook = nbformat.read(Path(made).with_suffix(".ipynb"), as_version=4)
    printed = "".join(o.text for c in notebook.cells for o in c.get("outputs", []))
    assert printed.strip() == str([sys.executable, str(home.resolve()), "1", "en", None])


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_the_process_that_kernels_are_forked_from_has_one_thread(nursery):
    assert nursery.ready()
    status = Path(f"/proc/{nursery.process.pid}/status").read_text()
    assert "Threads:\t1\n" in status


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_kernels_end_when_the_process_that_asked_for_them_is_killed(home, tmp_path):
    write_template(home, OPENED, "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)")
    batch = subprocess.Popen([sys.executable, "-c", "from lib import report; report.run(['C1'])"], env=os.environ.copy())
    noted = home / "pid"
    try:
        wait_until(lambda: noted.exists() and noted.read_text())
    finally:
        batch.kill()
        batch.wait()
    kernel = int(noted.read_text())
    wait_until(lambda: not Path(f"/proc/{kernel}").exists())
    assert published(home) == set()


def wait_until(true, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def test_a_batch_of_its_own_leaves_no_process_and_no_folder(home, monkeypatch, tmp_path):
    monkeypatch.setattr(report, "kernels", kernels)
    place = tmp_path / "t"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    write_template(home, OPENED, "case.name")
    assert list(report.run(["C1"])["outcome"]) == ["ok"]
    assert list(place.iterdir()) == []


def test_an_earlier_report_stays_when_a_later_run_of_it_fails(home):
    write_template(home, OPENED, "case.name")
    (made,) = report.run(["C1"])["path"]
    before = Path(made).read_bytes()
    write_template(home, OPENED, "1 / 0")
    assert report.run(["C1"])["outcome"][0] == "failed"
    assert Path(made).read_bytes() == before


def test_an_institution_asked_for_twice_is_made_once(home):
    write_template(home, OPENED)
    made = report.run(["金水贷", "P1", "C0"])
    assert list(made["asked"]) == ["金水贷"]


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_half_written(home):
    write_template(home, OPENED)
    blocked = home / "blocked"
    blocked.write_text("a file, not a folder")
    made = report.run(["C1"], out=blocked)
    assert made["outcome"][0] == "failed"
    assert made["reason"][0].startswith("blocked")
    assert blocked.read_text() == "a file, not a folder"


def test_a_list_names_reports_only_and_survives_pages_that_lie(home):
    folder = home / "reports"
    folder.mkdir(parents=True)
    (folder / "notes.html").write_text("<p>my notes</p>")
    (folder / "torn.html").write_text("<meta name='lookthrough' content='{\"name\": '>")
    (folder / "odd.html").write_text(
        '<meta name="lookthrough" content=\'{"name": "<b>x</b>", "hits": "many", "by_severity": []}\'>'
    )
    listed = report.index(folder).read_text(encoding="utf-8")
    assert "&lt;b&gt;x&lt;/b&gt;" in listed
    assert "odd.html" in listed
    assert "notes.html" not in listed
    assert "torn.html" not in listed


def test_a_list_counts_leads_by_gravity_most_first_and_tells_none_from_unknown(home):
    folder = home / "reports"
    folder.mkdir(parents=True)
    facts = {
        "a": {"name": "甲", "hits": 1, "by_severity": {"minor": 1}, "not_testable": 0, "clear": 5},
        "b": {"name": "乙", "hits": 3, "by_severity": {"major": 2, "minor": 1}, "not_testable": 1, "clear": 2},
        "c": {"name": "丙"},
    }
    for name, fact in facts.items():
        (folder / f"{name}.html").write_text(f'<meta name="lookthrough" content="{html.escape(json.dumps(fact))}">')
    listed = report.index(folder).read_text(encoding="utf-8")
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", listed, re.DOTALL)][1:]
    # name · id · as_of · leads · major · minor · not testable · clear
    assert [[re.sub("<.*?>", "", cell) for cell in row] for row in rows] == [
        ["乙", "—", "—", "3", "2", "1", "1", "2"],
        ["甲", "—", "—", "1", "0", "1", "0", "5"],
        ["丙", "—", "—", "—", "—", "—", "—", "—"],
    ]


def test_a_list_of_a_folder_that_does_not_exist_is_refused(home):
    with pytest.raises(BadParameter):
        report.index(home / "nowhere")


def test_without_a_store_the_batch_says_what_to_do(home):
    write_template(home, OPENED)
    with pytest.raises(DataGap, match="lookthrough import"):
        report.run(["C1"], store=home / "none.duckdb")
