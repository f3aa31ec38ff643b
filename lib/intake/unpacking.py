"""The child's side of the sandbox: untrusted workbooks, archives and HTML tables become plain files that can be read safely.

Runs in a process of its own (see sandbox.py), for parsers may be led to eat all memory or to end the process. It imports
nothing but the standard library, python-calamine and what lies beside it. A sheet is written as UTF-8 with commas, one
physical line per row from row 1: a line break inside a cell is written U+2028. A number is written with the digits that tell
it from every other (whole ones without .0); from 10^15 on as 6.22202123456789E+18, since a sheet keeps 15 digits only.
"""

import contextlib
import errno
import gc
import hashlib
import json
import os
import signal
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from lib.intake import biff, bods, bods_statements, cells, html_tables

try:
    import resource
except ImportError:  # Windows: the parent's clock is the only limit there
    resource = None  # type: ignore[assignment]

_CHUNK = 1 << 20
_WATCH_SECONDS = 0.5
_DAMAGED = ("文件已损坏或不是其扩展名所示的格式", "the file is damaged or not what its name says")


class Refused(Exception):
    """Why a file cannot be unpacked, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh, self.en = zh, en


@dataclass
class Output:
    """What has been written for one file, and how much of it there may be."""

    folder: Path
    limits: dict[str, int]
    parts: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0

    def write(self, pieces: Iterator[bytes], **said: Any) -> None:
        """Write a part; its size and hash go into the answer beside what is `said` of it."""
        path = self.folder / f"{len(self.parts):05}"
        digest, before = hashlib.sha256(), self.size
        with path.open("xb") as file:
            for piece in pieces:
                self.size += len(piece)
                if self.size > self.limits["output_bytes"]:
                    raise _too_large(self.limits["output_bytes"])
                digest.update(piece)
                file.write(piece)
        self.parts.append({"text": path.name, "bytes": self.size - before, "sha256": digest.hexdigest(), **said})

    def refuse(self, zh: str, en: str, **said: Any) -> None:
        """Note a part that cannot be read, and why."""
        self.parts.append({"refused": [zh, en], **said})


def workbook(path: Path, out: Output) -> None:
    """Write each sheet of a workbook, the hidden ones too, in the order of the workbook."""
    import python_calamine as calamine

    zipped = zipfile.is_zipfile(path)
    if zipped:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive, path, out.limits)
    with path.open("rb") as file:
        if not zipped:
            _check_open(file)
        book = calamine.CalamineWorkbook.from_filelike(file)
        with book, ThreadPoolExecutor(1) as pool:
            names = book.sheet_names
            # Beside calamine's own parse, which lets other threads run.
            untold = pool.submit(cells.extras, path, names) if zipped else pool.submit(biff.extras, path, names)
            for number, about in enumerate(book.sheets_metadata):
                if about.typ in (calamine.SheetTypeEnum.ChartSheet, calamine.SheetTypeEnum.Vba):
                    continue  # there are no cells in it
                sheet, extras = book.get_sheet_by_index(number), untold.result()
                rows, columns = (n + 1 for n in sheet.end or (-1, -1))
                _check_sheet(about.name, rows, columns, out.limits)
                filled = extras.added(about.name, sheet.iter_rows(), sheet.start, sheet.width)
                out.write(
                    cells.lines(filled, out.limits["cell_chars"]),
                    sheet=about.name,
                    hidden=about.visible != calamine.SheetVisibleEnum.Visible,
                    date1904=extras.date1904,
                )


def archive(path: Path, out: Output) -> None:
    """Write each file of a zip under a number; its name is only ever data."""
    with zipfile.ZipFile(path) as opened:
        names = opened.namelist()
        if "xl/workbook.xml" in names or "xl/workbook.bin" in names or names[:1] == ["mimetype"]:
            workbook(path, out)
            return
        _check_size(opened, path, out.limits)
        for info in opened.infolist():
            if not info.is_dir():
                _member(opened, info, out)


def _member(opened: zipfile.ZipFile, info: zipfile.ZipInfo, out: Output) -> None:
    name = member_name(info)
    if info.flag_bits & 1:
        out.refuse("压缩包成员已加密, 无法读取", "the member of the archive is encrypted", member=name)
        return
    before = out.size
    try:
        out.write(_pieces(opened, info), member=name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError):
        out.size = before
        (out.folder / f"{len(out.parts):05}").unlink(missing_ok=True)
        out.refuse("压缩包成员已损坏或压缩方式不支持", "the member is damaged or packed by other means", member=name)


def _pieces(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with opened.open(info) as file:
        while piece := file.read(_CHUNK):
            yield piece


def member_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name: UTF-8 where it says so or is valid, else GB18030, as Chinese programs write it."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return info.filename


def html(path: Path, out: Output) -> None:
    """Write each table of an HTML page that calls itself a workbook."""
    try:
        tables = html_tables.tables(path.read_bytes())
    except html_tables.Unreadable as error:
        raise Refused(*error.reason) from None
    if not tables:
        raise Refused("其中没有表格 (HTML)", "there is no table in it (HTML)")
    for number, rows in enumerate(tables, 1):
        _check_sheet(str(number), len(rows), max(map(len, rows), default=0), out.limits)
        out.write(cells.lines(iter(rows), out.limits["cell_chars"]), sheet=f"table {number}")


def statements(path: Path, out: Output) -> None:
    """Write the sheets that the statements of a BODS file become."""
    try:
        made = bods.sheets(path.read_bytes())
    except bods_statements.Unreadable as error:
        raise Refused(*error.reason) from None
    except RecursionError:
        raise Refused("JSON 嵌套过深", "JSON nested too deep") from None
    for number, rows in enumerate(made, 1):
        _check_sheet(str(number), len(rows), len(bods.COLUMNS), out.limits)
        name = "statements" if number == 1 else f"statements {number}"
        out.write(cells.lines(iter(rows), out.limits["cell_chars"]), sheet=name)


def _check_size(opened: zipfile.ZipFile, path: Path, limits: dict[str, int]) -> None:
    """Refuse an archive that unpacks to far more than it is."""
    infos = opened.infolist()
    if len(infos) > limits["members"]:
        n, most = len(infos), limits["members"]
        raise Refused(f"压缩包有 {n:,} 个成员, 上限 {most:,} 个", f"{n:,} members in the archive; {most:,} are allowed")
    whole, packed = sum(info.file_size for info in infos), max(path.stat().st_size, 1)
    if whole > limits["output_bytes"]:
        raise _too_large(limits["output_bytes"])
    if whole > limits["ratio_free_bytes"] and whole > limits["ratio"] * packed:
        ratio, most = whole // packed, limits["ratio"]
        raise Refused(
            f"解压后是原大小的 {ratio:,} 倍 (上限 {most} 倍), 疑为压缩炸弹",
            f"it unpacks to {ratio:,} times its size ({most} are allowed): a bomb, it seems",
        )


def _check_sheet(name: str, rows: int, columns: int, limits: dict[str, int]) -> None:
    for n, most, zh, en in ((rows, limits["rows"], "行", "rows"), (columns, limits["columns"], "列", "columns")):
        if n > most:
            raise Refused(
                f"工作表 {name} 有 {n:,} {zh}, 上限 {most:,} {zh}", f"the sheet {name} has {n:,} {en}; {most:,} are allowed"
            )


def _check_open(file: IO[bytes]) -> None:
    """Refuse a workbook that asks for a password: Office wraps it into another kind of file."""
    head = file.read(_CHUNK)
    file.seek(0)
    if "EncryptedPackage".encode("utf-16-le") in head:
        raise Refused("工作簿设有打开密码, 无法读取", "the workbook asks for a password")


def _too_large(most: int) -> Refused:
    size = f"{most / 1e9:,.1f} GB" if most >= 1e8 else f"{most:,}"
    return Refused(f"解压后超过上限 {size}", f"it unpacks to more than {size} bytes")


_TASKS: dict[str, Callable[[Path, Output], None]] = {"workbook": workbook, "zip": archive, "html": html, "json": statements}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Do one file; whatever is wrong with it becomes a reason."""
    _limit_time(request["limits"])
    out = Output(Path(request["folder"]), request["limits"])
    try:
        _TASKS[request["task"]](Path(request["path"]), out)
    except (Refused, cells.TooLong) as refused:
        return {"refused": [refused.zh, refused.en]}
    except MemoryError:
        most = request["limits"]["memory_bytes"] / 2**30
        return {"refused": [f"解析所需内存超过上限 {most:.1f} GB", f"reading it takes more memory than {most:.1f} GB"]}
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return {"full": True}
        return {"refused": [*_said(error)]}
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a parser in Rust may panic, which is no Exception
        return {"refused": [*_said(error)]}
    return {"parts": out.parts}


