"""What a page does not show: identity numbers, cards, phones, and the names of lenders and borrowers.

A report is always masked. In JupyterLab nothing is, until `mask_values(True)` asks for it. The same value is masked the same
way all through a report, and two different values never look the same: the second one gets a number behind it.
"""

import re

from lib.draw.markup import on_page

_asked: list[bool] = []
_seen: dict[str, dict[str, int]] = {}

_IDENTITY = r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])"
_GROUPED = r"(?<!\d)\d{4}(?:[ -]\d{4}){2,}(?:[ -]\d{1,4})?(?!\d)"
_RUN = r"\d{7,}"
# Unified social credit codes of companies are public and name whom a report is about; no identity number begins with 9.
_PUBLIC = r"(?P<public>(?<![0-9A-Za-z])9[1-3][0-9]{6}[0-9A-HJ-NP-RTUW-Y]{10}(?![0-9A-Za-z]))"
_NUMBERS = re.compile(f"{_PUBLIC}|{_IDENTITY}|{_GROUPED}|{_RUN}")
_EMAIL = re.compile(r"([0-9A-Za-z_.+-])[0-9A-Za-z_.+-]*@([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+)")
# A day, or a day with its time, written without separators: evidence without its dates would be worth little.
_DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:(?:[01]\d|2[0-3])(?:[0-5]\d){1,2})?\Z")
# Identity numbers, cards and mobile phones inside ids of records; other long numbers in them are counters.
_PERSONAL_IN_ID = re.compile(r"(?<!\d)(?:\d{17}[0-9Xx]|62\d{14,17}|1[3-9]\d{9})(?![0-9A-Za-z])")
_TWO_CHARACTER_SURNAMES = re.compile(
    "欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|宗政|濮阳|公冶|太叔|申屠|公孙|慕容|仲孙"
    "|钟离|长孙|宇文|司徒|鲜于|司空|令狐|百里|东郭|南门|呼延"
)
_NO_PERSON = re.compile(
    r"公司|企业|集团|银行|信用社|合作社|事务所|中心|基金|协会|商行|商店|超市|工厂|[厂店部局院所社行]$|委员会|政府|大学|学校|医院|支付|财付通"
    r"|账户|专户|待清算|备付金|保证金|\d"
    r"|\b(?:co|ltd|inc|llc|plc|corp|company|group|holdings?|bank|fund|gmbh|s\.?a)\b",
    re.IGNORECASE,
)


def mask_values(on: bool) -> None:
    """Ask for masked values in JupyterLab, or for plain ones again. Reports are masked whatever is asked here."""
    _asked[:] = [on]


def masks() -> bool:
    """Tell whether values are to be masked now."""
    return on_page() or _asked == [True]


def mask_number(number: str) -> str:
    """Mask an account, card, phone or identity number: runs of seven digits or more keep at most the first 3 and last 4."""
    return _NUMBERS.sub(lambda found: found["public"] or _apart(_starred(found[0]), found[0]), number)


def mask_id(text: str) -> str:
    """Mask what is personal inside the id of a record: identity numbers, cards, mobile phones."""
    return _PERSONAL_IN_ID.sub(lambda found: _apart(_starred(found[0]), found[0]), text)


def mask_name(name: str) -> str:
    """Mask a person's name: the surname and 某 for the rest (张某, 欧阳某某), a Latin name's first letter and stars."""
    written = name.strip()
    if not written:
        return written
    if not _is_han(written[0]):
        return _apart(f"{written[0]}***", written)
    kept = 2 if _TWO_CHARACTER_SURNAMES.match(written) and len(written) > 2 else 1
    hidden = min(max(len(written) - kept, 1), 2)
    return _apart(written[:kept] + "某" * hidden, written)


def mask_text(text: str, names: tuple[str, ...] = ()) -> str:
    """Mask a line as it was handed over: long numbers, e-mail addresses and the names given.

    Days written without separators and amounts with a decimal point stay, as far as they cannot be anything else.
    """
    for name in sorted({n for n in names if n}, key=len, reverse=True):
        text = text.replace(name, mask_name(name))
    text = _EMAIL.sub(r"\1***@\2", text)
    return _NUMBERS.sub(lambda found: _in_text(found, text), text)


def looks_personal(name: str) -> bool:
    """Tell whether a written name reads like a person's: no word of a company, bank, shop or office in it."""
    return bool(name.strip()) and not _NO_PERSON.search(name)


def _in_text(found: re.Match[str], text: str) -> str:
    number = found[0]
    if found["public"] or _DAY.match(number) or _is_amount(number, text[found.end() :]):
        return number
    return _apart(_starred(number), number)


def _is_amount(number: str, after: str) -> bool:
    """Tell an amount: at most ten digits before a decimal point and digits after it."""
    return len(number) <= 10 and number.isdigit() and re.match(r"\.\d", after) is not None


def _starred(number: str) -> str:
    digits = re.sub(r"[ -]", "", number)
    head, tail = (3, 4) if len(digits) >= 11 else (2, 2)
    return f"{digits[:head]}****{digits[-tail:]}"


def _apart(masked: str, original: str) -> str:
    """Number the second, third … value that is masked to the same text."""
    known = _seen.setdefault(masked, {})
    place = known.setdefault(original, len(known) + 1)
    return masked if place == 1 else f"{masked}({place})"


def _is_han(char: str) -> bool:
    return "㐀" <= char <= "鿿" or ord(char) >= 0x20000
