"""The answer key: what is hidden where, by file and line; and the README of a district. No rule ever reads it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lib.district.books import Row
from lib.district.days import FIRST, LAST, date
from lib.district.plots import Entry, Item, Late, LeftOut
from lib.district.world import World, Written
from lib.district.writing import flow_ids
from lib.paths import ANSWERS
from lib.schema import schema

Ints = npt.NDArray[np.int64]
FORMAT = 1
Resolve = Callable[[Late], int | None]


class Places:
    """Where rows and statement lines stand in the files of a district."""

    def __init__(self, world: World, written: list[Written]) -> None:
        self._world, self._written = world, written
        self._tables: dict[str, tuple[Ints, Ints]] = {}
        lines = world.settled.lines
        order = np.argsort(lines.payment, kind="stable")
        self._by_payment, self._sorted = order, lines.payment[order]

    def of_rows(self, rows: list[tuple[str, int]]) -> dict[str, dict[str, Any]]:
        """Return path → table, ids, lines of rows (table, number)."""
        found: dict[str, dict[str, Any]] = {}
        for table, number in dict.fromkeys(rows):
            file, line = self._place(table, number)
            if file < 0:
                continue
            written = self._written[file]
            into = found.setdefault(written.path, {"table": table, "ids": [] if written.ids else None, "lines": []})
            into["lines"].append(line)
            if written.ids:
                into["ids"].append(self._id(table, number))
        return found

    def of_payment(self, payment: int) -> list[tuple[str, int]]:
        """Return the statement lines that show a payment, as (flows, place)."""
        first, last = np.searchsorted(self._sorted, [payment, payment + 1])
        return [("flows", int(place)) for place in sorted(self._by_payment[first:last].tolist())]

    def around(self, account: int, payment: int) -> list[tuple[str, int]]:
        """Return the lines of an account before and after a payment that its statement lacks."""
        lines, at = self._world.settled.lines, self._world.settled.payments["at"]
        first, last = int(lines.starts[account]), int(lines.starts[account + 1])
        place = first + int(np.searchsorted(at[lines.payment[first:last]], at[payment]))
        return [("flows", n) for n in (place - 1, place) if first <= n < last]

    def _place(self, table: str, number: int) -> tuple[int, int]:
        """Return the first file that shows a row and the line there."""
        if table not in self._tables:
            size = len(self._world.settled.lines.seq) if table == "flows" else len(self._world.tables[table])
            file, line = np.full(size, -1, np.int64), np.zeros(size, np.int64)
            for n in range(len(self._written) - 1, -1, -1):
                if self._written[n].table == table:
                    file[self._written[n].chosen], line[self._written[n].chosen] = n, self._written[n].lines
            self._tables[table] = file, line
        file, line = self._tables[table]
        return int(file[number]), int(line[number])

    def _id(self, table: str, number: int) -> str:
        if table == "flows":
            return str(flow_ids(np.array([number]))[0].as_py())
        key = schema()[table].key
        return "|".join(str(self._world.tables[table][name][number].as_py()) for name in key)


def write_key(
    target: Path, world: World, written: list[Written], entries: list[Entry], about: dict[str, Any], resolve: Resolve
) -> None:
    """Write the key of a district."""
    places = Places(world, written)
    made = {"format": FORMAT, **about, "from": date(FIRST).isoformat(), "to": date(LAST).isoformat()}
    made["entries"] = [_entry(entry, places, resolve) for entry in entries]
    text = json.dumps(made, ensure_ascii=False, indent=1)
    (target / ANSWERS).write_text(text + "\n", encoding="utf-8", newline="\n")


def _entry(entry: Entry, places: Places, resolve: Resolve) -> dict[str, Any]:
    scheme, told = entry.scheme, entry.told
    # What a decoy must not be taken for is not true of it as well, whatever else is.
    never = set[tuple[str, str]]() if entry.planted else {(item.rule_id, one) for item in told.items for one in item.subjects}
    also = [(rule, [one for one in dict.fromkeys(subjects) if (rule, one) not in never]) for rule, subjects in told.also]
    return {
        "id": entry.id,
        "scheme": scheme.name,
        "title": {"zh": scheme.zh, "en": scheme.en},
        "planted": entry.planted,
        "institution_id": entry.platform.id,
        "size": entry.size,
        "story": {"zh": told.zh, "en": told.en},
        "expected": [_item(item, places, resolve) for item in told.items],
        "also": [{"rule_id": rule, "subjects": subjects} for rule, subjects in also if subjects],
    }


def _item(item: Item, places: Places, resolve: Resolve) -> dict[str, Any]:
    rows: list[tuple[str, int]] = []
    for row in item.rows:
        number = row.number if isinstance(row, Row) else resolve(row)
        if number is not None:
            rows.append((row.table, number))
    for payment in item.payments:
        rows += places.of_payment(payment)
    for account, payment in item.around:
        rows += places.around(account, payment)
    return {
        "rule_id": item.rule_id,
        "subjects": list(dict.fromkeys(item.subjects)),
        "amount_yuan": None if item.fen is None else f"{item.fen // 100}.{item.fen % 100:02d}",
        "first_on": None if item.first_on is None else date(item.first_on).isoformat(),
        "last_on": None if item.last_on is None else date(item.last_on).isoformat(),
        "rows": places.of_rows(rows),
    }


def write_readme(
    target: Path,
    entries: list[Entry],
    world: World,
    about: dict[str, Any],
    broken: list[dict[str, Any]],
    left_out: list[LeftOut],
    command: str,
) -> None:
    """Write the README of a district: how it was made, what is invented, what is hidden where, and what found no place."""
    lines = [
        "# 演练区 · A practice district",
        "",
        f"由 `{command}` 生成, 同一种子与锁定文件每次字节相同。不要手工修改。",
        f"*Made by `{command}`: the same bytes each time for the same seed and lock file. Do not edit.*",
        "",
        "**全部为虚构 · All invented.** 身份证与统一社会信用代码的校验位正确, 但行政区划 109901–109906 从未编制;",
        "账号通过 Luhn 校验, 但以 0099 开头, 没有银行发行; 电话以 120 开头并已打码; 网址在 `.invalid` 之下。",
        "姓名、企业、银行由程序拼成。",
        "*Identity numbers and credit codes have right check digits in divisions that were never assigned; account numbers",
        "pass Luhn in a range that no bank issues; phones begin with 120 and are masked; web addresses end in `.invalid`.*",
        "",
        f"期间 {date(FIRST)} 至 {date(LAST)} · {about['institutions']} 家机构 · {about['flows']:,} 行流水 · "
        f"{len(world.tables['loans']):,} 份合同。答案见 `{ANSWERS}`, 规则从不读取。",
        f"*{date(FIRST)} to {date(LAST)} · {about['institutions']} institutions · {about['flows']:,} statement lines · "
        f"{len(world.tables['loans']):,} contracts. The key is `{ANSWERS}`; no rule reads it.*",
    ]
    for platform in world.platforms:
        lines += ["", f"## {platform.id} {platform.name} · {platform.company.name} ({platform.company.id})", ""]
        mine = [entry for entry in entries if entry.platform is platform]
        if not platform.banked:
            lines += [
                "没有银行流水和股东资料: 不能检验的, 不得报告为无问题。",
                "*No statements and no holders: what cannot be tested must not be called clear.*",
                "",
            ]
        lines += [] if mine else ["没有埋设。 *Nothing is hidden here.*"]
        lines += _table(mine)
    if left_out:
        lines += ["", "## 未安排的情形 · Left out", "", *dict.fromkeys(f"* {part.zh}。 *{part.en}.*" for part in left_out)]
    lines += _damage(broken)
    (target / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _table(entries: list[Entry]) -> list[str]:
    if not entries:
        return []
    rows = ["| 编号 · id | 形态 · scheme | 应查出 · to be found | 内容 · story |", "|---|---|---|---|"]
    for entry in entries:
        rules = ", ".join(dict.fromkeys(item.rule_id for item in entry.told.items))
        found = f"**{rules}**" if entry.planted else f"不应 · not {rules}"
        title = f"{entry.scheme.zh} · {entry.scheme.en}"
        rows.append(f"| {entry.id} | {title} | {found} | {entry.told.zh}<br>*{entry.told.en}* |")
    return rows


def _damage(broken: list[dict[str, Any]]) -> list[str]:
    """Tell which rows are damaged on purpose and which files come twice."""
    if not broken:
        return []
    rows = [f"| {entry['path']} | {entry['line'] or ''} | {entry['what']} | {entry.get('of', '')} |" for entry in broken]
    heading = ["", "## 损坏的行和重复的文件 · Broken rows, files that come twice", ""]
    return [*heading, "| 文件 · file | 行 · line | 什么 · what | 另见 · see |", "|---|---|---|---|", *rows]
