"""Patterns of money in plain Python, by their definitions, for small ledgers: slow, and written apart from lib/kernels.

A move is (payer, payee, fen, at in microseconds, day_only, payer_seq, payee_seq); accounts are numbers, -1 nobody known.
"""

from collections import defaultdict
from fractions import Fraction
from itertools import combinations, product

DAY = 86_400_000_000


def day(move):
    return move[3] // DAY


def stretches(keyed, days, fits):
    """Return {group: [(rows of a stretch, windows)]}: keyed is {group: rows}, fits(rows of a window) the rows that make it."""
    found = {}
    for group, rows in keyed.items():
        made = []
        for begin in sorted({d for _, d in rows}):
            inside = [row for row, d in rows if begin <= d < begin + days]
            kept = fits(inside)
            if not kept:
                continue
            if made and made[-1][2] > begin:
                made[-1][0].update(kept)
                made[-1][1].append(begin)
                made[-1][2] = begin + days
            else:
                made.append([set(kept), [begin], begin + days])
        if made:
            found[group] = [(frozenset(rows), len(begins)) for rows, begins, _ in made]
    return found


def fans(moves, days, least, kind):
    centre, other = (1, 0) if kind == "fan_in" else (0, 1)
    keyed = defaultdict(list)
    for row, move in enumerate(moves):
        if min(move[:2]) >= 0 and move[0] != move[1] and move[2] > 0:
            keyed[move[centre]].append((row, day(move)))
    return stretches(keyed, days, lambda rows: rows if len({moves[r][other] for r in rows}) >= least else [])


def may_follow(moves, account, before, after):
    """Tell whether `after` may leave an account once `before` has reached it, as far as anybody states."""
    mine = [m for m in moves if account in m[:2]]

    def seqs(rows):
        return [s for m in rows for side, s in ((0, m[5]), (1, m[6])) if m[side] == account]

    a, b = moves[before], moves[after]
    if day(a) != day(b):
        return day(a) < day(b)
    of_day = [m for m in mine if day(m) == day(a)]
    if any(m[4] for m in of_day):
        return a[6] <= b[5] if min(seqs(of_day)) >= 0 else True if a[4] or b[4] else _timed(mine, account, a, b, seqs)
    return _timed(mine, account, a, b, seqs)


def _timed(mine, account, a, b, seqs):
    if a[3] != b[3]:
        return a[3] < b[3]
    tie = [m for m in mine if m[3] == a[3] and not m[4]]
    mixed = any(m[3] == a[3] and m[4] for m in mine)
    return a[6] <= b[5] if not mixed and min(seqs(tie)) >= 0 else True


def gather_scatter(moves, days, least):
    keyed = defaultdict(list)
    for row, move in enumerate(moves):
        if min(move[:2]) >= 0 and move[0] != move[1] and move[2] > 0:
            for account in move[:2]:
                keyed[account].append((row, day(move)))

    found = {}
    for account, rows in keyed.items():

        def fits(inside, account=account):
            came = [r for r in inside if moves[r][1] == account]
            went = [r for r in inside if moves[r][0] == account]
            kept = set()
            for chosen in combinations(came, least):
                after = [q for q in went if all(may_follow(moves, account, p, q) for p in chosen)]
                if len({moves[p][0] for p in chosen}) >= least and len({moves[q][1] for q in after}) >= least:
                    kept |= {*chosen, *after}
            return kept

        found |= stretches({account: rows}, days, fits)
    return found


def scatter_gather(moves, days, least):
    good = [r for r, m in enumerate(moves) if min(m[:2]) >= 0 and m[0] != m[1] and m[2] > 0]
    ways = defaultdict(list)
    for a, b in product(good, good):
        source, middle, target = moves[a][0], moves[a][1], moves[b][1]
        if moves[b][0] == middle and target not in (source, middle) and may_follow(moves, middle, a, b):
            ways[source, target].append((a, b))
    found = {}
    for ends, pairs in ways.items():
        made = []
        for begin in sorted({day(moves[a]) for a, _ in pairs}):
            inside = [(a, b) for a, b in pairs if begin <= day(moves[a]) and day(moves[b]) < begin + days]
            if len({moves[a][1] for a, _ in inside}) < least:
                continue
            rows = {r for pair in inside for r in pair}
            if made and made[-1][1] > begin:
                made[-1] = (made[-1][0] | rows, begin + days)
            else:
                made.append((rows, begin + days))
        if made:
            found[ends] = [frozenset(rows) for rows, _ in made]
    return found


def _joined(parts):
    """Put sets together that share a member."""
    made = []
    for part in parts:
        apart = [m for m in made if not m & part]
        made = [*apart, set(part).union(*(m for m in made if m & part))]
    return sorted(map(frozenset, made), key=min)


def _connected(rows, links):
    """Split rows into parts that are connected; links(row) are the names by which a row is connected to others."""
    return _joined([{("row", r), *links(r)} for r in rows])


