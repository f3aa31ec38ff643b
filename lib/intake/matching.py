"""Which layout a file has: by its header and, where several share one, by its name; never by guessing."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from lib.errors import BadFile, UnknownLayout
from lib.intake import surroundings
from lib.intake.profiles import FOLDER, HEADER_LINES, Layout, Profile, load, normal
from lib.store import schema

Lines = dict[str, list[tuple[int, str]]]


@dataclass(frozen=True)
class Near:
    """A profile of which a line has some columns: those found, those missing, and the line as a header."""

    profile: Profile
    found: list[str]
    missing: list[str]
    header: tuple[str, ...]

    @property
    def score(self) -> tuple[int, int, str]:
        """More for what is found, less for what is missing."""
        return len(self.found) - len(self.missing), -len(self.missing), self.profile.id


def match(name: str, encoding: str, lines: Lines, folder: Path = FOLDER, own: Sequence[Profile] = ()) -> Layout:
    """Find the layout of a file by its header and, where several share one, by its name.

    Parameters
    ----------
    name, encoding
        Path of the file within its delivery; its encoding.
    lines
        Per delimiter: line number and text of the first records.
    own
        Profiles that the delivery brings: they go before ours.

    Raises
    ------
    BadFile
        If no profile fits (the nearest is named), two fit equally, a needed column stands twice, or the file does not tell
        a fact that it has to (whose account it is).
    """
    fits, near = _fits(name, encoding, lines, folder, own)
    if not fits:
        raise _unknown(name, near)
    layout = _best(name, fits, own)
    above = tuple(text for line, text in lines[layout.delimiter] if line < layout.header_line)
    layout = replace(layout, facts=surroundings.facts(layout.profile, name, above), above=above)
    _check_told(name, layout)
    return layout


def nearest(name: str, encoding: str, lines: Lines, folder: Path = FOLDER, own: Sequence[Profile] = ()) -> Near | None:
    """Return the profile that comes nearest to a file, None if no line has a name that we know."""
    return _nearest(name, _fits(name, encoding, lines, folder, own)[1])


def _fits(name: str, encoding: str, lines: Lines, folder: Path, own: Sequence[Profile]) -> tuple[list[Layout], list[Near]]:
    """Return the layouts that lines of a file fit, and what any profile has of any line."""
    fits: list[Layout] = []
    near: list[Near] = []
    for delimiter, records in lines.items():
        for line, text in records:
            header = tuple(_cells(text, delimiter))
            written = {normal(cell): i for i, cell in reversed(list(enumerate(header)))}
            for profile in (*own, *_with_any(folder, frozenset(written))):
                if delimiter not in profile.delimiters or _has_absent(profile, written):
                    continue
                place, missing = _places(profile, written)
                if not missing and _named(profile, name) and encoding in profile.encodings:
                    fits.append(Layout(profile, delimiter, line, header, place))
                near.append(Near(profile, list(place), missing, header))
    return fits, near


def _best(name: str, fits: list[Layout], own: Sequence[Profile]) -> Layout:
    """Return the fit on the highest line that uses most columns of the header; a delivery's own first, general ones last."""
    ids = {profile.id for profile in own}
    rank = {layout.profile.id: (layout.profile.id not in ids, layout.profile.general) for layout in fits}
    fits = [layout for layout in fits if rank[layout.profile.id] == min(rank.values())]
    top = min(layout.header_line for layout in fits)
    most = max(len(layout.place) for layout in fits if layout.header_line == top)
    best = [layout for layout in fits if layout.header_line == top and len(layout.place) == most]
    if len(best) > 1:
        names = sorted(layout.profile.name for layout in best)
        raise BadFile(
            f"{name}: 表头同时符合多个版式: {'、'.join(names)}。请补充能区分它们的列后重试",
            f"{name}: the header fits several layouts: {', '.join(names)}. Add a column that tells them apart",
        )
    _check_once(name, best[0])
    return best[0]


def _check_once(name: str, layout: Layout) -> None:
    """Refuse a header that has a column twice. Other layouts than ours may have several names of one: the first known holds."""
    for column, aliases in layout.profile.columns.items():
        if not layout.profile.identity and column in layout.place:
            aliases = (normal(layout.header[layout.place[column]]),)
        places = [i for i, written in enumerate(layout.header) if normal(written) in aliases]
        if len(places) > 1:
            raise BadFile(
                f"{name}: 第 {layout.header_line} 行表头中 {column} 出现了 {len(places)} 次。请只保留一列后重试",
                f"{name}: the header on line {layout.header_line} has {column} {len(places)} times. Keep one",
            )


