"""The only place that knows every concrete class: which store, which Pleo client, which connector, which clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from kontobro.core.model.connection import Connection
from kontobro.core.model.export import ExportItem, MalformedItem
from kontobro.core.ports import Clock, Connector, Guards, Store, TokenStore
from kontobro.erp.registry import Registry
from kontobro.net.addresses import ANYWHERE, NetworkPolicy

if TYPE_CHECKING:
    from httpx2 import BaseTransport

    from kontobro.core.dialect import Dialect
    from kontobro.core.ports import Delivery, DocumentStore
    from kontobro.core.ports.delivery import Mailer
    from kontobro.export.job.run import DocumentPorts, Ports
    from kontobro.export.tieout.collect import BookPorts, ReadItem
    from kontobro.pleo import PleoClient
    from kontobro.pleo.documented.news import Counts, Watch
    from kontobro.pleo.http.calls import Paced, Ways
    from kontobro.sync.run import SyncPorts

DATABASE = "kontobro.sqlite3"
ANSWERS = "pleo.toml"
"""Where a data folder keeps what Pleo's documents leave open (`pleo/documented/switches.py`)."""
NEWS = "pleo-news.json"
"""Where it counts what of Pleo's answers is not as documented (`pleo/documented/news.py`)."""

BRIEFLY = timedelta(seconds=2)
"""Enough for a second try, where a connection that was kept open had been closed by Pleo."""


class SystemClock:
    """Real time, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class App:
    """The application, opened: its store and clock, and the way from a connection to its ports."""

    path: Path
    store: Store
    clock: Clock
    paces: Callable[[str], Paced] | None = None
    """The pace of a connection's calls to Pleo, where several processes share one."""
    permit: Callable[[Connection], None] = lambda connection: None
    """Refuses a connection whose connector this process may not open, by raising."""
    opened: ExitStack = field(default_factory=ExitStack, repr=False)
    connectors: Callable[[Connection], Connector] | None = None
    """The way to a connector within this very process: a module inside an ERP brings its own."""
    network: NetworkPolicy = ANYWHERE
    """What connectors may connect to: checked as they connect."""
    registry: Registry = field(default_factory=Registry)
    """The connectors that this process may load."""
    patience: timedelta | None = None
    """How long a call to Pleo is repeated, where others wait for their turn; None: Pleo's own measure."""
    mailers: Callable[[Connection], Mailer] | None = None
    """How a connection's documents are mailed, where there is a mail server."""
    answers: Path | None = None
    """The file with what Pleo's documents leave open, as this installation heeds it (`pleo/documented/switches.py`)."""
    news: Path | None = None
    """The file that counts what of Pleo's answers is not as documented (`pleo/documented/news.py`)."""
    counts: Counts | None = None
    """Where calls to Pleo are counted for metrics."""

    def close(self) -> None:
        """Close the store and every client opened here."""
        self.opened.close()

    def pleo_for(self, connection: Connection, tokens: TokenStore | None = None) -> PleoClient:
        """The connection's Pleo; `tokens` other than the store's while connecting."""
        from kontobro.pleo import open_pleo

        client = open_pleo(connection, tokens or self.store, self.clock, self.ways(connection))
        self.opened.callback(client.close)
        return client

    @contextmanager
    def pleo_over(self, connection: Connection, way: BaseTransport) -> Iterator[PleoClient]:
        """The connection's Pleo for one short call, over a transport that stays open. Not repeated for long: the next
        turn comes soon."""
        from kontobro.pleo import open_pleo

        ways = replace(self.ways(connection), transport=way, patience=BRIEFLY)
        client = open_pleo(connection, self.store, self.clock, ways)
        try:
            yield client
        finally:
            client.close()

    def connector_for(self, connection: Connection, secrets: Mapping[str, str] | None = None) -> Connector:
        """The connection's connector. A secret is one of `secrets`, given just now for this very connection, else
        the store's own for its destination."""
        self.permit(connection)
        if self.connectors:
            return self.connectors(connection)
        if documents := self.documents_for(connection):
            return _sealed_books(documents, connection, self.clock)
        own = self._secrets_of(connection, secrets)
        return self.registry.load(connection.erp, connection.erp_options, own, self.network)

    def documents_for(self, connection: Connection) -> DocumentPorts | None:
        """How the connection's documents are made, remembered and delivered; None where there is an accounting system
        that is spoken with."""
        if (documents := self.document_store_for(connection)) is None:
            return None
        from kontobro.export.job.run import DocumentPorts

        self.permit(connection)
        target = self.registry.load_target(connection.erp, connection.erp_options)
        return DocumentPorts(target, documents, self.delivery_for(connection))

    def document_store_for(self, connection: Connection) -> DocumentStore | None:
        """What was sealed of a connection; None where its accounting system takes no documents."""
        if self.connectors or not self.registry.get(connection.erp).documents:
            return None
        return cast("DocumentStore", self.store)

    def delivery_for(self, connection: Connection, secrets: Mapping[str, str] | None = None) -> Delivery | None:
        """Where documents are brought, with secrets as for its connector; None: a person fetches them."""
        from kontobro.delivery.opening import Ways as DeliveryWays
        from kontobro.delivery.opening import open_delivery

        self.permit(connection)
        return open_delivery(
            connection.erp_options,
            self._secrets_of(connection, secrets),
            DeliveryWays(self.network, self.clock.now, self.mailers(connection) if self.mailers else None),
        )

    def _secrets_of(self, connection: Connection, given: Mapping[str, str] | None) -> Callable[[str], str | None]:
        """A secret by its name: as it was given just now, else the store's own."""
        return lambda name: (given or {}).get(name) or self.store.secret(connection, name)

    def ports_for(self, connection: Connection) -> Ports:
        from kontobro.export.job.run import Ports

        documents = self.documents_for(connection)
        return Ports(
            pleo=self.pleo_for(connection),
            connector=_sealed_books(documents, connection, self.clock) if documents else self.connector_for(connection),
            store=self.store,
            clock=self.clock,
            documents=documents,
            guards=self.store if isinstance(self.store, Guards) else None,
        )

    def book_ports_for(self, connection: Connection) -> BookPorts:
        """What looking at a connection's books needs: the tie-out, check again."""
        from kontobro.export.tieout.collect import BookPorts

        connector = self.connector_for(connection)
        return BookPorts(connector=connector, store=self.store, clock=self.clock, read_item=self.reader_for(connection))

    def reader_for(self, connection: Connection) -> ReadItem:
        """How an item that is kept is read: as this connection's Pleo spells amounts."""
        return partial(read_kept_item, spoken=self.dialect_for(connection.environment))

    def sync_ports_for(self, connection: Connection) -> SyncPorts:
        from kontobro.pleo.target.masterdata import open_target
        from kontobro.sync.run import SyncPorts

        target = open_target(connection, self.store, self.clock, self.ways(connection))
        self.opened.callback(target.close)
        return SyncPorts(target=target, connector=self.connector_for(connection), store=self.store, clock=self.clock)

    def ways(self, connection: Connection) -> Ways:
        """How calls to this connection's Pleo leave, how often, and how they are spelled."""
        from kontobro.pleo.http.calls import PATIENCE, Ways

        pace = self.paces(connection.id) if self.paces else None
        patience = PATIENCE if self.patience is None else self.patience
        spoken = self.dialect_for(connection.environment)
        watch = self.watch() if self.news or self.counts else None
        return Ways(pace=pace, patience=patience, dialect=spoken, watch=watch)

    def watch(self) -> Watch:
        """What looks at Pleo's answers, and counts what is not as documented."""
        from kontobro.pleo.documented.news import NewsFile, Watch

        return Watch(NewsFile(self.news) if self.news else None, self.clock, self.counts)

    def pleo_news(self) -> str:
        """What of Pleo's answers is not as documented, in words of every language; empty where all is."""
        from kontobro.pleo.documented.news import NewsFile, told_news

        return told_news(NewsFile(self.news).read()) if self.news else ""

    def dialect_for(self, environment: str) -> Dialect:
        """How this environment of Pleo wants to be talked to, as far as this installation knows."""
        from kontobro.pleo.documented.switches import spoken

        return spoken(environment, self.answers)

    @contextmanager
    def visit(self) -> Iterator[App]:
        """The application for a while: what is opened during the visit is closed at its end, the store stays open."""
        with ExitStack() as opened:
            yield replace(self, opened=opened)


