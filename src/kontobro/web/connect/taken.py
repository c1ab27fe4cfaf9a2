"""A Pleo company that is connected already: moved within one organisation, or taken over from another.

Of another organisation nothing is told but that there is one. A takeover needs a fresh consent at Pleo, which the setup
has just had; its owners are told by mail, and it takes effect when one of them confirms it, or after three days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from kontobro.core.errors import Conflict, Misconfigured
from kontobro.core.model.connection import AlreadyConnected, Connection
from kontobro.core.rules.dates import zone_named
from kontobro.install.identity import is_same_company
from kontobro.service.config import config
from kontobro.service.notices.mail import hand_in, message_of
from kontobro.web.mails.letters import one_line
from kontobro.web.models import AuditEvent, ConnectionOwner, Membership, Organisation, Setup, Takeover, User
from kontobro.web.process import process

WAIT = timedelta(hours=72)
"""How long the former owners have to find out before a takeover takes effect."""


def holder(setup: Setup) -> Connection | None:
    """The connection in use that this setup's Pleo company has by now; none for a trial, which takes no place."""
    found = holder_of(setup.draft())
    return None if found is None or (setup.again and found.id == setup.connection_id) else found


def holder_of(connection: Connection) -> Connection | None:
    if connection.trial:
        return None
    known = process.app.store.connections()
    return next((one for one in known if one.is_in_use and is_same_company(one, connection)), None)


def is_ours(connection: Connection, organisation: Organisation) -> bool:
    """Whether the organisation may be told of it: its own, or one that was made on this machine's command line."""
    owner = ConnectionOwner.objects.filter(connection_id=connection.id).first()
    return owner is None or owner.organisation_id == organisation.id


def effective_at(takeover: Takeover) -> datetime:
    """From when on the setup may go on."""
    return takeover.confirmed_at or takeover.asked_at + WAIT


def takeover_of(setup: Setup) -> Takeover | None:
    return Takeover.objects.filter(setup=setup).first()


def may_take(setup: Setup | None, other: Connection) -> bool:
    """Whether this setup may end that connection of another organisation now."""
    found = takeover_of(setup) if setup is not None else None
    return found is not None and found.former_id == other.id and effective_at(found) <= timezone.now()


def refuse_taken(connection: Connection, organisation: Organisation, setup: Setup | None = None) -> None:
    """Raises Conflict when someone else has this company connected; whoever it is stays untold."""
    other = holder_of(connection)
    if other is None or other.id == connection.id or is_ours(other, organisation) or may_take(setup, other):
        return
    raise Conflict(
        _("This Pleo company is already connected elsewhere in this service."),
        _("Ask in your company who connected it. They can invite you, or disconnect it. Or take it over."),
    )


def ask_for_takeover(setup: Setup) -> Takeover:
    """Ask for a company of another organisation, and tell its owners. Asked again it is the same takeover, and no
    second mail. Raises Misconfigured when they can't be told."""
    known = takeover_of(setup)
    other = holder(setup)
    if other is None or is_ours(other, setup.organisation):
        raise AlreadyConnected(_("There is nothing to take over."), _("Continue with the setup."))
    if known is not None and known.former_id == other.id:
        return known
    if setup.auth != "oauth":
        raise Misconfigured(
            _("A company can be taken over only with a fresh consent in Pleo, not with an API key."),
            _("Cancel this setup, and start one that signs in to Pleo."),
        )
    if known is not None:
        known.delete()
    made = Takeover.objects.create(setup=setup, former_id=other.id, asked_at=timezone.now())
    if not _told(other, made):
        made.delete()
        raise Misconfigured(
            _("No email could be sent to the owners of the other organisation, so nothing was started."),
            _("Ask your administrator to set up a mail server, or ask in your company who connected it."),
        )
    _note_there(other, "takeover requested")
    return made


def _told(other: Connection, takeover: Takeover) -> bool:
    """Mail the former owners, each in their own language and time zone."""
    to = owners_of(other)
    return bool(to) and hand_in(config(), [(_letter(one, other, takeover), [one.email]) for one in to])


def _letter(owner: User, other: Connection, takeover: Takeover) -> EmailMessage:
    effective = effective_at(takeover).astimezone(zone_named(owner.time_zone) or dt.UTC)
    company = one_line(other.pleo_name)
    facts = {
        "company": company,
        "moment": f"{effective:%Y-%m-%d %H:%M %Z}",
        "link": f"{config().public_url.rstrip('/')}/c/{other.id}/",
    }
    with translation.override(owner.language or "en"):
        subject = _("Kontobro: %(company)s is about to be connected by another organisation") % {"company": company}
        text = _(
            "Someone with access to %(company)s in Pleo wants to connect it in another organisation of this service. "
            "Your connection would end then; everything booked, the settings and the history stay.\n\n"
            "It takes effect on %(moment)s, or as soon as an owner confirms it on this page:\n%(link)s\n\n"
            "If you don't expect this, ask the administrators of %(company)s in Pleo before that time."
        )
    return message_of(config().mail_from, owner.email, subject, text % facts)


def owners_of(connection: Connection) -> Sequence[User]:
    """The owners of the connection's organisation."""
    owner = ConnectionOwner.objects.filter(connection_id=connection.id).first()
    if owner is None:
        return ()
    members = Membership.objects.select_related("user").filter(organisation_id=owner.organisation_id, role="owner")
    return [member.user for member in members]


def asked_of(connection: Connection) -> Takeover | None:
    """The takeover that waits for this connection's owners, if there is one."""
    return None if not connection.is_in_use else Takeover.objects.filter(former_id=connection.id).first()


def confirm(connection: Connection) -> bool:
    """An owner of the former organisation lets it go at once; whether there was anything to confirm."""
    waiting = Takeover.objects.filter(former_id=connection.id, confirmed_at=None)
    return waiting.update(confirmed_at=timezone.now()) > 0


def note_end(other: Connection, setup: Setup) -> None:
    """In the trail of whoever had it: that it ended, and why."""
    ours = is_ours(other, setup.organisation)
    _note_there(other, "moved to other books" if ours else "taken over by another organisation")


def _note_there(other: Connection, action: str) -> None:
    owner = ConnectionOwner.objects.filter(connection_id=other.id).first()
    if owner is not None:
        AuditEvent.objects.create(
            organisation_id=owner.organisation_id, connection_id=other.id, actor=None, actor_name="", action=action
        )
