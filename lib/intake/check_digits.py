"""Check digits: identity numbers, credit codes and personal cards that cannot be right are flagged, never rejected.

So are numbers of which a spreadsheet has kept 15 digits and written zeros for the others.
The arithmetic is in check_digits.sql, what is checked in flags.sql. The table `flags` follows from the curated rows, so it is
made anew at each import: who holds an account may come to light in a later delivery than the account.
"""

from collections.abc import Collection

from lib.schema import named_sql
from lib.store import Store


def flag(draft: Store) -> None:
    """Fill `flags` of a draft of the Store from its curated rows."""
    draft.execute(named_sql("check_digits"))
    draft.execute(named_sql("number_checks"))
    draft.execute("delete from store.flags")
    draft.execute(f"insert into store.flags by name {named_sql('flags')}")


def failing(store: Store, source_ids: Collection[str]) -> int:
    """Return how many numbers of the rows that these sources show fail their check."""
    found = store.run("flags_of_sources", source_ids=sorted(source_ids))
    return int(found["n"][0].as_py())
