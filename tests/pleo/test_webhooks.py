"""What is taken for a delivery of Pleo's, and what is not."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from kontobro.core.errors import Misconfigured
from kontobro.pleo.webhooks import (
    KINDS,
    BadSignature,
    Delivery,
    TooOld,
    Unreadable,
    WebhookRejected,
    verify_and_read,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DATA = {"id": "j1", "companyId": "c1", "status": "pending", "expiresIn": 3600, "amount": 0.1}


def event(event_type: str = "v1.export-job.created", **changes: Any) -> dict[str, Any]:
    return {"data": DATA, "eventType": event_type, "eventId": "e1"} | changes


def encoded(body: object) -> bytes:
    return json.dumps(body).encode()


def signed(body: bytes, secret: str = SECRET, at: datetime = NOW, id: str = "msg_1") -> dict[str, str]:
    signature = Webhook(secret).sign(id, at, body.decode("utf-8", "surrogateescape"))
    return {"Webhook-Id": id, "Webhook-Timestamp": str(int(at.timestamp())), "Webhook-Signature": signature}


def taken(body: object, **changes: Any) -> Delivery:
    raw = encoded(body)
    return verify_and_read(signed(raw) | changes, raw, SECRET, NOW)


def test_pleos_own_vector_is_verified(shared: Path) -> None:
    vector = json.loads((shared / "pleo" / "samples" / "webhook_signature_vector.json").read_text())
    at = datetime.fromtimestamp(int(vector["headers"]["webhook-timestamp"]), UTC)
    with pytest.raises(Unreadable):  # the signature holds; the body is the vector's, no event
        verify_and_read(vector["headers"], vector["body"].encode(), vector["secret"], at)
    with pytest.raises(BadSignature):
        verify_and_read(vector["headers"], vector["body"].encode() + b" ", vector["secret"], at)


@pytest.mark.parametrize(("spelling", "kind"), [*KINDS.items(), ("v9.card.frozen", "other")])
def test_every_spelling_of_an_event_is_known(spelling: str, kind: str) -> None:
    assert taken(event(spelling)).kind == kind


def test_both_shapes_say_the_same() -> None:
    plain, merged = taken(event()), taken({"webhook-id": "msg_1", "payload": event()})
    assert (merged.kind, merged.event_id, merged.subject_id) == (plain.kind, plain.event_id, plain.subject_id)
    assert (plain.company_id, plain.event_id, plain.delivery_id, plain.sent_at) == ("c1", "e1", "msg_1", NOW)
    assert plain.raw == encoded(event())


def test_a_delivery_shows_no_body() -> None:
    assert "expiresIn" not in repr(taken(event()))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_old_and_future_timestamps_are_refused(minutes: int) -> None:
    raw = encoded(event())
    with pytest.raises(TooOld):
        verify_and_read(signed(raw, at=NOW + timedelta(minutes=minutes)), raw, SECRET, NOW)


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_the_tolerance_is_five_minutes(minutes: int) -> None:
    raw = encoded(event())
    assert verify_and_read(signed(raw, at=NOW + timedelta(minutes=minutes)), raw, SECRET, NOW).subject_id == "j1"


@pytest.mark.parametrize("missing", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_a_missing_header_is_a_bad_signature(missing: str) -> None:
    raw = encoded(event())
    headers = {name: value for name, value in signed(raw).items() if name != missing}
    with pytest.raises(BadSignature):
        verify_and_read(headers, raw, SECRET, NOW)


def test_a_fresh_timestamp_on_an_old_delivery_is_a_bad_signature() -> None:
    raw = encoded(event())
    old = signed(raw, at=NOW - timedelta(hours=1))
    with pytest.raises(BadSignature):
        verify_and_read(old | {"Webhook-Timestamp": str(int(NOW.timestamp()))}, raw, SECRET, NOW)


def test_another_id_or_secret_is_a_bad_signature() -> None:
    raw = encoded(event())
    for headers in (signed(raw) | {"Webhook-Id": "msg_2"}, signed(raw, OTHER)):
        with pytest.raises(BadSignature):
            verify_and_read(headers, raw, SECRET, NOW)


def test_one_of_several_signatures_is_enough() -> None:
    raw = encoded(event())
    both = f"{signed(raw, OTHER)['Webhook-Signature']} v1a,zzz {signed(raw)['Webhook-Signature']}"
    assert verify_and_read(signed(raw) | {"Webhook-Signature": both}, raw, SECRET, NOW).kind == "export-job.created"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"not json",
        b'{"data": null, "eventType": "v1.export-job.created"}',
        b'{"data": {"id": 7}, "eventType": "v1.export-job.created"}',
        b'{"payload": []}',
        b"[" * 100_000,
        encoded(event(eventId="x" * 500)),
    ],
)
def test_a_signed_body_of_no_known_shape_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        verify_and_read(signed(body), body, SECRET, NOW)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(BadSignature):
        verify_and_read(signed(b"{}"), b"\xff\xfe", SECRET, NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_é"])
def test_a_secret_that_is_none_asks_to_subscribe_again(secret: str) -> None:
    raw = encoded(event())
    with pytest.raises(Misconfigured, match="Subscribe again"):
        verify_and_read(signed(raw), raw, secret, NOW)


texts = st.text(max_size=40)


@given(id=texts, at=texts, signature=texts, body=st.binary(max_size=60))
def test_nothing_unsigned_is_ever_taken(id: str, at: str, signature: str, body: bytes) -> None:
    headers = {"webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature}
    with pytest.raises(WebhookRejected) as refused:
        verify_and_read(headers, body, SECRET, NOW)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_refusal_tells_nothing_of_what_came(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    raw = encoded(event(eventType=7, note="DK5000400440116243"))
    with pytest.raises(Unreadable) as refused:
        verify_and_read(signed(raw), raw, SECRET, NOW)
    assert "DK50" not in f"{refused.value} {caplog.text}"
