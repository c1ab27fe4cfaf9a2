"""Documents as a person meets them: a folder that is away, an expense exported again, a document that was rejected."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile

import pytest

from kontobro.core.errors import Misconfigured, Uncertain
from kontobro.core.model.masterdata import Account, Vendor
from kontobro.core.ports import DocumentStore
from kontobro.core.ports.delivery import FileToDeliver
from kontobro.erp.registry import load_connector
from kontobro.export import JobResult, next_job, run_job
from kontobro.export.documents.actions import DocumentsOf, NothingLost
from kontobro.export.documents.books import SealedBooks
from kontobro.export.job.run import DocumentPorts, Ports
from kontobro.export.personal.data import export_company
from pleo_sandbox.model import Expense, SandboxCompany
from tests.support.connected_home import forget_history
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.plain_documents import PlainFolder, PlainTarget, rows_of
from tests.support.pleo_company import a_company, an_item, entry_id, kill_company, payable

ONE = entry_id(1)
GOOD = tuple(map(entry_id, (1, 2, 3, 4)))


@dataclass
class Papers:
    """A harness whose accounting system is a folder."""

    harness: ExportHarness
    folder: PlainFolder
    documents: DocumentPorts

    @property
    def desk(self) -> DocumentsOf:
        clock = self.harness.clock
        return DocumentsOf(
            connection=self.harness.connection, store=self.harness.store, documents=self.documents, clock=clock
        )

    @property
    def ports(self) -> Ports:
        books = SealedBooks(
            self.documents.target, self.documents.store, self.harness.connection.id, self.harness.ports.clock
        )
        return replace(self.harness.ports, connector=books, documents=self.documents)

    def export(self) -> JobResult:
        job = next_job(self.ports)
        assert job is not None
        return run_job(self.harness.connection, job, self.ports)

    def again(self, *ids: str) -> JobResult:
        self.harness.again(*ids)
        return self.export()

    def rows(self) -> list[dict[str, object]]:
        return rows_of(self.folder.folder)

    def state(self, number: int = 1) -> str:
        row = self.documents.store.document(self.harness.connection.id, number)
        assert row is not None
        return row.state


def papers_over(harness: ExportHarness, tmp_path: Path, **target: Any) -> Papers:
    own = load_connector("beancount", harness.connection.erp_options)
    plain = PlainTarget([*own.read(Account), *own.read(Vendor)], **target)
    folder = PlainFolder(tmp_path / "documents")
    return Papers(harness, folder, DocumentPorts(plain, cast(DocumentStore, harness.store), folder))


@pytest.fixture
def company() -> SandboxCompany:
    return kill_company()


@pytest.fixture
def papers(tmp_path: Path, company: SandboxCompany) -> Iterator[Papers]:
    with an_export_harness(tmp_path, company) as harness:
        yield papers_over(harness, tmp_path)


def test_each_expense_is_in_one_document_and_pleo_is_told_which(papers: Papers) -> None:
    result = papers.export()
    assert (result.event, result.booked, result.failed, result.receipts) == ("completed_with_errors", 4, 1, 3)
    state = papers.harness.sandbox.item_state(papers.harness.connected.company_id, ONE)
    assert state is not None
    assert (state["status"], state["externalId"]) == ("successful", "1-A1")
    rows = {row.reference: row for row in papers.harness.store.bookings("desk")}
    assert {row.posting for row in rows.values() if row.state == "reported" and not row.problems} == {"handed_over"}


def test_an_expense_exported_again_is_answered_with_its_document(papers: Papers) -> None:
    papers.export()
    before = papers.rows()
    result = papers.again(ONE, entry_id(2))
    assert (result.event, result.booked, result.already_booked) == ("completed", 0, 2)
    assert papers.rows() == before


def test_a_folder_that_is_away_fails_the_job_and_the_next_export_delivers_first(papers: Papers) -> None:
    papers.folder.away = True
    result = papers.export()
    assert (result.event, result.booked, result.failure_type) == ("failed", 0, "accounting_system_unreachable")
    assert papers.state() == "sealed"
    assert papers.rows() == []
    papers.folder.away = False
    result = papers.again()
    assert (result.event, result.already_booked, result.failed) == ("completed_with_errors", 4, 1)
    assert papers.state() == "delivered"
    assert len(papers.rows()) == 5


def test_what_waits_can_be_delivered_by_a_person_too(papers: Papers) -> None:
    papers.folder.away = True
    papers.export()
    papers.folder.away = False
    assert papers.desk.deliver() == [1]
    assert papers.desk.deliver() == []
    assert len(papers.rows()) == 5


def test_other_facts_under_the_same_reference_are_a_conflict(tmp_path: Path) -> None:
    item = an_item(1)
    with an_export_harness(tmp_path, a_company(Expense(item))) as harness:
        papers = papers_over(harness, tmp_path)
        papers.export()
        before = papers.rows()
        item["date"] = "2026-10-06T11:22:33Z"
        assert papers.again(ONE).failed == 1
        assert "Already booked as 1/A1 with other content" in harness.failure(ONE)[1]
        assert papers.rows() == before


def test_a_rejected_document_is_released_withdrawn_and_its_expenses_go_out_again(papers: Papers) -> None:
    papers.export()
    papers.desk.release(1, "unknown account")
    assert papers.rows() == []
    assert list(papers.folder.names()) == []
    result = papers.again(*GOOD)
    assert result.booked == 4
    rows = papers.rows()
    assert {row["document"] for row in rows} == {2}
    assert sorted(str(row["number"]) for row in rows) == ["A4", "A5", "A6", "P3", "P4"]
    notes = papers.harness.stored_notes()[ONE]
    assert any("It was in document 1, which was released" in note for note in notes)


def test_what_cannot_be_withdrawn_needs_a_second_word(papers: Papers) -> None:
    papers.export()
    for name in list(papers.folder.names()):
        (papers.folder.folder / name).unlink()
    with pytest.raises(Misconfigured, match="can't be withdrawn"):
        papers.desk.release(1, "rejected")
    assert papers.state() == "delivered"
    papers.desk.release(1, "rejected", is_gone=True)
    assert papers.state() == "released"


def test_an_imported_document_is_not_released_and_a_released_one_that_is_imported_stops(papers: Papers) -> None:
    papers.export()
    papers.desk.mark_imported(1)
    with pytest.raises(Misconfigured, match="marked as imported"):
        papers.desk.release(1, "rejected")
    papers.desk.mark_imported(1, undo=True)
    papers.desk.release(1, "rejected")
    papers.desk.mark_imported(1)
    result = papers.again(*GOOD)
    assert (result.event, result.booked) == ("failed", 0)
    assert result.failure is not None
    assert "Document 1 was released, and then marked as imported" in result.failure
    papers.desk.mark_imported(1, undo=True)
    assert papers.again(*GOOD).booked == 4


def test_a_document_that_waits_to_be_imported_is_told_of(papers: Papers) -> None:
    papers.export()
    assert papers.desk.late() == []
    papers.harness.sandbox.move_clock(timedelta(days=5))
    assert [row.number for row in papers.desk.late()] == [1]
    papers.desk.mark_imported(1)
    assert papers.desk.late() == []


def test_a_file_dropped_back_marks_a_document_as_imported(papers: Papers) -> None:
    papers.export()
    (papers.folder.folder / "kontobro-00001.imported").touch()
    with pytest.raises(Misconfigured, match="marked as imported"):
        papers.desk.release(1, "rejected")
    assert papers.desk.take_marks() == []
    (row,) = papers.documents.store.documents("desk")
    assert row.imported_at is not None


def test_only_documents_that_a_new_mark_names_are_read(papers: Papers) -> None:
    """The list of all documents is not asked for."""

    class Asked:
        def __getattr__(self, name: str) -> Any:
            assert name != "documents"
            return getattr(papers.harness.store, name)

    papers.export()
    for name in ("kontobro-00001.imported", "kontobro-00009.imported", "kontobro-1.imported", "x.imported"):
        (papers.folder.folder / name).touch()
    papers.documents = replace(papers.documents, store=cast(DocumentStore, Asked()))
    assert papers.desk.take_marks() == [1]
    assert papers.desk.take_marks() == []


class Mail(PlainFolder):
    """What was sent can't be read back; `lost`: the answer does not come."""

    readable = False
    lost = True
    sent = 0

    def deliver(self, files: Sequence[FileToDeliver]) -> None:
        self.sent += 1
        super().deliver(files)
        if self.lost:
            raise Uncertain("The answer was lost.")


