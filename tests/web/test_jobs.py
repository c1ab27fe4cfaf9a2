"""Overview, jobs, items, problems: with a real export of a demo company into a real ledger."""

from __future__ import annotations

from dataclasses import replace

from django.utils.html import escape

from kontobro.core.model.history import Move
from kontobro.core.ports.runner import Work
from kontobro.web.models import AuditEvent
from tests.support.site import Site
from tests.web.connected_site import ConnectedSite


def test_the_first_page_says_how_to_begin(site: Site) -> None:
    organisation = site.organisation()
    page = site.browser(site.member(organisation)).get(f"/o/{organisation.id}/").text
    assert "No company is connected yet" in page


def test_the_overview_counts_what_was_booked_and_what_waits(connected: ConnectedSite) -> None:
    connected.export()
    page = connected.browser.get(f"/o/{connected.organisation.id}/").text
    assert "Booked in the last 30 days" in page
    assert page.count('<div class="h1 mb-0">1</div>') == 2
    assert "completed; some expenses need attention" in page


def test_a_preview_shows_the_entries_and_claims_nothing(connected: ConnectedSite) -> None:
    job = connected.job
    page = connected.page(f"jobs/{job.id}/preview/")
    assert "1,234.50 DKK" in page
    assert "1</strong> expense could not" in page
    assert connected.job.status == "pending"
    assert connected.site.runner.asked == []


def test_what_waits_at_pleo_can_be_exported(connected: ConnectedSite) -> None:
    job = connected.job
    assert f'value="{job.id}"' in connected.page("jobs/waiting/")
    answer = connected.browser.post(f"/c/{connected.connection.id}/export/", {"job": job.id})
    assert answer.status_code == 302
    assert connected.site.runner.asked == [("export", connected.connection.id, job.id, False)]
    assert AuditEvent.objects.get().action == "export requested"


def test_a_job_of_another_installation_can_be_taken_over_one_at_a_time(connected: ConnectedSite) -> None:
    job = connected.job
    with connected.site.app.visit() as app:
        app.pleo_for(connected.connection).start(job.id)
    assert 'name="take_over"' in connected.page("jobs/waiting/")
    path = f"/c/{connected.connection.id}/export/"
    connected.browser.post(path, {"job": job.id, "take_over": "1"})
    connected.browser.post(path, {"take_over": "1"})
    assert [asked[2:] for asked in connected.site.runner.asked] == [(job.id, True), (None, False)]
    assert AuditEvent.objects.order_by("id")[0].action == "take-over requested"


def test_a_job_s_page_tells_each_item_and_what_to_do(connected: ConnectedSite) -> None:
    job = connected.export()
    page = connected.page(f"jobs/{job}/")
    assert "1,234.50 DKK" in page
    assert "9999" in page
    assert "What to do:" in page
    only = connected.page(f"jobs/{job}/?state=failed")
    assert "49.95 DKK" in only
    assert "1,234.50 DKK" not in only


def test_progress_is_asked_for_while_a_job_runs_and_ends_with_it(connected: ConnectedSite) -> None:
    job = connected.job
    connected.site.runner.listed.append(
        Work(
            id="w", kind="export", connection_id=connected.connection.id, state="waiting", asked_at=connected.site.now()
        )
    )
    path = f"/c/{connected.connection.id}/jobs/{job.id}/progress/"
    before = connected.browser.get(path)
    assert 'hx-trigger="every 1s"' in before.text
    assert "not started yet" in before.text
    assert "not started yet" in connected.page(f"jobs/{job.id}/")
    connected.export()
    after = connected.browser.get(path)
    assert after["HX-Refresh"] == "true"
    assert "hx-trigger" not in after.text
    assert "<strong>1</strong> entry booked" in after.text


def test_an_item_shows_what_stands_in_the_books_now(connected: ConnectedSite) -> None:
    connected.export()
    booked = next(row for row in connected.site.app.store.bookings(connected.connection.id) if not row.problems)
    page = connected.page(f"items/{booked.reference}/")
    assert "History" in page
    books = connected.page(f"items/{booked.reference}/books/")
    assert "1,234.50 DKK" in books
    assert "No entry with this reference" not in books


def test_the_notes_of_an_expense_are_on_its_page_and_on_the_jobs(connected: ConnectedSite) -> None:
    job = connected.export()
    store, here = connected.site.app.store, connected.connection.id
    booked = next(row for row in store.bookings(here) if not row.problems)
    note = "The same invoice is already booked as <b>7</b>."
    store.move(here, [Move(reference=booked.reference, to=booked.state, notes=(note,))], connected.site.now())
    for path in (f"items/{booked.reference}/", f"jobs/{job}/"):
        assert escape(note) in connected.page(path), path


def test_a_mended_item_is_seen_by_checking_again(connected: ConnectedSite) -> None:
    connected.export()
    failed = next(row for row in connected.site.app.store.bookings(connected.connection.id) if row.problems)
    path = f"items/{failed.reference}/again/"
    assert "9999" in connected.page(path)
    ledger = connected.connected.ledger
    ledger.write_text(ledger.read_text() + '\n2020-01-01 open Expenses:Mended DKK\n  code: "9999"\n')
    page = connected.page(path)
    assert "It would be booked now" in page
    assert "49.95 DKK" in page


def test_problems_are_grouped_by_cause_with_one_place_to_mend(connected: ConnectedSite) -> None:
    connected.export()
    page = connected.browser.get(f"/o/{connected.organisation.id}/problems/").text
    assert "<strong>1</strong> cause" in page
    failed = next(row for row in connected.site.app.store.bookings(connected.connection.id) if row.problems)
    assert f'<a href="/c/{connected.connection.id}/items/{failed.reference}/"> {escape(failed.payee)}</a>' in page
    assert "What to do:" in page
    assert "nothing needs your attention" not in page


def test_a_connection_that_lost_its_login_says_so_before_anything_is_asked(connected: ConnectedSite) -> None:
    connected.site.app.store.save_connection(replace(connected.connection, status="reconnect"))
    answer = connected.browser.post(f"/c/{connected.connection.id}/export/", {})
    assert answer.status_code == 400
    assert "Connect again" in answer.text
    assert connected.site.runner.asked == []


def test_a_reader_may_not_export(connected: ConnectedSite) -> None:
    reader = connected.site.browser(connected.site.member(connected.organisation, "readonly"))
    assert reader.post(f"/c/{connected.connection.id}/export/", {}).status_code == 403
    assert "Export now</button>" not in reader.get(f"/c/{connected.connection.id}/jobs/").text
    assert connected.site.runner.asked == []


def test_a_job_that_nobody_knows_is_not_found(connected: ConnectedSite) -> None:
    assert connected.browser.get(f"/c/{connected.connection.id}/jobs/nothing/").status_code == 404
    assert connected.browser.get(f"/c/{connected.connection.id}/items/nothing/").status_code == 404
