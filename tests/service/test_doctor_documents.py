"""What the doctor says of documents: what waits for a person, of all connections, without reaching any place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kontobro.bootstrap import DATABASE, App, open_app
from kontobro.core.documents import LastNumbers, NewDocument
from kontobro.core.ports import DocumentFile, DocumentStore
from kontobro.export.documents.memory import remember
from kontobro.health.data_folder import examine_data_folder
from kontobro.health.documents import examine_documents
from tests.support.empty_store import put_empty_store
from tests.support.scripted_pleo import a_connection

NOW = datetime.now(UTC)
ELSEWHERE = "22222222-2222-4222-8222-222222222222"
PAPERS = replace(
    a_connection(), id="papers", name="Papers", company_id=ELSEWHERE, erp="sie", erp_options={"company_name": "Fjord"}
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    put_empty_store(tmp_path / DATABASE)
    with closing(open_app(tmp_path)) as opened:
        opened.store.save_connection(a_connection())
        opened.store.save_connection(PAPERS)
        yield opened


def documents_of(app: App) -> DocumentStore:
    store = app.document_store_for(PAPERS)
    assert store
    return store


def seal(app: App, number: int, *moves: str, at: datetime = NOW) -> None:
    store = documents_of(app)
    day = date(2026, 11, 28)
    new = NewDocument(number=number, group="2026-11", moment=NOW, first=day, last=day, vouchers=0)
    store.begin_documents(PAPERS.id, "job", [new])
    store.keep_file(PAPERS.id, number, DocumentFile(name=f"{number}.si", media_type="text/plain", content=[b"x"]))
    store.seal_documents(PAPERS.id, [number], [])
    for state in moves:
        store.note_delivery(PAPERS.id, number, state, at)  # type: ignore[arg-type]


def said(app: App) -> list[tuple[str, str]]:
    found = [each for each in examine_data_folder(app) if each.subject == "documents"]
    assert all(each.remedy for each in found if each.verdict != "ok")
    return [(each.verdict, each.message) for each in found]


def test_nothing_waits(app: App) -> None:
    expected = ("ok", "No document waits for a person; connections with documents: 1.")
    assert said(app) == [expected]
    seal(app, 1, "delivering", "delivered")
    assert said(app) == [expected]


def test_what_waits_is_said_with_its_connection(app: App) -> None:
    seal(app, 1, "delivering", "delivered", at=NOW - timedelta(days=9))
    seal(app, 2, "delivering", "unsure")
    seal(app, 3)
    assert said(app) == [
        ("warn", "Papers: document 2: may have been sent."),
        ("warn", "Papers: document 3: sealed and not delivered yet."),
        ("warn", "Papers: document 1: delivered and not marked as imported."),
    ]


def test_a_conflict_and_lost_memory_are_errors(app: App) -> None:
    seal(app, 1, "delivering", "delivered")
    documents_of(app).release(PAPERS.id, 1, "rejected", NOW)
    documents_of(app).mark_imported(PAPERS.id, 1, NOW)
    remember(PAPERS, app.store, LastNumbers(7))
    assert said(app) == [
        ("bad", "Papers: Document 7 was sealed, but 1 is the last one known here."),
        ("bad", "Papers: document 1: released, and then marked as imported. Exports stop."),
    ]


def test_the_check_of_a_connection_misses_a_manifest(app: App, tmp_path: Path) -> None:
    """Of what is not imported yet: lost memory is built again from manifests."""
    folder = tmp_path / "delivered"
    folder.mkdir()
    connection = replace(PAPERS, erp_options={**PAPERS.erp_options, "deliver_to": str(folder)})
    app.store.save_connection(connection)
    for number in (1, 2):
        seal(app, number, "delivering", "delivered")
    (folder / "kontobro-00001.manifest.json").write_text("{}")
    messages = [each.message for each in examine_documents(connection, app)]
    assert "document 2: the manifest is not beside the delivered files." in messages
    (folder / "kontobro-00002.manifest.json").write_text("{}")
    assert not any("manifest" in each.message for each in examine_documents(connection, app))
