"""Where a remedy leads: a problem or a fault -> the place on a page where a person does it, by its label.

The one place that knows it. `{% remedy %}` shows the remedy with its links; a test follows each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kontobro.core.errors import OWN, KontobroError, Problem, UnsafePlan
from kontobro.core.model.money import EXPONENTS
from kontobro.core.settings.catalogue import catalogue, row_catalogue
from kontobro.core.words import Fact, Noted, Phrase, setting_in
from kontobro.web.language import language_now
from kontobro.web.tenancy import Role

SETTING_OF: Final[Mapping[str, str]] = {
    "type_unknown": "rows",
    "subtype_unknown": "rows",
    "method_unknown": "rows",
    "document_kind": "rows",
    "amount_zero": "zero_amount",
    "reverse_tax_missing": "reverse_tax_missing",
    "tag_conflict": "dimensions",
    "journal_missing": "journal",
    "journal_unknown": "journal",
    "time_zone_unknown": "time_zone",
    "invoice_duplicate": "duplicate_invoice",
    "booked_and_voided": "voided",
    "period_closed.lock": "closed_period",
    "period_closed.system": "closed_period",
    "period_closed.no_period": "closed_period",
    "hook_missing": "hook",
    "hook_failed": "hook",
    "hook_result_wrong": "hook",
    "dimension_unknown.sync": "sync_dimensions",
}
"""The setting that a remedy is about, where the problem's field and facts don't name it."""

SETTING_OF_PHRASE: Final[Mapping[str, str]] = {"fix_row": "rows", "fix_period_fail": "closed_period"}
"""The same of a remedy that is a phrase of its own."""

SYNCED: Final = frozenset(
    """exists refused_by_pleo gone_at_pleo tag_group_missing code_shared code_taken duplicate_at_pleo vendor_conflict
    vendor_known vendor_same_name parent_missing uncertain""".split()
)
"""Problems of a sync: planned again on the page of master data."""


@dataclass(frozen=True, slots=True)
class Target:
    """A place: the page's name in `urls.py`, the id of an element on it, and the label that it has there. `role`: who
    is shown it."""

    page: str
    anchor: str
    label: str | Promise
    query: str = ""
    role: Role = "readonly"

    def url(self, connection_id: str) -> str:
        """Its address; the page moves there and gives it the focus."""
        return f"{reverse(self.page, args=[connection_id])}{self.query}#{self.anchor}"


MASTER_DATA: Final = Target("sync", "content", _("Master data"))
DOCUMENTS: Final = Target("documents", "content", _("Documents"))
TEMPLATE: Final = Target("template", "text", _("Template"), role="bookkeeper")
RECONNECT: Final = Target("connection", "reconnect", _("Connect again"), role="bookkeeper")
LEVEL: Final = Target("connection", "level", _("Level"))
ACCESS: Final = Target("change_access", "content", _("Access"), role="bookkeeper")

PLACE_OF: Final[Mapping[str, Target]] = {
    **dict.fromkeys(("document_unknown", "document_not_unsure"), DOCUMENTS),
    **dict.fromkeys(("plan_not_approved", "digest_differs", "digest_of_other", "account_type_unknown"), MASTER_DATA),
    **dict.fromkeys(
        """other_company_open books_of_other_company access_of_other_company odoo_company_not_seen odoo_key_missing
        tryton_login_refused tryton_password_missing template_unknown two_templates""".split(),
        ACCESS,
    ),
    "kind_not_supplied": LEVEL,
}
"""Where an error of the catalogue is fixed, by its name, where neither its kind nor "connect again" says it."""

CONNECT_AGAIN: Final = re.compile(r"\bconnect (it )?again\b", re.IGNORECASE)


def setting_target(name: str) -> Target | None:
    """The field of a setting (`contra`, `wallets.EUR`, `rows[0].line_account`)."""
    key, _dot, inner = re.sub(r"\[\d+\]", "", name.removeprefix("settings.")).partition(".")
    if key not in catalogue() or key == "sync":
        return None
    if key == "sync_choice":
        return MASTER_DATA
    if key == "wallets" and inner in EXPONENTS:
        return Target("settings", f"id_wallets-{inner}", wallet_label(inner), f"?{urlencode({'wallet': inner})}")
    anchor = key if key in ("rows", "hook") else f"id_{key}"
    return Target("settings", anchor, setting_in(catalogue()[key].label, language_now()))


def wallet_label(currency: str) -> str:
    """What the field of a wallet is called."""
    return str(_("Pleo wallet in %(currency)s")) % {"currency": currency}


def targets_of(problem: Problem) -> list[Target]:
    """All places where the problem can be fixed on our pages; none where it is fixed elsewhere."""
    names = dict.fromkeys(_settings_of(problem))
    found = [target for name in names if (target := setting_target(name))]
    form = f"{problem.code}.{problem.form}"
    if problem.code in SYNCED or (problem.code == "account_unknown" and problem.form == "identifier_with_code"):
        found.append(MASTER_DATA)
    if problem.code == "document_unsure":
        found.append(DOCUMENTS)
    if problem.code == "document_column" or form in ("document_tax.folded", "document_setting.column"):
        found.append(TEMPLATE)
    if problem.code in ("document_pairs", "document_tax", "document_setting") and TEMPLATE not in found:
        found.append(ACCESS)
    return found


def _settings_of(problem: Problem) -> Iterator[str]:
    if problem.field.startswith("settings."):
        yield problem.field
    elif problem.code in ("setting_wrong", "setting_missing") and isinstance(problem.facts.get("setting"), str):
        yield str(problem.facts["setting"])
    setting = problem.facts.get("setting")
    if problem.code == "dimension_unknown" and isinstance(setting, str):
        yield setting
    fix = problem.facts.get("fix")
    if isinstance(fix, Phrase):
        yield from _settings_of_phrase(fix)
    for name in (f"{problem.code}.{problem.form}", problem.code):
        if name in SETTING_OF:
            yield SETTING_OF[name]
            break


def _settings_of_phrase(fix: Phrase) -> Iterator[str]:
    named = fix.facts.get("setting")
    if fix.name == "fix_setting" and isinstance(named, str):
        yield named
    elif fix.name in SETTING_OF_PHRASE:
        yield SETTING_OF_PHRASE[fix.name]


def fault_targets(fault: Any) -> list[Target]:
    """The same of a fault: who has to log in again does it there."""
    if isinstance(fault, UnsafePlan):
        return [MASTER_DATA]
    if not isinstance(fault, KontobroError):
        return []
    name = fault.remedy.phrase.name.partition(".")[0] if isinstance(fault.remedy, Noted) else ""
    if name in PLACE_OF:
        return [PLACE_OF[name]]
    if fault.job_failure == "accounting_system_authentication_failure":
        return [ACCESS]
    again = fault.job_failure == "authentication_failure" or CONNECT_AGAIN.search(fault.remedy)
    return [RECONNECT] if again else []


def labelled(problem: Problem) -> Problem:
    """The problem with its settings called as their fields are."""
    if problem.form == OWN:
        return problem
    return replace(problem, facts={name: _called(name, fact) for name, fact in problem.facts.items()})


def _called(name: str, fact: Fact) -> Fact:
    if isinstance(fact, Phrase):
        return Phrase(fact.name, {key: _called(key, value) for key, value in fact.facts.items()})
    if name == "setting" and isinstance(fact, str):
        return f"“{label_of(fact)}”" if label_of(fact) else fact
    return fact


def label_of(setting: str) -> str:
    """What a setting is called on a page; empty for none of ours."""
    key, _dot, inner = re.sub(r"\[\d+\]", "", setting).partition(".")
    if key == "wallets" and inner:
        return wallet_label(inner)
    if key == "rows" and inner in row_catalogue():
        return f"{_catalogued('rows')}: {setting_in(row_catalogue()[inner].label, language_now())}"
    return _catalogued(key) if key in catalogue() else ""


def _catalogued(key: str) -> str:
    return setting_in(catalogue()[key].label, language_now())
