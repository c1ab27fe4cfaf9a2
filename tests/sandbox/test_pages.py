"""The sandbox's pages: what a person sees, what the buttons do, what is escaped, refused and left alone."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import Response
from markupsafe import escape as html_escape
from starlette.testclient import TestClient

from pleo_sandbox.company.jobs import ItemResult, ItemStatus, JobEvent
from pleo_sandbox.company.oauth import OAuthClient, s256
from pleo_sandbox.model import HandMade, SandboxCompany
from pleo_sandbox.pages import words
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories

HERE = {"origin": "http://pleo.test"}
START = "http://127.0.0.1:8765/connect/pleo/start"
BACK = "http://127.0.0.1:8765/connect/pleo/callback"
EVIL = "<script>alert(1)</script>\"'&"


@pytest.fixture
def acme() -> SandboxCompany:
    made = factories.company()
    made.hand_made = HandMade(
        accounts=[{"externalId": "7504", "code": "7504", "name": "Office supplies"}],
        tax_codes=[{"code": "I25", "name": "Input", "rate": 0.25, "type": "inclusive"}],
        tag_groups=[{"code": "COST", "name": "Cost centre", "tags": [{"code": "100", "name": "Sales"}]}],
    )
    return made


@pytest.fixture
def browser(sandbox: Sandbox) -> Iterator[TestClient]:
    with factories.client(sandbox) as caller:
        yield caller


@pytest.fixture
def app(sandbox: Sandbox) -> OAuthClient:
    return sandbox.register_client([BACK], name="Books", start_url=START, settings_url="http://127.0.0.1:8765/")


def press(browser: TestClient, path: str, **form: str) -> Response:
    """Post as the page itself would, and see where it leads."""
    answer = browser.post(path, data=form, headers=HERE)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["location"])


GONE = {"failure_reason": "no such account", "failure_reason_type": "account_unknown"}


def end_job(sandbox: Sandbox, acme: SandboxCompany, **failed: str) -> str:
    """Export all; the first expense fails with the result given, the others are booked."""
    job = sandbox.exports.job(sandbox.press_export(acme.id))
    sandbox.exports.apply(job, JobEvent.STARTED, None, None)
    first, *rest = job.by_entry
    good = ItemResult(ItemStatus.SUCCESSFUL, external_id="E-7", external_url="https://books.example.com/e/7")
    bad = ItemResult(ItemStatus.FAILED, **(GONE | failed))
    sandbox.exports.update(job, [(first, bad), *((each, good) for each in rest)])
    event = JobEvent.COMPLETED_WITH_ERRORS if rest else JobEvent.FAILED
    sandbox.exports.apply(job, event, "one failed", "validation_failure")
    return first


def row(html: str, id_: str) -> str:
    found = re.search(rf'<tr id="expense-{id_}">(.*?)</tr>', html, re.DOTALL)
    assert found, html
    return found[1]


# what is shown


def test_home_names_the_companies_and_what_waits(browser: TestClient, acme: SandboxCompany) -> None:
    html = browser.get("/").text
    assert f'href="/companies/{acme.id}"' in html
    assert "3 expenses: 3 queued" in html


def test_a_company_made_by_the_control_can_export(browser: TestClient, sandbox: Sandbox) -> None:
    order = {"name": "Second ApS", "currency": "DKK", "country": "DK"}
    company_id = browser.post("/_control/add_company", json=order).json()["result"]
    assert "none yet" in browser.get("/").text
    item = factories.item(company_id, currency="DKK")
    assert browser.post("/_control/add_expense", json={"company_id": company_id, "item": item}).status_code == 200
    assert "Export of 1 expense started." in press(browser, f"/companies/{company_id}/export").text
    assert [job.company_id for job in sandbox.jobs] == [company_id]


def test_every_page_has_its_headers_and_no_script(
    browser: TestClient, sandbox: Sandbox, acme: SandboxCompany, app: OAuthClient
) -> None:
    entry = end_job(sandbox, acme)
    base = f"/companies/{acme.id}"
    parts = ("", "/exports", f"/exports/{sandbox.jobs[0].id}", "/vendors", "/accounting", f"/expenses/{entry}")
    for path in ("/", *(base + part for part in parts)):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        assert '<html lang="en">' in answer.text
    assert browser.get("/assets/style.css").headers["content-type"].startswith("text/css")


def test_amounts_and_dates_are_the_readers(browser: TestClient, acme: SandboxCompany) -> None:
    path = f"/companies/{acme.id}"
    danish = browser.get(path, headers={"accept-language": "da-DK,da;q=0.9"}).text
    assert "12,50\xa0€" in danish
    assert "2. mar. 2026" in danish
    assert "€12.50" in browser.get(path, headers={"accept-language": "en"}).text
    assert "€12.50" in browser.get(path, headers={"accept-language": "tlh, *;q=x, " + "z" * 500}).text


def test_a_failed_expense_says_why_and_a_booked_one_where(
    browser: TestClient, sandbox: Sandbox, acme: SandboxCompany
) -> None:
    entry = end_job(sandbox, acme)
    html = browser.get(f"/companies/{acme.id}").text
    failed = row(html, entry)
    assert "no such account" in failed
    assert "Export again" in failed
    booked = row(html, acme.expenses[1].id)
    assert '<a href="https://books.example.com/e/7" rel="noopener noreferrer">E-7</a>' in booked
    only = browser.get(f"/companies/{acme.id}", params={"status": "failed"}).text
    assert f"expense-{entry}" in only
    assert f"expense-{acme.expenses[1].id}" not in only


def test_an_address_that_is_no_web_address_is_no_link(
    browser: TestClient, sandbox: Sandbox, acme: SandboxCompany
) -> None:
    sandbox.set_rules({"external_url_is_checked": False})
    job = sandbox.exports.job(sandbox.press_export(acme.id))
    sandbox.exports.apply(job, JobEvent.STARTED, None, None)
    result = ItemResult(ItemStatus.SUCCESSFUL, external_id="E-1", external_url="javascript:alert(1)")
    sandbox.exports.update(job, [(entry, result) for entry in job.by_entry])
    sandbox.exports.apply(job, JobEvent.COMPLETED, None, None)
    for page in ("", f"/exports/{job.id}", f"/expenses/{acme.expenses[0].id}"):
        html = browser.get(f"/companies/{acme.id}{page}").text
        assert "E-1" in html
        assert "javascript" not in html


def test_whatever_anybody_wrote_is_escaped(browser: TestClient, sandbox: Sandbox) -> None:
    mean = factories.company(0)
    mean.name = EVIL
    sandbox.add_company(mean)
    sandbox.add_expense(
        mean.id, factories.item(mean.id, supplier={"name": EVIL}, user={"name": EVIL}, note=EVIL), queued=True
    )
    sandbox.create_draft_vendor(mean.id, EVIL, "EUR")
    sandbox.register_client([BACK], name=EVIL, start_url=START)
    entry = end_job(sandbox, mean, failure_reason=EVIL)
    parts = ("", "/exports", f"/exports/{sandbox.jobs[0].id}", "/vendors", "/accounting", f"/expenses/{entry}")
    for path in ("/", *(f"/companies/{mean.id}{part}" for part in parts)):
        html = browser.get(path, params={"notice": EVIL, "status": ""}).text
        assert "&lt;script&gt;" in html
        assert "<script" not in html
        assert "alert(1)&lt;/script&gt;&#34;&#39;&amp;" in html


# what the buttons do


def test_export_makes_a_job_and_shows_it(browser: TestClient, sandbox: Sandbox, acme: SandboxCompany) -> None:
    shown = press(browser, f"/companies/{acme.id}/export").text
    (job,) = sandbox.jobs
    assert "Export of 3 expenses started." in shown
    assert shown.count('data-status="pending"') == 4
    again = browser.post(f"/companies/{acme.id}/export", headers=HERE)
    assert again.status_code == 400
    assert 'id="problem"' in again.text
    assert 'id="export" class="main" disabled' in browser.get(f"/companies/{acme.id}").text
    assert press(browser, f"/companies/{acme.id}/exports/{job.id}/cancel").status_code == 200
    assert sandbox.jobs[0].failure_reason_type == "canceled_by_user"
    assert browser.post(f"/companies/{acme.id}/exports/{job.id}/cancel", headers=HERE).status_code == 409


def test_a_failed_one_is_queued_again_alone_or_with_all(
    browser: TestClient, sandbox: Sandbox, acme: SandboxCompany
) -> None:
    entry = end_job(sandbox, acme)
    other = acme.expenses[1].id
    assert "1 expense added to the queue." in press(browser, f"/companies/{acme.id}/queue", entry=entry).text
    assert sandbox.export_status(acme.id, entry) == "QUEUED"
    refused = browser.post(f"/companies/{acme.id}/queue", data={"entry": other}, headers=HERE)
    assert refused.status_code == 409
    assert sandbox.export_status(acme.id, other) == "EXPORTED"
    assert "0 expenses added to the queue." in press(browser, f"/companies/{acme.id}/queue").text


def test_a_problem_is_mended_and_exported_again(browser: TestClient, sandbox: Sandbox, acme: SandboxCompany) -> None:
    entry = end_job(sandbox, acme)
    path = f"/companies/{acme.id}/expenses/{entry}"
    html = browser.get(path).text
    assert '<p class="problem" id="failure" data-reason="account_unknown">no such account</p>' in html
    form = {
        "line-0-account": next(iter(sandbox.accounts.of(acme.id))).id,
        "line-0-tax": next(iter(sandbox.tax_codes.of(acme.id))).id,
        "line-0-tag-COST": next(iter(sandbox.tags.tags.of(acme.id))).id,
        "then": "queue",
    }
    assert all(f'name="{name}"' in html for name in form)
    receipt = {"receipt": ("r.pdf", b"%PDF-1.4 new", "application/pdf")}
    answer = browser.post(path, data=form, files=receipt, headers=HERE)
    assert answer.status_code == 303, answer.text
    assert sandbox.export_status(acme.id, entry) == "QUEUED"
    item = exported(sandbox, acme, entry)
    (line,) = item["accountingEntryLines"]
    assert (line["account"]["code"], line["account"]["identifier"]) == ("7504", "7504")
    assert line["tags"] == [{"id": form["line-0-tag-COST"], "groupCode": "COST", "code": "100"}]
    assert (line["tax"]["code"], line["tax"]["amount"]["inWalletCurrency"]["value"]) == ("I25", 250)
    assert [each["size"] for each in item["files"]] == [16, 12]


def exported(sandbox: Sandbox, acme: SandboxCompany, entry: str) -> dict[str, Any]:
    """What the API gives of the expense in a new export."""
    job_id = sandbox.press_export(acme.id)
    with factories.client(sandbox, sandbox.add_api_key(acme.id)) as caller:
        items = factories.walk(caller, "/v3/export-items", job_id=job_id)
    return next(item for item in items if item["accountingEntryId"] == entry)


def test_saving_what_stands_there_changes_nothing(browser: TestClient, sandbox: Sandbox, acme: SandboxCompany) -> None:
    before = acme.expenses[0]
    shown = press(browser, f"/companies/{acme.id}/expenses/{before.id}", then="")
    assert "Saved." in shown.text
    assert acme.expenses[0] == before


def test_what_is_being_exported_or_booked_is_locked(
    browser: TestClient, sandbox: Sandbox, acme: SandboxCompany
) -> None:
    path = f"/companies/{acme.id}/expenses/{acme.expenses[1].id}"
    end_job(sandbox, acme)
    assert 'id="mend"' not in browser.get(path).text
    refused = browser.post(path, data={"line-0-account": "", "then": "queue"}, headers=HERE)
    assert refused.status_code == 409


@pytest.mark.parametrize(
    ("form", "upload"),
    [
        ({"line-0-account": "no-such"}, None),
        ({"line-0-tag-COST": "no-such"}, None),
        ({}, ("x.exe", b"MZ", "application/octet-stream")),
        ({}, ("x.pdf", b"", "application/pdf")),
    ],
)
def test_a_change_that_is_no_choice_is_refused(
    browser: TestClient, acme: SandboxCompany, form: dict[str, str], upload: tuple[str, bytes, str] | None
) -> None:
    before = acme.expenses[0]
    files = {"receipt": upload} if upload else None
    answer = browser.post(f"/companies/{acme.id}/expenses/{before.id}", data=form, files=files, headers=HERE)
    assert answer.status_code == 400
    assert acme.expenses[0] == before


def test_a_vendor_is_made_as_a_draft(browser: TestClient, sandbox: Sandbox, acme: SandboxCompany) -> None:
    form = {"name": "Malermester Holm", "currency": "DKK", "country": "DK", "tax_number": ""}
    assert "Malermester Holm" in press(browser, f"/companies/{acme.id}/vendors", **form).text
    (vendor,) = sandbox.vendors.of(acme.id)
    assert (vendor.facts["state"], vendor.facts["country"]) == ("DRAFT", "DK")
    assert "taxRegistrationNumber" not in vendor.facts
    refused = browser.post(f"/companies/{acme.id}/vendors", data={"name": " ", "currency": "kr"}, headers=HERE)
    assert refused.status_code == 400


# connecting


def test_connect_consent_settings_and_disconnect(
    browser: TestClient, sandbox: Sandbox, acme: SandboxCompany, app: OAuthClient
) -> None:
    settings, second = f"/companies/{acme.id}/accounting", factories.company(0)
    sandbox.add_company(second)
    assert 'data-status="not-connected"' in browser.get(settings).text
    started = browser.post(f"{settings}/connect", data={"client": app.client_id}, headers=HERE)
    assert (started.status_code, started.headers["location"]) == (303, START)
    bearer = {"authorization": f"Bearer {sign_in(browser, app, acme)}"}
    assert browser.get("/v1/introspect", headers=bearer).status_code == 200
    shown = browser.get(settings).text
    assert 'data-status="authorized"' in shown
    assert '<a href="http://127.0.0.1:8765/" id="settings">Settings</a>' in shown
    assert "Disconnected." in press(browser, f"{settings}/disconnect", client=app.client_id).text
    assert sandbox.installations.all() == []
    assert browser.get("/v1/introspect", headers=bearer).status_code == 401
    assert browser.post(f"{settings}/disconnect", data={"client": app.client_id}, headers=HERE).status_code == 404


def sign_in(browser: TestClient, app: OAuthClient, acme: SandboxCompany) -> str:
    """Consent for the company that is chosen, then its access token."""
    verifier = secrets.token_urlsafe(48)
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": BACK,
        "scope": "export-jobs:read vendors:write",
        "code_challenge": s256(verifier),
        "code_challenge_method": "S256",
    }
    html = browser.get("/oauth/authorize", params=asked).text
    for scope in ("export-jobs:read", "vendors:write"):
        assert html_escape(words.scope(scope)) in html
    assert f'<option value="{acme.id}" selected>' in html
    ticket = re.search(r'name="ticket" value="([^"]+)"', html)
    assert ticket
    form = {"ticket": ticket[1], "company_id": acme.id, "decision": "approve"}
    back = browser.post("/oauth/authorize", data=form, headers=HERE).headers["location"]
    code = back.partition("code=")[2].partition("&")[0]
    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": verifier}
    answer = browser.post("/oauth/token", data=grant, auth=(app.client_id, app.secret))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def test_a_key_that_installed_itself_is_shown(browser: TestClient, sandbox: Sandbox, acme: SandboxCompany) -> None:
    key = sandbox.access.by_key(sandbox.add_api_key(acme.id))
    sandbox.installations.install(key, "ACTIVATED")
    assert "Integration with an API key" in browser.get(f"/companies/{acme.id}/accounting").text


# what is refused


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_no_other_site_presses_a_button(
    browser: TestClient, sandbox: Sandbox, acme: SandboxCompany, app: OAuthClient, headers: dict[str, str]
) -> None:
    base = f"/companies/{acme.id}"
    entry = acme.expenses[0].id
    paths = ["/export", "/queue", "/vendors", "/accounting/connect", "/accounting/disconnect", f"/expenses/{entry}"]
    for path in [*(base + path for path in paths), f"{base}/exports/x/cancel"]:
        answer = browser.post(path, data={"client": app.client_id, "name": "x", "currency": "EUR"}, headers=headers)
        assert answer.status_code == 403, path
    for path, body in (("/_control/press_export", {"company_id": acme.id}), ("/oauth/authorize", {})):
        assert browser.post(path, json=body, headers=headers).status_code == 403
    assert sandbox.jobs == []
    assert list(sandbox.vendors.of(acme.id)) == []


def test_a_form_is_bounded(browser: TestClient, acme: SandboxCompany) -> None:
    huge = browser.post(f"/companies/{acme.id}/queue", content=b"x" * (11 * 1024 * 1024), headers=HERE)
    assert huge.status_code == 413
    broken = {**HERE, "content-type": "multipart/form-data"}
    assert browser.post(f"/companies/{acme.id}/queue", content=b"x", headers=broken).status_code == 400


@pytest.mark.parametrize(
    "path", ["/companies/x", "/companies/{id}/expenses/x", "/companies/{id}/exports/x", "/companies/{id}/nothing"]
)
def test_what_is_not_there_is_404(browser: TestClient, acme: SandboxCompany, path: str) -> None:
    assert browser.get(path.format(id=acme.id)).status_code == 404


def test_another_companys_expense_or_export_is_not_there(
    browser: TestClient, sandbox: Sandbox, acme: SandboxCompany
) -> None:
    other = factories.company()
    sandbox.add_company(other)
    job_id = sandbox.press_export(other.id)
    entry = other.expenses[0].id
    assert browser.get(f"/companies/{acme.id}/exports/{job_id}").status_code == 404
    assert browser.get(f"/companies/{acme.id}/expenses/{entry}").status_code == 404
    assert browser.post(f"/companies/{acme.id}/queue", data={"entry": entry}, headers=HERE).status_code == 404


def test_wrong_methods_are_refused(browser: TestClient, acme: SandboxCompany) -> None:
    assert browser.get(f"/companies/{acme.id}/export").status_code == 405
    assert browser.put(f"/companies/{acme.id}/vendors").status_code == 405
    assert browser.post("/", headers=HERE).status_code == 405
