"""What a store says when it is held by another process, or lacks what is asked of it."""

from __future__ import annotations

from kontobro.core.errors import Busy, KontobroError, Misconfigured
from kontobro.core.model.connection import AlreadyConnected
from kontobro.core.words import told

PATIENCE = 30
"""Seconds that a writer waits for another."""


def held_too_long(name: str) -> KontobroError:
    return Busy(*told("store_held", store=name, seconds=PATIENCE))


def no_connection(name: str) -> KontobroError:
    return Misconfigured(*told("store_lacks_connection", store=name))


def is_second(error: Exception) -> bool:
    """Whether the database refused a second set of books for a Pleo company: PostgreSQL names the index, SQLite its
    columns."""
    text = str(error)
    return "kontobro_one_set_of_books" in text or "kontobro_connection.company_id" in text


def second_set_of_books() -> KontobroError:
    return AlreadyConnected(*told("second_set_of_books"))
