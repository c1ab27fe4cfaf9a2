"""The authorisation server: consent page, token endpoint, introspection (api.md A2, rules.md §5)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from starlette.responses import RedirectResponse, Response

from pleo_sandbox.company.oauth import ACCESS_LIFE, OAuthClient, OAuthError, Pair, Request
from pleo_sandbox.errors import PleoError
from pleo_sandbox.http.routing import Call, Operation, basic
from pleo_sandbox.pages.render import page
from pleo_sandbox.pages.visits import check_host, check_origin
from pleo_sandbox.wire import reply

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Form = Mapping[str, str]


class Endpoint(Protocol):
    def __call__(self, call: Call, client: OAuthClient, form: Form) -> Response: ...


# the consent page


def authorize(call: Call) -> Response:
    """Show the consent page. Faults of client or redirect stay here; all others go back by redirect."""
    check_host(call.request)
    query = call.query
    client = call.sandbox.access.clients.get("".join(query.get("client_id", [])))
    if client is None:
        return _message("Unknown application", "The parameter client_id names no registered application.")
    redirect_uri = "".join(query.get("redirect_uri", []))
    if redirect_uri not in client.redirect_uris:
        return _message("Wrong redirect", "redirect_uri is not registered: it has to match exactly.")
    state = next(iter(query.get("state", [])), None)
    try:
        known = frozenset(map(call.sandbox.rules.scope, client.scopes))
        request = _request(client, known, redirect_uri, query)
    except OAuthError as error:
        return _back(redirect_uri, {"error": error.error, "error_description": error.description, "state": state})
    ticket = secrets.token_urlsafe(24)
    call.sandbox.consents[ticket] = request
    return _consent_page(call, request, ticket)


def _request(client: OAuthClient, known: frozenset[str], redirect_uri: str, query: Mapping[str, list[str]]) -> Request:
    """Parameters that are not known are ignored and none may come twice (RFC 6749 §3.1). `known` scopes only."""
    for name, values in query.items():
        if len(values) > 1:
            raise OAuthError("invalid_request", f"{name[:40]} is given more than once")
    given = {name: values[0] for name, values in query.items()}
    if given.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type has to be code")
    if given.get("code_challenge_method") != "S256":
        raise OAuthError("invalid_request", "code_challenge_method has to be S256")
    challenge = given.get("code_challenge", "")
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", challenge):
        raise OAuthError("invalid_request", "code_challenge has to be a base64url SHA-256 of 43 characters")
    scopes = frozenset(given.get("scope", "").split())
    if not scopes or not scopes <= known:
        raise OAuthError("invalid_scope", "scope: name at least one, and only scopes the application is registered for")
    return Request(client, redirect_uri, scopes, given.get("state"), challenge)


def _consent_page(call: Call, request: Request, ticket: str) -> Response:
    companies = {each.id: each.name for each in call.sandbox.exports.companies.values()}
    answer = page(
        "consent.html",
        f"{request.client.name} asks for access",
        name=request.client.name,
        host=urlsplit(request.redirect_uri).netloc,
        scopes=sorted(request.scopes),
        ticket=ticket,
        companies=companies,
        chosen=call.sandbox.visited or "",
    )
    answer.headers.update(_NO_STORE)
    return answer


def decide(call: Call) -> Response:
    """The consent form came back: redirect with a code, or with access_denied."""
    check_origin(call.request)
    form = _form(call)
    request = call.sandbox.consents.pop(form.get("ticket", ""), None)
    if request is None:
        return _message("Gone", "This request was answered already. Start again from the application.")
    if form.get("decision") != "approve":
        denied = {"error": "access_denied", "error_description": "the user refused", "state": request.state}
        return _back(request.redirect_uri, denied)
    if form.get("company_id") not in call.sandbox.exports.companies:
        return _message("No company", "Choose a company.")
    code = call.sandbox.access.grant(request, form["company_id"])
    return _back(request.redirect_uri, {"code": code, "state": request.state})


def _message(title: str, text: str) -> Response:
    """A request that leads no further."""
    answer = page("message.html", title, status=400, text=text)
    answer.headers.update(_NO_STORE)
    return answer


def _back(redirect_uri: str, answer: Mapping[str, str | None]) -> Response:
    joint = "&" if urlsplit(redirect_uri).query else "?"
    given = {name: value for name, value in answer.items() if value is not None}
    return RedirectResponse(f"{redirect_uri}{joint}{urlencode(given)}", 302, dict(_NO_STORE))


# the token endpoints


def _endpoint(work: Endpoint) -> Callable[[Call], Response]:
    """An endpoint that a client calls with its id and secret by HTTP Basic and a form."""

    def answer(call: Call) -> Response:
        try:
            form = _form(call)
            return work(call, _client(call, form), form)
        except OAuthError as error:
            challenge = {"WWW-Authenticate": 'Basic realm="pleo"'} if error.status == 401 else {}
            body = {"error": error.error, "error_description": error.description}
            return reply(body, error.status, {**_NO_STORE, **challenge})

    return answer


def _form(call: Call) -> dict[str, str]:
    media_type = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "send application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(call.content.decode(), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise OAuthError("invalid_request", "the body is not a form in UTF-8") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError("invalid_request", "a parameter is given more than once")
    return form


def _client(call: Call, form: Form) -> OAuthClient:
    """client_secret_basic alone: Pleo's older page says so, the newer ones leave it open (api.md L8)."""
    client_id, secret = (_by_form if call.sandbox.rules.client_auth == "form" else _by_basic)(call, form)
    client = call.sandbox.access.authenticate(client_id, secret)
    if form.get("client_id", client_id) != client_id:
        raise OAuthError("invalid_request", "client_id is not the one of the Basic header")
    return client


