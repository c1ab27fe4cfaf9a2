"""Credentials: API keys, OAuth, and one renewal at a time."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from kontobro.core.dialect import Dialect
from kontobro.core.errors import BadAnswer, KontobroError, LoginFailed, RateLimited, Timeout, Unreachable
from kontobro.core.model.connection import Tokens
from kontobro.pleo import Grant, Ways, authorize_url, exchange_code, introspect_token
from tests.support.scripted_pleo import JOB, KEY, Clock, MemoryTokens, Stage, a_connection, a_job, refusal, reply

ONE, EVENTS, TOKEN = f"GET /v3/export-jobs/{JOB}", "POST /v3/export-job-events", "POST /oauth/token"
OAUTH = a_connection(auth="oauth", client_id="client-1")
SECRET = "client-secret-0001"
JOB_ANSWER = reply({"data": a_job()})


def pair(number: int, **changes: Any) -> dict[str, Any]:
    return {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}", "expires_in": 900} | changes


def held(number: int = 1, seconds: float | None = 900) -> Tokens:
    expires = Clock().now() + timedelta(seconds=seconds) if seconds is not None else None
    return Tokens(access=f"access-{number}", refresh=f"refresh-{number}", expires_at=expires, client_secret=SECRET)


def accepting(*numbers: int) -> Callable[[httpx2.Request], httpx2.Response]:
    """A Pleo that knows these access tokens only."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        known = {f"Bearer access-{number}" for number in numbers}
        return JOB_ANSWER if request.headers["authorization"] in known else refusal(401)

    return answer


@pytest.fixture
def stage() -> Stage:
    return Stage(tokens=MemoryTokens(held()))


def test_an_api_key_is_the_user_name_of_basic_with_an_empty_password() -> None:
    stage = Stage().on(ONE, JOB_ANSWER)
    stage.client().job(JOB)
    kind, _, value = stage.asked[0].headers["authorization"].partition(" ")
    assert (kind, base64.b64decode(value)) == ("Basic", f"{KEY}:".encode())


def test_a_refused_api_key_is_asked_once(stage: Stage) -> None:
    stage = Stage().on(ONE, refusal(401))
    with pytest.raises(LoginFailed, match="then connect again"):
        stage.client().job(JOB)
    assert (len(stage.asked), stage.tokens.reconnect) == (1, ["c1"])


@pytest.mark.parametrize("auth", ["api_key", "oauth"])
def test_no_credential_is_said_before_any_call(auth: str) -> None:
    stage = Stage(tokens=MemoryTokens(None))
    with pytest.raises(LoginFailed, match="no credential"):
        stage.client(a_connection(auth=auth)).job(JOB)
    assert stage.asked == []


def test_a_living_token_is_used_as_it_is(stage: Stage) -> None:
    stage.on(ONE, accepting(1))
    stage.client(OAUTH).job(JOB)
    assert stage.operations == [ONE]
    assert stage.tokens.locks == []


@pytest.mark.parametrize("seconds", [-10, 0, 29])
def test_a_token_is_renewed_before_it_expires(stage: Stage, seconds: float) -> None:
    stage.tokens.held = held(1, seconds)
    stage.on(TOKEN, reply(pair(2))).on(ONE, accepting(2))
    stage.client(OAUTH).job(JOB)
    assert stage.operations == [TOKEN, ONE]
    assert stage.tokens.saved == [held(2)]
    assert stage.tokens.locks == ["refresh-c1"]


def test_renewal_sends_the_clients_basic_login_and_the_refresh_token(stage: Stage) -> None:
    stage.tokens.held = held(1, 0)
    stage.on(TOKEN, reply(pair(2))).on(ONE, accepting(2))
    stage.client(OAUTH).job(JOB)
    asked = stage.asked[0]
    assert base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode() == f"client-1:{SECRET}"
    assert parse_qs(asked.content.decode()) == {"grant_type": ["refresh_token"], "refresh_token": ["refresh-1"]}
    assert str(asked.url) == "https://auth.pleo.test/oauth/token"


