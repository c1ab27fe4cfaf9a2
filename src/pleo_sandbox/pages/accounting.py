"""Accounting settings: connect an integration, see how far it is, go to its settings, disconnect it."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from pleo_sandbox.company.marketplace import Installation
from pleo_sandbox.errors import PleoError
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.pages.visits import Visit, act, done, show
from pleo_sandbox.state.sandbox import Sandbox


def accounting(visit: Visit) -> Response:
    known = {each.application_id: each for each in visit.sandbox.installations.all() if _is_of(each, visit.company)}
    clients = visit.sandbox.access.clients
    offered = [(client, known.get(client.client_id)) for client in clients.values()]
    others = [(None, installation) for id_, installation in known.items() if id_ not in clients]
    return visit.page("accounting.html", "Accounting settings", integrations=[*offered, *others])


def _is_of(installation: Installation, company: SandboxCompany) -> bool:
    return installation.resource == f"urn:pleo:company:{company.id}"


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
