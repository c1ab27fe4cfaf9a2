"""Cells of lists' files that say a problem: in English for programs, in the reader's words in a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.http import HttpRequest

from kontobro.core.errors import Problem
from kontobro.web.language import language_now
from kontobro.web.lists.heads import Worded
from kontobro.web.site.remedies import labelled
from kontobro.web.telling import told_in


def problem_cells(request: HttpRequest, problems: Sequence[Problem]) -> tuple[Worded, Worded]:
    """What is wrong, and what to do."""
    return (
        Worded("; ".join(one.message for one in problems), partial(_said, request, problems, "message")),
        Worded("; ".join(one.remedy for one in problems), partial(_said, request, problems, "remedy")),
    )


def _said(request: HttpRequest, problems: Sequence[Problem], part: str) -> str:
    locale = request.reader_locale  # type: ignore[attr-defined]
    return "; ".join(getattr(told_in(labelled(one), language_now(), locale), part) for one in problems)
