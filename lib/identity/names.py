"""What a written Chinese name says: a person's name, or a body's place, name proper, trade, legal form and branch.

Texts are compared by character, after width, spaces, script, brackets and dots are written one way. Never by bytes (a
Chinese character has three), never by sound (王伟 and 王维 are two people).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from lib.identity import reference

Kind = Literal["person", "body"]
_BRACKETS = str.maketrans("〔〕【】[]{}〈〉《》「」<>", "()" * 8)
_DOTS = str.maketrans(dict.fromkeys("•・‧∙⋅●", "·"))
_DROPPED = str.maketrans(dict.fromkeys("\"'“”‘’`,，、;；:。!"))
_HAN = "㐀-䶿一-鿿豈-﫿𠀀-𲎯〇"
_BETWEEN = re.compile(rf"(?<=[{_HAN}])\.(?=[{_HAN}])")
_PERSON = re.compile(rf"[{_HAN}*·]+")
MASK = "*"
_MASKS = re.compile(r"[*×○〇某□?]")
_TITLES = ("先生", "女士", "小姐", "同志")
_GROUP = re.compile(r"\(([^()]*)\)")
_BODY_ENDS = re.compile(
    r"(公司|[厂店行部社院所校会局处站队馆场网贷宝汇]|中心|集团|银行|基金|企业|平台|政府|商户|委员会|合伙|联盟|理财|金融|科技|投资)$"
)
_BRANCH = re.compile(
    r"(?P<head>.+?(?:公司|银行|合作社|联社|信用社|事务所|集团|企业|中心)(?:\([^()]*\))?)"
    r"(?P<branch>(?!.*[限份任]公司)[^()]{0,20}(?:分公司|分行|支行|分社|分店|分部|分理处|办事处|代表处|营业部|营业厅|营业所|储蓄所|项目部"
    r"|分所|分厂|分中心|事业部|门市部|经营部|服务部))(?P<rest>(?:\([^()]*\))*)"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name, taken apart.

    Attributes
    ----------
    text
        As written, in one width, script and kind of brackets, without spaces.
    kind
        person or body, by how it is written.
    core
        A person's name, or a body's name proper with its trade; without place, form, branch and remarks.
    places
        Where a body's name says that it is: before its name or in brackets, wherever those stand.
    form
        Class of the legal form (reference/legal_forms.csv); company if only 公司 is said, empty if nothing is.
    branch
        Place and kind of a branch; empty for a head office.
    remarks
        What stands in brackets behind the name and is no part of it.
    """

    text: str
    kind: Kind
    core: str
    places: tuple[str, ...] = ()
    form: str = ""
    branch: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def trade_at(self) -> int:
        """Return where in `core` the words of trade begin; its length, if nowhere."""
        return _trade_at(self.core)

    @property
    def proper(self) -> str:
        """Return the name proper (字号) of a body."""
        return self.core[: self.trade_at]


def normal(text: str) -> str:
    """Return a text in one width, script, case and kind of brackets and dots, without spaces, quotes and commas."""
    one = unicodedata.normalize("NFKC", text).translate(reference.simplified()).upper()
    one = "".join(c for c in one if unicodedata.category(c)[0] not in "ZC")
    one = one.translate(_BRACKETS).translate(_DOTS).translate(_DROPPED)
    return _BETWEEN.sub("·", one).replace(".", "").strip("·").replace("()", "")


@lru_cache(maxsize=65_536)
def read(text: str, kind: Kind | None = None) -> Name:
    """Take a written name apart, as that of a person or a body where it is known which."""
    whole = normal(text)
    if kind == "person":
        return _person(whole) or Name(whole, "person", _GROUP.sub("", whole), remarks=tuple(_GROUP.findall(whole)))
    if found := _BRANCH.fullmatch(whole):
        head = _body(whole, found["head"])
        places, rest = _leading_places(found["branch"], least=0)
        own, remarks = head.remarks, tuple(_GROUP.findall(found["rest"]))
        if not places and own and (inner := _whole_place(own[-1])):  # 某某有限公司(北京)分公司
            places, own = inner, own[:-1]
        return Name(whole, "body", head.core, head.places, head.form, "/".join((*places, rest)), (*own, *remarks))
    person = _person(whole) if kind is None else None
    return person if person is not None else _body(whole, whole)


