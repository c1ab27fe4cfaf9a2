"""Connect: look first, install at Pleo only when everything answered, store last.

The order is Pleo's own for API keys (`pleo/api.md` A3): a test call, the installation, its company. Nothing
is stored and nothing is installed when any look before it failed; but where Pleo names the company in the installation
alone, one that waits is made to learn it. An installation that keeps master data in sync is
activated after its first sync (`pleo/api.md` I).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from kontobro.core.errors import Misconfigured
from kontobro.core.level import Level, level_of, scopes_for
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.export import Identity, Installation
from kontobro.core.model.masterdata import Company
from kontobro.core.ports import Connector, Guards, Pleo, Store, TokenStore
from kontobro.core.words import told
from kontobro.install.identity import is_same_company, settled_identity
from kontobro.install.level import highest, require_level, require_scopes, with_level
from kontobro.install.parting import RENEWING, end

ACTIVE = "ACTIVATED"
PENDING = "PENDING_INTEGRATION"
"""What Pleo calls an installation that waits for its first sync."""

COMPANY_NAME = "company"
"""Under which name the installation's metadata have what the company is called."""

LONGEST_NAME = 300
"""Characters of a company's name that are kept."""


class InstallingPleo(Pleo, Protocol):
    """Pleo as connecting needs it: it can also name the company."""

    def company_name(self) -> str | None:
        """The company's name, or None when the credential may not read it."""
        ...


class TrialTokens:
    """A token store in memory: the credential before anything is stored. A refresh lands here too."""

    def __init__(self, tokens: Tokens) -> None:
        self.current = tokens

    def tokens(self, connection: Connection) -> Tokens | None:
        return self.current

    def save_tokens(self, connection: Connection, tokens: Tokens) -> None:
        self.current = tokens

    def mark_reconnect(self, connection_id: str, at: datetime) -> None:
        """Nothing to mark: the connection does not exist yet."""

    @contextmanager
    def lock(self, name: str, *, wait: float = 0) -> Iterator[None]:
        """No one else knows these tokens."""
        yield


