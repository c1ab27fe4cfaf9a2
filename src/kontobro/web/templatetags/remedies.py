"""A remedy with links to where it is done: `{% remedy problem connection %}`; of a fault the links alone."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kontobro.core.errors import Problem
from kontobro.web.language import language_now
from kontobro.web.site.remedies import Target, fault_targets, labelled, targets_of
from kontobro.web.telling import told_in
from kontobro.web.templatetags.kontobro import locale_of

register = template.Library()


@register.simple_tag(takes_context=True)
def remedy(context: Context, problem: Problem, connection: Any = None) -> SafeString:
    """What to do, and links to each field, by its label. `connection`: it or its id; without, the words alone."""
    told = told_in(labelled(problem), language_now(), locale_of(context))
    return format_html("<span{}>{}</span>{}", told.lang, told.remedy, _links(context, targets_of(problem), connection))


@register.simple_tag(takes_context=True)
def problem_message(context: Context, problem: Problem) -> SafeString:
    """What is wrong, with settings called as their fields are."""
    told = told_in(labelled(problem), language_now(), locale_of(context))
    return format_html("<span{}>{}</span>", told.lang, told.message)


@register.simple_tag(takes_context=True)
def fault_links(context: Context, fault: Any, connection: Any = None) -> SafeString:
    """Where a fault can be fixed; the connection is the page's unless given."""
    return _links(context, fault_targets(fault), connection or context.get("connection"))


def _links(context: Context, targets: list[Target], connection: Any) -> SafeString:
    """To the places that the reader may see."""
    owner, member = getattr(connection, "id", connection), context.get("member")
    seen = [target for target in dict.fromkeys(targets) if member is None or member.may(target.role)]
    found = [(target.url(str(owner)), target.label) for target in seen] if owner else []
    return format_html_join("", ' <a class="remedy" href="{}">{}</a>', found)
