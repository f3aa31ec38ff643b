"""What a rebuild owes to the Store that it replaces: the workbooks in which people corrected rows, wherever they lie."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lib import paths
from lib.errors import DataGap
from lib.intake import readers
from lib.store import open_store


@dataclass
class Workbook:
    """A workbook of corrections that a Store has brought in: where it lay, and how many rows of which source it corrects."""

    path: Path
    name: str
    delivery: str
    sha256: str
    corrected: dict[str, int] = field(default_factory=dict)


def workbooks(path: Path) -> tuple[Workbook, ...]:
    """Return the workbooks of corrections of the Store at a path, in the order in which they came in.

    None of one that is not there or cannot be opened: a rebuild is how such a Store is mended.
    """
    try:
        store = open_store(path)
    except DataGap:
        return ()
    query = (
        "select s.path, s.name, s.delivery, s.sha256, s.corrects, count(c.line) as n from store.sources as s "
        "left join store.corrections as c on c.corrected_source_id = s.source_id where s.corrects is not null "
        "group by all order by min(s.seq)"
    )
    made = dict[str, Workbook]()
    for row in store.arrow(query).to_pylist():
        place = (paths.found(row["path"]), row["name"], row["delivery"], row["sha256"])
        corrected = made.setdefault(row["sha256"], Workbook(*place)).corrected
        corrected[row["corrects"]] = corrected.get(row["corrects"], 0) + row["n"]
    return tuple(made.values())


def wanted(books: Iterable[Workbook], planned: Collection[str]) -> list[Workbook]:
    """Return the workbooks that a rebuild from the planned sources has to bring in too.

    Raises
    ------
    DataGap
        If one is gone or changed: its corrections must not be lost without a word.
    """
    found, missing = list[Workbook](), list[tuple[str, int]]()
    for book in books:
        own = [n for source_id, n in book.corrected.items() if source_id in planned]
        if own and book.path.is_file() and readers.hashed(book.path).sha256 == book.sha256:
            found.append(book)
        elif sum(own):
            missing.append((paths.written(book.path), sum(own)))
    if missing:
        zh = ", ".join(f"{name} ({n:,} 条更正)" for name, n in missing)
        en = ", ".join(f"{name} (corrections: {n:,})" for name, n in missing)
        raise DataGap(
            f"更正表已不在原处或内容有变: {zh}。重建会丢失这些更正, 因此未重建, 数据库未变。请放回原处或一并导入后重试; "
            "确要放弃这些更正, 请先移走现有数据库文件",
            f"Workbooks of corrections are gone or changed: {en}. A rebuild would lose them, so the Store was left as it was. "
            "Put the workbooks back or import them too; to give the corrections up, move the Store's file away first",
        )
    return found
