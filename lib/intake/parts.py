"""What is to be read of a file: one or more parts. A text is one, each sheet of a workbook is one, each member of a zip a file.

Containers are unpacked by the sandbox; a zip inside a zip is opened, one inside that is not.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from lib.errors import BadFile
from lib.intake import encodings, foreign, readers
from lib.intake.readers import Examined
from lib.intake.sandbox import Reason, Sandbox, Unpacked

# Names of workbooks and archives: what has one of these names and is plain text is not what it says.
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
# Names of files of statements (BODS): the child finds out whether they are.
STATEMENTS = (".json", ".jsonl")
# Documents that come along with data.
DOCUMENTS = (".md", ".pdf", ".doc", ".docx", ".ofd", ".html", ".htm", ".png", ".jpg", ".jpeg", ".gif", ".log")
_DEPTH = 1  # an archive in an archive is opened


@dataclass(frozen=True)
class Part:
    """What is read as one table, or why it cannot be.

    Attributes
    ----------
    path, name, file
        The file as it was handed over, its path within the delivery, and what is known of its bytes.
    member, sheet
        Where in the file: the member's path in a zip, the sheet of a workbook; empty where there is none.
    text, examined
        The bytes to be read, and what is known of them; a sheet's lines are its rows, and its encoding is `sheet`.
    hidden, date1904
        Whether the sheet is hidden; whether its days are counted from 1904.
    mislabelled
        What it is, where its name says something else.
    refused
        Why it cannot be read.
    """

    path: Path
    name: str
    file: Examined
    text: Path
    examined: Examined
    member: str = ""
    sheet: str = ""
    hidden: bool = False
    date1904: bool = False
    mislabelled: Reason | None = None
    refused: Reason | None = None

    @property
    def whole(self) -> bool:
        """Whether it is the file itself, byte for byte."""
        return not self.member and not self.sheet

    @property
    def sha256(self) -> str:
        """Hash of the file."""
        return self.file.sha256

    @property
    def file_name(self) -> str:
        """The name that says what it is: of the member, else of the file."""
        return self.member or self.name

    @property
    def label(self) -> str:
        """File, member and sheet, for people."""
        return label(self.name, self.member, self.sheet)

    @property
    def id(self) -> str:
        """S and 12 hex digits: of the file's hash, or of that with member and sheet."""
        return part_id(self.sha256, self.member, self.sheet)


def label(name: str, member: str | None = "", sheet: str | None = "") -> str:
    """Write where a part stands: 流水.zip » 1.xlsx » Sheet1."""
    return " » ".join(piece for piece in (name, member, sheet) if piece)


def part_id(sha256: str, member: str = "", sheet: str = "") -> str:
    """Return the id of a part: S and 12 hex digits."""
    if member or sheet:
        sha256 = hashlib.sha256("\0".join((sha256, member, sheet)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"S{sha256[:12]}"


def is_note(name: str) -> bool:
    """Tell from a path whether it is no data: hidden, a note or a document."""
    pieces = PurePosixPath(name.replace("\\", "/"))
    if any((piece.startswith(".") and piece not in (".", "..")) or piece == "__MACOSX" for piece in pieces.parts):
        return True
    stem, suffix = pieces.stem.casefold(), pieces.suffix.casefold()
    return suffix in DOCUMENTS or (not suffix and stem in ("readme", "license", "notice", "changelog"))


def kind(path: Path, name: str) -> str:
    """Tell by its first bytes what a file is: text, workbook, zip or html."""
    with readers.opened(path) as file:
        head = file.read(foreign.SNIFFED)
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return "zip"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "workbook"
    suffix = PurePosixPath(name).suffix.casefold()
    if suffix in STATEMENTS:
        return "json"
    if suffix == ".zip":
        return "zip"  # it says so: the child finds out why it is none
    if suffix in WORKBOOKS and head.decode("latin-1").replace("\0", "").lstrip("ÿþ\xef\xbb\xbf \t\r\n").lower().startswith(
        foreign.HTML
    ):
        return "html"
    return "text"


def parts(path: Path, name: str, examined: Examined, sandbox: Sandbox) -> list[Part]:
    """Return the parts of a file, in its own order; a file that cannot be unpacked is one part that is refused.

    Raises
    ------
    BadFile
        If the file changes meanwhile.
    """
    whole = Part(path, name, examined, path, examined)
    before = path.stat()
    found = _parts(whole, sandbox, 0)
    after = path.stat()
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise BadFile(f"{name}: 文件在导入时被改动, 未导入。请重试", f"{name}: the file changed while it was read. Try again")
    return _distinct(found)


def _parts(part: Part, sandbox: Sandbox, depth: int) -> list[Part]:
    suffix = PurePosixPath(part.file_name).suffix.casefold()
    if unread := foreign.unread(suffix):
        return [replace(part, refused=unread)]
    what = kind(part.text, part.file_name)
    if what == "text":
        return [_text(part, suffix)]
    unpacked = sandbox.unpack(what, part.text)
    if unpacked.refused:
        return [replace(part, refused=unpacked.refused)]
    if depth > _DEPTH and any("member" in said for said in unpacked.parts):
        return [replace(part, refused=("压缩包嵌套过深", "archives are packed too deep in one another"))]
    html = (f"不是 {suffix} 工作簿, 而是网页 (HTML)", f"no {suffix} workbook but a page (HTML)") if what == "html" else None
    return [made for said in unpacked.parts for made in _part(replace(part, mislabelled=html), unpacked, said, sandbox, depth)]


def _text(part: Part, suffix: str) -> Part:
    """Return a part that is text; if it calls itself a workbook, say what it is, and refuse what a text is not read as."""
    if suffix not in WORKBOOKS:
        return part
    if found := foreign.of_spreadsheets(part.text):
        zh, en = found
        todo = "请用 Excel 打开并另存为 .xlsx", "save it as .xlsx"
        return replace(
            part, refused=(f"不是 {suffix} 工作簿, 而是{zh}; {todo[0]}", f"no {suffix} workbook but {en}; {todo[1]}")
        )
    return replace(part, mislabelled=(f"不是 {suffix} 工作簿, 而是文本", f"no {suffix} workbook but text"))


def _part(part: Part, unpacked: Unpacked, said: dict[str, Any], sandbox: Sandbox, depth: int) -> list[Part]:
    """Make a part of what the child said: a sheet, or a member that is a file again."""
    if "sheet" in said:
        examined = Examined(str(said["sha256"]), int(said["bytes"]), encodings.SHEET)
        hidden, date1904 = bool(said.get("hidden")), bool(said.get("date1904"))
        text = unpacked.folder / str(said["text"])
        return [replace(part, text=text, examined=examined, sheet=str(said["sheet"]), hidden=hidden, date1904=date1904)]
    own = str(said["member"])
    member = replace(part, member=f"{part.member}/{own}" if part.member else own)
    if is_note(own):
        return []
    if "refused" in said:
        return [replace(member, refused=(str(said["refused"][0]), str(said["refused"][1])))]
    text = unpacked.folder / str(said["text"])
    return _parts(replace(member, text=text, examined=readers.examine(text)), sandbox, depth + 1)


def _distinct(found: list[Part]) -> list[Part]:
    """Number parts of one name: a hostile file may have several, and each needs an id of its own."""
    seen: dict[tuple[str, str], int] = {}
    made = []
    for part in found:
        n = seen[part.member, part.sheet] = seen.get((part.member, part.sheet), 0) + 1
        if n > 1:
            part = replace(part, sheet=f"{part.sheet} ({n})") if part.sheet else replace(part, member=f"{part.member} ({n})")
        made.append(part)
    return made
