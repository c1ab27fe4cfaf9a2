"""The connectors that are installed here: ours, and those that other packages register by an entry point.

A package is imported when its connector is asked for, and not before. One that is broken never stops the others: it is
named with what is wrong with it (`Registry.faults`).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import TYPE_CHECKING, Any, Final, cast

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.connection import FROM_PLEO
from kontobro.core.model.findings import sentences
from kontobro.core.words import part_of, phrase, told, worded
from kontobro.erp.kit.registration import LEDGER, URL, Registration
from kontobro.net.addresses import ANYWHERE, NetworkPolicy

if TYPE_CHECKING:
    from kontobro.core.ports import Connector
    from kontobro.erp.kit.guard import Guarded, GuardedTarget

Factory = Callable[..., "Connector"]
"""Takes the options; one with a parameter `secrets` gets the way to the connection's secrets by name too, one with
`network` what its clients may connect to (`kontobro.net.client.open_client`)."""

Secrets = Callable[[str], str | None]
"""An accounting system's secret by its name, None when there is none: `Store.secret` of one connection."""

GROUP: Final = "kontobro.connectors"
"""The group of entry points in which a package registers its connector, under the connector's name."""

SYSTEMS: Final = {name: f"{name}:CONNECTOR" for name in ("beancount", "odoo", "tryton")}
FILES: Final = {
    "csv": "files.template:CSV",
    "datev": "files.datev:CONNECTOR",
    "fec": "files.fec:CONNECTOR",
    "sie": "files.sie:CONNECTOR",
    "xlsx": "files.template:XLSX",
}
OURS: Final = {name: EntryPoint(name, f"kontobro.erp.{value}", GROUP) for name, value in {**SYSTEMS, **FILES}.items()}
"""Entry points like all others, but named here: they are there in a folder of sources that no one installed too."""

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)

UNDECLARED: Final = (
    replace(URL, required=False),
    replace(LEDGER, required=False),
)
"""What options of a connector that declares none are known by their names: its address and its file."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry point of another package. `fault`: why it can't be used, found without importing it."""

    package: str
    entry: EntryPoint
    fault: str = ""


def no_secrets(name: str) -> None:
    """For connectors that need no secret."""


def package_name(text: str) -> str:
    """A distribution's name as names are compared: `Kontobro_Hledger` is `kontobro-hledger`."""
    return re.sub(r"[-_.]+", "-", text.strip()).lower()


class Registry:
    """All connectors by name. `allowed` are the only other packages that are imported; None allows all.

    A connector of your own needs no entry point: its name may be its factory's dotted path, `package.module:factory`.
    """

    def __init__(self, allowed: frozenset[str] | None = None) -> None:
        self._allowed = None if allowed is None else frozenset(map(package_name, allowed))
        self._loaded: dict[str, Registration | Misconfigured] = {}
        self._clashes: list[str] = []

    def names(self) -> list[str]:
        """The connectors that can be offered, sorted. Imports what registers them, not yet the connectors."""
        return sorted(name for name in {*OURS, *self._others} if not self.fault(name))

    def get(self, name: str) -> Registration:
        """What the connector of that name declares. Raises Misconfigured for an unknown, barred or broken one."""
        if name not in self._loaded:
            try:
                self._loaded[name] = self._load(name)
            except Misconfigured as fault:
                self._loaded[name] = fault  # a broken package is imported once, not for every page
        found = self._loaded[name]
        if isinstance(found, Misconfigured):
            raise Misconfigured(found.message, found.remedy) from found.__cause__
        return found

    def label(self, name: str) -> str:
        """The connector's name as people write it; also of one that is not installed any more."""
        try:
            return self.get(name).label
        except Misconfigured:
            return OWN_LABEL if ":" in name else name.capitalize()

    def fault(self, name: str) -> str:
        """Why the connector of that name can't be offered, in one line; empty when it can."""
        try:
            self.get(name)
        except Misconfigured as fault:
            return fault.message
        return ""

    def faults(self) -> list[str]:
        """What is wrong with other packages, one line each."""
        return [fault for name in sorted(self._others) if (fault := self.fault(name))] + self._clashes

    def package(self, name: str) -> str:
        """The other package that registers this connector; empty for ours."""
        return self._others[name].package if name not in OURS and name in self._others else ""

    def is_installed(self, name: str) -> bool:
        """Whether the connector of that name can be loaded here."""
        try:
            _factory(self.get(name))
        except Misconfigured:
            return False
        return True

    def load(
        self,
        name: str,
        options: Mapping[str, str],
        secrets: Secrets = no_secrets,
        network: NetworkPolicy = ANYWHERE,
    ) -> Guarded:
        """The connector of that name for one company, guarded. `options` are its own settings, `secrets` its keys,
        `network` what it may connect to.

        Raises Misconfigured for an unknown name, a missing package, a wrong option or a missing secret.
        """
        from kontobro.erp.kit.guard import guarded_from

        return guarded_from(self._maker(name, options, secrets, network))

    def load_target(self, name: str, options: Mapping[str, str]) -> GuardedTarget:
        """The document target of that name for one company, guarded. Raises as `load`."""
        from kontobro.erp.kit.guard import guarded_target_from

        return guarded_target_from(self._maker(name, options, no_secrets, ANYWHERE))

    def _maker(
        self, name: str, options: Mapping[str, str], secrets: Secrets, network: NetworkPolicy
    ) -> Callable[[], Any]:
        """What makes the connector or target of that name."""
        known = self.get(name)
        factory = _factory(known)
        known.require(options)
        takes = inspect.signature(factory).parameters
        own = {"secrets": _own_secrets(known, secrets), "network": network}
        more = {name: given for name, given in own.items() if name in takes}
        return lambda: factory(options, **more)

    def _load(self, name: str) -> Registration:
        if name in OURS:
            return cast(Registration, OURS[name].load())
        if ":" in name:
            return self._dotted(name)
        found = self._others.get(name)
        if found is None:
            faults = sentences("", *map(part_of, self.faults()))
            raise Misconfigured(
                *told("connector_unknown", name=shown(name), names=tuple(self.names()), group=GROUP, faults=faults)
            )
        if found.fault:
            raise Misconfigured(*told("package_refused", fault=part_of(found.fault), group=GROUP))
        return _imported(found)

    def _dotted(self, name: str) -> Registration:
        if self._allowed is not None and package_name(name) not in self._allowed:
            raise Misconfigured(*told("connector_not_allowed", name=shown(name)))
        try:
            return Registration(
                label=OWN_LABEL,
                factory=name,
                install=f"Install the package that holds {shown(name)}",
                options=UNDECLARED,
                open_options=True,
            )
        except ValueError:
            raise Misconfigured(*told("factory_wrong", name=shown(name))) from None

    @cached_property
    def _others(self) -> dict[str, Found]:
        """The entry points of other packages, by the connector's name. Imports none of them."""
        found: dict[str, Found] = {}
        for each in (Found(package, entry) for package, entry in _entries(self._unreadable)):
            name = each.entry.name
            if fault := self._fault_of(each, found.get(name)):
                each = replace(each, fault=fault)
            if name in found or name in OURS:
                self._clashes.append(each.fault)
            if name not in OURS:
                found[name] = each
        return found

    def _unreadable(self, package: str) -> None:
        self._clashes.append(worded("package_unreadable", package=package))

    def _fault_of(self, found: Found, other: Found | None) -> str:
        name, package = found.entry.name, found.package
        if name in OURS:
            return worded("package_of_ours", package=package, name=name)
        if other is not None:
            return worded("packages_both", first=other.package, second=package, name=name)
        if self._allowed is not None and package_name(package) not in self._allowed:
            return worded("package_not_allowed", package=package)
        if not NAME.fullmatch(name):
            return worded("package_name_wrong", package=package, name=shown(name))
        return ""


