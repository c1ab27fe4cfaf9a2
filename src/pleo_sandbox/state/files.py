"""Receipts: addresses that need no credential and work for 24 hours from the fetch of the item (api.md K)."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from pleo_sandbox.clock import Clock
from pleo_sandbox.errors import forbidden
from pleo_sandbox.model import Expense, Json

LIFE = 24 * 3600


class Files:
    """Signs the addresses of receipts. `expire_all` makes all addresses given so far worthless."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)

    def links(self, expense: Expense, base: str) -> list[Json]:
        """`files` of an export item, in order."""
        if expense.links:
            return list(expense.links)
        expires = int(self._clock.seconds()) + LIFE
        return [
            {"url": self._url(base, expense.id, place, expires), "type": blob.media_type, "size": len(blob.content)}
            for place, blob in enumerate(expense.files)
        ]

    def _url(self, base: str, entry_id: str, place: int, expires: int) -> str:
        return f"{base}/files/{entry_id}/{place}?expires={expires}&signature={self._sign(entry_id, place, expires)}"

    def _sign(self, entry_id: str, place: int, expires: int) -> str:
        return hmac.new(self._key, f"{entry_id}/{place}/{expires}".encode(), hashlib.sha256).hexdigest()

    def check(self, entry_id: str, place: int, expires: int, signature: str) -> None:
        """Raises PleoError 403."""
        if not hmac.compare_digest(self._sign(entry_id, place, expires).encode(), signature.encode()):
            raise forbidden("the address of this file is not valid")
        if self._clock.seconds() >= expires:
            raise forbidden("the address of this file has expired: fetch the export item again")

    def expire_all(self) -> None:
        self._key = secrets.token_bytes(32)
