"""Identity numbers for made-up people and companies: their check digits are right, and nobody can bear them.

Division codes of persons and companies lie in 109901-109906: GB/T 2260 gives no province the number 10, and of 10xxxx only
100000 is used (for bodies registered with the national authority). Account numbers begin with 0099: ISO/IEC 7812 keeps a
leading 0 for its own technical committee, no bank issues such cards. Phones begin with 120 (mobile numbers begin with 13-19)
and are masked. All functions take and return arrays.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
DIVISIONS = tuple(f"10990{n}" for n in range(1, 7))
PERSON_CARD, COMPANY_ACCOUNT, PHONE = "00996", "00994", "120"
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # GB 11714 counts I, O, S, V and Z too: there M is 22, in GB 32100 it is 21
_PERSON_WEIGHTS = np.array([2**n % 11 for n in range(17, 0, -1)])
_USCC_WEIGHTS = np.array([3**n % 31 for n in range(17)])
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])


def person_checks(bodies: pa.Array) -> pa.Array:
    """Return the check characters of 17-digit identity numbers (GB 11643, ISO 7064 mod 11-2)."""
    return _picked("10X98765432", _values(bodies) @ _PERSON_WEIGHTS % 11)


def organisation_checks(bodies: pa.Array) -> pa.Array:
    """Return the check characters of 8-character organisation codes (GB 11714)."""
    return _picked("0X987654321", _values(bodies, _LETTERS) @ _ORGANISATION_WEIGHTS % 11)


def uscc_checks(bodies: pa.Array) -> pa.Array:
    """Return the check characters of 17-character unified social credit codes (GB 32100, mod 31)."""
    return _picked(_ALPHABET, (31 - _values(bodies) @ _USCC_WEIGHTS % 31) % 31)


def luhn_checks(bodies: pa.Array) -> pa.Array:
    """Return the check digits of card numbers (ISO/IEC 7812, Luhn); all of one length."""
    digits = _values(bodies)
    doubled = digits[:, ::-1].copy()
    doubled[:, ::2] *= 2
    return _picked("0123456789", -(doubled // 10 + doubled % 10).sum(axis=1) % 10)


def people(serials: Ints, born: Ints, sequence: Ints) -> pa.Array:
    """Return the identity numbers of the serial-th persons, born on these days (since 1970), sequence numbers below 1000."""
    days = pc.strftime(pa.array(born.astype("datetime64[D]")), format="%Y%m%d")
    bodies = _joined(_division(serials), days, padded(sequence, 3))
    return _joined(bodies, person_checks(bodies))


def companies(serials: Ints) -> pa.Array:
    """Return the unified social credit codes of the serial-th companies."""
    organisations = _joined("MA", padded(serials, 6))
    bodies = _joined("91", _division(serials), organisations, organisation_checks(organisations))
    return _joined(bodies, uscc_checks(bodies))


def accounts(serials: Ints, company: npt.NDArray[np.bool_]) -> pa.Array:
    """Return the serial-th account numbers: 19 digits for a person's card, 17 for a company's account."""
    of_companies = _joined(COMPANY_ACCOUNT, padded(serials * 7919 % 10**11, 11))
    of_people = _joined(PERSON_CARD, padded(serials * 7919 % 10**13, 13))
    of_companies, of_people = _joined(of_companies, luhn_checks(of_companies)), _joined(of_people, luhn_checks(of_people))
    return pc.if_else(pa.array(company), of_companies, of_people)


def phones(serials: Ints) -> pa.Array:
    """Return masked telephone numbers."""
    return _joined(PHONE, "****", padded(serials * 7919 % 10_000, 4))


def padded(numbers: Ints, width: int) -> pa.Array:
    """Write whole numbers with leading zeros."""
    return pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")


def _joined(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _division(serials: Ints) -> pa.Array:
    return pa.array(DIVISIONS).take(pa.array(serials % len(DIVISIONS)))


def _values(bodies: pa.Array, alphabet: str = _ALPHABET) -> Ints:
    """Return the values of the characters, their places in an alphabet, one row per body; all are of one length and ASCII."""
    width, values = len(bodies[0].as_py()), np.zeros(128, np.int64)
    values[[ord(c) for c in alphabet]] = np.arange(len(alphabet))
    return values[np.array(bodies.to_pylist(), dtype=f"S{width}").view(np.uint8).reshape(len(bodies), width)]


def _picked(alphabet: str, places: Ints) -> pa.Array:
    return pa.array(list(alphabet)).take(pa.array(places))
