"""Pleo's webhooks for a connection: they start work within a second; polling does it where they fail."""

from __future__ import annotations

from kontobro.bootstrap import Home
from kontobro.core.connection import Connection


def subscribe(connection: Connection, home: Home) -> None:
    """Ask Pleo for this connection's webhooks."""


def is_subscribed(connection: Connection, home: Home) -> bool:
    """Whether Pleo delivers to this connection."""
    return False
