"""The sample district: made by `lookthrough simulate`, small enough for git, and all that is planted in it is found."""

import re
import shlex
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from lib import checks, cli, evaluate, flows, graph, open_case
from tests.districts import key, rows

FOLDER = Path(__file__).parents[1] / "data" / "raw" / "sample"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
D = Decimal


@pytest.fixture(scope="module")
def store(sample_store: Path) -> Path:
    """Give the sample's Store by a short name."""
    return sample_store


@pytest.fixture(scope="module")
def found(store: Path) -> pd.DataFrame:
    """Run every rule on the whole district once."""
    return checks.run(open_case(store=store))


def test_the_command_in_its_readme_writes_the_bytes_that_are_committed(tmp_path: Path) -> None:
    command = re.search(r"`lookthrough (simulate [^`]*)--out FOLDER`", README)
    assert command
    assert cli.main([*shlex.split(command[1]), "--out", str(tmp_path / "made")]) == 0
    made = sorted(p.relative_to(tmp_path / "made") for p in (tmp_path / "made").rglob("*") if p.is_file())
    assert made == sorted(p.relative_to(FOLDER) for p in FOLDER.rglob("*") if p.is_file())
    for name in made:
        assert (tmp_path / "made" / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_the_sample_is_below_one_megabyte() -> None:
    assert sum(p.stat().st_size for p in FOLDER.rglob("*") if p.is_file()) < 1_000_000


def test_its_readme_tells_of_every_entry_of_the_key() -> None:
    for entry in key(FOLDER)["entries"]:
        assert f"| {entry['id']} |" in README
        assert entry["story"]["zh"] in README
        assert entry["story"]["en"] in README


def test_every_row_is_accepted(store: Path) -> None:
    read, accepted = open_case(store=store).sql("select sum(rows_read) as r, sum(rows_accepted) as a from sources").iloc[0]
    assert read == accepted > 5_000


def test_every_transfer_is_one_though_two_banks_show_it(store: Path) -> None:
    counts = open_case(store=store).sql("select count(*) as n, sum(len(flow_ids)) as lines from transfers").iloc[0]
    lines = list(rows(FOLDER, "flows"))
    assert counts["lines"] == len(lines)
    assert counts["n"] == len({row["bank_ref"] for row in lines})


def test_all_that_is_planted_for_the_rules_is_found_to_the_fen_and_nothing_else(store: Path) -> None:
    scored = evaluate.evaluate(open_case(store=store), FOLDER)
    assert (scored["recall"], scored["precision"]) == (1.0, 1.0)
    # of the ring the rule counts what surely went round, 145,533.00; the key has what was sent off, 150,000.00
    wrong = {rule: row["amount_error"] for rule, row in scored["per_rule"].items() if row["amount_error"]}
    assert wrong == {"CF-02": pytest.approx((150_000 - 145_533) / 150_000)}
    assert scored["apart"]["false"] == 0
    # self-financing, cap, loop of holdings, no payout, broken balance, restricted word, one account for many borrowers, a ring
    assert scored["found"] == 8


OUTCOMES = {
    "JG-01": "clear clear clear clear clear clear",
    "JG-02": "hit clear clear clear hit clear",
    "JG-03": "clear hit clear clear clear hit",
    "JG-04": "clear clear hit clear clear clear",
    "JG-05": "not_testable clear clear hit clear clear",
    "JG-06": "not_testable clear not_testable not_testable not_testable clear",
}
RULES = ("SF-03", "LM-01", "SH-04", "RC-01", "RC-05", "NM-01")


@pytest.mark.parametrize("institution", OUTCOMES)
def test_what_cannot_be_tested_is_never_called_clear(found: pd.DataFrame, institution: str) -> None:
    of_it = found[found.institution_id == institution]
    outcomes = {rule: set(of_it[of_it.rule_id == rule].outcome) for rule in RULES}
    assert outcomes == {rule: {word} for rule, word in zip(RULES, OUTCOMES[institution].split(), strict=True)}


@pytest.mark.parametrize("institution", OUTCOMES)
def test_a_case_of_one_institution_says_what_the_district_says(store: Path, found: pd.DataFrame, institution: str) -> None:
    alone = checks.run(open_case(institution, store=store))
    columns = ["rule_id", "outcome", "subject_id", "amount_yuan", "population", "tested"]
    district = found[found.institution_id == institution]
    assert alone[columns].to_dict("records") == district[columns].to_dict("records")


def test_four_fifths_of_three_loans_are_found_with_the_related_company(found: pd.DataFrame) -> None:
    hits = found[(found.rule_id == "SF-03") & (found.outcome == "hit")]
    assert sorted(hits.amount_yuan) == [D(thousands) * 1000 * D("0.8") for thousands in (300, 400, 500)]


def test_the_cut_line_is_found_between_the_lines_before_and_after(store: Path, found: pd.DataFrame) -> None:
    row = found[(found.rule_id == "RC-05") & (found.outcome == "hit")].iloc[0]
    assert row.amount_yuan == D("22000.00")
    lines = checks.evidence(open_case(store=store), row)
    assert lines["line"].tolist() == [lines["line"][0], lines["line"][0] + 1]
    written = (FOLDER / lines["source"][0]).read_text(encoding="utf-8").splitlines()
    assert lines["text"].tolist() == [written[n - 1] for n in lines["line"]]


def test_look_through_shares_are_products_along_the_chains(store: Path) -> None:
    owners = graph.owners(open_case("JG-02", store=store))
    expected = {"QY000064": 0.8, "ZR0000012": 0.55 * 0.8, "ZR0000023": 0.45 * 0.8, "ZR0000022": 0.2}
    assert dict(zip(owners.holder_id, owners.share, strict=True)) == pytest.approx(expected, abs=1e-12)


def test_a_loop_of_holdings_is_not_counted_twice(store: Path) -> None:
    case = open_case("JG-04", store=store)
    loop = graph.circular(case).iloc[0]
    owners = graph.owners(case).set_index("holder_id")
    assert sorted(loop.members) == ["QY000094", "QY000095", "QY000096"]
    # The first holds 3 %; each is held by the next with 40 %: once around 0.4 × 0.4 × 0.4 = 0.064.
    assert owners.loc["QY000095", "share"] == pytest.approx(0.4 * 0.03)
    assert owners.loc["ZR0000264", "share"] == pytest.approx(0.6 * 0.03 / (1 - 0.064))
    outside = owners[owners.kind == "person"].share.sum()
    assert outside == pytest.approx(1.0, abs=1e-9)


def test_holders_are_those_of_the_day_asked(store: Path) -> None:
    past = open_case("JG-03", "2015-09-01", store=store)
    now = open_case("JG-03", store=store)
    assert set(graph.owners(past).holder_id) != set(graph.owners(now).holder_id)


def test_the_controller_at_the_end_of_the_chain_is_found(store: Path) -> None:
    controllers = graph.controllers(open_case("JG-02", store=store))
    assert list(controllers[controllers.ultimate].controller_id) == ["ZR0000012"]


def test_the_only_round_trips_are_the_planted_ones(store: Path) -> None:
    trips = flows.round_trips(open_case("JG-05", store=store), days=10, max_hops=6, min_yuan=50_000)
    # 150,000, each hand keeping 1.5 % and passing on whole hundreds of yuan less: × 0.985 × 0.985, to the yuan below
    assert trips.hops.tolist() == [3, 3]
    assert trips.amount_out_yuan.tolist() == [D("150000.00")] * 2
    assert trips.amount_back_yuan.tolist() == [D("145533.00")] * 2
    every = flows.round_trips(open_case(store=store), days=10, max_hops=6, min_yuan=0)
    told = {e["scheme"] for e in key(FOLDER)["entries"] if e["scheme"].startswith("loop")}
    assert told == {"loop_3"}
    assert set(every.hops) == {3}


def test_the_traced_loan_rests_where_the_first_look_says(store: Path) -> None:
    trail = flows.trace(open_case("JG-02", store=store), loan="OZ2017-000010", method="pro_rata", days=30)
    # The shop holds 2,195,700.00 when it pays its suppliers, of which 90,000.00 are of this loan.
    part = (D("21622.22") * 90_000 / D("2195700.00")).quantize(D("0.01"))
    assert part == D("886.28")
    assert sorted(trail.traced_yuan) == [part] * 3 + [D(90_000)] + [D(400_000)] * 3 + [D(500_000)]
    rest = flows.at_rest(trail)
    assert sorted(rest.traced_yuan) == [part] * 3 + [D(10_000), D(90_000) - 3 * part, D(400_000)]
