"""Whether a home is healthy: what holds for the command line and for the service alike. Needs no configuration."""

from __future__ import annotations

import platform
import shutil
import stat
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from kontobro import __version__
from kontobro.core.errors import KontobroError
from kontobro.health.findings import Finding, Verdict

if TYPE_CHECKING:
    from kontobro.bootstrap import Home
    from kontobro.store import DjangoStore

LEAST_FREE, LITTLE_FREE = 200_000_000, 2_000_000_000
"""Bytes: below the first SQLite and logs are about to stop, below the second it is time to look."""


def examine_home(home: Home) -> list[Finding]:
    """Database, secrets, disk, connections, versions."""
    return [
        Finding("database", "ok", f"The database {_store(home).place.name} is reachable and up to date."),
        secrets_of(_store(home)),
        disk(home.path),
        permissions(home.path),
        connections(home),
        *connectors(home),
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
            f"{unreadable} of {count} secrets can't be read with this key.",
            "Use the key they were encrypted with (KONTOBRO_KEY, or the key file next to the database), or "
            "connect again.",
        )
    return Finding("secrets", "ok", f"The key reads all {count} secrets.")


def disk(folder: Path) -> Finding:
    """Free space where the home is."""
    free = shutil.disk_usage(folder).free
    verdict: Verdict = "bad" if free < LEAST_FREE else "warn" if free < LITTLE_FREE else "ok"
    return Finding(
        "disk",
        verdict,
        f"{free // 1_000_000:,} MB are free in the data folder.",
        "" if verdict == "ok" else "Free some disk space.",
    )


def permissions(folder: Path) -> Finding:
    """Whether nobody else may look into the home."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        return Finding(
            "permissions",
            "warn",
            f"Other users may read the data folder (mode {mode:o}).",
            "Run chmod 700 on the data folder.",
        )
    return Finding("permissions", "ok", "Only its owner can read the data folder.")


def connections(home: Home) -> Finding:
    """How many there are, and how many have lost their login."""
    counts = Counter(each.status for each in home.store.connections())
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "none yet"
    if counts["reconnect"]:
        return Finding("connections", "warn", f"Connections: {told}.", "Connect these again: their login has expired.")
    return Finding("connections", "ok", f"Connections: {told}.")


def connectors(home: Home) -> list[Finding]:
    """What can be connected, and each other package whose connector can't be loaded."""
    registry = home.registry
    named = ", ".join(_with_package(name, registry.package(name)) for name in registry.names())
    broken = [Finding("connectors", "warn", fault, "The other connectors work.") for fault in registry.faults()]
    return [Finding("connectors", "ok", f"Connectors: {named}."), *broken]


def _with_package(name: str, package: str) -> str:
    return f"{name} ({package})" if package else name


def versions() -> Finding:
    """What runs here."""
    return Finding("versions", "ok", f"Kontobro {__version__} on Python {platform.python_version()}.")


def _store(home: Home) -> DjangoStore:
    from kontobro.store.django_store import DjangoStore

    if not isinstance(home.store, DjangoStore):  # a home opened by `bootstrap` has this one
        raise TypeError("the doctor looks at a store of ours")
    return home.store
