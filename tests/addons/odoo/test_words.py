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


AS_THEY_ARE = ("Pleo", "id", "cashback", "http://127.0.0.1:8764", "Europe/Copenhagen", "package.module:function")
"""A name, a field, examples in empty fields."""

SCREEN = re.compile(
    r"^#: (code|model_terms|model:ir\.(model\.fields\.selection|ui\.menu|actions\.\w+)[,:])", re.MULTILINE
)
LEFT = re.compile(r'\nmsgstr ""\n*$')


@pytest.mark.parametrize("language", ["de", "fr", "da", "sv"])
def test_a_translation_says_the_same(language: str) -> None:
    with (FOLDER / f"{language}.po").open("rb") as file:
        words = {message.id: message.string for message in read_po(file, language) if message.id and message.string}
    for original, translated in words.items():
        assert re.findall(r"%\w|&\w+;", original) == re.findall(r"%\w|&\w+;", translated), original
    assert set(SCREENS) <= set(words)


@pytest.mark.parametrize("language", ["de", "fr", "da", "sv"])
def test_what_stands_on_screens_is_translated(language: str) -> None:
    """Views, choices, menus, actions and messages; of the fields' labels a few stand on no screen."""
    blocks = (FOLDER / f"{language}.po").read_text(encoding="utf-8").split("\n\n")[1:]
    on_screens = [block for block in blocks if SCREEN.search(block)]
    assert len(on_screens) > 100
    assert {
        block
        for block in on_screens
        if LEFT.search(block) and not any(f'msgid "{word}"' in block for word in AS_THEY_ARE)
    } == set()
