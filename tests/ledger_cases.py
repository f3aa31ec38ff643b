"""Files as Hypothesis makes them up for the tests of the ledger: sound rows, broken ones, and all that stands around them."""

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import strategies as st

HEADER = ("合同编号", "借款人编号", "借款本金(元)", "借款用途")
CODECS = {"utf-8": b"", "utf-8-sig": b"\xef\xbb\xbf", "gb18030": b"", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
DELIMITERS = (",", "\t", ";", "|")
ENDS = ("\n", "\r\n", "\r")
# No character whose last byte in GB18030 could make what follows look like UTF-8.
LETTERS = "张三李娜王·é×䶮𠮷 ，（）'“=-+@#1aZ" + "".join(DELIMITERS)
_UNDECODABLE = {"utf-8": b"\xff", "gb18030": b"\xff", "utf-16-le": b"\x00\xd8", "utf-16-be": b"\xd8\x00"}
_STRAY = ("某测试公司", "买·提", "Müller公司", "阿卜杜拉·买买提")
SHAPES = ("many", "few", "amount", "no id", "text after quote", "open quote", "footer", "nul")
BYTES = ("undecodable", "other encoding")


@dataclass(frozen=True)
class Piece:
    """A record as it stands in a file: its bytes, its line break apart, and what must become of it."""

    body: bytes
    end: bytes
    kind: str
    row: tuple[str, Decimal, str] | None = None


@dataclass
class Written:
    """A whole file: what it is made of."""

    codec: str
    mark: bytes
    pieces: list[Piece] = field(default_factory=list)

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self.mark + b"".join(piece.body + piece.end for piece in self.pieces)

    def lines(self) -> list[tuple[int, Piece]]:
        """Return each record with its first line: a line ends with LF, CR LF or a lone CR."""
        line, found = 1, []
        for piece in self.pieces:
            found.append((line, piece))
            text = (piece.body + piece.end).decode(self.codec, "backslashreplace").replace("\r\n", "\n").replace("\r", "\n")
            line += text.count("\n") + (not piece.end)
        return found

    def text(self, piece: Piece) -> str:
        """Return a record as it must be shown: bytes that cannot be decoded as escapes."""
        return piece.body.decode(self.codec, "backslashreplace")


def quoted(text: str) -> str:
    """Write a cell in quotes."""
    return '"' + text.replace('"', '""') + '"'


@st.composite
def texts(draw: st.DrawFn, more: tuple[str, ...] = ()) -> str:
    """Make up a text that no blanks begin or end."""
    return "某" + "".join(draw(st.lists(st.sampled_from((*LETTERS, *more)), max_size=8))) + "公司"


def _sound(draw: st.DrawFn, number: str, delimiter: str, breaks: bool) -> tuple[str, tuple[str, Decimal, str]]:
    amount = Decimal(draw(st.integers(0, 10**15))) / 100
    quote_all = breaks and draw(st.booleans())
    text = draw(texts(('"', "\n", "\r\n", "\r") if breaks else ()))
    if not breaks:
        text = text.replace(delimiter, "")
    cells = [number, "P1", f"{amount:.2f}", text]
    special = any(c in text for c in (delimiter, '"', "\n", "\r"))
    written = [quoted(c) if quote_all or (i == 3 and special) else c for i, c in enumerate(cells)]
    return delimiter.join(written), (number, amount, text)


def _broken(draw: st.DrawFn, what: str, number: str, delimiter: str) -> str:
    amount, text = f"{draw(st.integers(1, 10**6))}.25", draw(texts()).replace(delimiter, "")
    cells = {
        "many": [number, "P1", amount, text, "x"],
        "few": [number, "P1", amount],
        "amount": [number, "P1", draw(st.sampled_from(("12x", "1.2.3", "--", "1e-3", "1 2"))), text],
        "no id": ["", "P1", amount, text],
        "text after quote": [number, "P1", amount, f'"{text}"x'],
        "open quote": [number, "P1", amount, f'"{text}'],
        "footer": [f"制表 {number}"],
        "nul": [number, "P1", amount, f"某\0{text}"],
    }
    return delimiter.join(cells[what])


def _broken_bytes(draw: st.DrawFn, what: str, number: str, delimiter: str, codec: str) -> bytes:
    begun = delimiter.join((number, "P1", "5.25", "某")).encode(codec)
    if what == "undecodable":
        return begun + _UNDECODABLE[codec] + "公司".encode(codec)
    other = "utf-8" if codec == "gb18030" else "gb18030"
    return delimiter.join((number, "P1", "5.25", draw(st.sampled_from(_STRAY)))).encode(other)


def _record(
    draw: st.DrawFn, what: str, number: str, delimiter: str, codec: str, *, breaks: bool
) -> tuple[str | bytes, str, tuple[str, Decimal, str] | None]:
    """Make up a record below the header: its text or bytes, its kind, and its row if it is a sound one."""
    if what == "row":
        text, row = _sound(draw, number, delimiter, breaks)
        return text, "accepted", row
    if what in BYTES:
        return _broken_bytes(draw, what, number, delimiter, codec), "quarantined", None
    if what in SHAPES:
        return _broken(draw, what, number, delimiter), "quarantined", None
    around = {"blank": ("", "  ", delimiter * 3), "total": (delimiter.join(("合计", "", "9.00", "")),)}
    return draw(st.sampled_from(around.get(what, (delimiter.join(HEADER),)))), what, None


@st.composite
def files(draw: st.DrawFn, name: str) -> Written:
    """Make up a file of loans: any mix of encoding, delimiter, quotes, line ends, titles, blank, broken and total lines."""
    encoding = draw(st.sampled_from(sorted(CODECS)))
    made = Written(encoding.removesuffix("-sig"), CODECS[encoding])
    delimiter, ends = draw(st.sampled_from(DELIMITERS)), draw(st.sampled_from([*((end,) for end in ENDS), ENDS]))
    wide = made.codec.startswith("utf-16")
    broken = SHAPES if wide else SHAPES + BYTES * 2
    kinds = draw(st.lists(st.sampled_from(("row", "row", "row", "blank", "broken", "broken", "total", "header")), max_size=12))
    whats = [
        draw(st.sampled_from((*broken, "undecodable") if wide else broken)) if kind == "broken" else kind for kind in kinds
    ]
    # Most lines must be of the encoding; and a quote that is left open is one only where no other quote follows.
    whats += ["row"] * (1 + sum(what in BYTES for what in whats))
    breaks = "open quote" not in whats
    if not breaks:
        whats = [what for what in whats if what != "text after quote"]

    def add(body: str | bytes, kind: str, row: tuple[str, Decimal, str] | None = None) -> None:
        end = draw(st.sampled_from(ends))
        if not body and made.pieces and made.pieces[-1].end == "\r".encode(made.codec):
            body = " "  # else CR and LF of two lines were one break
        raw = body if isinstance(body, bytes) else body.encode(made.codec)
        made.pieces.append(Piece(raw, end.encode(made.codec), kind, row))

    for i in range(draw(st.integers(0, 2))):
        add(f"某某网贷 {name} 第{i}页", "preamble")
    add(delimiter.join(HEADER), "header")
    for i, what in enumerate(whats):
        number = f"{name}-{i}"
        add(*_record(draw, what, number, delimiter, made.codec, breaks=breaks))
    if draw(st.booleans()):
        last = made.pieces.pop()
        made.pieces.append(Piece(last.body, b"", last.kind, last.row))
    return made


@st.composite
def deliveries(draw: st.DrawFn, n: int) -> list[Written]:
    """Make up several files."""
    return [draw(files(f"F{i}")) for i in range(n)]
