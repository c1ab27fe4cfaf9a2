"""What askers and workers agree on: DBOS's database, its queues, the names and shapes of what is in them."""

from __future__ import annotations

import logging
import os
import sqlite3
import zlib
from contextlib import AbstractContextManager, closing
from typing import TYPE_CHECKING, Final, TypedDict

from kontobro.core.ports.runner import WorkKind
from kontobro.service.config import ServiceConfig

if TYPE_CHECKING:
    from dbos import DBOSClient

    from kontobro.bootstrap import App

APPLICATION: Final = "kontobro"
VERSION: Final = "1"
"""Set by hand: DBOS's own, a hash of the code, would strand running work at each upgrade. Raise it when the arguments
of a piece of work change their meaning, and keep reading the old ones."""
SCHEMA: Final = "kontobro_engine"
FILE: Final = "engine.sqlite3"

URGENT, UPKEEP = "kontobro-urgent", "kontobro-upkeep"
"""What someone waits for (exports, settling, a sync that a person approved), and what a schedule asks for. Two,
because a queue separated by connections is swept in random order: priorities count within a connection only."""

LOOK: Final = "look"
TURN: Final = "turn"
KINDS: Final[tuple[WorkKind, ...]] = ("export", "settle", "sync")
PRIORITY: Final = {"export": 1, "settle": 2, "turn": 2, "look": 3, "sync": 4}

POLLING: Final = {URGENT: 0.1, UPKEEP: 0.5}
"""Seconds between a worker's looks into a queue in which something happens (`waking`)."""


class WorkOutcome(TypedDict):
    """What DBOS keeps of ended work: the failure for a person and its kind, None when all went well."""

    failure: str | None
    fault: str | None


def engine_url(config: ServiceConfig) -> str:
    """DBOS's database: a file of its own beside the store's, or a schema of its own in the same PostgreSQL."""
    return config.database_url.get_secret_value() or f"sqlite:///{config.home / FILE}"


def is_shared(config: ServiceConfig) -> bool:
    """Whether several workers may share the database."""
    return bool(config.database_url.get_secret_value())


def only_worker(app: App) -> AbstractContextManager[None]:
    """On SQLite only one process works. Raises Busy when there is another."""
    return app.store.lock("worker")


def prepare_engine(config: ServiceConfig) -> None:
    """Make DBOS's tables, or bring them up to date. Call it under a lock."""
    from dbos import DBOS

    logging.getLogger("dbos").setLevel(logging.ERROR)
    if not is_shared(config):
        _prepare_file(config)
    DBOS.migrate(engine_url(config), schema=SCHEMA)


def open_client(config: ServiceConfig) -> DBOSClient:
    """A client that asks and lists; it never runs any work. Pickle is never read: JSON everywhere."""
    from dbos import DBOSClient, DBOSPortableJSONSerializer

    return DBOSClient(
        system_database_url=engine_url(config),
        dbos_system_schema=SCHEMA,
        serializer=DBOSPortableJSONSerializer(),
        application_name=APPLICATION,
        retry_connection_errors=False,
    )


def lane_of(connection_id: str, owner: str, at_once: int) -> str:
    """The part of a queue that a connection's work is in; each part runs one piece at a time.

    An organisation has one part less than a worker has places, and its connections share them: whatever their
    accounting systems do, all workers together leave the others a place. A connection of no one has a part of its own.
    """
    if owner == connection_id:
        return connection_id
    return f"{owner}.{zlib.crc32(connection_id.encode()) % max(1, at_once - 1)}"


def register_queues(client: DBOSClient, at_once: int) -> None:
    """A queue's parts run one piece at a time (`lane_of`). The limits are in the database: one for all."""
    for name, pause in POLLING.items():
        client.register_queue(name, partition_concurrency=1, worker_concurrency=at_once, polling_interval_sec=pause)


def _prepare_file(config: ServiceConfig) -> None:
    """WAL stays with the file; SQLite's own default of `synchronous` is FULL: nothing is lost when the power goes."""
    path = config.home / FILE
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(path, timeout=30)) as database:
        database.execute("PRAGMA journal_mode=WAL")
