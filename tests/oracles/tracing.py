"""A slow reference for tracing: plain Python integers and fractions, one transfer after the other, nothing shared with lib."""

from dataclasses import dataclass, field
from fractions import Fraction

Move = tuple[str | None, str | None, int]  # payer, payee, fen
FAR = 10**9


@dataclass
class Pot:
    """What an account is known to hold, the traced part of it by hop, and the fewest hops since it held none."""

    known: int = 0
    traced: dict[int, int] = field(default_factory=dict)
    least: int = FAR


def split(traced: dict[int, int], paid: int, known: int) -> dict[int, int]:
    """Split the half-even part of all traced money over its levels by largest remainder, lower levels first."""
    if paid >= known:
        return dict(traced)
    share = {level: Fraction(fen * paid, known) for level, fen in traced.items()}
    whole = round(Fraction(sum(traced.values()) * paid, known))  # Python rounds halves to even
    parts = {level: int(part) for level, part in share.items()}
    by_rest = sorted(share, key=lambda level: (parts[level] - share[level], level))
    for level in by_rest[: whole - sum(parts.values())]:
        parts[level] += 1
    return parts


def leave(pot: Pot, fen: int) -> tuple[dict[int, int], int, int]:
    """Pay from a pot. Returns the traced money that goes, by level, its hop, and what the known balance could not cover."""
    gone: dict[int, int] = {}
    hop, beyond = 0, 0
    if sum(pot.traced.values()) > 0:
        gone, hop = split(pot.traced, fen, pot.known), pot.least + 1
        beyond = max(0, fen - pot.known) if sum(gone.values()) else 0
        pot.traced = {level: held - gone[level] for level, held in pot.traced.items()}
        pot.least = pot.least if sum(pot.traced.values()) else FAR
    pot.known -= min(fen, pot.known)
    return gone, hop, beyond


def follow(
    moves: list[Move], sources: set[int], opening: dict[str, int], hops: int | None = None, sink: frozenset[str] = frozenset()
) -> tuple[list[tuple[int, int, int]], int]:
    """Follow source transfers through moves in order. Returns rows (place, traced fen, hop) and the unknown clean fen."""
    accounts = {account for move in moves for account in move[:2] if account is not None}
    pots = {account: Pot(opening.get(account, 0)) for account in accounts}
    rows: list[tuple[int, int, int]] = []
    clean = 0
    for place, (payer, payee, fen) in enumerate(moves):
        gone, hop, beyond = leave(pots[payer], fen) if payer is not None else ({}, 0, 0)
        moved = sum(gone.values())
        fresh = fen - moved if place in sources else 0
        clean += beyond
        rows += [row for row in ((place, fresh, 0), (place, moved, hop)) if row[1]]
        if payee is None:
            continue
        pots[payee].known += fen
        for level, part, way in [(0, fresh, 0)] + [(level + 1, part, hop) for level, part in gone.items()]:
            if part and payee not in sink and (hops is None or level < hops):
                pots[payee].traced[level] = pots[payee].traced.get(level, 0) + part
                pots[payee].least = min(pots[payee].least, way)
    return rows, clean
