"""Is a connection fit for work? Every look in turn, everything that is wrong at once, each with its remedy.

The command line and the pages tell the same; only where a remedy names a command or a button do they differ (`Words`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kontobro.bootstrap import App
from kontobro.core.errors import KontobroError, Problem
from kontobro.core.level import LEVELS, Level, extras_of, level_of, missing_scopes, scopes_for
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import Identity, Installation
from kontobro.core.model.findings import phrase_of, remedy_of
from kontobro.core.model.settings import Settings
from kontobro.core.ports import Connector
from kontobro.core.settings.check import fit_of
from kontobro.core.words import Noted, Phrase, phrase, worded
from kontobro.export.job.masters import load_masters
from kontobro.health.documents import examine_documents
from kontobro.health.findings import Finding, Verdict
from kontobro.install.connect import ACTIVE, PENDING
from kontobro.install.level import NextLevel, next_level


@dataclass(frozen=True, slots=True)
class Words:
    """Where the reader goes to fix something. `raise_level`: of the level, as a part of a sentence."""

    reconnect: str
    first_sync: str
    dimensions: str
    raise_level: Callable[[int], Phrase]


def look(connection: Connection, app: App, words: Words) -> Iterator[Finding]:
    """Every look in turn; one that fails never hides the next."""
    if connection.status != "connected":
        ended = connection.login_ended_at
        message = worded("found_login_ended")
        if ended:
            message = worded("found_login_ended_since", since=f"{ended:%Y-%m-%d %H:%M}")
        if connection.status == "disconnected":
            message = worded("found_disconnected")
        yield Finding("connection", "bad", message, words.reconnect)
    else:
        both = f"{connection.pleo_name} → {connection.books_name or connection.erp}"
        yield Finding("company", "ok", worded("found_trial", both=both) if connection.trial else both)
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
    method = identity.auth_method.lower().replace("_", " ")
    yield Finding("Pleo", "ok", worded("found_reachable", method=method))
    yield from _guarded("level", lambda: _look_at_level(identity, connection, app, words))
    yield _of_installation(pleo.installation(), words)


def _look_at_level(identity: Identity, connection: Connection, app: App, words: Words) -> Iterator[Finding]:
    """What the connection keeps in sync, whether the credential suffices for it, and what the next level needs."""
    settings = connection.settings
    level = level_of(settings)
    if scopes := missing_scopes(scopes_for(settings), identity.scopes):
        message = worded("found_scopes_missing", scopes=tuple(scopes))
        yield Finding("permissions", "bad", message, worded("found_connect_with_scopes"))
    else:
        yield Finding("permissions", "ok", worded("found_scopes", level=level))
    needs = next_level(level, app.connector_for(connection).capabilities, identity)
    yield Finding("level", "ok", _said_of_level(level, settings), said_of_next(needs, words))
    if "dimensions" in settings.sync and not settings.sync_dimensions:
        yield Finding("dimensions", "ok", worded("found_no_dimensions"), words.dimensions)


def _said_of_level(level: Level, settings: Settings) -> str:
    """The level, what it means, and the kinds that are switched on."""
    levels = (phrase(f"level_{one}") for one in LEVELS if one <= level)
    meaning = (*levels, *(phrase(f"extra_{kind.replace('-', '_')}") for kind in extras_of(settings)))
    if not settings.sync:
        return worded("found_level", level=level, meaning=meaning)
    return worded("found_level_on", level=level, meaning=meaning, kinds=tuple(settings.sync))


def said_of_next(needs: NextLevel | None, words: Words) -> str:
    """What the next level takes; nothing at the highest."""
    if needs is None:
        return ""
    if needs.kinds:
        return worded("found_next_lacks", level=needs.level, kinds=tuple(needs.kinds))
    then = words.raise_level(needs.level)
    if needs.scopes:
        return worded("found_next_scopes", level=needs.level, scopes=tuple(needs.scopes), then=then)
    return worded("found_next", level=needs.level, then=then)


def _of_installation(installation: Installation | None, words: Words) -> Finding:
    if installation is not None and installation.status == ACTIVE:
        return Finding("installation", "ok", worded("found_installed", status=installation.status))
    if installation is not None and installation.status == PENDING:
        return Finding("installation", "bad", worded("found_pending"), words.first_sync)
    if installation is None:
        return Finding("installation", "bad", worded("found_no_integration"), words.reconnect)
    return Finding("installation", "bad", worded("found_integration", status=installation.status), words.reconnect)


def _look_at_erp(connector: Connector, connection: Connection) -> Iterator[Finding]:
    company = connector.check()
    if connection.erp_company and company.id != connection.erp_company:
        yield Finding(
            "accounting system",
            "bad",
            worded("found_other_company", id=company.id, name=company.name, connected=connection.erp_company),
            worded("found_use_login"),
        )
        return
    said = f"{connection.erp}: {company.name}, {company.currency}"
    over = worded("found_system_over", system=said, through=company.through or "")
    yield Finding("accounting system", "ok", over if company.through else said)
    yield from (Finding("master data", "ok", read) for read in company.read_from)
    lost = connector.capabilities.not_kept
    if lost:
        names = tuple(phrase(f"fact_{fact}") for fact in sorted(lost))
        yield Finding("accounting system", "warn", worded("found_not_kept", names=names), worded("found_add_by_hand"))


def _look_at_settings(connector: Connector, connection: Connection) -> Iterator[Finding]:
    masters = load_masters(connector, connector.check())
    fit = fit_of(connection.settings, masters)
    for problem in fit.problems:
        yield _of_setting(problem, "bad")
    if not fit.problems:
        yield Finding("settings", "ok", worded("found_settings"))
    for problem in fit.warnings:
        yield _of_setting(problem, "warn")


def _of_setting(problem: Problem, verdict: Verdict) -> Finding:
    message, remedy = (
        Noted(said) if isinstance(said, Phrase) else said for said in (phrase_of(problem), remedy_of(problem))
    )
    return Finding(f"settings: {problem.field}", verdict, message, remedy)
