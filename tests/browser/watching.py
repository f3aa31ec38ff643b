"""Opening a page in a browser whose network is cut, and taking down what it asks for and says."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Seen:
    """What a browser tells of a page: requests other than for the file, messages, errors."""

    page: Any
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


def opened(browser: Any, path: Path, width: int = 1280, scheme: str = "light") -> Seen:
    """Open a page offline and wait until its networks are drawn."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    seen = Seen(context.new_page())
    own = path.resolve().as_uri()
    seen.page.on("request", lambda r: r.url.startswith("data:") or r.url == own or seen.requests.append(r.url))
    seen.page.on("console", lambda m: seen.messages.append(m.text))
    seen.page.on("pageerror", lambda e: seen.messages.append(str(e)))
    seen.page.goto(own)
    seen.page.wait_for_function("[...document.querySelectorAll('.lt-canvas')].every(c => c.dataset.drawn)")
    seen.page.evaluate("document.fonts.ready.then(() => 1)")
    return seen


def quiet(seen: Seen) -> None:
    """Check that a page asked for nothing and said nothing."""
    assert seen.requests == []
    assert seen.messages == []
