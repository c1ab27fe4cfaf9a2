"""The pages of documents: as each person, from sealed to imported, and a document that was rejected."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern

from kontobro.core.errors import Uncertain
from kontobro.export.documents.waiting import waiting_of
from kontobro.service.app import mailer_of
from kontobro.service.config import config
from kontobro.service.notices.notify import Notice, tell_once
from kontobro.web.mails.outbox import Outbox
from kontobro.web.models import AuditEvent
from kontobro.web.organisation.notices import notices_of
from kontobro.worker.pieces import look_after_documents
from tests.support.plain_documents import PlainFolder
from tests.support.site import Site
from tests.web.documents_site import DocumentsSite, a_documents_site
from tests.web.test_walk import path_of, patterns

ROWS = "document-0001.jsonl"


@pytest.fixture
def there(site: Site, tmp_path: Path) -> Iterator[DocumentsSite]:
    with a_documents_site(site, tmp_path) as opened:
        yield opened


@pytest.fixture
def owner(there: DocumentsSite) -> Client:
    return there.site.browser(there.site.member(there.organisation, "owner"))


class Mail(PlainFolder):
    """What was sent can't be read back; `lost`: its answer does not come."""

    readable = False
    lost = True

    def deliver(self, files: Any) -> None:
        super().deliver(files)
        if self.lost:
            raise Uncertain("The answer was lost.")


def post(browser: Client, there: DocumentsSite, path: str, **form: str) -> Any:
    return browser.post(f"/c/{there.connection.id}/documents/{path}", form, follow=True)


def own_addresses() -> dict[str, URLPattern]:
    return {name: one for name, one in patterns().items() if "/documents/" in str(one.pattern)}


def ids(there: DocumentsSite) -> dict[str, Any]:
    return {"connection": there.connection.id, "number": 1, "name": ROWS}


def test_an_export_is_a_document_with_files_and_vouchers(there: DocumentsSite) -> None:
    assert "No documents yet" in there.page("documents/")
    there.export()
    listed = there.page("documents/")
    assert f'<a href="/c/{there.connection.id}/documents/1/">Document 1</a>' in listed
    assert ">delivered</span>" in listed
    page = there.page("documents/1/")
    row = there.store.document(there.connection.id, 1)
    assert row
    assert len(row.files) >= 2
    for file in row.files:
        assert f"SHA-256 {file.sha256}" in page
    reference = next(iter(there.store.vouchers(there.connection.id, 1))).booking.reference
    assert f'/items/{reference}/">{reference}</a>' in page
    assert "1,234.50" in page
    booking = there.page(f"items/{reference}/")
    assert re.search(r'/documents/1/">document 1</a>, voucher A 1', booking)
    assert ">in a document</span>" in there.page(f"jobs/{row.job_id}/")
    assert "in a document" in there.page(f"items/{reference}/books/")


def test_files_are_fetched_as_they_were_sealed_and_never_shown(there: DocumentsSite) -> None:
    there.export()
    row = there.store.document(there.connection.id, 1)
    assert row
    for file in row.files:
        answer = there.browser.get(f"/c/{there.connection.id}/documents/1/files/{file.name}")
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        assert hashlib.sha256(content).hexdigest() == file.sha256
        assert answer["Content-Disposition"].startswith("attachment; filename=")
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert int(answer["Content-Length"]) == len(content)
    whole = [b"".join(there.browser.get(f"/c/{there.connection.id}/documents/1/all/").streaming_content) for _ in "12"]  # type: ignore[attr-defined]
    assert whole[0] == whole[1]
    with zipfile.ZipFile(io.BytesIO(whole[0])) as archive:
        found = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    assert found == {file.name: file.sha256 for file in row.files}


@pytest.mark.parametrize("name", ["other.jsonl", "../kontobro.sqlite3", f"{ROWS}/"])
def test_no_other_name_is_fetched(there: DocumentsSite, name: str) -> None:
    there.export()
    assert there.browser.get(f"/c/{there.connection.id}/documents/1/files/{name}").status_code == 404


@pytest.mark.parametrize("number", ["2", "0", "99999999999999999999999"])
def test_a_document_that_is_not_there_is_not_found(there: DocumentsSite, owner: Client, number: str) -> None:
    there.export()
    for path in ("", "all/", f"files/{ROWS}", "release/"):
        assert owner.get(f"/c/{there.connection.id}/documents/{number}/{path}").status_code == 404
    for path in ("imported/", "deliver/", "delivered/", "release/"):
        assert post(owner, there, f"{number}/{path}").status_code == 404


