"""What of Pleo's answers is not as documented is counted, told once, and breaks nothing."""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kontobro.bootstrap import App, news_of
from kontobro.core.words import LANGUAGES, Noted, note_in
from kontobro.health.data_folder import pleo as looked_at
from kontobro.pleo import PleoClient, Ways, open_pleo
from kontobro.pleo.documented.drift import MOST, WHOLE, News, Seen, news_in
from kontobro.pleo.documented.meaning import meaning_of
from kontobro.pleo.documented.news import MOST_KEPT, WEBHOOK, NewsFile, Watch
from kontobro.pleo.probe.watched import seen_answer
from kontobro.pleo.webhooks import seen_of, verify_and_read
from kontobro.store import open_store
from tests.pleo.probed import EXPENSES, probed
from tests.support.empty_store import put_empty_store
from tests.support.pleo_company import COMPANY
from tests.support.scripted_pleo import Stage, a_connection, a_job, an_item, page

JOBS, ITEMS = "GET /v3/export-jobs", "GET /v3/export-items"
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def seen(body: Any, call: str = JOBS, status: int = 200, **facts: Any) -> Seen:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    known: dict[str, Any] = {"media_type": "application/json", "has_pause": False, "content": content}
    return Seen(call=call, status=status, **(known | facts))


def a_page(*entries: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(page(list(entries)).content)
    return body


def test_what_is_documented_is_no_news() -> None:
    assert news_in(seen(a_page(a_job()))) == []
    assert news_in(seen(a_page(an_item()), ITEMS)) == []
    assert news_in(seen({"type": "EXPORT_NOT_FOUND"}, "GET /v3/export-jobs/{id}", 404)) == []
    assert news_in(seen({"metadata": {"anything": 1}, "status": "ACTIVATED"}, "GET /v1/installations/me")) == []
    assert news_in(seen({"anything": 1}, "GET /of/which/no/document/speaks")) == []
    assert news_in(seen(b"", "POST /v3/export-job-events", 202)) == []


@pytest.mark.parametrize(
    ("told", "news"),
    [
        (seen(a_page(a_job(colour="red"))), News("field", "data[].colour")),
        (seen({**a_page(), "warnings": []}), News("field", "warnings")),
        (seen(a_page(a_job("on_hold"))), News("word", "data[].status on_hold")),
        (seen(a_page(an_item(type="gift_card")), ITEMS), News("word", "data[].type gift_card")),
        (seen(a_page(an_item(bookkeeping={"method": "cash"})), ITEMS), News("word", "data[].bookkeeping.method cash")),
        (seen({"type": "TEAPOT"}, status=418), News("status", "418")),
        (seen({"type": "X"}, status=409), News("status", "409")),
        (seen(b"<p>", media_type="text/html"), News("answer", "200 with a page for people")),
        (seen(b"no", status=400), News("answer", "400 without the documented error body")),
        (seen(b"a,b", media_type="text/csv"), News("answer", "200 with ? instead of JSON")),
        (seen({"type": "X"}, status=429, has_pause=True), News("fact", "429 with Retry-After")),
        (seen({"type": "X"}, status=429), News("fact", "429 without Retry-After")),
    ],
)
def test_each_kind_of_news(told: Seen, news: News) -> None:
    assert news in news_in(told)


def test_names_and_words_that_may_be_none_are_not_shown() -> None:
    told = [str(one) for one in news_in(seen(a_page(a_job("Anna Berg 1970", **{"anna@example.com": 1}))))]
    assert len(told) == 2
    assert not any("Anna" in one or "anna" in one for one in told)


def test_an_answer_has_only_so_much_news() -> None:
    assert len(news_in(seen(a_page(a_job(**{f"field{number}": 1 for number in range(99)}))))) == MOST


def test_of_a_large_page_every_word_is_seen_and_the_first_entrys_fields() -> None:
    entries = [an_item(number) for number in range(100)]
    entries[0]["colour"] = "red"
    entries[77]["type"] = "gift_card"
    body = a_page(*entries)
    assert len(json.dumps(body)) > WHOLE
    assert {News("field", "data[].colour"), News("word", "data[].type gift_card")} <= set(news_in(seen(body, ITEMS)))


@pytest.mark.parametrize("content", [b"{", b"[1, 2]", b'"x"', b'{"data": 3}', b'{"data": [3, null]}', b"\xff", b"null"])
def test_anything_may_come(content: bytes) -> None:
    for call in (JOBS, ITEMS, "GET /v1/subscriptions"):
        assert all(one.kind in ("field", "word") for one in news_in(seen(content, call)))
    assert news_in(seen(content, status=400))[0].kind == "answer"


# ----------------------------------------------------------------------------------------- counted


def test_it_is_counted_and_in_the_log_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stage, file = Stage(), NewsFile(tmp_path / "news.json")
    stage.on(JOBS, page([a_job("on_hold", colour="red")]))
    with caplog.at_level(logging.WARNING, logger="kontobro"):
        for _ in range(3):  # processes, one after the other
            assert client(stage, Watch(file, stage.clock)).jobs([])[0].status == "on_hold"
    counted = [(one.kind, one.what, one.count) for one in file.read()]
    assert counted == [("field", "data[].colour", 3), ("word", "data[].status on_hold", 3)]
    assert [record.getMessage() for record in caplog.records] == [
        f"pleo differs from its documents: The unknown field data[].colour in {JOBS}. It is ignored.",
        "pleo differs from its documents: Exports with the unknown status on_hold. They are left alone.",
    ]


@pytest.mark.parametrize(
    ("call", "news", "does"),
    [
        (ITEMS, News("word", "data[].type gift_card"), "fail until the settings have a row for this type"),
        (ITEMS, News("word", "data[].subType odd"), "fail until the settings have a row for it"),
        (ITEMS, News("word", "data[].bookkeeping.method cash"), "fail and say so"),
        (ITEMS, News("word", "data[].accountingEntryLines[].tax.type odd"), "fail and say so"),
        ("GET /v3/export-jobs/{id}/items", News("word", "data[].status odd"), "the export fails and says so"),
        ("POST /v1/vendors:search", News("word", "data[].state ODD"), "does not change what is booked"),
        (JOBS, News("status", "418"), "counts as a refusal"),
        (JOBS, News("answer", "200 with a page for people"), "stopped the work"),
    ],
)
def test_each_piece_of_news_says_what_it_means(call: str, news: News, does: str) -> None:
    for language in (*LANGUAGES, "en"):
        said = note_in(Noted(meaning_of(call, news.kind, news.what)), language)
        assert news.what.rpartition(" ")[2] in said
        assert (does in said) is (language == "en")


def client(stage: Stage, watch: Watch) -> PleoClient:
    return open_pleo(
        a_connection(), stage.tokens, stage.clock, Ways(transport=httpx2.MockTransport(stage), watch=watch)
    )


def test_many_count_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    file = NewsFile(tmp_path / "news.json")

    def count() -> None:
        for _ in range(50):
            file.add(JOBS, [News("field", "data[].colour")], NOW)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.count for one in file.read()] == [200]


