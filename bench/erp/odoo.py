"""The connector for Odoo over its API: against the bare API, and a whole job."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2

from bench.erp import job as erp_job
from bench.erp.turns import compare
from bench.result import Result
from erp_lab.places import cloned, running, start_postgres
from kontobro.core.model.journal import JournalEntry
from kontobro.erp.odoo.api import Api, open_http
from kontobro.erp.odoo.connector import OdooConnector
from tests.erp_real.odoo.installation import TEMPLATE, Company, OdooServer, key_of


def measure(items: int) -> list[Result]:
    """Ratios of one run on one machine."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = stack.enter_context(cloned(start_postgres(), TEMPLATE))
        server = stack.enter_context(running(OdooServer(Path(folder) / "server.log")))
        company = Company(server.url, database)
        connector, spent = metered(company)
        bare = Bare(company.api("accountant"))
        ratios = compare("odoo", bare.book, connector, company.chart(), spent, items)
        return [*ratios, *erp_job.measure(company, items)]


def metered(company: Company) -> tuple[OdooConnector, Counter[str]]:
    """A connector, and the seconds it waits for each of Odoo's methods: what the distance is made of."""
    spent: Counter[str] = Counter()
    http = open_http(company.url, company.database, key_of("accountant"))

    def answered(response: httpx2.Response) -> None:
        response.read()
        spent[response.url.path.rsplit("/", 1)[-1]] += time.perf_counter() - response.request.extensions["began"]

    http.event_hooks["request"].append(lambda request: request.extensions.update(began=time.perf_counter()))
    http.event_hooks["response"].append(answered)
    return OdooConnector(Api(http, 1), company.url), spent


class Bare:
    """The least that books the same entries: create, post."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def book(self, batch: Sequence[JournalEntry]) -> None:
        ids = self._api.write("account.move", "create", vals_list=[_values(entry) for entry in batch])
        self._api.write("account.move", "action_post", ids=ids)


def _values(entry: JournalEntry) -> dict[str, Any]:
    lines = [
        [0, 0, {"account_id": int(line.account), "name": entry.text, "balance": str(line.amount)}]
        for line in entry.lines
    ]
    return {"move_type": "entry", "date": entry.date.isoformat(), "ref": entry.text, "line_ids": lines}
