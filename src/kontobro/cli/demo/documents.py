"""The demo into documents: the same company and expenses, with master data from a file, for a system without an API."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kontobro.cli.common import show
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.tables import sheet
from kontobro.cli.common.words import _
from kontobro.cli.demo.ledger import MARK
from kontobro.cli.demo.show import print_exported
from kontobro.cli.demo.steps import connect_demo, export_all, prepare
from kontobro.cli.demo.sync import sync_twice
from kontobro.cli.documents import print_documents
from kontobro.core.errors import Misconfigured
from kontobro.core.words import told

if TYPE_CHECKING:
    from kontobro.cli.common.context import CliContext
    from kontobro.core.model.connection import Connection
    from kontobro.export.engine import JobResult

OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "csv": {"template": "generic-lines"},
    "xlsx": {"template": "generic-lines"},
    "datev": {"consultant": "29098", "client": "55003", "account_length": "4", "clearing_account": "1089"},
    "sie": {
        "organisation_number": "556677-8899",
        "dimensions": "COST = 1, PROJECT = 6",
        "series": "P",
        "numbers": "own",
    },
    "fec": {"siren": "123456789"},
}
"""What the demo company sets of each format."""


def run_documents(folder: Path, target: str, *, as_json: bool) -> Exit:
    """Sync Pleo with a file of master data, export into documents, show what is in them."""
    from kontobro.service.demo.sandbox_process import running_sandbox

    if target not in OPTIONS:
        raise Misconfigured(*told("cli_demo_unknown", target=target, names=tuple(OPTIONS)))
    begun = time.monotonic()
    ledger = prepare(folder)
    masters = folder / "masters.toml"
    write_masters(ledger, masters)
    options = {
        **OPTIONS[target],
        "masters": str(masters.resolve()),
        "deliver_to": str((folder / "documents").resolve()),
    }
    (folder / "documents").mkdir()
    with running_sandbox(0, "--press-export") as sandbox:
        cli, connection = connect_demo(folder, ledger, sandbox, (target, options))
        with closing(cli), show.progress(quietly=as_json) as advance:
            synced = sync_twice(cli, connection, sandbox, advance)
            ports = cli.ports(connection)
            results = export_all(connection, ports, advance)
            sandbox.press_export(sandbox.second_batch)
            results += export_all(connection, ports, advance)
            summary = {**summary_of(cli, connection, results), "sync": synced.summary()}
            (folder / MARK).write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            if as_json:
                show.emit(summary)
            else:
                print_exported(ports.store.bookings(connection.id))
                _print(cli, connection, summary, folder, time.monotonic() - begun)
    return Exit.OK if results and not synced.second_run_writes else Exit.PROBLEMS


def summary_of(cli: CliContext, connection: Connection, results: list[JobResult]) -> dict[str, object]:
    """What is in the documents, counted from what was sealed."""
    store: Any = cli.store
    rows = store.documents(connection.id)
    totals: dict[str, Counter[str]] = {}
    references: Counter[str] = Counter()
    for row in rows:
        for voucher in store.vouchers(connection.id, row.number):
            references[voucher.booking.reference] += 1
            sums = totals.setdefault(voucher.booking.currency, Counter())
            for account, amount in voucher.booking.line_sums.items():
                sums[account] += amount
    return {
        "items": sum(result.items for result in results),
        "booked": sum(result.booked + result.already_booked for result in results),
        "failed": sum(result.failed for result in results),
        "receipts": sum(result.receipts for result in results),
        "documents": len(rows),
        "entries": references.total(),
        "duplicates": sum(count - 1 for count in references.values()),
        "totals": {
            currency: {account: str(amount) for account, amount in sorted(sums.items())}
            for currency, sums in totals.items()
        },
    }


def _print(cli: CliContext, connection: Connection, summary: Mapping[str, Any], folder: Path, seconds: float) -> None:
    store: Any = cli.store
    print_documents(store.documents(connection.id))
    table = sheet("account", "debit", "credit", title=_("In the documents"), right=["debit", "credit"])
    for currency, sums in summary["totals"].items():
        for account, text in sums.items():
            amount = Decimal(text)
            shown = show.money(abs(amount), currency)
            table.add_row(account, *((shown, "") if amount >= 0 else ("", shown)))
    show.console().print(table)
    verdict = _(
        "✓ booked: {booked} of {items}; documents: {documents}; entries: {entries}; to fix: {failed}; "
        "receipts: {receipts}; duplicates: {duplicates}"
    )
    show.say(verdict.format(**summary), "bold green")
    show.say(f"  {show.span(seconds)}")
    show.say("")
    show.say(_("The documents: {command}").format(command=f"ls {folder / 'documents'}"))
    show.say(_("One of them: {command}").format(command=f"kontobro --home {folder / 'home'} documents show 1"))


def write_masters(ledger: Path, file: Path) -> None:
    """The demo ledger's master data as a file of master data, whose IDs are codes."""
    import tomli_w

    from kontobro.core.model.masterdata import Account, Dimension, DimensionValue, TaxCode, Vendor
    from kontobro.erp.registry import load_connector

    books = load_connector("beancount", {"ledger": str(ledger)})
    codes = {account.id: account.code or account.id for account in books.read(Account)}
    company = books.check()
    tables: dict[str, Any] = {
        "company": _row(company, "id name currency time_zone country"),
        "accounts": [_row(one, "code name active") for one in books.read(Account) if one.code],
        "dimensions": [_row(one, "code name active") for one in books.read(Dimension)],
        "dimension_values": [_row(one, "dimension_id code name active") for one in books.read(DimensionValue)],
        "tax_codes": [
            {
                **_row(one, "code name rate type active"),
                **_coded(codes, ingoing_account=one.ingoing_account, outgoing_account=one.outgoing_account),
            }
            for one in books.read(TaxCode)
        ],
        "vendors": [
            {
                **_row(one, "code name number registration_number tax_registration_number currency country"),
                **_coded(codes, account=one.account),
            }
            for one in books.read(Vendor)
        ],
    }
    file.write_text(tomli_w.dumps(tables), encoding="utf-8")


def _row(record: Any, names: str) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in names.split()}
    return {name: value for name, value in values.items() if value is not None}


def _coded(codes: Mapping[str, str], **accounts: str | None) -> dict[str, str]:
    return {name: codes[account] for name, account in accounts.items() if account}
