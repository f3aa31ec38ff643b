"""Files of BODS statements become parties, holdings, offices and ties; nothing in them is counted twice or made up."""

from pathlib import Path
from typing import Any

import pytest

from lib import graph, open_case
from lib.intake.originals import original_text
from tests.bods_cases import EXAMPLES, Json, brought, company, holdings, person, shares, statement, tie
from tests.deliveries import Delivery

needs_examples = pytest.mark.skipif(not EXAMPLES.is_dir(), reason=f"no {EXAMPLES}")


def example(tmp_path: Path, name: str) -> Delivery:
    if not EXAMPLES.is_dir():
        pytest.skip(f"no {EXAMPLES}")
    made = Delivery(tmp_path)
    made.bring(EXAMPLES / f"{name}.json")
    return made


# Source: the declared shares of the examples of BODS 0.4
@pytest.mark.parametrize(
    ("name", "who", "held", "share"),
    [
        ("mixed-direct-and-indirect-ownership", "53508b65253f", "9bfe59b6a869", 1.0),  # 50 % + 50 %
        ("mutilple-indirect-ownership-2", "731c7a8e7601", "1e049760d6c7", 0.6),  # 40 % + 20 %
        ("indirect-ownership", "c25d4d612c2c", "ad3f6c2fcc9e", 0.3),
    ],
)
def test_a_chain_that_leaves_its_share_out_comes_to_what_is_declared(
    tmp_path: Path, name: str, who: str, held: str, share: float
) -> None:
    owners = graph.owners(open_case(held, "2024-01-01", example(tmp_path, name).store_path)).set_index("holder_id")
    assert owners.loc[who, "share"] == pytest.approx(share)
    assert owners.loc[who, "layers"] <= 2
    assert max(owners["share"]) <= 1 + 1e-9


def test_shares_of_two_chains_that_only_their_sum_is_told_of_are_ranges(tmp_path: Path) -> None:
    made = example(tmp_path, "multiple-indirect-ownership")
    # 60 % through two halves: 0.5 x + 0.5 y = 0.6, so that neither can be below 0.2
    assert holdings(made, "share", "share_low", "share_high")[-2:] == [(None, 0.2, None)] * 2


def test_a_joint_holding_is_counted_once(tmp_path: Path) -> None:
    made = example(tmp_path, "joint-ownership")
    owners = graph.owners(open_case("31c55e425764", "2024-01-01", made.store_path)).set_index("kind")
    assert owners.loc["person", "share"].tolist() == [0.5, 0.5]
    assert owners.loc["other", "share"] == 1.0
    assert sum(owners["direct_share"]) == 1.0


def test_who_sits_for_another_is_a_nominee(tmp_path: Path) -> None:
    made = example(tmp_path, "nomination")
    assert made.column("select a_id || '→' || b_id from links where kind = 'proxy'") == ["102AB1984E→101AB1984F"]
    assert made.rows("select person_id, entity_id, role from roles") == [
        {"person_id": "102AB1984E", "entity_id": "104AB1984C", "role": "director"}
    ]


def test_of_a_history_the_newest_version_of_each_record_counts(tmp_path: Path) -> None:
    made = example(tmp_path, "fermcat")
    assert holdings(made, "share", "cast(valid_from as text)", "cast(valid_to as text)") == [
        (0.5, "2019-09-11", "2021-04-03"),
        (1.0, "2019-09-11", None),
        (0.5, "2021-04-03", "2022-01-21"),
    ]
    (counts,) = made.rows("select rows_read, rows_accepted, rows_quarantined, rows_set_aside from sources")
    assert list(counts.values()) == [7, 7, 0, 16]  # 23 statements of 7 records


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("bods-package-entity-owning-entity", 0.75, 1.0), ("bods-package-linking-annotations", 0.25, 0.5)],  # JENEX, MARE POND
)
def test_a_range_is_an_interval(tmp_path: Path, name: str, low: float, high: float) -> None:
    assert holdings(example(tmp_path, name), "share", "share_low", "share_high") == [(None, low, high)]


@needs_examples
def test_every_example_is_read_without_a_row_set_apart(tmp_path: Path) -> None:
    made = Delivery(tmp_path)
    made.bring(EXAMPLES)
    assert made.column("select distinct profile_id || ' ' || state from sources") == ["registers.bods imported"]
    assert made.reasons() == {}
    # 92 statements in 16 files; fermcat has 16 older versions, and one nominator is told with the nominee
    (counts,) = made.rows("select sum(rows_read) as r, sum(rows_accepted) as a, sum(rows_set_aside) as s from sources")
    assert [int(n) for n in counts.values()] == [75, 75, 17]


