"""Whatever is sent to any address by someone who is signed in: an answer that says no, never a broken page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponseBase
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.web.fuzz_service import STEPS, Address, FuzzService, addresses, open_fuzz_service
from tests.web.fuzz_values import (
    BODIES,
    FORMS,
    HOSTILE,
    LANGUAGES,
    LONG,
    QUERIES,
    SECRET_TRACES,
    TYPES,
    Form,
    anything,
    encoded,
    forms,
    names_of_all,
    quoted,
    settings_fields,
    spoiled,
)

ALL = {address.name: address for address in addresses()}
ENDING = {"account_logout", "disconnect", "connect_drop", "demo_start", "demo_remove"}
"""Posting there takes no value, and ends what the other tests are on."""

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FuzzService]:
    url = None
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "postgresql":
            from tests.support.postgres import KEY

            url = request.getfixturevalue("module_postgres_url")
            patch.setenv("KONTOBRO_KEY", KEY.decode())
        with open_fuzz_service(tmp_path_factory.mktemp("town"), url) as opened:
            yield opened


ON_SQLITE = pytest.mark.parametrize("service", ["sqlite"], indirect=True)
"""For what ends before the database: once is enough."""


def send(
    service: FuzzService,
    path: str,
    *,
    query: str = "",
    body: bytes | None = None,
    kind: str = FORM,
    **more: Any,
) -> HttpResponseBase:
    """Send it (POST with a body); an exception in the service is raised here. The answer has nothing to hide."""
    browser = service.browser()
    method = "GET" if body is None else "POST"
    answer = browser.generic(method, path, body or b"", content_type=kind, QUERY_STRING=query, **more)
    assert answer.status_code != 500
    content = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]
    answer.close()
    if answer.get("Content-Type", "").startswith("text/html"):
        assert not SECRET_TRACES.search(content.decode())
    return answer


def step_of(name: str) -> str:
    """The step at which a setup's page takes its form; none for other pages."""
    step = name.removeprefix("connect_")
    return step if step in STEPS else ""


@pytest.mark.parametrize("address", [one for one in ALL.values() if one.parameters], ids=lambda one: one.name)
def test_no_parameter_breaks_an_address(service: FuzzService, address: Address) -> None:
    service.restore()
    for parameter in address.parameters:
        for value in HOSTILE:
            if len(value) < LONG:
                answer = send(service, address.path({**service.facts(), parameter: value}))
                assert answer.status_code in (200, 301, 302, 400, 401, 404, 405)


@ON_SQLITE
@pytest.mark.parametrize("name", [*FORMS, "settings"])
def test_no_form_breaks_a_page(service: FuzzService, name: str) -> None:
    form = settings_fields(service.connection.settings) if name == "settings" else FORMS[name]
    for wrong in spoiled(form):
        service.restore(step_of(name))
        answer = send(service, ALL[name].path(service.facts()), body=encoded(wrong))
        if name == "settings" and answer.status_code == 302:
            assert send(service, ALL["connection"].path(service.facts())).status_code == 200


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_breaks_a_page(service: FuzzService, name: str) -> None:
    service.restore()
    for wrong in spoiled(QUERIES[name], [value for value in HOSTILE if len(value) < LONG]):
        send(service, ALL[name].path(service.facts()), query=encoded(wrong).decode())


@ON_SQLITE
@pytest.mark.parametrize("kind", TYPES)
def test_no_kind_of_content_breaks_a_page(service: FuzzService, kind: str) -> None:
    for name in ("settings_import", "new_organisation", "webhook", "connect_key"):
        for body in BODIES:
            service.restore(step_of(name))
            answer = send(service, ALL[name].path(service.facts()), body=body, kind=kind)
            assert answer.status_code in (200, 302, 400, 405, 413)
        send(service, ALL["jobs"].path(service.facts()), query="before=\\ud800%ff", kind=kind)