def test_the_file_has_a_largest_size(tmp_path: Path) -> None:
    file = NewsFile(tmp_path / "news.json")
    file.add(JOBS, [News("field", f"data[].f{number}") for number in range(MOST_KEPT + 50)], NOW)
    assert len(file.read()) == MOST_KEPT


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', '{"a": {"call": 1}}', '"x"'])
def test_a_broken_file_begins_again(tmp_path: Path, content: str) -> None:
    (tmp_path / "news.json").write_text(content)
    file = NewsFile(tmp_path / "news.json")
    assert file.read() == []
    assert file.add(JOBS, [News("status", "418")], NOW) == [News("status", "418")]
    assert [one.what for one in file.read()] == ["418"]


def test_where_it_cant_be_kept_the_work_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage().on(JOBS, page([a_job(colour="red")]))
    watch = Watch(NewsFile(tmp_path / "no folder" / "news.json"), stage.clock)
    with caplog.at_level(logging.WARNING, logger="kontobro"):
        opened = client(stage, watch)
        assert [len(opened.jobs([])) for _ in range(2)] == [1, 1]
    assert [record.getMessage() for record in caplog.records] == [
        "news of pleo's answers can't be kept: FileNotFoundError"
    ]


def test_a_whole_job_of_documented_answers_is_no_news(tmp_path: Path) -> None:
    """The sandbox answers as the documents say, so that every call of an export and its refusals is quiet."""
    file = NewsFile(tmp_path / "news.json")
    with probed() as place:
        job = place.export(range(1, EXPENSES + 1))
        pleo = open_pleo(place.connection(), place.tokens, place.clock, Ways(watch=Watch(file, place.clock)))
        pleo.introspect()
        pleo.installation()
        pleo.install({"company": "x"})
        assert pleo.company_name()
        assert pleo.start(job.id)
        assert not pleo.start(job.id)
        assert sum(map(len, pleo.control_items(job.id))) == sum(map(len, pleo.items(job.id))) == EXPENSES
        pleo.close()
    assert file.read() == []


