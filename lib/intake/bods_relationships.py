"""The child's side of the sandbox: what relationships of BODS tell of holdings, offices and ties.

A direct interest in shares or votes is a holding; so is one of which neither is told, its share unknown. An indirect one that
restates a chain of the same file is no second holding: it is kept as a tie. Who holds through a nomination is its nominee, for
its nominator.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from lib.intake import bods_shares
from lib.intake.bods_shares import Range, Tie
from lib.intake.bods_statements import Row, Statement, as_text, objects, party

_OFFICES = {"boardMember": "director", "boardChair": "director", "seniorManagingOfficial": "senior_manager"}
_WRITTEN_OFFICES = ("法定代表人",)  # what our own export writes for those that BODS has no word for
_LEAST = "noBeneficialOwners"  # nobody has to be told: that is no unknown holder


@dataclass
class Told:
    """What a statement tells: rows of parties, holdings, offices and ties."""

    parties: list[Row] = field(default_factory=list)
    holdings: list[Row] = field(default_factory=list)
    roles: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """Give what goes on one row, sheet by sheet."""
        nothing: Row = {}
        for pieces in zip_longest(self.parties, self.holdings, self.roles, self.links, fillvalue=nothing):
            yield {column: text for piece in pieces for column, text in piece.items()}


@dataclass
class Relationship:
    """A relationship of today's records: who, in what, by which interests."""

    statement: Statement
    holder: str
    held: str
    interests: list[dict[str, Any]]
    nominator: str = ""
    unspecified: str = ""
    shares: Range | None = None  # what follows of the share where it is not told

    @property
    def holdings(self) -> Iterator[dict[str, Any]]:
        """Interests that are holdings, unless they are indirect and restate others."""
        return (i for i in self.interests if as_text(i.get("type")) in ("", "shareholding", "votingRights"))

    @property
    def stated(self) -> Range | None:
        """The share that is stated of it, the interests added up; None if none is."""
        return bods_shares.added([i for i in self.interests if i.get("type") == "shareholding"])

    @property
    def is_chain(self) -> bool:
        """Whether it is a link of chains: an interest in it is held directly, or may be."""
        return any(not is_indirect(i) for i in self.holdings)


def is_indirect(interest: dict[str, Any]) -> bool:
    """Tell whether an interest is said to be held through others."""
    return interest.get("directOrIndirect") == "indirect"


@dataclass
class _File:
    """What is known of a whole file: its relationships, and who nominates whom."""

    relationships: list[Relationship]
    nominees: dict[str, list[Statement]] = field(default_factory=lambda: defaultdict(list))
    nominators: dict[str, list[Statement]] = field(default_factory=lambda: defaultdict(list))
    above: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    nominated: set[tuple[str, str]] = field(default_factory=set)

    def has_chain(self, holder: str, held: str) -> bool:
        """Tell whether a chain of two holdings or more leads from one to the other, or a nominee holds for it."""
        if (holder, held) in self.nominated:
            return True
        queue, seen = deque(h for h in self.above.get(held, ()) if h != holder), {held}
        while queue:
            if (at := queue.popleft()) in seen:
                continue
            seen.add(at)
            if holder in self.above.get(at, ()):
                return True
            queue.extend(self.above.get(at, ()))
        return False


def told(statements: list[Statement]) -> dict[int, Told]:
    """Return what today's statements tell, by number."""
    made = {s.number: Told(parties=[party(s)]) for s in statements if s.kind != "relationship"}
    related = [s for s in statements if s.kind == "relationship"]
    file = _read(related)
    _settle(file.relationships)
    for relationship in file.relationships:
        made[relationship.statement.number] = _told(relationship, file)
    return made


def _read(statements: list[Statement]) -> _File:
    """Read relationships, then put nominees in the place of nominations."""
    file = _File([])
    for statement in statements:
        who = statement.details.get("interestedParty")
        reason = (as_text(who.get("reason")) or "unknown") if isinstance(who, dict) else "" if as_text(who) else "unknown"
        holder = f"{statement.record}:unspecified" if reason else as_text(who)
        interests = objects(statement.details.get("interests")) or [{}]
        made = Relationship(statement, holder, as_text(statement.details["subject"]), interests, unspecified=reason)
        file.relationships.append(made)
        for role, found in (("nominee", file.nominees), ("nominator", file.nominators)):
            if any(i.get("type") == role for i in interests):
                found[made.held].append(statement)
    for made in file.relationships:
        nominees, nominators = _parties(file.nominees, made.holder), _parties(file.nominators, made.holder)
        made.nominator = nominators[0] if len(nominators) == 1 else ""
        made.holder = nominees[0] if len(nominees) == 1 and made.nominator else made.holder
        if made.is_chain:
            file.above[made.held].add(made.holder)
            file.nominated |= {(made.nominator, made.held)} if made.nominator else set()
    return file


