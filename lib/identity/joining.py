"""Parties joined over keys: the surest keys first, and never two that a sounder key tells apart.

Union-find as connected components of a sparse matrix, once per level of confidence. What a level would join against a
number, a kind or a person's decision is not joined on that level at all, and said.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lib.identity.keys import MENTION, Group

Ints = npt.NDArray[np.int64]
_TELL_APART = {"identity_number": "two_identity_numbers", "uscc": "two_credit_codes", "kind": "person_and_body"}


@dataclass(frozen=True)
class Joined:
    """What answers to which id: node, id, and the weakest key on the way; the groups that joined nothing, with the reason."""

    ids: list[tuple[str, str, str, float]]
    refused: list[Group]


def join(groups: Sequence[Group], numbers: pd.DataFrame, apart: Iterable[tuple[str, str]]) -> Joined:
    """Join groups.

    Parameters
    ----------
    groups
        Those with a `reason` are refused as they are.
    numbers
        node · identity_number · uscc · kind (person, body): what tells nodes apart, null where nothing is known.
    apart
        Pairs of nodes that a person has called different.

    Returns
    -------
    Joined
        `ids` has the nodes alone that answer to another id than their own: the first one in order, ids that a file gives
        before those made of source and line. Mentions among themselves, without any party, have no id to answer to.
    """
    nodes = sorted({node for group in groups for node in group.nodes})
    at = {node: n for n, node in enumerate(nodes)}
    told = numbers[numbers["node"].isin(at)].assign(node=lambda f: f["node"].map(at).astype(np.int64))
    pairs = [(at[a], at[b]) for a, b in apart if a in at and b in at]
    refused = [group for group in groups if group.reason]
    accepted: list[Group] = []
    levels: list[tuple[str, float, Ints]] = []
    keys = sorted({(group.confidence, group.by) for group in groups if not group.reason}, reverse=True)
    for confidence, by in keys:
        level = [group for group in groups if not group.reason and (group.confidence, group.by) == (confidence, by)]
        labels = _components(accepted + level, at)
        bad = _contradictions(labels, told.iloc[:0] if by == "decision" else told, pairs)
        refused += [_refused(group, bad[labels[at[group.nodes[0]]]]) for group in level if labels[at[group.nodes[0]]] in bad]
        accepted += [group for group in level if labels[at[group.nodes[0]]] not in bad]
        levels.append((by, confidence, _components(accepted, at)))
        if by == "decision":
            told = _settled(told, levels[-1][2])
    return Joined(_ids(nodes, levels), refused)


def _refused(group: Group, reason: str) -> Group:
    return Group(group.by, group.value, group.nodes, group.confidence, reason)


def _components(groups: Sequence[Group], at: dict[str, int]) -> Ints:
    """Return the component of each node."""
    ones = np.array([at[group.nodes[0]] for group in groups for _ in group.nodes[1:]], np.int64)
    others = np.array([at[node] for group in groups for node in group.nodes[1:]], np.int64)
    matrix = coo_array((np.ones(len(ones), np.int8), (ones, others)), shape=(len(at), len(at)))
    labels: Ints = connected_components(matrix, directed=False)[1].astype(np.int64)
    return labels


def _contradictions(labels: Ints, told: pd.DataFrame, apart: list[tuple[int, int]]) -> dict[int, str]:
    """Return the components that hold what cannot be one party, and why."""
    found = {int(labels[a]): "decided_different" for a, b in apart if labels[a] == labels[b]}
    component = labels[told["node"].to_numpy()]
    for column, reason in _TELL_APART.items():
        counts = told.groupby(component)[column].nunique()
        found |= {int(label): reason for label in counts.index[counts > 1] if int(label) not in found}
    return found


def _settled(told: pd.DataFrame, labels: Ints) -> pd.DataFrame:
    """Return what tells nodes apart after people's decisions: what two nodes have that are one tells nobody apart any more."""
    made = told.copy()
    for column in _TELL_APART:
        values = sorted(told[column].dropna().unique())
        at = {value: n for n, value in enumerate(values)}
        known = told[told[column].notna()]
        ends = known[column].map(at).to_numpy(np.int64), len(values) + labels[known["node"].to_numpy()]
        size = len(values) + len(labels)
        one = connected_components(coo_array((np.ones(len(known), np.int8), ends), shape=(size, size)), directed=False)[1]
        first = {int(label): values[n] for n, label in reversed([*enumerate(one[: len(values)])])}
        made[column] = told[column].map({value: first[int(one[n])] for value, n in at.items()})
    return made


def _ids(nodes: list[str], levels: list[tuple[str, float, Ints]]) -> list[tuple[str, str, str, float]]:
    """Return for each node the id that it answers to, and the first level on which the two were together."""
    if not levels:
        return []
    first: dict[int, int] = {}
    order = sorted(range(len(nodes)), key=lambda n: _rank(nodes[n]))
    for n in order:
        first.setdefault(int(levels[-1][2][n]), n)
    made = []
    for n, node in enumerate(nodes):
        survivor = first[int(levels[-1][2][n])]
        if survivor == n or nodes[survivor].startswith(MENTION):
            continue
        by, confidence, _ = next(level for level in levels if level[2][n] == level[2][survivor])
        made.append((node, nodes[survivor], by, confidence))
    return made


def _rank(node: str) -> tuple[bool, bool, str]:
    """Order ids: those that files give, those made of source and line, mentions without one."""
    source, _, line = node.rpartition(":")
    return node.startswith(MENTION), source.startswith("S") and line.isdigit(), node
