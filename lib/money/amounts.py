"""Amounts between Arrow's decimals and int64 fen, without a float on the way."""

from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.errors import BadParameter
from lib.store import MONEY

Ints = npt.NDArray[np.int64]


def yuan(fen: Ints) -> pa.Array:
    """Return int64 fen as decimal128(18, 2) yuan."""
    words = np.empty((len(fen), 2), np.int64)  # a decimal128 is two little-endian words; the upper one repeats the sign
    words[:, 0], words[:, 1] = fen, fen >> 63
    return pa.Array.from_buffers(MONEY, len(fen), [None, pa.py_buffer(words.tobytes())])


def fen(amounts: pa.ChunkedArray | pa.Array) -> Ints:
    """Return decimal128(18, 2) yuan as int64 fen, null as 0."""
    whole = pa.chunked_array([amounts]) if isinstance(amounts, pa.Array) else amounts
    plain = pc.fill_null(whole.cast(MONEY), pa.scalar(Decimal(0), MONEY)).combine_chunks()
    words = np.frombuffer(plain.buffers()[1], np.int64, count=2 * (plain.offset + len(plain)))
    return words[2 * plain.offset :: 2].copy()  # amounts of 18 digits fit the lower word


def as_decimal(fen: int) -> Decimal:
    """Return fen as a Decimal of yuan with two places."""
    return Decimal(int(fen)).scaleb(-2).quantize(Decimal("0.01"))


def as_fen(name: str, value: float | str | Decimal) -> Decimal:
    """Return an amount that a caller wrote in yuan as fen (a Decimal: tolerances may be parts of a fen).

    Raises
    ------
    BadParameter
        If it is no number or negative.
    """
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        number = Decimal(-1)
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise BadParameter(
            f"{name}={value!r} 应为不小于 0 的金额 (元), 例如 {name}=1.00",
            f"{name}={value!r} must be an amount in yuan, 0 or more, for example {name}=1.00",
        )
    return number * 100


def whole_number(name: str, value: int | None, low: int, high: int) -> None:
    """Refuse a setting that is no whole number within bounds (None passes where it means no limit).

    Raises
    ------
    BadParameter
        If it is out of bounds.
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise BadParameter(
            f"{name}={value!r} 应为 {low} 到 {high} 之间的整数",
            f"{name}={value!r} must be a whole number from {low} to {high}",
        )
