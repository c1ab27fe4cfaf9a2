"""How amounts, days and states are written: exact figures, in the reader's format, states in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_currency, format_decimal
from django import template
from django.forms import BoundField
from django.template import Context
from django.template.defaultfilters import capfirst
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from kontobro.core.errors import Misconfigured
from kontobro.core.rules.dates import zone_named
from kontobro.core.words import name_in, setting_in
from kontobro.health.findings import Finding
from kontobro.service.connectors import connectors
from kontobro.web.language import language_now
from kontobro.web.site.systems import system_name
from kontobro.web.telling import Told, told_in
from kontobro.web.tenancy import ROLE_WORDS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

register = template.Library()

STATES: dict[str, tuple[StrOrPromise, str]] = {
    # state: (its word on a page, the colour of its badge)
    "planned": (_("waiting"), "secondary"),
    "booking": (_("being booked"), "blue"),
    "drafted": (_("draft"), "azure"),
    "attached": (_("draft with receipts"), "azure"),
    "posted": (_("posted"), "green"),
    "verified": (_("verified"), "green"),
    "reported": (_("reported to Pleo"), "green"),
    "booked": (_("booked"), "green"),
    "handed_over": (_("in a document"), "green"),
    "sealed": (_("sealed, not delivered"), "orange"),
    "delivering": (_("being delivered"), "blue"),
    "unsure": (_("may have been sent"), "orange"),
    "delivered": (_("delivered"), "green"),
    "released": (_("released"), "secondary"),
    "void": (_("void"), "secondary"),
    "rejected": (_("needs attention"), "red"),
    "uncertain": (_("unconfirmed; will be checked at the next export"), "orange"),
    "in_progress": (_("in progress"), "blue"),
    "pending": (_("waiting"), "secondary"),
    "seen": (_("waiting"), "secondary"),
    "claiming": (_("starting"), "blue"),
    "not ours": (_("done by another installation"), "secondary"),
    "completed": (_("completed"), "green"),
    "completed_with_errors": (_("completed; some expenses need attention"), "orange"),
    "failed": (_("failed"), "red"),
    "unfinished": (_("unfinished"), "orange"),
    "connected": (_("connected"), "green"),
    "reconnect": (_("connect again"), "red"),
    "trial": (_("trial: preview only"), "azure"),
    "disconnected": (_("disconnected"), "secondary"),
    "in_step": (_("in sync"), "green"),
    "waiting": (_("needs a decision"), "orange"),
    "running": (_("running"), "blue"),
    "done": (_("done"), "green"),
}


PLAIN: dict[str, StrOrPromise] = {
    "handed_over": _("in a document"),
    "atm_withdrawal": _("ATM withdrawal"),
    "wallet_topup": _("wallet top-up"),
    "csv": "CSV",
    "item": _("expense"),
    "export": _("export"),
    "settle": _("settle"),
    "sync": _("sync"),
}
"""Codes whose words are not the code's own."""


def locale_of(context: Context) -> Locale:
    request = context.get("request")
    return getattr(request, "reader_locale", None) or Locale("en", "GB")


@register.simple_tag(takes_context=True)
def amount(context: Context, value: Any, currency: str = "") -> str:
    """A figure in the reader's format, exact: with its currency's code and places when there is one."""
    try:
        figure = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    figure = figure or figure.copy_abs()  # nothing has no sign
    if not currency:
        return str(format_decimal(figure, locale=locale_of(context), decimal_quantization=False))
    return str(
        format_currency(figure, currency, format="#,##0.00 ¤¤", locale=locale_of(context), decimal_quantization=False)
        if _places(figure) > 2
        else format_currency(figure, currency, format="#,##0.00 ¤¤", locale=locale_of(context))
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
    return str(format_date(when, "medium", locale=locale_of(context)))


@register.simple_tag(takes_context=True)
def month(context: Context, first: date | str) -> str:
    """A month in the reader's words: October 2026. `first`: its first day, or 2026-10."""
    if isinstance(first, str):
        first = date.fromisoformat(f"{first}-01")
    return str(format_skeleton("yMMMM", first, locale=locale_of(context)))


@register.simple_tag(takes_context=True)
def moment(context: Context, value: datetime | Literal[""] | None, zone: str | None = None) -> SafeString | str:
    """A moment as a `time` element, in the reader's zone. Where that is not known, in the company's (`zone`); else in
    UTC, and said so. Empty: a dash."""
    if not value:
        return "–"
    known = getattr(context.get("request"), "reader_zone", None) or (zone_named(zone) if zone else None)
    there = value.astimezone(known or UTC)
    shown = format_datetime(there, "short", locale=locale_of(context), tzinfo=there.tzinfo)
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
    colour = STATES[value][1] if value in STATES else "secondary"
    return format_html('<span class="badge bg-{}-lt">{}</span>', colour, state_word(value))


def state_word(value: str) -> str:
    """A state in words."""
    return str(STATES[value][0]) if value in STATES else plain(value)


@register.filter
def plain(code: str) -> str:
    """A code of Pleo's or ours as words: `card_purchase` is "card purchase". Unknown ones too."""
    code = code.lower()
    if code in PLAIN:
        return str(PLAIN[code])
    language = language_now()
    return code.replace("_", " ").replace("-", " ") if language == "en" else name_in(code, language)


@register.filter
def role(value: str) -> str:
    """A member's role in words."""
    return str(ROLE_WORDS.get(value, value))


@register.simple_tag
def setting_words(text: str) -> str:
    """A text of the settings' catalogue in the page's language."""
    return setting_in(text, language_now())


@register.simple_tag(takes_context=True)
def said(context: Context, one: Any) -> Told:
    """What a problem, a note or an error says, in the page's language and the reader's format."""
    return told_in(one, language_now(), locale_of(context))


@register.simple_tag
def subject(finding: Finding) -> str:
    """What was looked at, as a cell of a table begins."""
    return capfirst(finding.subject_in(language_now()))


@register.filter
def system(erp: str) -> str:
    """A connector's name as people write it: `odoo` is "Odoo". A company's own, `package.module:factory`, has none."""
    return system_name(erp)


@register.filter
def openable(url: str | None) -> str:
    """An address that a browser can open; empty for every other one, such as a file's."""
    return url if url and url.startswith(("https://", "http://")) else ""


@register.filter
def file_path(url: str | None) -> str:
    """Where a file is, of its `file:` address; empty for what is none."""
    if not url or not url.startswith("file:"):
        return ""
    parts = urlsplit(url)
    return url2pathname(parts.path) + (f"#{unquote(parts.fragment)}" if parts.fragment else "")


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
