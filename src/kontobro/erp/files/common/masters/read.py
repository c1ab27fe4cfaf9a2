"""A file, or a folder of files, of master data, each read as what it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kontobro.core.errors import said_of
from kontobro.core.model.masterdata import Account
from kontobro.core.words import Phrase, phrase, worded
from kontobro.erp.files.common.master_file import MasterFile, Source
from kontobro.erp.files.common.masters.books import from_fec, from_sie, is_fec, is_sie
from kontobro.erp.files.common.masters.csv_file import Columns, columns_in, read_csv
from kontobro.erp.files.common.masters.datev import is_datev, read_datev
from kontobro.erp.files.common.masters.found import Content, joined
from kontobro.erp.files.common.masters.toml_file import read_toml
from kontobro.erp.files.common.masters.xlsx import read_xlsx
from kontobro.erp.kit.masters_file import MOST_BYTES, bytes_of, wrong

MOST_FILES: Final = 50
MOST_BYTES_OF_BOOKS: Final = 128 * 1024 * 1024
"""Of a file that holds bookings besides: SIE, FEC."""

NO_ACCOUNTS: Final = Phrase("masters_chart_again")
COLUMNS: Final = ".columns.toml"
TEXTS: Final = (".csv", ".txt", ".tsv")
SIE: Final = (".se", ".si", ".sie")
KNOWN: Final = (*TEXTS, ".xlsx", ".toml", *SIE)


def read_master_file(path: Path) -> MasterFile:
    """Master data of a file, or of all files of a folder together.

    Raises Misconfigured, naming file, row and column: for what can't be read, a record that is given twice, a value
    that is not of its kind, and all that is too large.
    """
    try:
        return joined(_read(file) for file in _files(path))
    except OSError as unreadable:
        raise wrong(path.name, said_of(unreadable), phrase("masters_set_path")) from unreadable


def masters_of(options: Mapping[str, str]) -> MasterFile:
    """What the option `masters` names; nothing, where it names nothing. Raises as `read_master_file`, and where there
    are no accounts: entries would be checked by none."""
    if not (given := options.get("masters", "").strip()):
        return MasterFile({})
    path = Path(given)
    masters = read_master_file(path)
    if not masters.records.get(Account):
        what = phrase("masters_folder_without" if path.is_dir() else "masters_file_without")
        raise wrong(path.name, what, NO_ACCOUNTS)
    return masters


def _files(path: Path) -> list[Path]:
    """The files of a folder by name; hidden ones are another program's."""
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if not file.name.startswith((".", "~$")) and not file.is_dir())
    for file in files:
        _require_inside(file, path)
    files = [file for file in files if not file.name.lower().endswith(COLUMNS)]
    if not files:
        raise wrong(path.name, phrase("masters_folder_empty"), phrase("masters_folder_fill"))
    if len(files) > MOST_FILES:
        raise wrong(path.name, phrase("masters_folder_full", most=MOST_FILES), phrase("masters_folder_alone"))
    return files


def _read(file: Path) -> tuple[Source, Content]:
    content = bytes_of(file, MOST_BYTES_OF_BOOKS)
    read = _reader_of(file, content)(content, file.name)
    if not read.found and not read.notes:
        read = replace(read, notes=(worded("masters_no_records"),))
    modified = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return Source(file.name, modified, hashlib.sha256(content).hexdigest(), read.counts()), read


def _reader_of(file: Path, content: bytes) -> Callable[[bytes, str], Content]:
    """How a file is read: by its name, and texts by how they begin."""
    ending, start = file.suffix.lower(), content[:4096]
    if ending in TEXTS and is_fec(start):
        return from_fec
    if ending in SIE or (ending in TEXTS and is_sie(start)):
        return from_sie
    if len(content) > MOST_BYTES:
        raise wrong(file.name, phrase("file_bytes", most=MOST_BYTES), phrase("masters_alone"))
    if ending in TEXTS and is_datev(start):
        return read_datev
    if ending == ".toml":
        return read_toml
    columns = _columns_of(file)
    if ending in TEXTS:
        return lambda content, name: read_csv(content, name, columns)
    if ending in {".xlsx", ".xlsm"}:
        return lambda content, name: read_xlsx(content, name, columns)
    raise wrong(file.name, phrase("masters_ending", ending=ending), phrase("masters_endings", names=KNOWN))


def _columns_of(file: Path) -> Columns:
    """The file of columns beside it, if there is one."""
    beside = file.with_name(file.stem + COLUMNS)
    if not beside.exists():
        return Columns()
    _require_inside(beside, file.parent)
    return columns_in(bytes_of(beside), beside.name)


def _require_inside(file: Path, folder: Path) -> None:
    """A link may lead to a file that no one was to read."""
    if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)):
        raise wrong(folder.name, phrase("masters_leads_out", file=file.name), phrase("masters_file_itself"))
