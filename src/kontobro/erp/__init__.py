"""Accounting systems: each connector is a package of its own; the registry names them all.

Loading this package loads next to nothing: it is loaded with each module of a connector, also in short-lived processes.

A connector of your own needs no entry here: its name may be its factory's dotted path, `package.module:factory`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from kontobro.core.errors import Misconfigured, shown
from kontobro.net.addresses import ANYWHERE, NetworkPolicy

if TYPE_CHECKING:
    from kontobro.core.ports import Connector
    from kontobro.erp.kit.guard import Guarded

Factory = Callable[..., "Connector"]
"""Takes the options; one with a parameter `secrets` gets the way to the connection's secrets by name too, one with
`network` what its clients may connect to (`kontobro.net.client.open_client`)."""

Secrets = Callable[[str], str | None]
"""An accounting system's secret by its name, None when there is none: `Store.secret` of one connection."""


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of a connector, with a word for the person.

    `flag` is the command line's own for it, with its `help`; an option without one is given by `--erp-option`. A `path`
    is kept absolute.
    """

    name: str
    word: str
    flag: str = ""
    help: str = ""
    metavar: str | None = None
    path: bool = False


LEDGER = Option(
    "ledger", "path of the ledger's main file", "--ledger", "Beancount: the main file of the ledger.", path=True
)
URL = Option("url", "address", "--erp-url", "Where the accounting system is.")
DATABASE = Option("database", "database", "--erp-database", "Its database.", "NAME")
USER = Option("user", "user", "--erp-user", "The user there.", "NAME")
COMPANY = Option(
    "company",
    "company's number, if there are several",
    "--erp-company",
    "The company there, if there are several.",
    "ID",
)
FLAGGED = (LEDGER, URL, DATABASE, USER, COMPANY)
"""The options that the command line has a flag for, in the order of its help."""


@dataclass(frozen=True, slots=True)
class Registered:
    """Where a connector's factory is, and what to install when it can't be imported.

    `options` are its settings, the needed ones first; `secrets` the names of its secrets, each with a word for the
    person.
    """

    factory: str
    install: str
    options: tuple[Option, ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()


REGISTRY: dict[str, Registered] = {
    "beancount": Registered(
        "kontobro.erp.beancount.connector:from_options",
        "pip install 'kontobro[beancount]'",
        options=(LEDGER, Option("fava", "address of its Fava, if there is one")),
    ),
    "odoo": Registered(
        "kontobro.erp.odoo.connector:from_options",
        "pip install kontobro",
        options=(URL, DATABASE, COMPANY, Option("login", "login of the API key's user, for Odoo 17 and 18 only")),
        secrets=(("api_key", "API key"),),
    ),
    "tryton": Registered(
        "kontobro.erp.tryton.connector:from_options",
        "pip install kontobro",
        options=(URL, DATABASE, USER, COMPANY),
        secrets=(("password", "password"),),
    ),
}


def is_installed(name: str) -> bool:
    """Whether the connector of that name can be loaded here."""
    try:
        _factory(name)
    except Misconfigured:
        return False
    return True


def option_words(name: str) -> Mapping[str, str]:
    """The options of a connector of the registry, each with a word for the person; none of one that is not in it."""
    return {option.name: option.word for option in REGISTRY[name].options} if name in REGISTRY else {}


def secret_words(name: str) -> Mapping[str, str]:
    """Its secrets, likewise."""
    return dict(REGISTRY[name].secrets) if name in REGISTRY else {}


def no_secrets(name: str) -> None:
    """For connectors that need no secret."""


def load_connector(
    name: str, options: Mapping[str, str], secrets: Secrets = no_secrets, network: NetworkPolicy = ANYWHERE
) -> Guarded:
    """The connector of that name for one company, guarded. `options` are its own settings, `secrets` its keys,
    `network` what it may connect to.

    Raises Misconfigured for an unknown name, a missing package, option or secret.
    """
    from kontobro.erp.kit.guard import guarded

    factory = _factory(name)
    takes = inspect.signature(factory).parameters
    more = {name: given for name, given in (("secrets", secrets), ("network", network)) if name in takes}
    return guarded(factory(options, **more))


def _factory(name: str) -> Factory:
    known = REGISTRY.get(name) or (Registered(name, f"Install the package that holds {name}") if ":" in name else None)
    if known is None:
        raise Misconfigured(f'There is no connector "{shown(name)}".', f"Choose one of: {', '.join(sorted(REGISTRY))}.")
    module, _, factory = known.factory.partition(":")
    try:
        return cast(Factory, getattr(import_module(module), factory))
    except (ImportError, AttributeError) as missing:
        raise Misconfigured(
            f'The connector "{shown(name)}" can\'t be loaded: {missing}.', f"{known.install}."
        ) from missing
