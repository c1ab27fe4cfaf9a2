"""Codes are texts: what is said where one exists as a number, and its zeros are at risk."""

from __future__ import annotations

import re

from kontobro.core.errors import shown
from kontobro.core.words import Phrase

_LEADING_ZERO = re.compile(r"""(?:=|\[|,)\s*(0[0-9]+)\s*(?:$|[,}\]#])""")


_OTHERWISE = re.compile(
    r"""^[^=#"']*=\s*([+-]?(?:0[xob]\w+|0\d+|\d+[._eE][\w.+-]*)|[+-]\d+)\s*(?:\#.*)?$""",
    re.ASCII,
)
"""A number on its own line whose digits are not kept: 1.10 is read as 1.1, 1e5 as 100000, 0x10 as 16, 1_0 as 10."""


def unquoted(line: str) -> str | None:
    """The number on a line of TOML that is read otherwise than it is written: no code is one."""
    found = _OTHERWISE.match(line.strip())
    return found[1] if found else None


def quoted(name: str, given: object) -> Phrase:
    """What a setting takes that was given something else: of a number, what to write."""
    number = isinstance(given, int) and not isinstance(given, bool)
    return Phrase("takes_quoted", {"name": name, "given": shown(given)}) if number else Phrase("takes_text")


def why_unreadable(text: str, error: Exception) -> str | Phrase:
    """Why a text is not TOML. Of a number with a leading zero, which TOML does not have: its line, and quote it."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith("#") and (found := _LEADING_ZERO.search(line)):
            return Phrase("line_unquoted", {"line": str(number), "given": found[1]})
    return shown(error, 200)
