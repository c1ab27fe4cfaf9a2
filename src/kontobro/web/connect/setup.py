"""Connecting, step by step: what a setup holds, its secrets, and the credential that Pleo gives it.

Each step is stored before the next begins, so that a flow that is left anywhere goes on there. Steps:

    level -> consent (Pleo's page) | key -> erp -> access (-> company) -> settings -> plan -> the connection's page
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal, cast

from django.utils import timezone

from kontobro.bootstrap import Home
from kontobro.core.dialect import TagScope
from kontobro.core.errors import Conflict, KontobroError, LoginFailed, Misconfigured, NotAllowed
from kontobro.core.level import LEVELS, Level, level_of, missing_scopes, scopes_at, scopes_for
from kontobro.core.model.connection import Connection, Destination, Tokens, erp_destination, pleo_destination
from kontobro.core.model.export import Identity
from kontobro.core.model.settings import Settings
from kontobro.install.authorisation import Consent, consent_for
from kontobro.install.connect import named_identity
from kontobro.pleo import ENVIRONMENTS, authorize_url, exchange_code
from kontobro.service.config import Environment, config
from kontobro.store.django_store import DjangoStore
from kontobro.store.secrets.codec import tokens_from, tokens_to
from kontobro.web.models import ConnectionOwner, Organisation, Setup
from kontobro.web.places import places
from kontobro.web.tenancy import Member

Step = Literal["level", "consent", "key", "erp", "access", "company", "settings", "plan"]

SEALED = "secrets with destinations"  # what a setup's sealed secrets are called within it

LIFE = timedelta(days=7)  # an abandoned setup is deleted after so long

WORLDS: tuple[Environment, ...] = ("production", "staging", "sandbox")


# ------------------------------------------------------------------------------------- begin and end


def ways() -> list[tuple[str, str]]:
    """How Pleo can be reached here: value and words. OAuth only where Pleo registered a client for us."""
    oauth = [(f"oauth {world}", f"Sign in to Pleo ({world})") for world in WORLDS if config().client(world)]
    keyed = [world for world in WORLDS if world != "sandbox" or config().local or config().client(world)]
    return oauth + [(f"api_key {world}", f"API key of a single company ({world})") for world in keyed]


def begin(member: Member, way: str) -> Setup:
    """A new setup at its first step. `way` is one of `ways()`."""
    purge()
    auth, _, environment = way.partition(" ")
    return Setup.objects.create(
        organisation=member.organisation,
        user=member.user,
        connection_id=uuid.uuid4().hex,
        step="level",
        environment=environment,
        auth=auth,
    )


def begin_again(member: Member, connection: Connection, *, raise_level: bool = False) -> Setup:
    """A setup that asks Pleo anew for a connection that stands; settings, history and id stay."""
    purge()
    asking: Step = "consent" if connection.auth == "oauth" else "key"
    return Setup.objects.create(
        organisation=member.organisation,
        user=member.user,
        connection_id=connection.id,
        again=True,
        step="level" if raise_level else asking,
        environment=connection.environment,
        auth=connection.auth,
        level=level_of(connection.settings),
        company_id=connection.company_id,
        company_name=connection.company_name or connection.name,
        erp=connection.erp,
        options=dict(connection.erp_options),
    )


def open_setups(user: object, organisation: Organisation | None = None) -> Sequence[Setup]:
    """A person's setups that can go on, newest first."""
    found = Setup.objects.filter(user=user, updated_at__gt=timezone.now() - LIFE).order_by("-updated_at")
    return list(found.filter(organisation=organisation) if organisation else found)


def purge() -> int:
    """Delete setups that nobody went on with for a week, their secrets with them."""
    deleted, _ = Setup.objects.filter(updated_at__lt=timezone.now() - LIFE).delete()
    return deleted


def go_to(setup: Setup, step: Step) -> None:
    setup.step = step
    setup.save()


# ---------------------------------------------------------------------------------------- its secrets


def _store() -> DjangoStore:
    return cast(DjangoStore, places.home.store)


def secrets_of(setup: Setup) -> dict[str, Any]:
    """`verifier`, `tokens`, `erp`: those that the setup has by now for where it leads now; what was given for another
    address is not among them, and none is when the key was rotated meanwhile."""
    draft = draft_of(setup)
    return {name: value for name, (to, value) in _sealed(setup).items() if to == _destination(draft, name)}


def _sealed(setup: Setup) -> dict[str, tuple[str, Any]]:
    """Every secret of the setup with the destination that it was given for."""
    if not setup.sealed:
        return {}
    try:
        return cast(dict[str, tuple[str, Any]], _store().unseal(f"setup {setup.id}", SEALED, setup.sealed))
    except Misconfigured:
        return {}


def _destination(draft: Connection, name: str) -> Destination:
    return erp_destination(draft) if name == "erp" else pleo_destination(draft)


