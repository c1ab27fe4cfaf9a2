"""`GET /files/…`: a receipt by its signed address."""

from __future__ import annotations

import re

from starlette.responses import Response

from pleo_sandbox.errors import PleoError, forbidden
from pleo_sandbox.http.routing import Call, Operation
from pleo_sandbox.model import Expense, FileBlob


def download(call: Call) -> Response:
    if call.sandbox.rules.receipts_need_login:
        _ = call.credential
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
