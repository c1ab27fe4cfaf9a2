"""The pages of documents in a real browser: an export, a rejected document, a template of one's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from kontobro.cli.demo.documents import write_masters
from tests.browser.journey import Journey
from tests.browser.started_service import start_service
from tests.browser.visitor import SOON
from tests.support.chromium import open_window
from tests.support.page_watch import tab_to

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]  # a busy machine is slow in a browser

REFUSED = re.compile(r"/(release|last|save)/: .*(400 \(Bad Request\)|409 \(Conflict\))$")
"""What the browser itself notes of a form that was answered with a question."""


def test_documents_are_marked_released_and_written_by_a_template(chromium: Browser, tmp_path: Path) -> None:
    with start_service(tmp_path) as service, open_window(chromium, *service.urls) as (window, watch):
        way = Journey(window.new_page(), service)
        connect(way, tmp_path)
        way.stop = watch.examine  # the pages before are examined by the walk that is about them
        there_is_none_yet(way)
        an_export_is_a_document(way)
        it_is_marked_and_unmarked(way)
        it_is_released_although_it_is_gone(way, tmp_path / "documents")
        a_mark_after_the_release_is_a_conflict(way)
        numbers_are_skipped_only_when_confirmed(way)
        a_template_is_written_saved_and_taken_back(way)
        unforeseen = [fault for fault in watch.faults if not REFUSED.search(fault)]
        assert not unforeseen, "\n".join(unforeseen)
        assert "Traceback" not in service.logs()


def connect(way: Journey, folder: Path) -> None:
    masters, documents = folder / "masters.toml", folder / "documents"
    write_masters(way.started.ledger, masters)
    documents.mkdir()
    way.first_visit()
    way.press_connect()
    way.sign_up()
    way.begin()
    way.consent()
    way.page.get_by_role("radio", name="CSV files").check()
    way.press("Continue")
    way.heading("Access to CSV files")
    way.page.get_by_label("File of master data").fill(str(masters))
    way.page.get_by_label("Where documents are delivered").fill(str(documents))
    way.press("Test and continue")
    way.heading("Settings suggested from your chart of accounts")
    way.accept()


def there_is_none_yet(way: Journey) -> None:
    way.here("Documents")
    way.says("No documents yet")
    way.stop(way.page, "documents-none")


def an_export_is_a_document(way: Journey) -> None:
    job = way.export()
    way.here("Exports")
    way.page.locator(f"a[href$='/jobs/{job}/']").first.click(timeout=SOON)
    way.await_job(job)
    way.here("Documents")
    way.stop(way.page, "documents")
    assert tab_to(way.page, "Document 1")
    way.page.keyboard.press("Enter")
    way.heading(re.compile("Document 1 delivered"))
    way.stop(way.page, "document")


def it_is_marked_and_unmarked(way: Journey) -> None:
    """By keys alone."""
    assert tab_to(way.page, "Mark as imported")
    way.page.keyboard.press("Enter")
    way.says("Document 1 is marked as imported.")
    assert tab_to(way.page, "Remove the import mark")
    way.page.keyboard.press("Enter")
    way.says("Document 1 is no longer marked as imported.")


def it_is_released_although_it_is_gone(way: Journey, folder: Path) -> None:
    for file in folder.glob("*.csv"):
        file.unlink()
    assert tab_to(way.page, "Release…", most=400)
    way.page.keyboard.press("Enter")
    way.heading("Release document 1?")
    way.stop(way.page, "release")
    fill_release(way)
    way.says("It can't be withdrawn")
    way.stop(way.page, "release-again")
    way.page.get_by_role("checkbox", name=re.compile("none of its entries is there")).check()
    way.page.get_by_label(re.compile("Type the document's number")).fill("1")
    way.press("Release all the same")
    way.says("Its voucher numbers are void")
    way.stop(way.page, "document-released")


def fill_release(way: Journey) -> None:
    way.page.get_by_label(re.compile("Type the document's number")).fill("1")
    way.page.get_by_label("Reason").fill("unknown account 4711")
    way.press("Release")


def a_mark_after_the_release_is_a_conflict(way: Journey) -> None:
    way.press("It was imported")
    way.says("It was released, so exports stop until this is resolved.")
    way.stop(way.page, "document-conflict")
    way.here("Documents")
    way.stop(way.page, "documents-conflict")
    way.follow("the page of document 1")
    way.press("Remove the import mark")
    way.here("Documents")
    expect(way.page.get_by_text("exports stop")).to_have_count(0)


def numbers_are_skipped_only_when_confirmed(way: Journey) -> None:
    way.page.goto(f"{way.started.service}/c/{way.connection}/documents/last/")
    way.says("No document is missing")
    way.stop(way.page, "last")
    way.page.get_by_label("Number of the last document").fill("3")
    way.press("Confirm")
    way.says("never given then: documents 2 to 3")
    way.stop(way.page, "last-skips")
    way.page.get_by_role("checkbox", name=re.compile("Skip the numbers")).check()
    way.press("Skip these numbers")
    way.says("The next document is number 4.")


def a_template_is_written_saved_and_taken_back(way: Journey) -> None:
    way.follow("Edit the template")
    way.heading("Template")
    way.stop(way.page, "template")
    way.page.get_by_label("Start from").select_option(label="Xero manual journals")
    way.press("Load")
    way.heading("Template")
    text = way.page.get_by_label("Template", exact=True)
    text.fill('name = "Ours"\n[[columns]]\ntitle = "Payer"\nvalue = "{payeee}"\n')
    expect(way.page.locator("#preview")).to_contain_text("payeee", timeout=SOON)
    way.press("Save")
    way.says("The template was not saved")
    way.stop(way.page, "template-refused")
    columns = {"Payer": "payee", "Account": "account_number", "Amount": "amount"}
    parts = (f'[[columns]]\ntitle = "{title}"\nvalue = "{{{value}}}"\n' for title, value in columns.items())
    way.page.get_by_label("Template", exact=True).fill("\n".join(['name = "Ours"', *parts]))
    expect(way.page.locator("#preview").get_by_role("columnheader", name="Payer")).to_be_visible(timeout=SOON)
    assert tab_to(way.page, "Save")
    way.page.keyboard.press("Enter")
    way.says("The template is saved.")
    way.stop(way.page, "template-saved")
    way.press("Restore the previous template")
    expect(way.page.get_by_label("Template", exact=True)).not_to_have_value(re.compile("Payer"))
    way.here("")
    way.says("your own, kept with this connection")
