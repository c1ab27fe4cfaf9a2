"""The command line's language: chosen, else the terminal's, else English; JSON is English always."""

from __future__ import annotations

from collections.abc import Iterator
from gettext import NullTranslations

import pytest
from typer.main import get_command

from kontobro.cli.app import app, globals_first
from kontobro.cli.common import words
from kontobro.core.errors import Conflict, Misconfigured
from kontobro.core.words import told


class Bracketed(NullTranslations):
    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"


@pytest.fixture
def bracketed() -> Iterator[None]:
    """German is bracketed English."""
    words._read["de"] = Bracketed()
    yield
    words._read.pop("de")
    words.choose([], {})


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        (["export", "--lang", "de"], {"LANG": "fr_FR.UTF-8"}, "de"),
        (["--lang=sv", "export"], {}, "sv"),
        (["export"], {"LANG": "fr_FR.UTF-8"}, "fr"),
        (["export"], {"LC_ALL": "C", "LANG": "fr_FR"}, ""),
        (["export"], {"LC_ALL": "", "LC_MESSAGES": "da_DK", "LANG": "fr"}, "da"),
        (["export", "--lang", "en"], {"LANG": "de"}, ""),
        (["export", "--lang", "tlh"], {}, ""),
        (["export", "--", "--lang", "de"], {}, ""),
        (["export", "--lang"], {}, ""),
        ([], {}, ""),
    ],
)
def test_the_language_is_given_else_the_terminals(
    arguments: list[str], environment: dict[str, str], language: str
) -> None:
    words.choose(arguments, environment)
    assert words.language() == language
    words.choose([], {})


def test_the_option_may_stand_behind_the_verb() -> None:
    assert globals_first(["export", "--lang", "de"]) == ["--lang", "de", "export"]


@pytest.mark.usefixtures("bracketed")
def test_every_verb_and_every_option_explains_itself_in_the_language() -> None:
    words.choose(["--lang", "de"], {})
    command = get_command(app)
    words.in_language(command)
    said = [getattr(holder, name) for holder, name in words.helps(command)]
    assert len(said) > 100
    assert [text for text in said if text and not text.startswith("⟦")] == []


def test_in_english_nothing_is_read_and_nothing_changes() -> None:
    words.choose([], {"LANG": "en_GB.UTF-8"})
    command = get_command(app)
    before = [getattr(holder, name) for holder, name in words.helps(command)]
    words.in_language(command)
    assert [getattr(holder, name) for holder, name in words.helps(command)] == before
    assert words.ngettext("one", "many", 1) + words._("x") == "onex"


def test_an_error_says_itself_or_its_kind() -> None:
    words.choose(["--lang", "de"], {})
    message, remedy = words.fault_words(Misconfigured(*told("file_too_large", name="x.toml", most=1000)))
    assert (message, remedy) == ("x.toml ist größer als 1,000 Byte.", "Einstellungen haben einige tausend Byte.")
    message, remedy = words.fault_words(Conflict("It differs.", "Look."))
    assert "It differs. Look." not in message
    assert remedy.endswith("\n  It differs. Look.")
    words.choose([], {})
    assert words.fault_words(Conflict("It differs.", "Look.")) == ("It differs.", "Look.")
