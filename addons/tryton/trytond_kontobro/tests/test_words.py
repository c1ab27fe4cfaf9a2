"""Problems and faults are told in the language of the person whose call it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from trytond.pool import Pool
from trytond.transaction import Transaction

from kontobro.core.errors import Busy, Problem
from kontobro.store.codec import problems_to

from ..house import PleoError, told
from .house import DATABASE, user

UNKNOWN = Problem("account_unknown", "account", "4711", "Account 4711 is not in Tryton.", "Add it.", "account_unknown")
OWN = Problem("fjord_sunday", "date", "2026-11-22", "It is a Sunday.", "Wait.", "validation_failure")
OWN_LINES = ["It is a Sunday.", "→ Wait."]
BUSY = Busy("Another run is at it.", "Wait for its end.")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    person = user("bookkeeper")
    with Transaction().start(DATABASE, person, readonly=True, context={"language": language}):
        yield


def problem_text(language: str) -> str:
    with speaking(language):
        return str(Pool().get("kontobro.booking")(problems=problems_to([UNKNOWN, OWN])).get_problem_text("x"))


def test_a_failed_expense_says_what_to_do_in_danish() -> None:
    message, remedy, *own = problem_text("da").splitlines()
    assert message.startswith("Kontoen 4711 findes ikke i regnskabet")
    assert remedy.startswith("→ Kontrollér kategorien")
    assert own == OWN_LINES


def test_in_a_language_that_nobody_wrote_it_stays_english() -> None:
    assert problem_text("fi").splitlines() == ["Account 4711 is not in Tryton.", "→ Add it.", *OWN_LINES]


@pytest.mark.parametrize(
    ("language", "message", "description"),
    [
        ("en", BUSY.message, BUSY.remedy),
        (
            "sv",
            "En annan körning arbetar med det; inget gjordes. Försök igen om en minut.",
            "Another run is at it. Wait for its end.",
        ),
    ],
)
def test_a_fault_is_trytons_error_in_that_language(language: str, message: str, description: str) -> None:
    with speaking(language), pytest.raises(PleoError) as raised, told():
        raise BUSY
    assert (raised.value.message, raised.value.description) == (message, description)
