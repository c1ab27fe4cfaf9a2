"""A service in this process: its database and store, a runner that remembers, browsers that are signed in."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connections
from django.test import Client

from kontobro.bootstrap import App, open_app
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.settings import SyncKind
from kontobro.core.ports.runner import Work
from kontobro.store.database import database_entry
from kontobro.web.models import ConnectionOwner, Membership, Organisation, User
from kontobro.web.process import process
from kontobro.web.server.start import migrate

PASSWORD = "correct horse battery staple"


class Browser(Client):
    """Reads a page as a person does: where its source breaks a line makes no difference."""

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        if answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming:
            answer.__dict__["text"] = " ".join(answer.content.decode(answer.charset).split())
        return answer


@dataclass
class AskedFor:
    """A runner that does nothing and remembers what was asked."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    listed: list[Work] = field(default_factory=list)

    def export(self, connection_id: str, *, job_id: str | None = None, take_over: bool = False) -> str:
        self.asked.append(("export", connection_id, job_id, take_over))
        return "work-1"

    def settle(self, connection_id: str) -> str:
        self.asked.append(("settle", connection_id))
        return "work-2"

    def sync(self, connection_id: str, kinds: Sequence[SyncKind], *, digest: str | None = None) -> str:
        self.asked.append(("sync", connection_id, tuple(kinds), digest))
        return "work-3"

    def work(self, connection_id: str, limit: int = 20) -> Sequence[Work]:
        return [work for work in self.listed if work.connection_id == connection_id][:limit]


@dataclass
class Site:
    """The service, and people to use it."""

    app: App
    runner: AskedFor

    def user(self, email: str) -> User:
        return User.objects.create_user(email, PASSWORD)

    def organisation(self, name: str = "Demo ApS") -> Organisation:
        return Organisation.objects.create(name=name)

    def member(self, organisation: Organisation, role: str = "owner", email: str | None = None) -> User:
        user = self.user(email or f"{role}-{uuid.uuid4().hex[:8]}@example.com")
        Membership.objects.create(organisation=organisation, user=user, role=role)
        return user

    def browser(self, user: User | None = None) -> Client:
        """A browser, signed in as that person."""
        client = Browser(SERVER_NAME="127.0.0.1", SERVER_PORT=8765, headers={"accept-language": "en-GB"})
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def connection(self, organisation: Organisation, name: str = "Demo", **other: Any) -> Connection:
        """A connection of the organisation, with tokens that no one takes."""
        facts: dict[str, Any] = {
            "environment": "sandbox",
            "api_url": "http://127.0.0.1:1",
            "auth_url": "http://127.0.0.1:1",
            "auth": "api_key",
            "company_id": str(uuid.uuid4()),
            "company_name": name,
            "erp": "beancount",
            "erp_options": {"ledger": "main.beancount"},
        }
        connection = Connection(id=uuid.uuid4().hex, name=name, **{**facts, **other})
        self.app.store.save_connection(connection)
        self.app.store.save_tokens(connection, Tokens(access="secret-key"))
        ConnectionOwner.objects.create(organisation=organisation, connection_id=connection.id)
        return connection

    def now(self) -> dt.datetime:
        return self.app.clock.now()


def build_template(app: Path) -> Path:
    """Make a home whose database is up to date."""
    with _default_database(app):
        opened = open_app(app)
        migrate(opened)
        opened.close()
    return app


@contextmanager
def open_site(app: Path) -> Iterator[Site]:
    """Point Django and the pages at this home for as long as the block runs."""
    with _default_database(app):
        opened = open_app(app)
        runner = AskedFor()
        process.use(opened, runner)
        try:
            yield Site(opened, runner)
        finally:
            end_what_runs_aside()
            opened.close()


def end_what_runs_aside() -> None:
    """A test's database is not closed under the threads that still read it."""
    for thread in threading.enumerate():
        if thread.name == "kontobro-aside":
            thread.join(60)
            assert not thread.is_alive(), "what runs aside does not end"


@contextmanager
def _default_database(app: Path) -> Iterator[None]:
    connections["default"].close()
    entry = database_entry(app / "kontobro.sqlite3")
    connections["default"].settings_dict.update(NAME=entry["NAME"])
    connections.settings["default"]["NAME"] = entry["NAME"]
    try:
        yield
    finally:
        connections["default"].close()
