"""The document target of simulated worlds: the product's own CSV target; its template has all that is judged."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Final

from kontobro.core.model.journal import Entry, Payment
from kontobro.core.model.masterdata import Company, MasterRecord
from kontobro.core.ports import Place
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.template.layout import Layout, read_layout
from kontobro.erp.files.template.target import TemplateTarget
from kontobro.testing.connector.entries import Chart
from kontobro.testing.connector.memory import masters_of
from proof.simulator.plan import Plan

TITLES: Final = {
    "document": "{document_number}",
    "series": "{series}",
    "year": "{fiscal_year}",
    "number": "{voucher_number}",
    "reference": "{reference}",
    "fingerprint": "{fingerprint}",
    "kind": "{kind}",
    "date": "{date}",
    "invoice": "{invoice_number}",
    "account": "{account_number}",
    "amount": "{amount}",
    "currency": "{currency}",
    "tax code": "{tax_code}",
    "vendor": "{vendor_code}",
    "receipts": "{receipt_files}",
}
"""Of the columns before those of the dimensions, whose titles are the dimensions' ids."""

FEW_ROWS: Final = 6
"""Where a document is cut in worlds of small documents: two entries have more."""


class SimulatedTarget(TemplateTarget):
    """Payments have a voucher series of their own, as many companies have: two series count at once."""

    def place(self, entry: Entry) -> Place:
        return replace(super().place(entry), series="P" if isinstance(entry, Payment) else "A")


def target_of(plan: Plan) -> SimulatedTarget:
    return SimulatedTarget(_layout(plan), {}, _masters())


def _layout(plan: Plan) -> Layout:
    columns = [{"title": title, "value": value} for title, value in TITLES.items()]
    parts = [
        *('name = "Simulated"', "[file]", 'format = "csv"', "receipts = true"),
        *(['one_file_per = ["entry"]'] if plan.batch_size == 1 else []),
        *([f"max_rows = {FEW_ROWS}"] if plan.batch_size == 2 else []),
        *("[rows]", 'per = "line"', f"bills = {str(plan.bills).lower()}"),
        *(f'[[columns]]\ntitle = "{one["title"]}"\nvalue = "{one["value"]}"' for one in columns),
        '[[columns]]\ntitle = "*"\nvalue = "{dimension.*}"\neach = "dimension"',
    ]
    return read_layout("\n".join(parts), "simulated")


def _masters() -> MasterFile:
    """The records of the systems in memory, but for a time zone: a file that names one is checked at each reading."""
    records: dict[type, list[MasterRecord]] = defaultdict(list)
    for record in masters_of(Chart()):
        records[type(record)].append(replace(record, time_zone=None) if isinstance(record, Company) else record)
    return MasterFile({kind: tuple(some) for kind, some in records.items()})
