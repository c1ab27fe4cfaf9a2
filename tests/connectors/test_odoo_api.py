"""One call to Odoo: what each answer, and no answer, means. No Odoo is needed: answers are given as Odoo gives them."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable, Sequence
from decimal import Decimal

import httpx2
import pytest

from kontobro.core.errors import (
    BadAnswer,
    KontobroError,
    LoginFailed,
    Misconfigured,
    NotAllowed,
    RateLimited,
    Timeout,
    Uncertain,
    Unreachable,
)
from kontobro.erp.kit.http import READ_TRIES, Refused, read_again, rows_by_id
from kontobro.erp.odoo.access import find_company
from kontobro.erp.odoo.api import PAGE, Api, open_http
from kontobro.erp.registry import load_connector
from kontobro.net.deadline import time_limit
from tests.support.bad_servers import answering, listening

KEY = "0123456789abcdef0123456789abcdef01234567"
Answer = Callable[[httpx2.Request], httpx2.Response]


def an_api(answer: Answer, company: int | None = 7) -> Api:
    http = httpx2.Client(
        base_url="http://localhost",
        headers={"Authorization": f"bearer {KEY}"},
        transport=httpx2.MockTransport(answer),
    )
    return Api(http, company, sleep=lambda seconds: None)


def error(code: int, name: str = "odoo.exceptions.UserError", **fields: str) -> httpx2.Response:
    """An error as Odoo's JSON-2 API words it."""
    body = {"name": name, "message": "The entry is not balanced.", "arguments": [], "debug": "Traceback: secret"}
    return httpx2.Response(code, json=body | fields)


def failing(fault: type[httpx2.RequestError]) -> Answer:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise fault("lost", request=request)

    return answer


@pytest.mark.parametrize(
    ("response", "read", "write"),
    [
        (error(401, "werkzeug.exceptions.Unauthorized"), LoginFailed, LoginFailed),
        (error(403, "odoo.exceptions.AccessError"), NotAllowed, NotAllowed),
        (error(404, "werkzeug.exceptions.NotFound"), Misconfigured, Misconfigured),
        (httpx2.Response(404, text="<h1>No database</h1>"), Misconfigured, Misconfigured),
        (error(422), Refused, Refused),
        (error(500, "builtins.ValueError"), Refused, Refused),
        (httpx2.Response(429, headers={"Retry-After": "3"}), RateLimited, RateLimited),
        (httpx2.Response(502, text="Bad gateway"), Unreachable, Uncertain),
        (httpx2.Response(504, text="Gateway timeout"), Unreachable, Uncertain),
        (httpx2.Response(500, text="<h1>Internal Server Error</h1>"), Unreachable, Uncertain),
        (httpx2.Response(503, json={"name": "werkzeug.exceptions.ServiceUnavailable"}), Unreachable, Uncertain),
        (httpx2.Response(520, text="unknown error"), Unreachable, Uncertain),
        (httpx2.Response(408, text="Request Timeout"), Unreachable, Uncertain),
        (httpx2.Response(403, text="<h1>Checking your browser</h1>"), Unreachable, Uncertain),
        (httpx2.Response(200, text="<html>We are back soon</html>"), Unreachable, Uncertain),
        (httpx2.Response(200, text='{"id": 1, "na'), Unreachable, Uncertain),
        (httpx2.Response(200, text="[" * 100_000), BadAnswer, Uncertain),
        (httpx2.Response(200, text="[1E+999999999]"), BadAnswer, Uncertain),
        (httpx2.Response(200, text="9" * 100_000), BadAnswer, Uncertain),
        (httpx2.Response(502, text="[" * 100_000), Unreachable, Uncertain),
    ],
)
def test_answers_are_told_apart_by_their_code(
    response: httpx2.Response, read: type[KontobroError], write: type[KontobroError]
) -> None:
    api = an_api(lambda request: httpx2.Response(response.status_code, headers=response.headers, text=response.text))
    with pytest.raises(KontobroError) as fault:
        api.read("account.move", "search")
    assert type(fault.value) is read
    with pytest.raises(KontobroError) as fault:
        api.write("account.move", "load")
    assert type(fault.value) is write
    assert fault.value.remedy or isinstance(fault.value, BadAnswer)


