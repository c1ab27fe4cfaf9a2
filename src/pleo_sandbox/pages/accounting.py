"""Accounting settings: connect an integration, see how far it is, go to its settings, disconnect it."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from pleo_sandbox.company.marketplace import Installation
from pleo_sandbox.company.oauth import OAuthClient
from pleo_sandbox.errors import PleoError
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.pages.desk import Visit, act, done, show
from pleo_sandbox.pages.markup import Html, badge, fill, join, link, page
from pleo_sandbox.pages.words import INSTALLATIONS, plain
from pleo_sandbox.state.sandbox import Sandbox


def accounting(visit: Visit) -> Response:
    known = {each.application_id: each for each in visit.sandbox.installations.all() if _is_of(each, visit.company)}
    clients = visit.sandbox.access.clients
    offered = [_client(visit, client, known.get(client.client_id)) for client in clients.values()]
    others = [
        _installed(visit, each, "Integration with an API key") for key, each in known.items() if key not in clients
    ]
    content = join([*offered, *others]) or Html('<p id="none">No integration is registered here.</p>')
    return page("Accounting settings", content, trail=visit.trail(), notice=visit.notice)


def _is_of(installation: Installation, company: SandboxCompany) -> bool:
    return installation.resource == f"urn:pleo:company:{company.id}"


def _client(visit: Visit, client: OAuthClient, installation: Installation | None) -> Html:
    if installation is not None:
        return _installed(visit, installation, client.name, client)
    return fill(
        """<section class="panel integration"><h2>{name}</h2><p class="state">{state}</p>
<div class="actions">{connect}</div></section>""",
        name=client.name,
        state=badge("not connected"),
        connect=_connect(visit, client, "Connect"),
    )


def _connect(visit: Visit, client: OAuthClient, text: str) -> Html:
    if not client.start_url:
        return Html("<p>This integration has no start page. Open its own site.</p>")
    return fill(
        """<form method="post" action="/companies/{id}/accounting/connect">
<input type="hidden" name="client" value="{client}"><button class="main connect">{text}</button></form>""",
        id=visit.company.id,
        client=client.client_id,
        text=text,
    )


def _installed(visit: Visit, installation: Installation, name: str, client: OAuthClient | None = None) -> Html:
    settings = link(client.settings_url, "Settings", id="settings") if client and client.settings_url else Html("")
    problem = f" ({plain(installation.error_code).lower()})" if installation.error_code else ""
    return fill(
        """<section class="panel integration"><h2>{name}</h2><p class="state">{state} {words}{problem}</p>
<div class="actions">{settings}{again}<form method="post" action="/companies/{id}/accounting/disconnect">
<input type="hidden" name="client" value="{client}"><button class="disconnect">Disconnect</button></form></div>
</section>""",
        name=name,
        state=badge(installation.status.lower().replace("_", " ")),
        words=INSTALLATIONS.get(installation.status, ""),
        problem=problem,
        settings=settings,
        again=_connect(visit, client, "Connect again") if client else Html(""),
        id=visit.company.id,
        client=installation.application_id,
    )


def connect(visit: Visit) -> Response:
    """To the integration's initiation address, with nothing added: Pleo documents no parameter (rules.md 5.1).

    As Pleo knows in which company a person is signed in, consent offers this one first.
    """
    client = visit.sandbox.access.clients.get(visit.text("client"))
    if client is None or not client.start_url:
        raise PleoError(404, "INTEGRATION_NOT_FOUND", "This integration does not exist.")
    visit.sandbox.visited = visit.company.id
    return RedirectResponse(client.start_url, 303)


def disconnect(visit: Visit) -> Response:
    """The company withdraws its consent: the installation goes, and every token with it."""
    wanted = visit.text("client")
    known = (each for each in visit.sandbox.installations.all() if _is_of(each, visit.company))
    installation = next((each for each in known if each.application_id == wanted), None)
    if installation is None:
        raise PleoError(404, "INSTALLATION_NOT_FOUND", "This integration is not connected.")
    visit.sandbox.installations.drop(installation)
    visit.sandbox.access.revoke_company(visit.company.id, wanted)
    return done(f"/companies/{visit.company.id}/accounting", "Disconnected.")


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    base = "/companies/{company}/accounting"
    return [
        show(sandbox, base, accounting),
        act(sandbox, base + "/connect", connect),
        act(sandbox, base + "/disconnect", disconnect),
    ]
