"""flows.use_of_funds: what loans were used for, end by end, with the way, the amounts and what the contract says."""

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import flows, open_case
from lib.draw import tables
from lib.errors import BadParameter
from lib.kernels import ends as kernel
from lib.money.categories import against
from lib.money.walking import Walk
from tests.conftest import write_store
from tests.money_cases import ledger_of, move
from tests.oracles import conventions as slow
from tests.test_flows_conventions import ACCOUNTS, CONSERVING, ledgers

DAY = 24 * 60
COVERED = {"statement_from": dt.date(2017, 1, 1), "statement_to": dt.date(2018, 12, 31)}
LOANS = {  # loan: purpose, further columns; the borrower of L1 is b1, with the account B1
    "L1": ("采购原材料", {}),
    "L2": (None, {}),
    "L3": ("购房", {}),
    "L4": ("采购原材料", {}),
    "L5": ("采购原材料", {}),
    "L6": ("经营周转", {}),
    "L8": ("采购原材料", {"upfront_fee_yuan": Decimal(30)}),
    "L9": ("采购原材料", {}),
    "L10": ("经营周转", {}),
}
PAID = [name for name in LOANS if name != "L5"]
MOVES = [
    # L1: through a shell to a third-layer shareholder, six days later
    move("T1", "B1", "S", 800, 2 * DAY),
    move("T2", "S", "H3", 800, 6 * DAY),
    # L2: to a securities firm, which pays on to a shareholder
    move("T3", "B2", "X", 500, DAY),
    move("T4", "X", "H3", 500, 2 * DAY),
    # L3: a flat, cash, nobody stated; 250 stay
    move("T5", "B3", "Q", 600, DAY, memo="购房款"),
    move("T6", "B3", None, 100, 2 * DAY, memo="ATM取现"),
    move("T7", "B3", None, 50, 3 * DAY),
    # L4: another loan, the loan itself, a loan that is not named, taxes; all of it
    move("T8", "B4", "Custody", 300, DAY, kind="repayment", loan_id="L1"),
    move("T9", "B4", "Custody", 200, 2 * DAY, kind="repayment", loan_id="L4"),
    move("T10", "B4", "Custody", 400, 3 * DAY, kind="repayment"),
    move("T11", "B4", "Tax", 100, 4 * DAY),
    # L8: a fee of 50, where 30 were agreed; L9: to an account without statements
    move("T12", "B8", "Fee", 50, DAY, kind="fee"),
    move("T13", "B9", "Dark", 400, DAY),
    # L10: 1000 of the borrower's own came before the loan; 800 of the 2000 go to a shareholder
    move("T0", None, "B10", 1000, -60),
    move("T14", "B10", "H3", 800, DAY),
]


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Give a case of a platform, its shareholders in three layers, and a loan for every use."""
    holders = {"Custody": ("p", "custody_total"), "Fee": ("p", "fee"), "Tax": (None, "tax"), "S": ("s", None), "Q": ("q", None)}
    holders |= {"X": ("x", None), "H3": ("h3", None)} | {f"B{n[1:]}": (f"b{n[1:]}", None) for n in LOANS}
    paid = [move(f"D{n[1:]}", "Custody", f"B{n[1:]}", 1000, 0, kind="disbursement", loan_id=n) for n in PAID]
    people = {"p": "平台", "x": "某某证券有限公司", "s": "空壳商贸", "h3": "三层控股"}
    store = write_store(
        tmp_path_factory.mktemp("uses") / "store.duckdb",
        {
            "institutions": [{"institution_id": "i", "name": "平台", "party_id": "p"}],
            "parties": [
                {"party_id": x, "name": people.get(x, x), "kind": "company"}
                for x in ["p", "q", "s", "x", "h1", "h2", "h3", *(f"b{n[1:]}" for n in LOANS)]
            ],
            "accounts": [{"account_id": a, "holder_id": h, "purpose": p, **COVERED} for a, (h, p) in holders.items()],
            "holdings": [
                {"holding_id": a + b, "holder_id": a, "held_id": b, "share": 0.6}
                for a, b in (("h1", "p"), ("h2", "h1"), ("h3", "h2"))
            ],
            "loans": [
                {"loan_id": n, "institution_id": "i", "borrower_id": f"b{n[1:]}", "principal_yuan": Decimal(1000)}
                | {"purpose": purpose, "started_on": dt.date(2018, 1, 1), **more}
                for n, (purpose, more) in LOANS.items()
            ],
            "transfers": [{**row, "file_order": i} for i, row in enumerate([*paid, *MOVES])],
        },
    )
    return open_case("i", "2018-09-30", store)


@pytest.fixture(scope="module")
def found(case):
    return flows.use_of_funds(case)


def of(found, loan):
    """Return category → (yuan pro rata, fifo, what the purpose says, why it is not known) of a loan's ends."""
    rows = found[found["loan_id"] == loan]
    columns = ["pro_rata_yuan", "fifo_yuan", "purpose_check", "not_traceable"]
    assert rows["category"].is_unique
    return {
        r["category"]: tuple(v if isinstance(v, str | Decimal) else None for v in (r[c] for c in columns))
        for r in rows.to_dict("records")
    }


