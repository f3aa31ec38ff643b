"""The books of the district: who there is, what is agreed, and every movement of money from one account to another.

An account is known by its number here (0, 1, 2, … in order of opening), so is a loan and a payment. A payment is kept once;
each bank that delivers a side of it prints its own line, so that two statements of one payment cannot disagree.
"""

import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lib.district import names, numbers
from lib.district.days import FIRST, LAST, day
from lib.district.sheets import Sheet
from lib.schema import schema

Ints = npt.NDArray[np.int64]
NOBODY = -1
KINDS = ("transfer", "withdrawal", "disbursement", "repayment", "fee", "interest", "capital", "refund", "other")
COMMON, REGISTER, OFFICE = "公共", "公共/工商登记", "公共/整治办"
BANKS = ("苍棣银行", "洹棣银行", "滹棣银行", "汝棣银行", "湍棣银行", "淇棣银行")
CUSTODIAN, SECOND_CUSTODIAN = "嵩棣银行", "颍棣银行"
IN_FORCE = "履约中"  # the status of a contract, until all is known
OUTSIDE = ""  # the bank of accounts whose statements nobody delivers
_YEAR_DAYS, _BIRTHDAYS = 365, 11_681
_OPENED_DAYS = 450  # in which accounts were opened: no company was registered after them but those whose stories say so


@dataclass(frozen=True)
class Party:
    """A person or company: id, name, and the number of the account that it uses (NOBODY if it has none)."""

    id: str
    name: str
    company: bool
    account: int = NOBODY


class UnplayableError(Exception):
    """A story does not fit in where it was begun: on other days it may; nothing of it has been entered that matters."""


class Row(NamedTuple):
    """A row that was entered: its table, its number there, and its key ("" where the table has none of one column)."""

    table: str
    number: int
    id: str


@dataclass(frozen=True)
class Crowd:
    """Many parties: their ids and names, and the numbers of their accounts."""

    ids: pa.Array
    names: pa.Array
    accounts: Ints


