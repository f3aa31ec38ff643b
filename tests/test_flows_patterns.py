"""flows.patterns: shapes of money, their thresholds, and what could not be tested."""

import datetime as dt
from decimal import Decimal

import pytest

from lib import flows, open_case
from lib.errors import BadParameter
from tests.conftest import write_store
from tests.money_cases import line, move, shown

DAY = 24 * 60
COUNTS = ("kind", "outcome", "counterparties", "transfers")


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    return open_case(None, "2018-09-30", write_store(tmp_path_factory.mktemp("blank") / "store.duckdb", {}))


@pytest.fixture
def make_case(blank):
    """Give a function that lays TEMP tables of these rows over one empty Store: to open one for each test takes long."""

    def make(**tables):
        blank.store.memo.clear()
        for name in ("transfers", "flows", "accounts", "parties"):
            blank.store.execute(f"create or replace temp table {name} as from store.{name} limit 0")
            for row in tables.get(name, []):
                columns, values = ", ".join(f'"{c}"' for c in row), ", ".join(f"${c}" for c in row)
                blank.store.execute(f"insert into {name} ({columns}) values ({values})", **row)
        return blank

    return make


def asked(case, *kinds, **settings):
    """Return the rows of some kinds, without what is told of the case as a whole."""
    found = flows.patterns(case, kinds or None, **settings)
    return found[found["kind"] != "every"].reset_index(drop=True)


def told(case, **settings):
    """Return the reasons told of the case as a whole: unknown → (transfers, amount)."""
    found = flows.patterns(case, "fan_in", **settings)
    every = found[found["kind"] == "every"]
    assert set(every["outcome"]) <= {"not_testable"}
    return {row.unknown: (row.transfers, row.amount_yuan) for row in every.itertuples() if row.unknown != "no_statements"}


def of(found, account):
    """Return the rows whose only centre is an account."""
    return found[[centres == [account] for centres in found["centre_accounts"]]]


def fan(count, centre="C", first=0, step=DAY, amount=100):
    return [move(f"{centre}{i}", f"P{i}", centre, amount, first + i * step) for i in range(count)]


def test_ten_payers_in_ten_days_are_a_fan_and_nine_are_none(make_case):
    found = asked(make_case(transfers=fan(10)), "fan_in")
    assert found[list(COUNTS)].values.tolist() == [["fan_in", "found", 10, 10]]
    row = found.iloc[0]
    assert (row["centre_accounts"], row["amount_yuan"], row["in_yuan"], row["out_yuan"]) == (["C"], 1000, 1000, 0)
    assert (row["first_on"], row["last_on"]) == (dt.date(2018, 1, 1), dt.date(2018, 1, 10))
    assert row["transfer_ids"] == [f"C{i}" for i in range(10)]
    assert row["parameters"] == "PT-03: days=10, counterparties=10, top_share=0.7, min_yuan=0"


def test_a_tenth_payer_on_the_eleventh_day_makes_no_fan(make_case):
    rows = [*fan(9), move("late", "P9", "C", 100, 10 * DAY)]
    assert len(asked(make_case(transfers=rows), "fan_in")) == 0
    assert len(asked(make_case(transfers=rows), "fan_in", days=11)) == 1
    assert len(asked(make_case(transfers=rows), "fan_in", fan_in={"counterparties": 9})) == 1