def _by_basic(call: Call, form: Form) -> tuple[str, str]:
    """Both halves are form-encoded (RFC 6749 §2.3.1)."""
    scheme, _, value = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or "client_secret" in form:
        raise OAuthError("invalid_client", "authenticate by HTTP Basic, and by nothing else", 401)
    try:
        client_id, secret = map(unquote_plus, basic(value))
    except PleoError as error:
        raise OAuthError("invalid_client", error.message, 401) from None
    return client_id, secret


def _by_form(call: Call, form: Form) -> tuple[str, str]:
    if "authorization" in call.request.headers or not form.get("client_secret"):
        raise OAuthError("invalid_client", "authenticate by client_id and client_secret in the form", 401)
    return form.get("client_id", ""), form["client_secret"]


def _wanted(form: Form, name: str) -> str:
    if not form.get(name):
        raise OAuthError("invalid_request", f"{name} is missing")
    return form[name]


def token(call: Call, client: OAuthClient, form: Form) -> Response:
    grant_type = _wanted(form, "grant_type")
    if grant_type == "authorization_code":
        return _pair(_redeem(call, client, form))
    if grant_type == "refresh_token":
        return _pair(call.sandbox.access.refresh(client, _wanted(form, "refresh_token")))
    raise OAuthError("unsupported_grant_type", "authorization_code or refresh_token")


def _redeem(call: Call, client: OAuthClient, form: Form) -> Pair:
    """Tokens for a code; the application is installed by it (rules.md §5.6)."""
    code, redirect_uri, verifier = (_wanted(form, name) for name in ("code", "redirect_uri", "code_verifier"))
    authorisation, pair = call.sandbox.access.redeem(client, code, redirect_uri, verifier)
    status = call.sandbox.rules.starts_as if client.needs_activation else "ACTIVATED"
    call.sandbox.installations.install(authorisation.credential(), status)
    return pair


def _pair(pair: Pair) -> Response:
    body = {
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "token_type": "Bearer",
        "expires_in": int(ACCESS_LIFE),
        "scope": " ".join(sorted(pair.scopes)),
    }
    return reply(body, 200, _NO_STORE)


def introspect(call: Call, client: OAuthClient, form: Form) -> Response:
    """What a live token of the calling client is worth; of any other token only that it is not active."""
    token = _wanted(form, "token")
    found = call.sandbox.access.active(client, token)
    if found is None:
        return reply({"active": False}, 200, _NO_STORE)
    authorisation, expires = found
    subject = authorisation.credential().subject
    body = {
        "active": True,
        "sub": subject,
        "exp": int(expires),
        "iat": int(authorisation.issued),
        "client_id": client.client_id,
        "aud": "https://external.pleo.io",
        "iss": "pleo.sandbox",
        "jti": authorisation.id,
        "urn:pleo:params:oauth:subject_urn": subject,
    }
    return reply(body, 200, _NO_STORE)


OPERATIONS = (
    Operation("GET", "/oauth/authorize", authorize, is_open=True),
    Operation("POST", "/oauth/authorize", decide, is_open=True),
    Operation("POST", "/oauth/token", _endpoint(token), is_open=True),
    Operation("POST", "/oauth/token/introspect", _endpoint(introspect), is_open=True),
)
