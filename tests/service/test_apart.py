"""What a start tries before it serves is tried in a process of its own: what it gives and raises comes over."""

from __future__ import annotations

import os

import pytest

from kontobro.core.errors import Busy, KontobroError, Misconfigured, Unreachable
from kontobro.core.words import told
from kontobro.web.server.apart import apart


def test_it_is_another_process_and_gives_what_was_given() -> None:
    assert apart(os.getpid) != os.getpid()
    assert apart(lambda: "a link") == "a link"


@pytest.mark.parametrize("kind", [Misconfigured, Busy, Unreachable])
def test_it_raises_what_was_raised_with_its_remedy(kind: type[KontobroError]) -> None:
    def fail() -> str:
        raise kind("It can't be done.", "Do it otherwise.")

    with pytest.raises(kind) as raised:
        apart(fail)
    assert (raised.value.message, raised.value.remedy) == ("It can't be done.", "Do it otherwise.")


def test_words_of_the_catalogue_come_over() -> None:
    def fail() -> str:
        raise Misconfigured(*told("connection_gone"))

    with pytest.raises(Misconfigured) as raised:
        apart(fail)
    assert str(raised.value) == str(Misconfigured(*told("connection_gone")))


def test_an_error_of_the_system_is_raised_as_one() -> None:
    def fail() -> str:
        raise PermissionError(13, "Permission denied", "/home")

    with pytest.raises(PermissionError, match="/home"):
        apart(fail)


def test_a_child_that_is_killed_is_no_answer() -> None:
    def die() -> str:
        os.kill(os.getpid(), 9)
        return ""

    with pytest.raises(RuntimeError, match="-9"):
        apart(die)
