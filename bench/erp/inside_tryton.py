"""The module in Tryton, by Tryton's own cron, against the connector over Tryton's API."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.erp.inside import compare, watched
from bench.erp.job import ACCOUNTS, connection, ports, run
from bench.erp.pleo import pleo_elsewhere, receipts_of
from bench.result import Result
from erp_lab.demo_tryton import account_of, entry_counts, kinds_of, put
from erp_lab.places import cloned, running, sql, start_postgres
from kontobro.core.model.masterdata import Account
from kontobro.erp.tryton.api import Api
from kontobro.store.secrets.codec import settings_to
from tests.addons.tryton.installation import ModuleServer, Person, Place, give_groups, kill
from tests.erp_real.tryton.installation import TEMPLATE, Company, TrytonServer

PAYABLE = "7795"
"""The template's account for what employees are owed: Tryton takes no other than one for payables."""


def measure(items: int) -> list[Result]:
    port = start_postgres()
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        with with_module(port, place) as template:
            inside = partial(by_cron, port, place, template, items)
            return compare("tryton", partial(by_api, port, place, items), inside, items)


@contextmanager
def with_module(port: int, place: Place) -> Iterator[str]:
    """A template with the module activated; dropped afterwards."""
    with cloned(port, TEMPLATE) as name:
        place.admin(name, "-u", "kontobro")
        yield name


def by_api(port: int, place: Place, items: int) -> float:
    """From a process beside Tryton."""
    with cloned(port, TEMPLATE) as database, running(TrytonServer(database, place.folder / "api.log")) as server:
        company = Company(server.url, database)
        furnish(company.api("admin"))
        with pleo_elsewhere(items) as (url, key):
            connected = connection(url, PAYABLE)
            with ports(connected, company.connector(), key) as opened:
                return run(connected, opened, items)


def by_cron(port: int, place: Place, template: str, items: int) -> float:
    """From the start of Tryton's cron on, in its process."""
    with cloned(port, template) as database, running(ModuleServer(place, database)) as server:
        admin = Person(server.url, database, "admin")
        give_groups(admin, {"bookkeeper": ["Pleo Administration"]})
        furnish(admin.api)
        with pleo_elsewhere(items) as (url, key):
            connect(Person(server.url, database, "bookkeeper"), admin, url, key)
            settings = json.dumps(settings_to(connection(url, PAYABLE).settings))
            sql(port, f"update kontobro_connection set settings = '{settings}'", database)
            cron = place.cron(database)
            try:
                seconds = watched(port, database, place.folder / "cron.log")
            finally:
                kill(cron)
        is_whole = entry_counts(admin.api)
        assert (is_whole["entries"], is_whole["duplicates"], is_whole["receipts"]) == (items, 0, receipts_of(items)), (
            is_whole
        )
        return seconds


def furnish(api: Api) -> None:
    """The accounts that the items name and the template lacks."""
    kinds = kinds_of(api)
    accounts = [Account(code, code, name) for code, (name, _) in ACCOUNTS.items()]
    put(api, "account.account", "code", [account_of(one, kinds, {}) for one in accounts])


def connect(bookkeeper: Person, admin: Person, url: str, key: str) -> None:
    """By the wizard, as a person would."""
    (user,) = admin.rows("res.user", "login", domain=[["login", "=", "accountant"]])
    form = {"company": 1, "book_as": user["id"], "environment": "sandbox", "url": url, "api_key": key, "level": "1"}
    bookkeeper.wizard("kontobro.connect", ("connect", {"start": form}))
