"""Vendors born in Pleo: what they are known by, and what is said of one that the system does not take. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kontobro.core.errors import Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.masterdata import Vendor
from kontobro.core.words import Phrase


def key_of(vendor: Vendor) -> str:
    """Pleo's id, under which it is created once."""
    return vendor.pleo_id or vendor.id


def by_key(vendors: Iterable[Vendor]) -> dict[str, Vendor]:
    """By Pleo's id; each once, in order."""
    return {key_of(vendor): vendor for vendor in vendors}


def not_written(vendor: Vendor, system: str, fix: Phrase, said: Phrase | str) -> Problem:
    """The system does not have it now; `said` is why."""
    return problem("vendor_not_written", "vendor", vendor.code, vendor=vendor.name, system=system, said=said, fix=fix)


def code_taken(vendor: Vendor, system: str, code: str) -> Problem:
    """Another vendor has its code."""
    return problem("vendor_code_taken", "vendor", code, vendor=vendor.name, system=system)


def inactive(vendor: Vendor, system: str, existing: Vendor) -> Problem:
    """It exists, but takes nothing."""
    return problem("vendor_inactive", "vendor", vendor.name or vendor.code, system=system, code=existing.code)
