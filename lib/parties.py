"""Who is who: names compared by character, ids joined by keys, and the decisions that a person made and can replay.

same_name(a, b)             True only where no person needs to decide
compare(a, b)               same, candidate or different, and why
candidates(case)            pairs of parties that names alone suggest, with reasons: for a person to decide
decide(case, a, b, …)       a person's decision: a line in data/raw/records/party_decisions.csv
decisions()                 those lines
merged(case)                which ids answer to which, by what key; conflicts(case): keys that joined nothing, and why
resolve(draft)              called by an import: joins what keys and decisions join

Names alone never join anything. The tables keep the ids that files give; handles on the Store show merged ids as one.
"""

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from lib.case import Case, find
from lib.errors import BadParameter
from lib.identity import comparing, joining, keys, listing
from lib.identity import decisions as _decisions
from lib.identity.keys import MENTION
from lib.schema import named_sql
from lib.store import Store, frame
from lib.words import pick, word


def same_name(a: str, b: str) -> bool:
    """Tell whether two written names are one, without any doubt that a person would have to decide; candidates are False."""
    return comparing.written(a, b).verdict == "same"


def compare(a: str, b: str) -> tuple[comparing.Verdict, str]:
    """Compare two written names.

    Returns
    -------
    (verdict, why)
        same, candidate or different; and the reasons, in the process's language.
    """
    found = comparing.written(a, b)
    return found.verdict, said(found.reasons)


def said(reasons: tuple[str, ...] | list[str]) -> str:
    """Write reasons in the process's language."""
    return pick("; ", "; ").join(word("names", reason) for reason in reasons)


def candidates(case: Case, decided: bool = False) -> pd.DataFrame:
    """List pairs of parties that may be one: their names suggest it and no key decides it.

    Parameters
    ----------
    case
        The whole district for all pairs; else those with the case's own party.
    decided
        Also those that a person has called different, or the same (joined at the next import).

    Returns
    -------
    DataFrame, one row per pair, the likeliest first
        a_id · a_name · b_id · b_name · kind (person, body) · confidence (0 to 1) · reasons (list of keys) · shared (list
        of what else they share: phone, address, email, born_on, legal_representative) · why (both in words) · decision (same,
        different, unsure; null if none) · decided_by.

    Notes
    -----
    Pairs with two sound identity numbers, two credit codes or two days of birth are left out: those are different. So are
    persons of one name that more than a few bear, unless they share something else.
    """
    found = listing.candidates(case.store, case.party_id)
    known = _decisions.effective(_decisions.read())
    pairs = [known.get((a, b)) for a, b in zip(found["a_id"], found["b_id"], strict=True)]
    found["why"] = [
        said([*r, *(f"shared_{s}" for s in also)]) for r, also in zip(found["reasons"], found["shared"], strict=True)
    ]
    found["decision"] = [d.verdict if d else None for d in pairs]
    found["decided_by"] = [d.who if d else None for d in pairs]
    return found if decided else found[~found["decision"].isin(["same", "different"])].reset_index(drop=True)


def decide(case: Case, a: str, b: str, verdict: str, who: str, why: str) -> _decisions.Decision:
    """Write down what a person decided of two parties; the next import joins them or keeps them apart.

    Parameters
    ----------
    a, b
        Ids, or exact names that one party alone bears.
    verdict
        same, different or unsure.
    who, why
        Who decided, and the reason.

    Raises
    ------
    BadParameter
        If nobody has an id or name, both are one, or something is missing.
    BadFile
        If the file of decisions cannot be read.
    """
    one, other = (_known(case.store, asked) for asked in (a, b))
    if one[0] == other[0]:
        raise BadParameter(
            f"{a!r} 与 {b!r} 是同一编号 {one[0]}, 请给出两个不同的主体",
            f"{a!r} and {b!r} have one id, {one[0]}; name two parties",
        )
    return _decisions.append(one, other, verdict, who, why)


def decisions() -> pd.DataFrame:
    """Return all decisions in the order in which they were made: a_id · b_id · a_name · b_name · verdict · who · when · why."""
    columns = [*_decisions.Decision.__dataclass_fields__]
    return pd.DataFrame([[getattr(d, c) for c in columns] for d in _decisions.read()], columns=columns, dtype=object)


