"""Lettering: bills and payments that settle each other in one file, found without keeping them in memory.

A code is the document's number in letters and a running number (`A1`, `A2`, `B1`): no two files share one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from kontobro.core.model.journal import Bill, Entry, InvoiceKey, Payment, compared
from kontobro.core.ports import Vouchers

_TABLES: Final = """
    CREATE TABLE open (bill TEXT, key TEXT, reference TEXT, account TEXT, party TEXT, minor INTEGER, day TEXT);
    CREATE TABLE lettered (reference TEXT, account TEXT, code TEXT, day TEXT, PRIMARY KEY (reference, account));
"""


class Lettering:
    """The letters of one document. A payment goes with the bill that it names; together they have to balance on one
    account and third party, else neither is lettered."""

    def __init__(self, vouchers: Vouchers, document: int) -> None:
        self._file = sqlite3.connect("", isolation_level=None)  # "": SQLite's own temporary file
        self._file.executescript(_TABLES)
        self._file.execute("BEGIN")
        for voucher in vouchers:
            self._take(voucher.entry)
        self._match(letters_of(document))
        self._file.execute("COMMIT")

    def of(self, entry: Entry) -> dict[str, tuple[str, date]]:
        """Code and day of the settlement, by account; empty for what is open."""
        if not isinstance(entry, Bill | Payment):
            return {}
        asked = "SELECT account, code, day FROM lettered WHERE reference = ?"
        rows = self._file.execute(asked, (entry.reference,))
        return {account: (code, date.fromisoformat(day)) for account, code, day in rows}

    def close(self) -> None:
        self._file.close()

    def _take(self, entry: Entry) -> None:
        if isinstance(entry, Bill):
            bill, key = str(entry.reference), _key(entry.key)
        elif isinstance(entry, Payment) and entry.settles is not None:
            named = isinstance(entry.settles, InvoiceKey)
            bill, key = "" if named else str(entry.settles), _key(entry.settles) if named else ""
        else:
            return
        for line in entry.lines:
            if line.role == "payable":
                values = (bill, key, entry.reference, line.account, line.vendor or "", _minor(line.amount))
                self._file.execute("INSERT INTO open VALUES (?, ?, ?, ?, ?, ?, ?)", (*values, entry.date.isoformat()))

    def _match(self, letters: str) -> None:
        for statement in (*_INDEXES, _NAMED, _SETTLED):
            self._file.execute(statement)
        self._file.execute(_LETTERED, (letters,))


_INDEXES: Final = (
    "CREATE INDEX bills ON open (bill, account, party)",
    "CREATE INDEX keys ON open (key, bill)",
)

_NAMED: Final = """UPDATE open SET bill = (
        SELECT min(bill) FROM open AS other WHERE other.key = open.key AND other.bill = other.reference)
    WHERE bill = '' AND 1 = (
        SELECT count(DISTINCT bill) FROM open AS other WHERE other.key = open.key AND other.bill = other.reference)"""
"""A payment that names its bill by vendor and number; where two bills of one number are in the file, it has none."""

_SETTLED: Final = """CREATE TABLE settled AS
    SELECT bill, account, party, max(day) AS day, row_number() OVER (ORDER BY max(day), bill, account, party) AS number
    FROM open WHERE bill <> '' GROUP BY bill, account, party
    HAVING sum(minor) = 0 AND count(DISTINCT reference) > 1"""

_LETTERED: Final = """INSERT OR IGNORE INTO lettered SELECT reference, account, ? || number, settled.day
    FROM settled JOIN open USING (bill, account, party)"""


def _key(key: object) -> str:
    return "\x1f".join((key.vendor, compared(key.number), key.currency)) if isinstance(key, InvoiceKey) else ""


def _minor(amount: Decimal) -> int:
    return int(amount.scaleb(2))


def letters_of(number: int) -> str:
    """1 is A, 26 is Z, 27 is AA."""
    return "".join(reversed(list(_letters(number))))


def _letters(number: int) -> Iterator[str]:
    while number > 0:
        number, rest = divmod(number - 1, 26)
        yield chr(ord("A") + rest)
