"""How a request to S3 is signed: AWS Signature Version 4.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html; its examples are our tests. The library
that does it (botocore) can't be installed beside Beancount.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

EMPTY: Final = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    id: str
    secret: str = field(repr=False)
    region: str


def signed(method: str, url: str, headers: Mapping[str, str], key: Key, now: datetime) -> dict[str, str]:
    """The headers with `host`, `x-amz-date`, `x-amz-content-sha256` (given, or of an empty body) and `authorization`.
    `now` is aware."""
    parts = urlsplit(url)
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    given = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    all_headers = {"x-amz-content-sha256": EMPTY, **given, "host": parts.netloc, "x-amz-date": moment}
    names = ";".join(sorted(all_headers))
    lines = [method, quote(unquote(parts.path) or "/", safe="/-_.~"), _query(parts.query)]
    lines += [f"{name}:{all_headers[name]}" for name in sorted(all_headers)]
    request = "\n".join([*lines, "", names, all_headers["x-amz-content-sha256"]])
    scope = f"{moment[:8]}/{key.region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(_signing_key(key, moment[:8]), text.encode(), hashlib.sha256).hexdigest()
    credential = f"AWS4-HMAC-SHA256 Credential={key.id}/{scope},SignedHeaders={names},Signature={signature}"
    return {**all_headers, "authorization": credential}


def _query(query: str) -> str:
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in _pairs(query))
    return "&".join(f"{name}={value}" for name, value in pairs)


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _signing_key(key: Key, day: str) -> bytes:
    made = f"AWS4{key.secret}".encode()
    for part in (day, key.region, "s3", "aws4_request"):
        made = hmac.new(made, part.encode(), hashlib.sha256).digest()
    return made
