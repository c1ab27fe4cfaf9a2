"""The API for read-only figures: its tokens, what it tells, and that it is what its OpenAPI document says."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.db import IntegrityError
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings

from kontobro.web import api
from kontobro.web.api.tokens import A_MINUTE, MOST
from kontobro.web.models import ApiToken, AuditEvent, Membership, User
from kontobro.web.month.blocks import Code
from kontobro.web.organisation.companies import CAUSES
from kontobro.web.process import process
from tests.support.examples import examples
from tests.support.site import Site
from tests.web.connected_site import ConnectedSite

DOCUMENT: dict[str, Any] = json.loads(Path(api.__file__).with_name("openapi.json").read_text())
OPERATIONS = ["/companies", "/companies/{company}", "/companies/{company}/jobs", "/companies/{company}/problems"]
OPERATIONS += ["/months/{month}"]


@dataclass
class Reader:
    """An owner's browser, and a program with a token that the owner made."""

    there: ConnectedSite
    owner: User
    browser: Client
    secret: str

    def get(self, path: str, secret: str | None = None) -> Any:
        headers = {"authorization": f"Bearer {self.secret if secret is None else secret}"}
        return self.there.site.browser().get(f"/api/v1{path}", headers=headers)


def make(browser: Client, organisation: object, name: str = "Dashboard", days: int = 90) -> str:
    page = browser.post(f"/o/{organisation}/api/", {"name": name, "days": days}).text
    found = re.search(r"<pre class=\"entry\">(kbt_[\w-]{43})</pre>", page)
    assert found, page
    return found[1]


@pytest.fixture
def reader(connected: ConnectedSite) -> Reader:
    owner = connected.site.member(connected.organisation, "owner", "anna@example.com")
    browser = connected.site.browser(owner)
    connected.export()
    return Reader(connected, owner, browser, make(browser, connected.organisation.id))


def test_a_program_reads_states_jobs_problems_and_months(reader: Reader) -> None:
    id = reader.there.connection.id
    listed = reader.get("/companies").json()
    (company,) = listed["companies"]
    assert (listed["total"], company["id"], company["waits"]["failed"]) == (1, id, 1)
    assert company["last_job"]["status"] == "completed_with_errors"
    assert reader.get(f"/companies/{id}").json() == company
    assert reader.get(f"/companies/{id}/jobs").json()["jobs"] == [company["last_job"]]
    (problem,) = reader.get(f"/companies/{id}/problems").json()["problems"]
    assert problem["expenses"] == 1
    (month,) = reader.get("/months/2026-10").json()["companies"]
    assert (month["state"], month["booked"], month["failed"], month["blocks"]) == ("blocked", 1, 1, ["failed"])
    assert reader.get("/companies?status=reconnect").json()["companies"] == []
    assert reader.get("/companies?page=7").json()["companies"] == []


def test_no_person_and_no_expense_is_told(reader: Reader) -> None:
    id = reader.there.connection.id
    paths = ("/companies", f"/companies/{id}/jobs", f"/companies/{id}/problems", "/months/2026-10")
    texts = [reader.get(path).text for path in paths]
    for word in ("Anna Berg", "Kontor", "anna@example.com", "1234.50", "49.95"):
        assert [text for text in texts if word in text] == []


def test_the_secret_is_shown_once_and_kept_as_a_hash(reader: Reader) -> None:
    assert reader.secret not in reader.browser.get(f"/o/{reader.there.organisation.id}/api/").text
    row = ApiToken.objects.values().get()
    assert reader.secret not in str(row)
    event = AuditEvent.objects.get(action="API token made")
    assert (event.detail, event.actor_name) == ("Dashboard; days: 90", "anna@example.com")
    assert ApiToken.objects.get().last_used_at is None
    reader.get("/companies")
    assert ApiToken.objects.get().last_used_at is not None


@pytest.mark.parametrize("secret", ["", "kbt_", "kbt_" + "x" * 43, "x" * 10_000, "kbt_ü" + "x" * 42])
def test_without_its_token_nothing_is_told(reader: Reader, secret: str) -> None:
    for path in ("/companies", "/companies/x", "/companies/x/jobs", "/companies/x/problems", "/months/2026-10"):
        answer = reader.get(path, secret)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="Kontobro"')
        assert answer.json()["error"]["code"] == "no_token"
    signed_in = reader.browser.get("/api/v1/companies")
    assert signed_in.status_code == 401  # a session opens nothing here


def test_a_revoked_token_opens_nothing(reader: Reader) -> None:
    token = ApiToken.objects.get()
    address = f"/o/{reader.there.organisation.id}/api/{token.id}/revoke/"
    assert reader.browser.post(address).status_code == 302
    assert reader.get("/companies").status_code == 401
    assert AuditEvent.objects.get(action="API token revoked").detail == "Dashboard"
    assert reader.browser.post(address).status_code == 404


def test_an_expired_token_opens_nothing(reader: Reader) -> None:
    now = reader.there.site.now()
    ApiToken.objects.update(made_at=now - dt.timedelta(days=2), expires_at=now - dt.timedelta(seconds=1))
    assert reader.get("/companies").status_code == 401
    assert "expired" in reader.browser.get(f"/o/{reader.there.organisation.id}/api/").text
    with pytest.raises(IntegrityError, match="kontobro_web_token_expires"):
        ApiToken.objects.update(made_at=now, expires_at=now)


