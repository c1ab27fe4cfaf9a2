"""The same supplier invoice again, and a bill paid again: said where a bookkeeper looks, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.export import ExportItem
from kontobro.export import ItemPreview, next_job, preview_job, settle
from pleo_sandbox.model import Expense
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, a_line, entry_id, invoice, invoice_payment, money

SAME = [invoice(1, "F-2026/17"), invoice(2, "F-2026/17"), invoice(3, "f-2026/17 "), invoice(4, "F-2026/17")]


def notes(harness: ExportHarness) -> dict[str, str]:
    """The first note of each entry in the ledger, by reference."""
    return {reference: str(entry.meta.get("note-1", "")) for reference, entry in harness.entries().items()}


def preview(harness: ExportHarness) -> list[ItemPreview]:
    job = next_job(harness.ports)
    assert job is not None
    return list(preview_job(harness.connection, job, harness.ports))


def later(harness: ExportHarness) -> None:
    harness.sandbox.queue(harness.connected.company_id)
    harness.sandbox.press_export(harness.connected.company_id, vendor_based=True)


def test_an_invoice_that_was_uploaded_four_times_is_noted_from_the_second_on(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, a_company(*map(Expense, SAME))) as harness:
        told = [one.notes for one in preview(harness)]
        assert told[0] == ()
        assert all("The same invoice is in this export once more" in "".join(some) for some in told[1:])
        assert [one.entries[0].notes for one in preview(harness)] == told
        assert harness.export().event == "completed"
        found = notes(harness)
        assert found[entry_id(1)] == ""
        assert all("REC-1" in found[entry_id(number)] for number in (2, 3, 4))
        harness.assert_agree()


def test_it_is_noted_in_a_later_job_too_and_names_what_is_booked(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, a_company(Expense(SAME[0]), Expense(SAME[2], queued=False))) as harness:
        harness.export()
        later(harness)
        (one,) = preview(harness)
        assert harness.export().event == "completed"
        expected = f"The same invoice is already booked as {entry_id(1)} on 2026-10-05"
        assert expected in notes(harness)[entry_id(3)]
        assert expected in one.notes[0]


def test_a_setting_makes_it_fail(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, a_company(*map(Expense, SAME[:2]), Expense(SAME[2], queued=False))) as harness:
        harness.set(duplicate_invoice="fail")
        assert [[problem.code for problem in one.problems] for one in preview(harness)] == [[], ["invoice_duplicate"]]
        assert harness.export().event == "completed_with_errors"
        later(harness)
        harness.export()
        assert list(harness.entries()) == [entry_id(1)]
        for number in (2, 3):
            failure, text = harness.failure(entry_id(number))
            assert failure == "validation_failure"
            assert "F-2026/17" in text or "f-2026/17" in text


def test_what_is_booked_already_does_not_fail_when_it_is_exported_again(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, a_company(*map(Expense, SAME[:2]))) as harness:
        harness.export()
        harness.set(duplicate_invoice="fail")
        harness.again(entry_id(1), entry_id(2))
        assert harness.export().event == "completed"


def test_what_a_person_wrote_into_the_ledger_counts(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, a_company(Expense(SAME[0]), Expense(SAME[1], queued=False))) as harness:
        harness.export()
        batch = harness.batches[-1]
        text = batch.read_text()
        start = text.index(f'  kontobro: "{entry_id(1)}"')
        end = text.index("\n", start)
        batch.write_text(text[:start] + '  booked-by: "hand"' + text[end:])
        later(harness)
        harness.export()
        assert "The same invoice is already booked as" in notes(harness)[entry_id(2)]


TYPED = {
    "zero-width": "F-2026\u200b/17",
    "byte order mark": "\ufeffF-2026/17",
    "soft hyphen": "F-20\u00ad26/17",
    "full-width": "\uff26\uff0d\uff12\uff10\uff12\uff16\uff0f\uff11\uff17",
    "full-width digits": "F-\uff12\uff10\uff12\uff16/\uff11\uff17",
    "no-break space": "F-2026\u00a0/\u202f17",
    "en dash": "F\u20132026/17",
    "minus": "F\u22122026/17",
    "tab": "F-2026\t/17",
}


@pytest.mark.parametrize("number", TYPED.values(), ids=TYPED)
def test_a_number_that_looks_the_same_on_paper_is_the_same(tmp_path: Path, number: str) -> None:
    company = a_company(Expense(SAME[0]), Expense(invoice(2, number), queued=False))
    with an_export_harness(tmp_path, company) as harness:
        harness.set(duplicate_invoice="fail")
        harness.export()
        later(harness)
        harness.export()
        assert list(harness.entries()) == [entry_id(1)]
        assert harness.failure(entry_id(2))[0] == "validation_failure"


@pytest.mark.parametrize("number", ["F-2026/017", "F-20261/7", "F2026/17", "F-2026.17", "F-2026/17\\"])
def test_a_number_that_is_written_otherwise_is_another(tmp_path: Path, number: str) -> None:
    company = a_company(Expense(SAME[0]), Expense(invoice(2, number)))
    with an_export_harness(tmp_path, company) as harness:
        harness.set(duplicate_invoice="fail")
        assert harness.export().event == "completed"


OTHER_VENDOR = {"id": "v", "name": "Nordisk Sky ApS", "defaultCurrency": "DKK", "code": "V110"}
CREDIT_NOTE = {"amount": money(-10_000), "accountingEntryLines": [a_line(-10_000)]}
MORE = {"amount": money(10_001), "accountingEntryLines": [a_line(10_001)]}


@pytest.mark.parametrize(
    "other",
    [
        invoice(2, "F-2026/18"),
        invoice(2, "F-2026/17") | {"vendor": OTHER_VENDOR},
        invoice(2, "F-2026/17") | CREDIT_NOTE,
        invoice(2, "F-2026/17") | MORE,
        invoice_payment(2, "F-2026/17"),
    ],
    ids=["number", "vendor", "credit_note", "amount", "payment"],
)
def test_another_invoice_is_not_the_same(tmp_path: Path, other: Any) -> None:
    with an_export_harness(tmp_path, a_company(Expense(SAME[0]), Expense(other, queued=False))) as harness:
        harness.set(duplicate_invoice="fail")
        harness.export()
        later(harness)
        assert harness.export().event == "completed"
        assert not [note for note in notes(harness).values() if "same invoice" in note]


def test_the_same_invoice_by_the_journal_method_is_noted_too(tmp_path: Path) -> None:
    journal = {"bookkeeping": {"method": "journal"}}
    with an_export_harness(tmp_path, a_company(Expense(SAME[0] | journal), Expense(SAME[1], queued=False))) as harness:
        harness.export()
        later(harness)
        harness.export()
        assert "already booked" in notes(harness)[entry_id(2)]


def test_a_voided_one_is_not_in_the_way(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, a_company(Expense(SAME[0]), Expense(SAME[1], queued=False))) as harness:
        harness.export()
        harness.void(entry_id(1))
        later(harness)
        harness.export()
        assert notes(harness)[entry_id(2)] == ""


# ------------------------------------------------------------------------------------------ paid twice


def test_a_second_payment_of_a_bill_stays_open_and_says_so(tmp_path: Path) -> None:
    paid = [Expense(invoice(1, "INV-1")), Expense(invoice_payment(2, "INV-1"))]
    with an_export_harness(tmp_path, a_company(*paid, Expense(invoice_payment(3, "INV-1"), queued=False))) as harness:
        harness.export()
        later(harness)
        (one,) = preview(harness)
        harness.export()
        assert "already settled" in one.notes[0]
        entries = harness.entries()
        assert entries[entry_id(2)].meta.get("settled") is True
        assert entries[entry_id(3)].meta.get("settled") is None
        assert "already settled" in notes(harness)[entry_id(3)]
        assert [row.reference for row in harness.store.open_payments("desk")] == [entry_id(3)]


def test_it_is_not_tried_again_until_the_bill_is_open_again(tmp_path: Path) -> None:
    back = Expense(invoice_payment(4, "INV-1") | {"subType": None} | CREDIT_NOTE, queued=False)
    paid = [Expense(invoice(1, "INV-1")), *(Expense(invoice_payment(number, "INV-1")) for number in (2, 3))]
    with an_export_harness(tmp_path, a_company(*paid, back)) as harness:
        harness.export()
        tried: list[str] = []

        def post(behind: Any, bookings: Any) -> Any:
            tried.extend(booking.reference for booking in bookings)
            return behind.post(bookings)

        harness.alter(post=post)
        found = settle(harness.connection, harness.ports)
        assert (found.settled, found.open, found.paid_twice, tried) == (0, 1, 1, [])
        later(harness)
        harness.export()
        assert settle(harness.connection, harness.ports).paid_twice == 0
        assert harness.entries()[entry_id(3)].meta.get("settled") is True


def test_notes_are_kept_with_the_booking_also_when_it_is_exported_again(tmp_path: Path) -> None:
    expenses = [*SAME[:2], invoice(5, "INV-1"), invoice_payment(6, "INV-1"), invoice_payment(7, "INV-1")]
    with an_export_harness(tmp_path, a_company(*map(Expense, expenses))) as harness:
        harness.export()
        stored = harness.stored_notes()
        assert "same invoice" in stored[entry_id(2)][0]
        assert "already settled" in stored[entry_id(7)][0]
        assert [stored[entry_id(number)] for number in (1, 5, 6)] == [()] * 3
        harness.again(*(entry_id(number) for number in (2, 6, 7)))
        harness.export()
        again = harness.stored_notes()
        assert f"already booked as {entry_id(1)}" in again[entry_id(2)][0]
        assert (again[entry_id(6)], again[entry_id(7)]) == ((), stored[entry_id(7)])


def test_a_payment_that_names_no_bill_says_so_in_the_preview_and_with_its_booking(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, a_company(Expense(invoice_payment(2, "")))) as harness:
        (one,) = preview(harness)
        assert one.notes == one.entries[0].notes
        assert "names no bill" in one.notes[0]
        harness.export()
        assert harness.stored_notes() == {entry_id(2): one.notes}


def test_two_payments_in_one_job_settle_once(tmp_path: Path) -> None:
    expenses = [invoice(1, "INV-1"), invoice_payment(2, "INV-1"), invoice_payment(3, "INV-1")]
    with an_export_harness(tmp_path, a_company(*map(Expense, expenses))) as harness:
        harness.export()
        settled = [entry.meta.get("settled") for entry in harness.entries().values()]
        assert settled.count(True) == 1
        assert [reference for reference, note in notes(harness).items() if "already settled" in note] == [entry_id(3)]


def test_a_negative_payment_reopens_and_settles_nothing(tmp_path: Path) -> None:
    back = invoice_payment(3, "INV-1") | {"subType": None} | CREDIT_NOTE
    expenses = [invoice(1, "INV-1"), invoice_payment(2, "INV-1"), back]
    late = Expense(invoice_payment(4, "INV-1"), queued=False)
    with an_export_harness(tmp_path, a_company(*map(Expense, expenses), late)) as harness:
        harness.export()
        later(harness)
        harness.export()
        assert harness.entries()[entry_id(4)].meta.get("settled") is True
        assert notes(harness)[entry_id(4)] == ""


def test_a_problem_of_a_duplicate_can_be_mended(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, a_company(*map(Expense, SAME[:2]))) as harness:
        harness.set(duplicate_invoice="fail")
        second = preview(harness)[1]
        assert isinstance(second.item, ExportItem)
        (problem,) = second.problems
        assert isinstance(problem, Problem)
        assert (problem.field.split(".")[-1], problem.value) == ("invoiceNumber", "F-2026/17")
        assert 'duplicate_invoice = "note"' in problem.remedy


@pytest.mark.parametrize("booked_before", [1, 2, 3, 5])
def test_a_bill_whose_payment_came_back_is_paid_again_without_a_warning(tmp_path: Path, booked_before: int) -> None:
    back = invoice_payment(3, "INV-1") | {"subType": "invoice_payment_returned"}
    items = [invoice(1, "INV-1"), invoice_payment(2, "INV-1"), back, invoice_payment(4, "INV-1")]
    items.append(invoice_payment(5, "INV-1"))
    with an_export_harness(
        tmp_path, a_company(*(Expense(one, queued=n < booked_before) for n, one in enumerate(items)))
    ) as harness:
        harness.export()
        if booked_before < len(items):
            later(harness)
            harness.export()
        entries = harness.entries()
        assert [entries[entry_id(n)].meta.get("settled") for n in (2, 3, 4, 5)] == [True, True, True, None]
        assert ["already settled" in notes(harness)[entry_id(n)] for n in (2, 3, 4, 5)] == [False, False, False, True]
