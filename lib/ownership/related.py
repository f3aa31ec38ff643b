"""The related parties of an institution as people read them."""

import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.ownership import relations
from lib.ownership.frames import TEXTS, called, frame_of


def related(case: Case) -> pd.DataFrame:
    """List the related parties of the institution, each with the reason and the shortest way that puts it there.

    Returns
    -------
    DataFrame, one row per party but the institution itself, nearest first, then by id
        party_id · name · kind · reason (controller, holder, legal_representative, director, senior_manager, supervisor, kin,
        controlled, same_controller, officer_of) · layers · path (list of ids, institution first). `attrs["possible"]`: direct
        holders whose share is unknown and who may be related for holding 5 %; `attrs["gap"]`: why look-through shares could
        not be solved (direct holdings were used), else None.

    Raises
    ------
    BadParameter
        If the case is the whole district.

    Notes
    -----
    Holders of 5 % or more (direct or look-through), controllers, officers of the institution, close kin of these, what
    any of these controls by majority, and where these are legal representative, director or senior manager. Offices that
    are only claimed in a CV do not count, and what the state controls is not related for that reason alone.
    """
    found = relations.related_set(case)
    ordered = sorted((len(m.path), party) for party, m in found.members.items() if m.reason != "self")
    ids = [party for _, party in ordered]
    made = frame_of(
        **called(case, "party_id", ids),
        reason=pa.array([found.members[i].reason for i in ids], pa.string()),
        layers=pa.array([len(found.members[i].path) - 1 for i in ids], pa.int64()),
        path=pa.array([list(found.members[i].path) for i in ids], TEXTS),
    )
    made.attrs = {"possible": found.possible, "gap": str(found.gap) if found.gap else None}
    return made
