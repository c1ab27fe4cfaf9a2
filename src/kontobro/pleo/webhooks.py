"""What Pleo delivers by webhook: its signature checked, then read (`pleo/api.md` H, `rules.md` 6.6).

A delivery is a hint to look, never a source of facts: who is told still asks Pleo for the job.

WebhookRejected
├─ BadSignature   not signed with this secret, or headers missing
├─ TooOld         signed, but too long ago or ahead: a replay, or a wrong clock
└─ Unreadable     signed by Pleo, and not of a shape that we know
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from kontobro.core.errors import KontobroError, Misconfigured, shown
from kontobro.pleo.documented.drift import News
from kontobro.pleo.documented.shape import shown_word

EventKind = Literal["export-job.created", "vendor.created", "other"]

KINDS: Final[Mapping[str, EventKind]] = {
    "v1.export-job.created": "export-job.created",
    "v1.export.job-created": "export-job.created",
    "export-job.created": "export-job.created",
    "v2.export-job.created": "export-job.created",
    "v1.vendor.created": "vendor.created",
}
"""Pleo's documents spell the first event in four ways (`rules.md` C7)."""

TOLERANCE: Final = timedelta(minutes=5)
_MOST_SIGNATURES: Final = 8
"""During a rotation there are two; more than a few is someone trying."""
_LONGEST_ID: Final = 200


class WebhookRejected(KontobroError):
    """A delivery that is not taken. Its message says nothing of the secret, the signature or the body."""


class BadSignature(WebhookRejected):
    """Not from Pleo, or signed with another secret."""


class TooOld(WebhookRejected):
    """Its timestamp is too far from now, in either direction."""


class Unreadable(WebhookRejected):
    """Signed well, and not of a shape that Pleo documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery. `delivery_id` is the same when Pleo sends it again, `event_id` the same for all subscribers.

    `subject_id`: the export job's or vendor's id. `raw` is the body as it came, `merged` the form that has all of it
    below `payload`. Empty strings where Pleo left it out.
    """

    kind: EventKind
    event_type: str
    event_id: str
    delivery_id: str
    company_id: str
    subject_id: str
    sent_at: datetime
    merged: bool = False
    raw: bytes = field(repr=False)


class _Subject(msgspec.Struct, rename="camel"):
    """What every event's `data` has; its amounts and names are left unread (so no float comes near them)."""

    id: str = ""
    company_id: str = ""


class _Event(msgspec.Struct, rename="camel"):
    data: _Subject
    event_type: str
    event_id: str = ""


class _Merged(msgspec.Struct):
    """The other shape that Pleo's pages print: headers and event in one object."""

    payload: _Event


def verify_and_read(
    headers: Mapping[str, str], body: bytes, secret: str, now: datetime, tolerance: timedelta = TOLERANCE
) -> Delivery:
    """The delivery, when it is Pleo's. `now` is aware UTC. Raises WebhookRejected, Misconfigured for a bad secret.

    The signature is Standard Webhooks'; the library's own `verify` reads the system's clock, hence its `sign`.
    """
    given = {name.lower(): value for name, value in headers.items()}
    delivery_id, signatures = given.get("webhook-id", ""), given.get("webhook-signature", "")
    sent_at = _instant(given.get("webhook-timestamp", ""))
    if not _is_signed(secret, delivery_id, sent_at, body, signatures):
        raise BadSignature("The webhook's signature is not right.", "Subscribe again if this continues.")
    if abs(now - sent_at) > tolerance:
        raise TooOld("The webhook's timestamp is too far from now.", "Set this machine's clock by a time server.")
    event, merged = _read(body)
    return Delivery(
        kind=KINDS.get(event.event_type, "other"),
        event_type=shown(event.event_type),
        event_id=_short(event.event_id),
        delivery_id=delivery_id,
        company_id=_short(event.data.company_id),
        subject_id=_short(event.data.id),
        sent_at=sent_at,
        merged=merged,
        raw=body,
    )


def seen_of(delivery: Delivery) -> list[News]:
    """What a delivery shows of what Pleo's documents leave open; an event of another name is news."""
    facts = [News("fact", "signed"), News("fact", f"body {'merged' if delivery.merged else 'event'}")]
    if delivery.kind == "other":
        return [*facts, News("word", f"eventType {shown_word(delivery.event_type)}")]
    return [*facts, News("fact", f"eventType {delivery.event_type}")]


def _instant(text: str) -> datetime:
    """Unix seconds, digits only: what was signed is then exactly what is in the header."""
    if text.isascii() and text.isdecimal() and len(text) <= 11 and (text == "0" or text[0] != "0"):
        return datetime.fromtimestamp(int(text), UTC)
    raise BadSignature("The webhook has no timestamp that can be read.")


def _is_signed(secret: str, delivery_id: str, sent_at: datetime, body: bytes, signatures: str) -> bool:
    """Whether one of the signatures is right. Each is compared in constant time."""
    if not delivery_id or len(delivery_id) > _LONGEST_ID or not delivery_id.isprintable():
        return False
    try:
        expected = _key(secret).sign(delivery_id, sent_at, body.decode())
    except UnicodeError:
        return False
    given = signatures.split(" ")[:_MOST_SIGNATURES]
    return any(hmac.compare_digest(expected.encode(), each.encode(errors="replace")) for each in given)


def _key(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except (EmptyWebhookSecretError, ValueError):
        raise Misconfigured("The webhook's secret can't be used.", "Subscribe again.") from None


def _read(body: bytes) -> tuple[_Event, bool]:
    """The event in either shape, and whether it is the merged one. Raises Unreadable."""
    try:
        return msgspec.json.decode(body, type=_Event), False
    except (msgspec.MsgspecError, RecursionError):
        pass
    try:
        return msgspec.json.decode(body, type=_Merged).payload, True
    except (msgspec.MsgspecError, RecursionError):
        raise Unreadable("The webhook's body is not an event as Pleo documents it.") from None


def _short(id: str) -> str:
    """An id as it may be stored and shown. Raises Unreadable: Pleo's ids are short and plain."""
    if len(id) > _LONGEST_ID or not id.isprintable():
        raise Unreadable("The webhook's ids are not as Pleo documents them.")
    return id
