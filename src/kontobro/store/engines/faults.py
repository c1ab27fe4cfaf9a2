"""What a store says when it is held by another process, or lacks what is asked of it."""

from __future__ import annotations

from kontobro.core.errors import Busy, KontobroError, Misconfigured

PATIENCE = 30
"""Seconds that a writer waits for another."""


def held_too_long(name: str) -> KontobroError:
    return Busy(f"The store {name} is held by another process for more than {PATIENCE} s.", "Try again later.")


def no_connection(name: str) -> KontobroError:
    return Misconfigured(f"The store {name} has no such connection.", "Save the connection first.")
