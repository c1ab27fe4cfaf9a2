"""Texts of a directive as they are written: Beancount reads an unquoted 0420 as the number 420, a code is a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NoReturn

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import told
from kontobro.erp.beancount.syntax.blocks import without_long_texts
from kontobro.erp.beancount.syntax.places import place_of

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|;.*|[^\s";]+')
_DIGITS = re.compile(r"[0-9]+")


class Written:
    """The directives of one load. Files are read once, and only for numbers that exist unquoted."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines = cache(_lines)

    def value(self, given: object, n: int, meta: Mapping[str, object]) -> str | None:
        """The n-th value of a custom directive as a text; None for one that is neither text nor number."""
        if isinstance(given, Decimal):
            # date, custom, the type, and then the values
            tokens = _TOKEN.findall(self._line(meta, 0))
            return self._digits(given, tokens[3 + n] if len(tokens) > 3 + n else "", meta, f"value {n + 1}")
        return given if isinstance(given, str) else None

    def meta(self, meta: Mapping[str, object], key: str) -> str | None:
        """A metadata text; None when it is not there, or empty."""
        given = meta.get(key)
        if isinstance(given, Decimal):
            return self._digits(given, self._meta_token(meta, key), meta, key)
        if given is not None and not isinstance(given, str):
            self._refused(given, str(given), meta, key)
        return given or None

    def _meta_token(self, meta: Mapping[str, object], key: str) -> str:
        """The first word after `key:` on the lines under the directive."""
        begins = re.compile(rf"\s+{re.escape(key)}:(.*)")
        for n in range(1, 1000):
            line = self._line(meta, n)
            if line[:1].strip() or not line:  # the next directive, or the end of the file
                return ""
            if found := begins.match(line):
                return next(iter(_TOKEN.findall(found[1])), "")
        return ""

    def _digits(self, given: Decimal, token: str, meta: Mapping[str, object], what: str) -> str:
        """The digits that are there. Raises Misconfigured for what is not digits alone, or can't be found."""
        if _DIGITS.fullmatch(token) and Decimal(token) == given:
            return token
        return self._refused(given, token or str(given), meta, what)

    def _refused(self, given: object, seen: str, meta: Mapping[str, object], what: str) -> NoReturn:
        place = place_of(meta, self._root)
        words = (
            told("ledger_number_not_text", place=place, what=what, given=shown(seen))
            if isinstance(given, Decimal)
            else told("ledger_value_not_text", place=place, what=what, given=shown(seen))
        )
        raise Misconfigured(*words, "invalid_configuration")

    def _line(self, meta: Mapping[str, object], below: int) -> str:
        """A line of the directive's file, with its line break; empty when there is none."""
        lines = self._lines(str(meta.get("filename", "")))
        at = int(str(meta.get("lineno", 0))) - 1 + below
        return lines[at] if 0 <= at < len(lines) else ""


def _lines(file: str) -> list[str]:
    try:
        text = without_long_texts(Path(file).read_bytes()).decode("utf-8", "replace")
    except OSError:  # a plugin made the directive, or the file is encrypted
        return []
    return [f"{line}\n" for line in text.split("\n")]
