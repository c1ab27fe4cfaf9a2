"""Where something is written, as a bookkeeper reads it: `main.beancount:12`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kontobro.core.errors import shown


def place_of(source: Mapping[str, object] | None, root: str | Path, main: str = "") -> str:
    """`file:line`, the file as seen from the ledger's folder `root`; `main` is named when there is no file."""
    name = str((source or {}).get("filename") or main)
    file = Path(name)
    if file.is_relative_to(root):
        file = file.relative_to(root)
    return f"{file}:{(source or {}).get('lineno', 0)}"


def sentence_of(message: str) -> str:
    """What a person needs of an error's words: the first line; of a traceback, what happened; of bytes that Beancount
    can't read, how to save the file."""
    first, _, rest = message.strip().partition("\n")
    said, traceback, _ = first.partition("Traceback (most recent call last):")
    if traceback:
        first = f"{said}{rest.rpartition(chr(10))[2].strip()}"
    why = next((why for mark, why in _ENCODINGS.items() if mark in first), None)
    return shown(why or first, 200).rstrip(".")


_ENCODINGS: Mapping[str, str] = {
    "\ufeff": "the file begins with a byte order mark, which Beancount does not read: save it as UTF-8 without one",
    "\\xff\\xfe": "the file is UTF-16, which Beancount does not read: save it as UTF-8",
    "UnicodeDecodeError": "the file is not UTF-8 here: save it as UTF-8",
}
