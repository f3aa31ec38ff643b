"""A trail as a graph of accounts, and the words for its accounts and transfers that all pictures of money share."""

from collections import defaultdict
from collections.abc import Hashable
from decimal import Decimal
from typing import Any, TypeAlias

import networkx as nx
import pandas as pd

from lib import flows
from lib.case import Case
from lib.draw import masking, people
from lib.draw.columns import code_word
from lib.draw.markup import plain
from lib.draw.writing import count, is_null, period, yuan
from lib.errors import BadParameter
from lib.words import word

Net: TypeAlias = "nx.MultiDiGraph[Any]"
# Nodes that are no account: whoever paid or received and is not stated.
PAID_BY_UNKNOWN, LEFT_DATA = "\0in", "\0out"


def trail_graph(trail: pd.DataFrame, case: Case | None = None, singly: int = 0) -> tuple[Net, dict[Hashable, int]]:
    """Turn a trail into a graph of accounts and the step at which each is first reached (0: where the money comes from).

    Every transfer of a trail of up to `singly` rows is an edge of its own; else those between the same two accounts are one.

    Raises
    ------
    BadParameter
        If the frame is no trail.
    """
    needed = {"transfer_id", "at", "payer_account", "payee_account", "amount_yuan", "traced_yuan", "hop"}
    if missing := needed - set(trail.columns):
        raise BadParameter(
            f"这张表不是 flows.trace 的结果, 缺少列: {', '.join(sorted(missing))}",
            f"This frame is no result of flows.trace; it lacks {', '.join(sorted(missing))}",
        )
    graph: Net = nx.MultiDiGraph()
    step: dict[Hashable, int] = {}
    for row in trail.sort_values(["hop", "at"], kind="stable").to_dict("records"):
        payer, payee = _known(row["payer_account"], PAID_BY_UNKNOWN), _known(row["payee_account"], LEFT_DATA)
        step.setdefault(payer, int(row["hop"]))
        step.setdefault(payee, int(row["hop"]) + 1)
        graph.add_edge(payer, payee, **_transfer(row))
    if len(trail) > singly:
        graph = summed(graph)
    if case is not None and len(trail):
        known = flows.network(case, trail=trail, max_accounts=len(graph) or 1)
        for node in graph:
            graph.nodes[node].update(known.nodes.get(node, {}))
    for node, name in ((PAID_BY_UNKNOWN, "payer_unknown"), (LEFT_DATA, "left_data")):
        if node in graph:
            graph.nodes[node].update(group="unknown", holder_name=word("draw", name))
    return graph, step


def _known(account: object, otherwise: str) -> str:
    return otherwise if is_null(account) else str(account)


def _transfer(row: dict[Hashable, Any]) -> dict[str, Any]:
    return {
        "amount_yuan": Decimal(str(row["traced_yuan"])),
        "of_yuan": Decimal(str(row["amount_yuan"])),
        "count": 1,
        "first_at": row["at"],
        "last_at": row["at"],
        "transfer_ids": [row["transfer_id"]],
    }


def summed(graph: Net) -> Net:
    """Add up what runs between the same two accounts in the same direction."""
    sums: dict[tuple[Hashable, Hashable], list[dict[str, Any]]] = defaultdict(list)
    for payer, payee, facts in graph.edges(data=True):
        sums[payer, payee].append(facts)
    made: Net = nx.MultiDiGraph()
    made.add_nodes_from(graph)
    for (payer, payee), several in sums.items():
        total = {k: sum((f[k] for f in several), Decimal(0)) for k in ("amount_yuan", "of_yuan")}
        ids = [i for f in several for i in f["transfer_ids"]]
        times = [f["first_at"] for f in several]
        made.add_edge(payer, payee, **total, count=len(several), first_at=min(times), last_at=max(times), transfer_ids=ids)
    return made


def holder_name(facts: dict[str, Any]) -> str:
    """Return what to call the holder of an account, masked where the report does not name him; empty if unknown."""
    name = facts.get("holder_name") or facts.get("name") or ""
    if facts.get("group") == "unknown":  # a word of ours, nobody's name
        return str(name)
    kind = facts.get("holder_kind") or facts.get("kind")
    known = kind if kind in ("person", "company", "partnership", "fund", "state") else None
    return people.shown_name(str(name), facts.get("holder_id"), known) if name else ""


def account_text(node: Hashable) -> str:
    """Return an account's number, masked where pages mask."""
    return masking.mask_number(plain(node)) if masking.masks() else plain(node)


def moved_text(facts: dict[str, Any]) -> str:
    """Return the tooltip of what runs between two accounts: plain text, one fact a line."""
    lines = [word("draw", "amount", amount=yuan(facts.get("amount_yuan")))]
    if not is_null(facts.get("of_yuan")):
        lines = [word("draw", "traced", amount=yuan(facts["amount_yuan"]), of=yuan(facts["of_yuan"]))]
    if facts.get("kind"):
        lines.append(code_word("kind", str(facts["kind"])))
    lines.append(word("draw", "transfers", n=count(facts.get("count") or 1)))
    lines.append(period(facts.get("first_at"), facts.get("last_at")))
    return "\n".join(plain(line) for line in lines)
