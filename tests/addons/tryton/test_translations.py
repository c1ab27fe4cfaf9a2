"""The module's translations, as files: whole, in each language the same, with the placeholders of the original."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from babel.messages.pofile import read_po

from kontobro.core.settings.catalogue import Entry, catalogue, row_catalogue
from tests.addons.tryton.installation import MODULE

LANGUAGES = ("da", "de", "fr", "sv")


def translated(language: str) -> dict[tuple[str, str], str]:
    with (MODULE / "locale" / f"{language}.po").open("rb") as file:
        return {(str(entry.context), str(entry.id)): str(entry.string) for entry in read_po(file) if entry.id}


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
    there = translated(language)
    assert len(originals()) > 15
    assert [place for place, words in originals().items() if not there.get((place, words))] == []


@pytest.mark.parametrize(
    ("form", "entries", "elsewhere"),
    [
        (
            "start",
            catalogue(),
            {"sync", "sync_dimensions", "sync_choice", "hook"},
        ),  # a box a kind, a dimension; plans; code
        ("row", row_catalogue(), set()),
    ],
)
def test_each_setting_is_on_a_form_and_its_texts_have_translations(
    form: str, entries: Mapping[str, Entry], elsewhere: set[str]
) -> None:
    """The fields are made from the catalogue; where each is placed, a view says."""
    view = (MODULE / "view" / f"settings_{form}_form.xml").read_text(encoding="utf-8")
    assert set(entries) - set(re.findall(r'<field name="(\w+)"', view)) == elsewhere
    there = {(place.removesuffix(":"), words) for place, words in translated("de")}
    for entry in (entry for key, entry in entries.items() if key not in elsewhere):
        named = f"kontobro.settings.{form},{entry.key}"
        wanted = {(f"field:{named}", entry.label), (f"help:{named}", entry.help)}
        assert wanted | {(f"selection:{named}", words) for words in entry.choices.values()} <= there


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_the_same_things(language: str) -> None:
    there = translated(language)
    assert set(there) == set(translated("de"))
    for (_, original), said in there.items():
        assert re.findall(r"%\(\w+\)s", original) == re.findall(r"%\(\w+\)s", said), original
