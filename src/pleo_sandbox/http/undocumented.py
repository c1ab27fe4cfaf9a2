"""Answers that are not as Pleo documents them, or as it leaves open: words, fields, signs and fractions (`rules.py`).

Everything else of the answer stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from starlette.responses import Response

from pleo_sandbox.model import Json
from pleo_sandbox.rules import Rules, UnseenWord
from pleo_sandbox.wire import decode, reply

WORD: Final = "unseen_word"
FIELD: Final = "unknownField"
ITEMS: Final = "GET /v3/export-items"
NO_DECIMALS: Final = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
"""ISO 4217: their minor unit is the currency's own."""
INCOMING: Final = frozenset({"refund", "chargeback", "cashback"})
FREE: Final = "metadata"
"""Whose names are the integration's own: nothing is added there."""

PLACES: Final[Mapping[UnseenWord, tuple[str, str]]] = {
    "type": (ITEMS, "data.type"),
    "subType": (ITEMS, "data.subType"),
    "method": (ITEMS, "data.bookkeeping.method"),
    "taxType": (ITEMS, "data.accountingEntryLines.tax.type"),
    "invoiceStatus": (ITEMS, "data.additionalInformation.invoiceInformation.status"),
    "itemStatus": ("GET /v3/export-jobs/{id}/items", "data.status"),
    "jobStatus": ("GET /v3/export-jobs", "data.status"),
    "installationStatus": ("GET /v1/installations/me", "status"),
    "authMethod": ("GET /v1/introspect", "data.authMethod"),
    "vendorState": ("POST /v1/vendors:search", "data.state"),
    "taxCodeType": ("POST /v0/tax-codes:search", "data.type"),
}
"""The call and the field that has the word, in the first entry with such a field."""


def beside_documents(rules: Rules, call: str, response: Response) -> Response:
    """The answer, as far as this Pleo's differ from what is documented."""
    changes = list(_changes(rules, call))
    if not changes or not 200 <= response.status_code < 300 or not response.body:
        return response
    if not response.headers.get("content-type", "").startswith("application/json"):
        return response
    body = decode(bytes(response.body))
    for change in changes:
        change(body)
    return reply(body, response.status_code)


def _changes(rules: Rules, call: str) -> Iterator[Callable[[Any], object]]:
    if call == ITEMS and rules.incoming_sign != "as given":
        yield lambda body: _sign(body["data"], rules.incoming_sign)
    if call == ITEMS and rules.amount_fractions:
        yield lambda body: _add(body["data"][:1], Decimal("0.5"))
    if call == ITEMS and rules.zero_decimal_amounts == "hundredths":
        yield lambda body: _in_hundredths(body["data"])
    place = PLACES.get(rules.unseen_word)
    if place and place[0] == call:
        yield lambda body: _put(body, place[1].split("."))
    if rules.unknown_fields:
        yield _add_field


def _put(value: Any, path: list[str]) -> bool:
    """Put the word into the first entry that has the field; whether there was one."""
    if isinstance(value, list):
        return any(_put(entry, path) for entry in value)
    if not isinstance(value, dict) or path[0] not in value:
        return False
    if len(path) > 1:
        return _put(value[path[0]], path[1:])
    value[path[0]] = WORD
    return True


def _add_field(value: Any) -> None:
    if isinstance(value, list):
        for entry in value:
            _add_field(entry)
    elif isinstance(value, dict):
        for name, below in value.items():
            if name != FREE:
                _add_field(below)
        value[FIELD] = {"of": "a later version"}


def _sign(items: list[Json], sign: str) -> None:
    incoming = [item for item in items if item.get("type") in INCOMING]
    for number, item in enumerate(incoming):
        negative = sign == "negative" or (sign == "both" and number % 2 == 1)
        for value in _amounts(item):
            value["value"] = -abs(value["value"]) if negative else abs(value["value"])


def _add(items: list[Json], fraction: Decimal) -> None:
    for value in _amounts(items):
        value["value"] += fraction


def _in_hundredths(items: list[Json]) -> None:
    for value in _amounts(items):
        if value["currency"] in NO_DECIMALS:
            value["value"] *= 100


def _amounts(value: Any) -> Iterator[Json]:
    """Every amount of an item, each with its currency."""
    if isinstance(value, list):
        for entry in value:
            yield from _amounts(entry)
    elif isinstance(value, dict):
        if value.keys() >= {"currency", "value"}:
            yield value
        for below in value.values():
            yield from _amounts(below)