def test_a_row_is_its_statement_one_line_below_its_number(tmp_path: Path) -> None:
    made = brought(tmp_path, company("P"), person("Z"), tie("R", "Z", "P", shares(30)))
    (row,) = made.rows("select source_id, line from holdings")
    assert row["line"] == 4
    assert '"recordId": ""R""' not in original_text(made.store, row["source_id"], [4])[4]
    assert '""interestedParty"": ""Z""' in original_text(made.store, row["source_id"], [4])[4]


def test_a_later_date_makes_a_version_newer_wherever_it_stands(tmp_path: Path) -> None:
    new = tie("R", "Z", "P", shares(60), on="2019-05-01T00:30:00+08:00", status="updated")
    old = tie("R", "Z", "P", shares(40), on="2019-04-30T12:00:00Z")
    newest = tie("R", "Z", "P", shares(70), on="2019-04-30T17:00:00Z")  # half an hour after the first
    assert holdings(brought(tmp_path / "a", new, old)) == [("Z", "P", 0.6)]
    assert holdings(brought(tmp_path / "b", newest, new, old)) == [("Z", "P", 0.7)]


def test_a_closed_record_ends_on_the_day_that_says_so(tmp_path: Path) -> None:
    made = brought(
        tmp_path,
        tie("R", "Z", "P", shares(40), on="2019-01-01"),
        tie("R", "Z", "P", shares(40), on="2020-03-04", status="closed"),
    )
    assert holdings(made, "cast(valid_to as text)") == [("2020-03-04",)]


def test_an_indirect_interest_without_a_chain_is_a_holding_and_with_one_a_tie(tmp_path: Path) -> None:
    alone = [tie("R", "Z", "P", shares(30, "indirect"))]
    assert holdings(brought(tmp_path / "a", *alone)) == [("Z", "P", 0.3)]
    chain = [tie("R1", "Z", "H", shares(60)), tie("R2", "H", "P", shares(50))]
    made = brought(tmp_path / "b", *alone, *chain)
    assert holdings(made) == [("Z", "H", 0.6), ("H", "P", 0.5)]
    assert made.column("select detail from links where kind = 'interest'") == ["shareholding indirect 0.3"]


def test_a_chain_that_gainsays_the_indirect_share_leaves_it_unknown(tmp_path: Path) -> None:
    # 60 % through a company that holds 50 % would need 120 % of that company.
    whole = tie("R", "Z", "P", shares(60, "indirect"), components=["R1", "R2"])
    made = brought(tmp_path, tie("R1", "Z", "H", {"directOrIndirect": "unknown"}), tie("R2", "H", "P", shares(50)), whole)
    assert holdings(made) == [("Z", "H", None), ("H", "P", 0.5)]


def test_circles_of_components_end(tmp_path: Path) -> None:
    whole = tie("R", "Z", "P", shares(20, "indirect"), components=["R1", "R2", "R3"])
    circle = [tie("R1", "Z", "A", {}), tie("R2", "A", "B", shares(50)), tie("R3", "B", "A", shares(50))]
    assert holdings(brought(tmp_path, *circle, whole))[0] == ("Z", "A", None)


@pytest.mark.parametrize("kind", ["unknownPerson", "anonymousPerson"])
def test_who_is_unknown_stays_unknown(tmp_path: Path, kind: str) -> None:
    unknown = statement("person", "U", {"personType": kind, "unspecifiedPersonDetails": {"reason": "unknown"}})
    made = brought(tmp_path, company("P"), unknown, tie("R", "U", "P", shares(40)), tie("S", {"reason": "unknown"}, "P"))
    assert made.rows("select party_id, kind from parties where party_id <> 'P' order by line") == [
        {"party_id": "U", "kind": None},
        {"party_id": "S:unspecified", "kind": None},
    ]
    assert holdings(made) == [("U", "P", 0.4), ("S:unspecified", "P", None)]


def test_that_nobody_need_be_named_is_no_unknown_holder(tmp_path: Path) -> None:
    made = brought(tmp_path, company("P"), tie("R", {"reason": "noBeneficialOwners"}, "P"))
    assert holdings(made) == []
    assert made.column("select rows_set_aside from sources") == [1]


def test_a_holding_through_a_nomination_is_the_nominees_for_the_nominator(tmp_path: Path) -> None:
    nomination = statement("entity", "N", {"entityType": {"type": "arrangement", "subtype": "nomination"}, "name": "代持"})
    made = brought(
        tmp_path,
        nomination,
        tie("R1", "A", "N", {"type": "nominee"}),
        tie("R2", "B", "N", {"type": "nominator"}),
        tie("R3", "N", "P", shares(35)),
    )
    assert holdings(made, "holder_id", "held_id", "share", "nominee_for") == [("A", "P", 0.35, "B")]


