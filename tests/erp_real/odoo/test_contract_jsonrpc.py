"""The same contract over JSON-RPC, which Odoo 17 and 18 have and Odoo 19 still answers."""

from __future__ import annotations

from functools import partial

import httpx2
import pytest

from kontobro.erp.odoo.api import open_http
from kontobro.erp.odoo.api.jsonrpc import JsonRpcApi, Login
from kontobro.erp.odoo.connector import OdooConnector
from kontobro.testing.connector_contract import Books, ConnectorContract
from tests.erp_real.odoo.installation import Company, OdooBookkeeper, OdooServer, key_of

pytestmark = pytest.mark.odoo


def connect(company: Company, user: str = "accountant", seconds: float | None = None) -> OdooConnector:
    key = key_of(user)
    http = open_http(company.url, company.database, key)
    if seconds:
        http.timeout = httpx2.Timeout(seconds, connect=10)
    return OdooConnector(JsonRpcApi(http, Login(company.database, user, key), 1), company.url)


class TestOdooOverJsonRpc(ConnectorContract):
    @pytest.fixture
    def books(self, company: Company, bookkeeper: OdooBookkeeper, odoo_server: OdooServer) -> Books:
        bookkeeper.allow_contacts()
        elsewhere = partial(connect, company)
        return Books(
            connector=elsewhere(),
            bookkeeper=bookkeeper,
            chart=company.chart(),
            elsewhere=elsewhere,
            stranger=connect(company, "stranger"),
            impatient=lambda seconds: elsewhere(seconds=seconds),
            restart=odoo_server.restart,
            in_base=bookkeeper.in_base,
        )
