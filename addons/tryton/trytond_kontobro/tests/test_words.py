"""Problems and faults are told in the language of the person whose call it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from trytond.pool import Pool
from trytond.transaction import Transaction

from kontobro.core.errors import Busy, Problem
from kontobro.core.model.findings import noted, problem
from kontobro.store.secrets.codec import notes_to, problems_to

from ..inside.app import PleoError, shown_errors
from .company import DATABASE, user

UNKNOWN = problem("account_unknown.system", "account", "4711", system="Tryton")
OWN = Problem("fjord_sunday", "date", "2026-11-22", "It is a Sunday.", "Wait.", "validation_failure")
OWN_LINES = ["It is a Sunday.", "→ Wait."]
BUSY = Busy("Another run is in progress.", "Wait for its end.")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    person = user("bookkeeper")
    with Transaction().start(DATABASE, person, readonly=True, context={"language": language}):
        yield


def problem_text(language: str) -> str:
    with speaking(language):
        return str(Pool().get("kontobro.booking")(problems=problems_to([UNKNOWN, OWN])).get_problem_text("x"))


def test_notes_of_an_expense_are_shown() -> None:
    told = ("The same invoice is already booked.", "Booked later.")
    with speaking("en"):
        booking = Pool().get("kontobro.booking")
        assert booking(notes=notes_to(told)).get_note_text("x").splitlines() == list(told)
        zero = notes_to([noted("zero")])
        assert booking(notes=zero).get_note_text("x") == "Nothing to book: the amount is zero."
        assert booking(notes=None).get_note_text("x") == ""  # planned by an older version
        for kind in ("form", "tree"):
            assert 'name="note_text"' in booking.fields_view_get(view_type=kind)["arch"]
    with speaking("da"):
        assert booking(notes=zero).get_note_text("x") == "Intet at bogføre: beløbet er nul."


def test_a_failed_expense_says_what_to_do_in_danish() -> None:
    message, remedy, *own = problem_text("da").splitlines()
    assert message == "Kontoen 4711 findes ikke i Tryton."
    assert remedy == "→ Vælg en anden konto, eller opret den i Tryton."
    assert own == OWN_LINES


def shown(language: str, **row: str) -> tuple[object, ...]:
    with speaking(language):
        booking = Pool().get("kontobro.booking")(**row)
        names = (booking.get_name("type_name"), booking.get_name("kind_name"))
        return (*names, booking.get_shown_total("x"), str(booking.get_day("x")))


def test_types_amounts_and_days_stand_as_who_looks_reads_them() -> None:
    row = {"item_type": "card_purchase", "kind": "credit_note", "total": "1234567.50", "currency": "DKK"}
    german = shown("de", **row, date="2026-10-07")
    assert german == ("Kartenkauf", "Gutschrift", "1.234.567,50 DKK", "2026-10-07")
    english = shown("en", **row, date="2026-10-07")
    assert english == ("Card purchase", "Credit note", "1,234,567.50 DKK", "2026-10-07")


def test_what_is_no_amount_and_no_day_breaks_no_list() -> None:
    row = {"item_type": "teleport", "kind": "item", "total": "a lot", "currency": "", "date": "soon"}
    assert shown("de", **row) == ("Teleport", "Ausgabe", "a lot", "None")


def test_in_a_language_that_nobody_wrote_it_stays_english() -> None:
    assert problem_text("fi").splitlines() == [UNKNOWN.message, f"→ {UNKNOWN.remedy}", *OWN_LINES]


@pytest.mark.parametrize(
    ("language", "message", "description"),
    [
        ("en", BUSY.message, BUSY.remedy),
        (
            "sv",
            "En annan körning arbetar med det; inget gjordes. Försök igen om en minut.",
            "Another run is in progress. Wait for its end.",
        ),
    ],
)
def test_a_fault_is_trytons_error_in_that_language(language: str, message: str, description: str) -> None:
    with speaking(language), pytest.raises(PleoError) as raised, shown_errors():
        raise BUSY
    assert (raised.value.message, raised.value.description) == (message, description)
