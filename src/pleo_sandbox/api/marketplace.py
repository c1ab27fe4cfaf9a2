"""Introspection and installations v1 (api.md I). Pleo names no scopes for them."""

from __future__ import annotations

import uuid

from starlette.responses import Response

from pleo_sandbox.http import checks
from pleo_sandbox.http.checks import CreateInstallation, UpdateInstallation
from pleo_sandbox.http.routing import Call, Operation
from pleo_sandbox.wire import empty, reply


def introspect(call: Call) -> Response:
    call.only()
    credential = call.credential
    shown = {
        "clientId": credential.client_id,
        "authMethod": credential.method,
        "scope": " ".join(sorted(credential.scopes)),
        "applicationName": credential.application,
    }
    if call.sandbox.rules.names_subject == "company":
        shown["subjectURN"] = credential.subject
    if call.sandbox.rules.names_subject == "organisation":
        shown["subjectURN"] = f"urn:pleo:organization:{call.organization or uuid.UUID(int=0)}"
    return reply({"data": shown})


def get_installation(call: Call) -> Response:
    call.only("company_id")
    asked = checks.query_uuid(call.query, "company_id")
    if asked is not None:
        call.company(asked)
    return reply(call.sandbox.installations.find(call.credential).as_json())


def create_installation(call: Call) -> Response:
    """How an API key installs itself; OAuth installs on consent."""
    call.only()
    body = call.body(CreateInstallation)
    status = checks.given(body.status) or "ACTIVATED"
    installation = call.sandbox.installations.install(call.credential, status, checks.given(body.metadata))
    return reply(installation.as_json())


def update_installation(call: Call) -> Response:
    call.only()
    body = call.body(UpdateInstallation)
    installation = call.sandbox.installations.find(call.credential)
    error_code, metadata = checks.given(body.error_code), checks.given(body.metadata)
    changed = call.sandbox.installations.change(installation, body.status, error_code=error_code, metadata=metadata)
    return reply(changed.as_json())


def activate(call: Call) -> Response:
    call.only()
    installation = call.sandbox.installations.find(call.credential)
    return reply(call.sandbox.installations.change(installation, "ACTIVATED").as_json())


def delete_installation(call: Call) -> Response:
    """Ends the connection: every token that the company gave this client is revoked, unless Rules say otherwise."""
    call.only()
    credential = call.credential
    call.sandbox.installations.remove(credential)
    if credential.company_id is not None and call.sandbox.rules.removal_ends_login:
        call.sandbox.access.revoke_company(credential.company_id, credential.client_id)
    return empty(204)


OPERATIONS = (
    Operation("GET", "/v1/introspect", introspect),
    Operation("GET", "/v1/installations/me", get_installation),
    Operation("POST", "/v1/installations/me", create_installation),
    Operation("PUT", "/v1/installations/me", update_installation),
    Operation("DELETE", "/v1/installations/me", delete_installation),
    Operation("POST", "/v1/installations/me:activate", activate),
    Operation("PUT", "/v1/installations/completions", activate),
)
