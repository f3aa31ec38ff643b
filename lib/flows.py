"""Money: what ran between whom, where it went, what came back, and whether contracts and statements agree.

The face of lib/money. Everything takes a case first and gives a DataFrame (or a networkx.MultiDiGraph):

* `accounts`, `transfers`, `coverage`: what belongs to the case, and which days its statements cover.
* `coverage_calendar`: the same by month: months without lines, and whether lines must be missing there.
* `between`: the transfers between two accounts or parties. `monthly`: sums by month. `network`: accounts as a graph.
* `trace`, `at_rest`: money followed in time order under a named convention, forward or back to where it came from, conserved to
  the fen, and where it lies in the end. `compare_methods`: all conventions side by side, and whether the conclusion depends on
  the choice. `traced_balances`: how much traced money lay in each account at each time. `held_balances`: what one account is
  known to hold over time.
* `use_of_funds`: what loans were used for, end by end, against the contract's purpose.
* `patterns`: fan-in, fan-out, gather-scatter, scatter-gather, bipartite, stack, pass-through, mirror, structuring, dormant.
* `round_trips`: money that comes back to where it began. `trip_rings`: the same grouped by who takes part. `hub_trips`: round
  trips through custody, payment companies and busy accounts, counted by ring.
* `reconcile`: loan contracts against their payouts. `instalments`: schedule, ledger and bank, instalment by instalment.
* `pooling`: who pays into and out of accounts without a contract. `client_money`: what is owed to lenders in cash, day by day,
  against what the accounts hold. `payout_sources`: whose money lenders were paid with (借新还旧), two conventions side by side.
* `apr`: what loans really cost, all in. `balance_breaks`: running balances that do not hold.
* `derive_…`: the same for all cases of a scope at once, as the Arrow tables that rules read.

Transfers are not cut at the case's day: the day decides who is related and which law holds; money is shown as far as the
statements go.
"""

from lib.money.apr import apr
from lib.money.balances import balance_breaks, coverage
from lib.money.calendar import coverage_calendar
from lib.money.circling import derive_case_trips
from lib.money.comparing import compare_methods
from lib.money.derived import (
    derive_balance_breaks,
    derive_balance_coverage,
    derive_case_accounts,
    derive_case_loans,
    derive_covered_days,
    derive_disbursements,
    derive_instalment_rows,
    derive_loan_payments,
)
from lib.money.holding import held_balances
from lib.money.hubtrips import hub_trips
from lib.money.instalments import instalments
from lib.money.keeping import (
    derive_client_accounts,
    derive_client_days,
    derive_client_payments,
    derive_payout_months,
)
from lib.money.liability import client_money
from lib.money.matching import reconcile
from lib.money.overview import between, monthly, network
from lib.money.owing import (
    derive_owed_at_platform,
    derive_owed_by_group,
    derive_owed_days,
    derive_owed_in_all,
    derive_owed_spans,
)
from lib.money.patterns.answering import patterns
from lib.money.payouts import payout_sources
from lib.money.pooling import pooling
from lib.money.pricing import derive_annual_rates
from lib.money.repeats import trip_rings
from lib.money.resting import at_rest
from lib.money.scope import accounts, transfers
from lib.money.standing import traced_balances
from lib.money.tracing import trace
from lib.money.trading import derive_trades
from lib.money.trips import round_trips
from lib.money.uses import derive_uses_of_funds
from lib.money.using import derive_ways_of_funds, use_of_funds

__all__ = [
    "accounts",
    "apr",
    "at_rest",
    "balance_breaks",
    "between",
    "client_money",
    "compare_methods",
    "coverage",
    "coverage_calendar",
    "derive_annual_rates",
    "derive_balance_breaks",
    "derive_balance_coverage",
    "derive_case_accounts",
    "derive_case_loans",
    "derive_case_trips",
    "derive_client_accounts",
    "derive_client_days",
    "derive_client_payments",
    "derive_covered_days",
    "derive_disbursements",
    "derive_instalment_rows",
    "derive_loan_payments",
    "derive_owed_at_platform",
    "derive_owed_by_group",
    "derive_owed_days",
    "derive_owed_in_all",
    "derive_owed_spans",
    "derive_payout_months",
    "derive_trades",
    "derive_uses_of_funds",
    "derive_ways_of_funds",
    "held_balances",
    "hub_trips",
    "instalments",
    "monthly",
    "network",
    "patterns",
    "payout_sources",
    "pooling",
    "reconcile",
    "round_trips",
    "trace",
    "traced_balances",
    "transfers",
    "trip_rings",
    "use_of_funds",
]