@dataclass
class Books:
    """All tables of the district in the making, and its payments."""

    seed: int
    sheets: dict[str, Sheet] = field(default_factory=dict)
    serials: Counter[str] = field(default_factory=Counter)
    payments: list[dict[str, Ints]] = field(default_factory=list)
    memos: dict[str, int] = field(default_factory=dict)
    account_ids: list[pa.Array] = field(default_factory=list)
    swapped: list[tuple[int, int]] = field(default_factory=list)
    guaranteed: list[tuple[int, pa.Array]] = field(default_factory=list)
    _loose: list[tuple[int, ...]] = field(default_factory=list)
    _paid: int = 0

    def __post_init__(self) -> None:
        """Lay out the sheets; accounts keep what is on them at first and whether their statements are delivered."""
        for table in schema():
            self.sheets[table] = Sheet(table, ("opening_fen", "statements", "exact") if table == "accounts" else ())

    def rng(self, purpose: str) -> np.random.Generator:
        """Return a source of chance of its own for a purpose, so that more of one thing does not change another."""
        return np.random.Generator(np.random.PCG64([self.seed, zlib.crc32(purpose.encode())]))

    def serial(self, of: str) -> int:
        """Return the next number of a series, from 1."""
        self.serials[of] += 1
        return self.serials[of]

    def add(self, table: str, folder: str, **row: Any) -> Row:
        """Add a row; a table's own id, where none is given, is the next of its series."""
        key = schema()[table].key[0] if len(schema()[table].key) == 1 else ""
        if key and key not in row:
            row[key] = f"{_PREFIX[table]}{self.serial(table):06d}"
        return Row(table, self.sheets[table].row(folder=folder, **row), str(row.get(key, "")))

    # -- who ----------------------------------------------------------------------------------------------------------

    def person(self, folder: str, name: str = "", *, born: str = "", man: bool | None = None, **more: Any) -> Party:
        """Enter a person as a party, a man or a woman (odd and even identity numbers) where it matters; `more`: columns."""
        rng, serial = self.rng(f"person {self.serials['person']}"), self.serial("person")
        on = day(born) if born else day("1958-01-01") + int(rng.integers(0, 32 * _YEAR_DAYS))
        made = {"name": name or names.people(rng, 1)[0].as_py(), "born_on": on, "kind": "person"}
        # Those that are entered one by one have the sequence numbers from 900 on, crowds those below.
        ones = self.serial("one by one")
        ones = self.serial("one by one") if man not in (None, ones % 2 == 1) else ones
        made["id_number"] = numbers.people(np.array([ones]), np.array([on]), np.array([900 + ones % 100]))[0].as_py()
        made |= {"phone": numbers.phones(np.array([serial]))[0].as_py(), "address": names.addresses(rng, 1)[0].as_py()}
        party_id = f"ZR{serial:07d}"
        self.sheets["parties"].row(folder=folder, party_id=party_id, **(made | more))
        return Party(party_id, str((made | more)["name"]), company=False)

    def company(self, folder: str, name: str = "", *, trade: str = "", **more: Any) -> Party:
        """Enter a company as a party; `more` are columns of parties."""
        rng, serial = self.rng(f"company {self.serials['company']}"), self.serial("company")
        made: dict[str, Any] = {"name": name or names.companies(rng, np.array([serial]))[0].as_py(), "kind": "company"}
        if trade:
            made["name"] = f"{names.PLACES[serial % 2]}{names.brand(serial)}{trade}有限公司"
        made["uscc"] = numbers.companies(np.array([serial]))[0].as_py()
        made |= {"status": "active", "registered_on": day("2009-01-01") + int(rng.integers(0, 5 * _YEAR_DAYS))}
        made |= {"registered_capital_yuan": int(rng.integers(1, 11)) * 100_000_000, "scope_text": scope_of(made["name"])}
        made["address"] = names.addresses(rng, 1)[0].as_py()
        party_id = f"QY{serial:06d}"
        self.sheets["parties"].row(folder=folder, party_id=party_id, **(made | more))
        return Party(party_id, str((made | more)["name"]), company=True)

    def crowd(self, folder: str, count: int, *, company: bool, **more: Any) -> Crowd:
        """Enter many persons or companies at once; their accounts are still to be opened."""
        kind = "company" if company else "person"
        first = self.serials[kind] + 1
        self.serials[kind] += count
        serials, rng = np.arange(first, first + count), self.rng(f"crowd {kind} {first}")
        ids = pa.array([f"QY{n:06d}" if company else f"ZR{n:07d}" for n in serials.tolist()], pa.string())
        made: dict[str, Any] = {"kind": kind}
        if not count:
            return Crowd(ids, pa.array([], pa.string()), np.zeros(0, np.int64))
        if company:
            made["name"], made["uscc"] = names.companies(rng, serials), numbers.companies(serials)
            made |= {"registered_on": day("2006-01-01") + rng.integers(0, 8 * _YEAR_DAYS, count), "status": "active"}
            made |= {"registered_capital_yuan": rng.integers(1, 21, count) * 50_000_000}
            made["scope_text"] = pa.array([scope_of(name) for name in made["name"].to_pylist()])
        else:
            # 900 and the number of days have no common divisor: day and sequence number differ for the first ten million.
            born = day("1960-01-01") + serials * 4517 % _BIRTHDAYS
            made |= {"name": names.people(rng, count), "born_on": born}
            made["id_number"] = numbers.people(serials, born, serials % 900)
            made["phone"] = numbers.phones(serials)
        made["address"] = names.addresses(rng, count)
        self.sheets["parties"].rows(count, folder=folder, party_id=ids, **(made | more))
        return Crowd(ids, made["name"], np.zeros(0, np.int64))

    # -- accounts -----------------------------------------------------------------------------------------------------

    def open(
        self,
        holder: Party,
        bank: str,
        folder: str,
        purpose: str,
        *,
        opening_fen: int = 0,
        exact: bool = True,
        **more: Any,
    ) -> int:
        """Open an account and return its number.

        `bank` is one whose statements are delivered, or OUTSIDE. `exact`: what is on it at first is not raised, though it be
        overdrawn (then the district does not balance, and settling says so).
        """
        serial = self.serial("account")
        number = numbers.accounts(np.array([serial]), np.array([holder.company]))
        self.account_ids.append(number)
        kept: dict[str, Any] = {"bank": bank or BANKS[serial % len(BANKS)], "purpose": purpose, "holder_id": holder.id}
        kept |= {"holder_name": holder.name, "opened_on": FIRST - 30 - serial % _OPENED_DAYS}
        kept |= more
        if bank:
            kept = {"statement_from": max(FIRST, kept["opened_on"]), "statement_to": LAST} | kept
        return self.sheets["accounts"].row(
            folder=f"{folder}/{bank}" if bank else folder,
            account_id=number[0].as_py(),
            opening_fen=opening_fen,
            statements=int(bool(bank)),
            exact=int(exact),
            **kept,
        )

    def bank_with(self, party: Party, bank: str, folder: str, purpose: str = "own", **more: Any) -> Party:
        """Return the party with an account of its own."""
        purpose = purpose if party.company or purpose != "own" else "personal"
        return Party(party.id, party.name, party.company, self.open(party, bank, folder, purpose, **more))

    def open_many(self, crowd: Crowd, banks: Ints | None, folder: str, *, company: bool, opening_fen: Ints) -> Crowd:
        """Open an account for each of many: at the banks of these numbers, or outside; return the crowd with them."""
        count, first = len(crowd.ids), self.serials["account"] + 1
        self.serials["account"] += count
        serials = np.arange(first, first + count)
        if not count:
            return crowd
        ids = numbers.accounts(serials, np.full(count, company))
        self.account_ids.append(ids)
        places = serials % len(BANKS) if banks is None else banks
        named = pa.array(BANKS).take(pa.array(places))
        folders = pa.array([f"{folder}/{bank}" for bank in BANKS]).take(pa.array(places))
        start = self.sheets["accounts"].rows(
            count,
            account_id=ids,
            bank=named,
            folder=folder if banks is None else folders,
            holder_id=crowd.ids,
            holder_name=crowd.names,
            purpose="own" if company else "personal",
            opened_on=FIRST - 30 - serials % _OPENED_DAYS,
            opening_fen=opening_fen,
            statements=int(banks is not None),
            exact=0,
            **({} if banks is None else {"statement_from": FIRST, "statement_to": LAST}),
        )
        return Crowd(crowd.ids, crowd.names, np.arange(start, start + count))

    def account_ids_at(self, number: Any) -> Any:
        """Return the id of an account by its number, or an array of ids by an array of numbers."""
        known = pa.chunked_array(self.account_ids)
        if isinstance(number, int):
            return known[number].as_py()
        return known.combine_chunks().take(pa.array(number))

    # -- money --------------------------------------------------------------------------------------------------------

    def pay(self, at: int, payer: int, payee: int, fen: int, kind: str, memo: str, *, loan: int = NOBODY, cut: str = "") -> int:
        """Move money and return the number of the payment; `cut` (out, in) names the side whose line the statement lacks."""
        if fen <= 0 or payer == payee or min(payer, payee) < 0:
            raise ValueError(f"{fen} fen from account {payer} to {payee}")
        side = {"": 0, "out": 1, "in": 2}[cut]
        self._loose.append((at, payer, payee, fen, KINDS.index(kind), self.memo(memo), loan, side))
        self._paid += 1
        return self._paid - 1

    def pay_many(
        self, at: Ints, payer: Ints | int, payee: Ints | int, fen: Ints, kind: str, memo: Ints | str, **more: Any
    ) -> int:
        """Move money many times and return the number of the first payment; amounts of 0 must have been left out."""
        self.flush()
        count = len(at)
        note: Ints | int = self.memo(memo) if isinstance(memo, str) else memo
        columns: dict[str, Any] = {"at": at, "payer": payer, "payee": payee, "fen": fen, "kind": KINDS.index(kind)}
        columns |= {"memo": note, "loan": more.get("loan", NOBODY), "cut": 0}
        types = {"at": np.int64, "fen": np.int64, "kind": np.int8, "cut": np.int8, "memo": np.int16}
        made = {n: np.broadcast_to(np.asarray(c, types.get(n, np.int32)), count) for n, c in columns.items()}
        self.payments.append(made)
        self._paid += count
        return self._paid - count

    def memo(self, text: str) -> int:
        """Return the number of a text that stands beside payments."""
        return self.memos.setdefault(text, len(self.memos))

    def flush(self) -> None:
        """Turn the payments that were made one by one into arrays."""
        if self._loose:
            columns = [np.array(c, np.int64) for c in zip(*self._loose, strict=True)]
            self.payments.append(
                dict(zip(("at", "payer", "payee", "fen", "kind", "memo", "loan", "cut"), columns, strict=True))
            )
            self._loose = []


def scope_of(name: str) -> str:
    """Return a plausible scope of business for a company's name."""
    trade = next((word for word in names.TRADES if word in name), "")
    return f"{trade}的销售及技术服务; 货物配送" if trade else "企业管理咨询; 商务信息咨询 (不得从事金融业务)"


_PREFIX = {
    "parties": "ZT",
    "holdings": "CG",
    "roles": "RZ",
    "links": "GL",
    "registry_changes": "BG",
    "licences": "XK",
    "sanctions": "CF",
    "devices": "DL",
    "projects": "BD",
    "repayments": "HK",
    "assignments": "ZR-",
    "ledger_entries": "FL",
    "disclosures": "PL",
    "advertisements": "GG",
    "complaints": "TS",
    "interviews": "YT",
    "confirmations": "HZ",
}
