"""What is to be done with a delivery: its files in order, the parts of each, and the layout that each part has."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib import paths
from lib.errors import BadFile, BadParameter, DataGap, Mistakable, UnknownLayout
from lib.intake import foreign, identifying, mapping, readers, rebuilding
from lib.intake import parts as unpacked
from lib.intake.correctable import Correctable
from lib.intake.loading import Aside, Source, as_text
from lib.intake.parts import Part
from lib.intake.profiles import Layout, Profile
from lib.intake.readers import Examined
from lib.intake.rebuilding import Workbook
from lib.intake.sandbox import Reason, Sandbox

COUNTS = ("rows_read", "rows_accepted", "rows_quarantined", "rows_set_aside")
ANSWERED = ("profile_id", "state", *COUNTS)


@dataclass(frozen=True)
class Found:
    """A file of a delivery: where it lies, its path within the delivery, the delivery's name."""

    path: Path
    name: str
    delivery: str


@dataclass(frozen=True)
class Held:
    """What the Store holds already: its version, and its sources, one row per part; of one to be replaced, its workbooks."""

    version: str | None = None
    sources: tuple[dict[str, Any], ...] = ()
    workbooks: tuple[Workbook, ...] = ()

    @property
    def marks(self) -> set[str]:
        """What tells this Store from another: see `marks`."""
        rows = ((row["sha256"], row["source_id"], row["state"], row["profile_id"]) for row in self.sources)
        return {mark for row in rows for mark in marks(*row)}


@dataclass
class Plan:
    """What is to be done with a delivery: parts to import, and a row of the answer for each file that is not."""

    new: list[Source | Aside] = field(default_factory=list)
    rest: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sources(self) -> list[Source]:
        """The parts that are read."""
        return [source for source in self.new if isinstance(source, Source)]

    @property
    def marks(self) -> set[str]:
        """What tells a Store with these from one without: see `marks`."""
        asides = [(s.part.sha256, s.id, s.state, None) for s in self.new if isinstance(s, Aside)]
        read = [(s.part.sha256, s.id, "imported", s.layout.profile.id) for s in self.sources]
        return {mark for one in asides + read for mark in marks(*one)}


def marks(sha256: str, source_id: str, state: str, profile_id: str | None) -> tuple[str, ...]:
    """Return what a part adds to the version of a Store: its file's hash, whether it could be read, a profile brought along."""
    if state == "quarantined":
        return (sha256, f"{source_id} {state}")
    return (sha256, f"{source_id} {profile_id}") if "@" in (profile_id or "") else (sha256,)


def files(delivery: Path | str | Iterable[Path | str]) -> list[Found]:
    """List the files of a delivery in order of their names."""
    given = [delivery] if isinstance(delivery, Path | str) else list(delivery)
    found = []
    for root in (Path(path).absolute() for path in given):
        if root.is_dir():
            below = (Path(folder) / name for folder, _, names in os.walk(root) for name in names)
            found += [Found(path, path.relative_to(root).as_posix(), root.name) for path in below]
        elif root.is_file():
            found.append(Found(root, root.name, root.parent.name))
        else:
            raise BadParameter(
                f"没有文件或文件夹 {paths.written(root)}。请核对路径, 例如 data/raw/<交付批次>",
                f"There is no file or folder {paths.written(root)}. Check the path, for example data/raw/<delivery>",
            )
    if not found:
        shown = ", ".join(paths.written(Path(path)) for path in given)
        raise BadParameter(f"{shown} 中没有文件。请核对路径", f"There are no files in {shown}. Check the path")
    once = {file.path.resolve(): file for file in reversed(found)}  # a folder and a file in it may both be named
    return sorted(once.values(), key=lambda file: (file.name, file.delivery, str(file.path)))


def plan(
    found: list[Found], held: Held, sandbox: Sandbox, progress: Callable[[str, int, int, int], None], jobs: int = 1
) -> Plan:
    """Decide for each file: import its parts, or say why not.

    Parameters
    ----------
    progress
        Told of each container that is opened: its name, 0, its bytes, 0.
    jobs
        How many files are hashed and unpacked at once; what comes of it does not depend on that.

    Raises
    ------
    BadFile
        If a file fits no layout, or more than one, or cannot be read.
    """
    made = _Planning(Plan(), held, sandbox, progress)
    held_hashes = frozenset(made.known)
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for file, made_of in zip(found, pool.map(lambda file: opened(file, held_hashes, sandbox), found), strict=True):
                made.add(file, made_of)
            made.add_workbooks()
            made.add_corrections()
        except BaseException:
            sandbox.stop()  # lest those be waited for that are still at it
            pool.shutdown(cancel_futures=True)
            raise
    return made.plan


