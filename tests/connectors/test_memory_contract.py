"""The connector in memory keeps the contract of all connectors, whatever of it an accounting system lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from kontobro.core.ports import Fact
from kontobro.testing.connector.memory import CAPABILITIES, MemoryConnector
from kontobro.testing.connector_contract import Books, ConnectorContract


def lacking(**lacks: Any) -> Books:
    connector = MemoryConnector(capabilities=replace(CAPABILITIES, **lacks))
    return Books(connector=connector, bookkeeper=connector)


class TestWhole(ConnectorContract):
    @pytest.fixture
    def books(self) -> Books:
        return lacking()


class TestWithoutBills(ConnectorContract):
    @pytest.fixture
    def books(self) -> Books:
        return lacking(bills=False)


class TestWithoutDrafts(ConnectorContract):
    @pytest.fixture
    def books(self) -> Books:
        return lacking(drafts=False, withdraws_drafts=False)


class TestUnfindable(ConnectorContract):
    @pytest.fixture
    def books(self) -> Books:
        return lacking(reference="none")


class TestForgetful(ConnectorContract):
    """No receipts, fingerprints or twins, and nothing of what an accounting system may drop."""

    @pytest.fixture
    def books(self) -> Books:
        kinds = frozenset(kind for kind in CAPABILITIES.kinds if kind.__name__ not in ("Dimension", "DimensionValue"))
        lacks = frozenset(get_args(Fact))
        return lacking(not_kept=lacks, kinds=kinds, receipts=None, keeps_fingerprint=False, finds_twins=False)
