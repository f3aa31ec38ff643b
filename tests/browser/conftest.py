"""The demo's pages, made once, and a Chromium whose network is cut."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lib import report

# Without these, Chromium looks for its maker's hosts at every start.
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium; skipped, with the reason, where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield started
        with contextlib.suppress(Exception):
            started.close()


@pytest.fixture(scope="session")
def pages(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of three institutions by id, one English page under `en`, and the list of reports under `index`."""
    out = tmp_path_factory.mktemp("pages")
    made = report.run(["JG-02", "JG-03", "JG-06"], store=sample_store, out=out, lang="zh", jobs=2)
    assert made["outcome"].tolist() == ["ok"] * 3, made["reason"].tolist()
    english = report.run(["JG-02"], store=sample_store, out=out / "en", lang="en")
    return {
        **dict(zip(made["asked"], map(Path, made["path"]), strict=True)),
        "en": Path(english["path"].iloc[0]),
        "index": out / "index.html",
    }
