"""JSON in and out as Pleo writes it. Numbers stay exact: a Decimal goes out as the number it is."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from starlette.responses import Response

from pleo_sandbox.errors import PleoError

JSON_TYPE = "application/json;charset=UTF-8"

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def encode(body: object) -> bytes:
    return _encoder.encode(body)


def decode(content: bytes | str) -> Any:
    """Any JSON, its fractions as Decimal. Raises msgspec.DecodeError."""
    return _decoder.decode(content)


def reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(encode(body), status, {**(headers or {}), "content-type": JSON_TYPE})


def empty(status: int) -> Response:
    return Response(status_code=status)


def refuse(error: PleoError) -> Response:
    return reply({"type": error.type, "message": error.message}, error.status, error.headers)
