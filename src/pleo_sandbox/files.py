"""Receipts: addresses that need no credential and work for 24 hours from the fetch of the item (api.md K)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from starlette.responses import Response

from pleo_sandbox.clock import Clock
from pleo_sandbox.errors import PleoError, forbidden
from pleo_sandbox.model import Expense, FileBlob, Json
from pleo_sandbox.routing import Call, Operation

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


def download(call: Call) -> Response:
    entry_id, query = call.request.path_params["entryId"], call.request.query_params
    place, expires = _whole(call.request.path_params["place"]), _whole(query.get("expires", ""))
    call.sandbox.files.check(entry_id, place, expires, query.get("signature", ""))
    blob = _blob(call.sandbox.exports.expense(entry_id), place)
    return Response(blob.content, headers={"content-type": blob.media_type})


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise forbidden("the address of this file is not valid")
    return int(text)


def _blob(expense: Expense | None, place: int) -> FileBlob:
    if expense is None or place >= len(expense.files):
        raise PleoError(404, "FILE_NOT_FOUND", "no such file")
    return expense.files[place]


OPERATIONS = (Operation("GET", "/files/{entryId}/{place}", download, is_open=True),)
