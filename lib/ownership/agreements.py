"""Whose will the votes follow: holdings behind their nominees, joined with concert, nominee and control agreements.

What a register shows is one thing, who decides another. Here a holding recorded as held for somebody (`nominee_for`) is its
principal's, a link `proxy` (代持) lets the principal command the nominee, `vie` lets a party command another by contract, and
parties acting in concert form a group that commands them all. A group has a number behind those of the parties and no id.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.ownership.register import Flags, Ints, Register, Ties, read, register_on, ties_of
from lib.ownership.sources import Record, of_table
from lib.ownership.walks import steps_from, way
from lib.store import Store

CONCERT, PROXY, VIE, NOMINEE, HOLDING = "acting_in_concert", "proxy", "vie", "nominee", "holding"
Tie = tuple[str, list[Record]]


@dataclass(frozen=True, eq=False)
class Command:
    """The register as votes are commanded.

    Attributes
    ----------
    register
        Holdings by principal; its votes with what agreements add: a tie of weight 1 from who commands to the commanded, without
        a holding pair (-1).
    groups
        Members of each group that acts in concert, by its number.
    ties
        Agreements by (party, who commands it or acts with it): kind and records.
    nominees
        Registered holder by id of a holding that is held for somebody else.
    """

    register: Register
    groups: dict[int, tuple[int, ...]]
    ties: dict[tuple[int, int], Tie]
    nominees: dict[str, str]

    def group_of(self, party: int) -> int | None:
        """Return the number of the group in which a party acts, if it is in one."""
        return self._group.get(party)

    def concert_routes(self, last: int) -> dict[int, tuple[int, ...]]:
        """Return for each party of a group the shortest way by agreements to one member, both ends included."""
        before = steps_from(self._concert, last)
        return {party: way(before, party)[::-1] for party in before}

    def concert_records(self, members: tuple[int, ...]) -> list[Record]:
        """Return the agreements among the members of a group, each as often as it has sides."""
        with_whom = ((party, other) for party in members for other in self._concert.other[self._concert.of(party)].tolist())
        return [record for pair in with_whom for record in self.ties[pair][1]]

    def touched(self) -> Flags:
        """Return which parties follow somebody by an agreement, or are held through a nominee, by number."""
        made = np.zeros(len(self.register.votes_above.start) - 1, np.bool_)
        made[[below for below, _ in self.ties]] = True
        pairs = self.register.pairs
        nominees = pc.is_in(pairs.record_ids, pa.array(self.nominees, pairs.record_ids.type)).to_numpy(zero_copy_only=False)
        records = np.flatnonzero(nominees[pairs.order])
        made[pairs.held[np.searchsorted(pairs.records, records, "right") - 1]] = True
        return made

    @cached_property
    def _group(self) -> dict[int, int]:
        return {party: group for group, members in self.groups.items() for party in members}

    @cached_property
    def _concert(self) -> Ties:
        ends = np.array([pair for pair, (kind, _) in self.ties.items() if kind == CONCERT], np.int64).reshape(-1, 2)
        size, all_of_them = len(self.register.votes_above.start) - 1, np.ones(len(ends), np.bool_)
        return ties_of(size, ends[:, 0], ends[:, 1], np.ones(len(ends)), all_of_them)

    def explained(self, path: tuple[int, ...]) -> tuple[list[str], list[Record], set[str]]:
        """Return a path with the nominees on it, the records that make its steps, and the kinds of its steps."""
        ids, records, kinds = self.register.named(path[:1]), list[Record](), set[str]()
        for held, holder in pairwise(path):
            kind, made_by, nominee = self._step(held, holder)
            ids += [nominee] if nominee is not None else []
            ids += self.register.named((holder,))
            records += made_by
            kinds.add(kind)
        return ids, records, kinds

    def _step(self, held: int, holder: int) -> tuple[str, list[Record], str | None]:
        """Return by what a party stands above another: the holdings, or else an agreement; and the nominee between them."""
        above = self.register.votes_above
        at = above.of(held)
        pairs = above.pair[at][(above.other[at] == holder) & (above.pair[at] >= 0)]
        if not len(pairs) and (held, holder) in self.ties:
            kind, records = self.ties[held, holder]
            return kind, records, None
        ids = self._holdings(held, holder) if not len(pairs) else self.register.pairs.holding_ids(int(pairs[0]))
        own = [i for i in ids if i not in self.nominees]
        if own or not ids:
            return HOLDING, of_table("holdings", ids), None
        return NOMINEE, of_table("holdings", ids), min(self.nominees[i] for i in ids)

    def _holdings(self, held: int, holder: int) -> list[str]:
        """Return the holdings between two parties where they carry no votes."""
        above = self.register.above
        at = above.of(held)
        pairs = above.pair[at][above.other[at] == holder]
        return self.register.pairs.holding_ids(int(pairs[0])) if len(pairs) else []


def command_of(case: Case) -> Command:
    """Return whom the votes follow on the case's day."""
    return command_on(case.store, case.as_of)


