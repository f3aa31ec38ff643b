"""Round trips of money: simple cycles of transfers that follow each other in time. Arrays in, arrays out.

A transfer happened at some moment from low to high (equal, where the time is known; a day, where only that is). A cycle is a
sequence of transfers, each from the account that the last one reached, back to where the first began, for which moments can be
chosen that never go back, and in which the bank's sequence of no account is contradicted.
"""

import numpy as np
from numba import njit

_NEVER = np.int64(-(2**62))


@njit(cache=True)
def _follows(before, after, moment, low, high, seq_in, seq_out):  # type: ignore[no-untyped-def]
    """Tell whether `after` can follow `before` (at `moment` at the earliest): 0 no, 1 if tied and unproven, 2 surely."""
    if moment > high[after]:
        return 0
    if high[before] < low[after]:
        return 2
    if seq_in[before] >= 0 and seq_out[after] >= 0:
        return 2 if seq_in[before] < seq_out[after] else 0
    return 1


@njit(cache=True)
def _comes_home(first, last, low, high, seq_in, seq_out):  # type: ignore[no-untyped-def]
    """Tell whether the sequence of the account at which a cycle begins lets it pay before it is paid back."""
    return high[first] < low[last] or seq_out[first] < 0 or seq_in[last] < 0 or seq_out[first] < seq_in[last]


@njit(cache=True)
def _starts_first(path, count, low, high, seq_in, seq_out, window):  # type: ignore[no-untyped-def]
    """Tell whether no transfer of a tied cycle with a lower number than path[0] could be its start as well."""
    for turn in range(1, count):
        first, last = path[turn], path[turn - 1]
        possible = first < path[0] and _comes_home(first, last, low, high, seq_in, seq_out)
        moment, step = low[first], 1
        while possible and step < count:
            before, after = path[(turn + step - 1) % count], path[(turn + step) % count]
            possible = _follows(before, after, moment, low, high, seq_in, seq_out) > 0
            moment = max(moment, low[after])
            step += 1
        if possible and moment - high[first] <= window:
            return False
    return True


@njit(cache=True)
def _from(high, start, account, moment):  # type: ignore[no-untyped-def]
    """Return the place of the account's first row that may happen at the moment or later (rows ascend in `high`)."""
    lower, upper = start[account], start[account + 1]
    while lower < upper:
        middle = (lower + upper) // 2
        if high[middle] < moment:
            lower = middle + 1
        else:
            upper = middle
    return lower


@njit(cache=True)
def _ways_back(home, floor, ceiling, slack, backward, late, layers, sizes):  # type: ignore[no-untyped-def]
    """Fill late[d, account]: the latest moment at which money there can set out and be home after d transfers.

    A bound, not a proof: such a way may cross itself. layers[d, :sizes[d]] lists the accounts that have one.
    """
    start, payer, low, high = backward
    late[0, home], layers[0, 0], sizes[0] = ceiling, home, 1
    for d in range(1, len(sizes)):
        sizes[d] = 0
        for t in range(sizes[d - 1]):
            account = layers[d - 1, t]
            by = late[d - 1, account]
            for i in range(_from(high, start, account, by + slack + 1) - 1, start[account] - 1, -1):
                if high[i] < floor:  # rows of an account ascend in `high`
                    break
                if low[i] <= by:
                    if late[d, payer[i]] == _NEVER:
                        layers[d, sizes[d]] = payer[i]
                        sizes[d] += 1
                    late[d, payer[i]] = max(late[d, payer[i]], min(high[i], by))


@njit(cache=True)
def _gets_home(late, account, left, moment):  # type: ignore[no-untyped-def]
    """Tell whether money at an account at a moment may still be home within some transfers (True where that is not known)."""
    if left >= len(late):
        return True
    in_time = False  # plain loops: array expressions cost a second each to compile
    for d in range(1, left + 1):
        in_time |= late[d, account] >= moment
    return in_time


@njit(cache=True)
def promising(payer, payee, low, high, by_low, by_high, window):  # type: ignore[no-untyped-def]
    """Tell of each transfer whether its payee pays, and its payer is paid, so soon afterwards that it may begin a cycle.

    `by_low`, `by_high`: the transfers in ascending order of each. One sweep back in time keeps what each account does next.
    """
    slack = np.max(high - low) if len(low) > 0 else 0
    accounts = max(np.max(payer), np.max(payee)) + 1 if len(low) > 0 else 0
    pays, paid = np.full(accounts, _NEVER), np.full(accounts, _NEVER)
    found, at = np.zeros(len(low), np.bool_), len(low) - 1
    for place in range(len(low) - 1, -1, -1):
        row = by_low[place]
        while at >= 0 and high[by_high[at]] >= low[row]:
            pays[payer[by_high[at]]] = high[by_high[at]]
            paid[payee[by_high[at]]] = high[by_high[at]]
            at -= 1
        by = high[row] + window + slack
        found[row] = low[row] <= pays[payee[row]] <= by and low[row] <= paid[payer[row]] <= by
    return found


