"""Vendors born in Pleo, as partners: companies of this company alone, each known by an external id of ours.

Odoo checks tax numbers, with VIES where that is switched on: a few partners a call, and one that it refuses is found
by halves, so that it stops no other one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from kontobro.core.batches import parts
from kontobro.core.errors import Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.masterdata import Vendor
from kontobro.core.model.masters import tax_number_key
from kontobro.core.words import Phrase
from kontobro.erp.kit.http import refused_alone
from kontobro.erp.kit.texts import plain
from kontobro.erp.kit.vendors import by_key, inactive, key_of, not_written
from kontobro.erp.odoo.access import may
from kontobro.erp.odoo.api import SYSTEM, Api, Domain
from kontobro.erp.odoo.masters import OdooMasters
from kontobro.erp.odoo.names import born_id

COLUMNS: Final = [
    "id",
    "name",
    "is_company",
    "supplier_rank",
    "ref",
    "vat",
    "company_registry",
    "country_id/.id",
    "company_id/.id",
]
BATCH: Final = 20
"""Partners a call: VIES may take ten seconds for each, and Odoo's own limit for a request is two minutes or more."""

RIGHT: Final = "Contact: Creation (base.group_partner_manager)"

Mark = tuple[str, str]


def write_vendors(api: Api, masters: OdooMasters, vendors: Sequence[Vendor]) -> list[Vendor | Problem]:
    """Create them, or find what is under Pleo's ids; one answer each, of what was read back."""
    asked = by_key(vendors)
    problems = taken(asked, masters.known_vendors(_like(asked.values())))
    new = [vendor for key, vendor in asked.items() if key not in problems]
    if new and not may(api, "res.partner", "create"):
        problems |= {key_of(vendor): _not_allowed(vendor) for vendor in new}
        new = []
    ids = _load(api, new, problems)
    there = {vendor.pleo_id: vendor for vendor in masters.known_vendors([["id", "in", ids]])} if ids else {}
    return [
        problems.get(key) or _answer(vendor, there.get(key)) for key, vendor in ((key_of(it), it) for it in vendors)
    ]


def _load(api: Api, vendors: Sequence[Vendor], problems: dict[str, Problem]) -> list[int]:
    """Partner ids of all that exist then; those that Odoo refuses on their own are in `problems`."""
    countries = _countries(api, vendors)
    ids: list[int] = []

    def load(some: Sequence[Vendor]) -> None:
        ids.extend(api.load("res.partner", COLUMNS, [row_of(one, api.company, countries) for one in some]))

    for some in parts(vendors, BATCH):
        for alone, _ in refused_alone(some, load):
            # once more: another call may have been creating it just then, and what exists is left alone
            for vendor, refusal in refused_alone([alone], load):
                fix = Phrase("fix_partner_by_hand")
                problems[key_of(vendor)] = not_written(vendor, SYSTEM, fix, refusal.said)
    return ids


def taken(asked: Mapping[str, Vendor], known: Iterable[Vendor]) -> dict[str, Problem]:
    """By Pleo's id those whose code or number another partner has, or another one of them. Pure."""
    holders: dict[Mark, list[Vendor]] = {}
    for vendor in known:
        _hold(holders, vendor)
    problems = {}
    for key, vendor in asked.items():
        mark, other = next(_others(key, vendor, holders), (None, None))
        if mark and other:
            problems[key] = _taken(vendor, other, mark)
        else:
            _hold(holders, vendor)
    return problems


def row_of(vendor: Vendor, company: int | None, countries: Mapping[str, int]) -> list[str]:
    """The cells of `COLUMNS`."""
    key = key_of(vendor)
    return [
        born_id(key, company),
        plain(vendor.name) or plain(vendor.code) or key,
        "1",
        "1",
        plain(vendor.code),
        plain(vendor.tax_registration_number or ""),
        plain(vendor.registration_number or ""),
        str(countries.get((vendor.country or "").upper(), "")),
        str(company or ""),
    ]


def _answer(vendor: Vendor, found: Vendor | None) -> Vendor | Problem:
    """What exists, unless a person took it away again."""
    if found is None:
        return not_written(vendor, SYSTEM, Phrase("fix_partner_merged"), Phrase("partner_merged"))
    return found if found.active else inactive(vendor, SYSTEM, found)


# ------------------------------------------------------------------------------------ what Odoo has already


def _countries(api: Api, vendors: Iterable[Vendor]) -> dict[str, int]:
    codes = sorted({vendor.country.upper() for vendor in vendors if vendor.country})
    rows = api.rows("res.country", [["code", "in", codes]], ["code"]) if codes else ()
    return {row["code"]: row["id"] for row in rows}


def _like(vendors: Iterable[Vendor]) -> Domain:
    """Partners with one of these codes or numbers, whoever they are: employees and customers too."""
    found = list(vendors)
    numbers = sorted({spelled for vendor in found for spelled in _spellings(vendor)})
    codes = sorted({plain(vendor.code) for vendor in found if vendor.code.strip()})
    return ["|", "|", ["ref", "in", codes], ["vat", "in", numbers], ["company_registry", "in", numbers]]


def _spellings(vendor: Vendor) -> Iterator[str]:
    """Of its numbers, as given and as Odoo keeps most of them."""
    for number in (vendor.tax_registration_number, vendor.registration_number):
        yield from (text for text in (number, tax_number_key(number)) if text)


def _marks(vendor: Vendor) -> list[Mark]:
    """What tells one vendor from another, as the plan of a sync sees it."""
    marks = [
        ("code", vendor.code.strip().casefold()),
        ("tax number", tax_number_key(vendor.tax_registration_number) or ""),
        ("registration number", tax_number_key(vendor.registration_number) or ""),
    ]
    return [(name, value) for name, value in marks if value]


def _hold(holders: dict[Mark, list[Vendor]], vendor: Vendor) -> None:
    for mark in _marks(vendor):
        holders.setdefault(mark, []).append(vendor)


def _others(key: str, vendor: Vendor, holders: Mapping[Mark, Sequence[Vendor]]) -> Iterator[tuple[Mark, Vendor]]:
    for mark in _marks(vendor):
        holding = holders.get(mark, ())
        if not any(other.pleo_id == key for other in holding):
            yield from ((mark, other) for other in holding)


# --------------------------------------------------------------------------------------------- its problems


def _taken(vendor: Vendor, other: Vendor, mark: Mark) -> Problem:
    what, number = mark
    if what == "code":
        return problem(
            "vendor_code_taken.by", "vendor", vendor.code, vendor=vendor.name, system=SYSTEM, other=other.name
        )
    kind = Phrase(f"mark_{what.replace(' ', '_')}")
    return problem(
        "vendor_known.number", "vendor", vendor.name, system=SYSTEM, other=other.name, what=kind, number=number
    )


def _not_allowed(vendor: Vendor) -> Problem:
    fix = Phrase("fix_odoo_group", {"group": RIGHT})
    return not_written(vendor, SYSTEM, fix, Phrase("may_not_create_contacts"))
