"""Sealed vouchers beside the accounting system's journal: found by Pleo's ID, else by day and amounts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from kontobro.core.documents import SealedVoucher
from kontobro.core.model.journal import Booking, Reference
from kontobro.core.tieout.journal import PostedEntry, tie_to_journal

DAY = dt.date(2026, 11, 3)
AMOUNTS = {"4010": Decimal("100.00"), "1930": Decimal("-100.00")}


def reference(number: int) -> Reference:
    return Reference(f"e0000000-0000-4000-8000-{number:012d}")


def voucher(number: int) -> SealedVoucher:
    booking = Booking(
        reference=reference(number),
        id=f"1-A{number}",
        status="handed_over",
        date=DAY,
        currency="SEK",
        total=Decimal("100.00"),
        line_sums=AMOUNTS,
    )
    return SealedVoucher(document=1, series="A", year="2026", number=number, booking=booking)


def posted(number: int, **changes: object) -> PostedEntry:
    entry = PostedEntry(name=f"V{number}", date=DAY, amounts=AMOUNTS, text=f"Lunch {reference(number).upper()}")
    return replace(entry, **changes)  # type: ignore[arg-type]


def test_an_entry_is_found_by_its_reference() -> None:
    result = tie_to_journal([voucher(1)], [posted(1), posted(2)])
    assert ([one.number for one in result.found], result.is_equal) == ([1], True)


def test_another_scale_is_no_difference() -> None:
    same = {"4010": Decimal(100), "1930": Decimal("-100.0"), "2640": Decimal("0.00")}
    assert tie_to_journal([voucher(1)], [posted(1, amounts=same)]).is_equal


def test_a_payment_is_not_its_bill() -> None:
    payment = replace(voucher(1), booking=replace(voucher(1).booking, reference=Reference(f"{reference(1)}/pay")))
    result = tie_to_journal([voucher(1), payment], [posted(1, text=f"{reference(1)}/pay")])
    assert [one.booking.reference for one in result.missing] == [reference(1)]


def test_without_a_reference_day_and_amounts_decide_each_once() -> None:
    nameless = posted(1, text="Lunch")
    result = tie_to_journal([voucher(1), voucher(2)], [nameless])
    assert (len(result.found), len(result.missing)) == (1, 1)
    assert tie_to_journal([voucher(1), voucher(2)], [nameless, nameless]).is_equal


def test_what_differs_is_missing_or_doubled_is_said() -> None:
    other = posted(1, amounts={**AMOUNTS, "4010": Decimal("99.99")})
    result = tie_to_journal([voucher(1), voucher(2), voucher(3)], [other, posted(3), posted(3)])
    assert [one.posted.name for one in result.different] == ["V1"]
    assert [one.number for one in result.missing] == [2]
    assert [one.number for one in result.doubled] == [3]
    assert not result.is_equal


def test_an_entry_and_another_version_of_it_are_two() -> None:
    other = posted(1, amounts={**AMOUNTS, "4010": Decimal("99.99")})
    assert [one.number for one in tie_to_journal([voucher(1)], [posted(1), other]).doubled] == [1]
