"""A remedy with links to where it is done: `{% remedy problem connection %}`, `{% fault_remedy fault connection %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kontobro.core.errors import Problem
from kontobro.web.language import language_now
from kontobro.web.site.remedies import Target, fault_targets, labelled, targets_of

register = template.Library()


@register.simple_tag
def remedy(problem: Problem, connection: Any = None) -> SafeString | str:
    """What to do, and links to each field, by its label. `connection`: it or its id; without, the words alone."""
    return _with_links(labelled(problem).said(language_now()).remedy, targets_of(problem), connection)


@register.simple_tag(takes_context=True)
def fault_remedy(context: Context, fault: Any, connection: Any = None) -> SafeString | str:
    """The same of a fault; the connection is the page's unless given."""
    return _with_links(fault.remedy, fault_targets(fault), connection or context.get("connection"))


@register.simple_tag
def problem_message(problem: Problem) -> str:
    """What is wrong, in the reader's language, with settings called as their fields are."""
    return labelled(problem).said(language_now()).message


def _with_links(words: str, targets: list[Target], connection: Any) -> SafeString | str:
    owner = getattr(connection, "id", connection)
    if not owner or not targets:
        return words
    links = [(target.url(str(owner)), target.label) for target in dict.fromkeys(targets)]
    return format_html("{} {}", words, format_html_join(" · ", '<a class="remedy" href="{}">{}</a>', links))
