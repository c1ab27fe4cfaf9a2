"""The simulator where documents are delivered to a folder: its seeds, its acts, and what its judge sees."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from kontobro.core.model.journal import Reference
from proof.planted import found_in, planted
from proof.search import portion
from proof.simulator.books.files.held import FileBooks
from proof.simulator.books.files.rows import sha256
from proof.simulator.books.files.target import TITLES
from proof.simulator.plan import KINDS, NOT_OF_FILES, OF_FILES, OF_WEBHOOKS, Act, plan_of
from proof.simulator.run import simulate

PLANS = partial(plan_of, erp="files")
QUIET = replace(PLANS(0), acts=(), homes=(0,), batch_size=100, bills=True, auth="api_key", webhooks=False)

BEFORE: Mapping[str, Sequence[Act]] = {
    "connect again": (Act(10, "revoke the login", 0.4),),
    "mark as imported": (Act(110, "take the files", 0.4),),
    "take the mark back": (Act(110, "take the files", 0.4), Act(112, "mark as imported", 0.4)),
    "look after the documents": (Act(60, "kill", 0.4, aim="store.seal_documents:after"),),
}
"""What has to happen first."""


@pytest.mark.slow
def test_fresh_seeds_are_whole() -> None:
    start = secrets.randbelow(2**40)
    tried = portion(range(start, start + 36), stop=False, plans=PLANS)
    told = [f"seed {verdict.plan.seed}: {verdict.wrong}" for verdict in tried.failing]
    assert not told, f'repeat with make prove PROVE_ARGS="--erp files --seed {tried.failing[0].plan.seed}": {told}'
    assert tried.crossings > 5000


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_without_an_act_all_is_whole(batch_size: int) -> None:
    verdict = simulate(replace(QUIET, batch_size=batch_size))
    assert verdict.is_whole, verdict
    assert verdict.crossings > 150


def test_a_seed_tells_the_same_story_twice() -> None:
    assert simulate(PLANS(5)) == simulate(PLANS(5))


@pytest.mark.parametrize("kind", sorted({*KINDS, *OF_FILES, *OF_WEBHOOKS} - {*NOT_OF_FILES}))
def test_each_kind_of_act_happens_and_is_survived(kind: str) -> None:
    for at in (20, 60, 90, 110, 130, 150, 170):
        acts = (*BEFORE.get(kind, ()), Act(at, kind, 0.4))
        verdict = simulate(
            replace(QUIET, webhooks=kind in OF_WEBHOOKS, acts=tuple(sorted(acts, key=lambda act: act.at)))
        )
        assert verdict.is_whole, verdict
        if any(kind in line for line in verdict.story):
            return
    pytest.fail(f"{kind} never happened")


def test_what_was_sealed_right_before_a_kill_is_remembered_when_all_else_is_gone() -> None:
    """Found by acts that seeds drew: the last number was kept beside the tables by the run alone that sealed."""
    acts = (
        Act(0, "kill", 0.5, aim="store.save_secret:before"),
        *(Act(270, "take the files", 0.9), Act(271, "delete our history", 0.5)),
        *(Act(273, "press Export again", 0.999), Act(3000, "delay", 0.1)),
    )
    verdict = simulate(replace(QUIET, acts=acts))
    assert verdict.is_whole, verdict
    assert any("take the files" in line for line in verdict.story)
    assert any("confirmed that document 1 was the last" in line for line in verdict.story)


# ------------------------------------------------------------------------------------------------ the judge


def delivered(books: FileBooks, document: int, *vouchers: tuple[str, int], rows: bytes | None = None) -> None:
    """A document of entries by reference and number, its manifest first; `rows` in place of those that it says."""
    name = f"pleo-{document:05d}-x.csv"
    whole = "\n".join([",".join(TITLES), *(_line(document, *one) for one in vouchers)]).encode()
    said = {
        "files": [[name, "text/csv", sha256(whole), len(whole)]],
        "vouchers": [["A", "2026", number, "", {"reference": reference}] for reference, number in vouchers],
    }
    _put(books, f"kontobro-{document:05d}.manifest.json", json.dumps(said).encode())
    _put(books, name, whole if rows is None else rows)


def _put(books: FileBooks, name: str, content: bytes) -> None:
    (books.folder / name).write_bytes(content)
    books.arrived(name, content)


def _line(document: int, reference: str, number: int) -> str:
    cells = {"document": document, "series": "A", "year": "2026", "number": number, "reference": reference}
    cells |= {"date": "2026-10-03", "amount": "1", "kind": "journal"}
    return ",".join(str(cells.get(title, "")) for title in TITLES)


@pytest.fixture
def books(tmp_path: Path) -> FileBooks:
    return FileBooks(QUIET, tmp_path / "documents")


def test_whole_documents_are_whole(books: FileBooks) -> None:
    delivered(books, 1, ("a", 1), ("b", 2))
    delivered(books, 2, ("c", 3))
    books.take(0.1)
    assert [*books.wrong_with()] == []
    assert (books.doubles(), books.status(Reference("a"))) == ({}, "posted")
    assert sorted(path.name for path in books.folder.iterdir()) == [
        "kontobro-00001.manifest.json",
        "kontobro-00002.manifest.json",
    ]


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ((3, ("c", 3)), "there is a document 3, and there is none 2: a gap"),
        ((2, ("c", 4)), "there is a voucher of series A 4, and there is none 3: a gap"),
        ((2, ("c", 2)), "voucher A2 is given 2 times"),
        ((1, ("c", 3)), "pleo-00001-x.csv was delivered with 2 contents: a number is given twice"),
    ],
)
def test_numbers_with_a_gap_or_given_twice_are_seen(
    books: FileBooks, second: tuple[int, tuple[str, int]], said: str
) -> None:
    delivered(books, 1, ("a", 1), ("b", 2))
    books.take(0.9)
    delivered(books, *second)
    assert said in [*books.wrong_with()]


def test_numbers_that_a_person_confirmed_to_be_lost_are_no_gap(books: FileBooks) -> None:
    books.skipped, books.skipped_vouchers = {1}, {("A", "2026", 1), ("A", "2026", 2)}
    delivered(books, 2, ("c", 3))
    assert [*books.wrong_with()] == []


def test_rows_that_are_delivered_again_after_they_were_imported_are_seen(books: FileBooks) -> None:
    delivered(books, 1, ("a", 1))
    books.take(0.9)
    delivered(books, 1, ("a", 1))
    assert books.doubles() == {"a": 1}


def test_what_is_withdrawn_is_void_and_was_given_for_ever(books: FileBooks) -> None:
    delivered(books, 1, ("a", 1))
    for name in list(books.by_hand.names()):
        assert books.by_hand.withdraw(name, sha256((books.folder / name).read_bytes()))
    assert (books.status(Reference("a")), books.doubles()) == ("void", {})
    delivered(books, 2, ("a", 2))
    assert ([*books.wrong_with()], books.status(Reference("a"))) == ([], "posted")


def test_rows_before_their_manifest_and_rows_that_it_does_not_say_are_seen(books: FileBooks) -> None:
    _put(books, "pleo-00001-x.csv", b"")
    assert books.wrong == ["the rows of document 1 are delivered, and its manifest never was"]
    books.wrong.clear()
    (books.folder / "pleo-00001-x.csv").unlink()
    books.withdrawn("pleo-00001-x.csv")
    books.seen.clear()
    delivered(books, 1, ("a", 1), rows=",".join(TITLES).encode())
    assert "pleo-00001-x.csv has another SHA-256 than its manifest says" in [*books.wrong_with()]


def test_a_file_that_no_delivery_left_so_is_seen(books: FileBooks) -> None:
    delivered(books, 1, ("a", 1))
    (books.folder / "pleo-00001-x.csv").unlink()
    assert "the folder is not as it was left: pleo-00001-x.csv" in [*books.wrong_with()]


@pytest.mark.slow
def test_a_planted_fault_is_found() -> None:
    (fault,) = planted(["reports what is in a document before it is delivered"])
    number, wrong = found_in(fault, 40)
    assert wrong, f"not found in {number} seeds"
