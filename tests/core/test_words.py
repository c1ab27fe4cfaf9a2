"""Problems in words: one English catalogue, every language whole, every placeholder given by every maker."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core import errors, words
from kontobro.core.errors import (
    ItemFailure,
    JobFailure,
    KontobroError,
    Misconfigured,
    Problem,
    RateLimited,
    TooManyChanges,
    Unreachable,
    fault_code,
    fault_in,
)
from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.export import ItemStatus, JobEvent
from kontobro.core.model.findings import noted, phrase_of, problem, remedy_of
from kontobro.core.model.findings import sentences as one_after_the_other
from kontobro.core.model.history import BookingState, ClaimState
from kontobro.core.model.journal import PostingStatus
from kontobro.core.model.settings import SyncKind
from kontobro.core.plan.types import Action
from kontobro.core.rules.table import ROWS
from kontobro.core.words import (
    FAULTS,
    LANGUAGES,
    Fact,
    Name,
    Phrase,
    catalogue,
    fault_told,
    name_in,
    note_in,
    part_of,
    placeholders,
    told,
)
from kontobro.export.job.claim import NOT_OURS
from kontobro.store.secrets.codec import notes_from, notes_to
from scripts.catalogues import problems
from scripts.words import LATER

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "kontobro"
FOLDER = Path(words.__file__).parent
DOCUMENTED = frozenset(
    re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "problems.md").read_text(encoding="utf-8"), re.MULTILINE)
)
SAME = {
    "{fix}",
    "{why}",
    "{message} {remedy}",
    "{what}.",
    "kontobro connect --level {level}",
    "{level}: {meaning}",
    "{system} (over {through})",
    "{place} of {file}",
    "document {numbers}",
    "documents {numbers}",
    "{count} dimension",
    "For {of}: {names}.",
    "{count}×: {news}",
    "{place}: {before} → {after}",
    "ISO 8859-15",
    "{count} journal",
    "{count} period",
    "{place}: {what}",
    "{status} ({why})",
    "HTTP {code}",
    "document {number}",
    "{email}: {role}",
    "{email}: {before} → {after}",
    "{email}: {before} → –",
    "{place}: {why}",
    "process {number}",
    "{fault}",
    "{fault} ({reference})",
    "package.module:function",
    "ID {key}",
    "code {key}",
    "Dimension",
    "Tag",
}
"""What a language may write as English does: parts without words, words that both have."""


def translations(language: str) -> dict[tuple[str | None, str], str]:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return {(one.context, said): text for one in read_po(file) for said, text in forms(one)}


def sentences() -> set[tuple[str | None, str]]:
    return {(one.context, said) for one in problems() for said, _ in forms(one)}


def forms(one: Message) -> Iterator[tuple[str, str]]:
    """What it says in English and in its language; of what is counted both forms."""
    if one.id and isinstance(one.id, str):
        yield one.id, str(one.string)
    elif one.id:
        yield from zip(one.id, one.string or ("", ""), strict=True)


# ------------------------------------------------------------------------------------------------ the catalogue


def test_the_catalogue_has_every_documented_problem_and_fault_and_no_other() -> None:
    english = catalogue()
    assert {name.partition(".")[0] for name in english.problems} == DOCUMENTED
    assert {name.partition(".")[0] for name in english.reasons} == DOCUMENTED
    assert {name for name in english.reasons if "." in name} <= set(english.problems)
    assert set(english.reasons.values()) <= set(get_args(ItemFailure))
    assert set(english.faults) == {*(f"job.{why}" for why in get_args(JobFailure)), *(f"fault.{one}" for one in FAULTS)}
    assert {name for name in FAULTS if issubclass(getattr(errors, name), KontobroError)} == FAULTS


def test_english_sentences_are_sentences() -> None:
    for name, said in [*catalogue().problems.items(), *catalogue().faults.items()]:
        for sentence in said:
            assert sentence == sentence.strip() != "", name
            assert "  " not in sentence, name
            assert sentence.endswith((".", "?", "{fix}", "{why}", "{said}", "{fault}", "{beside}")), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_every_sentence_with_the_same_placeholders(language: str) -> None:
    """Else: `make words`, and translate what is new."""
    there = translations(language)
    assert set(there) == sentences()
    for (context, english), text in there.items():
        if context in LATER and not text:
            continue
        if context == "setting":  # a text of a form: braces in it are no placeholders
            assert text == text.strip(), english
            continue
        assert placeholders(text) == placeholders(english), english
        assert text == text.strip() != "", english
        assert text != english or english in SAME or context == "name" or " " not in english, english


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    """Else: `make words`."""
    with (FOLDER / f"{language}.mo").open("rb") as file:
        compiled = {(_text(one.context), said): text for one in read_mo(file) for said, text in forms(one)}
    assert compiled == {one: text for one, text in translations(language).items() if text}


def _text(context: str | bytes | None) -> str | None:
    return context.decode() if isinstance(context, bytes) else context


# --------------------------------------------------------------------------------------------------- its makers


PHRASES = ("Phrase", "phrase", "worded")
"""What makes a part of a sentence, or a sentence of its own; the second and third take their facts by name."""


def makers() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the product that makes a problem of the catalogue or a phrase, with its place."""
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in ("problem", "fail", *PHRASES) and (node.args or node.keywords):
                    yield f"{file.relative_to(SOURCE)}:{node.lineno}", node


