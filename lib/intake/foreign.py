"""What files are that hold no table: pictures, documents, pages, archives. Told by their first bytes, else by their names."""

import re
from pathlib import Path, PurePosixPath

from lib.intake import readers

SNIFFED = 4096
HTML = ("<html", "<!doctype html", "<table", "<meta", "<head", "<body", "<style")
# Forms that cannot be read: data, and documents that a container holds, which would be opened for nothing.
_UNREAD = frozenset(
    (
        *(".rar", ".7z", ".gz", ".tar", ".bz2", ".xz", ".parquet", ".mdb", ".accdb", ".dbf", ".et", ".numbers"),
        *(".ppt", ".pptx", ".wps", ".dps", ".msg", ".xps", ".epub", ".vsd", ".vsdx"),
    )
)
Said = tuple[str, str]
# What spreadsheet programs write and only they can read: what stands in it, and what it is.
_OF_SPREADSHEETS: tuple[tuple[bytes, Said], ...] = (
    (b"urn:schemas-microsoft-com:office:spreadsheet", ("XML 电子表格 2003", "an XML spreadsheet of 2003")),
    (b"urn:oasis:names:tc:opendocument", ("单文件 XML (OpenDocument)", "an OpenDocument file in one piece of XML")),
    (b"mime-version:", ("单个网页文件 (MHTML)", "a page packed as MHTML")),
)
_PICTURE, _ARCHIVE = ("图片", "a picture"), ("压缩包", "an archive")
_BEGINS: tuple[tuple[bytes, Said], ...] = (
    (b"%PDF-", ("PDF 文件", "a PDF")),
    (b"{\\rtf", ("RTF 文档", "a document (RTF)")),
    *((magic, _PICTURE) for magic in (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")),
    *((magic, _ARCHIVE) for magic in (b"Rar!\x1a", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")),
    (b"SQLite format 3\0", ("SQLite 数据库", "a database (SQLite)")),
    (b"PAR1", ("Parquet 文件", "a Parquet file")),
)
_MARKUP: tuple[tuple[str, Said], ...] = (
    ("|".join(HTML), ("网页 (HTML)", "a page (HTML)")),
    (r"<\?xml|<[a-z]", ("XML 文件", "an XML file")),
    (r'\{\s*["}]|\[\s*[\[{]', ("JSON 文件", "a JSON file")),
)
_CONTROL = bytes(set(range(1, 32)) - set(b"\t\n\v\f\r\x1a\x1b"))
_MOST_CONTROL = 0.01  # of its bytes, above which a text is none


def unread(suffix: str) -> Said | None:
    """Say of a form of data that is not read what to do with it; None if it may be one that is."""
    if suffix not in _UNREAD:
        return None
    return (
        f"不读取 {suffix} 文件。请解开或另存为 CSV、Excel 工作簿或 zip 后导入",
        f"{suffix} files are not read: unpack them, or save them as CSV, a workbook or zip, and import that",
    )


def of_spreadsheets(path: Path) -> Said | None:
    """Tell what of a spreadsheet program's own forms a text is; None if it is none of them."""
    head = _head(path).lower().replace(b"\0", b"")
    return next((said for mark, said in _OF_SPREADSHEETS if mark in head), None)


def no_table(path: Path, name: str, encoding: str) -> Said | None:
    """Say what a file is that fits no layout, and what to do with it; None if it may be a table all the same.

    Parameters
    ----------
    path
        Where its bytes lie.
    name
        Its path within the delivery.
    encoding
        Which it seems to have: bytes of UTF-16 look like those of no text.
    """
    head, suffix = _head(path), PurePosixPath(name).suffix.casefold()
    found: Said | None = ("电子邮件", "an e-mail") if suffix == ".eml" else None
    found = found or next((said for magic, said in _BEGINS if head.startswith(magic)), None)
    found = found or of_spreadsheets(path) or _marked_up(head)
    if found is None and not encoding.startswith("utf-16") and not _is_text(head):
        found = f"二进制文件 {suffix}".rstrip(), f"a binary file {suffix}".rstrip()
    if found is None:
        return None
    return (
        f"不是表格, 而是{found[0]}; 如其中有数据, 请另存为 CSV 或 Excel 工作簿后导入",
        f"no table but {found[1]}; if there are data in it, save it as CSV or a workbook and import that",
    )


def _marked_up(head: bytes) -> Said | None:
    text = head.replace(b"\0", b"").decode("latin-1").lstrip("ÿþ\xef\xbb\xbf \t\r\n").lower()
    return next((said for begins, said in _MARKUP if re.match(begins, text)), None)


def _is_text(head: bytes) -> bool:
    """Tell whether bytes may be text: hardly any control characters stand in one, if not those of a damaged line."""
    return len(head) - len(head.translate(None, _CONTROL)) <= _MOST_CONTROL * len(head)


def _head(path: Path) -> bytes:
    with readers.opened(path) as file:
        return file.read(SNIFFED)