def test_votes_go_with_the_shares_of_the_same_days(tmp_path: Path) -> None:
    votes = {"type": "votingRights", "share": {"exact": 60}}
    made = brought(tmp_path, tie("R", "Z", "P", shares(40), votes), tie("S", "Y", "P", {**votes, "startDate": "2017-01-01"}))
    assert holdings(made, "holder_id", "share", "voting_share") == [("Z", 0.4, 0.6), ("Y", None, 0.6)]


def test_two_holdings_of_one_statement_are_two_rows_of_one_line(tmp_path: Path) -> None:
    ended, now = shares(20, startDate="2016-01-01", endDate="2017-01-01"), shares(50, startDate="2017-01-01")
    made = brought(tmp_path, company("P"), tie("R", "Z", "P", ended, now))
    assert holdings(made, "line", "holding_id", "share") == [(3, "R#1", 0.2), (3, "R#2", 0.5)]
    assert made.column("select sheet from sources order by seq") == ["statements", "statements 2"]


def test_other_interests_are_kept_as_ties_that_say_what_they_are(tmp_path: Path) -> None:
    votes = {"type": "votingRights", "share": {"exclusiveMinimum": 25, "maximum": 50}}
    made = brought(tmp_path, tie("R", "Z", "P", shares(10), votes, {"type": "appointmentOfBoard", "details": "两名董事"}))
    assert made.column("select detail from links order by detail") == ["appointmentOfBoard 两名董事", "votingRights 0.25–0.5"]
    assert holdings(made) == [("Z", "P", 0.1)]


BAD: list[tuple[Any, str]] = [
    ({**company("P"), "recordType": "trust"}, "未知的声明类型"),
    ({**company("P"), "statementDate": "2018年"}, "statementDate 不是日期"),
    ({**company("P"), "recordDetails": 5}, "不是 BODS 0.4 声明"),
    ({"statementType": "entityStatement", "statementID": "x"}, "不是 BODS 0.4 声明"),  # as versions before 0.4 wrote it
    (tie("R", "Z", {"reason": "unknown"}), "没有指明被持有的主体"),
    (tie("R", "Z", "P", shares(120)), "120 (%)"),
    (tie("R", "Z", "P", {"type": "shareholding", "share": {"exact": "half"}}), "half (%)"),
    (tie("R", "Z", "P", shares(10, startDate="spring")), "spring"),
    (7, "不是 JSON 对象"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_what_cannot_be_used_is_set_apart_with_its_reason_and_the_rest_is_read(tmp_path: Path, bad: Any, reason: str) -> None:
    made = brought(tmp_path, company("Q"), bad, tie("G", "Y", "Q", shares(10)))
    assert list(made.reasons()) == [3]
    assert reason in made.reasons()[3]
    assert holdings(made) == [("Y", "Q", 0.1)]
    (counts,) = made.rows("select rows_read, rows_accepted, rows_quarantined from sources")
    assert list(counts.values()) == [3, 2, 1]


def test_lines_of_json_are_statements_too_and_a_broken_one_costs_itself(tmp_path: Path) -> None:
    made = brought(tmp_path, company("P"), "", '{"statementId": ', tie("R", "Z", "P", shares(10)), name="bods.jsonl")
    assert list(made.reasons()) == [4]
    assert holdings(made, "line", "share") == [(5, 0.1)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "没有 BODS 0.4 声明"),
        ('[{"a": 1}]', "没有 BODS 0.4 声明"),
        ("{oh", "不是有效的 JSON"),
        ("[" * 100_000, "JSON 嵌套过深"),
        ("[]", "没有"),
    ],
)
def test_json_that_is_no_bods_costs_one_file(tmp_path: Path, text: str, reason: str) -> None:
    made = Delivery(tmp_path).write(institutions="institution_id,name\nI1,某网贷\n")
    (made.raw / "x.json").write_text(text)
    made.bring()
    assert reason in made.reasons()[0]
    assert made.column("select name from institutions") == ["某网贷"]


def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    made = brought(tmp_path, company("P"), tie("R", "Z", "P", shares(10)))
    before = made.store_path.read_bytes()
    assert made.bring()["state"].tolist() == ["already_imported"]
    assert made.store_path.read_bytes() == before


@pytest.mark.parametrize("share", [{"exact": 1e-300}, {"minimum": None}, {"exact": True}, {"exact": 1e400}, [5], {}])
def test_strange_shares_end_in_a_row_or_a_reason(tmp_path: Path, share: Any) -> None:
    odd: Json = {"type": "shareholding", "share": share}
    made = brought(tmp_path, company("P"), tie("R", "Z", "P", odd))
    assert len(holdings(made)) + len(made.reasons()) == 1
