"""The client against Pleo in a box, over real HTTP on loopback: two readings of one contract meet here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from kontobro.core.errors import (
    BadAnswer,
    JobGone,
    LoginFailed,
    NotAllowed,
    RateLimited,
    ReceiptUnavailable,
    TooLarge,
    Unreachable,
)
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.export import ExportItem, ItemReport, JobOutcome
from kontobro.pleo import Grant, PleoClient, authorize_url, exchange_code, introspect_token, open_pleo
from tests.pleo.file_tokens import FileTokens, introspect
from tests.support.scripted_pleo import Clock, MemoryTokens, a_connection, an_item

pytest.importorskip("pleo_sandbox.server", reason="the sandbox is not part of this checkout")

from pleo_sandbox.model import FileBlob, SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox

PDF = b"%PDF-1.4 receipt"
REDIRECT = "http://localhost:8917/callback"
VERIFIER = "v" * 64
SCOPES = ("export-jobs:read", "export-jobs:write", "export-items:read")


class Place:
    """A served sandbox with 250 queued expenses, the first of them with a receipt."""

    def __init__(self) -> None:
        company = SandboxCompany(name="Acme", currency="DKK", country="DK")
        company.contra_accounts["DKK"] = {"id": "99999999-0000-4000-8000-000000000001", "name": "Bank", "code": "1000"}
        self.company_id = company.id
        self.sandbox = Sandbox(company, rate_limit=None)
        self.clock = Clock()
        self.url = ""
        for number in range(250):
            files = [FileBlob("r.pdf", "application/pdf", PDF)] if number == 0 else []
            self.sandbox.add_expense(company.id, an_item(number, companyId=company.id), files)

    def connection(self, **changes: Any) -> Connection:
        facts = {"api_url": self.url, "auth_url": self.url, "company_id": self.company_id, "environment": "sandbox"}
        return a_connection(**(facts | changes))

    def with_key(self, *scopes: str) -> PleoClient:
        tokens = MemoryTokens(Tokens(access=self.sandbox.add_api_key(self.company_id, scopes or SCOPES)))
        return open_pleo(self.connection(), tokens, self.clock)


@pytest.fixture
def place() -> Iterator[Place]:
    place = Place()
    with serve(place.sandbox) as url:
        place.url = url
        yield place


@pytest.fixture
def pleo(place: Place) -> Iterator[PleoClient]:
    client = place.with_key()
    yield client
    client.close()


def item_ids(pleo: PleoClient, job_id: str) -> list[str]:
    items = [item for page in pleo.items(job_id) for item in page]
    assert all(isinstance(item, ExportItem) for item in items)
    return [str(item.entry_id) for item in items]


def test_a_whole_export(place: Place, pleo: PleoClient) -> None:
    job_id = place.sandbox.press_export(place.company_id)
    assert pleo.introspect().company_id == place.company_id
    assert [job.id for job in pleo.jobs(["pending"])] == [job_id]
    assert pleo.start(job_id) is True
    assert pleo.start(job_id) is False
    control = [item for page in pleo.control_items(job_id) for item in page]
    ids = item_ids(pleo, job_id)
    assert sorted(ids) == sorted(item.entry_id for item in control)
    assert len(set(ids)) == 250
    now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    for start in range(0, 250, 100):
        part = ids[start : start + 100]
        done = [ItemReport(entry_id=id, status="successful", exported_at=now, external_id=id[-4:]) for id in part]
        assert pleo.report(job_id, done) == []
    pleo.complete(job_id, JobOutcome("completed"))
    pleo.complete(job_id, JobOutcome("completed"))
    assert pleo.job(job_id).status == "completed"
    assert pleo.calls["GET /v3/export-items"] == 3
    with pytest.raises(JobGone):
        list(pleo.items(job_id))
    with pytest.raises(JobGone):
        pleo.report(job_id, [ItemReport(entry_id=ids[0], status="failed")])


def a_failure(entry_id: str) -> ItemReport:
    return ItemReport(entry_id=entry_id, status="failed", failure="x", failure_type="validation_failure")


@pytest.mark.parametrize("lose", ["lose_request", "lose_response"])
def test_lost_answers_change_nothing(place: Place, pleo: PleoClient, lose: str) -> None:
    job_id = place.sandbox.press_export(place.company_id)
    for method, path in [("POST", "/v3/export-job-events"), ("PUT", "*/items"), ("GET", "/v3/export-items")]:
        getattr(place.sandbox, lose)(method, path)
    with pytest.raises(Unreachable):
        pleo.start(job_id)
    assert pleo.job(job_id).status == ("pending" if lose == "lose_request" else "in_progress"), "the job tells"
    assert pleo.start(job_id) is (lose == "lose_request")
    ids = item_ids(pleo, job_id)
    assert len(ids) == 250
    told = [a_failure(ids[0]), *(ItemReport(entry_id=id, status="successful") for id in ids[1:])]
    assert [pleo.report(job_id, told[start : start + 100]) for start in (0, 100, 200)] == [[], [], []]
    getattr(place.sandbox, lose)("POST", "/v3/export-job-events")
    pleo.complete(job_id, JobOutcome("completed_with_errors"))
    assert pleo.job(job_id).status == "completed_with_errors"


def test_per_item_errors_are_told(place: Place, pleo: PleoClient) -> None:
    job_id = place.sandbox.press_export(place.company_id)
    pleo.start(job_id)
    stranger = "77777777-0000-4000-8000-000000000007"
    errors = pleo.report(job_id, [a_failure(stranger)])
    assert [(error.entry_id, error.type) for error in errors] == [(stranger, "ACCOUNTING_ENTRY_DOES_NOT_EXIST")]


def test_an_expired_job_is_gone(place: Place, pleo: PleoClient) -> None:
    job_id = place.sandbox.press_export(place.company_id)
    pleo.start(job_id)
    place.sandbox.expire_job(job_id)
    with pytest.raises(JobGone, match="job_expired"):
        pleo.complete(job_id, JobOutcome("completed"))


@pytest.mark.parametrize("how", ["truncated", "content_type", "malformed", "stuck_cursor"])
def test_a_broken_page_is_one_clear_error(place: Place, pleo: PleoClient, how: Any) -> None:
    job_id = place.sandbox.press_export(place.company_id)
    place.sandbox.break_page("GET", "/v3/export-items", how, skip=1, times=9)
    pages = pleo.items(job_id)
    assert len(next(pages)) == 100
    with pytest.raises(BadAnswer):
        list(pages)


def test_storms_are_sat_out_or_told(place: Place, pleo: PleoClient) -> None:
    place.sandbox.storm("GET", "/v3/export-jobs", 503, times=3)
    assert pleo.jobs(["pending"]) == []
    place.sandbox.storm("GET", "/v3/export-jobs", 429, times=1, retry_after="11")
    assert pleo.jobs(["pending"]) == []
    assert place.clock.slept[-1] == 11
    place.sandbox.storm("GET", "/v3/export-jobs", 429, times=9, retry_after="600")
    with pytest.raises(RateLimited):
        pleo.jobs(["pending"])


def test_receipts_are_fetched_without_credentials_until_they_expire(place: Place, pleo: PleoClient) -> None:
    job_id = place.sandbox.press_export(place.company_id)
    items = [item for page in pleo.items(job_id) for item in page if isinstance(item, ExportItem)]
    [link] = [link for item in items for link in item.receipts]
    assert pleo.fetch(link.url, len(PDF)) == PDF
    with pytest.raises(TooLarge):
        pleo.fetch(link.url, len(PDF) - 1)
    place.sandbox.expire_file_urls()
    with pytest.raises(ReceiptUnavailable):
        pleo.fetch(link.url, 1000)


def test_a_missing_scope_is_named_and_a_wrong_key_refused(place: Place) -> None:
    with pytest.raises(NotAllowed, match="export-jobs:read"):
        place.with_key("export-items:read").jobs(["pending"])
    with pytest.raises(LoginFailed):
        open_pleo(place.connection(), MemoryTokens(Tokens(access="plp_wrong")), place.clock).jobs(["pending"])


def test_an_api_key_installs_and_uninstalls(place: Place, pleo: PleoClient) -> None:
    assert pleo.installation() is None
    assert pleo.install({"erp": "beancount"}).status == "ACTIVATED"
    found = pleo.installation()
    assert found is not None
    assert found.metadata == {"erp": "beancount"}
    pleo.uninstall()
    assert pleo.installation() is None


def consent(url: str, company_id: str) -> str:
    """What the person does in the browser: the code comes back."""
    with httpx2.Client() as browser:
        form = browser.get(url).text
        ticket = re.findall(r'name="ticket" value="([^"]+)"', form)[0]
        answer = {"ticket": ticket, "company_id": company_id, "decision": "approve"}
        back = browser.post(url.partition("?")[0], data=answer).headers["location"]
    return parse_qs(urlsplit(back).query)["code"][0]


def authorised(place: Place) -> tuple[Connection, Tokens]:
    app = place.sandbox.register_client([REDIRECT])
    connection = place.connection(auth="oauth", client_id=app.client_id)
    url = authorize_url(connection, redirect_uri=REDIRECT, state="s", verifier=VERIFIER)
    code = consent(url, place.company_id)
    place.clock.time = datetime.now(UTC)
    tokens = exchange_code(
        connection, Grant(code=code, redirect_uri=REDIRECT, verifier=VERIFIER, client_secret=app.secret), place.clock
    )
    return connection, tokens


def test_processes_with_a_dead_token_renew_it_once(place: Place, tmp_path: Path) -> None:
    connection, tokens = authorised(place)
    store = FileTokens(tmp_path / "tokens.json")
    store.save_tokens(connection, tokens)
    place.sandbox.move_clock(timedelta(minutes=16))
    before = place.sandbox.calls["POST /oauth/token"]
    work = [(store.path, place.url, str(connection.client_id))] * 4
    with get_context("spawn").Pool(4) as pool:
        assert pool.starmap(introspect, work, chunksize=1) == ["OAUTH2"] * 4
    assert place.sandbox.calls["POST /oauth/token"] - before == 1
    assert not store.path.with_suffix(".dead").exists()


def test_oauth_from_consent_to_reconnect(place: Place) -> None:
    connection, first = authorised(place)
    store = MemoryTokens(first)
    pleo = open_pleo(connection, store, place.clock)
    assert pleo.install({}).status == "ACTIVATED"
    assert introspect_token(connection, first, place.clock).active

    place.sandbox.move_clock(timedelta(minutes=16))  # the token dies at Pleo, our clock knows nothing: 401
    assert pleo.introspect().auth_method == "OAUTH2"
    place.clock.sleep(16 * 60)  # now our clock knows that the second one is old
    pleo.introspect()
    assert len(store.saved) == 2
    assert store.held is not None
    assert not introspect_token(
        connection, Tokens(access=first.access, client_secret=first.client_secret), place.clock
    ).active

    place.sandbox.revoke_authorisations(place.company_id)
    with pytest.raises(LoginFailed, match="onnect again"):
        pleo.introspect()
    assert store.reconnect == ["c1"]
