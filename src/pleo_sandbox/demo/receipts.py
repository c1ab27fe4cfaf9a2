"""Receipts of the demo company: small PDF, JPG and PNG files that a person can read, in `papers/`.

They are drawn from the expenses by `scripts/receipts.py` (`make fix`), so that no imaging library has to be installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pleo_sandbox.model import FileBlob

PAPERS: Final = Path(__file__).with_name("papers")

_MEDIA_TYPES: Final = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png", "fake": "image/jpeg"}


def file_name(kind: str, name: str) -> str:
    """Of a receipt of one kind: "pdf", "jpg" or "png"; or "fake", a text that calls itself a picture."""
    return f"{name}.{'jpg' if kind == 'fake' else kind}"


def receipt(kind: str, name: str) -> FileBlob:
    """A receipt as it is uploaded to Pleo."""
    path = PAPERS / file_name(kind, name)
    return FileBlob(path.name, _MEDIA_TYPES[kind], path.read_bytes())