def test_a_mail_whose_answer_was_lost_is_not_sent_again_by_itself(papers: Papers, tmp_path: Path) -> None:
    mail = Mail(tmp_path / "documents")
    papers.documents = replace(papers.documents, delivery=mail)
    papers.folder = mail
    result = papers.export()
    assert (result.event, result.booked) == ("failed", 0)
    assert (papers.state(), mail.sent) == ("unsure", 1)
    mail.lost = False
    again = papers.again()
    assert (again.booked, again.failed) == (0, 5)
    assert "may have been sent" in papers.harness.failure(ONE)[1]
    with pytest.raises(Misconfigured, match="could double"):
        papers.desk.deliver(1)
    papers.desk.mark_delivered(1)
    assert papers.again().already_booked == 4


def test_a_mail_that_did_not_arrive_is_sent_again_by_a_person(papers: Papers, tmp_path: Path) -> None:
    mail = Mail(tmp_path / "documents")
    papers.documents = replace(papers.documents, delivery=mail)
    papers.folder = mail
    papers.export()
    mail.lost = False
    assert papers.desk.deliver(1, again=True) == [1]
    assert papers.state() == "delivered"


def test_a_document_over_the_row_limit_becomes_two_and_no_entry_is_cut(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        papers = papers_over(harness, tmp_path, max_rows=5)
        assert papers.export().booked == 4
        rows = papers.rows()
        assert len(rows) == 5
        assert max(int(str(row["document"])) for row in rows) > 1
        assert sorted(str(row["number"]) for row in rows) == ["A1", "A2", "A3", "P1", "P2"]


def test_a_month_a_document_and_the_same_bytes_each_time_they_are_fetched(tmp_path: Path) -> None:
    company = a_company(Expense(an_item(1)), Expense(payable(2, date="2026-09-30T11:00:00Z")))
    with an_export_harness(tmp_path, company) as harness:
        papers = papers_over(harness, tmp_path)
        assert papers.export().booked == 2
        assert [row["document"] for row in papers.rows()] == [1, 1, 2]
        (first, *_) = papers.documents.store.documents("desk")
        for file in first.files:
            for _ in range(2):
                content = b"".join(papers.documents.store.pieces("desk", 1, file.name))
                assert hashlib.sha256(content).hexdigest() == file.sha256
                assert content == (papers.folder.folder / file.name).read_bytes()


def test_lost_history_is_confirmed_by_a_person(papers: Papers) -> None:
    papers.documents = replace(papers.documents, delivery=None)
    papers.export()
    forget_history(papers.harness.connected)
    result = papers.again(ONE)
    assert result.failure is not None
    assert "an owner confirms which document and voucher numbers were the last" in result.failure
    papers.desk.confirm_last(1, {("A", "2026"): 3, ("P", "2026"): 2})
    assert papers.again(ONE).booked == 1
    assert papers.harness.store.bookings("desk")[0].erp_id == "2-A4"


def test_numbers_are_skipped_only_by_who_was_told_which(papers: Papers) -> None:
    papers.export()
    with pytest.raises(Misconfigured, match="no document or voucher number is missing"):
        papers.desk.confirm_last(1, {("A", "2026"): 3})
    with pytest.raises(NothingLost) as asked:
        papers.desk.confirm_last(4, {("A", "2026"): 9, ("B", "2026"): 5})
    assert asked.value.message == (
        "Document 1 is the last one known here, and none is missing. Confirming document 4 skips these, which are "
        "never given then: documents 2 to 4, vouchers A 4 to 9 (2026), vouchers B 1 to 5 (2026)."
    )
    assert papers.documents.store.last_numbers("desk").document == 1
    papers.desk.confirm_last(4, {("A", "2026"): 9}, is_sure=True)
    assert papers.documents.store.last_numbers("desk").document == 4


def test_all_data_of_a_company_hold_its_documents(papers: Papers, tmp_path: Path) -> None:
    papers.export()
    target = tmp_path / "all.zip"
    export_company(papers.harness.connection, papers.harness.store, target, papers.documents.store)
    (row,) = papers.documents.store.documents("desk")
    with ZipFile(target) as archive:
        (told,) = json.loads(archive.read("documents.json"))
        assert (told["number"], told["state"]) == (1, "delivered")
        for file in row.files:
            content = archive.read(f"documents/00001/{file.name}")
            assert hashlib.sha256(content).hexdigest() == file.sha256
