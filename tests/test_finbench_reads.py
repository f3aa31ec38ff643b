"""FinBench's complex reads as questions to the workbench, each checked against the files by brute force.

Definitions: LDBC FinBench specification, transaction workload, complex reads 1 to 12 (TCR1 to TCR12); a window leaves out its
ends, and nothing is truncated. Reads of single transfers use `flows.transfers`, `flows.accounts` and `flows.network`. Paths
that need no conservation of money (TCR1, TCR2, TCR5, TCR8), investments (TCR10) and guarantees (TCR11) have no call of their
own and are queries on the Store; where money is to be followed, `flows.trace` follows it conserved: another question.
"""

import csv
import datetime as dt
from collections import defaultdict, deque
from decimal import ROUND_HALF_EVEN, Decimal

import networkx as nx
import pandas as pd
import pytest

from lib import flows, open_case
from tests.conftest import FINBENCH

pytestmark = pytest.mark.skipif(not FINBENCH.is_dir(), reason=f"no FinBench data at {FINBENCH}")
FROM, TO = dt.datetime(2021, 9, 1), dt.datetime(2022, 6, 1)
WINDOW = {"first": FROM, "last": TO}
FEN = Decimal("0.01")


class Files:
    """The files as lists of tuples; ids as the workbench writes them."""

    def __init__(self) -> None:
        self.transfers = self._moves("AccountTransferAccount", "A", "fromId", "A", "toId")
        self.withdrawals = self._moves("AccountWithdrawAccount", "A", "fromId", "A", "toId")
        self.deposits = self._moves("LoanDepositAccount", "L", "loanId", "A", "accountId")
        self.repayments = self._moves("AccountRepayLoan", "A", "accountId", "L", "loanId")
        self.loans = {f"L{r['loanId']}": tuple(money(r[c]) for c in ("loanAmount", "balance")) for r in rows("Loan")}
        self.owner = {f"A{r['accountId']}": f"P{r['personId']}" for r in rows("PersonOwnAccount")}
        self.owner |= {f"A{r['accountId']}": f"C{r['companyId']}" for r in rows("CompanyOwnAccount")}
        self.out = defaultdict(list)
        for move in self.transfers:
            self.out[move[0]].append(move)

    @staticmethod
    def _moves(name, payer_prefix, payer, payee_prefix, payee):
        return [(payer_prefix + r[payer], payee_prefix + r[payee], money(r["amount"]), when(r)) for r in rows(name)]

    def accounts_of(self, party):
        return [account for account, owner in self.owner.items() if owner == party]

    def ascending(self, account, steps=3):
        """Give every path of up to so many transfers from an account whose times ascend within the window."""
        paths = [(move,) for move in self.out[account] if FROM < move[3] < TO]
        while paths:
            yield from paths
            paths = [
                (*path, move)
                for path in paths
                if len(path) < steps
                for move in self.out[path[-1][1]]
                if path[-1][3] < move[3] < TO
            ]


def rows(name):
    with (FINBENCH / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="|"))


def money(text):
    return Decimal(text).quantize(FEN, ROUND_HALF_EVEN)


def when(row):
    return dt.datetime.fromisoformat(row["createTime"])


def inside(moves):
    return [move for move in moves if FROM < move[3] < TO]


@pytest.fixture(scope="module")
def files():
    return Files()


@pytest.fixture(scope="module")
def case(finbench):
    return open_case(None, None, finbench[0])


@pytest.fixture(scope="module")
def transfers(case) -> pd.DataFrame:
    found = flows.transfers(case)
    return found[(found["at"] > FROM) & (found["at"] < TO)]


@pytest.fixture(scope="module")
def busiest(files):
    """Return the accounts that pay most often."""
    return sorted(files.out, key=lambda account: (-len(files.out[account]), account))[:12]


# Up to three transfers from some accounts, ascending in time, within the window: one row per path and last transfer.
PATHS = """
    with moves as (
        select transfer_id, payer_account, payee_account, transfers.at as moved from transfers
        where kind = 'transfer' and transfers.at > $first and transfers.at < $last
    ), one as (
        select payer_account as source, [transfer_id] as path, payee_account as reached, moved from moves
        where list_contains($sources, payer_account)
    ), two as (
        select one.source, list_append(one.path, moves.transfer_id) as path, moves.payee_account as reached, moves.moved
        from one inner join moves on one.reached = moves.payer_account and one.moved < moves.moved
    ), three as (
        select two.source, list_append(two.path, moves.transfer_id) as path, moves.payee_account as reached, moves.moved
        from two inner join moves on two.reached = moves.payer_account and two.moved < moves.moved
    ), paths as (select * from one union all select * from two union all select * from three)
"""


