"""The books of a made-up district: parties, accounts and payments in, the files that registry, platforms and banks deliver out.

Amounts are whole fen. A payment is kept once; each bank that holds a side of it prints its own line, with the balance that
the account then has, so that two statements of one payment cannot disagree.
"""

import csv
import datetime as dt
import io
import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from lib.store import schema
from tools import sample_numbers as numbers

FIRST, LAST = dt.date(2017, 1, 1), dt.date(2018, 9, 30)
_SURNAMES = "岑郗阮祝管穆仇晏臧闵邬卞戚巫鄢郜蒲卓柯虞"
_GIVEN = "砚楮筠皋棹黍藜桁鲟垣葭汀苘渡鸫槐岫榉菡黛䶮㛃"
_BRANDS = "榛柘桤楝槭蒺蕤薏荻菱芡鹂鸲鹬鹡鳜鲌蠡蛏螽"
_TRADES = ("商贸", "建材", "餐饮", "物流", "纺织品", "农产品", "五金", "印务")
_CODES = Path(__file__).parents[1] / "lib" / "intake" / "profiles" / "codes.toml"


@dataclass(frozen=True)
class Party:
    """A person or company of the district and the account that it uses."""

    id: str
    name: str
    company: bool
    account: str = ""


@dataclass(frozen=True)
class Account:
    """An account: the folder of the bank that keeps it, its owner, and what was on it on the first day."""

    id: str
    bank: str
    name: str
    opening_fen: int
    statements: bool


@dataclass(frozen=True)
class Payment:
    """One movement of money.

    An empty account is one that nobody in the district keeps; `cut` names the side whose line the statement lacks.
    """

    at: dt.datetime
    payer: str
    payee: str
    fen: int
    kind: str
    memo: str
    loan: str
    other_name: str
    cut: str


@dataclass(frozen=True)
class Layout:
    """How a deliverer writes: Chinese or English headings, and the encoding."""

    chinese: bool = False
    encoding: str = "utf-8"


