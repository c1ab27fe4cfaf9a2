"""The long contract checks run where they are asked for: `make contract`, `.ci/run`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from contract.build import build


@pytest.fixture(scope="session")
def asked_for() -> None:
    """Skip, loudly, unless the contract checks were asked for: they take minutes."""
    if os.environ.get("KONTOBRO_CONTRACT") != "1":
        pytest.skip("the long contract checks run with `make contract` (KONTOBRO_CONTRACT=1)")


@pytest.fixture(scope="session")
def document(asked_for: None, shared: Path) -> dict[str, Any]:
    """Pleo's documents and our overlay, as one."""
    return build(shared / "pleo" / "openapi")
