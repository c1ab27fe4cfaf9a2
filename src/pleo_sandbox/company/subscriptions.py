"""Webhook subscriptions and their history (api.md H)."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pleo_sandbox.clock import Clock, stamp
from pleo_sandbox.company.oauth import Credential
from pleo_sandbox.errors import PleoError, forbidden
from pleo_sandbox.model import Json
from pleo_sandbox.rules import EVENT_NAMES

EXPORT_JOB_CREATED = "v1.export-job.created"
VENDOR_CREATED = "v1.vendor.created"
# Pleo names no scope for webhooks but "to subscribe to export events you need the export scopes" (api.md A4).
EVENT_SCOPES = {EXPORT_JOB_CREATED: "export-jobs:read", VENDOR_CREATED: "vendors:read"}


def canonical(event_type: str) -> str:
    """The event type under the name that the sandbox knows it by."""
    return EXPORT_JOB_CREATED if event_type in EVENT_NAMES else event_type


class Step(StrEnum):
    """What was done with a subscription."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


@dataclass(slots=True, eq=False)
class Subscription:
    """`wanted` is the SubscriptionRequest with its defaults filled in; it belongs to one client and subject."""

    client_id: str
    subject: str
    wanted: Json = field(repr=False)
    created_at: datetime
    updated_at: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    secret: str = field(default_factory=new_secret, repr=False)
    deleted: bool = False

    @property
    def is_active(self) -> bool:
        return not self.deleted and self.wanted["status"] == "ACTIVE"

    def as_json(self) -> Json:
        moments = {"createdAt": stamp(self.created_at), "updatedAt": stamp(self.updated_at)}
        return {"id": self.id, **self.wanted, **moments}


@dataclass(frozen=True, slots=True)
class Activity:
    subscription_id: str
    step: Step
    actor: str
    at: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "subscriptionId": self.subscription_id,
            "operationType": self.step,
            "actorUrn": self.actor,
            "createdAt": stamp(self.at),
            "description": f"{self.step} subscription {self.subscription_id}",
        }


class Subscriptions:
    """All subscriptions, each seen only with the key or the client and company that made it (rules.md 6.6)."""

    def __init__(self, clock: Clock) -> None:
        self.all: list[Subscription] = []
        self.activities: dict[str, list[Activity]] = defaultdict(list)
        self._clock = clock

    def create(self, credential: Credential, wanted: Json) -> Subscription:
        now = self._clock.now()
        made = Subscription(credential.client_id, credential.subject, wanted, now, now)
        self.all.append(made)
        self._note(made, Step.CREATE, credential)
        return made

    def find(self, credential: Credential, subscription_id: str) -> Subscription:
        """Raises PleoError 404, or 403 for another's."""
        known = next((each for each in self.all if each.id == subscription_id and not each.deleted), None)
        if known is None:
            raise PleoError(404, "SUBSCRIPTION_NOT_FOUND", f"subscription {subscription_id} does not exist")
        if not owned(known, credential):
            raise forbidden(f"no access to subscription {subscription_id}")
        return known

    def change(self, subscription: Subscription, credential: Credential, wanted: Json) -> Subscription:
        """Replace what was wanted; its secret stays."""
        subscription.wanted, subscription.updated_at = wanted, self._clock.now()
        self._note(subscription, Step.UPDATE, credential)
        return subscription

    def remove(self, subscription: Subscription, credential: Credential) -> None:
        subscription.deleted = True
        self._note(subscription, Step.DELETE, credential)

    def of_event(self, event_type: str, subjects: frozenset[str]) -> list[Subscription]:
        """Who is told of an event that concerns these subjects."""
        return [
            each
            for each in self.all
            if each.is_active and each.subject in subjects and event_type in map(canonical, each.wanted["eventTypes"])
        ]

    def _note(self, subscription: Subscription, step: Step, credential: Credential) -> None:
        activity = Activity(subscription.id, step, credential.subject, self._clock.now())
        self.activities[subscription.id].append(activity)


def owned(subscription: Subscription, credential: Credential) -> bool:
    return (subscription.client_id, subscription.subject) == (credential.client_id, credential.subject)
