"""Pairs of parties of a Store that names alone suggest, weighed by what else the two share, for a person to decide."""

from typing import Any, cast

import pandas as pd

from lib.identity import names, pairing
from lib.identity.comparing import Compared
from lib.identity.names import Kind, Name
from lib.identity.numbers import same_number
from lib.store import Store

Party = dict[str, Any]
COLUMNS = ("a_id", "a_name", "b_id", "b_name", "kind", "confidence", "reasons", "shared")
SHARED = ("phone", "address", "email", "born_on", "legal_representative")
_TELLING = ("id_number", "uscc", "born_on")  # two that are known and differ: two parties
_RARE = 5  # bearers of a person's name up to which the name alone is worth a look
_ALONE = {"person": 0.5, "body": 0.8}  # what one and the same name says, a person's or a body's; proposals, no statistics
_SUPPORT = 0.5  # of the remaining doubt is taken away by each thing that the two share


def candidates(store: Store, party_id: str | None) -> pd.DataFrame:
    """Return the pairs (of one party, if named): columns as `COLUMNS`, likeliest first."""
    parties = store.run("named_parties").to_pylist()
    entries = [entry for party in parties for entry in _entries(party)]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    hints = [[f"{key} {party[key]}" for key in SHARED if party[key]] for party, _, _ in entries]
    for i, j, compared in pairing.pairs([name for _, name, _ in entries], _RARE, hints):
        (a, _, a_former), (b, _, b_former) = sorted((entries[i], entries[j]), key=lambda entry: entry[0]["party_id"])
        if a is b or party_id not in (None, a["party_id"], b["party_id"]) or _told_apart(a, b):
            continue
        row = _row(a, b, entries[i][1], compared, former=a_former or b_former)
        pair = (a["party_id"], b["party_id"])
        if pair not in found or found[pair]["confidence"] < row["confidence"]:
            found[pair] = row
    rows = sorted(found.values(), key=lambda row: (-row["confidence"], row["a_id"], row["b_id"]))
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).astype({"confidence": "float64"})


def _entries(party: Party) -> list[tuple[Party, Name, bool]]:
    """Return a party under its name and its former ones."""
    kind = cast("Kind | None", party["kind"])
    former = [text for text in (party["former_names"] or "").replace("；", ";").split(";") if text.strip()]
    return [(party, names.read(text, kind), n > 0) for n, text in enumerate([party["name"], *former])]


def _told_apart(a: Party, b: Party) -> bool:
    return any(a[key] and b[key] and not same_number(a[key], b[key]) for key in _TELLING)


def _row(a: Party, b: Party, name: Name, compared: Compared, *, former: bool) -> dict[str, Any]:
    shared = [key for key in SHARED if a[key] and a[key] == b[key]]
    doubt = 1 - compared.confidence * _ALONE[name.kind]
    for _ in shared:
        doubt *= 1 - _SUPPORT
    reasons = [*compared.reasons, *(["former_name"] if former else [])]
    values = (a["party_id"], a["name"], b["party_id"], b["name"], name.kind, round(1 - doubt, 3), reasons, shared)
    return dict(zip(COLUMNS, values, strict=True))