# ------------------------------------------------------------------------------------ who reads it


def test_the_doctor_names_the_latest_and_what_is_set(tmp_path: Path) -> None:
    store = open_store(put_empty_store(tmp_path / "kontobro.sqlite3"))
    app = App(tmp_path, store, Stage().clock, answers=tmp_path / "pleo.toml", news=tmp_path / "news.json")
    assert [(one.subject, one.verdict) for one in looked_at(app)] == [("Pleo's answers", "ok")]
    NewsFile(tmp_path / "news.json").add(JOBS, [News("field", f"data[].f{n}") for n in range(7)], NOW)
    (tmp_path / "pleo.toml").write_text("[staging]\nupdate_batch = 10\n")
    switches, answers = looked_at(app)
    assert (switches.verdict, switches.message) == ("ok", "For staging: update_batch.")
    assert answers.verdict == "warn"
    assert f"1×: The unknown field data[].f0 in {JOBS}. It is ignored." in answers.message
    assert "And 2 more" in answers.message
    assert "Das unbekannte Feld data[].f0" in note_in(answers.message, "de")
    (tmp_path / "pleo.toml").write_text("[staging]\nupdate_batch = 0\n")
    assert looked_at(app)[0].verdict == "bad"
    store.close()


def test_a_module_keeps_a_file_for_each_database_in_its_erps_own_folder(tmp_path: Path) -> None:
    """As `addons/` open their application: with a folder of the ERP's data, where nothing has to exist yet."""
    store, stage = open_store(put_empty_store(tmp_path / "kontobro.sqlite3")), Stage()
    stage.on(JOBS, page([a_job(colour="red")]))
    first, second = (
        App(tmp_path, store, stage.clock, news=news_of(tmp_path / "data", name)) for name in ("a/b", "other")
    )
    client(stage, first.watch()).jobs([])
    assert "data[].colour" in first.pleo_news()
    assert second.pleo_news() == ""
    assert App(tmp_path, store, stage.clock, news=news_of(tmp_path / "data", "a/b")).pleo_news() == first.pleo_news()
    assert [path.stat().st_mode & 0o077 for path in tmp_path.glob("data/kontobro")] == [0]
    store.close()


def test_the_probe_reads_what_only_work_shows(tmp_path: Path) -> None:
    file = NewsFile(tmp_path / "news.json")
    assert seen_answer("webhook_body", file.read()) is None
    file.add(WEBHOOK, [News("fact", "signed"), News("fact", "body merged")], NOW)
    file.add(JOBS, [News("fact", "429 without Retry-After")], NOW)
    answers = {key: seen_answer(key, file.read()) for key in ("webhook_body", "webhook_signature", "rate_limit")}
    assert {key: found and found.answer for key, found in answers.items()} == {
        "webhook_body": "merged",
        "webhook_signature": "yes",
        "rate_limit": "plain",
    }


@pytest.mark.parametrize("form", ["event", "merged"])
def test_a_delivery_shows_its_form(form: str) -> None:
    from standardwebhooks import Webhook

    event: dict[str, Any] = {"data": {"id": "j", "companyId": COMPANY}, "eventType": "v9.thing", "eventId": "e"}
    body = json.dumps({"payload": event} if form == "merged" else event)
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", NOW, body),
    }
    delivery = verify_and_read(headers, body.encode(), secret, NOW)
    assert seen_of(delivery) == [
        News("fact", "signed"),
        News("fact", f"body {form}"),
        News("word", "eventType v9.thing"),
    ]
