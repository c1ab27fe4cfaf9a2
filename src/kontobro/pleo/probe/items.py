"""Questions that GET answers about jobs, their items and what they export."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from kontobro.core.model.export import OPEN
from kontobro.core.model.money import exponent
from kontobro.pleo.documented.contract import contract_of
from kontobro.pleo.documented.shape import shape_of, unknown_in, unseen_in
from kontobro.pleo.http import endpoints
from kontobro.pleo.http.calls import Params
from kontobro.pleo.http.endpoints import Endpoint
from kontobro.pleo.probe.asker import Answer, NoAnswer
from kontobro.pleo.probe.ground import PAGE, Found, Ground, good

INCOMING: Final = frozenset({"refund", "chargeback", "cashback"})
LATEST: Final = 3
"""Jobs that are looked into."""
MOST_COMPARED: Final = 5
"""Expenses that are compared with their accounting entries."""
LOOK: Final = "look at one in Pleo, and whether `kontobro preview` of its job shows the same amount or a hundredfold"
NAMED: Final = 5
"""Fields or words that an answer names."""


def keeps_external_id(ground: Ground) -> Found:
    jobs = ground.jobs()
    waiting = {
        item.get("accountingEntryId"): item.get("externalId")
        for job in jobs
        if job.get("status") in OPEN
        for item in ground.control_items(str(job.get("id")))
        if item.get("status") == "pending"
    }
    over = [job for job in jobs if job.get("status") not in OPEN][:LATEST] if waiting else []
    known = {
        item.get("accountingEntryId")
        for job in over
        for item in ground.control_items(str(job.get("id")))
        if item.get("externalId")
    }
    again = [external for entry, external in waiting.items() if entry in known]
    if not again:
        raise NoAnswer("no expense waits that was exported before: export one again in Pleo, then ask again")
    return Found("yes" if any(again) else "no", f"{len(again)} expenses looked at")


def unseen_words(ground: Ground) -> Found:
    found = [f"{path} {word}" for call, body in _looked_at(ground) for path, word in _unseen(call, body)]
    return _some(found)


def unknown_fields(ground: Ground) -> Found:
    return _some([path for call, body in _looked_at(ground) for path in _unknown(call, body)])


def _some(found: list[str]) -> Found:
    names = sorted(set(found))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return Found("yes", ", ".join(names[:NAMED]) + more) if names else Found("no")


def _unseen(call: Endpoint, body: Any) -> list[tuple[str, str]]:
    contract = contract_of(call.name)
    return unseen_in(shape_of(body, contract), contract) if contract else []


def _unknown(call: Endpoint, body: Any) -> list[str]:
    contract = contract_of(call.name)
    return unknown_in(shape_of(body, contract), contract) if contract else []


def _looked_at(ground: Ground) -> Iterator[tuple[Endpoint, Any]]:
    """Answers about the latest jobs; what the open one exports too. Raises NoAnswer where there is no job."""
    listed = ground.read(endpoints.JOBS, params=ground.own(limit=PAGE))
    if not listed.entries:
        raise NoAnswer("there is no export job yet")
    yield endpoints.JOBS, listed.body
    for job in listed.entries[:LATEST]:
        items = ground.read(endpoints.CONTROL_ITEMS, id=str(job.get("id")), params={"limit": PAGE})
        yield endpoints.CONTROL_ITEMS, items.body
        if job.get("status") in OPEN:
            params: Params = {"job_id": str(job.get("id")), "limit": PAGE}
            yield endpoints.ITEMS, ground.read(endpoints.ITEMS, params=params).body


def incoming_sign(ground: Ground) -> Found:
    values = [_value(item) for item in ground.export_items() if item.get("type") in INCOMING]
    signs = {"negative" if value < 0 else "positive" for value in values if value}
    if not signs:
        raise NoAnswer("the open job has no money that comes in: export a refund in Pleo, then ask again")
    return Found("both" if len(signs) == 2 else signs.pop(), f"{len(values)} expenses looked at")


def amount_fractions(ground: Ground) -> Found:
    values = [_value(item) for item in ground.export_items()]
    if not values:
        raise NoAnswer("the open job exports nothing")
    whole = all(value == int(value) for value in values)
    return Found("yes" if whole else "no", f"{len(values)} expenses looked at")


def zero_decimal_amounts(ground: Ground) -> Found:
    """An item's total beside the same on its accounting entry, of which Pleo documents that it has whole units."""
    totals = [(item, found) for item in ground.export_items() if (found := _without_decimals(item.get("amount")))]
    if not totals:
        raise NoAnswer("the open job has no expense in a currency without decimals (ISK, JPY): export one in Pleo")
    answers = [_counted_in(found, _entry(ground, item)) for item, found in totals[:MOST_COMPARED]]
    known = {answer for answer in answers if answer}
    if len(known) != 1:
        seen = "say different things" if known else "do not show the same amounts"
        raise NoAnswer(f"expenses in such a currency and their accounting entries {seen}: {LOOK}")
    return Found(known.pop(), f"{len(totals)} expenses in such a currency, {sum(map(bool, answers))} compared")


def _entry(ground: Ground, item: dict[str, Any]) -> Answer:
    answer = ground.asker.get(endpoints.ACCOUNTING_ENTRY, id=str(item.get("accountingEntryId")))
    if answer.status == 403:
        raise NoAnswer(f"the credential lacks {endpoints.ACCOUNTING_ENTRY.scope}, which would show it: {LOOK}")
    return good(answer, endpoints.ACCOUNTING_ENTRY)


def _counted_in(item: frozenset[tuple[str, Decimal]], entry: Answer) -> str:
    """What the item's amounts are counted in; empty where its entry does not tell."""
    there = _without_decimals(entry.body)
    in_units, in_hundredths = item & there, item & {(currency, number * 100) for currency, number in there}
    if bool(in_units) == bool(in_hundredths):
        return ""
    return "units" if in_units else "hundredths"


def _without_decimals(value: Any) -> frozenset[tuple[str, Decimal]]:
    """All money below that is in a currency without decimals and not zero, as (currency, amount without sign)."""
    found: set[tuple[str, Decimal]] = set()
    if isinstance(value, list):
        found.update(*map(_without_decimals, value))
    elif isinstance(value, dict):
        currency, number = value.get("currency"), value.get("value", value.get("minors"))
        if isinstance(currency, str) and exponent(currency) == 0 and isinstance(number, int | Decimal) and number:
            found.add((currency, abs(Decimal(number))))
        found.update(*map(_without_decimals, value.values()))
    return frozenset(found)


def _value(item: dict[str, Any]) -> Decimal:
    """An item's amount in the wallet's currency; zero where there is none."""
    value = ((item.get("amount") or {}).get("inWalletCurrency") or {}).get("value")
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else Decimal()


def expires_in(ground: Ground) -> Found:
    seconds = {job.get("expiresIn") for job in ground.jobs()}
    if not seconds:
        raise NoAnswer("there is no export job yet")
    if seconds == {3600}:
        return Found("hour")
    return Found("other", ", ".join(sorted(str(each) for each in seconds if isinstance(each, int))[:NAMED]))


def receipts_without_login(ground: Ground) -> Found:
    urls = [file.get("url") for item in ground.export_items() for file in item.get("files") or []]
    url = next((each for each in urls if isinstance(each, str)), None)
    if url is None:
        raise NoAnswer("the open job has no receipt")
    return Found("yes" if ground.fetches(url) else "no")