@pytest.mark.parametrize(
    ("lost", "read", "write"),
    [
        (httpx2.ConnectError, Unreachable, Unreachable),
        (httpx2.ConnectTimeout, Unreachable, Unreachable),
        (httpx2.ReadTimeout, Timeout, Uncertain),
        (httpx2.ReadError, Unreachable, Uncertain),
        (httpx2.WriteError, Unreachable, Uncertain),
        (httpx2.RemoteProtocolError, Unreachable, Uncertain),
    ],
)
def test_a_write_that_got_no_answer_is_uncertain_unless_it_never_left(
    lost: type[httpx2.RequestError], read: type[KontobroError], write: type[KontobroError]
) -> None:
    for call, kind in ((an_api(failing(lost)).read, read), (an_api(failing(lost)).write, write)):
        with pytest.raises(KontobroError) as fault:
            call("account.move", "load")
        assert type(fault.value) is kind


def test_reads_are_tried_again_and_writes_never() -> None:
    calls: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        calls.append(request.url.path)
        return httpx2.Response(503)

    api = an_api(answer)
    with pytest.raises(Unreachable):
        api.read("res.company", "search")
    assert len(calls) == READ_TRIES
    with pytest.raises(Uncertain):
        api.write("account.move", "load")
    assert len(calls) == READ_TRIES + 1


BAD_GATEWAYS = [
    httpx2.Response(502, text="<h1>Bad gateway</h1>"),
    httpx2.Response(504),
    httpx2.Response(429),
    httpx2.Response(408),
    httpx2.Response(500, text="oops"),
    httpx2.Response(403, text="<h1>Checking your browser</h1>"),
    httpx2.Response(200, text="<html>We are back soon</html>"),
    httpx2.Response(200, text='{"version": "19.'),
]


@pytest.mark.parametrize("bad", BAD_GATEWAYS)
def test_the_first_call_of_all_is_as_patient_as_any(bad: httpx2.Response) -> None:
    """A gateway in front says nothing of which Odoo is behind it."""

    def spoiled(times: int) -> Api:
        left = [bad] * times

        def answer(request: httpx2.Request) -> httpx2.Response:
            if left:
                found = left.pop()
                return httpx2.Response(found.status_code, text=found.text)
            return httpx2.Response(200, json={"version": "19.0"})

        return an_api(answer)

    assert spoiled(READ_TRIES - 1).version() == "19.0"
    with pytest.raises(Unreachable) as fault:
        find_company(spoiled(READ_TRIES))
    assert "version" not in fault.value.message


def test_reads_are_tried_again_for_a_moment_and_not_for_four_timeouts() -> None:
    """Each try may last minutes: what continues longer is for the patience of the engine, once."""
    clock = [0.0]

    def slow() -> None:
        clock[0] += 300
        raise Unreachable("no answer")

    with pytest.raises(Unreachable):
        read_again(slow, lambda seconds: None, lambda: clock[0])
    assert clock[0] == 300


def test_nobody_s_page_waits_for_a_second_try() -> None:
    calls: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        calls.append(request.url.path)
        return httpx2.Response(503)

    with time_limit(0), pytest.raises(Unreachable):
        an_api(answer).read("res.company", "search")
    assert len(calls) == 1


@pytest.mark.parametrize(("given", "seconds"), [("3", 3), ("99999999999999999999", 3600), ("²", None), ("soon", None)])
def test_a_pause_that_is_asked_for_has_an_end(given: str, seconds: float | None) -> None:
    answer = httpx2.Response(429, headers=[(b"Retry-After", given.encode())])
    with pytest.raises(RateLimited) as fault:
        an_api(lambda request: answer).write("account.move", "load")
    assert fault.value.retry_after == seconds


@pytest.mark.parametrize("ids", [range(PAGE), [0] * PAGE, ["x"] * PAGE])
def test_a_list_that_does_not_get_on_ends(ids: Sequence[object]) -> None:
    """The same page for every question, as a server that leaves the condition out would send it."""
    page = json.dumps([{"id": id} for id in ids])
    with pytest.raises(BadAnswer, match="does not advance"):
        list(an_api(lambda request: httpx2.Response(200, text=page)).rows("res.partner", [], ["name"]))


def test_a_list_without_end_ends() -> None:
    with pytest.raises(BadAnswer, match="more than"):
        for _ in rows_by_id(lambda last: [{"id": last + 1}], 1, "a list"):
            pass


