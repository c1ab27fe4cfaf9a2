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

    It is made under a name that no one can guess, and never through a link that someone else left there. A device or
    a pipe (`/dev/stdout`) is written to as it is: a file in its place would be the end of it.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            yield stream
        return
    number, name = _made_beside(path)
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _made_beside(path: Path) -> tuple[int, str]:
    """A fault names the file that was asked for, and not the one under the other name."""
    try:
        return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as fault:
        fault.filename = str(path)
        raise