def names_of(node: ast.expr, known: Mapping[str, object]) -> set[str]:
    """What a first argument may be: a text, one of two, or every known name that fits an f-string."""
    match node:
        case ast.Constant(value=str(name)):
            return {name}
        case ast.IfExp(body=body, orelse=orelse):
            return names_of(body, known) | names_of(orelse, known)
        case ast.JoinedStr(values=values):
            parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in values]
            return {name for name in known if re.fullmatch("".join(parts), name) and not name.endswith(words.NONE)}
    return set()


def test_every_error_of_the_catalogue_is_raised_with_what_its_sentences_name() -> None:
    raised: dict[str, set[str]] = {}
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "told" and len(node.args) == 1:
                name = node.args[0]
                assert isinstance(name, ast.Constant), file
                raised[str(name.value)] = {str(one.arg) for one in node.keywords}
    named: dict[str, set[str]] = {}
    for name, text in catalogue().phrases.items():
        error, dot, _ = name.partition(".")
        if dot:
            named[error] = named.get(error, set()) | placeholders(text)
    assert raised == named


def test_an_error_of_the_catalogue_is_english_and_says_the_same_in_another_language() -> None:
    fault = Misconfigured(*told("level_not_supplied", kinds=("accounts",), level=4, highest=2))
    assert str(fault) == (
        "This accounting system does not have accounts, which Level 4 needs. Choose Level 2 or lower."
    )
    assert note_in(fault.message, "de") == "Dieses Buchhaltungssystem hat accounts nicht, was Stufe 4 braucht."
    assert note_in(fault.remedy, "da") == "Vælg niveau 2 eller lavere."


def test_what_is_said_before_an_export_is_a_whole_sentence() -> None:
    """`Problem.fix` leaves out "then export it again", whatever sign is in front of it."""
    cut = {name: errors._EXPORT_AGAIN.sub("", said.remedy) for name, said in catalogue().problems.items()}
    assert [name for name, remedy in cut.items() if re.search(r"[,;:]\s*\.", remedy)] == []


def test_every_maker_gives_every_placeholder_and_every_sentence_has_a_maker() -> None:
    """A name that is put together counts as each that fits and has its facts; `Problem.of` refuses the rest."""
    english, made = catalogue(), set[str]()
    for place, call in makers():
        phrase = getattr(call.func, "id", "") in PHRASES
        known: Mapping[str, object] = english.phrases if phrase else english.problems
        named = names_of(call.args[0], known)
        given = facts_of(call, phrase=phrase)
        if given is None:
            made |= named
            continue
        lacking = {name: needs(name, phrase=phrase) - given for name in named}
        made |= {name for name, facts in lacking.items() if not facts}
        if isinstance(call.args[0], ast.JoinedStr):
            assert set() in lacking.values(), (place, lacking)
        else:
            assert not any(lacking.values()), (place, lacking)
    spoken = {name for name in [*english.problems, *english.phrases] if not name.endswith(words.NONE)}
    assert spoken - made == {"pad_absorbs", "was_released"}  # made by `of`, which checks it itself


