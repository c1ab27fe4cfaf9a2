"""The demo company's ledger, as a folder of one's own."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from kontobro.core.errors import Misconfigured


def copy_ledger(folder: Path) -> Path:
    """The demo company's ledger in a new folder, nothing booked; its main file."""
    with as_file(files("kontobro.erp.beancount") / "demo") as source:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    return main_file(folder)


def main_file(ledger: Path) -> Path:
    """The demo ledger's main file."""
    found = ledger / "ledger.beancount"
    if not found.exists():
        raise Misconfigured(f"The demo ledger lacks {found.name}.", "Install Kontobro again.")
    return found
