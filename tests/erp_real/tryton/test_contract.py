"""The Tryton connector keeps the contract of all connectors, on the real Tryton."""

from __future__ import annotations

from functools import partial

import pytest

from kontobro.testing.connector_contract import Books, ConnectorContract
from tests.erp_real.tryton.house import Company, TrytonBookkeeper, TrytonServer, connect

pytestmark = pytest.mark.tryton


class TestTryton(ConnectorContract):
    @pytest.fixture
    def books(self, company: Company, bookkeeper: TrytonBookkeeper, tryton_server: TrytonServer) -> Books:
        """Two processes at once: who is first is sure only where it is enforced; see `test_tryton.py`."""
        elsewhere = partial(connect, company.url, company.database)
        return Books(
            connector=elsewhere(),
            bookkeeper=bookkeeper,
            chart=company.chart(),
            stranger=company.connector("stranger"),
            impatient=lambda seconds: elsewhere(seconds=seconds),
            restart=tryton_server.restart,
            in_base=bookkeeper.in_base,
        )
