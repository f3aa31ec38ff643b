"""Contracts against transfers at scale: reconcile, instalments and annual rates, measured in one run.

    .venv/bin/python benchmarks/reconcile.py [loans] [transfers]

A drawn Store (100,000 loans of 1 to 3 instalments and 1,000,000 transfers, unless other numbers are given): of the payouts 70 %
name their contract, 20 % fit by payee, amount and day, 5 % come in two parts and 5 % lack a tenth that nobody stated; what
transfers are left run between the same accounts. The peer of the rates is scipy's brentq on a thousand of the loans.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq

from lib import flows, open_case
from lib.drafts import next_version
from lib.kernels.rates import rates
from lib.store import SCHEMA_VERSION, Store

LOANS = """
insert into store.loans by name
select
    'L' || i as loan_id, 'I' as institution_id, 'P' || i % ($n // 3 + 1) as borrower_id,
    (1 + i * 7919 % 5000) * 100 as principal_yuan, 0.12 as rate, 1 + i % 3 as term_days,
    cast(date '2016-01-01' + cast(i * 31 % 700 as integer) as date) as started_on,
    'A' || i % ($n // 3 + 1) as disbursement_account
from range($n) as r (i)
"""
ACCOUNTS = """
insert into store.accounts by name
select 'A' || i as account_id, 'P' || i as holder_id, date '2015-01-01' as statement_from, date '2020-01-01' as statement_to
from range($n // 3 + 1) as r (i)
"""
SCHEDULES = """
insert into store.schedules by name
select
    loan_id, k as period, cast(started_on + cast(30 * k as integer) as date) as due_on,
    cast(principal_yuan / term_days as decimal(18, 2)) as principal_yuan,
    cast(principal_yuan / 100 as decimal(18, 2)) as interest_yuan
from store.loans, range(1, 4) as r (k)
where k <= term_days
"""
REPAYMENTS = """
insert into store.repayments by name
select
    'R' || loan_id || '-' || period as repayment_id, loan_id, period, due_on as paid_on, principal_yuan, interest_yuan,
    principal_yuan + interest_yuan as amount_yuan
from store.schedules
"""
TRANSFERS = """
insert into store.transfers by name
with sorted as (select *, cast(substr(loan_id, 2) as bigint) % 20 as sort from store.loans),
paid as (
    select loan_id, sort, disbursement_account, started_on, part, principal_yuan,
        case when sort = 18 then principal_yuan * (case part when 0 then 0.6 else 0.4 end)
             when sort = 19 then principal_yuan * 0.9 else principal_yuan end as amount
    from sorted, range(2) as r (part)
    where part = 0 or sort = 18
)
select
    'D' || loan_id || '-' || part as transfer_id, 'X' as payer_account, disbursement_account as payee_account,
    cast(started_on + cast(part as integer) as timestamp) as "at", cast(amount as decimal(18, 2)) as amount_yuan,
    case when sort = 19 then 'disbursement' end as kind, case when sort < 14 then loan_id end as loan_id,
    cast([] as text[]) as flow_ids, 0 as file_order
from paid
union all
select
    'T' || loan_id || '-' || period, 'A' || cast(substr(loan_id, 2) as bigint) % ($n // 3 + 1), 'X', cast(due_on as timestamp),
    principal_yuan + interest_yuan, 'repayment', case when period % 2 = 1 then loan_id end, cast([] as text[]), 0
from store.schedules
union all
select
    'N' || i, 'A' || i * 7907 % ($n // 3 + 1), 'A' || i * 104729 % ($n // 3 + 1),
    cast(date '2016-01-01' + cast(i * 37 % 900 as integer) as timestamp), cast(1 + i * 7919 % 900000 / 100.0 as decimal(18, 2)),
    null, null, cast([] as text[]), 0
from range($more) as r (i)
"""


def drawn(path: Path, loans: int, transfers: int) -> Store:
    with next_version(path) as store:
        store.execute("insert into store_meta values ('drawn', 'drawn', $schema)", schema=SCHEMA_VERSION)
        store.execute(LOANS, n=loans)
        store.execute(ACCOUNTS, n=loans)
        store.execute(SCHEDULES)
        store.execute(REPAYMENTS)
        store.execute(TRANSFERS, n=loans, more=max(transfers - 3 * loans, 0))
    return open_case(None, "2018-12-31", path)


def timed(what: str, work: Callable[[], Any]) -> Any:
    start = time.perf_counter()
    made = work()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what:<60} {time.perf_counter() - start:8.2f} s   at most {most:.2f} GB")
    return made


def peer(count: int = 1_000) -> None:
    draw = np.random.default_rng(2018)
    net, pay = draw.integers(5_000, 20_000, count).astype(np.float64), draw.integers(700, 1_800, count).astype(np.float64)
    amount = np.concatenate([np.append(n, np.full(24, -p)) for n, p in zip(net, pay, strict=True)])
    time_, starts = np.tile(np.arange(25.0), count), np.arange(0, 25 * count + 1, 25)
    rates(starts, time_, amount)
    found = timed(f"rates of {count:,} loans of 24 instalments", lambda: rates(starts, time_, amount)[0])
    k = np.arange(1, 25)

    def slow() -> list[float]:
        return [brentq(lambda r, n=n, p=p: n - (p * (1 + r) ** -k).sum(), -0.5, 5) for n, p in zip(net, pay, strict=True)]

    assert np.allclose(found, timed("the same by scipy's brentq", slow), atol=1e-9)


def main(loans: int = 100_000, transfers: int = 1_000_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        case = timed(
            f"drawing {loans:,} loans, {transfers:,} transfers", lambda: drawn(Path(folder) / "drawn.duckdb", loans, transfers)
        )
        found = timed("flows.reconcile", lambda: flows.reconcile(case))
        print(found.groupby(["outcome", "match"], dropna=False).size().to_string())
        rows = timed("flows.instalments", lambda: flows.instalments(case))
        print(rows.groupby(["outcome", "match"], dropna=False).size().to_string())
        cost = timed("flows.apr", lambda: flows.apr(case))
        print(cost.groupby(["basis", "unknown"], dropna=False).size().to_string())
    peer()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