def _sealed_books(documents: DocumentPorts, connection: Connection, clock: Clock) -> Connector:
    from kontobro.export.documents.books import SealedBooks

    return SealedBooks(documents.target, documents.store, connection.id, clock)


def news_of(folder: Path, database: str) -> Path:
    """Where a module inside an ERP counts what is not as documented: a file for each of its databases, in a folder of
    the ERP's own data. Where it can't be made, the log says so once."""
    own = folder / "kontobro"
    with suppress(OSError):
        own.mkdir(parents=True, exist_ok=True, mode=0o700)
    return own / f"{quote(database, safe='')}-{NEWS}"


def answers_of(folder: Path) -> Path:
    """Where a module inside an ERP is told what Pleo's documents leave open: one file for all databases, in the same
    folder. `kontobro probe --set` writes such a file in a data folder; here someone puts it."""
    return folder / "kontobro" / ANSWERS


def open_app(path: Path, clock: Clock | None = None, database: Path | str | None = None) -> App:
    """Open (or make) the folder of settings, tokens and history; no one but its owner may look in.

    `database` is where those are kept instead of a SQLite file in the folder: another path, or `postgresql://…`.
    """
    from kontobro.store import open_store

    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = open_store(database or path / DATABASE)
    app = App(path, store, clock or SystemClock(), answers=path / ANSWERS, news=path / NEWS)
    app.opened.callback(store.close)
    return app


def ports_for(connection: Connection, store: Store, clock: Clock | None = None) -> Ports:
    """All that an export of this connection needs, over a store that the caller has open."""
    return App(Path(), store, clock or SystemClock()).ports_for(connection)


def read_kept_item(raw: bytes, *, spoken: Dialect) -> ExportItem | MalformedItem:
    """An item's JSON, as the store keeps it and as this Pleo sent it, as the core's item."""
    from msgspec import Raw

    from kontobro.pleo.export.wire import read_item

    return read_item(Raw(raw), spoken.zero_decimal_amounts)


def book_ports_for(connection: Connection, store: Store, clock: Clock | None = None) -> BookPorts:
    """The same over a store that the caller has open."""
    return App(Path(), store, clock or SystemClock()).book_ports_for(connection)
