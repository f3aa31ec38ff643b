"""What must be found in the sample district, as data/raw/sample/README.md says it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lib import checks, curate, flows, graph, open_case
from tools.sample_district import FOLDER, build

README = (FOLDER / "README.md").read_text(encoding="utf-8")
D = Decimal


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Import the sample once."""
    path = tmp_path_factory.mktemp("sample") / "sample.duckdb"
    curate.import_delivery(FOLDER, store=path)
    return path


@pytest.fixture(scope="module")
def found(store: Path) -> pd.DataFrame:
    """Run every rule on the whole district once."""
    return checks.run(open_case(store=store))


def hits(found: pd.DataFrame, rule: str, institution: str) -> dict[str, Any]:
    """Return subject → amount of the hits of a rule on an institution."""
    chosen = found[(found.rule_id == rule) & (found.institution_id == institution) & (found.outcome == "hit")]
    return dict(zip(chosen.subject_id, chosen.amount_yuan, strict=True))


def test_every_row_is_accepted_but_the_day_that_no_calendar_has(store: Path) -> None:
    case = open_case(store=store)
    assert case.as_of.isoformat() == "2018-09-30"
    read, accepted = case.sql("select sum(rows_read) as read, sum(rows_accepted) as accepted from sources").iloc[0]
    assert read - accepted == 1
    apart = case.sql("select name, quarantine.line, reason from quarantine join sources using (source_id)").iloc[0]
    assert apart["name"].endswith("平台/葭汀融/disclosures.csv")
    assert apart["line"] == 3
    assert "2018-02-30" in apart["reason"]


def test_both_mentions_of_the_borrower_on_two_platforms_are_kept_as_origins(store: Path) -> None:
    query = "select count(*) as n from origins where table_name = 'parties' and row_id = 'ZR0076'"
    assert open_case(store=store).sql(query).n[0] == 2


def test_every_transfer_is_one_though_two_banks_show_it(store: Path) -> None:
    counts = open_case(store=store).sql("select count(*) as n, sum(len(flow_ids)) as lines from transfers").iloc[0]
    assert counts["n"] == len(build().payments)
    lines = sum(path.read_bytes().count(b"\n") - 1 for path in FOLDER.rglob("flows.csv"))
    assert counts["lines"] == lines


OUTCOMES = {
    "JG-01": "clear clear clear clear clear clear",
    "JG-02": "hit clear clear clear clear clear",
    "JG-03": "clear hit hit clear clear clear",
    "JG-04": "not_testable clear clear hit clear hit",
    "JG-05": "clear clear clear clear hit clear",
    "JG-06": "not_testable clear not_testable not_testable not_testable not_testable",
}
RULES = ("SF-03", "LM-01", "SH-04", "RC-01", "RC-05", "NM-01")


@pytest.mark.parametrize("institution", OUTCOMES)
def test_outcomes_are_those_of_the_readme(found: pd.DataFrame, institution: str) -> None:
    of_it = found[found.institution_id == institution]
    outcomes = {rule: set(of_it[of_it.rule_id == rule].outcome) for rule in RULES}
    assert outcomes == {rule: {word} for rule, word in zip(RULES, OUTCOMES[institution].split(), strict=True)}
    line = next(text for text in README.splitlines() if text.startswith(f"| {institution} "))
    cells = [cell.strip(" *").split(" ")[0] for cell in line.strip("|").split("|")[1:]]
    assert cells == OUTCOMES[institution].split()


@pytest.mark.parametrize("institution", OUTCOMES)
def test_a_case_of_one_institution_says_what_the_district_says(store: Path, found: pd.DataFrame, institution: str) -> None:
    alone = checks.run(open_case(institution, store=store))
    columns = ["rule_id", "outcome", "subject_id", "amount_yuan", "population", "tested"]
    district = found[found.institution_id == institution]
    assert alone[columns].to_dict("records") == district[columns].to_dict("records")


def test_self_financing_is_found_loan_by_loan(found: pd.DataFrame) -> None:
    principal = {27: 200, 29: 180, 30: 800, 33: 150, 35: 200, 36: 1000, 39: 160, 42: 190, 44: 600, 45: 200, 48: 120}
    expected = {f"DY2018-{n:03d}": D(thousands) * 1000 * D("0.98") for n, thousands in principal.items()}
    expected["DY2018-050"] = D(147_000) * 147_000 / 294_000  # mixed half and half with the shell's own money
    assert hits(found, "SF-03", "JG-02") == expected
    assert sum(expected.values()) == D("3797500.00")
    for loan, amount in expected.items():
        assert f"| {loan} |" in README
        assert f"{amount:,.2f}" in README


def test_borrowers_above_the_cap_are_found_and_the_one_at_it_is_not(found: pd.DataFrame) -> None:
    expected = {"ZR0201": D(150_000 + 120_000 + 80_000), "ZR0200": D(120_000) + D("80000.01")}
    assert hits(found, "LM-01", "JG-03") == expected


def test_the_contract_without_payout_is_found_and_the_one_that_only_the_amount_shows_is_not(found: pd.DataFrame) -> None:
    assert hits(found, "RC-01", "JG-04") == {"XY2018-015": D("168000.00")}


def test_the_cut_statement_is_found_with_what_is_missing(found: pd.DataFrame) -> None:
    assert hits(found, "RC-05", "JG-05") == {"00994000021064546": D("38500.00")}
    row = found[(found.rule_id == "RC-05") & (found.outcome == "hit")].iloc[0]
    assert [item["id"] for item in row.evidence] == ["LS003110", "LS003111"]


