"""Write docs/layouts.md: the layouts that `lookthrough import` reads, from their profiles and the schema.

Run `python tools/layouts.py`; with `--check` it only tells (exit code 1) whether the page is out of step.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from lib.intake import profiles  # noqa: E402
from lib.intake.casting import FRACTIONS  # noqa: E402
from lib.intake.profiles import PROVENANCE, Profile  # noqa: E402
from lib.schema import Column, Table, schema  # noqa: E402

PAGE = ROOT / "docs" / "layouts.md"
HEAD = """\
# 文件版式 · Layouts of files

由 `tools/layouts.py` 生成, 请勿手工修改。 *Made by `tools/layouts.py`; do not edit.*

`lookthrough import` 按表头识别版式 (前 40 行内的第一个可识别的表头), 个别版式还看文件名。
*Files are recognised by their header, the first one in their first 40 lines; some by their name as well.*

## 通用规则 · What holds for all

* 编码 UTF-8 (有无 BOM 均可)、GB18030 或带 BOM 的 UTF-16, 严格解码: 无法解码的行单独隔离, 从不替换字符。
  *UTF-8 with or without a mark, GB18030, or UTF-16 with a mark, decoded strictly; a line that cannot be is set apart.*
* 自有版式的分隔符为逗号、TAB、分号或竖线; 列名用英文名或中文名 (带不带括号中的单位均可), 次序不限, 不区分全角半角与大小写。
  *Our own layouts take comma, TAB, semicolon or bar; columns by English name or Chinese label (the unit may be left out),
  in any order.*
* 不能用的行 (字段数不符、必填列为空、金额或日期无法识别、与已有记录矛盾) 整行隔离并注明原因, 其余照常导入; 合计行单独计数。
  *A row that cannot be used is set apart whole, with the reason: ragged, a required column empty, a text that is no such
  value, or a contradiction of an earlier row. The rest is imported. Rows of totals are counted apart.*
* 金额: `1234.5`、`1,234.50`、`¥1234.5`、`1234.5元`; 多于两位小数的按四舍六入五成双取到分, 差额列在控制总数中。
  *Amounts with more than two decimals are rounded half-even per row; the difference stands in the control totals.*
* 日期 `2018-09-30`、`2018/9/30`、`2018.9.30`、`20180930`、`2018年9月30日`; 时间在其后加 `08:05[:06]`。
  只有日期的流水记为“仅有日期”。
  *Days and times as shown, Beijing time. A flow without a time is marked `day_only`.*
* 比例和利率: 0 到 1 的小数, 或带百分号 (`0.25` 或 `25%`)。不带百分号而大于 1 的数不作猜测, 该行隔离。
  *Shares and rates: a fraction from 0 to 1, or with a per cent sign. A plain number above 1 is not guessed at: its row is
  set apart.*
* 是否: `是/否`、`true/false`、`1/0`。编号始终按文本保存; 被电子表格改写成 `6.22E+18` 的编号不作猜测, 该行隔离。
  *Yes or no as shown. Ids are text; one that a spreadsheet has rewritten as `6.22E+18` sets its row apart.*
* 同一编号出现在多个文件中: 相同则合并, 可互相补充空缺; 矛盾则一行采用、其余隔离: 文件 SHA-256 较小者优先 (同一文件内看先后),
  与导入次序无关。没有编号列的表, 编号为“来源:行号”, 不同文件中内容完全相同的行视为同一记录 (同一文件中重复几行即算几条)。
  *One id in several files: merged, gaps filled; of rows that contradict each other one counts and the others are set apart:
  that of the file with the lower SHA-256 (within a file the earlier row), whatever the order of imports. Where a file has no
  ids, rows of the same content in different files are one record; repeated within one file, they are as many as it has.*
