"""Lookthrough: look through internet-finance institutions, to the people behind them and to where the money went."""

from lib.case import Case, open_case
from lib.errors import BadFile, BadParameter, DataGap
from lib.language import use_language

__all__ = ["BadFile", "BadParameter", "Case", "DataGap", "open_case", "use_language"]
