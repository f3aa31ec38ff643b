"""The process whose number stands in the name of a file or folder that it made, and may have left behind."""

import re

_NUMBER = re.compile("[0-9]{1,9}")


def gone(number: str) -> bool:
    """Tell whether this is the number of a process that runs no more; a text that is no number may mean anything, so not."""
    if not _NUMBER.fullmatch(number):
        return False
    import psutil  # seldom asked: not worth 17 ms of every start

    return not bool(psutil.pid_exists(int(number)))
