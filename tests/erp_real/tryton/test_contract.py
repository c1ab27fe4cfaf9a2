"""The Tryton connector keeps the contract of all connectors, on the real Tryton."""

from __future__ import annotations

import pytest

from kontobro.erp.tryton.connector import TrytonConnector
from kontobro.testing.connector.entries import Chart
from kontobro.testing.connector_contract import Books, ConnectorContract
from tests.erp_real.tryton.installation import Company, TrytonBookkeeper, TrytonServer, connect

pytestmark = pytest.mark.tryton


class TestTryton(ConnectorContract):
    @pytest.fixture
    def books(
        self,
        company: Company,
        connector: TrytonConnector,
        bookkeeper: TrytonBookkeeper,
        stranger: TrytonConnector,
        tryton_server: TrytonServer,
        chart: Chart,
    ) -> Books:
        """Of two processes at once, who is first is sure only where the reference is enforced: see `test_tryton.py`."""
        return Books(
            connector=connector,
            bookkeeper=bookkeeper,
            chart=chart,
            stranger=stranger,
            impatient=lambda seconds: connect(company.url, company.database, seconds=seconds),
            restart=tryton_server.restart,
            in_base=bookkeeper.in_base,
        )
