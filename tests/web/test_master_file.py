"""Which file of master data was read: on the connection's page, and beside the plans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kontobro.core.level import KINDS_OF
from kontobro.core.master_files import MastersRead
from tests.support.site import Site
from tests.web.connected_site import ConnectedSite
from tests.web.documents_site import DocumentsSite, a_documents_site

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
SAID = "had 412 accounts, now 1."


@pytest.fixture
def there(site: Site, tmp_path: Path) -> Iterator[DocumentsSite]:
    with a_documents_site(site, tmp_path) as opened:
        settings = replace(opened.connection.settings, sync=KINDS_OF[4])
        opened.connection = replace(opened.connection, settings=settings)
        site.app.store.save_connection(opened.connection)
        yield opened


def reads(there: DocumentsSite, accounts: int, hours: int = 0) -> None:
    read = MastersRead("kontenplan.csv", f"{accounts:064x}", (("accounts", accounts), ("vendors", 31)))
    there.store.note_masters(there.connection.id, read, NOON + timedelta(hours=hours))


def test_the_file_its_date_and_its_counts_are_shown(there: DocumentsSite) -> None:
    for path in ("", "master-data/"):
        assert "Master data from" not in there.page(path)
    reads(there, 1)
    for path in ("", "master-data/"):
        page = " ".join(there.page(path).split())
        assert 'Master data from kontenplan.csv, read <time datetime="2026-11-28T12:00:00+00:00"' in page
        assert "</time>: 1 account, 31 vendors</p>" in page


def test_a_plan_says_how_the_file_changed_until_a_sync_is_in_step(there: DocumentsSite) -> None:
    store, id = there.site.app.store, there.connection.id
    reads(there, 412)
    store.note_sync(id, "accounts", "in_step", "d", NOON + timedelta(hours=1))
    assert "since the last sync" not in there.page("master-data/accounts/")
    reads(there, 1, hours=2)
    page = " ".join(there.page("master-data/accounts/").split())
    assert f"kontenplan.csv changed since the last sync: it {SAID}" in page
    assert "since the last sync" not in there.page("master-data/vendors/"), "as many as before"
    store.note_sync(id, "accounts", "in_step", "d", NOON + timedelta(hours=3))
    assert "since the last sync" not in there.page("master-data/accounts/")


def test_a_system_that_is_spoken_with_has_no_file(connected: ConnectedSite) -> None:
    assert "Master data from" not in connected.page("")
