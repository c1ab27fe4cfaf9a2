"""What the contract of every store is written with: a few values, short words for calls, a look behind the port."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.export import ExportJob
from kontobro.core.model.history import BookingState, Intent, Move
from kontobro.core.model.journal import InvoiceKey, Reference
from kontobro.core.ports import Store
from kontobro.store.schema.moves import route
from kontobro.store.sql.store import SqlStore
from kontobro.store.sql.tables import Tables

NOW = dt.datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
HERE = "conn-1"
ELSEWHERE = "conn-2"
REF = Reference("0b5c0001-0000-4000-8000-000000000001")
OTHER = Reference("0b5c0002-0000-4000-8000-000000000002")
BILL = InvoiceKey("vendor-7", "2026-118", "EUR")
PROBLEM = Problem("no_account", "account", "Anna Berg", "There is no account.", "Choose one.", "account_unknown")
HISTORY = ("event", "booking", "payload", "job", "binding", "sync")
PATIENCE = 60
"""Seconds that a test waits for another process before it gives up."""


# ------------------------------------------------------------------------------------------------ making


def connection(connection_id: str = HERE, **other: Any) -> Connection:
    facts: dict[str, Any] = {
        "name": "Demo ApS",
        "environment": "sandbox",
        "api_url": "http://127.0.0.1:1",
        "auth_url": "http://127.0.0.1:2",
        "auth": "oauth",
        "company_id": "company-1" if connection_id == HERE else f"company of {connection_id}",
        "company_name": "Demo ApS",
        "erp": "beancount",
    }
    return Connection(id=connection_id, **{**facts, **other})


def job(job_id: str = "job-1", items: int = 1) -> ExportJob:
    return ExportJob(
        id=job_id, company_id="company-1", status="pending", created_at=NOW, number_of_items=items, expires_in=3600
    )


def planned(reference: Reference = REF, **other: Any) -> Intent:
    facts: dict[str, Any] = {"kind": "journal", "item_type": "CARD_PURCHASE", "currency": "DKK", "total": "100.50"}
    return Intent(reference=reference, **{**facts, **other})


def tokens(mark: str = "1") -> Tokens:
    """A whole credential; each of its secrets begins with `secret-`."""
    secret = f"secret-{mark}"
    return Tokens(access=f"{secret}-access", refresh=f"{secret}-refresh", expires_at=NOW, client_secret=secret)


def plan(store: Store, *plans: Intent, run: str = "run-1", job_id: str = "job-1", now: dt.datetime = NOW) -> Any:
    return store.plan(HERE, job_id, run, plans or (planned(),), now)


def walk(store: Store, *states: BookingState, reference: Reference = REF, now: dt.datetime = NOW) -> None:
    """Move a booking through states, one transaction each."""
    for state in states:
        store.move(HERE, [Move(reference=reference, to=state)], now)


def bring(store: Store, state: BookingState) -> None:
    """A booking that has come to this state by allowed moves."""
    plan(store)
    walk(store, *route(state))


def states(store: Store) -> dict[Reference, BookingState]:
    return {row.reference: row.state for row in store.bookings(HERE)}


def steps(store: Store, reference: Reference = REF) -> list[tuple[str, str]]:
    return [(old, new) for _, old, new in store.events(HERE, reference)]


def wipe_history(store: Store) -> None:
    """Delete everything but connections and secrets: what a run must survive without booking twice (design §5)."""
    with tables_of(store).writing() as session:
        for table in HISTORY:
            session.run(f"DELETE FROM kontobro_{table}")


def tables_of(store: Store) -> Tables:
    """The tables behind the port."""
    return cast(SqlStore, store).tables


class StoreCase:
    """What a home of the store gives to its contract. The defaults serve the SQL store, in a SQLite file."""

    # ------------------------------------------------------------------- what a kind of store gives

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """An open, empty store, closed after the test."""
        raise NotImplementedError("give the contract a store")

    def open_elsewhere(self, store: Store) -> str:
        """Python that binds `store` to the same store in another process."""
        path = str(self.path(store))
        return f"import pathlib, kontobro.store; store = kontobro.store.open_store(pathlib.Path({path!r}))"

    def by_hand(self, store: Store, sql: str, *values: str) -> None:
        """Run one statement of SQL on the tables, as someone with a database tool would."""
        with tables_of(store).writing() as session:
            session.run(sql, values)

    def stored_bytes(self, store: Store) -> bytes:
        """All that the database keeps on disk, without the key."""
        path = self.path(store)
        files = [file for file in path.parent.glob(f"{path.name}*") if file.suffix != ".key"]
        return b"".join(file.read_bytes() for file in files)

    def path(self, store: Store) -> Path:
        """The database's file."""
        return Path(cast(Any, store).place.path)

    # ------------------------------------------------------------------------------------------ means

    @pytest.fixture
    def connected(self, store: Store) -> Store:
        """The store with two connections."""
        store.save_connection(connection())
        store.save_connection(connection(ELSEWHERE))
        return store

    @contextmanager
    def process(self, store: Store, code: str) -> Iterator[subprocess.Popen[bytes]]:
        """A real process in which `store` is the same store; ended with the block."""
        command = [sys.executable, "-c", f"{self.open_elsewhere(store)}\n{code}"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with process:
            try:
                yield process
            finally:
                process.kill()
