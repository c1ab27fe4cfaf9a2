"""The Beancount connector keeps the contract of all connectors."""

from __future__ import annotations

from functools import partial

import pytest

from kontobro.erp.beancount.connector import BeancountConnector
from kontobro.erp.kit.guard import guarded
from kontobro.testing.connector_contract import Books, ConnectorContract


class TestBeancount(ConnectorContract):
    @pytest.fixture
    def books(self, ledger, files) -> Books:
        connect = partial(BeancountConnector, ledger)
        return Books(connector=connect(), bookkeeper=files, elsewhere=connect)


class TestGuardedBeancount(ConnectorContract):
    """The wrapper changes nothing."""

    @pytest.fixture
    def books(self, ledger, files) -> Books:
        return Books(connector=guarded(BeancountConnector(ledger)), bookkeeper=files)