def test_a_refused_token_is_renewed_once_and_the_call_repeated_even_a_post(stage: Stage) -> None:
    seen: list[bytes] = []

    def event(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.content)
        known = request.headers["authorization"] == "Bearer access-2"
        return httpx2.Response(202) if known else refusal(401)

    stage.on(TOKEN, reply(pair(2))).on(EVENTS, event)
    assert stage.client(OAUTH).start(JOB) is True
    assert stage.operations == [EVENTS, TOKEN, EVENTS]
    assert seen[0] == seen[1] != b""


def test_a_fresh_token_that_is_refused_too_fails_the_login(stage: Stage) -> None:
    stage.on(TOKEN, reply(pair(2))).on(ONE, refusal(401))
    with pytest.raises(LoginFailed):
        stage.client(OAUTH).job(JOB)
    assert stage.operations == [ONE, TOKEN, ONE]


def test_both_tokens_are_stored_before_either_is_used(stage: Stage) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert stage.tokens.held is not None
        assert request.headers["authorization"] == f"Bearer {stage.tokens.held.access}"
        return JOB_ANSWER

    stage.tokens.held = held(1, 0)
    stage.on(TOKEN, reply(pair(2))).on(ONE, answer)
    stage.client(OAUTH).job(JOB)
    assert stage.tokens.held == held(2)


def test_twenty_threads_with_a_refused_token_renew_once(stage: Stage) -> None:
    gate = threading.Barrier(20)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.headers["authorization"] == "Bearer access-2":
            return JOB_ANSWER
        gate.wait(timeout=10)  # all twenty are refused before the first can renew
        return refusal(401)

    stage.on(ONE, answer).on(TOKEN, reply(pair(2)), refusal(400, "invalid_grant"))
    clients = [stage.client(OAUTH) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        jobs = list(pool.map(lambda client: client.job(JOB), clients))
    assert len(jobs) == 20
    assert stage.operations.count(TOKEN) == 1
    assert stage.tokens.saved == [held(2)]


def test_no_lock_is_held_while_another_call_is_under_way(stage: Stage) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert not stage.tokens.locked.locked()
        return accepting(2)(request)

    stage.on(ONE, answer).on(TOKEN, reply(pair(2)))
    stage.client(OAUTH).job(JOB)


def test_what_another_process_renewed_is_used(stage: Stage) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        stage.tokens.held = held(2)
        return accepting(2)(request)

    stage.on(ONE, answer)
    stage.client(OAUTH).job(JOB)
    assert stage.operations == [ONE, ONE]


@pytest.mark.parametrize("code", ["invalid_grant", "invalid_token", "INVALID_REFRESH_TOKEN"])
def test_a_refused_renewal_asks_to_connect_again_once(stage: Stage, code: str) -> None:
    stage.tokens.held = held(1, 0)
    stage.on(TOKEN, reply({"error": code, "error_description": "token refresh-1 is used"}, 400))
    client = stage.client(OAUTH)
    for _ in range(2):
        with pytest.raises(LoginFailed, match=r"authorisation has ended.*Connect again") as caught:
            client.job(JOB)
        assert "refresh-1" not in str(caught.value)
    assert caught.value.job_failure == "authentication_failure"
    assert stage.tokens.reconnect == ["c1"]
    assert stage.operations == [TOKEN]


def test_an_expired_token_that_can_not_be_renewed_asks_to_connect_again(stage: Stage) -> None:
    stage.tokens.held = Tokens(access="access-1", expires_at=stage.clock.now())
    with pytest.raises(LoginFailed, match="Connect again, and allow access"):
        stage.client(OAUTH).job(JOB)
    assert (stage.asked, stage.tokens.reconnect) == ([], ["c1"])


def test_a_new_connection_after_a_refused_renewal_works(stage: Stage) -> None:
    stage.tokens.held = held(1, 0)
    stage.on(TOKEN, reply({"error": "invalid_grant"}, 400)).on(ONE, accepting(5))
    client = stage.client(OAUTH)
    with pytest.raises(LoginFailed):
        client.job(JOB)
    stage.tokens.held = held(5)
    assert client.job(JOB).id == JOB


def test_a_wrong_client_secret_leaves_the_tokens_alone(stage: Stage) -> None:
    stage.tokens.held = held(1, 0)
    stage.on(TOKEN, reply({"error": "invalid_client"}, 401))
    with pytest.raises(LoginFailed, match="client id and secret"):
        stage.client(OAUTH).job(JOB)
    assert stage.tokens.reconnect == []


def test_a_lost_renewal_is_read_again_before_it_is_repeated(stage: Stage) -> None:
    def lost(request: httpx2.Request) -> Exception:
        return httpx2.ReadTimeout("lost")

    stage.tokens.held = held(1, 0)
    stage.on(TOKEN, lost, reply({"error": "invalid_grant"}, 400))
    with pytest.raises(LoginFailed):
        stage.client(OAUTH).job(JOB)
    assert stage.operations == [TOKEN, TOKEN]
    assert stage.tokens.reconnect == ["c1"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(503), Unreachable),
        (refusal(429, retry_after="3600"), RateLimited),
        (httpx2.ReadTimeout("lost"), Timeout),
        (httpx2.Response(200, content=b"<html>", headers={"content-type": "text/html"}), KontobroError),
        (reply({"token_type": "bearer"}), BadAnswer),
        (reply(pair(2, access_token=None)), BadAnswer),
        (reply(["access-2"]), BadAnswer),
        (reply("access-2"), BadAnswer),
        (reply(pair(2, expires_in="soon")), BadAnswer),
        (reply({}, 404), KontobroError),
    ],
)
def test_a_renewal_that_fails_otherwise_keeps_the_tokens(stage: Stage, answer: Any, error: type[KontobroError]) -> None:
    stage.tokens.held = held(1, 0)
    stage.on(TOKEN, answer)
    with pytest.raises(error):
        stage.client(OAUTH).job(JOB)
    assert stage.tokens.saved == []
    assert stage.tokens.reconnect == []
    assert stage.tokens.held == held(1, 0)


