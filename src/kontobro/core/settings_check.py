"""Do the settings fit the accounting system? Everything that is wrong at once."""

from __future__ import annotations

from kontobro.core.errors import Problem, shown
from kontobro.core.findings import Findings
from kontobro.core.hook import hook_problem
from kontobro.core.masters import Masters
from kontobro.core.posting_accounts import pick_account
from kontobro.core.posting_dates import zone_name, zone_named
from kontobro.core.settings import Settings


def check_settings(settings: Settings, masters: Masters) -> list[Problem]:
    """Every setting that is unknown to the accounting system, each with its remedy. Imports the hook.

    What is not set is no fault here: `usable.py` tells what needs it.
    """
    findings = Findings()
    for name, (key, currency) in _accounts(settings, masters).items():
        remedy = f"Correct the setting {name}."
        pick_account(masters.accounts.find(key), key, f"settings.{name}", currency, remedy, findings)
    _check_names(settings, masters, findings)
    hook = hook_problem(settings.hook) if settings.hook else None
    return [*findings.problems, *([hook] if hook else [])]


def _accounts(settings: Settings, masters: Masters) -> dict[str, tuple[str, str | None]]:
    """Each account that the settings name, by setting, with the currency it has to take."""
    named: dict[str, tuple[str, str | None]] = {}
    if settings.wallet:
        named["wallet"] = (settings.wallet, masters.company.currency)
    for name in ("out_of_pocket", "contra", "accounts_payable", "external_reimbursement"):
        if key := getattr(settings, name):
            named[name] = (key, None)
    named |= {f"wallets.{currency}": (key, currency) for currency, key in settings.wallets.items()}
    for at, row in enumerate(settings.rows):
        if row.line_account:
            named[f"rows[{at}].line_account"] = (row.line_account, None)
    return named


def _check_names(settings: Settings, masters: Masters, findings: Findings) -> None:
    zone = zone_name(settings, masters)
    if zone_named(zone) is None:
        remedy = "Set time_zone to an IANA name such as Europe/Copenhagen."
        findings.fail(
            "time_zone_unknown", "settings.time_zone", zone, f"The time zone {shown(zone)} is not known.", remedy
        )
    if settings.journal and len(masters.journals) and len(masters.journals.find(settings.journal)) != 1:
        message = f"Journal {shown(settings.journal)} does not exist in the accounting system or is not unique."
        findings.fail("journal_missing", "settings.journal", settings.journal, message, "Correct the setting journal.")
    for group, key in settings.dimensions.items():
        found = [one for one in masters.dimensions.find(key) if one.active]
        if len(found) != 1:
            message = f"Dimension {shown(key)} does not exist in the accounting system or is not unique."
            remedy = f"Correct the setting dimensions.{shown(group)}."
            findings.fail("dimension_unknown", f"settings.dimensions.{shown(group)}", key, message, remedy)
