"""The addon's translations: whole, readable, and with the placeholders of the original."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from kontobro.core.settings.catalogue import Entry, catalogue, row_catalogue
from tests.addons.odoo.installation import ADDONS

FOLDER = ADDONS / "kontobro_odoo" / "i18n"


@pytest.mark.parametrize("language", ["de", "fr", "da", "sv"])
def test_every_term_is_translated_and_says_the_same(language: str) -> None:
    words = words_of(f"{language}.po")
    for original, translated in words.items():
        assert re.findall(r"%\w|&\w+;", original) == re.findall(r"%\w|&\w+;", translated), original
    assert words.keys() == words_of("kontobro_odoo.pot").keys()
    assert [original for original, translated in words.items() if not translated] == []


def test_each_setting_is_on_a_form_and_its_texts_have_translations() -> None:
    """The fields are made from the catalogue; where each is placed, a view says."""
    elsewhere = {"wallets", "dimensions", "rows", "sync", "sync_dimensions"}  # lines of their own, a box a kind, plans
    elsewhere.add("sync_choice")  # what is offered is chosen on the pages and the command line
    view = (ADDONS / "kontobro_odoo" / "views" / "connection.xml").read_text(encoding="utf-8")
    placed = set(re.findall(r'<field name="(\w+)"', view)) | {"journal"}
    assert set(catalogue()) - placed == elsewhere
    there = words_of("kontobro_odoo.pot").keys()
    own = {"Put dimensions on", catalogue()["create_vendors"].help}
    shown = {key: entry for key, entry in catalogue().items() if key not in elsewhere}
    columns = [entry for key, entry in row_catalogue().items() if key != "line_account"]
    assert {text for entry in [*shown.values(), *columns] for text in texts(entry)} - there == own


def texts(entry: Entry) -> list[str]:
    return [entry.label, entry.help, *entry.choices.values()]


def words_of(name: str) -> dict[str, str]:
    """Each term with its translation. That the template has every term is tested in Odoo (`tests/test_words.py`)."""
    with (FOLDER / name).open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}
