"""Do two names mean the same company? Legal forms, case, accents and spellings without umlauts make no difference.

A question costs a person one click, a wrong set of books a day: in doubt the names differ.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import Final

LEGAL_FORMS: Final = frozenset(
    "aps as is ks ps ivs smba amba fmba ab hb kb ek ug gmbh ggmbh mbh ag kg kgaa ohg gbr se ev haftungsbeschrankt "
    "sa sas sasu sarl eurl snc sci scop asbl srl spa sl slu bv nv vof cv oy oyj asa da ans ltd limited plc llp lp llc "
    "inc incorporated corp corporation co company sro doo kft zrt spzoo ou ooe".split()
)
"""As `_words` writes them."""

JOINERS: Final = frozenset("and und og et och y e the".split())

_LETTERS: Final = str.maketrans({"æ": "ae", "ø": "o", "œ": "oe", "ß": "ss", "ð": "d", "þ": "th", "ł": "l", "đ": "d"})
_SPELT: Final = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))
"""How letters are written where a keyboard lacks them (`Baeckerei`, `Aarhus`), and plain."""

ALIKE: Final = 0.88
"""How much of two names has to agree to be one with a slip of the keyboard in it."""


def plainly_differ(one: str, other: str) -> bool:
    """Whether a person should be asked if both are one company. A name that is not known (empty) differs from none."""
    if not one.strip() or not other.strip():
        return False
    first, second = _significant(one), _significant(other)
    if _numbers(first) != _numbers(second):
        return True
    if first <= second or second <= first:
        return False
    left, right = "".join(_words(one, first)), "".join(_words(other, second))
    return left != right and SequenceMatcher(None, left, right, autojunk=False).ratio() < ALIKE


def _significant(name: str) -> frozenset[str]:
    """The words that tell a company from others; all of them where nothing else is left."""
    words = frozenset(_words(name))
    return words - LEGAL_FORMS - JOINERS or words


def _words(name: str, kept: frozenset[str] | None = None) -> list[str]:
    """A name's words, folded; of them only the `kept` ones."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    folded = "".join(sign for sign in plain if not unicodedata.combining(sign))
    for spelt, letter in _SPELT:
        folded = folded.replace(spelt, letter)
    words = re.findall(r"\w+", re.sub(r"[./'’]", "", folded))
    return [word for word in words if kept is None or word in kept]


def _numbers(words: frozenset[str]) -> frozenset[str]:
    """Two shops of a chain differ in nothing else."""
    return frozenset(word for word in words if any(sign.isdigit() for sign in word))
