"""Which account comes in a file of its own, as its bank writes it, and which with many others in the layout of the police."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.district.books import COMMON
from lib.district.sheets import FOLDER
from lib.district.world import World

Ints = npt.NDArray[np.int64]
_ALWAYS_OWN = ("custody_total", "custody_sub", "fee", "payment")


@dataclass(frozen=True)
class Routes:
    """Accounts by number: those with a file of their own, and per folder those that come in the layout of the police."""

    single: list[int]
    police: dict[str, Ints]


def routes(world: World, own_files: int) -> Routes:
    """Sort the accounts whose statements are delivered.

    Files of their own have the accounts of the institutions and of those around them: all in an institution's folders that no
    loan is paid out to, and the operating company's in any case. Beyond `own_files` of an institution the rest, and in any
    case borrowers and what is common to all (shops), come in the layout of the police.
    """
    accounts = world.accounts
    delivered = np.flatnonzero(accounts["statements"].to_numpy() == 1)
    folders = accounts[FOLDER].combine_chunks().take(pa.array(delivered)).to_pylist()
    purposes = accounts["purpose"].combine_chunks().take(pa.array(delivered)).to_pylist()
    companies = {platform.own for platform in world.platforms}
    borrowers = _borrowers(world)
    around, certain = [], []
    for number, folder, purpose in zip(delivered.tolist(), folders, purposes, strict=True):
        if number in companies or purpose in _ALWAYS_OWN:
            certain.append((folder, number))
        elif folder.split("/")[0] != COMMON and not borrowers[number]:
            around.append((folder, number))
    taken = Counter[str]()
    single = []
    for folder, number in certain + around:
        home = folder.split("/")[0]
        if taken[home] < own_files:
            taken[home] += 1
            single.append(number)
    apart = np.isin(delivered, single)
    police: dict[str, list[int]] = {}
    for number, folder, own in zip(delivered.tolist(), folders, apart.tolist(), strict=True):
        if not own:
            police.setdefault(folder, []).append(number)
    return Routes(sorted(single), {folder: np.array(numbers) for folder, numbers in police.items()})


def _borrowers(world: World) -> npt.NDArray[np.bool_]:
    """Tell of each account whether a loan is to be paid out to it."""
    accounts, loans = world.accounts["account_id"].combine_chunks(), world.tables.get("loans")
    if loans is None:
        return np.zeros(len(accounts), bool)
    paid_to = loans["disbursement_account"].combine_chunks().drop_null()
    found: npt.NDArray[np.bool_] = pc.is_in(accounts, value_set=paid_to).to_numpy(zero_copy_only=False)
    return found
