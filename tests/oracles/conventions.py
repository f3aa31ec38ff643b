"""A slow reference for the conventions of tracing: plain Python, one transfer after the other, nothing shared with lib.

Every account is written out from its first fen on, whether or not it ever holds traced money: for fifo and lifo as a list of
lots, the oldest first; for the others as what it holds and the traced part of it by hops made.
"""

from fractions import Fraction

Move = tuple[str | None, str | None, int]  # payer, payee, fen
Lot = list[int | None]  # fen, hops made; None is money that is not traced
Rows = list[tuple[int, int, int, int]]  # place, traced fen, hop, clean fen that turned
FAR = 10**9


def follow(
    method: str,
    moves: list[Move],
    sources: set[int],
    opening: dict[str, int],
    hops: int | None = None,
    sink: frozenset[str] = frozenset(),
) -> tuple[Rows, int]:
    """Follow source transfers through moves in order. Returns rows and the fen that known balances could not cover."""
    if method in ("fifo", "lifo"):
        return _lines(method == "lifo", moves, sources, opening, hops, sink)
    return _pools(method, moves, sources, opening, hops, sink)


def _lines(newest, moves, sources, opening, hops, sink):
    lines = {a: [[opening.get(a, 0), None]] for move in moves for a in move[:2] if a is not None}
    rows, clean = [], 0
    for place, (payer, payee, fen) in enumerate(moves):
        stretch, beyond = cut(lines[payer], fen, newest) if payer is not None else ([], fen)
        traced = [lot for lot in stretch if lot[0] and lot[1] is not None]
        moved = sum(lot[0] for lot in traced)
        clean += beyond if moved and payer is not None else 0
        if place in sources and fen > moved:
            rows.append((place, fen - moved, 0, 0))
        if moved:
            rows.append((place, moved, 1 + min(lot[1] for lot in traced), 0))
        if payee is None:
            continue
        for part, made in [*stretch, [beyond, None]]:
            now = made + 1 if made is not None else 0 if place in sources else None
            followed = now is not None and payee not in sink and (hops is None or now < hops)
            lines[payee].append([part, now if followed else None])
    return rows, clean


def cut(line: list[Lot], fen: int, newest: bool) -> tuple[list[Lot], int]:
    """Take so many fen off one end of a line; return the stretch, the oldest first, and what the line could not give."""
    stretch: list[Lot] = []
    while fen and line:
        lot = line[-1 if newest else 0]
        part = min(lot[0], fen)
        stretch.insert(0 if newest else len(stretch), [part, lot[1]])
        fen -= part
        lot[0] -= part
        if not lot[0]:
            line.pop(-1 if newest else 0)
    return stretch, fen


def _pools(method, moves, sources, opening, hops, sink):
    known = {a: opening.get(a, 0) for move in moves for a in move[:2] if a is not None}
    traced = {a: {} for a in known}  # hops made -> fen
    least = dict.fromkeys(known, FAR)
    rows, clean = [], 0
    for place, (payer, payee, fen) in enumerate(moves):
        gone, hop, turned = {}, 0, 0
        if payer is not None and sum(traced[payer].values()):
            hop = least[payer] + 1
            gone, turned = leave(method, traced[payer], fen, known[payer])
            clean += max(0, fen - known[payer]) if sum(gone.values()) else 0
            least[payer] = least[payer] if sum(traced[payer].values()) else FAR
        if payer is not None:
            known[payer] -= min(fen, known[payer])
        moved = sum(gone.values())
        fresh = fen - moved if place in sources else 0
        rows += [row for row in ((place, fresh, 0, 0), (place, moved, hop, turned)) if row[1]]
        if payee is None:
            continue
        known[payee] += fen
        for made, part, way in [(0, fresh, 0)] + [(made + 1, part, hop) for made, part in gone.items()]:
            if part and payee not in sink and (hops is None or made < hops):
                traced[payee][made] = traced[payee].get(made, 0) + part
                least[payee] = min(least[payee], way)
    return rows, clean


def leave(method: str, traced: dict[int, int], paid: int, known: int) -> tuple[dict[int, int], int]:
    """Take the traced part of a payment out of `traced`; return it by hops made, and the clean fen that poison turned."""
    if not paid:
        return {}, 0
    turned, beyond, first = 0, max(0, paid - known), min(made for made, fen in traced.items() if fen)
    if method == "poison":
        turned = known - sum(traced.values())
        traced[first] += turned
    total, covered = sum(traced.values()), min(paid, known)
    whole = {
        "pro_rata": round(Fraction(total * covered, known)),  # Python rounds halves to even
        "poison": covered,
        "clean_first": max(0, covered - (known - total)),
        "taint_first": min(total, covered),
    }[method]
    if paid >= known:
        whole = total
    scale = Fraction(covered, known) if method == "pro_rata" else Fraction(whole, total)
    share = {made: fen * scale for made, fen in traced.items()}
    gone = {made: int(part) for made, part in share.items()}
    for made in sorted(share, key=lambda made: (gone[made] - share[made], made))[: whole - sum(gone.values())]:
        gone[made] += 1
    for made, fen in gone.items():
        traced[made] -= fen
    if method == "poison":
        gone[first] += beyond
        turned += beyond
    return gone, turned


