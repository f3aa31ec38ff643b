"""Whether two written names are one: same, different, or for a person to decide.

Same only where no person needs to decide: what differs is width, spaces, script, brackets, where the place stands, or
有限公司 against 有限责任公司. What a clerk may have left out or mistyped makes a candidate, with its reasons. All else differs.
"""

import re
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import OSA

from lib.identity import names, reference
from lib.identity.names import MASK, Name

Verdict = Literal["same", "candidate", "different"]

# How much the names alone say, where a reason leaves a doubt: proposals of this project, no statistics. Several multiply.
DOUBTS = {
    "remark": 0.8,
    "place_finer": 0.7,
    "character_variant": 0.7,
    "dots_missing": 0.7,
    "form_missing": 0.6,
    "limited_or_shares": 0.6,
    "place_missing": 0.5,
    "places_reordered": 0.5,
    "one_character": 0.5,
    "words_reordered": 0.5,
    "masked": 0.4,
    "short_name": 0.4,
    "surname_variant": 0.4,
    "group_word": 0.3,
    "no_name": 0.1,
}
_LEAST = 4  # characters that a name proper must have for one of them to be a slip
_BEGINNING = 3
_UNSAID = ("", "company")
_DIGITS = str.maketrans("〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖", "00123456789123456789")
_TENS = re.compile("([1-9]?)[十拾]([1-9]?)")
_NUMERAL = re.compile(r"[0-9〇一二三四五六七八九十百壹贰叁肆伍陆柒捌玖拾]+")


@dataclass(frozen=True)
class Compared:
    """What two names are to each other, and why: reasons are keys of labels.toml [names]."""

    verdict: Verdict
    reasons: tuple[str, ...]

    @property
    def confidence(self) -> float:
        """Return how much the names alone say for one party, from 0 to 1."""
        made = 0.0 if self.verdict == "different" else 1.0
        for reason in self.reasons:
            made *= DOUBTS.get(reason, 1.0)
        return made


def compare(a: Name, b: Name) -> Compared:
    """Compare two names, whichever comes first."""
    if not a.text or not b.text:
        return Compared("candidate", ("no_name",))
    if a.text == b.text and MASK not in a.core:
        return Compared("same", ("written_alike",))
    if a.kind != b.kind:  # without its dots, a name of ten characters is not read as a person's
        undotted = a.text.replace("·", "") == b.text.replace("·", "")
        return Compared("candidate", ("dots_missing",)) if undotted else Compared("different", ("person_or_body",))
    return _persons(a, b) if a.kind == "person" else _bodies(a, b)


def _persons(a: Name, b: Name) -> Compared:
    doubts = ["remark"] if a.remarks != b.remarks else []
    if MASK in a.core or MASK in b.core:
        return _decided(_fits(a.core, b.core), [*doubts, "masked"])
    if a.core != b.core:
        doubts += _spelling(a.core, b.core, persons=True)
        if not doubts or doubts == ["remark"]:
            return Compared("different", ("other_characters",))
    return Compared("candidate", tuple(doubts)) if doubts else Compared("same", ("written_alike",))


def _decided(possible: bool, doubts: list[str]) -> Compared:
    return Compared("candidate", tuple(doubts)) if possible else Compared("different", ("other_characters",))


def _fits(a: str, b: str) -> bool:
    """Tell whether two names with hidden characters can be one: the shown ones agree; a run of masks hides any number."""
    if len(a) == len(b):
        return all(x == y or MASK in (x, y) for x, y in zip(a, b, strict=True))
    return MASK * 2 in a + b and a[0] == b[0]


def _spelling(a: str, b: str, *, persons: bool = False) -> list[str]:
    """Return how two texts may be one all the same: by variants of a character, dots left out."""
    char, surname = reference.variants()["char"], reference.variants()["surname"]
    a, b = a.translate(char), b.translate(char)
    if a == b or (not persons and _in_digits(a) == _in_digits(b)):
        return ["character_variant"]
    if persons and a[1:] == b[1:] and a[0].translate(surname) == b[0].translate(surname):
        return ["surname_variant"]
    return ["dots_missing"] if a.replace("·", "") == b.replace("·", "") else []


