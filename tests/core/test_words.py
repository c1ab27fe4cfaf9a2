"""The translations of problems and faults: whole, with the placeholders of the code, and nothing lost on the way."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core import errors, words
from kontobro.core.errors import JobFailure, KontobroError, Misconfigured, Problem, RateLimited, TooManyChanges
from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.export import ItemStatus, JobEvent
from kontobro.core.model.history import BookingState, ClaimState
from kontobro.core.model.journal import PostingStatus
from kontobro.core.model.settings import SyncKind
from kontobro.core.plan.types import Action
from kontobro.core.rules.table import ROWS
from kontobro.core.words import FAULTS, LANGUAGES, SAYS_MORE, fault_code, fault_in, fault_told, in_language, name_in
from kontobro.export.job.claim import NOT_OURS

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTED = frozenset(re.findall(r"^\| `(\w+)` \|", (DOCS / "problems.md").read_text(encoding="utf-8"), re.MULTILINE))
SILENT = frozenset(
    """amount_zero booking_vanished dimension_twice item_missing lines_missing reverse_tax_missing
    tax_code_missing write_not_taken""".split()
)
"""Codes whose English message shows no value either: there is none, or it is the expense's own id, or zero."""

EVERY = [(language, code) for language in LANGUAGES for code in sorted(DOCUMENTED)]


def catalogue(language: str) -> dict[str, dict[str, dict[str, str]]]:
    folder = Path(words.__file__).parent
    return tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))


def sections(language: str) -> dict[str, dict[str, dict[str, str]]]:
    return {section: entries for section, entries in catalogue(language).items() if section != "names"}


def sentences(language: str) -> Iterator[tuple[str, str, str]]:
    """Section with name, key and text of everything that a file says."""
    for section, entries in sections(language).items():
        for name, entry in entries.items():
            yield from ((f"{section}.{name}", key, text) for key, text in entry.items())


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def a_problem(code: str, value: str = "4711", field: str = "lines[0].account") -> Problem:
    return Problem(code, field, value, f"English about {value}.", "Do it.", "validation_failure")


