"""The page: nothing from the data runs or loads, everything is numbered, the same data gives the same page."""

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lib import paths
from lib.rendering import markup, page
from lib.words import labels
from tests.trials import trials

FACTS = {"name": "金水贷", "as_of": "2018-09-30", "program": "0.1.0", "store_version": "abc", "template": "institution"}
NETWORK = {
    "caption": "资金网络",
    "nodes": [
        {"id": "A1", "label": "甲", "group": "target", "x": 0, "y": 0},
        {"id": "A2", "label": "乙", "group": "other", "x": 9, "y": 0},
    ],
    "edges": [{"from": "A1", "to": "A2", "label": "1"}, {"from": "A1", "to": "A2", "label": "2"}],
    "legend": [],
}
HOSTILE = "</script><script>alert(1)</script><!--<script>'\"&lt;\u2028"


def notebook(*cells: object) -> nbformat.NotebookNode:
    """A notebook as papermill leaves it: text is markdown, dicts are outputs of one cell."""
    made = []
    for cell in cells:
        if isinstance(cell, str):
            made.append(new_markdown_cell(cell))
        else:
            made.append(new_code_cell("secret_source()", outputs=[new_output("display_data", data=cell)]))
    return new_notebook(cells=made)


def rendered(*cells: object, lang: str = "zh", **facts: object) -> str:
    return page.render(notebook(*cells), {**FACTS, **facts}, lang)


def shown(text: str) -> str:
    """Without the font, which holds no words."""
    return re.sub(r"data:font/woff2;base64,[\w+/=]+", "", text)


def finished(body: str) -> str:
    return markup.finish(body, "图", "表").html


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts.append(data)


def test_the_policy_allows_exactly_the_scripts_of_the_page():
    text = rendered({page.NETWORK: NETWORK})
    elements = Elements(text)
    policy = next(a["content"] for t, a in elements.found if a.get("http-equiv") == "Content-Security-Policy")
    kinds = [a.get("type") for t, a in elements.found if t == "script"]
    assert kinds == ["application/json", None, None]
    running = [s for s, kind in zip(elements.scripts, kinds, strict=True) if kind is None]
    hashes = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in running}
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == hashes
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


def test_a_page_without_networks_does_not_carry_the_script_that_draws_them():
    assert "vis-network" not in rendered("## 股权穿透")
    assert rendered({page.NETWORK: NETWORK}, {page.NETWORK: NETWORK}).count("@version 9.1.2") == 1


def test_code_is_not_shown():
    assert "secret_source" not in rendered({"text/plain": "ok"})


def test_one_form_of_an_output_is_shown():
    text = rendered({"text/html": "<p>shown</p>", "text/plain": "second form", "application/javascript": "alert(1)"})
    assert "<p>shown</p>" in text
    assert "second form" not in text
    assert "alert(1)" not in text


def test_names_that_are_markup_stay_text_everywhere():
    network = json.loads(json.dumps(NETWORK))
    network["caption"] = network["nodes"][0]["label"] = network["edges"][0]["title"] = HOSTILE
    body = rendered(
        {page.NETWORK: network},
        {page.SUMMARY: {"name": HOSTILE}, "text/html": f"<h1>{html.escape(HOSTILE)}</h1>"},
        name=HOSTILE,
    )
    assert sum(tag == "script" for tag, _ in Elements(body).found) == 3
    assert "alert(1)" not in "".join(s for s in Elements(body).scripts if not s.startswith("{"))
    data = next(s for s in Elements(body).scripts if s.startswith('{"caption"'))
    assert json.loads(data)["nodes"][0]["label"] == HOSTILE
    assert "<" not in data


def test_the_meta_says_what_the_cover_and_the_batch_know_and_the_batch_has_the_last_word():
    text = rendered({page.SUMMARY: {"hits": 3, "name": "another"}, "text/html": "<h1>x</h1>"})
    metas = [a["content"] for t, a in Elements(text).found if t == "meta" and a.get("name") == "lookthrough"]
    assert json.loads(metas[0]) == {**FACTS, "hits": 3}


def test_headings_figures_and_tables_are_numbered_and_listed():
    text = shown(
        rendered(
            "## 股权穿透",
            {"text/html": "<figure class='lt-figure'><div><svg></svg></div><figcaption>穿透图</figcaption></figure>"},
            "### 控制人",
            {"text/html": "<div class='lt-table'><table><caption>控制人</caption></table></div>"},
            "## 资金流向",
            {page.NETWORK: NETWORK},
            "### 逐月资金",
        )
    )
    links = re.findall(r'<a href="#([^"]+)"><span class="lt-number">([\d.]+)</span> ([^<]+)</a>', text)
    assert [(number, title) for _, number, title in links] == [
        ("1", "股权穿透"),
        ("1.1", "控制人"),
        ("2", "资金流向"),
        ("2.1", "逐月资金"),
    ]
    for anchor, _, _ in links:
        assert text.count(f'id="{anchor}"') == 1
    assert "图 1</span> 穿透图" in text
    assert "图 2</span> 资金网络" in text
    assert "表 1</span> 控制人" in text


