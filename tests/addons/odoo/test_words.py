"""The addon's translations: whole, readable, and with the placeholders of the original."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from tests.addons.odoo.house import ADDONS

FOLDER = ADDONS / "kontobro_odoo" / "i18n"


@pytest.mark.parametrize("language", ["de", "fr", "da", "sv"])
def test_every_term_is_translated_and_says_the_same(language: str) -> None:
    words = words_of(f"{language}.po")
    for original, translated in words.items():
        assert re.findall(r"%\w|&\w+;", original) == re.findall(r"%\w|&\w+;", translated), original
    assert words.keys() == words_of("kontobro_odoo.pot").keys()
    assert [original for original, translated in words.items() if not translated] == []


def words_of(name: str) -> dict[str, str]:
    """Each term with its translation. That the template has every term is tested in Odoo (`tests/test_words.py`)."""
    with (FOLDER / name).open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}
