"""Eight bytes of a text at once, as one number: what is asked of a byte is asked of eight in the same few steps."""

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

SIZE = 8
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_HIGH = np.uint64(0x8080808080808080)
_LOW = np.uint64(0x7F7F7F7F7F7F7F7F)


@intrinsic
def _load(typing: Any, text: Any, at: Any) -> Any:
    """Load the bytes of a text from a place on; that there are eight is not checked."""

    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, given[0])
        place = builder.gep(array.data, [given[1]])
        return builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()), align=1)

    return types.uint64(text, types.int64), code


@njit(cache=True, nogil=True, forceinline=True)
def word(text: NDArray[np.uint8], at: int) -> np.uint64:
    """Return the eight bytes from a place on, the first one lowest; zeros where the text has ended."""
    if at + SIZE <= len(text):
        return np.uint64(_load(text, at))  # type: ignore[call-arg]  # numba gives it the typing context
    made = np.uint64(0)
    for k in range(max(len(text) - at, 0)):
        made |= np.uint64(text[at + k]) << np.uint64(8 * k)
    return made


@njit(cache=True, nogil=True, forceinline=True)
def of_first(n: int) -> np.uint64:
    """Return the mask of the first n bytes of a word, up to all eight."""
    if n >= SIZE:
        return ALL
    return (np.uint64(1) << np.uint64(8 * n)) - np.uint64(1) if n > 0 else np.uint64(0)


@njit(cache=True, nogil=True, forceinline=True)
def is_like(bytes_: np.uint64, pattern: np.uint64, slack: np.uint64) -> bool:
    """Tell whether each byte is the pattern's, or one of the next few: `slack` has 0x7F less that number in each byte."""
    apart = bytes_ ^ pattern
    return bool(((((apart & _LOW) + slack) | apart) & _HIGH) == 0)


def pattern(text: str) -> tuple[np.uint64, np.uint64]:
    """Return pattern and slack (`is_like`) of eight characters: 0 stands for any digit, the others for themselves."""
    assert len(text) == SIZE
    # '0' is 0x30, so that what a digit is apart from it (by exclusive or) is the digit itself
    slack = bytes(0x7F - 9 if c == "0" else 0x7F for c in text)
    return np.uint64(int.from_bytes(text.encode(), "little")), np.uint64(int.from_bytes(slack, "little"))
