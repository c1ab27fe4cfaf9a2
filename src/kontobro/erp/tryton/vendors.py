"""Vendors born in Pleo, as parties of Tryton.

Pleo's id is in an identifier of the party that has no type: `pleo:<id>`, by which it is found before anything is
created. Nothing makes identifiers unique; what Tryton's own database keeps unique is a party's code. So the code is the
one that the vendor has in Pleo, else one made of Pleo's id: of two creates of one vendor, at the same time or after an
answer that was lost, the database refuses the second, and what exists is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kontobro.core.errors import Problem
from kontobro.core.model.masterdata import Vendor
from kontobro.core.words import Phrase
from kontobro.erp.kit.http import Refused, refused_alone
from kontobro.erp.kit.texts import plain
from kontobro.erp.kit.vendors import by_key, code_taken, inactive, key_of, not_written
from kontobro.erp.tryton.access import TO_ADD_VENDORS, missing_permissions
from kontobro.erp.tryton.calls import SYSTEM, Calls
from kontobro.erp.tryton.entries import Values
from kontobro.erp.tryton.ledger import escaped
from kontobro.erp.tryton.masters import ANY, BORN, TrytonMasters

PARTY: Final = "party.party"

EU: Final = frozenset("AT BE BG CY CZ DE DK EE EL ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI".split())
"""How the VAT numbers begin that Tryton's type `eu_vat` takes."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A vendor that Tryton lacks, with the code that it gets."""

    vendor: Vendor
    code: str

    @property
    def pleo_id(self) -> str:
        return key_of(self.vendor)


def add_vendors(api: Calls, masters: TrytonMasters, vendors: Sequence[Vendor]) -> list[Vendor | Problem]:
    """What stands for each in the end, what was before included; a Problem for each that Tryton does not take."""
    asked = by_key(vendors)
    there = masters.born(asked)
    new = [vendor for key, vendor in asked.items() if key not in there]
    refused = _add(api, masters, new) if new else {}
    there = masters.born(asked)
    parties = {party.id: party for party in masters.vendors([["id", "in", sorted(there.values())]])}
    return [_answer(vendor, parties.get(str(there.get(key_of(vendor)))), refused) for vendor in vendors]


def _answer(vendor: Vendor, party: Vendor | None, refused: Mapping[str, Problem]) -> Vendor | Problem:
    if party is None:
        return refused.get(key_of(vendor)) or not_written(
            vendor, SYSTEM, Phrase("fix_sync_again"), Phrase("deleted_there")
        )
    return replace(party, pleo_id=key_of(vendor)) if party.active else inactive(vendor, SYSTEM, party)


# ---------------------------------------------------------------------------------------------------- writing


def _add(api: Calls, masters: TrytonMasters, new: Sequence[Vendor]) -> dict[str, Problem]:
    """Create what can be created; why not, for the others."""
    if missing := missing_permissions(api, TO_ADD_VENDORS):
        return {key_of(vendor): _forbidden(vendor, missing) for vendor in new}
    wanted, refused = _coded(new, _codes_in_use(api, [code_of(vendor) for vendor in new]))
    types, countries = _identifier_types(api, wanted), _countries(api, wanted)
    values = {draft.pleo_id: values_of(draft, types, countries) for draft in wanted}
    return refused | _create(api, masters, wanted, values)


def _coded(new: Sequence[Vendor], used: set[str]) -> tuple[list[Draft], dict[str, Problem]]:
    """Each with its code; by Pleo's id those whose code is another's, letter case aside as everywhere in a sync."""
    wanted, refused = [], {}
    for vendor in new:
        code = code_of(vendor)
        if code.casefold() in used:
            refused[key_of(vendor)] = code_taken(vendor, SYSTEM, code)
            continue
        used.add(code.casefold())
        wanted.append(Draft(vendor, code))
    return wanted, refused


