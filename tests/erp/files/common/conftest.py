"""Samples of formats, which are kept beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def samples(shared: Path) -> Path:
    return shared / "formats" / "samples"
