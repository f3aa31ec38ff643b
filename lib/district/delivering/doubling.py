"""What is delivered twice: a file again, byte for byte, under another name; and a statement as two whose periods overlap."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from lib.district.delivering.breaking import Told
from lib.district.delivering.files import Made
from lib.district.world import World

_ONE_IN, _FEWEST_LINES = 6, 30


def overlapping(world: World, single: list[int]) -> int | None:
    """Draw the account whose statement comes as two files: one of those with a file of their own, not the longest."""
    counts = np.diff(world.settled.lines.starts)
    fit = [number for number in single if _FEWEST_LINES <= counts[number] <= 2_000] or [n for n in single if counts[n] > 1]
    return fit[int(world.books.rng("overlap").integers(0, len(fit)))] if fit else None


def copy_some(target: Path, world: World, made: list[Made], spared: set[str]) -> tuple[list[Made], list[Told]]:
    """Copy a file in about one folder in six; return the copies, and what they are copies of (as of line 0)."""
    folders: dict[str, list[Made]] = {}
    for file in made:
        if file.written.path not in spared:
            folders.setdefault(file.written.path.rsplit("/", 1)[0], []).append(file)
    copies, told = [], list[Told]()
    for folder, files in folders.items():
        rng = world.books.rng(f"copy {folder}")
        if int(rng.integers(0, _ONE_IN)) == 0:
            file = files[int(rng.integers(0, len(files)))]
            path = Path(file.written.path)
            name = path.with_stem(f"{path.stem} - 副本").as_posix()
            shutil.copyfile(target / path, target / name)
            copies.append(replace(file, written=replace(file.written, path=name)))
            told.append({"path": name, "line": 0, "what": "copy", "of": file.written.path})
    return copies, told