def _create(
    api: Calls, masters: TrytonMasters, wanted: Sequence[Draft], values: Mapping[str, Values]
) -> dict[str, Problem]:
    """Create in one transaction; the problem of each that Tryton refuses on its own."""

    def create(some: Sequence[Draft]) -> None:
        api.write(f"model.{PARTY}.create", [values[draft.pleo_id] for draft in some])

    def missing(tried: Sequence[Draft]) -> list[Draft]:
        # some may have been created by another at the same time, or by a call whose answer was lost
        there = masters.born([draft.pleo_id for draft in tried])
        return [draft for draft in tried if draft.pleo_id not in there]

    return {draft.pleo_id: _refused(draft, refusal) for draft, refusal in refused_alone(wanted, create, missing)}


# ----------------------------------------------------------------------------------------- what is written


def code_of(vendor: Vendor) -> str:
    """The code in Pleo, else one that is always the same for the same vendor, and no other's."""
    made = hashlib.sha256(key_of(vendor).encode()).hexdigest()[:10].upper()
    return plain(vendor.code) or f"PLEO-{made}"


def values_of(draft: Draft, types: Collection[str], countries: Mapping[str, int]) -> Values:
    """What `party.party.create` takes. With an address: without one Tryton takes no invoice from a party."""
    identifiers = [{"type": type_, "code": code} for type_, code in _identifiers(draft.vendor, types)]
    return {
        "name": plain(draft.vendor.name) or draft.code,
        "code": draft.code,
        "identifiers": [["create", [*identifiers, {"type": None, "code": f"{BORN}{draft.pleo_id}"}]]],
        "addresses": [["create", [{"country": countries.get(_country(draft.vendor))}]]],
    }


def _identifiers(vendor: Vendor, types: Collection[str]) -> Iterator[tuple[str | None, str]]:
    """Type and number. Pleo does not say of what register a registration number is: it gets no type."""
    if number := _number(vendor.tax_registration_number):
        yield tax_type(number, _country(vendor), types), number
    if number := _number(vendor.registration_number):
        yield None, number


def tax_type(number: str, country: str, types: Collection[str]) -> str | None:
    """Tryton's type of a VAT number, by the country that it begins with, else the vendor's; None for another's number.

    The country's own comes first: Tryton looks up each new `eu_vat` at the EU's service before it answers.
    """
    begins = number[:2].upper()
    start = begins if begins.isalpha() else country
    fitting = [f"{start.lower()}_vat", *(["eu_vat"] if begins in EU else [])]
    return next((type_ for type_ in fitting if type_ in types), None)


def _number(text: str | None) -> str:
    """A number as people typed it, never one that looks like our own identifier."""
    return plain(text or "").replace(":", " ")


def _country(vendor: Vendor) -> str:
    return (vendor.country or "").strip().upper()


# ------------------------------------------------------------------------------------------- what is looked up


def _codes_in_use(api: Calls, codes: Sequence[str]) -> set[str]:
    alike = [["code", "ilike", "".join(escaped(code))] for code in codes]
    return {row["code"].casefold() for row in api.rows(PARTY, [ANY, ["OR", *alike]], ["code"])}


def _identifier_types(api: Calls, wanted: Sequence[Draft]) -> frozenset[str]:
    """Those that Tryton's configuration offers; asked only when someone has a number."""
    if not any(draft.vendor.tax_registration_number for draft in wanted):
        return frozenset()
    return frozenset(name for name, _ in api.read("model.party.identifier.get_types") if name)


def _countries(api: Calls, wanted: Sequence[Draft]) -> dict[str, int]:
    """Tryton's countries by code: those that are loaded there."""
    codes = sorted({_country(draft.vendor) for draft in wanted} - {""})
    rows = api.rows("country.country", [["code", "in", codes]], ["code"]) if codes else ()
    return {row["code"]: row["id"] for row in rows}


# -------------------------------------------------------------------------------------------------- problems


def _refused(draft: Draft, refusal: Refused) -> Problem:
    fix = Phrase("fix_party_by_hand", {"system": SYSTEM, "code": draft.code})
    return not_written(draft.vendor, SYSTEM, fix, refusal.said)


def _forbidden(vendor: Vendor, missing: Sequence[Phrase]) -> Problem:
    may_not = Phrase("may_not", {"rights": tuple(missing)})
    return not_written(vendor, SYSTEM, Phrase("fix_tryton_group"), may_not)
