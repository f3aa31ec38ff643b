"""Cover, findings, network, months and sources of a small case, on a page and in JupyterLab."""

import datetime as dt
import html
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import networkx as nx
import pandas as pd
import pytest

from lib import BadParameter, checks, draw, flows
from lib.draw import behind, framing, leads, masking, months, people, spread
from tests.money_cases import line, move

CARD = "6222021234567890123"
ACCOUNTS = [
    {"account_id": CARD, "holder_id": "B", "holder_name": "白借款", "purpose": "own"},
    {"account_id": "P-1", "holder_id": "P", "holder_name": "平台公司", "purpose": "own"},
]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(people, "_drawn", [])
    monkeypatch.setattr(masking, "_seen", {})
    monkeypatch.setattr(masking, "_asked", [])
    monkeypatch.setenv("LOOKTHROUGH_PAGE", "1")
    return


@pytest.fixture
def case(make_case: Callable[..., Any]) -> Any:
    """A platform with one holder, one borrower over the cap, a payout and a repayment."""

    def flow(number: int, account: str, direction: str, amount: str, day: int, **more: Any) -> dict[str, Any]:
        at = dt.datetime(2018, 3, day, 9)
        return {
            "flow_id": f"F{number}",
            "account_id": account,
            "direction": direction,
            "amount_yuan": Decimal(amount),
            "at": at,
            **more,
        }

    def transfer(number: int, payer: str | None, payee: str | None, amount: str, day: int, kind: str) -> dict[str, Any]:
        at = dt.datetime(2018, 3, day, 9)
        named = {"transfer_id": f"F{number}", "flow_ids": [f"F{number}"], "payer_account": payer, "payee_account": payee}
        return {
            **named,
            "at": at,
            "amount_yuan": Decimal(amount),
            "kind": kind,
            "loan_id": "L1",
            "day_only": False,
            "file_order": number,
        }

    return make_case(
        "P",
        institutions=[{"institution_id": "P", "name": "金水贷<b>", "party_id": "PC"}],
        parties=[
            {"party_id": "PC", "name": "平台公司", "kind": "company", "scope_text": "信息咨询"},
            {"party_id": "H", "name": "何股东", "kind": "person"},
            {"party_id": "B", "name": "白借款", "kind": "person", "phone": "13800138000"},
        ],
        holdings=[{"holding_id": "h", "holder_id": "H", "held_id": "PC", "share": 1.0}],
        accounts=[{**a, "holder_id": "PC" if a["holder_id"] == "P" else a["holder_id"]} for a in ACCOUNTS],
        flows=[
            flow(
                1,
                "P-1",
                "out",
                "300000",
                5,
                counterparty_account=CARD,
                counterparty_name="白借款",
                kind="disbursement",
                loan_id="L1",
            ),
            flow(
                2,
                "P-1",
                "in",
                "50000",
                20,
                counterparty_account=CARD,
                counterparty_name="白借款",
                kind="repayment",
                loan_id="L1",
            ),
        ],
        transfers=[transfer(1, "P-1", CARD, "300000", 5, "disbursement"), transfer(2, CARD, "P-1", "50000", 20, "repayment")],
        loans=[
            {
                "loan_id": "L1",
                "institution_id": "P",
                "borrower_id": "B",
                "principal_yuan": Decimal(300000),
                "signed_on": dt.date(2018, 3, 1),
            }
            | {"started_on": dt.date(2018, 3, 5), "disbursement_account": CARD}
        ],
        repayments=[{"repayment_id": "R1", "loan_id": "L1", "paid_on": dt.date(2018, 3, 20), "principal_yuan": Decimal(50000)}],
        sources=[
            {"source_id": "S1", "seq": 1, "name": "loans.csv", "delivery": "d", "sha256": "ab" * 32, "encoding": "utf-8"}
            | {"profile_id": "canonical.loans", "rows_read": 3, "rows_accepted": 1, "rows_quarantined": 2, "state": "imported"}
        ],
        quarantine=[
            {"source_id": "S1", "line": n, "reason": "金额不是数字\nnot a number", "original_text": CARD} for n in (4, 7)
        ],
        corrections=[{"source_id": "S1", "line": 7, "corrected_source_id": "S2", "corrected_line": 4}],
        control_totals=[
            {"source_id": "S1", "table_name": "loans", "column_name": "principal_yuan", "row_count": 1}
            | {"source_total": Decimal("300000.0041"), "stored_total": Decimal(300000), "rounding": Decimal("0.0041")}
        ],
    )


