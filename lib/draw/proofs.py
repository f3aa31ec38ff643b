"""Answers that prove themselves, on a page: the columns worth their room, and below the table where each row comes from.

Such a frame has a column `sources` (file and line of the records behind a row). What it could not judge stands in its
`attrs`: `notes`, a list of texts, or `gap`, the reason why a part is missing. Patterns of money prove themselves by their
transfers: each kind has figures of its own, and the settings that it was found by stand below.
"""

from collections.abc import Mapping

import pandas as pd

from lib.draw import people
from lib.draw.columns import Shown, code_word
from lib.draw.markup import Head, Safe, details, join, table, tag
from lib.draw.writing import is_null
from lib.words import word

SOURCES = "sources"
WIDE_FRAME = 12  # columns
PATTERN = "pattern_id"
_NAMES = ("name", "party_id", "controller_id", "holder_id")  # by what a row is called, the first that there is
_BOUNDS = {"share_low": "share", "share_high": "share", "votes_high": "votes"}  # and what they may say again


def shown_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns that the table shows: names once, and of an answer that proves itself what says something."""
    names = [str(name) for name in frame.columns]
    names = [name for name in names if not _said_already(frame, name)]
    if len(names) >= WIDE_FRAME:  # a name says who it is; the frame holds the id
        names = [name for name in names if not (name.endswith("_id") and f"{name.removesuffix('_id')}_name" in names)]
    if "rules" in names:  # the findings stand under their rules
        names = [name for name in names if name != "finding_ids"]
    if {"register_state", "survey_state"} & set(
        names
    ):  # a column for everything that may be said of an institution: those that say something
        return [name for name in names if frame[name].notna().any()]
    if PATTERN in names:
        said = {"parameters", "holder_names"}  # below; the holders' ids are written with the names that may be shown
        return [name for name in names if name not in said and frame[name].notna().any()]
    if SOURCES not in names:
        return names
    hidden = {"evidence", SOURCES, *(("layers",) if "path" in names else ())}  # the path shows them
    hidden |= {name for name in ("law", "checked") if name in names and frame[name].nunique(dropna=False) == 1}
    hidden |= {bound for bound, of in _BOUNDS.items() if bound in names and of in names and frame[bound].equals(frame[of])}
    hidden |= {name for name in ("acting_in_concert", "others") if name in names and not any(map(len, frame[name]))}
    return [name for name in names if name not in hidden]


def _said_already(frame: pd.DataFrame, name: str) -> bool:
    """Tell whether a column of names only says what stands below the ids beside it: then each name has an id that is known."""
    ids = f"{name.removesuffix('_name')}_id"
    if not name.endswith("_name") or ids not in frame.columns or "name" in frame.columns:
        return False
    pairs = [(i, text) for i, text in zip(frame[ids], frame[name], strict=True) if not is_null(text)]
    known = people.names([str(i) for i, _ in pairs if not is_null(i)])
    return bool(pairs) and all(known.get(str(i)) for i, _ in pairs)


def below(frame: pd.DataFrame, made: Mapping[str, Shown]) -> Safe:
    """Return what stands below the table of an answer with sources: its law, what was not judged, where its rows come from.

    Below patterns stand the settings of each kind that was looked for.

    Parameters
    ----------
    made
        The frame's columns as a page shows them.
    """
    if PATTERN in frame.columns:
        kinds = frame.attrs.get("parameters") or {}
        texts = [
            *frame.attrs.get("notes", ()),
            *(f"{code_word('kind', kind)}: {_written(found)}" for kind, found in kinds.items()),
        ]
        return join([tag("p", text, class_="lt-note") for text in texts])
    if SOURCES not in frame.columns:
        return Safe("")
    parts = [tag("p", text, class_="lt-note") for text in _notes(frame)]
    own = next((name for name in _NAMES if name in made), None)
    if own is not None and any(map(len, frame[SOURCES])):
        heads = [Head(made[name].text, "" if name == SOURCES else made[name].class_) for name in (own, SOURCES)]
        parts.append(
            details(word("tables", "where_from"), table("", heads, zip(made[own].cells, made[SOURCES].cells, strict=True)))
        )
    return join(parts)


def _written(settings: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())


def _notes(frame: pd.DataFrame) -> list[str]:
    both = frame[["law", "checked"]].drop_duplicates().dropna().to_numpy().tolist() if "law" in frame.columns else []
    told = [word("tables", "law", law=law, checked=word("basis", checked)) for law, checked in both]
    gap = frame.attrs.get("gap")
    return [*told, *map(str, frame.attrs.get("notes") or ()), *([str(gap)] if gap else [])]