def test_a_connection_without_documents_has_none_of_it(connected: Any) -> None:
    connected.export()
    assert "Documents</a>" not in connected.page("")
    browser = connected.site.browser(connected.site.member(connected.organisation, "owner"))
    facts = {"connection": connected.connection.id, "number": 1, "name": ROWS}
    for pattern in own_addresses().values():
        for method in ("get", "post"):
            assert getattr(browser, method)(path_of(pattern, facts), follow=True).status_code in (404, 405)


def test_others_see_and_change_nothing(there: DocumentsSite) -> None:
    """Strangers are told 404; each role less than what it takes, 403."""
    there.export()
    strangers = there.site.browser(there.site.member(there.site.organisation("Strangers"), "owner"))
    reader = there.site.browser(there.site.member(there.organisation, "readonly"))
    assert len(own_addresses()) == 15
    for name, pattern in own_addresses().items():
        path = path_of(pattern, ids(there))
        for method in ("get", "post"):
            answer = getattr(strangers, method)(path, follow=True)
            assert answer.status_code in (404, 405), name
        answer = reader.post(path)
        assert answer.status_code in (403, 405), name
    for name in ("release_document", "documents_last"):
        path = path_of(own_addresses()[name], ids(there))
        assert there.browser.post(path).status_code == there.browser.get(path).status_code == 403
    assert there.state() == "delivered"
    assert not AuditEvent.objects.exclude(action="document downloaded").exists()


def test_imported_is_marked_and_taken_back(there: DocumentsSite) -> None:
    there.export()
    assert "Mark as imported" in there.page("documents/1/")
    assert "is marked as imported" in post(there.browser, there, "1/imported/").text
    row = there.store.document(there.connection.id, 1)
    assert row
    assert row.imported_at
    assert "is no longer marked as imported" in post(there.browser, there, "1/imported/", undo="1").text
    actions = list(AuditEvent.objects.order_by("at").values_list("action", "detail"))
    assert actions == [("document marked as imported", "document 1"), ("import mark removed", "document 1")]


def test_what_waits_is_told_and_delivered(there: DocumentsSite, owner: Client) -> None:
    there.folder.away = True
    there.export()
    assert there.state() == "sealed"
    assert "1 document is sealed and not delivered yet" in there.page("documents/")
    overview = owner.get(f"/o/{there.organisation.id}/").text
    assert "Documents are sealed and not delivered yet</a> (1)" in overview
    answer = post(there.browser, there, "deliver/")
    assert (answer.status_code, "The folder can&#x27;t be reached" in answer.text) == (503, True)
    there.folder.away = False
    assert "Delivered: document 1." in post(there.browser, there, "deliver/").text
    assert there.state() == "delivered"
    assert "No document is waiting" in post(there.browser, there, "deliver/").text


def test_one_that_may_have_been_sent_waits_for_a_person(there: DocumentsSite, tmp_path: Path) -> None:
    mail = Mail(tmp_path / "mail")
    there.deliver_to(mail)
    there.export()
    assert "may have been sent" in there.page("documents/")
    assert post(there.browser, there, "1/deliver/").status_code == 400
    assert there.state() == "unsure"
    mail.lost = False
    assert "is delivered" in post(there.browser, there, "1/deliver/", again="1").text
    assert there.state() == "delivered"
    assert post(there.browser, there, "1/delivered/").status_code == 400


def test_one_that_arrived_is_marked_as_delivered(there: DocumentsSite, tmp_path: Path) -> None:
    there.deliver_to(Mail(tmp_path / "mail"))
    there.export()
    assert "is marked as delivered" in post(there.browser, there, "1/delivered/").text
    assert there.state() == "delivered"


def test_a_release_asks_for_number_and_reason_and_withdraws(there: DocumentsSite, owner: Client) -> None:
    there.export()
    assert "Release…" not in there.page("documents/1/")
    assert "Type the document's number, 1" in owner.get(f"/c/{there.connection.id}/documents/1/release/").text
    wrong = post(owner, there, "1/release/", number="2", reason="unknown account")
    assert (wrong.status_code, "does not match" in wrong.text) == (400, True)
    assert post(owner, there, "1/release/", number="1", reason=" ").status_code == 400
    assert there.state() == "delivered"
    done = post(owner, there, "1/release/", number="1", reason="unknown account 4711")
    assert "Its voucher numbers are void" in done.text
    assert "Reason: unknown account 4711" in done.text
    assert ">void</span>" in done.text
    assert list(there.folder.names()) == []
    (event,) = AuditEvent.objects.all()
    assert (event.action, event.detail) == ("document released", "document 1, withdrawn: unknown account 4711")
    reference = next(iter(there.store.vouchers(there.connection.id, 1))).booking.reference
    assert "the document was released, the number is void" in there.page(f"items/{reference}/")
    assert "· void" in there.page(f"items/{reference}/books/")


