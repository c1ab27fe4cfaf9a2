"""How amounts, days and states are written: exact figures, in the reader's format, states in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from django import template
from django.forms import BoundField
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kontobro.core.errors import Misconfigured
from kontobro.core.rules.dates import zone_named
from kontobro.service.connectors import connectors

register = template.Library()

STATES: dict[str, tuple[str, str]] = {
    # state: (its word on a page, the colour of its badge)
    "planned": ("waiting", "secondary"),
    "booking": ("being booked", "blue"),
    "drafted": ("draft", "azure"),
    "attached": ("draft with receipts", "azure"),
    "posted": ("posted", "green"),
    "verified": ("verified", "green"),
    "reported": ("reported", "green"),
    "handed_over": ("in a document", "green"),
    "sealed": ("sealed, not delivered", "orange"),
    "delivering": ("being delivered", "blue"),
    "unsure": ("may have been sent", "orange"),
    "delivered": ("delivered", "green"),
    "released": ("released", "secondary"),
    "void": ("void", "secondary"),
    "rejected": ("needs attention", "red"),
    "uncertain": ("unconfirmed; will be checked at the next export", "orange"),
    "in_progress": ("in progress", "blue"),
    "pending": ("waiting", "secondary"),
    "seen": ("waiting", "secondary"),
    "claiming": ("starting", "blue"),
    "not ours": ("done by another installation", "secondary"),
    "completed": ("completed", "green"),
    "completed_with_errors": ("completed; some expenses need attention", "orange"),
    "failed": ("failed", "red"),
    "unfinished": ("unfinished", "orange"),
    "connected": ("connected", "green"),
    "reconnect": ("connect again", "red"),
    "trial": ("trial: preview only", "azure"),
    "disconnected": ("disconnected", "secondary"),
    "in_step": ("in sync", "green"),
    "waiting": ("needs a decision", "orange"),
    "running": ("running", "blue"),
    "done": ("done", "green"),
}


PLAIN: dict[str, str] = {
    "handed_over": "in a document",
    "atm_withdrawal": "ATM withdrawal",
    "wallet_topup": "wallet top-up",
    "csv": "CSV",
}
"""Codes whose words are not the code's own."""


def _locale(context: Context) -> Locale:
    request = context.get("request")
    return getattr(request, "reader_locale", None) or Locale("en", "GB")


@register.simple_tag(takes_context=True)
def amount(context: Context, value: Any, currency: str = "") -> str:
    """A figure in the reader's format, exact: with its currency's code and places when there is one."""
    try:
        figure = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if not currency:
        return str(format_decimal(figure, locale=_locale(context), decimal_quantization=False))
    return str(
        format_currency(figure, currency, format="#,##0.00 ¤¤", locale=_locale(context), decimal_quantization=False)
        if _places(figure) > 2
        else format_currency(figure, currency, format="#,##0.00 ¤¤", locale=_locale(context))
    )


def _places(figure: Decimal) -> int:
    exponent = figure.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


@register.simple_tag(takes_context=True)
def day(context: Context, value: date | str | None) -> str:
    """A day in the reader's format."""
    if not value:
        return "–"
    when = date.fromisoformat(value) if isinstance(value, str) else value
    return str(format_date(when, "medium", locale=_locale(context)))


@register.simple_tag(takes_context=True)
def moment(context: Context, value: datetime | Literal[""] | None, zone: str | None = None) -> SafeString | str:
    """A moment as a `time` element, in the reader's zone. Where that is not known, in the company's (`zone`); else in
    UTC, and said so. Empty: a dash."""
    if not value:
        return "–"
    known = getattr(context.get("request"), "reader_zone", None) or (zone_named(zone) if zone else None)
    there = value.astimezone(known or UTC)
    shown = format_datetime(there, "short", locale=_locale(context), tzinfo=there.tzinfo)
    return format_html(
        '<time datetime="{}" title="{}">{}{}</time>',
        value.isoformat(),
        there.isoformat(timespec="seconds"),
        shown,
        "" if known else " UTC",
    )


@register.simple_tag
def state(value: str) -> SafeString:
    """A state as a badge: a word, not a colour alone."""
    word, colour = STATES.get(value, (value.replace("_", " "), "secondary"))
    return format_html('<span class="badge bg-{}-lt">{}</span>', colour, word)


@register.filter
def plain(code: str) -> str:
    """A code of Pleo's or ours as words: `card_purchase` is "card purchase". Unknown ones too."""
    return PLAIN.get(code.lower(), code.lower().replace("_", " ").replace("-", " "))


@register.filter
def system(erp: str) -> str:
    """A connector's name as people write it: `odoo` is "Odoo". A company's own, `package.module:factory`, has none."""
    return connectors().label(erp)


@register.filter
def takes_documents(erp: str) -> bool:
    """Whether this accounting system imports files; not known of one that is not installed any more."""
    try:
        return connectors().get(erp).documents
    except Misconfigured:
        return False


@register.inclusion_tag("site/fields.html")
def fields(form: Any) -> dict[str, Any]:
    """A form's fields with their labels, hints and errors."""
    return {"form": form}


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    """A field's own input, in the look of the pages, marked for screen readers when it is wrong."""
    look = {"checkbox": "form-check-input", "select": "form-select"}.get(field.widget_type, "form-control")
    attributes: dict[str, str | bool] = {"class": f"{look} is-invalid" if field.errors else look}
    if field.errors:
        attributes["aria-invalid"] = "true"
    return field.as_widget(attrs=attributes)


@register.inclusion_tag("site/link.html", takes_context=True)
def nav(context: Context, name: str, words: str) -> dict[str, Any]:
    """An entry of the organisation's menu."""
    return _link(context, reverse(name, args=[context["member"].organisation.id]), words, exact=True)


@register.inclusion_tag("site/link.html", takes_context=True)
def tab(context: Context, name: str, words: str) -> dict[str, Any]:
    """An entry of a connection's menu."""
    return _link(context, reverse(name, args=[context["connection"].id]), words, exact=name == "connection")


def _link(context: Context, url: str, words: str, *, exact: bool) -> dict[str, Any]:
    here = context["request"].path
    return {"url": url, "words": words, "current": here == url if exact else here.startswith(url)}
