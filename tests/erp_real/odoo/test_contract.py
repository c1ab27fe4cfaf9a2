"""The Odoo connector keeps the contract of all connectors, on the real Odoo."""

from __future__ import annotations

from functools import partial

import pytest

from kontobro.testing.connector_contract import Books, ConnectorContract
from tests.erp_real.odoo.installation import Company, OdooBookkeeper, OdooServer, connect

pytestmark = pytest.mark.odoo


class TestOdoo(ConnectorContract):
    @pytest.fixture
    def books(self, company: Company, bookkeeper: OdooBookkeeper, odoo_server: OdooServer) -> Books:
        bookkeeper.allow_contacts()
        elsewhere = partial(connect, company.url, company.database)
        return Books(
            connector=elsewhere(),
            bookkeeper=bookkeeper,
            chart=company.chart(),
            elsewhere=elsewhere,
            stranger=company.connector("stranger"),
            impatient=lambda seconds: elsewhere(seconds=seconds),
            restart=odoo_server.restart,
            in_base=bookkeeper.in_base,
        )
