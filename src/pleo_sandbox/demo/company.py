"""Fjord & Bro ApS: a Danish company whose autumn of 2026 shows every kind of expense that Pleo exports."""

from __future__ import annotations

from collections.abc import Mapping

from pleo_sandbox.demo import (
    cards as demo_cards,
)
from pleo_sandbox.demo import (
    invoices as demo_invoices,
)
from pleo_sandbox.demo import (
    people as demo_people,
)
from pleo_sandbox.demo import (
    wallet as demo_wallet,
)
from pleo_sandbox.demo.cast import (
    COMPANY_ID,
    CONTRA,
    COUNTRY,
    CURRENCY,
    NAME,
    ORGANIZATION_ID,
    REGISTRATION_NUMBER,
    account_json,
)
from pleo_sandbox.demo.faults import FAULTS
from pleo_sandbox.demo.masters import hand_made
from pleo_sandbox.demo.spec import ItemSpec, build
from pleo_sandbox.model import SandboxCompany

SPECS: tuple[ItemSpec, ...] = tuple(
    sorted(
        (
            *demo_cards.PURCHASES,
            *demo_wallet.CARD_INVOICES,
            *demo_wallet.FEES,
            *demo_wallet.RETURNS,
            *demo_invoices.INVOICES,
            *demo_invoices.PAYMENTS,
            *demo_invoices.LATER,
            *demo_people.OUT_OF_POCKET,
            *demo_people.TRAVEL,
            *demo_people.REIMBURSEMENTS,
            *demo_people.PERSONAL,
            *demo_wallet.MOVEMENTS,
            *FAULTS,
        ),
        key=lambda spec: spec.date_time,
    )
)

SECOND_BATCH: tuple[str, ...] = tuple(spec.id for spec in SPECS if not spec.queued)
"""The accounting entry ids that are exported later: payments of invoices in the first batch, and the reverse."""

TO_MEND: Mapping[str, str] = {spec.id: spec.fault for spec in SPECS if spec.fault}
"""The expenses that can't be booked with the demo's ledger and settings, and the reason that Pleo should be told."""


def reconciliation_ids() -> dict[str, str]:
    """Pleo's short number of each expense, by its key: in the order in which things happened."""
    return {spec.key: f"FJB-{1000 + index}" for index, spec in enumerate(SPECS, start=1)}


def demo_company() -> SandboxCompany:
    """The whole company, in the order in which things happened. Ids, dates and receipts are the same each time."""
    numbers = reconciliation_ids()
    return SandboxCompany(
        name=NAME,
        currency=CURRENCY,
        country=COUNTRY,
        id=COMPANY_ID,
        organization_id=ORGANIZATION_ID,
        registration_number=REGISTRATION_NUMBER,
        expenses=[build(spec, numbers) for spec in SPECS],
        contra_accounts={currency: account_json(account) for currency, account in CONTRA.items()},
        vendor_based_bookkeeping=True,
        hand_made=hand_made(),
    )
