"""Populations for tests of sampling, in a line."""

from decimal import Decimal

import pandas as pd

from lib import sampling


def population(amounts, stratum=None, name="loans"):
    """Freeze items a, b, c, … (or 0000, …) of amounts in yuan."""
    ids = [chr(97 + i) for i in range(len(amounts))] if len(amounts) <= 26 else [f"{i:04}" for i in range(len(amounts))]
    values = [None if a is None else Decimal(str(a)) for a in amounts]
    proof = [[{"table": name, "id": i}] for i in ids]
    made = {"item_id": ids, "amount_yuan": values, "stratum": stratum or [None] * len(ids), "evidence": proof}
    return sampling.freeze(pd.DataFrame({k: pd.Series(v, dtype=object) for k, v in made.items()}), name)
