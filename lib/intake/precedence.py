"""Which sources count first, whatever the order of imports, and what is to be read again when a new one goes before others.

Where two rows contradict each other, one has to win. Were it the one imported first, one set of files would give several Stores
under one version. So the order of sources comes from their bytes: by the hash of the file, the parts of a file as they stand in
it. Sheets of corrections come last, in order of import: each is an answer to what was in the Store.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from lib import paths
from lib.errors import DataGap
from lib.intake.loading import Source
from lib.intake.planning import Found, Held, Plan


class Overtaken(Exception):
    """A new row contradicts one of the Store and goes before it, so that what was accepted before has to be seen again."""


def ranks(held: Iterable[Mapping[str, Any]], new: Iterable[Source]) -> dict[str, int]:
    """Return the place of each source, from 0: of rows that contradict one another, that of the lowest place counts.

    Parameters
    ----------
    held
        Sources of the Store: source_id · sha256 (of the file) · seq (order of import; within a file that of its parts) ·
        corrects (source that a sheet of corrections corrects, else null).
    new
        Those on their way there.
    """
    known = [(bool(row["corrects"]), row["sha256"], row["seq"], row["source_id"]) for row in held]
    known += [(bool(source.correcting), source.part.sha256, source.seq, source.id) for source in new]
    ordered = sorted(known, key=lambda one: (one[0], "" if one[0] else one[1], one[2]))
    return {source_id: place for place, (*_, source_id) in enumerate(ordered)}


def files_of(held: Held) -> list[Found]:
    """Return the files that a Store was made from, in order of import, where they lay then.

    Raises
    ------
    DataGap
        If one of them is not there any more.
    """
    made = {row["sha256"]: Found(paths.found(row["path"]), row["name"], row["delivery"]) for row in reversed(held.sources)}
    found = [made[sha256] for sha256 in dict.fromkeys(row["sha256"] for row in held.sources)]
    for file in found:
        if not file.path.is_file():
            raise _gone(paths.written(file.path))
    return found


def check_same(held: Held, marks: set[str], again: Plan) -> None:
    """Refuse to go on if files that are read again are no longer what they were: `marks` tells the Store that is to come."""
    if again.marks != marks:
        there = {source.part.sha256 for source in again.new}
        changed = next((row for row in held.sources if row["sha256"] not in there), held.sources[0])
        raise _gone(changed["path"])


def _gone(shown: str) -> DataGap:
    """Make the error for a file that has to be read again, and is not there or not as it was."""
    return DataGap(
        f"本次交付的行与数据库中已有的行矛盾, 需重新读取以前导入的原始文件, 但 {shown} 已不在原处或被改动过。"
        "请放回原文件后重新导入; 数据库未变",
        f"Rows of this delivery contradict rows of the Store, so that files imported before must be read again, but {shown} "
        "is not there any more, or was changed. Put it back and import again; the Store is as it was",
    )
