"""flows.compare_methods: every convention side by side, and whether the conclusion depends on the choice."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib import flows
from lib.errors import BadParameter, DataGap
from lib.money.walking import METHODS
from tests.money_cases import move
from tests.trials import trials

PARTIES = [
    {"party_id": "p", "name": "平台公司", "kind": "company"},
    {"party_id": "r", "name": "关联公司", "kind": "company"},
    {"party_id": "b", "name": "借款人", "kind": "person"},
]
ACCOUNTS = [{"account_id": a, "holder_id": h} for a, h in (("Own", "p"), ("R1", "r"), ("R2", "r"), ("B", "b"))]
RELATED = {
    "parties": PARTIES,
    "accounts": ACCOUNTS,
    "institutions": [{"institution_id": "i", "name": "平台公司", "party_id": "p"}],
    "holdings": [{"holding_id": "1", "holder_id": "p", "held_id": "r", "share": 1.0}],
}
AMOUNTS = [f"{m}_yuan" for m in METHODS]


@pytest.fixture
def compared(make_case):
    def compare(*transfers, institution="平台公司", **named):
        return flows.compare_methods(make_case(institution, **RELATED, transfers=list(transfers)), **named)

    return compare


def row(found, end, key=None):
    """Return method → yuan of the one row of an end (and account or holder)."""
    name = "account" if end == "at_rest" else "holder_id"
    rows = found[(found["end"] == end) & ((found[name] == key) if key else True)]
    assert len(rows) == 1
    return dict(zip(METHODS, rows[AMOUNTS].iloc[0], strict=True))


# B has 300 of its own and gets 200; pays the related party 250 and somebody 150; 100 stay. Pro rata: 200 * 250/500 = 100, then
# 100 * 150/250 = 60, and 40 stay. Its own 300 first (they are also the oldest): 0, then 50 and 100 traced, and 100 stay. The
# newest, or traced, first: 200 and 50 of its own.
MIXED = [
    move("C", None, "B", 300, 0),
    move("T", None, "B", 200, 1),
    move("W", "B", "R1", 250, 2),
    move("X", "B", None, 150, 3),
]


def test_every_convention_stands_beside_the_others(compared):
    found = compared(*MIXED, transfers=["T"])
    assert row(found, "related_party", "r") == dict(zip(METHODS, [100, 0, 200, 0, 200, 250], strict=True))
    assert row(found, "at_rest", "R1") == dict(zip(METHODS, [100, 0, 200, 0, 200, 250], strict=True))
    assert row(found, "left_data") == dict(zip(METHODS, [60, 100, 0, 100, 0, 150], strict=True))
    assert row(found, "at_rest", "B") == dict(zip(METHODS, [40, 100, 0, 100, 0, 100], strict=True))
    assert found["end"].tolist() == ["related_party", "at_rest", "at_rest", "left_data"]
    first = found.iloc[0]
    assert (first["holder_name"], first["why"], first["lowest_yuan"], first["highest_yuan"]) == ("关联公司", "related", 0, 200)
    assert found.attrs["overstated_yuan"] == Decimal(300)  # 250 + 150 + 100 less 200


def test_a_conclusion_that_depends_on_the_choice_is_said_to(compared):
    found = compared(*MIXED, transfers=["T"])
    assert (found.attrs["conclusion"], found.attrs["depends"]) == ("differs", True)
    assert found["depends"].tolist() == [True, True, True, True]
    assert "取决于所选方法" in found.attrs["caption"]
    assert "0.00 至 200.00" in found.attrs["caption"]


def test_a_conclusion_that_holds_whatever_the_choice_is_said_to(compared):
    # all of B's balance goes to the related party
    found = compared(MIXED[0], MIXED[1], move("W", "B", "R1", 500, 2), transfers=["T"])
    assert (found.attrs["conclusion"], found.attrs["depends"]) == ("same", False)
    assert set(row(found, "related_party", "r").values()) == {200, 500}
    assert "合计 200.00 元" in found.attrs["caption"]
    assert found.attrs["related_yuan"] == {**dict.fromkeys(METHODS, Decimal(200)), "poison": Decimal(500)}


def test_the_caption_speaks_english_where_that_is_asked_for(compared, monkeypatch):
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    assert "0.00 to 200.00 yuan" in compared(*MIXED, transfers=["T"]).attrs["caption"]


def test_no_convention_may_reach_a_related_party(compared):
    found = compared(MIXED[0], MIXED[1], move("W", "B", None, 500, 2), transfers=["T"])
    assert (found.attrs["conclusion"], found.attrs["depends"]) == ("none", False)


def test_a_related_party_that_poison_alone_reaches_makes_the_conclusion_depend_on_the_choice(compared):
    # One traced fen before 1 yuan. One fen goes to somebody: it is the traced one if the oldest or traced money goes first; pro
    # rata 1/101 rounds to 0. Of the next fen, for R1, pro rata 1/100 rounds to 0; the newest, or other, fen is not traced.
    found = compared(
        move("T", None, "B", "0.01", 0),
        move("C", None, "B", "1.00", 1),
        move("W", "B", None, "0.01", 2),
        move("Y", "B", "R1", "0.01", 3),
        transfers=["T"],
    )
    assert row(found, "related_party", "r") == {**dict.fromkeys(METHODS, Decimal(0)), "poison": Decimal("0.01")}
    assert found.attrs["conclusion"] == "differs"
    assert found["highest_yuan"].iloc[0] == 0


def test_without_accounts_of_related_parties_nothing_is_concluded(make_case):
    found = flows.compare_methods(make_case(transfers=MIXED), transfers=["T"])
    assert (found.attrs["conclusion"], found.attrs["depends"]) == ("unknown", None)
    assert set(found["end"]) == {"at_rest", "left_data"}


def test_only_the_first_arrival_at_a_related_party_counts(compared):
    # R1 passes on to R2, both of the same party, and to Own, the institution's: 200 came, once
    found = compared(
        move("T", None, "B", 200, 0),
        move("W", "B", "R1", 200, 1),
        move("X", "R1", "R2", 120, 2),
        move("Y", "R1", "Own", 80, 3),
        transfers=["T"],
    )
    assert set(row(found, "related_party", "r").values()) == {200}
    assert found[found["end"] == "related_party"]["holder_id"].tolist() == ["r"]
    assert set(row(found, "at_rest", "Own").values()) == {80}


def test_a_hub_is_where_money_rests_and_is_nobodys(make_case):
    accounts = [*ACCOUNTS, {"account_id": "Hub", "holder_id": "r", "purpose": "custody_total"}]
    rows = [move("T", None, "B", 200, 0), move("W", "B", "Hub", 200, 1), move("X", "Hub", "R1", 200, 2)]
    found = flows.compare_methods(make_case("平台公司", **{**RELATED, "accounts": accounts}, transfers=rows), transfers=["T"])
    assert found.attrs["conclusion"] == "none"
    assert found.attrs["hubs"] == ["Hub"]


def test_the_account_that_is_asked_for_is_not_where_its_money_went(compared):
    found = compared(move("T", None, "R1", 100, 0), move("W", "R1", "R2", 60, 1), account="R1")
    assert set(row(found, "related_party", "r").values()) == {60}
    assert set(row(found, "at_rest", "R1").values()) == {40}


@pytest.mark.parametrize(
    ("error", "wrong"),
    [
        (BadParameter, {}),
        (BadParameter, {"transfers": ["T"], "account": "B"}),
        (BadParameter, {"transfers": ["T"], "hops": -1}),
        (BadParameter, {"transfers": ["T"], "hubs": ["nobody"]}),
        (DataGap, {"account": "R2"}),
    ],
)
def test_a_wrong_source_is_refused_as_by_trace(compared, error, wrong):
    with pytest.raises(error):
        compared(*MIXED, **wrong)


SIDE = st.sampled_from([None, "Own", "R1", "R2", "B", "X"])
MOVES = st.lists(st.tuples(SIDE, SIDE, st.integers(0, 500)).filter(lambda m: m[0] or m[1]), min_size=1, max_size=10)


@settings(max_examples=trials(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES, st.one_of(st.none(), st.integers(0, 3)))
def test_each_column_adds_up_and_agrees_with_trace(make_case, moves, hops):
    rows = [move(f"T{i}", *m, i) for i, m in enumerate(moves)]
    case = make_case("平台公司", **RELATED, transfers=rows)
    found = flows.compare_methods(case, transfers=["T0"], hops=hops)
    ends = found[found["end"] != "related_party"]
    for method, column in zip(METHODS, AMOUNTS, strict=True):
        trail = flows.trace(case, transfers=["T0"], hops=hops, method=method)
        over = found.attrs["overstated_yuan"] if method == "poison" else 0
        assert sum(ends[column]) == found.attrs["source_yuan"][method] + over
        resting = {a if isinstance(a, str) else None: y for a, y in flows.at_rest(trail).itertuples(index=False)}
        accounts = [a if isinstance(a, str) else None for a in ends["account"]]
        assert {a: y for a, y in zip(accounts, ends[column], strict=True) if y} == resting
        assert sum(found[found["end"] == "related_party"][column]) == found.attrs["related_yuan"][method]
    assert np.array_equal(found["depends"], (found[AMOUNTS] == 0).any(axis=1))