def test_every_note_gives_its_facts_and_every_note_is_made() -> None:
    made: dict[str, set[str]] = {}
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and "web" not in file.parts:
                name, first = getattr(node.func, "attr", getattr(node.func, "id", "")), node.args[0]
                if name in ("note", "noted") and isinstance(first, ast.Constant):
                    made[f"note_{first.value}"] = {str(keyword.arg) for keyword in node.keywords}
    known = {name: set(placeholders(text)) for name, text in catalogue().phrases.items() if name.startswith("note_")}
    assert made == known


def facts_of(call: ast.Call, *, phrase: bool) -> set[str] | None:
    """The names of the facts that a call gives; None where they come in a variable, with a type of its own."""
    if not phrase or getattr(call.func, "id", "") != "Phrase":
        named = {keyword.arg for keyword in call.keywords}
        return None if None in named else {str(name) for name in named}
    if len(call.args) < 2:
        return set()
    facts = call.args[1]
    return {str(ast.literal_eval(key)) for key in facts.keys if key} if isinstance(facts, ast.Dict) else None


def needs(name: str, *, phrase: bool) -> frozenset[str]:
    if phrase:
        return placeholders(catalogue().phrases[name])
    return frozenset().union(*map(placeholders, catalogue().problems[name])) - {"field", "value"}


def test_a_problem_that_lacks_a_fact_is_never_made() -> None:
    with pytest.raises(KeyError, match="account"):
        problem("account_unknown", "account", "4711")
    with pytest.raises(KeyError):
        problem("account_unheard_of", "account", "4711")


def test_no_maker_in_the_product_brings_its_own_english() -> None:
    """`Problem(...)` with words is for a company's own function and for other connectors."""
    allowed = {"core/errors.py", "testing/connector/memory.py"}
    for file in SOURCE.rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        own = [call.lineno for call in calls if getattr(call.func, "id", "") in ("Problem", "Note")]
        assert not own or str(file.relative_to(SOURCE)) in allowed, (file, own)


# ------------------------------------------------------------------------------------------------ in a language


def test_a_note_is_stored_with_its_facts_and_read_in_every_language() -> None:
    days = {"own": date(2026, 3, 31), "moved": date(2026, 4, 1)}
    tax = problem("tax_type_unsupported", "lines[0].tax", "")
    made = [noted("moved", **days), noted("without", problem=phrase_of(tax)), "Words of a company's own function."]
    back = notes_from(json.loads(notes_to(made)))
    assert list(back) == [
        "Moved from 2026-03-31 to 2026-04-01: the period of 2026-03-31 is not open.",
        f"Booked without it: {tax.message}",
        "Words of a company's own function.",
    ]
    danish = [note_in(note, "da_DK", lambda fact: f"<{fact}>") for note in back]
    assert danish[0] == "Flyttet fra <2026-03-31> til <2026-04-01>: perioden med <2026-03-31> er ikke åben."
    assert danish[1].startswith("Bogført uden: Momsen har ingen type")
    assert danish[2] == made[2]
    assert [note_in(note, "fi") for note in back] == list(back)


def test_an_older_note_is_shown_in_the_english_that_was_stored() -> None:
    gone = {"text": "Words of then.", "phrase": "note_unheard_of", "facts": {}}
    odd = {"text": "Odd.", "phrase": "note_moved", "facts": {"own": None}}
    assert notes_from(["Plain.", gone, odd]) == ("Plain.", "Words of then.", "Odd.")


FACTS: Mapping[str, Fact] = {
    "day": date(2026, 3, 1),
    "amount": Decimal("12.50"),
    "span": Phrase("span_from", {"opened": date(2026, 1, 1)}),
    "types": (Name("card_purchase"), Name("refund")),
}
NAMES = sorted(catalogue().problems)