@pytest.mark.parametrize("form", [{"remove": "1"}, {"role": "bookkeeper"}])
def test_a_token_goes_with_its_maker_s_right(reader: Reader, form: dict[str, str]) -> None:
    other = reader.there.site.browser(reader.there.site.member(reader.there.organisation, "owner"))
    maker = Membership.objects.get(user=reader.owner)
    other.post(f"/o/{reader.there.organisation.id}/members/{maker.id}/", form)
    assert reader.get("/companies").status_code == 401
    assert not ApiToken.objects.exists()


def test_a_token_whose_maker_is_no_owner_opens_nothing(reader: Reader) -> None:
    """Also when the row is there all the same."""
    Membership.objects.filter(user=reader.owner).update(role="bookkeeper")
    assert reader.get("/companies").status_code == 401


def test_a_token_is_its_organisation_s_alone(reader: Reader, site: Site) -> None:
    other = site.organisation("Other")
    theirs = site.connection(other, "Theirs")
    stranger = site.browser(site.member(other))
    secret = make(stranger, other.id)
    mine = reader.there.connection.id
    assert [one["name"] for one in reader.get("/companies", secret).json()["companies"]] == ["Theirs"]
    assert [one["name"] for one in reader.get("/months/2026-10", secret).json()["companies"]] == ["Theirs"]
    for path in (f"/companies/{mine}", f"/companies/{mine}/jobs", f"/companies/{mine}/problems"):
        assert reader.get(path, secret).status_code == 404
        assert reader.get(path.replace(mine, theirs.id)).status_code == 404
    token = ApiToken.objects.get(organisation=reader.there.organisation)
    assert stranger.post(f"/o/{other.id}/api/{token.id}/revoke/").status_code == 404
    assert ApiToken.objects.count() == 2


def test_a_token_may_send_so_many_requests_a_minute(reader: Reader) -> None:
    other = make(reader.browser, reader.there.organisation.id, "Other")
    for _ in range(3):  # once more where a new minute began between the requests
        minute = process.app.clock.now().replace(second=0, microsecond=0)
        ApiToken.objects.filter(name="Dashboard").update(window_at=minute, used=A_MINUTE - 1)
        first, second = reader.get("/companies"), reader.get("/companies")
        if process.app.clock.now().replace(second=0, microsecond=0) == minute:
            break
    assert (first.status_code, second.status_code) == (200, 429)
    assert 0 < int(second["Retry-After"]) <= 60
    assert second.json()["error"]["code"] == "too_many_requests"
    assert reader.get("/companies", other).status_code == 200
    ApiToken.objects.update(window_at=minute - dt.timedelta(minutes=5))
    assert reader.get("/companies").status_code == 200


def test_only_owners_have_the_page_and_not_without_end(reader: Reader) -> None:
    address = f"/o/{reader.there.organisation.id}/api/"
    assert reader.there.browser.get(address).status_code == 403
    assert reader.browser.post(address, {"name": "", "days": "90"}).status_code == 400
    assert reader.browser.post(address, {"name": "For ever", "days": "100000"}).status_code == 400
    for number in range(MOST - 1):
        make(reader.browser, reader.there.organisation.id, f"Token {number}")
    assert reader.browser.post(address, {"name": "One more", "days": "30"}).status_code == 400
    assert ApiToken.objects.count() == MOST


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=-1", "page=999999999999", "page=", "status=broken"])
def test_a_parameter_that_cannot_be_read_is_named(reader: Reader, query: str) -> None:
    answer = reader.get(f"/companies?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["error"]["message"]


def test_nothing_can_be_written(reader: Reader) -> None:
    browser = Client(enforce_csrf_checks=True, SERVER_NAME="127.0.0.1", SERVER_PORT=8765)
    for method in ("post", "put", "patch", "delete"):
        answer = getattr(browser, method)("/api/v1/companies", headers={"authorization": f"Bearer {reader.secret}"})
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


def test_the_document_is_valid_and_names_what_there_is(reader: Reader) -> None:
    answer = reader.there.site.browser().get("/api/v1/openapi.json")
    assert (answer.status_code, answer["Content-Type"], answer.json()) == (200, "application/json", DOCUMENT)
    schemas = DOCUMENT["components"]["schemas"]
    for schema in schemas.values():
        jsonschema_rs.meta.validate(schema)
    assert list(DOCUMENT["paths"]) == OPERATIONS
    assert set(schemas["Waits"]["properties"]) == set(CAUSES)
    blocks = schemas["Month"]["properties"]["companies"]["items"]["properties"]["blocks"]["items"]["enum"]
    assert set(blocks) <= set(Code.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", OPERATIONS)
def test_whatever_is_asked_is_answered_as_the_document_says(reader: Reader, path: str) -> None:
    """schemathesis asks within and beyond the schema, and holds each answer against it."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
    operation = schema[path]["GET"]
    headers = {"Authorization": f"Bearer {reader.secret}"}
    statuses: set[int] = set()

    @given(case=operation.as_strategy())
    @settings(
        max_examples=examples(40),
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
        database=None,
    )
    def ask(case: Any) -> None:
        ApiToken.objects.update(used=0)
        if "company" in case.path_parameters and len(statuses) < 2:
            case.path_parameters["company"] = reader.there.connection.id
        statuses.add(case.call_and_validate(headers=headers).status_code)

    ask()
    assert 200 in statuses
    assert statuses <= {200, 400, 404}
