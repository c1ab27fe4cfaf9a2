"""Each way that Pleo can fail has one error, one remedy, and Pleo's own word for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from kontobro.core.errors import (
    BadAnswer,
    JobGone,
    KontobroError,
    LoginFailed,
    Misconfigured,
    NotAllowed,
    RateLimited,
    Timeout,
    Unreachable,
)
from kontobro.net.deadline import time_limit
from kontobro.pleo import Ways, open_pleo
from kontobro.pleo.http.faults import RefusedByPleo
from tests.support.scripted_pleo import JOB, JSON, KEY, Stage, a_connection, a_job, page, refusal, reply

ONE, ITEMS = f"GET /v3/export-jobs/{JOB}", "GET /v3/export-items"

CASES = [
    (httpx2.ConnectError("no route"), Unreachable, "service_unreachable", "can't be reached"),
    (httpx2.RemoteProtocolError("cut"), Unreachable, "service_unreachable", "can't be reached"),
    (httpx2.ConnectTimeout("slow"), Timeout, "service_timeout", "in time"),
    (httpx2.ReadTimeout("slow"), Timeout, "service_timeout", "in time"),
    (refusal(401), LoginFailed, "authentication_failure", "onnect again"),
    (refusal(403), NotAllowed, "authorization_failure", "export-jobs:read"),
    (refusal(404, "EXPORT_NOT_FOUND"), JobGone, "job_expired", "no such export job"),
    (refusal(422, "EXPORT_JOB_STATUS_UNPROCESSABLE"), JobGone, "job_expired", "nothing more"),
    (refusal(422, "invalid_export_job_status_change"), JobGone, "job_expired", "nothing more"),
    (httpx2.Response(422), JobGone, "job_expired", "nothing more"),
    (refusal(422, "VALIDATION_FAILED", "jobId"), RefusedByPleo, "integration_unusable", "VALIDATION_FAILED: jobId"),
    (refusal(429), RateLimited, "pleo_rate_limit", "pause"),
    (refusal(500), Unreachable, "service_unreachable", "status 500"),
    (refusal(503), Unreachable, "service_unreachable", "status 503"),
    (refusal(400, "PARAMETER_VALIDATION_FAILED"), RefusedByPleo, "integration_unusable", "PARAMETER_VALIDATION_FAILED"),
    (refusal(409, "EXPORT_ALREADY_IN_PROGRESS"), RefusedByPleo, "integration_unusable", "status 409"),
    (httpx2.Response(302, headers={"location": "https://login.test"}), BadAnswer, "integration_unusable", "status 302"),
    (
        httpx2.Response(200, content=b"<html>", headers={"content-type": "text/html"}),
        Unreachable,
        "service_unreachable",
        "page",
    ),
    *[
        (httpx2.Response(status, content=b"<html>", headers={"content-type": "text/html"}), Unreachable, word, "page")
        for status, word in [(401, "service_unreachable"), (403, "service_unreachable"), (404, "service_unreachable")]
    ],
    (httpx2.Response(200, content=b"{", headers={"content-type": JSON}), BadAnswer, "integration_unusable", "contract"),
    (reply(a_job()), BadAnswer, "integration_unusable", "`data`"),
    (reply({"data": a_job(createdAt="x")}), BadAnswer, "integration_unusable", "data.createdAt"),
]


@pytest.mark.parametrize(("answer", "error", "word", "told"), CASES)
def test_a_fault_has_its_error_its_word_and_its_remedy(
    answer: Any, error: type[KontobroError], word: str, told: str
) -> None:
    stage = Stage().on(ONE, answer)
    with pytest.raises(error) as caught:
        stage.client().job(JOB)
    assert type(caught.value) is error
    assert caught.value.job_failure == word
    assert told in str(caught.value)
    assert caught.value.remedy


def test_missing_contra_accounts_name_the_currencies() -> None:
    answer = refusal(400, "missing_contra_accounts", "No contra account for SEK and EUR (API says NOT OK)")
    stage = Stage().on(ITEMS, answer)
    with pytest.raises(Misconfigured) as caught:
        list(stage.client().items(JOB))
    assert caught.value.job_failure == "missing_configuration"
    assert "EUR, SEK" in caught.value.message
    assert "contra account" in caught.value.remedy
    assert "API" not in str(caught.value)


def test_a_403_names_the_scope_of_its_endpoint() -> None:
    with pytest.raises(NotAllowed, match="export-items:read"):
        list(Stage().on(ITEMS, refusal(403)).client().items(JOB))


@pytest.mark.parametrize("header", ["7", "Sun, 01 Mar 2026 12:00:07 GMT"])
def test_retry_after_is_honoured(header: str) -> None:
    stage = Stage().on(ONE, refusal(429, retry_after=header), reply({"data": a_job()}))
    stage.client().job(JOB)
    assert stage.clock.slept == [7.0]


def test_a_pause_that_is_too_long_is_the_callers_to_wait() -> None:
    stage = Stage().on(ONE, refusal(429, retry_after="3600"))
    with pytest.raises(RateLimited) as caught:
        stage.client().job(JOB)
    assert caught.value.retry_after == 3600
    assert (stage.clock.slept, len(stage.asked)) == ([], 1)


@pytest.mark.parametrize("header", ["soon", "-5", "nan", "7.5e3", ""])
def test_an_unreadable_retry_after_falls_back_to_patience(header: str) -> None:
    stage = Stage().on(ONE, refusal(429, retry_after=header), reply({"data": a_job()}))
    stage.client().job(JOB)
    assert stage.clock.slept == [5.0]


@pytest.mark.parametrize("answer", [refusal(503), httpx2.ReadTimeout("slow"), refusal(429)])
def test_patience_ends(answer: Any) -> None:
    stage = Stage().on(ONE, answer)
    with pytest.raises(Unreachable):
        stage.client().job(JOB)
    assert len(stage.asked) == 5
    assert stage.clock.slept == sorted(stage.clock.slept)
    assert sum(stage.clock.slept) < 90


def test_where_others_wait_patience_ends_sooner() -> None:
    """An attempt that took longer than the patience is the last one."""
    stage = Stage()

    def hang(request: httpx2.Request) -> httpx2.ReadTimeout:
        stage.clock.time += timedelta(seconds=30)
        return httpx2.ReadTimeout("slow")

    ways = Ways(transport=httpx2.MockTransport(stage.on(ONE, hang)), patience=timedelta(seconds=20))
    with pytest.raises(Timeout):
        open_pleo(a_connection(), stage.tokens, stage.clock, ways).job(JOB)
    assert (stage.clock.slept, len(stage.asked)) == ([], 1)


@pytest.mark.parametrize("answer", [refusal(401), refusal(403), refusal(404), refusal(422), refusal(400)])
def test_what_a_person_must_mend_is_not_tried_again(answer: httpx2.Response) -> None:
    stage = Stage().on(ONE, answer)
    with pytest.raises(KontobroError):
        stage.client().job(JOB)
    assert len(stage.asked) == 1


def test_an_excerpt_is_short_and_without_secrets() -> None:
    message = f"bad key {KEY} Bearer abc.def Basic Zm9v {'x' * 64} " + "very long " * 50
    stage = Stage().on(ONE, refusal(400, "VALIDATION_FAILED", message))
    with pytest.raises(BadAnswer) as caught:
        stage.client().job(JOB)
    text = str(caught.value)
    assert len(text) < 400
    for secret in (KEY, "abc.def", "Zm9v", "x" * 64):
        assert secret not in text


def test_a_person_s_page_waits_for_no_pace_and_no_repeat() -> None:
    stage = Stage().on(ITEMS, page([]))
    client = stage.client()
    for _ in range(500):
        list(client.items(JOB))
    with time_limit(5), pytest.raises(RateLimited):
        list(client.items(JOB))
    assert stage.clock.slept == []
    stage = Stage().on(ONE, refusal(503))
    with time_limit(0.5), pytest.raises(Unreachable):
        stage.client().job(JOB)
    assert stage.clock.slept == []


@pytest.mark.parametrize(("given", "seconds"), [("7", 7), ("9" * 400, 86_400), ("soon", None)])
def test_a_pause_that_pleo_asks_for_has_an_end(given: str, seconds: float | None) -> None:
    stage = Stage().on(ONE, refusal(429, retry_after=given))
    with time_limit(4), pytest.raises(RateLimited) as caught:
        stage.client().job(JOB)
    assert caught.value.retry_after == seconds


def test_the_pace_keeps_pleos_limit() -> None:
    stage = Stage().on(ITEMS, page([]))
    client = stage.client()
    start = stage.clock.now()
    for _ in range(1001):
        list(client.items(JOB))
    assert (stage.clock.now() - start).total_seconds() >= 120
    assert all(0 < pause <= 62.1 for pause in stage.clock.slept)
