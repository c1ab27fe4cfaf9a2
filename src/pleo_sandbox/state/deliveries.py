"""Webhook deliveries as values: their body, signature, faults and history (api.md H; Standard Webhooks)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from pleo_sandbox.clock import stamp
from pleo_sandbox.company.subscriptions import Subscription, new_secret
from pleo_sandbox.model import Json
from pleo_sandbox.wire import encode

# Pleo states no schedule (api.md H [?]): seconds from one attempt to the next, then it gives up.
BACKOFF = (5, 300, 1800, 7200)
OLD = 3600
"""Seconds by which an old timestamp is too old: receivers tolerate five minutes."""


class State(StrEnum):
    WAITING = "waiting"
    HELD = "held"
    DELIVERED = "delivered"
    LOST = "lost"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"


class Trouble(StrEnum):
    """`lose`: never sent. `repeat`: sent twice under one id. `reorder`: sent after the next one. `delay`: later."""

    LOSE = "lose"
    REPEAT = "repeat"
    REORDER = "reorder"
    DELAY = "delay"
    BAD_SIGNATURE = "bad_signature"
    OLD_TIMESTAMP = "old_timestamp"


@dataclass(slots=True)
class DeliveryFault:
    """For the next `times` deliveries whose event type matches the shell pattern, after letting `skip` pass."""

    kind: Trouble
    event_type: str = "*"
    times: int = 1
    skip: int = 0
    seconds: float = 0.0

    def strikes(self, event_type: str) -> bool:
        """Count one delivery: whether the fault strikes it."""
        if self.times <= 0 or not fnmatchcase(event_type, self.event_type):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(frozen=True, slots=True)
class Attempt:
    """`status` is what the receiver answered, None when it did not; then `error` says why."""

    at: datetime
    status: int | None
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    def as_json(self) -> Json:
        return {"at": stamp(self.at), "status": self.status, "error": self.error}


@dataclass(slots=True, eq=False)
class Delivery:
    """One message to one subscriber. `due` is of the sandbox's clock."""

    subscription: Subscription
    event_type: str
    event_id: str
    body: bytes
    due: datetime
    id: str = field(default_factory=lambda: f"msg_{uuid.uuid4().hex}")
    state: State = State.WAITING
    troubles: frozenset[Trouble] = frozenset()
    copies: int = 1
    is_signed: bool = True
    is_repeated: bool = True
    attempts: list[Attempt] = field(default_factory=list)

    def headers(self, timestamp: int) -> dict[str, str]:
        """Those of an attempt at this moment (seconds since the epoch), the subscriber's own included."""
        if Trouble.OLD_TIMESTAMP in self.troubles:
            timestamp -= OLD
        secret = new_secret() if Trouble.BAD_SIGNATURE in self.troubles else self.subscription.secret
        wanted = self.subscription.wanted
        signature = {"webhook-signature": sign(secret, self.id, timestamp, self.body)} if self.is_signed else {}
        return {
            **wanted.get("customHeaders", {}),
            **_basic(wanted["endpointAuth"]),
            "content-type": "application/json",
            "webhook-id": self.id,
            "webhook-timestamp": str(timestamp),
            **signature,
        }

    def note(self, attempt: Attempt, now: datetime) -> None:
        """Take in how an attempt went: done, again later, or given up."""
        self.attempts.append(attempt)
        failed = sum(not each.succeeded for each in self.attempts)
        if attempt.succeeded:
            self.copies -= 1
            self.state = State.WAITING if self.copies else State.DELIVERED
        elif failed > len(BACKOFF) or not self.is_repeated:
            self.state = State.GIVEN_UP
        else:
            self.due = now + timedelta(seconds=BACKOFF[failed - 1])

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "subscriptionId": self.subscription.id,
            "endpointUrl": self.subscription.wanted["endpointUrl"],
            "eventType": self.event_type,
            "eventId": self.event_id,
            "state": self.state,
            "due": stamp(self.due),
            "faults": sorted(self.troubles),
            "body": self.body.decode(),
            "attempts": [attempt.as_json() for attempt in self.attempts],
        }


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>` over id, timestamp and raw body, with the base64 part of `whsec_…` as the key."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def event_body(event_type: str, event_id: str, facts: Json, *, merged: bool) -> bytes:
    """`{data, eventType, eventId}`; `merged` as Pleo's current pages print it, the same below `payload`."""
    event = {"data": facts, "eventType": event_type, "eventId": event_id}
    return encode({"payload": event} if merged else event)


def _basic(auth: Json) -> dict[str, str]:
    if auth["type"] != "BASIC":
        return {}
    known = auth["credentials"]
    pair = base64.b64encode(f"{known['username']}:{known['password']}".encode()).decode()
    return {"authorization": f"Basic {pair}"}