def test_what_is_gone_needs_a_second_confirmation(there: DocumentsSite, owner: Client) -> None:
    there.export()
    (there.folder.folder / ROWS).unlink()
    before = sorted(there.folder.names())
    asked = post(owner, there, "1/release/", number="1", reason="rejected")
    assert (asked.status_code, "It can't be withdrawn" in asked.text, 'name="gone"' in asked.text) == (409, True, True)
    assert there.state() == "delivered"
    assert sorted(there.folder.names()) == before  # the rest is where it was, as long as no one has confirmed
    post(owner, there, "1/release/", number="1", reason="rejected", gone="1")
    assert there.state() == "released"
    assert AuditEvent.objects.get(action="document released").detail == "document 1, not withdrawn: rejected"


def test_what_is_imported_after_its_release_is_a_conflict(there: DocumentsSite, owner: Client) -> None:
    there.export()
    post(owner, there, "1/release/", number="1", reason="rejected")
    post(there.browser, there, "1/imported/")
    assert "was released, and then marked as imported" in there.page("documents/")
    post(there.browser, there, "1/imported/", undo="1")
    assert "was released, and then" not in there.page("documents/")


def test_lost_history_is_confirmed_by_an_owner(there: DocumentsSite, owner: Client) -> None:
    there.export()
    there.deliver_to(None)
    there.lose_documents()
    assert "The history of documents is not complete" in there.page("documents/")
    form = owner.get(f"/c/{there.connection.id}/documents/last/").text
    assert 'name="number" value="1"' in form
    assert "A/2026=1" in form
    for number, vouchers in (
        ("", ""),
        ("1", "A2026"),
        ("999999999", "A/2026=1"),
        ("x", ""),
        ("1", "A/2026=99999999999"),
    ):
        assert post(owner, there, "last/", number=number, vouchers=vouchers).status_code == 400
    assert there.store.last_numbers(there.connection.id).document == 0
    assert "The next document is number 2." in post(owner, there, "last/", number="1", vouchers="A/2026=1\n").text
    assert there.store.last_numbers(there.connection.id).vouchers == {("A", "2026"): 1}
    assert AuditEvent.objects.get(action="last document confirmed").detail == "document 1; A/2026=1"
    page = there.page("documents/1/")
    assert "an owner confirmed its number" in page


def test_where_nothing_is_lost_numbers_are_skipped_only_by_who_was_told_which(
    there: DocumentsSite, owner: Client
) -> None:
    there.export()
    assert "No document is missing" in owner.get(f"/c/{there.connection.id}/documents/last/").text
    same = post(owner, there, "last/", number="1", vouchers="A/2026=1")
    assert (same.status_code, "There is nothing to confirm." in same.text) == (400, True)
    asked = post(owner, there, "last/", number="3", vouchers="A/2026=9")
    assert (asked.status_code, 'name="sure"' in asked.text) == (409, True)
    assert "never given then: documents 2 to 3, vouchers A 2 to 9 (2026)." in asked.text
    assert there.store.last_numbers(there.connection.id).document == 1
    post(owner, there, "last/", number="3", vouchers="A/2026=9", sure="1")
    assert there.store.last_numbers(there.connection.id).document == 3
    assert "although nothing was missing" in AuditEvent.objects.get(action="last document confirmed").detail


def test_the_connections_test_says_where_documents_go_and_what_waits(there: DocumentsSite) -> None:
    there.folder.away = True
    there.export()
    page = there.browser.post(f"/c/{there.connection.id}/test/").text
    assert "The folder can&#x27;t be reached." in page
    assert "document 1: sealed and not delivered yet." in page
    assert "document 1 is the last; last vouchers: A 1 (2026)" in page
    there.lose_documents()
    page = there.browser.post(f"/c/{there.connection.id}/test/").text
    assert "Document 1 was sealed, but none is known here." in page


def test_the_tie_out_is_over_sealed_documents_and_sees_a_release(there: DocumentsSite, owner: Client) -> None:
    there.export()
    period = "first=2026-10-01&last=2026-10-31"
    before = there.page(f"tie-out/compared/?{period}")
    assert "1,234.50" in before
    assert "These are the sealed documents." in before
    assert "voided" not in before
    post(owner, there, "1/release/", number="1", reason="rejected")
    after = there.page(f"tie-out/compared/?{period}")
    assert "<strong>voided</strong>" in after


def test_a_preview_shows_entries_and_seals_nothing(there: DocumentsSite) -> None:
    page = there.page(f"jobs/{there.job.id}/preview/")
    assert "would be booked" in page
    assert "1,234.50" in page
    assert there.store.last_numbers(there.connection.id).document == 0


