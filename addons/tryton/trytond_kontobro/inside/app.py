"""Everything that a connection needs, put together inside Tryton: its bootstrap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import cast
from urllib.parse import quote

from trytond.exceptions import UserError
from trytond.pool import Pool
from trytond.transaction import Transaction
from trytond.url import http_host

from kontobro.bootstrap import App, SystemClock, answers_of, news_of
from kontobro.core.errors import KontobroError, Misconfigured, Problem, fault_in
from kontobro.core.model.connection import Connection
from kontobro.core.ports import Connector
from kontobro.core.words import Said
from kontobro.erp.kit.guard import guarded
from kontobro.erp.tryton.connector import TrytonConnector

from ..series import config
from .tables import TrytonStore, open_store
from .transport import InProcess

ERP = "tryton"


class PleoError(UserError):
    """A fault or a problem of Kontobro's, as Tryton shows it."""


def inside(database: str, connection: Connection) -> Connector:
    """The connector of a connection: Tryton's API connector over the transport in process."""
    user, company = connection.erp_options.get("user", ""), connection.erp_options.get("company", "")
    if not user.isdigit():
        raise Misconfigured("The connection has no user to book as.", "Connect again and choose the user.")
    calls = InProcess(database, int(user), int(company) if company.isdigit() else None)
    return guarded(TrytonConnector(calls, f"{http_host()}/#/{quote(database)}/model", enforced=True))


@contextmanager
def opened(database: str) -> Iterator[App]:
    """The home of a database, its connector in this very process; what was opened in it is closed at the end."""
    app = App(
        Path(),
        open_store(database),
        SystemClock(),
        connectors=partial(inside, database),
        answers=answers_of(Path(config.get("database", "path"))),
        news=news_of(Path(config.get("database", "path")), database),
    )
    try:
        yield app
    finally:
        app.close()


@contextmanager
def shown_errors() -> Iterator[None]:
    """Kontobro's faults as Tryton's own error, with the remedy; in another language, with the English below."""
    try:
        yield
    except KontobroError as fault:
        raise PleoError(*words_of(fault)) from fault


def words_of(fault: KontobroError) -> tuple[str, str]:
    """What went wrong and what to do; in another language both at once, and then the English."""
    english, said = str(fault), fault_in(fault, language())
    return (fault.message, fault.remedy) if said == english else (said.removesuffix(f"\n{english}"), english)


def raise_told(faults: Sequence[tuple[str, KontobroError]], chosen: int) -> None:
    """Those of so many chosen records as one of Tryton's errors, by name where there are several; nothing where there
    are none."""
    if faults and chosen == 1:
        raise PleoError(*words_of(faults[0][1]))
    if faults:
        said = [(name, *words_of(fault)) for name, fault in faults]
        raise PleoError("\n\n".join(f"{name}: {message}\n{remedy}" for name, message, remedy in said))


def language() -> str:
    """Of the person whose call this is."""
    return str(Transaction().language)


def in_words(problem: Problem, between: str = "\n→ ") -> str:
    """A problem and its remedy, in that person's language."""
    said = said_to_reader(problem)
    return f"{said.message}{between}{said.remedy}"


def said_to_reader(problem: Problem) -> Said:
    """Message and remedy in that person's language, with numbers and days in its format."""
    return problem.said(language(), shown_fact)


def shown_fact(fact: int | Decimal | date) -> str:
    lang = Pool().get("ir.lang").get()
    if isinstance(fact, date):
        return str(lang.strftime(fact))
    number = Decimal(fact)
    if not number.is_finite():
        return str(fact)
    return str(lang.format_number(number, digits=max(0, -int(number.as_tuple().exponent))))


def store_of(app: App) -> TrytonStore:
    return cast(TrytonStore, app.store)
