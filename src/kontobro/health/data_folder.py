"""Whether a data folder is healthy: what holds for the command line and for the service alike. Needs no
configuration."""

from __future__ import annotations

import platform
import shutil
import stat
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from kontobro import __version__
from kontobro.core.dialect import DIALECTS
from kontobro.core.errors import KontobroError
from kontobro.core.words import phrase, worded
from kontobro.health.findings import Finding, Verdict

if TYPE_CHECKING:
    from kontobro.bootstrap import App
    from kontobro.store import DjangoStore

LEAST_FREE, LITTLE_FREE = 200_000_000, 2_000_000_000
"""Bytes: below the first SQLite and logs are about to stop, below the second it is time to look."""


def examine_data_folder(app: App) -> list[Finding]:
    """Database, secrets, disk, connections, versions."""
    return [
        Finding("database", "ok", worded("found_database", name=_store(app).place.name)),
        secrets_of(_store(app)),
        disk(app.path),
        permissions(app.path),
        connections(app),
        *pleo(app),
        *connectors(app),
        *documents(app),
        versions(),
    ]


def secrets_of(store: DjangoStore) -> Finding:
    """Whether the key decrypts everything that was encrypted."""
    try:
        count, unreadable = store.unreadable_secrets()
    except KontobroError as fault:
        return Finding("secrets", "bad", fault.message, fault.remedy)
    if unreadable:
        return Finding(
            "secrets",
            "bad",
            worded("found_secrets_unreadable", unreadable=unreadable, count=count),
            worded("found_use_key"),
        )
    return Finding("secrets", "ok", worded("found_secrets", count=count))


def disk(folder: Path) -> Finding:
    """Free space where the data folder is."""
    free = shutil.disk_usage(folder).free
    verdict: Verdict = "bad" if free < LEAST_FREE else "warn" if free < LITTLE_FREE else "ok"
    return Finding(
        "disk",
        verdict,
        worded("found_disk", free=free // 1_000_000),
        "" if verdict == "ok" else worded("found_free_disk"),
    )


def permissions(folder: Path) -> Finding:
    """Whether no one else may look into the data folder."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        return Finding(
            "permissions",
            "warn",
            worded("found_folder_open", mode=f"{mode:o}"),
            worded("found_chmod"),
        )
    return Finding("permissions", "ok", worded("found_folder_closed"))


def connections(app: App) -> Finding:
    """How many there are, and how many have lost their login."""
    counts = Counter(each.status for each in app.store.connections())
    if not counts:
        return Finding("connections", "ok", worded("found_no_connections"))
    states = tuple(phrase(f"connections_{status}", count=count) for status, count in sorted(counts.items()))
    message = worded("found_connections", states=states)
    if counts["reconnect"]:
        return Finding("connections", "warn", message, worded("found_connect_these"))
    return Finding("connections", "ok", message)


def pleo(app: App) -> list[Finding]:
    """What is set where Pleo's documents are open, and what of its answers is not as they say."""
    return [*_switches(app), _news(app)]


def _switches(app: App) -> list[Finding]:
    """Nothing where nothing is set."""
    from kontobro.pleo.documented.switches import read_answers

    try:
        answers = read_answers(app.answers) if app.answers else {}
        for environment in answers:
            if environment in DIALECTS:
                app.dialect_for(environment)
    except KontobroError as fault:
        return [Finding("Pleo's switches", "bad", fault.message, fault.remedy)]
    return [
        Finding("Pleo's switches", "ok", worded("found_switches", of=environment, names=tuple(sorted(set_here))))
        for environment, set_here in sorted(answers.items())
        if set_here
    ]


def _news(app: App) -> Finding:
    if told := app.pleo_news():
        return Finding("Pleo's answers", "warn", told, worded("found_report_answers"))
    return Finding("Pleo's answers", "ok", worded("found_answers_documented"))


def connectors(app: App) -> list[Finding]:
    """What can be connected, and each other package whose connector can't be loaded."""
    registry = app.registry
    named = ", ".join(_with_package(name, registry.package(name)) for name in registry.names())
    others = worded("found_other_connectors")
    broken = [Finding("connectors", "warn", fault, others) for fault in registry.faults()]
    return [Finding("connectors", "ok", worded("found_connectors", names=named)), *broken]


def documents(app: App) -> list[Finding]:
    """What waits of the documents of all connections. Nothing where none takes documents."""
    from kontobro.health.documents import examine_all

    return list(examine_all(app))


def _with_package(name: str, package: str) -> str:
    return f"{name} ({package})" if package else name


def versions() -> Finding:
    """What runs here."""
    return Finding("versions", "ok", worded("found_versions", own=__version__, python=platform.python_version()))


def _store(app: App) -> DjangoStore:
    from kontobro.store.django_store import DjangoStore

    if not isinstance(app.store, DjangoStore):  # an application opened by `bootstrap` has this one
        raise TypeError("the doctor looks at a store of ours")
    return app.store
