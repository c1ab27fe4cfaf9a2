"""What the audit trail says of each act: written in English, read in the reader's language."""

from __future__ import annotations

from django.utils.translation import pgettext


def pgettext_noop(context: str, text: str) -> str:
    """Marks a text for the catalogue."""
    return text


ACTS = frozenset(
    (
        pgettext_noop("audit", "API token made"),
        pgettext_noop("audit", "API token revoked"),
        pgettext_noop("audit", "accounting system's access changed"),
        pgettext_noop("audit", "booking here confirmed"),
        pgettext_noop("audit", "books of another name confirmed"),
        pgettext_noop("audit", "company deleted"),
        pgettext_noop("audit", "company named"),
        pgettext_noop("audit", "connected"),
        pgettext_noop("audit", "connected again"),
        pgettext_noop("audit", "connecting again started"),
        pgettext_noop("audit", "connection tested"),
        pgettext_noop("audit", "demo company removed"),
        pgettext_noop("audit", "demo company started"),
        pgettext_noop("audit", "disconnected"),
        pgettext_noop("audit", "document delivered"),
        pgettext_noop("audit", "document downloaded"),
        pgettext_noop("audit", "document marked as delivered"),
        pgettext_noop("audit", "document marked as imported"),
        pgettext_noop("audit", "document released"),
        pgettext_noop("audit", "document sent again"),
        pgettext_noop("audit", "documents delivered"),
        pgettext_noop("audit", "emails stopped from an email"),
        pgettext_noop("audit", "export requested"),
        pgettext_noop("audit", "first sync approved"),
        pgettext_noop("audit", "import mark removed"),
        pgettext_noop("audit", "invitation withdrawn"),
        pgettext_noop("audit", "last document confirmed"),
        pgettext_noop("audit", "level change started"),
        pgettext_noop("audit", "member invited"),
        pgettext_noop("audit", "member joined"),
        pgettext_noop("audit", "member removed"),
        pgettext_noop("audit", "month closed"),
        pgettext_noop("audit", "month opened again"),
        pgettext_noop("audit", "move to other books started"),
        pgettext_noop("audit", "moved to other books"),
        pgettext_noop("audit", "offered in Pleo changed"),
        pgettext_noop("audit", "organisation created"),
        pgettext_noop("audit", "payment matching requested"),
        pgettext_noop("audit", "person erased"),
        pgettext_noop("audit", "person in charge changed"),
        pgettext_noop("audit", "person searched for"),
        pgettext_noop("audit", "personal data exported"),
        pgettext_noop("audit", "plan approved"),
        pgettext_noop("audit", "role changed"),
        pgettext_noop("audit", "settings accepted"),
        pgettext_noop("audit", "settings changed"),
        pgettext_noop("audit", "settings imported"),
        pgettext_noop("audit", "setup cancelled"),
        pgettext_noop("audit", "setup started"),
        pgettext_noop("audit", "take-over requested"),
        pgettext_noop("audit", "taken over by another organisation"),
        pgettext_noop("audit", "takeover confirmed"),
        pgettext_noop("audit", "takeover requested"),
        pgettext_noop("audit", "template changed"),
        pgettext_noop("audit", "template downloaded"),
        pgettext_noop("audit", "template restored"),
        pgettext_noop("audit", "two-factor authentication no longer required"),
        pgettext_noop("audit", "two-factor authentication required"),
        pgettext_noop("audit", "webhook removed"),
        pgettext_noop("audit", "webhook secret renewed"),
        pgettext_noop("audit", "webhook set"),
        pgettext_noop("audit", "webhooks subscribed"),
    )
)
"""All that `Member.note` writes."""

COPIED = "settings copied from "
"""In front of a company's name."""


def act_words(action: str) -> str:
    """An act of the trail in the reader's language; one that an older version wrote as it was written."""
    if action.startswith(COPIED):
        return pgettext("audit", "settings copied from %(name)s") % {"name": action.removeprefix(COPIED)}
    return pgettext("audit", action) if action in ACTS else action
