"""The demo's folder and the ledger in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from kontobro.core.errors import Misconfigured

if TYPE_CHECKING:
    pass


MARK = "summary.json"
"""What tells a demo folder from anybody's folder: only such a one is cleaned."""


def copy_ledger(folder: Path) -> Path:
    """The demo company's ledger in a new folder, nothing booked; its main file."""
    from importlib.resources import as_file, files

    with as_file(files("kontobro.erp.beancount") / "demo") as source:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    return main_file(folder)


def clean(folder: Path) -> None:
    """Empty the demo's folder; someone's own folder is left alone."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise Misconfigured(
            f"{folder} is not empty and was not created by the demo (it has no {MARK}).",
            "Move it, or choose another folder with --folder.",
        )
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("{}\n", encoding="utf-8")  # a demo that breaks off leaves a folder that can be cleaned


def main_file(ledger: Path) -> Path:
    """The demo ledger's main file."""
    found = ledger / "ledger.beancount"
    if not found.exists():
        raise Misconfigured(f"The demo ledger lacks {found.name}.", "Install Kontobro again.")
    return found
