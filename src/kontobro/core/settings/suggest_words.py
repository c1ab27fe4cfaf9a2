"""What accounts, journals and dimensions are called in the charts of several countries: `suggest_words.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Known:
    """What a thing is called: `phrases` of its name, `codes` that it often has, words of names that mean another.
    `own` are the phrases that name the purpose itself, `purpose` its words."""

    phrases: tuple[str, ...]
    codes: frozenset[str]
    never: frozenset[str]
    own: tuple[str, ...] = ()
    purpose: frozenset[str] = frozenset()


_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _known(given: Mapping[str, Any]) -> Known:
    never = f"{given.get('never', '')} {_WORDS['not_ours'] if given.get('not_ours') else ''}"
    own = tuple(given.get("own", ()))
    return Known(
        phrases=(*given["phrases"], *(phrase for phrase in own if phrase not in given["phrases"])),
        codes=frozenset(given["codes"].split()),
        never=frozenset(never.split()),
        own=own,
        purpose=frozenset(given.get("purpose", "").split()),
    )


ROLES: Mapping[str, Known] = {name: _known(given) for name, given in _WORDS["roles"].items()}
"""The role accounts of `posting-rules.md` §1, besides the wallets."""

WALLET = "pleo"
"""Nothing else tells a wallet's account: people who have one call it so."""

JOURNAL = _known(_WORDS["journal"])

DIMENSION_WORDS: tuple[frozenset[str], ...] = tuple(map(frozenset, _WORDS["dimensions"]))
"""Words for one and the same dimension."""
