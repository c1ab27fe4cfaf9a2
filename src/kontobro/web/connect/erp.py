"""Connecting: the accounting system, what may be typed about it, and the moment both sides are joined."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from kontobro.bootstrap import App
from kontobro.core.errors import Misconfigured, shown
from kontobro.core.level import Level
from kontobro.core.model.connection import Connection, erp_destination
from kontobro.core.ports import Connector
from kontobro.core.words import told
from kontobro.install.connect import Connected, Connecting
from kontobro.install.level import highest_supplied
from kontobro.install.parting import require_no_job
from kontobro.net.addresses import look_up
from kontobro.service.config import config
from kontobro.service.connectors import connectors
from kontobro.service.ledgers import ledger_for, offers_ledgers
from kontobro.service.networks import reach_of
from kontobro.web.connect.setup import SealedTokens, known_to, own
from kontobro.web.connect.subscribing import unsubscribe
from kontobro.web.connect.taken import holder, note_end
from kontobro.web.members.rights import require_still
from kontobro.web.models import Organisation, Setup
from kontobro.web.site.systems import system_name

SECONDS_FOR_OTHERS = 30
"""How long one waits for another who connects the same company at this moment."""


def systems() -> list[tuple[str, str]]:
    """The accounting systems that can be connected here: name, and the name as people write it.

    One that reads a file of this machine is offered by a hosted service only when its operator named folders for it.
    """
    installed = [name for name in connectors().names() if connectors().is_installed(name)]
    offered = [name for name in installed if offers_ledgers(config()) or not _reads_file(name)]
    return sorted(((name, system_name(name)) for name in offered), key=lambda one: one[1].casefold())


def _reads_file(name: str) -> bool:
    """Whether no one can connect it without naming a file of this machine."""
    return any(option.kind == "path" and option.required for option in connectors().get(name).settings)


def safe_options(erp: str, options: Mapping[str, str], organisation: Organisation) -> dict[str, str]:
    """Options that a person may give to this machine: empty ones left out. Raises Misconfigured.

    Any other ledger would let a stranger read and write files here and run code (`service/ledgers.py`); and private
    networks are not for strangers (`service/networks.py`).
    """
    given = {name: value.strip() for name, value in options.items() if value.strip()}
    declared = connectors().get(erp)
    for name, path in declared.values_of("path", given).items():
        given[name] = str(ledger_for(config(), path, str(organisation.id)))
    for name, url in (declared.values_of("address", given) | declared.values_of("link", given)).items():
        _require_address(name, url)
    for url in declared.values_of("address", given).values():  # a link is never asked
        reach_of(config(), look_up).require(url)
    return given


def _require_address(name: str, url: str) -> None:
    if not _host_of(url):
        raise Misconfigured(*told("web_address_wrong", url=shown(url), name=name))


def _host_of(url: str) -> str:
    """The host of a web address; none of what is not one."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    good = parts.scheme in ("http", "https") and port != 0
    return (parts.hostname or "") if good else ""


def needed_secrets(erp: str, given: Mapping[str, str]) -> dict[str, str]:
    """The secrets as typed. Raises Misconfigured for one that is missing."""
    declared = connectors().get(erp)
    found = {option.name: given.get(option.name, "").strip() for option in declared.secrets}
    for option in declared.secrets:
        if option.required and not found[option.name]:
            raise Misconfigured(*told("secret_missing", option=_(option.label), system=declared.label))
    return {name: secret for name, secret in found.items() if secret}


def secrets_for(connection: Connection, changed: Connection, given: Mapping[str, str]) -> dict[str, str]:
    """The secrets that were given for a changed access. A stored one goes only to where it was given for, so with
    another destination every secret is given again. Raises Misconfigured for one that is missing."""
    declared = connectors().get(connection.erp).secrets
    missing = [each.label for each in declared if each.required and not given.get(each.name, "").strip()]
    if missing and erp_destination(changed) != erp_destination(connection):
        raise Misconfigured(*told("secret_for_other_place", words=tuple(_(label) for label in missing)))
    return dict(given)


def join(setup: Setup, app: App) -> Connected:
    """Look at both sides, take the company, install at Pleo, store. Run again after a crash it fixes what is missing.

    The owner is stored before the connection, under the id that the setup had from its beginning. The credential is
    refreshed first, where a new pair of tokens is kept: while connecting nothing of it may be lost.
    """
    draft = setup.draft()
    held = setup.secrets().get("erp")
    connector = app.connector_for(draft, held)
    app.pleo_for(draft, SealedTokens(setup)).introspect()
    with app.store.lock(f"connect {setup.environment} {setup.company_id}", wait=SECONDS_FOR_OTHERS):
        other = holder(setup) if setup.moves else None
        if other is not None:
            require_no_job(other, app.store, app.clock.now())
        connecting = Connecting(
            pleo_for=app.pleo_for,
            connector=connector,
            store=app.store,
            known=known_to(setup.organisation),
            claim=partial(_claim, setup, other, app),
            wait=not setup.again,
            moving=setup.moves,
            others=[other] if other else [],
        )
        joined = connecting.connect(draft, setup.tokens(), _level(setup, connector), held)
        if other is not None and other.id != joined.connection.id:
            note_end(other, setup)
        return joined


def _claim(setup: Setup, other: Connection | None, app: App, final: Connection) -> None:
    """The last look before anything is installed: who connects still may, and no one else has the company. Pleo stops
    notifying the connection that ends for this one."""
    require_still(setup, "owner" if other is not None and other.id != final.id else "bookkeeper")
    own(final, setup.organisation, setup)
    if other is not None and other.id != final.id:
        unsubscribe(other, app)


def _level(setup: Setup, connector: Connector) -> Level | None:
    """The chosen level, or less where the accounting system supplies less; None to leave it as it was."""
    if setup.kept_settings():
        return None
    return min(setup.chosen_level, highest_supplied(connector.capabilities))
