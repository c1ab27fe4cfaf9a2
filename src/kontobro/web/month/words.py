"""What the lines and figures of a month end are called."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kontobro.core.words import note_in
from kontobro.export.tieout.month import AtPleo
from kontobro.web.language import language_now

SIDES: Final[dict[str, Any]] = {
    "wallet": _("Wallet"),
    "employee": _("Employees"),
    "payable": _("Payables"),
    "other": _("Other"),
}

FIGURE_WORDS: Final[dict[str, Any]] = {
    "pleo": _("Exported in Pleo"),
    "booked": _("Booked"),
    "drafts": _("Of which drafts"),
    "failed": _("Failed"),
    "waiting": _("Waiting"),
}


def not_exported_words(pleo: AtPleo) -> str:
    """How many expenses of the month wait in Pleo for an export; never 0 where that is not known."""
    found = pleo.not_exported
    if found is not None:
        return gettext("at least %(count)d") % {"count": found.count} if found.more else str(found.count)
    why = pleo.search_fault or pleo.fault
    if not why:
        return gettext("unknown (not permitted)")
    return gettext("unknown: %(reason)s") % {"reason": note_in(why, language_now())}
