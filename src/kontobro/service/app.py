"""The application of a service's process: the same for pages and workers, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kontobro.bootstrap import ANSWERS, NEWS, App, SystemClock
from kontobro.core.model.connection import Connection
from kontobro.core.ports import Clock
from kontobro.core.ports.delivery import is_path
from kontobro.export.documents.manifest import number_in
from kontobro.net.addresses import look_up
from kontobro.service.config import ServiceConfig
from kontobro.service.connectors import registry_of
from kontobro.service.ledgers import path_guard
from kontobro.service.networks import reach_of
from kontobro.service.notices.documents import DocumentMailer
from kontobro.service.pace import SharedPaces

Owner = Callable[[str], str]
"""The organisation's id of a connection's; the connection's own where no organisation has it."""


def open_service_app(config: ServiceConfig, clock: Clock | None = None, owner: Owner = str) -> App:
    """Open the configured store, and on PostgreSQL the pace that all processes share. Raises Misconfigured, Busy.

    Open it after a fork, once in each process; `close` it at the end.
    """
    from kontobro.store import open_store

    config.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = config.key.get_secret_value()
    store = open_store(config.database, key=key.encode() or None)
    paces = SharedPaces(url) if (url := config.database_url.get_secret_value()) else None
    network = reach_of(config, look_up).policy
    registry = registry_of(config)
    permit = permit_of(config, owner)
    app = App(
        config.home,
        store,
        clock or SystemClock(),
        paces,
        permit,
        network=network,
        registry=registry,
        mailers=partial(mailer_of, config),
        answers=config.home / ANSWERS,
        news=config.home / NEWS,
        counts=PleoFigures(),
    )
    app.opened.callback(store.close)
    if paces:
        app.opened.callback(paces.close)
    return app


class PleoFigures:
    """Counts calls and news of Pleo's for metrics, which are imported when the first is counted: where gunicorn's
    processes share them is set by then."""

    def left(self, call: str) -> None:
        from kontobro.service.metrics.counters import PLEO_CALLS

        PLEO_CALLS.labels(call).inc()

    def limited(self) -> None:
        from kontobro.service.metrics.counters import PLEO_LIMITED

        PLEO_LIMITED.inc()

    def news(self, call: str, kind: str) -> None:
        from kontobro.service.metrics.counters import PLEO_NEWS

        PLEO_NEWS.labels(call, kind).inc()


def mailer_of(config: ServiceConfig, connection: Connection) -> DocumentMailer:
    """What mails a connection's documents: its links lead to the document's page, for who may sign in."""

    def link(name: str) -> str:
        number = number_in(name)
        page = f"{config.public_url.rstrip('/')}/c/{connection.id}/documents/"
        return f"{page}{number}/" if number else page

    return DocumentMailer(config, link)


def _folder_of(connection: Connection) -> list[str]:
    """The folder of this machine that documents are delivered to, if they are."""
    place = connection.erp_options.get("deliver_to", "")
    return [place] if is_path(place) else []


def permit_of(config: ServiceConfig, owner: Owner) -> Callable[[Connection], None]:
    """Refuses a connection whose options would open what no customer may reach, before each time it is opened."""
    reach, require_paths = reach_of(config, look_up), path_guard(config, owner)

    def permit(connection: Connection) -> None:
        declared = registry_of(config).get(connection.erp)
        for url in declared.values_of("address", connection.erp_options).values():
            reach.require(url)
        require_paths(
            connection, [*declared.values_of("path", connection.erp_options).values(), *_folder_of(connection)]
        )

    return permit
