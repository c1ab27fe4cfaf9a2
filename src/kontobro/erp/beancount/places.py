"""Where something is written, as a bookkeeper reads it: `main.beancount:12`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def place_of(source: Mapping[str, object] | None, root: str | Path, main: str = "") -> str:
    """`file:line`, the file as seen from the ledger's folder `root`; `main` is named when there is no file."""
    name = str((source or {}).get("filename") or main)
    file = Path(name)
    if file.is_relative_to(root):
        file = file.relative_to(root)
    return f"{file}:{(source or {}).get('lineno', 0)}"
