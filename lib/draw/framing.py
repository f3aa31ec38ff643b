"""Networks that a reader can move: built through pyvis, drawn by the vis-network that it ships.

Never pyvis' `show()` or `write_html()`: they copy JavaScript into ./lib, which is our package, and ask a CDN for more.
"""

import base64
import hashlib
import html
import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from pyvis.network import Network

from lib.draw.markup import Piece, Safe, asset, on_page, tag
from lib.words import word

MIME = "application/vnd.lookthrough.network+json"


def data_of(drawn: Network) -> dict[str, Any]:
    """Return nodes and edges as vis-network reads them, without pyvis' colours: the page has its own."""
    nodes, edges, *_ = drawn.get_network_data()
    return {"nodes": [{k: v for k, v in node.items() if k not in ("color", "font")} for node in nodes], "edges": edges}


def shown(data: dict[str, Any]) -> Piece:
    """Return a network with its caption and legend: the page's script draws it there, a frame in JupyterLab."""
    if on_page():
        return Piece(Safe(""), data["caption"], {MIME: data})
    return Piece(_framed(data), data["caption"])


@cache
def _vis() -> str:
    return files("pyvis").joinpath("lib", "vis-9.1.2", "vis-network.min.js").read_text(encoding="utf-8")


def _framed(data: dict[str, Any]) -> Safe:
    """Return a frame for JupyterLab that holds everything it needs; scripts are allowed by their hash alone."""
    script = asset("lab_network.js")
    policy = f"default-src 'none'; script-src {_hashes((_vis(), script))}; style-src 'unsafe-inline'; img-src data:"
    told = {**data, "hint": word("page", "network_hint")}
    text = json.dumps(told, ensure_ascii=False).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    page = asset("lab_network.html")
    for name, value in (("policy", html.escape(policy)), ("data", text), ("vis", _vis()), ("script", script)):
        page = page.replace(f"@@{name}@@", value, 1)
    frame = tag("iframe", srcdoc=Safe(html.escape(page)), sandbox="allow-scripts", class_="lt-network", title=data["caption"])
    return tag("figure", frame, tag("figcaption", data["caption"]), class_="lt-figure")


def _hashes(scripts: Iterable[str]) -> str:
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
