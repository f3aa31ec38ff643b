"""Choosing the language in which this process speaks; every text asks words.language() for it."""

import os

from lib.errors import BadParameter
from lib.words import LANGUAGES


def use_language(lang: str) -> None:
    """Speak Chinese or English from now on, in this process and those it starts.

    Parameters
    ----------
    lang
        `zh` or `en`.

    Raises
    ------
    BadParameter
        If it is another language.
    """
    if lang not in LANGUAGES:
        raise BadParameter(f"lang={lang!r} 应为 zh 或 en", f"lang={lang!r} is not a language here; say zh or en")
    os.environ["LOOKTHROUGH_LANG"] = lang
