"""What a piece of news means for a company's books, in words: for the log, the doctor and the pages of the modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kontobro.core.words import Phrase, phrase
from kontobro.pleo.documented.drift import Kind

ITEMS: Final = "GET /v3/export-items"
_WORDS: Final[Mapping[tuple[str, str], str]] = {
    (ITEMS, "data[].type"): "news_type",
    (ITEMS, "data[].subType"): "news_subtype",
    (ITEMS, "data[].bookkeeping.method"): "news_method",
    (ITEMS, "data[].accountingEntryLines[].tax.type"): "news_tax_type",
    ("GET /v3/export-jobs", "data[].status"): "news_job_status",
    ("GET /v3/export-jobs/{id}/items", "data[].status"): "news_item_status",
}
"""Words that decide whether or how something is booked; all others are only shown."""


def meaning_of(call: str, kind: Kind, what: str) -> Phrase:
    """What was seen, and what Kontobro does about it."""
    if kind == "field":
        return phrase("news_field", call=call, field=what)
    if kind == "word":
        field, _, word = what.rpartition(" ")
        name = _WORDS.get((call, field))
        return phrase(name, word=word) if name else phrase("news_word", call=call, field=field, word=word)
    return phrase(f"news_{'status' if kind == 'status' else 'answer'}", call=call, answer=what)
