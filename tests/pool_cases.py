"""Small platforms for tests of rules about clients' money: custody, an account of its own, a director, four lenders."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.rule_cases import Row, Tables, joined, platforms

LENT = {"signed_on": "2017-01-02", "started_on": "2017-01-02"}
LAST_LENT = {"signed_on": "2018-06-01", "started_on": "2018-06-01"}


def move(payer: str | None, payee: str | None, amount: float | str, on: str = "2018-03-01", **more: Any) -> Row:
    """Return a transfer between accounts called after their holder (`L1`, `OWN`, `CUST`, `B`, `D`); ids come later."""
    at = f"{on}T10:00" if len(on) == 10 else on
    known = {"payer_account": payer, "payee_account": payee, "at": at, "amount_yuan": Decimal(str(amount)), "kind": "transfer"}
    return known | more


def platform(
    name: str,
    moves: list[Row],
    *,
    own: Iterable[str] = ("OWN",),
    insiders: Iterable[str] = ("D",),
    covered: dict[str, Row] | None = None,
    loans: Row | None = None,
    extra: Tables | None = None,
) -> Tables:
    """Return the tables of a platform of this name.

    `own` are accounts of its own, `insiders` its directors, each with an account; `covered` replaces columns of accounts,
    `loans` those of its last loan; `extra` holds further rows.
    """
    others, days = ("L1", "L2", "L3", "L4", "B"), {"statement_from": "2017-01-02", "statement_to": "2018-06-01"}
    parties = [{"party_id": f"{p}-{name}", "kind": "person", "name": p} for p in (*others, *insiders)]
    held = {"CUST": ("C", "custody_total"), **dict.fromkeys(own, ("C", "own")), **{p: (p, "personal") for p in insiders}}
    accounts = [
        {"account_id": f"{a}-{name}", "holder_id": f"{p}-{name}", "purpose": purpose, **days, **(covered or {}).get(a, {})}
        for a, (p, purpose) in held.items()
    ]
    accounts += [{"account_id": f"{p}-{name}", "holder_id": f"{p}-{name}"} for p in others]
    signed = [
        {"loan_id": f"K{n}-{name}", "institution_id": name, "borrower_id": f"B-{name}", "lender_id": f"L{n}-{name}"}
        | {"principal_yuan": 1000, **(LAST_LENT if n == 4 else LENT)}
        for n in (1, 2, 3, 4)
    ]
    signed[-1] |= loans or {}
    transfers = []
    for n, row in enumerate([move("L1", "CUST", 1000, "2017-01-02", loan_id="K1"), *moves]):
        named = {side: f"{row[side]}-{name}" for side in ("payer_account", "payee_account", "loan_id") if row.get(side)}
        transfers.append({"transfer_id": f"T{n}-{name}", "file_order": n, **row, **named})
    tables = {
        "parties": parties,
        "accounts": accounts,
        "loans": signed,
        "transfers": transfers,
        "flows": [{"flow_id": f"F-{name}", "account_id": f"B-{name}", "at": "2017-01-02T09:00", "amount_yuan": 1}],
        "holdings": [{"holding_id": f"H-{name}", "holder_id": f"H-{name}", "held_id": f"C-{name}", "share": 0.04}],
        "roles": [
            {"role_id": f"R-{p}-{name}", "person_id": f"{p}-{name}", "entity_id": f"C-{name}", "role": "director"}
            for p in insiders
        ],
    }
    return joined(platforms(name), tables, extra or {})