def test_a_renewal_without_a_new_refresh_token_keeps_the_old_one(stage: Stage) -> None:
    stage.tokens.held = held(1, 0)
    stage.on(TOKEN, reply({"access_token": "access-2"})).on(ONE, accepting(2))
    stage.client(OAUTH).job(JOB)
    assert stage.tokens.held == Tokens(access="access-2", refresh="refresh-1", client_secret=SECRET)


def test_a_renewal_that_another_process_holds_too_long_is_a_timeout(stage: Stage) -> None:
    class Held(MemoryTokens):
        def lock(self, name: str, *, wait: float = 0) -> Any:
            return super().lock(name, wait=0)

    stage.tokens = Held(held(1, 0))
    with stage.tokens.locked, pytest.raises(Timeout, match="Another process"):
        stage.client(OAUTH).job(JOB)
    assert stage.asked == []


# -------------------------------------------------------------------------------------------- connecting


def s256(verifier: str) -> str:
    """RFC 7636, 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def test_the_authorisation_address_carries_pkce_and_state() -> None:
    verifier = "v" * 64
    url = authorize_url(OAUTH, redirect_uri="http://localhost:8917/callback", state="st", verifier=verifier)
    parts = urlsplit(url)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://auth.pleo.test/oauth/authorize"
    assert asked == {
        "response_type": "code",
        "client_id": "client-1",
        "redirect_uri": "http://localhost:8917/callback",
        "scope": "export-items:read export-jobs:read export-jobs:write",
        "state": "st",
        "code_challenge": s256(verifier),
        "code_challenge_method": "S256",
    }


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"access_token": "a", "expires_in": ' + b"9" * 100_000 + b"}",
        b'{"access_token": "' + b"a" * 1_000_000 + b'"}',
    ],
)
def test_a_login_s_answer_that_would_fill_the_memory_is_no_token(content: bytes) -> None:
    stage = Stage().on(TOKEN, httpx2.Response(200, content=content, headers={"content-type": "application/json"}))
    with pytest.raises(BadAnswer):
        exchanged(stage)


def exchanged(stage: Stage) -> Tokens:
    return exchange_code(
        OAUTH,
        Grant(code="code-1", redirect_uri="https://here.test/cb", verifier="v" * 64, client_secret=SECRET),
        stage.clock,
        Ways(transport=httpx2.MockTransport(stage)),
    )


def test_a_code_becomes_tokens(stage: Stage) -> None:
    stage.on(TOKEN, reply(pair(1)))
    assert exchanged(stage) == held(1)
    [asked] = stage.asked
    assert parse_qs(asked.content.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["code-1"],
        "redirect_uri": ["https://here.test/cb"],
        "code_verifier": ["v" * 64],
    }
    assert asked.headers["authorization"].startswith("Basic ")


def test_the_client_s_id_and_secret_are_form_encoded(stage: Stage) -> None:
    """RFC 6749 §2.3.1: a colon or a percent sign in either would be read otherwise."""
    stage.on(TOKEN, reply(pair(1)))
    exchange_code(
        replace(OAUTH, client_id="a:b"),
        Grant(code="code-1", redirect_uri="https://here.test/cb", verifier="v" * 64, client_secret="50% +é"),
        stage.clock,
        Ways(transport=httpx2.MockTransport(stage)),
    )
    shown = base64.b64decode(stage.asked[0].headers["authorization"].removeprefix("Basic ")).decode()
    assert shown == "a%3Ab:50%25+%2B%C3%A9"


def test_a_secret_may_go_in_the_form(stage: Stage) -> None:
    stage.on(TOKEN, reply(pair(1)))
    exchange_code(
        OAUTH,
        Grant(code="code-1", redirect_uri="https://here.test/cb", verifier="v" * 64, client_secret=SECRET),
        stage.clock,
        Ways(transport=httpx2.MockTransport(stage), dialect=Dialect(client_auth="form")),
    )
    sent = parse_qs(stage.asked[0].content.decode())
    assert (sent["client_id"], sent["client_secret"]) == (["client-1"], [SECRET])
    assert "authorization" not in stage.asked[0].headers


@pytest.mark.parametrize(
    ("environment", "spelled"), [("production", "tag-group"), ("staging", "tag-groups"), ("sandbox", "tag-groups")]
)
def test_each_environment_is_asked_in_its_own_spelling(environment: Any, spelled: str) -> None:
    connection = replace(OAUTH, environment=environment)
    for scopes in (["tag-groups:read", "vendors:read"], ["tag-group:read", "vendors:read"]):
        url = authorize_url(
            connection, redirect_uri="https://here.test/cb", state="st", verifier="v" * 64, scopes=scopes
        )
        assert parse_qs(urlsplit(url).query)["scope"] == [f"{spelled}:read vendors:read"]


def test_a_code_is_never_sent_twice(stage: Stage) -> None:
    stage.on(TOKEN, httpx2.ReadTimeout("lost"))
    with pytest.raises(Timeout):
        exchanged(stage)
    assert stage.operations == [TOKEN]


def test_a_token_can_be_looked_up(stage: Stage) -> None:
    facts = {
        "active": True,
        "client_id": "client-1",
        "exp": 1,
        "urn:pleo:params:oauth:subject_urn": "urn:pleo:company:1",
    }
    stage.on("POST /oauth/token/introspect", refusal(503), reply(facts))
    found = introspect_token(OAUTH, held(), stage.clock, Ways(transport=httpx2.MockTransport(stage)))
    assert (found.active, found.subject) == (True, "urn:pleo:company:1")
    assert parse_qs(stage.asked[0].content.decode())["token"] == ["access-1"]


@pytest.mark.parametrize(
    ("answers", "active"),
    [
        ([reply({"active": False})] * 2, False),
        ([reply({"active": True})], True),
        ([reply({"active": False}), reply({"active": True})], True),  # the refresh token is
        ([reply({"error": "invalid_client"}, 401)], False),
        ([httpx2.ReadError("gone")] * 20, False),
    ],
)
def test_after_removing_the_integration_pleo_says_whether_a_token_is_active(
    stage: Stage, answers: list[Any], active: bool
) -> None:
    """Where it says nothing, nothing is claimed."""
    stage.tokens.held = held(1, 900)
    stage.on("DELETE /v1/installations/me", reply(None, 204)).on("POST /oauth/token/introspect", *answers)
    assert stage.client(OAUTH).uninstall() is active