def _person(whole: str) -> Name | None:
    """Read a name as a person's, if it is written like one."""
    bare = _GROUP.sub("", whole)
    remarks = _GROUP.findall(whole)
    if (title := bare[-2:]) in _TITLES and len(bare) > 2:
        bare, remarks = bare[:-2] + (MASK if len(bare) == 3 else ""), [*remarks, title]
    if len(bare) > 1:  # the first character of a masked name is shown
        bare = bare[0] + _MASKS.sub(MASK, bare[1:])
    if not _PERSON.fullmatch(bare) or bare.startswith(MASK) or (_BODY_ENDS.search(bare) and len(bare) > 2):
        return None
    dotted = "·" in bare
    named = len(bare) <= 4 and (bare[0] in reference.surnames() or bare[:2] in reference.surnames())
    return Name(whole, "person", bare, remarks=tuple(remarks)) if dotted or (named and len(bare) > 1) else None


def _body(whole: str, head: str) -> Name:
    """Read a name as a body's: what stands behind it first, then brackets, then the place before it."""
    rest, form, remarks = head, "", list[str]()
    while not form:
        rest, form = _without_form(rest)
        last = re.search(r"\(([^()]*)\)$", rest)
        if form or last is None:
            break
        tail = rest[: last.start()]
        if last[1] not in _remarks() and _whole_place(last[1]) and not _without_form(tail)[1]:
            break
        rest = tail
        if last[1] not in _remarks():
            remarks.insert(0, last[1])
    places, core = _leading_places(_GROUP.sub(_bracketed, rest))
    inner = [name for group in _GROUP.findall(rest) for name in _whole_place(group)]
    return Name(whole, "body", core, (*places, *inner), form, "", tuple(remarks))


def _bracketed(group: re.Match[str]) -> str:
    """Return what brackets inside a name leave in it: nothing of a place, else what stands in them."""
    return "" if _whole_place(group[1]) else group[1]


def _without_form(text: str) -> tuple[str, str]:
    """Return a name without its legal form, and the form's class; a form alone is no name."""
    for form, kind in _forms():
        if text.endswith(form) and len(text) > len(form):
            return text[: -len(form)], kind
    return text, ""


@cache
def _forms() -> tuple[tuple[str, str], ...]:
    known = [(normal(row["form"]), row["class"]) for row in reference.rows("legal_forms") if row["class"] != "remark"]
    return tuple(sorted(known, key=lambda pair: -len(pair[0])))


@cache
def _remarks() -> frozenset[str]:
    return frozenset(row["form"].strip("()") for row in reference.rows("legal_forms") if row["class"] == "remark")


def _whole_place(text: str) -> tuple[str, ...]:
    """Return the places that a text names, if it names nothing else."""
    places, rest = _leading_places(text, least=0)
    return places if not rest else ()


def _leading_places(text: str, least: int = 2) -> tuple[tuple[str, ...], str]:
    """Return the places with which a text begins, each inside the one before, and the rest, of at least so many characters."""
    found: list[str] = []
    inside: frozenset[str] | None = None
    while True:
        for length in range(min(reference.longest_place(), len(text) - least), 1, -1):
            known = reference.places().get(text[:length])
            if known is not None and (codes := _within(known[1], inside)):
                found.append(known[0])
                inside, text = codes, text[length:]
                break
        else:
            return tuple(found), text


def _within(codes: frozenset[str], outer: frozenset[str] | None) -> frozenset[str]:
    """Return those of some places that lie in one of the outer ones (上海大同: no city of Shanxi)."""
    if outer is None:
        return codes
    stems = tuple(code[:2] if code.endswith("0000") else code[:4] for code in outer if not code.startswith("00"))
    return frozenset(code for code in codes if code not in outer and code.startswith(stems)) if stems else frozenset()


@lru_cache(maxsize=65_536)
def _trade_at(core: str) -> int:
    """Return where the words of trade begin: the name proper has two characters at least."""
    words = reference.industry_words()
    for at in range(2, len(core)):
        if any(core[at : at + n] in words for n in (4, 3, 2, 1)):
            return at
    return len(core)
