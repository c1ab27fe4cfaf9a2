"""Accounting systems: each connector is a package of its own; the registry names them all.

A connector of your own needs no entry here: its name may be its factory's dotted path, `package.module:factory`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.ports import Connector
from kontobro.erp.guard import Guarded, guarded

Factory = Callable[[Mapping[str, str]], Connector]


@dataclass(frozen=True, slots=True)
class Registered:
    """Where a connector's factory is, and what to install when it can't be imported."""

    factory: str
    install: str


REGISTRY: dict[str, Registered] = {
    "beancount": Registered("kontobro.erp.beancount.connector:from_options", "pip install 'kontobro[beancount]'"),
}


def load_connector(name: str, options: Mapping[str, str]) -> Guarded:
    """The connector of that name for one company, guarded. `options` are its own settings.

    Raises Misconfigured for an unknown name, a missing package or a missing option.
    """
    return guarded(_factory(name)(options))


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