def test_an_erasure_says_which_documents_name_the_person_still(there: DocumentsSite, owner: Client) -> None:
    there.export()
    raw = there.site.app.store.payloads(there.connection.id, [there.site.app.store.bookings("desk")[0].reference])
    who = json.loads(next(iter(raw.values())))["user"]["id"]
    base = f"/c/{there.connection.id}/privacy"
    assert "Documents that contain these expenses: 1." in owner.post(f"{base}/find/", {"who": who}).text
    before = there.folder.folder.joinpath(ROWS).read_bytes()
    page = owner.post(f"{base}/erase/", {"who": who}, follow=True).text
    assert "Sealed documents are not changed; they name the person still: 1." in page
    assert there.folder.folder.joinpath(ROWS).read_bytes() == before


def test_what_waits_is_delivered_in_the_background_and_marks_are_taken(there: DocumentsSite) -> None:
    there.folder.away = True
    there.export()
    waiting = look_after_documents(there.site.app, there.connection)
    assert waiting
    assert [row.number for row in waiting.undelivered] == [1]
    there.folder.away = False
    assert not look_after_documents(there.site.app, there.connection)
    assert there.state() == "delivered"
    (there.folder.folder / "kontobro-00001.imported").touch()
    look_after_documents(there.site.app, there.connection)
    row = there.store.document(there.connection.id, 1)
    assert row
    assert row.imported_at


def test_a_person_is_told_once_of_what_may_have_been_sent(there: DocumentsSite, tmp_path: Path) -> None:
    there.deliver_to(Mail(tmp_path / "mail"))
    there.export()
    waiting = look_after_documents(there.site.app, there.connection)
    assert waiting
    (notice,) = notices_of(there.connection, [waiting], None)
    assert (notice.cause, notice.path) == ("document_unsure", f"/c/{there.connection.id}/documents/1/")
    told: list[str] = []

    class Ear:
        def tell(self, notice: Notice, now: datetime) -> bool:
            told.append(notice.key)
            return True

    for days in (0, 1, 40):
        tell_once(notice, [Ear()], Outbox(config(), there.site.app), there.site.app.clock.now() + timedelta(days=days))
    assert told == ["document_unsure document 1"]


def test_late_imports_are_told_together_and_again_when_one_joins(there: DocumentsSite) -> None:
    there.export()
    row = there.store.document(there.connection.id, 1)
    assert row
    assert row.delivered_at
    assert not waiting_of(there.connection.id, there.store, row.delivered_at + timedelta(days=4))
    waiting = waiting_of(there.connection.id, there.store, row.delivered_at + timedelta(days=5))
    (notice,) = notices_of(there.connection, [waiting], None)
    assert (notice.key, notice.count) == ("documents_late document 1", 1)
    assert notice.since == row.delivered_at
    there.store.mark_imported(there.connection.id, 1, row.delivered_at + timedelta(days=5))
    assert not waiting_of(there.connection.id, there.store, row.delivered_at + timedelta(days=9))


def test_bytes_are_kept_until_imported_and_the_retention_is_over(there: DocumentsSite) -> None:
    there.export()
    now = there.site.app.clock.now()
    days = timedelta(days=there.connection.settings.retention_days + 1)
    there.store.forget_bytes(there.connection.id, now + days)
    kept = there.browser.get(f"/c/{there.connection.id}/documents/1/all/")
    assert kept.status_code == 200
    kept.close()
    there.store.mark_imported(there.connection.id, 1, now - days)
    sandbox, company = there.connected.sandbox, there.connected.company_id
    sandbox.queue(company, None)
    sandbox.press_export(company, None, vendor_based=True)
    there.export()  # whatever it finds: its end forgets what is old
    page = there.page("documents/1/")
    assert "The files are no longer kept here" in page
    assert there.browser.get(f"/c/{there.connection.id}/documents/1/all/").status_code == 400


def test_vouchers_are_read_from_any_place_of_a_document(there: DocumentsSite) -> None:
    there.export()
    whole = list(there.store.vouchers(there.connection.id, 1))
    for start in range(len(whole) + 2):
        assert list(there.store.vouchers(there.connection.id, 1, start)) == whole[start:]


def test_a_mails_link_leads_to_the_document(there: DocumentsSite) -> None:
    mailer = mailer_of(config(), there.connection)
    assert mailer.link("kontobro-00007.manifest.json").endswith(f"/c/{there.connection.id}/documents/7/")
    assert mailer.link("rows.csv").endswith(f"/c/{there.connection.id}/documents/")