def command_on(store: Store, as_of: dt.date) -> Command:
    """Return whom the votes follow on a day; worked out once per version of the Store and day."""
    key = ("command", as_of)
    if key not in store.memo:
        store.memo[key] = _command(store, as_of)
    return cast(Command, store.memo[key])


def commanded_case(case: Case) -> tuple[Command, int | None]:
    """Return whom the votes follow, and the number of the case's party there; None if no holding or agreement names it."""
    command = command_of(case)
    return command, command.register.number(case.party_id or "")


def _command(store: Store, as_of: dt.date) -> Command:
    links = store.run("agreements_as_of", as_of=as_of).to_pylist()
    held_for = store.run("nominee_holdings_as_of", as_of=as_of).to_pylist()
    register = register_on(store, as_of)
    if not links and not held_for:
        return Command(register, {}, {}, {})
    named = sorted({row[end] for row in links for end in ("lead_id", "other_id")})
    if held_for or any(register.number(i) is None for i in named):  # else it is the same one, and is not read twice
        register = read(store, as_of, principals=True, others=named)
    number = dict(zip(named, (cast(int, register.number(i)) for i in named), strict=True))
    ties: dict[tuple[int, int], Tie] = {}
    edges: list[tuple[int, int]] = []
    for row in links:
        lead, other = number[row["lead_id"]], number[row["other_id"]]
        for pair in [(other, lead), (lead, other)] if row["kind"] == CONCERT else [(other, lead)]:
            ties.setdefault(pair, (row["kind"], []))[1].extend(of_table("links", [row["link_id"]]))
        if row["kind"] != CONCERT:
            edges.append((other, lead))
    groups = _groups(ties, len(register.ids))
    edges += [(member, g) for g, members in groups.items() for member in members]
    nominees = {row["holding_id"]: row["nominee_id"] for row in held_for if row["holding_id"] is not None}
    return Command(_joined(register, edges, len(groups)), groups, ties, nominees)


def _groups(ties: dict[tuple[int, int], Tie], first: int) -> dict[int, tuple[int, ...]]:
    """Join who acts in concert, directly or through others, and number the groups from `first` on."""
    near: dict[int, set[int]] = defaultdict(set)
    for (a, b), (kind, _) in ties.items():
        if kind == CONCERT:
            near[a].add(b)
    groups: dict[int, tuple[int, ...]] = {}
    left = set(near)
    while left:
        members, todo = set[int](), [min(left)]
        while todo:
            party = todo.pop()
            if party not in members:
                members.add(party)
                todo += near[party]
        groups[first + len(groups)] = tuple(sorted(members))
        left -= members
    return groups


def _joined(register: Register, edges: list[tuple[int, int]], groups: int) -> Register:
    """Return the register with a tie of weight 1 for each (commanded, who commands it)."""
    pairs, size = register.pairs, len(register.ids) + groups
    ends = np.array(sorted(set(edges)), np.int64).reshape(-1, 2)
    held, holder = np.append(pairs.held, ends[:, 0]), np.append(pairs.holder, ends[:, 1])
    votes = np.append(pairs.votes, np.ones(len(ends)))
    kept = votes > 0

    def seen(party: Ints, other: Ints) -> Ties:
        ties = ties_of(size, party, other, votes, kept)
        return replace(ties, pair=np.where(ties.pair < len(pairs.held), ties.pair, -1))

    total = np.bincount(held, votes, size).astype(np.float64)
    return replace(register, votes_above=seen(held, holder), votes_below=seen(holder, held), votes_total=total, memo={})
