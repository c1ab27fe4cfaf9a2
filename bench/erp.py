"""`make bench-erp`: booking in a real Odoo through the connector, against Odoo's bare API for the same batches.

Both take turns, batch by batch, in one database of one server: what slows one down slows the other. Ours is what an
export does: find, book (race-proof create, read back), post, and find once more.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2

from bench import erp_job
from bench.__main__ import show, write
from bench.result import Result
from kontobro.core.journal import Booking, EntryLine, JournalEntry
from kontobro.erp.odoo.api import Api, open_http
from kontobro.erp.odoo.connector import OdooConnector
from kontobro.testing.entries import Chart, a_taxed_journal
from scripts.erp.places import cloned, start_postgres
from tests.erp_real.odoo.house import ABSENT, TEMPLATE, Company, OdooServer, installed, key_of

BATCHES, BATCH, SINGLES = 10, 100, 30


def measure() -> list[Result]:
    """Ratios of one run on one machine."""
    bare, ours = [], []
    with tempfile.TemporaryDirectory() as folder, cloned(start_postgres(), TEMPLATE) as database:
        server = OdooServer(Path(folder) / "server.log")
        server.start()
        try:
            company = Company(server.url, database)
            api, chart = company.api("accountant"), company.chart()
            connector, spent = metered(company)
            book_bare(api, entries(chart, 5))  # warms the server up
            book_ours(connector, entries(chart, 5))
            for _ in range(BATCHES):
                bare.append(timed(lambda: book_bare(api, entries(chart, BATCH))))
                ours.append(timed(lambda: book_ours(connector, entries(chart, BATCH))))
            spent_in_batches = Counter(spent)
            single = timed(lambda: [book_ours(connector, [one]) for one in entries(chart, SINGLES)]) / SINGLES
            bare_single = timed(lambda: [book_bare(api, [one]) for one in entries(chart, SINGLES)]) / SINGLES
            whole_job = erp_job.measure(company)
        finally:
            server.stop()
    count = BATCHES * BATCH
    parts = ", ".join(f"{method} {seconds:.1f} s" for method, seconds in spent_in_batches.most_common())
    note = f"{count:,} entries of 3 lines: bare {sum(bare):.1f} s; ours {sum(ours):.1f} s, of it {parts}"
    faster, than_bare = single * count / sum(ours), bare_single * count / sum(ours)
    singly = f"{faster:.1f} times faster than one entry a call; {than_bare:.1f} times faster than the bare API so"
    return [
        Result("odoo_ratio_to_bare", sum(ours) / sum(bare), 1.35, "times", note),
        Result("odoo_batch_to_single", 1 / faster, 1 / 5, "times", singly),
        *whole_job,
    ]


def metered(company: Company) -> tuple[OdooConnector, Counter[str]]:
    """A connector, and the seconds it waits for each of Odoo's methods: what the distance is made of."""
    spent: Counter[str] = Counter()
    http = open_http(company.url, company.database, key_of("accountant"))

    def answered(response: httpx2.Response) -> None:
        response.read()
        spent[response.url.path.rsplit("/", 1)[-1]] += response.elapsed.total_seconds()  # type: ignore[assignment]

    http.event_hooks["response"].append(answered)
    return OdooConnector(Api(http, 1), company.url), spent


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def entries(chart: Chart, count: int) -> list[JournalEntry]:
    """Card purchases: expense, tax, wallet; no tax code, so that all three lines are sent by both."""
    made = [a_taxed_journal(chart, f"{n + 40}.00", "10.00") for n in range(count)]
    return [_plain(entry) for entry in made]


def _plain(entry: JournalEntry) -> JournalEntry:
    lines: list[EntryLine] = [replace(line, tax_code=None, tax_amount=None, dimensions=()) for line in entry.lines]
    return replace(entry, lines=tuple(lines))


def book_ours(connector: OdooConnector, batch: Sequence[JournalEntry]) -> list[Booking]:
    """As the export engine does it."""
    references = [entry.reference for entry in batch]
    assert not connector.find(references)
    bookings = [answer for answer in connector.book(batch) if isinstance(answer, Booking)]
    assert len(bookings) == len(batch)
    connector.post(bookings)
    assert {booking.status for booking in connector.find(references).values()} == {"posted"}
    return bookings


def book_bare(api: Api, batch: Sequence[JournalEntry]) -> list[int]:
    """The least that books the same entries: create, post."""
    ids = api.write("account.move", "create", vals_list=[_values(entry) for entry in batch])
    api.write("account.move", "action_post", ids=ids)
    return list(ids)


def _values(entry: JournalEntry) -> dict[str, Any]:
    lines = [
        [0, 0, {"account_id": int(line.account), "name": entry.text, "balance": str(line.amount)}]
        for line in entry.lines
    ]
    return {"move_type": "entry", "date": entry.date.isoformat(), "ref": entry.text, "line_ids": lines}


def main() -> int:
    if not installed():
        print(ABSENT, file=sys.stderr)
        return 75
    results = measure()
    show(results)
    write(results)
    return 0 if all(result.kept for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
