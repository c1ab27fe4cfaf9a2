"""Tryton 7.0 LTS: psycopg2, routes of the whole server, classes that a module registers itself, models as records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence, Set
from configparser import ConfigParser
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name
from trytond import backend
from trytond.config import config
from trytond.pool import Pool, PoolBase, PoolMeta
from trytond.protocols.wrappers import with_pool
from trytond.transaction import Transaction
from trytond.url import http_host
from trytond.wsgi import app

__all__ = [
    "Route",
    "Router",
    "Rule",
    "Watched",
    "at_end",
    "config",
    "connect",
    "is_administrator",
    "pages",
    "waiting_cursor",
]

PACKAGE = __package__.rpartition(".")[0]
LISTED = Path(__file__).parents[1] / "tryton.cfg"


def waiting_cursor(connection: Any) -> Any:
    """A cursor of the driver's own: Tryton's would log values. Read committed: Tryton's own level would make two
    writers fail in place of waiting."""
    connection.rollback()  # Tryton's pool has tried the connection, and a transaction that began keeps its level
    connection.set_session(isolation_level=ISOLATION_LEVEL_READ_COMMITTED)
    return connection.cursor(cursor_factory=Cursor)


def connect(database: str) -> Any:
    """In autocommit mode."""
    session = psycopg2.connect(**backend.Database._connection_params(database))
    session.autocommit = True
    return session


_ends: list[Callable[[], None]] = []


def at_end(finish: Callable[[], None]) -> None:
    """Before this process of cron ends. Its work is done in threads, and Python's public hooks come too late for them:
    by then no pool of threads takes work."""
    if finish not in _ends:
        _ends.append(finish)
        threading._register_atexit(finish)


@dataclass(frozen=True)
class Rule:
    path: str
    methods: Set[str]


@dataclass(frozen=True)
class Route:
    rule: Rule
    decorators: Sequence[Any] = ()


class Router(PoolBase):
    """As much of 8.2's as the pages need."""

    __slots__ = ()

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__routes__ = {}

    @classmethod
    def url_for(cls, endpoint):
        return f"{http_host()}{cls.path_in(quote(Transaction().database.name), endpoint)}"

    @classmethod
    def path_in(cls, database, endpoint):
        return f"/{database}/r/{cls.__name__}/{cls.__routes__[endpoint].rule.path}"


def _serve(router: Any, endpoint: str) -> None:
    """Answer to every database's address of it."""
    route, answer = router.__routes__[endpoint], getattr(router, endpoint)
    for decorated in reversed(route.decorators):
        answer = decorated(answer)
    app.route(router.path_in("<string:database_name>", endpoint), methods=route.rule.methods)(_in_pool(answer))


def _in_pool(answer: Any) -> Any:
    """Loads the database's pool first; 8.2 does so before it looks for a route."""

    @with_pool
    @wraps(answer)
    def in_pool(request: Any, pool: Any) -> Any:
        return answer(request, pool.database_name)

    return in_pool


def pages() -> Any:
    """The module's router."""
    from ..oauth.web import Pages

    return Pages


def is_administrator(user: Any) -> bool:
    """7.0 has no administrators but those of its group Administration."""
    group = Pool().get("ir.model.data").get_id("res", "group_admin")
    return group in {one.id for one in user.groups}


class Watched:
    """`check_write` is asked with the values before a record is changed."""

    __slots__ = ()

    @classmethod
    def write(cls, records, values, *more):
        for changes in (values, *more[1::2]):
            cls.check_write(changes)
        super().write(records, values, *more)


class OfModel:
    """A record of one model, which our XML names: here it is a record too, in 8.2 a name."""

    __slots__ = ()

    @classmethod
    def create(cls, vlist):
        return super().create([_by_id(values) for values in vlist])

    @classmethod
    def write(cls, records, values, *more):
        actions = [records, values, *more]
        actions[1::2] = map(_by_id, actions[1::2])
        super().write(*actions)


def _by_id(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a record, its model by id."""
    if not isinstance(values.get("model"), str):
        return dict(values)
    (model,) = Pool().get("ir.model").search([("model", "=", values["model"])])
    return {**values, "model": model.id}


class Access(OfModel, metaclass=PoolMeta):
    __name__ = "ir.model.access"


class RuleGroup(OfModel, metaclass=PoolMeta):
    __name__ = "ir.rule.group"


class ModelButton(OfModel, metaclass=PoolMeta):
    __name__ = "ir.model.button"


def register_listed() -> None:
    """What tryton.cfg lists: 8.2 reads it there."""
    Pool.register(Access, RuleGroup, ModelButton, module="kontobro", type_="model")
    listed = ConfigParser()
    listed.read(LISTED)
    for kind, names in listed["register"].items():
        classes = [_listed(name) for name in names.split()]
        if kind == "router":
            for router in classes:
                router.__setup__()
                for endpoint in router.__routes__:
                    _serve(router, endpoint)
        else:
            Pool.register(*classes, module="kontobro", type_=kind)


def _listed(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"{PACKAGE}.{module}"), name)
