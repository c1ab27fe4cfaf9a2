"""Is a connection fit for work? Every look in turn, everything that is wrong at once, each with its remedy.

The command line and the pages tell the same; only where a remedy names a command or a button do they differ (`Words`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kontobro.bootstrap import App
from kontobro.core.errors import KontobroError
from kontobro.core.level import level_of, missing_scopes, scopes_for
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import Identity, Installation
from kontobro.core.ports import Connector
from kontobro.core.settings.check import fit_of
from kontobro.export.job.masters import load_masters
from kontobro.health.documents import examine_documents
from kontobro.health.findings import Finding
from kontobro.install.connect import ACTIVE, PENDING
from kontobro.install.level import NextLevel, meaning_of, next_level


@dataclass(frozen=True, slots=True)
class Words:
    """Where the reader goes to fix something. `raise_level` has a place for the level's number."""

    reconnect: str
    first_sync: str
    dimensions: str
    raise_level: str


def look(connection: Connection, app: App, words: Words) -> Iterator[Finding]:
    """Every look in turn; one that fails never hides the next."""
    if connection.status != "connected":
        ended = connection.login_ended_at
        since = f" since {ended:%Y-%m-%d %H:%M} UTC" if ended else ""
        message = f"Pleo no longer lets Kontobro in{since}."
        if connection.status == "disconnected":
            message = "The connection is disconnected."
        yield Finding("connection", "bad", message, words.reconnect)
    else:
        kind = " (trial: preview only)" if connection.trial else ""
        yield Finding("company", "ok", f"{connection.pleo_name} → {connection.books_name or connection.erp}{kind}")
        yield from _guarded("Pleo", lambda: _look_at_pleo(connection, app, words))
    there = list(_guarded("accounting system", lambda: _look_at_erp(app.connector_for(connection), connection)))
    yield from there
    yield from _guarded("documents", lambda: examine_documents(connection, app))
    if all(finding.good for finding in there):  # else it would say the same again
        yield from _guarded("settings", lambda: _look_at_settings(app.connector_for(connection), connection))


def _guarded(subject: str, looks: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from looks()
    except KontobroError as error:
        yield Finding(subject, "bad", error.message, error.remedy, fault=error)


def _look_at_pleo(connection: Connection, app: App, words: Words) -> Iterator[Finding]:
    pleo = app.pleo_for(connection)
    identity = pleo.introspect()
    yield Finding("Pleo", "ok", f"reachable, logged in with {identity.auth_method.lower().replace('_', ' ')}")
    yield from _guarded("level", lambda: _look_at_level(identity, connection, app, words))
    yield _of_installation(pleo.installation(), words)


def _look_at_level(identity: Identity, connection: Connection, app: App, words: Words) -> Iterator[Finding]:
    """What the connection keeps in sync, whether the credential suffices for it, and what the next level needs."""
    settings = connection.settings
    level = level_of(settings)
    if scopes := missing_scopes(scopes_for(settings), identity.scopes):
        message = f"The credential lacks permissions for the syncs that are switched on: {', '.join(scopes)}."
        yield Finding("permissions", "bad", message, "Connect again with a credential that has them.")
    else:
        yield Finding("permissions", "ok", f"all that Level {level} needs")
    on = f"; switched on: {', '.join(settings.sync)}" if settings.sync else ""
    needs = next_level(level, app.connector_for(connection).capabilities, identity)
    yield Finding("level", "ok", f"{level}: {meaning_of(settings)}{on}", said_of_next(needs, words))
    if "dimensions" in settings.sync and not settings.sync_dimensions:
        yield Finding("dimensions", "ok", "none chosen, so Pleo gets no tags", words.dimensions)


def said_of_next(needs: NextLevel | None, words: Words) -> str:
    """What the next level takes; nothing at the highest."""
    if needs is None:
        return ""
    if needs.kinds:
        return f"Level {needs.level} needs {', '.join(needs.kinds)}, which this accounting system does not have."
    permissions = f"the permissions {', '.join(needs.scopes)}; then: " if needs.scopes else ""
    return f"Level {needs.level} needs {permissions}{words.raise_level.format(needs.level)}"


def _of_installation(installation: Installation | None, words: Words) -> Finding:
    if installation is not None and installation.status == ACTIVE:
        return Finding("installation", "ok", f"its status in Pleo is {installation.status}")
    if installation is not None and installation.status == PENDING:
        return Finding("installation", "bad", "Pleo is waiting for the first sync.", words.first_sync)
    state = installation.status if installation else "missing"
    return Finding("installation", "bad", f"The integration in Pleo is {state}.", words.reconnect)


def _look_at_erp(connector: Connector, connection: Connection) -> Iterator[Finding]:
    company = connector.check()
    if connection.erp_company and company.id != connection.erp_company:
        yield Finding(
            "accounting system",
            "bad",
            f"The login now opens company {company.id} ({company.name}), but {connection.erp_company} was connected.",
            "Use a login for the company that was connected, or connect the other company as a new connection.",
        )
        return
    through = f" (over {company.through})" if company.through else ""
    yield Finding("accounting system", "ok", f"{connection.erp}: {company.name}, {company.currency}{through}")
    yield from (Finding("master data", "ok", read) for read in company.read_from)
    lost = connector.capabilities.not_kept
    if lost:
        names = ", ".join(fact.replace("_", " ") for fact in sorted(lost))
        fix = "If your accounting needs them, add them there by hand, or ask the connector's author."
        yield Finding("accounting system", "warn", f"This system keeps no {names}.", fix)


def _look_at_settings(connector: Connector, connection: Connection) -> Iterator[Finding]:
    masters = load_masters(connector, connector.check())
    fit = fit_of(connection.settings, masters)
    for problem in fit.problems:
        yield Finding(f"settings: {problem.field}", "bad", problem.message, problem.remedy)
    if not fit.problems:
        yield Finding("settings", "ok", "complete, and all accounts exist")
    for problem in fit.warnings:
        yield Finding(f"settings: {problem.field}", "warn", problem.message, problem.remedy)
