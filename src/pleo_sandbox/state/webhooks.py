"""Pleo's webhook sender: a queue, and a thread that lives while something in it is waiting."""

from __future__ import annotations

import http.client
import threading
import time
import uuid
from datetime import timedelta
from urllib.parse import urlsplit

from pleo_sandbox.clock import Clock
from pleo_sandbox.company.subscriptions import Subscriptions
from pleo_sandbox.model import Json
from pleo_sandbox.rules import Rules
from pleo_sandbox.state.deliveries import Attempt, Delivery, DeliveryFault, State, Trouble, event_body

PATIENCE = 5.0
"""Seconds that a receiver has to answer."""
LONGEST_NAP = 60.0


class Webhooks:
    """Everything that was sent or is to be sent. Its methods want the sandbox's lock held; sending does not hold it."""

    def __init__(self, clock: Clock, rules: Rules, subscriptions: Subscriptions, lock: threading.RLock) -> None:
        self.deliveries: list[Delivery] = []
        self.faults: list[DeliveryFault] = []
        self._clock = clock
        self._rules = rules
        self._subscriptions = subscriptions
        self.changed = threading.Condition(lock)
        self._thread: threading.Thread | None = None

    # what happens in Pleo

    def publish(self, event_type: str, subjects: frozenset[str], facts: Json) -> None:
        """Tell every subscriber of the event; all of them get the same event id."""
        event_id = str(uuid.uuid4())
        name = self._rules.event_spelled(event_type)
        body = event_body(name, event_id, facts, merged=self._rules.webhook_body == "merged")
        for subscription in self._subscriptions.of_event(event_type, subjects):
            delivery = Delivery(subscription, name, event_id, body, self._clock.now())
            delivery.is_signed, delivery.is_repeated = self._rules.signs_webhooks, self._rules.repeats_webhooks
            self._post(delivery)

    def _post(self, delivery: Delivery) -> None:
        struck = [fault for fault in self.faults if fault.strikes(delivery.event_type)]
        self.faults = [fault for fault in self.faults if fault.times > 0]
        delivery.troubles = frozenset(fault.kind for fault in struck)
        delivery.due += timedelta(seconds=sum(fault.seconds for fault in struck))
        delivery.copies += Trouble.REPEAT in delivery.troubles
        held = [each for each in self.deliveries if each.state is State.HELD]
        if Trouble.LOSE in delivery.troubles:
            delivery.state = State.LOST
        elif Trouble.REORDER in delivery.troubles and not held:
            delivery.state = State.HELD
        self.deliveries.append(delivery)
        if delivery.state is State.WAITING:
            self._let_follow(held, delivery)
        self.wake()

    def _let_follow(self, held: list[Delivery], first: Delivery) -> None:
        """What was held goes out after the one that overtook it."""
        for each in held:
            each.state, each.due = State.WAITING, first.due + timedelta(microseconds=1)

    # sending

    def wake(self) -> None:
        """Look again: something was posted, or the clock was moved."""
        if not any(each.state is State.WAITING for each in self.deliveries):
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="pleo-webhooks", daemon=True)
            self._thread.start()
        self.changed.notify_all()

    def settle(self, seconds: float) -> bool:
        """Wait until no delivery waits any more; False when that takes longer."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def _run(self) -> None:
        while (delivery := self._next()) is not None:
            attempt = send(delivery, self._clock)
            with self.changed:
                delivery.note(attempt, self._clock.now())
                self.changed.notify_all()

    def _next(self) -> Delivery | None:
        """The next one whose time has come; None when nothing waits any more, which ends the thread."""
        with self.changed:
            while True:
                waiting = self._waiting()
                if not waiting:
                    self._thread = None
                    return None
                first = min(waiting, key=lambda each: each.due)
                nap = (first.due - self._clock.now()).total_seconds()
                if nap <= 0:
                    return first
                self.changed.wait(min(nap, LONGEST_NAP))

    def _waiting(self) -> list[Delivery]:
        """Nothing more goes to a subscription that was deleted or made inactive."""
        waiting = [each for each in self.deliveries if each.state is State.WAITING]
        for each in waiting:
            if not each.subscription.is_active:
                each.state = State.DROPPED
        return [each for each in waiting if each.state is State.WAITING]


def send(delivery: Delivery, clock: Clock) -> Attempt:
    """One attempt. Redirects are not followed: it goes to the subscribed address or nowhere.

    The timestamp is real time whatever the sandbox's clock says: the receiver checks it against its own.
    """
    wanted = delivery.subscription.wanted["endpointUrl"]
    try:
        status = _post(wanted, delivery.body, delivery.headers(int(time.time())))
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a host that is no name
        return Attempt(clock.now(), None, f"{type(error).__name__}: {error}")
    return Attempt(clock.now(), status)


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def subjects_of(company_id: str, organization_id: str | None) -> frozenset[str]:
    """Whose subscriptions an event of a company concerns: the company's and its organisation's."""
    own = f"urn:pleo:company:{company_id}"
    return frozenset({own} if organization_id is None else {own, f"urn:pleo:organization:{organization_id}"})
