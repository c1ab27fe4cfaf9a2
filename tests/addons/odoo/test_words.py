"""The addon's translations: readable, whole in what they translate, and with the placeholders of the original."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from tests.addons.odoo.house import ADDONS

FOLDER = ADDONS / "kontobro_odoo" / "i18n"
SCREENS = (
    "Connections",
    "Export jobs",
    "To mend",
    "Expenses",
    "Approve",
    "Check again",
    "Export now",
    "The item fails",
)


@pytest.mark.parametrize("language", ["de", "fr", "da", "sv"])
def test_a_translation_says_the_same(language: str) -> None:
    with (FOLDER / f"{language}.po").open("rb") as file:
        words = {message.id: message.string for message in read_po(file, language) if message.id and message.string}
    for original, translated in words.items():
        assert re.findall(r"%\w|&\w+;", original) == re.findall(r"%\w|&\w+;", translated), original
    assert set(SCREENS) <= set(words)
    assert len(words) > 140