@dataclass(frozen=True)
class Opened:
    """What is known of a file before it is looked at: its bytes, and its parts; None where the Store has them already."""

    examined: Examined
    is_text: bool
    parts: list[Part] | None


def opened(file: Found, held: frozenset[str], sandbox: Sandbox) -> Opened | None:
    """Hash a file and unpack it; None for what is no data."""
    if _is_no_data(file):
        return None
    is_text = unpacked.kind(file.path, file.name) == "text"
    examined = readers.examine(file.path) if is_text else readers.hashed(file.path)
    known = examined.sha256 in held and not is_text
    return Opened(examined, is_text, None if known else unpacked.parts(file.path, file.name, examined, sandbox))


@dataclass
class _Planning:
    plan: Plan
    held: Held
    sandbox: Sandbox
    progress: Callable[[str, int, int, int], None]

    def __post_init__(self) -> None:
        self.known: dict[str, list[dict[str, Any]]] = {}
        for row in self.held.sources:
            self.known.setdefault(row["sha256"], []).append(row)
        self.first_seq = 1 + max((row["seq"] for row in self.held.sources), default=0)
        self.correcting: list[tuple[Found, list[Part]]] = []

    def add(self, file: Found, opened: Opened | None) -> None:
        if opened is None:
            self.plan.rest.append(_row(file, "skipped"))
        elif opened.is_text:
            self._add_text(file, *(opened.parts or ()))
        elif known := self.known.get(opened.examined.sha256):
            if not any(row.get("corrects") for row in known):
                _check_mapping(file, known, *(profile.id for profile in mapping.brought(file.path, file.name)))
            self._add_known(file, known)
        elif any(identifying.correcting(part) for part in opened.parts or ()):
            self.correcting.append((file, opened.parts or []))  # what is corrected has to be known first
        else:
            self.progress(file.name, 0, opened.examined.bytes, 0)
            self._add_parts(file, opened.parts or [])

    def add_workbooks(self) -> None:
        """Add the workbooks by which the Store to be replaced was corrected, and put all into the order that they had there."""
        there, planned = {parts[0].sha256 for _, parts in self.correcting}, {source.id for source in self.plan.sources}
        for book in rebuilding.wanted([book for book in self.held.workbooks if book.sha256 not in there], planned):
            file = Found(book.path, book.name, book.delivery)
            self.add(file, opened(file, frozenset(), self.sandbox))
        order = {book.sha256: at for at, book in enumerate(self.held.workbooks)}
        self.correcting.sort(key=lambda one: order.get(one[1][0].sha256, len(order)))

    def add_corrections(self) -> None:
        """Plan the workbooks of corrected rows, after all else."""
        known = Correctable(self.plan.sources, self.held.sources)
        for file, parts in self.correcting:
            if there := self.known.get(parts[0].sha256):  # another copy of it lies in the delivery
                self._add_known(file, there)
                continue
            made = list[Source | Aside]()
            for part in parts:
                found = identifying.correcting(part)
                made.append(known.source(part, file.delivery, *found) if found else Aside(part, file.delivery))
            self._new(file, made)

    def _add_text(self, file: Found, part: Part) -> None:
        known = self.known.get(part.sha256)
        if part.refused and not known:
            self._new(file, [Aside(part, file.delivery, reason=part.refused)])
            return
        try:
            layout = identifying.identify(part, mapping.brought(file.path, file.name))
        except UnknownLayout as error:
            if known and known[0]["state"] == "quarantined":
                self._add_known(file, known)
            elif reason := _no_table(part, error):
                self._new(file, [Aside(part, file.delivery, reason=reason)])
            elif file.path.suffix.casefold() == ".txt":
                self.plan.rest.append(_row(file, "skipped"))
            else:
                raise
            return
        if not known:
            self._new(file, [Source(part, file.delivery, layout)])
            return
        if known[0]["state"] == "quarantined":
            raise _readable_now(file.name)
        _check_mapping(file, known, layout.profile.id)
        if known[0]["profile_id"] != layout.profile.id and known[0]["rows_read"] != 0:
            raise _two_readings(file.name, layout.profile.id, known[0]["name"], known[0]["profile_id"])
        self._add_known(file, known, layout.profile.id)

    def _add_known(self, file: Found, known: list[dict[str, Any]], profile_id: str | None = None) -> None:
        """Say that a file's bytes are there already: as it is named now, or under another name."""
        if known[0]["name"] == as_text(file.name):
            self.plan.rest += [_row(file, "already_imported", row) for row in known]
        else:
            first = known[0] if len(known) == 1 else {}
            self.plan.rest.append(_row(file, "duplicate", {**first, "profile_id": profile_id or first.get("profile_id")}))

    def _add_parts(self, file: Found, parts: list[Part]) -> None:
        """Plan the parts of a container. If one of them is recognised, those that are not are set aside and counted."""
        made, unknown = list[Source | Aside](), list[UnknownLayout]()
        own = mapping.brought(file.path, file.name)
        for part in parts:
            found = _identified(part, own)
            if isinstance(found, UnknownLayout) and (reason := _no_table(part, found)):
                made.append(Aside(part, file.delivery, reason=reason))
            elif isinstance(found, UnknownLayout):
                made.append(Aside(part, file.delivery))
                unknown += [] if part.file_name.casefold().endswith(".txt") else [found]
            elif isinstance(found, Layout):
                made.append(Source(part, file.delivery, found))
            else:
                made.append(Aside(part, file.delivery, reason=found))
        if unknown and not any(isinstance(one, Source) for one in made):
            raise max(unknown, key=lambda error: len(error.zh))  # the longest names what is missing
        if not made:
            self.plan.rest.append(_row(file, "skipped"))
        self._new(file, made)

    def _new(self, file: Found, made: Iterable[Source | Aside]) -> None:
        for one in made:
            one.seq = self.first_seq + len(self.plan.new)
            self.plan.new.append(one)
            said = {"name": as_text(file.name), "source_id": one.id, "rows_read": None}
            said |= {"profile_id": one.layout.profile.id if isinstance(one, Source) else None}
            said |= {"state": one.state if isinstance(one, Aside) else "imported"}
            self.known.setdefault(one.part.sha256, []).append(said)


