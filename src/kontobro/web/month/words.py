"""What the lines and figures of a month end are called."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

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
