"""Jobs, claims, items, reports and completion, against a Pleo that answers as its contract says."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from kontobro.core.errors import BadAnswer, JobGone, Unreachable
from kontobro.core.model.export import ExportItem, ItemReport, JobOutcome, NotExported, ReportError
from tests.support.scripted_pleo import COMPANY, JOB, JSON, Answer, Stage, a_job, an_item, page, refusal, reply

JOBS, ONE, EVENTS = "GET /v3/export-jobs", f"GET /v3/export-jobs/{JOB}", "POST /v3/export-job-events"
ITEMS, CONTROL, REPORT = "GET /v3/export-items", f"GET /v3/export-jobs/{JOB}/items", f"PUT /v3/export-jobs/{JOB}/items"
ACCEPTED = httpx2.Response(202, content=b'"ok"', headers={"content-type": JSON})
LOST = httpx2.ReadTimeout("lost")
NO_WAY_THERE = httpx2.ConnectError("refused")
NOT_NOW = refusal(422, "INVALID_EXPORT_JOB_STATUS_CHANGE", "no")


SEARCH = "POST /v1/accounting-entries:search"


def job(status: str, **changes: Any) -> httpx2.Response:
    return reply({"data": a_job(status, **changes)})


@pytest.fixture
def stage() -> Stage:
    return Stage()


# --------------------------------------------------------------------------------------------------- jobs


def test_jobs_come_oldest_first_from_all_pages(stage: Stage) -> None:
    young, old = a_job(id="young", createdAt="2026-03-02T00:00:00Z"), a_job(id="old", createdAt="2026-03-01T00:00:00Z")
    stage.on(JOBS, page([young], "AAAA", more=True), page([old], "BBBB"))
    assert [found.id for found in stage.client().jobs(["pending", "in_progress"])] == ["old", "young"]
    first, second = (request.url.params for request in stage.asked)
    assert first.multi_items() == [
        ("company_id", COMPANY),
        ("statuses", "pending"),
        ("statuses", "in_progress"),
        ("limit", "100"),
    ]
    assert second["after"] == "AAAA"
    assert second["company_id"] == COMPANY


def test_a_list_that_ignores_its_filters_is_filtered_again(stage: Stage) -> None:
    over, others = a_job("completed", id="over"), a_job(id="others", companyId="7d0c3a52-54d4-4f0b-8f6e-0f5b8f1b7a11")
    stage.on(JOBS, page([over, others, a_job(id="mine")], "AAAA"))
    assert [found.id for found in stage.client().jobs(["pending", "in_progress"])] == ["mine"]
    assert [found.id for found in stage.client().jobs([])] == ["over", "mine"]


@pytest.mark.parametrize("most", [99, 50, 20])
def test_a_page_size_that_pleo_refuses_is_halved_and_remembered(stage: Stage, most: int) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked = int(request.url.params["limit"])
        refused = refusal(400, "PARAMETER_VALIDATION_FAILED", f"limit: {asked} is above {most}")
        return refused if asked > most else page([a_job()], "AAAA")

    stage.on(JOBS, answer)
    client = stage.client()
    for _ in range(2):
        assert len(client.jobs(["pending"])) == 1
    sizes = [int(request.url.params["limit"]) for request in stage.asked]
    assert sizes[-2:] == [sizes[-1]] * 2
    assert most / 2 <= sizes[-1] <= most


def test_another_refusal_of_a_list_stays_what_it_is(stage: Stage) -> None:
    stage.on(JOBS, refusal(400, "VALIDATION_FAILED", "company_id: no"))
    client = stage.client()
    with pytest.raises(BadAnswer, match="company_id: no"):
        client.jobs(["pending"])
    assert len(stage.asked) == 4
    stage.on(JOBS, page([a_job()], "AAAA"))
    client.jobs(["pending"])
    assert stage.asked[-1].url.params["limit"] == "100"


@pytest.mark.parametrize("status", [400, 404])
def test_where_there_is_no_installation_one_is_made(stage: Stage, status: int) -> None:
    made = {"id": "i1", "status": "ACTIVATED", "resource": f"urn:pleo:company:{COMPANY}"}
    stage.on("GET /v1/installations/me", refusal(status, "INSTALLATION_NOT_FOUND", "none"))
    stage.on("POST /v1/installations/me", reply(made))
    assert stage.client().installation() is None
    assert stage.client().install({}).status == "ACTIVATED"


def test_a_reason_is_as_long_as_pleo_takes_it(stage: Stage) -> None:
    stage.on(REPORT, reply({"data": [], "errors": []}))
    stage.client().report(
        JOB, [ItemReport(entry_id="e", status="failed", failure="x" * 5000, failure_type="account_unknown")]
    )
    sent = stage.bodies(REPORT)[0][0]["failureReason"]
    assert (len(sent), sent[-1]) == (1000, "…")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "erp/1", "http://", "http://a b/", "https://[x", "https://x/" + "y" * 3000, ""]
)
def test_an_address_or_id_that_pleo_would_refuse_is_left_out(stage: Stage, address: str) -> None:
    stage.on(REPORT, reply({"data": [], "errors": []}))
    good = ItemReport(entry_id="e", status="successful", external_id="42", external_url="https://erp.test/42?a=b#c")
    bad = ItemReport(entry_id="f", status="successful", external_id="4" * 300, external_url=address)
    stage.client().report(JOB, [good, bad])
    assert stage.bodies(REPORT)[0] == [
        {"accountingEntryId": "e", "status": "successful", "externalId": "42", "externalUrl": good.external_url},
        {"accountingEntryId": "f", "status": "successful"},
    ]


def test_a_job_is_read_whole(stage: Stage) -> None:
    stage.on(ONE, job("some_new_status", lastUpdatedAt="2026-03-01T11:30:00Z", failureReasonType="new_reason", new=1))
    found = stage.client().job(JOB)
    assert (found.status, found.failure_type, found.number_of_items) == ("some_new_status", "new_reason", 2)
    assert found.last_updated_at == datetime(2026, 3, 1, 11, 30, tzinfo=UTC)


def test_ids_cannot_leave_their_place_in_the_path(stage: Stage) -> None:
    stage.on("GET /v3/export-jobs/../../v1/introspect", job("pending"))
    stage.client().job("../../v1/introspect")
    assert stage.asked[0].url.raw_path == b"/v3/export-jobs/..%2F..%2Fv1%2Fintrospect"


# -------------------------------------------------------------------------------------------------- pages


def test_items_come_page_by_page(stage: Stage) -> None:
    stage.on(ITEMS, page([an_item(1)], "A", more=True), page([an_item(2), an_item(3, amount=None)]))
    pages = stage.client().items(JOB)
    assert [type(item) for item in next(pages)] == [ExportItem]
    assert len(stage.asked) == 1
    assert len(next(pages)) == 2
    assert next(pages, None) is None
    assert [request.url.params["job_id"] for request in stage.asked] == [JOB, JOB]


def test_control_items_carry_what_pleo_was_told(stage: Stage) -> None:
    entry = {"accountingEntryId": "e", "exportJobId": JOB, "status": "successful", "externalId": "77"}
    stage.on(CONTROL, page([entry | {"externalUrl": None}]))
    [[item]] = list(stage.client().control_items(JOB))
    assert (item.entry_id, item.status, item.external_id, item.external_url) == ("e", "successful", "77", None)


@pytest.mark.parametrize("cursors", [["A", "A"], ["A", "B", "A"], [None], [""]])
def test_a_cursor_that_does_not_move_is_an_error(stage: Stage, cursors: list[str | None]) -> None:
    stage.on(CONTROL, *[page([], cursor, more=True) for cursor in cursors])
    with pytest.raises(BadAnswer, match="don't end"):
        list(stage.client().control_items(JOB))
    assert len(stage.asked) == len(cursors)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": []},
        {"pagination": {"hasNextPage": False}},
        {"data": {}, "pagination": {}},
        [],
        "x",
        {"data": [], "pagination": {}},
    ],
)
def test_a_page_that_is_none_is_one_clear_error(stage: Stage, body: object) -> None:
    stage.on(ITEMS, reply(body))
    with pytest.raises(BadAnswer, match="GET /v3/export-items is not its contract"):
        list(stage.client().items(JOB))


def test_a_page_cut_short_is_one_clear_error(stage: Stage) -> None:
    cut = page([an_item()]).content[:-20]
    stage.on(ITEMS, httpx2.Response(200, content=cut, headers={"content-type": JSON}))
    with pytest.raises(BadAnswer, match="not its contract"):
        list(stage.client().items(JOB))


@pytest.mark.parametrize("media_type", ["text/plain", ""])
def test_another_media_type_is_one_clear_error_without_the_body(stage: Stage, media_type: str) -> None:
    stage.on(ITEMS, httpx2.Response(200, content=b"<h1>Sign in, Jane</h1>", headers={"content-type": media_type}))
    with pytest.raises(BadAnswer, match="instead of JSON") as caught:
        list(stage.client().items(JOB))
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 401, 403, 404, 502, 503])
def test_a_gateway_s_page_says_nothing_of_settings_and_is_waited_out(stage: Stage, status: int) -> None:
    """Not even that there is no installation, or that a scope is missing."""
    error = httpx2.Response(status, content=b"<h1>Sign in, Jane</h1>", headers={"content-type": "text/html"})
    stage.on(ITEMS, error, error, page([an_item()]))
    assert [len(items) for items in stage.client().items(JOB)] == [1]
    stage.on(ITEMS, error)
    with pytest.raises(Unreachable) as caught:
        list(stage.client().items(JOB))
    assert "Jane" not in str(caught.value)
    stage.on("GET /v1/installations/me", error)
    with pytest.raises(Unreachable):
        stage.client().installation()


def test_a_page_in_the_middle_that_fails_ends_nothing_early(stage: Stage) -> None:
    stage.on(ITEMS, page([an_item(1)], "A", more=True), refusal(503))
    pages = stage.client().items(JOB)
    next(pages)
    with pytest.raises(Unreachable):
        next(pages)


# -------------------------------------------------------------------------------------------------- start


@pytest.mark.parametrize(("number", "whole"), [(3, 3), (3.0, 3), (None, 0), ("3", 0)])
def test_the_number_of_items_is_a_hint(stage: Stage, number: object, whole: int) -> None:
    stage.on(ONE, reply({"data": a_job(numberOfItems=number)}))
    assert stage.client().job(JOB).number_of_items == whole


def test_start_claims_a_pending_job(stage: Stage) -> None:
    stage.on(EVENTS, ACCEPTED)
    assert stage.client().start(JOB) is True
    assert stage.bodies(EVENTS) == [{"jobId": JOB, "event": "started"}]
    assert stage.asked[0].headers["content-type"] == JSON


def test_start_that_is_refused_says_so_and_no_more(stage: Stage) -> None:
    """Whose the job is, the job tells (`export/job/claim.py`)."""
    stage.on(EVENTS, NOT_NOW)
    assert stage.client().start(JOB) is False
    assert stage.operations == [EVENTS]


@pytest.mark.parametrize("answer", [LOST, refusal(503)])
def test_start_whose_answer_is_unknown_is_sent_once(stage: Stage, answer: Answer) -> None:
    stage.on(EVENTS, answer)
    with pytest.raises(Unreachable):
        stage.client().start(JOB)
    assert stage.operations == [EVENTS]


@pytest.mark.parametrize("answer", [NO_WAY_THERE, refusal(429, retry_after="2")])
def test_start_that_surely_did_nothing_is_sent_again(stage: Stage, answer: Answer) -> None:
    stage.on(EVENTS, answer, ACCEPTED)
    assert stage.client().start(JOB) is True
    assert stage.operations == [EVENTS, EVENTS]


def test_start_of_an_unknown_job(stage: Stage) -> None:
    stage.on(EVENTS, refusal(404, "EXPORT_NOT_FOUND"))
    assert stage.client().start(JOB) is False


def test_a_job_is_told_with_pleos_own_time(stage: Stage) -> None:
    at = {"date": "Sun, 01 Mar 2026 09:30:00 GMT"}
    stage.on(ONE, reply({"data": a_job()}, **at), reply({"data": a_job()}, date="yesterday"), reply({"data": a_job()}))
    client = stage.client()
    told = [client.job(JOB).read_at for _ in range(3)]
    assert told == [datetime(2026, 3, 1, 9, 30, tzinfo=UTC), None, None]


# ----------------------------------------------------------------------------------------------- complete

DONE = JobOutcome("completed")


def test_complete_sends_the_event_alone(stage: Stage) -> None:
    stage.on(EVENTS, ACCEPTED)
    stage.client().complete(JOB, JobOutcome("completed_with_errors", "two failed", "validation_failure"))
    assert stage.bodies(EVENTS) == [{"jobId": JOB, "event": "completed_with_errors"}]


def test_a_failed_job_says_why(stage: Stage) -> None:
    stage.on(EVENTS, ACCEPTED)
    stage.client().complete(JOB, JobOutcome("failed", "no journal", "missing_configuration"))
    [body] = stage.bodies(EVENTS)
    assert body == {
        "jobId": JOB,
        "event": "failed",
        "failureReason": "no journal",
        "failureReasonType": "missing_configuration",
    }


@pytest.mark.parametrize("first", [LOST, NOT_NOW, refusal(502)])
def test_complete_that_took_effect_is_a_success(stage: Stage, first: Any) -> None:
    stage.on(EVENTS, first).on(ONE, job("completed"))
    stage.client().complete(JOB, DONE)
    assert stage.operations == [EVENTS, ONE]


def test_complete_that_was_lost_is_sent_again(stage: Stage) -> None:
    stage.on(EVENTS, LOST, ACCEPTED).on(ONE, job("in_progress"))
    stage.client().complete(JOB, DONE)
    assert stage.operations == [EVENTS, ONE, EVENTS]


def test_complete_of_an_expired_job_says_what_became_of_it(stage: Stage) -> None:
    stage.on(EVENTS, NOT_NOW).on(ONE, job("failed", failureReasonType="job_expired"))
    with pytest.raises(JobGone, match=r"failed.*job_expired.*recognised"):
        stage.client().complete(JOB, DONE)


def test_complete_refused_while_the_job_runs_is_tried_a_few_times(stage: Stage) -> None:
    stage.on(EVENTS, NOT_NOW).on(ONE, job("in_progress"))
    with pytest.raises(Unreachable, match="refuses the event"):
        stage.client().complete(JOB, DONE)
    assert stage.operations.count(EVENTS) == 5


# ------------------------------------------------------------------------------------------------- report


def test_a_report_leaves_absent_fields_out(stage: Stage) -> None:
    errors = [{"accountingEntryId": "b", "type": "ACCOUNTING_ENTRY_DOES_NOT_EXIST", "message": "which?"}]
    stage.on(REPORT, reply({"data": [], "errors": errors}))
    when = datetime(2026, 3, 1, 13, 0, 0, 987654, tzinfo=timezone(timedelta(hours=1)))
    told = stage.client().report(
        JOB,
        [
            ItemReport(
                entry_id="a", status="successful", exported_at=when, external_id="7", external_url="https://e/7"
            ),
            ItemReport(entry_id="b", status="failed", failure="no account", failure_type="account_unknown"),
        ],
    )
    assert told == [ReportError("b", "ACCOUNTING_ENTRY_DOES_NOT_EXIST", "which?")]
    assert stage.bodies(REPORT) == [
        [
            {
                "accountingEntryId": "a",
                "status": "successful",
                "exportedAt": "2026-03-01T12:00:00Z",
                "externalId": "7",
                "externalUrl": "https://e/7",
            },
            {
                "accountingEntryId": "b",
                "status": "failed",
                "failureReason": "no account",
                "failureReasonType": "account_unknown",
            },
        ]
    ]


def test_a_report_whose_answer_was_lost_is_sent_again(stage: Stage) -> None:
    stage.on(REPORT, LOST, reply({"data": [], "errors": []}))
    assert stage.client().report(JOB, [ItemReport(entry_id="a", status="in_progress")]) == []
    assert stage.operations == [REPORT, REPORT]


def test_more_than_a_hundred_reports_are_refused_here(stage: Stage) -> None:
    with pytest.raises(ValueError, match="101 reports"):
        stage.client().report(JOB, [ItemReport(entry_id=str(number), status="failed") for number in range(101)])
    assert stage.asked == []


def test_no_reports_are_no_call(stage: Stage) -> None:
    assert stage.client().report(JOB, []) == []
    assert stage.asked == []


def test_a_report_to_a_finished_job(stage: Stage) -> None:
    stage.on(REPORT, refusal(422, "export_job_status_unprocessable"))
    with pytest.raises(JobGone):
        stage.client().report(JOB, [ItemReport(entry_id="a", status="failed")])


# ------------------------------------------------------------------------------------------- installation

ME, ACTIVATE = "/v1/installations/me", "/v1/installations/me:activate"


def installed(status: str, **changes: Any) -> httpx2.Response:
    facts = {
        "id": "i",
        "applicationId": "a",
        "resource": f"urn:pleo:company:{COMPANY}",
        "status": status,
        "metadata": {},
    }
    return reply(facts | changes)


def test_an_api_key_installs_itself(stage: Stage) -> None:
    stage.on(f"GET {ME}", refusal(404)).on(f"POST {ME}", installed("ACTIVATED", metadata={"erp": "beancount"}))
    found = stage.client().install({"erp": "beancount"})
    assert (found.status, found.metadata) == ("ACTIVATED", {"erp": "beancount"})
    assert stage.bodies(f"POST {ME}") == [{"metadata": {"erp": "beancount"}}]


def test_an_authorised_installation_is_activated(stage: Stage) -> None:
    stage.on(f"GET {ME}", installed("AUTHORIZED")).on(f"POST {ACTIVATE}", installed("ACTIVATED"))
    assert stage.client().install({}).status == "ACTIVATED"
    assert stage.operations == [f"GET {ME}", f"POST {ACTIVATE}"]


def test_an_installation_can_wait_for_its_first_sync(stage: Stage) -> None:
    waiting = installed("PENDING_INTEGRATION")
    stage.on(f"GET {ME}", refusal(404), waiting, installed("AUTHORIZED"), installed("ACTIVATED"))
    stage.on(f"POST {ME}", waiting).on(f"PUT {ME}", waiting)
    statuses = [stage.client().install({"erp": "x"}, activate=False).status for _ in range(4)]
    assert statuses == ["PENDING_INTEGRATION"] * 3 + ["ACTIVATED"], "an active one stays active"
    assert stage.bodies(f"POST {ME}") == [{"status": "PENDING_INTEGRATION", "metadata": {"erp": "x"}}]
    assert stage.bodies(f"PUT {ME}") == [{"status": "PENDING_INTEGRATION", "metadata": {"erp": "x"}}]


def test_an_installation_that_pleo_keeps_in_error_is_the_callers_to_judge(stage: Stage) -> None:
    error = installed("ERROR", errorCode="NOT_ENTITLED")
    stage.on(f"GET {ME}", error).on(f"POST {ACTIVATE}", error)
    assert stage.client().install({}).error_code == "NOT_ENTITLED"


def test_installing_whose_answer_was_lost_creates_one(stage: Stage) -> None:
    stage.on(f"GET {ME}", refusal(404), installed("ACTIVATED")).on(f"POST {ME}", LOST)
    assert stage.client().install({}).status == "ACTIVATED"
    assert stage.operations.count(f"POST {ME}") == 1


def test_uninstalling_what_is_gone_is_done(stage: Stage) -> None:
    stage.on(f"DELETE {ME}", refusal(404)).on(f"GET {ME}", refusal(404))
    stage.client().uninstall()
    assert stage.client().installation() is None


def test_introspection(stage: Stage) -> None:
    who = {
        "clientId": "x",
        "authMethod": "API_KEY",
        "scope": "export-jobs:read  export-items:read",
        "subjectURN": f"urn:pleo:company:{COMPANY}",
    }
    stage.on("GET /v1/introspect", reply({"data": who}))
    found = stage.client().introspect()
    assert (found.company_id, found.auth_method) == (COMPANY, "API_KEY")
    assert found.scopes == {"export-jobs:read", "export-items:read"}


def test_the_companys_name_where_the_credential_may_ask(stage: Stage) -> None:
    stage.on(f"GET /v1/companies/{COMPANY}", reply({"data": {"id": COMPANY, "name": "Acme ApS"}}), refusal(403))
    client = stage.client()
    assert [client.company_name(), client.company_name()] == ["Acme ApS", None]


# ------------------------------------------------------------------------------------------------- counts


def test_calls_are_counted_by_endpoint_repeats_too(stage: Stage) -> None:
    stage.on(ONE, refusal(500), job("pending")).on(ITEMS, page([])).on("GET /r", httpx2.Response(200, content=b"x"))
    client = stage.client()
    client.job(JOB)
    list(client.items(JOB))
    client.fetch("https://pleo.test/r", 10)
    assert client.calls == {"GET /v3/export-jobs/{id}": 2, "GET /v3/export-items": 1, "GET receipt": 1}
    assert {request.headers["user-agent"].split("/")[0] for request in stage.asked} == {"kontobro"}


@pytest.mark.parametrize("answer", [{"data": []}, {"data": {}, "pagination": None}, {"data": [], "errors": None}])
def test_an_update_answered_without_its_errors_is_not_taken_for_success(answer: dict[str, Any]) -> None:
    stage = Stage()
    stage.on(REPORT, reply(answer))
    with pytest.raises(BadAnswer, match="errors"):
        stage.client().report(JOB, [ItemReport(entry_id="a", status="successful")])


# ---------------------------------------------------------------------------------------------- accounting entries


def an_entry(**fields: object) -> dict[str, object]:
    usual = {"companyId": COMPANY, "exportStatus": "CREATED", "status": "COMPLETED"}
    return usual | {"bookkeepingDate": "2026-10-15T12:00:00Z"} | fields


def test_what_was_not_exported_is_judged_here_whatever_pleo_filters(stage: Stage) -> None:
    others = (
        {"companyId": str(uuid.UUID(int=7))},
        {"exportStatus": "EXPORTING"},
        {"status": "CANCELLED"},
        {"deletedAt": "2026-10-16T12:00:00Z"},
        {"bookkeepingDate": None},
        {"bookkeepingDate": "2026-10-31T23:30:00Z"},
    )
    ours = (an_entry(), an_entry(exportStatus="QUEUED"), an_entry(bookkeepingDate="2026-09-30T22:30:00Z"))
    stage.on(SEARCH, page([*ours, *(an_entry(**fields) for fields in others)]))
    found = stage.client().not_exported(date(2026, 10, 1), date(2026, 10, 31), ZoneInfo("Europe/Copenhagen"))
    assert found == NotExported(3)
    (request,) = stage.asked
    assert request.url.params["company_id"] == COMPANY
    assert json.loads(request.content) == {
        "includeDeleted": False,
        "exportStatus": ["CREATED", "QUEUED"],
        "bookkeepingDateStart": "2026-09-30T00:00:00Z",
        "bookkeepingDateEnd": "2026-11-02T00:00:00Z",
    }


def test_no_more_entries_are_read_than_a_count_is_worth(stage: Stage) -> None:
    cursors = (f"A{number}" for number in range(10_000))
    stage.on(SEARCH, lambda _: page([an_entry()] * 100, next(cursors), more=True, total=10_000))
    assert stage.client().not_exported(date(2026, 10, 1), date(2026, 10, 31), UTC) == NotExported(5_000, more=True)
    assert len(stage.asked) == 50