def test_a_holder_with_two_accounts_is_one_payer_and_nobody_fans_into_himself(make_case):
    rows = fan(11, step=DAY // 2)
    accounts = [{"account_id": a, "holder_id": h} for a, h in (("P0", "x"), ("P1", "x"), ("C", "c"), ("P2", "c"))]
    case = make_case(transfers=rows, accounts=accounts)
    assert len(asked(case, "fan_in")) == 0  # x, P3 to P10: nine
    found = asked(case, "fan_in", counterparties=9).iloc[0]
    assert (found["counterparties"], found["transfers"], found["holder_ids"]) == (9, 10, ["c"])  # not what c pays itself


def test_what_one_payee_has_of_the_outflow_decides_whether_a_fan_is_concentrated(make_case):
    # 1,000 comes in; 700 of 1,000 that go is 0.7: the setting itself is reached
    out = [move("big", "C", "X", 700, 9 * DAY + 60), move("rest", "C", None, 300, 9 * DAY + 61)]
    found = asked(make_case(transfers=[*fan(10), *out]), "fan_in").iloc[0]
    assert (found["top_share"], bool(found["concentrated"]), found["out_yuan"]) == (0.7, True, Decimal(1000))
    found = asked(make_case(transfers=[*fan(10), *out, move("more", "C", "Y", "0.01", 9 * DAY + 62)]), "fan_in").iloc[0]
    assert not found["concentrated"]


def test_a_hub_is_the_centre_of_no_fan_but_a_counterparty_of_one(make_case):
    rows = [move(f"h{i}", f"P{i}", "Hub", 1, i) for i in range(10)] + [*fan(9), move("from hub", "Hub", "C", 1)]
    case = make_case(transfers=rows, accounts=[{"account_id": "Hub", "purpose": "custody_total"}])
    found = flows.patterns(case, "fan_in")
    assert found[found["kind"] == "fan_in"]["centre_accounts"].tolist() == [["C"]]
    assert found.attrs["hubs"] == ["Hub"]
    assert len(asked(case, "fan_in", hubs=[])) == 2


def test_gathering_must_come_before_scattering(make_case):
    into = [move(f"i{i}", f"P{i}", "C", 10, i) for i in range(10)]
    out = [move(f"o{i}", "C", f"Q{i}", 10, 100 + i) for i in range(10)]
    found = asked(make_case(transfers=[*into, *out]), "gather_scatter").iloc[0]
    assert (found["counterparties"], found["in_yuan"], found["out_yuan"], bool(found["tied"])) == (20, 100, 100, False)
    before = [{**row, "at": row["at"] - dt.timedelta(minutes=200)} for row in out]
    assert len(asked(make_case(transfers=[*into, *before]), "gather_scatter")) == 0


def test_days_without_times_admit_gathering_first_and_say_that_nobody_stated_it(make_case):
    midnight = -9 * 60
    rows = [move(f"i{i}", f"P{i}", "C", 10, midnight, day_only=True) for i in range(10)]
    rows += [move(f"o{i}", "C", f"Q{i}", 10, midnight, day_only=True) for i in range(10)]
    assert asked(make_case(transfers=rows), "gather_scatter")["tied"].tolist() == [True]


def test_three_middles_carry_money_on_from_one_account_to_another(make_case):
    rows = [move(f"a{m}", "S", m, 100, i) for i, m in enumerate("KLM")] + [move(f"b{m}", m, "T", 99, 60) for m in "KLM"]
    found = asked(make_case(transfers=rows), "scatter_gather").iloc[0]
    assert (found["centre_accounts"], found["counterparties"]) == (["S", "T"], 3)
    assert (found["out_yuan"], found["in_yuan"]) == (300, 297)
    assert len(asked(make_case(transfers=[*rows[:-1], move("early", "M", "T", 99, -1)]), "scatter_gather")) == 0
    assert len(asked(make_case(transfers=rows), "scatter_gather", min_yuan=100)) == 0


def test_three_payers_that_each_pay_the_same_three_payees_are_a_bipartite_group(make_case):
    rows = [move(f"{p}{q}", p, q, 10, i) for i, (p, q) in enumerate((p, q) for p in "ABC" for q in "XYZ")]
    found = asked(make_case(transfers=[*rows, move("other", "A", "W", 10)]), "bipartite").iloc[0]
    assert (found["centre_accounts"], found["counterparties"], found["transfers"], found["density"]) == (
        ["A", "B", "C"],
        3,
        9,
        1.0,
    )
    assert found["out_yuan"] == 90
    assert len(asked(make_case(transfers=rows[:-1]), "bipartite")) == 0


@pytest.mark.parametrize(("wheel", "outcome"), [(6, "found"), (7, "not_testable")])
def test_groups_of_which_less_than_half_the_pairs_occur_are_not_told_apart(make_case, wheel, outcome):
    # each of six or seven payers pays three payees next to each other: 18 of 36 pairs, 21 of 49
    rows = [move(f"{i}-{j}", f"P{i}", f"Q{(i + j) % wheel}", 10) for i in range(wheel) for j in range(3)]
    found = asked(make_case(transfers=rows), "bipartite").iloc[0]
    assert (found["outcome"], found["density"]) == (outcome, 3 / wheel)


def test_a_stack_has_three_layers_in_time_order(make_case):
    upper = [move(f"{t}{m}", t, m, 10, 0) for t in "ABC" for m in "KLM"]
    lower = [move(f"{m}{b}", m, b, 10, 60) for m in "KLM" for b in "XYZ"]
    found = asked(make_case(transfers=[*upper, *lower]), "stack").iloc[0]
    assert (found["centre_accounts"], found["counterparties"], found["transfers"]) == (["K", "L", "M"], 6, 18)
    assert (found["in_yuan"], found["out_yuan"], bool(found["tied"])) == (90, 90, False)
    early = [{**row, "at": row["at"] - dt.timedelta(minutes=90)} for row in lower]
    assert len(asked(make_case(transfers=[*upper, *early]), "stack")) == 0


def passing(*lines):
    """Return a statement of account C: (amount, balance, minutes)."""
    parts = [
        line(f"c{i}", "C", amount, balance, minutes, counterparty_account="X" if amount > 0 else "Y", **more[0] if more else {})
        for i, (amount, balance, minutes, *more) in enumerate(lines)
    ]
    return shown(*parts)


def test_money_that_comes_and_goes_within_hours_passes_through(make_case):
    # 200,000 stays 48 hours; balance at the ends of the three days: 200,000, 200,000, 0, that is 400,000 / 3 days = 0.67 of it
    late = passing((200_000, 200_000, 0), (-200_000, 0, 2 * DAY))
    assert len(asked(make_case(**late), "pass_through")) == 0
    found = asked(make_case(**late), "pass_through", resting_share=0.67).iloc[0]
    assert (found["outcome"], found["dwell_hours"], found["out_in_ratio"]) == ("found", 48.0, 1.0)
    assert found["resting_yuan"] == Decimal("133333.33")
    longer = passing((200_000, 200_000, 0), (-200_000, 0, 2 * DAY + 1))
    assert len(asked(make_case(**longer), "pass_through", resting_share=0.67)) == 0


@pytest.mark.parametrize(("out", "hit"), [(180_000, True), (179_999, False), (220_000, True), (220_001, False)])
def test_out_divided_by_in_keeps_within_its_bounds(make_case, out, hit):
    # 20,001 are there at first; where more goes than came, part of it was never seen to come
    rows = passing((200_000, 220_001, 0), (-out, 220_001 - out, 60))
    found = asked(make_case(**rows), "pass_through", resting_share=1, throughput_yuan=1000)
    assert [len(found)] == [hit]


def test_less_than_the_throughput_is_no_pass_through(make_case):
    rows = passing((200_000, 200_000, 0), (-199_999, 1, 60))
    assert len(asked(make_case(**rows), "pass_through")) == 0
    assert len(asked(make_case(**rows), "pass_through", throughput_yuan=199_999)) == 1


def test_without_balances_what_stayed_behind_is_not_known(make_case):
    rows = passing((200_000, None, 0), (-200_000, None, 60))
    found = asked(make_case(**rows), "pass_through").iloc[0]
    assert (found["outcome"], found["unknown"], found["dwell_hours"]) == ("not_testable", "no_balance", 1.0)
    assert str(found["resting_yuan"]) == "<NA>"


def test_money_that_was_there_first_goes_first_and_how_long_it_stayed_is_not_known(make_case):
    rows = passing((200_000, 205_000, 0), (-200_000, 5_000, 60))
    found = asked(make_case(**rows), "pass_through").iloc[0]
    assert (found["outcome"], found["unknown"], found["unseen_yuan"]) == ("not_testable", "origin_unknown", 5_000)


def test_days_without_times_leave_the_stay_open(make_case):
    only = {"day_only": True}
    rows = passing((200_000, 200_000, -9 * 60, only), (-200_000, 0, -9 * 60 + 2 * DAY, only))
    found = asked(make_case(**rows), "pass_through", resting_share=1).iloc[0]
    # from the end of the first day to the beginning of the third: 24 hours and a second; the other way round 72 less a second
    assert (found["outcome"], found["unknown"]) == ("not_testable", "no_times")
    assert found["dwell_hours"] == pytest.approx(24 + 1 / 3600)
    assert found["dwell_hours_most"] == pytest.approx(72 - 1 / 3600)


def test_without_a_statement_of_its_own_an_account_is_not_cleared(make_case):
    rows = [move("in", "X", "C", 200_000), move("out", "C", "Y", 200_000, 60)]
    found = asked(make_case(transfers=rows), "pass_through")
    assert found[["outcome", "unknown"]].values.tolist() == [["not_testable", "no_statements"]]


def test_amounts_too_large_to_be_exact_are_told_and_not_reckoned_with(make_case):
    rows = passing((5 * 10**12, 5 * 10**12, 0), (-5 * 10**12, 0, 60))  # 5e14 fen times the seconds of a day is beyond 2**62
    found = asked(make_case(**rows), "pass_through").iloc[0]
    assert (found["unknown"], found["centre_accounts"], found["amount_yuan"]) == ("too_large", ["C", "X", "Y"], 10**13)


def there_and_back(times, back=100):
    rows = []
    for n in range(times):
        rows += [move(f"t{n}", "A", "B", 100, n * 20 * DAY), move(f"b{n}", "B", "A", back, n * 20 * DAY + 2 * DAY)]
    return rows


def test_three_transfers_there_and_back_mirror_each_other(make_case):
    found = asked(make_case(transfers=there_and_back(3)), "mirror").iloc[0]
    assert (found["centre_accounts"], found["times"], found["out_yuan"], found["in_yuan"]) == (["A", "B"], 3, 300, 300)
    assert len(asked(make_case(transfers=there_and_back(2)), "mirror")) == 0
    assert len(asked(make_case(transfers=there_and_back(3)), "mirror", days=1)) == 0


@pytest.mark.parametrize(("back", "hit"), [("99.50", True), ("99.49", False), ("100.50", True), ("100.51", False)])
def test_half_a_percent_of_the_larger_amount_is_the_most_by_which_mirrors_differ(make_case, back, hit):
    # 0.005 × 100 = 0.50; 0.005 × 100.51 = 0.50255, rounded down to the fen 0.50
    assert bool(len(asked(make_case(transfers=there_and_back(3, back)), "mirror"))) == hit


def customer(*amounts, kind="person", payee="Y", **more):
    rows = [move(f"s{i}", "C", payee, amount, 300 * DAY + i * DAY, **more) for i, amount in enumerate(amounts)]
    return {
        "transfers": rows,
        "accounts": [{"account_id": "C", "holder_id": "c"}, {"account_id": "Y", "holder_id": "y"}],
        "parties": [{"party_id": "c", "kind": kind, "name": "甲"}, {"party_id": "y", "kind": "other", "name": "乙"}],
    }


@pytest.mark.parametrize(
    ("kind", "amounts", "threshold"),
    [
        ("person", (400_000, 499_999.99, 450_000), 500_000),
        ("person", (400_000, 500_000, 450_000), None),  # the threshold itself is reported and not below it
        ("person", (399_999.99, 450_000, 450_000), None),  # below 0.8 of it
        ("company", (400_000, 450_000, 450_000), None),
        ("company", (1_600_000, 1_999_999.99, 1_700_000), 2_000_000),
    ],
)
def test_three_amounts_just_below_a_threshold_within_five_days(make_case, kind, amounts, threshold):
    found = asked(make_case(**customer(*amounts, kind=kind)), "structuring")
    mine = found[found["outcome"] == "found"]
    assert [(r.threshold_yuan, r.out_yuan) for r in mine.itertuples() if r.centre_accounts == ["C"]] == (
        [(threshold, sum(Decimal(str(a)) for a in amounts))] if threshold else []
    )


def test_thresholds_hold_from_their_day_on_and_earlier_transfers_are_not_held_against_them(make_case):
    tables = customer(450_000, 450_000, 450_000)
    assert len(asked(make_case(**tables), "structuring", since="2018-10-28")) == 1  # the first is of that day
    early = asked(make_case(**tables), "structuring", since="2018-10-29")
    assert early[["outcome", "unknown", "transfers", "amount_yuan"]].values.tolist() == [
        ["not_testable", "before_since", 1, 450_000]
    ]


def test_a_customer_of_unknown_kind_is_held_against_both_thresholds_and_not_testable(make_case):
    found = asked(make_case(**customer(450_000, 450_000, 450_000, payee=None, kind=None)), "structuring")
    assert found[["outcome", "unknown", "threshold_yuan"]].values.tolist() == [["not_testable", "holder_unknown", 500_000]]


def test_cash_has_its_own_threshold(make_case):
    lines = [line(f"k{i}", "C", -45_000, None, 300 * DAY + i, channel="cash") for i in range(3)]
    found = asked(make_case(**shown(*lines), accounts=[{"account_id": "C"}]), "structuring").iloc[0]
    assert (found["threshold_yuan"], found["times"], found["outcome"]) == (50_000, 3, "found")


def sleeper(gap, balance=500):
    """Return a statement that moves 500, sleeps so many days and then moves 100,000."""
    return shown(
        line("w0", "C", 500, 500, 0, counterparty_account="X"),
        line("w1", "C", 100_000, balance + 100_000, gap * DAY, counterparty_account="X"),
    )


def test_an_account_that_slept_for_half_a_year_and_moves_much_was_woken(make_case):
    found = asked(make_case(**sleeper(180)), "dormant").iloc[0]
    # the year before: 180 known days with 500, a monthly mean of 500 × 365 / (180 × 12) = 84.49; 100,000 is 1,183.6 times that
    assert (found["outcome"], found["idle_days"], found["transfer_ids"]) == ("found", 180, ["w1"])
    assert found["multiple"] == pytest.approx(100_000 / (500 * 365 / (180 * 12)))
    assert len(of(asked(make_case(**sleeper(179)), "dormant"), "C")) == 0
    assert len(of(asked(make_case(**sleeper(180)), "dormant", turnover_yuan=100_000.01), "C")) == 0
    assert len(of(asked(make_case(**sleeper(180)), "dormant", multiple=1184), "C")) == 0


def test_a_balance_that_moved_meanwhile_says_that_lines_are_missing(make_case):
    found = of(asked(make_case(**sleeper(200, balance=7_000)), "dormant"), "C").iloc[0]
    assert (found["outcome"], found["unknown"]) == ("not_testable", "lines_missing")


def test_accounts_seen_in_statements_of_others_alone_are_not_said_to_have_slept(make_case):
    rows = [move("t0", "X", "C", 1), move("t1", "X", "C", 100_000, 200 * DAY)]
    found = asked(make_case(transfers=rows), "dormant")
    assert found[["outcome", "unknown"]].values.tolist() == [["not_testable", "no_statements"]]
    assert found.iloc[0]["centre_accounts"] == ["C", "X"]


def test_the_banks_own_interest_wakes_nobody_and_keeps_nobody_awake(make_case):
    rows = sleeper(200)
    interest = [line("i1", "C", 1, 501, 100 * DAY, kind="interest"), line("i2", "C", 1, 502, 101 * DAY, kind="interest")]
    made = shown(rows["flows"][0], *interest, {**rows["flows"][1], "balance_yuan": Decimal(100_502)})
    assert of(asked(make_case(**made), "dormant"), "C")["idle_days"].tolist() == [200]


def test_days_before_1970_are_days_like_others(make_case):
    rows = sleeper(180)
    for table in rows.values():
        table[0]["at"], table[1]["at"] = dt.datetime(1968, 1, 1), dt.datetime(1968, 6, 29)  # 180 days of a leap year
    found = of(asked(make_case(**rows), "dormant"), "C").iloc[0]
    assert (found["idle_days"], found["multiple"]) == (180, pytest.approx(100_000 / (500 * 365 / (180 * 12))))


def test_a_first_use_long_after_the_opening_counts_where_it_is_asked_for(make_case):
    rows = shown(line("w1", "C", 100_000, 100_000, 200 * DAY, counterparty_account="X"))
    account = {"account_id": "C", "statement_from": dt.date(2018, 1, 1), "statement_to": dt.date(2018, 12, 31)}
    assert len(of(asked(make_case(**rows, accounts=[account]), "dormant"), "C")) == 0
    case = make_case(**rows, accounts=[{**account, "opened_on": dt.date(2018, 1, 10)}])
    assert of(asked(case, "dormant", first_use=True), "C")[["outcome", "idle_days"]].values.tolist() == [["found", 191]]
    found = asked(make_case(**rows, accounts=[account]), "dormant", first_use=True)
    assert found[["outcome", "unknown"]].values.tolist() == [["not_testable", "opening_unknown"]]


def test_what_is_in_no_pattern_is_told_with_its_amount(make_case):
    rows = [
        move("ok", "A", "B", 1),
        move("no payer", None, "B", 2),
        move("no payee", "A", None, 4),
        move("stars", "6222****1234", "B", 8),
        move("minus", "A", "B", -16),
        move("zero", "A", "B", 0),
        {**move("no day", "A", "B", 32), "at": None},
    ]
    lost = {**line("f1", "A", 64, None), "direction": None}
    assert told(make_case(transfers=rows, flows=[lost])) == {
        "payer_unknown": (1, 2),
        "payee_unknown": (1, 4),
        "masked": (1, 8),
        "negative": (1, 16),
        "nothing": (1, 0),
        "undated": (1, 32),
        "direction_unknown": (1, 64),
    }


def test_an_empty_period_is_told_and_nothing_is_cleared(make_case):
    found = flows.patterns(make_case(accounts=[{"account_id": "A"}]))
    assert found[["kind", "outcome", "unknown"]].values.tolist() == [
        ["every", "not_testable", "no_statements"],
        ["every", "not_testable", "no_transfers"],
    ]


def test_payments_that_were_undone_are_in_no_pattern_and_counted(make_case):
    rows = [*fan(10), move("undone", "P10", "C", 5, 1), move("undoing", "C", "P10", 5, 2, reversal_of="undone")]
    found = flows.patterns(make_case(transfers=rows), "fan_in")
    assert found["counterparties"].tolist()[0] == 10
    assert found.attrs["reversed"] == 2
    assert found.attrs["notes"][-1] == "已被冲正、退汇的划转及其冲正：2 笔, 未计入"


@pytest.fixture(scope="module")
def two_fans(tmp_path_factory):
    tables = {
        "transfers": [*fan(10), *fan(10, centre="D", amount=1_000)],
        "parties": [{"party_id": "p", "name": "甲", "kind": "company"}],
        "accounts": [{"account_id": "C", "holder_id": "p"}],
    }
    return write_store(tmp_path_factory.mktemp("fans") / "store.duckdb", tables)


def test_a_case_has_the_patterns_in_which_its_accounts_take_part(two_fans):
    found = flows.patterns(open_case("p", "2018-09-30", two_fans), "fan_in")
    mine = found[found["kind"] == "fan_in"]
    assert mine[["centre_accounts", "holder_ids", "holder_names", "of_case"]].values.tolist() == [[["C"], ["p"], ["甲"], True]]
    whole = flows.patterns(open_case(None, "2018-09-30", two_fans), "fan_in")
    assert whole["centre_accounts"].tolist()[:2] == [["D"], ["C"]]  # the larger first
    assert mine["pattern_id"].tolist()[0] == whole["pattern_id"].tolist()[1]


@pytest.mark.parametrize(
    ("kinds", "settings", "named"),
    [
        (["fan"], {}, "fan_in"),
        (None, {"fan": {"days": 1}}, "fan_in"),
        ("fan_in", {"middles": 3}, "counterparties"),
        (None, {"fan_in": {"middles": 3}}, "counterparties"),
        ("fan_in", {"mirror": {"days": 1}}, "mirror"),
        (None, {"days": 0}, "days"),
        (None, {"counterparties": 2.5}, "counterparties"),
        ("fan_in", {"top_share": 1.1}, "top_share"),
        ("mirror", {"tolerance_share": 0.00005}, "four decimals"),
        ("mirror", {"min_yuan": -1}, "min_yuan"),
        ("pass_through", {"ratio_low": 0.9, "ratio_high": 0.5}, "ratio_low"),
        ("structuring", {"since": "2017"}, "YYYY-MM-DD"),
        ("structuring", {"times": 1}, "add up"),
        ("dormant", {"first_use": 1}, "True"),
        ("fan_in", {"hubs": ["nobody"]}, "nobody"),
    ],
)
def test_a_kind_or_setting_that_does_not_exist_or_is_out_of_range_is_refused(two_fans, monkeypatch, kinds, settings, named):
    monkeypatch.setenv("LOOKTHROUGH_LANG", "en")
    with pytest.raises(BadParameter, match=named):
        flows.patterns(open_case(None, "2018-09-30", two_fans), kinds, **settings)
