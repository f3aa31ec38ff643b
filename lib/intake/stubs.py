"""A profile to begin with for a file that no profile knows: what of its header is recognised, what is missing, what is left."""

import hashlib
from collections.abc import Iterator, Sequence

from lib.intake import mapping, matching, profiles


def stub(header: Sequence[str], name: str = "") -> str:
    """Return a mapping.toml to begin with for a file with this header: what is recognised, what is missing, what is left."""
    text = ",".join('"' + cell.replace('"', '""') + '"' for cell in header)
    near = matching.nearest(name, "utf-8", {",": [(1, text)]})
    return "\n".join(_stub_lines(header, near)) + "\n"


def _stub_lines(header: Sequence[str], near: matching.Near | None) -> Iterator[str]:
    base = near.profile if near and len(near.found) > 1 else profiles.load()["banks.flagged"]
    written = {profiles.normal(cell): cell.strip() for cell in header if cell.strip()}
    used = {alias: column for column, aliases in base.columns.items() for alias in aliases if alias in written}
    yield f"# 版式草稿, 以 {base.title['zh']} ({base.id}) 为基础: 补全后存为交付目录中的 {mapping.NAME}。"
    yield f"# A profile to begin with, on {base.title['en']} ({base.id}): complete it, put it into the delivery."
    yield "# 键的含义见 docs/layouts.md; what the keys mean is told there."
    yield "[[profile]]"
    digest = hashlib.sha256("\0".join(written).encode()).hexdigest()[:6]
    yield f'id = "own.{digest}"'
    yield 'title = {zh = "?", en = "?"}'
    yield f'base = "{base.id}"'
    yield ""
    yield "[profile.columns]"
    for alias, column in used.items():
        yield f"# {column} = [{_quoted(written[alias])}] 已识别 recognised"
    missing = near.missing if near and near.profile is base else [*base.required, *base.present]
    for column in dict.fromkeys(each for wanted in missing for each in wanted.split("|") if each in base.columns):
        yield f'{column} = ["?"] # 表头中的列名 its name in the header'
    left = [_quoted(cell) for alias, cell in written.items() if alias not in used]
    if left:
        yield f"# 未识别的列 not recognised: {', '.join(left)}"
    others = [column for column in base.columns if column not in used.values()]
    yield f"# 其他可用的列 other columns: {', '.join(others)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
