"""The external ids under which we create things: Odoo's database refuses a second one.

entry `kontobro.<reference>` · receipt `kontobro.receipt-...` · vendor `kontobro.vendor:<company>/<Pleo's id>`
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote

MODULE: Final = "kontobro"
"""The namespace of our external ids. No Odoo module of that name exists: nothing would ever clean them up."""

_VENDOR: Final = "vendor:"
"""No entry's reference begins so: its colons are escaped."""


def name_of(text: str) -> str:
    """A text as an external id takes it: the name may hold no second dot."""
    return quote(text, safe="/").replace(".", "%2E")


def born_id(pleo_id: str, company: int | None) -> str:
    """Of a vendor born in Pleo, one for each company: another company's partner is never taken for this one's."""
    return f"{MODULE}.{_VENDOR}{company}/{name_of(pleo_id)}"


def pleo_id_in(known: str, company: int | None) -> str | None:
    """Pleo's id of the vendor, where this is the external id of one of this company's."""
    start = f"{MODULE}.{_VENDOR}{company}/"
    return unquote(known.removeprefix(start)) if known.startswith(start) else None
