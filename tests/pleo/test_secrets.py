"""Keys, tokens, presigned links and payloads stay out of logs, errors and representations."""

from __future__ import annotations

import logging
import traceback

import httpx2
import pytest

from kontobro.core.errors import KontobroError
from kontobro.core.model.connection import Tokens
from kontobro.core.model.export import ItemReport
from tests.support.scripted_pleo import (
    JOB,
    KEY,
    MemoryTokens,
    Stage,
    a_connection,
    a_job,
    an_item,
    page,
    refusal,
    reply,
)

TOKENS = Tokens(access="access-secret-1", refresh="refresh-secret-1", client_secret="client-secret-1")
SECRETS = [
    KEY,
    "access-secret",
    "refresh-secret",
    "client-secret",
    "presigned-secret",
    "Jane Doe",
    "DK5000400440116243",
]
ONE, ITEMS, TOKEN = f"GET /v3/export-jobs/{JOB}", "GET /v3/export-items", "POST /oauth/token"
ECHO = refusal(400, "VALIDATION_FAILED", f"{KEY} Bearer access-secret-1")


def assert_silent(text: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.fixture(autouse=True)
def every_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def test_a_good_run_says_nothing_secret(caplog: pytest.LogCaptureFixture) -> None:
    item = an_item(user={"id": "u", "name": "Jane Doe"}, note="DK5000400440116243")
    stage = Stage().on(ONE, refusal(503), reply({"data": a_job()})).on(ITEMS, page([item, an_item(2, user="Jane Doe")]))
    stage.on("GET /r", httpx2.Response(200, content=b"x")).on(
        f"PUT /v3/export-jobs/{JOB}/items", reply({"data": [], "errors": []})
    )
    client = stage.client()
    client.job(JOB)
    list(client.items(JOB))
    client.fetch("https://files.test/r?sig=presigned-secret", 5)
    client.report(JOB, [ItemReport(entry_id="a", status="failed", failure="Jane Doe")])
    assert "files.test/r" in caplog.text
    assert_silent(caplog.text + repr(client) + repr(vars(client)))


@pytest.mark.parametrize(
    "answer", [ECHO, refusal(401), refusal(500), httpx2.ReadTimeout("t"), httpx2.Response(200, content=b"Jane Doe")]
)
def test_faults_say_nothing_secret(answer: httpx2.Response | Exception, caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage().on(ONE, answer)
    with pytest.raises(KontobroError) as caught:
        stage.client().job(JOB)
    assert_silent(caplog.text + "".join(traceback.format_exception(caught.value)) + repr(caught.value))


@pytest.mark.parametrize(
    "answer",
    [
        reply({"error": "invalid_grant", "error_description": "refresh-secret-1 of Jane Doe"}, 400),
        reply({"error": "server_error", "error_description": "refresh-secret-1"}, 500),
        httpx2.Response(200, content=b"refresh-secret-1", headers={"content-type": "text/html"}),
        reply({"access_token": None, "refresh_token": "refresh-secret-2"}),
        httpx2.ConnectError("no"),
    ],
)
def test_failed_renewals_say_nothing_secret(
    answer: httpx2.Response | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(tokens=MemoryTokens(TOKENS)).on(ONE, refusal(401)).on(TOKEN, answer)
    client = stage.client(a_connection(auth="oauth", client_id="c"))
    with pytest.raises(KontobroError) as caught:
        client.job(JOB)
    assert_silent(caplog.text + "".join(traceback.format_exception(caught.value)) + repr(client) + repr(TOKENS))
