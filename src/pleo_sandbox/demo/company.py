"""Fjord & Bro ApS: a Danish company whose autumn of 2026 shows every kind of expense that Pleo exports."""

from __future__ import annotations

from collections.abc import Mapping

from pleo_sandbox.demo.cast import COMPANY, COMPANY_ID, CONTRA, ORGANIZATION_ID, account_json
from pleo_sandbox.demo.facts import Facts, read
from pleo_sandbox.demo.masters import hand_made
from pleo_sandbox.demo.spec import ItemSpec, build
from pleo_sandbox.model import SandboxCompany

FILES = ("cards", "wallet", "invoices", "people", "faults")
"""In `data/`."""


class Written(Facts, frozen=True):
    """What one of them holds."""

    expenses: tuple[ItemSpec, ...]


SPECS = tuple(
    sorted((spec for name in FILES for spec in read(name, Written).expenses), key=lambda spec: spec.date_time)
)

SECOND_BATCH: tuple[str, ...] = tuple(spec.id for spec in SPECS if not spec.queued)
"""The accounting entry ids that are exported later: payments of invoices in the first batch, and the reverse."""

TO_FIX: Mapping[str, str] = {spec.id: spec.fault for spec in SPECS if spec.fault}
"""The expenses that can't be booked with the demo's ledger and settings, and the reason that Pleo should be told."""


def reconciliation_ids() -> dict[str, str]:
    """Pleo's short number of each expense, by its key: in the order in which things happened."""
    return {spec.key: f"FJB-{1000 + index}" for index, spec in enumerate(SPECS, start=1)}


def demo_company() -> SandboxCompany:
    """The whole company, in the order in which things happened. Ids, dates and receipts are the same each time."""
    numbers = reconciliation_ids()
    return SandboxCompany(
        name=COMPANY.name,
        currency=COMPANY.currency,
        country=COMPANY.country,
        id=COMPANY_ID,
        organization_id=ORGANIZATION_ID,
        registration_number=COMPANY.registration_number,
        expenses=[build(spec, numbers) for spec in SPECS],
        contra_accounts={currency: account_json(account) for currency, account in CONTRA.items()},
        vendor_based_bookkeeping=True,
        hand_made=hand_made(),
    )
