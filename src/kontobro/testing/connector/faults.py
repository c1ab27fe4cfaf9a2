"""What every connector does when something goes wrong on the way (part of `connector_contract`)."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from kontobro.core.errors import NotAllowed, Problem, Uncertain, Unreachable
from kontobro.core.model.journal import Booking, Entry
from kontobro.core.ports import Connector
from kontobro.testing.connector import lockstep
from kontobro.testing.connector.books import Books, Contract, need_reference
from kontobro.testing.connector.entries import a_bill, a_journal

R = TypeVar("R")

PATIENCE = 120
"""Seconds that another process may take."""


def book_elsewhere(connect: Callable[[], Connector], entries: Sequence[Entry]) -> list[Booking | Problem]:
    """Book through a connector of this process's own."""
    return list(connect().book(entries))


def in_processes(task: Callable[[], R], count: int) -> list[R]:
    """What each of some fresh processes answers to one task."""
    return each_in_a_process([task] * count)


def each_in_a_process(tasks: Sequence[Callable[[], R]]) -> list[R]:
    """What fresh processes answer, one to each task. One that dies or takes too long fails the test: none hangs it."""
    with ProcessPoolExecutor(len(tasks), mp_context=multiprocessing.get_context("spawn")) as pool:
        under_way = [pool.submit(task) for task in tasks]
        return [answer.result(PATIENCE) for answer in under_way]


class FaultsContract(Contract):
    """Two at once, an answer that was lost, a system that went away, a login without rights."""

    def test_two_processes_at_once_book_once(self, books: Books) -> None:
        need_reference(books)
        connect = books.processes()
        entries = [a_journal(books.chart, f"{n}.00") for n in range(1, 21)]
        answers = in_processes(partial(book_elsewhere, connect, entries), 2)
        assert answers[0] == answers[1]
        assert [books.bookkeeper.count(entry.reference) for entry in entries] == [1] * 20

    def test_two_that_both_found_nothing_book_once(self, books: Books, tmp_path: Path) -> None:
        need_enforced(books)
        rounds = [[a_journal(books.chart, f"{n}.00"), a_bill_or_journal(books, f"{n}.50")] for n in range(1, 5)]
        answers = each_in_a_process(lockstep.tasks(books.processes(), tmp_path, rounds))
        counts = [[books.bookkeeper.count(entry.reference) for entry in entries] for entries in rounds]
        assert counts == [[1, 1]] * len(rounds), "both looked, both found nothing, both wrote: `enforced` is not true"
        for mine, its, entries in zip(*answers, rounds, strict=True):
            for one, other, entry in zip(mine, its, entries, strict=True):
                answered = [answer for answer in (one, other) if answer is not None]
                assert answered in ([books.found(entry)], [books.found(entry)] * 2)

    def test_a_login_without_permissions_is_told_which(self, books: Books) -> None:
        if books.stranger is None:
            pytest.skip("the accounting system has no logins")
        with pytest.raises(NotAllowed) as fault:
            books.stranger.check()
        assert fault.value.remedy

    @pytest.mark.parametrize("seconds", [0.05, 0.2, 0.5])
    def test_who_gave_up_on_an_answer_books_once(self, books: Books, seconds: float) -> None:
        need_reference(books)
        if books.impatient is None:
            pytest.skip("the accounting system answers at once, or not at all")
        entries: list[Entry] = [a_journal(books.chart, f"{n}.00") for n in range(1, 31)]
        entries += [a_bill_or_journal(books, f"{n}.00") for n in range(1, 11)]
        # the client is gone while the system is still at work; the next one comes at once
        with contextlib.suppress(Unreachable, Uncertain):
            books.another(books.impatient, seconds).book(entries)
        if books.connector.capabilities.reference == "searchable":
            time.sleep(books.connector.capabilities.settle_after.total_seconds())
        booked = books.connector.find([entry.reference for entry in entries])
        books.book(*(entry for entry in entries if entry.reference not in booked))
        assert [books.bookkeeper.count(entry.reference) for entry in entries] == [1] * len(entries)

    def test_a_system_that_was_restarted_goes_on(self, books: Books) -> None:
        need_reference(books)
        if books.restart is None:
            pytest.skip("there is no server to restart")
        entry, bill, other = a_journal(books.chart), a_bill_or_journal(books), a_journal(books.chart)
        books.book(entry, bill)
        books.restart()
        books.post(entry, bill, other)
        assert [books.found(one).status for one in (entry, bill, other)] == ["posted"] * 3
        assert [books.bookkeeper.count(one.reference) for one in (entry, bill)] == [1, 1]


def need_enforced(books: Books) -> None:
    if books.connector.capabilities.reference != "enforced":
        pytest.skip("the accounting system itself does not refuse a second entry under one reference")


def a_bill_or_journal(books: Books, amount: str = "120.00") -> Entry:
    return (a_bill if books.connector.capabilities.bills else a_journal)(books.chart, amount)
