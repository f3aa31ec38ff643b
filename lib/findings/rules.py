"""Rule files: lib/rules/<id>.sql, a TOML head in a block comment and two or three SELECTs. Read strictly, once per process.

    /*+++ … +++*/      the head: id, title, severity, basis, in_force, needs, params, derive, logic, innocent
    -- facts:          optional: a SELECT that both others read as the TEMP table `facts`
    -- hits:           one row per hit: case_id, subject_id, amount_yuan, first_on, last_on, confidence, evidence[, detail]
    -- coverage:       one row per row of `scope`: case_id, population, tested, why_not[, note]

`evidence` is a list of {table, id}; `detail`, `why_not` and `note` are lists of {code, v}: words of labels.toml [checks] and
what fills them in; those whose v is 0 are dropped. A rule may use `$as_of`, `$in_force_from` and `$in_force_to` besides its
own thresholds. What a file says wrongly is refused when it is read, with its line.
"""

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lib import paths
from lib.findings import heads, tokens

GIVEN = ("as_of", "in_force_from", "in_force_to")
_HEAD = re.compile(r"\A/\*\+\+\+\n(?P<head>.*?)^\+\+\+\*/\n", re.DOTALL | re.MULTILINE)
_SECTION = re.compile(r"^-- (facts|hits|coverage):[^\n]*\n", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """A rule as its file states it.

    Attributes
    ----------
    id, title, severity, logic, innocent
        Texts are {zh, en} with `{threshold}` placeholders; severity is a key of labels.toml [severity].
    basis
        Laws: {law {zh, en}, article, checked}; checked is text (read), memory (from memory) or proposal (set by no law).
    in_force
        Days from and to (exclusive) between which the basis applies; None is open.
    needs
        Tables of the Store without which the question cannot be put.
    params, derive
        Thresholds of the SELECTs, and derived table → its settings; together the names that a what-if may change.
    sql
        Section (facts, hits, coverage) → SELECT.
    """

    id: str
    title: Mapping[str, str]
    severity: str
    basis: tuple[Mapping[str, Any], ...]
    in_force: Mapping[str, dt.date | None]
    needs: tuple[str, ...]
    params: Mapping[str, Any]
    derive: Mapping[str, Mapping[str, Any]]
    logic: Mapping[str, str]
    innocent: tuple[Mapping[str, str], ...]
    sql: Mapping[str, str] = field(repr=False)
    path: Path = field(repr=False)

    @property
    def settings(self) -> dict[str, Any]:
        """Every name that a what-if may change and its value: thresholds and settings of derived tables."""
        return dict(self.params) | {name: value for table in self.derive.values() for name, value in table.items()}

    def applies_on(self, day: dt.date) -> bool:
        """Tell whether its basis is in force on a day."""
        start, end = self.in_force["from"], self.in_force["to"]
        return (start is None or start <= day) and (end is None or day < end)

    def used(self, section: str, values: Mapping[str, object]) -> dict[str, object]:
        """Return those of the values that a section's SELECT names (a parameter too many is an error to DuckDB)."""
        return {name: values[name] for name in tokens.parameters(self.sql[section])}


@cache
def all_rules() -> dict[str, Rule]:
    """Return the rules of lib/rules by id, gravest first."""
    return read_rules(paths.PACKAGE / "rules")


def read_rules(folder: Path) -> dict[str, Rule]:
    """Read every rule file of a folder: id → Rule, gravest first.

    Raises
    ------
    BadFile
        For the first thing in any of them that is not as this module's page says, with file and line.
    """
    rules = [read_rule(path) for path in sorted(folder.glob("*.sql"))]
    return {rule.id: rule for rule in sorted(rules, key=lambda rule: (heads.SEVERITIES.index(rule.severity), rule.id))}


def read_rule(path: Path) -> Rule:
    """Read one rule file (see `read_rules`)."""
    text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    found = _HEAD.match(text)
    if found is None:
        raise heads.refused(path, 1, "文件应以 /*+++ TOML 头 +++*/ 开始", "the file must begin with a head /*+++ TOML +++*/")
    try:
        head = tomllib.loads("\n" + found["head"])  # one line more, so that TOML's line numbers are those of the file
    except tomllib.TOMLDecodeError as error:
        line = int(match[1]) if (match := re.search(r"at line (\d+)", str(error))) else 1
        raise heads.refused(path, line, f"TOML 头无法读取: {error}", f"the head is not TOML: {error}") from None
    heads.check(path, found["head"], head)
    sql = _sections(path, text, found.end())
    rule = Rule(
        id=head["id"],
        title=head["title"],
        severity=head["severity"],
        basis=tuple(head["basis"]),
        in_force={edge: heads.day(head["in_force"].get(edge)) for edge in ("from", "to")},
        needs=tuple(head["needs"]),
        params={name: heads.exact(value) for name, value in head["params"].items()},
        derive=head["derive"],
        logic=head["logic"],
        innocent=tuple(head["innocent"]),
        sql={name: body for name, (body, _) in sql.items()},
        path=path,
    )
    _check_sql(rule, found["head"], sql)
    return rule


def _sections(path: Path, text: str, start: int) -> dict[str, tuple[str, int]]:
    """Cut the SQL into its sections: name → (SELECT, line on which it begins)."""
    found = list(_SECTION.finditer(text, start))
    names = [match[1] for match in found]
    wanted = [name for name in ("facts", "hits", "coverage") if name in names or name != "facts"]
    if names != wanted:
        raise heads.refused(
            path,
            text.count("\n", 0, start) + 1,
            f"SQL 段应依次为 {'、'.join(wanted)}, 实为 {'、'.join(names) or '无'}",
            f"the SQL sections must be {', '.join(wanted)} in this order, but are {', '.join(names) or 'none'}",
        )
    ends = [match.start() for match in found[1:]] + [len(text)]
    return {
        match[1]: _section(path, text[match.end() : end], text.count("\n", 0, match.end()) + 1)
        for match, end in zip(found, ends, strict=True)
    }


def _section(path: Path, body: str, line: int) -> tuple[str, int]:
    statement, rest = tokens.split(body)
    if not tokens.bare(statement).strip().lower().startswith(("select", "with")) or tokens.bare(rest).strip():
        raise heads.refused(path, line, "此段应为一条 SELECT", "this section must be one SELECT")
    return statement.rstrip(), line


def _check_sql(rule: Rule, head: str, sql: Mapping[str, tuple[str, int]]) -> None:
    """Refuse thresholds that are used and not declared, or declared and not used; the same for derived tables."""
    used: set[str] = set()
    for body, line in sql.values():
        for name, offset in tokens.parameters(body).items():
            if name not in rule.settings and name not in GIVEN:
                zh, en = f"参数 ${name} 未在 params 中声明", f"the parameter ${name} is not declared in params"
                raise heads.refused(rule.path, line + offset, zh, en)
            used.add(name)
    for name in rule.params:
        if name not in used:
            zh, en = f"params 中的 {name} 未被使用", f"{name} of params is not used"
            raise heads.refused(rule.path, heads.line_of(head, "params"), zh, en)
    read = {table for body, _ in sql.values() for table in tokens.tables_read(body)}
    for table in rule.derive:
        if table not in read:
            zh, en = f"derive 中的 {table} 未被读取", f"{table} of derive is not read"
            raise heads.refused(rule.path, heads.line_of(head, "derive"), zh, en)
    for table in sorted(read & heads.DERIVED - rule.derive.keys()):
        zh, en = f"SQL 读取 {table}, 但 derive 中没有", f"the SQL reads {table}, which is not in derive"
        raise heads.refused(rule.path, heads.line_of(head, "derive"), zh, en)
