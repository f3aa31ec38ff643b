"""Lookthrough: look through internet-finance institutions, to the people behind them and to where the money went."""

from typing import TYPE_CHECKING

from lib.errors import BadFile, BadParameter, DataGap
from lib.language import use_language

if TYPE_CHECKING:
    from lib.case import Case, open_case

__all__ = ["BadFile", "BadParameter", "Case", "DataGap", "open_case", "use_language"]


def __getattr__(name: str) -> object:
    """Load what needs a database when it is asked for: the command line must first be able to end well (lib/stopping.py)."""
    if name not in ("Case", "open_case"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lib import case

    return getattr(case, name)
