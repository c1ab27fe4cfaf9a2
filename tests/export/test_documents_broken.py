"""What may go wrong around documents: half a delivery, a shared folder, an old backup, a manifest that was changed, a
person who gives the wrong numbers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.errors import Misconfigured, Uncertain, Unreachable
from kontobro.core.ports import DocumentFile, DocumentHead, Vouchers
from kontobro.core.ports.delivery import FileToDeliver
from kontobro.export.documents import spool
from kontobro.export.documents.memory import remembered
from tests.export.test_documents import GOOD, ONE, Mail, Papers, papers_over
from tests.support.connected_home import forget_history
from tests.support.export_harness import an_export_harness
from tests.support.plain_documents import PlainFolder, PlainTarget
from tests.support.pleo_company import kill_company

MANIFEST = "kontobro-00001.manifest.json"


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Papers]:
    with an_export_harness(tmp_path, kill_company()) as harness:
        yield papers_over(harness, tmp_path)


class HalfFolder(PlainFolder):
    """The drive is lost, and one receipt is not there."""

    def deliver(self, files: Sequence[FileToDeliver]) -> None:
        super().deliver([*files[:1], *files[2:]])
        raise Unreachable("The drive is gone.", "Mount it.")


def test_half_a_delivery_is_withdrawn_before_it_is_released(papers: Papers) -> None:
    papers.documents = replace(papers.documents, delivery=HalfFolder(papers.folder.folder))
    assert papers.export().event == "failed"
    assert len(papers.rows()) == 5
    with pytest.raises(Misconfigured, match="can't be withdrawn"):
        papers.desk.release(1, "rejected")  # its receipts never came
    assert papers.rows() == []
    papers.desk.release(1, "rejected", is_gone=True)
    papers.documents = replace(papers.documents, delivery=papers.folder)
    assert papers.again(*GOOD).booked == 4
    assert {row["document"] for row in papers.rows()} == {2}


class LostFolder(PlainFolder):
    """The drive is lost before the last file."""

    def deliver(self, files: Sequence[FileToDeliver]) -> None:
        super().deliver(files[:-1])
        raise Unreachable("The drive is gone.", "Mount it.")


def test_rows_are_the_last_that_arrives(papers: Papers) -> None:
    """An accounting system that takes rows from the folder by itself would else be given them a second time."""
    papers.documents = replace(papers.documents, delivery=LostFolder(papers.folder.folder))
    papers.export()
    assert papers.rows() == []
    assert (papers.folder.folder / MANIFEST).exists()
    assert len(list(papers.folder.names())) == 4


def test_a_document_known_from_its_manifest_is_withdrawn_with_it(papers: Papers) -> None:
    papers.export()
    forget_history(papers.harness.connected)
    papers.again(ONE)
    papers.desk.release(1, "rejected")
    assert list(papers.folder.names()) == []
    assert papers.again(*GOOD).booked == 4


def test_half_a_delivery_is_completed_when_the_place_is_back(papers: Papers) -> None:
    papers.documents = replace(papers.documents, delivery=HalfFolder(papers.folder.folder))
    papers.export()
    papers.documents = replace(papers.documents, delivery=papers.folder)
    assert papers.desk.deliver() == [1]
    assert (papers.state(), len(papers.rows())) == ("delivered", 5)


class Killed(BaseException):
    """The process ends."""


class KilledMail(Mail):
    def deliver(self, files: Sequence[FileToDeliver]) -> None:
        raise Killed


def test_a_mail_under_way_is_not_delivered_to_a_folder_that_was_chosen_since(papers: Papers) -> None:
    papers.documents = replace(papers.documents, delivery=KilledMail(papers.folder.folder))
    with pytest.raises(Killed):
        papers.export()
    papers.documents = replace(papers.documents, delivery=papers.folder)
    with pytest.raises(Uncertain, match="may have been sent"):
        papers.desk.deliver()
    assert (papers.state(), papers.rows()) == ("unsure", [])


def test_a_folder_of_another_company_is_refused_before_anything_is_sealed(papers: Papers, tmp_path: Path) -> None:
    papers.export()
    before = papers.rows()
    forget_history(papers.harness.connected)
    other = replace(papers.harness.connection, company_id="another")
    manifest = papers.folder.folder / MANIFEST
    manifest.write_text(manifest.read_text().replace(papers.harness.connection.company_id, other.company_id))
    result = papers.again(*GOOD)
    assert (result.event, result.failure_type) == ("failed", "invalid_configuration")
    assert result.failure is not None
    assert "documents of another company" in result.failure
    assert papers.rows() == before
    assert papers.documents.store.documents("desk", states=("sealed", "delivering", "rendering")) == []


def test_a_backup_that_knows_fewer_documents_than_the_folder_learns_of_them(papers: Papers, tmp_path: Path) -> None:
    """The secrets are as old as the tables: only the folder knows."""
    papers.export()
    papers.desk.release(1, "rejected")
    with an_export_harness(tmp_path / "other", kill_company()) as later:
        ahead = papers_over(later, tmp_path / "later")
        ahead.export()
        written = json.loads((ahead.folder.folder / MANIFEST).read_text())
    written["company"], written["document"] = papers.harness.connection.company_id, 2
    for voucher in written["vouchers"]:
        voucher[2] += 3
    (papers.folder.folder / "kontobro-00002.manifest.json").write_text(json.dumps(written))
    result = papers.again(*GOOD)
    assert result.booked == 0
    assert papers.state(2) == "unsure"  # its rows are not there: a person knows whether they were imported
    assert papers.rows() == []


@pytest.mark.parametrize("taken", [True, False], ids=["rows taken", "rows there"])
def test_what_an_old_copy_of_the_history_has_as_never_begun_is_not_delivered_twice(
    papers: Papers, tmp_path: Path, taken: bool
) -> None:
    """Found by a seed: the document was delivered after the copy was made, which was then put back."""
    papers.folder.away = True
    assert papers.export().event == "failed"
    assert papers.state() == "sealed"
    database, copy = papers.harness.connected.database, tmp_path / "copy.sqlite3"
    copied(database, copy)
    papers.folder.away = False
    assert papers.desk.deliver() == [1]
    if taken:
        for path in papers.folder.folder.glob("document-*.jsonl"):
            path.unlink()
    copied(copy, database)
    before = papers.rows()
    if not taken:
        assert papers.desk.deliver() == [1]
        assert (papers.state(), papers.rows()) == ("delivered", before)
        return
    with pytest.raises(Uncertain, match="Document 1 may have been delivered"):
        papers.desk.deliver()
    assert (papers.state(), papers.rows()) == ("unsure", [])
    assert papers.desk.deliver(1, again=True) == [1]  # a person has seen that they never came
    assert (papers.state(), len(papers.rows())) == ("delivered", 5)


def test_a_place_that_goes_away_and_comes_back_gets_the_rest(papers: Papers) -> None:
    """The drive is lost in the middle of a delivery, is not there at the next try, and is there at the third."""
    papers.documents = replace(papers.documents, delivery=LostFolder(papers.folder.folder))
    papers.export()
    papers.documents = replace(papers.documents, delivery=papers.folder)
    papers.folder.away = True
    with pytest.raises(Unreachable):
        papers.desk.deliver()
    papers.folder.away = False
    assert (papers.desk.deliver(), papers.state(), len(papers.rows())) == ([1], "delivered", 5)


def copied(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "number": lambda said: said.update(document=7),
    "no number": lambda said: said.update(document="1"),
    "huge": lambda said: said["vouchers"][0].__setitem__(2, 10**30),
    "negative": lambda said: said["vouchers"][0].__setitem__(2, -1),
    "truth": lambda said: said["vouchers"][0].__setitem__(2, True),
    "twice": lambda said: said["vouchers"].append(said["vouchers"][0]),
    "column": lambda said: said["vouchers"][0].pop(),
    "facts": lambda said: said["vouchers"][0].__setitem__(4, None),
    "lines": lambda said: said["vouchers"][0][4].update(lines=[1]),
    "file": lambda said: said["files"][0].__setitem__(0, ["x"]),
    "clock": lambda said: said.update(moment="2026-01-01T00:00:00"),
    "group": lambda said: said.update(group=None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_manifest_that_was_changed_stops_the_export_and_is_named(papers: Papers, change: str) -> None:
    papers.export()
    path = papers.folder.folder / MANIFEST
    said = json.loads(path.read_text())
    CHANGES[change](said)
    path.write_text(json.dumps(said))
    forget_history(papers.harness.connected)
    before = papers.rows()
    result = papers.again(ONE)
    assert (result.event, result.failure_type) == ("failed", "invalid_configuration")
    assert result.failure is not None
    assert MANIFEST in result.failure
    assert papers.rows() == before
    assert papers.documents.store.last_numbers("desk").document == 0


def test_files_of_others_are_not_taken_for_manifests(papers: Papers) -> None:
    (papers.folder.folder / "webapp.manifest.json").write_text("{}")
    assert papers.export().booked == 4


def test_lost_numbers_are_never_confirmed_away(papers: Papers) -> None:
    papers.documents = replace(papers.documents, delivery=None)
    papers.export()
    papers.harness.again(ONE)
    papers.export()
    forget_history(papers.harness.connected)
    with pytest.raises(Misconfigured, match="Series A of 2026 had voucher 3"):
        papers.desk.confirm_last(1, {("P", "2026"): 2})
    with pytest.raises(Misconfigured, match="Document 1 was sealed"):
        papers.desk.confirm_last(0, {("A", "2026"): 3, ("P", "2026"): 2})
    kept = remembered(papers.harness.connection, papers.harness.store, papers.documents.store)
    assert kept.vouchers[("A", "2026")] == 3


def test_a_person_who_delivers_what_a_killed_run_sealed_has_it_remembered(
    papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("kontobro.export.documents.seal.remember", killed)
    with pytest.raises(Killed):
        papers.export()
    assert remembered(papers.harness.connection, papers.harness.store, papers.documents.store).document == 0
    assert papers.desk.deliver() == [1]
    kept = remembered(papers.harness.connection, papers.harness.store, papers.documents.store)
    assert (kept.document, kept.vouchers) == (1, {("A", "2026"): 3, ("P", "2026"): 2})


def test_a_mail_that_was_imported_did_arrive(papers: Papers) -> None:
    papers.documents = replace(papers.documents, delivery=Mail(papers.folder.folder))
    papers.export()
    assert papers.state() == "unsure"
    papers.desk.mark_imported(1)
    (row,) = papers.documents.store.documents("desk")
    assert (row.state, row.imported_at is not None) == ("delivered", True)


def test_a_mark_that_is_taken_back_takes_its_file_back(papers: Papers) -> None:
    papers.export()
    papers.desk.release(1, "rejected")
    (papers.folder.folder / "kontobro-00001.imported").touch()
    assert papers.again(*GOOD).event == "failed"
    papers.desk.mark_imported(1, undo=True)
    assert papers.again(*GOOD).booked == 4


def test_a_document_that_is_released_or_imported_is_not_delivered_again(papers: Papers) -> None:
    papers.export()
    papers.desk.mark_imported(1)
    with pytest.raises(Misconfigured, match="marked as imported"):
        papers.desk.deliver(1, again=True)
    papers.desk.mark_imported(1, undo=True)
    with pytest.raises(Misconfigured, match="was delivered"):
        papers.desk.deliver(1)
    with pytest.raises(Misconfigured, match="too long"):
        papers.desk.release(1, "x" * 501)
    papers.desk.release(1, "rejected\x00")
    with pytest.raises(Misconfigured, match="was released"):
        papers.desk.deliver(1, again=True)
    for number in (0, -1, 2**63):
        with pytest.raises(Misconfigured, match=f"no document {number}"):
            papers.desk.deliver(number)
    assert papers.rows() == []


@pytest.mark.parametrize("name", ["../rows.csv", ".rows", "rows.csv/", "Rows\n.csv", "r" * 121, "ROWS.jsonl"])
def test_a_file_that_could_not_be_delivered_is_not_sealed(papers: Papers, name: str) -> None:
    class Odd(PlainTarget):
        def render(self, head: DocumentHead, vouchers: Vouchers) -> Iterable[DocumentFile]:
            yield DocumentFile(name="rows.jsonl", media_type="text/plain", content=[b"x"])
            yield DocumentFile(name=name, media_type="text/plain", content=[b"x"])

    papers.documents = replace(papers.documents, target=Odd(papers.documents.target.masters))  # type: ignore[attr-defined]
    result = papers.export()
    assert (result.event, result.booked) == ("failed", 0)
    assert result.failure is not None
    assert "can't be delivered under that name" in result.failure
    assert papers.documents.store.documents("desk") == []


def test_a_full_disk_is_told_and_nothing_is_sealed(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite itself says so: its temporary file may not grow."""
    monkeypatch.setattr(spool, "TABLES", f"{spool.TABLES} PRAGMA max_page_count = 1;")
    result = papers.export()
    assert (result.event, result.booked, result.failure_type) == ("failed", 0, "invalid_configuration")
    assert result.failure is not None
    assert "Make room on the disk" in result.failure
    assert papers.documents.store.documents("desk") == []