def text_of(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", markup))


def test_the_cover_counts_leads_by_gravity_and_hands_the_page_its_summary(case: Any) -> None:
    bundle = draw.cover(case)._repr_mimebundle_()
    summary = bundle["application/vnd.lookthrough.summary+json"]
    json.dumps(summary)
    assert (summary["name"], summary["as_of"], summary["institution_id"]) == ("金水贷<b>", "2018-09-30", "P")
    assert summary["hits"] == sum(summary["by_severity"].values()) >= 1  # LM-01: 300,000 above 200,000
    assert (summary["loans"], summary["principal_yuan"]) == (1, "300000.00")
    assert "<h1>金水贷&lt;b&gt;</h1>" in bundle["text/html"]
    assert "不构成结论" in bundle["text/html"]


def test_the_cover_says_what_was_not_received(case: Any) -> None:
    assert "未收到：任职、关联" in text_of(draw.cover(case).html)


def test_the_district_has_no_cover(make_case: Callable[..., Any]) -> None:
    with pytest.raises(BadParameter, match="封面需要指定机构"):
        draw.cover(make_case(None))


def test_a_finding_stands_with_basis_threshold_innocent_reading_and_evidence(case: Any) -> None:
    page = text_of(draw.findings(case).html)
    assert all(word in page for word in ("LM-01", "依据", "限额 (元) 200,000", "可能的正常解释", "300,000.00", "证据"))


def test_findings_and_cover_count_the_same(case: Any) -> None:
    page = draw.findings(case).html
    summary = draw.cover(case).data["application/vnd.lookthrough.summary+json"]
    assert len(re.findall(r'class="lt-badge lt-not-testable"', page)) == summary["not_testable"]
    assert len(re.findall(r'class="lt-badge lt-clear"', page)) == summary["clear"]
    found = checks.run(case)
    hits = set(found.loc[found["outcome"] == "hit", "rule_id"])
    assert "LM-01" in hits
    assert len(re.findall(r'class="lt-badge lt-hit"', page)) == len(hits)


def test_no_card_phone_or_borrower_stands_on_any_piece_of_a_page(case: Any) -> None:
    pieces = [
        draw.cover(case),
        draw.findings(case),
        draw.network(case),
        draw.monthly(case),
        draw.sources(case),
        draw.lookthrough(case),
    ]
    everything = "".join(p.html + json.dumps(dict(p.data), ensure_ascii=False) for p in pieces)
    assert not [secret for secret in (CARD, "13800138000", "白借款") if secret in everything]
    assert "何股东" in everything


def found_rows(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    blank = {"outcome": "hit", "subject_id": "x", "amount_yuan": None}
    return [{**blank, **row} for row in rows]


def test_findings_come_gravest_first_and_then_by_amount() -> None:
    rows = found_rows(
        {"rule_id": "NM-01", "amount_yuan": Decimal(9)},
        {"rule_id": "LM-01", "amount_yuan": Decimal(1)},
        {"rule_id": "RC-01", "amount_yuan": Decimal(5)},
        {"rule_id": "SF-03", "amount_yuan": Decimal(1)},
        {"rule_id": "RC-01", "amount_yuan": Decimal(7)},
    )
    groups = leads.by_rule(rows)
    assert list(groups) == ["SF-03", "RC-01", "LM-01", "NM-01"]
    assert [r["amount_yuan"] for r in groups["RC-01"]] == [7, 5]


def test_long_original_lines_are_cut_and_say_so() -> None:
    assert leads.original("字" * 5000, ()).endswith("…")
    assert leads.original(None, ()) == "—"


def test_an_original_line_loses_the_names_it_is_told(case: Any) -> None:
    hidden = people.names_to_hide(case, [("flows", "F1"), ("loans", "L1"), ("parties", "H")])
    assert hidden == {("flows", "F1"): ("白借款",), ("loans", "L1"): ("白借款",), ("parties", "H"): ()}


def test_sources_show_hash_counts_reasons_and_exact_totals(case: Any) -> None:
    page = draw.sources(case).html
    assert "abababababab" in page
    assert f'title="{"ab" * 32}"' in page
    assert "金额不是数字" in text_of(page)
    assert "not a number" not in page
    assert re.search(r"金额不是数字 +2 +1 +4\b", text_of(page))  # two rows, one of them corrected, the first on line 4
    assert "300,000.0041" in text_of(page)
    assert "300,000.00 " in text_of(page)


def test_a_store_without_sources_says_that_figures_cannot_be_walked_back(make_case: Callable[..., Any]) -> None:
    assert "无法追溯" in draw.sources(make_case("P", parties=[{"party_id": "P", "name": "甲"}])).text


def network_of(case: Any) -> dict[str, Any]:
    return dict(draw.network(case).data["application/vnd.lookthrough.network+json"])


def test_a_network_has_accounts_amounts_and_positions(case: Any) -> None:
    data = network_of(case)
    json.dumps(data)
    assert len(data["nodes"]) == 2
    assert sorted(e["label"] for e in data["edges"]) == ["30万元", "5万元"]
    assert {e["from"] for e in data["edges"]} == {n["id"] for n in data["nodes"]}  # one each way
    assert all(isinstance(n["x"], float) and isinstance(n["y"], float) for n in data["nodes"])
    assert {entry["label"] for entry in data["legend"]} == {"本机构账户", "借款人账户"}
    assert "2018-03-05 ~ 2018-03-20" in data["caption"]


def test_parallel_flows_stay_apart() -> None:
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for kind, amount in (("fee", "10"), ("transfer", "20"), ("transfer", "30")):
        graph.add_edge("a", "b", kind=kind, amount_yuan=Decimal(amount), count=1)
    data = draw.network(graph).data[framing.MIME]
    assert [e["label"] for e in data["edges"]] == ["30元", "20元", "10元"]


def trail(rows: list[tuple[str, str | None, str | None, str, int]]) -> pd.DataFrame:
    named = [
        {"transfer_id": t, "payer_account": a, "payee_account": b, "traced_yuan": Decimal(x), "hop": h}
        for t, a, b, x, h in rows
    ]
    return pd.DataFrame([{**r, "at": dt.datetime(2018, 1, 1 + r["hop"]), "amount_yuan": r["traced_yuan"]} for r in named])


def test_a_trail_runs_from_left_to_right_by_hop() -> None:
    data = draw.network(trail([("t1", None, "a", "5", 0), ("t2", "a", "b", "3", 1), ("t3", "b", None, "2", 2)])).data[
        framing.MIME
    ]
    across = {n["label"]: n["x"] for n in data["nodes"]}
    assert across["付款方未知"] < across["a"] < across["b"] < across["收款方未知"]


def test_a_long_trail_adds_up_what_runs_between_two_accounts() -> None:
    rows = [(f"t{i}", "a", "b", "1.01", 1) for i in range(300)]
    data = draw.network(trail(rows)).data[framing.MIME]
    assert [e["label"] for e in data["edges"]] == ["303元"]  # 300 × 1.01


def test_a_frame_that_is_no_trail_is_refused() -> None:
    with pytest.raises(BadParameter, match="缺少列"):
        draw.network(pd.DataFrame({"x": [1]}))
    with pytest.raises(BadParameter, match="不能画"):
        draw.network(3)  # type: ignore[arg-type]


def test_an_empty_network_says_what_is_needed() -> None:
    assert "flows" in draw.network(nx.MultiDiGraph()).text


def test_a_thousand_accounts_have_places_apart_and_the_rest_is_counted() -> None:
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for i in range(1100):
        graph.add_edge(f"a{i}", f"a{(i * 7 + 1) % 1100}", amount_yuan=Decimal(i), count=1)
    data = draw.network(graph).data[framing.MIME]
    assert len(data["nodes"]) == 1000
    assert "100" in data["note"]
    assert len({(n["x"], n["y"]) for n in data["nodes"]}) == 1000


def test_a_line_of_a_network_holds_the_rows_behind_it_and_where_they_stand(make_case: Callable[..., Any]) -> None:
    case = make_case(
        transfers=[move("T1", "A", "B", 300, 0, flow_ids=["F1"]), move("T2", "B", "A", 50, 60, day_only=True)],
        flows=[line("F1", "A", -300, None, 0, source_id="S1", line=12)],
        sources=[{"source_id": "S1", "name": "流水.csv"}],
    )
    rows = [edge["rows"] for edge in network_of(case)["edges"]]
    assert rows == [["2018-01-01 09:00:00 · 300.00 · 流水.csv 第 12 行"], ["2018-01-01 · 50.00"]]


def test_of_many_transfers_of_a_line_the_first_are_written_out_and_the_others_counted(make_case: Callable[..., Any]) -> None:
    case = make_case(transfers=[move(f"T{i:02}", "A", "B", 1, i) for i in range(11)])
    (edge,) = network_of(case)["edges"]
    assert len(edge["rows"]) == behind.SHOWN + 1
    assert edge["rows"][-1] == f"其余 {11 - behind.SHOWN} 笔未列出"


def test_the_same_network_gets_the_same_positions() -> None:
    graph = nx.karate_club_graph()
    assert spread.scattered(graph) == spread.scattered(graph)


def test_jupyterlab_gets_a_frame_that_needs_no_network(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOOKTHROUGH_PAGE")
    markup = draw.network(case).html
    (inside,) = re.findall(r'srcdoc="([^"]*)"', markup)
    page = html.unescape(inside)
    assert "default-src 'none'" in html.unescape(page)
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", page)
    assert "白借款" in page  # nothing is masked unless asked


def months_of(**columns: list[str]) -> pd.DataFrame:
    made = pd.DataFrame({"month": [dt.date(2018, 1, 1), dt.date(2018, 4, 1)]})
    for name in ("disbursed_yuan", "repaid_yuan", "in_yuan", "out_yuan"):
        made[name] = [Decimal(v) for v in columns.get(name, ["0", "0"])]
    return made


def svg_of(markup: str) -> ET.Element:
    found = re.search(r"<svg.*</svg>", markup, re.DOTALL)
    assert found
    return ET.fromstring(found[0])


def test_months_without_flows_are_months_of_nothing(case: Any) -> None:
    piece = draw.monthly(case, months_of(disbursed_yuan=["10000", "20000"]))
    assert "2018-01 至 2018-04" in piece.text
    assert months.every_month(pd.Series([dt.date(2017, 11, 5), dt.date(2018, 2, 1)])) == [
        dt.date(2017, 11, 1),
        dt.date(2017, 12, 1),
        dt.date(2018, 1, 1),
        dt.date(2018, 2, 1),
    ]


def test_text_of_a_chart_stays_text_in_our_font(case: Any) -> None:
    root = svg_of(draw.monthly(case, months_of(disbursed_yuan=["10000", "25000"])).html)
    words = ["".join(e.itertext()).strip() for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"放款 合计 3.5万元", "2.5万元", "2018-01"} <= set(words)
    assert all("Lookthrough Sans" in (e.get("style") or "") for e in root.iter("{http://www.w3.org/2000/svg}text"))


def test_an_institution_named_with_dollars_is_drawn(case: Any) -> None:
    object.__setattr__(case, "name", "$贷$_{x}<i>")
    piece = draw.monthly(case, months_of(in_yuan=["1", "2"]))
    assert "$贷$_{x}<i>" in text_of(piece.html.replace("<i>", ""))
    svg_of(piece.html)


def test_two_charts_on_a_page_share_no_ids(case: Any) -> None:
    one, two = (draw.monthly(case, months_of(in_yuan=["1", v])).html for v in ("2", "3"))
    assert not set(re.findall(r'\bid="([^"]+)"', one)) & set(re.findall(r'\bid="([^"]+)"', two))


def test_the_case_itself_is_drawn_by_month(case: Any) -> None:
    assert flows.monthly(case)["disbursed_yuan"].sum() == Decimal("300000.00")
    assert "30万元" in draw.monthly(case).html


def test_no_money_by_month_says_what_is_needed(case: Any) -> None:
    assert "flows" in draw.monthly(case, months_of()).text
    with pytest.raises(BadParameter, match="缺少列"):
        draw.monthly(case, pd.DataFrame({"month": []}))


def test_nothing_on_a_page_points_outside_it(case: Any) -> None:
    pieces = [draw.cover(case), draw.findings(case), draw.monthly(case), draw.sources(case), draw.lookthrough(case)]
    everything = "".join(p.html for p in pieces).replace("http://www.w3.org/", "")
    assert not re.findall(r"https?://|//[a-z]+\.", everything)
    assert not re.findall(r"<(?:script|link|iframe|object|form)", everything)


def test_every_piece_speaks_english(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    ours = [draw.monthly(case).text, draw.sources(case).text, draw.network(case).text, draw.findings(case).text]
    assert not re.findall(r"[一-鿿]", "".join(ours).replace("金水贷", ""))
