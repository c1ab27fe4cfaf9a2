"""The connector: seven short methods over the journal and the master data. It remembers nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import quote

from kontobro.core.errors import Misconfigured, Problem, shown
from kontobro.core.model import masterdata as md
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Booking, Entry, EntryKey, Reference
from kontobro.core.model.money import EXPONENTS, exponent
from kontobro.core.ports import Capabilities
from kontobro.erp.kit import checks, flow
from kontobro.erp.kit.masters_file import read_masters
from kontobro.erp.kit.receipts import EXTENSIONS, RECEIPTS, require
from kontobro.erp.kit.texts import whole
from kontobro_hledger import files
from kontobro_hledger.text import bookings, rendered

SYSTEM = "hledger"
ACCOUNT = re.compile(r"\w(?: ?[^\s;])*")
"""What hledger reads as one account: two blanks would end it, a bracket make it virtual."""
HEADER = "; Expenses from Pleo, written by Kontobro: see the README of kontobro-hledger.\ndecimal-mark .\n"
"""Without its second line, a `commodity 1.000,00 KWD` of the journal around it would make a thousand of 1.000."""
R = TypeVar("R", bound=md.MasterRecord)


def from_options(options: Mapping[str, str]) -> HledgerConnector:
    """The connector of a connection's options: `journal` and `masters`, paths of files."""
    journal, masters = (Path(options.get(name, "")).resolve() for name in ("journal", "masters"))
    if not journal.is_file():
        raise Misconfigured(f"There is no journal at {shown(journal)}.", "Make an empty file, and set `journal` to it.")
    return HledgerConnector(journal, masters)


class HledgerConnector:
    """One company: a journal of Pleo's expenses, and a TOML file with what hledger does not know."""

    capabilities = Capabilities(
        kinds=frozenset([md.Company, md.Account, md.TaxCode, md.Vendor, md.Dimension, md.DimensionValue, md.Period]),
        bills=False,
        drafts=False,
        receipts=RECEIPTS,
        batch_size=500,
        reference="enforced",
        keeps_fingerprint=True,
    )

    def __init__(self, journal: Path, masters: Path) -> None:
        self._journal = journal
        self._masters = masters

    def check(self) -> md.Company:
        files.ask(self._journal, "files")
        company = next(iter(self.read(md.Company)), None)
        if company is None or exponent(company.currency) is None:
            raise Misconfigured(f"{self._masters.name} has no company with a currency.", "Add them under [company].")
        return company

    def read(self, kind: type[R]) -> Iterable[R]:
        found = cast(Sequence[R], read_masters(self._masters).get(cast(Any, kind), ()))
        for one in found:
            if isinstance(one, md.Account) and not ACCOUNT.fullmatch(one.id):
                raise Misconfigured(f"hledger takes no {shown(one.id)}.", f"Correct it in {self._masters.name}.")
        return found

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        accounts = {one.id: one for one in self.read(md.Account)}
        vendors = {one.id: one for one in self.read(md.Vendor)}
        tax_codes = {one.id: one for one in self.read(md.TaxCode)}
        values = {(one.dimension_id, one.id): one for one in self.read(md.DimensionValue)}
        periods = list(self.read(md.Period))
        return [
            checks.distinct(
                checks.check_reference(entry, SYSTEM, whole),
                checks.check_currency(entry, SYSTEM, EXPONENTS),
                checks.first_of(
                    checks.check_digits(entry, SYSTEM, 27, accounts.get),  # Python adds with 28
                    checks.check_decimals(entry, SYSTEM, exponent(entry.currency)),
                    checks.check_balance(entry),
                ),
                checks.check_accounts(entry, SYSTEM, accounts.get),
                checks.check_period(entry, SYSTEM, periods) if periods else (),
                checks.check_dimensions(entry, SYSTEM, lambda *key: values.get(key)),
                checks.check_vendors(entry, SYSTEM, vendors.get),
                checks.check_tax_codes(entry, SYSTEM, tax_codes.get),
                checks.check_journal(entry, SYSTEM, ()),
            )
            for entry in entries
        ]

    def find(self, keys: Sequence[EntryKey]) -> Mapping[EntryKey, Booking]:
        answer = files.ask(self._journal, "print", "-O", "json", "tag:^(kontobro|voids)$")
        found = bookings(json.loads(answer, parse_float=Decimal))
        return {key: replace(found[key], receipts=self._receipts(found[key])) for key in keys if key in found}

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        with files.alone(self._journal):
            return flow.book(entries, SYSTEM, self.find, self.validate, self._create)

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        require(receipts)
        folder = self._folder(booking)
        with files.alone(self._journal):
            folder.mkdir(parents=True, exist_ok=True)
            for receipt in receipts:
                there = self._receipts(booking)
                if receipt.sha256 not in there:
                    name = f"{len(there) + 1}-{receipt.sha256}{EXTENSIONS[receipt.media_type]}"
                    files.put(folder / name, receipt.content)

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        references = [booking.reference for booking in bookings]
        return flow.answered(references, SYSTEM, {}, self.find(references) if references else {})

    def _create(self, entries: Sequence[Entry]) -> Mapping[Reference, Problem]:
        files.append(self._journal, HEADER, "".join(map(rendered, entries)))
        return {}

    def _folder(self, booking: Booking) -> Path:
        """Receipts are in a folder of their entry's, numbered: `receipts/REFERENCE/1-SHA256.pdf`."""
        return self._journal.with_name("receipts") / quote(booking.reference, safe="")

    def _receipts(self, booking: Booking) -> frozenset[str]:
        return frozenset(file.stem.partition("-")[2] for file in self._folder(booking).glob("[!.]*"))