def merged(case: Case) -> pd.DataFrame:
    """Return the ids that answer to another one: party_id · resolved_id · name · joined_by · confidence."""
    return case.sql(
        "select i.party_id, i.resolved_id, p.name, i.joined_by, i.confidence from party_ids as i "
        "left join parties as p on i.resolved_id = p.party_id order by i.resolved_id, i.party_id"
    )


def conflicts(case: Case) -> pd.DataFrame:
    """Return the keys that were not believed, and why: joined_by · value · party_ids · record_ids · reason."""
    return case.sql("select * from party_conflicts order by joined_by, value")


def digest() -> str:
    """Return a digest of the decisions that shape the Store; empty if there are none."""
    return _decisions.digest()


def forget(draft: Store) -> None:
    """Take out of a draft what `resolve` put there, before new files are folded in."""
    draft.execute(named_sql("forget_party_mentions"))


def resolve(draft: Store) -> None:
    """Join the parties and mentions of a draft: fills party_ids, party_conflicts and party_records.

    Needs the macros of check_digits on the draft.
    """
    if not draft.run("anyone_described")["found"][0].as_py():
        draft.execute("delete from store.party_ids; delete from store.party_conflicts")
        return
    made = _decisions.effective(_decisions.read())
    held = _held(draft, sorted({party_id for pair in made for party_id in pair}))
    groups = keys.groups(draft)
    groups += [
        keys.Group("decision", " ".join(pair), pair, keys.CONFIDENCE["decision"])
        for pair, d in sorted(made.items())
        if d.verdict == "same" and held.issuperset(pair)
    ]
    nodes = sorted({node for group in groups for node in group.nodes})
    draft.derive("_nodes", pa.table({"node": pa.array(nodes, pa.string())}))
    numbers = frame(draft.run("identity_numbers"))
    joined = joining.join(groups, numbers, [pair for pair, d in made.items() if d.verdict == "different"])
    ids = [row for row in joined.ids if not row[0].startswith(MENTION)]
    _replace(draft, "party_ids", ("party_id", "resolved_id", "joined_by", "confidence"), ids)
    refused = [(g.by, g.value, *_apart(g.nodes), g.reason) for g in sorted(joined.refused, key=lambda g: (g.by, g.value))]
    _replace(draft, "party_conflicts", ("joined_by", "value", "party_ids", "record_ids", "reason"), refused)
    mentions = [(node.removeprefix(MENTION), *rest) for node, *rest in joined.ids if node.startswith(MENTION)]
    draft.derive("_mentions", _table(draft, ("record_id", "party_id", "joined_by", "confidence"), mentions, "party_records"))
    draft.execute(
        "update store.party_records as r set party_id = m.party_id, joined_by = m.joined_by, confidence = m.confidence "
        "from _mentions as m where r.record_id = m.record_id"
    )
    draft.append("party_records", draft.run("party_mentions"))


def _apart(nodes: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return parties, and mentions without one."""
    records = [node.removeprefix(MENTION) for node in nodes if node.startswith(MENTION)]
    return [node for node in nodes if not node.startswith(MENTION)], records


def _replace(draft: Store, table: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    draft.execute(f"delete from store.{table}")
    draft.append(table, _table(draft, columns, rows, table))


def _table(draft: Store, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]], like: str) -> pa.Table:
    """Make an Arrow table of rows, typed as some columns of a table are."""
    types = draft.arrow(f"select {', '.join(columns)} from store.{like} limit 0").schema
    return pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows], schema=types)


def _held(store: Store, ids: list[str]) -> set[str]:
    """Return which ids some file gives to a party."""
    query = (
        "select party_id from store.parties where list_contains($ids, party_id) "
        "union select holder_id from store.accounts where list_contains($ids, holder_id)"
    )
    return set(store.arrow(query, ids=ids)["party_id"].to_pylist()) if ids else set()


def _known(store: Store, asked: str) -> tuple[str, str]:
    """Return the id and name of a party: an id as files give it, before what it was joined to, or a name."""
    raw = store.arrow("select party_id, coalesce(name, party_id) as name from store.parties where party_id = $id", id=asked)
    if raw.num_rows:
        (row,) = raw.to_pylist()
        return row["party_id"], row["name"]
    _, party_id, name = find(store, asked)
    return party_id, name