def test_every_language_has_a_file_and_every_file_is_a_language() -> None:
    assert {file.stem for file in Path(words.__file__).parent.glob("*.toml")} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_every_documented_problem_and_fault_and_no_other(language: str) -> None:
    said = sections(language)
    assert set(said) == {"original", "problem", "job", "fault"}
    assert set(said["problem"]) == DOCUMENTED
    assert set(said["job"]) == set(get_args(JobFailure))
    assert set(said["fault"]) == FAULTS
    for entries in said.values():
        for entry in entries.values():
            assert set(entry) <= {"message", "message_without_value", "remedy"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_have_only_known_placeholders_and_are_sentences(language: str) -> None:
    for where, key, text in sentences(language):
        known = {"original.": {"original"}, "problem.": {"field", "value"}}
        allowed = next((names for start, names in known.items() if where.startswith(start)), set())
        if key == "message_without_value":
            allowed = {"field"}
        assert placeholders(text) <= allowed, where
        assert text == text.strip(), where
        assert "  " not in text, where
        if not where.startswith("original."):
            assert text.endswith("."), where


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_show_the_same_facts(language: str) -> None:
    first = {(where, key): placeholders(text) for where, key, text in sentences(LANGUAGES[0])}
    assert {(where, key): placeholders(text) for where, key, text in sentences(language)} == first


def test_what_is_quoted_is_documented_and_each_kind_of_fault_is_one() -> None:
    assert SAYS_MORE <= DOCUMENTED
    assert {name for name in FAULTS if issubclass(getattr(errors, name), KontobroError)} == FAULTS


@pytest.mark.parametrize(("language", "code"), EVERY)
def test_a_problem_keeps_all_but_its_words(language: str, code: str) -> None:
    english = a_problem(code)
    told = in_language(english, language)
    assert (told.code, told.field, told.value, told.reason) == (code, english.field, "4711", english.reason)
    assert told.remedy != english.remedy
    assert ("4711" in told.message) == (code not in SILENT)
    assert (english.message in told.message) == (code in SAYS_MORE)


@pytest.mark.parametrize(("language", "code"), EVERY)
def test_without_a_value_the_sentence_stands_or_english_does(language: str, code: str) -> None:
    english = a_problem(code, value="")
    told = in_language(english, language)
    if told is not english:
        assert not re.search(r"\(\)|  | [.:,]\s?$", told.message.split(english.message)[0])
    if code in {"vendor_unknown", "account_missing", "journal_unknown", "malformed_item", "receipt_unavailable"}:
        assert told is not english


@given(value=st.text(max_size=60), field=st.text(max_size=40), code=st.sampled_from(sorted(DOCUMENTED)))
def test_whatever_stands_in_value_and_field_is_shown_as_it_is(value: str, field: str, code: str) -> None:
    for language in LANGUAGES:
        english = a_problem(code, value, field)
        told = in_language(english, language)
        if value and code not in SILENT:
            assert value in told.message
        if code in SAYS_MORE and told is not english:
            assert english.message in told.message


@pytest.mark.parametrize("value", ["{value}", "{0}", "{field.__class__}", "{", "}}", "%s"])
def test_braces_in_a_value_stay_braces(value: str) -> None:
    assert in_language(a_problem("account_unknown", value), "da").message.startswith(f"Kontoen {value} findes ikke")


@pytest.mark.parametrize("language", ["en", "en_US", "nb_NO", "", None, "../de", "de/..", "dansk"])
def test_a_language_that_is_not_there_leaves_english(language: str | None) -> None:
    problem, fault = a_problem("account_unknown"), Misconfigured("No user.", "Choose one.")
    assert in_language(problem, language) is problem
    assert fault_in(fault, language) == "No user. Choose one."


@pytest.mark.parametrize("language", ["da", "da_DK", "da-DK", "DA_dk", "da_DK.utf8", "da@euro"])
def test_the_first_part_of_a_language_counts(language: str) -> None:
    assert in_language(a_problem("account_blocked"), language).message == "Kontoen 4711 er spærret i regnskabet."


@pytest.mark.parametrize("code", ["fjord_sunday", "job", "problem", "original", ""])
def test_what_a_companys_own_function_says_stays(code: str) -> None:
    problem = a_problem(code)
    assert all(in_language(problem, language) is problem for language in LANGUAGES)


def test_what_the_english_adds_is_quoted() -> None:
    message, reason = "Odoo refused the entry: no.", "accounting_system_validation_failure"
    english = Problem("refused_by_accounting_system", "entry", "a-1", message, "Mend it.", reason)
    told = in_language(english, "de_DE")
    assert told.message == "Die Buchhaltung hat die Buchung abgelehnt. Im Original: „Odoo refused the entry: no.“"
    assert told.remedy.startswith("Beheben Sie")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (TooManyChanges("Too many.", "Look."), "fault.TooManyChanges"),
        (RateLimited("Slow down."), "job.accounting_system_rate_limit"),
        (Misconfigured("Wrong.", "Mend.", "invalid_configuration"), "job.invalid_configuration"),
        (KontobroError("It broke."), "job.integration_unusable"),
    ],
)
def test_a_fault_is_told_by_its_kind_else_by_why_the_job_fails(fault: KontobroError, code: str) -> None:
    assert fault_code(fault) == code
    for language in LANGUAGES:
        section, _, name = code.partition(".")
        said: Mapping[str, str] = catalogue(language)[section][name]
        assert fault_in(fault, language) == f"{said['message']} {said['remedy']}\n{fault}"
        assert fault_told(code, str(fault), language) == fault_in(fault, language)


@pytest.mark.parametrize("code", ["", "job", "job.unheard_of", "fault.", "problem.nothing"])
def test_a_fault_kept_under_a_code_that_nobody_knows_stays_english(code: str) -> None:
    assert fault_told(code, "It broke.", "sv") == "It broke."


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_names_every_type_and_state(language: str) -> None:
    names = tomllib.loads((Path(words.__file__).parent / f"{language}.toml").read_text(encoding="utf-8"))["names"]
    types = {row.type for row in ROWS}
    states = {*get_args(BookingState), *get_args(PostingStatus), *get_args(JobEvent), *get_args(ItemStatus)}
    states |= {*get_args(ClaimState), NOT_OURS}
    plans = {*get_args(Action), *get_args(MasterKind), *(kind.replace("-", "_") for kind in get_args(SyncKind))}
    assert types | plans | states - {"started", "successful"} <= set(names)
    assert all(text == text.strip() != "" for text in names.values())


@pytest.mark.parametrize(
    ("code", "language", "told"),
    [
        ("card_purchase", "da_DK", "Kortkøb"),
        ("card_purchase", "en_US", "Card purchase"),
        ("atm_withdrawal", None, "ATM withdrawal"),
        ("tax-codes", "fr", "Codes de taxe"),
        ("born_tomorrow", "de", "Born tomorrow"),
    ],
)
def test_a_name_stands_in_the_language_else_comes_from_the_code(code: str, language: str | None, told: str) -> None:
    assert name_in(code, language) == told
