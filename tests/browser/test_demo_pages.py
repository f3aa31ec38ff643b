"""The pages of the sample district as a reader sees them: off line, drawn, sorted and opened by hand, nothing secret inside."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lib import open_case, report
from tests.browser import watching
from tests.conftest import write_store

pytestmark = pytest.mark.browser
Open = Callable[..., Any]
NAUGHTY = Path(__file__).parents[3] / "shared" / "data" / "hazards" / "blns.txt"


@pytest.fixture
def opened(browser: Any) -> Iterator[Open]:
    """Give a function that opens a page off line; at the end none of them has asked for anything or said anything."""
    every = []

    def open_page(path: Path, width: int = 1280) -> Any:
        every.append(watching.opened(browser, path, width))
        return every[-1].page

    yield open_page
    for seen in every:
        seen.page.context.close()
        watching.quiet(seen)


@pytest.mark.parametrize("name", ["JG-02", "JG-03", "JG-06", "en", "index"])
@pytest.mark.parametrize("width", [1280, 768])
def test_a_page_asks_for_nothing_and_fits_its_window(opened: Open, pages: dict[str, Path], name: str, width: int) -> None:
    page = opened(pages[name], width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_charts_are_drawn_as_text_and_lines(opened: Open, pages: dict[str, Path]) -> None:
    page = opened(pages["JG-02"])
    # 80 %: the largest direct holding of the institution
    assert page.locator(".lt-figure svg text", has_text="80%").count() >= 1
    heights = page.evaluate("[...document.querySelectorAll('.lt-svg > svg')].map(s => s.getBoundingClientRect().height)")
    assert len(heights) == 4  # the look-through chart, the months, clients' money and payouts' sources
    assert min(heights) > 100


def test_amounts_sort_both_ways(opened: Open, pages: dict[str, Path]) -> None:
    heading = opened(pages["JG-02"]).locator("th [role=button]").filter(has_text="金额").first
    read = """b => [...b.closest('table').tBodies[0].rows].map(
        r => parseFloat(r.cells[b.closest('th').cellIndex].textContent.replaceAll(',', '')))"""
    before = heading.evaluate(read)
    assert len(before) == 3  # the loans that went to related parties
    heading.click()
    once = heading.evaluate(read)
    heading.click()
    assert sorted([once, heading.evaluate(read)]) == sorted([sorted(before), sorted(before, reverse=True)])


def test_evidence_opens_and_names_the_file(opened: Open, pages: dict[str, Path]) -> None:
    evidence = opened(pages["JG-02"]).locator("details.lt-evidence").first
    assert not evidence.locator("table").is_visible()
    evidence.locator("summary").click()
    assert evidence.locator("table").is_visible()
    assert "flows.csv" in evidence.inner_text()


def test_no_account_or_identity_number_stands_in_a_page(pages: dict[str, Path], sample_store: Path) -> None:
    case = open_case(None, None, str(sample_store))
    secret = case.sql(
        "select account_id as x from accounts union all select id_number from parties where id_number is not null"
    )
    assert len(secret) > 300
    for name in ("JG-02", "JG-03", "JG-06", "en"):
        text = pages[name].read_text(encoding="utf-8")
        assert [x for x in secret["x"] if x in text] == []


def test_the_naughty_strings_as_names_of_a_whole_report_do_nothing(opened: Open, tmp_path: Path) -> None:
    if not NAUGHTY.exists():
        pytest.skip("the list of naughty strings is not beside the checkout")
    lines = dict.fromkeys(NAUGHTY.read_text(encoding="utf-8").split("\n"))
    names = [n for n in lines if n.strip() and not n.startswith("#") and "\0" not in n]
    people = [{"party_id": f"H{i}", "kind": "person", "name": name} for i, name in enumerate(names)]
    share = 1 / len(names)
    store = write_store(
        tmp_path / "naughty.duckdb",
        {
            "institutions": [{"institution_id": "JG", "name": "<script>document.title='owned'</script>", "party_id": "C"}],
            "parties": [{"party_id": "C", "kind": "company", "name": names[0], "scope_text": " ".join(names)}, *people],
            "holdings": [
                {"holding_id": f"{i}", "holder_id": p["party_id"], "held_id": "C", "share": share} for i, p in enumerate(people)
            ],
        },
    )
    made = report.run(["JG"], store=store, as_of="2018-09-30", out=tmp_path / "out")
    assert made["outcome"].tolist() == ["ok"], made["reason"].tolist()
    page = opened(Path(made["path"].iloc[0]))
    page.wait_for_timeout(300)
    assert page.title() != "owned"
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