def test_evidence_walks_back_to_the_line_of_the_file(store: Path, found: pd.DataFrame) -> None:
    row = found[(found.rule_id == "RC-05") & (found.outcome == "hit")].iloc[0]
    lines = checks.evidence(open_case(store=store), row)
    assert list(lines["line"]) == [1143, 1144]
    original = (FOLDER / "银行/苍棣银行/flows.csv").read_bytes().decode("gb18030").split("\r\n")
    assert [text.strip() for text in lines["text"]] == original[1142:1144]


def test_the_circle_of_holdings_is_found(store: Path, found: pd.DataFrame) -> None:
    assert len(hits(found, "SH-04", "JG-03")) == 1
    circles = graph.circular(open_case("JG-03", store=store))
    assert [sorted(members) for members in circles.members] == [["QY0038", "QY0039", "QY0040"]]


def test_the_restricted_name_is_found(found: pd.DataFrame) -> None:
    assert set(hits(found, "NM-01", "JG-04")) == {"QY0047"}
    row = found[(found.rule_id == "NM-01") & (found.outcome == "hit")].iloc[0]
    assert "财富管理" in row.detail


SHARES = {
    "JG-01": {"ZR0013": 0.7 * 1, "QY0010": 0.7, "ZR0014": 0.3},
    "JG-02": {
        **{"QY0023": 0.6, "QY0024": 0.75 * 0.6, "ZR0089": 0.05 + 0.8 * 0.75 * 0.6, "ZR0091": 0.2, "ZR0092": 0.15},
        **{"ZR0093": 0.25 * 0.6, "ZR0094": 0.2 * 0.75 * 0.6},
    },
    "JG-03": {
        **{"QY0038": 0.6, "QY0039": 0.3 * 0.6, "QY0040": 0.4 * 0.3 * 0.6, "ZR0162": 0.4},
        **{"ZR0159": 0.7 * 0.6 / 0.976, "ZR0160": 0.6 * 0.3 * 0.6 / 0.976, "ZR0161": 0.8 * 0.4 * 0.3 * 0.6 / 0.976},
    },
}


@pytest.mark.parametrize("institution", SHARES)
def test_look_through_shares_are_those_of_the_readme(store: Path, institution: str) -> None:
    owners = graph.owners(open_case(institution, store=store))
    assert dict(zip(owners.holder_id, owners.share, strict=True)) == pytest.approx(SHARES[institution], abs=1e-12)


def test_an_unknown_holder_widens_the_share_of_the_others(store: Path) -> None:
    owners = graph.owners(open_case("苘渡网", store=store)).set_index("holder_id")
    assert owners.loc["ZR0248", ["share_low", "share_high"]].tolist() == pytest.approx([0.9, 0.9 + 0.1])
    assert owners.loc["QY0052", ["share_low", "share_high"]].tolist() == pytest.approx([0.1, 0.1])


def test_holders_are_those_of_the_day_asked(store: Path) -> None:
    owners = graph.owners(open_case("鸫砚在线", "2017-02-28", store=store))
    assert dict(zip(owners.holder_id, owners.share, strict=True)) == pytest.approx({"ZR0091": 0.6})


@pytest.mark.parametrize(("institution", "head"), [("棹黍贷", "ZR0013"), ("鸫砚在线", "ZR0089"), ("藜桁易借", "ZR0159")])
def test_the_controller_at_the_end_of_the_chain_is_found(store: Path, institution: str, head: str) -> None:
    controllers = graph.controllers(open_case(institution, store=store))
    assert list(controllers[controllers.ultimate].controller_id) == [head]


def test_the_only_round_trip_is_the_planted_one(store: Path) -> None:
    trips = flows.round_trips(open_case("鸫砚在线", store=store), days=10, max_hops=6, min_yuan=50_000)
    assert len(trips) == 1
    trip = trips.iloc[0]
    assert (trip.hops, trip.amount_out_yuan, trip.amount_back_yuan) == (3, D("784000.00"), D("60000.00"))
    assert len(flows.round_trips(open_case(store=store), days=10, max_hops=6, min_yuan=0)) == 1


def test_the_traced_loan_rests_where_the_first_look_says(store: Path) -> None:
    trail = flows.trace(open_case("鸫砚在线", store=store), loan="DY2018-030", method="pro_rata", days=30)
    # When the target pays 60,000 back it holds 196,000 + 176,400 + 784,000, of which 784,000 are of this loan.
    back = (D(60_000) * 784_000 / (196_000 + 176_400 + 784_000)).quantize(D("0.01"))
    assert back == D("40677.97")
    assert list(trail.traced_yuan) == [D(800_000), D(16_000), D(784_000), D(784_000), back]
    rest = flows.at_rest(trail)
    assert sorted(rest.traced_yuan) == [D(16_000), back, 784_000 - back]


def test_eighteen_borrowers_pay_one_account(store: Path) -> None:
    query = """
        select payee_account, count(distinct payer_account) as payers, sum(amount_yuan)::decimal(18, 2) as amount_yuan
        from transfers
        where payer_account in (select disbursement_account from loans where institution_id = 'JG-05')
            and payee_account = '00994000023598624'
        group by all
    """
    row = open_case(store=store).sql(query).iloc[0]
    assert (row.payers, row.amount_yuan) == (18, D((100_000 + 150_000 + 200_000) * 6) * D("0.9"))
