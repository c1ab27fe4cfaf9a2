"""The pages of documents at their edges: many, long names, and a conflict with its way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.support.sealed_documents import seal_documents
from tests.support.site import Site
from tests.web.documents_site import DocumentsSite, a_documents_site


@pytest.fixture
def there(site: Site, tmp_path: Path) -> Iterator[DocumentsSite]:
    with a_documents_site(site, tmp_path) as opened:
        yield opened


@pytest.fixture
def owner(there: DocumentsSite) -> Client:
    return there.site.browser(there.site.member(there.organisation, "owner"))


def post(browser: Client, there: DocumentsSite, path: str, **form: str) -> Any:
    return browser.post(f"/c/{there.connection.id}/documents/{path}", form, follow=True)


def test_three_hundred_documents_are_on_three_pages(there: DocumentsSite) -> None:
    seal_documents(there.store, there.connection.id, range(1, 301))
    first, last = there.page("documents/"), there.page("documents/?page=3")
    assert "300 documents are sealed and not delivered yet." in first
    assert [first.count('<th scope="row">'), last.count('<th scope="row">')] == [100, 100]
    assert [f"?page={number}" in first for number in (2, 3, 4)] == [True, True, False]
    assert current_page(first) == 1
    assert ">Document 300</a>" in first
    assert ">Document 1</a>" in last
    assert ">Document 100</a>" in last
    assert current_page(there.page("documents/?page=99")) == 3
    assert current_page(there.page("documents/?page=x")) == 1


def current_page(text: str) -> int:
    """The number of the page that the pager says one is on."""
    (number,) = re.findall(r'aria-current="page"><span class="page-link">.*?</span>(\d+)</span>', text)
    return int(number)


def test_a_document_of_three_hundred_vouchers_is_paged(there: DocumentsSite) -> None:
    seal_documents(there.store, there.connection.id, vouchers=300)
    assert current_page(there.page("documents/1/?page=2")) == 2
    assert "entry-300" in there.page("documents/1/?page=3")
    assert "entry-300" not in there.page("documents/1/")


def test_names_of_three_hundred_letters_stay_whole(there: DocumentsSite) -> None:
    """Of a file, of the company at Pleo, of its books; nothing is cut, and each may break."""
    name = "Å" * 300
    there.site.app.store.save_connection(replace(there.connection, company_name=name, erp_company_name=name))
    seal_documents(there.store, there.connection.id, name="n" * 300)
    page = there.page("documents/1/")
    assert page.count(name) == 4
    assert f'<td class="text-break"><a href="/c/{there.connection.id}/documents/1/files/{"n" * 300}1.csv">' in page
    answer = there.browser.get(f"/c/{there.connection.id}/documents/1/files/{'n' * 300}1.csv")
    assert b"".join(answer.streaming_content) == b"rows"  # type: ignore[attr-defined]
    assert name in there.page("documents/")


def test_a_conflict_stops_exports_and_says_its_way_out(there: DocumentsSite, owner: Client) -> None:
    there.export()
    post(owner, there, "1/release/", number="1", reason="rejected")
    marked = post(there.browser, there, "1/imported/").text
    assert "It was released, so exports stop until this is resolved." in marked
    there.connected.sandbox.queue(there.connected.company_id, None)
    there.connected.sandbox.press_export(there.connected.company_id, None, vendor_based=True)
    job = there.export()
    failed = there.page(f"jobs/{job}/")
    assert "Document 1 was released, and then marked as imported: its expenses may be booked twice." in failed
    assert "then remove the import mark of the document" in failed
    assert "kontobro documents" not in failed
    assert 'name="undo" value="1">Remove the import mark</button>' in there.page("documents/1/")
    assert "If it was never imported, remove the import mark" in there.page("documents/1/")