def same(fen, *more):
    return (Decimal(fen), Decimal(fen), *more)


def test_a_loan_that_came_back_to_a_third_layer_shareholder_is_one_row_with_its_path(found):
    row = found[(found["loan_id"] == "L1") & (found["end"] == "related_party")].to_dict("records")
    assert len(row) == 1
    told = {k: row[0][k] for k in ("category", "account", "holder_id", "relation", "layers", "relation_path", "days", "hops")}
    assert told == {
        **{"category": "related_party", "account": "H3", "holder_id": "h3", "relation": "controller", "layers": 3},
        **{"relation_path": ["p", "h1", "h2", "h3"], "days": 6, "hops": 2},
    }
    assert row[0]["accounts"] == ["B1", "S", "H3"]
    assert row[0]["holder_names"] == ["b1", "空壳商贸", "三层控股"]
    assert row[0]["transfer_ids"] == ["D1", "T1", "T2"]
    assert (row[0]["pro_rata_yuan"], row[0]["fifo_yuan"], row[0]["purpose_check"]) == same(800, "contradicts")


def test_money_is_used_up_at_a_securities_firm_unless_it_is_followed_through(case, found):
    assert of(found, "L2") == {
        "securities": same(500, "purpose_not_stated", None),
        "borrower": same(500, "purpose_not_stated", None),
    }
    through = of(flows.use_of_funds(case, "L2", through=True), "L2")
    assert through["related_party"] == same(500, "purpose_not_stated", None)
    assert "securities" not in through


def test_memos_tell_a_use_where_the_account_does_not(found):
    assert of(found, "L3") == {
        "property": same(600, "agrees", None),
        "cash": same(100, "not_judged", None),
        "unknown": same(50, "unknown", "payee_not_stated"),
        "borrower": same(250, "not_judged", None),
    }


def test_a_repayment_is_of_another_loan_of_the_loan_itself_or_of_one_that_is_not_named(found):
    assert of(found, "L4") == {
        "repayment_other": same(300, "contradicts", None),
        "repayment_this": same(200, "not_judged", None),
        "repayment": same(400, "not_judged", None),
        "unknown": same(100, "unknown", "hub"),
    }


def test_a_loan_without_a_payout_is_a_row_that_says_so(found):
    row = found[found["loan_id"] == "L5"].iloc[0]
    assert (row["end"], row["not_traceable"], row["contract_yuan"]) == ("not_followed", "payout_missing", 1000)
    assert of(found, "L5")["unknown"][:2] == (None, None)


def test_a_fee_beyond_what_was_agreed_contradicts(found):
    assert of(found, "L8")["fee"] == same(50, "contradicts", None)


def test_an_account_without_statements_is_unknown(found):
    assert of(found, "L9")["unknown"] == same(400, "unknown", "statements_missing")


def test_the_amounts_are_told_under_both_conventions(found):
    # 1000 of 2000 are the loan's: half of the 800, or none of them, as the older 1000 go first
    assert of(found, "L10") == {
        "related_party": (Decimal(400), Decimal(0), "not_judged", None),
        "borrower": (Decimal(600), Decimal(1000), "not_judged", None),
    }


@pytest.mark.parametrize("settings", [{}, {"hops": 0}, {"hops": 1, "days": 1}, {"methods": ["lifo", "clean_first"]}])
def test_the_ends_of_a_loan_add_up_to_its_payout_under_every_convention(case, settings):
    found = flows.use_of_funds(case, **settings)
    amounts = [f"{m}_yuan" for m in settings.get("methods", ["pro_rata", "fifo"])]
    sums = found[found["end"] != "not_followed"].groupby("loan_id")[amounts].sum()
    assert sorted(sums.index) == sorted(PAID)
    assert (sums == 1000).all().all()


