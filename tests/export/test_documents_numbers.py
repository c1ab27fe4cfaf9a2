"""Numbers by which an accounting system matches bills and payments: two that would be taken for one another are found
over the whole job, and in what was sealed before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kontobro.core.documents import MatchedNumber
from kontobro.core.errors import Misconfigured
from kontobro.core.model.journal import Bill, Entry, InvoiceKey, Payment, compared
from kontobro.core.ports import Place
from kontobro.export.engine import BATCH
from pleo_sandbox.model import Expense, SandboxCompany
from tests.export.test_documents import GOOD, Mail, Papers, papers_over
from tests.support.connected_home import forget_history
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.plain_documents import PlainTarget
from tests.support.pleo_company import a_company, an_item, entry_id, invoice, invoice_payment, kill_company


class Matching(PlainTarget):
    """It matches by letters and digits alone."""

    def place(self, entry: Entry) -> Place:
        place = super().place(entry)
        settled = entry.settles if isinstance(entry, Payment) else None
        number = settled.number if isinstance(settled, InvoiceKey) else entry.number
        if not entry.vendor or not number:
            return place
        matched = MatchedNumber(
            vendor=entry.vendor,
            written="".join(filter(str.isalnum, number)).casefold(),
            meant=compared(number),
            number=number,
            opens=isinstance(entry, Bill),
            system="Plain",
        )
        return Place(group=place.group, series=place.series, year=place.year, rows=place.rows, matched=matched)


def matching(harness: ExportHarness, tmp_path: Path) -> Papers:
    papers = papers_over(harness, tmp_path)
    target = Matching(papers.documents.target.masters)  # type: ignore[attr-defined]
    papers.documents = type(papers.documents)(target, papers.documents.store, papers.folder)
    return papers


def far_apart() -> SandboxCompany:
    """Two invoices whose numbers are written the same, with more than a batch between them; and a payment of one."""
    between = [Expense(an_item(number)) for number in range(10, 10 + BATCH)]
    two = [Expense(invoice_payment(2, "INV#7")), Expense(invoice(3, "INV7"))]
    return a_company(Expense(invoice(1, "INV#7")), *between, *two)


def test_two_numbers_of_one_job_that_become_one_are_found_across_batches(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, far_apart()) as harness:
        papers = matching(harness, tmp_path)
        result = papers.export()
        assert (result.booked, result.failed) == (BATCH + 2, 1)
        message = harness.failure(entry_id(3))[1]
        assert "The numbers INV7 and INV#7 of one vendor are written the same in Plain" in message
        references = {row["reference"] for row in papers.rows()}
        assert entry_id(1) in references
        assert entry_id(3) not in references
        assert harness.rows()[entry_id(3)] == "reported"


def test_an_earlier_document_is_looked_at_until_it_is_released(tmp_path: Path) -> None:
    company = a_company(*[Expense(invoice(number, name)) for number, name in ((1, "INV 7"), (2, "inv-7"), (3, "8"))])
    with an_export_harness(tmp_path, company) as harness:
        papers = matching(harness, tmp_path)
        assert papers.export().booked == 2
        assert "The numbers inv-7 and INV 7 of" in harness.failure(entry_id(2))[1]
        assert (papers.again(entry_id(2)).booked, papers.again(entry_id(1)).already_booked) == (0, 1)
        assert "The numbers inv-7 and INV 7 (1/A1) of" in harness.failure(entry_id(2))[1]
        papers.desk.release(1, "rejected")
        assert papers.again(entry_id(2)).booked == 1


def test_numbers_are_known_again_from_the_manifests(tmp_path: Path) -> None:
    company = a_company(*[Expense(invoice(number, name)) for number, name in ((1, "INV 7"), (2, "inv-7"))])
    with an_export_harness(tmp_path, company) as harness:
        papers = matching(harness, tmp_path)
        papers.export()
        forget_history(harness.connected)
        assert papers.again(entry_id(2)).booked == 0
        assert "The numbers inv-7 and INV 7 (1/A1) of" in harness.failure(entry_id(2))[1]


def test_the_same_invoice_twice_is_one_too_many(tmp_path: Path) -> None:
    company = a_company(Expense(invoice(1, "INV-7")), Expense(invoice(2, "INV-7")))
    with an_export_harness(tmp_path, company) as harness:
        papers = matching(harness, tmp_path)
        result = papers.export()
        assert (result.booked, result.failed) == (1, 1)


def made_again(harness: ExportHarness) -> None:
    """The connection is deleted with all that hangs on it, and made again."""
    tokens = harness.store.tokens(harness.connection)
    assert tokens
    harness.store.save_connection(replace(harness.connection, status="disconnected"))
    harness.store.delete_connection(harness.connection.id)
    harness.store.save_connection(harness.connection)
    harness.store.save_tokens(harness.connection, tokens)


def test_a_connection_that_is_made_again_over_a_mail_asks_for_the_last_numbers(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        papers = papers_over(harness, tmp_path)
        mail = Mail(tmp_path / "documents")
        mail.lost = False
        papers.documents = replace(papers.documents, delivery=mail)
        assert papers.export().booked == 4
        made_again(harness)
        result = papers.again(*GOOD)
        assert (result.event, result.booked) == ("failed", 0)
        assert result.failure
        assert "document 1 was sealed, 0 is the last one known here" in result.failure
        with pytest.raises(Misconfigured, match="numbers would be given twice"):
            papers.desk.confirm_last(1, {("A", "2026"): 2, ("P", "2026"): 2})
        papers.desk.confirm_last(1, {("A", "2026"): 3, ("P", "2026"): 2})
        assert papers.again(*GOOD).booked == 4
        new = [row for row in papers.rows() if row["document"] == 2]
        assert sorted(str(row["number"]) for row in new) == ["A4", "A5", "A6", "P3", "P4"]


def test_over_a_folder_the_manifests_tell_all(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        papers = papers_over(harness, tmp_path)
        papers.export()
        made_again(harness)
        assert papers.again(*GOOD).already_booked == 4
        assert {row["document"] for row in papers.rows()} == {1}
