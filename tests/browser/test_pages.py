"""Pages in a real browser, the network cut: nothing is asked for, nothing runs that should not, all is drawn and works."""

import datetime as dt
import html
import io
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from lib import report
from lib.rendering import page as pages
from tests.browser.watching import opened, quiet

BLNS = Path(__file__).parents[2] / "../shared/data/hazards/blns.txt"
pytestmark = pytest.mark.browser
OURS = [
    "<script>window.hit=1</script>",
    "</script><script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "'\"><svg onload=window.hit=1>",
    "javascript:window.hit=1",
    "<a href='javascript:window.hit=1'>href</a>",
    "{{7*7}}{% raw %}${window.hit=1}",
    "--><script>window.hit=1</script><!--",
    "\u2028window.hit=1\u2029",
    "<style>*{display:none}</style>",
    "\x00\x1b[31m\ufffe\ufeff",
    "<base href=//example.org/><iframe srcdoc='<script>parent.hit=1</script>'>",
]


def table(rows: int) -> str:
    body = "".join(
        f'<tr><td>股东{i}</td><td class="num">{i * 1234.5:,.2f}</td><td>{"—" if i == 3 else f"第{i}层"}</td></tr>'
        for i in range(rows)
    )
    head = '<tr><th scope="col">名称</th><th scope="col" class="num">金额</th><th scope="col">层级</th></tr>'
    return f'<div class="lt-table"><table><caption>股东</caption><thead>{head}</thead><tbody>{body}</tbody></table></div>'


