"""Files that people ask for by name: new ones only, and no half of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xlsxwriter.exceptions import XlsxWriterException

from lib import paths
from lib.errors import BadParameter, DataGap


def check_new(path: Path, *suffixes: str) -> None:
    """Refuse a name that is not of a new file in a folder that is there.

    Parameters
    ----------
    suffixes
        Of which the name must have one, in any case.

    Raises
    ------
    BadParameter
        If it ends otherwise, its folder is not there, or the file is.
    """
    shown = paths.written(path)
    if path.suffix.casefold() not in suffixes:
        raise BadParameter(
            f"{shown} 不是 {' 或 '.join(suffixes)} 文件名。请换一个文件名",
            f"{shown} is no name of a file in {' or '.join(suffixes)}. Give another name",
        )
    if not path.parent.is_dir():
        raise BadParameter(
            f"没有文件夹 {paths.written(path.parent)}。请先建立, 或换一个位置",
            f"There is no folder {paths.written(path.parent)}. Make it first, or give another place",
        )
    if path.exists() or path.is_symlink():
        raise BadParameter(
            f"{shown} 已存在, 其中可能有他人的改动, 不会覆盖。请换一个文件名, 或先移走它",
            f"{shown} is there already, perhaps with what somebody has changed in it, and is left alone. "
            "Give another name, or move it away",
        )


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give a temporary file that becomes `path` when the block ends well, and is removed when it does not.

    Raises
    ------
    DataGap
        If it cannot be written.
    """
    try:
        with paths.replacing(path) as draft:
            yield draft
    except (OSError, XlsxWriterException) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DataGap(
            f"{paths.written(path)} 无法写入 ({why})。请检查路径、磁盘空间和写入权限",
            f"{paths.written(path)} cannot be written ({why}). Check path, free space and permissions",
        ) from None