def seal_secrets(setup: Setup, **changed: object) -> None:
    """Put secrets into the setup, each for where the setup leads now; the caller saves it. None takes one away."""
    draft = draft_of(setup)
    given = {name: (_destination(draft, name), value) for name, value in changed.items()}
    kept = {name: pair for name, pair in {**_sealed(setup), **given}.items() if pair[1] is not None}
    setup.sealed = _store().seal(f"setup {setup.id}", SEALED, kept)


def tokens_of(setup: Setup) -> Tokens:
    """Pleo's credential. Raises Misconfigured before there is one for where the setup leads now."""
    held = secrets_of(setup).get("tokens")
    if held is None:
        raise Misconfigured("Kontobro has no access to Pleo.", "Go back to the level and connect to Pleo again.")
    return tokens_from(cast(Mapping[str, Any], held))


# ------------------------------------------------------------------------------------ both sides' doors


@contextmanager
def doors() -> Iterator[Home]:
    """The way to Pleo and the accounting system for one request: what is opened there is closed after it."""
    with places.home.visit() as home:
        yield home


def draft_of(setup: Setup) -> Connection:
    """The connection as far as it is known."""
    environment = cast(Environment, setup.environment)
    world = ENVIRONMENTS[environment]
    sandbox = config().sandbox_url.rstrip("/")
    client = config().client(environment)
    local = environment == "sandbox"
    return Connection(
        id=setup.connection_id,
        name="",
        environment=environment,
        api_url=sandbox if local else world.api_url,
        auth_url=sandbox if local else world.auth_url,
        auth="oauth" if setup.auth == "oauth" else "api_key",
        company_id=setup.company_id,
        company_name=setup.company_name,
        erp=setup.erp,
        erp_options=dict(setup.options),
        client_id=client.client_id if client and setup.auth == "oauth" else None,
    )


# ------------------------------------------------------------------------------------- Pleo's consent


def callback_url() -> str:
    """Register exactly this one with Pleo."""
    return f"{config().public_url.rstrip('/')}/connect/pleo/callback"


def level_chosen(setup: Setup) -> Level:
    return next(level for level in LEVELS if level == setup.level)


def leave_for_pleo(setup: Setup, session_key: str) -> str:
    """Pleo's consent page for this level's scopes. A newer leave ends an older one: one answer is awaited."""
    if config().client(cast(Environment, setup.environment)) is None:
        raise Misconfigured(
            f"This service no longer has an OAuth client for Pleo's {setup.environment}.",
            "Ask your administrator, or connect with an API key.",
        )
    state, verifier, consent = secrets.token_urlsafe(32), secrets.token_urlsafe(64), consent_of(setup)
    setup.state_hash, setup.session_hash = hashed(state), hashed(session_key)
    seal_secrets(setup, verifier=verifier)
    setup.save()
    return authorize_url(
        draft_of(setup),
        redirect_uri=callback_url(),
        state=state,
        verifier=verifier,
        scopes=consent.scopes,
        tag_scope=consent.spelling,
    )


def scopes_asked(setup: Setup) -> frozenset[str]:
    """What this setup asks Pleo for: all that a connection keeps in step, else what the level needs."""
    if kept := kept_settings(setup):
        return scopes_for(kept)
    standing = places.home.store.connection(setup.connection_id) if setup.again else None
    return scopes_at(level_chosen(setup), standing.settings if standing else None)


def kept_settings(setup: Setup) -> Settings | None:
    """The settings of a connection that is only connected again, at the level that it has."""
    standing = places.home.store.connection(setup.connection_id) if setup.again else None
    return standing.settings if standing and level_of(standing.settings) == setup.level else None


def consent_of(setup: Setup) -> Consent:
    """What Pleo is asked for next, and how: otherwise after it did not know a scope."""
    kept = cast("TagScope | None", secrets_of(setup).get("tag_scope"))
    return consent_for(setup.environment, scopes_asked(setup), places.home.store.connections(), kept)


def offer_another_way(setup: Setup) -> bool:
    """After Pleo did not know a scope: whether the next consent asks otherwise. From scratch after the last way."""
    other = consent_of(setup).after
    seal_secrets(setup, tag_scope=other)
    setup.save()
    return other is not None


def awaited(state: str, user: object, session_key: str) -> Setup | None:
    """The setup whose browser left for Pleo with this state: of this person, in this session. None for any other."""
    found = Setup.objects.filter(state_hash=hashed(state), user=user).first() if state else None
    if found is None or not hmac.compare_digest(found.session_hash, hashed(session_key)):
        return None
    return found


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def take_verifier(setup: Setup) -> str:
    """The verifier, once: whatever becomes of the exchange, this answer of Pleo's is used up."""
    verifier = str(secrets_of(setup).get("verifier", ""))
    setup.state_hash = setup.session_hash = ""
    seal_secrets(setup, verifier=None)
    setup.save()
    return verifier


