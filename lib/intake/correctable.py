"""What sheets of corrections may correct: sources that are known under their hash, by the profile that read them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from lib import paths
from lib.errors import BadFile
from lib.intake import corrections, mapping, parts, profiles
from lib.intake.loading import Aside, Source
from lib.intake.parts import Part
from lib.intake.profiles import Profile
from lib.store import Store


class Correctable:
    """The sources that rows can be corrected of: those of the Store and those of this delivery."""

    def __init__(self, planned: Iterable[Source], held: Sequence[dict[str, Any]]) -> None:
        self._rows = {row["source_id"]: row for row in held if row["profile_id"] and not row["corrects"]}
        self._planned = {source.id: source for source in planned}

    def source(self, part: Part, delivery: str, target: corrections.Target, header: str) -> Source:
        """Make a source of a sheet of corrections; BadFile if what it corrects is not there."""
        if planned := self._planned.get(target.source_id):
            profile: Profile | None = planned.layout.profile
            facts, delimiter, sha256 = planned.layout.facts, planned.layout.delimiter, planned.part.sha256
            encoding = planned.part.examined.encoding
        elif row := self._rows.get(target.source_id):
            profile, facts = _profile(row), json.loads(row["facts"] or "{}")
            delimiter, sha256, encoding = row["delimiter"], row["sha256"], row["encoding"]
        else:
            profile, sha256 = None, ""
        if profile is None or sha256 != target.sha256:
            raise BadFile(
                f"{part.label}: 更正的来源 {target.source_id} 不在数据库和本次交付中 (或其版式已变)。"
                "请连同原文件一起导入, 或重新导出更正表",
                f"{part.label}: the source {target.source_id} that it corrects is neither in the Store nor in this delivery "
                "(or its profile has changed). Import the original too, or export the sheet again",
            )
        layout = corrections.layout(part.label, target, profile, facts, header)
        return Source(part, delivery, layout, correcting=corrections.Correcting(target, delimiter, encoding))


def _profile(row: dict[str, Any]) -> Profile | None:
    """Return the profile that read a source of the Store, if it is still there."""
    own = mapping.brought(paths.found(row["path"]), row["name"]) if "@" in row["profile_id"] else ()
    return next((one for one in (*own, *profiles.load().values()) if one.id == row["profile_id"]), None)


def prepare(draft: Store, sheets: Sequence[Source]) -> None:
    """Tell sheets of corrections which rows of their sources stand in quarantine, and which of those are corrected already."""
    for correcting in (sheet.correcting for sheet in sheets if sheet.correcting):
        source_id = correcting.target.source_id
        apart = "select line, original_text from store.quarantine where source_id = $id and line > 0"
        correcting.apart = {row["line"]: row["original_text"] for row in draft.arrow(apart, id=source_id).to_pylist()}
        made = (
            "select c.line, c.corrected_line, c.print, s.name, s.member, s.sheet from store.corrections as c "
            "inner join store.sources as s on c.corrected_source_id = s.source_id where c.source_id = $id"
        )
        for row in draft.arrow(made, id=source_id).to_pylist():
            place = f"{parts.label(row['name'], row['member'], row['sheet'])} 第 {row['corrected_line']} 行"
            correcting.known[row["line"]] = (row["print"], place)
    known: dict[str, dict[int, tuple[str, str]]] = {}
    for correcting in (sheet.correcting for sheet in sheets if sheet.correcting):  # a sheet may be there twice in its workbook
        correcting.known = known.setdefault(correcting.target.source_id, correcting.known)


def steps(new: Iterable[Source | Aside]) -> list[list[Source | Aside]]:
    """Put the parts of a plan into the steps in which they are brought in: all but corrections, then workbook by workbook.

    What is corrected has to stand in quarantine before; a second workbook has to know what came of the first, as it would if
    they were imported one after the other.
    """
    made: dict[str, list[Source | Aside]] = {"": []}
    for part in new:
        workbook = part.part.sha256 if isinstance(part, Source) and part.correcting else ""
        made.setdefault(workbook, []).append(part)
    return [step for step in made.values() if step]