def _settle(relationships: list[Relationship]) -> None:
    """Give relationships without a share the one that follows from the indirect interest that they are components of."""
    by_record = {r.statement.record: r for r in relationships}
    for whole in relationships:
        stated = [i for i in whole.interests if i.get("type") == "shareholding" and is_indirect(i)]
        named = whole.statement.details.get("componentRecords")
        listed = [name for name in named if isinstance(name, str)] if stated and isinstance(named, list) else []
        parts = [by_record[name] for name in dict.fromkeys(listed) if name in by_record]
        sums = bods_shares.added(stated)
        if not parts or sums is None:
            continue
        ties = [Tie(part.holder, part.held, part.stated) for part in parts]
        for n, found in bods_shares.left_over(sums, whole.holder, whole.held, ties).items():
            parts[n].shares = found


def _parties(of: dict[str, list[Statement]], nomination: str) -> list[str]:
    found = (as_text(s.details.get("interestedParty")) for s in of.get(nomination, ()))
    return list(dict.fromkeys(party for party in found if party))


def _told(of: Relationship, file: _File) -> Told:
    made = Told()
    if of.unspecified == _LEAST:
        return made
    indirect = [i for i in of.holdings if is_indirect(i) and file.has_chain(of.holder, of.held)]
    held = [i for i in of.holdings if i not in indirect]
    made.holdings = list(_holdings(of, held))
    for interest in of.interests:
        kind = as_text(interest.get("type"))
        if interest in indirect or (kind == "votingRights" and not _is_votes(interest, of)):
            made.links.append(_link(of, interest))
        elif kind in ("nominee", "nominator"):
            made.links += _nominations(of, kind, file)
        elif role := _role(interest):
            made.roles.append({"person_id": of.holder, "entity_id": of.held, **role, **_days(of, interest, "role")})
        elif interest not in held:
            made.links.append(_link(of, interest))
    if of.unspecified:
        made.parties = [{"party_id": of.holder, "name": f"未披露 ({of.unspecified})"}]
    return made


def _holdings(of: Relationship, interests: list[dict[str, Any]]) -> Iterator[Row]:
    """Give the holdings of a relationship: those of shares, each with the votes of the same days."""
    votes = {_period(of, i): i for i in reversed(interests) if i.get("type") == "votingRights" and _is_votes(i, of)}
    shares = [i for i in interests if i.get("type") != "votingRights"]
    alone = [i for period, i in votes.items() if period not in {_period(of, s) for s in shares}]
    for n, interest in enumerate(found := [*shares, *alone]):
        row = {"holding_id": of.statement.record + (f"#{n + 1}" if len(found) > 1 else "")}
        row |= {"holder_id": of.holder, "held_id": of.held, "nominee_for": of.nominator, **_days(of, interest, "valid")}
        if interest.get("type") == "shareholding":
            row |= bods_shares.written(interest)
        elif not interest.get("type") and of.shares is not None:
            row |= of.shares.written()
        if voting := votes.pop(_period(of, interest), None):
            row["voting_share"] = bods_shares.written(voting).get("share", "")
        yield row


def _is_votes(interest: dict[str, Any], of: Relationship) -> bool:
    """Tell whether votes go with a holding: a range has no column, unless it is that of the share."""
    stated = bods_shares.written(interest)
    if "share" in stated or not stated:
        return True
    return any(bods_shares.written(i) == stated for i in of.interests if i.get("type") == "shareholding")


def _role(interest: dict[str, Any]) -> Row:
    kind, details = as_text(interest.get("type")), as_text(interest.get("details"))
    if kind == "otherInfluenceOrControl" and details in _WRITTEN_OFFICES:
        return {"role": details, "title": details}
    return {"role": _OFFICES[kind], "title": details or kind} if kind in _OFFICES else {}


def _nominations(of: Relationship, kind: str, file: _File) -> list[Row]:
    """Return the tie of nominee and nominator: told once, by the nominee's statement, if there is one."""
    others = _parties(file.nominators if kind == "nominee" else file.nominees, of.held)
    if kind == "nominator" and others:
        return []
    pairs = [(of.holder, other) for other in others] or [(of.holder, of.held)]
    known = {"link_kind": "proxy" if others else "interest", "detail": kind, **_days(of, of.interests[0], "link")}
    return [{"a_id": a, "b_id": b, **known} for a, b in pairs]


def _link(of: Relationship, interest: dict[str, Any]) -> Row:
    """Return an interest that is neither a holding nor an office as a tie that says what it is."""
    told = bods_shares.written(interest)
    share = told.get("share") or "–".join(told[side] for side in ("share_low", "share_high") if told.get(side))
    words = [as_text(interest.get(key)) for key in ("type", "directOrIndirect")]
    detail = " ".join(word for word in (*words, share, as_text(interest.get("details"))) if word)
    return {"a_id": of.holder, "b_id": of.held, "link_kind": "interest", "detail": detail, **_days(of, interest, "link")}


def _period(of: Relationship, interest: dict[str, Any]) -> tuple[str, str]:
    return tuple(_days(of, interest, "valid").values())  # type: ignore[return-value]


def _days(of: Relationship, interest: dict[str, Any], prefix: str) -> Row:
    """Return the first day, and the first on which it no longer holds: of a closed record at the latest that day."""
    ends = as_text(interest.get("endDate")) or of.statement.closed_on
    return {f"{prefix}_from": as_text(interest.get("startDate")), f"{prefix}_to": ends}
