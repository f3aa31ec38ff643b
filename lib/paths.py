"""Where things lie: the one place that turns names into paths.

papermill works in its caller's folder, Jupyter in the notebook's, the command line anywhere: all of them ask here.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = Path(__file__).parent
ANSWERS = "answers.json"  # the key of a simulated district, beside its deliveries


def home() -> Path:
    """Return the project's folder: LOOKTHROUGH_HOME, else the nearest one upwards with data/curated, else the checkout."""
    if chosen := os.environ.get("LOOKTHROUGH_HOME"):
        return Path(chosen).resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "data" / "curated").is_dir():
            return folder
    return PACKAGE.parent


def default_store() -> Path:
    """Return the Store that is used when none is named: LOOKTHROUGH_STORE, else data/curated/inspection.duckdb."""
    if chosen := os.environ.get("LOOKTHROUGH_STORE"):
        return Path(chosen).resolve()
    return home() / "data" / "curated" / "inspection.duckdb"


def records() -> Path:
    """Return the folder of what people entered: no delivery, be it inside one that is named for import."""
    return home() / "data" / "raw" / "records"


def template(name: str) -> Path:
    """Return the path of a template notebook."""
    return home() / "notebooks" / "templates" / f"{name}.ipynb"


def written(path: Path) -> str:
    """Return a path as it is stored and shown: relative to the project where it lies inside, else absolute."""
    path, base = path.resolve(), home().resolve()
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


def found(stored: str) -> Path:
    """Return the path that `written` gave, for this machine and project."""
    return home() / stored


def file_stem(name: str, key: str) -> str:
    """Return a safe file name: a slug of an untrusted name and 8 hex digits of its key's sha256."""
    slug = re.sub(r"[^0-9A-Za-z一-鿿]+", "-", name).strip("-")[:40] or "x"
    return f"{slug}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it over `path` when the block ends well, remove it when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem[:40]}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o644)  # mkstemp makes files that only their owner can read
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
