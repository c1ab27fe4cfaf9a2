"""Files that name people: readable by their owner alone from the first byte on, and whole or not there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def private_file(path: Path) -> Iterator[BinaryIO]:
    """A new file (mode 0600) that takes its name when the block ends well; what was there before stays until then.

    It is made under a name that nobody can guess, and never through a link that somebody else left there.
    """
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