def _in_digits(text: str) -> str:
    """Write the numerals of a text in digits: 一号, 壹号 and 1号 are written one way, 十二 is 12."""
    return _TENS.sub(lambda ten: str(10 * int(ten[1] or 1) + int(ten[2] or 0)), text.translate(_DIGITS))


def _bodies(a: Name, b: Name) -> Compared:
    if a.branch != b.branch:
        return Compared("different", ("branch",) if not (a.branch and b.branch) else ("other_branch",))
    cores = [] if a.core == b.core else _cores(a, b)
    if cores is None:
        return Compared("different", ("other_characters",))
    places, forms = _places(a.places, b.places), _forms(a.form, b.form)
    if places is None:
        return Compared("different", ("other_places",))
    if forms is None:
        return Compared("different", ("other_form",))
    doubts = [*cores, *places, *forms, *(["remark"] if a.remarks != b.remarks else [])]
    if doubts:
        return Compared("candidate", tuple(doubts))
    return Compared("same", ("same_parts",))


def _cores(a: Name, b: Name) -> list[str] | None:
    """Return the doubts under which two names proper with their trades may be one; None if they are two."""
    if spelt := _spelling(a.core, b.core):
        return spelt
    if a.core.replace("集团", "") == b.core.replace("集团", ""):
        return ["group_word"]
    short, long = sorted((a, b), key=lambda name: len(name.core))
    if short.form in _UNSAID and len(short.core) > 1 and _shortened(short, long):
        return ["short_name"]
    if _NUMERAL.findall(a.core) != _NUMERAL.findall(b.core):  # 一号 and 二号 are siblings
        return None
    if a.proper == b.proper:
        return _trades(a.core[a.trade_at :], b.core[b.trade_at :])
    return ["one_character"] if _slipped(a, b) and OSA.distance(a.core, b.core, score_cutoff=1) == 1 else None


def _shortened(short: Name, long: Name) -> bool:
    """Tell whether a core is what is left of another: its beginning, or of one name proper with words of trade left out."""
    if short.proper != long.proper:
        return long.core.startswith(short.core)
    left = iter(long.core)
    return all(character in left for character in short.core)


def _slipped(a: Name, b: Name) -> bool:
    """Tell whether one character may be a slip: in a long name proper, or behind any name proper of three characters."""
    if a.core[:_BEGINNING] == b.core[:_BEGINNING] and min(len(a.core), len(b.core)) >= 2 * _BEGINNING:
        return True
    lengths = sorted((len(a.proper), len(b.proper)))
    return lengths[0] >= _LEAST - 1 and lengths[1] >= _LEAST and a.core[a.trade_at :] == b.core[b.trade_at :]


def _trades(a: str, b: str) -> list[str] | None:
    """Return the doubts under which the trades of one name proper may be one: a slip, or the words in another order."""
    if len(a) > 1 and len(b) > 1 and OSA.distance(a, b, score_cutoff=1) == 1:
        return ["one_character"]
    return ["words_reordered"] if sorted(a) == sorted(b) else None


def _places(a: tuple[str, ...], b: tuple[str, ...]) -> list[str] | None:
    """Return the doubts under which two places may be one; None if they are two."""
    if a == b:
        return []
    if not a or not b:
        return ["place_missing"]
    if set(a) == set(b):
        return ["places_reordered"]
    return ["place_finer"] if set(a) < set(b) or set(b) < set(a) else None


def _forms(a: str, b: str) -> list[str] | None:
    """Return the doubts under which two legal forms may be one body's; None if they are two."""
    if a == b:
        return []
    if a in _UNSAID or b in _UNSAID:
        return ["form_missing"]
    if {a, b} == {"limited", "shares"}:
        return ["limited_or_shares"]
    return ["form_missing"] if "partnership" in (a, b) and a.endswith("partnership") and b.endswith("partnership") else None


def written(a: str, b: str) -> Compared:
    """Compare two written names."""
    return compare(names.read(a), names.read(b))
