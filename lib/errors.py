"""The errors that a user may see: one line each, in the process's language, with what to do next."""

from lib.words import pick


class LookthroughError(Exception):
    """An error meant for the user.

    Parameters
    ----------
    zh, en
        The message in both languages: what, which value, what is allowed, what to do next. One line.
    """

    exit_code = 1

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh, self.en = zh, en

    def __str__(self) -> str:
        # One line whatever the data: file and party names may hold line breaks and terminal escapes.
        return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in pick(self.zh, self.en))

    def _render_traceback_(self) -> list[str]:
        """Show one line instead of a traceback in IPython and JupyterLab (a hook that IPython looks for)."""
        return [f"{type(self).__name__}: {self}"]


class DataGap(LookthroughError):
    """Something that the question needs was not delivered or cannot be read from the Store."""


class BadParameter(LookthroughError):
    """A name, option or value that does not exist or is out of range; the message lists what is allowed."""

    exit_code = 2


class BadFile(LookthroughError):
    """A file that cannot be used as it is; the message names the file, the place and the next step."""


class UnknownLayout(BadFile):
    """A file that can be read and whose header no profile knows."""


class Mistakable(UnknownLayout):
    """A file whose header a profile knows and that may be something else: it is set apart whole, this being the reason."""