def network(names: list[str]) -> dict[str, Any]:
    nodes = [
        {"id": f"A{i}", "label": n, "title": n, "group": n, "x": 160 * (i % 9), "y": 120 * (i // 9)}
        for i, n in enumerate(names)
    ]
    edges = [{"from": f"A{i}", "to": f"A{(i + 1) % len(names)}", "label": n, "title": n} for i, n in enumerate(names)]
    edges += [{"from": "A0", "to": "A1", "label": "又一笔"}, {"from": "A1", "to": "A0"}, {"from": "A0", "to": "A0"}]
    return {"caption": names[0], "nodes": nodes, "edges": edges, "legend": [{"group": names[0], "label": names[0]}]}


def write_page(path: Path, names: list[str], rows: int = 40) -> Path:
    """Render a page that shows some names wherever a report shows names."""
    cover = f'<section class="lt-cover"><h1>{html.escape(names[0])}</h1></section>'
    listed = "".join(
        f'<tr><td title="{html.escape(n)}">{html.escape(n)}</td><td class="id">{html.escape(n)}</td></tr>' for n in names
    )
    named = f"<table><thead><tr><th>名称</th><th>编号</th></tr></thead><tbody>{listed}</tbody></table>"
    evidence = (
        f'<details class="lt-evidence" id="evidence-1"><summary>证据</summary><pre>{html.escape(names[-1])}</pre></details>'
    )
    outputs: list[Any] = [
        {"text/html": cover, pages.SUMMARY: {"hits": 1, "note": names[0]}},
        "## 股权穿透",
        {"text/html": table(rows)},
        "### 控制人",
        {"text/html": named + evidence},
        "## 资金流向",
        {pages.NETWORK: network(names)},
        {"text/plain": names[0]},
    ]
    cells = [
        new_markdown_cell(o) if isinstance(o, str) else new_code_cell("", outputs=[new_output("display_data", data=o)])
        for o in outputs
    ]
    facts = {"name": names[0], "as_of": dt.date(2018, 9, 30).isoformat(), "program": "0.1.0", "store_version": "abc"}
    notebook: nbformat.NotebookNode = new_notebook(cells=cells)
    path.write_text(pages.render(notebook, facts, "zh"), encoding="utf-8", newline="\n")
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("plain") / "plain.html", ["金水贷", "河南管荷实业有限公司", "䶮㛃𠅤", "王伟"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768])
def test_a_page_asks_for_nothing_says_nothing_and_fits_the_window(browser, plain, width, scheme):
    seen = opened(browser, plain, width, scheme)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    quiet(seen)


def test_chinese_is_set_in_the_embedded_font(browser, plain):
    seen = opened(browser, plain)
    assert seen.page.evaluate("document.fonts.size") == 1
    assert seen.page.evaluate("[...document.fonts].every(f => f.status === 'loaded' && f.family.includes('Lookthrough Sans'))")
    assert seen.page.evaluate("document.fonts.check('15px \"Lookthrough Sans\"', '金水贷䶮㛃𠅤')")
    session = seen.page.context.new_cdp_session(seen.page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    for selector in ("h1", "td", ".lt-toc a", "figcaption"):
        node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
        fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        assert fonts
        assert all(font["isCustomFont"] for font in fonts), (selector, fonts)


def test_contents_lead_to_their_headings(browser, plain):
    seen = opened(browser, plain)
    links = seen.page.locator(".lt-toc li a")
    assert links.all_inner_texts() == ["1\n股权穿透", "1.1\n控制人", "2\n资金流向"]
    for i in range(links.count()):
        links.nth(i).click()
        anchor = links.nth(i).get_attribute("href")[1:]
        assert seen.page.evaluate(
            "id => { const b = document.getElementById(id).getBoundingClientRect(); return b.top >= 0 && b.top < innerHeight }",
            anchor,
        )
    seen.page.wait_for_function("document.querySelectorAll('[aria-current]').length === 1")
    quiet(seen)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_network_is_drawn(browser, plain, scheme):
    seen = opened(browser, plain, scheme=scheme)
    canvas = seen.page.locator(".lt-canvas")
    canvas.scroll_into_view_if_needed()
    seen.page.wait_for_timeout(300)
    picture = Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")
    colours = picture.getcolors(1 << 24)
    assert colours is not None
    ground = max(count for count, _ in colours)
    assert len(colours) > 50
    assert picture.width * picture.height - ground > 2_000, "next to nothing but the ground"
    quiet(seen)


def test_a_table_sorts_by_number_and_by_text_and_goes_back(browser, plain):
    seen = opened(browser, plain)
    first = ".lt-table table tbody tr:first-child td:nth-child({})"
    amount = seen.page.get_by_role("button", name="金额")
    amount.click()
    assert seen.page.locator(first.format(2)).first.inner_text() == f"{39 * 1234.5:,.2f}"
    amount.click()
    assert seen.page.locator(first.format(2)).first.inner_text() == "0.00"
    assert seen.page.locator("th[aria-sort=ascending]").count() == 1
    amount.press("Enter")
    assert seen.page.locator("th[aria-sort]").count() == 0
    layer = seen.page.get_by_role("button", name="层级")
    layer.click()
    layers = seen.page.locator(".lt-table table").first.locator("tbody td:nth-child(3)").all_inner_texts()
    assert layers == [f"第{i}层" for i in range(40) if i != 3] + ["—"]  # numbers in text by value, what is missing last


def test_evidence_opens_by_keyboard_and_by_a_link_to_it(browser, plain):
    seen = opened(browser, plain)
    summary = seen.page.locator("details.lt-evidence summary")
    inside = seen.page.locator("details.lt-evidence pre")
    assert not inside.is_visible()
    summary.focus()
    seen.page.keyboard.press("Enter")
    assert inside.is_visible()
    seen.page.keyboard.press("Enter")
    seen.page.evaluate("location.hash = 'evidence-1'")
    inside.wait_for(state="visible")


def test_paper_shows_closed_evidence_whole_tables_and_their_heads_again(browser, plain, tmp_path):
    seen = opened(browser, plain)
    closed = "document.querySelectorAll('details:not([open])').length"
    seen.page.evaluate(f"window.paper = []; addEventListener('beforeprint', () => paper.push({closed}))")
    pdf = seen.page.pdf(prefer_css_page_size=True)
    assert len(pdf) > 20_000
    assert seen.page.evaluate("paper") == [0]
    assert seen.page.evaluate(closed) == 1  # closed again afterwards
    seen.page.emulate_media(media="print")
    box = seen.page.locator(".lt-table").first
    assert box.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    quiet(seen)


def test_a_page_has_landmarks_a_language_and_names_for_pictures(browser, plain):
    seen = opened(browser, plain)
    assert seen.page.evaluate("document.documentElement.lang") == "zh-CN"
    for role in ("main", "navigation", "contentinfo"):
        assert seen.page.get_by_role(role).count() == 1
    assert seen.page.get_by_role("img").first.get_attribute("aria-label").startswith("金水贷")
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.className") == "lt-skip"


def hostile() -> list[str]:
    if not BLNS.exists():
        return OURS
    lines = BLNS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return OURS + [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("which", ["ours", "blns"])
def test_hostile_names_run_nothing_and_break_nothing(browser, tmp_path, which):
    if which == "blns" and not BLNS.exists():
        pytest.skip("../shared/data/hazards/blns.txt is not here")
    names = OURS if which == "ours" else hostile()
    names = [n.encode("utf-8", "replace").decode() for n in names]
    path = write_page(tmp_path / "hostile.html", names)
    seen = opened(browser, path)
    seen.page.on("dialog", lambda dialog: seen.messages.append(f"dialog {dialog.message}"))
    seen.page.wait_for_timeout(300)
    assert seen.page.evaluate("window.hit") is None
    assert seen.page.evaluate("document.scripts.length") == 3
    assert seen.page.evaluate("document.querySelectorAll('iframe, base, object, embed, form').length") == 0
    cells = seen.page.locator(".lt-table table").nth(1).locator("tbody tr td:first-child").all_text_contents()
    assert cells == [as_parsed(n) for n in names]
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 1280
    quiet(seen)


def as_parsed(name: str) -> str:
    """A text after a browser has read it: line ends as LF, no NUL."""
    return name.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def test_the_list_of_reports_links_sorts_and_runs_no_name(browser, tmp_path):
    for i, name in enumerate(OURS):
        write_page(tmp_path / f"r{i}.html", [name], rows=2)
    (tmp_path / "odd name #1%?.html").write_text((tmp_path / "r0.html").read_text(encoding="utf-8"), encoding="utf-8")
    seen = opened(browser, report.index(tmp_path, lang="zh"))
    links = seen.page.locator("tbody a")
    assert links.count() == len(OURS) + 1
    assert seen.page.evaluate("window.hit") is None
    quiet(seen)
    hrefs = [links.nth(i).evaluate("a => decodeURIComponent(new URL(a.href).pathname)") for i in range(links.count())]
    assert sorted(Path(h).name for h in hrefs) == sorted(p.name for p in tmp_path.glob("*.html") if p.name != "index.html")
    seen.page.get_by_role("button", name="疑点").click()
    assert seen.page.locator("th[aria-sort]").count() == 1
    links.first.click()
    seen.page.wait_for_load_state()
    assert json.loads(seen.page.locator("meta[name=lookthrough]").get_attribute("content"))["hits"] == 1
