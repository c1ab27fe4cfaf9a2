"""What a connector that writes vendors promises: vendors born in Pleo, known by Pleo's id."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from kontobro.core.model.masterdata import Vendor
from kontobro.core.ports import WritesVendors
from kontobro.testing.connector.books import Books, Contract, need_bills
from kontobro.testing.connector.entries import a_bill


class WrittenVendorsContract(Contract):
    """Part of `ConnectorContract`."""

    def test_a_vendor_born_in_pleo_is_written_once_and_read_back_with_pleos_id(self, books: Books) -> None:
        connector = need_written_vendors(books)
        asked = [a_vendor("without-code"), a_vendor("with-code", code="KB-77", tax_registration_number="DK13585628")]
        first, second = connector.write(asked), connector.write(asked)
        assert list(first) == list(second)
        written = [vendor for vendor in first if isinstance(vendor, Vendor)]
        assert [(vendor.pleo_id, vendor.name) for vendor in written] == [(vendor.id, vendor.name) for vendor in asked]
        assert all(vendor.active for vendor in written)
        assert written[1].code == "KB-77"
        ids = [vendor.pleo_id for vendor in books.connector.read(Vendor) if vendor.pleo_id]
        assert len(ids) == len(set(ids)), "written twice"
        read = {vendor.pleo_id: vendor for vendor in books.connector.read(Vendor) if vendor.pleo_id}
        assert [read[vendor.id] for vendor in asked] == written

    def test_a_written_vendor_can_be_booked_on(self, books: Books) -> None:
        need_bills(books)
        (vendor,) = need_written_vendors(books).write([a_vendor("new")])
        assert isinstance(vendor, Vendor)
        assert books.connector.validate([a_bill(replace(books.chart, vendor=vendor.id))]) == [[]]


def a_vendor(name: str, code: str = "", **other: str) -> Vendor:
    """A vendor as Pleo has it: its id is Pleo's."""
    return Vendor(id=f"pleo-{name}", code=code, name=f"Vendor {name}", pleo_id=f"pleo-{name}", **other)  # type: ignore[arg-type]  # texts


def need_written_vendors(books: Books) -> WritesVendors:
    if not books.connector.capabilities.writes_vendors:
        pytest.skip("the accounting system takes no vendors")
    return cast(WritesVendors, books.connector)
