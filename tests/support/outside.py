"""Connectors of other packages: one that is whole (`tests/outside`), and any other, written for a test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kontobro.service import connectors

OUTSIDE = Path(__file__).resolve().parent.parent / "outside"
"""The folder of `kontobro-northbook`: on `sys.path` it is as good as installed."""


@contextmanager
def installed(folder: Path = OUTSIDE) -> Iterator[None]:
    """The packages in that folder, as if pip had put them there; gone afterwards, what was imported of them too."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    connectors._registry.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        connectors._registry.cache_clear()
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                del sys.modules[name]


def write_package(folder: Path, name: str, entry: str, code: str = "") -> None:
    """A package `kontobro-<name>`: its entry point's line, and the code of its module `kontobro_<name>`."""
    metadata = folder / f"kontobro_{name}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: kontobro-{name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[kontobro.connectors]\n{entry}\n")
    (folder / f"kontobro_{name}.py").write_text(code)
