"""The child's side of the sandbox: statements of the Beneficial Ownership Data Standard (BODS 0.4) become rows of a sheet.

A statement stands on one row, header first: the n-th is row n + 1, in every sheet. What one statement tells more than once of a
table (two holdings, say) stands in further sheets on the same row. The layout of the rows is profiles/registers/bods.toml.
"""

from lib.intake import bods_relationships, bods_statements
from lib.intake.bods_relationships import Told
from lib.intake.bods_statements import Statement

COLUMNS = (
    *("bods_statement", "aside", "fault"),
    *("party_id", "kind", "name", "former_names", "id_number", "uscc", "listed", "registered_on", "born_on", "address"),
    *("holding_id", "holder_id", "held_id", "share", "share_low", "share_high", "voting_share", "nominee_for"),
    *("valid_from", "valid_to"),
    *("person_id", "entity_id", "role", "title", "role_from", "role_to"),
    *("a_id", "b_id", "link_kind", "detail", "link_from", "link_to"),
    "text",
)


def sheets(raw: bytes) -> list[list[list[str]]]:
    """Return the sheets that a file of statements becomes: rows of cells, header first.

    Raises
    ------
    Unreadable
        If it is no JSON, or no statement of BODS is in it.
    """
    statements = bods_statements.read(raw)
    told = bods_relationships.told([s for s in statements if not s.fault and not s.aside])
    rows = [_rows(statement, told.get(statement.number)) for statement in statements]
    deepest = max(len(own) for own in rows)
    header, blank = list(COLUMNS), [""] * len(COLUMNS)
    return [[header, *(own[at] if at < len(own) else blank for own in rows)] for at in range(deepest)]


def _rows(statement: Statement, told: Told | None) -> list[list[str]]:
    if statement.aside == bods_statements.EMPTY:
        return [[""] * len(COLUMNS)]
    known = {"bods_statement": str(statement.number), "text": statement.text}
    pieces = list(told.rows()) if told else []
    if statement.fault:
        pieces = [{"fault": statement.fault, "party_id": "?"}]
    elif statement.aside or not pieces:
        pieces = [{"aside": statement.aside or "nothing"}]
    return [[{**known, **piece}.get(column, "") for column in COLUMNS] for piece in pieces]
