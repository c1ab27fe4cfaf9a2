"""A small ledger, and what a bookkeeper does in it by hand."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Posting, Transaction

from kontobro.core.model.journal import Reference
from kontobro.erp.beancount.connector import BeancountConnector
from kontobro.testing.connector.books import Books
from kontobro.testing.connector.shown import Shown, ShownLine

LEDGER = """\
option "title" "Fjord & Bro ApS"
option "operating_currency" "DKK"
include "bookings/*.beancount"

2020-01-01 custom "company" "Fjord & Bro ApS"
  id: "fjordbro"
  time-zone: "Europe/Copenhagen"
  currency: DKK
  country: "DK"

2020-01-01 open Expenses:Office
  code: "4000"
  name: "Office supplies"
2020-01-01 open Assets:VAT:Input
2020-01-01 open Liabilities:VAT:Output
2020-01-01 open Liabilities:Payable
2020-01-01 open Assets:Pleo:DKK DKK
2020-01-01 open Assets:Pleo:EUR EUR
2020-01-01 open Assets:Pleo:JPY JPY
2020-01-01 open Assets:Pleo:KWD KWD
2020-01-01 open Expenses:Old
2025-01-01 close Expenses:Old
2026-11-01 open Expenses:Last

2020-01-01 custom "tax-code" "I25" "Input VAT 25 %" 0.25 "inclusive"
  ingoing: Assets:VAT:Input
2020-01-01 custom "tax-code" "R25" "Reverse charge 25 %" 0.25 "reverse"
  ingoing: Assets:VAT:Input
  outgoing: Liabilities:VAT:Output
2020-01-01 custom "dimension" "COST" "Cost centre"
2020-01-01 custom "dimension" "PROJECT" "Project"
2020-01-01 custom "dimension-value" "COST" "100" "Sales"
2020-01-01 custom "dimension-value" "COST" "200" "Closed shop"
  active: FALSE
2020-01-01 custom "dimension-value" "PROJECT" "P1" "Bridge"
2020-01-01 custom "vendor" "V100" "Staples"
  account: Liabilities:Payable
  number: 4711
  tax-number: "DK12345678"
  currency: DKK
2020-01-01 custom "vendor" "V900" "Blocked Ltd"
  active: FALSE
2020-01-01 custom "tax-code" "I20" "Old VAT 20 %" 0.2 "inclusive"
  ingoing: Assets:VAT:Input
  active: FALSE
2020-01-01 custom "employee" "E7" "Anna Berg"
2020-01-01 custom "journal" "PLEO" "Pleo"
2026-01-01 custom "period" 2026-08-31 "closed"
2026-09-01 custom "period" 2026-12-31 "open"
"""


class LedgerFiles:
    """A bookkeeper with an editor and bean-check."""

    def __init__(self, ledger: Path) -> None:
        self.ledger = ledger

    @property
    def batches(self) -> list[Path]:
        return sorted((self.ledger.parent / "bookings").glob("*.beancount"))

    def entries(self) -> list[Transaction]:
        """All transactions, after the whole ledger loaded without an error."""
        loader.initialize(use_cache=False)
        entries, errors, _ = loader.load_file(self.ledger)
        assert not errors, errors
        return [entry for entry in entries if isinstance(entry, Transaction)]

    def entry(self, reference: Reference) -> Transaction:
        (entry,) = [entry for entry in self.entries() if entry.meta["kontobro"] == reference]
        return entry

    def edit(self, reference: Reference, old: str, new: str) -> None:
        """Replace a text in the block of an entry (up to the next one)."""
        for path in self.batches:
            blocks = re.split(r"(?m)^(?=\d{4}-)", path.read_text())
            edited = [block.replace(old, new) if f'kontobro: "{reference}"' in block else block for block in blocks]
            if edited != blocks:
                path.write_text("".join(edited))

    def count(self, reference: Reference) -> int:
        return sum(entry.meta["kontobro"] == reference for entry in self.entries())

    def count_all(self) -> int:
        return len(self.entries())

    def shows(self, reference: Reference) -> Shown:
        (entry,) = [
            one for one in self.entries() if one.meta["kontobro"] == reference and one.meta.get("void") is not True
        ]
        meta = entry.meta
        kind = meta["kind"].replace("-", "_")
        lines = [shown_line(posting) for posting in entry.postings]
        return Shown(
            kind="returned" if meta.get("returned") else kind,
            date=entry.date,
            currency=entry.postings[0].units.currency,
            lines=lines,
            payee=entry.payee or "",
            text=entry.narration or "",
            number=meta.get("bill-number") or meta.get("invoice-number") or "",
            vendor=meta.get("vendor"),
            document_date=meta.get("bill-date") or meta.get("invoice-date"),
            due_date=meta.get("due-date"),
        )

    def receipts(self, reference: Reference) -> list[str]:
        meta = self.entry(reference).meta
        keys = sorted((key for key in meta if re.fullmatch(r"document-\d+", key)), key=lambda key: int(key[9:]))
        return [Path(meta[key]).stem for key in keys]

    def void(self, reference: Reference) -> None:
        self.edit(reference, f'kontobro: "{reference}"', f'kontobro: "{reference}"\n  void: TRUE')

    def delete(self, reference: Reference) -> None:
        for path in self.batches:
            blocks = re.split(r"(?m)^(?=\d{4}-)", path.read_text())
            path.write_text("".join(block for block in blocks if f'kontobro: "{reference}"' not in block))


def shown_line(posting: Posting) -> ShownLine:
    meta = posting.meta
    pairs = [tuple(pair.split("=")) for pair in meta.get("dimensions", "").split("; ") if pair]
    return ShownLine(
        account=posting.account,
        amount=posting.units.number,
        dimensions=frozenset(pairs),
        tax_code=meta.get("tax-code"),
        vendor=meta.get("vendor"),
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_in(tmp_path)


def ledger_in(folder: Path) -> Path:
    path = folder / "main.beancount"
    path.write_text(LEDGER)
    return path


def books_in(folder: Path) -> Books:
    """A company of its own, for `make prove`."""
    path = ledger_in(folder)
    connect = partial(BeancountConnector, path)
    return Books(connector=connect(), bookkeeper=LedgerFiles(path), elsewhere=connect)


@pytest.fixture
def files(ledger: Path) -> LedgerFiles:
    return LedgerFiles(ledger)
