"""Files of master data for tests, and what is said of wrong ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.erp.files.common.masters import read_master_file


def put(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Files in a folder; the file itself where it is only one."""
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / next(iter(files)) if len(files) == 1 else folder


def refused(path: Path) -> str:
    """What is said of these files."""
    with pytest.raises(Misconfigured) as refusal:
        read_master_file(path)
    assert refusal.value.job_failure == "invalid_configuration"
    assert refusal.value.remedy
    return refusal.value.message