def an_example(name: str, value: str = "4711") -> Problem:
    needed = set().union(*map(placeholders, catalogue().problems[name])) - {"field", "value"}
    facts = {fact: FACTS.get(fact, f"<{fact}>") for fact in needed}
    return Problem.of(name, "lines[0].account", value, "validation_failure", facts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_code_quotes_english_behind_another_language(language: str) -> None:
    """Every fact is in the sentence, and no three words in a row are the English ones."""
    for name in NAMES:
        example = an_example(name)
        told = str(example.said(language))
        assert "Im Original" not in told
        for fact in example.facts.values():
            assert not isinstance(fact, str) or fact in told, name
        own = set(trios(re.sub(r"<\w+>|4711", " · ", str(example)))) & set(trios(re.sub(r"<\w+>|4711", " · ", told)))
        assert not [trio for trio in own if not any(sign in trio for sign in (*"·=0123456789", "--"))], (name, own)


def trios(text: str) -> Iterator[str]:
    found = text.split()
    yield from (" ".join(found[at : at + 3]) for at in range(len(found) - 2))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_problem_is_told_with_dates_amounts_and_names_as_the_reader_has_them(language: str) -> None:
    closed = an_example("account_closed").said(language, lambda fact: f"«{fact}»")
    assert "«2026-03-01»" in closed.message
    assert "«2026-01-01»" in closed.message
    would_fail = an_example("types_would_fail").said(language)
    assert f"{name_in('card_purchase', language)}, {name_in('refund', language)}" in would_fail.message


def test_without_a_value_another_sentence_is_said() -> None:
    assert an_example("account_missing", "").message == "A line has no expense account in Pleo."
    assert an_example("vendor_unknown.system", "").form == "system_none"
    assert an_example("setting_missing", "").form == ""


@given(value=st.text(max_size=60), name=st.sampled_from(NAMES))
def test_whatever_stands_in_a_value_is_shown_as_it_is(value: str, name: str) -> None:
    made = an_example(name, value)
    for language in (None, *LANGUAGES):
        if made.value and any("value" in placeholders(text) for text in catalogue().problems[name]):
            assert made.value in str(made.said(language))


@pytest.mark.parametrize("value", ["{value}", "{0}", "{field.__class__}", "{", "}}", "%s"])
def test_braces_in_a_value_stay_braces(value: str) -> None:
    told = problem("account_unknown.system", "account", value, system="Odoo").said("da")
    assert told.message == f"Kontoen {value} findes ikke i Odoo."


@pytest.mark.parametrize("language", ["en", "en_US", "nb_NO", "", None, "../de", "de/..", "dansk"])
def test_a_language_that_is_not_there_leaves_english(language: str | None) -> None:
    made, fault = an_example("account_blocked"), Misconfigured("No user.", "Choose one.")
    assert made.said(language) == (made.message, made.remedy)
    assert fault_in(fault, language) == "No user. Choose one."


@pytest.mark.parametrize("language", ["da", "da_DK", "da-DK", "DA_dk", "da_DK.utf8", "da@euro"])
def test_the_first_part_of_a_language_counts(language: str) -> None:
    assert an_example("account_blocked").said(language).message == "Kontoen 4711 er spærret i regnskabet."


@pytest.mark.parametrize("code", ["fjord_sunday", "account_unknown", ""])
def test_what_a_companys_own_function_says_stays(code: str) -> None:
    own = Problem(code, "date", "2026-11-22", "It is a Sunday.", "Wait.", "validation_failure")
    assert {own.said(language) for language in (None, *LANGUAGES)} == {("It is a Sunday.", "Wait.")}
    assert str(own) == "It is a Sunday. Wait."


# ------------------------------------------------------------------------------------------------------- stored


@pytest.mark.parametrize("name", NAMES)
def test_a_problem_is_stored_with_its_facts_and_its_english(name: str) -> None:
    made = an_example(name)
    kept = made.to_json()
    assert Problem.from_json(kept) == made
    assert (kept["message"], kept["remedy"]) == made.said()


def test_exact_facts_come_back_exact() -> None:
    facts: Mapping[str, Fact] = {
        "amount": Decimal("-0.10"),
        "day": date(2026, 3, 1),
        "most": 12,
        "names": (Name("fee"), "x"),
        "part": Phrase("span", {"opened": date.min, "closed": date.max}),
    }
    made = Problem.of("amount_zero", "f", "v", "validation_failure", facts)
    back = Problem.from_json(made.to_json())
    assert (back, back.facts) == (made, facts)
    assert isinstance(back.facts["amount"], Decimal)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"form": "", "facts": {}},
        {"form": "gone", "facts": {"fix": "x"}},
        {"form": "", "facts": {"fix": {"decimal": "many"}}},
        {"form": "", "facts": {"fix": {"phrase": "gone", "facts": {}}}},
        {"form": "", "facts": {"fix": {"phrase": "fix_setting", "facts": {}}}},
        {"form": "", "facts": {"fix": None}},
    ],
)
def test_an_older_row_is_shown_in_the_english_that_was_stored(more: Mapping[str, object]) -> None:
    """Of a version without facts, and of one whose sentence is another by now."""
    row = {"code": "account_unknown", "field": "f", "value": "4711", "message": "It was so.", "remedy": "Do it."}
    old = Problem.from_json({**row, "reason": "account_unknown", **more})
    assert (old.code, old.value, old.message, old.remedy) == ("account_unknown", "4711", "It was so.", "Do it.")
    assert old.said("da") == ("It was so.", "Do it.")