def _said(error: BaseException) -> Sequence[str]:
    why = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    if "assword" in why or "ncrypt" in why:
        return "工作簿设有打开密码, 无法读取", "the workbook asks for a password"
    return f"{_DAMAGED[0]} ({why})", f"{_DAMAGED[1]} ({why})"


def _limit_time(limits: dict[str, int]) -> None:
    """Give the next file its own share of CPU time."""
    if resource is not None:
        used = time.process_time()
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(used) + limits["cpu_seconds"] + 1, hard))


def _limit_space(limits: dict[str, int]) -> None:
    if resource is not None:
        for what, most in ((resource.RLIMIT_AS, limits["memory_bytes"]), (resource.RLIMIT_FSIZE, limits["output_bytes"])):
            hard = resource.getrlimit(what)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of address space
                resource.setrlimit(what, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold people's data


def _end_with(parent: int) -> None:
    """End this process soon after its parent has been killed: nobody waits for what it would still write."""
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def main() -> None:
    """Answer requests, one line of JSON each, until there are no more."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole group; the parent ends its child
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    os.umask(0o077)
    gc.disable()  # millions of cells, and nothing that refers to itself
    limited = False
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if not limited:
            _limit_space(request["limits"])
            limited = True
        sys.stdout.buffer.write(json.dumps(answer(request)).encode() + b"\n")
        sys.stdout.buffer.flush()
