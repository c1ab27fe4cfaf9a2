"""Problems, notes and errors on a page: in its language, with the reader's numbers; English is marked as English."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel import Locale
from django.utils import translation

from kontobro.core.errors import Conflict, KontobroError, Misconfigured, Problem
from kontobro.core.model.findings import noted, problem
from kontobro.core.words import Name, note_in, told, worded
from kontobro.core.words.facts import text_from, text_to
from kontobro.web.connect.setup import way_noted
from kontobro.web.telling import told_in
from kontobro.web.templatetags.kontobro import plain, state
from tests.support.site import Site

GERMAN = Locale("de")


def test_a_problem_is_told_with_the_readers_numbers() -> None:
    one = problem("sum_differs", "amount", "x", sum=Decimal("1234.50"), total=Decimal("1234.00"), currency="EUR")
    assert "1.234,50 EUR" in told_in(one, "de", GERMAN).message
    assert told_in(one, "de", GERMAN).lang == ""
    assert "1,234.50 EUR" in told_in(one, "en", Locale("en", "GB")).message


def test_what_a_companys_own_function_says_is_marked_only_where_the_page_is_not_english() -> None:
    own = Problem("fjord_sunday", "date", "", "It is a Sunday.", "Wait.")
    assert str(told_in(own, "de", GERMAN)) == "It is a Sunday. Wait."
    assert told_in(own, "de", GERMAN).lang == ' lang="en"'
    assert told_in(own, "en", Locale("en")).lang == ""


def test_an_error_of_the_catalogue_is_told_whole() -> None:
    said = told_in(Misconfigured(*told("file_too_large", name="x.toml", most=1_000_000)), "de", GERMAN)
    assert (said.message, said.detail) == ("x.toml ist größer als 1.000.000 Byte.", "")


def test_an_error_in_english_is_told_by_its_kind_with_the_english_below() -> None:
    said = told_in(Conflict("It differs.", "Look."), "de", GERMAN)
    assert said.detail == "It differs. Look."
    assert "differs" not in said.message
    assert told_in(Conflict("It differs.", "Look."), "en", Locale("en")).message == "It differs."


def test_an_error_of_the_pages_own_code_is_in_the_pages_language(site: Site) -> None:
    """Its text comes from the pages' catalogue: no English is announced."""
    from kontobro.web.process import change

    with translation.override("de"), pytest.raises(KontobroError) as raised:
        change(site.app.store, "gone")
    said = told_in(raised.value, "de", GERMAN)
    assert (said.message, said.lang, said.detail) == (raised.value.message, "", "")


def test_a_note_is_told_in_the_language() -> None:
    note = noted("rounding", amount=Decimal("0.01"))
    assert "0,01" in told_in(note, "de", GERMAN).message
    assert told_in("Somebody's own", "de", GERMAN).lang == ' lang="en"'


def test_states_and_codes_are_words_of_the_language() -> None:
    with translation.override("de"):
        assert plain("card_purchase") == "Kartenkauf"
    with translation.override("en"):
        assert plain("card_purchase") == "card purchase"
        assert "needs attention" in state("rejected")
        assert "born tomorrow" in state("born_tomorrow")


@pytest.mark.parametrize(
    ("kept", "german"),
    [
        (worded("audit_plan", kind=Name("tax-codes"), digest="ab12"), "Steuercodes, wie im Plan ab12 gezeigt"),
        (worded("audit_joined", role=Name("bookkeeper")), "als Buchhalter"),
        (way_noted("api_key staging"), "API-Schlüssel eines einzelnen Unternehmens (staging)"),
        (way_noted("oauth production"), "Anmeldung bei Pleo (production)"),
    ],
)
def test_what_the_audit_trail_keeps_is_read_in_another_language(kept: str, german: str) -> None:
    """As the column has it: stored with its facts, and told to each reader."""
    assert note_in(text_from(text_to(kept)) or "", "de") == german