def _identified(part: Part, own: Sequence[Profile]) -> Layout | UnknownLayout | Reason:
    """Return a part's layout, or why it has none: no profile knows it, or it cannot be read."""
    if part.refused:
        return part.refused
    try:
        return identifying.identify(part, own)
    except UnknownLayout as error:
        return error


def _no_table(part: Part, error: UnknownLayout) -> Reason | None:
    """Say why a part that fits no layout is set apart whole: not what its name says, something else, no table; else None."""
    said = (error.zh.removeprefix(f"{part.label}: "), error.en.removeprefix(f"{part.label}: "))
    if isinstance(error, Mistakable):
        return said
    if part.mislabelled:
        return f"{part.mislabelled[0]}; {said[0]}", f"{part.mislabelled[1]}; {said[1]}"
    return foreign.no_table(part.text, part.file_name, part.examined.encoding) if not part.sheet else None


def _is_no_data(file: Found) -> bool:
    """Tell whether a file is no data: hidden, a note, a decision, or nothing that can be read (a pipe, a broken link)."""
    if unpacked.is_note(file.name) or not file.path.is_file() or file.path.is_relative_to(paths.records()):
        return True
    # what is planted in a simulated district lies beside its data: no rule may see it
    return file.path.name in (paths.ANSWERS, mapping.NAME)


def _check_mapping(file: Found, known: list[dict[str, Any]], *ids: str) -> None:
    """Refuse to go on where the Store read a file by another mapping.toml than the one that is there now."""
    held = {row["profile_id"] for row in known if "@" in (row["profile_id"] or "")}
    if held and not held <= set(ids):
        raise DataGap(
            f"{file.name}: 数据库中的该文件是按另一份 {mapping.NAME} 读取的。"
            "请重建: lookthrough import --rebuild data/raw/<交付批次> …",
            f"{file.name}: the Store has read this file by another {mapping.NAME}. "
            "Rebuild it: lookthrough import --rebuild data/raw/<delivery> …",
        )


def _two_readings(name: str, profile_id: str, known: str, known_id: str) -> BadFile:
    return BadFile(
        f"{name}: 内容与 {known} 完全相同, 但按文件名应为另一版式 ({profile_id}, 而非 {known_id})。请核对文件名",
        f"{name}: the same bytes as {known}, but its name says another layout ({profile_id}, not {known_id}). Check the names",
    )


def _readable_now(name: str) -> DataGap:
    return DataGap(
        f"{name}: 数据库中的该文件当时无法读取, 已整份隔离; 现在可以读取。"
        "请重建: lookthrough import --rebuild data/raw/<交付批次> …",
        f"{name}: the Store has set this file apart whole, and it can be read now. "
        "Rebuild it: lookthrough import --rebuild data/raw/<delivery> …",
    )


def _row(file: Found, state: str, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Make a row of the answer for a file that is not imported now."""
    known = known or {}
    held = {name: known.get(name) for name in ("source_id", "profile_id", *COUNTS)}
    where = {"name": as_text(file.name), "delivery": as_text(file.delivery)}
    where |= {name: known.get(name) or "" for name in ("member", "sheet")}
    return {**where, **held, "state": state, "totals": [], "unused_columns": known.get("unused_columns") or []}
