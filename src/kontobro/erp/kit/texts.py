"""Texts as accounting systems keep them. Pure."""

from __future__ import annotations

import sys
from typing import Final

from kontobro.core.errors import shown
from kontobro.core.model.journal import Entry

MAX_TEXT: Final = 1_000
MAX_NUMBER: Final = 300
"""Characters of an invoice number that is kept whole in a title or description, beside payee and text."""


def plain(text: str) -> str:
    """One line without control characters, at most MAX_TEXT long."""
    return shown(text, MAX_TEXT)


def whole(text: str) -> str:
    """One line without control characters, never cut."""
    return shown(text, sys.maxsize)


def supplier_text(entry: Entry) -> str:
    """The receipt's amount where it was in another currency: `100.00 USD`."""
    return " ".join(map(str, entry.supplier_amount or ()))
