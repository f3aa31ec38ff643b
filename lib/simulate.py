"""A made-up district whose books balance to the fen, with schemes hidden in it, their innocent doubles, and a key to both.

Deliveries come as they do in life (bank layouts, workbooks, GB18030, duplicated files, a few broken rows), or clean in the
layouts of the workbench. Nothing is read here but the schema; no rule ever reads the key.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lib import paths
from lib.district import key
from lib.district.building import STEPS, Wish, build
from lib.district.catalogue import schemes as all_schemes
from lib.district.delivering import deliver
from lib.district.disclosing import late_rows
from lib.district.plots import LARGEST, SMALLEST, Scheme
from lib.district.world import World, Written
from lib.district.writing import write_clean
from lib.errors import BadFile, BadParameter

Progress = Callable[[str, int, int], None]
FORMS = ("csv", "parquet")
_MOST_INSTITUTIONS, _MOST_FLOWS = 300, 30_000_000


def simulate(
    out: Path | str,
    institutions: int = 12,
    flows: int = 1_000_000,
    seed: int = 7,
    *,
    clean: bool = False,
    form: str = "csv",
    schemes: Sequence[str] | None = None,
    sizes: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write a district into a new folder.

    Parameters
    ----------
    out
        Folder to be made; it must not exist, or be empty, and be no mount point.
    institutions
        How many: 3 to 300. In the first nothing is to be found; of five or more the last delivers no statements.
    flows
        Statement lines in all, about; at least what the stories and running costs take.
    seed
        The same seed gives the same bytes.
    clean
        Only the canonical layouts of the workbench, nothing broken in them.
    form
        csv, or with `clean` also parquet.
    schemes
        Names of the schemes to plant; all, if omitted.
    sizes
        Scheme → size relative to the threshold, 0.5 to 5; below 1 it is a decoy. Only of schemes that are planted.
    progress
        Called with what is done, steps done and steps in all.

    Returns
    -------
    dict
        path · institutions · flows (lines written) · contracts · files · planted · decoys ·
        broken (list of {path, line, what}: rows that are damaged on purpose, and with line 0 files delivered twice) ·
        left_out (list of {scheme, planted, why, zh, en}: parts that could not be played, see `plots.LeftOut`).

    Raises
    ------
    BadParameter
        If a number is out of range, a scheme does not exist, settings exclude each other, or the folder holds something.
    BadFile
        If the folder cannot be written, which is tried before anything is made; nothing is left behind.
    """
    target, step = Path(out).resolve(), progress or (lambda what, done, total: None)
    chosen = _chosen(schemes)
    wish = Wish(institutions, flows, seed, _sizes(sizes or {}))
    _check(wish, target)
    _check_together(wish, chosen, form, clean=clean)
    with _drafted(target) as draft:
        built = build(wish, chosen, step)
        about = {"seed": seed, "institutions": institutions, "flows": built.lines, "form": "clean" if clean else "deliveries"}
        written, broken = _write(built.world, draft, form if clean else None, step)
        late = late_rows(built.world.books)
        key.write_key(draft, built.world, written, built.entries, about, late.get)
        command = _command(wish, clean, form, schemes)
        key.write_readme(draft, built.entries, built.world, about, broken, built.left_out, command)
    planted = sum(entry.planted for entry in built.entries)
    return {
        "path": target,
        "institutions": institutions,
        "flows": built.lines,
        "contracts": len(built.world.tables["loans"]),
        "files": len(written),
        "planted": planted,
        "decoys": len(built.entries) - planted,
        "broken": broken,
        "left_out": [
            {"scheme": part.scheme.name, "planted": part.planted, "why": part.why, "zh": part.zh, "en": part.en}
            for part in built.left_out
        ],
    }


@contextmanager
def _drafted(target: Path) -> Iterator[Path]:
    """Give a new folder beside the target, which becomes the target when the block ends well; else leave nothing behind."""
    new = [folder for folder in (target.parent, *target.parent.parents) if not folder.exists()]
    draft = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        yield draft
        draft.chmod(0o755)  # mkdtemp makes folders that only their owner can read
        if target.exists():
            target.rmdir()
        draft.rename(target)
    except OSError as error:
        raise _unwritable(target, error) from None
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
        for folder in new:
            with suppress(OSError):  # it is gone, or holds the district
                folder.rmdir()


def _write(world: World, draft: Path, form: str | None, step: Progress) -> tuple[list[Written], list[dict[str, Any]]]:
    """Write the files, clean in a form or as they come; return them and what is broken in them on purpose."""

    def written(done: int, total: int) -> None:
        step("write", (STEPS - 1) * total + done, STEPS * total)

    return deliver(world, draft, written) if form is None else (write_clean(world, draft, form, written), [])


