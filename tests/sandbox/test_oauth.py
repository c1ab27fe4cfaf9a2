"""OAuth the whole way: consent, code, tokens, rotation, replay, expiry, introspection."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from pleo_sandbox.company.oauth import OAuthClient, s256
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories

REDIRECT = "http://127.0.0.1:8765/callback"
SCOPE = "export-jobs:read export-jobs:write"
VERIFIER = secrets.token_urlsafe(48)
Json = dict[str, Any]


@pytest.fixture
def app(sandbox: Sandbox) -> OAuthClient:
    return sandbox.register_client([REDIRECT], name="Books & <Co>")


@pytest.fixture
def browser(sandbox: Sandbox) -> Iterator[TestClient]:
    with factories.client(sandbox) as caller:
        yield caller


def question(app: OAuthClient, **changes: str | None) -> dict[str, str]:
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": REDIRECT,
        "scope": SCOPE,
        "state": "st/42",
        "code_challenge": s256(VERIFIER),
        "code_challenge_method": "S256",
    } | changes
    return {name: value for name, value in asked.items() if value is not None}


def decide(browser: TestClient, app: OAuthClient, acme: SandboxCompany, decision: str = "approve") -> dict[str, str]:
    """What comes back to the redirect address."""
    shown = browser.get("/oauth/authorize", params=question(app))
    assert shown.status_code == 200, shown.text
    ticket = re.search(r'name="ticket" value="([^"]+)"', shown.text)
    assert ticket is not None
    form = {"ticket": ticket[1], "company_id": acme.id, "decision": decision}
    return answer(browser.post("/oauth/authorize", data=form))


def answer(response: Any) -> dict[str, str]:
    assert response.status_code == 302
    assert response.headers["location"].startswith(REDIRECT + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


def ask(browser: TestClient, app: OAuthClient, **form: str) -> Any:
    return browser.post("/oauth/token", data=form, auth=(app.client_id, app.secret))


def redeem(browser: TestClient, app: OAuthClient, code: str, **changes: str) -> Any:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    return ask(browser, app, **(form | changes))


def connect(browser: TestClient, app: OAuthClient, acme: SandboxCompany) -> Json:
    response = redeem(browser, app, decide(browser, app, acme)["code"])
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    tokens: Json = response.json()
    return tokens


def refresh(browser: TestClient, app: OAuthClient, token: str) -> Any:
    return ask(browser, app, grant_type="refresh_token", refresh_token=token)


def status(browser: TestClient, token: str, path: str = "/v1/introspect") -> int:
    return browser.get(path, headers={"authorization": f"Bearer {token}"}).status_code


def refused(response: Any, error: str, code: int = 400) -> None:
    assert (response.status_code, response.json()["error"]) == (code, error), response.text
    assert response.json()["error_description"]


# consent


def test_the_consent_page_names_application_and_scopes(browser: TestClient, app: OAuthClient) -> None:
    page = browser.get("/oauth/authorize", params=question(app)).text
    assert "Books &amp; &lt;Co&gt; asks for access" in page
    assert "export-jobs:write" in page
    assert "Acme ApS" in page


def test_the_whole_way(browser: TestClient, app: OAuthClient, acme: SandboxCompany) -> None:
    back = decide(browser, app, acme)
    assert back["state"] == "st/42"
    tokens = redeem(browser, app, back["code"]).json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 900, SCOPE)
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    shown = browser.get("/v1/introspect", headers=headers).json()["data"]
    assert (shown["authMethod"], shown["clientId"], shown["scope"]) == ("OAUTH2", app.client_id, SCOPE)
    assert shown["subjectURN"] == f"urn:pleo:company:{acme.id}"
    assert status(browser, tokens["access_token"], "/v3/export-jobs") == 200
    assert status(browser, tokens["access_token"], "/v1/companies") == 403


def test_a_refusal_comes_back(browser: TestClient, app: OAuthClient, acme: SandboxCompany) -> None:
    back = decide(browser, app, acme, "deny")
    assert (back["error"], back["state"]) == ("access_denied", "st/42")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "everything:write"}, "invalid_scope"),
    ],
)
def test_a_bad_request_comes_back(
    browser: TestClient, app: OAuthClient, changes: dict[str, str | None], error: str
) -> None:
    back = answer(browser.get("/oauth/authorize", params=question(app, **changes)))
    assert (back["error"], back["state"]) == (error, "st/42")
    assert back["error_description"]


@pytest.mark.parametrize(
    "changes", [{"client_id": "nobody"}, {"redirect_uri": REDIRECT + "/"}, {"redirect_uri": "https://evil.example.com"}]
)
def test_an_unknown_client_or_redirect_is_not_redirected(
    browser: TestClient, app: OAuthClient, changes: dict[str, str]
) -> None:
    response = browser.get("/oauth/authorize", params=question(app, **changes))
    assert response.status_code == 400
    assert "location" not in response.headers


def test_unknown_parameters_are_ignored_and_none_comes_twice(browser: TestClient, app: OAuthClient) -> None:
    assert browser.get("/oauth/authorize", params=question(app, prompt="none")).status_code == 200
    twice = [*question(app).items(), ("scope", SCOPE)]
    assert answer(browser.get("/oauth/authorize", params=twice))["error"] == "invalid_request"


def test_consent_is_given_once(browser: TestClient, app: OAuthClient, acme: SandboxCompany) -> None:
    page = browser.get("/oauth/authorize", params=question(app)).text
    ticket = re.search(r'name="ticket" value="([^"]+)"', page)
    assert ticket is not None
    form = {"ticket": ticket[1], "company_id": acme.id, "decision": "approve"}
    assert browser.post("/oauth/authorize", data=form).status_code == 302
    assert browser.post("/oauth/authorize", data=form).status_code == 400


# codes


def test_a_code_is_good_once_and_its_tokens_fall_with_it(
    browser: TestClient, app: OAuthClient, acme: SandboxCompany
) -> None:
    code = decide(browser, app, acme)["code"]
    tokens = redeem(browser, app, code).json()
    refused(redeem(browser, app, code), "invalid_grant")
    assert status(browser, tokens["access_token"]) == 401
    refused(refresh(browser, app, tokens["refresh_token"]), "invalid_grant")


def test_a_code_is_short_lived(browser: TestClient, sandbox: Sandbox, app: OAuthClient, acme: SandboxCompany) -> None:
    code = decide(browser, app, acme)["code"]
    sandbox.move_clock(timedelta(seconds=61))
    refused(redeem(browser, app, code), "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "nothing"}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:8765/other"}, "invalid_grant"),
        ({"code_verifier": secrets.token_urlsafe(48)}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "another"}, "invalid_request"),
        ({"client_secret": "in the body"}, "invalid_client"),
    ],
)
def test_a_bad_exchange_is_refused(
    browser: TestClient, app: OAuthClient, acme: SandboxCompany, changes: dict[str, str], error: str
) -> None:
    code = decide(browser, app, acme)["code"]
    refused(redeem(browser, app, **({"code": code} | changes)), error, 401 if error == "invalid_client" else 400)


def test_the_client_authenticates_by_basic_alone(browser: TestClient, app: OAuthClient) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    response = browser.post("/oauth/token", data=form | {"client_id": app.client_id, "client_secret": app.secret})
    refused(response, "invalid_client", 401)
    assert "Basic" in response.headers["www-authenticate"]
    refused(browser.post("/oauth/token", data=form, auth=(app.client_id, "wrong")), "invalid_client", 401)
    json = browser.post("/oauth/token", json=form, auth=(app.client_id, app.secret))
    refused(json, "invalid_request")


def test_another_client_cannot_use_the_code(
    browser: TestClient, sandbox: Sandbox, app: OAuthClient, acme: SandboxCompany
) -> None:
    other = sandbox.register_client([REDIRECT])
    refused(redeem(browser, other, decide(browser, app, acme)["code"]), "invalid_grant")


# tokens


def test_an_access_token_expires(browser: TestClient, sandbox: Sandbox, app: OAuthClient, acme: SandboxCompany) -> None:
    tokens = connect(browser, app, acme)
    sandbox.move_clock(timedelta(minutes=14))
    assert status(browser, tokens["access_token"]) == 200
    sandbox.move_clock(timedelta(minutes=1))
    assert status(browser, tokens["access_token"]) == 401


def test_each_refresh_gives_a_new_pair_and_ends_the_old(
    browser: TestClient, app: OAuthClient, acme: SandboxCompany
) -> None:
    old = connect(browser, app, acme)
    new = refresh(browser, app, old["refresh_token"]).json()
    assert not {old["access_token"], old["refresh_token"]} & {new["access_token"], new["refresh_token"]}
    assert status(browser, old["access_token"]) == 401
    assert status(browser, new["access_token"]) == 200


def test_a_replayed_refresh_token_ends_the_authorisation(
    browser: TestClient, app: OAuthClient, acme: SandboxCompany
) -> None:
    old = connect(browser, app, acme)
    new = refresh(browser, app, old["refresh_token"]).json()
    refused(refresh(browser, app, old["refresh_token"]), "invalid_grant")
    assert status(browser, new["access_token"]) == 401
    refused(refresh(browser, app, new["refresh_token"]), "invalid_grant")


def test_an_expired_refresh_token_ends_the_authorisation(
    browser: TestClient, sandbox: Sandbox, app: OAuthClient, acme: SandboxCompany
) -> None:
    tokens = connect(browser, app, acme)
    sandbox.move_clock(timedelta(days=60))
    refused(refresh(browser, app, tokens["refresh_token"]), "invalid_grant")


def test_an_access_token_does_not_refresh(browser: TestClient, app: OAuthClient, acme: SandboxCompany) -> None:
    tokens = connect(browser, app, acme)
    refused(refresh(browser, app, tokens["access_token"]), "invalid_grant")
    assert refresh(browser, app, tokens["refresh_token"]).status_code == 200


def test_another_client_cannot_refresh_or_end_it(
    browser: TestClient, sandbox: Sandbox, app: OAuthClient, acme: SandboxCompany
) -> None:
    tokens = connect(browser, app, acme)
    other = sandbox.register_client([REDIRECT])
    refused(refresh(browser, other, tokens["refresh_token"]), "invalid_grant")
    assert refresh(browser, app, tokens["refresh_token"]).status_code == 200


def test_revoking(browser: TestClient, sandbox: Sandbox, app: OAuthClient, acme: SandboxCompany) -> None:
    tokens = connect(browser, app, acme)
    sandbox.revoke_token(tokens["access_token"])
    assert status(browser, tokens["access_token"]) == 401
    new = refresh(browser, app, tokens["refresh_token"]).json()
    sandbox.revoke_authorisations(acme.id)
    assert status(browser, new["access_token"]) == 401
    refused(refresh(browser, app, new["refresh_token"]), "invalid_grant")


# introspection and installation


def test_introspection(browser: TestClient, sandbox: Sandbox, app: OAuthClient, acme: SandboxCompany) -> None:
    tokens = connect(browser, app, acme)

    def look(token: str, client: OAuthClient = app) -> Json:
        response = browser.post(
            "/oauth/token/introspect", data={"token": token}, auth=(client.client_id, client.secret)
        )
        assert response.status_code == 200
        shown: Json = response.json()
        return shown

    shown = look(tokens["access_token"])
    assert (shown["active"], shown["exp"] - shown["iat"], shown["client_id"]) == (True, 900, app.client_id)
    assert shown["urn:pleo:params:oauth:subject_urn"] == f"urn:pleo:company:{acme.id}"
    assert look(tokens["refresh_token"])["active"] is True
    assert look("nothing") == {"active": False}
    assert look(tokens["access_token"], sandbox.register_client([REDIRECT])) == {"active": False}
    sandbox.move_clock(timedelta(minutes=15))
    assert look(tokens["access_token"]) == {"active": False}
    refused(browser.post("/oauth/token/introspect", data={"token": "x"}), "invalid_client", 401)


@pytest.mark.parametrize(("needs_activation", "first"), [(True, "AUTHORIZED"), (False, "ACTIVATED")])
def test_consent_installs(
    browser: TestClient, sandbox: Sandbox, acme: SandboxCompany, needs_activation: bool, first: str
) -> None:
    app = sandbox.register_client([REDIRECT], needs_activation=needs_activation)
    browser.headers["authorization"] = f"Bearer {connect(browser, app, acme)['access_token']}"
    assert browser.get("/v1/installations/me").json()["status"] == first
    assert browser.post("/v1/installations/me:activate").json()["status"] == "ACTIVATED"


def test_an_installation_may_start_as_pending(
    browser: TestClient, sandbox: Sandbox, app: OAuthClient, acme: SandboxCompany
) -> None:
    sandbox.set_rules({"starts_as": "PENDING_INTEGRATION"})
    browser.headers["authorization"] = f"Bearer {connect(browser, app, acme)['access_token']}"
    assert browser.get("/v1/installations/me").json()["status"] == "PENDING_INTEGRATION"
    assert browser.post("/v1/installations/me:activate").json()["status"] == "ACTIVATED"


def test_deleting_the_installation_revokes_its_tokens(
    browser: TestClient, app: OAuthClient, acme: SandboxCompany
) -> None:
    tokens, others = connect(browser, app, acme), connect(browser, app, acme)
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    assert browser.delete("/v1/installations/me", headers=headers).status_code == 204
    assert status(browser, tokens["access_token"]) == 401
    assert status(browser, others["access_token"]) == 401
    refused(refresh(browser, app, tokens["refresh_token"]), "invalid_grant")


def test_secrets_do_not_show(sandbox: Sandbox, app: OAuthClient) -> None:
    assert app.secret not in repr(app)
    assert app.secret not in repr(sandbox.access.clients)