def test_a_gzip_bomb_from_odoo_is_read_no_further_than_its_limit() -> None:
    packed = gzip.compress(bytes(100_000_000))
    with listening(answering(packed, "Content-Encoding: gzip")) as server:
        api = Api(open_http(f"http://127.0.0.1:{server.port}", None, KEY))
        with pytest.raises(BadAnswer, match="bytes"):
            api.read("res.company", "search")
        with pytest.raises(Uncertain):
            api.write("account.move", "load")


@pytest.mark.parametrize("values", ["{}," * 600_000, "[]," * 600_000, "1," * 1_100_000, "[" * 1_100_000])
def test_an_answer_of_a_million_values_is_not_decoded(values: str) -> None:
    """20 kB of gzip: half a gigabyte of them, and no thread of the process runs meanwhile."""
    api = an_api(lambda request: httpx2.Response(200, text=f"[{values}0]"))
    with pytest.raises(BadAnswer, match="too many values"):
        api.read("res.company", "search")
    with pytest.raises(Uncertain):
        api.write("account.move", "load")


def test_a_read_that_works_at_last_is_an_answer() -> None:
    answers = iter([httpx2.Response(503), httpx2.Response(200, text="[1.10]")])
    assert an_api(lambda request: next(answers)).read("res.company", "search") == [Decimal("1.10")]


def test_money_is_read_by_its_digits_and_never_a_float() -> None:
    api = an_api(lambda request: httpx2.Response(200, text='{"a": 0.1, "b": 999999999999.99, "c": 3}'))
    answer = api.read("account.move.line", "read")
    assert answer == {"a": Decimal("0.1"), "b": Decimal("999999999999.99"), "c": 3}
    assert not any(isinstance(value, float) for value in answer.values())


def test_every_call_names_the_company_and_keeps_the_callers_context() -> None:
    seen: list[dict[str, object]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(json.loads(request.content))
        return httpx2.Response(200, text="true")

    an_api(answer).write("account.move", "load", fields=["id"], context={"noupdate": True})
    assert seen == [{"fields": ["id"], "context": {"allowed_company_ids": [7], "noupdate": True}}]


def test_rows_are_read_to_the_last_page() -> None:
    """By ascending id, not by offset: what is added meanwhile moves nothing."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        last = json.loads(request.content)["domain"][0][2]
        return httpx2.Response(200, json=[{"id": n} for n in range(last + 1, min(last + PAGE, 2 * PAGE + 1) + 1)])

    ids = [row["id"] for row in an_api(answer).rows("account.account", [], ["code"])]
    assert ids == list(range(1, 2 * PAGE + 2))


def test_no_secret_and_no_traceback_leaves(caplog: pytest.LogCaptureFixture) -> None:
    api = an_api(lambda request: error(422))
    with caplog.at_level(logging.DEBUG), pytest.raises(Refused) as fault:
        api.write("account.move", "load", data=[["payload"]])
    told = f"{fault.value} {fault.value!r} {vars(fault.value)} {api!r} {caplog.text}"
    assert not [word for word in (KEY, "Traceback", "payload") if word in told]


@pytest.mark.parametrize(("version", "fine"), [("19.0", True), ("saas~19.2", True), ("18.0", False), ("", False)])
def test_odoo_before_19_is_named(version: str, fine: bool) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/json/version":
            return httpx2.Response(200, json={"version": version})
        return httpx2.Response(200, json=[{"id": 7, "name": "Fjord & Bro ApS"}])

    if fine:
        find_company(an_api(answer))
    else:
        with pytest.raises(Misconfigured, match=version or "unknown version"):
            find_company(an_api(answer))


@pytest.mark.parametrize(
    ("options", "key", "word"),
    [
        ({}, KEY, "url"),
        ({"url": "http://odoo.example.com"}, KEY, "https"),
        ({"url": "http://127.0.0.1.example.com"}, KEY, "https"),
        ({"url": "https://odoo.example.com"}, None, "API key"),
        ({"url": "https://odoo.example.com", "company": "Fjord"}, KEY, "company"),
    ],
)
def test_options_that_can_not_work_are_named(options: dict[str, str], key: str | None, word: str) -> None:
    with pytest.raises(Misconfigured, match=word):
        load_connector("odoo", options, lambda name: key if name == "api_key" else None)


def test_the_registry_hands_the_key_over_and_keeps_it_out_of_sight() -> None:
    connector = load_connector("odoo", {"url": "https://odoo.example.com"}, lambda name: KEY)
    assert connector.capabilities.reference == "enforced"
    assert KEY not in repr(vars(connector))
