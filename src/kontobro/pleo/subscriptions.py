"""Webhook subscriptions at Pleo (v1): one for each connection, repaired rather than made twice (`pleo/api.md` H)."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from kontobro.core.dialect import Dialect
from kontobro.core.errors import BadAnswer, Uncertain
from kontobro.core.model.connection import Connection
from kontobro.core.model.settings import Settings
from kontobro.core.ports import Clock, TokenStore
from kontobro.core.words import told
from kontobro.pleo.http import endpoints
from kontobro.pleo.http.answers import Camel, Single, read, read_entry
from kontobro.pleo.http.calls import DIRECT, Calls, Ways
from kontobro.pleo.http.opening import open_calls
from kontobro.pleo.http.paging import listed_loosely

VENDOR_EVENT: Final = "v1.vendor.created"
ACTIVE: Final = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What Pleo delivers to `url`, signed with `secret`."""

    id: str
    secret: str = field(repr=False)


class WireSubscription(Camel, kw_only=True):
    id: str
    endpoint_url: str
    event_types: list[str] = msgspec.field(default_factory=list)
    status: str = ACTIVE
    deleted_at: str | None = None


class _Secret(Camel):
    secret_key: str


def events_of(settings: Settings, dialect: Dialect) -> tuple[str, ...]:
    """What a connection wants to be told of: export jobs, and new vendors where vendors are kept in sync."""
    return (dialect.event_name, VENDOR_EVENT) if "vendors" in settings.sync else (dialect.event_name,)


class Subscriptions:
    """The subscriptions that a connection's credential made: Pleo shows no others."""

    def __init__(self, calls: Calls, events: Sequence[str]) -> None:
        self._calls, self._events = calls, tuple(events)
        self.close = weakref.finalize(self, calls.close)

    def subscribe(self, url: str, known: str | None = None) -> Subscription:
        """Have deliveries sent to `url`: again and again, it is one subscription.

        Ours is the one with this address, or the one whose id is `known` (after the address has changed); further
        ones with our address are removed. Raises NotAllowed without the events' scopes, and as every call.
        """
        ours = self._ours(url, known)
        kept = self._repaired(ours[0], url) if ours else self._created(url)
        for spare in ours[1:]:
            self._calls.again(endpoints.UNSUBSCRIBE, id=spare.id)
        return Subscription(kept.id, self._secret(kept.id))

    def unsubscribe(self, url: str, known: str | None = None) -> int:
        """Remove ours; gives how many there were. None at all is a success."""
        ours = self._ours(url, known)
        for subscription in ours:
            self._calls.again(endpoints.UNSUBSCRIBE, id=subscription.id)
        return len(ours)

    def is_subscribed(self, url: str) -> bool:
        """Whether one of ours is active there and has all events."""
        return any(self._is_right(found, url) for found in self._ours(url, None))

    def is_active_under(self, address: str) -> bool:
        """Whether one is active whose address begins so (our public address), with all events."""
        prefix = f"{address.rstrip('/')}/"
        return any(
            each.endpoint_url.startswith(prefix) and self._is_right(each, each.endpoint_url) for each in self._all()
        )

    def _ours(self, url: str, known: str | None) -> list[WireSubscription]:
        """Ours, the one with the right address and then the known one first."""
        found = [each for each in self._all() if each.endpoint_url == url or each.id == known]
        return sorted(found, key=lambda each: (each.endpoint_url != url, each.id != known, each.id))

    def _all(self) -> list[WireSubscription]:
        listed = [
            read_entry(raw, endpoints.SUBSCRIPTIONS, WireSubscription)
            for page in listed_loosely(self._calls, endpoints.SUBSCRIPTIONS)
            for raw in page
        ]
        return [each for each in listed if each.deleted_at is None]

    def _is_right(self, found: WireSubscription, url: str) -> bool:
        facts = (found.endpoint_url, set(found.event_types), found.status)
        return facts == (url, set(self._events), ACTIVE)

    def _repaired(self, found: WireSubscription, url: str) -> WireSubscription:
        if self._is_right(found, url):
            return found
        self._calls.again(endpoints.CHANGE_SUBSCRIPTION, id=found.id, body=self._request(url))
        return found

    def _created(self, url: str) -> WireSubscription:
        """A create whose answer is lost is looked for before anything is said."""
        try:
            response = self._calls.create(endpoints.SUBSCRIBE, body=self._request(url))
            return read(response, endpoints.SUBSCRIBE, Single[WireSubscription]).data
        except (Uncertain, BadAnswer):
            ours = self._ours(url, None)
            if not ours:
                raise
            return self._repaired(ours[0], url)

    def _request(self, url: str) -> dict[str, object]:
        return {"endpointUrl": url, "eventTypes": list(self._events), "status": ACTIVE}

    def _secret(self, id: str) -> str:
        response = self._calls.again(endpoints.SUBSCRIPTION_SECRET, id=id)
        secret = read(response, endpoints.SUBSCRIPTION_SECRET, Single[_Secret]).data.secret_key
        if not secret:
            raise BadAnswer(*told("webhook_secret_empty"))
        return secret


def open_subscriptions(connection: Connection, tokens: TokenStore, clock: Clock, ways: Ways = DIRECT) -> Subscriptions:
    """The subscriptions of a connection. Reads no token before the first call."""
    calls = open_calls(connection, tokens, clock, ways)
    return Subscriptions(calls, events_of(connection.settings, calls.dialect))
