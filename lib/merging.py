"""How readers see parties that are known under several ids: as one, while the tables keep the ids that the files give.

The Store's tables are never rewritten: a merge can be undone, and the next delivery is folded against what files say. A
handle on a Store with merged ids has TEMP views over the tables instead, under their names: every query reads those.
"""

from collections.abc import Iterator, Mapping, Sequence

# Columns that hold the id of a party, whatever the table.
PARTY_COLUMNS = frozenset(
    (
        *("holder_id", "held_id", "nominee_for", "person_id", "entity_id", "a_id", "b_id", "borrower_id", "lender_id"),
        *("guarantor_id", "payer_id", "from_lender_id", "to_lender_id"),
    )
)
OF_TABLES = {"sanctions": ("party_id",)}
_OWN = ("parties", "institutions", "accounts")  # whose views do more than replace ids


def party_columns(table: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Return which columns of a table hold ids of parties, apart from those of `parties` and `institutions`."""
    return tuple(c for c in columns if c in PARTY_COLUMNS or c in OF_TABLES.get(table, ()))


def views(tables: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Give the statements that make the views: table → its columns, as the schema declares them."""
    for table, columns in tables.items():
        if table not in _OWN and (held := party_columns(table, columns)):
            yield _view(table, {column: (f"t.{column}",) for column in held})
    yield _view("institutions", {"party_id": ("coalesce(nullif(t.party_id, ''), t.institution_id)",)}, keep="t.party_id")
    yield _accounts()
    yield _parties([c for c in tables["parties"] if c != "party_id"])


def _view(table: str, ids: Mapping[str, tuple[str]], keep: str | None = None) -> str:
    joins, made = "", []
    for n, (column, (written,)) in enumerate(ids.items()):
        joins += f" left join store.party_ids as i{n} on {written} = i{n}.party_id"
        made.append(f"coalesce(i{n}.resolved_id, {keep or written}) as {column}")
    return f"create or replace temp view {table} as select t.* replace ({', '.join(made)}) from store.{table} as t{joins}"


def _accounts() -> str:
    """An account of which a file names the holder by name and number alone is its party's, once that is known."""
    return """
        create or replace temp view accounts as
        with mentioned as (
            select regexp_extract(seen_in, '^accounts\\.holder_name (.+)$', 1) as account_id, min(party_id) as party_id
            from store.party_records
            where starts_with(seen_in, 'accounts.holder_name ') and party_id is not null
            group by all
            having count(distinct party_id) = 1
        )
        select t.* replace (coalesce(i.resolved_id, t.holder_id, m.party_id) as holder_id)
        from store.accounts as t
        left join store.party_ids as i on t.holder_id = i.party_id
        left join mentioned as m on t.account_id = m.account_id
    """


def _parties(columns: Sequence[str]) -> str:
    """A party of several ids is one row: what its own id's row says first, gaps filled from the others in order of ids."""
    filled = ", ".join(f'arg_min("{c}", g.rank) as "{c}"' for c in columns)
    plain = ", ".join(f't."{c}"' for c in columns)
    return f"""
        create or replace temp view parties as
        with grouped as (
            select coalesce(i.resolved_id, t.party_id) as own_id, (t.party_id <> own_id, t.party_id) as rank, {plain}
            from store.parties as t
            left join store.party_ids as i on t.party_id = i.party_id
            where i.party_id is not null or t.party_id in (select resolved_id from store.party_ids)
        )
        select t.party_id, {plain} from store.parties as t
        where t.party_id not in (select party_id from store.party_ids)
        and t.party_id not in (select resolved_id from store.party_ids)
        union all
        select own_id as party_id, {filled} from grouped as g group by own_id
    """
