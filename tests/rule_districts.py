"""Small districts for tests of rules: every institution of one Store is a case of its own."""

from pathlib import Path
from typing import Any

import pandas as pd

from lib import checks, open_case

Rows = list[dict[str, Any]]
P2P, START = "网络借贷信息中介", "2018-10-08"


class District:
    """Rows of a Store, by table: every institution I has the company C-I, with one own account K-I that is covered."""

    def __init__(self) -> None:
        self.tables: dict[str, Rows] = {
            **{name: [] for name in ("institutions", "parties", "accounts", "exit_plans", "exit_steps", "loans", "repayments")},
            **{name: [] for name in ("transfers", "licences", "holdings", "projects", "assignments")},
        }

    def add(self, table: str, **row: Any) -> None:
        self.tables[table].append(row)

    def found(self, name: str, covered: bool = True, held: bool = True, **more: Any) -> None:
        row = {"institution_id": name, "name": name, "party_id": f"C-{name}", "business_types": P2P, "disposal_class": "exit"}
        self.add("institutions", **row | more)
        self.add("parties", party_id=f"C-{name}", kind="company", name=name)
        if held:
            self.add("holdings", holding_id=name, holder_id=f"H-{name}", held_id=f"C-{name}", share=1.0)
        self.account(f"K-{name}", f"C-{name}", **{} if covered else {"statement_to": "2018-11-29"})

    def account(self, account_id: str, holder_id: str, **more: Any) -> None:
        row = {"account_id": account_id, "holder_id": holder_id, "statement_from": "2017-01-01", "statement_to": "2019-01-31"}
        self.add("accounts", **row | more)

    def plan(self, name: str, submitted_on: str | None = "2018-09-17", starts_on: str | None = START, **more: Any) -> None:
        row = {"institution_id": name, "plan_version": "1", "submitted_on": submitted_on, "starts_on": starts_on}
        self.add("exit_plans", **row | more)

    def step(self, name: str, step: int, due_on: str, planned: Any, paid: Any, **more: Any) -> None:
        row = {"institution_id": name, "plan_version": "1", "step": step, "due_on": due_on}
        self.add("exit_steps", **row | {"planned_yuan": planned, "paid_yuan": paid} | more)

    def loan(self, name: str, loan_id: str, lender: str | None, yuan: Any, signed_on: str | None, **more: Any) -> None:
        row = {"loan_id": loan_id, "institution_id": name, "borrower_id": "B", "lender_id": lender, "principal_yuan": yuan}
        self.add("loans", **row | {"signed_on": signed_on} | more)

    def pay(self, payer: str, payee: str | None, on: str, yuan: Any, **more: Any) -> None:
        n = len(self.tables["transfers"])
        row = {"transfer_id": f"T{n}", "flow_ids": [f"F{n}"], "payer_account": payer, "payee_account": payee, "at": on}
        self.add("transfers", **row | {"amount_yuan": yuan, "kind": "transfer"} | more)


def run(path: Path, rule: str, as_of: str = "2019-01-31", **options: Any) -> pd.DataFrame:
    return checks.run(open_case(None, as_of, path), rules=[rule], **options)


def one(path: Path, rule: str, name: str, as_of: str = "2019-01-31", **options: Any) -> dict[str, Any]:
    found = run(path, rule, as_of, **options)
    (row,) = found[found.institution_id == name].to_dict("records")
    return row
