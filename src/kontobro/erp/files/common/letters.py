"""Texts in the letters that an encoding has. Pure."""

from __future__ import annotations

import sys
from typing import Final

from anyascii import anyascii

from kontobro.core.errors import shown

PREFERRED: Final = {
    "€": "EUR",
    "–": "-",
    "—": "-",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "ø": "ö",
    "Ø": "Ö",
}
"""How a letter is written where an encoding lacks it, before the general way: what people of the format expect."""


def line_of(text: str) -> str:
    """One line: control characters and runs of blanks are one blank."""
    return shown(text, sys.maxsize)


def spelled(text: str, encoding: str) -> str:
    """The text in letters that the encoding has; the same text where it has them all.

    What it lacks is written in others (`ł` as `l`, `€` as `EUR`); what can't be written at all (a picture) is `?`.
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(_letter(letter, encoding) for letter in text)
    return text


def _letter(letter: str, encoding: str) -> str:
    for way in (letter, PREFERRED.get(letter, letter), anyascii(letter)):
        try:
            way.encode(encoding)
        except UnicodeEncodeError:
            continue
        return way or "?"
    return "?"
