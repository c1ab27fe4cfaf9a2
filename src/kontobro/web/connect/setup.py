"""Connecting, step by step: what a setup holds, its secrets, and the credential that Pleo gives it.

Each step is stored before the next begins, so that a flow that is left anywhere goes on there. Steps:

    level -> consent (Pleo's page) | key (-> name) (-> taken) -> erp -> access (-> company) (-> differs)
          -> settings -> plan -> the connection's page

`name`: asked where Pleo does not give the company's; `taken`: it is connected already; `differs`: its books are called
otherwise.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast

from django.utils import timezone
from django.utils.translation import gettext as _

from kontobro.core.errors import Conflict, KontobroError, LoginFailed, Misconfigured, NotAllowed
from kontobro.core.level import level_of, missing_scopes
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.export import Identity
from kontobro.core.words import told, worded
from kontobro.install.authorisation import hashed
from kontobro.install.connect import TrialTokens, name_of_company, named_identity
from kontobro.pleo import Grant, authorize_url, exchange_code
from kontobro.service.config import Environment, config
from kontobro.store.secrets.codec import tokens_to
from kontobro.web.connect.taken import refuse_taken
from kontobro.web.models import ConnectionOwner, Organisation, Setup, Step
from kontobro.web.process import process
from kontobro.web.tenancy import Member

LIFE = timedelta(days=7)  # an abandoned setup is deleted after so long

WORLDS: tuple[Environment, ...] = ("production", "staging", "sandbox")


# ------------------------------------------------------------------------------------- begin and end


def ways() -> list[tuple[str, str]]:
    """How Pleo can be reached here: value and words. OAuth only where Pleo registered a client for us."""
    oauth = [
        (f"oauth {world}", _("Sign in to Pleo (%(world)s)") % {"world": world})
        for world in WORLDS
        if config().client(world)
    ]
    keyed = [world for world in WORLDS if world != "sandbox" or config().local or config().client(world)]
    return oauth + [
        (f"api_key {world}", _("API key of a single company (%(world)s)") % {"world": world}) for world in keyed
    ]


def way_noted(way: str) -> str:
    """One of `ways()` for the audit trail, where each reader has it in their language."""
    auth, _space, world = way.partition(" ")
    return worded(f"audit_way_{auth}", world=world)


def begin(member: Member, way: str) -> Setup:
    """A new setup at its first step. `way` is one of `ways()`."""
    purge()
    auth, _space, environment = way.partition(" ")
    return Setup.objects.create(
        organisation=member.organisation,
        user=member.user,
        connection_id=uuid.uuid4().hex,
        step="level",
        environment=environment,
        auth=auth,
    )


def begin_again(member: Member, connection: Connection, *, raise_level: bool = False) -> Setup:
    """A setup that asks Pleo again for a connection that exists; settings, history and id stay."""
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
        company_name=connection.company_name,
        trial=connection.trial,
        erp=connection.erp,
        options=dict(connection.erp_options),
    )


def open_setups(user: object, organisation: Organisation | None = None) -> Sequence[Setup]:
    """A person's setups that can continue, newest first."""
    found = Setup.objects.filter(user=user, updated_at__gt=timezone.now() - LIFE).order_by("-updated_at")
    return list(found.filter(organisation=organisation) if organisation else found)


def purge() -> int:
    """Delete setups that no one went on with for a week, their secrets with them."""
    deleted, _ = Setup.objects.filter(updated_at__lt=timezone.now() - LIFE).delete()
    return deleted


# ------------------------------------------------------------------------------------- Pleo's consent


def callback_url() -> str:
    """Register exactly this one with Pleo."""
    return f"{config().public_url.rstrip('/')}/connect/pleo/callback"


def leave_for_pleo(setup: Setup, session_key: str) -> str:
    """Pleo's consent page for this level's scopes. A newer leave ends an older one: one answer is awaited."""
    if config().client(cast(Environment, setup.environment)) is None:
        raise Misconfigured(*told("oauth_client_gone", environment=setup.environment))
    state, verifier, consent = secrets.token_urlsafe(32), secrets.token_urlsafe(64), setup.consent()
    setup.state_hash, setup.session_hash = hashed(state), hashed(session_key)
    setup.seal(verifier=verifier).save()
    return authorize_url(
        setup.draft(),
        redirect_uri=callback_url(),
        state=state,
        verifier=verifier,
        scopes=consent.scopes,
        tag_scope=consent.spelling,
    )


