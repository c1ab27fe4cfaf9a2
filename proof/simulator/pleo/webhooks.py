"""Pleo's webhooks in virtual time: what was delivered is checked as the service does, and an installation looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from kontobro.pleo.webhooks import WebhookRejected, verify_and_read
from pleo_sandbox.company.oauth import Credential
from pleo_sandbox.company.subscriptions import EXPORT_JOB_CREATED
from pleo_sandbox.state.deliveries import Attempt, Delivery, DeliveryFault, State, Trouble
from pleo_sandbox.state.sandbox import Sandbox
from pleo_sandbox.state.webhooks import Webhooks
from proof.simulator.plan import Act

AGAIN: Final = timedelta(seconds=5)
"""Until a delivery that is repeated comes a second time."""
LATE: Final = 3600
"""Seconds by which one may be late."""

TROUBLES: Final[Mapping[str, Trouble]] = {
    "lose the webhook": Trouble.LOSE,
    "repeat the webhook": Trouble.REPEAT,
    "delay the webhook": Trouble.DELAY,
    "forge a webhook": Trouble.BAD_SIGNATURE,
}

Call = Callable[[int, datetime], None]
"""An installation looks for work, at this moment."""


class Mail(Webhooks):
    """In place of the sandbox's own sender, which has a thread and a network."""

    def __init__(self, sandbox: Sandbox, call: Call) -> None:
        super().__init__(sandbox.clock, sandbox.rules, sandbox.subscriptions, sandbox.lock)
        self._sandbox, self._call = sandbox, call
        self._homes: dict[str, int] = {}
        self.refused = 0
        self.wrong: list[str] = []
        sandbox.webhooks = self

    def subscribe(self, home: int, company_id: str) -> str:
        """An installation is told of new jobs from now on: the secret of its webhooks."""
        subject = Credential(f"home {home}", "API_KEY", f"home-{home}", "Kontobro", frozenset(), company_id, None)
        wanted = {
            "status": "ACTIVE",
            "eventTypes": [EXPORT_JOB_CREATED],
            "endpointUrl": "http://127.0.0.1/webhooks",
            "endpointAuth": {"type": "NONE"},
        }
        made = self._sandbox.subscriptions.create(subject, wanted)
        self._homes[made.id] = home
        return made.secret

    def trouble(self, act: Act) -> None:
        """The next delivery meets this."""
        seconds = act.size * LATE if act.kind == "delay the webhook" else 0.0
        self._sandbox.add_delivery_fault(DeliveryFault(TROUBLES[act.kind], seconds=seconds))

    def wake(self) -> None:
        """Deliver all that is posted, each at its moment."""
        for delivery in [one for one in self.deliveries if one.state is State.WAITING]:
            moment = delivery.due
            while delivery.state is State.WAITING:
                self._receive(delivery, moment)
                delivery.note(Attempt(moment, 200), moment)
                moment += AGAIN

    def _receive(self, delivery: Delivery, moment: datetime) -> None:
        """What the service does with it: a hint to look, when it is Pleo's."""
        headers = delivery.headers(int(moment.timestamp()))
        try:
            verify_and_read(headers, delivery.body, delivery.subscription.secret, moment)
        except WebhookRejected:
            self.refused += 1
            return
        if Trouble.BAD_SIGNATURE in delivery.troubles:
            self.wrong.append("a forged webhook was taken for Pleo's")
        self._call(self._homes[delivery.subscription.id], moment)
