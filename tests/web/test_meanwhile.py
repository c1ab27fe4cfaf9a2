"""What someone else does while a page asks Pleo or the books: nothing of it is undone, and no secret comes back."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

from standardwebhooks import Webhook

from kontobro.core.errors import LoginFailed, Unreachable
from kontobro.core.model.connection import Connection, Tokens
from kontobro.install.parting import disconnect
from kontobro.web.connect import setup as flow
from kontobro.web.models import Setup
from kontobro.web.process import change, process
from kontobro.web.tenancy import Member
from tests.support.site import AskedFor, Site


class Refusing:
    """A Pleo that does not know the credential any more."""

    def uninstall(self) -> None:
        raise LoginFailed("Pleo does not know it.")


def test_a_renewal_under_way_brings_no_token_back_after_disconnecting(site: Site) -> None:
    connection, store = site.connection(site.organisation()), site.app.store
    pleo: Any = Refusing()
    ending = threading.Thread(target=disconnect, args=(connection, pleo, store))
    with store.lock(f"refresh-{connection.id}"):  # a worker has asked Pleo, and its answer is on its way
        ending.start()
        ending.join(0.3)
        store.save_tokens(connection, Tokens(access="fresh", refresh="fresh"))
    ending.join(20)
    assert store.tokens(connection) is None
    assert _status(site, connection) == "disconnected"


def test_disconnecting_keeps_settings_that_were_changed_meanwhile(site: Site) -> None:
    connection, store = site.connection(site.organisation()), site.app.store
    store.save_connection(replace(connection, settings=replace(connection.settings, wallet="1080")))
    pleo: Any = Refusing()
    disconnect(connection, pleo, store)
    found = store.connection(connection.id)
    assert found
    assert found.settings.wallet == "1080"


def test_what_is_changed_late_connects_nothing_again(site: Site) -> None:
    connection, store = site.connection(site.organisation()), site.app.store
    store.save_connection(replace(connection, status="disconnected"))
    change(store, connection.id, settings=replace(connection.settings, wallet="1080"))
    assert _status(site, connection) == "disconnected"


def test_a_setup_outlives_the_rotation_of_the_key(site: Site) -> None:
    """Its secrets are not rotated: Pleo is asked again, and the way is open."""
    organisation = site.organisation()
    user = site.member(organisation)
    connection = site.connection(organisation)
    setup = flow.begin(Member(user, organisation, "owner"), "api_key sandbox")
    setup.seal(tokens={"access": "key"})
    setup.go_to("erp")
    process.app.store.rotate_keys()  # type: ignore[attr-defined]
    assert Setup.objects.get(id=setup.id).secrets() == {}
    browser = site.browser(user)
    assert browser.post(f"/connect/{setup.id}/back/").status_code == 302
    assert browser.post(f"/connect/{setup.id}/level/", {"level": "1"}).status_code == 302
    assert Setup.objects.get(id=setup.id).step == "key"
    assert site.app.store.tokens(connection)


class Broken(AskedFor):
    """A queue that can't be reached."""

    def export(self, connection_id: str, *, job_id: str | None = None, take_over: bool = False) -> str:
        raise Unreachable("The queue is away.")


def test_a_delivery_that_could_not_be_passed_on_is_taken_when_it_comes_again(site: Site) -> None:
    connection, secret = site.connection(site.organisation()), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    site.app.store.save_secret(connection, "webhook", secret)
    body = json.dumps({"eventType": "v1.export-job.created", "data": {"companyId": connection.company_id}})
    now = site.app.clock.now()
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg-1", now, body),
    }

    def deliver() -> int:
        path = f"/webhooks/pleo/{connection.id}/"
        return site.browser().post(path, body, content_type="application/json", headers=headers).status_code

    process.use(site.app, Broken())
    assert deliver() == 503
    process.use(site.app, site.runner)
    assert [deliver(), deliver()] == [204, 204]
    assert site.runner.asked == [("export", connection.id, None, False)]


def _status(site: Site, connection: Connection) -> str:
    found = site.app.store.connection(connection.id)
    assert found
    return found.status