def bipartite(moves, days, payers, payees):
    """Return the groups, of each window the union of all its subsets in which nobody falls short."""
    good = [r for r, m in enumerate(moves) if min(m[:2]) >= 0 and m[0] != m[1] and m[2] > 0]

    def complete(rows):
        return all(
            len({moves[q][1] for q in rows if moves[q][0] == moves[r][0]}) >= payees
            and len({moves[q][0] for q in rows if moves[q][1] == moves[r][1]}) >= payers
            for r in rows
        )

    parts = []
    for begin in {day(moves[r]) for r in good}:
        inside = [r for r in good if begin <= day(moves[r]) < begin + days]
        best = set()
        for size in range(len(inside), 0, -1):
            for rows in combinations(inside, size):
                if not set(rows) <= best and complete(rows):
                    best |= set(rows)
        for part in _connected(best, lambda r: (("from", moves[r][0]), ("to", moves[r][1]))):
            parts.append({r for kind, r in part if kind == "row"})
    return _joined(parts)


def stacks(moves, days, breadth):
    """Return the groups of legs ("in" or "out", row): of each window what is left when legs that fall short are removed."""
    good = [r for r, m in enumerate(moves) if min(m[:2]) >= 0 and m[0] != m[1] and m[2] > 0]

    def holds(leg, legs):
        way, row = leg
        middle = moves[row][1] if way == "in" else moves[row][0]
        into = [r for w, r in legs if w == "in" and moves[r][1] == middle]
        out = [r for w, r in legs if w == "out" and moves[r][0] == middle]
        if len({moves[r][0] for r in into}) < breadth or len({moves[r][1] for r in out}) < breadth:
            return False
        if way == "in":
            wide = {moves[r][1] for w, r in legs if w == "in" and moves[r][0] == moves[row][0]}
            return len(wide) >= breadth and any(may_follow(moves, middle, row, r) for r in out)
        wide = {moves[r][0] for w, r in legs if w == "out" and moves[r][1] == moves[row][1]}
        return len(wide) >= breadth and any(may_follow(moves, middle, r, row) for r in into)

    def names(leg):
        way, row = leg[0], leg[1]
        sides = ("top", "middle") if way == "in" else ("middle", "bottom")
        return tuple((side, account) for side, account in zip(sides, moves[row][:2], strict=True))

    parts = []
    for begin in {day(moves[r]) for r in good}:
        legs = {(way, r) for way in ("in", "out") for r in good if begin <= day(moves[r]) < begin + days}
        while any(not holds(leg, legs) for leg in legs):
            legs = {leg for leg in legs if holds(leg, legs)}
        for part in _joined([{("leg", leg), *names(leg)} for leg in legs]):
            parts.append({leg for kind, leg in part if kind == "leg"})
    return _joined(parts)


def stays(rows, opening):
    """Return for each payment of one account its lots (fen, seconds at least, at most) and the fen not seen to come.

    rows: (arrives, fen, earliest second, latest second), in order.
    """
    lots, found = [[opening, None, None]], []
    for arrives, fen, low, high in rows:
        if arrives:
            lots.append([fen, low, high])
            found.append(None)
            continue
        parts, unseen = [], 0
        while fen and lots:
            part = min(fen, lots[0][0])
            if lots[0][1] is None:
                unseen += part
            elif part:
                parts.append((part, max(0, low - lots[0][2]), max(0, high - lots[0][1])))
            lots[0][0] -= part
            fen -= part
            if not lots[0][0]:
                lots.pop(0)
        found.append((parts, unseen + fen))
    return found


def passes(rows, lots, days, bounds):
    """Return the windows of one account that qualify as (begin, in, out, surely within the stay); no balances are known.

    rows as in `stays` with the day last; bounds = (lowest and highest out ÷ in as Fractions, seconds, least fen).
    """
    lowest, highest, seconds, least = bounds
    found = []
    for begin in sorted({r[4] for r in rows}):
        inside = [i for i, r in enumerate(rows) if begin <= r[4] < begin + days]
        came = sum(rows[i][1] for i in inside if rows[i][0])
        went = sum(rows[i][1] for i in inside if not rows[i][0])
        through = min(came, went)
        parts = [lot for i in inside if lots[i] for lot in lots[i][0]]
        seen = sum(p[0] for p in parts)
        if through < max(least, 1) or not lowest <= Fraction(went, came) <= highest:
            continue
        if sum(p[0] * p[1] for p in parts) > seconds * seen:
            continue
        found.append((begin, came, went))
    return found


def mirrored(moves, days, tolerance):
    """Return the most pairs of transfers there and back that can be made one to one between two accounts."""
    there = [m for m in moves if m[0] < m[1]]
    back = [m for m in moves if m[0] > m[1]]

    def best(i, free):
        if i == len(there):
            return 0
        most = best(i + 1, free)
        for j in free:
            a, b = there[i], back[j]
            if abs(day(a) - day(b)) <= days and abs(a[2] - b[2]) <= tolerance * max(a[2], b[2]):
                most = max(most, 1 + best(i + 1, free - {j}))
        return most

    return best(0, frozenset(range(len(back))))
