"""Connecting: the accounting system, what may be typed about it, and the moment both sides are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from urllib.parse import urlsplit

from kontobro.bootstrap import Home
from kontobro.core.connection import Connection
from kontobro.core.errors import Misconfigured, shown
from kontobro.core.level import Level, level_of
from kontobro.core.ports import Connector
from kontobro.erp import REGISTRY, is_installed, secret_words
from kontobro.install.connect import Connected, connect
from kontobro.install.level import highest_supplied
from kontobro.service.config import config
from kontobro.service.networks import reach_of
from kontobro.service.outgoing import look_up
from kontobro.web.models import Organisation, Setup
from kontobro.web.places import places
from kontobro.web.setup import SealedTokens, draft_of, known_to, level_chosen, own, secrets_of, tokens_of

SECONDS_FOR_OTHERS = 30
"""How long one waits for another who connects the same company at this moment."""


def systems() -> list[tuple[str, str]]:
    """The accounting systems that are installed here: name, and the name as people write it."""
    return [(name, name.capitalize()) for name in REGISTRY if is_installed(name)]


def safe_options(erp: str, options: Mapping[str, str], organisation: Organisation) -> dict[str, str]:
    """Options that a person may give to this machine: empty ones left out. Raises Misconfigured.

    A hosted service opens only ledgers that its operator put into the organisation's own folder: any other path
    would let a stranger read and write files here; and private networks are not for strangers (`service/networks.py`).
    """
    given = {name: value.strip() for name, value in options.items() if value.strip()}
    if "ledger" in given:
        given["ledger"] = str(_ledger(given["ledger"], organisation))
    for name in ("url", "fava"):
        if name in given:
            _require_address(name, given[name])
    return given


def _ledger(text: str, organisation: Organisation) -> Path:
    if config().local:
        return Path(text).expanduser().resolve()
    folder = (places.home.path / "ledgers" / str(organisation.id)).resolve()
    ledger = (folder / text).resolve()
    if not ledger.is_relative_to(folder):
        raise Misconfigured(
            f'The ledger "{shown(text)}" is outside of your organisation\'s folder.',
            f"Give its path within the folder ledgers/{organisation.id} of the service's home.",
        )
    return ledger


def _require_address(name: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misconfigured(f'"{shown(url)}" is no address.', f"Give {name} as https://…")
    if name == "url":  # Fava's is only linked to, never asked
        reach_of(config(), look_up).require(url)


def needed_secrets(erp: str, given: Mapping[str, str]) -> dict[str, str]:
    """The secrets as typed. Raises Misconfigured for one that is missing."""
    for name, word in secret_words(erp).items():
        if not given.get(name, "").strip():
            raise Misconfigured(f"The {word} is missing.", f"Give the {word} of {erp.capitalize()}.")
    return {name: given[name].strip() for name in secret_words(erp)}


def join(setup: Setup, home: Home) -> Connected:
    """Look at both sides, take the company, install at Pleo, store. Run again after a crash it mends what is missing.

    The owner is stored before the connection, under the id that the setup had from its beginning. The credential is
    refreshed first, where a new pair of tokens is kept: while connecting nothing of it may be lost.
    """
    known = known_to(setup.organisation)
    draft = replace(draft_of(setup), name=free_name(setup, known))
    held = secrets_of(setup).get("erp")
    connector = home.connector_for(draft, held)
    connector.check()
    home.pleo_for(draft, SealedTokens(setup)).introspect()
    with home.store.lock(f"connect {setup.environment} {setup.company_id}", wait=SECONDS_FOR_OTHERS):
        return connect(
            draft,
            tokens_of(setup),
            home.pleo_for,
            connector,
            home.store,
            _level(setup, connector),
            held,
            known=known,
            claim=lambda final: own(final, setup.organisation),
            wait=not setup.again,
        )


def free_name(setup: Setup, known: Sequence[Connection]) -> str:
    """A name for a company whose own is taken: by its connection to another accounting system, or by a namesake.

    Empty: the company's name is free, or the connection stands already and keeps its own.
    """
    taken = {one.name for one in known}
    stands = any(
        (c.company_id, c.environment, c.erp) == (setup.company_id, setup.environment, setup.erp) for c in known
    )
    name = setup.company_name or setup.company_id
    if stands or name not in taken:
        return ""
    numbered = (f"{name} ({setup.erp} {number})" for number in count(2))
    return next(one for one in chain([f"{name} ({setup.erp})"], numbered) if one not in taken)


def _level(setup: Setup, connector: Connector) -> Level | None:
    """The chosen level, or less where the accounting system supplies less; None to leave it as it was."""
    if keeps_level(setup):
        return None
    return min(level_chosen(setup), highest_supplied(connector.capabilities))


def keeps_level(setup: Setup) -> bool:
    """Whether a connection that stands is only connected again, at the level that it has."""
    standing = places.home.store.connection(setup.connection_id) if setup.again else None
    return standing is not None and level_of(standing.settings) == setup.level
