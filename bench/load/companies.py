"""Thousands of connected companies at one Pleo in a box, in organisations of fifty, and workers for them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.fernet import Fernet

from bench import books
from bench.service.__main__ import a_company
from kontobro.core.model.connection import Connection, Tokens
from kontobro.service.app import open_service_app
from kontobro.service.config import ServiceConfig, read_config
from pleo_sandbox.state.sandbox import Sandbox

QUICK, SLOW = "bench.load.erp:QuickErp", "bench.service.erp:SlowErp"
FIRM = 50
"""Companies of an organisation."""

WEBHOOK = "whsec_bench"
"""Any: a connection that has one has its webhooks on."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service's environment, which this process has as well."""

    config: ServiceConfig
    environment: dict[str, str]


def a_service(home: Path, url: str = "", **more: str) -> Service:
    """One with these variables (without their prefix). A process has one: Django is set up once."""
    given = {
        "home": str(home),
        "database_url": url,
        "key": Fernet.generate_key().decode(),
        "secret_key": Fernet.generate_key().decode(),
        "log_level": "error",
        **more,
    }
    environment = {f"KONTOBRO_{name.upper()}": value for name, value in given.items() if value}
    os.environ |= environment
    from kontobro.web.server.start import set_up

    set_up()
    return Service(read_config(environment), environment)


def settle(service: Service, sandbox: Sandbox, connections: list[Connection]) -> None:
    """Store these connections with a key at that Pleo."""
    store_all(service, [(one, sandbox.add_api_key(one.company_id)) for one in connections])


def store_all(service: Service, connections: list[tuple[Connection, str]]) -> None:
    """Store connections with their keys, webhooks on; each fifty belong to an organisation."""
    from kontobro.web.server.start import migrate

    app = open_service_app(service.config)
    migrate(app)
    for one, key in connections:
        app.store.save_connection(one, Tokens(access=key), {"webhook": WEBHOOK})
    _give_owners([one.id for one, _ in connections])
    app.close()


def _give_owners(connection_ids: list[str]) -> None:
    from kontobro.web.models import ConnectionOwner, Organisation

    firms = [Organisation(name=f"Firm {at}") for at in range(-(-len(connection_ids) // FIRM))]
    Organisation.objects.bulk_create(firms)
    owned = [
        ConnectionOwner(organisation=firms[number // FIRM], connection_id=id)
        for number, id in enumerate(connection_ids)
    ]
    ConnectionOwner.objects.bulk_create(owned, batch_size=1000)


def named(sandbox: Sandbox, url: str, number: int, *, quick: bool = False) -> Connection:
    """The connection of one more company; its accounting system takes a tenth of a second a call, or is quick."""
    one = books.connection(url, a_company(sandbox, 0))
    options = {"company": str(number), "calls": os.devnull}
    return replace(one, id=f"c{number:06}", name=f"c{number:06}", erp=QUICK if quick else SLOW, erp_options=options)


@contextmanager
def a_worker(service: Service, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """`kontobro worker`, or what the command says, in a process of its own."""
    program = [sys.executable, *(command or ("-m", "kontobro.cli", "worker"))]
    process = subprocess.Popen(program, env=os.environ | service.environment, stdout=sys.stderr)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)
