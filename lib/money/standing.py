"""How much traced money lay in each account at each time, beside all that the account is known to have held."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.errors import BadParameter
from lib.money.amounts import fen, yuan
from lib.money.ledger import ledger
from lib.store import frame

Ints = npt.NDArray[np.int64]
_NEEDED = ("transfer_id", "payer_account", "payee_account", "traced_yuan", "hop")
_SOURCES = ("source_transfer", "source_account")


def traced_balances(case: Case, trail: pd.DataFrame) -> pd.DataFrame:
    """Say how much traced money lay in each account of a trail after each of its transfers, and what has left the data.

    Parameters
    ----------
    trail
        A result of `trace`, whole: forward or backward, told apart by source or not.

    Returns
    -------
    DataFrame, one row per account and transfer that changes what it holds of traced money; in order of account and replay
        account (null: what has left the data; backward what is still to come from outside it) · at · transfer_id · change_yuan
        (traced money that came, or went if negative; under poison also what turned) · traced_yuan (traced money in the account
        then; its last is what `at_rest` says; backward the source's money, whose last is 0) · balance_yuan (all that the
        account is known to hold then; null without an account). With sources told apart, rows by source too.

    Raises
    ------
    BadParameter
        If the frame is no trail, or not one of this Store.

    Notes
    -----
    Money that has made all the hops asked for, came to a hub or after the last day stays where it came to.
    """
    if missing := [c for c in _NEEDED if c not in trail.columns]:
        raise BadParameter(
            f"traced_balances 需要 flows.trace 的结果, 缺少列: {'、'.join(missing)}",
            f"traced_balances needs the result of flows.trace; missing columns: {', '.join(missing)}",
        )
    book = ledger(case.store)
    places = book.positions(pa.array(trail["transfer_id"], pa.string()))
    if (places < 0).any():
        unknown = trail["transfer_id"][places < 0].tolist()[:20]
        raise BadParameter(
            f"trail 中有本数据库没有的划转: {'、'.join(unknown)}。请在同一案件上重新运行 flows.trace",
            f"The trail has transfers that this Store does not have: {', '.join(unknown)}. Run flows.trace on this case again",
        )
    event, source, account, change = _events(trail, places, (book.moves.payer[places], book.moves.payee[places]))
    keys, of = np.unique(np.column_stack([source, account, event]), axis=0, return_inverse=True)
    changes = np.zeros(len(keys), np.int64)
    np.add.at(changes, of.reshape(-1), change)
    keys, changes = keys[changes != 0], changes[changes != 0]
    first = np.append(True, (keys[1:, :2] != keys[:-1, :2]).any(axis=1))[: len(keys)]
    held = _running(changes, first, from_end="unfunded_yuan" in trail.columns)
    source, account, event = keys.T
    paid = np.minimum(book.before, book.amount)
    there = np.where(account == book.moves.payee[event], book.there[event] + book.amount[event], (book.before - paid)[event])
    nobody = account < 0
    columns = {name: _named(trail, name, source) for name in _SOURCES if name in trail.columns}
    ids = book.table.select(["at", "transfer_id"]).take(pa.array(event))
    table = pa.table(
        {
            **columns,
            "account": book.accounts.take(pa.array(account, mask=nobody)).cast(pa.string()),
            "at": ids["at"],
            "transfer_id": ids["transfer_id"],
            "change_yuan": yuan(changes),
            "traced_yuan": yuan(held),
            "balance_yuan": pc.if_else(pa.array(nobody), None, yuan(there)),
        }
    )
    return frame(table)


def _events(trail: pd.DataFrame, places: Ints, sides: tuple[Ints, Ints]) -> tuple[Ints, Ints, Ints, Ints]:
    """Return what each row of a trail does, as transfer, source, account and fen: it comes to one, and goes from another."""
    payer, payee = sides
    traced, onward = fen(pa.array(trail["traced_yuan"])), trail["hop"].to_numpy() > 0
    backward, nobody = "unfunded_yuan" in trail.columns, np.full(len(trail), -1)
    source = _codes(trail)
    turned = fen(pa.array(trail["overstated_yuan"])) if "overstated_yuan" in trail.columns else np.zeros(len(trail), np.int64)
    if not backward:
        parts = [(payee, traced, np.ones(len(trail), np.bool_)), (payer, turned - traced, onward)]
    else:  # a source's money is in the payer's account before it, and never comes to the payee of the source itself
        unfunded = fen(pa.array(trail["unfunded_yuan"]))
        every = np.ones(len(trail), np.bool_)
        parts = [(payer, unfunded - traced, every), (nobody, -unfunded, every), (payee, traced - turned, onward)]
    kept = [(places[rows], source[rows], account[rows], change[rows]) for account, change, rows in parts]
    return tuple(np.concatenate(columns) for columns in zip(*kept, strict=True))  # type: ignore[return-value]


def _codes(trail: pd.DataFrame) -> Ints:
    """Number the sources of a trail's rows."""
    name = next((name for name in _SOURCES if name in trail.columns), None)
    if name is None:
        return np.zeros(len(trail), np.int64)
    return pd.factorize(trail[name], use_na_sentinel=False)[0].astype(np.int64)


def _named(trail: pd.DataFrame, name: str, codes: Ints) -> pa.Array:
    """Return the sources that numbers stand for."""
    return pa.array(pd.factorize(trail[name], use_na_sentinel=False)[1], pa.string(), from_pandas=True).take(pa.array(codes))


def _running(changes: Ints, first: npt.NDArray[np.bool_], *, from_end: bool) -> Ints:
    """Add up changes, each block from 0 on (or so that it ends at 0)."""
    sums = np.cumsum(changes)
    block = np.cumsum(first) - 1
    starts = np.flatnonzero(first)
    before = np.append(0, sums)[starts]
    ends = np.append(before[1:], sums[-1:]) if len(starts) else before
    found: Ints = sums - (ends if from_end else before)[block]
    return found