def test_what_reaches_related_parties_is_what_the_rule_on_self_financing_reads(case):
    found = flows.use_of_funds(case, through=True)
    ours = found[found["end"] == "related_party"].groupby("loan_id")["pro_rata_yuan"].sum().to_dict()
    rule = flows.derive_uses_of_funds(case, [("i", "i", "p")]).to_pylist()
    # the rule takes the agreed part of a fee away: 30 of 50
    expected = {r["loan_id"]: r["related_yuan"] + (30 if r["loan_id"] == "L8" else 0) for r in rule if r["related_yuan"]}
    assert ours == expected
    assert len(ours) == 4


def test_what_has_made_all_hops_is_marked(case):
    row = flows.use_of_funds(case, "L1", hops=1)
    assert dict(zip(row["account"], row["not_traceable"].fillna(""), strict=True)) == {"S": "hops_limit", "B1": ""}


def test_leads_are_counted_and_summed(found):
    # L1 800 to a shareholder, L4 300 for another loan, L8 a fee of 50
    told = {k: found.attrs[k] for k in ("methods", "loans", "loans_with_leads", "contradicting_yuan", "not_traceable_yuan")}
    assert told == {
        **{"methods": ["pro_rata", "fifo"], "loans": 9, "loans_with_leads": 3, "contradicting_yuan": Decimal(1150)},
        "not_traceable_yuan": Decimal(50 + 100 + 400),
    }
    assert "比例" in found.attrs["caption"]


def test_a_page_shows_uses_in_words(found):
    page = tables.frame_html(found)
    assert "疑点: 与约定用途不符" in page
    assert "B1 → S → H3" in page
    assert not any(
        code in page for code in ("contradicts", "related_party", "payout_missing", "repayment_other", "purpose_check")
    )


@pytest.mark.parametrize("wrong", [{"methods": ["poison"]}, {"methods": []}, {"methods": ["fifo", "fifo"]}, {"loan": "?"}])
def test_a_wrong_setting_is_an_error_of_one_line(case, wrong):
    with pytest.raises(BadParameter) as error:
        flows.use_of_funds(case, **wrong)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("purpose", "category", "said"),
    [
        ("stated", "securities", "contradicts"),
        ("securities", "securities", "agrees"),
        ("general", "related_party", "not_judged"),
        ("stated", "other", "not_judged"),
        (None, "related_party", "purpose_not_stated"),
        (None, "unknown", "unknown"),
    ],
)
def test_a_use_is_compared_with_the_purpose_only_where_both_say_something(purpose, category, said):
    assert against(purpose, category) == said


@pytest.mark.parametrize("method", CONSERVING)
@settings(max_examples=100, deadline=None)
@given(
    ledger=ledgers(),
    hops=st.one_of(st.none(), st.integers(0, 4)),
    sink=st.sets(st.sampled_from(ACCOUNTS), max_size=1),
    data=st.data(),
)
def test_ends_are_what_plain_python_adds_up_and_their_ways_lead_there(method, ledger, hops, sink, data):
    moves, opening, sources = ledger
    book = ledger_of(moves, opening)
    names = [*book.accounts.to_pylist(), None]
    kinds = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(moves), max_size=len(moves))), np.int8)
    rows, _ = slow.follow(method, moves, sources, opening, hops, frozenset(sink))
    expected = {}
    for place, fen, hop, _ in rows:
        payer, payee, _ = moves[place]
        at = (payee, int(kinds[place]) if payee is None or payee in sink else 0)
        expected[at] = expected.get(at, 0) + fen
        if hop:
            expected[payer, 0] -= fen
    walk = Walk(book, book.flags(sorted(sink)), hops=hops, days=None, method=method)
    runs = np.array([[0, len(sources), len(moves), 0, 0, -2]] * 2)  # twice: the scratch memory is left as it was found
    nobody = np.zeros(0, np.int64)
    ends, steps = walk.ends(runs, np.array(sorted(sources)), nobody, kinds, np.full(len(moves), -1))
    for run in range(2):
        ours = ends[ends[:, kernel.RUN] == run]
        found = {(names[e[kernel.ACCOUNT]], int(e[kernel.KIND])): int(e[kernel.FEN]) for e in ours}
        assert found == {at: fen for at, fen in expected.items() if fen}
    carried = {place for place, _, _, _ in rows}
    for end in ends:
        way = steps[end[kernel.STEPS] : end[kernel.STEPS] + end[kernel.WAY]][::-1].tolist()
        assert way[0] in sources
        assert set(way) <= carried
        assert all(moves[a][1] == moves[b][0] and a < b for a, b in pairwise(way))
        assert moves[way[-1]][1] == names[end[kernel.ACCOUNT]]
        assert end[kernel.HOPS] == len(way) - 1 <= (hops if hops is not None else len(moves))
