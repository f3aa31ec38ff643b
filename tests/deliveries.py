"""Small deliveries written by tests: a folder of files, imported into a Store of its own."""

from pathlib import Path
from typing import Any

import pandas as pd

from lib.curate import import_delivery
from lib.store import Store, open_store

SHARED = Path(__file__).parents[1] / "../shared/data"

INSTITUTIONS = "institution_id,name\nI1,某网贷\n"
LOANS = "loan_id,borrower_id,principal_yuan\n"
FLOWS = "account_id,at,direction,amount_yuan,counterparty_account\n"


class Delivery:
    """A folder of files and the Store that they are imported into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.raw = folder / "raw"
        self.store_path = folder / "store.duckdb"

    def write(self, **files: str | bytes) -> "Delivery":
        """Write files: `loans="…"` is loans.csv; `a__loans` is a/loans.csv."""
        for name, content in files.items():
            path = self.raw / (name.replace("__", "/") + ".csv")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self

    def bring(self, path: Path | None = None, **settings: Any) -> pd.DataFrame:
        """Import the folder (or a part of it)."""
        return import_delivery(path or self.raw, self.store_path, **settings)

    @property
    def store(self) -> Store:
        """The Store as it is now."""
        return open_store(self.store_path)

    def rows(self, query: str, **params: object) -> list[dict[str, Any]]:
        """Rows of a query on the Store."""
        return list(self.store.arrow(query, **params).to_pylist())

    def column(self, query: str) -> list[Any]:
        """First column of a query."""
        return [next(iter(row.values())) for row in self.rows(query)]

    def reasons(self) -> dict[int, str]:
        """Reasons (Chinese and English) of the rows set apart, by line."""
        return {row["line"]: row["reason"] for row in self.rows("select line, reason from quarantine order by line")}
