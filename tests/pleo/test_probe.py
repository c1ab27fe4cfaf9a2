"""The probe: it tells every answer apart that the sandbox plays, writes only what it may, and shows nothing raw."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from kontobro.core.dialect import SWITCHES, Dialect, spelled_answer
from kontobro.core.errors import LoginFailed, Misconfigured
from kontobro.net.limits import MethodRefused
from kontobro.pleo import Ways
from kontobro.pleo.http import endpoints
from kontobro.pleo.probe.asker import READS, open_asker
from kontobro.pleo.probe.catalogue import questions
from kontobro.pleo.probe.report import evidence_shape
from kontobro.pleo.probe.run import Wanted, ask_of, probe
from pleo_sandbox.company.faults import Fault, Kind
from pleo_sandbox.company.oauth import ALL_SCOPES
from pleo_sandbox.rules import LENIENT
from tests.pleo.probed import EXPENSES, EXPORTED, Probed, probed
from tests.support.pleo_company import COMPANY, KNOWN_ONLY_TO_PLEO, an_item
from tests.support.scripted_pleo import Stage, a_connection, a_job, page, refusal, reply

READ = {
    "company_key": [({}, "company_id"), ({"company_key": "companyId"}, "companyId")],
    "tag_scope": [({}, "tag-groups"), ({"tag_scope": "tag-group"}, "tag-group")],
    "names_subject": [
        ({}, "company"),
        ({"names_subject": "organisation"}, "organisation"),
        ({"names_subject": "no"}, "no"),
    ],
    "missing_installation": [({}, "400"), ({"missing_installation": 404}, "404")],
    "lists_heed_filters": [({}, "yes"), ({"lists_heed_filters": False}, "no")],
    "total_is_length": [({}, "yes"), ({"total_is_length": False}, "no")],
    "largest_page": [
        ({}, "taken"),
        ({"largest_page": 20}, "refused"),
        ({"largest_page": 20, "refuses_large_pages": False}, "cut"),
    ],
    "larger_pages": [({}, "refused"), ({"refuses_large_pages": False}, "cut"), ({"largest_page": 1000}, "taken")],
    "next_page": [({}, "yes"), ({"follows_cursors": False}, "no")],
    "unknown_job": [
        ({}, "404"),
        ({"unknown_job": 400}, "400"),
        ({"unknown_job": 403}, "403"),
        ({"unknown_job": 410}, "other"),
    ],
    "companies_scope": [({}, "yes"), ({"companies_need_scope": True}, "no")],
    "unseen_words": [({}, "no"), *(({"unseen_word": word}, "yes") for word in ("type", "jobStatus", "itemStatus"))],
    "unknown_fields": [({}, "no"), ({"unknown_fields": True}, "yes")],
    "incoming_sign": [({"incoming_sign": sign}, sign) for sign in ("positive", "negative")],
    "amount_fractions": [({}, "yes"), ({"amount_fractions": True}, "no")],
    "zero_decimal_amounts": [({}, "units"), ({"zero_decimal_amounts": "hundredths"}, "hundredths")],
    "receipts_without_login": [({}, "yes"), ({"receipts_need_login": True}, "no")],
    "error_bodies": [({}, "yes"), ({"error_bodies": False}, "no")],
    "subscriptions_scope": [({}, "yes"), ({"subscriptions_need_scope": True}, "no")],
    "keeps_external_id": [({}, "no"), ({"keeps_external_id": True}, "yes")],
    "expires_in": [({}, "hour"), ({"expires_in": 1800}, "other")],
}
"""Question → what the sandbox plays, and the answer that has to be found."""

MAKING = {
    "event_name": [
        ({}, "v1.export-job.created"),
        ({"event_name": "v1.export.job-created"}, "v1.export.job-created"),
    ],
    "account_match": [
        ({}, "identical"),
        ({"account_match": "identical_or_archived"}, "identical_or_archived"),
        ({"account_match": "never"}, "never"),
    ],
    "tax_code_must_be_known": [({}, "yes"), ({"tax_code_must_be_known": False}, "no")],
    "batch_items_fail_alone": [({}, "yes"), ({"batch_items_fail_alone": False}, "no")],
    "exclusive_tax_codes": [({}, "yes"), ({"exclusive_tax_codes": False}, "no")],
    "entries_scope": [
        ({}, "own"),
        ({"entries_need_scope": True}, "other"),
    ],
    "twins_are_refused": [({}, "yes"), ({"twins_are_refused": False}, "no")],
}

ON_JOB = {
    "pending_takes_updates": [({}, "no"), ({"pending_takes_updates": True}, "yes")],
    "job_key": [({}, "jobId"), ({"job_key": "exportJobId"}, "exportJobId")],
    "accepted_is_done": [({}, "yes"), ({"events_take": 2}, "later")],
    "update_limit": [({}, "yes"), ({"update_limit_status": 400}, "other")],
    "update_batch": [
        ({}, "100"),
        ({"update_batch": 10}, "10"),
        ({"update_batch": 10, "update_limit_status": 400}, "10"),
    ],
    "keep_alive_by_item": [({}, "yes"), ({"keep_alive_by_item": False}, "no")],
    "unknown_reasons": [({}, "yes"), ({"unknown_reasons": False}, "no")],
    "longest_reason": [({}, "1000"), ({"longest_reason": 255}, "255")],
    "failed_needs_reason": [({}, "yes"), ({"failed_needs_reason": False}, "no")],
    "external_url_is_checked": [({}, "yes"), ({"external_url_is_checked": False}, "no")],
    "successful_is_final": [({}, "yes"), ({"successful_is_final": False}, "no")],
    "final_event_fits_items": [({}, "yes"), ({"final_event_fits_items": False}, "no")],
    "reason_on_errors": [({}, "no"), ({"reason_on_errors": True}, "yes")],
    "login_reason": [
        ({}, "accounting_system_authentication_failure"),
        ({"login_reason": "accounting_system_unreachable"}, "accounting_system_unreachable"),
    ],
    "all_failed": [({}, "failed"), ({"all_failed": "completed_with_errors"}, "completed_with_errors")],
}


def cases(played: dict[str, list[tuple[dict[str, Any], str]]]) -> list[Any]:
    return [
        pytest.param(key, rules, answer, id=f"{key}={answer}")
        for key, answers in played.items()
        for rules, answer in answers
    ]


def with_history(place: Probed) -> Any:
    """Two jobs that are over and one that waits, with an expense that is exported again."""
    place.exported(range(1, EXPORTED))
    place.exported([EXPORTED])
    return place.export(range(1, EXPENSES + 1))


@pytest.mark.parametrize(("key", "rules", "answer"), cases(READ))
def test_reading_tells_both_answers_apart(key: str, rules: dict[str, Any], answer: str) -> None:
    with probed(rules) as place:
        with_history(place)
        result = place.ask(key)[key]
        assert (result.state, result.answer) == ("answered", answer), result
        assert {call.split()[0] for call in place.sandbox.calls} == {"GET"}


@pytest.mark.parametrize(("key", "rules", "answer"), cases(MAKING))
def test_what_is_made_is_removed_and_tells_both_answers_apart(key: str, rules: dict[str, Any], answer: str) -> None:
    with probed(rules) as place:
        result = place.ask(key, writes=True)[key]
        assert (result.state, result.answer) == ("answered", answer), result
        left = [*place.sandbox.accounts.of(COMPANY), *place.sandbox.tax_codes.of(COMPANY)]
        assert left == []
        assert [each for each in place.sandbox.subscriptions.all if not each.deleted] == []
        assert list(place.sandbox.tags.groups.of(COMPANY)) == []


@pytest.mark.parametrize(("key", "rules", "answer"), cases(ON_JOB))
def test_the_named_job_tells_both_answers_apart(key: str, rules: dict[str, Any], answer: str) -> None:
    with probed(rules) as place:
        job = with_history(place)
        asked = ("job_key", key) if key == "accepted_is_done" else (key,)  # which is seen when the job is started
        result = place.ask(*asked, writes=True, job=job)[key]
        assert (result.state, result.answer) == ("answered", answer), result


def test_amounts_without_decimals_stay_a_question_where_entries_may_not_be_read() -> None:
    with probed({"zero_decimal_amounts": "hundredths"}, scopes=ALL_SCOPES - {"accounting-entries:read"}) as place:
        with_history(place)
        result = place.ask("zero_decimal_amounts")["zero_decimal_amounts"]
    assert (result.state, result.sets) == ("unanswered", None)
    assert "lacks accounting-entries:read" in result.detail
    assert "kontobro preview" in result.detail


@pytest.mark.parametrize(
    ("minors", "answer"),
    [([1500], "hundredths"), ([150_000], "units"), ([1500, 150_000], ""), ([-1500, 7], "hundredths"), ([42, 0], "")],
)
def test_an_amount_without_decimals_is_compared_with_its_accounting_entry(minors: list[int], answer: str) -> None:
    amount = {side: {"currency": "ISK", "value": 150_000} for side in ("inWalletCurrency", "inSupplierCurrency")}
    stage = Stage().on("GET /v1/introspect", reply({"data": {"authMethod": "API_KEY", "scope": ""}}))
    stage.on("GET /v3/export-jobs", page([a_job("pending")]))
    stage.on("GET /v3/export-items", page([{"accountingEntryId": "e", "amount": amount}]))
    money = [{"currency": "ISK", "minors": each} for each in minors]
    stage.on("GET /v1/accounting-entries/e", reply({"data": {"fees": money}}))
    result = scripted(stage, "zero_decimal_amounts")["zero_decimal_amounts"]
    assert (result.state, result.answer) == ("answered" if answer else "unanswered", answer), result.detail


OTHERS = {name: answers[1] for name, answers in SWITCHES.items()}


@pytest.mark.parametrize("rules", [{}, OTHERS], ids=["ours", "others"])
def test_one_run_finds_every_switch(rules: dict[str, Any]) -> None:
    """All questions of one run, one after the other, on one job; both sets of answers are told apart."""
    with probed(rules) as place:
        dialect = Dialect(client_auth=rules.get("client_auth", "basic"))
        place.log_in(dialect)
        with_history(place)
        results = place.ask(writes=True, job=place.sandbox.jobs[-1], dialect=dialect)
    found = {one.question.switch: one.sets for one in results.values() if one.question.switch}
    wanted = {name: rules.get(name, answers[0]) for name, answers in SWITCHES.items()}
    assert found == wanted, {key: one.detail for key, one in results.items() if one.state != "answered"}
    assert {one.question.switch for one in results.values() if one.differs} == rules.keys() - {"client_auth"}


def test_every_question_has_a_function_and_its_answers_can_be_set() -> None:
    for question in questions():
        if question.needs not in ("watch", "person"):
            assert callable(ask_of(question.key)), question.key
            assert len(question.answers) >= 2, question.key
        if question.switch:
            assert set(question.answers) == {spelled_answer(value) for value in SWITCHES[question.switch]}
    assert {question.switch for question in questions() if question.switch} == SWITCHES.keys()


def test_a_lenient_pleo_ends_the_job_early_and_the_rest_is_unanswered() -> None:
    with probed(dict(LENIENT)) as place:
        job = with_history(place)
        results = place.ask(writes=True, job=job)
    assert results["final_event_fits_items"].answer == "no"
    assert {results[key].state for key in ("reason_on_errors", "login_reason", "all_failed")} == {"unanswered"}
    assert "--job" in results["all_failed"].detail


# --------------------------------------------------------------------------------- what never leaves


def test_production_sends_get_only_whatever_is_asked() -> None:
    stage = Stage()
    connection = a_connection(environment="production")
    with pytest.raises(Misconfigured, match="only GET"):
        open_asker(connection, stage.tokens, stage.clock, Ways(), writes=True)
    asker = open_asker(connection, stage.tokens, stage.clock, Ways(transport=httpx2.MockTransport(stage)), writes=False)
    for call in vars(endpoints).values():
        if isinstance(call, endpoints.Endpoint) and call.method != "GET" and not call.of_job:
            with pytest.raises(MethodRefused):
                asker.send(call, id="x", body={})
    assert stage.asked == []


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ("production", "https://external.pleo.io"),
        ("production", "http://127.0.0.1:8764"),
        ("sandbox", "https://external.pleo.io"),
        ("staging", "https://EXTERNAL.Pleo.io./"),
        ("sandbox", "https://api.pleo.io:443/v3"),
    ],
)
def test_production_is_known_by_its_name_and_by_its_address(environment: str, url: str) -> None:
    stage = Stage()
    connection = a_connection(environment=environment, api_url=url)
    with pytest.raises(Misconfigured, match="only GET"):
        open_asker(connection, stage.tokens, stage.clock, Ways(), writes=True)
    open_asker(connection, stage.tokens, stage.clock, Ways(), writes=False).close()


def test_staging_and_a_sandbox_may_be_written_to() -> None:
    stage = Stage()
    for url in ("https://external.staging.pleo.io", "http://127.0.0.1:8764", "https://notpleo.io"):
        connection = a_connection(environment="sandbox", api_url=url)
        open_asker(connection, stage.tokens, stage.clock, Ways(), writes=True).close()


def test_the_methods_are_refused_in_the_http_layer_whoever_asks() -> None:
    from kontobro.pleo.http.opening import open_http

    stage = Stage()
    ways = Ways(transport=httpx2.MockTransport(stage), methods=READS)
    http, auth = open_http(a_connection(), stage.tokens, stage.clock, ways)
    for method in ("POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
        with pytest.raises(MethodRefused, match="was not sent"):
            http.request(method, "/v3/export-jobs", auth=auth)
    assert stage.asked == []


def test_a_job_that_was_not_named_is_never_written_about() -> None:
    with probed() as place:
        named, other = place.exported([1]), place.export([2])
        assert place.ask(writes=True, job=named)["job_key"].state == "unanswered"
        asker = open_asker(place.connection(), place.tokens, place.clock, Ways(), writes=True)
        asker.permit(frozenset({named.id}))
        for call, id, body in (
            (endpoints.REPORT, other.id, []),
            (endpoints.EVENTS, "", {"jobId": other.id, "event": "started"}),
            (endpoints.EVENTS, "", {"exportJobId": other.id, "event": "started"}),
        ):
            with pytest.raises(Misconfigured, match="not named"):
                asker.send(call, id=id, body=body)
        asker.close()
        assert other.status == "pending"


def test_a_job_needs_write_and_a_question_has_to_exist() -> None:
    with probed() as place:
        with pytest.raises(Misconfigured, match="nothing may be written"):
            place.ask(job=place.export([1]))
        with pytest.raises(Misconfigured, match="no question nonsense"):
            place.ask("nonsense")


def test_without_write_what_needs_one_is_listed_and_not_asked() -> None:
    with probed() as place:
        with_history(place)
        results = place.ask()
        methods = {call.split()[0] for call in place.sandbox.calls}
    assert results.keys() == {question.key for question in questions()}
    assert methods == {"GET"}
    waiting = [one for one in results.values() if one.question.needs in ("write", "job", "ends", "watch", "person")]
    assert {one.state for one in waiting} == {"not asked"}
    assert all(one.detail for one in results.values() if one.state != "answered")


# -------------------------------------------------------------------------------------- the login


def test_the_token_is_renewed_once_by_the_stores_lock_and_the_old_one_is_never_shown_again() -> None:
    with probed() as place:
        place.log_in()
        with_history(place)
        for _ in range(2):
            place.sleep(20)
            results = place.ask()
            assert results["refresh_rotates"].answer == "yes"
        assert set(place.tokens.locks) == {"refresh-c1"}
        assert len(place.tokens.saved) == 2
        assert place.tokens.reconnect == []


@pytest.mark.parametrize(("rotates", "answer"), [(True, "yes"), (False, "no")])
def test_with_write_the_token_is_renewed_to_see_whether_it_rotates(rotates: bool, answer: str) -> None:
    with probed({"rotates_refresh": rotates}) as place:
        place.log_in()
        assert place.ask("refresh_rotates", writes=True)["refresh_rotates"].answer == answer
        assert place.tokens.locks == ["refresh-c1"]


@pytest.mark.parametrize("way", ["basic", "form"])
def test_how_the_client_shows_its_secret(way: Any) -> None:
    with probed({"client_auth": way}) as place:
        place.log_in(Dialect(client_auth=way))
        assert place.ask("client_auth", writes=True)["client_auth"].answer == way


@pytest.mark.parametrize("status", ["AUTHORIZED", "PENDING_INTEGRATION"])
def test_how_an_installation_begins(status: str) -> None:
    with probed({"starts_as": status}) as place:
        place.log_in()
        assert place.ask("starts_as")["starts_as"].answer == status


def test_a_refused_login_ends_the_run_before_the_first_question() -> None:
    with probed() as place:
        place.sandbox.access._keys.clear()
        with pytest.raises(LoginFailed):
            place.ask()


# ---------------------------------------------------------------------------------- other answers


def test_an_event_that_is_true_later_is_told_from_one_that_is_true_at_once() -> None:
    with probed() as place:
        job = with_history(place)
        assert place.ask("job_key", "accepted_is_done", writes=True, job=job)["accepted_is_done"].answer == "yes"
    with probed() as place:
        job = with_history(place)
        place.sandbox.add_fault(Fault(Kind.ACCEPT_LATE, "POST", "/v3/export-job-events", seconds=5))
        assert place.ask("job_key", "accepted_is_done", writes=True, job=job)["accepted_is_done"].answer == "later"


@pytest.mark.parametrize("key", ["companies_scope", "entries_scope"])
def test_scopes(key: str) -> None:
    scope = {"companies_scope": "companies:read", "entries_scope": "accounting-entries:read"}[key]
    with probed() as place:
        assert place.ask(key, writes=True)[key].answer in ("yes", "own")
    with probed(scopes=ALL_SCOPES - {scope}) as place:
        assert place.ask(key, writes=True)[key].answer in ("no", "other")
    with probed({"entries_scope": "export-items:read"}, scopes=ALL_SCOPES - {scope}) as place:
        assert place.ask("entries_scope", writes=True)["entries_scope"].answer == "export"


def test_words_fields_signs_and_fractions_that_are_not_documented() -> None:
    with probed() as place:
        with_history(place)
        keys = ("unseen_words", "unknown_fields", "incoming_sign", "amount_fractions")
        assert [place.ask(key)[key].answer for key in keys] == ["no", "no", "negative", "yes"]
    with probed() as place:
        odd = an_item(40, type="gift_card", minor=10_000, giftCard={"owner": "Anna Berg"})
        refund = an_item(41, type="refund", minor=7_000)
        odd["amount"]["inWalletCurrency"] = {"currency": "DKK", "value": 99.5}
        ids = [place.sandbox.add_expense(COMPANY, item, verbatim=True) for item in (odd, refund)]
        place.sandbox.press_export(COMPANY, ids)
        results = place.ask(*keys)
    assert [results[key].answer for key in keys] == ["yes", "yes", "positive", "no"]
    assert "gift_card" in results["unseen_words"].detail
    assert "giftCard" in results["unknown_fields"].detail
    assert "Anna" not in json.dumps([evidence_shape(one) for result in results.values() for one in result.evidence])


def test_what_is_no_word_is_news_without_being_shown() -> None:
    with probed() as place:
        odd = an_item(40, type="Gift of Anna 1970")
        place.sandbox.press_export(COMPANY, [place.sandbox.add_expense(COMPANY, odd, verbatim=True)])
        result = place.ask("unseen_words")["unseen_words"]
    assert (result.answer, result.detail) == ("yes", "data[].type ?")


def test_receipts_are_fetched_without_a_credential() -> None:
    with probed() as place:
        with_history(place)
        assert place.ask("receipts_without_login")["receipts_without_login"].answer == "yes"
        place.sandbox.add_fault(Fault(Kind.STORM, "GET", "/files/*", times=20, status=403))
        assert place.ask("receipts_without_login")["receipts_without_login"].answer == "no"


def test_pages_that_go_on_and_pages_that_stand_still() -> None:
    with probed() as place:
        with_history(place)
        assert place.ask("next_page")["next_page"].answer == "yes"
    stage = Stage().on("GET /v1/introspect", reply({"data": {"authMethod": "API_KEY", "scope": ""}}))
    stage.on("GET /v3/export-jobs", page([a_job()], "AAAA", more=True))
    assert scripted(stage, "next_page")["next_page"].answer == "no"


def scripted(stage: Stage, *only: str) -> dict[str, Any]:
    ways = Ways(transport=httpx2.MockTransport(stage))
    results = probe(a_connection(), stage.tokens, stage.clock, ways, Wanted(only=frozenset(only)))
    return {result.question.key: result for result in results}


def test_no_answer_is_unanswered_with_its_reason() -> None:
    stage = Stage().on("GET /v1/introspect", reply({"data": {"authMethod": "API_KEY", "scope": ""}}))
    stage.on("GET /v3/export-jobs", httpx2.ConnectError("no"), refusal(503), httpx2.Response(200, content=b"<p>"))
    assert scripted(stage, "next_page")["next_page"].detail == "no answer (ConnectError)"
    assert "503" in scripted(stage, "next_page")["next_page"].detail
    assert "not JSON" in scripted(stage, "next_page")["next_page"].detail


def test_a_pause_that_pleo_asks_for_is_kept_once() -> None:
    stage = Stage().on("GET /v1/introspect", reply({"data": {"authMethod": "API_KEY", "scope": ""}}))
    stage.on("GET /v3/export-jobs", refusal(429, retry_after="7"), page([]))
    result = scripted(stage, "expires_in")["expires_in"]
    assert (result.state, stage.clock.slept) == ("unanswered", [7.0])
    assert [(one.status, one.headers.get("retry-after")) for one in result.evidence] == [(429, "7"), (200, None)]


# -------------------------------------------------------------------------------------- evidence


def test_evidence_has_no_raw_value() -> None:
    """Of everything that the company has, nothing comes out but names of fields and documented words."""
    with probed() as place:
        job = with_history(place)
        results = place.ask(writes=True, job=job)
        shown = json.dumps([evidence_shape(one) for result in results.values() for one in result.evidence])
        private = [COMPANY, job.id, "Fjord & Bro", "Kontor & Papir", "REC-", "7504", "10000", "example.com"]
        private += [item.expense.id for item in job.items]
    assert "data[].accountingEntryLines[].lineAmount.inWalletCurrency.value" in shown
    assert [text for text in (*private, *KNOWN_ONLY_TO_PLEO) if text in shown] == []
    assert place.tokens.held is not None
    assert place.tokens.held.access not in shown