def test_headings_are_translated_and_page_words_too():
    text = shown(rendered("## 股权穿透", {"text/html": "<table><caption>x</caption></table>"}, lang="en"))
    assert "Look-through of shareholders" in text
    assert "股权穿透" not in text
    assert "Table 1</span> x" in text
    assert '<html lang="en">' in text


def test_every_heading_of_every_template_has_an_english_word():
    templates = sorted((paths.PACKAGE.parent / "notebooks" / "templates").glob("*.ipynb"))
    assert templates
    for path in templates:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                for _, heading in page._HEADING.findall(cell.source):
                    assert heading in labels()["headings"], f"{path.name}: {heading}"


def test_the_same_notebook_gives_the_same_bytes():
    cells = ("## 股权穿透", {page.NETWORK: NETWORK})
    assert rendered(*cells) == rendered(*cells)


def test_data_that_looks_like_the_place_of_the_font_changes_nothing():
    text = rendered({"text/html": "<p>@@font@@ {{ font }}</p>"}, name="@@font@@")
    assert text.count("data:font/woff2") == 1
    assert '@font-face { font-family: "Lookthrough Sans"; src: url(data:font/woff2;base64,' in text


def test_page_text_is_in_the_embedded_font():
    import io

    from fontTools.ttLib import TTFont

    text = rendered("## 股权穿透", {"text/html": "<p>䶮㛃𠅤 &#x91D1;</p>"})
    packed = re.search(r"data:font/woff2;base64,([\w+/=]+)", text)
    assert packed is not None
    held = TTFont(io.BytesIO(base64.b64decode(packed[1]))).getBestCmap()
    assert {ord(c) for c in "股权穿透䶮㛃𠅤金目录"} <= set(held)


@pytest.mark.parametrize(
    ("given_html", "kept"),
    [
        ("a<script>alert(1)</script>b", "ab"),
        ("a<SCRIPT src=x>alert(1)</SCRIPT >b", "ab"),
        ("a<script>alert(1)", "a"),
        ("<iframe srcdoc='<p>x'></iframe>b", "b"),
        ("<object data=x><p>in</p></object>b", "b"),
        ("<link rel=stylesheet href=x>b<meta http-equiv=refresh content=0><base href=x>", "b"),
        ("<img src=x onerror=alert(1)>", "<img>"),
        ("<img src='data:image/png;base64,AA=='>", "<img src='data:image/png;base64,AA=='>"),
        ("<a href='javascript:alert(1)'>x</a>", "<a>x</a>"),
        ("<a href='http://example.org/'>x</a>", "<a>x</a>"),
        ("<a href='#s-1'>x</a>", "<a href='#s-1'>x</a>"),
        ("<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>", "<svg><a><text>x</text></a></svg>"),
        ("<svg><use xlink:href='#m'/><set attributeName=href to=x /></svg>", "<svg><use xlink:href='#m'/></svg>"),
        ("<p style='background:url(http://x/)'>x</p>", "<p>x</p>"),
        ("<g style='clip-path:url(#c)'></g>", "<g style='clip-path:url(#c)'></g>"),
        ("<style>@import 'x';</style>b", "<style></style>b"),
        ("<?xml version='1.0'?><!DOCTYPE svg><svg></svg>", "<svg></svg>"),
        ("<form action=x><input></form>b", "b"),
        ("<p title='a > b &amp; \"c\"'>x &lt; y</p>", "<p title='a > b &amp; \"c\"'>x &lt; y</p>"),
    ],
)
def test_what_could_run_or_load_is_taken_out_and_the_rest_stays(given_html, kept):
    assert finished(given_html) == kept


def test_a_bare_table_gets_a_frame_to_scroll_in_and_a_framed_one_no_second():
    assert finished("<table></table>") == '<div class="lt-table"><table></table></div>'
    framed = '<div class="lt-table"><div><table></table></div></div>'
    assert finished(framed) == framed


def test_two_headings_with_one_anchor_get_two():
    body = markup.finish('<h2 id="a">x</h2><h2 id="a">y</h2>', "图", "表")
    assert len({heading.anchor for heading in body.headings}) == 2


@settings(max_examples=trials(200), deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*"<>/='\" ax", "<script", "</script>", "<p", "onx=", "<!--", "-->", "<svg>", "&lt;", "<style>", "href="]
        ),
        max_size=30,
    )
)
def test_no_script_and_no_handler_survives_whatever_is_fed(parts):
    done = finished("".join(parts))
    for tag, attrs in Elements(done).found:
        assert tag != "script"
        assert not [name for name in attrs if name.startswith("on")]


@settings(max_examples=trials(100), deadline=None)
@given(st.text(max_size=60))
def test_escaped_text_passes_unchanged(text):
    body = f"<p>{html.escape(text)}</p>"
    assert finished(body) == body
