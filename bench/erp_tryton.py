"""The second half of `make bench-erp`: booking in a real Tryton through the connector, against Tryton's bare API.

As `bench/erp.py`, with the same entries: both take turns, batch by batch, in one database of one server.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from bench.__main__ import show, write
from bench.erp import BATCH, BATCHES, SINGLES, entries, timed
from bench.result import Result
from kontobro.core.journal import Booking, JournalEntry
from kontobro.core.masterdata import Journal, Period
from kontobro.core.period import period_of
from kontobro.erp.tryton.api import Api, open_http
from kontobro.erp.tryton.connector import TrytonConnector
from scripts.erp.places import cloned, start_postgres
from tests.erp_real.tryton.house import ABSENT, TEMPLATE, Company, TrytonServer, installed, password_of


def measure() -> list[Result]:
    """Ratios of one run on one machine."""
    bare, ours = [], []
    with tempfile.TemporaryDirectory() as folder, cloned(start_postgres(), TEMPLATE) as database:
        server = TrytonServer(database, Path(folder) / "server.log")
        server.start()
        try:
            company = Company(server.url, database)
            chart = company.chart()
            connector, spent = metered(company)
            plain = Bare(company, connector)
            plain.book(entries(chart, 5))  # warms the server up
            book_ours(connector, entries(chart, 5))
            spent.clear()
            for _ in range(BATCHES):
                bare.append(timed(lambda: plain.book(entries(chart, BATCH))))
                ours.append(timed(lambda: book_ours(connector, entries(chart, BATCH))))
            spent_in_batches = Counter(spent)
            single = timed(lambda: [book_ours(connector, [one]) for one in entries(chart, SINGLES)]) / SINGLES
            bare_single = timed(lambda: [plain.book([one]) for one in entries(chart, SINGLES)]) / SINGLES
        finally:
            server.stop()
    count = BATCHES * BATCH
    parts = ", ".join(f"{method} {seconds:.1f} s" for method, seconds in spent_in_batches.most_common())
    note = f"{count:,} entries of 3 lines: bare {sum(bare):.1f} s; ours {sum(ours):.1f} s, of it {parts}"
    faster, than_bare = single * count / sum(ours), bare_single * count / sum(ours)
    singly = f"{faster:.1f} times faster than one entry a call; {than_bare:.1f} times faster than the bare API so"
    return [
        Result("tryton_ratio_to_bare", sum(ours) / sum(bare), 1.35, "times", note),
        Result("tryton_batch_to_single", 1 / faster, 1 / 5, "times", singly),
    ]


def metered(company: Company) -> tuple[TrytonConnector, Counter[str]]:
    """A connector, and the seconds it waits for each of Tryton's methods: what the distance is made of."""
    spent: Counter[str] = Counter()
    http = open_http(company.url)

    def answered(response: httpx2.Response) -> None:
        response.read()
        if response.request.method == "POST":
            method = msgspec.json.decode(response.request.content)["method"].rpartition(".")[2]
            spent[method] += response.elapsed.total_seconds()  # type: ignore[assignment]

    http.event_hooks["response"].append(answered)
    api = Api(http, company.database, "accountant", password_of("accountant"), 1)
    return TrytonConnector(api, company.url), spent


def book_ours(connector: TrytonConnector, batch: Sequence[JournalEntry]) -> None:
    """As the export engine does it."""
    references = [entry.reference for entry in batch]
    assert not connector.find(references)
    bookings = [answer for answer in connector.book(batch) if isinstance(answer, Booking)]
    assert len(bookings) == len(batch)
    connector.post(bookings)
    assert {booking.status for booking in connector.find(references).values()} == {"posted"}


class Bare:
    """The least that books the same entries: create, post."""

    def __init__(self, company: Company, connector: TrytonConnector) -> None:
        self._api = company.api("accountant")
        self._journal = next(int(one.id) for one in connector.read(Journal) if one.code == "EXP")
        self._periods = list(connector.read(Period))

    def book(self, batch: Sequence[JournalEntry]) -> None:
        ids = self._api.write("model.account.move.create", [self._values(entry) for entry in batch])
        self._api.write("model.account.move.post", ids)

    def _values(self, entry: JournalEntry) -> dict[str, Any]:
        period = period_of(entry.date, self._periods)
        assert period
        lines = [
            {
                "account": int(line.account),
                "debit": max(line.amount, 0 * line.amount),
                "credit": max(-line.amount, 0 * line.amount),
                "description": entry.text,
            }
            for line in entry.lines
        ]
        head = {"company": 1, "journal": self._journal, "period": int(period.id), "date": entry.date}
        return head | {"description": entry.text, "lines": [["create", lines]]}


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