def exact_shares(moves: list[Move], opening: dict[str, int]) -> dict[tuple[int, int], Fraction]:
    """Return for pairs of transfers (s, t) the fen of t that were in s, pro rata and never rounded.

    Every account keeps, beside what it holds, how much of it was in each transfer before.
    """
    held = {a: Fraction(opening.get(a, 0)) for move in moves for a in move[:2] if a is not None}
    was: dict[str, dict[int, Fraction]] = {a: {} for a in held}
    found = {}
    for place, (payer, payee, fen) in enumerate(moves):
        gone: dict[int, Fraction] = {}
        if payer is not None and held[payer]:
            part = min(Fraction(1), fen / held[payer])
            gone = {s: part * amount for s, amount in was[payer].items()}
            was[payer] = {s: (1 - part) * amount for s, amount in was[payer].items()}
            held[payer] -= min(held[payer], fen)
        found |= {(s, place): amount for s, amount in gone.items() if amount}
        if payee is not None:
            held[payee] += fen
            for s, amount in [*gone.items(), (place, Fraction(fen))]:
                was[payee][s] = was[payee].get(s, Fraction(0)) + amount
    return found


def mirrored(moves: list[Move], opening: dict[str, int]) -> tuple[list[Move], list[int], dict[str, int]]:
    """Turn moves round: the last first, payees pay payers, and what a payer did not hold goes to nobody, before the rest.

    Returns the moves, the place of each in `moves`, and what accounts hold then at first: what they held at last.
    """
    held = {a: opening.get(a, 0) for move in moves for a in move[:2] if a is not None}
    parts: list[tuple[int, Move]] = []
    for place, (payer, payee, fen) in enumerate(moves):
        known = fen if payer is None else min(fen, held[payer])
        parts += [(place, (payee, payer, known)), *([(place, (payee, None, fen - known))] if known < fen else [])]
        if payer is not None:
            held[payer] -= known
        if payee is not None:
            held[payee] += fen
    return [move for _, move in parts[::-1]], [place for place, _ in parts[::-1]], held


def coloured(
    method: str,
    moves: list[Move],
    colours: dict[int, int],
    opening: dict[str, int],
    hops: int | None = None,
    sink: frozenset[str] = frozenset(),
) -> dict[tuple[int, bool, int], tuple[int, int]]:
    """Follow source transfers, each of a colour. Returns (place, whether beyond the source, colour) → fen, fewest hops."""
    lots = method in ("fifo", "lifo")
    return (_coloured_lines if lots else _coloured_pools)(method, moves, colours, opening, hops, sink)


def _add(rows, key, fen, hop):
    if fen:
        had = rows.get(key, (0, FAR))
        rows[key] = (had[0] + fen, min(had[1], hop))


def _coloured_lines(method, moves, colours, opening, hops, sink):
    lines = {a: [[opening.get(a, 0), None]] for move in moves for a in move[:2] if a is not None}
    rows = {}
    for place, (payer, payee, fen) in enumerate(moves):
        stretch, beyond = cut(lines[payer], fen, method == "lifo") if payer is not None else ([], fen)
        for part, mark in [*stretch, [beyond, None]]:
            made, colour = (mark[0] + 1, mark[1]) if mark is not None else (0, colours.get(place))
            if colour is None:
                made = None
            else:
                _add(rows, (place, made > 0, colour), part, made)
            if payee is not None:
                followed = made is not None and payee not in sink and (hops is None or made < hops)
                lines[payee].append([part, (made, colour) if followed else None])
    return rows


def _coloured_pools(method, moves, colours, opening, hops, sink):
    known = {a: opening.get(a, 0) for move in moves for a in move[:2] if a is not None}
    held = {a: {} for a in known}  # hops made -> colour -> fen; what poison turned is of the colour FAR, behind all others
    rows = {}
    for place, (payer, payee, fen) in enumerate(moves):
        gone = {}
        if payer is not None and any(sum(of.values()) for of in held[payer].values()):
            gone = _leaving(method, held[payer], fen, known[payer])
        if payer is not None:
            known[payer] -= min(fen, known[payer])
        moved = sum(sum(of.values()) for of in gone.values())
        fresh = {colours[place]: fen - moved} if place in colours else {}
        arriving = [(0, fresh), *((made + 1, of) for made, of in gone.items())]
        for made, of in arriving:
            for colour, part in of.items():
                _add(rows, (place, made > 0, colour), part, made)
                if payee is not None and payee not in sink and (hops is None or made < hops):
                    there = held[payee].setdefault(made, {})
                    there[colour] = there.get(colour, 0) + part
        if payee is not None:
            known[payee] += fen
    return rows


def _leaving(method, held, fen, known):
    """Take what a payment carries out of `held`; return it by hops made and colour."""
    gone, whole = {}, {made: sum(of.values()) for made, of in held.items()}
    before = dict(whole)
    leaving, turned = leave(method, whole, fen, known)
    if turned:
        first = min(made for made, part in before.items() if part)
        in_account = known - sum(before.values())
        before[first] += in_account
        held[first][FAR] = held[first].get(FAR, 0) + in_account
    for made, part in leaving.items():
        gone[made] = _shared(held[made], before[made], part)
        if part > before[made]:
            gone[made][FAR] = gone[made].get(FAR, 0) + part - before[made]
    return gone


def _shared(of: dict[int, int], total: int, part: int) -> dict[int, int]:
    """Take what the first colours together have of a part, rounded, less what those before have; `of` loses it."""
    taken, so_far, given = {}, 0, 0
    for colour in sorted(of):
        so_far += of[colour]
        now = round(Fraction(so_far * min(part, total), total)) if total else 0
        taken[colour] = now - given
        of[colour] -= taken[colour]
        given = now
    return taken
