"""Do the settings fit the accounting system? Everything that is wrong at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kontobro.core.errors import Problem, shown
from kontobro.core.model.findings import Findings, problem
from kontobro.core.model.masters import Index, Masters
from kontobro.core.model.settings import Settings
from kontobro.core.rules.accounts import fix_setting, pick_account
from kontobro.core.rules.dates import zone_name, zone_named
from kontobro.core.rules.hook import hook_problem
from kontobro.core.settings.codes import StoredId, in_codes, meant_by_id
from kontobro.core.settings.usable import missing_accounts, wallet_missing


@dataclass(frozen=True, slots=True)
class Fit:
    """What a check of stored settings finds: `problems` keep expenses from being exported; `warnings` do not."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def fit_of(settings: Settings, masters: Masters) -> Fit:
    """All that every check says of settings as they are stored: the command line's, the pages', the modules'."""
    lacks = wallet_missing(settings)
    _, stored = in_codes(settings, masters)
    problems = [*([lacks] if lacks else []), *check_stored(settings, masters)]
    return Fit(
        tuple(problems), (*map(_read_as_code, stored), *(missing.problem for missing in missing_accounts(settings)))
    )


def _read_as_code(old: StoredId) -> Problem:
    return problem("setting_was_id", f"settings.{old.setting}", old.id, setting=old.setting, code=old.code)


def check_settings(settings: Settings, masters: Masters) -> list[Problem]:
    """Every setting that is unknown to the accounting system, each with its remedy. Imports the hook.

    What is not set is no fault here: `usable.py` tells what needs it.
    """
    findings = Findings()
    for name, (key, currency) in _accounts(settings, masters).items():
        if not _holds_id(name, key, masters.accounts, findings):
            found = masters.accounts.find(key)
            pick_account(found, key, f"settings.{name}", currency, fix_setting(name), findings)
    _check_names(settings, masters, findings)
    hook = hook_problem(settings.hook) if settings.hook else None
    return [*findings.problems, *([hook] if hook else [])]


def check_stored(settings: Settings, masters: Masters) -> list[Problem]:
    """All that is wrong with settings as they were stored, at whatever time."""
    held, _ = in_codes(settings, masters)
    return check_all(held, masters)


def check_all(settings: Settings, masters: Masters) -> list[Problem]:
    """All that is wrong with settings that are to be stored: they hold codes."""
    return [*check_settings(settings, masters), *check_sync(settings, masters)]


def check_sync(settings: Settings, masters: Masters) -> list[Problem]:
    """Chosen dimensions that the accounting system does not have under that code. They stop no export."""
    findings = Findings()
    for code in settings.sync_dimensions if len(masters.dimensions) else ():
        _check_dimension("sync_dimensions", code, masters, findings)
    return findings.problems


def _holds_id(name: str, key: str, index: Index[Any], findings: Findings) -> bool:
    """A setting that names a record by its id: refused, with the code that it may have meant."""
    record = meant_by_id(key, index)
    if record is None:
        return False
    findings.fail("setting_is_id", f"settings.{name}", key, setting=name, code=record.code)
    return True


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
        findings.fail("time_zone_unknown", "settings.time_zone", zone)
    if settings.journal and len(masters.journals):
        _check_journal(settings.journal, masters, findings)
    for group, key in settings.dimensions.items():
        _check_dimension(f"dimensions.{shown(group)}", key, masters, findings)


def _check_journal(key: str, masters: Masters, findings: Findings) -> None:
    if len(masters.journals.find(key)) != 1 and not _holds_id("journal", key, masters.journals, findings):
        findings.fail("journal_missing", "settings.journal", key)


def _check_dimension(name: str, key: str, masters: Masters, findings: Findings) -> None:
    found = [one for one in masters.dimensions.find(key) if one.active]
    if len(found) != 1 and not _holds_id(name, key, masters.dimensions, findings):
        findings.fail("dimension_unknown", f"settings.{name}", key, setting=name)
