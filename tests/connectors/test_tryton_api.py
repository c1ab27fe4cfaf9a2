"""What Tryton's answers mean, without a Tryton: faults, sessions, typed JSON; and what a payment says it settles."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from kontobro.core.model.journal import InvoiceKey, Payment, Reference
from kontobro.erp.kit.http import READ_TRIES, Refused
from kontobro.erp.tryton.api import Api
from kontobro.erp.tryton.entries import settles_in, settles_text
from kontobro.testing.connector.entries import Chart, a_payment

Answer = Callable[[dict[str, Any]], httpx2.Response]


def an_api(answer: Answer, calls: list[str] | None = None) -> Api:
    """An API whose server logs in anybody and gives `answer` to the rest."""
    seen: list[str] = [] if calls is None else calls

    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(404)
        asked = json.loads(request.content)
        seen.append(asked["method"])
        if asked["method"] == "common.db.login":
            return httpx2.Response(200, json={"id": 1, "result": [7, f"token{len(seen)}", None]})
        return answer(asked)

    http = httpx2.Client(base_url="http://127.0.0.1:1", transport=httpx2.MockTransport(handle))
    return Api(http, "books", "kontobro", "the-password", 1, sleep=lambda seconds: None)


def status(code: int, **more: Any) -> Answer:
    return lambda asked: httpx2.Response(code, **more)


def error(*told: Any) -> Answer:
    return lambda asked: httpx2.Response(200, json={"id": 1, "error": list(told)})


def lost(asked: dict[str, Any]) -> httpx2.Response:
    raise httpx2.ReadTimeout("no answer")


@pytest.mark.parametrize(
    ("answer", "on_read", "on_write"),
    [
        (status(401), LoginFailed, LoginFailed),
        (status(403), NotAllowed, NotAllowed),
        (status(404), Misconfigured, Misconfigured),
        (status(413), Misconfigured, Misconfigured),
        (status(429, headers={"Retry-After": "7"}), RateLimited, RateLimited),
        (status(500), Unreachable, Uncertain),
        (status(502), Unreachable, Uncertain),
        (status(503), Unreachable, Uncertain),
        (status(504), Unreachable, Uncertain),
        (lost, Timeout, Uncertain),
        (status(408), Unreachable, Uncertain),
        (status(520, text="unknown error"), Unreachable, Uncertain),
        (status(200, text="<html>We are back soon</html>"), Unreachable, Uncertain),
        (status(200, text='{"id": 1, "resu'), Unreachable, Uncertain),
        (status(200, text="[" * 100_000), BadAnswer, Uncertain),
        (status(200, text='{"id": 1, "result": 1E+999999999}'), BadAnswer, Uncertain),
        (status(200, text='{"result": {"__class__": "Decimal", "decimal": "1E+999999999"}}'), BadAnswer, Uncertain),
        (status(200, text='{"result": {"__class__": "date", "year": 1}}'), BadAnswer, Uncertain),
        (status(200, text="9" * 100_000), BadAnswer, Uncertain),
        (error("UserError", ["No.", "Really.", None]), Refused, Refused),
        (error("UserWarning", ["key", "Sure?", ""]), Refused, Refused),
        (error("ConcurrencyException", "later"), Refused, Refused),
        (error("'res.user'", "Traceback of secrets"), Refused, Refused),
        (error("LoginException", ["code", "Code?", "char"]), LoginFailed, LoginFailed),
    ],
)
def test_what_an_answer_means(answer: Answer, on_read: type[KontobroError], on_write: type[KontobroError]) -> None:
    with pytest.raises(on_read):
        an_api(answer).read("model.x.search", [])
    with pytest.raises(on_write) as fault:
        an_api(answer).write("model.x.create", [])
    assert "secrets" not in f"{fault.value} {fault.value!r}"


def test_a_write_is_made_once_and_a_read_again() -> None:
    calls: list[str] = []
    api = an_api(status(503), calls)
    with pytest.raises(Uncertain):
        api.write("model.x.create", [])
    with pytest.raises(Unreachable):
        api.read("model.x.search", [])
    assert calls.count("model.x.create") == 1
    assert calls.count("model.x.search") == 4


BAD_GATEWAYS = [
    httpx2.Response(502, text="<h1>Bad gateway</h1>"),
    httpx2.Response(504),
    httpx2.Response(429),
    httpx2.Response(408),
    httpx2.Response(500, text="oops"),
    httpx2.Response(200, text="<html>We are back soon</html>"),
    httpx2.Response(200, text='{"result": "8.'),
]


@pytest.mark.parametrize("bad", BAD_GATEWAYS)
def test_the_first_call_of_all_is_as_patient_as_any(bad: httpx2.Response) -> None:
    """A gateway in front says nothing of which Tryton is behind it."""

    def spoiled(times: int) -> Api:
        left = [bad] * times

        def handle(request: httpx2.Request) -> httpx2.Response:
            if left:
                found = left.pop()
                return httpx2.Response(found.status_code, text=found.text)
            return httpx2.Response(200, json={"id": 1, "result": "8.2"})

        http = httpx2.Client(base_url="http://localhost", transport=httpx2.MockTransport(handle))
        return Api(http, "db", "user", "the-password", sleep=lambda seconds: None)

    assert spoiled(READ_TRIES - 1).version() == "8.2"
    with pytest.raises(Unreachable):
        spoiled(READ_TRIES).version()


def test_another_answer_than_a_gateway_s_tells_which_server_it_is() -> None:
    http = httpx2.Client(base_url="http://localhost", transport=httpx2.MockTransport(lambda r: httpx2.Response(404)))
    assert Api(http, "db", "user", "the-password").version() == ""


def test_a_session_that_ended_is_made_anew_once() -> None:
    calls: list[str] = []
    answers = iter([httpx2.Response(401), httpx2.Response(200, json={"id": 1, "result": [5]})])
    assert an_api(lambda asked: next(answers), calls).write("model.x.create", []) == [5]
    assert calls == ["common.db.login", "model.x.create", "common.db.login", "model.x.create"]


def test_a_server_that_can_t_be_reached_got_nothing() -> None:
    def refuse(asked: dict[str, Any]) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    with pytest.raises(Unreachable) as fault:
        an_api(refuse).write("model.x.create", [])
    assert not isinstance(fault.value, Timeout)


def test_amounts_days_and_bytes_travel_exactly() -> None:
    given_ = {"amount": Decimal("9999999999999.99"), "day": date(2026, 10, 3), "data": b"\x00\xff"}
    back = an_api(lambda asked: httpx2.Response(200, json={"id": 1, "result": asked["params"][0]}))
    assert back.read("model.x.echo", given_) == given_


@pytest.mark.parametrize(
    "result",
    ["[%s0]" % ("{}," * 600_000), '{"__class__": "date", "year": 99999999999999999999, "month": 1, "day": 1}'],
    ids=["a million values", "a date"],
)
def test_an_answer_that_eats_the_machine_or_can_t_be_read(result: str) -> None:
    api = an_api(lambda asked: httpx2.Response(200, text=f'{{"id": 1, "result": {result}}}'))
    with pytest.raises(BadAnswer):
        api.read("model.x.echo")
    with pytest.raises(Uncertain):
        api.write("model.x.create", [])


@pytest.mark.parametrize("result", [None, 7, "ab", [1], {}])
def test_a_login_that_gives_no_session(result: object) -> None:
    answer = httpx2.MockTransport(lambda request: httpx2.Response(200, json={"id": 1, "result": result}))
    api = Api(httpx2.Client(base_url="http://localhost", transport=answer), "books", "kontobro", "the-password")
    with pytest.raises(BadAnswer, match="no session"):
        api.read("model.x.echo")


def test_a_page_that_is_no_list_is_no_end() -> None:
    with pytest.raises(BadAnswer):
        list(an_api(lambda asked: httpx2.Response(200, json={"id": 1, "result": None})).rows("x", [], ["name"]))


def test_the_password_is_never_shown() -> None:
    assert "the-password" not in repr(an_api(status(200)))


keys = st.one_of(
    st.text(min_size=1).map(Reference),
    st.builds(InvoiceKey, st.text(min_size=1), st.text(min_size=1), st.sampled_from(["DKK", "EUR"])),
)


@given(keys, st.booleans())
def test_what_a_payment_settles_is_read_as_it_was_written(key: Reference | InvoiceKey, returned: bool) -> None:
    payment = a_payment(Chart(), key, returned=returned)
    assert isinstance(payment, Payment)
    assert settles_in(settles_text(payment)) == (key, returned)
