"""The demo's folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from kontobro.core.errors import Misconfigured
from kontobro.core.words import told

MARK = "summary.json"
"""What tells a demo folder from anybody's folder: only such a one is cleaned."""


def clean(folder: Path) -> None:
    """Empty the demo's folder; someone's own folder is left alone."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise Misconfigured(*told("cli_demo_folder", folder=str(folder), mark=MARK))
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("{}\n", encoding="utf-8")  # a demo that breaks off leaves a folder that can be cleaned
