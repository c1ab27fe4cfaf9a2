"""Four ways to book the same journal entries in one Odoo. Each answers when all of them are posted."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

from bench.erp.odoo import Bare
from bench.erp.turns import BATCH, book_ours
from kontobro.core.model.journal import JournalEntry
from kontobro.erp.odoo.api import Api
from tests.erp_real.odoo.installation import Company

Way = Callable[[Sequence[JournalEntry]], None]

COLUMNS = ["ref", "date", "line_ids/account_id/.id", "line_ids/name", "line_ids/debit", "line_ids/credit"]
OPTIONS = {"quoting": '"', "separator": ",", "encoding": "utf-8", "has_headers": True, "date_format": "%Y-%m-%d"}
"""What Odoo's page sends for a plain CSV file."""


def ways_of(company: Company) -> dict[str, Way]:
    """By the name that the table shows."""
    api = company.api("accountant")
    bare, connector = Bare(api), company.connector()

    def in_batches(book: Callable[[Sequence[JournalEntry]], object]) -> Way:
        def batch_by_batch(entries: Sequence[JournalEntry]) -> None:
            for start in range(0, len(entries), BATCH):
                book(entries[start : start + BATCH])

        return batch_by_batch

    return {
        "bare API, batches of 100": in_batches(bare.book),
        "Odoo's file import, then posted": lambda entries: import_file(api, entries),
        "one call an entry": lambda entries: one_by_one(api, bare, entries),
        "Kontobro": in_batches(lambda batch: book_ours(connector, batch)),
    }


def one_by_one(api: Api, bare: Bare, entries: Sequence[JournalEntry]) -> None:
    """As integrations without batches do: look whether it exists, create, post. Two at once would book twice."""
    for entry in entries:
        if not list(api.rows("account.move", [["ref", "=", entry.text]], ["id"], names=False)):
            bare.book([entry])


def import_file(api: Api, entries: Sequence[JournalEntry]) -> None:
    """The menu "Import records" with a CSV file, then all posted at once; nothing refuses the same file again."""
    facts = {"res_model": "account.move", "file": as_csv(entries), "file_name": "entries.csv", "file_type": "text/csv"}
    (wizard,) = api.write("base_import.import", "create", vals_list=[facts])
    answer: dict[str, Any] = api.write(
        "base_import.import", "execute_import", ids=[wizard], fields=COLUMNS, columns=COLUMNS, options=OPTIONS
    )
    ids = answer.get("ids") or []
    assert len(ids) == len(entries), answer["messages"][:1]
    api.write("account.move", "action_post", ids=ids)


def as_csv(entries: Sequence[JournalEntry]) -> str:
    """A row a line; the entry's own cells are in its first row."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for entry in entries:
        head = [entry.text, entry.date.isoformat()]
        for line in entry.lines:
            debit, credit = (line.amount, 0) if line.amount > 0 else (0, -line.amount)
            rows.writerow([*head, line.account, entry.text, debit, credit])
            head = ["", ""]
    return text.getvalue()
