"""Identity numbers for made-up people and companies: their check digits are right, and nobody can bear them.

Division codes of persons and companies lie in 109901-109906: GB/T 2260 gives no province the number 10, and of 10xxxx only
100000 is used (for bodies registered with the national authority). Account numbers begin with 0099: ISO/IEC 7812 keeps a
leading 0 for its own technical committee, no bank issues such cards. Phones begin with 120: mobile numbers begin with 13-19.
"""

DIVISIONS = tuple(f"10990{n}" for n in range(1, 7))
PERSON_CARD, COMPANY_ACCOUNT, PHONE = "00996", "00994", "120"
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(3**n % 31 for n in range(17))
_PERSON_WEIGHTS = tuple(2**n % 11 for n in range(17, 0, -1))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def person_check(body: str) -> str:
    """Return the check character of a 17-digit identity number (GB 11643, ISO 7064 mod 11-2)."""
    rest = sum(int(d) * w for d, w in zip(body, _PERSON_WEIGHTS, strict=True)) % 11
    return "10X98765432"[rest]


def organisation_check(body: str) -> str:
    """Return the check character of an 8-character organisation code (GB 11714)."""
    rest = 11 - sum(_USCC.index(c) * w for c, w in zip(body, _ORGANISATION_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def uscc_check(body: str) -> str:
    """Return the check character of a 17-character unified social credit code (GB 32100, mod 31)."""
    rest = sum(_USCC.index(c) * w for c, w in zip(body, _USCC_WEIGHTS, strict=True)) % 31
    return _USCC[(31 - rest) % 31]


def luhn_check(body: str) -> str:
    """Return the check digit of a card number (ISO/IEC 7812, Luhn)."""
    doubled = (int(d) * 2 if place % 2 == 0 else int(d) for place, d in enumerate(reversed(body)))
    return str(-sum(n // 10 + n % 10 for n in doubled) % 10)


def person_number(serial: int, born: str) -> str:
    """Return the identity number of the serial-th person, born on YYYYMMDD."""
    body = f"{DIVISIONS[serial % 6]}{born}{serial % 1000:03d}"
    return body + person_check(body)


def company_number(serial: int) -> str:
    """Return the unified social credit code of the serial-th company."""
    organisation = f"MA{serial:06d}"
    body = f"91{DIVISIONS[serial % 6]}{organisation}{organisation_check(organisation)}"
    return body + uscc_check(body)


def account_number(serial: int, *, company: bool) -> str:
    """Return the serial-th account number: 19 digits for a person's card, 17 for a company's account."""
    body = f"{COMPANY_ACCOUNT}{serial * 7919 % 10**11:011d}" if company else f"{PERSON_CARD}{serial * 7919 % 10**13:013d}"
    return body + luhn_check(body)