@dataclass(frozen=True, slots=True)
class Connected:
    """What came of connecting: the stored connection, both companies, Pleo's installation."""

    connection: Connection
    company: Company
    installation: Installation
    again: bool

    @property
    def level(self) -> Level:
        return level_of(self.connection.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connecting:
    """Both sides, and what the place that connects has to say about it.

    `known`: among which connections the company may exist already, all of the store's by default. `claim` gets the
    connection as it will be, before anything is installed or stored, and may refuse it by raising. With `wait` the
    installation waits for the first sync at Level 1 too. `moving`: the company's books are changed on purpose: the
    connection that it has ends, one of `known` or of the `others`.
    """

    pleo_for: Callable[[Connection, TokenStore], InstallingPleo]
    connector: Connector
    store: Store
    known: Sequence[Connection] | None = None
    claim: Callable[[Connection], None] = lambda connection: None
    wait: bool = False
    moving: bool = False
    others: Sequence[Connection] = ()

    def connect(
        self, draft: Connection, tokens: Tokens, level: Level | None = None, secrets: Mapping[str, str] | None = None
    ) -> Connected:
        """Look at both sides, install at Pleo, store the connection, its tokens and the accounting system's `secrets`.

        `draft.company_id` may be empty: then the credential's own company is taken. `level` None: the highest that both
        sides allow, or for a company that was connected before the one it had. Level 1 is activated at once; above it a
        new installation waits for the first sync (`finish_installation`). Raises what the two sides raise, NotAllowed
        for missing scopes, Misconfigured when the companies don't fit.
        """
        trial = TrialTokens(tokens)
        identity = named_identity(self.pleo_for(draft, trial), draft.company_id)
        require_level(level or 1, self.connector.capabilities, identity)
        company = self.connector.check()
        found = replace(
            draft,
            company_id=company_of(identity, draft.company_id),
            scopes=identity.scopes,
            erp_company=company.id,
            erp_company_name=company.name,
        )
        named = replace(found, company_name=name_of_company(self.pleo_for(found, trial)) or draft.company_name)
        known = self.store.connections() if self.known is None else self.known
        guarded = isinstance(self.store, Guards)
        settled, again = settled_identity(named, known, moving=self.moving, guarded=guarded)
        final = self._at_level(settled, 1 if draft.trial else level, identity, again=again)
        self.claim(final)
        installation = self._installed(final, trial)
        self._end_other(final, known)
        keep(final, trial.current, secrets or {}, self.store)
        return Connected(final, company, installation, again)

    def _end_other(self, final: Connection, known: Sequence[Connection]) -> None:
        """Of a company that is moved: the connection that it had ends, before the new one is stored."""
        for other in {one.id: one for one in (*known, *self.others)}.values():
            if self.moving and other.id != final.id and other.is_in_use and is_same_company(other, final):
                end(other, self.store)

    def _installed(self, final: Connection, trial: TrialTokens) -> Installation:
        """The installation at Pleo. A trial leaves one that is there as it is: it may be another connection's."""
        pleo = self.pleo_for(final, trial)
        found = pleo.installation() if final.trial else None
        return found or install(pleo, final, wait=self.wait)

    def _at_level(self, settled: Connection, level: Level | None, identity: Identity, *, again: bool) -> Connection:
        """With the settings of its level, which both sides allow."""
        capabilities = self.connector.capabilities
        chosen = level or (level_of(settled.settings) if again else highest(capabilities, identity))
        require_level(chosen, capabilities, identity)
        final = settled if again and level is None else replace(settled, settings=with_level(settled.settings, chosen))
        require_scopes(scopes_for(final.settings), identity)
        return final


def keep(connection: Connection, tokens: Tokens, secrets: Mapping[str, str], store: Store) -> None:
    """Store a connection with its credentials. Under the lock of renewals: none of the old pair comes back over it."""
    with store.lock(f"refresh-{connection.id}", wait=RENEWING):
        store.save_connection(connection, tokens, secrets)


def named_identity(pleo: Pleo, chosen: str) -> Identity:
    """Who the credential is. Introspection need not say whose it is: then the installation's `resource` does.

    A key has no installation before it makes one (`pleo/api.md` A3, I). Not asked for when a company was `chosen`.
    """
    identity = pleo.introspect()
    if identity.subject or chosen:
        return identity
    found = pleo.installation() or pleo.install({"integration": "kontobro"}, activate=False)
    return replace(identity, subject=found.resource or None)


def company_of(identity: Identity, chosen: str) -> str:
    """The Pleo company that is connected: the credential's own, else the one that was chosen."""
    own = identity.company_id
    if own and chosen and own != chosen:
        raise Misconfigured(*told("wrong_company", own=own, chosen=chosen)).by("kontobro connect without --company")
    if not own and not chosen:
        raise Misconfigured(*told("credential_of_organisation")).by("kontobro connect --company ID")
    return own or chosen


def name_of_company(pleo: InstallingPleo) -> str:
    """The company's name: Pleo's where the consent gives it, else as an earlier installation of ours noted it."""
    name = pleo.company_name()
    if name:
        return name
    installation = pleo.installation()
    noted = installation.metadata.get(COMPANY_NAME) if installation else None
    return noted.strip()[:LONGEST_NAME] if isinstance(noted, str) else ""


def install(pleo: Pleo, connection: Connection, *, wait: bool = False) -> Installation:
    """Create the installation for this company: active at Level 1 unless it is to `wait`, else after a first sync."""
    at_once = level_of(connection.settings) == 1 and not wait
    installation = pleo.install(metadata_of(connection), activate=at_once)
    return accepted(installation, connection, (ACTIVE,) if at_once else (ACTIVE, PENDING))


def finish_installation(pleo: Pleo, connection: Connection) -> bool:
    """Activate an installation that waited for its first sync; whether that was to be done."""
    found = pleo.installation()
    if found is not None and found.status == ACTIVE:
        return False
    accepted(pleo.install(metadata_of(connection)), connection, (ACTIVE,))
    return True


def accepted(installation: Installation, connection: Connection, statuses: Sequence[str]) -> Installation:
    """The installation, when Pleo gave it one of these statuses and for this company. Raises Misconfigured."""
    if installation.status not in statuses:
        code = f" ({installation.error_code})" if installation.error_code else ""
        raise Misconfigured(*told("integration_left", status=f"{installation.status}{code}", expected=statuses[-1]))
    if connection.company_id not in installation.resource and ":company:" in installation.resource:
        raise Misconfigured(*told("installed_elsewhere", resource=installation.resource, company=connection.company_id))
    return installation


def metadata_of(connection: Connection) -> Mapping[str, object]:
    """What Pleo keeps beside the installation: enough to recognise it, nothing personal."""
    named = {COMPANY_NAME: connection.company_name} if connection.company_name else {}
    return {"integration": "kontobro", "erp": connection.erp, "connection": connection.id, **named}
