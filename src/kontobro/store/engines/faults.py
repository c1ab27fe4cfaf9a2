"""What a store says when it is held by another process, or lacks what is asked of it."""

from __future__ import annotations

from kontobro.core.errors import Busy, KontobroError, Misconfigured
from kontobro.core.model.connection import AlreadyConnected

PATIENCE = 30
"""Seconds that a writer waits for another."""


def held_too_long(name: str) -> KontobroError:
    return Busy(f"The store {name} is held by another process for more than {PATIENCE} s.", "Try again later.")


def no_connection(name: str) -> KontobroError:
    return Misconfigured(f"The store {name} has no such connection.", "Save the connection first.")


def is_second(error: Exception) -> bool:
    """Whether the database refused a second set of books for a Pleo company: PostgreSQL names the index (an accounting
    system puts the table's name before it), SQLite its columns."""
    text = str(error)
    return "_one_set_of_books" in text or "kontobro_connection.company_id" in text


def second_set_of_books() -> KontobroError:
    return AlreadyConnected(
        "This Pleo company is already connected. Its expenses go into one set of books.",
        "Disconnect the other connection first, or move the company to other books.",
    )
