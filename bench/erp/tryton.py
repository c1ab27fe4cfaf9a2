"""The connector for Tryton over its API, against the bare API: as `bench/erp/odoo.py`, with the same entries."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from bench.erp.turns import compare
from bench.result import Result
from erp_lab.places import cloned, running, start_postgres
from kontobro.core.model.journal import JournalEntry
from kontobro.core.model.masterdata import Journal, Period
from kontobro.core.model.period import period_of
from kontobro.erp.tryton.api import Api, open_http
from kontobro.erp.tryton.connector import TrytonConnector
from tests.erp_real.tryton.installation import TEMPLATE, Company, TrytonServer, password_of


def measure(items: int) -> list[Result]:
    """Ratios of one run on one machine."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = stack.enter_context(cloned(start_postgres(), TEMPLATE))
        server = stack.enter_context(running(TrytonServer(database, Path(folder) / "server.log")))
        company = Company(server.url, database)
        connector, spent = metered(company)
        bare = Bare(company, connector)
        return compare("tryton", bare.book, connector, company.chart(), spent, items)


def metered(company: Company) -> tuple[TrytonConnector, Counter[str]]:
    """A connector, and the seconds it waits for each of Tryton's methods: what the distance is made of."""
    spent: Counter[str] = Counter()
    http = open_http(company.url)

    def answered(response: httpx2.Response) -> None:
        response.read()
        if response.request.method == "POST":
            method = msgspec.json.decode(response.request.content)["method"].rpartition(".")[2]
            spent[method] += time.perf_counter() - response.request.extensions["began"]

    http.event_hooks["request"].append(lambda request: request.extensions.update(began=time.perf_counter()))
    http.event_hooks["response"].append(answered)
    api = Api(http, company.database, "accountant", password_of("accountant"), 1)
    return TrytonConnector(api, company.url), spent


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
