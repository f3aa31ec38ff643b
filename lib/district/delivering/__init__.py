"""Deliveries as they come: many layouts, encodings and kinds of file, with doubles among them and a few broken rows.

The counterpart of writing.write_clean: the same rows, but as platforms, banks and offices hand them over. What is written
depends on the world's seed alone: the same on every machine.
"""

from pathlib import Path
from typing import Any

from lib.district.delivering.breaking import break_some
from lib.district.delivering.cells import Facts
from lib.district.delivering.doubling import copy_some, overlapping
from lib.district.delivering.files import Desk, Limits, Made
from lib.district.delivering.police import write_police
from lib.district.delivering.routes import routes
from lib.district.delivering.statements import write_overlapping, write_statement
from lib.district.delivering.tables import write_tables
from lib.district.world import World, Written
from lib.district.writing import Progress

__all__ = ["Limits", "deliver"]
_USUAL = Limits()


def deliver(
    world: World, target: Path, progress: Progress, limits: Limits = _USUAL
) -> tuple[list[Written], list[dict[str, Any]]]:
    """Write the district's deliveries into a folder, one folder per institution and source.

    Parameters
    ----------
    progress
        Called with how many rows are written and how many there are, tables and statement lines together.
    limits
        How much a file may hold.

    Returns
    -------
    list of Written
        Every file; each row and each statement line is in one at least, in two where a file was copied or periods overlap.
    list of dict
        What is wrong: `path`, `line` (from 1; 0 is the whole file), `what`. Broken rows are none of the district's. A `copy`
        and an `overlap` are whole files, and `of` names the other one.
    """
    total = sum(len(table) for table in world.tables.values()) + len(world.settled.lines.seq)
    done = 0

    def step(rows: int) -> None:
        nonlocal done
        done = min(done + rows, total)
        progress(done, total)

    desk, facts = Desk(target, limits, step), Facts(world)
    made, told = _written(desk, facts)
    made, broken = break_some(target, made, world.books.rng("broken rows"))
    spared = {entry["path"] for entry in told + broken}
    copies, copied = copy_some(target, world, made, spared)
    progress(total, total)
    return [file.written for file in made + copies], told + broken + copied


def _written(desk: Desk, facts: Facts) -> tuple[list[Made], list[dict[str, Any]]]:
    """Write all that is true, once but for one overlap; return the files, and where periods overlap."""
    world, told = facts.world, []
    made = write_tables(desk, world)
    sorted_out = routes(world, desk.limits.own_files)
    twice = overlapping(world, sorted_out.single)
    for account in sorted_out.single:
        if account == twice:
            files = write_overlapping(desk, facts, account)
            told.append({"path": files[-1].written.path, "line": 0, "what": "overlap", "of": files[0].written.path})
            made += files
        else:
            made += write_statement(desk, facts, account)
    for folder, accounts in sorted_out.police.items():
        made += write_police(desk, facts, folder, accounts)
    return made, told
