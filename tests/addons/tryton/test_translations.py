"""The module's translations, as files: whole, in each language the same, with the placeholders of the original."""

from __future__ import annotations

import re

import pytest

from tests.addons.tryton.house import MODULE

LANGUAGES = ("da", "de", "fr", "sv")
ENTRY = re.compile(r'msgctxt "(.*)"\nmsgid "(.*)"\nmsgstr "(.*)"\n')


def entries(language: str) -> dict[tuple[str, str], str]:
    text = (MODULE / "locale" / f"{language}.po").read_text(encoding="utf-8")
    return {(place, original): said for place, original, said in ENTRY.findall(text)}


def originals() -> dict[str, str]:
    """The messages and menus that people read, by their place."""
    text = "".join(file.read_text(encoding="utf-8") for file in MODULE.glob("*.xml"))
    messages = re.findall(r'<record model="ir.message" id="(\w+)">\s*<field name="text">(.*?)</field>', text)
    menus = re.findall(r'<menuitem name="(.*?)" id="(\w+)"', text)
    button = r'model="ir.model.button" id="(\w+)">.*?<field name="string">(.*?)</field>'
    buttons = re.findall(button, text, flags=re.DOTALL)
    found = {f"model:ir.message,text:{id}": words for id, words in messages}
    found |= {f"model:ir.ui.menu,name:{id}": words for words, id in menus}
    return found | {f"model:ir.model.button,string:{id}": words for id, words in buttons}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_menu_and_button_is_translated(language: str) -> None:
    there = entries(language)
    assert len(originals()) > 15
    assert [place for place, words in originals().items() if not there.get((place, words))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_the_same_things(language: str) -> None:
    there = entries(language)
    assert set(there) == set(entries("de"))
    for (_, original), said in there.items():
        assert re.findall(r"%\(\w+\)s", original) == re.findall(r"%\(\w+\)s", said), original