@ON_SQLITE
@pytest.mark.parametrize("steps", STEPS)
def test_no_setup_s_page_breaks_at_any_step(service: FuzzService, steps: str) -> None:
    for address in ALL.values():
        if "setup" in address.parameters and address.name not in ENDING:
            for body in (None, b"", b"level=x&erp=x&company=x&key=x&ledger=x"):
                service.restore(steps)
                send(service, address.path(service.facts()), body=body)


@given(name=st.sampled_from(sorted(ALL)), spoil=st.data())
@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_is_sent_is_answered(service: FuzzService, name: str, spoil: st.DataObject) -> None:
    service.restore(spoil.draw(st.sampled_from(STEPS)))
    known = [*FORMS.get(name, {}), *QUERIES.get(name, {})] or names_of_all()
    query: Form = spoil.draw(forms(known))
    body = None
    if name not in ENDING and spoil.draw(st.booleans()):
        base = settings_fields(service.connection.settings) if name == "settings" else FORMS.get(name, {})
        body = encoded({**base, **spoil.draw(forms(known))})
    facts: dict[str, Any] = service.facts()
    if ALL[name].parameters and spoil.draw(st.booleans()):
        facts[spoil.draw(st.sampled_from(ALL[name].parameters))] = spoil.draw(anything)
    send(service, ALL[name].path(facts), query=encoded(query).decode(), body=body)


@ON_SQLITE
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_breaks_a_page(service: FuzzService, language: str) -> None:
    service.restore()
    for name in ("overview", "job", "booking", "tie_out_compared"):
        path = ALL[name].path(service.facts())
        query = encoded(QUERIES.get(name, {})).decode() if name.startswith("tie") else ""
        assert send(service, path, query=query, HTTP_ACCEPT_LANGUAGE=language).status_code == 200


COOKIES = ["x" * 5000, '"\\000\\000\\000\\000\\000\\000\\000\\000"', "\xff" * 32, "a:b:c", "=", '"', "[]", "null"]


@pytest.mark.parametrize("cookie", COOKIES)
def test_no_cookie_breaks_a_page(service: FuzzService, cookie: str) -> None:
    for name in ("sessionid", "csrftoken", "messages", "\xff"):
        for method in ("get", "post"):
            browser = service.site.browser()
            browser.handler.enforce_csrf_checks = True
            answer = getattr(browser, method)("/", HTTP_COOKIE=f"{name}={cookie}")
            assert answer.status_code in (302, 400, 403)


HEADERS = (
    "HX-Current-URL",
    "HX-Request",
    "HX-Prompt",
    "Referer",
    "Origin",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "Host",
    "X-Requested-With",
    "If-Modified-Since",
    "Range",
    "Accept",
)


@ON_SQLITE
@pytest.mark.parametrize("header", HEADERS)
def test_no_header_breaks_a_page(service: FuzzService, header: str) -> None:
    service.restore()
    for value in HOSTILE:
        text = value if isinstance(value, str) else value.decode("latin-1")
        extra = {f"HTTP_{header.upper().replace('-', '_')}": text}
        for path in ("/", "/metrics", "/accounts/login/", ALL["job_progress"].path(service.facts())):
            send(service, path, **extra)


@ON_SQLITE
def test_a_file_too_large_is_refused_with_the_reason(service: FuzzService) -> None:
    service.restore()
    file = b"a = '" + b"x" * 300_000 + b"'"
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="s.toml"\r\n\r\n' + file + b"\r\n--x--\r\n"
    path = ALL["settings_import"].path(service.facts())
    answer = send(service, path, body=body, kind="multipart/form-data; boundary=x")
    assert answer.status_code == 400
    assert "larger than 200,000 bytes" in answer.content.decode()  # type: ignore[attr-defined]


@ON_SQLITE
def test_a_page_that_never_was_is_not_found(service: FuzzService) -> None:
    for value in HOSTILE:
        if len(value) < LONG:
            assert send(service, f"/x/{quoted(value)}/x").status_code in (400, 404)
