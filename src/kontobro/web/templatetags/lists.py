"""What templates of lists use: heads to sort by, numbers of pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import template
from django.core.paginator import Page
from django.template import Context

from kontobro.web.lists.leaf import numbers_of

register = template.Library()


@register.filter
def page_numbers(page: Page[Any]) -> Iterator[int | str]:
    return numbers_of(page)


@register.inclusion_tag("lists/head.html", takes_context=True)
def sort_head(context: Context, key: str, words: str, *, figure: bool = False, usual: str = "") -> dict[str, Any]:
    """A column's head that sorts by it, the other way round when it does already. `usual`: the list's own order."""
    asked = context["request"].GET.get("sort") or usual
    by, descending = asked.removeprefix("-"), asked.startswith("-")
    direction = "" if by != key else "descending" if descending else "ascending"
    next_ = key if by == key and descending else f"-{key}"
    return {"request": context["request"], "words": words, "figure": figure, "direction": direction, "next": next_}