def offer_another_way(setup: Setup) -> bool:
    """After Pleo did not know a scope: whether the next consent asks otherwise. From scratch after the last way."""
    other = setup.consent().after
    setup.seal(tag_scope=other).save()
    return other is not None


def awaited(state: str, user: object, session_key: str) -> Setup | None:
    """The setup whose browser left for Pleo with this state: of this person, in this session. None for any other."""
    found = Setup.objects.filter(state_hash=hashed(state), user=user).first() if state else None
    if found is None or not hmac.compare_digest(found.session_hash, hashed(session_key)):
        return None
    return found


def take_verifier(setup: Setup) -> str:
    """The verifier, once: whatever becomes of the exchange, this answer of Pleo's is used up."""
    verifier = str(setup.secrets().get("verifier", ""))
    setup.state_hash = setup.session_hash = ""
    setup.seal(verifier=None).save()
    return verifier


def exchange(setup: Setup, code: str) -> None:
    """Tokens for Pleo's code, sealed before anything else is done with them. Raises LoginFailed, Unreachable."""
    draft, verifier = setup.draft(), take_verifier(setup)
    if not verifier:
        raise LoginFailed(*told("pleo_answer_stale"))
    client = config().client(draft.environment)
    tokens = exchange_code(
        draft,
        Grant(
            code=code,
            redirect_uri=callback_url(),
            verifier=verifier,
            client_secret=client.client_secret if client else None,
        ),
        process.app.clock,
        process.app.ways(draft),
    )
    setup.seal(tokens=tokens_to(tokens)).save()


class SealedTokens(TrialTokens):
    """A token store over one setup: tokens that Pleo renews on the way are kept before they are used. The setup itself
    is locked while one of its pages works."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup.tokens())
        self._setup = setup

    def save_tokens(self, connection: Connection, tokens: Tokens) -> None:
        self._setup.seal(tokens=tokens_to(tokens)).save()
        super().save_tokens(connection, tokens)


# -------------------------------------------------------------------------------- whose company it is


def name_company(setup: Setup) -> None:
    """Ask Pleo which company the credential opens, and keep both. Raises when it may not be connected here.

    A credential that can't be used here is not kept.
    """
    try:
        _name_company(setup)
    except KontobroError:
        setup.seal(tokens=None).save()
        raise


def _name_company(setup: Setup) -> None:
    trial = SealedTokens(setup)
    with process.app.visit() as app:
        draft = setup.draft()
        identity = named_identity(app.pleo_for(draft, trial), draft.company_id)
        require_scopes(setup, identity)
        company_id = _company_of(setup, identity)
        draft = replace(draft, company_id=company_id)
        name = name_of_company(app.pleo_for(draft, trial))
    setup.company_id, setup.company_name = company_id, name or setup.company_name
    setup.save()


def require_scopes(setup: Setup, identity: Identity) -> None:
    """Raises NotAllowed when the credential falls short of the level."""
    if missing := missing_scopes(setup.scopes(), identity.scopes):
        raise NotAllowed(*told("level_scopes_missing", level=setup.level, missing=tuple(missing)))


def _company_of(setup: Setup, identity: Identity) -> str:
    """The credential's own company, else the chosen one. Raises Misconfigured when they don't fit."""
    own = identity.company_id
    if own and setup.company_id and own != setup.company_id:
        wanted = setup.company_name or setup.company_id
        raise Misconfigured(*told("other_company_chosen", wanted=wanted))
    if not own and not setup.company_id:
        raise Misconfigured(*told("key_of_organisation"))
    return own or setup.company_id


def own(connection: Connection, organisation: Organisation, setup: Setup | None = None) -> None:
    """Make the organisation the owner, before the connection is stored: one without an owner is no one's to open."""
    refuse_taken(connection, organisation, setup)
    owner, _ = ConnectionOwner.objects.get_or_create(
        connection_id=connection.id, defaults={"organisation": organisation}
    )
    if owner.organisation_id != organisation.id:
        raise Conflict(*told("connection_of_other_organisation"))


def known_to(organisation: Organisation) -> list[Connection]:
    """The organisation's connections, and those without any owner: made on this machine's command line."""
    owners = dict(ConnectionOwner.objects.values_list("connection_id", "organisation_id"))
    return [
        connection
        for connection in process.app.store.connections()
        if owners.get(connection.id, organisation.id) == organisation.id
    ]
