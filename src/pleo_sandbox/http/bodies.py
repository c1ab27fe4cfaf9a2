"""Request bodies, read no further than anybody sends on purpose: so many bytes, in so many seconds."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from pleo_sandbox.errors import PleoError

LARGEST: Final = 5 * 1024 * 1024
"""A thousand accounts, the largest batch there is, have a tenth of it."""

SECONDS: Final = 30.0


async def body_of(request: Request, seconds: float = SECONDS) -> bytes:
    """The whole body. Raises PleoError 413 for a larger one, 408 for one that does not end."""
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                content += chunk
                if len(content) > LARGEST:
                    raise PleoError(413, "TOO_LARGE", f"The body may have at most {LARGEST} bytes.")
    except TimeoutError:
        raise PleoError(408, "REQUEST_TIMEOUT", f"The body did not arrive within {seconds:g} s.") from None
    except ClientDisconnect:
        raise PleoError(400, "BAD_REQUEST", "The body was cut short.") from None
    return bytes(content)
