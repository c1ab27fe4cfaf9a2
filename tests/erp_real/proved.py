"""A company of each real system for `make prove`: a server of its own over a fresh clone of the lab's template."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from erp_lab.places import cloned, running, start_postgres
from kontobro.testing.connector.books import Books
from tests.erp_real.odoo import installation as odoo
from tests.erp_real.tryton import installation as tryton


def missing_odoo() -> str:
    """What is said where it can't be had; empty where it is installed."""
    return "" if odoo.installed() else odoo.ABSENT


def missing_tryton() -> str:
    return "" if tryton.installed() else tryton.ABSENT


@contextmanager
def odoo_books(folder: Path) -> Iterator[Books]:
    with cloned(start_postgres(), odoo.TEMPLATE) as database, running(odoo.OdooServer(folder / "server.log")) as server:
        company = odoo.Company(server.url, database)
        elsewhere = partial(odoo.connect, company.url, database)
        keeper, chart = odoo.OdooBookkeeper(company), company.chart()
        yield Books(connector=elsewhere(), bookkeeper=keeper, chart=chart, elsewhere=elsewhere)


@contextmanager
def tryton_books(folder: Path) -> Iterator[Books]:
    with ExitStack() as stack:
        database = stack.enter_context(cloned(start_postgres(), tryton.TEMPLATE))
        server = stack.enter_context(running(tryton.TrytonServer(database, folder / "server.log")))
        company = tryton.Company(server.url, database)
        elsewhere = partial(tryton.connect, company.url, database)
        keeper, chart = tryton.TrytonBookkeeper(company), company.chart()
        yield Books(connector=elsewhere(), bookkeeper=keeper, chart=chart, elsewhere=elsewhere)