@njit(cache=True)
def _touches(path, count, payer, wanted):  # type: ignore[no-untyped-def]
    any_wanted = False
    for step in range(count):
        any_wanted |= wanted[payer[path[step]]]
    return any_wanted


@njit(cache=True)
def _search(steps, start, most_hops, window, slack, moves, forward, wanted, late, seen, found, sizes, ties):  # type: ignore[no-untyped-def]
    """Append every cycle that begins with the transfer `start`: depth first, cut where `late` shows no way home in time."""
    payer, payee, low, high, seq_in, seq_out = moves
    out_start, out_rows, out_payee, out_low, out_high = forward
    home, ceiling = payer[start], high[start] + window
    path, moments, sure, places, ends = steps
    path[0], moments[0], sure[0], count = start, low[start], True, 1
    seen[home] = seen[payee[start]] = True
    places[1] = _from(out_high, out_start, payee[start], low[start])
    ends[1] = _from(out_high, out_start, payee[start], ceiling + slack + 1)
    while count > 0:
        if places[count] == ends[count]:
            count -= 1
            seen[payee[path[count]]] = False
            continue
        place = places[count]
        places[count] += 1
        account, moment = out_payee[place], max(moments[count - 1], out_low[place])
        if account != home and (
            count + 1 >= most_hops or seen[account] or not _gets_home(late, account, most_hops - count - 1, moment)
        ):
            continue
        row = out_rows[place]
        way = _follows(path[count - 1], row, moments[count - 1], low, high, seq_in, seq_out)
        if way == 0 or out_low[place] > ceiling:
            continue
        path[count], moments[count], sure[count] = row, moment, sure[count - 1] and way == 2
        if account == home:
            kept = _comes_home(start, row, low, high, seq_in, seq_out) and _touches(path, count + 1, payer, wanted)
            if kept and (sure[count] or _starts_first(path, count + 1, low, high, seq_in, seq_out, window)):
                for step in range(count + 1):
                    found.append(path[step])
                sizes.append(count + 1)
                ties.append(not sure[count])
        else:
            seen[account] = True
            count += 1
            places[count] = _from(out_high, out_start, account, moment)
            ends[count] = _from(out_high, out_start, account, ceiling + slack + 1)
    seen[home] = False


@njit(cache=True)
def cycles(starts, moves, out_start, out_rows, in_start, in_rows, wanted, most_hops, window, most):  # type: ignore[no-untyped-def]
    """List the cycles of 2 to most_hops transfers within a window that touch a wanted account, each once.

    Parameters: starts, transfers that may begin a cycle, ascending; moves (payer, payee, low, high, seq_in, seq_out; sequence
    -1 where none); rows by payer and by payee (CSR, each ascending in `high`); wanted accounts; window in the units of low and
    high; number of cycles after which the search ends. Each cycle begins with its transfer of the lowest number that can be
    first. Returns the cycles' transfers one after the other, the length of each, and whether it rests on a tie that no sequence
    settles.
    """
    payer, payee, low, high, _, _ = moves
    accounts, depth = len(out_start) - 1, most_hops // 2
    late = np.full((depth + 1, accounts), _NEVER)
    layers, layer_sizes = np.empty((depth + 1, accounts), np.int64), np.zeros(depth + 1, np.int64)
    seen, whole = np.zeros(accounts, np.bool_), (np.empty(most_hops, np.int64), np.empty(most_hops, np.int64))
    steps = (*whole, np.empty(most_hops, np.bool_), np.empty(most_hops + 1, np.int64), np.empty(most_hops + 1, np.int64))
    found, sizes, ties = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)], [False for _ in range(0)]
    slack = np.max(high - low) if len(low) > 0 else 0
    # Copies in the order in which a search reads them, one after the other.
    high_in, high_out = high[in_rows], high[out_rows]
    backward = (in_start, payer[in_rows], low[in_rows], high_in)
    forward = (out_start, out_rows, payee[out_rows], low[out_rows], high_out)
    for start in starts:
        home, to = payer[start], payee[start]
        ceiling = high[start] + window
        _ways_back(home, low[start], ceiling, slack, backward, late, layers, layer_sizes)
        if layer_sizes[1] > 0 and _gets_home(late, to, most_hops - 1, low[start]):
            _search(steps, start, most_hops, window, slack, moves, forward, wanted, late, seen, found, sizes, ties)
        for d in range(depth + 1):
            for t in range(layer_sizes[d]):
                late[d, layers[d, t]] = _NEVER
        if len(sizes) > most:
            break
    return np.array(found, np.int64), np.array(sizes, np.int64), np.array(ties, np.bool_)
