"""What Kontobro asks of every connector."""

from __future__ import annotations

from kontobro.testing.connector_contract import ConnectorContract


class TestHledger(ConnectorContract):
    """Each method, on its own."""