def _chosen(names: Sequence[str] | None) -> list[Scheme]:
    known = all_schemes()
    if names is None:
        return list(known.values())
    if missing := [name for name in names if name not in known]:
        raise BadParameter(
            f"没有情节 {'、'.join(missing)}。可用: {'、'.join(known)}",
            f"There is no scheme {', '.join(missing)}. There are: {', '.join(known)}",
        )
    return [known[name] for name in dict.fromkeys(names)]


def _sizes(sizes: Mapping[str, float]) -> dict[str, float]:
    _chosen(list(sizes))
    for name, size in sizes.items():
        if not SMALLEST <= size <= LARGEST or 0.95 < size < 1.05:
            raise BadParameter(
                f"情节 {name} 的大小 {size} 应为 {SMALLEST} 到 0.95 (阈值以下, 不应查出) 或 1.05 到 {LARGEST} (应查出)",
                f"Size {size} of scheme {name} must be {SMALLEST} to 0.95 (below the threshold: not to be found) or 1.05 to "
                f"{LARGEST} (to be found)",
            )
    return dict(sizes)


def _check(wish: Wish, target: Path) -> None:
    """Refuse numbers out of range, and a target that cannot become the district."""
    for name, value, low, high in (
        ("institutions", wish.institutions, 3, _MOST_INSTITUTIONS),
        ("flows", wish.flows, 500 * wish.institutions, _MOST_FLOWS),
        ("seed", wish.seed, 0, 2**32 - 1),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise BadParameter(
                f"{name}={value!r} 应为 {low:,} 到 {high:,} 之间的整数",
                f"{name}={value!r} must be a whole number from {low:,} to {high:,}",
            )
    if target.exists() and not target.is_dir():
        raise BadParameter(
            f"{paths.written(target)} 是文件。请指定新文件夹", f"{paths.written(target)} is a file. Name a new folder"
        )
    if target.is_dir() and any(target.iterdir()):
        raise BadParameter(
            f"文件夹 {paths.written(target)} 不是空的。请指定新文件夹, 或先移走其中内容",
            f"The folder {paths.written(target)} is not empty. Name a new one, or move what is in it away",
        )
    if target.is_mount():
        raise BadParameter(
            f"{paths.written(target)} 是挂载点, 不能由新文件夹替换。请指定其中的一个新文件夹, 例如 "
            f"{paths.written(target / 'practice')}",
            f"{paths.written(target)} is a mount point, which no new folder can replace. Name a new folder in it, for example "
            f"{paths.written(target / 'practice')}",
        )


def _check_together(wish: Wish, chosen: Sequence[Scheme], form: str, *, clean: bool) -> None:
    """Refuse settings that would be of no effect."""
    if form not in FORMS:
        raise BadParameter(f"form={form!r} 应为 csv 或 parquet", f"form={form!r} must be csv or parquet")
    if form != "csv" and not clean:
        raise BadParameter(
            f"格式 {form} 只用于自有版式, 银行版式都是文本和工作簿。请同时给出 --clean",
            f"Format {form} is for the workbench's own layouts; banks hand over texts and workbooks. Add --clean",
        )
    played = {scheme.name for scheme in chosen if wish.institutions >= scheme.least}
    if idle := [name for name in wish.sizes if name not in played]:
        raise BadParameter(
            f"给出了大小的情节 {'、'.join(idle)} 不会埋设 (不在 --scheme 之列, 或机构太少)。"
            "请去掉其 --size, 或加上 --scheme、加大 --institutions",
            f"A size is given for {', '.join(idle)}, which will not be played (not among --scheme, or too few institutions). "
            "Drop its --size, or add --scheme or more --institutions",
        )


def _command(wish: Wish, clean: bool, form: str, schemes: Sequence[str] | None) -> str:
    parts = [f"lookthrough simulate --institutions {wish.institutions} --flows {wish.flows} --seed {wish.seed}"]
    parts += ["--clean"] if clean else []
    parts += [f"--format {form}"] if clean and form != "csv" else []
    parts += [f"--scheme {name}" for name in schemes or []]
    parts += [f"--size {name}={size:g}" for name, size in wish.sizes.items()]
    return " ".join([*parts, "--out FOLDER"])


def _unwritable(target: Path, error: OSError) -> BadFile:
    reason = error.strerror or type(error).__name__
    return BadFile(
        f"无法写入 {paths.written(target)} ({reason})。请检查磁盘空间和权限; 没有留下任何文件",
        f"{paths.written(target)} cannot be written ({reason}). Check space and permissions; nothing is left behind",
    )
