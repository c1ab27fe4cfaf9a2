"""A connected company whose accounting system imports files: the plain target, registered as by another package."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from kontobro.bootstrap import App
from kontobro.core.model.connection import Connection
from kontobro.core.ports import Delivery, DocumentStore
from kontobro.export.job.run import DocumentPorts
from kontobro.web.process import process
from tests.support.outside import installed, write_package
from tests.support.plain_documents import PACKAGE, PlainFolder
from tests.support.site import Site
from tests.web.connected_site import ConnectedSite, a_connected_site


class DeliveringApp(App):
    """An application that delivers where a test says."""

    @property
    def place(self) -> Delivery | None:
        return _places[self.path]

    def documents_for(self, connection: Connection) -> DocumentPorts | None:
        found = super().documents_for(connection)
        return replace(found, delivery=_places[self.path]) if found else None


_places: dict[Path, Delivery | None] = {}


@dataclass
class DocumentsSite(ConnectedSite):
    """`folder`: where documents are delivered to."""

    folder: PlainFolder

    def deliver_to(self, place: Delivery | None) -> None:
        _places[self.site.app.path] = place

    @cached_property
    def store(self) -> DocumentStore:
        found = self.site.app.document_store_for(self.connection)
        assert found
        return found

    def lose_documents(self) -> None:
        """The tables of documents are empty; what is kept beside them stays."""
        with sqlite3.connect(self.connected.database) as database:
            for table in ("documentpiece", "documentfile", "voucher", "series", "document"):
                database.execute(f"DELETE FROM kontobro_{table}")
        database.close()

    def state(self, number: int = 1) -> str:
        row = self.store.document(self.connection.id, number)
        assert row
        return row.state


@contextmanager
def a_documents_site(site: Site, folder: Path) -> Iterator[DocumentsSite]:
    """The company of `a_connected_site`, its connection changed to the plain target."""
    write_package(folder / "package", "plainfiles", "plainfiles = kontobro_plainfiles:CONNECTOR", PACKAGE)
    place = PlainFolder(folder / "delivered")
    with installed(folder / "package"), a_connected_site(site) as connected:
        _places[site.app.path] = place
        site.app = DeliveringApp(site.app.path, site.app.store, site.app.clock)
        process.use(site.app, site.runner)
        at_once = replace(connected.connection.settings, patience_minutes=0)  # the clock here is the real one
        connection = replace(connected.connection, erp="plainfiles", settings=at_once)
        site.app.store.save_connection(connection)
        yield DocumentsSite(
            site, connected.connected, connected.organisation, connection, connected.browser, folder=place
        )
        del _places[site.app.path]