@dataclass
class Books:
    """Everything that happens in the district, in the order in which it was told."""

    layouts: dict[str, Layout]
    rng: random.Random
    tables: dict[tuple[str, str], list[dict[str, object]]] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    payments: list[Payment] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    serials: dict[str, int] = field(default_factory=dict)
    agenda: list[tuple[dt.date, Callable[[], None]]] = field(default_factory=list)
    _booked: set[tuple[str, dt.datetime]] = field(default_factory=set)

    def serial(self, series: str) -> int:
        """Return the next number of a series, from 1."""
        self.serials[series] = self.serials.get(series, 0) + 1
        return self.serials[series]

    def add(self, folder: str, table: str, **row: object) -> None:
        """Add a row to a table of a deliverer; the values are written as they stand."""
        self.tables.setdefault((folder, table), []).append(row)

    def person(self, folder: str, name: str | None = None, bank: str | None = None, *, opening_fen: int = 0) -> Party:
        """Register a person, with a card at a bank if one is named."""
        n = self.serial("person")
        name = name or self._new_name(lambda: self.rng.choice(_SURNAMES) + "".join(self.rng.sample(_GIVEN, 2)))
        born = dt.date(1960, 1, 1) + dt.timedelta(days=self.rng.randrange(13_000))
        number, phone = numbers.person_number(n, f"{born:%Y%m%d}"), f"{numbers.PHONE}{n * 7919 % 10**8:08d}"
        party_id = f"ZR{n:04d}"
        row = {"party_id": party_id, "kind": "person", "name": name, "id_number": number, "phone": phone, "born_on": born}
        self.add(folder, "parties", **row)
        self.names.add(name)
        return self._banked(Party(party_id, name, company=False), bank, "personal", opening_fen)

    def company(
        self, folder: str, name: str | None = None, bank: str | None = None, *, opening_fen: int = 0, **more: object
    ) -> Party:
        """Register a company, with an account at a bank if one is named; `more` are further columns of parties."""
        n = self.serial("company")
        name = name or self._new_name(lambda: f"郑州{''.join(self.rng.sample(_BRANDS, 2))}{self.rng.choice(_TRADES)}有限公司")
        party_id = f"QY{n:04d}"
        self.add(folder, "parties", party_id=party_id, kind="company", name=name, uscc=numbers.company_number(n), **more)
        self.names.add(name)
        return self._banked(Party(party_id, name, company=True), bank, "own", opening_fen)

    def open(
        self, party: Party, bank: str, purpose: str, *, opening_fen: int = 0, statements: bool = True, name: str = ""
    ) -> str:
        """Open an account of a party at a bank (or as a platform lists it, without statements) and return its number."""
        account_id = numbers.account_number(self.serial("account"), company=party.company)
        self.accounts[account_id] = Account(account_id, bank, name or party.name, opening_fen, statements)
        row = {"account_id": account_id, "bank": bank.split("/")[1] if statements else "未提供", "holder_id": party.id}
        row |= {"holder_name": name or party.name, "purpose": purpose}
        if statements:
            row |= {"statement_from": str(FIRST), "statement_to": str(LAST)}
        self.add(bank, "accounts", **row)
        return account_id

    def pay(
        self,
        at: dt.datetime,
        payer: str,
        payee: str,
        fen: int,
        kind: str,
        memo: str,
        *,
        loan: str = "",
        other_name: str = "",
        cut: str = "",
    ) -> None:
        """Book a payment at the first free second from `at` on; an empty payer or payee is outside the district."""
        assert fen > 0
        while (payer, at) in self._booked or (payee, at) in self._booked:
            at += dt.timedelta(seconds=1)
        self._booked |= {(side, at) for side in (payer, payee) if side}
        self.payments.append(Payment(at, payer, payee, fen, kind, memo, loan, other_name, cut))

    def settle(self) -> None:
        """Let everything on the agenda happen, in the order of its days, so that contracts are numbered as they are signed."""
        for _, happen in sorted(self.agenda, key=lambda item: item[0]):
            happen()
        self.agenda.clear()

    def moment(self, day: dt.date, hour: int) -> dt.datetime:
        """Return a time of the day within the hour."""
        return dt.datetime.combine(day, dt.time(hour, self.rng.randrange(60), self.rng.randrange(60)))

    def _new_name(self, draw: Callable[[], str]) -> str:
        while (name := draw()) in self.names:
            pass
        return name

    def _banked(self, party: Party, bank: str | None, purpose: str, opening_fen: int) -> Party:
        if bank is None:
            return party
        return Party(party.id, party.name, party.company, self.open(party, bank, purpose, opening_fen=opening_fen))

    def write(self, root: Path) -> list[Path]:
        """Write every table as one CSV file per deliverer under `root`; return the files, in order."""
        self._print_statements()
        written = []
        for (folder, table), rows in sorted(self.tables.items()):
            path = root / folder / f"{table}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(as_csv(table, rows, self.layouts[folder]))
            written.append(path)
        return written

    def _print_statements(self) -> None:
        lines: dict[str, list[tuple[Payment, str]]] = {}
        for payment in sorted(self.payments, key=lambda p: p.at):
            for side, account in (("out", payment.payer), ("in", payment.payee)):
                if account and self.accounts[account].statements:
                    lines.setdefault(account, []).append((payment, side))
        for account_id, account in self.accounts.items():
            self._print_statement(account, lines.get(account_id, []))

    def _print_statement(self, account: Account, lines: list[tuple[Payment, str]]) -> None:
        balance, seq = account.opening_fen, 0
        for payment, side in lines:
            balance += payment.fen if side == "in" else -payment.fen
            assert balance >= 0, f"{account.name} overdrawn on {payment.at}"
            if payment.cut == side:
                continue
            seq += 1
            other = self.accounts.get(payment.payee if side == "out" else payment.payer)
            row = {"flow_id": f"LS{self.serial('flow'):06d}", "account_id": account.id, "seq": seq, "at": payment.at}
            row |= {"direction": side, "amount_yuan": yuan(payment.fen), "balance_yuan": yuan(balance)}
            row |= {
                "counterparty_account": other.id if other else "",
                "counterparty_name": other.name if other else payment.other_name,
            }
            row |= {"kind": payment.kind, "memo": payment.memo, "loan_id": payment.loan}
            self.add(account.bank, "flows", **row)


def yuan(fen: int) -> str:
    """Return whole fen as yuan with two decimals."""
    return f"{fen // 100}.{fen % 100:02d}"


def as_csv(table: str, rows: list[dict[str, object]], layout: Layout) -> bytes:
    """Return rows as the bytes of a CSV file; headings are the schema's Chinese labels or its column names."""
    given = {name for row in rows for name in row}
    columns = [c for c in schema()[table].columns if c.name in given]
    assert len(columns) == len(given), f"{table} has no column {given - {c.name for c in columns}}"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n" if layout.encoding == "gb18030" else "\n")
    writer.writerow([c.zh if layout.chinese else c.name for c in columns])
    words = {c.name: chinese_words().get(table, {}).get(c.name, {}) if layout.chinese else {} for c in columns}
    for row in rows:
        cells = {name: str(row.get(name, "")) for name in words}
        writer.writerow([words[name].get(cell, [cell])[0] for name, cell in cells.items()])
    return text.getvalue().encode(layout.encoding)


@cache
def chinese_words() -> dict[str, dict[str, dict[str, list[str]]]]:
    """Return the Chinese words of coded columns: table → column → code → words, as the importer reads them."""
    codes: dict[str, dict[str, dict[str, list[str]]]] = tomllib.loads(_CODES.read_text(encoding="utf-8"))["codes"]
    return codes
