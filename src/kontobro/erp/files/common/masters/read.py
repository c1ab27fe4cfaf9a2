"""A file, or a folder of files, of master data, each read as what it is."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kontobro.core.errors import said_of
from kontobro.erp.files.common.master_file import MasterFile, Source
from kontobro.erp.files.common.masters.found import Content, joined
from kontobro.erp.files.common.masters.toml_file import read_toml
from kontobro.erp.kit.masters_file import bytes_of, wrong

MOST_FILES: Final = 50

READERS: Final = {".toml": read_toml}


def read_master_file(path: Path) -> MasterFile:
    """Master data of a file, or of all files of a folder together.

    Raises Misconfigured, naming file, row and column: for what can't be read, a record that is given twice, a value
    that is not of its kind, and all that is too large.
    """
    return joined(_read(file) for file in _files(path))


def _files(path: Path) -> list[Path]:
    """The files of a folder by name; hidden ones are another program's."""
    try:
        if not path.is_dir():
            return [path]
        files = sorted(file for file in path.iterdir() if not file.name.startswith((".", "~$")) and not file.is_dir())
    except (OSError, ValueError) as unreadable:
        said = said_of(unreadable) if isinstance(unreadable, OSError) else "its name is not one"
        raise wrong(path.name, said, "Set the option to a file or folder.") from unreadable
    if not files:
        raise wrong(path.name, "the folder is empty", "Put files with accounts, tax codes and vendors into it.")
    if len(files) > MOST_FILES:
        raise wrong(path.name, f"the folder has more than {MOST_FILES} files", "Use a folder for master data alone.")
    for file in files:
        if not file.resolve().is_relative_to(path.resolve()):
            raise wrong(path.name, f"{file.name} leads out of the folder", "Put the file itself there.")
    return files


def _read(file: Path) -> tuple[Source, Content]:
    content = bytes_of(file)
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise wrong(file.name, "what it holds is not known by its name", f"Give a file {' or '.join(READERS)}.")
    read = reader(content, file.name)
    modified = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return Source(file.name, modified, hashlib.sha256(content).hexdigest(), read.counts()), read