OWN_LABEL: Final = "the accounting system"


def load_connector(
    name: str, options: Mapping[str, str], secrets: Secrets = no_secrets, network: NetworkPolicy = ANYWHERE
) -> Guarded:
    """`Registry.load` where every installed package may be loaded."""
    return Registry().load(name, options, secrets, network)


def _entries(unreadable: Callable[[str], None]) -> Iterable[tuple[str, EntryPoint]]:
    """The group's entry points, each with its package's name; of two copies of a package that which is imported."""
    seen: set[str] = set()
    for each in distributions():
        if GROUP not in (_text_of(each) or ""):
            continue
        package = shown(each.metadata["Name"] or "?")
        if package_name(package) in seen:
            continue
        seen.add(package_name(package))
        try:
            own = each.entry_points.select(group=GROUP)
        except Exception:  # noqa: BLE001 - whatever a broken file makes of the parser
            unreadable(package)
        else:
            yield from ((package, entry) for entry in own)


def _text_of(distribution: Distribution) -> str | None:
    try:
        return distribution.read_text("entry_points.txt")
    except (OSError, ValueError):
        return None


def _imported(found: Found) -> Registration:
    """What the entry point leads to: foreign code runs here."""
    try:
        known = found.entry.load()
    except (Exception, SystemExit) as fault:
        raise Misconfigured(*told("package_broken", package=found.package, why=_said(fault))) from fault
    if not isinstance(known, Registration):
        why = phrase("package_no_registration", value=shown(found.entry.value))
        raise Misconfigured(*told("package_broken", package=found.package, why=why))
    return known


def _said(fault: BaseException) -> str:
    """In one line: what could not be imported, or what is wrong with the declaration."""
    said = shown(str(fault))
    return f"{type(fault).__name__}: {said}" if said else type(fault).__name__


def _own_secrets(known: Registration, secrets: Secrets) -> Secrets:
    """The way to the connector's own secrets alone: no other name, and never one of Pleo's, opens anything."""
    names = {option.name for option in known.secrets}

    def own(name: str) -> str | None:
        is_own = name in names or (known.open_options and name not in FROM_PLEO)
        return secrets(name) if is_own else None

    return own


def _factory(known: Registration) -> Factory:
    module, _, factory = known.factory.partition(":")
    try:
        return cast(Factory, getattr(import_module(module), factory))
    except (Exception, SystemExit) as fault:
        named = shown(known.factory if known.open_options else known.label)
        raise Misconfigured(
            *told("connector_not_loaded", name=named, why=_said(fault), install=known.install)
        ) from fault