# ------------------------------------------------------------------------------------------- faults and names


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (TooManyChanges("Too many.", "Look."), "fault.TooManyChanges"),
        (RateLimited("Slow down."), "job.accounting_system_rate_limit"),
        (Misconfigured("Wrong.", "Fix it.", "invalid_configuration"), "job.invalid_configuration"),
        (KontobroError("It broke."), "job.integration_unusable"),
    ],
)
def test_a_fault_is_told_by_its_kind_else_by_why_the_job_fails(fault: KontobroError, code: str) -> None:
    assert fault_code(fault) == code
    for language in LANGUAGES:
        there, english = translations(language), catalogue().faults[code]
        said = f"{there[None, english.message]} {there[None, english.remedy]}\n{fault}"
        assert fault_in(fault, language) == fault_told(code, str(fault), language) == said


@pytest.mark.parametrize("code", ["", "job", "job.unheard_of", "fault.", "problem.nothing"])
def test_a_fault_kept_under_a_code_that_no_one_knows_stays_english(code: str) -> None:
    assert fault_told(code, "It broke.", "sv") == "It broke."


def test_every_type_and_state_has_a_name() -> None:
    types = {row.type for row in ROWS}
    states = {*get_args(BookingState), *get_args(PostingStatus), *get_args(JobEvent), *get_args(ItemStatus)}
    states |= {*get_args(ClaimState), NOT_OURS}
    plans = {*get_args(Action), *get_args(MasterKind), *(kind.replace("-", "_") for kind in get_args(SyncKind))}
    assert types | plans | states - {"started", "successful"} <= set(catalogue().names)


@pytest.mark.parametrize(
    ("code", "language", "told"),
    [
        ("card_purchase", "da_DK", "Kortkøb"),
        ("card_purchase", "en_US", "Card purchase"),
        ("atm_withdrawal", None, "ATM withdrawal"),
        ("tax-codes", "fr", "Codes TVA"),
        ("born_tomorrow", "de", "Born tomorrow"),
    ],
)
def test_a_name_stands_in_the_language_else_comes_from_the_code(code: str, language: str | None, told: str) -> None:
    assert name_in(code, language) == told


def test_what_an_error_says_of_another_is_in_the_language_too() -> None:
    """A part that is a text of ours is a phrase: no sentence is half English."""
    lost = Unreachable(*told("pleo_unreachable", whom="Pleo", kind="ConnectError", again=Phrase("pleo_again_here")))
    fault = Misconfigured(*told("pleo_uncertain", call="create tags", why=part_of(lost.message)))
    assert note_in(fault.message, "de") == (
        "Es ist unbekannt, ob Pleo create tags ausgeführt hat. Pleo ist nicht erreichbar (ConnectError)."
    )
    assert note_in(lost.remedy, "sv") == "Är sandlådan igång? Starta den. Inget är förlorat: försök sedan igen."
    assert part_of("Odoo's own words") == "Odoo's own words"


def test_a_problem_within_an_error_is_said_with_its_remedy_in_the_language() -> None:
    lacking = problem("amount_zero", "amount", "0")
    fault = Misconfigured(
        *told("settings_do_not_fit", problems=one_after_the_other(phrase_of(lacking), remedy_of(lacking)))
    )
    said = lacking.said("fr")
    assert f"{said.message} {said.remedy}" in note_in(fault.message, "fr")
    assert str(lacking) in fault.message
