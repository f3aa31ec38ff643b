"""What sheets of corrections may correct: sources that are known under their hash, by the profile that read them."""

from collections.abc import Iterable, Sequence
from typing import Any

from lib import paths
from lib.errors import BadFile
from lib.intake import corrections, mapping, parts, profiles
from lib.intake.loading import Source
from lib.intake.parts import Part
from lib.intake.profiles import Profile


class Correctable:
    """The sources that rows can be corrected of: those of the Store and those of this delivery."""

    def __init__(self, planned: Iterable[Source], held: Sequence[dict[str, Any]], corrected: Iterable[dict[str, Any]]) -> None:
        self._rows = {row["source_id"]: row for row in held if row["profile_id"]}
        self._planned = {source.id: source for source in planned}
        self._known: dict[str, dict[int, tuple[str, str]]] = {}
        names = {row["source_id"]: parts.label(row["name"], row["member"], row["sheet"]) for row in held}
        for row in corrected:
            place = f"{names[row['corrected_source_id']]} 第 {row['corrected_line']} 行"
            self._known.setdefault(row["source_id"], {})[row["line"]] = (row["print"], place)

    def source(self, part: Part, delivery: str, target: corrections.Target, header: str) -> Source:
        """Make a source of a sheet of corrections; BadFile if what it corrects is not there."""
        profile = self._profile(target)
        if profile is None:
            raise BadFile(
                f"{part.label}: 更正的来源 {target.source_id} 不在数据库和本次交付中 (或版式 {target.profile_id} 已变)。"
                "请连同原文件一起导入, 或重新导出更正表",
                f"{part.label}: the source {target.source_id} that it corrects is neither in the Store nor in this delivery "
                f"(or its profile {target.profile_id} has changed). Import the original too, or export the sheet again",
            )
        layout = corrections.layout(part.label, target, profile, header)
        known = self._known.setdefault(target.source_id, {})
        return Source(part, delivery, layout, correcting=corrections.Correcting(target, known))

    def _profile(self, target: corrections.Target) -> Profile | None:
        """Return the profile by which the source was read, if it is known under this hash."""
        if planned := self._planned.get(target.source_id):
            profile: Profile | None = planned.layout.profile
            sha256 = planned.part.sha256
        elif row := self._rows.get(target.source_id):
            own = mapping.brought(paths.found(row["path"]), row["name"]) if "@" in row["profile_id"] else ()
            profile = next((one for one in (*own, *profiles.load().values()) if one.id == row["profile_id"]), None)
            sha256 = row["sha256"]
        else:
            return None
        return profile if profile and (profile.id, sha256) == (target.profile_id, target.sha256) else None
