"""What is written on the command line: its language, its help, its values, and what is wrong with it.

typer knows English only. Its commands get their texts from labels.toml once the language is known, and its complaints are
turned into our one-line errors.
"""

import os
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import typer
from typer import rich_utils

from lib.errors import BadFile, BadParameter, LookthroughError
from lib.words import LANGUAGES, word


def speak(arguments: Sequence[str]) -> None:
    """Set the process's language from `--lang`, wherever it stands, else check LOOKTHROUGH_LANG.

    Raises
    ------
    BadParameter
        If there is no such language.
    """
    chosen, said = os.environ.get("LOOKTHROUGH_LANG", ""), "LOOKTHROUGH_LANG"
    for place, argument in enumerate(arguments):
        if argument == "--":
            break
        name, equals, value = argument.partition("=")
        if name == "--lang" and (equals or place + 1 < len(arguments)):
            chosen, said = value if equals else arguments[place + 1], "--lang"
    if chosen in LANGUAGES:
        os.environ["LOOKTHROUGH_LANG"] = chosen
    elif chosen or said == "--lang":
        raise BadParameter(
            f"{said}={chosen!r} 不是可用的语言, 应为 zh 或 en", f"{said}={chosen!r} is no language here; choose zh or en"
        )


def worded(command: Any, name: str = "lookthrough") -> Any:
    """Put the texts of labels.toml into a typer command, its options and its sub-commands; return it."""
    rich_utils.ARGUMENTS_PANEL_TITLE = word("cli", "arguments")
    rich_utils.OPTIONS_PANEL_TITLE = word("cli", "options")
    rich_utils.COMMANDS_PANEL_TITLE = word("cli", "commands")
    rich_utils.DEFAULT_STRING = word("cli", "default")
    rich_utils.REQUIRED_LONG_STRING = word("cli", "required")
    command.help = word("commands", name)
    for option in (*command.params, command.get_help_option(typer.Context(command))):
        option.help = word("options", option.name)
        if option.metavar is None or option.param_type_name == "argument":
            option.display_type_rich = _nothing  # `<bool>`, `<list[str]>`: for programmers
    _translate_usage(command)
    for sub, made in getattr(command, "commands", {}).items():
        worded(made, f"{name} {sub}".removeprefix("lookthrough "))
    return command


def refusal(error: Exception) -> LookthroughError | None:
    """Turn a complaint of typer about the arguments into a one-line error; None for anything else."""
    # typer raises classes of its own copy of click, which have no public name to catch.
    context = getattr(error, "ctx", None)
    if not hasattr(error, "format_message"):
        return None
    hint = f"{context.command_path if context else 'lookthrough'} --help"
    zh, en = _complaint(type(error).__name__, error, context)
    return BadParameter(f"{zh}。用法见 {hint}", f"{en}. For usage: {hint}")


def listed(file: Path) -> list[str]:
    """Read ids or names from a text file: one on each line, `#` begins a comment.

    Raises
    ------
    BadFile
        If it cannot be read, is not UTF-8 or names nobody.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadFile(
            f"名单 {file} 无法读取 ({error.strerror})。请核对路径",
            f"The list {file} cannot be read ({error.strerror}). Check its path",
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadFile(
            f"名单 {file} 第 {line} 行不是 UTF-8 文本。请另存为 UTF-8",
            f"The list {file}, line {line}, is not UTF-8. Save it as UTF-8",
        ) from None
    names = [name for line in text.splitlines() if (name := line.partition("#")[0].strip())]
    if not names:
        raise BadFile(
            f"名单 {file} 是空的。请每行写一个编号或名称", f"The list {file} is empty. Write an id or name on each line"
        )
    return names


def what_ifs(texts: Sequence[str]) -> dict[str, dict[str, object]]:
    """Read `SF-03.share=0.3` as what checks.run takes; it refuses names and values that do not fit."""
    asked: dict[str, dict[str, object]] = {}
    for text in texts:
        place, value = pair(text, "--what-if", "RULE.NAME=VALUE")
        rule, dot, name = place.partition(".")
        if not dot:
            raise _unlike("--what-if", text, "RULE.NAME=VALUE")
        asked.setdefault(rule.replace("-", "_"), {})[name] = _value(value)
    return asked


def pair(text: str, option: str, form: str) -> tuple[str, str]:
    """Split `name=value`; `option` and its `form` are for the complaint."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise _unlike(option, text, form)
    return name.strip(), value.strip()


def number(text: str, option: str, form: str) -> tuple[str, float]:
    """Split `name=number`.

    Raises
    ------
    BadParameter
        If there is no number after the name.
    """
    name, value = pair(text, option, form)
    try:
        read = Decimal(value)
    except InvalidOperation:
        read = Decimal("NaN")
    if not read.is_finite():
        raise BadParameter(
            f"{option} {text!r}: {value!r} 不是数。应写作 {form}, 例如 {name}=1.5",
            f"{option} {text!r}: {value!r} is no number. Write {form}, for example {name}=1.5",
        )
    return name, float(read)


def whole(text: str, option: str) -> int:
    """Read a whole number, also where it is written 1e6 or 1,000,000.

    Raises
    ------
    BadParameter
        If it is none.
    """
    try:
        value = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > 10**12 or value != value.to_integral_value():
        raise BadParameter(
            f"{option} {text!r} 应为整数, 例如 1000000 或 1e6",
            f"{option} {text!r} must be a whole number, such as 1000000 or 1e6",
        )
    return int(value)


def _value(text: str) -> object:
    """Read a threshold: true or false, a whole number, an exact fraction, else text."""
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _unlike(option: str, text: str, form: str) -> BadParameter:
    return BadParameter(f"{option} {text!r} 应写作 {form}", f"{option} {text!r} must be written {form}")


def _complaint(kind: str, error: Any, context: Any) -> tuple[str, str]:
    said = str(error.format_message()).rstrip(".")
    if kind == "NoSuchOption":
        options = context.command.get_params(context) if context else []
        known = sorted(name for option in options for name in option.opts if name.startswith("--"))
        return (
            f"没有选项 {error.option_name}, 可用: {'、'.join(known)}",
            f"There is no option {error.option_name}; there are: {', '.join(known)}",
        )
    if kind == "BadOptionUsage":
        return f"选项 {error.option_name} 缺少取值或不应有取值", said
    if kind == "MissingParameter":
        what = f"{error.param.get_error_hint()} ({error.param.help})"
        return f"缺少 {what}", f"{what} is missing"
    if kind == "BadParameter" and error.param is not None:
        what = error.param.get_error_hint()
        return f"{what} 的取值不对: {error.param.help}", f"The value of {what} does not fit: {error.param.help}"
    known = list(getattr(context.command, "commands", {})) if context else []
    if known and (named := re.search(r"'(.*?)'", said)):
        return (
            f"没有命令 {named[1]!r}, 可用: {'、'.join(known)}",
            f"There is no command {named[1]!r}; there are: {', '.join(known)}",
        )
    if known:
        return f"缺少命令, 可用: {'、'.join(known)}", f"A command is missing; there are: {', '.join(known)}"
    it = re.sub(r"^Got unexpected extra argument\(?s?\)? ", "", said).strip("()")
    return f"多余的参数: {it}", f"Not expected here: {it}"


def _nothing(ctx: Any) -> None:
    return None


def _translate_usage(command: Any) -> None:
    theirs = command.get_usage
    command.get_usage = lambda context: theirs(context).replace("Usage:", word("cli", "usage"), 1)
