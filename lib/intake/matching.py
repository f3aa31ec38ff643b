"""Which layout a file has: by its header and, where several share one, by its name; never by guessing."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from lib.errors import BadFile, Mistakable, UnknownLayout
from lib.intake import surroundings
from lib.intake.profiles import FOLDER, HEADER_LINES, Layout, Profile, load, normal
from lib.schema import schema

Lines = dict[str, list[tuple[int, str]]]
_LONGEST = 80  # characters of a column's name: a longer cell is a text
_CELLS = frozenset(("借", "贷"))  # headings of one bank, and cells of many: alone they make no line a header


@dataclass(frozen=True)
class Near:
    """A profile of which a line has some columns: those found, those missing, and the line as a header."""

    profile: Profile
    found: list[str]
    missing: list[str]
    header: tuple[str, ...]

    @property
    def score(self) -> tuple[int, int, int, str]:
        """More for what is found, less for what is missing; of profiles that have as much, the one with least besides."""
        return len(self.found) - len(self.missing), -len(self.missing), -len(self.profile.columns), self.profile.id


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
    Mistakable
        If one fits, and yet the file is something else, as far as its profile can tell.
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
    if layout.profile not in own:  # what the delivery itself says of its columns holds
        _check_unmistaken(name, layout)
    _check_told(name, layout)
    return layout


def placed(profile: Profile, header: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """Return where the columns of a profile stand in a header, and which columns stand nowhere that the profile needs."""
    written = {normal(cell): i for i, cell in reversed(list(enumerate(header)))}
    place = next((place for _, place in _Index.of((profile,)).found(written)), {})
    return place, [column for column in (*profile.required, *profile.present) if column not in place]


def nearest(name: str, encoding: str, lines: Lines, folder: Path = FOLDER, own: Sequence[Profile] = ()) -> Near | None:
    """Return the profile that comes nearest to a file, None if no line has a name that we know."""
    return _nearest(name, _fits(name, encoding, lines, folder, own)[1])


def _fits(name: str, encoding: str, lines: Lines, folder: Path, own: Sequence[Profile]) -> tuple[list[Layout], list[Near]]:
    """Return the layouts that lines of a file fit, and what any profile has of any line."""
    fits: list[Layout] = []
    near: list[Near] = []
    indexes = [_Index.of(own), _index(folder)]
    parsed: dict[tuple[str, str], _Parsed] = {}  # most lines have none of the four delimiters but one
    for delimiter, records in lines.items():
        for line, text in records:
            key = (text, delimiter if delimiter in text else "")
            if key not in parsed:
                parsed[key] = _parsed(text, delimiter, indexes)
            header, written, found = parsed[key]
            for profile, place in found:
                if delimiter not in profile.delimiters or _has_absent(profile, written):
                    continue
                missing = _missing(profile, place)
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


def _check_unmistaken(name: str, layout: Layout) -> None:
    """Refuse a file that is something else than what its header fits, or may be."""
    written = [normal(cell) for cell in layout.header]
    around = "\n".join((name.rsplit("/", 1)[-1], *layout.above))
    for other in layout.profile.mistakable:
        first, *more = ([cell for cell in written if re.search(pattern, cell)] for pattern in other["headings"])
        told = any(re.search(other["unlike"], cell) for cell in written) or not layout.place.keys().isdisjoint(other["without"])
        if all(more) and not told and (first or re.search(other["titles"], around)):
            raise Mistakable(f"{name}: {other['zh']}", f"{name}: {other['en']}")


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


@dataclass(frozen=True)
class _Index:
    """Where the names of columns occur: for a line of data nowhere, so that no profile is tried on it."""

    profiles: tuple[Profile, ...]
    by_name: dict[str, list[tuple[int, int, int]]]  # name → profile, column and alias by number

    @classmethod
    def of(cls, profiles: Iterable[Profile]) -> "_Index":
        index = cls(tuple(profiles), {})
        for p, profile in enumerate(index.profiles):
            for c, names in enumerate(profile.columns.values()):
                for a, name in enumerate(names):
                    index.by_name.setdefault(name, []).append((p, c, a))
        return index

    def found(self, written: dict[str, int]) -> Iterator[tuple[Profile, dict[str, int]]]:
        """Give each profile of which a header has a column, with the places of its columns: of several names the first."""
        if not (written.keys() & self.by_name.keys()) - _CELLS:
            return
        hits: dict[int, dict[int, tuple[int, int]]] = {}
        for name, at in written.items():
            for p, c, a in self.by_name.get(name, ()):
                columns = hits.setdefault(p, {})
                columns[c] = min(columns.get(c, (a, at)), (a, at))
        for p in sorted(hits):
            names = list(self.profiles[p].columns)
            yield self.profiles[p], {names[c]: hits[p][c][1] for c in sorted(hits[p])}


_Parsed = tuple[tuple[str, ...], dict[str, int], list[tuple[Profile, dict[str, int]]]]


def _parsed(text: str, delimiter: str, indexes: Iterable[_Index]) -> _Parsed:
    """Return a line's cells, where each name stands first, and the profiles of which it has a column."""
    header = tuple(cells(text, delimiter))
    written = {normal(cell): i for i, cell in reversed(list(enumerate(header))) if len(cell.strip()) <= _LONGEST}
    return header, written, [found for index in indexes for found in index.found(written)]


@cache
def _index(folder: Path) -> _Index:
    return _Index.of(load(folder).values())


def _missing(profile: Profile, place: dict[str, int]) -> list[str]:
    """Return the needed columns that a header does not have."""
    missing = [column for column in (*profile.required, *profile.present) if column not in place]
    told = {*profile.facts, *place}
    return missing + ["|".join(wanted) for wanted in profile.one_of if told.isdisjoint(wanted)]


def _has_absent(profile: Profile, written: Iterable[str]) -> bool:
    return any(pattern.search(cell) for pattern in profile.absent for cell in written)


def _named(profile: Profile, name: str) -> bool:
    last = name.rsplit("/", 1)[-1].casefold()
    return not profile.files or any(fnmatchcase(last, pattern.casefold()) for pattern in profile.files)


def cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of a line; none if it is no line of a table."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:  # over-long fields: not a header
        return []