"""
TYPES = {
    "text": "文本 text",
    "date": "日期 day",
    "timestamp": "时间 time",
    "boolean": "是否 yes/no",
    "decimal(18, 2)": "金额 amount",
    "double": "数字 number",
    "integer": "整数 whole number",
    "bigint": "整数 whole number",
}


def page() -> str:
    """Return the text of the page."""
    known = profiles.load().values()
    own = [profile for profile in known if profile.identity]
    order = list(schema())
    keys = str(profiles.__doc__).split("\n\n", 1)[1].split("\n\nBeside", 1)[0]
    lines = [HEAD.replace("{keys}", keys), "## 自有版式 · Our own layouts", ""]
    for profile in sorted(own, key=lambda p: order.index(str(p.identity))):
        lines += _own(profile, schema()[str(profile.identity)])
    lines += ["## 其他版式 · Other layouts", ""]
    for profile in known:
        if not profile.identity:
            lines += _other(profile)
    return "\n".join(lines).rstrip() + "\n"


def _own(profile: Profile, table: Table) -> Iterator[str]:
    yield f"### {table.zh} · {table.name}"
    yield f"\n{table.grain}\n"
    yield "| 列 column | 中文列名 | 类型 type | 必填 required | 含义 meaning |"
    yield "|---|---|---|---|---|"
    for column in table.columns:
        if column.name not in PROVENANCE:
            yield f"| `{column.name}` | {column.zh} | {_type(column)} | {_need(profile, column)} | {column.en} |"
    for column in table.columns:
        if words := _words(table, column):
            yield f"\n{column.zh} `{column.name}`: {words}"
    yield ""


def _type(column: Column) -> str:
    return "比例 fraction" if column.name in FRACTIONS else TYPES[column.type]


def _need(profile: Profile, column: Column) -> str:
    if column.name in profile.required:
        return "必填 yes"
    return "须有此列 column" if column.name in profile.present else ""


def _words(table: Table, column: Column) -> str:
    """List the codes of a column and the words that stand for them."""
    known = profiles.codes().get(f"{table.name}.{column.name}", {})
    by_code: dict[str, list[str]] = {}
    for word, code in known.items():
        by_code.setdefault(code, []).extend([word] if word != code else [])
    ending = "; 其他文字原样保留 *any other text is kept*" if f"{table.name}.{column.name}" in profiles.open_codes() else ""
    return ", ".join(f"`{code}` ({'、'.join(words)})" for code, words in by_code.items()) + ending if by_code else ""


def _other(profile: Profile) -> Iterator[str]:
    yield f"### {profile.title['zh']} · {profile.title['en']} (`{profile.id}`)"
    yield f"\n{profile.source}\n"
    if len(profile.delimiters) == 1:
        columns = " ".join(f"`{column}`" for column in profile.columns)
        yield f"* 表头 header: {columns}, 分隔符 delimiter `{profile.delimiters[0]}`"
    else:
        yield from _aliases(profile)
    if profile.files:
        yield "* 文件名 file name: " + ", ".join(f"`{pattern}`" for pattern in profile.files)
    yield from _rules(profile)
    for into in profile.into:
        filled = "; ".join(f"`{column}` = `{sql}`" for column, sql in into.columns.items())
        yield f"* → {schema()[into.table].zh} `{into.table}`: {filled}"
    yield ""


def _aliases(profile: Profile) -> Iterator[str]:
    """Say by which names in the header each column is known; two stars: needed, one star: one of several is."""
    needed, either = {*profile.required, *profile.present}, {each for wanted in profile.one_of for each in wanted}
    for column, names in profile.columns.items():
        star = "**" if column in needed else "*" if column in either else ""
        own = [name for name in names if name != profiles.normal(column)] or list(names)
        yield f"* {star}`{column}`{star}: {'、'.join(name.replace('|', chr(92) + '|') for name in own)}"
    facts = [fact for fact in profile.facts if any(fact in wanted for wanted in profile.one_of)]
    if facts:
        yield f"* 表头之上或文件名中 above the header or in the name: {', '.join(f'*`{fact}`*' for fact in facts)}"


def _rules(profile: Profile) -> Iterator[str]:
    if profile.set_aside:
        yield f"* 识别但不读取 recognised and not read: {profile.set_aside['zh']} *{profile.set_aside['en']}*"
    for rule in profile.aside:
        yield f"* 不计 set aside: {rule['zh']} *{rule['en']}*"
    for rule in profile.refuse:
        yield f"* 隔离 set apart: {rule['zh']} *{rule['en']}*"
    for name, sql in profile.let.items():
        yield f"* `{name}` = `{sql}`"


def main() -> int:
    """Write the page, or with --check compare it."""
    text = page()
    if "--check" in sys.argv[1:]:
        return int(not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
