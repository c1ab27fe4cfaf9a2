"""A sync plan in the reader's words: what happens, what becomes of each field, what there is to decide."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from babel import Locale
from babel.numbers import format_percent
from django import template
from django.template import Context
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kontobro.core.plan.choice import rule_from
from kontobro.core.plan.steps import LEFT_OUT
from kontobro.sync.shown import ChangeRow
from kontobro.web.templatetags.kontobro import locale_of

register = template.Library()

Words = Mapping[str, Promise]

KINDS: Words = {
    "accounts": _("Accounts"),
    "tax-codes": _("Tax codes"),
    "dimensions": _("Dimensions"),
    "vendors": _("Vendors"),
}

ACTIONS: Words = {
    "create": _("New in Pleo"),
    "adopt": _("Already in Pleo; Kontobro manages it from now on"),
    "update": _("Changed in Pleo"),
    "unarchive": _("Comes back from Pleo's archive"),
    "activate": _("Made in Pleo, known to the accounting system: activated"),
    "write": _("Made in Pleo: created in the accounting system and activated"),
    "set_aside": _("Gives its code to another record and gets a temporary one"),
    "archive": _("Archived in Pleo"),
}

DECISIONS: Words = {
    "adopt": _("Is it the same record? Then Kontobro manages it from now on: it may change and archive it."),
    "archive": _("Should it be archived in Pleo? Kontobro did not create it."),
    "limits": _("Are that many changes right?"),
    "write": _("Create it in your accounting system, let Kontobro create it there, or archive it in Pleo."),
}

FIELDS: Words = {
    "state": _("State"),
    "managed_by": _("Managed by"),
    "accounting_system": _("In the accounting system"),
    "code": _("Code"),
    "name": _("Name"),
    "external_id": _("ID in the accounting system"),
    "rate": _("Rate"),
    "type": _("Type"),
    "ingoing_account": _("Ingoing account"),
    "outgoing_account": _("Outgoing account"),
    "currency": _("Currency"),
    "country": _("Country"),
    "registration_number": _("Registration number"),
    "tax_registration_number": _("Tax number"),
}

VALUES: Words = {
    "active": _("active"),
    "archived": _("archived"),
    "draft": _("draft"),
    "others": _("others"),
    "missing": _("missing"),
    "created": _("created"),
    "inclusive": _("included in the price"),
    "exclusive": _("on top of the price"),
    "reverse": _("reverse charge"),
}
"""What becomes of a record as a whole, and types of tax."""

WHYS: Words = {
    LEFT_OUT: _("You chose not to offer it."),
    f"{LEFT_OUT}; Kontobro did not create it": _("You chose not to offer it. Kontobro did not create it."),
    "the accounting system no longer has it, or not as active": _("No longer active in the accounting system."),
    "no longer chosen, or the accounting system no longer has it, or not as active": _(
        "No longer chosen, or no longer active in the accounting system."
    ),
    "Kontobro did not create it, and the accounting system does not have it": _(
        "Kontobro did not create it, and the accounting system does not have it."
    ),
    "already in Pleo, created by someone else": _("Created by someone else."),
}
"""Why, where the fields do not say it."""

TYPES: Words = {
    "asset": _("Assets"),
    "liability": _("Liabilities"),
    "equity": _("Equity"),
    "income": _("Income"),
    "expense": _("Expenses"),
}


def _word(words: Words, key: str) -> Promise | str:
    return words.get(key, key.replace("_", " "))


@register.filter
def kind_word(kind: str) -> Promise | str:
    """A kind of master data: `tax-codes` is "Tax codes"."""
    return _word(KINDS, kind)


@register.filter
def action_word(action: str) -> Promise | str:
    """What happens to a record."""
    return _word(ACTIONS, action)


@register.filter
def decision_word(what: str) -> Promise | str:
    """What a person decides."""
    return _word(DECISIONS, what)


@register.filter
def type_word(type_: str) -> Promise | str:
    """A type of accounts."""
    return _word(TYPES, type_)


@register.filter
def actions(row: ChangeRow) -> list[Promise | str]:
    """All that happens to a record."""
    return [_word(ACTIONS, action) for action in (row.action, *row.also)]


@register.filter
def why_word(row: ChangeRow) -> Promise | str:
    """Why it happens, where the change itself does not say it."""
    return WHYS.get(row.why, "")


@register.simple_tag(takes_context=True)
def field_changes(context: Context, row: ChangeRow) -> list[tuple[Promise | str, Promise | str, Promise | str]]:
    """Name, before and after of each field. Of a new record only what the columns beside it do not say."""
    said = ("state", "code", "name") if row.action == "create" and not row.also else ()
    locale = locale_of(context)
    return [
        (_word(FIELDS, name), _value(name, before, locale), _value(name, after, locale))
        for name, before, after in row.fields
        if name not in said
    ]


def _value(name: str, value: str, locale: Locale) -> Promise | str:
    if name in ("state", "managed_by", "accounting_system", "type"):
        return VALUES.get(value, value)
    return _percent(value, locale) if name == "rate" else value


def _percent(rate: str, locale: Locale) -> str:
    """A tax rate as its readers write it: 0.25 is 25 %."""
    try:
        return str(format_percent(Decimal(rate), locale=locale, decimal_quantization=False))
    except InvalidOperation:
        return rate


@register.filter
def rule_words(text: str) -> str:
    """A rule of what is offered, as a sentence."""
    rule = rule_from(text)
    if rule is None:
        return text
    told = SENTENCES[rule.only, rule.by]
    value = str(_word(TYPES, rule.value)) if rule.by == "type" else rule.value
    return str(told) % {"value": value, "until": rule.until}


SENTENCES: Mapping[tuple[bool, str], Promise] = {
    (True, "type"): _("Only accounts of the type %(value)s"),
    (True, "range"): _("Only codes from %(value)s to %(until)s"),
    (True, "name"): _("Only names with “%(value)s” in them"),
    (True, "code"): _("Only %(value)s"),
    (False, "type"): _("Not accounts of the type %(value)s"),
    (False, "range"): _("Not codes from %(value)s to %(until)s"),
    (False, "name"): _("Not names with “%(value)s” in them"),
    (False, "code"): _("Not %(value)s"),
}


@register.simple_tag(takes_context=True)
def same_list(context: Context, **changed: Any) -> str:
    """The address of this list with some of its filters changed; without those of them that are empty."""
    kept = {name: value for name, value in context["filters"].items() if value}
    return "?" + urlencode({**kept, **{name: value for name, value in changed.items() if value}})
