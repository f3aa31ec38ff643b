"""Identity numbers as two files may write them."""

_SHORT, _LONG = 15, 18
_CENTURY = "19"  # of all who had a number of 15 digits


def same_number(a: str, b: str) -> bool:
    """Tell whether two identity numbers are one: written alike, or one of 15 digits and the 18 that it has become."""
    short, long = sorted((a, b), key=len)
    if (len(short), len(long)) != (_SHORT, _LONG):
        return a.upper() == b.upper()
    return long[6:8] == _CENTURY and long[:6] + long[8:17] == short