def test_tcr1_accounts_within_three_transfers_that_a_blocked_medium_signed_in_to(case, files, busiest):
    query = f"""{PATHS}, media as (
            select account_id, device_id from devices
            where account_id is not null and devices.at > $first and devices.at < $last
        ), blocked as (select device_id, kind from devices where account_id is null and blocked)
        select distinct reached, len(path) as distance, blocked.device_id, blocked.kind
        from paths inner join media on paths.reached = media.account_id inner join blocked using (device_id)
    """
    blocked = {r["mediumId"]: r["mediumType"] for r in rows("Medium") if r["isBlocked"] == "true"}
    signed = defaultdict(set)
    for row in rows("MediumSignInAccount"):
        if row["mediumId"] in blocked and FROM < when(row) < TO:
            signed[f"A{row['accountId']}"].add(row["mediumId"])
    total = 0
    for account in busiest:
        found = case.sql(query, sources=[account], **WINDOW)
        expected = {
            (path[-1][1], len(path), medium, blocked[medium])
            for path in files.ascending(account)
            for medium in signed[path[-1][1]]
        }
        assert set(found.itertuples(index=False, name=None)) == expected
        assert len(found) == len(expected)
        total += len(expected)
    assert total > 10


def test_tcr2_loans_whose_money_lies_within_three_transfers_upstream_of_a_person(case, files):
    query = f"""{PATHS}, funded as (
            select loan_id, payee_account from transfers
            where kind = 'disbursement' and transfers.at > $first and transfers.at < $last
        ), found as (
            select distinct funded.loan_id from paths inner join funded on paths.source = funded.payee_account
            inner join accounts on paths.reached = accounts.account_id and accounts.holder_id = $person
        )
        select coalesce(sum(principal_yuan), 0), coalesce(sum(outstanding_yuan), 0), count(*) from loans
        where loan_id in (select loan_id from found)
    """
    funded = defaultdict(set)
    for loan, account, _, _ in inside(files.deposits):
        funded[account].add(loan)
    reaching = defaultdict(set)
    for account, loans in funded.items():
        for path in files.ascending(account):
            reaching[files.owner[path[-1][1]]] |= loans
    people = sorted(p for p in reaching if p.startswith("P"))
    for person in (people[0], people[len(people) // 2], "P0"):
        mine = [files.loans[loan] for loan in reaching[person]]
        found = case.sql(query, sources=sorted(funded), person=person, **WINDOW).iloc[0].tolist()
        assert found == [sum((loan[0] for loan in mine), Decimal(0)), sum((loan[1] for loan in mine), Decimal(0)), len(mine)]


def test_tcr3_the_shortest_way_between_two_accounts(case, files, busiest):
    network = flows.network(case, max_accounts=10_000)
    assert network.graph["left_out"] == 0
    ways = nx.DiGraph([(a, b) for a, b, kind in network.edges(keys=True) if kind == "transfer"])
    for target in (busiest[1], sorted(files.owner)[0], sorted(files.owner)[-1]):
        distance, queue = {busiest[0]: 0}, deque([busiest[0]])
        while queue:
            account = queue.popleft()
            for _, payee, _, _ in files.out[account]:
                if payee not in distance:
                    distance[payee] = distance[account] + 1
                    queue.append(payee)
        known = target in ways and nx.has_path(ways, busiest[0], target)
        assert (nx.shortest_path_length(ways, busiest[0], target) if known else -1) == distance.get(target, -1)


def test_tcr4_third_accounts_that_close_a_triangle_of_transfers(transfers, files):
    moved = inside(files.transfers)
    by_pair = defaultdict(list)
    for payer, payee, amount, _ in moved:
        by_pair[payer, payee].append(amount)
    payees = defaultdict(set)
    for payer, payee in by_pair:
        payees[payer].add(payee)
    closed = sorted((a, b) for a, b in by_pair for c in payees[b] if a in payees[c] and len({a, b, c}) == 3)
    assert len(closed) > 3
    plain = transfers[transfers["kind"] == "transfer"]
    for source, target in (closed[0], closed[len(closed) // 2], closed[-1]):
        into = plain[plain["payee_account"] == source].groupby("payer_account")["amount_yuan"].agg(["count", "sum", "max"])
        out = plain[plain["payer_account"] == target].groupby("payee_account")["amount_yuan"].agg(["count", "sum", "max"])
        found = into.join(out.add_prefix("out_"), how="inner")
        expected = {
            other: [f(by_pair[pair]) for pair in ((other, source), (target, other)) for f in (len, sum, max)]
            for other in payees[target]
            if source in payees[other]
        }
        assert {other: row.tolist() for other, row in found.iterrows()} == expected


def test_tcr5_all_transfer_traces_of_a_person(case, files, busiest):
    person = files.owner[busiest[0]]
    sources = files.accounts_of(person)
    ids = {(m[0], m[1], m[2], m[3]): n for n, m in enumerate(files.transfers)}
    assert len(ids) == len(files.transfers)
    shown = case.sql(
        "select transfer_id, payer_account, payee_account, amount_yuan, transfers.at from transfers where kind = 'transfer'"
    )
    number = {row[0]: ids[row[1], row[2], row[3], row[4].to_pydatetime()] for row in shown.itertuples(index=False)}
    found = case.sql(f"{PATHS} select path from paths", sources=sources, **WINDOW)["path"]
    expected = sorted(tuple(ids[move] for move in path) for source in sources for path in files.ascending(source))
    assert sorted(tuple(number[t] for t in path) for path in found) == expected
    assert len(expected) > 50


def test_tcr6_withdrawals_after_money_came_from_more_than_three(transfers, files):
    card = max({m[1] for m in files.withdrawals}, key=lambda a: (sum(m[1] == a for m in inside(files.withdrawals)), a))
    least_in, least_out = Decimal(100_000), Decimal(1_000)
    out = transfers[(transfers["kind"] == "withdrawal") & (transfers["payee_account"] == card)]
    out = out[out["amount_yuan"] > least_out].groupby("payer_account")["amount_yuan"].sum()
    into = transfers[(transfers["kind"] == "transfer") & (transfers["amount_yuan"] > least_in)]
    into = into.groupby("payee_account")["amount_yuan"].agg(["count", "sum"])
    found = {a: (into.loc[a, "sum"], out[a]) for a in out.index.intersection(into.index[into["count"] > 3])}
    expected = {}
    for middle in {m[0] for m in inside(files.withdrawals) if m[1] == card}:
        paid = [m[2] for m in inside(files.withdrawals) if m[:2] == (middle, card) and m[2] > least_out]
        got = [m[2] for m in inside(files.transfers) if m[1] == middle and m[2] > least_in]
        if paid and len(got) > 3:
            expected[middle] = (sum(got), sum(paid))
    assert found == expected
    assert expected


def test_tcr7_fast_in_and_fast_out(transfers, files, busiest):
    least, some = Decimal(500_000), 0
    large = transfers[(transfers["kind"] == "transfer") & (transfers["amount_yuan"] > least)]
    for account in busiest:
        into, out = large[large["payee_account"] == account], large[large["payer_account"] == account]
        got = [m for m in inside(files.transfers) if m[1] == account and m[2] > least]
        paid = [m for m in inside(files.transfers) if m[0] == account and m[2] > least]
        assert into["payer_account"].nunique() == len({m[0] for m in got})
        assert out["payee_account"].nunique() == len({m[1] for m in paid})
        assert (into["amount_yuan"].sum(), out["amount_yuan"].sum()) == (sum(m[2] for m in got), sum(m[2] for m in paid))
        some += bool(got) + bool(paid)
    assert some > 5


def test_tcr8_the_trace_of_a_loan_by_ratio_of_the_step_before(case, files):
    query = """
        with moves as (
            select transfer_id, payer_account, payee_account, amount_yuan from transfers
            where kind in ('transfer', 'withdrawal') and transfers.at > $first and transfers.at < $last
        ), zero as (
            select distinct payee_account as reached from transfers
            where kind = 'disbursement' and loan_id = $loan and transfers.at > $first and transfers.at < $last
        ), one as (select moves.* from zero inner join moves on zero.reached = moves.payer_account),
        two as (
            select moves.* from one
            inner join moves on one.payee_account = moves.payer_account and moves.amount_yuan > $ratio * one.amount_yuan
        ), three as (
            select moves.* from two
            inner join moves on two.payee_account = moves.payer_account and moves.amount_yuan > $ratio * two.amount_yuan
        )
        select payee_account, 1 as distance, sum(amount_yuan) as came from one group by all
        union all select payee_account, 2, sum(amount_yuan) from two group by all
        union all select payee_account, 3, sum(amount_yuan) from three group by all
    """
    ratio = Decimal("0.5")
    out = defaultdict(list)
    for move in inside(files.transfers) + inside(files.withdrawals):
        out[move[0]].append(move)
    total = 0
    for loan in sorted({m[0] for m in inside(files.deposits)})[::400]:
        expected = defaultdict(Decimal)
        step = [move for account in {m[1] for m in inside(files.deposits) if m[0] == loan} for move in out[account]]
        for distance in (1, 2, 3):
            for move in step:
                expected[move[1], distance] += move[2]
            step = [onward for move in step for onward in out[move[1]] if onward[2] > ratio * move[2]]
        found = case.sql(query, loan=loan, ratio=ratio, **WINDOW)
        assert {(a, d): came for a, d, came in found.itertuples(index=False)} == expected
        total += len(expected)
    assert total > 20


def test_tcr9_loans_and_transfers_in_and_out_of_an_account(transfers, files):
    accounts = sorted({m[1] for m in inside(files.deposits)} & {m[0] for m in inside(files.repayments)})
    assert len(accounts) > 3
    sums = transfers.groupby(["kind", "payer_account"])["amount_yuan"].sum()
    gains = transfers.groupby(["kind", "payee_account"])["amount_yuan"].sum()
    for account in (accounts[0], accounts[len(accounts) // 2], accounts[-1]):
        found = [gains.get(("disbursement", account), 0), sums.get(("repayment", account), 0)]
        found += [gains.get(("transfer", account), 0), sums.get(("transfer", account), 0)]
        sides = ((files.deposits, 1), (files.repayments, 0), (files.transfers, 1), (files.transfers, 0))
        assert found == [sum(m[2] for m in inside(moves) if m[side] == account) for moves, side in sides]


def test_tcr10_how_alike_two_investors_are(case):
    # holdings begin on a day: the window's first and last day count as a whole, so the files are cut by day as well
    days = {"first": FROM.date(), "last": TO.date()}
    held = case.sql("select holder_id, held_id from holdings where valid_from between $first and $last", **days)
    by_day = defaultdict(set)
    for row in rows("PersonInvestCompany"):
        if FROM.date() <= when(row).date() <= TO.date():
            by_day[f"P{row['investorId']}"].add(f"C{row['companyId']}")
    found = held.groupby("holder_id")["held_id"].agg(set)
    pairs = [(a, b) for a in sorted(by_day)[:60] for b in sorted(by_day)[:60] if a < b and by_day[a] & by_day[b]]
    assert pairs
    for a, b in pairs:
        assert len(found[a] & found[b]) / len(found[a] | found[b]) == len(by_day[a] & by_day[b]) / len(by_day[a] | by_day[b])


def test_tcr11_the_loans_of_a_guarantee_chain(case, files):
    links = case.sql("select a_id, b_id from links where kind = 'guarantee'")
    chain = nx.DiGraph(list(links.itertuples(index=False, name=None)))
    loans = case.sql("select loan_id, borrower_id, principal_yuan from loans")
    guaranteed, applied = defaultdict(set), defaultdict(set)
    for row in rows("PersonGuaranteePerson"):
        guaranteed[f"P{row['fromId']}"].add(f"P{row['toId']}")
    for row in rows("PersonApplyLoan"):
        applied[f"P{row['personId']}"].add(f"L{row['loanId']}")
    longest = 0
    for person in sorted(guaranteed)[::40]:
        reached, queue = set(), deque([person])
        while queue:
            for other in guaranteed[queue.popleft()] - reached:
                reached.add(other)
                queue.append(other)
        reached.discard(person)
        mine = set().union(*(applied[p] for p in reached))
        found = loans[loans["borrower_id"].isin(nx.descendants(chain, person))]
        assert set(found["loan_id"]) == mine
        assert found["principal_yuan"].sum() == sum(files.loans[loan][0] for loan in mine)
        longest = max(longest, len(reached))
    assert longest > 1


def test_tcr12_what_a_person_transferred_to_accounts_of_companies(case, transfers, files, busiest):
    holders = flows.accounts(case).set_index("account_id")["holder_id"]
    plain = transfers[transfers["kind"] == "transfer"]
    some = 0
    for person in sorted({files.owner[a] for a in files.out if files.owner[a].startswith("P")})[::150]:
        mine = plain[plain["payer_account"].map(holders) == person]
        mine = mine[mine["payee_account"].map(holders).str.startswith("C")]
        found = mine.groupby("payee_account")["amount_yuan"].sum()
        expected = defaultdict(Decimal)
        for payer, payee, amount, _ in inside(files.transfers):
            if files.owner[payer] == person and files.owner[payee].startswith("C"):
                expected[payee] += amount
        assert found.to_dict() == expected
        some += len(expected)
    assert some > 5