def exchange(setup: Setup, code: str) -> None:
    """Tokens for Pleo's code, sealed before anything else is done with them. Raises LoginFailed, Unreachable."""
    draft, verifier = draft_of(setup), take_verifier(setup)
    if not verifier:
        raise LoginFailed(
            "Pleo's answer can't be used: this service's access to Pleo has changed since.", "Go to Pleo again."
        )
    client = config().client(draft.environment)
    tokens = exchange_code(
        draft,
        code=code,
        redirect_uri=callback_url(),
        verifier=verifier,
        client_secret=client.client_secret if client else None,
        clock=places.home.clock,
    )
    seal_secrets(setup, tokens=tokens_to(tokens))
    setup.save()


class SealedTokens:
    """A token store over one setup: tokens that Pleo renews on the way are kept before they are used."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def tokens(self, connection: Connection) -> Tokens | None:
        return tokens_of(self._setup)

    def save_tokens(self, connection: Connection, tokens: Tokens) -> None:
        seal_secrets(self._setup, tokens=tokens_to(tokens))
        self._setup.save()

    def mark_reconnect(self, connection_id: str) -> None:
        """Nothing to mark: the setup asks Pleo again."""

    @contextmanager
    def lock(self, name: str, *, wait: float = 0) -> Iterator[None]:
        """The setup itself is locked while one of its pages works."""
        yield


# -------------------------------------------------------------------------------- whose company it is


def name_company(setup: Setup) -> None:
    """Ask Pleo which company the credential opens, and keep both. Raises when it may not be connected here.

    A credential that can't be used here is not kept.
    """
    try:
        _name_company(setup)
    except KontobroError:
        seal_secrets(setup, tokens=None)
        setup.save()
        raise


def _name_company(setup: Setup) -> None:
    trial = SealedTokens(setup)
    with doors() as home:
        draft = draft_of(setup)
        identity = named_identity(home.pleo_for(draft, trial), draft.company_id)
        require_scopes(setup, identity)
        company_id = _company_of(setup, identity)
        draft = replace(draft, company_id=company_id)
        name = home.pleo_for(draft, trial).company_name() or ""
    refuse_taken(draft, setup.organisation)
    setup.company_id, setup.company_name = company_id, name or setup.company_name
    setup.save()


def require_scopes(setup: Setup, identity: Identity) -> None:
    """Raises NotAllowed when the credential falls short of the level."""
    if missing := missing_scopes(scopes_asked(setup), identity.scopes):
        raise NotAllowed(
            f"For Level {setup.level} these permissions in Pleo are missing: {', '.join(missing)}.",
            "Choose a lower level, or a credential that has them.",
        )


def _company_of(setup: Setup, identity: Identity) -> str:
    """The credential's own company, else the chosen one. Raises Misconfigured when they don't fit."""
    own = identity.company_id
    if own and setup.company_id and own != setup.company_id:
        wanted = setup.company_name or setup.company_id
        raise Misconfigured(
            f"A company other than {wanted} was chosen in Pleo.", f"Go to Pleo again and choose {wanted}."
        )
    if not own and not setup.company_id:
        raise Misconfigured(
            "The key belongs to an organisation, not to one company.",
            "Enter the company's ID: a connection is for one company.",
        )
    return own or setup.company_id


def refuse_taken(connection: Connection, organisation: Organisation) -> None:
    """Raises Conflict when somebody else has this company connected; whoever it is stays untold."""
    elsewhere = ConnectionOwner.objects.exclude(organisation=organisation)
    strangers = set(elsewhere.values_list("connection_id", flat=True))
    for other in places.home.store.connections():
        same = (other.company_id, other.environment) == (connection.company_id, connection.environment)
        if same and other.id in strangers and other.status != "disconnected":
            raise Conflict(
                "This Pleo company is already connected to Kontobro by another organisation.",
                "Ask in your company who connected it. They can invite you, or disconnect it first.",
            )


def own(connection: Connection, organisation: Organisation) -> None:
    """Make the organisation the owner, before the connection is stored: one without an owner is nobody's to open."""
    refuse_taken(connection, organisation)
    owner, _ = ConnectionOwner.objects.get_or_create(
        connection_id=connection.id, defaults={"organisation": organisation}
    )
    if owner.organisation_id != organisation.id:
        raise Conflict("This connection belongs to another organisation.", "Connect the company again.")


def known_to(organisation: Organisation) -> list[Connection]:
    """The organisation's connections, and those without any owner: made on this machine's command line."""
    owners = dict(ConnectionOwner.objects.values_list("connection_id", "organisation_id"))
    return [
        connection
        for connection in places.home.store.connections()
        if owners.get(connection.id, organisation.id) == organisation.id
    ]


def told(fault: KontobroError) -> str:
    """A fault as one line of text."""
    return f"{fault.message} {fault.remedy}".strip()