def _check_told(name: str, layout: Layout) -> None:
    """Refuse a file that does not tell what its rows cannot do without."""
    for wanted in layout.profile.one_of:
        if not any(layout.facts.get(each) or each in layout.place for each in wanted):
            shown = layout.profile.name
            raise BadFile(
                f"{name}: 符合版式 {shown}, 但表头之上、文件名和各列都没有说明是哪个账户或主体 ({'、'.join(wanted)})。"
                "请在文件名中写入账号, 或补一列“账号”后重试",
                f"{name}: fits {shown}, but neither its titles nor its name nor a column says whose it is "
                f"({', '.join(wanted)}). Put the account's number into the file's name, or add a column 账号",
            )


def _unknown(name: str, near: list[Near]) -> UnknownLayout:
    """Say which layout comes nearest, what was recognised of it, what is missing, and how to get a stub for it."""
    entry = _nearest(name, near)
    if entry is None:
        return UnknownLayout(
            f"{name}: 前 {HEADER_LINES} 行中没有可识别的表头。版式见 docs/layouts.md; 版式草稿: lookthrough doctor <文件>",
            f"{name}: no header that we know in its first {HEADER_LINES} lines. The layouts are in docs/layouts.md; "
            "for a profile to begin with: lookthrough doctor FILE",
        )
    profile, found = entry.profile, entry.found
    if not entry.missing:
        patterns = ", ".join(profile.files) or ", ".join(profile.encodings)
        return UnknownLayout(
            f"{name}: 表头符合版式 {profile.title['zh']} ({profile.id}), 但文件名或编码不符 (应为 {patterns})。请核对后重试",
            f"{name}: the header fits {profile.title['en']} ({profile.id}), but not the file's name or encoding "
            f"(expected {patterns}). Check them",
        )
    labels = [_label(profile, column) for column in entry.missing]
    return UnknownLayout(
        f"{name}: 不符合任何已知版式。最接近的是 {profile.title['zh']} ({profile.id}): 已识别 {'、'.join(found)}; "
        f"缺少 {'、'.join(labels)}。请补齐表头 (版式见 docs/layouts.md), 或在交付目录放入 mapping.toml "
        "(草稿: lookthrough doctor <文件>)",
        f"{name}: fits no layout that we know. The nearest is {profile.title['en']} ({profile.id}): found {', '.join(found)}; "
        f"missing {', '.join(labels)}. Complete the header (the layouts are in docs/layouts.md), or put a mapping.toml into "
        "the delivery (lookthrough doctor FILE writes one to begin with)",
    )


def _nearest(name: str, near: list[Near]) -> Near | None:
    known = [entry for entry in near if entry.found]
    # A file called loans.csv is most likely meant to be one, whatever else its few columns fit better.
    stem = normal(name.rsplit("/", 1)[-1].split(".")[0]).replace("_", "")
    meant = [entry for entry in known if entry.profile.id.rsplit(".", 1)[-1].replace("_", "") == stem]
    return max(meant or known, key=lambda entry: entry.score, default=None)


def _label(profile: Profile, column: str) -> str:
    if profile.identity and column in {c.name for c in schema()[profile.identity].columns}:
        return f"{column} ({schema()[profile.identity].column(column).zh})"
    aliases = profile.columns.get(column, ())[1:4]
    return f"{column} ({', '.join(aliases)})" if aliases else column


def _with_any(folder: Path, written: frozenset[str]) -> Iterable[Profile]:
    """Return the profiles of which at least one column is among these names: for lines of data, none."""
    return load(folder).values() if written & _names(folder) else ()


@cache
def _names(folder: Path) -> frozenset[str]:
    return frozenset(name for profile in load(folder).values() for names in profile.columns.values() for name in names)


def _places(profile: Profile, written: dict[str, int]) -> tuple[dict[str, int], list[str]]:
    """Return where each column of a profile stands in a header, and which needed ones do not."""
    place = {}
    for column, aliases in profile.columns.items():
        at = next((written[alias] for alias in aliases if alias in written), None)
        if at is not None:
            place[column] = at
    missing = [column for column in (*profile.required, *profile.present) if column not in place]
    told = {*profile.facts, *place}
    return place, missing + ["|".join(wanted) for wanted in profile.one_of if told.isdisjoint(wanted)]


def _has_absent(profile: Profile, written: Iterable[str]) -> bool:
    return any(pattern.search(cell) for pattern in profile.absent for cell in written)


def _named(profile: Profile, name: str) -> bool:
    last = name.rsplit("/", 1)[-1].casefold()
    return not profile.files or any(fnmatchcase(last, pattern.casefold()) for pattern in profile.files)


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:  # over-long fields: not a header
        return []
