"""A language for tests, made from the catalogue: each text is itself, in ⟦brackets⟧."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import allauth
import django
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.test import override_settings

from kontobro.core import words
from scripts.catalogues import pages

LANGUAGE = "de"
"""Whose place it takes."""

OTHERS = (
    Path(allauth.__file__).parent / "locale",
    Path(django.__file__).parent / "conf" / "locale",
    Path(django.__file__).parent / "contrib" / "auth" / "locale",
)


class Bracketed(gettext.NullTranslations):
    """For problems, errors and names."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧" if message else message

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)


@contextmanager
def pseudo(folder: Path) -> Iterator[None]:
    """For as long as the block runs, German is bracketed English. `folder`: for its files."""
    place = folder / LANGUAGE / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "django.mo").open("wb") as file:
        write_mo(file, _bracketed())
    real = words.LOADED.get(LANGUAGE)
    words.LOADED[LANGUAGE] = Bracketed()
    try:
        with override_settings(LOCALE_PATHS=[folder]):
            yield
    finally:
        words.LOADED.pop(LANGUAGE)
        if real is not None:
            words.LOADED[LANGUAGE] = real


def _bracketed() -> Catalog:
    made = Catalog(locale=LANGUAGE)
    for path in (one / LANGUAGE / "LC_MESSAGES" / "django.po" for one in OTHERS):
        with path.open("rb") as file:
            for message in read_po(file, locale=LANGUAGE):
                _add(made, message.id, message.context)
    for message in pages():
        _add(made, message.id, message.context)
    return made


def _add(made: Catalog, texts: str | tuple[str, ...] | list[str], context: str | None) -> None:
    if not texts or is_format(texts):
        return
    said = f"⟦{texts}⟧" if isinstance(texts, str) else tuple(f"⟦{text}⟧" for text in texts)
    made.add(tuple(texts) if isinstance(texts, list) else texts, said, context=context)


def is_format(texts: str | tuple[str, ...] | list[str]) -> bool:
    """What Django asks its catalogue for and is no text: formats of numbers and days."""
    return isinstance(texts, str) and re.fullmatch(r"[A-Z_ ]+(DATE|TIME|FORMAT|SEPARATOR)[A-Z_ ]*", texts) is not None


def outside(text: str) -> str:
    """What is not in brackets."""
    before = None
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    return text
