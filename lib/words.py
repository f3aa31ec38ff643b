"""The words that people read, in Chinese and English, and the language that this process speaks.

Words live in labels.toml, never in code: a heading, a column label, the name of an outcome. Messages of errors stand where
they are raised, in both languages side by side.
"""

import os
import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("zh", "en")
_HERE = Path(__file__).parent


def language() -> str:
    """Return the language of this process, `zh` or `en`: LOOKTHROUGH_LANG, Chinese by default."""
    chosen = os.environ.get("LOOKTHROUGH_LANG", "zh")
    return chosen if chosen in LANGUAGES else "zh"


def pick(zh: str, en: str) -> str:
    """Return the one of two texts that the process's language asks for."""
    return en if language() == "en" else zh


@cache
def labels() -> dict[str, dict[str, dict[str, str]]]:
    """Return labels.toml: section → key → language → text."""
    with (_HERE / "labels.toml").open("rb") as file:
        return tomllib.load(file)


def word(section: str, key: str, /, **values: object) -> str:
    """Return a text of labels.toml in the process's language, its `{names}` filled in.

    Raises
    ------
    KeyError
        If labels.toml has no such section or key: a fault of the program, found by a test.
    """
    text = labels()[section][key][language()]
    return text.format(**values) if values else text


def has_word(section: str, key: str) -> bool:
    """Tell whether labels.toml has this key in this section."""
    return key in labels().get(section, {})
